-- As the twin, but only KPIs that are asked for, plans meet statuses day by day, and local time is arithmetic.
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
plans AS (
    SELECT operator_id, min(starts_at) AS planned_start_at, max(ends_at) AS planned_end_at
    FROM shifts
    WHERE ends_at > starts_at
        AND starts_at >= getvariable('start')::TIMESTAMP - INTERVAL 3 DAY
        AND starts_at < getvariable('end')::TIMESTAMP + INTERVAL 2 DAY
    GROUP BY operator_id, timezone(getvariable('zone'), starts_at AT TIME ZONE 'UTC')::DATE
),
kept AS (
    SELECT
        p.operator_id,
        p.planned_start_at,
        p.planned_end_at,
        date_diff('millisecond', p.planned_start_at, min(greatest(t.started_at, p.planned_start_at))) / 1000.0 AS late_s,
        date_diff('millisecond', max(least(t.ended_at, p.planned_end_at)), p.planned_end_at) / 1000.0 AS left_early_s
    FROM (
        SELECT *, unnest(generate_series(planned_start_at::DATE, planned_end_at::DATE, INTERVAL 1 DAY))::DATE AS day
        FROM plans
    ) p
    JOIN (
        SELECT operator_id, started_at, ended_at,
            unnest(generate_series(started_at::DATE, ended_at::DATE, INTERVAL 1 DAY))::DATE AS day
        FROM statuses
        WHERE status <> 'Offline' AND ended_at > started_at
            AND started_at < getvariable('end')::TIMESTAMP + INTERVAL 2 DAY
            AND ended_at > getvariable('start')::TIMESTAMP - INTERVAL 3 DAY
    ) t
        ON t.operator_id = p.operator_id AND t.day = p.day
        AND t.started_at < p.planned_end_at AND t.ended_at > p.planned_start_at
    GROUP BY p.operator_id, p.planned_start_at, p.planned_end_at
),
hourly AS (
    SELECT h, timezone(getvariable('zone'), h AT TIME ZONE 'UTC') - h AS shift
    FROM (SELECT unnest(generate_series(
        time_bucket(INTERVAL 1 HOUR, getvariable('start')::TIMESTAMP), getvariable('end')::TIMESTAMP, INTERVAL 1 HOUR
    )) AS h)
),
zones AS (  -- from when to when the zone has which offset
    SELECT min(h) AS since, max(h) + INTERVAL 1 HOUR AS until, shift
    FROM (SELECT *, row_number() OVER (ORDER BY h) - row_number() OVER (PARTITION BY shift ORDER BY h) AS run FROM hourly)
    GROUP BY shift, run
),
moments AS (
    SELECT
        c.*,
        isodow(c.local) AS weekday,
        c.local::DATE AS day,
        epoch(c.local::TIME) AS second,
        EXISTS (
            SELECT 1 FROM holidays f
            WHERE f.queue_id = c.queue_id AND f.day = c.local::DATE
                AND c.started_at >= coalesce(f.valid_from, '-infinity')
                AND c.started_at < coalesce(f.valid_to, 'infinity')
        ) AS is_holiday
    FROM (
        SELECT c.project_id, c.call_id, c.queue_id, c.operator_id, c.started_at, c.started_at + z.shift AS local
        FROM calls c
        JOIN zones z ON c.started_at >= z.since AND c.started_at < z.until
        WHERE c.started_at >= getvariable('start') AND c.started_at < getvariable('end')
            AND c.operator_id IS NOT NULL
            AND c.outcome = 'answered' AND c.answered_at IS NOT NULL AND NOT coalesce(c.by_robot, false)
    ) c
    WHERE EXISTS (
        SELECT 1 FROM hours w
        WHERE w.queue_id = c.queue_id AND c.started_at >= coalesce(w.valid_from, '-infinity')
            AND c.started_at < coalesce(w.valid_to, 'infinity')
    )
),
broken AS (
    SELECT
        planned_start_at AS "at",
        operator_id,
        'late' AS kind,
        late_s AS value,
        0.0::DOUBLE AS limit_value,
        NULL::BIGINT AS project_id,
        NULL::BIGINT AS call_id
    FROM kept
    WHERE late_s > 0 AND planned_start_at >= getvariable('start') AND planned_start_at < getvariable('end')
    UNION ALL
    SELECT planned_end_at, operator_id, 'left_early', left_early_s, 0.0, NULL, NULL
    FROM kept
    WHERE left_early_s > 0 AND planned_end_at >= getvariable('start') AND planned_end_at < getvariable('end')
    UNION ALL
    SELECT
        s.started_at,
        s.operator_id,
        'long_away',
        date_diff('millisecond', s.started_at, s.ended_at) / 1000.0,
        a.allowed_s::DOUBLE,
        s.project_id,
        NULL
    FROM statuses s
    JOIN away_reasons a
        ON a.reason = s.reason AND s.started_at >= coalesce(a.valid_from, '-infinity') AND s.started_at < coalesce(a.valid_to, 'infinity')
    WHERE s.status = 'Away'
        AND s.started_at >= getvariable('start') AND s.started_at < getvariable('end')
        AND date_diff('millisecond', s.started_at, s.ended_at) > a.allowed_s * 1000
    UNION ALL
    SELECT
        started_at,
        operator_id,
        'slow_reply',
        date_diff('millisecond', started_at, first_reply_at) / 1000.0,
        reply_within_s,
        project_id,
        NULL
    FROM dialogues
    WHERE operator_id IS NOT NULL
        AND started_at >= getvariable('start') AND started_at < getvariable('end')
        AND date_diff('millisecond', started_at, first_reply_at) > reply_within_s * 1000
    UNION ALL
    SELECT getvariable('end')::TIMESTAMP, operator_id, 'kpi_missed', actual, target, project_id, NULL
    FROM scored
    WHERE CASE comparison WHEN '>=' THEN actual < target ELSE actual > target END
    UNION ALL
    SELECT
        m.started_at,
        m.operator_id,
        'outside_hours',
        m.second,
        CASE WHEN m.is_holiday THEN NULL WHEN m.second < h.opens_s THEN h.opens_s ELSE h.until_s END::DOUBLE,
        m.project_id,
        m.call_id
    FROM moments m
    LEFT JOIN (SELECT *, CASE closes_s WHEN 0 THEN 86400 ELSE closes_s END AS until_s FROM hours) h
        ON h.queue_id = m.queue_id AND h.weekday = m.weekday
        AND m.started_at >= coalesce(h.valid_from, '-infinity') AND m.started_at < coalesce(h.valid_to, 'infinity')
    WHERE m.is_holiday OR coalesce(m.second < h.opens_s OR m.second >= h.until_s, true)
)
SELECT b."at", o.operator, b.kind, b.value, b.limit_value, p.project, c.source_id AS call
FROM broken b
LEFT JOIN operators o ON o.operator_id = b.operator_id
LEFT JOIN projects p ON p.project_id = b.project_id
LEFT JOIN calls c ON c.call_id = b.call_id
ORDER BY
    b."at" DESC, o.operator NULLS LAST, b.kind, b.value, b.limit_value NULLS LAST, p.project NULLS LAST, call NULLS LAST,
    b.operator_id, b.project_id
