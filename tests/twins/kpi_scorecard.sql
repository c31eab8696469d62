-- KPIs of operators: what was reached of what was asked, and in the stretch of the same length before the period.
-- A KPI is asked of those of its role and group; one of a project is a row of its own, over the facts of that project,
-- and bears its name. The target is the last that held in the period. attainment = actual / target, or target / actual where less is better (actual 0: 1.5), at most 1.5;
-- score = attainment x weight.
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
)
SELECT
    o.operator,
    CASE WHEN s.project_id IS NULL THEN s.kpi ELSE s.kpi || ' · ' || p.project END AS kpi,
    s.actual,
    s.target,
    s.attainment,
    s.weight,
    s.attainment * s.weight AS score,
    s.previous_actual,
    CASE
        WHEN s.actual = s.previous_actual THEN 'same'
        WHEN (s.actual > s.previous_actual) = (s.comparison = '>=') THEN 'better'
        WHEN s.actual <> s.previous_actual THEN 'worse'
    END AS trend
FROM scored s
LEFT JOIN operators o ON o.operator_id = s.operator_id
LEFT JOIN projects p ON p.project_id = s.project_id
ORDER BY o.operator NULLS LAST, 2, s.operator_id, s.project_id
