-- Inbound interactions by project (or line) and interval. An interaction is what one project saw of it in the period: its
-- inbound contacts of one interaction_id (and line), placed at the first of them.
WITH contacts_in AS (
    SELECT
        c.*,
        CASE WHEN getvariable('per') IS DISTINCT FROM 'line' THEN c.project_id::VARCHAR ELSE c.line END AS key
    FROM calls c
    WHERE c.direction = 'inbound' AND c.started_at >= getvariable('start') AND c.started_at < getvariable('end')
),
interactions AS (
    SELECT
        key,
        project_id,
        interaction_id,
        min(started_at) AS first_at,
        date_diff('millisecond', min(started_at), max(ended_at)) AS duration_ms,
        bool_or(outcome = 'answered' AND answered_at IS NOT NULL) AS accepted
    FROM contacts_in
    GROUP BY key, project_id, interaction_id
),
by_interaction AS (
    SELECT
        i.key,
        b.label,
        count(*) AS inbound,
        count(*) FILTER (i.accepted) AS accepted,
        avg(i.duration_ms) / 1000.0 AS duration_s
    FROM interactions i
    JOIN buckets b ON i.first_at >= b.lo AND i.first_at < b.hi
    GROUP BY ALL
),
by_contact AS (
    SELECT
        c.key,
        b.label,
        avg(c.wait_ms) FILTER (
            c.queued_at IS NOT NULL
            AND c.outcome NOT IN ('refused', 'closed', 'left_in_scenario')
            AND NOT (coalesce(c.by_robot, false) AND c.answered_at IS NOT NULL)
        ) / 1000.0 AS awt_s,
        avg(c.talk_ms) FILTER (c.outcome = 'answered' AND c.answered_at IS NOT NULL) / 1000.0 AS talk_mean_s,
        count(*) FILTER (c.contact_key IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM calls e
            WHERE e.project_id = c.project_id
                AND e.contact_key = c.contact_key
                AND e.started_at < c.started_at
                AND e.started_at >= c.started_at - INTERVAL 365 DAY
        )) AS first_time
    FROM contacts_in c
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
    GROUP BY ALL
)
SELECT
    CASE WHEN getvariable('per') IS DISTINCT FROM 'line' THEN p.project ELSE k.key END AS per,
    k.label AS "interval",
    coalesce(i.inbound, 0) AS inbound,
    coalesce(i.accepted, 0) AS accepted,
    coalesce(i.inbound - i.accepted, 0) AS missed,
    i.accepted / nullif(i.inbound, 0) AS asr,
    i.duration_s,
    k.awt_s,
    k.talk_mean_s,
    k.first_time
FROM by_contact k
LEFT JOIN by_interaction i ON i.key IS NOT DISTINCT FROM k.key AND i.label IS NOT DISTINCT FROM k.label
LEFT JOIN projects p ON p.project_id::VARCHAR = k.key
ORDER BY per NULLS LAST, k.label NULLS LAST, k.key::VARCHAR
