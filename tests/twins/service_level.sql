-- Service level of the contacts that stood in a queue, by project, queue and interval.
WITH marked AS (
    SELECT
        c.*,
        b.label,
        c.outcome NOT IN ('refused', 'closed', 'left_in_scenario')
            AND NOT (coalesce(c.by_robot, false) AND c.answered_at IS NOT NULL) AS is_offered
    FROM calls c
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
    WHERE c.queued_at IS NOT NULL
),
parts AS (
    SELECT
        project_id,
        queue_id,
        label,
        count(*) FILTER (is_offered) AS offered,
        count(*) FILTER (is_offered AND outcome = 'answered' AND answered_at IS NOT NULL) AS answered,
        count(*) FILTER (is_offered AND outcome = 'answered' AND answered_at IS NOT NULL
                         AND wait_ms <= answer_within_s * 1000) AS answered_in_time,
        count(*) FILTER (is_offered AND outcome = 'abandoned') AS abandoned,
        count(*) FILTER (is_offered AND outcome = 'abandoned' AND wait_ms < short_abandon_s * 1000) AS abandoned_short,
        count(*) FILTER (is_offered AND outcome = 'abandoned'
                         AND wait_ms <= answer_within_s * 1000) AS abandoned_in_time,
        max(goal) AS goal,
        avg(wait_ms) FILTER (is_offered AND outcome = 'answered' AND answered_at IS NOT NULL) / 1000.0 AS asa_s
    FROM marked
    GROUP BY project_id, queue_id, label
),
rated AS (
    SELECT
        *,
        CASE getvariable('formula')
            WHEN 'short' THEN answered_in_time / nullif(offered - abandoned_short, 0)
            WHEN 'offered' THEN answered_in_time / nullif(offered, 0)
            WHEN 'answered' THEN answered_in_time / nullif(answered, 0)
            WHEN 'positive' THEN (answered_in_time + abandoned_in_time) / nullif(offered, 0)
            WHEN 'ignore' THEN answered_in_time / nullif(offered - abandoned_in_time, 0)
            ELSE error('no such formula: ' || getvariable('formula'))::DOUBLE
        END AS service_level
    FROM parts
)
SELECT
    p.project,
    q.queue,
    r.label AS "interval",
    r.offered,
    r.answered_in_time,
    r.abandoned_short,
    r.service_level,
    r.goal,
    r.service_level >= r.goal AS met,
    r.asa_s,
    r.abandoned / nullif(r.offered, 0) AS abandon_rate
FROM rated r
LEFT JOIN projects p ON p.project_id = r.project_id
LEFT JOIN queues q ON q.queue_id = r.queue_id
ORDER BY p.project NULLS LAST, q.queue NULLS LAST, r.label NULLS LAST, r.project_id, r.queue_id
