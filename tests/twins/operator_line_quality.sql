-- Quality of operators' lines: their contacts of the period with a known MOS. The worst hour of the local day is that
-- with the lowest mean MOS, the earliest of equal ones.
-- with mos
own AS (
    SELECT *, hour(timezone(getvariable('zone'), started_at AT TIME ZONE 'UTC')) AS hour
    FROM heard
    WHERE mos IS NOT NULL AND operator_id IS NOT NULL
),
hours_of AS (
    SELECT operator_id, hour, sum(mos)::DOUBLE / count(*) AS mos FROM own GROUP BY ALL
),
counted AS (
    SELECT
        operator_id,
        count(*) AS calls,
        sum(mos)::DOUBLE / count(*) AS mos,
        quantile_cont(mos::DOUBLE, 0.1) AS mos_p10,
        sum(packet_loss)::DOUBLE / count(packet_loss) AS packet_loss,
        sum(jitter_ms)::DOUBLE / count(jitter_ms) AS jitter_ms
    FROM own
    GROUP BY ALL
)
SELECT
    o.operator,
    k.calls,
    k.mos,
    k.mos_p10,
    k.packet_loss,
    k.jitter_ms,
    (SELECT w.hour FROM hours_of w WHERE w.operator_id = k.operator_id ORDER BY w.mos, w.hour LIMIT 1) AS worst_hour
FROM counted k
LEFT JOIN operators o ON o.operator_id = k.operator_id
ORDER BY o.operator NULLS LAST, k.operator_id
