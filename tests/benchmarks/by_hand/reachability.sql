-- Hours are counted first, and only those are brought into local time.
WITH hours_of AS (
    SELECT
        attempt_no,
        time_bucket(INTERVAL 1 HOUR, started_at) AS begun,
        count(*) AS attempts,
        count(*) FILTER (picked_up_at IS NOT NULL AND outcome IN ('answered', 'dropped')) AS persons
    FROM calls
    WHERE dialer_id IS NOT NULL AND started_at >= getvariable('start') AND started_at < getvariable('end')
    GROUP BY ALL
)
SELECT
    attempt_no,
    hour(timezone(getvariable('zone'), begun AT TIME ZONE 'UTC')) AS hour,
    sum(attempts)::BIGINT AS attempts,
    sum(persons)::BIGINT AS persons,
    sum(persons) / sum(attempts) AS contact_rate
FROM hours_of
GROUP BY attempt_no, hour
ORDER BY attempt_no NULLS LAST, hour
