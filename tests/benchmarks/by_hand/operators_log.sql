-- The page first, then the names of its rows.
WITH page AS (
    SELECT *
    FROM statuses
    WHERE started_at >= getvariable('start') AND started_at < getvariable('end')
    ORDER BY started_at DESC, project_id, status_id
    LIMIT 1000
),
named AS (
    SELECT c.call_id, c.source_id FROM calls c SEMI JOIN page t ON t.call_id = c.call_id
)
SELECT
    o.operator,
    t.started_at,
    t.ended_at,
    date_diff('millisecond', t.started_at, t.ended_at) / 1000.0 AS duration_s,
    t.status,
    t.reason,
    t.comment,
    p.project,
    q.queue,
    c.source_id AS call,
    f.form
FROM page t
LEFT JOIN operators o ON o.operator_id = t.operator_id
LEFT JOIN projects p ON p.project_id = t.project_id
LEFT JOIN queues q ON q.queue_id = t.queue_id
LEFT JOIN named c ON c.call_id = t.call_id
LEFT JOIN forms f ON f.form_id = t.form_id
ORDER BY t.started_at DESC, t.project_id, t.status_id
