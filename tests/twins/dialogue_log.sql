-- Log of chats, mail threads and SMS: each that starts in the period, newest first. Handling is from the first reply to
-- the end; a length that would be negative is not known.
SELECT
    d.source_id AS dialogue,
    d.started_at,
    d.channel,
    p.project,
    q.queue,
    o.operator,
    d.contact_key,
    date_diff('millisecond', d.started_at, d.first_reply_at)
        / CASE WHEN d.first_reply_at >= d.started_at THEN 1000.0 END AS first_reply_s,
    date_diff('millisecond', d.first_reply_at, d.closed_at)
        / CASE WHEN d.closed_at >= d.first_reply_at THEN 1000.0 END AS handle_s,
    d.messages_in,
    d.messages_out,
    d.outcome,
    d.subject
FROM dialogues d
LEFT JOIN projects p ON p.project_id = d.project_id
LEFT JOIN queues q ON q.queue_id = d.queue_id
LEFT JOIN operators o ON o.operator_id = d.operator_id
WHERE d.started_at >= getvariable('start') AND d.started_at < getvariable('end')
ORDER BY d.started_at DESC, d.project_id, d.dialogue_id
