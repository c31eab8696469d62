-- Time that clients pay: each closed status whole, at its start, by the tariff of its project and status in force then.
WITH tariff_times AS (
    SELECT
        *,
        coalesce(valid_from, TIMESTAMP '-infinity') AS since,
        least(
            coalesce(valid_to, TIMESTAMP 'infinity'),
            coalesce(
                lead(valid_from) OVER (PARTITION BY project_id, status ORDER BY valid_from NULLS FIRST),
                TIMESTAMP 'infinity'
            )
        ) AS until
    FROM tariffs
),
priced AS (
    SELECT
        s.operator_id,
        s.project_id,
        s.status,
        t.currency,
        b.label,
        date_diff('millisecond', s.started_at, s.ended_at) AS raw_ms,
        coalesce(t.free_is_deducted, false) AS deducted,
        t.free_s * 1000 AS free_ms,
        t.first_s AS first_s,
        t.step_s AS step_s,
        t.price_per_min
    FROM statuses s
    JOIN buckets b ON s.started_at >= b.lo AND s.started_at < b.hi
    JOIN tariff_times t
        ON t.project_id = s.project_id AND t.status = s.status
        AND s.started_at >= t.since AND s.started_at < t.until
    WHERE s.ended_at IS NOT NULL
),
billed AS (
    SELECT
        *,
        CASE
            WHEN deducted AND raw_ms <= free_ms THEN 0
            WHEN deducted
                THEN first_s + step_s * ceil(greatest(raw_ms - free_ms - first_s * 1000, 0) / (step_s * 1000))::BIGINT
            WHEN raw_ms < free_ms THEN 0
            ELSE first_s + step_s * ceil(greatest(raw_ms - first_s * 1000, 0) / (step_s * 1000))::BIGINT
        END AS billed_s
    FROM priced
),
summed AS (
    SELECT
        operator_id,
        project_id,
        status,
        currency,
        label,
        count(*) AS intervals,
        sum(raw_ms) / 1000.0 AS raw_s,
        sum(billed_s)::DOUBLE AS billed_s,
        (sum(billed_s * price_per_min) / 60)::DECIMAL(18,6) AS amount
    FROM billed
    GROUP BY ALL
)
SELECT
    o.operator,
    p.project,
    s.status,
    s.currency,
    s.label AS "interval",
    s.intervals,
    s.raw_s,
    s.billed_s,
    s.amount
FROM summed s
LEFT JOIN operators o ON o.operator_id = s.operator_id
LEFT JOIN projects p ON p.project_id = s.project_id
ORDER BY o.operator NULLS LAST, p.project NULLS LAST, s.status, s.currency, s.label NULLS LAST, s.operator_id,
    s.project_id
