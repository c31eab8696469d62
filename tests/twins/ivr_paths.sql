-- Steps in the scenarios, each visit once, by their own start. A step goes on where a later step of its call follows,
-- or where it is the call's last and the call came to a queue or was answered; the last step of a call that was left in
-- the scenario is a hang-up.
-- asked recognised_text=True: input
WITH steps AS (
    SELECT
        s.*,
        CASE WHEN getvariable('recognised_text') = 'True' THEN coalesce(s.recognised_text, s.input) END AS said,
        EXISTS (
            SELECT 1 FROM ivr_steps l
            WHERE l.project_id = s.project_id AND l.call_id = s.call_id AND l.step_no > s.step_no
        ) AS has_later,
        coalesce(c.queued_at IS NOT NULL OR c.answered_at IS NOT NULL, false) AS was_served,
        coalesce(c.outcome = 'left_in_scenario', false) AS was_left
    FROM ivr_steps s
    LEFT JOIN calls c ON c.project_id = s.project_id AND c.call_id = s.call_id
    WHERE s."at" >= getvariable('start') AND s."at" < getvariable('end')
)
SELECT
    n.scenario,
    t.node,
    t.said AS input,
    count(*) AS entered,
    count(*) FILTER (t.has_later OR t.was_served) AS went_on,
    count(*) FILTER (NOT t.has_later AND t.was_left) AS hung_up,
    count(*) FILTER (t.goal IS NOT NULL) AS goals,
    count(*) FILTER (t.goal IS NOT NULL) / count(*) AS goal_rate,
    sum(date_diff('millisecond', t."at", t.ended_at)) / count(t.ended_at) / 1000.0 AS mean_s
FROM steps t
LEFT JOIN scenarios n ON n.scenario_id = t.scenario_id
GROUP BY n.scenario, t.scenario_id, t.node, t.said
ORDER BY n.scenario NULLS LAST, entered DESC, t.node NULLS LAST, t.said NULLS LAST, t.scenario_id
