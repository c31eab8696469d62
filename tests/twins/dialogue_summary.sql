-- Dialogues by channel (or operator, or queue) and, optionally, interval. They count at their start, with the ratings
-- that came for them in the period or the 7 days after it; in time is a first reply within the promise stamped on the
-- dialogue, and the rate is of those with a promise. Handling is from the first reply to the end. The peak is counted
-- anew at every start and at the beginning of every interval: a dialogue is open from its start up to, and without, its
-- end, also one that began before the interval; one that has no end is not counted there.
WITH keyed AS (
    SELECT
        *,
        CASE getvariable('per')
            WHEN 'operator' THEN operator_id::VARCHAR WHEN 'queue' THEN queue_id::VARCHAR ELSE channel
        END AS key,
        CASE WHEN first_reply_at >= started_at THEN date_diff('millisecond', started_at, first_reply_at) END
            AS reply_ms,
        CASE WHEN closed_at >= first_reply_at THEN date_diff('millisecond', first_reply_at, closed_at) END AS handle_ms
    FROM dialogues
    WHERE started_at < getvariable('end')
),
begun AS (
    SELECT
        d.key,
        b.lo,
        count(*) AS dialogues,
        count(d.first_reply_at) AS replied,
        count(*) FILTER (d.reply_ms <= d.reply_within_s * 1000) AS in_time,
        count(d.reply_within_s) AS promised,
        avg(d.reply_ms) / 1000.0 AS first_reply_s,
        quantile_cont(d.reply_ms, 0.9) / 1000.0 AS first_reply_p90_s,
        avg(d.handle_ms) / 1000.0 AS handle_s,
        count(d.closed_at) AS closed
    FROM keyed d
    JOIN buckets b ON d.started_at >= b.lo AND d.started_at < b.hi
    GROUP BY ALL
),
rated AS (
    SELECT d.key, b.lo, count(*) FILTER (r.score >= 4) / nullif(count(*), 0) AS csat
    FROM keyed d
    JOIN buckets b ON d.started_at >= b.lo AND d.started_at < b.hi
    JOIN ratings r ON r.project_id = d.project_id AND r.dialogue_id = d.dialogue_id
    WHERE r.kind = 'csat'
        AND r.score BETWEEN 1 AND 5
        AND r."at" >= getvariable('start') AND r."at" < getvariable('end') + INTERVAL 7 DAY
    GROUP BY ALL
),
running AS (
    SELECT d.key, b.lo, greatest(d.started_at, b.lo) AS since, least(d.closed_at, b.hi) AS until
    FROM keyed d
    JOIN buckets b ON d.started_at < b.hi AND d.closed_at > b.lo
    WHERE d.closed_at > d.started_at
),
peaks AS (
    SELECT l.key, l.lo, max(l.n) AS peak
    FROM (
        SELECT
            r.key,
            r.lo,
            (SELECT count(*) FROM running o
             WHERE o.key IS NOT DISTINCT FROM r.key AND o.lo = r.lo AND o.since <= r.since AND o.until > r.since) AS n
        FROM running r
    ) l
    GROUP BY ALL
)
SELECT
    CASE getvariable('per') WHEN 'operator' THEN o.operator WHEN 'queue' THEN q.queue ELSE s.key END AS per,
    b.label AS "interval",
    s.dialogues,
    s.replied,
    s.in_time,
    s.in_time / nullif(s.promised, 0) AS in_time_rate,
    s.first_reply_s,
    s.first_reply_p90_s,
    s.handle_s,
    s.closed,
    r.csat,
    coalesce(p.peak, 0) AS concurrent_peak
FROM begun s
JOIN buckets b ON b.lo = s.lo
LEFT JOIN rated r ON r.key IS NOT DISTINCT FROM s.key AND r.lo = s.lo
LEFT JOIN peaks p ON p.key IS NOT DISTINCT FROM s.key AND p.lo = s.lo
LEFT JOIN operators o ON getvariable('per') = 'operator' AND o.operator_id::VARCHAR = s.key
LEFT JOIN queues q ON getvariable('per') = 'queue' AND q.queue_id::VARCHAR = s.key
ORDER BY per NULLS LAST, b.label NULLS LAST, try_cast(s.key AS BIGINT)
