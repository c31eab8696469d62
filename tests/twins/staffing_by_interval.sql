-- Staff and work by interval: operators seen at all, and seen Ready; how many are Busy at once; offered contacts, and
-- the erlangs that they are (offered x aht / length of the interval in the period). Intervals with nobody and nothing
-- are left out.
WITH cut AS (
    SELECT t.operator_id, t.status, b.lo AS bucket, greatest(t.started_at, b.lo) AS lo, least(t.ended_at, b.hi) AS hi
    FROM statuses t
    JOIN buckets b ON t.started_at < b.hi AND t.ended_at > b.lo
    WHERE t.status <> 'Offline' AND t.ended_at > t.started_at
),
people AS (
    SELECT
        bucket,
        count(DISTINCT operator_id) AS logged_in,
        count(DISTINCT operator_id) FILTER (status = 'Ready') AS ready,
        coalesce(sum(date_diff('millisecond', lo, hi)) FILTER (status = 'Busy'), 0) AS busy_ms
    FROM cut
    GROUP BY ALL
),
-- The most at once is reached at the start of one of them.
peaks AS (
    SELECT s.bucket, max(s.running) AS busy_peak
    FROM (
        SELECT
            a.bucket,
            (SELECT count(*) FROM cut z
             WHERE z.bucket = a.bucket AND z.status = 'Busy' AND z.lo <= a.lo AND z.hi > a.lo) AS running
        FROM cut a
        WHERE a.status = 'Busy'
    ) s
    GROUP BY ALL
),
points AS (
    SELECT DISTINCT operator_id, bucket, unnest([lo, hi]) AS edge
    FROM cut
    WHERE status IN ('Ready', 'Waiting', 'Busy', 'PCP')
),
stretches AS (
    SELECT operator_id, bucket, edge AS lo, lead(edge) OVER (PARTITION BY operator_id, bucket ORDER BY edge) AS hi
    FROM points
),
covered AS (
    SELECT s.bucket, date_diff('millisecond', s.lo, s.hi) AS length, bool_or(c.status <> 'Ready') AS occupied
    FROM stretches s
    JOIN cut c
        ON c.operator_id = s.operator_id AND c.bucket = s.bucket
        AND c.status IN ('Ready', 'Waiting', 'Busy', 'PCP')
        AND c.lo <= s.lo AND c.hi >= s.hi
    WHERE s.hi IS NOT NULL
    GROUP BY s.operator_id, s.bucket, s.lo, s.hi
),
occupancies AS (
    SELECT bucket, coalesce(sum(length) FILTER (occupied), 0) / nullif(sum(length), 0) AS occupancy
    FROM covered
    GROUP BY ALL
),
demand AS (
    SELECT
        b.lo AS bucket,
        count(*) FILTER (
            c.queued_at IS NOT NULL
            AND c.outcome NOT IN ('refused', 'closed', 'left_in_scenario')
            AND NOT (coalesce(c.by_robot, false) AND c.answered_at IS NOT NULL)
        ) AS offered,
        avg(coalesce(c.talk_ms, 0) + coalesce(c.hold_ms, 0) + coalesce(c.wrap_ms, 0)) FILTER (
            c.outcome = 'answered' AND c.answered_at IS NOT NULL AND NOT coalesce(c.by_robot, false)
        ) AS aht_ms
    FROM calls c
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
    GROUP BY ALL
)
SELECT
    b.label AS "interval",
    coalesce(p.logged_in, 0) AS logged_in,
    coalesce(p.ready, 0) AS ready,
    coalesce(p.busy_ms, 0) / date_diff('millisecond', b.lo, b.hi) AS busy_mean,
    coalesce(k.busy_peak, 0) AS busy_peak,
    u.occupancy,
    coalesce(d.offered, 0) AS offered,
    d.offered * d.aht_ms / date_diff('millisecond', b.lo, b.hi) AS erlangs
FROM buckets b
LEFT JOIN people p ON p.bucket = b.lo
LEFT JOIN peaks k ON k.bucket = b.lo
LEFT JOIN occupancies u ON u.bucket = b.lo
LEFT JOIN demand d ON d.bucket = b.lo
WHERE p.logged_in > 0 OR d.offered > 0
ORDER BY b.lo
