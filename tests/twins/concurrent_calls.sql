-- How many contacts ran at once, counted anew at every start and at the beginning of every interval: a contact runs
-- from its start up to, and without, its end. Intervals in which none ran are left out.
WITH running AS (
    SELECT
        CASE getvariable('per')
            WHEN 'project' THEN project_id::VARCHAR WHEN 'line' THEN line WHEN 'provider' THEN provider_id::VARCHAR
        END AS key,
        started_at,
        ended_at
    FROM calls
    WHERE ended_at > started_at
        AND started_at < getvariable('end') AND ended_at > getvariable('start')
),
pieces AS (
    SELECT r.key, b.label, b.lo, b.hi, greatest(r.started_at, b.lo) AS since, least(r.ended_at, b.hi) AS until
    FROM running r
    JOIN buckets b ON r.started_at < b.hi AND r.ended_at > b.lo
),
levels AS (
    SELECT
        p.key,
        p.lo,
        p.since,
        (SELECT count(*) FROM running r
         WHERE r.key IS NOT DISTINCT FROM p.key AND r.started_at <= p.since AND r.ended_at > p.since) AS n
    FROM pieces p
),
peaks AS (
    SELECT key, lo, max(n) AS peak FROM levels GROUP BY ALL
),
means AS (
    SELECT
        key,
        label,
        lo,
        sum(date_diff('millisecond', since, until)) / date_diff('millisecond', lo, hi) AS mean
    FROM pieces
    GROUP BY key, label, lo, hi
)
SELECT
    m.label AS "interval",
    CASE getvariable('per') WHEN 'project' THEN p.project WHEN 'line' THEN m.key WHEN 'provider' THEN v.provider END AS per,
    k.peak,
    m.mean,
    c.capacity,
    k.peak / nullif(c.capacity, 0) AS peak_share
FROM means m
JOIN peaks k ON k.key IS NOT DISTINCT FROM m.key AND k.lo = m.lo
LEFT JOIN projects p ON getvariable('per') = 'project' AND p.project_id::VARCHAR = m.key
LEFT JOIN providers v ON getvariable('per') = 'provider' AND v.provider_id::VARCHAR = m.key
LEFT JOIN capacities c
    ON (getvariable('per') = 'provider' AND c.provider_id::VARCHAR = m.key)
    OR (getvariable('per') = 'line' AND c.line = m.key)
ORDER BY m.lo, per NULLS LAST, m.key
