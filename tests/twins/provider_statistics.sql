-- Providers in sum, by direction and (optionally) interval; inbound and outbound contacts count at their start, those
-- over no known provider in a row of their own. Answered is what an operator or a robot answered, and what a machine or
-- a person without a free operator did; of calls to others the network did its work also where these were busy, did not
-- answer or rejected. The price of a minute is that of the telephony charges, up to a day after the period, by all
-- talk.
-- needs charges: cost_per_minute, currency
WITH carried AS (
    SELECT
        c.*,
        b.label,
        b.lo,
        (c.outcome = 'answered' AND c.answered_at IS NOT NULL) OR c.outcome IN ('machine', 'dropped') AS is_answered
    FROM calls c
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
    WHERE c.direction IN ('inbound', 'outbound')
),
summed AS (
    SELECT
        provider_id,
        direction,
        label,
        lo,
        count(*) AS seizures,
        count(*) FILTER (is_answered) AS answered,
        count(*) FILTER (is_answered OR outcome IN ('busy', 'no_answer', 'rejected')) AS effective,
        sum(post_dial_ms) / count(post_dial_ms) / 1000.0 AS pdd_s,
        coalesce(sum(talk_ms), 0) AS talk_ms
    FROM carried
    GROUP BY ALL
),
charged AS (
    SELECT
        c.provider_id,
        c.direction,
        c.lo,
        CASE WHEN count(DISTINCT h.currency) = 1 THEN sum(h.amount) END AS cost,
        CASE WHEN count(DISTINCT h.currency) = 1 THEN min(h.currency) END AS currency
    FROM carried c
    JOIN charges h ON h.call_id = c.call_id
    WHERE h.kind = 'telephony'
        AND h."at" >= getvariable('start') AND h."at" < getvariable('end') + INTERVAL 1 DAY
    GROUP BY ALL
)
SELECT
    v.provider,
    s.direction,
    s.label AS "interval",
    s.seizures,
    s.answered,
    s.answered / s.seizures AS asr_sip,
    CASE s.direction WHEN 'outbound' THEN s.effective / s.seizures END AS ner,
    s.talk_ms / nullif(s.answered, 0) / 1000.0 AS acd_s,
    s.pdd_s,
    s.talk_ms / 1000.0 AS talk_s,
    CAST(h.cost / nullif(s.talk_ms / 60000.0, 0) AS DECIMAL(18, 6)) AS cost_per_minute,
    h.currency
FROM summed s
LEFT JOIN charged h ON h.provider_id IS NOT DISTINCT FROM s.provider_id AND h.direction = s.direction AND h.lo = s.lo
LEFT JOIN providers v ON v.provider_id = s.provider_id
ORDER BY v.provider NULLS LAST, s.direction, s.label NULLS LAST, s.provider_id
