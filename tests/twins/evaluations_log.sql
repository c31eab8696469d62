-- Evaluations, newest first: all scored criteria of one together. Its instant is the first of theirs, its comment each of
-- theirs once, in alphabetical order; a call is named where it is of a call.
WITH whole AS (
    SELECT
        project_id,
        evaluation,
        min("at") AS first_at,
        min(operator_id) AS operator_id,
        min(evaluator_id) AS evaluator_id,
        min(form) AS form,
        sum(score) AS score,
        sum(max_score) FILTER (score IS NOT NULL) AS max_score,
        string_agg(DISTINCT comment, '; ' ORDER BY comment) AS comment,
        min(call_id) AS call_id
    FROM evaluations
    WHERE "at" >= getvariable('start') AND "at" < getvariable('end')
    GROUP BY ALL
)
SELECT
    w.first_at AS "at",
    w.evaluation,
    o.operator,
    e.operator AS evaluator,
    w.form,
    w.score::DOUBLE AS score,
    w.max_score::DOUBLE AS max_score,
    w.score::DOUBLE / nullif(w.max_score::DOUBLE, 0) AS quality,
    w.comment,
    c.source_id AS call
FROM whole w
LEFT JOIN operators o ON o.operator_id = w.operator_id
LEFT JOIN operators e ON e.operator_id = w.evaluator_id
LEFT JOIN calls c ON c.call_id = w.call_id
ORDER BY w.first_at DESC, w.project_id, w.evaluation
