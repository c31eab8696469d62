-- Away by reason, pro rata: what of each absence lies in the period. Share is of the operator's time in Away.
-- Over the limit is an absence whose whole length is more than its reason allows.
WITH cut AS (
    SELECT
        s.operator_id,
        s.reason,
        date_diff(
            'millisecond',
            greatest(s.started_at, getvariable('start')::TIMESTAMP),
            least(s.ended_at, getvariable('end')::TIMESTAMP)
        ) AS length_ms,
        date_diff('millisecond', s.started_at, s.ended_at) > a.allowed_s * 1000 AS is_over
    FROM statuses s
    LEFT JOIN away_reasons a
        ON a.reason = s.reason AND s.started_at >= coalesce(a.valid_from, '-infinity') AND s.started_at < coalesce(a.valid_to, 'infinity')
    WHERE s.status = 'Away'
        AND s.ended_at > s.started_at
        AND s.started_at < getvariable('end')::TIMESTAMP
        AND s.ended_at > getvariable('start')::TIMESTAMP
),
summed AS (
    SELECT
        operator_id,
        reason,
        count(*) AS times,
        sum(length_ms) AS total_ms,
        max(length_ms) AS longest_ms,
        count(*) FILTER (is_over) AS over_limit
    FROM cut
    GROUP BY ALL
)
SELECT
    o.operator,
    s.reason,
    s.times,
    s.total_ms / 1000.0 AS total_s,
    s.total_ms / s.times / 1000.0 AS mean_s,
    s.longest_ms / 1000.0 AS longest_s,
    s.total_ms / sum(s.total_ms) OVER (PARTITION BY s.operator_id) AS share,
    s.over_limit
FROM summed s
LEFT JOIN operators o ON o.operator_id = s.operator_id
ORDER BY o.operator NULLS LAST, s.reason NULLS LAST, s.operator_id
