-- Plans and statuses meet day by day; what overlaps counts once, by the latest end so far.
WITH satisfying AS (
    SELECT activity, status, valid_from, valid_to FROM activities
    UNION
    SELECT activity, 'N/A', valid_from, valid_to FROM activities WHERE status = 'Busy'
),
planned AS (
    SELECT
        operator_id,
        activity,
        starts_at,
        coalesce(paid, false) AS paid,
        greatest(starts_at, getvariable('start')::TIMESTAMP) AS lo,
        least(ends_at, getvariable('end')::TIMESTAMP) AS hi
    FROM shifts
    WHERE starts_at < getvariable('end') AND ends_at > getvariable('start') AND ends_at > starts_at
),
done AS (
    SELECT
        operator_id,
        status,
        greatest(started_at, getvariable('start')::TIMESTAMP) AS lo,
        least(ended_at, getvariable('end')::TIMESTAMP) AS hi
    FROM statuses
    WHERE started_at < getvariable('end') AND ended_at > getvariable('start') AND ended_at > started_at
),
due AS (
    SELECT p.operator_id, a.status, p.lo, p.hi,
        unnest(generate_series(p.lo::DATE, (p.hi - INTERVAL 1 MICROSECOND)::DATE, INTERVAL 1 DAY))::DATE AS day
    FROM planned p
    JOIN satisfying a
        ON a.activity = p.activity
        AND p.starts_at >= coalesce(a.valid_from, '-infinity') AND p.starts_at < coalesce(a.valid_to, 'infinity')
),
spent AS (
    SELECT operator_id, status, lo, hi,
        unnest(generate_series(lo::DATE, (hi - INTERVAL 1 MICROSECOND)::DATE, INTERVAL 1 DAY))::DATE AS day
    FROM done
),
counted AS (
    SELECT operator_id, 'planned' AS kind, lo, hi FROM planned
    UNION ALL
    SELECT operator_id, 'paid', lo, hi FROM planned WHERE paid
    UNION ALL
    SELECT operator_id, 'worked', lo, hi FROM done WHERE status IN ('Waiting', 'Busy', 'PCP', 'Ready', 'N/A')
    UNION ALL
    SELECT d.operator_id, 'adherent', greatest(d.lo, t.lo, d.day::TIMESTAMP),
        least(d.hi, t.hi, (d.day + 1)::TIMESTAMP)
    FROM due d
    JOIN spent t ON t.operator_id = d.operator_id AND t.day = d.day AND t.status = d.status AND t.lo < d.hi AND t.hi > d.lo
    WHERE greatest(d.lo, t.lo, d.day::TIMESTAMP) < least(d.hi, t.hi, (d.day + 1)::TIMESTAMP)
),
united AS (
    SELECT operator_id, kind, lo, hi, max(hi) OVER (
        PARTITION BY operator_id, kind ORDER BY lo ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS covered
    FROM counted
),
summed AS (
    SELECT
        operator_id,
        coalesce(sum(ms) FILTER (kind = 'planned'), 0) AS planned_ms,
        coalesce(sum(ms) FILTER (kind = 'paid'), 0) AS paid_ms,
        coalesce(sum(ms) FILTER (kind = 'adherent'), 0) AS adherent_ms,
        coalesce(sum(ms) FILTER (kind = 'worked'), 0) AS worked_ms
    FROM (
        SELECT operator_id, kind, greatest(0, epoch_ms(hi) - epoch_ms(greatest(lo, coalesce(covered, lo)))) AS ms
        FROM united
    )
    GROUP BY ALL
    HAVING planned_ms > 0 OR worked_ms > 0
)
SELECT
    o.operator,
    NULL AS "interval",
    s.planned_ms / 1000.0 AS planned_s,
    s.adherent_ms / 1000.0 AS adherent_s,
    s.worked_ms / 1000.0 AS worked_s,
    s.adherent_ms / nullif(s.planned_ms, 0) AS adherence,
    s.worked_ms / nullif(s.planned_ms, 0) AS conformance,
    s.worked_ms / nullif(s.paid_ms, 0) AS utilisation
FROM summed s
LEFT JOIN operators o ON o.operator_id = s.operator_id
ORDER BY o.operator NULLS LAST, s.operator_id
