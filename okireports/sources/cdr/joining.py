"""Legs become contacts: which legs are one conversation, where a transfer begins a new contact, who tried whom.

A **leg** is one channel (`a`) that ran through the dialplan or reached another channel (`b`). Legs with one `key` are
one interaction. They are joined by these rules, the same for every switch:

* **Origin.** The first leg that is not plumbing (a Local channel) tells who called and how: its `a` is the caller.
* **Attempts.** All legs to one channel `b` are one attempt to reach it; it rings from the first leg's start. Legs to
  and from Local channels tell when things happened, and are nobody.
* **Consultations.** A leg whose `a` is neither the caller nor somebody who had answered and was left by the other side
  is an operator asking another operator. It belongs to the call and is no contact; if the asked one takes the customer
  over, the ringing began with the question.
* **Contacts.** Attempts follow one another by the time at which the customer was handed to them. One that begins when
  an earlier conversation is over is a transfer, blind or attended, and a new contact; so is a move to another queue.
  The first contact starts with the interaction and has its id; others have the channel's name behind a stroke.
* **Outcome.** Answered if an attempt was; else flow_out if another contact follows, voicemail, abandoned in a queue;
  else the best that an attempt met (no_answer before busy before rejected before failed). Without any attempt a call
  that the dialplan itself answered is `left_in_scenario`: a recording or a menu had it, and no person.
* **Direction.** An origin outside is inbound; an origin inside that dials a number through a trunk is outbound; the
  rest is internal. The operator is who answered; of an outbound call the device that it came from.
* **Ended by.** The side whose channel hung up, where the log tells; a contact that was handed on was ended by the
  operator, or where nobody had answered, by the system.
"""

from __future__ import annotations

import duckdb

LEGS = "raw.cdr_legs"
LEG = """id BIGINT, _file USMALLINT, key VARCHAR, seq BIGINT, a VARCHAR, b VARCHAR, a_local BOOLEAN, b_local BOOLEAN,
a_peer VARCHAR, b_name VARCHAR, b_peer VARCHAR, b_outside BOOLEAN, inside BOOLEAN, src VARCHAR, dst VARCHAR,
caller_name VARCHAR, queue VARCHAR, voicemail BOOLEAN, started TIMESTAMP, queued TIMESTAMP, answered TIMESTAMP,
ended TIMESTAMP, talk DOUBLE, hold DOUBLE, word VARCHAR, verdict VARCHAR, utc BOOLEAN, ended_by VARCHAR,
sip_code VARCHAR, post_dial DOUBLE, mos VARCHAR, packet_loss VARCHAR, recording VARCHAR"""
NAME_OF_LEG = "md5(concat_ws(chr(31), a, b, date_trunc('second', started)))[:8]"  # which leg of its call it is
_VERDICTS = ("answered", "no_answer", "busy", "rejected", "failed")  # from best to worst
OUTSIDE_NUMBER = "[+].*|[0-9]{6,}"  # of a number dialled through a trunk; shorter ones are another switch's devices
_RANK = "CASE verdict " + " ".join(f"WHEN '{v}' THEN {n}" for n, v in enumerate(_VERDICTS)) + " ELSE 9 END"
_TALKED = "verdict = 'answered' AND b IS NOT NULL AND NOT b_local"


def join(con: duckdb.DuckDBPyConnection) -> None:
    """Make `raw.calls` and `raw.rings` of the legs."""
    for query in (_ORIGINS, _ROLES, _ITEMS, _NUMBERED, _CONTACTS, _NAMED, _CALLS, _RINGS):
        con.execute(query)


_ORIGINS = f"""
CREATE OR REPLACE TABLE raw.cdr_origins AS
SELECT key, a, a_peer, src, dst, caller_name, inside, utc FROM {LEGS}
QUALIFY row_number() OVER (PARTITION BY key ORDER BY a_local, started, seq NULLS FIRST, id) = 1"""

# A channel that was called and goes on alone when the caller has left it (the caller transferred it) is the customer.
_ROLES = f"""
CREATE OR REPLACE TABLE raw.cdr_roles AS
WITH left_over AS (SELECT key, b AS a, max(ended) AS free FROM {LEGS} WHERE {_TALKED} GROUP BY key, b)
SELECT l.*, l.a = o.a OR l.a_local OR coalesce(l.started >= w.free, false) AS main
FROM {LEGS} l JOIN raw.cdr_origins o USING (key) LEFT JOIN left_over w ON w.key = l.key AND w.a = l.a"""

