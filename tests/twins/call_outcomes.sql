-- Contacts of every direction by how they ended and their result; with `per` the shares are of the queue or the
-- operator.
WITH counted AS (
    SELECT
        outcome,
        result,
        CASE getvariable('per') WHEN 'queue' THEN queue_id WHEN 'operator' THEN operator_id END AS key,
        count(*) AS contacts,
        avg(talk_ms) FILTER (outcome = 'answered' AND answered_at IS NOT NULL) / 1000.0 AS talk_mean_s
    FROM calls
    WHERE started_at >= getvariable('start') AND started_at < getvariable('end')
    GROUP BY ALL
)
SELECT
    k.outcome,
    k.result,
    CASE getvariable('per') WHEN 'queue' THEN q.queue WHEN 'operator' THEN o.operator END AS per,
    k.contacts,
    k.contacts / (SELECT sum(w.contacts) FROM counted w WHERE w.key IS NOT DISTINCT FROM k.key) AS share,
    k.talk_mean_s
FROM counted k
LEFT JOIN queues q ON q.queue_id = k.key AND getvariable('per') = 'queue'
LEFT JOIN operators o ON o.operator_id = k.key AND getvariable('per') = 'operator'
ORDER BY k.outcome NULLS LAST, k.result NULLS LAST, per NULLS LAST, k.key
