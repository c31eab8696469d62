"""Visits: what one caller's lines in one queue tell, from the entry to the end, and the operators' rings in between."""

from __future__ import annotations

import duckdb

from okireports.sources.queue_log.events import (
    CALLS,
    COMPLETE,
    ENDS,
    ENTRY,
    KNOWN,
    NOBODY,
    OF_CALL,
    REFUSED,
    RINGS,
    TRANSFER,
    number,
)
from okireports.sources.quoting import texts

VISITS = "raw.queue_visits"
RANG = "raw.queue_rang"  # each attempt to reach an agent, with the visit it belongs to

_HELD = f"""CASE event WHEN 'ABANDON' THEN {number("d[3]")} WHEN 'EXITWITHTIMEOUT' THEN {number("d[3]")}
WHEN 'EXITEMPTY' THEN {number("d[3]")} WHEN 'EXITWITHKEY' THEN {number("d[4]")}
WHEN 'COMPLETECALLER' THEN {number("d[1]")} WHEN 'COMPLETEAGENT' THEN {number("d[1]")}
WHEN 'CONNECT' THEN {number("d[1]")}
WHEN 'TRANSFER' THEN {number("d[3]")} WHEN 'BLINDTRANSFER' THEN {number("d[3]")}
WHEN 'ATTENDEDTRANSFER' THEN {number("d[greatest(len(d), 5) - 2]")} END"""
_TALKED = f"""CASE event WHEN 'COMPLETECALLER' THEN {number("d[2]")} WHEN 'COMPLETEAGENT' THEN {number("d[2]")}
WHEN 'TRANSFER' THEN {number("d[4]")} WHEN 'BLINDTRANSFER' THEN {number("d[4]")}
WHEN 'ATTENDEDTRANSFER' THEN {number("d[greatest(len(d), 5) - 1]")} END"""
_SERVED = texts((*COMPLETE, *TRANSFER))


def back(at: str, seconds: str) -> str:
    """SQL: so many seconds before an instant."""
    return f"({at} - to_milliseconds((1000 * {seconds})::BIGINT))"


# `was_end`: did the last step of the call in this queue, rings apart, end it? A ring never begins a visit of its own.
STEPS_SQL = f"""
CREATE OR REPLACE TABLE raw.queue_steps AS
WITH steps AS (SELECT *, event IN ({texts(ENDS)}) AS ends, event IN ({texts((*ENTRY, *REFUSED))}) AS enters,
    CASE WHEN event NOT IN ({texts(RINGS)}) THEN event IN ({texts(ENDS)}) END AS turn
    FROM {KNOWN} WHERE event IN ({texts(OF_CALL)})),
before AS (SELECT *, last_value(turn IGNORE NULLS) OVER (PARTITION BY callid, queue ORDER BY seq
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS was_end,
    row_number() OVER (PARTITION BY callid, queue ORDER BY seq) AS nth FROM steps)
SELECT *, sum((nth = 1 OR enters OR (event = 'CONNECT' AND coalesce(was_end, false)))::INT)
    OVER (PARTITION BY callid, queue ORDER BY seq) AS visit, {_HELD} AS held, {_TALKED} AS talked FROM before"""

VISITS_SQL = f"""
CREATE OR REPLACE TABLE {VISITS} AS
WITH visits AS (SELECT callid, queue, visit, min(seq) AS first_seq, max(seq) AS last_seq, max(moment) AS last_at,
    min(moment) AS first_at, min(moment) FILTER (event = 'ENTERQUEUE') AS entry,
    min(d[2]) FILTER (event = 'ENTERQUEUE') AS phone,
    arg_max({{'moment': moment, 'agent': agent, 'held': held, 'ring': {number("d[3]", 86400)}}}, seq)
        FILTER (event = 'CONNECT') AS c,
    arg_min({{'moment': moment, 'agent': agent, 'event': event, 'held': held, 'talked': talked}}, seq)
        FILTER (ends) AS e
    FROM raw.queue_steps GROUP BY ALL),
entered AS (SELECT *, c IS NOT NULL OR coalesce(e.event IN ({_SERVED}), false) AS served,
    least(first_at, coalesce(entry, {back("c.moment", "c.held")}, CASE WHEN e.event IN ({_SERVED})
    THEN {back("e.moment", "(coalesce(e.held, 0) + coalesce(e.talked, 0))")} ELSE {back("e.moment", "e.held")} END,
    first_at)) AS entered FROM visits),
followed AS (SELECT v.*, lead(entered) OVER (PARTITION BY callid ORDER BY first_seq) AS next_at,
    EXISTS (SELECT 1 FROM {KNOWN} r WHERE r.event = 'QUEUESTART' AND r.seq > v.last_seq
    AND r.moment <= v.last_at + INTERVAL 1 DAY) AS restarted FROM entered v),
ended AS (SELECT *, CASE WHEN e IS NOT NULL THEN e.moment WHEN next_at IS NOT NULL THEN greatest(next_at, last_at)
    WHEN restarted THEN last_at END AS ended,
    CASE WHEN e.event IN ({_SERVED}) THEN 'answered' WHEN e.event = 'ABANDON' THEN 'abandoned'
    WHEN e.event = 'CLOSED' THEN 'closed' WHEN e.event IN ({texts(REFUSED)}) THEN 'refused'
    WHEN e.event = 'SYSCOMPAT' THEN 'failed' WHEN e IS NOT NULL THEN 'flow_out' WHEN c IS NOT NULL THEN 'answered'
    WHEN next_at IS NOT NULL THEN 'flow_out' ELSE 'failed' END AS outcome FROM followed)
SELECT *, concat_ws('/', callid, queue, visit) AS source_id,
    CASE WHEN served THEN least(greatest(entered,
        coalesce(c.moment, {back("e.moment", "e.talked")}, e.moment)), ended) END AS taken,
    nullif(CASE WHEN c.agent IS NULL OR c.agent IN ({texts(NOBODY)}) THEN CASE WHEN served THEN e.agent END
    ELSE c.agent END, '') AS agent FROM ended ORDER BY first_seq"""

