"""Dialers: each week brings records; attempts are given to them so that nobody is called again after an answer."""

from __future__ import annotations

import duckdb

MOST_ATTEMPTS = 5
# Failed attempts of a week belong partly to records that are reached later in the week, partly to others. Attempts
# beyond the most that a record may have become records of their own.
ATTEMPTS = f"""
CREATE OR REPLACE TABLE attempts AS
WITH dialled AS (
    SELECT b.id, b.p, b.day_no // 7 AS week_no, b.started_t, b.ended_t, b.kind, b.kind IN ('dial', 'auto') AS reached
    FROM base b JOIN dialled USING (kind) JOIN projects p USING (p) WHERE p.dialer IS NOT NULL),
counted AS (
    SELECT *, count(*) FILTER (reached) OVER (PARTITION BY p, week_no) AS reaches,
        count(*) FILTER (NOT reached) OVER (PARTITION BY p, week_no) AS failures,
        count(*) FILTER (reached) OVER (PARTITION BY p, week_no ORDER BY started_t, id) AS before FROM dialled),
given AS (
    SELECT *, before + 1 + floor(u('soon', id) * 30)::BIGINT AS later,
        reaches + 1 + floor(u('record', id) * greatest(1, failures * 0.45))::BIGINT AS other FROM counted),
placed AS (
    SELECT *, CASE WHEN reached THEN before WHEN u('reach', id) < 0.5 AND later <= reaches THEN later
        ELSE other END AS record
    FROM given),
ordered AS (
    SELECT *, row_number() OVER (PARTITION BY p, week_no, record ORDER BY started_t DESC, id DESC) AS from_last
        FROM placed),
bounded AS (
    SELECT *, CASE WHEN from_last > {MOST_ATTEMPTS} THEN 'x' || id ELSE record::VARCHAR END AS key FROM ordered)
SELECT id, 't-' || p || '-' || lpad(week_no::VARCHAR, 2, '0') || '-' || key AS task, week_no, ended_t
    AS attempt_ended_t,
    row_number() OVER (PARTITION BY p, week_no, key ORDER BY started_t, id) AS attempt_no
FROM bounded"""
# Everybody called by a dialer has the number of the record, whatever the draw of the call said.
SAME_PERSON = """
UPDATE callers SET person = of_task.person FROM (
    SELECT a.id, first(c.person) OVER (PARTITION BY a.task ORDER BY a.attempt_no) AS person
    FROM attempts a JOIN callers c USING (id)) of_task WHERE of_task.id = callers.id"""
TASKS = f"""
WITH tried AS (
    SELECT c.task, c.p, c.week_no, any_value(c.phone) AS phone, any_value(c.contact_name) AS contact_name,
        count(*) AS attempts, max(c.ended_t) AS last_t, arg_max(c.kind, c.attempt_no) AS kind,
        arg_max(c.result, c.attempt_no) AS result, min(c.id) AS id
    FROM calls c WHERE c.task IS NOT NULL GROUP BY ALL),
fresh AS (
    SELECT task || '-n' AS task, p, week_no, phone_of(id * 7 % 8000) AS phone,
        'Customer ' || id * 7 % 8000 AS contact_name, 0 AS attempts, NULL AS last_t, 'new' AS kind, NULL AS result, id
    FROM tried WHERE u('untouched', id) < 0.07),
every AS (FROM tried UNION ALL BY NAME FROM fresh),
judged AS (
    SELECT *, CASE WHEN kind IN ('dial', 'auto') THEN 'done' WHEN attempts >= {MOST_ATTEMPTS} THEN 'exhausted'
        WHEN kind = 'rejected' THEN 'cancelled' WHEN kind = 'new' THEN 'new'
        WHEN week_no < (SELECT max(day_no) // 7 - 1 FROM days) THEN 'closed' ELSE 'waiting' END AS state FROM every)
SELECT task AS source_id, p.dialer, i.import, j.phone, j.contact_name, to_timestamp(d.zero_t + 6 * 3600) AS created_at,
    to_timestamp(CASE state WHEN 'closed' THEN greatest(last_t, d.zero_t + 7 * 86400) WHEN 'new' THEN NULL
        WHEN 'waiting' THEN NULL ELSE last_t END) AS closed_at, state, between_('priority', id, 1, 5) AS priority,
    attempts, {MOST_ATTEMPTS} AS max_attempts,
    CASE WHEN state = 'waiting' THEN to_timestamp(last_t + between_('next', id, 2, 30) * 3600) END AS next_attempt_at,
    pick('region', id, ['North', 'South', 'East', 'West']) AS region,
    CASE WHEN state IN ('done', 'cancelled', 'exhausted', 'closed') THEN result END AS result
FROM judged j JOIN projects p USING (p) JOIN imports i USING (p, week_no) JOIN days d ON d.day_no = j.week_no * 7
ORDER BY created_at, source_id"""
SAME_CUSTOMER = """
UPDATE callers SET person = giver.person FROM transfers t JOIN callers giver ON giver.id = t.giver
WHERE t.taker = callers.id"""


def fill(con: duckdb.DuckDBPyConnection) -> None:
    """Make `attempts`, and give the calls of one record, or of one transferred customer, the same person."""
    con.execute(ATTEMPTS)
    con.execute(SAME_PERSON)
    con.execute(SAME_CUSTOMER)
