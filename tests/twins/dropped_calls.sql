-- Dropped calls of each dialer on each local day of the period: the day's attempts inside the period, and the rate of
-- 30 days, the day and the 29 before it, of all attempts before the period's end. A dialer is there that made an
-- attempt in the period or in the 29 days before its first day. Days that have not begun are left out. A person picked
-- up and was answered or dropped; the limit is 3 % of the persons.
WITH attempts AS (
    SELECT
        dialer_id,
        timezone(getvariable('zone'), started_at AT TIME ZONE 'UTC')::DATE AS day,
        started_at >= getvariable('start') AS is_inside,
        picked_up_at IS NOT NULL AND outcome IN ('answered', 'dropped') AS is_person,
        outcome = 'answered' AND answered_at IS NOT NULL AS is_answered,
        outcome = 'machine' AS is_machine,
        outcome = 'dropped' AS is_drop
    FROM calls
    WHERE dialer_id IS NOT NULL AND started_at < getvariable('end')
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
        FROM attempts
        WHERE day >= timezone(getvariable('zone'), getvariable('start') AT TIME ZONE 'UTC')::DATE - 29
    ) a
    CROSS JOIN days d
),
counted AS (
    SELECT
        g.dialer_id,
        g.day,
        count(a.dialer_id) FILTER (a.day = g.day AND a.is_inside) AS attempts,
        count(*) FILTER (a.day = g.day AND a.is_inside AND a.is_person) AS persons,
        count(*) FILTER (a.day = g.day AND a.is_inside AND a.is_drop) AS drops,
        count(*) FILTER (a.day = g.day AND a.is_inside AND (a.is_answered OR a.is_machine OR a.is_drop)) AS answered,
        count(*) FILTER (a.is_drop) AS rolling_drops,
        count(*) FILTER (a.is_person) AS rolling_persons
    FROM grid g
    LEFT JOIN attempts a ON a.dialer_id = g.dialer_id AND a.day BETWEEN g.day - 29 AND g.day
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
