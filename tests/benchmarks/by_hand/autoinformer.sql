-- Steps of the calls that played something, summed by call, and not looked up for each.
WITH played AS (
    SELECT
        project_id,
        call_id,
        dialer_id,
        played_ms,
        message_ms,
        operator_id IS NOT NULL OR transfer_to_call_id IS NOT NULL OR coalesce(went_to_other, false) AS went_on
    FROM calls
    WHERE dialer_id IS NOT NULL AND played_ms > 0
        AND started_at >= getvariable('start') AND started_at < getvariable('end')
),
said AS (
    SELECT
        s.project_id,
        s.call_id,
        arg_max(s.input, s.step_no) FILTER (s.input IS NOT NULL) AS last_input,
        count(s.recognised_text) > 0 AS is_recognised
    FROM ivr_steps s
    SEMI JOIN played y ON y.call_id = s.call_id
    WHERE s."at" >= getvariable('start') AND s."at" < getvariable('end') + INTERVAL 1 DAY
    GROUP BY ALL
),
counted AS (
    SELECT
        y.dialer_id,
        s.last_input,
        count(*) AS played,
        sum(least(y.played_ms, y.message_ms)) FILTER (y.message_ms IS NOT NULL)
            / nullif(sum(y.message_ms), 0) AS listened_share,
        count(*) FILTER (y.went_on) AS transferred,
        count(*) FILTER (s.is_recognised) AS recognised
    FROM played y
    LEFT JOIN said s ON s.project_id = y.project_id AND s.call_id = y.call_id
    GROUP BY ALL
)
SELECT d.dialer, c.last_input AS input, c.played, c.listened_share, c.transferred, c.recognised
FROM counted c
LEFT JOIN dialers d ON d.dialer_id = c.dialer_id
ORDER BY d.dialer NULLS LAST, c.last_input NULLS LAST, c.dialer_id
