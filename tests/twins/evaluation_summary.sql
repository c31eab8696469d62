-- Evaluations by operator, form and criterion, where there is a score. quality = score / max_score; spread is the
-- highest less the lowest of the mean scores that evaluators gave.
WITH given AS (
    SELECT operator_id, form, criterion, evaluator_id, avg(score::DOUBLE) AS mean_score
    FROM evaluations
    WHERE "at" >= getvariable('start') AND "at" < getvariable('end') AND score IS NOT NULL AND evaluator_id IS NOT NULL
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
        count(DISTINCT evaluator_id) AS evaluators,
        (
            SELECT max(g.mean_score) - min(g.mean_score) FROM given g
            WHERE g.operator_id IS NOT DISTINCT FROM evaluations.operator_id
                AND g.form IS NOT DISTINCT FROM evaluations.form
                AND g.criterion = evaluations.criterion
        ) AS spread
    FROM evaluations
    WHERE "at" >= getvariable('start') AND "at" < getvariable('end') AND score IS NOT NULL
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
    s.spread
FROM summed s
LEFT JOIN operators o ON o.operator_id = s.operator_id
ORDER BY o.operator NULLS LAST, s.form NULLS LAST, s.criterion, s.operator_id
