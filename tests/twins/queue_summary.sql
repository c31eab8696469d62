-- Queues in sum: contacts that stood in a queue or name one, by project, queue and (optionally) interval.
WITH marked AS (
    SELECT
        c.*,
        b.label,
        c.queued_at IS NOT NULL
            AND c.outcome NOT IN ('refused', 'closed', 'left_in_scenario')
            AND NOT (coalesce(c.by_robot, false) AND c.answered_at IS NOT NULL) AS is_offered,
        c.outcome = 'answered' AND c.answered_at IS NOT NULL AND NOT coalesce(c.by_robot, false) AS is_handled
    FROM calls c
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
    WHERE c.queued_at IS NOT NULL OR c.queue_id IS NOT NULL
),
offered_only AS (
    SELECT
        project_id,
        queue_id,
        label,
        count(*) AS offered,
        sum((outcome = 'answered' AND answered_at IS NOT NULL)::INT) AS answered,
        count(*) FILTER (outcome = 'answered' AND answered_at IS NOT NULL AND wait_ms <= answer_within_s * 1000)
            AS answered_in_time,
        count(*) FILTER (outcome = 'abandoned') AS abandoned,
        count(*) FILTER (outcome = 'abandoned' AND wait_ms < short_abandon_s * 1000) AS abandoned_short,
        count(*) FILTER (outcome = 'abandoned' AND wait_ms <= answer_within_s * 1000) AS abandoned_in_time,
        count(*) FILTER (outcome = 'callback_requested') AS callback_requested,
        count(*) FILTER (outcome = 'voicemail') AS voicemail,
        count(*) FILTER (outcome = 'flow_out') AS flow_out,
        count(*) FILTER (outcome = 'failed') AS failed,
        avg(wait_ms) FILTER (outcome = 'answered' AND answered_at IS NOT NULL) / 1000.0 AS asa_s,
        quantile_cont(wait_ms, 0.9) FILTER (outcome = 'answered' AND answered_at IS NOT NULL) / 1000.0 AS wait_p90_s,
        max(wait_ms) / 1000.0 AS max_wait_s
    FROM marked
    WHERE is_offered
    GROUP BY ALL
),
everything AS (
    SELECT
        project_id,
        queue_id,
        label,
        sum(coalesce(talk_ms, 0)) AS talk_ms,
        sum(coalesce(hold_ms, 0)) AS hold_ms,
        sum(coalesce(wrap_ms, 0)) AS wrap_ms,
        count(*) FILTER (is_handled) AS handled,
        sum(coalesce(talk_ms, 0) + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0)) FILTER (is_handled) AS handling_ms,
        count(*) FILTER (is_handled AND (coalesce(went_to_other, false) OR transfer_to_call_id IS NOT NULL))
            AS transferred
    FROM marked
    GROUP BY ALL
)
SELECT
    p.project,
    q.queue,
    e.label AS "interval",
    coalesce(f.offered, 0) AS offered,
    coalesce(f.answered, 0)::BIGINT AS answered,
    coalesce(f.answered_in_time, 0) AS answered_in_time,
    coalesce(f.abandoned, 0) AS abandoned,
    coalesce(f.abandoned_short, 0) AS abandoned_short,
    coalesce(f.callback_requested, 0) AS callback_requested,
    coalesce(f.voicemail, 0) AS voicemail,
    coalesce(f.flow_out, 0) AS flow_out,
    coalesce(f.failed, 0) AS failed,
    CASE getvariable('formula')
        WHEN 'short' THEN f.answered_in_time / nullif(f.offered - f.abandoned_short, 0)
        WHEN 'offered' THEN f.answered_in_time / nullif(f.offered, 0)
        WHEN 'answered' THEN f.answered_in_time / nullif(f.answered, 0)
        WHEN 'positive' THEN (f.answered_in_time + f.abandoned_in_time) / nullif(f.offered, 0)
        WHEN 'ignore' THEN f.answered_in_time / nullif(f.offered - f.abandoned_in_time, 0)
        ELSE error('no such formula: ' || getvariable('formula'))::DOUBLE
    END AS service_level,
    f.abandoned / nullif(f.offered, 0) AS abandon_rate,
    f.asa_s,
    f.wait_p90_s,
    f.max_wait_s,
    e.handling_ms / nullif(e.handled, 0) / 1000.0 AS aht_s,
    e.talk_ms / 1000.0 AS talk_s,
    e.hold_ms / 1000.0 AS hold_s,
    e.wrap_ms / 1000.0 AS wrap_s,
    e.transferred
FROM everything e
LEFT JOIN offered_only f
    ON f.project_id = e.project_id
    AND f.queue_id IS NOT DISTINCT FROM e.queue_id
    AND f.label IS NOT DISTINCT FROM e.label
LEFT JOIN projects p ON p.project_id = e.project_id
LEFT JOIN queues q ON q.queue_id = e.queue_id
ORDER BY p.project NULLS LAST, q.queue NULLS LAST, e.label NULLS LAST, e.project_id, e.queue_id
