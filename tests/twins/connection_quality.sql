-- Quality of the connections of each provider, by interval: contacts with a known MOS count at their start, those over
-- no known provider in a row of their own. Poor is below 3.6; loss, jitter and delay are means of what is known of the
-- same contacts.
-- with mos
counted AS (
    SELECT
        h.provider_id,
        b.label,
        count(*) AS calls,
        sum(h.mos)::DOUBLE / count(*) AS mos,
        quantile_cont(h.mos::DOUBLE, 0.1) AS mos_p10,
        count(*) FILTER (h.mos < 3.6) AS poor,
        sum(h.packet_loss)::DOUBLE / count(h.packet_loss) AS packet_loss,
        sum(h.jitter_ms)::DOUBLE / count(h.jitter_ms) AS jitter_ms,
        sum(h.delay_ms)::DOUBLE / count(h.delay_ms) AS delay_ms
    FROM heard h
    JOIN buckets b ON h.started_at >= b.lo AND h.started_at < b.hi
    WHERE h.mos IS NOT NULL
    GROUP BY ALL
)
SELECT
    v.provider,
    k.label AS "interval",
    k.calls,
    k.mos,
    k.mos_p10,
    k.poor,
    k.poor / k.calls AS poor_share,
    k.packet_loss,
    k.jitter_ms,
    k.delay_ms
FROM counted k
LEFT JOIN providers v ON v.provider_id = k.provider_id
ORDER BY v.provider NULLS LAST, k.label NULLS LAST, k.provider_id
