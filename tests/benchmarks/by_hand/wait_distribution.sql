-- One pass that counts by outcome and bin; the rest is small.
WITH edges AS (
    SELECT unnest([0, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 240, 300, 600]) AS since
),
counted AS (
    SELECT
        outcome,
        CASE
            WHEN wait_ms < 5000 THEN 0 WHEN wait_ms < 10000 THEN 5 WHEN wait_ms < 15000 THEN 10
            WHEN wait_ms < 20000 THEN 15 WHEN wait_ms < 25000 THEN 20 WHEN wait_ms < 30000 THEN 25
            WHEN wait_ms < 45000 THEN 30 WHEN wait_ms < 60000 THEN 45 WHEN wait_ms < 90000 THEN 60
            WHEN wait_ms < 120000 THEN 90 WHEN wait_ms < 180000 THEN 120 WHEN wait_ms < 240000 THEN 180
            WHEN wait_ms < 300000 THEN 240 WHEN wait_ms < 600000 THEN 300 ELSE 600
        END AS since,
        count(*) AS n
    FROM calls
    WHERE queued_at IS NOT NULL AND wait_ms IS NOT NULL
        AND started_at >= getvariable('start') AND started_at < getvariable('end')
        AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
        AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL)
    GROUP BY ALL
),
spread AS (
    SELECT o.outcome, e.since, coalesce(c.n, 0) AS n
    FROM (SELECT DISTINCT outcome FROM counted) o
    CROSS JOIN edges e
    LEFT JOIN counted c ON c.outcome = o.outcome AND c.since = e.since
)
SELECT
    outcome,
    since::BIGINT AS wait_from_s,
    n AS contacts,
    n / sum(n) OVER (PARTITION BY outcome) AS share,
    sum(n) OVER (PARTITION BY outcome ORDER BY since) / sum(n) OVER (PARTITION BY outcome) AS cumulative_share
FROM spread
ORDER BY outcome, since
