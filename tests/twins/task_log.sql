-- Tasks that were created in the period, newest first, with the last of their calls.
-- needs contacts: phone
-- with tasks
last_calls AS (
    SELECT *
    FROM of_tasks
    QUALIFY row_number() OVER (PARTITION BY task_id ORDER BY started_at DESC, call_id DESC) = 1
)
SELECT
    t.source_id AS task,
    t.created_at,
    p.project,
    d.dialer,
    t.import,
    t.state,
    t.attempts,
    t.max_attempts,
    l.started_at AS last_attempt_at,
    t.next_attempt_at,
    t.result,
    o.operator,
    t.contact_key,
    (SELECT min(k.phone) FROM contacts k
     WHERE k.project_id = t.project_id AND k.contact_key = t.contact_key) AS phone
FROM made t
LEFT JOIN last_calls l ON l.task_id = t.task_id
LEFT JOIN projects p ON p.project_id = t.project_id
LEFT JOIN dialers d ON d.dialer_id = t.dialer_id
LEFT JOIN operators o ON o.operator_id = l.operator_id
ORDER BY t.created_at DESC, t.project_id, t.task_id
