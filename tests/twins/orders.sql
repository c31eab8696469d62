-- Orders by project (or operator), currency and interval. Money is that of orders which were not cancelled; handled
-- contacts are those of the project (or operator) in the interval, the same beside each currency; none where the
-- orders name no operator.
-- unless per=operator: project
-- asked per=operator: operator
WITH placed AS (
    SELECT
        CASE WHEN getvariable('per') = 'operator' THEN o.operator_id ELSE o.project_id END AS key,
        o.currency,
        b.label,
        coalesce(o.state = 'cancelled', false) AS is_cancelled,
        o.amount
    FROM orders o
    JOIN buckets b ON o."at" >= b.lo AND o."at" < b.hi
),
summed AS (
    SELECT
        key,
        currency,
        label,
        count(*) AS orders,
        count(*) FILTER (is_cancelled) AS cancelled,
        sum(amount) FILTER (NOT is_cancelled) AS amount,
        count(amount) FILTER (NOT is_cancelled) AS priced
    FROM placed
    GROUP BY key, currency, label
),
answered AS (
    SELECT
        CASE WHEN getvariable('per') = 'operator' THEN c.operator_id ELSE c.project_id END AS key,
        b.label,
        count(*) AS handled
    FROM calls c
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
    WHERE c.outcome = 'answered' AND c.answered_at IS NOT NULL AND NOT coalesce(c.by_robot, false)
        AND (getvariable('per') <> 'operator' OR c.operator_id IS NOT NULL)
    GROUP BY ALL
)
SELECT
    p.project,
    u.operator,
    s.currency,
    s.label AS "interval",
    s.orders,
    s.cancelled,
    s.amount::DECIMAL(18, 6) AS amount,
    (s.amount / nullif(s.priced, 0))::DECIMAL(18, 6) AS mean_amount,
    coalesce(h.handled, 0) AS handled,
    100 * s.orders / nullif(h.handled, 0) AS orders_per_100
FROM summed s
LEFT JOIN answered h ON h.key IS NOT DISTINCT FROM s.key AND h.label IS NOT DISTINCT FROM s.label
LEFT JOIN projects p ON getvariable('per') <> 'operator' AND p.project_id = s.key
LEFT JOIN operators u ON getvariable('per') = 'operator' AND u.operator_id = s.key
ORDER BY p.project NULLS LAST, u.operator NULLS LAST, s.currency NULLS LAST, s.label NULLS LAST, s.key
