-- Days are counted first, from hours; the 30 days of each are summed from those.
WITH hours_of AS (
    SELECT
        dialer_id,
        time_bucket(INTERVAL 1 HOUR, started_at) AS hour,
        started_at >= getvariable('start') AS is_inside,
        count(*) AS attempts,
        count(*) FILTER (picked_up_at IS NOT NULL AND outcome IN ('answered', 'dropped')) AS persons,
        count(*) FILTER (outcome = 'dropped') AS drops,
        count(*) FILTER (
            outcome IN ('machine', 'dropped') OR (outcome = 'answered' AND answered_at IS NOT NULL)
        ) AS answered
    FROM calls
    WHERE dialer_id IS NOT NULL AND started_at < getvariable('end')
        AND started_at >= getvariable('start')::TIMESTAMP - INTERVAL 31 DAY
    GROUP BY ALL
),
days_of AS (
    SELECT
        dialer_id,
        timezone(getvariable('zone'), hour AT TIME ZONE 'UTC')::DATE AS day,
        sum(attempts) FILTER (is_inside) AS attempts,
        sum(persons) FILTER (is_inside) AS persons,
        sum(drops) FILTER (is_inside) AS drops,
        sum(answered) FILTER (is_inside) AS answered,
        sum(persons) AS all_persons,
        sum(drops) AS all_drops
    FROM hours_of
    GROUP BY ALL
),
days AS (
    SELECT day
    FROM (
        SELECT unnest(generate_series(
            timezone(getvariable('zone'), getvariable('start') AT TIME ZONE 'UTC')::DATE,
            timezone(getvariable('zone'), (getvariable('end') - INTERVAL 1 MILLISECOND) AT TIME ZONE 'UTC')::DATE,
            INTERVAL 1 DAY
        ))::DATE AS day
    )
    WHERE timezone(getvariable('zone'), day::TIMESTAMP) < getvariable('now')::TIMESTAMP AT TIME ZONE 'UTC'
),
grid AS (
    SELECT a.dialer_id, d.day
    FROM (
        SELECT DISTINCT dialer_id
        FROM days_of
        WHERE day >= timezone(getvariable('zone'), getvariable('start') AT TIME ZONE 'UTC')::DATE - 29
    ) a
    CROSS JOIN days d
),
counted AS (
    SELECT
        g.dialer_id,
        g.day,
        coalesce(sum(a.attempts) FILTER (a.day = g.day), 0)::BIGINT AS attempts,
        coalesce(sum(a.persons) FILTER (a.day = g.day), 0)::BIGINT AS persons,
        coalesce(sum(a.drops) FILTER (a.day = g.day), 0)::BIGINT AS drops,
        coalesce(sum(a.answered) FILTER (a.day = g.day), 0)::BIGINT AS answered,
        coalesce(sum(a.all_drops), 0)::BIGINT AS rolling_drops,
        coalesce(sum(a.all_persons), 0)::BIGINT AS rolling_persons
    FROM grid g
    LEFT JOIN days_of a ON a.dialer_id = g.dialer_id AND a.day BETWEEN g.day - 29 AND g.day
    GROUP BY ALL
)
SELECT
    n.dialer,
    k.day,
    k.attempts,
    k.persons,
    k.drops,
    k.drops / nullif(k.attempts, 0) AS drop_rate_attempts,
    k.drops / nullif(k.answered, 0) AS drop_rate_answered,
    k.drops / nullif(k.persons, 0) AS drop_rate_persons,
    k.rolling_drops / nullif(k.rolling_persons, 0) AS rolling_30d_rate,
    0.03::DOUBLE AS limit_rate,
    k.rolling_drops / nullif(k.rolling_persons, 0) > 0.03::DOUBLE AS over
FROM counted k
LEFT JOIN dialers n ON n.dialer_id = k.dialer_id
ORDER BY n.dialer NULLS LAST, k.day, k.dialer_id
