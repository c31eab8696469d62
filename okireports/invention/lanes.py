"""A working day as a lane: contacts and breaks one after another, with free time between, so that nothing overlaps.

The lengths of all that an operator does on a day add up; what remains of the shift is divided among the gaps. The
instants of calls are then counted back from the moment at which the operator was free to answer.
"""

from __future__ import annotations

import duckdb

# Each operator in turn takes the calls of a project's day that need one.
CONTACTS = """
CREATE OR REPLACE TABLE contacts AS
WITH turn AS (
    SELECT *, row_number() OVER (PARTITION BY day_no, p ORDER BY id) - 1 AS nth FROM slots WHERE kind IN
    ('in', 'dial', 'out', 'out_no', 'callback', 'internal')),
halves AS (
    SELECT day_no, p, op, before + unnest(range(halves)) AS half FROM seats WHERE day_no >= $first AND day_no < $after),
many AS (SELECT day_no, p, count(*) AS many FROM halves GROUP BY ALL)
SELECT t.day_no, t.p, t.id, t.kind, t.mix, h.op, u('order', t.id) AS place,
    CASE WHEN t.kind = 'in' AND u('miss', t.id) < 0.05 THEN between_('missed', t.id, 12, 18) ELSE 0 END AS miss,
    CASE t.kind WHEN 'in' THEN between_('ring', t.id, 2, 11) WHEN 'dial' THEN between_('ring', t.id, 1, 3)
        WHEN 'internal' THEN between_('ring', t.id, 3, 8) WHEN 'out_no' THEN between_('ring', t.id, 22, 38)
        ELSE between_('ring', t.id, 8, 22) END AS ring,
    CASE WHEN t.kind = 'out_no' THEN 0
        WHEN t.kind = 'dial' AND u('short', t.id) < 0.4 THEN between_('talk', t.id, 12, 60)
        WHEN t.kind = 'internal' THEN between_('talk', t.id, 30, 180)
        ELSE least(greatest(p.talk * (0.8 + 0.5 * u('pace', h.op)) * exp(0.6 * normal('talk', t.id)), 15), 2700) END
        ::BIGINT AS talk,
    CASE WHEN t.kind = 'in' AND u('holds', t.id) < 0.2 THEN between_('hold', t.id, 12, 100) ELSE 0 END AS hold,
    CASE WHEN t.kind = 'out_no' THEN between_('wrap', t.id, 3, 8)
        ELSE 4 + expo('wrap', t.id, 25 + 40 * u('tidy', h.op), 300) END AS wrap
FROM turn t JOIN many m USING (day_no, p) JOIN halves h ON h.day_no = t.day_no AND h.p = t.p AND h.half = t.nth % m.many
JOIN projects p ON p.p = t.p"""
BREAKS = """
CREATE OR REPLACE TABLE breaks AS
WITH days AS (SELECT * FROM workdays WHERE day_no >= $first AND day_no < $after),
every AS (
    SELECT day_no, op, key * 10 + 1 AS key, CASE WHEN hours >= 6 THEN 'Lunch' ELSE 'Break' END AS reason,
        0.45 + 0.1 * u('lunch', key) AS place, CASE WHEN hours >= 6 THEN 1200 + expo('ate', key, 420, 1500)
        ELSE between_('ate', key, 500, 900) END AS length FROM days
    UNION ALL SELECT day_no, op, key * 10 + 2, 'Break', 0.2 + 0.1 * u('first', key),
        300 + expo('rest', key, 300, 1500) FROM days
    UNION ALL SELECT day_no, op, key * 10 + 3, 'Break', 0.7 + 0.1 * u('second', key),
        300 + expo('rest again', key, 300, 1500) FROM days WHERE hours >= 6
    UNION ALL SELECT day_no, op, key * 10 + 4, 'Restroom', u('when', key), between_('short', key, 120, 420)
        FROM days WHERE u('goes', key) < 0.5
    UNION ALL SELECT day_no, op, key * 10 + 5, pick('what', key, ['Training', 'Meeting', 'Technical problem']),
        u('then', key), between_('long', key, 600, 2700) FROM days WHERE u('special', key) < 0.18)
SELECT *, CASE WHEN reason = 'Technical problem' THEN pick('why', key, ['headset replaced', 'computer restarted',
    'no network']) WHEN reason = 'Meeting' THEN pick('who', key, ['with the team', 'with a client']) END AS comment
FROM every"""
# A day that holds more than its shift is squeezed; one that still does lasts longer.
LANE = """
CREATE OR REPLACE TABLE lane AS
WITH items AS (
    SELECT day_no, op, id, kind, mix, p, place, miss, CASE WHEN miss > 0 THEN 3 ELSE 0 END AS pause, ring, talk, hold,
        wrap, 0 AS away, NULL AS reason, NULL AS comment, id * 10 AS key FROM contacts
    UNION ALL SELECT day_no, op, NULL, 'away', NULL, NULL, place, 0, 0, 0, 0, 0, 0, length, reason, comment,
        key * 10 + 9
        FROM breaks),
shifts AS (
    SELECT i.*, w.login_t, w.logout_t, w.logout_t - w.login_t AS there,
        sum(talk + hold + wrap) OVER day AS elastic, sum(miss + pause + ring + away) OVER day AS fixed
    FROM items i JOIN workdays w USING (day_no, op) WINDOW day AS (PARTITION BY i.day_no, i.op)),
squeezed AS (
    SELECT * EXCLUDE (elastic, fixed), greatest(least((there * 0.96 - fixed) / nullif(elastic, 0), 1), 0.25) AS fit
    FROM shifts),
fitted AS (
    SELECT * REPLACE (floor(talk * fit)::BIGINT AS talk, floor(hold * fit)::BIGINT AS hold,
        floor(wrap * fit)::BIGINT AS wrap),
        1 + (expo('gap', key, 1000, 8000)
            / busy_hour(login_t + (place * there)::BIGINT))::BIGINT AS weight
    FROM squeezed),
lined AS (
    SELECT *, miss + pause + ring + talk + hold + wrap + away AS length,
        sum(length) OVER so_far AS passed, sum(length) OVER day AS filled,
        sum(weight) OVER so_far AS weight_passed, sum(weight) OVER day + 300 AS weights
    FROM fitted WINDOW day AS (PARTITION BY day_no, op),
    so_far AS (PARTITION BY day_no, op ORDER BY place, key ROWS UNBOUNDED PRECEDING))
SELECT day_no, op, id, kind, mix, p, miss, pause, ring, talk, hold, wrap, away, reason, comment, key, length, login_t,
    (login_t + passed - length + greatest(there - filled, 0) * weight_passed // weights)::BIGINT AS start_t,
    greatest(logout_t, login_t + filled)::BIGINT AS logout_t,
FROM lined"""


def fill(con: duckdb.DuckDBPyConnection, first: int, after: int) -> None:
    """Make `lane`: what each operator does on some days, in order, and when it starts."""
    days = {"first": first, "after": after}
    con.execute(CONTACTS, days)
    con.execute(BREAKS, days)
    con.execute(LANE)
