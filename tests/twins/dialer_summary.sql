-- Dialers in sum, by project and (optionally) interval; an attempt, a call that names a dialer, counts at its start. A
-- person picked up and was answered or dropped. operators_ready_s: the Ready time inside the interval of the operators
-- who stand on one of its attempts, each once. The price of a sale is that of all charges of the attempts, up to a day
-- after the period.
-- needs charges: cost_per_sale, currency
WITH attempts AS (
    SELECT
        c.*,
        b.label,
        b.lo,
        b.hi,
        c.picked_up_at IS NOT NULL AND c.outcome IN ('answered', 'dropped') AS is_person,
        EXISTS (
            SELECT 1 FROM results r WHERE r.project_id = c.project_id AND r.result = c.result AND r.sale
        ) AS is_sale
    FROM calls c
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
    WHERE c.dialer_id IS NOT NULL
),
summed AS (
    SELECT
        project_id,
        dialer_id,
        label,
        lo,
        count(*) AS attempts,
        count(*) FILTER (is_person) AS persons,
        count(*) FILTER (outcome = 'machine') AS machines,
        count(*) FILTER (is_sale) AS sales,
        count(*) FILTER (outcome = 'dropped') AS drops,
        coalesce(sum(talk_ms), 0) AS talk_ms
    FROM attempts
    GROUP BY ALL
),
staff AS (
    SELECT DISTINCT project_id, dialer_id, lo, hi, operator_id FROM attempts WHERE operator_id IS NOT NULL
),
readiness AS (
    SELECT
        s.project_id,
        s.dialer_id,
        s.lo,
        sum(date_diff('millisecond', greatest(t.started_at, s.lo), least(t.ended_at, s.hi))) AS ready_ms
    FROM staff s
    JOIN statuses t
        ON t.operator_id = s.operator_id AND t.status = 'Ready' AND t.ended_at > t.started_at
        AND t.started_at < s.hi AND t.ended_at > s.lo
    GROUP BY ALL
),
charged AS (
    SELECT
        a.project_id,
        a.dialer_id,
        a.lo,
        CASE WHEN count(DISTINCT h.currency) = 1 THEN sum(h.amount) END AS cost,
        CASE WHEN count(DISTINCT h.currency) = 1 THEN min(h.currency) END AS currency
    FROM attempts a
    JOIN charges h ON h.call_id = a.call_id
    WHERE h."at" >= getvariable('start') AND h."at" < getvariable('end') + INTERVAL 1 DAY
    GROUP BY ALL
)
SELECT
    p.project,
    d.dialer,
    s.label AS "interval",
    s.attempts,
    s.persons,
    s.machines,
    s.persons / s.attempts AS contact_rate,
    s.sales,
    s.sales / nullif(s.persons, 0) AS conversion,
    s.drops,
    s.drops / nullif(s.persons, 0) AS drop_rate_persons,
    s.talk_ms / 1000.0 AS talk_s,
    coalesce(r.ready_ms, 0) / 1000.0 AS operators_ready_s,
    CAST(h.cost / nullif(s.sales, 0) AS DECIMAL(18, 6)) AS cost_per_sale,
    CASE WHEN s.sales > 0 THEN h.currency END AS currency
FROM summed s
LEFT JOIN readiness r ON r.project_id = s.project_id AND r.dialer_id = s.dialer_id AND r.lo = s.lo
LEFT JOIN charged h ON h.project_id = s.project_id AND h.dialer_id = s.dialer_id AND h.lo = s.lo
LEFT JOIN projects p ON p.project_id = s.project_id
LEFT JOIN dialers d ON d.dialer_id = s.dialer_id
ORDER BY p.project NULLS LAST, d.dialer NULLS LAST, s.label NULLS LAST, s.project_id, s.dialer_id
