-- Evaluators first, then all of them together: the spread needs no second look at the rows.
WITH scored AS (
    SELECT *
    FROM evaluations
    WHERE "at" >= getvariable('start') AND "at" < getvariable('end') AND score IS NOT NULL
),
given AS (
    SELECT operator_id, form, criterion, max(mean_score) - min(mean_score) AS spread
    FROM (
        SELECT operator_id, form, criterion, avg(score::DOUBLE) AS mean_score
        FROM scored
        WHERE evaluator_id IS NOT NULL
        GROUP BY operator_id, form, criterion, evaluator_id
    )
    GROUP BY ALL
),
summed AS (
    SELECT
        operator_id,
        form,
        criterion,
        count(DISTINCT (project_id, evaluation)) AS evaluations,
        sum(score)::DOUBLE AS score,
        sum(max_score)::DOUBLE AS max_score,
        min(score)::DOUBLE AS lowest,
        count(DISTINCT evaluator_id) AS evaluators
    FROM scored
    GROUP BY ALL
)
SELECT
    o.operator,
    s.form,
    s.criterion,
    s.evaluations,
    s.score,
    s.max_score,
    s.score / nullif(s.max_score, 0) AS quality,
    s.lowest,
    s.evaluators,
    g.spread
FROM summed s
LEFT JOIN given g
    ON g.operator_id IS NOT DISTINCT FROM s.operator_id
    AND g.form IS NOT DISTINCT FROM s.form
    AND g.criterion = s.criterion
LEFT JOIN operators o ON o.operator_id = s.operator_id
ORDER BY o.operator NULLS LAST, s.form NULLS LAST, s.criterion, s.operator_id
