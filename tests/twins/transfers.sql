-- Who passed customers on to whom. A contact that names the next one (always in its own project) is a transfer to it;
-- one that went to another project, or came from one, shows that side as 'other project'. What became of it is known of
-- the next contact only.
WITH asked AS (
    SELECT * FROM calls WHERE started_at >= getvariable('start') AND started_at < getvariable('end')
),
passed AS (
    SELECT
        c.project_id AS from_id, c.queue_id AS from_queue_id, c.operator_id AS from_operator_id, false AS from_other,
        n.project_id AS to_id, n.queue_id AS to_queue_id, n.operator_id AS to_operator_id, false AS to_other,
        n.call_id AS next_id
    FROM asked c
    LEFT JOIN calls n ON n.call_id = c.transfer_to_call_id
    WHERE c.transfer_to_call_id IS NOT NULL
    UNION ALL
    SELECT c.project_id, c.queue_id, c.operator_id, false, NULL, NULL, NULL, true, NULL
    FROM asked c
    WHERE c.transfer_to_call_id IS NULL AND c.went_to_other
    UNION ALL
    SELECT NULL, NULL, NULL, true, c.project_id, c.queue_id, c.operator_id, false, c.call_id
    FROM asked c
    WHERE c.came_from_other
),
followed AS (
    SELECT
        t.*,
        n.outcome = 'answered' AND n.answered_at IS NOT NULL AS is_answered,
        n.queued_at IS NOT NULL
            AND n.outcome IN ('abandoned', 'callback_requested', 'voicemail')
            AND NOT (coalesce(n.by_robot, false) AND n.answered_at IS NOT NULL) AS is_lost,
        n.wait_ms
    FROM passed t
    LEFT JOIN calls n ON n.call_id = t.next_id
)
SELECT
    CASE WHEN t.from_other THEN 'other project' ELSE fp.project END AS from_project,
    fq.queue AS from_queue,
    fo.operator AS from_operator,
    CASE WHEN t.to_other THEN 'other project' ELSE tp.project END AS to_project,
    tq.queue AS to_queue,
    tpl.operator AS to_operator,
    count(*) AS transfers,
    count(*) / (SELECT count(*) FROM followed) AS share,
    CASE WHEN count(t.next_id) > 0 THEN count(*) FILTER (t.is_answered) END AS answered_after,
    CASE WHEN count(t.next_id) > 0 THEN count(*) FILTER (t.is_lost) END AS lost_after,
    avg(t.wait_ms) / 1000.0 AS extra_wait_s
FROM followed t
LEFT JOIN projects fp ON fp.project_id = t.from_id
LEFT JOIN queues fq ON fq.queue_id = t.from_queue_id
LEFT JOIN operators fo ON fo.operator_id = t.from_operator_id
LEFT JOIN projects tp ON tp.project_id = t.to_id
LEFT JOIN queues tq ON tq.queue_id = t.to_queue_id
LEFT JOIN operators tpl ON tpl.operator_id = t.to_operator_id
GROUP BY
    from_project, from_queue, from_operator, to_project, to_queue, to_operator,
    t.from_id, t.from_queue_id, t.from_operator_id, t.to_id, t.to_queue_id, t.to_operator_id
ORDER BY ALL
