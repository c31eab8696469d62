-- The local hour of each operator's hours, and not of each call.
-- with mos
hours_of AS (
    SELECT operator_id, time_bucket(INTERVAL 1 HOUR, started_at) AS begun, sum(mos) AS mos, count(*) AS n
    FROM heard
    WHERE mos IS NOT NULL AND operator_id IS NOT NULL
    GROUP BY ALL
),
worst AS (
    SELECT operator_id, arg_min(hour, (mos, hour)) AS worst_hour
    FROM (
        SELECT operator_id, hour(timezone(getvariable('zone'), begun AT TIME ZONE 'UTC')) AS hour,
            sum(mos)::DOUBLE / sum(n) AS mos
        FROM hours_of
        GROUP BY ALL
    )
    GROUP BY ALL
),
counted AS (
    SELECT
        operator_id,
        count(*) AS calls,
        sum(mos)::DOUBLE / count(*) AS mos,
        quantile_cont(mos::DOUBLE, 0.1) AS mos_p10,
        sum(packet_loss)::DOUBLE / count(packet_loss) AS packet_loss,
        sum(jitter_ms)::DOUBLE / count(jitter_ms) AS jitter_ms
    FROM heard
    WHERE mos IS NOT NULL AND operator_id IS NOT NULL
    GROUP BY ALL
)
SELECT o.operator, k.calls, k.mos, k.mos_p10, k.packet_loss, k.jitter_ms, w.worst_hour
FROM counted k
LEFT JOIN worst w ON w.operator_id = k.operator_id
LEFT JOIN operators o ON o.operator_id = k.operator_id
ORDER BY o.operator NULLS LAST, k.operator_id
