-- The page first, then the calls of its tasks.
-- needs contacts: phone
WITH page AS (
    SELECT *
    FROM tasks
    WHERE created_at >= getvariable('start') AND created_at < getvariable('end')
    ORDER BY created_at DESC, project_id, task_id
    LIMIT 1000
),
of_tasks AS (
    SELECT
        t.task_id,
        count(*) AS attempts,
        max(c.started_at) AS last_at,
        arg_max(c.operator_id, (c.started_at, c.call_id)) AS operator_id
    FROM page t
    JOIN calls c
        ON c.project_id = t.project_id
        AND c.task_id = t.task_id
        AND c.started_at >= t.created_at
        AND c.started_at < t.created_at + INTERVAL 30 DAY
    WHERE c.started_at >= (SELECT min(created_at) FROM page)
    GROUP BY t.task_id
),
phones AS (
    SELECT k.project_id, k.contact_key, min(k.phone) AS phone
    FROM contacts k
    SEMI JOIN page t ON t.project_id = k.project_id AND t.contact_key = k.contact_key
    GROUP BY ALL
)
SELECT
    t.source_id AS task,
    t.created_at,
    p.project,
    d.dialer,
    t.import,
    t.state,
    coalesce(t.attempts, l.attempts, 0) AS attempts,
    t.max_attempts,
    l.last_at AS last_attempt_at,
    t.next_attempt_at,
    t.result,
    o.operator,
    t.contact_key,
    k.phone
FROM page t
LEFT JOIN of_tasks l ON l.task_id = t.task_id
LEFT JOIN phones k ON k.project_id = t.project_id AND k.contact_key = t.contact_key
LEFT JOIN projects p ON p.project_id = t.project_id
LEFT JOIN dialers d ON d.dialer_id = t.dialer_id
LEFT JOIN operators o ON o.operator_id = l.operator_id
ORDER BY t.created_at DESC, t.project_id, t.task_id
