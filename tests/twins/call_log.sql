-- Call log: every contact that starts in the period, newest first.
-- needs contacts: phone
-- needs recordings: recording
-- needs charges: cost, currency
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
    (SELECT min(k.phone) FROM contacts k
     WHERE k.project_id = c.project_id AND k.contact_key = c.contact_key) AS phone,
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
    (SELECT r.url FROM recordings r
     WHERE r.call_id = c.call_id ORDER BY r."at", r.source_id LIMIT 1) AS recording,
    (SELECT CASE WHEN count(DISTINCT h.currency) = 1 THEN sum(h.amount) END FROM charges h
     WHERE h.call_id = c.call_id) AS cost,
    (SELECT CASE WHEN count(DISTINCT h.currency) = 1 THEN min(h.currency) END FROM charges h
     WHERE h.call_id = c.call_id) AS currency
FROM calls c
LEFT JOIN projects p ON p.project_id = c.project_id
LEFT JOIN queues q ON q.queue_id = c.queue_id
LEFT JOIN dialers d ON d.dialer_id = c.dialer_id
LEFT JOIN scenarios s ON s.scenario_id = c.scenario_id
LEFT JOIN operators o ON o.operator_id = c.operator_id
WHERE c.started_at >= getvariable('start') AND c.started_at < getvariable('end')
ORDER BY c.started_at DESC, c.project_id, c.call_id
