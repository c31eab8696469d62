-- By channel, over the whole period: one sweep over starts and ends gives the peak.
WITH keyed AS (
    SELECT
        *,
        CASE WHEN first_reply_at >= started_at THEN date_diff('millisecond', started_at, first_reply_at) END
            AS reply_ms,
        CASE WHEN closed_at >= first_reply_at THEN date_diff('millisecond', first_reply_at, closed_at) END AS handle_ms
    FROM dialogues
    WHERE started_at >= getvariable('start') AND started_at < getvariable('end')
),
begun AS (
    SELECT
        channel,
        count(*) AS dialogues,
        count(first_reply_at) AS replied,
        count(*) FILTER (reply_ms <= reply_within_s * 1000) AS in_time,
        count(reply_within_s) AS promised,
        avg(reply_ms) / 1000.0 AS first_reply_s,
        quantile_cont(reply_ms, 0.9) / 1000.0 AS first_reply_p90_s,
        avg(handle_ms) / 1000.0 AS handle_s,
        count(closed_at) AS closed
    FROM keyed
    GROUP BY ALL
),
rated AS (
    SELECT d.channel, count(*) FILTER (r.score >= 4) / nullif(count(*), 0) AS csat
    FROM ratings r
    JOIN keyed d ON d.project_id = r.project_id AND d.dialogue_id = r.dialogue_id
    WHERE r.kind = 'csat'
        AND r.score BETWEEN 1 AND 5
        AND r."at" >= getvariable('start') AND r."at" < getvariable('end') + INTERVAL 7 DAY
    GROUP BY ALL
),
running AS (
    SELECT channel, greatest(started_at, getvariable('start')::TIMESTAMP) AS since,
        least(closed_at, getvariable('end')::TIMESTAMP) AS until
    FROM dialogues
    WHERE closed_at > started_at AND started_at < getvariable('end') AND closed_at > getvariable('start')
),
peaks AS (
    SELECT channel, max(n) AS peak
    FROM (
        SELECT channel, sum(change) OVER (
            PARTITION BY channel ORDER BY "at", change ROWS UNBOUNDED PRECEDING  -- ends come first
        ) AS n
        FROM (
            SELECT channel, until AS "at", -1 AS change FROM running
            UNION ALL
            SELECT channel, since, 1 FROM running
        )
    )
    GROUP BY ALL
)
SELECT
    s.channel AS per,
    NULL AS "interval",
    s.dialogues,
    s.replied,
    s.in_time,
    s.in_time / nullif(s.promised, 0) AS in_time_rate,
    s.first_reply_s,
    s.first_reply_p90_s,
    s.handle_s,
    s.closed,
    r.csat,
    coalesce(p.peak, 0)::BIGINT AS concurrent_peak
FROM begun s
LEFT JOIN rated r ON r.channel IS NOT DISTINCT FROM s.channel
LEFT JOIN peaks p ON p.channel IS NOT DISTINCT FROM s.channel
ORDER BY per NULLS LAST
