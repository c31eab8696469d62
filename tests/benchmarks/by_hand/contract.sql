-- Hours of each project are summed first; terms, whose versions begin and end with local days, and the pieces of the
-- period take those.
WITH hours_of AS (
    SELECT
        project_id,
        result,
        time_bucket(INTERVAL 1 HOUR, started_at) AS hour,
        count(*) FILTER (is_offered) AS offered,
        count(*) FILTER (is_offered AND is_answered) AS answered,
        count(*) FILTER (is_offered AND is_answered AND in_time) AS answered_in_time,
        count(*) FILTER (is_offered AND outcome = 'abandoned') AS abandoned,
        count(*) FILTER (is_offered AND outcome = 'abandoned' AND wait_ms < short_abandon_s * 1000) AS abandoned_short,
        count(*) FILTER (is_offered AND outcome = 'abandoned' AND in_time) AS abandoned_in_time,
        sum(wait_ms) FILTER (is_offered AND is_answered) AS wait_ms,
        count(wait_ms) FILTER (is_offered AND is_answered) AS waiting,
        count(*) FILTER (is_handled) AS handled,
        count(*) FILTER (is_handled AND (coalesce(went_to_other, false) OR transfer_to_call_id IS NOT NULL))
            AS transferred,
        sum(coalesce(talk_ms, 0) + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0)) FILTER (is_handled) AS handling_ms,
        sum(talk_ms) AS talk_ms,
        count(dialer_id) AS dialled,
        count(dialer_id) FILTER (picked_up_at IS NOT NULL AND outcome IN ('answered', 'dropped')) AS persons
    FROM (
        SELECT
            *,
            queued_at IS NOT NULL
                AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
                AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL) AS is_offered,
            outcome = 'answered' AND answered_at IS NOT NULL AS is_answered,
            outcome = 'answered' AND answered_at IS NOT NULL AND NOT coalesce(by_robot, false) AS is_handled,
            wait_ms <= answer_within_s * 1000 AS in_time
        FROM calls
        WHERE started_at >= getvariable('start') AND started_at < getvariable('end')
    )
    GROUP BY ALL
),
figures AS (
    SELECT
        k.project_id,
        k.term,
        k.valid_from AS since,
        b.label,
        sum(c.offered)::BIGINT AS offered,
        sum(c.answered)::BIGINT AS answered,
        sum(c.answered_in_time)::BIGINT AS answered_in_time,
        sum(c.abandoned)::BIGINT AS abandoned,
        sum(c.abandoned_short)::BIGINT AS abandoned_short,
        sum(c.abandoned_in_time)::BIGINT AS abandoned_in_time,
        sum(c.wait_ms) / nullif(sum(c.waiting), 0) / 1000.0 AS asa_s,
        sum(c.handled)::BIGINT AS handled,
        sum(c.transferred)::BIGINT AS transferred,
        sum(c.handling_ms) / nullif(sum(c.handled), 0) / 1000.0 AS aht_s,
        coalesce(sum(c.talk_ms), 0)::BIGINT AS talk_ms,
        coalesce(sum(c.dialled) FILTER (r.sale), 0)::BIGINT AS sales,
        sum(c.persons)::BIGINT AS persons
    FROM contracts k
    JOIN hours_of c
        ON c.project_id = k.project_id
        AND c.hour >= coalesce(k.valid_from, TIMESTAMP '-infinity')
        AND c.hour < coalesce(k.valid_to, TIMESTAMP 'infinity')
    JOIN buckets b ON c.hour >= b.lo AND c.hour < b.hi
    LEFT JOIN results r ON r.project_id = c.project_id AND r.result = c.result
    WHERE NOT coalesce(contains(
        k.exclusions, strftime(timezone(getvariable('zone'), c.hour AT TIME ZONE 'UTC'), '%Y-%m-%d')
    ), false)
    GROUP BY k.project_id, k.term, k.valid_from, b.label
),
-- A figure is a count, a share of two counts (num of den), or a mean.
measured AS (
    SELECT
        f.project_id,
        f.label,
        f.since,
        f.talk_ms,
        k.*,
        CASE k.metric
            WHEN 'offered' THEN f.offered
            WHEN 'answered' THEN f.answered
            WHEN 'answered_in_time' THEN f.answered_in_time
            WHEN 'abandoned' THEN f.abandoned
            WHEN 'handled' THEN f.handled
            WHEN 'transferred' THEN f.transferred
            WHEN 'sales' THEN f.sales
        END AS number,
        CASE k.metric
            WHEN 'service_level' THEN CASE getvariable('formula')
                WHEN 'positive' THEN f.answered_in_time + f.abandoned_in_time
                ELSE f.answered_in_time
            END
            WHEN 'abandon_rate' THEN f.abandoned
            WHEN 'transfer_rate' THEN f.transferred
            WHEN 'conversion' THEN f.sales
        END AS num,
        CASE k.metric
            WHEN 'service_level' THEN CASE getvariable('formula')
                WHEN 'short' THEN f.offered - f.abandoned_short
                WHEN 'offered' THEN f.offered
                WHEN 'answered' THEN f.answered
                WHEN 'positive' THEN f.offered
                WHEN 'ignore' THEN f.offered - f.abandoned_in_time
                ELSE error('no such formula: ' || getvariable('formula'))::BIGINT
            END
            WHEN 'abandon_rate' THEN f.offered
            WHEN 'transfer_rate' THEN f.handled
            WHEN 'conversion' THEN f.persons
        END AS den,
        CASE k.metric
            WHEN 'asa_s' THEN f.asa_s
            WHEN 'aht_s' THEN f.aht_s
            WHEN 'talk_s' THEN f.talk_ms / 1000.0
        END AS seconds,
        coalesce(k.comparison, '>=') = '<=' AS is_upper
    FROM figures f
    JOIN contracts k
        ON k.project_id = f.project_id AND k.term = f.term AND k.valid_from IS NOT DISTINCT FROM f.since
),
judged AS (
    SELECT
        *,
        coalesce(number::DOUBLE, num / nullif(den, 0), seconds) AS actual,
        CASE WHEN is_upper THEN actual <= target ELSE actual >= target END AS met,
        (CASE WHEN is_upper THEN actual - target ELSE target - actual END)
            * CASE WHEN num IS NULL THEN 1 ELSE 100 END AS short
    FROM measured
),
fined AS (
    SELECT
        *,
        CASE
            WHEN met IS NULL OR met THEN 0
            WHEN unit = 'point' THEN penalty * ceil(short - 1e-9::DOUBLE)::BIGINT
            ELSE penalty
        END::DECIMAL(18, 6) AS fine,
        CASE WHEN met THEN bonus ELSE 0 END::DECIMAL(18, 6) AS prize
    FROM judged
),
priced AS (
    SELECT
        *,
        CASE WHEN fine > cap THEN cap ELSE coalesce(fine, 0) END AS penalty_due,
        CASE WHEN prize > cap THEN cap ELSE coalesce(prize, 0) END AS bonus_due,
        CASE
            WHEN price IS NULL AND target IS NULL THEN NULL
            WHEN price IS NULL THEN 0
            WHEN number IS NOT NULL THEN price * number
            WHEN metric = 'talk_s'
                THEN (
                    price::DOUBLE * talk_ms / CASE unit WHEN 'minute' THEN 60000 WHEN 'hour' THEN 3600000 ELSE 1000 END
                )::DECIMAL(18, 6)
        END::DECIMAL(18, 6) AS charge
    FROM fined
)
SELECT
    p.project,
    c.term,
    c.label AS "interval",
    c.metric,
    c.actual,
    c.target,
    c.met,
    CASE
        WHEN c.actual IS NULL OR c.target IS NULL THEN NULL
        WHEN c.number IS NOT NULL OR c.metric = 'talk_s'
            THEN CASE WHEN c.is_upper THEN c.target - c.actual ELSE c.actual - c.target END
        WHEN c.num IS NULL THEN NULL
        WHEN c.is_upper
            THEN CASE
                WHEN c.target < 1 THEN floor((c.target * c.den - c.num) / (1 - c.target) + 1e-9::DOUBLE)
            END
        ELSE floor(c.num / nullif(c.target, 0) - c.den + 1e-9::DOUBLE)
    END AS headroom,
    c.penalty_due AS penalty_amount,
    c.bonus_due AS bonus_amount,
    (c.charge + c.bonus_due - c.penalty_due)::DECIMAL(18, 6) AS invoice_amount,
    c.currency
FROM priced c
LEFT JOIN projects p ON p.project_id = c.project_id
ORDER BY p.project NULLS LAST, c.label NULLS LAST, c.term, c.since NULLS FIRST, c.project_id
