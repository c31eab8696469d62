-- SMS by template and what became of them; shares are of the template's. Charges name no SMS: those of the kind 'sms'
-- of a project in the period are spread evenly over its SMS of the period, and an amount is there where all those
-- charges of the row's projects are of one currency.
-- needs charges: amount, currency
WITH sent AS (
    SELECT *
    FROM dialogues
    WHERE channel = 'sms' AND started_at >= getvariable('start') AND started_at < getvariable('end')
),
counted AS (
    SELECT template, outcome, count(*) AS messages FROM sent GROUP BY ALL
),
paid AS (
    SELECT project_id, currency, sum(amount) AS amount
    FROM charges
    WHERE kind = 'sms' AND "at" >= getvariable('start') AND "at" < getvariable('end')
    GROUP BY ALL
),
prices AS (
    SELECT
        k.template,
        k.outcome,
        sum(
            k.messages * c.amount::DOUBLE / (SELECT count(*) FROM sent w WHERE w.project_id = k.project_id)
        ) AS amount,
        count(DISTINCT c.currency) AS currencies,
        min(c.currency) AS currency
    FROM (SELECT template, outcome, project_id, count(*) AS messages FROM sent GROUP BY ALL) k
    JOIN paid c ON c.project_id = k.project_id
    GROUP BY ALL
)
SELECT
    k.template,
    k.outcome,
    k.messages,
    k.messages / (SELECT sum(w.messages) FROM counted w WHERE w.template IS NOT DISTINCT FROM k.template) AS share,
    CASE WHEN p.currencies = 1 THEN CAST(p.amount AS DECIMAL(18, 6)) END AS amount,
    CASE WHEN p.currencies = 1 THEN p.currency END AS currency
FROM counted k
LEFT JOIN prices p ON p.template IS NOT DISTINCT FROM k.template AND p.outcome IS NOT DISTINCT FROM k.outcome
ORDER BY k.template NULLS LAST, k.outcome NULLS LAST
