-- Who may see which project at the last instant of the period, at most now: memberships that hold then, and those who see
-- everything. A report run counts for a project that it named, or, where it named none, for all that were hers then.
WITH instant AS (SELECT least(getvariable('now')::TIMESTAMP, getvariable('end') - INTERVAL 1 MILLISECOND) AS t),
held AS (
    SELECT a.*
    FROM accesses a, instant
    WHERE coalesce(a.valid_from, TIMESTAMP '0001-01-01') <= t AND coalesce(a.valid_to, TIMESTAMP '9999-12-31') > t
),
homes AS (
    SELECT login, count(DISTINCT project_id) AS projects, count(*) FILTER (project = 'Default') AS defaults
    FROM held
    WHERE through = 'member'
    GROUP BY login
),
looks AS (
    SELECT h.login, h.project_id, max(r."at") AS last_report_at
    FROM held h
    JOIN report_runs r ON r.login = h.login
    WHERE r."at" < getvariable('end')
        AND (
            r.project_id = h.project_id
            OR (r.project_id IS NULL AND r."at" >= coalesce(h.valid_from, TIMESTAMP '0001-01-01'))
        )
    GROUP BY ALL
)
SELECT
    h.login,
    h.project,
    any_value(u.role) AS role,
    CASE
        WHEN count(h.valid_from) = count(*)
        THEN (min(h.valid_from) AT TIME ZONE 'UTC' AT TIME ZONE getvariable('zone'))::DATE
    END AS since,
    any_value(o.rights) AS rights,
    any_value(l.last_report_at) AS last_report_at,
    bool_or(h.through = 'member') AND coalesce(any_value(m.projects) > 1 AND any_value(m.defaults) > 0, false)
        AS still_in_default
FROM held h
JOIN users u ON u.login = h.login AND u.active
LEFT JOIN roles o ON o.role = u.role
LEFT JOIN homes m ON m.login = h.login
LEFT JOIN looks l ON l.login = h.login AND l.project_id = h.project_id
GROUP BY h.login, h.project, h.project_id
ORDER BY h.login, h.project, h.project_id
