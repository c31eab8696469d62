-- What was answered to the questions of forms in the period: requests that gave this answer, of the requests that gave
-- any to the question, and the Wilson interval of 95 % of that share.
WITH said AS (
    SELECT *
    FROM answers
    WHERE "at" >= getvariable('start') AND "at" < getvariable('end') AND answer IS NOT NULL
),
given AS (
    SELECT form_id, question, answer, count(DISTINCT (project_id, request_id))::DOUBLE AS k
    FROM said
    GROUP BY form_id, question, answer
),
asked AS (
    SELECT form_id, question, count(DISTINCT (project_id, request_id))::DOUBLE AS n FROM said GROUP BY form_id, question
),
shares AS (
    SELECT g.*, a.n, 1.959963984540054::DOUBLE AS z
    FROM given g
    JOIN asked a ON a.form_id IS NOT DISTINCT FROM g.form_id AND a.question = g.question
),
bounds AS (
    SELECT
        *,
        k / n AS share,
        (k / n + z * z / (2 * n)) / (1 + z * z / n) AS centre,
        z / (1 + z * z / n) * sqrt(k / n * (1 - k / n) / n + z * z / (4 * n * n)) AS half
    FROM shares
)
SELECT
    f.form,
    b.question,
    b.answer,
    b.k::BIGINT AS answers,
    b.share,
    b.centre - b.half AS share_low,
    CASE b.share WHEN 1 THEN 1.0::DOUBLE ELSE b.centre + b.half END AS share_high
FROM bounds b
LEFT JOIN forms f ON f.form_id = b.form_id
ORDER BY f.form NULLS LAST, b.question, b.answer, b.form_id
