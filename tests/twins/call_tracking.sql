-- What each number that customers called brought. An interaction is what one project saw of it on one line in the
-- period: its inbound contacts of one interaction_id; a sale is an interaction with a contact whose result is one.
-- Offered, answered and lost contacts as in the queues' reports. The price is that of all charges of the contacts.
-- needs charges: cost_per_call, currency
WITH contacts_in AS (
    SELECT
        *,
        queued_at IS NOT NULL
            AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
            AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL) AS is_offered,
        outcome = 'answered' AND answered_at IS NOT NULL AS is_accepted,
        EXISTS (
            SELECT 1 FROM results r WHERE r.project_id = calls.project_id AND r.result = calls.result AND r.sale
        ) AS is_sale,
        contact_key IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM calls e
            WHERE e.project_id = calls.project_id
                AND e.contact_key = calls.contact_key
                AND e.started_at < calls.started_at
                AND e.started_at >= calls.started_at - INTERVAL 365 DAY
        ) AS is_new
    FROM calls
    WHERE direction = 'inbound' AND started_at >= getvariable('start') AND started_at < getvariable('end')
),
interactions AS (
    SELECT project_id, line, interaction_id, bool_or(is_sale) AS sold
    FROM contacts_in
    GROUP BY ALL
),
brought AS (
    SELECT project_id, line, count(*) AS inbound, count(*) FILTER (sold) AS sales
    FROM interactions
    GROUP BY ALL
),
by_contact AS (
    SELECT
        project_id,
        line,
        count(*) FILTER (is_new) AS first_time,
        count(*) FILTER (is_offered AND is_accepted) AS answered,
        count(*) FILTER (is_offered AND outcome IN ('abandoned', 'callback_requested', 'voicemail')) AS lost,
        avg(talk_ms) FILTER (is_accepted) / 1000.0 AS talk_mean_s
    FROM contacts_in
    GROUP BY ALL
),
charged AS (
    SELECT
        c.project_id,
        c.line,
        CASE WHEN count(DISTINCT h.currency) = 1 THEN sum(h.amount) END AS cost,
        CASE WHEN count(DISTINCT h.currency) = 1 THEN min(h.currency) END AS currency
    FROM contacts_in c
    JOIN charges h ON h.call_id = c.call_id
    GROUP BY ALL
)
SELECT
    p.project,
    k.line,
    b.inbound,
    k.first_time,
    k.answered,
    k.lost,
    k.talk_mean_s,
    b.sales,
    b.sales / nullif(b.inbound, 0) AS conversion,
    CAST(h.cost / b.inbound AS DECIMAL(18, 6)) AS cost_per_call,
    h.currency
FROM by_contact k
JOIN brought b ON b.project_id = k.project_id AND b.line IS NOT DISTINCT FROM k.line
LEFT JOIN charged h ON h.project_id = k.project_id AND h.line IS NOT DISTINCT FROM k.line
LEFT JOIN projects p ON p.project_id = k.project_id
ORDER BY p.project NULLS LAST, k.line NULLS LAST, k.project_id
