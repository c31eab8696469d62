"""Calls: instants counted back from the lanes, those that reached nobody, transfers, callbacks, and who called."""

from __future__ import annotations

import duckdb

# Contacts of the lanes: the operator's telephone rings at `ring_t`, she talks from `answered_t` on.
MANNED = """
WITH timed AS (
    SELECT *, start_t + miss + pause AS ring_t, start_t + miss + pause + ring AS talk_t,
        CASE WHEN kind <> 'in' THEN 0
            ELSE CASE WHEN u('at once', id) < 0.84 AND mix <> 'outage' THEN between_('little', id, 0, 4)
                ELSE expo('much', id, CASE WHEN mix = 'outage' THEN 200 ELSE 22 * busy_hour(start_t) END
                    * (0.6 + 1.2 * u('bad day', day_no * 10 + p)), 1500) END END AS extra
    FROM lane WHERE id IS NOT NULL)
SELECT id, day_no, p, kind, mix, op, ring_t, talk + hold AS spoken,
    CASE kind WHEN 'in' THEN start_t - extra - between_('ivr', id, 8, 40) WHEN 'dial' THEN ring_t - between_('d', id,
        6, 22)
        ELSE ring_t END AS started_t,
    CASE WHEN kind = 'in' THEN start_t - extra END AS queued_t,
    CASE kind WHEN 'dial' THEN ring_t WHEN 'out' THEN talk_t WHEN 'callback' THEN talk_t END AS picked_t,
    CASE WHEN kind <> 'out_no' THEN talk_t END AS answered_t,
    talk_t + talk + hold AS ended_t, ring, talk, hold, wrap, miss
FROM timed"""
# Calls that no operator answered. `at_t` is drawn from the open hours, early and late less often.
UNMANNED = """
WITH drawn AS (
    SELECT s.id, s.day_no, s.p, s.kind, s.mix, between_('ivr', id, 8, 40) AS ivr, s.zero_t + CASE
        WHEN s.kind = 'closed' AND s.mix = 'holiday' THEN between_('at', id, 8 * 3600, 20 * 3600)
        WHEN s.kind = 'closed' AND u('side', id) < 0.3 THEN between_('at', id, 5 * 3600, p.opens * 3600 - 60)
        WHEN s.kind = 'closed' THEN between_('at', id, p.closes * 3600, 84600)
        WHEN s.mix = 'outage' AND u('peak', id) < 0.7 THEN between_('at', id, 10 * 3600, 13 * 3600)
        ELSE p.opens * 3600 + ((p.closes - p.opens) * 3600 * (0.6 * u('at', id) + 0.4 * u('at more', id)))::BIGINT
            END AS at_t
    FROM slots s JOIN projects p USING (p)
    WHERE s.kind NOT IN ('in', 'dial', 'out', 'out_no', 'callback', 'internal')),
lasting AS (
    SELECT *, CASE kind
        WHEN 'abandoned' THEN CASE WHEN u('short', id) < 0.25 THEN between_('wait', id, 0, 5)
            ELSE 5 + expo('wait', id, CASE WHEN mix = 'outage' THEN 260 ELSE 55 END, 1800) END
        WHEN 'callback_requested' THEN between_('wait', id, 20, 120)
        WHEN 'voicemail' THEN between_('wait', id, 30, 150)
        WHEN 'flow_out' THEN between_('wait', id, 180, 420)
        WHEN 'failed' THEN between_('wait', id, 0, 30)
        WHEN 'refused' THEN between_('wait', id, 2, 6)
        WHEN 'closed' THEN between_('wait', id, 5, 15)
        WHEN 'robot' THEN between_('talk', id, 25, 150)
        WHEN 'auto' THEN between_('talk', id, 8, 40)
        WHEN 'dropped' THEN between_('wait', id, 2, 6)
        WHEN 'machine' THEN between_('wait', id, 4, 12)
        ELSE 0 END AS length,
        CASE kind WHEN 'no_answer' THEN between_('rings', id, 20, 35) WHEN 'busy' THEN between_('rings', id, 1, 4)
            WHEN 'rejected' THEN between_('rings', id, 3, 14) WHEN 'dial_failed' THEN between_('rings', id, 0, 3)
            WHEN 'auto' THEN between_('rings', id, 6, 22) WHEN 'dropped' THEN between_('rings', id, 6, 22)
            WHEN 'machine' THEN between_('rings', id, 8, 25) END AS ring
    FROM drawn)
SELECT id, day_no, p, kind, mix, NULL AS op, NULL AS ring_t, CASE WHEN kind IN ('robot', 'auto') THEN length END
    AS spoken,
    at_t AS started_t,
    CASE WHEN kind IN ('abandoned', 'callback_requested', 'voicemail', 'flow_out', 'failed') THEN at_t + ivr END
        AS queued_t,
    CASE WHEN kind IN ('auto', 'dropped') THEN at_t + ring END AS picked_t,
    CASE kind WHEN 'robot' THEN at_t + ivr WHEN 'auto' THEN at_t + ring END AS answered_t,
    at_t + coalesce(ring, CASE WHEN kind IN ('refused', 'closed') THEN 0 ELSE ivr END) + length AS ended_t,
    ring, CASE WHEN kind IN ('robot', 'auto') THEN length END AS talk, NULL AS hold, NULL AS wrap, 0 AS miss
FROM lasting"""
BASE = f"CREATE OR REPLACE TABLE base AS ({MANNED}) UNION ALL BY NAME ({UNMANNED})"
# Some answered contacts are taken over from a colleague whose talk ended just before: the time between is the wait.
TRANSFERS = """
CREATE OR REPLACE TABLE transfers AS
WITH drawn AS (SELECT *, u('taken', id) < 0.2 AS takes FROM base),
takers AS (SELECT id, op, p, ring_t - 2 AS at_t FROM drawn WHERE kind = 'in' AND miss = 0 AND takes),
givers AS (SELECT id, op, p, ended_t FROM drawn WHERE kind IN ('in', 'dial') AND talk > 20 AND NOT takes),
pairs AS (
    SELECT t.id AS taker, g.id AS giver, g.ended_t, t.at_t
    FROM takers t ASOF JOIN givers g ON t.at_t >= g.ended_t WHERE g.op <> t.op AND t.at_t - g.ended_t < 75)
SELECT giver, arg_min(taker, (at_t, taker)) AS taker, any_value(ended_t) AS ended_t FROM pairs GROUP BY giver"""
# A callback goes to the last customer whom the same project lost before on that day, once.
CALLBACKS = """
CREATE OR REPLACE TABLE returned AS
WITH lost AS (
    SELECT id, p, day_no, ended_t FROM base WHERE kind IN ('abandoned', 'callback_requested', 'voicemail')
    AND (kind = 'callback_requested' OR u('returned', id) < 0.6)),
pairs AS (
    SELECT c.id AS callback, l.id AS lost, c.ring_t FROM (SELECT * FROM base WHERE kind = 'callback') c
    ASOF JOIN lost l ON c.p = l.p AND c.day_no = l.day_no AND c.ring_t >= l.ended_t + 60)
SELECT lost, arg_min(callback, (ring_t, callback)) AS callback FROM pairs GROUP BY lost"""
# Customers of a project have numbers of a range that overlaps the next project's; some call again on the same day.
CALLERS = """
CREATE OR REPLACE TABLE callers AS
WITH ranges AS (
    SELECT p, greatest(40, floor(getvariable('calls') * share * 0.35))::BIGINT AS size,
        floor(getvariable('calls') * 0.33 * (sum(share) OVER (ORDER BY p) - share))::BIGINT AS first FROM projects),
of AS (
    SELECT s.id, r.first, r.size, CASE WHEN u('again', s.id) < 0.16 THEN
        greatest(s.id - 1 - floor(u('whom', s.id) * 30)::BIGINT, s.before + 1) ELSE s.id END AS source
    FROM slots s JOIN ranges r USING (p)),
numbered AS (SELECT id, first + floor(power(u('caller', source), 1.3) * size)::BIGINT AS person FROM of)
SELECT n.id, coalesce(lost.person, n.person) AS person FROM numbered n
LEFT JOIN returned r ON r.callback = n.id LEFT JOIN numbered lost ON lost.id = r.lost"""
CALLS = """
CREATE OR REPLACE TABLE calls AS
WITH joined AS (
    SELECT b.* REPLACE (coalesce(t.ended_t, b.started_t) AS started_t, CASE WHEN t.giver IS NULL THEN b.queued_t
            ELSE t.ended_t END AS queued_t), t.giver, given.taker, c.person, p.project AS project_name, p.opens,
        p.scenario AS welcome, p.form AS own_form, p.dialer AS own_dialer, p.currency, p.results, p.code,
            a.*  EXCLUDE (id),
        q.queue AS own_queue, pick('provider', b.id, ['Telco North', 'Telco North', 'Telco North', 'Telco South',
            'Telco South', 'Budget Voice']) AS provider
    FROM base b JOIN projects p USING (p) JOIN callers c USING (id) LEFT JOIN transfers t ON t.taker = b.id
    LEFT JOIN transfers given ON given.giver = b.id LEFT JOIN attempts a ON a.id = b.id
    LEFT JOIN queues q ON q.p = b.p AND b.day_no >= q.since AND b.day_no < q.until
        AND u('queue', b.id) >= q.lo AND u('queue', b.id) < q.hi)
SELECT *, name_of(id) AS call,
    CASE WHEN kind IN ('dial', 'out', 'out_no', 'callback') OR task IS NOT NULL THEN 'outbound'
        WHEN kind = 'internal' THEN 'internal' ELSE 'inbound' END AS direction,
    CASE WHEN kind IN ('in', 'abandoned', 'callback_requested', 'voicemail', 'flow_out', 'failed', 'refused', 'closed',
        'callback') THEN own_queue END AS queue,
    CASE WHEN task IS NOT NULL THEN own_dialer END AS dialer,
    CASE WHEN kind = 'auto' THEN 'Cedar reminder' WHEN kind IN ('in', 'abandoned', 'callback_requested', 'voicemail',
        'flow_out',
        'failed', 'left', 'robot') AND giver IS NULL THEN welcome END AS scenario,
    CASE WHEN kind IN ('out', 'out_no') OR (kind IN ('in', 'dial') AND u('card', id) < 0.7) THEN own_form END AS form,
    CASE kind WHEN 'in' THEN 'answered' WHEN 'dial' THEN 'answered' WHEN 'out' THEN 'answered' WHEN 'callback'
        THEN 'answered'
        WHEN 'internal' THEN 'answered' WHEN 'robot' THEN 'answered' WHEN 'auto' THEN 'answered'
        WHEN 'left' THEN 'left_in_scenario' WHEN 'dial_failed' THEN 'failed'
        WHEN 'out_no' THEN pick('no', id, ['no_answer', 'no_answer', 'busy', 'rejected']) ELSE kind END AS outcome,
    CASE WHEN taker IS NOT NULL THEN 'operator' WHEN kind IN ('in', 'dial', 'out', 'callback', 'internal')
            THEN pick('ends', id, ['customer', 'customer', 'customer', 'operator'])
        WHEN kind IN ('abandoned', 'left', 'rejected', 'robot', 'auto') THEN 'customer' ELSE 'system' END AS ended_by,
    CASE WHEN kind = 'dial' THEN CASE WHEN talk > 60 AND u('result', id) < 0.42 THEN results[1]
            ELSE pick('result', id, results[2:]) END
        WHEN kind IN ('in', 'out', 'callback') THEN CASE WHEN u('result', id) < 0.35 THEN results[1]
            ELSE pick('result', id, results) END
        WHEN kind = 'auto' THEN CASE WHEN u('confirms', id) < 0.7 THEN 'confirmed' WHEN u('confirms', id) < 0.8
            THEN 'cancelled' END
        WHEN task IS NOT NULL AND kind IN ('busy', 'machine', 'rejected') THEN kind
        WHEN task IS NOT NULL AND kind = 'no_answer' THEN 'no answer' END AS result,
    provider = 'Budget Voice' AS bad,
    CASE WHEN giver IS NULL AND kind <> 'internal' THEN '+482200000' || p || id % 2 END AS line,
    phone_of(person) AS phone, 'Customer ' || person AS contact_name,
    CASE WHEN u('email', person) < 0.3 THEN 'customer' || person || '@example.com' END AS email,
    coalesce(answered_t, ended_t) > started_t AND kind NOT IN ('closed', 'refused', 'dial_failed', 'failed')
        AS connected
FROM joined"""
OUTPUT = """
SELECT call AS source_id, coalesce(name_of(giver), call) AS interaction, direction,
    CASE WHEN kind = 'internal' THEN project_name END AS project,
    to_timestamp(started_t) AS started_at, to_timestamp(queued_t) AS queued_at, to_timestamp(picked_t) AS picked_up_at,
    to_timestamp(answered_t) AS answered_at, to_timestamp(ended_t) AS ended_at,
    ring AS ring_s, talk AS talk_s, hold AS hold_s, wrap AS wrap_s,
    queue, dialer, task, scenario, form, operator, CASE WHEN kind <> 'internal' THEN provider END AS provider, line,
    phone, contact_name, email, outcome,
    upper(CASE kind WHEN 'in' THEN 'connected' WHEN 'left' THEN 'ivr hangup' ELSE replace(kind, '_', ' ') END)
        AS source_outcome, ended_by, kind IN ('robot', 'auto') AS by_robot, result,
    name_of(taker) AS transfer_to,
    CASE WHEN kind = 'internal' THEN NULL WHEN outcome = 'answered' THEN 200 WHEN outcome = 'busy' THEN 486
        WHEN outcome = 'no_answer' THEN pick('code', id, [480, 408, 480]) WHEN outcome = 'rejected' THEN 603
        WHEN kind IN ('abandoned', 'left') THEN 487 WHEN kind IN ('dial_failed', 'failed')
        THEN CASE WHEN bad THEN 503 ELSE pick('code', id, [404, 484, 503]) END ELSE 200 END AS sip_code,
    CASE WHEN direction = 'outbound' THEN round(0.4 + 1.2 * u('pdd', id) + CASE WHEN bad THEN 2.5 ELSE 0 END, 2) END
        AS post_dial_s,
    CASE WHEN heard AND u('measured', id) < 0.9 THEN round(4.35 - 0.3 * u('mos', id) - CASE WHEN bad
        THEN 0.5 + 0.9 * u('worse', id) ELSE 0.05 * u('worse', id) END, 2) END AS mos,
    CASE WHEN heard THEN round(CASE WHEN bad THEN 1.5 + 5 * u('worse', id) ELSE 0.6 * u('mos', id) END, 2) END
        AS packet_loss,
    CASE WHEN heard THEN round(CASE WHEN bad THEN 25 + 40 * u('worse', id) ELSE 3 + 10 * u('mos', id) END, 1) END
        AS jitter_ms,
    CASE WHEN heard THEN round(CASE WHEN bad THEN 160 + 150 * u('worse', id) ELSE 35 + 60 * u('mos', id) END, 1) END
        AS delay_ms,
    attempt_no, CASE WHEN kind = 'auto' THEN least(talk, 6 + id % 20) END AS played_s,
    CASE WHEN kind = 'auto' THEN 6 + id % 20 END AS message_s,
    CASE WHEN direction = 'outbound' AND answered_t IS NOT NULL THEN money(0.01 + spoken / 60.0 * 0.11)
        WHEN direction = 'inbound' AND answered_t IS NOT NULL THEN money(spoken / 60.0 * 0.03) END AS cost,
    CASE WHEN answered_t IS NOT NULL AND kind <> 'internal' THEN currency END AS currency,
    CASE WHEN operator IS NOT NULL AND heard AND u('recorded', id) < 0.85
        THEN 'https://recordings.example.com/' || code || '/' || call || '.ogg' END AS recording,
    CASE WHEN operator IS NOT NULL AND heard AND u('recorded', id) < 0.85 THEN 4000 + spoken * 2100 END
        AS recording_bytes,
FROM (SELECT c.*, o.operator, answered_t IS NOT NULL AND kind <> 'internal' AS heard
    FROM calls c LEFT JOIN operators o USING (op)) ORDER BY started_t, id"""
RINGS = """
SELECT call, operator, to_timestamp(ring_t) AS started_at, to_timestamp(ring_t + ring) AS ended_at, 'answered' AS result
FROM calls JOIN operators USING (op) WHERE kind IN ('in', 'dial', 'internal')
UNION ALL SELECT call, operator, to_timestamp(ring_t - 3 - miss), to_timestamp(ring_t - 3), 'missed'
FROM calls JOIN operators USING (op) WHERE miss > 0 ORDER BY started_at, call"""


def fill(con: duckdb.DuckDBPyConnection) -> None:
    """Make `base` and who hands over to whom; then `attempts` of dialers are needed, and `finish`."""
    for statement in (BASE, TRANSFERS, CALLBACKS, CALLERS):
        con.execute(statement)


def finish(con: duckdb.DuckDBPyConnection) -> None:
    """Make `calls`."""
    con.execute(CALLS)
