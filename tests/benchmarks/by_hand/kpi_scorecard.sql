-- What KPIs ask for, in the period and in the one before: handling time and conversion also of each project, the rest
-- over all of them, for no definition asks for more. What several rows cover counts once, by the latest end so far.
WITH counted AS (
    SELECT
        started_at >= getvariable('start') AS now,
        operator_id,
        project_id,
        result,
        count(*) FILTER (outcome = 'answered' AND answered_at IS NOT NULL AND NOT coalesce(by_robot, false)) AS handled,
        sum(coalesce(talk_ms, 0) + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0)) FILTER (
            outcome = 'answered' AND answered_at IS NOT NULL AND NOT coalesce(by_robot, false)
        ) AS handling_ms,
        count(dialer_id) AS dialled,
        count(dialer_id) FILTER (picked_up_at IS NOT NULL AND outcome IN ('answered', 'dropped')) AS persons
    FROM calls
    WHERE operator_id IS NOT NULL AND started_at < getvariable('end')
        AND started_at >= getvariable('start')::TIMESTAMP - (getvariable('end')::TIMESTAMP - getvariable('start')::TIMESTAMP)
    GROUP BY ALL
),
of_projects AS (
    SELECT
        c.now,
        c.operator_id,
        c.project_id,
        sum(c.handled) AS handled,
        sum(c.handling_ms) AS handling_ms,
        sum(c.persons) AS persons,
        coalesce(sum(c.dialled) FILTER (r.sale), 0) AS sales
    FROM counted c
    LEFT JOIN results r ON r.project_id = c.project_id AND r.result = c.result
    GROUP BY ALL
),
of_contacts AS (
    SELECT now, operator_id, NULL::BIGINT AS scope,
        sum(handling_ms) / nullif(sum(handled), 0) / 1000.0 AS aht_s, sum(sales) / nullif(sum(persons), 0) AS conversion
    FROM of_projects
    GROUP BY now, operator_id
    UNION ALL
    SELECT now, operator_id, project_id, handling_ms / nullif(handled, 0) / 1000.0, sales / nullif(persons, 0)
    FROM of_projects
    WHERE project_id IS NOT NULL
),
swept AS (
    SELECT now, operator_id, status, lo, hi,
        max(hi) OVER so_far AS covered, max(hi) FILTER (status <> 'Ready') OVER so_far AS occupied
    FROM (
        SELECT true AS now, operator_id, status, greatest(started_at, getvariable('start')::TIMESTAMP) AS lo,
            least(ended_at, getvariable('end')::TIMESTAMP) AS hi
        FROM statuses
        WHERE started_at < getvariable('end') AND ended_at > getvariable('start') AND ended_at > started_at
            AND status IN ('Ready', 'Waiting', 'Busy', 'PCP')
        UNION ALL
        SELECT
            false,
            operator_id,
            status,
            greatest(started_at, getvariable('start')::TIMESTAMP - (getvariable('end')::TIMESTAMP - getvariable('start')::TIMESTAMP)),
            least(ended_at, getvariable('start')::TIMESTAMP)
        FROM statuses
        WHERE started_at < getvariable('start') AND ended_at > started_at
            AND ended_at > getvariable('start')::TIMESTAMP - (getvariable('end')::TIMESTAMP - getvariable('start')::TIMESTAMP)
            AND status IN ('Ready', 'Waiting', 'Busy', 'PCP')
    )
    WINDOW so_far AS (PARTITION BY now, operator_id ORDER BY lo ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
of_statuses AS (
    SELECT
        now,
        operator_id,
        sum(greatest(0, epoch_ms(hi) - epoch_ms(greatest(lo, coalesce(occupied, lo))))) FILTER (status <> 'Ready')
            / nullif(sum(greatest(0, epoch_ms(hi) - epoch_ms(greatest(lo, coalesce(covered, lo))))), 0) AS occupancy
    FROM swept
    GROUP BY ALL
),
of_checks AS (
    SELECT "at" >= getvariable('start') AS now, operator_id, sum(score::DOUBLE) / nullif(sum(max_score::DOUBLE), 0) AS quality
    FROM evaluations
    WHERE operator_id IS NOT NULL AND score IS NOT NULL
        AND "at" >= getvariable('start')::TIMESTAMP - (getvariable('end')::TIMESTAMP - getvariable('start')::TIMESTAMP)
        AND "at" < getvariable('end')
    GROUP BY ALL
),
of_customers AS (
    SELECT "at" >= getvariable('start') AS now, operator_id,
        count(*) FILTER (score IN (4, 5)) / nullif(count(*) FILTER (score BETWEEN 1 AND 5), 0) AS csat
    FROM ratings
    WHERE operator_id IS NOT NULL AND kind = 'csat' AND "at" < getvariable('end')
        AND "at" >= getvariable('start')::TIMESTAMP - (getvariable('end')::TIMESTAMP - getvariable('start')::TIMESTAMP)
    GROUP BY ALL
),
figures AS (
    SELECT now, operator_id, scope, 'aht_s' AS metric, aht_s AS value FROM of_contacts
    UNION ALL SELECT now, operator_id, scope, 'conversion', conversion FROM of_contacts
    UNION ALL SELECT now, operator_id, NULL, 'occupancy', coalesce(occupancy, 0) FROM of_statuses
    UNION ALL SELECT now, operator_id, NULL, 'quality', quality FROM of_checks
    UNION ALL SELECT now, operator_id, NULL, 'csat', csat FROM of_customers
),
measured AS (
    SELECT operator_id, scope, metric, max(value) FILTER (now) AS value, max(value) FILTER (NOT now) AS before
    FROM figures
    GROUP BY ALL
    HAVING count(value) > 0
),
-- Of the definitions of one KPI that are an operator's, over all projects or of one, the most exact holds: her group's
-- before her role's before everyone's; of the same, the last that held in the period.
asked AS (
    SELECT k.*, r.operator_id
    FROM kpis k
    JOIN operator_roles r ON k.role IS NULL OR k.role = r.role
    WHERE (k.valid_from IS NULL OR k.valid_from < getvariable('end'))
        AND (k.valid_to IS NULL OR k.valid_to >= getvariable('end'))
        AND (k.group_id IS NULL
             OR k.group_id IN (SELECT g.group_id FROM group_members g WHERE g.operator_id = r.operator_id))
    QUALIFY row_number() OVER (
        PARTITION BY r.operator_id, k.kpi, k.project_id
        ORDER BY k.group_id IS NULL, k.role IS NULL, k.valid_from DESC NULLS LAST, k.group_id
    ) = 1
),
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
        m.before AS previous_actual
    FROM asked k
    JOIN measured m
        ON m.metric = k.metric AND m.operator_id = k.operator_id AND m.scope IS NOT DISTINCT FROM k.project_id
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
