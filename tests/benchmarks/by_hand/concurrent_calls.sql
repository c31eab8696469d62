-- One sweep over starts, ends and the borders of half hours.
WITH running AS (
    SELECT
        greatest(started_at, getvariable('start')::TIMESTAMP) AS since,
        least(ended_at, getvariable('end')::TIMESTAMP) AS until
    FROM calls
    WHERE ended_at > started_at AND started_at < getvariable('end') AND ended_at > getvariable('start')
),
pieces AS (
    SELECT
        since,
        until,
        unnest(generate_series(
            time_bucket(INTERVAL 30 MINUTE, since), time_bucket(INTERVAL 30 MINUTE, until - INTERVAL 1 MICROSECOND),
            INTERVAL 30 MINUTE
        )) AS lo
    FROM running
),
means AS (
    SELECT
        lo,
        sum(epoch_ms(least(until, lo + INTERVAL 30 MINUTE)) - epoch_ms(greatest(since, lo))) / 1800000 AS mean
    FROM pieces
    GROUP BY lo
),
events AS (
    SELECT until AS "at", -1 AS change, 0 AS turn FROM running  -- ends come first
    UNION ALL
    SELECT since, 1, 1 FROM running
    UNION ALL
    SELECT lo, 0, 2 FROM means
),
levels AS (
    SELECT "at", turn, sum(change) OVER (ORDER BY "at", turn ROWS UNBOUNDED PRECEDING) AS n FROM events
),
peaks AS (
    SELECT time_bucket(INTERVAL 30 MINUTE, "at") AS lo, max(n) AS peak FROM levels WHERE turn > 0 GROUP BY ALL
)
SELECT
    m.lo AS "interval",
    NULL AS per,
    k.peak::BIGINT AS peak,
    m.mean,
    NULL::BIGINT AS capacity,
    NULL::DOUBLE AS peak_share
FROM means m
JOIN peaks k USING (lo)
ORDER BY m.lo
