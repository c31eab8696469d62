-- Half hours by arithmetic instead of a join with the pieces of the period.
WITH parts AS (
    SELECT
        project_id,
        queue_id,
        time_bucket(INTERVAL 30 MINUTE, started_at) AS label,
        count(*) FILTER (is_offered) AS offered,
        count(*) FILTER (is_offered AND outcome = 'answered' AND answered_at IS NOT NULL
                         AND wait_ms <= answer_within_s * 1000) AS answered_in_time,
        count(*) FILTER (is_offered AND outcome = 'abandoned') AS abandoned,
        count(*) FILTER (is_offered AND outcome = 'abandoned' AND wait_ms < short_abandon_s * 1000) AS abandoned_short,
        max(goal) AS goal,
        avg(wait_ms) FILTER (is_offered AND outcome = 'answered' AND answered_at IS NOT NULL) / 1000.0 AS asa_s
    FROM (
        SELECT
            *,
            outcome NOT IN ('refused', 'closed', 'left_in_scenario')
                AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL) AS is_offered
        FROM calls
        WHERE queued_at IS NOT NULL AND started_at >= getvariable('start') AND started_at < getvariable('end')
    )
    GROUP BY ALL
)
SELECT
    p.project,
    q.queue,
    r.label AS "interval",
    r.offered,
    r.answered_in_time,
    r.abandoned_short,
    r.answered_in_time / nullif(r.offered - r.abandoned_short, 0) AS service_level,
    r.goal,
    r.answered_in_time / nullif(r.offered - r.abandoned_short, 0) >= r.goal AS met,
    r.asa_s,
    r.abandoned / nullif(r.offered, 0) AS abandon_rate
FROM parts r
LEFT JOIN projects p ON p.project_id = r.project_id
LEFT JOIN queues q ON q.queue_id = r.queue_id
ORDER BY p.project NULLS LAST, q.queue NULLS LAST, r.label NULLS LAST, r.project_id, r.queue_id
