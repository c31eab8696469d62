-- Service level by each definition, side by side. Thresholds are the largest that were in force in the period.
WITH offered_only AS (
    SELECT
        *,
        outcome = 'answered' AND answered_at IS NOT NULL AS is_answered,
        outcome = 'abandoned' AS is_abandoned
    FROM calls
    WHERE queued_at IS NOT NULL
        AND started_at >= getvariable('start') AND started_at < getvariable('end')
        AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
        AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL)
),
thresholds AS (
    SELECT project_id, queue_id, max(answer_within_s) AS answer_within_s, max(short_abandon_s) AS short_abandon_s
    FROM calls
    WHERE queued_at IS NOT NULL AND started_at >= getvariable('start') AND started_at < getvariable('end')
    GROUP BY ALL
),
parts AS (
    SELECT
        project_id,
        queue_id,
        count(*) AS offered,
        count(*) FILTER (is_answered) AS answered,
        count(*) FILTER (is_answered AND wait_ms <= answer_within_s * 1000) AS answered_in_time,
        count(*) FILTER (is_abandoned) AS abandoned,
        count(*) FILTER (is_abandoned AND wait_ms < short_abandon_s * 1000) AS abandoned_short,
        count(*) FILTER (is_abandoned AND wait_ms <= answer_within_s * 1000) AS abandoned_in_time
    FROM offered_only
    GROUP BY ALL
),
counted AS (
    SELECT
        t.project_id,
        t.queue_id,
        t.answer_within_s,
        t.short_abandon_s,
        coalesce(n.offered, 0) AS offered,
        coalesce(n.answered, 0) AS answered,
        coalesce(n.answered_in_time, 0) AS answered_in_time,
        coalesce(n.abandoned, 0) AS abandoned,
        coalesce(n.abandoned_short, 0) AS abandoned_short,
        coalesce(n.abandoned_in_time, 0) AS abandoned_in_time
    FROM thresholds t
    LEFT JOIN parts n ON n.project_id = t.project_id AND n.queue_id IS NOT DISTINCT FROM t.queue_id
)
SELECT
    p.project,
    q.queue,
    n.offered,
    n.answered,
    n.answered_in_time,
    n.abandoned,
    n.abandoned_short,
    n.abandoned_in_time,
    n.answer_within_s,
    n.short_abandon_s,
    n.answered_in_time / nullif(n.offered - n.abandoned_short, 0) AS sl_short,
    n.answered_in_time / nullif(n.offered, 0) AS sl_offered,
    n.answered_in_time / nullif(n.answered, 0) AS sl_answered,
    (n.answered_in_time + n.abandoned_in_time) / nullif(n.offered, 0) AS sl_positive,
    n.answered_in_time / nullif(n.offered - n.abandoned_in_time, 0) AS sl_ignore
FROM counted n
LEFT JOIN projects p ON p.project_id = n.project_id
LEFT JOIN queues q ON q.queue_id = n.queue_id
ORDER BY p.project NULLS LAST, q.queue NULLS LAST, n.project_id, n.queue_id
