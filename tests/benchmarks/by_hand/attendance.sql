-- Statuses are united to stretches of presence first, of which there are few; days join those.
WITH days AS (
    SELECT
        d AS day,
        timezone(getvariable('zone'), d::TIMESTAMP) AT TIME ZONE 'UTC' AS lo,
        timezone(getvariable('zone'), (d + 1)::TIMESTAMP) AT TIME ZONE 'UTC' AS hi
    FROM (SELECT unnest(generate_series(
        timezone(getvariable('zone'), getvariable('start')::TIMESTAMP AT TIME ZONE 'UTC')::DATE - 2,
        timezone(getvariable('zone'), getvariable('end')::TIMESTAMP AT TIME ZONE 'UTC')::DATE + 2,
        INTERVAL 1 DAY
    ))::DATE AS d)
),
plans AS (
    SELECT
        operator_id,
        timezone(getvariable('zone'), starts_at AT TIME ZONE 'UTC')::DATE AS day,
        min(starts_at) AS since,
        max(ends_at) AS until
    FROM shifts
    WHERE ends_at > starts_at
        AND starts_at >= getvariable('start')::TIMESTAMP - INTERVAL 3 DAY
        AND starts_at < getvariable('end')::TIMESTAMP + INTERVAL 1 DAY
    GROUP BY ALL
),
spans AS (
    SELECT 'seen' AS kind, operator_id, started_at AS lo, ended_at AS hi
    FROM statuses
    WHERE status <> 'Offline' AND ended_at > started_at
        AND started_at < getvariable('end')::TIMESTAMP + INTERVAL 2 DAY
        AND ended_at > getvariable('start')::TIMESTAMP - INTERVAL 2 DAY
    UNION ALL
    SELECT 'plan', operator_id, since, until FROM plans
),
marked AS (
    SELECT *, coalesce(lo > max(hi) OVER (
        PARTITION BY kind, operator_id ORDER BY lo ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), true)::INT AS begins
    FROM spans
),
numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY kind, operator_id ORDER BY lo ROWS UNBOUNDED PRECEDING) AS nth FROM marked
),
stretches AS (
    SELECT kind, operator_id, min(lo) AS lo, max(hi) AS hi FROM numbered GROUP BY kind, operator_id, nth
),
pieces AS (
    SELECT s.kind, s.operator_id, d.day, greatest(s.lo, d.lo) AS lo, least(s.hi, d.hi) AS hi
    FROM stretches s
    JOIN days d ON s.lo < d.hi AND s.hi > d.lo
),
inside AS (
    SELECT
        kind,
        operator_id,
        day,
        greatest(lo, getvariable('start')::TIMESTAMP) AS lo,
        least(hi, getvariable('end')::TIMESTAMP) AS hi
    FROM pieces
    WHERE lo < getvariable('end') AND hi > getvariable('start')
),
met AS (
    SELECT s.operator_id, s.day, sum(epoch_ms(least(s.hi, p.hi)) - epoch_ms(greatest(s.lo, p.lo))) AS ms
    FROM inside s
    JOIN inside p ON p.operator_id = s.operator_id AND p.day = s.day AND p.lo < s.hi AND p.hi > s.lo
    WHERE s.kind = 'seen' AND p.kind = 'plan'
    GROUP BY ALL
),
presence AS (
    SELECT
        operator_id,
        day,
        min(lo) AS first_seen_at,
        max(hi) AS last_seen_at,
        sum(epoch_ms(hi) - epoch_ms(lo)) AS present_ms
    FROM inside
    WHERE kind = 'seen'
    GROUP BY ALL
),
within AS (
    SELECT
        p.operator_id,
        p.day,
        min(greatest(s.lo, p.since)) AS came_at,
        max(least(s.hi, p.until)) AS left_at
    FROM (SELECT *, unnest([day, day + 1, day + 2]) AS piece_day FROM plans) p
    JOIN pieces s
        ON s.operator_id = p.operator_id AND s.day = p.piece_day AND s.lo < p.until AND s.hi > p.since
    WHERE s.kind = 'seen'
    GROUP BY ALL
),
planned AS (
    SELECT p.*, w.came_at, w.left_at
    FROM plans p
    LEFT JOIN within w ON w.operator_id = p.operator_id AND w.day = p.day
    WHERE p.day >= timezone(getvariable('zone'), getvariable('start')::TIMESTAMP AT TIME ZONE 'UTC')::DATE
        AND p.day <= timezone(
            getvariable('zone'), (getvariable('end')::TIMESTAMP - INTERVAL 1 MILLISECOND) AT TIME ZONE 'UTC'
        )::DATE
)
SELECT
    o.operator,
    coalesce(n.day, s.day) AS day,
    n.since AS planned_start_at,
    n.until AS planned_end_at,
    s.first_seen_at,
    s.last_seen_at,
    date_diff('millisecond', n.since, n.came_at) / 1000.0 AS late_s,
    date_diff('millisecond', n.left_at, n.until) / 1000.0 AS left_early_s,
    coalesce(s.present_ms, 0) / 1000.0 AS present_s,
    (coalesce(s.present_ms, 0) - coalesce(m.ms, 0)) / 1000.0 AS overtime_s
FROM planned n
FULL JOIN presence s ON s.operator_id = n.operator_id AND s.day = n.day
LEFT JOIN met m ON m.operator_id = s.operator_id AND m.day = s.day
LEFT JOIN operators o ON o.operator_id = coalesce(n.operator_id, s.operator_id)
ORDER BY o.operator NULLS LAST, 2, coalesce(n.operator_id, s.operator_id)
