-- Requests that were created in the period, newest first. A call of the project is named that began at most 7 days
-- before the request, or within a day after. The age is the time from creation to closing, or to now (at most a day
-- after the period's end) where the request is open.
SELECT
    r.source_id AS request,
    r.created_at,
    r.closed_at,
    p.project,
    f.form,
    r.stage,
    r.result,
    o.operator,
    greatest(0, date_diff(
        'millisecond',
        r.created_at,
        coalesce(r.closed_at, least(getvariable('now')::TIMESTAMP, getvariable('end') + INTERVAL 1 DAY))
    )) / 1000.0 AS age_s,
    c.source_id AS call,
    r.contact_key,
    r.value,
    r.currency
FROM requests r
LEFT JOIN projects p ON p.project_id = r.project_id
LEFT JOIN forms f ON f.form_id = r.form_id
LEFT JOIN operators o ON o.operator_id = r.operator_id
LEFT JOIN calls c
    ON c.project_id = r.project_id AND c.call_id = r.call_id
    AND c.started_at >= r.created_at - INTERVAL 7 DAY AND c.started_at < r.created_at + INTERVAL 1 DAY
WHERE r.created_at >= getvariable('start') AND r.created_at < getvariable('end')
ORDER BY r.created_at DESC, r.project_id, r.request_id