_ITEMS = f"""
CREATE OR REPLACE TABLE raw.cdr_items AS
SELECT key, b, any_value(b_name) AS b_name, any_value(b_peer) AS b_peer, bool_or(b_outside) AS b_outside,
    min(id) FILTER (main) AS id, min(started) AS rung, min(started) FILTER (main) AS since,
    min(answered) FILTER (main AND verdict = 'answered') AS answered, max(ended) FILTER (main) AS ended,
    sum(talk) FILTER (main AND verdict = 'answered') AS talk, sum(hold) FILTER (main) AS hold,
    arg_min(verdict, {_RANK}) FILTER (main) AS verdict, arg_min(word, {_RANK}) FILTER (main) AS word,
    max(queue) FILTER (main) AS queue, min(queued) FILTER (main) AS queued, false AS voicemail,
    min(sip_code) AS sip_code, min(post_dial) AS post_dial, any_value(recording) AS recording
FROM raw.cdr_roles WHERE b IS NOT NULL AND NOT b_local GROUP BY key, b HAVING bool_or(main)
UNION ALL
SELECT key, NULL, NULL, NULL, false, id, started, started, NULL, ended, NULL, NULL,
    CASE WHEN verdict = 'answered' THEN 'no_answer' ELSE verdict END, word, queue, coalesce(queued, started), voicemail,
    NULL, NULL, recording
FROM raw.cdr_roles WHERE main AND b IS NULL AND (queue IS NOT NULL OR voicemail)"""

_NUMBERED = """
CREATE OR REPLACE TABLE raw.cdr_numbered AS
WITH seen AS (
    SELECT *, max(CASE WHEN answered < ended THEN ended END) OVER before AS talked_until,
        last_value(queue IGNORE NULLS) OVER before AS queue_before
    FROM raw.cdr_items
    WINDOW before AS (PARTITION BY key ORDER BY since, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
SELECT *, 1 + count_if(coalesce(since >= talked_until, false) OR coalesce(queue <> queue_before, false))
    OVER (PARTITION BY key ORDER BY since, id ROWS UNBOUNDED PRECEDING) AS nth
FROM seen"""

_CONTACTS = f"""
CREATE OR REPLACE TABLE raw.cdr_contacts AS
WITH whole AS (
    SELECT key, min(started) AS began, max(ended) FILTER (main) AS over, min(id) AS id, arg_min(_file, id) AS _file,
        bool_or(verdict = 'answered') AS taken, arg_min(verdict, {_RANK}) AS verdict, arg_min(word, {_RANK}) AS word,
        arg_min(ended_by, ended) FILTER (ended_by IS NOT NULL) AS ended_by, any_value(recording) AS recording,
        min(sip_code) AS sip_code, min(post_dial) AS post_dial, min(mos) AS mos, min(packet_loss) AS packet_loss
    FROM raw.cdr_roles GROUP BY key),
items AS (
    SELECT key, nth, min(since) AS since, min(rung) AS rung, max(ended) AS until, count(*) AS items,
        max(queue) AS queue, min(queued) FILTER (queue IS NOT NULL) AS queued, bool_or(voicemail) AS voicemail,
        arg_min(coalesce(b, epoch(since)::BIGINT::VARCHAR), (since, id)) AS mark, arg_min(verdict, {_RANK}) AS verdict,
        arg_min(word, {_RANK}) AS word, min(answered) AS answered,
            max(ended) FILTER (answered IS NOT NULL) AS talked_until,
        sum(talk) AS talk, sum(hold) AS hold,
        arg_min({{'b': b, 'name': b_name, 'peer': b_peer, 'outside': b_outside, 'rung': rung}},
            ({_RANK}, answered, since, id)) AS best,
        arg_min(sip_code, {_RANK}) AS sip_code, arg_min(post_dial, {_RANK}) AS post_dial, min(id) AS item_id,
        any_value(recording) AS recording
    FROM raw.cdr_numbered GROUP BY key, nth)
SELECT w.*, i.* EXCLUDE (key, nth, verdict, word, sip_code, post_dial, recording), coalesce(i.nth, 1) AS nth,
    i.verdict AS item_verdict, coalesce(i.word, w.word) AS told, coalesce(i.sip_code, w.sip_code) AS code,
    coalesce(i.post_dial, w.post_dial) AS dialled_for, coalesce(i.recording, w.recording) AS recorded,
    lead(i.since) OVER mine AS next_since, w.key AS interaction,
    CASE WHEN coalesce(i.nth, 1) = 1 THEN w.key ELSE w.key || '/' || i.mark END AS name
FROM whole w LEFT JOIN items i USING (key) WINDOW mine AS (PARTITION BY w.key ORDER BY i.nth)"""

# Names are the same in every load; a second contact of one name (two queues entered in one second) is numbered.
_NAMED = """
CREATE OR REPLACE TABLE raw.cdr_named AS
WITH counted AS (
    SELECT *, row_number() OVER (PARTITION BY name ORDER BY nth, id, item_id) AS of_name FROM raw.cdr_contacts),
called AS (SELECT *, name || CASE WHEN of_name > 1 THEN ' ' || of_name ELSE '' END AS source_id FROM counted)
SELECT c.*, lead(source_id) OVER mine AS next_id, o.a_peer, o.src, o.dst, o.caller_name, o.inside, o.utc,
    CASE WHEN NOT o.inside THEN 'inbound' WHEN first_value(c.best.outside) OVER mine THEN 'outbound'
        ELSE 'internal' END AS direction,
    nth = 1 AS is_first, lead(source_id) OVER mine IS NULL AS is_last,
    CASE WHEN nth = 1 THEN began ELSE since END AS from_at
FROM called c JOIN raw.cdr_origins o USING (key) WINDOW mine AS (PARTITION BY c.key ORDER BY c.nth)"""


