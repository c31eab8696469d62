-- What was found in the contacts that operators handled, by operator and rule; contacts count at their start, and share is
-- the share of the handled ones in which something was found.
WITH conversations AS (
    SELECT *
    FROM calls
    WHERE started_at >= getvariable('start') AND started_at < getvariable('end')
        AND outcome = 'answered' AND answered_at IS NOT NULL AND NOT coalesce(by_robot, false)
),
found AS (
    SELECT c.operator_id, h.rule, count(*) AS hits, count(DISTINCT h.call_id) AS calls
    FROM speech_hits h
    JOIN conversations c ON c.call_id = h.call_id AND c.operator_id IS NOT NULL
    GROUP BY ALL
),
handling AS (
    SELECT operator_id, count(*) AS handled FROM conversations GROUP BY ALL
)
SELECT
    o.operator,
    f.rule,
    f.hits,
    f.calls,
    coalesce(h.handled, 0) AS handled,
    f.calls / nullif(h.handled, 0) AS share
FROM found f
LEFT JOIN handling h ON h.operator_id = f.operator_id
LEFT JOIN operators o ON o.operator_id = f.operator_id
ORDER BY o.operator NULLS LAST, f.rule, f.operator_id
