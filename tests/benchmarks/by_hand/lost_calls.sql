-- The page first, then the calls back to its people.
-- needs contacts: phone
WITH page AS (
    SELECT *
    FROM calls
    WHERE queued_at IS NOT NULL
        AND outcome IN ('abandoned', 'callback_requested', 'voicemail')
        AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL)
        AND started_at >= getvariable('start') AND started_at < getvariable('end')
    ORDER BY started_at DESC, project_id, call_id
    LIMIT 1000
),
back AS (
    SELECT project_id, contact_key, call_id, started_at, operator_id, outcome, answered_at
    FROM calls
    WHERE direction = 'outbound' AND started_at >= (SELECT min(ended_at) FROM page)
),
next_calls AS (
    SELECT
        l.call_id,
        b.started_at,
        b.operator_id,
        b.outcome = 'answered' AND b.answered_at IS NOT NULL AS reached
    FROM page l
    JOIN back b
        ON b.project_id = l.project_id
        AND b.contact_key = l.contact_key
        AND b.started_at >= l.ended_at
        AND b.started_at <= l.ended_at + to_hours(getvariable('callback_hours')::INTEGER)
        AND b.call_id <> l.call_id
    QUALIFY row_number() OVER (PARTITION BY l.call_id ORDER BY b.started_at, b.call_id) = 1
),
phones AS (
    SELECT k.project_id, k.contact_key, min(k.phone) AS phone
    FROM contacts k
    SEMI JOIN page l ON l.project_id = k.project_id AND l.contact_key = k.contact_key
    GROUP BY ALL
)
SELECT
    l.source_id AS call,
    l.started_at,
    p.project,
    q.queue,
    l.outcome,
    l.wait_ms / 1000.0 AS wait_s,
    l.contact_key,
    k.phone,
    n.started_at AS called_back_at,
    o.operator AS called_back_by,
    date_diff('millisecond', l.ended_at, n.started_at) / 1000.0 AS time_to_callback_s,
    n.reached
FROM page l
LEFT JOIN next_calls n ON n.call_id = l.call_id
LEFT JOIN phones k ON k.project_id = l.project_id AND k.contact_key = l.contact_key
LEFT JOIN projects p ON p.project_id = l.project_id
LEFT JOIN queues q ON q.queue_id = l.queue_id
LEFT JOIN operators o ON o.operator_id = n.operator_id
ORDER BY l.started_at DESC, l.project_id, l.call_id
