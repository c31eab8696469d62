-- Messages that dialers played, by dialer and what was the last input of the person called. Listened is the part of the
-- messages' length that was played; transferred went on to an operator or another contact; recognised said something
-- that was understood as text.
WITH steps AS (
    SELECT * FROM ivr_steps WHERE "at" >= getvariable('start') AND "at" < getvariable('end') + INTERVAL 1 DAY
),
played AS (
    SELECT
        c.*,
        (SELECT s.input FROM steps s
         WHERE s.project_id = c.project_id AND s.call_id = c.call_id AND s.input IS NOT NULL
         ORDER BY s.step_no DESC LIMIT 1) AS last_input,
        EXISTS (
            SELECT 1 FROM steps s
            WHERE s.project_id = c.project_id AND s.call_id = c.call_id AND s.recognised_text IS NOT NULL
        ) AS is_recognised,
        c.operator_id IS NOT NULL OR c.transfer_to_call_id IS NOT NULL OR coalesce(c.went_to_other, false) AS went_on
    FROM calls c
    WHERE c.dialer_id IS NOT NULL
        AND c.played_ms > 0
        AND c.started_at >= getvariable('start') AND c.started_at < getvariable('end')
)
SELECT
    d.dialer,
    y.last_input AS input,
    count(*) AS played,
    sum(least(y.played_ms, y.message_ms)) FILTER (y.message_ms IS NOT NULL)
        / nullif(sum(y.message_ms), 0) AS listened_share,
    count(*) FILTER (y.went_on) AS transferred,
    count(*) FILTER (y.is_recognised) AS recognised
FROM played y
LEFT JOIN dialers d ON d.dialer_id = y.dialer_id
GROUP BY d.dialer, y.dialer_id, y.last_input
ORDER BY d.dialer NULLS LAST, y.last_input NULLS LAST, y.dialer_id
