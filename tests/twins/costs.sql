-- What was charged, by project, kind, currency and interval: never summed across currencies. quantity and unit only
-- where all charges have one unit. The share is of all costs in that currency and interval; per_contact is of the
-- project's handled contacts, per_minute of their talk, in the same interval.
WITH charged AS (
    SELECT
        h.project_id,
        h.kind,
        h.currency,
        b.label,
        sum(h.amount) AS amount,
        count(DISTINCT coalesce('+' || h.unit, '-')) AS units,
        sum(h.quantity) AS quantity,
        min(h.unit) AS unit
    FROM charges h
    JOIN buckets b ON h."at" >= b.lo AND h."at" < b.hi
    GROUP BY h.project_id, h.kind, h.currency, b.label
),
totals AS (
    SELECT currency, label, sum(amount) AS amount FROM charged GROUP BY currency, label
),
worked AS (
    SELECT c.project_id, b.label, count(*) AS handled, sum(c.talk_ms) / 60000.0 AS minutes
    FROM calls c
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
    WHERE c.outcome = 'answered' AND c.answered_at IS NOT NULL AND NOT coalesce(c.by_robot, false)
    GROUP BY c.project_id, b.label
)
SELECT
    p.project,
    c.kind,
    c.currency,
    c.label AS "interval",
    c.amount::DECIMAL(18, 6) AS amount,
    CASE WHEN c.units = 1 THEN c.quantity::DOUBLE END AS quantity,
    CASE WHEN c.units = 1 THEN c.unit END AS unit,
    c.amount / nullif(t.amount, 0) AS share,
    (c.amount / nullif(k.handled, 0))::DECIMAL(18, 6) AS per_contact,
    (c.amount / nullif(k.minutes, 0))::DECIMAL(18, 6) AS per_minute
FROM charged c
JOIN totals t ON t.currency IS NOT DISTINCT FROM c.currency AND t.label IS NOT DISTINCT FROM c.label
LEFT JOIN worked k ON k.project_id = c.project_id AND k.label IS NOT DISTINCT FROM c.label
LEFT JOIN projects p ON p.project_id = c.project_id
ORDER BY p.project NULLS LAST, c.label NULLS LAST, c.kind, c.currency NULLS LAST, c.project_id
