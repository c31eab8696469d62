-- Customers' ratings by project and queue (or operator), kind and interval. asked counts ratings, answers those with a
-- score. csat: the share of 4 and 5, with Wilson's interval of 95 %; nps: 9 and 10 less 0 to 6, +- 1.96 standard
-- errors. What is of the other kind is empty.
-- unless per=operator: project, queue
-- asked per=operator: operator
WITH rated AS (
    SELECT
        CASE WHEN getvariable('per') = 'operator' THEN NULL ELSE r.project_id END AS project_id,
        CASE WHEN getvariable('per') = 'operator' THEN NULL ELSE r.queue_id END AS queue_id,
        CASE WHEN getvariable('per') = 'operator' THEN r.operator_id END AS operator_id,
        r.kind,
        b.label,
        r.score
    FROM ratings r
    JOIN buckets b ON r."at" >= b.lo AND r."at" < b.hi
),
counted AS (
    SELECT
        project_id,
        queue_id,
        operator_id,
        kind,
        label,
        count(*) AS asked,
        count(score) AS answers,
        CASE WHEN kind = 'csat' THEN count(*) FILTER (score IN (4, 5)) END AS satisfied,
        CASE WHEN kind = 'nps' THEN count(*) FILTER (score IN (9, 10)) END AS promoters,
        CASE WHEN kind = 'nps' THEN count(*) FILTER (score BETWEEN 0 AND 6) END AS detractors
    FROM rated
    GROUP BY project_id, queue_id, operator_id, kind, label
),
rates AS (
    SELECT
        *,
        nullif(answers, 0)::DOUBLE AS n,
        satisfied / nullif(answers, 0) AS csat,
        promoters / nullif(answers, 0) AS p,
        detractors / nullif(answers, 0) AS q,
        1.959963984540054::DOUBLE AS z
    FROM counted
),
bounds AS (
    SELECT
        *,
        (csat + z * z / (2 * n)) / (1 + z * z / n) AS centre,
        z / (1 + z * z / n) * sqrt(csat * (1 - csat) / n + z * z / (4 * n * n)) AS half,
        1.96::DOUBLE * sqrt((p + q - (p - q) * (p - q)) / n) AS margin
    FROM rates
)
SELECT
    t.project,
    u.queue,
    o.operator,
    b.kind,
    b.label AS "interval",
    b.asked,
    b.answers,
    b.answers / b.asked AS response_rate,
    b.satisfied,
    b.csat,
    CASE b.csat WHEN 0 THEN 0.0::DOUBLE ELSE b.centre - b.half END AS csat_low,
    CASE b.csat WHEN 1 THEN 1.0::DOUBLE ELSE b.centre + b.half END AS csat_high,
    b.promoters,
    b.detractors,
    b.p - b.q AS nps,
    b.p - b.q - b.margin AS nps_low,
    b.p - b.q + b.margin AS nps_high
FROM bounds b
LEFT JOIN projects t ON t.project_id = b.project_id
LEFT JOIN queues u ON u.queue_id = b.queue_id
LEFT JOIN operators o ON o.operator_id = b.operator_id
ORDER BY t.project NULLS LAST, u.queue NULLS LAST, o.operator NULLS LAST, b.kind, b.label NULLS LAST, b.project_id,
    b.queue_id, b.operator_id
