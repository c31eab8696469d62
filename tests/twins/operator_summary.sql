-- Operators in sum, statuses cut at the borders of the period and its intervals. Offline is no presence; open
-- intervals are left out; an operator who only handled contacts keeps the row. Occupancy counts overlapping time once.
WITH cut AS (
    SELECT
        t.operator_id,
        t.status,
        b.label,
        greatest(t.started_at, b.lo) AS lo,
        least(t.ended_at, b.hi) AS hi
    FROM statuses t
    JOIN buckets b ON t.started_at < b.hi AND t.ended_at > b.lo
    WHERE t.status <> 'Offline' AND t.ended_at > t.started_at
),
summed AS (
    SELECT
        operator_id,
        label,
        min(lo) AS first_seen_at,
        max(hi) AS last_seen_at,
        sum(date_diff('millisecond', lo, hi)) AS logged,
        coalesce(sum(date_diff('millisecond', lo, hi)) FILTER (status = 'Ready'), 0) AS ready,
        coalesce(sum(date_diff('millisecond', lo, hi)) FILTER (status = 'Waiting'), 0) AS waiting,
        coalesce(sum(date_diff('millisecond', lo, hi)) FILTER (status = 'Busy'), 0) AS busy,
        coalesce(sum(date_diff('millisecond', lo, hi)) FILTER (status = 'PCP'), 0) AS pcp,
        coalesce(sum(date_diff('millisecond', lo, hi)) FILTER (status = 'Away'), 0) AS away,
        coalesce(sum(date_diff('millisecond', lo, hi)) FILTER (status = 'N/A'), 0) AS na
    FROM cut
    GROUP BY ALL
),
-- Points between which nothing starts or ends; a stretch counts once, however many rows cover it.
points AS (
    SELECT DISTINCT operator_id, label, unnest([lo, hi]) AS edge
    FROM cut
    WHERE status IN ('Ready', 'Waiting', 'Busy', 'PCP')
),
stretches AS (
    SELECT operator_id, label, edge AS lo, lead(edge) OVER (PARTITION BY operator_id, label ORDER BY edge) AS hi
    FROM points
),
covered AS (
    SELECT
        s.operator_id,
        s.label,
        date_diff('millisecond', s.lo, s.hi) AS length,
        bool_or(c.status <> 'Ready') AS occupied
    FROM stretches s
    JOIN cut c
        ON c.operator_id = s.operator_id
        AND c.label IS NOT DISTINCT FROM s.label
        AND c.status IN ('Ready', 'Waiting', 'Busy', 'PCP')
        AND c.lo <= s.lo AND c.hi >= s.hi
    WHERE s.hi IS NOT NULL
    GROUP BY s.operator_id, s.label, s.lo, s.hi
),
occupancies AS (
    SELECT
        operator_id,
        label,
        coalesce(sum(length) FILTER (occupied), 0) / nullif(sum(length), 0) AS occupancy
    FROM covered
    GROUP BY ALL
),
handling AS (
    SELECT c.operator_id, b.label, count(*) AS handled
    FROM calls c
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
    WHERE c.outcome = 'answered'
        AND c.answered_at IS NOT NULL
        AND NOT coalesce(c.by_robot, false)
        AND c.operator_id IS NOT NULL
    GROUP BY ALL
),
keys AS (
    SELECT operator_id, label FROM summed UNION SELECT operator_id, label FROM handling
)
SELECT
    o.operator,
    k.label AS "interval",
    s.first_seen_at,
    s.last_seen_at,
    coalesce(s.logged, 0) / 1000.0 AS logged_s,
    coalesce(s.ready, 0) / 1000.0 AS ready_s,
    coalesce(s.waiting, 0) / 1000.0 AS waiting_s,
    coalesce(s.busy, 0) / 1000.0 AS busy_s,
    coalesce(s.pcp, 0) / 1000.0 AS pcp_s,
    coalesce(s.away, 0) / 1000.0 AS away_s,
    coalesce(s.na, 0) / 1000.0 AS na_s,
    s.ready / nullif(s.logged, 0) AS ready_share,
    s.waiting / nullif(s.logged, 0) AS waiting_share,
    s.busy / nullif(s.logged, 0) AS busy_share,
    s.pcp / nullif(s.logged, 0) AS pcp_share,
    s.away / nullif(s.logged, 0) AS away_share,
    s.na / nullif(s.logged, 0) AS na_share,
    coalesce(h.handled, 0) AS handled,
    u.occupancy
FROM keys k
LEFT JOIN summed s ON s.operator_id = k.operator_id AND s.label IS NOT DISTINCT FROM k.label
LEFT JOIN handling h ON h.operator_id = k.operator_id AND h.label IS NOT DISTINCT FROM k.label
LEFT JOIN occupancies u ON u.operator_id = k.operator_id AND u.label IS NOT DISTINCT FROM k.label
LEFT JOIN operators o ON o.operator_id = k.operator_id
ORDER BY o.operator NULLS LAST, k.label NULLS LAST, k.operator_id
