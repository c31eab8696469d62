-- One sort of each operator's statuses, whose newly covered stretches are dealt to half hours; one sweep for the peak.
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
        status IN ('Ready', 'Waiting', 'Busy', 'PCP') AS counts,
        status IN ('Waiting', 'Busy', 'PCP') AS works,
        max(hi) FILTER (status IN ('Ready', 'Waiting', 'Busy', 'PCP')) OVER so_far AS covered,
        max(hi) FILTER (status IN ('Waiting', 'Busy', 'PCP')) OVER so_far AS occupied
    FROM cut
    WINDOW so_far AS (PARTITION BY operator_id ORDER BY lo ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
pieces AS (
    SELECT
        *,
        unnest(generate_series(
            time_bucket(INTERVAL 30 MINUTE, lo), time_bucket(INTERVAL 30 MINUTE, hi - INTERVAL 1 MICROSECOND),
            INTERVAL 30 MINUTE
        )) AS bucket
    FROM swept
),
by_person AS (
    SELECT
        bucket,
        operator_id,
        bool_or(status = 'Ready') AS is_ready,
        sum(epoch_ms(least(hi, bucket + INTERVAL 30 MINUTE)) - epoch_ms(greatest(lo, bucket)))
            FILTER (status = 'Busy') AS busy_ms,
        sum(greatest(0, epoch_ms(least(hi, bucket + INTERVAL 30 MINUTE))
            - epoch_ms(greatest(lo, bucket, coalesce(covered, lo))))) FILTER (counts) AS any_ms,
        sum(greatest(0, epoch_ms(least(hi, bucket + INTERVAL 30 MINUTE))
            - epoch_ms(greatest(lo, bucket, coalesce(occupied, lo))))) FILTER (works) AS work_ms
    FROM pieces
    GROUP BY ALL
),
people AS (
    SELECT
        bucket,
        count(*) AS logged_in,
        count(*) FILTER (is_ready) AS ready,
        coalesce(sum(busy_ms), 0) AS busy_ms,
        coalesce(sum(work_ms), 0) / nullif(sum(any_ms), 0) AS occupancy
    FROM by_person
    GROUP BY bucket
),
events AS (
    SELECT hi AS "at", -1 AS change, 0 AS turn FROM cut WHERE status = 'Busy'
    UNION ALL
    SELECT lo, 1, 1 FROM cut WHERE status = 'Busy'
    UNION ALL
    SELECT lo, 0, 2 FROM buckets
),
levels AS (
    SELECT "at", turn, sum(change) OVER (ORDER BY "at", turn ROWS UNBOUNDED PRECEDING) AS n FROM events
),
peaks AS (
    SELECT time_bucket(INTERVAL 30 MINUTE, "at") AS bucket, max(n) AS busy_peak FROM levels WHERE turn > 0 GROUP BY ALL
),
demand AS (
    SELECT
        time_bucket(INTERVAL 30 MINUTE, started_at) AS bucket,
        count(*) FILTER (
            queued_at IS NOT NULL
            AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
            AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL)
        ) AS offered,
        avg(coalesce(talk_ms, 0) + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0)) FILTER (
            outcome = 'answered' AND answered_at IS NOT NULL AND NOT coalesce(by_robot, false)
        ) AS aht_ms
    FROM calls
    WHERE started_at >= getvariable('start') AND started_at < getvariable('end')
    GROUP BY ALL
)
SELECT
    b.label AS "interval",
    coalesce(p.logged_in, 0) AS logged_in,
    coalesce(p.ready, 0) AS ready,
    coalesce(p.busy_ms, 0) / date_diff('millisecond', b.lo, b.hi) AS busy_mean,
    coalesce(k.busy_peak, 0)::BIGINT AS busy_peak,
    p.occupancy,
    coalesce(d.offered, 0) AS offered,
    d.offered * d.aht_ms / date_diff('millisecond', b.lo, b.hi) AS erlangs
FROM buckets b
LEFT JOIN people p ON p.bucket = b.lo
LEFT JOIN peaks k ON k.bucket = b.lo
LEFT JOIN demand d ON d.bucket = b.lo
WHERE p.logged_in > 0 OR d.offered > 0
ORDER BY b.lo