def _at(instant: str) -> str:
    """SQL: an instant as text; one that is known in UTC says so."""
    return f"({instant})::TIMESTAMP::VARCHAR || CASE WHEN utc THEN 'Z' ELSE '' END"


def _later(instant: str) -> str:
    """SQL: the instant, not before the contact begins; NULL where there is none (greatest() skips NULL)."""
    return f"CASE WHEN {instant} IS NOT NULL THEN greatest({instant}, from_at) END"


_ANSWERED = _later("answered")
_UNTIL = f"""CASE WHEN is_last THEN greatest(over, until, from_at, {_ANSWERED})
    ELSE greatest(coalesce(talked_until, least(until, next_since)), from_at, {_ANSWERED}) END"""
_CALL = {
    "source_id": "source_id",
    "interaction": "interaction",
    "transfer_to": "next_id",
    "direction": "direction",
    "started_at": _at("from_at"),
    "queued_at": _at(_later("queued")),
    "picked_up_at": _at(f"CASE WHEN direction = 'outbound' THEN {_ANSWERED} END"),
    "answered_at": _at(_ANSWERED),
    "ended_at": _at(_UNTIL),
    "ring_s": """CASE WHEN answered IS NOT NULL
        THEN epoch_ms(greatest(answered - best.rung, INTERVAL 0 SECOND)) / 1000 END""",
    "talk_s": "talk",
    "hold_s": "hold",
    "queue": "queue",
    "operator": """CASE WHEN direction = 'outbound' AND is_first THEN a_peer
        WHEN answered IS NOT NULL AND NOT best.outside THEN best.name END""",
    "provider": """CASE direction WHEN 'inbound' THEN a_peer
        WHEN 'outbound' THEN first_value(best.peer) OVER (PARTITION BY interaction ORDER BY nth) END""",
    "line": "CASE WHEN direction = 'inbound' AND regexp_full_match(dst, '[+]?[0-9]{3,}') THEN dst END",
    "phone": "CASE direction WHEN 'inbound' THEN nullif(src, '') WHEN 'outbound' THEN nullif(dst, '') END",
    "contact_name": "CASE WHEN direction = 'inbound' AND caller_name <> src THEN nullif(caller_name, '') END",
    "outcome": """CASE WHEN answered IS NOT NULL THEN 'answered' WHEN NOT is_last THEN 'flow_out'
        WHEN voicemail THEN 'voicemail' WHEN queue IS NOT NULL THEN 'abandoned'
        WHEN items > 0 THEN item_verdict WHEN taken THEN 'left_in_scenario' ELSE verdict END""",
    "source_outcome": "told",
    "ended_by": """CASE WHEN NOT is_last THEN CASE WHEN answered IS NULL THEN 'system' ELSE 'operator' END
        WHEN ended_by = 'system' THEN 'system'
        WHEN direction = 'internal' AND ended_by IN ('a', 'b') THEN 'operator'
        WHEN (ended_by = 'a') = (direction = 'inbound') THEN 'customer'
        WHEN ended_by IN ('a', 'b') THEN 'operator' END""",
    "sip_code": "code",
    "post_dial_s": "dialled_for",
    "mos": "mos",
    "packet_loss": "packet_loss",
    "recording": "recorded",
}
_CALLS = f"""
CREATE OR REPLACE TABLE raw.calls AS
SELECT {", ".join(f"{sql} AS {name}" for name, sql in _CALL.items())}, _file, coalesce(item_id, id) AS _leg
FROM raw.cdr_named ORDER BY id, nth"""

# A device that is tried twice in one second was tried once: a ring has no other name than its call, operator and start.
_RINGS = f"""
CREATE OR REPLACE TABLE raw.rings AS
SELECT n.source_id AS call, i.b_name AS operator, {_at("greatest(i.rung, n.began)")} AS started_at,
    {_at("max(greatest(coalesce(i.answered, i.ended), i.rung, n.began))")} AS ended_at,
    arg_min(CASE WHEN i.answered IS NOT NULL THEN 'answered' ELSE i.verdict END, ({
    _RANK.replace("verdict", "i.verdict", 1)
}, i.id)) AS result,
    min(l._file) AS _file, min(i.id) AS _leg
FROM raw.cdr_numbered i JOIN raw.cdr_named n USING (key, nth) JOIN (SELECT id, min(_file) AS _file
    FROM {LEGS} GROUP BY id) l
    ON l.id = i.id
WHERE i.b_name IS NOT NULL AND NOT i.b_outside GROUP BY n.source_id, i.b_name, greatest(i.rung, n.began), n.utc
ORDER BY min(i.id)"""