_WRAP = f"""(SELECT callid, queue, lower(agent) AS who, max({number("d[1]", 86400)}) AS wrap_s FROM {KNOWN}
WHERE event = 'WRAPUPSTART' AND callid NOT IN ({texts(NOBODY)}) GROUP BY ALL)"""
_DID = f"(SELECT callid, min(d[1]) AS did FROM {KNOWN} WHERE event = 'DID' AND d[1] <> '' GROUP BY callid)"
_PHONE = "CASE WHEN regexp_full_match(phone, '[+]?[0-9][0-9 ()./-]+') THEN phone END"


def utc(at: str) -> str:
    """SQL: an instant that says that it is UTC."""
    return f"({at})::TIMESTAMPTZ"


CALLS_SQL = f"""
CREATE OR REPLACE TABLE raw.calls AS
SELECT source_id, v.callid AS interaction, 'inbound' AS direction, {utc("entered")} AS started_at,
    {utc("CASE WHEN outcome NOT IN ('refused', 'closed') THEN entered END")} AS queued_at,
    {utc("CASE WHEN outcome = 'answered' THEN taken END")} AS answered_at,
    {utc("greatest(ended, entered, CASE WHEN outcome = 'answered' THEN taken END)")} AS ended_at,
    CASE WHEN outcome = 'answered' THEN coalesce(c.held, e.held)
    WHEN outcome NOT IN ('refused', 'closed') THEN e.held END AS wait_s,
    CASE WHEN outcome = 'answered' THEN c.ring END AS ring_s,
    CASE WHEN outcome = 'answered' THEN e.talked END AS talk_s,
    CASE WHEN outcome = 'answered' THEN w.wrap_s END AS wrap_s, v.queue,
    CASE WHEN outcome = 'answered' AND agent NOT IN ({texts(NOBODY)}) THEN agent END AS operator, did AS line,
    {_PHONE} AS phone, outcome, coalesce(e.event, 'no end in the log') AS source_outcome,
    CASE WHEN e.event IN ('COMPLETECALLER', 'ABANDON', 'EXITWITHKEY') THEN 'customer'
    WHEN e.event IN ('COMPLETEAGENT', {texts(TRANSFER)}) THEN 'operator' WHEN e IS NOT NULL OR restarted THEN 'system'
    END AS ended_by, 0::USMALLINT AS _file
FROM {VISITS} v LEFT JOIN {_WRAP} w ON w.callid = v.callid AND w.queue = v.queue AND w.who = lower(v.agent)
LEFT JOIN {_DID} t ON t.callid = v.callid
WHERE v.callid IN (SELECT callid FROM {CALLS}) AND ended IS NOT NULL ORDER BY first_seq"""

RANG_SQL = f"""
CREATE OR REPLACE TABLE {RANG} AS
SELECT s.callid, s.queue, v.source_id, s.who, s.agent, v.ended IS NOT NULL AS done, s.seq, s.moment AS until,
    s.moment - to_milliseconds(coalesce(CASE WHEN event = 'CONNECT' THEN 1000 * {number("d[3]", 86400)}
    ELSE {number("d[1]", 86_400_000)} END, 0)::BIGINT) AS since,
    CASE event WHEN 'CONNECT' THEN 'answered' WHEN 'RINGNOANSWER' THEN 'no_answer' WHEN 'RINGCANCELED' THEN 'cancelled'
    ELSE 'dropped' END AS result
FROM raw.queue_steps s JOIN {VISITS} v USING (callid, queue, visit)
WHERE event IN ('CONNECT', {texts(RINGS)}) AND s.agent NOT IN ({texts(NOBODY)})"""

RINGS_SQL = f"""
CREATE OR REPLACE TABLE raw.rings AS
SELECT source_id AS call, agent AS operator, {utc("since")} AS started_at, {utc("until")} AS ended_at, result,
    0::USMALLINT AS _file FROM {RANG} WHERE done AND callid IN (SELECT callid FROM {CALLS})
QUALIFY row_number() OVER (PARTITION BY source_id, who, since ORDER BY until DESC, seq) = 1 ORDER BY seq"""


def unfinished(con: duckdb.DuckDBPyConnection) -> int:
    """How many of the calls that this load concerns have no end yet."""
    row = con.execute(
        f"SELECT count(*) FROM {VISITS} WHERE ended IS NULL AND callid IN (SELECT callid FROM {CALLS})"
    ).fetchone()
    return int(row[0]) if row else 0
