-- When persons are reached: attempts, calls that name a dialer, by which attempt at the record it is and the local hour
-- in which it starts. A person picked up and was answered or dropped. An attempt whose number is not known stands last.
WITH attempts AS (
    SELECT
        attempt_no,
        hour(timezone(getvariable('zone'), started_at AT TIME ZONE 'UTC')) AS hour,
        picked_up_at IS NOT NULL AND outcome IN ('answered', 'dropped') AS is_person
    FROM calls
    WHERE dialer_id IS NOT NULL AND started_at >= getvariable('start') AND started_at < getvariable('end')
)
SELECT
    attempt_no,
    hour,
    count(*) AS attempts,
    count(*) FILTER (is_person) AS persons,
    count(*) FILTER (is_person) / count(*) AS contact_rate
FROM attempts
GROUP BY attempt_no, hour
ORDER BY attempt_no NULLS LAST, hour
