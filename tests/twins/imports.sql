-- Imports by what became of their records, the tasks that were created in the period. A record is reached when a person
-- picked up one of its calls; else it is exhausted when all its attempts are made, and else it remains while it is not
-- closed. An import that nobody declared has no instant.
-- with tasks
records AS (
    SELECT
        *,
        EXISTS (SELECT 1 FROM of_tasks c WHERE c.task_id = made.task_id AND c.is_person) AS is_reached,
        EXISTS (
            SELECT 1 FROM results r WHERE r.project_id = made.project_id AND r.result = made.result AND r.sale
        ) AS is_sale,
        coalesce(attempts >= max_attempts, false) AS all_made
    FROM made
),
counted AS (
    SELECT
        dialer_id,
        import,
        count(*) AS records,
        count(*) FILTER (attempts > 0) AS tried,
        count(*) FILTER (is_reached) AS reached,
        count(*) FILTER (is_sale) AS sales,
        count(*) FILTER (all_made AND NOT is_reached) AS exhausted,
        count(*) FILTER (closed_at IS NULL AND NOT all_made AND NOT is_reached) AS remaining,
        sum(attempts)::BIGINT AS attempts
    FROM records
    GROUP BY ALL
)
SELECT
    d.dialer,
    k.import,
    (SELECT min(i.imported_at) FROM imports i
     WHERE i.import = k.import AND i.dialer_id = k.dialer_id) AS imported_at,
    k.records,
    k.tried,
    k.tried / k.records AS penetration,
    k.reached,
    k.sales,
    k.exhausted,
    k.remaining,
    k.attempts / nullif(k.tried, 0) AS attempts_per_record
FROM counted k
LEFT JOIN dialers d ON d.dialer_id = k.dialer_id
ORDER BY d.dialer NULLS LAST, k.import NULLS LAST, k.dialer_id
