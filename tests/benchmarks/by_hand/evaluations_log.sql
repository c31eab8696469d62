-- The page first, then what is looked up for its rows.
WITH first_of AS (
    SELECT project_id, evaluation, min("at") AS first_at
    FROM evaluations
    WHERE "at" >= getvariable('start') AND "at" < getvariable('end')
    GROUP BY ALL
    ORDER BY first_at DESC, project_id, evaluation
    LIMIT 1000
),
whole AS (
    SELECT
        e.project_id,
        e.evaluation,
        min(e."at") AS first_at,
        min(e.operator_id) AS operator_id,
        min(e.evaluator_id) AS evaluator_id,
        min(e.form) AS form,
        sum(e.score) AS score,
        sum(e.max_score) FILTER (e.score IS NOT NULL) AS max_score,
        string_agg(DISTINCT e.comment, '; ' ORDER BY e.comment) AS comment,
        min(e.call_id) AS call_id
    FROM evaluations e
    SEMI JOIN first_of f ON f.project_id IS NOT DISTINCT FROM e.project_id AND f.evaluation = e.evaluation
    WHERE e."at" >= (SELECT min(first_at) FROM first_of) AND e."at" < getvariable('end')
    GROUP BY ALL
),
named AS (
    SELECT c.call_id, c.source_id
    FROM calls c
    SEMI JOIN whole w ON w.call_id = c.call_id
    WHERE c.started_at >= getvariable('start')::TIMESTAMP - INTERVAL 92 DAY AND c.started_at < getvariable('end')
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
LEFT JOIN named c ON c.call_id = w.call_id
ORDER BY w.first_at DESC, w.project_id, w.evaluation
