-- Tasks by dialer and result; share is of the dialer's tasks, and talk is of their answered calls.
-- with tasks
counted AS (
    SELECT dialer_id, result, count(*) AS tasks, sum(attempts)::BIGINT AS attempts FROM made GROUP BY ALL
),
talked AS (
    SELECT m.dialer_id, m.result, avg(c.talk_ms) / 1000.0 AS talk_mean_s
    FROM made m
    JOIN of_tasks c ON c.task_id = m.task_id
    WHERE c.is_answered
    GROUP BY ALL
)
SELECT
    d.dialer,
    k.result,
    k.tasks,
    k.tasks / (SELECT sum(w.tasks) FROM counted w WHERE w.dialer_id IS NOT DISTINCT FROM k.dialer_id) AS share,
    k.attempts,
    t.talk_mean_s
FROM counted k
LEFT JOIN talked t ON t.dialer_id IS NOT DISTINCT FROM k.dialer_id AND t.result IS NOT DISTINCT FROM k.result
LEFT JOIN dialers d ON d.dialer_id = k.dialer_id
ORDER BY d.dialer NULLS LAST, k.result NULLS LAST, k.dialer_id
