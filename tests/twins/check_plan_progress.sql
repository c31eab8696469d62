-- Check plans that hold at some time of the period: how many evaluations were due and how many were done in the plan's
-- time inside the period, all stretches of one plan and evaluator together. pace = done / (due x the share of the plan's
-- time that has passed in the period).
WITH asked AS (
    SELECT *
    FROM check_plans
    WHERE (valid_from IS NULL OR valid_from < getvariable('end')) AND (valid_to IS NULL OR valid_to > getvariable('start'))
),
made AS (
    SELECT a.plan, a.evaluator_id, a.valid_from, count(DISTINCT (e.project_id, e.evaluation)) AS done
    FROM asked a
    JOIN evaluations e
        ON e.plan = a.plan
        AND e.evaluator_id = a.evaluator_id
        AND e."at" >= greatest(coalesce(a.valid_from, getvariable('start')), getvariable('start'))
        AND e."at" < least(coalesce(a.valid_to, getvariable('end')), getvariable('end'))
    GROUP BY ALL
),
counted AS (
    SELECT
        a.*,
        coalesce(m.done, 0) AS done,
        greatest(0, date_diff(
            'millisecond',
            greatest(a.valid_from, getvariable('start')),
            least(a.valid_to, getvariable('end'), getvariable('now')::TIMESTAMP)
        )) / nullif(date_diff('millisecond', a.valid_from, a.valid_to), 0) AS elapsed
    FROM asked a
    LEFT JOIN made m
        ON m.plan = a.plan AND m.evaluator_id = a.evaluator_id AND m.valid_from IS NOT DISTINCT FROM a.valid_from
)
SELECT
    c.plan,
    o.operator AS evaluator,
    sum(c.due)::BIGINT AS due,
    sum(c.done)::BIGINT AS done,
    greatest(sum(c.due) - sum(c.done), 0)::BIGINT AS remaining,
    sum(c.done) / nullif(sum(c.due), 0) AS done_share,
    CASE
        WHEN bool_and(c.valid_from IS NOT NULL AND c.valid_to IS NOT NULL)
        THEN sum(c.done) / nullif(sum(c.due * c.elapsed), 0)
    END AS pace
FROM counted c
LEFT JOIN operators o ON o.operator_id = c.evaluator_id
GROUP BY c.plan, c.evaluator_id, o.operator
ORDER BY c.plan, o.operator NULLS LAST, c.evaluator_id
