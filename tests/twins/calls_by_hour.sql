-- Peak hours: offered contacts by local weekday and hour. `days` counts the local days of the period that have that
-- hour, so an hour that the spring change skips is not counted.
WITH local_hours AS (
    SELECT DISTINCT
        CAST(timezone(getvariable('zone'), h AT TIME ZONE 'UTC') AS DATE) AS day,
        hour(timezone(getvariable('zone'), h AT TIME ZONE 'UTC')) AS hour
    FROM (SELECT unnest(generate_series(
        time_bucket(INTERVAL 15 MINUTE, getvariable('start')::TIMESTAMP),
        getvariable('end')::TIMESTAMP - INTERVAL 1 MILLISECOND,
        INTERVAL 15 MINUTE
    )) AS h)
),
spine AS (
    SELECT isodow(day) AS weekday, hour, count(*) AS days FROM local_hours GROUP BY ALL
),
offered_only AS (
    SELECT *, timezone(getvariable('zone'), started_at AT TIME ZONE 'UTC') AS local
    FROM calls
    WHERE queued_at IS NOT NULL
        AND started_at >= getvariable('start') AND started_at < getvariable('end')
        AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
        AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL)
),
parts AS (
    SELECT
        isodow(local) AS weekday,
        hour(local) AS hour,
        count(*) AS offered,
        count(*) FILTER (outcome = 'answered' AND answered_at IS NOT NULL) AS answered,
        count(*) FILTER (outcome = 'answered' AND answered_at IS NOT NULL AND wait_ms <= answer_within_s * 1000)
            AS answered_in_time,
        count(*) FILTER (outcome = 'abandoned' AND wait_ms < short_abandon_s * 1000) AS abandoned_short,
        count(*) FILTER (outcome = 'abandoned' AND wait_ms <= answer_within_s * 1000) AS abandoned_in_time
    FROM offered_only
    GROUP BY ALL
)
SELECT
    n.weekday,
    n.hour,
    s.days,
    n.offered,
    n.answered,
    n.answered_in_time,
    CASE getvariable('formula')
        WHEN 'short' THEN n.answered_in_time / nullif(n.offered - n.abandoned_short, 0)
        WHEN 'offered' THEN n.answered_in_time / nullif(n.offered, 0)
        WHEN 'answered' THEN n.answered_in_time / nullif(n.answered, 0)
        WHEN 'positive' THEN (n.answered_in_time + n.abandoned_in_time) / nullif(n.offered, 0)
        WHEN 'ignore' THEN n.answered_in_time / nullif(n.offered - n.abandoned_in_time, 0)
        ELSE error('no such formula: ' || getvariable('formula'))::DOUBLE
    END AS service_level,
    n.offered / s.days AS offered_per_day
FROM parts n
JOIN spine s USING (weekday, hour)
ORDER BY n.weekday, n.hour
