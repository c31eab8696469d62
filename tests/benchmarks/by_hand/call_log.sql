-- The page first, then what is looked up for its rows.
-- needs contacts: phone
-- needs recordings: recording
-- needs charges: cost, currency
WITH page AS (
    SELECT *
    FROM calls
    WHERE started_at >= getvariable('start') AND started_at < getvariable('end')
    ORDER BY started_at DESC, project_id, call_id
    LIMIT 1000
),
phones AS (
    SELECT k.project_id, k.contact_key, min(k.phone) AS phone
    FROM contacts k
    SEMI JOIN page c ON c.project_id = k.project_id AND c.contact_key = k.contact_key
    GROUP BY ALL
),
recorded AS (
    SELECT r.call_id, arg_min(r.url, (r."at", r.source_id)) AS url
    FROM recordings r
    SEMI JOIN page c ON c.call_id = r.call_id
    GROUP BY ALL
),
charged AS (
    SELECT
        h.call_id,
        CASE WHEN count(DISTINCT h.currency) = 1 THEN sum(h.amount) END AS cost,
        CASE WHEN count(DISTINCT h.currency) = 1 THEN min(h.currency) END AS currency
    FROM charges h
    SEMI JOIN page c ON c.call_id = h.call_id
    GROUP BY ALL
)
SELECT
    c.source_id AS call,
    c.started_at,
    p.project,
    c.direction,
    q.queue,
    d.dialer,
    s.scenario,
    o.operator,
    c.line,
    c.contact_key,
    k.phone,
    c.outcome,
    c.result,
    c.wait_ms / 1000.0 AS wait_s,
    c.ring_ms / 1000.0 AS ring_s,
    c.talk_ms / 1000.0 AS talk_s,
    c.hold_ms / 1000.0 AS hold_s,
    c.wrap_ms / 1000.0 AS wrap_s,
    date_diff('millisecond', c.started_at, c.ended_at) / 1000.0 AS duration_s,
    c.ended_by,
    c.came_from_other,
    c.went_to_other,
    c.sip_code,
    CAST(c.mos AS DOUBLE) AS mos,
    r.url AS recording,
    h.cost,
    h.currency
FROM page c
LEFT JOIN projects p ON p.project_id = c.project_id
LEFT JOIN queues q ON q.queue_id = c.queue_id
LEFT JOIN dialers d ON d.dialer_id = c.dialer_id
LEFT JOIN scenarios s ON s.scenario_id = c.scenario_id
LEFT JOIN operators o ON o.operator_id = c.operator_id
LEFT JOIN phones k ON k.project_id = c.project_id AND k.contact_key = c.contact_key
LEFT JOIN recorded r ON r.call_id = c.call_id
LEFT JOIN charged h ON h.call_id = c.call_id
ORDER BY c.started_at DESC, c.project_id, c.call_id
