-- What may be wrong with the rows of the period: one row for each check that had something to look at, the worst
-- first. Each part gives (check, text of the row, whether it is wrong); the text is the row's source_id, else its
-- operator (where the table has one) and local time. Rows that others point at are looked for in a wider span: calls
-- from 92 days before the period to a day after it, statuses from a day before to a day after. What loads rejected or
-- noted is counted against the rows that they were given.
WITH my_calls AS (
    SELECT
        c.*,
        coalesce(c.source_id, coalesce(o.operator, '') || ' '
            || strftime(timezone(getvariable('zone'), c.started_at AT TIME ZONE 'UTC'), '%Y-%m-%d %H:%M:%S')) AS said,
        c.queued_at IS NOT NULL
            AND c.outcome NOT IN ('refused', 'closed', 'left_in_scenario')
            AND NOT (coalesce(c.by_robot, false) AND c.answered_at IS NOT NULL) AS is_offered,
        c.outcome = 'answered' AND c.answered_at IS NOT NULL AS is_answered,
        c.outcome = 'answered' AND c.answered_at IS NOT NULL AND NOT coalesce(c.by_robot, false) AS is_handled
    FROM calls c
    LEFT JOIN operators o ON o.operator_id = c.operator_id
    WHERE c.started_at >= getvariable('start') AND c.started_at < getvariable('end')
),
seen_calls AS (
    SELECT *
    FROM calls
    WHERE started_at >= getvariable('start') - INTERVAL 92 DAY AND started_at < getvariable('end') + INTERVAL 1 DAY
),
seen_statuses AS (
    SELECT
        s.*,
        s.started_at >= getvariable('start') AND s.started_at < getvariable('end') AS is_mine,
        lead(s.started_at) OVER (PARTITION BY s.operator_id ORDER BY s.started_at, s.status_id) AS next_at,
        coalesce(s.source_id, coalesce(o.operator, '') || ' '
            || strftime(timezone(getvariable('zone'), s.started_at AT TIME ZONE 'UTC'), '%Y-%m-%d %H:%M:%S')) AS said
    FROM statuses s
    LEFT JOIN operators o ON o.operator_id = s.operator_id
    WHERE s.started_at >= getvariable('start') - INTERVAL 1 DAY AND s.started_at < getvariable('end') + INTERVAL 1 DAY
),
-- Rows of other tables that start in the period, with what the checks look at.
others AS (
    SELECT 'rings' AS kind, project_id, operator_id, source_id, started_at AS "at", call_id, NULL::BIGINT AS dialogue_id
    FROM rings
    UNION ALL SELECT 'ivr_steps', project_id, NULL, source_id, "at", call_id, NULL FROM ivr_steps
    UNION ALL SELECT 'speech_hits', project_id, operator_id, source_id, "at", call_id, NULL FROM speech_hits
    UNION ALL SELECT 'ratings', project_id, operator_id, source_id, "at", call_id, dialogue_id FROM ratings
    UNION ALL SELECT 'evaluations', project_id, operator_id, source_id, "at", call_id, dialogue_id FROM evaluations
    UNION ALL SELECT 'recordings', 1, NULL, source_id, "at", call_id, NULL FROM recordings
    UNION ALL SELECT 'charges', 1, operator_id, source_id, "at", call_id, NULL FROM charges
    UNION ALL SELECT 'dialogues', project_id, operator_id, source_id, started_at, NULL, NULL FROM dialogues
    UNION ALL SELECT 'tasks', project_id, NULL, source_id, created_at, NULL, NULL FROM tasks
    UNION ALL SELECT 'requests', project_id, operator_id, source_id, created_at, NULL, NULL FROM requests
),
mine AS (
    SELECT
        t.*,
        coalesce(
            t.source_id,
            CASE WHEN t.kind IN ('ivr_steps', 'recordings') THEN '' ELSE coalesce(o.operator, '') || ' ' END
                || strftime(timezone(getvariable('zone'), t."at" AT TIME ZONE 'UTC'), '%Y-%m-%d %H:%M:%S')
        ) AS said
    FROM others t
    LEFT JOIN operators o ON o.operator_id = t.operator_id
    WHERE t."at" >= getvariable('start') AND t."at" < getvariable('end')
),
pairs AS (  -- of an operator's first Busy of a call that is seen, and the answer
    SELECT
        min(s.started_at) AS busy_at,
        c.answered_at,
        c.source_id AS said
    FROM seen_statuses s
    JOIN seen_calls c ON c.call_id = s.call_id
    WHERE s.status = 'Busy' AND s.operator_id IS NOT NULL AND c.answered_at IS NOT NULL
    GROUP BY s.operator_id, s.call_id, c.answered_at, c.source_id
),
twice AS (
    SELECT
        said,
        row_number() OVER same AS nth,
        max(said) OVER (PARTITION BY project_id, contact_key, started_at, direction, queue_id, dialer_id) AS last_said
    FROM my_calls
    WHERE contact_key IS NOT NULL
    WINDOW same AS (PARTITION BY project_id, contact_key, started_at, direction, queue_id, dialer_id ORDER BY call_id)
),
priced AS (
    SELECT call_id, count(DISTINCT currency) AS currencies, min(source_id) AS said
    FROM charges
    WHERE "at" >= getvariable('start') AND "at" < getvariable('end') AND call_id IS NOT NULL
    GROUP BY call_id
),
looked_at AS (
    SELECT
        'offered contacts that are in no figure' AS name,
        said,
        NOT (
            is_answered OR outcome IN ('abandoned', 'callback_requested', 'voicemail', 'flow_out', 'failed')
        ) AS wrong
    FROM my_calls
    WHERE is_offered
    UNION ALL
    SELECT 'answered contacts without the time of the answer', said, answered_at IS NULL
    FROM my_calls
    WHERE outcome = 'answered'
    UNION ALL
    SELECT 'handled contacts without an operator', said, operator_id IS NULL
    FROM my_calls
    WHERE is_handled
    UNION ALL
    SELECT
        'contacts whose times are out of order',
        said,
        coalesce(queued_at < started_at, false)
            OR coalesce(picked_up_at < started_at, false)
            OR coalesce(answered_at < coalesce(queued_at, started_at), false)
            OR coalesce(ended_at < answered_at, false)
    FROM my_calls
    UNION ALL
    SELECT 'contacts of more than a day', said, ended_at > started_at + INTERVAL 24 HOUR
    FROM my_calls
    UNION ALL
    SELECT
        'waits that differ from their times',
        said,
        abs(wait_ms - date_diff('millisecond', queued_at, coalesce(answered_at, ended_at))) > 1000
    FROM my_calls
    WHERE queued_at IS NOT NULL AND wait_ms IS NOT NULL
    UNION ALL
    SELECT
        'conversations longer than the call',
        said,
        talk_ms + coalesce(hold_ms, 0) > date_diff('millisecond', answered_at, ended_at) + 1000
    FROM my_calls
    WHERE answered_at IS NOT NULL AND talk_ms IS NOT NULL
    UNION ALL
    SELECT 'outcomes that nobody knows', said, outcome = 'other'
    FROM my_calls
    UNION ALL
    SELECT 'MOS off its scale', said, mos NOT BETWEEN 1 AND 5
    FROM my_calls
    WHERE mos IS NOT NULL
    UNION ALL
    SELECT 'SIP codes off their scale', said, sip_code NOT BETWEEN 100 AND 699
    FROM my_calls
    WHERE sip_code IS NOT NULL
    UNION ALL
    SELECT 'contacts that stand twice', last_said, nth > 1
    FROM twice
    UNION ALL
    SELECT 'calls of no project', said, project_id = 0
    FROM my_calls
    UNION ALL
    SELECT kind || ' of no project', said, project_id = 0
    FROM mine
    WHERE kind IN ('dialogues', 'tasks', 'requests', 'rings', 'ratings')
    UNION ALL
    SELECT 'statuses without an end', said, ended_at IS NULL
    FROM seen_statuses
    WHERE is_mine
    UNION ALL
    SELECT
        'gaps between statuses',
        said,
        coalesce(next_at > ended_at AND next_at < ended_at + INTERVAL 12 HOUR, false)
    FROM seen_statuses
    WHERE is_mine AND ended_at IS NOT NULL
    UNION ALL
    SELECT
        'handled contacts without a Busy status',
        said,
        NOT EXISTS (
            SELECT 1 FROM seen_statuses s
            WHERE s.status = 'Busy' AND s.operator_id = c.operator_id AND s.call_id = c.call_id
        )
    FROM my_calls c
    WHERE is_handled AND operator_id IS NOT NULL
    UNION ALL
    SELECT
        'Busy that does not begin with the answer',
        said,
        abs(date_diff('millisecond', answered_at, busy_at)) > 60000
    FROM pairs
    WHERE busy_at >= getvariable('start') AND busy_at < getvariable('end')
    UNION ALL
    SELECT 'statuses without their call', said, call_id NOT IN (SELECT call_id FROM seen_calls)
    FROM seen_statuses
    WHERE is_mine AND call_id IS NOT NULL
    UNION ALL
    SELECT kind || ' without their call', said, call_id NOT IN (SELECT call_id FROM seen_calls)
    FROM mine
    WHERE call_id IS NOT NULL
    UNION ALL
    SELECT kind || ' of nothing', said, call_id IS NULL AND dialogue_id IS NULL
    FROM mine
    WHERE kind IN ('ratings', 'evaluations')
    UNION ALL
    SELECT
        'tasks of an unknown import',
        source_id,
        NOT EXISTS (
            SELECT 1 FROM imports i
            WHERE i."import" = t."import" AND (t.dialer_id IS NULL OR i.dialer_id = t.dialer_id)
        )
    FROM tasks t
    WHERE created_at >= getvariable('start') AND created_at < getvariable('end') AND "import" IS NOT NULL
    UNION ALL
    SELECT
        'dialogues whose times are out of order',
        source_id,
        coalesce(first_reply_at < started_at, false)
            OR coalesce(closed_at < started_at, false)
            OR coalesce(closed_at < first_reply_at, false)
    FROM dialogues
    WHERE started_at >= getvariable('start') AND started_at < getvariable('end')
    UNION ALL
    SELECT 'calls with costs in several currencies', said, currencies > 1
    FROM priced
),
checked AS (
    SELECT
        name,
        count(*) AS among,
        count(*) FILTER (wrong) AS affected,
        min(said) FILTER (wrong) AS example
    FROM looked_at
    GROUP BY name
),
told AS (
    SELECT kind, words, sum("rows") AS affected, min(example) AS example
    FROM load_notes
    WHERE "at" >= getvariable('start') AND "at" < getvariable('end') + INTERVAL 1 DAY
    GROUP BY kind, words
),
loaded AS (
    SELECT
        kind || ': ' || words AS name,
        (SELECT sum(affected) FROM told WHERE kind = 'loaded') AS among,
        affected,
        example
    FROM told
    WHERE kind IN ('rejected', 'noted')
)
SELECT
    name AS "check",
    among::BIGINT AS "rows",
    affected::BIGINT AS affected,
    affected::DOUBLE / among::DOUBLE AS share,
    example
FROM (FROM checked UNION ALL BY NAME FROM loaded)
WHERE among > 0
ORDER BY affected DESC, "check"
