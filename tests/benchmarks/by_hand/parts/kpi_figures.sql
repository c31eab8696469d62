-- KPIs, now and in the period before, as in the twins; what several rows cover counts once, by the latest end so far.
WITH
spans AS (
    SELECT 'now' AS span, getvariable('start')::TIMESTAMP AS lo, getvariable('end')::TIMESTAMP AS hi
    UNION ALL
    SELECT
        'before',
        getvariable('start')::TIMESTAMP - (getvariable('end')::TIMESTAMP - getvariable('start')::TIMESTAMP),
        getvariable('start')::TIMESTAMP
),
contacts_of AS (
    SELECT
        CASE WHEN c.started_at >= getvariable('start')::TIMESTAMP THEN 'now' ELSE 'before' END AS span,
        c.operator_id,
        c.project_id,
        c.outcome = 'answered' AND c.answered_at IS NOT NULL AND NOT coalesce(c.by_robot, false) AS is_handled,
        coalesce(c.went_to_other, false) OR c.transfer_to_call_id IS NOT NULL AS went_on,
        coalesce(c.talk_ms, 0) AS talk_ms,
        coalesce(c.hold_ms, 0) AS hold_ms,
        coalesce(c.wrap_ms, 0) AS wrap_ms,
        c.dialer_id IS NOT NULL AND c.picked_up_at IS NOT NULL AND c.outcome IN ('answered', 'dropped') AS is_person,
        c.dialer_id IS NOT NULL AND coalesce(r.sale, false) AS is_sale
    FROM calls c
    LEFT JOIN results r ON r.project_id = c.project_id AND r.result = c.result
    WHERE c.operator_id IS NOT NULL AND c.started_at < getvariable('end')
        AND c.started_at >= getvariable('start')::TIMESTAMP
            - (getvariable('end')::TIMESTAMP - getvariable('start')::TIMESTAMP)
),
of_contacts AS (
    SELECT
        span,
        operator_id,
        project_id AS scope,
        count(*) FILTER (is_handled) AS handled,
        sum(talk_ms) / 1000.0 AS talk_s,
        sum(hold_ms) / 1000.0 AS hold_s,
        sum(wrap_ms) / 1000.0 AS wrap_s,
        avg(talk_ms + hold_ms + wrap_ms) FILTER (is_handled) / 1000.0 AS aht_s,
        count(*) FILTER (is_handled AND went_on) AS transferred,
        count(*) FILTER (is_handled AND hold_ms > 0) AS held,
        count(*) FILTER (is_sale) / nullif(count(*) FILTER (is_person), 0) AS conversion
    FROM contacts_of
    GROUP BY GROUPING SETS ((span, operator_id), (span, operator_id, project_id))
    HAVING grouping(project_id) = 1 OR project_id IS NOT NULL
),
cut AS (
    SELECT
        s.span,
        t.operator_id,
        t.project_id,
        t.status,
        greatest(t.started_at, s.lo) AS lo,
        least(t.ended_at, s.hi) AS hi
    FROM statuses t
    JOIN spans s ON t.started_at < s.hi AND t.ended_at > s.lo
    WHERE t.ended_at > t.started_at AND t.status IN ('Ready', 'Waiting', 'Busy', 'PCP')
),
swept AS (
    SELECT span, operator_id, NULL AS scope, status, lo, hi,
        max(hi) OVER so_far AS covered, max(hi) FILTER (status <> 'Ready') OVER so_far AS occupied
    FROM cut
    WINDOW so_far AS (PARTITION BY span, operator_id ORDER BY lo ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    UNION ALL
    SELECT span, operator_id, project_id, status, lo, hi,
        max(hi) OVER of_project, max(hi) FILTER (status <> 'Ready') OVER of_project
    FROM cut
    WHERE project_id IS NOT NULL
    WINDOW of_project AS (
        PARTITION BY span, operator_id, project_id ORDER BY lo ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
of_statuses AS (
    SELECT
        span,
        operator_id,
        scope,
        sum(greatest(0, epoch_ms(hi) - epoch_ms(greatest(lo, coalesce(occupied, lo))))) FILTER (status <> 'Ready')
            / nullif(sum(greatest(0, epoch_ms(hi) - epoch_ms(greatest(lo, coalesce(covered, lo))))), 0) AS occupancy
    FROM swept
    GROUP BY ALL
),
of_checks AS (
    SELECT span, operator_id, scope, sum(score) / nullif(sum(max_score), 0) AS quality
    FROM (  -- a criterion without a score is not a score of 0
        SELECT
            s.span,
            e.operator_id,
            unnest(CASE WHEN e.project_id IS NULL THEN [NULL] ELSE [NULL, e.project_id] END) AS scope,
            e.score::DOUBLE AS score,
            e.max_score::DOUBLE AS max_score
        FROM evaluations e
        JOIN spans s ON e."at" >= s.lo AND e."at" < s.hi
        WHERE e.operator_id IS NOT NULL AND e.score IS NOT NULL
    )
    GROUP BY ALL
),
of_customers AS (
    SELECT span, operator_id, scope, count(*) FILTER (score IN (4, 5)) / nullif(count(*) FILTER (score BETWEEN 1 AND 5), 0) AS csat
    FROM (
        SELECT
            s.span,
            r.operator_id,
            unnest(CASE WHEN r.project_id IS NULL THEN [NULL] ELSE [NULL, r.project_id] END) AS scope,
            r.score
        FROM ratings r
        JOIN spans s ON r."at" >= s.lo AND r."at" < s.hi
        WHERE r.operator_id IS NOT NULL AND r.kind = 'csat'
    )
    GROUP BY ALL
),
satisfied AS (
    SELECT activity, status, valid_from, valid_to FROM activities
    UNION
    SELECT activity, 'N/A', valid_from, valid_to FROM activities WHERE status = 'Busy'
),
due AS (
    SELECT
        s.span, t.operator_id, t.activity, t.starts_at, coalesce(t.paid, false) AS paid,
        greatest(t.starts_at, s.lo) AS lo, least(t.ends_at, s.hi) AS hi
    FROM shifts t
    JOIN spans s ON t.starts_at < s.hi AND t.ends_at > s.lo
    WHERE t.ends_at > t.starts_at
),
spent AS (
    SELECT s.span, t.operator_id, t.status, greatest(t.started_at, s.lo) AS lo, least(t.ended_at, s.hi) AS hi
    FROM statuses t
    JOIN spans s ON t.started_at < s.hi AND t.ended_at > s.lo
    WHERE t.ended_at > t.started_at
),
days_due AS (
    SELECT d.span, d.operator_id, a.status, d.lo, d.hi,
        unnest(generate_series(d.lo::DATE, (d.hi - INTERVAL 1 MICROSECOND)::DATE, INTERVAL 1 DAY))::DATE AS day
    FROM due d
    JOIN satisfied a
        ON a.activity = d.activity
        AND d.starts_at >= coalesce(a.valid_from, '-infinity') AND d.starts_at < coalesce(a.valid_to, 'infinity')
),
days_spent AS (
    SELECT span, operator_id, status, lo, hi,
        unnest(generate_series(lo::DATE, (hi - INTERVAL 1 MICROSECOND)::DATE, INTERVAL 1 DAY))::DATE AS day
    FROM spent
),
met AS (
    SELECT span, operator_id, 'planned' AS kind, lo, hi FROM due
    UNION ALL
    SELECT span, operator_id, 'paid', lo, hi FROM due WHERE paid
    UNION ALL
    SELECT span, operator_id, 'worked', lo, hi FROM spent WHERE status IN ('Ready', 'Waiting', 'Busy', 'PCP', 'N/A')
    UNION ALL
    SELECT d.span, d.operator_id, 'adherent', greatest(d.lo, t.lo, d.day::TIMESTAMP),
        least(d.hi, t.hi, (d.day + 1)::TIMESTAMP)
    FROM days_due d
    JOIN days_spent t
        ON t.span = d.span AND t.operator_id = d.operator_id AND t.day = d.day AND t.status = d.status
        AND t.lo < d.hi AND t.hi > d.lo
    WHERE greatest(d.lo, t.lo, d.day::TIMESTAMP) < least(d.hi, t.hi, (d.day + 1)::TIMESTAMP)
),
united AS (
    SELECT span, operator_id, kind, lo, hi, max(hi) OVER (
        PARTITION BY span, operator_id, kind ORDER BY lo ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS covered
    FROM met
),
lived AS (
    SELECT span, operator_id, kind, sum(greatest(0, epoch_ms(hi) - epoch_ms(greatest(lo, coalesce(covered, lo))))) AS ms
    FROM united
    GROUP BY ALL
),
of_plans AS (
    SELECT
        span,
        operator_id,
        NULL::BIGINT AS scope,
        coalesce(sum(ms) FILTER (kind = 'adherent'), 0) / nullif(sum(ms) FILTER (kind = 'planned'), 0) AS adherence,
        coalesce(sum(ms) FILTER (kind = 'worked'), 0) / nullif(sum(ms) FILTER (kind = 'planned'), 0) AS conformance,
        coalesce(sum(ms) FILTER (kind = 'worked'), 0) / nullif(sum(ms) FILTER (kind = 'paid'), 0) AS utilisation
    FROM lived
    GROUP BY ALL
),
measured AS (
    SELECT
        span,
        operator_id,
        scope,
        unnest([
            {'metric': 'handled', 'value': handled::DOUBLE},
            {'metric': 'talk_s', 'value': talk_s},
            {'metric': 'hold_s', 'value': hold_s},
            {'metric': 'wrap_s', 'value': wrap_s},
            {'metric': 'aht_s', 'value': aht_s},
            {'metric': 'transferred', 'value': transferred::DOUBLE},
            {'metric': 'transfer_rate', 'value': transferred / nullif(handled, 0)},
            {'metric': 'held', 'value': held::DOUBLE},
            {'metric': 'hold_rate', 'value': held / nullif(handled, 0)},
            {'metric': 'conversion', 'value': conversion}
        ], recursive := true)
    FROM of_contacts
    UNION ALL BY NAME
    SELECT span, operator_id, scope, 'occupancy' AS metric, coalesce(occupancy, 0) AS value FROM of_statuses
    UNION ALL BY NAME SELECT span, operator_id, scope, 'quality' AS metric, quality AS value FROM of_checks
    UNION ALL BY NAME SELECT span, operator_id, scope, 'csat' AS metric, csat AS value FROM of_customers
    UNION ALL BY NAME SELECT span, operator_id, scope, 'adherence' AS metric, adherence AS value FROM of_plans
    UNION ALL BY NAME SELECT span, operator_id, scope, 'conformance' AS metric, conformance AS value FROM of_plans
    UNION ALL BY NAME SELECT span, operator_id, scope, 'utilisation' AS metric, utilisation AS value FROM of_plans
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
