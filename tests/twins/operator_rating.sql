-- Operators by what they reached: attainment of their KPIs (mean by weight), quality of evaluated contacts, customers'
-- csat. Each is drawn to the mean of the operators by n / (n + 20), n being contacts, evaluations, ratings; who has
-- none gets the mean. rating is the mean of those parts that anybody has.
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
            WHEN m.value IS NULL THEN NULL
            WHEN k.comparison = '>=' THEN least(1.5, m.value / nullif(k.target, 0))
            WHEN m.value = 0 THEN 1.5
            ELSE least(1.5, k.target / m.value)
        END AS attainment,
        b.value AS previous_actual
    FROM asked k
    LEFT JOIN measured m
        ON m.span = 'now' AND m.metric = k.metric AND m.operator_id = k.operator_id
        AND m.scope IS NOT DISTINCT FROM k.project_id
    LEFT JOIN measured b
        ON b.span = 'before' AND b.metric = k.metric AND b.operator_id = k.operator_id
        AND b.scope IS NOT DISTINCT FROM k.project_id
    WHERE m.value IS NOT NULL OR b.value IS NOT NULL
),
counts AS (
    SELECT operator_id, sum(contacts) AS contacts, sum(evaluations) AS evaluations, sum(ratings) AS ratings
    FROM (
        SELECT operator_id, handled AS contacts, 0 AS evaluations, 0 AS ratings
        FROM of_contacts
        WHERE span = 'now' AND scope IS NULL
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
    SELECT
        n.*,
        (SELECT sum(s.attainment * s.weight) / nullif(sum(s.weight), 0) FROM scored s
         WHERE s.operator_id = n.operator_id AND s.attainment IS NOT NULL) AS attainment,
        (SELECT q.quality FROM of_checks q
         WHERE q.span = 'now' AND q.scope IS NULL AND q.operator_id = n.operator_id) AS quality,
        (SELECT c.csat FROM of_customers c
         WHERE c.span = 'now' AND c.scope IS NULL AND c.operator_id = n.operator_id) AS csat
    FROM counts n
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
