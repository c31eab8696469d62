-- Hours first, which the pieces of the period then join. In a period of a year at most only a person's first contact in
-- it can be new, so that two instants of each person are enough.
WITH contacts_in AS (
    SELECT project_id, interaction_id, contact_key, started_at, ended_at, outcome, answered_at, queued_at, by_robot,
        wait_ms, talk_ms
    FROM calls
    WHERE direction = 'inbound' AND started_at >= getvariable('start') AND started_at < getvariable('end')
),
fresh AS (
    SELECT project_id, contact_key, first_at AS started_at
    FROM (
        SELECT
            project_id,
            contact_key,
            min(started_at) FILTER (started_at >= getvariable('start')) AS first_at,
            max(started_at) FILTER (started_at < getvariable('start')) AS before
        FROM calls
        WHERE contact_key IS NOT NULL
            AND started_at >= getvariable('start')::TIMESTAMP - INTERVAL 365 DAY AND started_at < getvariable('end')
        GROUP BY ALL
    )
    WHERE first_at IS NOT NULL AND (before IS NULL OR before < first_at - INTERVAL 365 DAY)
),
interactions AS (
    SELECT
        project_id,
        min(started_at) AS first_at,
        epoch_ms(max(ended_at)) - epoch_ms(min(started_at)) AS duration_ms,
        bool_or(outcome = 'answered' AND answered_at IS NOT NULL) AS accepted
    FROM contacts_in
    GROUP BY project_id, interaction_id
),
hours_of_interactions AS (
    SELECT
        project_id,
        time_bucket(INTERVAL 1 HOUR, first_at) AS hour,
        count(*) AS inbound,
        count(*) FILTER (accepted) AS accepted,
        sum(duration_ms) AS duration_ms,
        count(duration_ms) AS lasting
    FROM interactions
    GROUP BY ALL
),
hours_of_contacts AS (
    SELECT
        c.project_id,
        time_bucket(INTERVAL 1 HOUR, c.started_at) AS hour,
        sum(c.wait_ms) FILTER (offered) AS wait_ms,
        count(c.wait_ms) FILTER (offered) AS waiting,
        sum(c.talk_ms) FILTER (outcome = 'answered' AND answered_at IS NOT NULL) AS talk_ms,
        count(c.talk_ms) FILTER (outcome = 'answered' AND answered_at IS NOT NULL) AS talking,
        count(f.contact_key) AS first_time
    FROM (
        SELECT *, queued_at IS NOT NULL AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
            AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL) AS offered
        FROM contacts_in
    ) c
    LEFT JOIN fresh f
        ON f.project_id = c.project_id AND f.contact_key = c.contact_key AND f.started_at = c.started_at
    GROUP BY ALL
),
by_interaction AS (
    SELECT
        i.project_id,
        b.label,
        sum(i.inbound) AS inbound,
        sum(i.accepted) AS accepted,
        sum(i.duration_ms) / sum(i.lasting) / 1000.0 AS duration_s
    FROM hours_of_interactions i
    JOIN buckets b ON i.hour >= b.lo AND i.hour < b.hi
    GROUP BY ALL
),
by_contact AS (
    SELECT
        c.project_id,
        b.label,
        sum(c.wait_ms) / nullif(sum(c.waiting), 0) / 1000.0 AS awt_s,
        sum(c.talk_ms) / nullif(sum(c.talking), 0) / 1000.0 AS talk_mean_s,
        sum(c.first_time) AS first_time
    FROM hours_of_contacts c
    JOIN buckets b ON c.hour >= b.lo AND c.hour < b.hi
    GROUP BY ALL
)
SELECT
    p.project AS per,
    k.label AS "interval",
    coalesce(i.inbound, 0)::BIGINT AS inbound,
    coalesce(i.accepted, 0)::BIGINT AS accepted,
    coalesce(i.inbound - i.accepted, 0)::BIGINT AS missed,
    i.accepted / nullif(i.inbound, 0) AS asr,
    i.duration_s,
    k.awt_s,
    k.talk_mean_s,
    k.first_time::BIGINT AS first_time
FROM by_contact k
LEFT JOIN by_interaction i ON i.project_id IS NOT DISTINCT FROM k.project_id AND i.label = k.label
LEFT JOIN projects p ON p.project_id = k.project_id
ORDER BY per NULLS LAST, k.label NULLS LAST, k.project_id::VARCHAR
