-- Operators' log: every status that starts in the period, whole, newest first.
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
FROM statuses t
LEFT JOIN operators o ON o.operator_id = t.operator_id
LEFT JOIN projects p ON p.project_id = t.project_id
LEFT JOIN queues q ON q.queue_id = t.queue_id
LEFT JOIN calls c ON c.call_id = t.call_id
LEFT JOIN forms f ON f.form_id = t.form_id
WHERE t.started_at >= getvariable('start') AND t.started_at < getvariable('end')
ORDER BY t.started_at DESC, t.project_id, t.status_id
