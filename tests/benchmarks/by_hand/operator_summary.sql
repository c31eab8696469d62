-- One sort of each operator's statuses: what several cover counts once, by the latest end so far.
WITH cut AS (
    SELECT
        operator_id,
        status,
        greatest(started_at, getvariable('start')::TIMESTAMP) AS lo,
        least(ended_at, getvariable('end')::TIMESTAMP) AS hi
    FROM statuses
    WHERE started_at < getvariable('end') AND ended_at > getvariable('start')
        AND status <> 'Offline' AND ended_at > started_at
),
swept AS (
    SELECT
        operator_id,
        status,
        lo,
        hi,
        epoch_ms(hi) - epoch_ms(lo) AS length,
        status IN ('Ready', 'Waiting', 'Busy', 'PCP') AS counts,
        max(hi) FILTER (status IN ('Ready', 'Waiting', 'Busy', 'PCP')) OVER so_far AS covered,
        max(hi) FILTER (status IN ('Waiting', 'Busy', 'PCP')) OVER so_far AS occupied
    FROM cut
    WINDOW so_far AS (PARTITION BY operator_id ORDER BY lo ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
summed AS (
    SELECT
        operator_id,
        min(lo) AS first_seen_at,
        max(hi) AS last_seen_at,
        sum(length) AS logged,
        coalesce(sum(length) FILTER (status = 'Ready'), 0) AS ready,
        coalesce(sum(length) FILTER (status = 'Waiting'), 0) AS waiting,
        coalesce(sum(length) FILTER (status = 'Busy'), 0) AS busy,
        coalesce(sum(length) FILTER (status = 'PCP'), 0) AS pcp,
        coalesce(sum(length) FILTER (status = 'Away'), 0) AS away,
        coalesce(sum(length) FILTER (status = 'N/A'), 0) AS na,
        sum(greatest(0, epoch_ms(hi) - epoch_ms(greatest(lo, coalesce(covered, lo))))) FILTER (counts) AS any_ms,
        sum(greatest(0, epoch_ms(hi) - epoch_ms(greatest(lo, coalesce(occupied, lo)))))
            FILTER (counts AND status <> 'Ready') AS occupied_ms
    FROM swept
    GROUP BY ALL
),
handling AS (
    SELECT operator_id, count(*) AS handled
    FROM calls
    WHERE started_at >= getvariable('start') AND started_at < getvariable('end')
        AND outcome = 'answered' AND answered_at IS NOT NULL AND NOT coalesce(by_robot, false)
        AND operator_id IS NOT NULL
    GROUP BY ALL
)
SELECT
    o.operator,
    NULL AS "interval",
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
    coalesce(s.occupied_ms, 0) / nullif(s.any_ms, 0) AS occupancy
FROM summed s
FULL JOIN handling h ON h.operator_id = s.operator_id
LEFT JOIN operators o ON o.operator_id = coalesce(s.operator_id, h.operator_id)
ORDER BY o.operator NULLS LAST, coalesce(s.operator_id, h.operator_id)
