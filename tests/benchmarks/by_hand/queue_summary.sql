-- One pass over the calls.
WITH summed AS (
    SELECT
        project_id,
        queue_id,
        count(*) FILTER (is_offered) AS offered,
        count(*) FILTER (is_offered AND is_answered) AS answered,
        count(*) FILTER (is_offered AND is_answered AND wait_ms <= answer_within_s * 1000) AS answered_in_time,
        count(*) FILTER (is_offered AND outcome = 'abandoned') AS abandoned,
        count(*) FILTER (is_offered AND outcome = 'abandoned' AND wait_ms < short_abandon_s * 1000) AS abandoned_short,
        count(*) FILTER (is_offered AND outcome = 'callback_requested') AS callback_requested,
        count(*) FILTER (is_offered AND outcome = 'voicemail') AS voicemail,
        count(*) FILTER (is_offered AND outcome = 'flow_out') AS flow_out,
        count(*) FILTER (is_offered AND outcome = 'failed') AS failed,
        avg(wait_ms) FILTER (is_offered AND is_answered) / 1000.0 AS asa_s,
        quantile_cont(wait_ms, 0.9) FILTER (is_offered AND is_answered) / 1000.0 AS wait_p90_s,
        max(wait_ms) FILTER (is_offered) / 1000.0 AS max_wait_s,
        count(*) FILTER (is_answered AND NOT by_robot) AS handled,
        sum(talk + hold + wrap) FILTER (is_answered AND NOT by_robot) AS handling_ms,
        sum(talk) AS talk_ms,
        sum(hold) AS hold_ms,
        sum(wrap) AS wrap_ms,
        count(*) FILTER (is_answered AND NOT by_robot AND went_on) AS transferred
    FROM (
        SELECT
            project_id,
            queue_id,
            outcome,
            wait_ms,
            answer_within_s,
            short_abandon_s,
            coalesce(by_robot, false) AS by_robot,
            coalesce(talk_ms, 0) AS talk,
            coalesce(hold_ms, 0) AS hold,
            coalesce(wrap_ms, 0) AS wrap,
            coalesce(went_to_other, false) OR transfer_to_call_id IS NOT NULL AS went_on,
            outcome = 'answered' AND answered_at IS NOT NULL AS is_answered,
            queued_at IS NOT NULL AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
                AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL) AS is_offered
        FROM calls
        WHERE (queued_at IS NOT NULL OR queue_id IS NOT NULL)
            AND started_at >= getvariable('start') AND started_at < getvariable('end')
    )
    GROUP BY ALL
)
SELECT
    p.project,
    q.queue,
    NULL AS "interval",
    s.offered,
    s.answered,
    s.answered_in_time,
    s.abandoned,
    s.abandoned_short,
    s.callback_requested,
    s.voicemail,
    s.flow_out,
    s.failed,
    s.answered_in_time / nullif(s.offered - s.abandoned_short, 0) AS service_level,
    s.abandoned / nullif(s.offered, 0) AS abandon_rate,
    s.asa_s,
    s.wait_p90_s,
    s.max_wait_s,
    s.handling_ms / nullif(s.handled, 0) / 1000.0 AS aht_s,
    s.talk_ms / 1000.0 AS talk_s,
    s.hold_ms / 1000.0 AS hold_s,
    s.wrap_ms / 1000.0 AS wrap_s,
    s.transferred
FROM summed s
LEFT JOIN projects p ON p.project_id = s.project_id
LEFT JOIN queues q ON q.queue_id = s.queue_id
ORDER BY p.project NULLS LAST, q.queue NULLS LAST, s.project_id, s.queue_id
