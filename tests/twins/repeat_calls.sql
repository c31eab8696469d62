-- Inbound contacts of known callers: again within W days of an inbound contact of the same person with the same project
-- (another interaction), or the first; of the first, those whose W days are over by `now`, and of these the ones that
-- were not followed by a further one.
WITH inbound AS (
    SELECT * FROM calls WHERE direction = 'inbound'
),
known AS (
    SELECT
        c.*,
        b.label,
        to_days(getvariable('repeat_days')::INTEGER) AS w,
        EXISTS (
            SELECT 1 FROM inbound e
            WHERE e.project_id = c.project_id
                AND e.contact_key = c.contact_key
                AND e.interaction_id <> c.interaction_id
                AND e.started_at < c.started_at
                AND e.started_at >= c.started_at - to_days(getvariable('repeat_days')::INTEGER)
        ) AS again,
        EXISTS (
            SELECT 1 FROM inbound f
            WHERE f.project_id = c.project_id
                AND f.contact_key = c.contact_key
                AND f.interaction_id <> c.interaction_id
                AND f.started_at > c.started_at
                AND f.started_at <= c.started_at + to_days(getvariable('repeat_days')::INTEGER)
        ) AS followed
    FROM inbound c
    JOIN buckets b ON c.started_at >= b.lo AND c.started_at < b.hi
),
counted AS (
    SELECT
        project_id,
        queue_id,
        label,
        count(*) AS contacts,
        count(*) FILTER (contact_key IS NULL) AS unknown,
        count(*) FILTER (again) AS repeats,
        count(*) FILTER (contact_key IS NOT NULL AND NOT again) AS first_contacts,
        count(*) FILTER (
            contact_key IS NOT NULL AND NOT again AND started_at + w > getvariable('now')::TIMESTAMP
        ) AS undecided,
        count(*) FILTER (
            contact_key IS NOT NULL AND NOT again AND NOT followed AND started_at + w <= getvariable('now')::TIMESTAMP
        ) AS resolved
    FROM known
    GROUP BY ALL
)
SELECT
    p.project,
    q.queue,
    k.label AS "interval",
    k.contacts,
    k.unknown,
    k.repeats,
    k.repeats / nullif(k.contacts, 0) AS repeat_rate,
    k.first_contacts,
    k.undecided,
    k.resolved,
    k.resolved / nullif(k.first_contacts - k.undecided, 0) AS fcr
FROM counted k
LEFT JOIN projects p ON p.project_id = k.project_id
LEFT JOIN queues q ON q.queue_id = k.queue_id
ORDER BY p.project NULLS LAST, q.queue NULLS LAST, k.label NULLS LAST, k.project_id, k.queue_id
