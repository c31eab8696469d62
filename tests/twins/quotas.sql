-- How far each quota of a form is filled: requests whose answers of the period meet, for every question of the quota,
-- one of the answers that it wants there. pace is of the part of the period that has passed; the forecast goes on at
-- the rate of that time, to the second, where something is left to collect and that takes less than 100 years from the
-- start.
WITH wanted AS (
    SELECT name, form_id, max(goal) AS goal, count(DISTINCT question) AS questions
    FROM quotas
    GROUP BY name, form_id
),
met AS (
    SELECT q.name, q.form_id, a.project_id, a.request_id, count(DISTINCT q.question) AS questions
    FROM quotas q
    JOIN answers a ON a.form_id = q.form_id AND a.question = q.question AND a.answer = q.answer
    WHERE a."at" >= getvariable('start') AND a."at" < getvariable('end')
    GROUP BY q.name, q.form_id, a.project_id, a.request_id
),
counted AS (
    SELECT
        w.*,
        (SELECT count(*) FROM met m
         WHERE m.name = w.name AND m.form_id = w.form_id AND m.questions = w.questions) AS collected,
        date_diff(
            'millisecond', getvariable('start'), least(getvariable('now')::TIMESTAMP, getvariable('end'))
        )::HUGEINT AS passed,
        date_diff('millisecond', getvariable('start'), getvariable('end')) AS whole
    FROM wanted w
),
forecast AS (
    SELECT *, CASE WHEN collected > 0 AND collected < goal AND passed > 0 THEN passed * goal // collected END AS needed
    FROM counted
)
SELECT
    f.form,
    c.name AS quota,
    c.goal,
    c.collected,
    c.collected / nullif(c.goal, 0) AS collected_share,
    CASE WHEN c.passed > 0 THEN c.collected / nullif(c.goal, 0) / (c.passed::DOUBLE / c.whole) END AS pace,
    CASE
        WHEN c.needed < 36525::BIGINT * 86400000
        THEN date_trunc('second', getvariable('start')::TIMESTAMP + to_milliseconds(c.needed::BIGINT))
    END AS forecast_end_at
FROM forecast c
LEFT JOIN forms f ON f.form_id = c.form_id
ORDER BY f.form NULLS LAST, c.name, c.form_id
