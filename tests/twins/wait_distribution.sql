-- How long offered contacts waited: every bin [k, next k) for every outcome that occurs; unknown waits left out.
-- Shares are of the outcome's contacts with a known wait.
WITH edges AS (
    SELECT unnest([0, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 240, 300, 600]) AS since
),
bins AS (
    SELECT since, lead(since) OVER (ORDER BY since) AS until FROM edges
),
waits AS (
    SELECT outcome, wait_ms
    FROM calls
    WHERE queued_at IS NOT NULL
        AND wait_ms IS NOT NULL
        AND started_at >= getvariable('start') AND started_at < getvariable('end')
        AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
        AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL)
),
counted AS (
    SELECT
        o.outcome,
        b.since,
        (SELECT count(*) FROM waits w
         WHERE w.outcome = o.outcome
             AND w.wait_ms >= b.since * 1000
             AND (b.until IS NULL OR w.wait_ms < b.until * 1000)) AS contacts,
        (SELECT count(*) FROM waits w
         WHERE w.outcome = o.outcome AND (b.until IS NULL OR w.wait_ms < b.until * 1000)) AS so_far,
        (SELECT count(*) FROM waits w WHERE w.outcome = o.outcome) AS total
    FROM (SELECT DISTINCT outcome FROM waits) o
    CROSS JOIN bins b
)
SELECT
    outcome,
    since::BIGINT AS wait_from_s,
    contacts,
    contacts / total AS share,
    so_far / total AS cumulative_share
FROM counted
ORDER BY outcome, since
