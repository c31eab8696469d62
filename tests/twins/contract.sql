-- What was agreed with clients, and what came of it, by interval. A version of a term counts the contacts of its
-- project that start while it holds, but for local days that its exclusions name; without any it has no row. headroom:
-- how many more contacts may be lost with the target kept (of counts: how far the figure is from the target). A
-- penalty is for a missed target, with the unit 'point' for each begun point of a share; neither it nor a bonus is
-- above the cap. The invoice is the price of what was counted (of talk by minute or hour), the bonus, less the
-- penalty.
WITH counted AS (
    SELECT
        k.project_id,
        k.term,
        k.valid_from AS since,
        b.label,
        c.*,
        c.queued_at IS NOT NULL
            AND c.outcome NOT IN ('refused', 'closed', 'left_in_scenario')
            AND NOT (coalesce(c.by_robot, false) AND c.answered_at IS NOT NULL) AS is_offered,
        c.outcome = 'answered' AND c.answered_at IS NOT NULL AS is_answered,
        c.outcome = 'answered' AND c.answered_at IS NOT NULL AND NOT coalesce(c.by_robot, false) AS is_handled,
        c.dialer_id IS NOT NULL AND EXISTS (
            SELECT 1 FROM results r WHERE r.project_id = c.project_id AND r.result = c.result AND r.sale
        ) AS is_sale,
        c.dialer_id IS NOT NULL AND c.picked_up_at IS NOT NULL AND c.outcome IN ('answered', 'dropped') AS is_person,
        coalesce(c.wait_ms <= c.answer_within_s * 1000, false) AS in_time
    FROM contracts k
    JOIN calls c
        ON c.project_id = k.project_id
        AND c.started_at >= coalesce(k.valid_from, TIMESTAMP '-infinity')
        AND c.started_at < coalesce(k.valid_to, TIMESTAMP 'infinity')
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
    WHERE NOT coalesce(contains(
        k.exclusions, strftime(timezone(getvariable('zone'), c.started_at AT TIME ZONE 'UTC'), '%Y-%m-%d')
    ), false)
),
figures AS (
    SELECT
        project_id,
        term,
        since,
        label,
        count(*) FILTER (is_offered) AS offered,
        count(*) FILTER (is_offered AND is_answered) AS answered,
        count(*) FILTER (is_offered AND is_answered AND in_time) AS answered_in_time,
        count(*) FILTER (is_offered AND outcome = 'abandoned') AS abandoned,
        count(*) FILTER (is_offered AND outcome = 'abandoned' AND wait_ms < short_abandon_s * 1000) AS abandoned_short,
        count(*) FILTER (is_offered AND outcome = 'abandoned' AND in_time) AS abandoned_in_time,
        avg(wait_ms) FILTER (is_offered AND is_answered) / 1000.0 AS asa_s,
        count(*) FILTER (is_handled) AS handled,
        count(*) FILTER (is_handled AND (coalesce(went_to_other, false) OR transfer_to_call_id IS NOT NULL))
            AS transferred,
        sum(coalesce(talk_ms, 0) + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0)) FILTER (is_handled)
            / nullif(count(*) FILTER (is_handled), 0) / 1000.0 AS aht_s,
        coalesce(sum(talk_ms), 0)::BIGINT AS talk_ms,
        count(*) FILTER (is_sale) AS sales,
        count(*) FILTER (is_person) AS persons
    FROM counted
    GROUP BY project_id, term, since, label
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
