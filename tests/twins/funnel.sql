-- How requests created in the period went through the stages of their form, until 365 days after it. A stage counts
-- once per request, by what followed its last visit: moved_on = it came to a stage further on that is not a lost one,
-- or was closed in the end without being lost; lost = else, it ended in a lost stage; open = the rest. A visit lasts
-- until the next change of stage; the median is over all visits that one ended. An unknown stage has no position, and
-- nothing is further on than it.
WITH cohort AS (
    SELECT *
    FROM requests
    WHERE created_at >= getvariable('start') AND created_at < getvariable('end')
),
visits AS (
    SELECT
        r.request_id,
        r.form_id,
        r.closed_at,
        c.stage,
        s.position,
        coalesce(s.lost, false) AS is_lost,
        row_number() OVER steps AS nth,
        date_diff('millisecond', c."at", lead(c."at") OVER steps) AS stayed_ms
    FROM cohort r
    JOIN stage_changes c
        ON c.project_id = r.project_id AND c.request_id = r.request_id
        AND c."at" >= r.created_at AND c."at" < getvariable('end') + INTERVAL 365 DAY
    LEFT JOIN stages s ON s.form_id = r.form_id AND s.stage = c.stage
    WINDOW steps AS (PARTITION BY r.request_id ORDER BY c."at", c.seq NULLS LAST, c.stage_change_id)
),
ends AS (
    SELECT request_id, arg_max(is_lost, nth) AS was_lost FROM visits GROUP BY request_id
),
last_visits AS (
    SELECT * FROM visits QUALIFY nth = max(nth) OVER (PARTITION BY request_id, stage)
),
fates AS (
    SELECT
        v.form_id,
        v.stage,
        v.position,
        CASE
            WHEN EXISTS (
                SELECT 1 FROM visits w
                WHERE w.request_id = v.request_id AND w.nth > v.nth AND NOT w.is_lost AND w.position > v.position
            ) THEN 'moved on'
            WHEN e.was_lost THEN 'lost'
            WHEN v.closed_at IS NOT NULL THEN 'moved on'
            ELSE 'open'
        END AS fate
    FROM last_visits v
    JOIN ends e USING (request_id)
),
counted AS (
    SELECT
        form_id,
        stage,
        position,
        count(*) AS entered,
        count(*) FILTER (fate = 'moved on') AS moved_on,
        count(*) FILTER (fate = 'lost') AS lost,
        count(*) FILTER (fate = 'open') AS open
    FROM fates
    GROUP BY form_id, stage, position
),
stays AS (
    SELECT form_id, stage, quantile_cont(stayed_ms, 0.5) / 1000.0 AS median_s
    FROM visits
    GROUP BY form_id, stage
)
SELECT
    f.form,
    c.position,
    c.stage,
    c.entered,
    c.moved_on,
    c.lost,
    c.open,
    c.moved_on / c.entered AS conversion,
    s.median_s
FROM counted c
JOIN stays s ON s.form_id IS NOT DISTINCT FROM c.form_id AND s.stage = c.stage
LEFT JOIN forms f ON f.form_id = c.form_id
ORDER BY f.form NULLS LAST, c.position NULLS LAST, c.stage, c.form_id
