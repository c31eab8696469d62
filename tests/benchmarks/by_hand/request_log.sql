-- The page first, then the calls of its rows.
WITH page AS (
    SELECT *
    FROM requests
    WHERE created_at >= getvariable('start') AND created_at < getvariable('end')
    ORDER BY created_at DESC, project_id, request_id
    LIMIT 1000
),
named AS (
    SELECT c.project_id, c.call_id, c.started_at, c.source_id
    FROM calls c
    SEMI JOIN page r ON r.project_id = c.project_id AND r.call_id = c.call_id
    WHERE c.started_at >= (SELECT min(created_at) - INTERVAL 7 DAY FROM page)
)
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
FROM page r
LEFT JOIN projects p ON p.project_id = r.project_id
LEFT JOIN forms f ON f.form_id = r.form_id
LEFT JOIN operators o ON o.operator_id = r.operator_id
LEFT JOIN named c
    ON c.project_id = r.project_id AND c.call_id = r.call_id
    AND c.started_at >= r.created_at - INTERVAL 7 DAY AND c.started_at < r.created_at + INTERVAL 1 DAY
ORDER BY r.created_at DESC, r.project_id, r.request_id
