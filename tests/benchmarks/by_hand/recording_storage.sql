-- Hours are summed first, and only those are brought into local time.
WITH hours_of AS (
    SELECT
        project_id,
        time_bucket(INTERVAL 1 HOUR, "at") AS hour,
        count(*) AS recordings,
        sum(length_ms) AS length_ms,
        sum(bytes) AS bytes,
        min("at") AS oldest_at
    FROM recordings
    WHERE "at" >= getvariable('start') AND "at" < getvariable('end')
    GROUP BY ALL
),
stored AS (
    SELECT *, timezone(getvariable('zone'), hour AT TIME ZONE 'UTC')::DATE AS day FROM hours_of
),
today AS (
    SELECT timezone(
        getvariable('zone'), least(getvariable('now')::TIMESTAMP, getvariable('end') - INTERVAL 1 MILLISECOND)
            AT TIME ZONE 'UTC'
    )::DATE AS day
)
SELECT
    p.project,
    date_trunc('month', s.day)::DATE AS month,
    sum(s.recordings)::BIGINT AS recordings,
    coalesce(sum(s.length_ms), 0) / 1000.0 AS length_s,
    coalesce(sum(s.bytes), 0)::BIGINT AS bytes,
    min(s.oldest_at) AS oldest_at,
    coalesce(sum(s.recordings) FILTER (
        s.day < (SELECT day FROM today) + 30 - nullif(getvariable('keep_recordings_days'), 'None')::INTEGER
    ), 0)::BIGINT AS expiring_30d
FROM stored s
LEFT JOIN projects p ON p.project_id = s.project_id
GROUP BY s.project_id, p.project, month
ORDER BY p.project NULLS LAST, month, s.project_id
