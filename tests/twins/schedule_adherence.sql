-- Planned time beside what was done in it, cut at the borders of the period and its intervals; what overlaps counts
-- once. N/A, a contact of a hidden project, satisfies whatever Busy satisfies, and is work.
WITH satisfying AS (
    SELECT activity, status, valid_from, valid_to FROM activities
    UNION
    SELECT activity, 'N/A', valid_from, valid_to FROM activities WHERE status = 'Busy'
),
planned AS (
    SELECT
        s.operator_id,
        b.label,
        s.activity,
        s.starts_at,
        coalesce(s.paid, false) AS paid,
        greatest(s.starts_at, b.lo) AS lo,
        least(s.ends_at, b.hi) AS hi
    FROM shifts s
    JOIN buckets b ON s.starts_at < b.hi AND s.ends_at > b.lo
    WHERE s.ends_at > s.starts_at
),
done AS (
    SELECT t.operator_id, b.label, t.status, greatest(t.started_at, b.lo) AS lo, least(t.ended_at, b.hi) AS hi
    FROM statuses t
    JOIN buckets b ON t.started_at < b.hi AND t.ended_at > b.lo
    WHERE t.ended_at > t.started_at
),
edges AS (
    SELECT operator_id, label, unnest([lo, hi]) AS edge FROM planned
    UNION
    SELECT operator_id, label, unnest([lo, hi]) FROM done
),
stretches AS (
    SELECT operator_id, label, edge AS lo, lead(edge) OVER (PARTITION BY operator_id, label ORDER BY edge) AS hi
    FROM edges
),
judged AS (
    SELECT
        s.operator_id,
        s.label,
        date_diff('millisecond', s.lo, s.hi) AS length_ms,
        EXISTS (
            SELECT 1 FROM planned p
            WHERE p.operator_id = s.operator_id AND p.label IS NOT DISTINCT FROM s.label
                AND p.lo <= s.lo AND p.hi >= s.hi
        ) AS is_planned,
        EXISTS (
            SELECT 1 FROM planned p
            WHERE p.paid AND p.operator_id = s.operator_id AND p.label IS NOT DISTINCT FROM s.label
                AND p.lo <= s.lo AND p.hi >= s.hi
        ) AS is_paid,
        EXISTS (
            SELECT 1 FROM planned p
            JOIN satisfying a
                ON a.activity = p.activity AND p.starts_at >= coalesce(a.valid_from, '-infinity') AND p.starts_at < coalesce(a.valid_to, 'infinity')
            JOIN done d
                ON d.status = a.status AND d.operator_id = p.operator_id AND d.label IS NOT DISTINCT FROM p.label
            WHERE p.operator_id = s.operator_id AND p.label IS NOT DISTINCT FROM s.label
                AND p.lo <= s.lo AND p.hi >= s.hi AND d.lo <= s.lo AND d.hi >= s.hi
        ) AS is_adherent,
        EXISTS (
            SELECT 1 FROM done d
            WHERE d.operator_id = s.operator_id AND d.label IS NOT DISTINCT FROM s.label
                AND d.status IN ('Waiting', 'Busy', 'PCP', 'Ready', 'N/A')
                AND d.lo <= s.lo AND d.hi >= s.hi
        ) AS is_worked
    FROM stretches s
    WHERE s.hi > s.lo
),
summed AS (
    SELECT
        operator_id,
        label,
        coalesce(sum(length_ms) FILTER (is_planned), 0) AS planned_ms,
        coalesce(sum(length_ms) FILTER (is_paid), 0) AS paid_ms,
        coalesce(sum(length_ms) FILTER (is_adherent), 0) AS adherent_ms,
        coalesce(sum(length_ms) FILTER (is_worked), 0) AS worked_ms
    FROM judged
    GROUP BY ALL
    HAVING planned_ms > 0 OR worked_ms > 0
)
SELECT
    o.operator,
    s.label AS "interval",
    s.planned_ms / 1000.0 AS planned_s,
    s.adherent_ms / 1000.0 AS adherent_s,
    s.worked_ms / 1000.0 AS worked_s,
    s.adherent_ms / nullif(s.planned_ms, 0) AS adherence,
    s.worked_ms / nullif(s.planned_ms, 0) AS conformance,
    s.worked_ms / nullif(s.paid_ms, 0) AS utilisation
FROM summed s
LEFT JOIN operators o ON o.operator_id = s.operator_id
ORDER BY o.operator NULLS LAST, s.label NULLS LAST, s.operator_id
