-- Attendance by operator and local day. The plan of a day reaches from the first to the last of the shifts that start
-- on it. Presence is every closed status but Offline, overlaps once. Late and early compare the plan with what was seen
-- inside it, wherever the period ends. Overtime is presence outside every plan.
WITH days AS (
    SELECT
        d AS day,
        greatest(timezone(getvariable('zone'), d::TIMESTAMP) AT TIME ZONE 'UTC', getvariable('start')::TIMESTAMP) AS lo,
        least(
            timezone(getvariable('zone'), (d + 1)::TIMESTAMP) AT TIME ZONE 'UTC', getvariable('end')::TIMESTAMP
        ) AS hi
    FROM (SELECT unnest(generate_series(
        timezone(getvariable('zone'), getvariable('start')::TIMESTAMP AT TIME ZONE 'UTC')::DATE,
        timezone(getvariable('zone'),
            (getvariable('end')::TIMESTAMP - INTERVAL 1 MILLISECOND) AT TIME ZONE 'UTC')::DATE,
        INTERVAL 1 DAY
    ))::DATE AS d)
),
plans AS (
    SELECT
        operator_id,
        timezone(getvariable('zone'), starts_at AT TIME ZONE 'UTC')::DATE AS day,
        min(starts_at) AS planned_start_at,
        max(ends_at) AS planned_end_at
    FROM shifts
    WHERE ends_at > starts_at
    GROUP BY ALL
),
present AS (
    SELECT operator_id, started_at, ended_at FROM statuses WHERE status <> 'Offline' AND ended_at > started_at
),
-- Stretches between neighbouring borders of statuses, plans and days: each is in or out of them as a whole.
edges AS (
    SELECT operator_id, started_at AS edge FROM present
    UNION SELECT operator_id, ended_at FROM present
    UNION SELECT operator_id, planned_start_at FROM plans
    UNION SELECT operator_id, planned_end_at FROM plans
    UNION SELECT p.operator_id, unnest([d.lo, d.hi]) FROM (SELECT DISTINCT operator_id FROM present) p, days d
),
stretches AS (
    SELECT operator_id, edge AS lo, lead(edge) OVER (PARTITION BY operator_id ORDER BY edge) AS hi FROM edges
),
seen AS (
    SELECT
        s.operator_id,
        d.day,
        s.lo,
        s.hi,
        date_diff('millisecond', s.lo, s.hi) AS length_ms,
        EXISTS (
            SELECT 1 FROM plans p
            WHERE p.operator_id = s.operator_id AND p.planned_start_at <= s.lo AND p.planned_end_at >= s.hi
        ) AS as_planned
    FROM stretches s
    JOIN days d ON s.lo >= d.lo AND s.hi <= d.hi
    WHERE s.lo < s.hi
        AND EXISTS (
            SELECT 1 FROM present t
            WHERE t.operator_id = s.operator_id AND t.started_at <= s.lo AND t.ended_at >= s.hi
        )
),
presence AS (
    SELECT
        operator_id,
        day,
        min(lo) AS first_seen_at,
        max(hi) AS last_seen_at,
        sum(length_ms) AS present_ms,
        coalesce(sum(length_ms) FILTER (NOT as_planned), 0) AS overtime_ms
    FROM seen
    GROUP BY ALL
),
planned AS (
    SELECT
        p.*,
        (SELECT min(greatest(t.started_at, p.planned_start_at)) FROM present t
         WHERE t.operator_id = p.operator_id AND t.started_at < p.planned_end_at AND t.ended_at > p.planned_start_at
        ) AS came_at,
        (SELECT max(least(t.ended_at, p.planned_end_at)) FROM present t
         WHERE t.operator_id = p.operator_id AND t.started_at < p.planned_end_at AND t.ended_at > p.planned_start_at
        ) AS left_at
    FROM plans p
    JOIN days d ON d.day = p.day
)
SELECT
    o.operator,
    coalesce(n.day, s.day) AS day,
    n.planned_start_at,
    n.planned_end_at,
    s.first_seen_at,
    s.last_seen_at,
    date_diff('millisecond', n.planned_start_at, n.came_at) / 1000.0 AS late_s,
    date_diff('millisecond', n.left_at, n.planned_end_at) / 1000.0 AS left_early_s,
    coalesce(s.present_ms, 0) / 1000.0 AS present_s,
    coalesce(s.overtime_ms, 0) / 1000.0 AS overtime_s
FROM planned n
FULL JOIN presence s ON s.operator_id = n.operator_id AND s.day = n.day
LEFT JOIN operators o ON o.operator_id = coalesce(n.operator_id, s.operator_id)
ORDER BY o.operator NULLS LAST, 2, coalesce(n.operator_id, s.operator_id)
