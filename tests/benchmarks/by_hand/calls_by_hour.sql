-- Hours are counted first, and only those are brought into local time.
WITH local_hours AS (
    SELECT DISTINCT
        CAST(timezone(getvariable('zone'), h AT TIME ZONE 'UTC') AS DATE) AS day,
        hour(timezone(getvariable('zone'), h AT TIME ZONE 'UTC')) AS hour
    FROM (SELECT unnest(generate_series(
        time_bucket(INTERVAL 1 HOUR, getvariable('start')::TIMESTAMP),
        getvariable('end')::TIMESTAMP - INTERVAL 1 MILLISECOND,
        INTERVAL 1 HOUR
    )) AS h)
),
spine AS (
    SELECT isodow(day) AS weekday, hour, count(*) AS days FROM local_hours GROUP BY ALL
),
hours_of AS (
    SELECT
        time_bucket(INTERVAL 1 HOUR, started_at) AS begun,
        count(*) AS offered,
        count(*) FILTER (outcome = 'answered' AND answered_at IS NOT NULL) AS answered,
        count(*) FILTER (outcome = 'answered' AND answered_at IS NOT NULL AND wait_ms <= answer_within_s * 1000)
            AS answered_in_time,
        count(*) FILTER (outcome = 'abandoned' AND wait_ms < short_abandon_s * 1000) AS abandoned_short
    FROM calls
    WHERE queued_at IS NOT NULL
        AND started_at >= getvariable('start') AND started_at < getvariable('end')
        AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
        AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL)
    GROUP BY ALL
),
parts AS (
    SELECT
        isodow(local) AS weekday,
        hour(local) AS hour,
        sum(offered)::BIGINT AS offered,
        sum(answered)::BIGINT AS answered,
        sum(answered_in_time)::BIGINT AS answered_in_time,
        sum(abandoned_short)::BIGINT AS abandoned_short
    FROM (SELECT *, timezone(getvariable('zone'), begun AT TIME ZONE 'UTC') AS local FROM hours_of)
    GROUP BY ALL
)
SELECT
    n.weekday,
    n.hour,
    s.days,
    n.offered,
    n.answered,
    n.answered_in_time,
    n.answered_in_time / nullif(n.offered - n.abandoned_short, 0) AS service_level,
    n.offered / s.days AS offered_per_day
FROM parts n
JOIN spine s USING (weekday, hour)
ORDER BY n.weekday, n.hour
