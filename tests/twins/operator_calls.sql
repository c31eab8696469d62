-- Operators' contacts by direction, however they ended, and their work; contacts and rings count at their start. A ring
-- is missed when its result is known and not 'answered'. Share is of all operators' handled contacts (of the interval).
WITH contacts_of AS (
    SELECT
        c.operator_id,
        b.label,
        c.direction,
        c.talk_ms,
        c.hold_ms,
        c.wrap_ms,
        c.outcome = 'answered' AND c.answered_at IS NOT NULL AND NOT coalesce(c.by_robot, false) AS is_handled,
        coalesce(c.went_to_other, false) OR c.transfer_to_call_id IS NOT NULL AS went_on
    FROM calls c
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
    WHERE c.operator_id IS NOT NULL
),
worked AS (
    SELECT
        operator_id,
        label,
        count(*) FILTER (direction = 'inbound') AS inbound,
        count(*) FILTER (direction = 'outbound') AS outbound,
        count(*) FILTER (is_handled) AS handled,
        sum(coalesce(talk_ms, 0)) AS talk_ms,
        sum(coalesce(hold_ms, 0)) AS hold_ms,
        sum(coalesce(wrap_ms, 0)) AS wrap_ms,
        sum(coalesce(talk_ms, 0) + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0)) FILTER (is_handled) AS handling_ms,
        count(*) FILTER (is_handled AND went_on) AS transferred
    FROM contacts_of
    GROUP BY ALL
),
rung AS (
    SELECT r.operator_id, b.label, count(*) FILTER (r.result <> 'answered') AS missed_rings
    FROM rings r
    JOIN buckets b ON r.started_at >= b.lo AND r.started_at < b.hi
    GROUP BY ALL
),
keys AS (
    SELECT operator_id, label FROM worked UNION SELECT operator_id, label FROM rung
)
SELECT
    o.operator,
    k.label AS "interval",
    coalesce(w.inbound, 0) AS inbound,
    coalesce(w.outbound, 0) AS outbound,
    coalesce(w.handled, 0) AS handled,
    coalesce(r.missed_rings, 0) AS missed_rings,
    coalesce(w.talk_ms, 0) / 1000.0 AS talk_s,
    coalesce(w.hold_ms, 0) / 1000.0 AS hold_s,
    coalesce(w.wrap_ms, 0) / 1000.0 AS wrap_s,
    w.handling_ms / nullif(w.handled, 0) / 1000.0 AS aht_s,
    coalesce(w.transferred, 0) AS transferred,
    w.transferred / nullif(w.handled, 0) AS transfer_rate,
    coalesce(w.handled, 0) / nullif(sum(w.handled) OVER (PARTITION BY k.label), 0) AS share
FROM keys k
LEFT JOIN worked w ON w.operator_id = k.operator_id AND w.label IS NOT DISTINCT FROM k.label
LEFT JOIN rung r ON r.operator_id = k.operator_id AND r.label IS NOT DISTINCT FROM k.label
LEFT JOIN operators o ON o.operator_id = k.operator_id
ORDER BY o.operator NULLS LAST, k.label NULLS LAST, k.operator_id
