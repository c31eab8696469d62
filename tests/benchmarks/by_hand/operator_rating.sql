-- As the twin, but only what KPIs ask for, and of the period alone; each part is joined once.
-- with kpi_figures
scored AS (
    SELECT
        k.operator_id,
        k.kpi,
        k.project_id,
        k.comparison,
        m.value AS actual,
        k.target,
        coalesce(k.weight, 1) AS weight,
        CASE
            WHEN k.comparison = '>=' THEN least(1.5, m.value / nullif(k.target, 0))
            WHEN m.value = 0 THEN 1.5
            ELSE least(1.5, k.target / m.value)
        END AS attainment
    FROM asked k
    JOIN measured m
        ON m.metric = k.metric AND m.operator_id = k.operator_id AND m.scope IS NOT DISTINCT FROM k.project_id
    WHERE m.value IS NOT NULL
),
counts AS (
    SELECT operator_id, sum(contacts) AS contacts, sum(evaluations) AS evaluations, sum(ratings) AS ratings
    FROM (
        SELECT operator_id, handled AS contacts, 0 AS evaluations, 0 AS ratings
        FROM of_contacts
        WHERE scope IS NULL
        UNION ALL
        SELECT operator_id, 0, count(DISTINCT (project_id, evaluation)), 0
        FROM evaluations
        WHERE operator_id IS NOT NULL AND "at" >= getvariable('start') AND "at" < getvariable('end')
        GROUP BY operator_id
        UNION ALL
        SELECT operator_id, 0, 0, count(score)
        FROM ratings
        WHERE operator_id IS NOT NULL AND kind = 'csat'
            AND "at" >= getvariable('start') AND "at" < getvariable('end')
        GROUP BY operator_id
    )
    GROUP BY ALL
    HAVING sum(contacts) + sum(evaluations) + sum(ratings) > 0
),
reached AS (
    SELECT n.*, s.attainment, q.quality, c.csat
    FROM counts n
    LEFT JOIN (
        SELECT operator_id, sum(attainment * weight) / nullif(sum(weight), 0) AS attainment
        FROM scored
        WHERE attainment IS NOT NULL
        GROUP BY ALL
    ) s ON s.operator_id = n.operator_id
    LEFT JOIN of_checks q ON q.operator_id = n.operator_id
    LEFT JOIN of_customers c ON c.operator_id = n.operator_id
),
means AS (
    SELECT avg(attainment) AS attainment, avg(quality) AS quality, avg(csat) AS csat FROM reached
),
shrunk AS (
    SELECT
        r.*,
        list_avg(list_filter([
            m.attainment + coalesce(r.attainment - m.attainment, 0) * r.contacts / (r.contacts + 20),
            m.quality + coalesce(r.quality - m.quality, 0) * r.evaluations / (r.evaluations + 20),
            m.csat + coalesce(r.csat - m.csat, 0) * r.ratings / (r.ratings + 20)
        ], lambda x: x IS NOT NULL)) AS rating
    FROM reached r
    CROSS JOIN means m
)
SELECT
    o.operator,
    s.contacts::BIGINT AS contacts,
    s.evaluations::BIGINT AS evaluations,
    s.ratings::BIGINT AS ratings,
    s.attainment,
    s.quality,
    s.csat,
    s.rating,
    CASE WHEN s.rating IS NOT NULL THEN rank() OVER (ORDER BY s.rating DESC NULLS LAST) END AS "rank"
FROM shrunk s
LEFT JOIN operators o ON o.operator_id = s.operator_id
ORDER BY s.rating DESC NULLS LAST, o.operator NULLS LAST, s.operator_id
