-- Recordings made in the period by project and local month, and how many of them will have gone 30 days after now (at
-- most the period's last millisecond): one stays for the local days keep_recordings_days after its own, without that
-- for ever.
WITH stored AS (
    SELECT
        r.project_id,
        date_trunc('month', timezone(getvariable('zone'), r."at" AT TIME ZONE 'UTC'))::DATE AS month,
        timezone(getvariable('zone'), r."at" AT TIME ZONE 'UTC')::DATE AS day,
        r.length_ms,
        r.bytes,
        r."at"
    FROM recordings r
    WHERE r."at" >= getvariable('start') AND r."at" < getvariable('end')
),
today AS (
    SELECT timezone(
        getvariable('zone'), least(getvariable('now')::TIMESTAMP, getvariable('end') - INTERVAL 1 MILLISECOND)
            AT TIME ZONE 'UTC'
    )::DATE AS day
)
SELECT
    p.project,
    s.month,
    count(*) AS recordings,
    coalesce(sum(s.length_ms), 0) / 1000.0 AS length_s,
    coalesce(sum(s.bytes), 0)::BIGINT AS bytes,
    min(s."at") AS oldest_at,
    count(*) FILTER (
        s.day < (SELECT day FROM today) + 30 - nullif(getvariable('keep_recordings_days'), 'None')::INTEGER
    ) AS expiring_30d
FROM stored s
LEFT JOIN projects p ON p.project_id = s.project_id
GROUP BY s.project_id, p.project, s.month
ORDER BY p.project NULLS LAST, s.month, s.project_id
