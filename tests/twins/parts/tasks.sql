-- Tasks that were created in the period, and their calls: those that name the task and begin in the 30 days from its
-- creation. Where the source does not say how many attempts were made, they are the calls.
WITH of_tasks AS (
    SELECT
        t.task_id,
        c.call_id,
        c.started_at,
        c.operator_id,
        c.talk_ms,
        c.picked_up_at IS NOT NULL AND c.outcome IN ('answered', 'dropped') AS is_person,
        c.outcome = 'answered' AND c.answered_at IS NOT NULL AS is_answered
    FROM tasks t
    JOIN calls c
        ON c.project_id = t.project_id
        AND c.task_id = t.task_id
        AND c.started_at >= t.created_at
        AND c.started_at < t.created_at + INTERVAL 30 DAY
    WHERE t.created_at >= getvariable('start') AND t.created_at < getvariable('end')
),
made AS (
    SELECT
        * REPLACE (
            coalesce(attempts, (SELECT count(*) FROM of_tasks c WHERE c.task_id = tasks.task_id)) AS attempts
        )
    FROM tasks
    WHERE created_at >= getvariable('start') AND created_at < getvariable('end')
),
