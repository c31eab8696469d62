"""Lines become events: what is none is rejected, and what earlier loads know of the same calls and agents joins them.

Every line is kept by the loader (`event_lines`, where no viewer looks), so that a call or a session whose lines come
in several files, late or twice, is worked out anew from all of them. An agent's statuses are worked out anew from a
midnight before which no line of this load changes anything; what went before is known by the last line of each kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import duckdb

from okireports import clock
from okireports.sources.feed import REJECTS, Before, Origin
from okireports.sources.queue_log.lines import APART, BROKEN, LINES
from okireports.sources.quoting import text, texts

SOURCE = "asterisk"  # with its call records and events: one switch, whichever of its logs tells
RECORD = "cdr"  # an event of ours (those of the log are in capitals): what call records told of a call
MINE = "raw.queue_mine"  # this load's lines
EARLIER = "raw.queue_earlier"  # lines of earlier loads that go with them
KNOWN = "raw.queue_known"  # both, each line once, in order
SCOPE = "raw.queue_scope"  # operator, since: whose statuses are worked out anew, from when on
CALLS = "raw.queue_callids"  # the calls that are worked out anew
ENTRY = ("ENTERQUEUE",)
REFUSED = ("JOINEMPTY", "JOINUNAVAIL", "FULL", "CLOSED", "DIVERT_CA_RATIO", "DIVERT_HOLDTIME")
COMPLETE = ("COMPLETECALLER", "COMPLETEAGENT")
TRANSFER = ("TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER")
LEFT = ("ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY", "LEAVEEMPTY", "SYSCOMPAT")
ENDS = (*REFUSED, *COMPLETE, *TRANSFER, *LEFT)
RINGS = ("RINGNOANSWER", "RINGCANCELED", "AGENTDUMP")
OF_CALL = (*ENTRY, "CONNECT", *ENDS, *RINGS)
LOGIN = ("AGENTLOGIN", "AGENTCALLBACKLOGIN")
LOGOFF = ("AGENTLOGOFF", "AGENTCALLBACKLOGOFF")
OF_STATE = (*LOGIN, *LOGOFF, "ADDMEMBER", "REMOVEMEMBER", "PAUSE", "UNPAUSE", "PAUSEALL", "UNPAUSEALL")
OTHERS = ("DID", "WRAPUPSTART", "CONFIGRELOAD", "QUEUESTART", "RULECHANGE", "INFO")
NOBODY = ("", "NONE", "MANAGER", "REALTIME")
DAY = 86_400_000_000
LATELY = 35 * DAY
FIRST, LAST = "TIMESTAMP '1990-01-01'", "TIMESTAMP '2100-01-01'"
COLUMNS = "line_id, us, place, callid, queue, agent, event, data"


def number(value: str, most: int = 40_000_000) -> str:
    """SQL: a count of seconds or the like that stands in a field; NULL where none does."""
    return f"(CASE WHEN TRY_CAST({value} AS DOUBLE) BETWEEN 0 AND {most} THEN TRY_CAST({value} AS DOUBLE) END)"


# Most lines have whole seconds and no blanks: what is costly is done for the others alone.
_DATA = f"""rtrim(CASE WHEN contains(data, ' ') THEN trim(regexp_replace(data, ' *\\x1f *', chr(31), 'g'))
ELSE coalesce(data, '') END, {APART})"""
_READ = f"""
CREATE OR REPLACE TABLE raw.queue_read AS
SELECT *, CASE WHEN us IS NULL THEN epoch_us(TRY_CAST(t AS TIMESTAMP)) END AS local_us FROM (
SELECT *, CASE WHEN regexp_full_match(t, '[0-9]{{9,10}}') THEN t::BIGINT * 1000000
    WHEN regexp_full_match(t, '[0-9]{{9,10}}[.][0-9]+') THEN floor(TRY_CAST(t AS DECIMAL(30,6)) * 1000000)::BIGINT
    WHEN contains(t, ':') AND regexp_matches(t, '(Z|[+-][0-9]{{2}}:?([0-9]{{2}})?)$')
    THEN epoch_us(TRY_CAST(t AS TIMESTAMPTZ)) END AS us FROM (
SELECT rowid AS _row, _file, line, trim(t) AS t, coalesce(trim(callid), '') AS callid,
    coalesce(trim(queue), '') AS queue, coalesce(trim(agent), '') AS agent, upper(coalesce(trim(event), '')) AS event,
    {_DATA} AS data, fields, trim(coalesce(line, '')) = '' AS blank FROM {LINES}))"""


def take(con: duckdb.DuckDBPyConnection, before: Before, zone: str) -> tuple[dict[str, int], dict[str, int]]:
    """Make `MINE` of the lines read, and fill `REJECTS`; returns the lines ignored, and what was noted."""
    con.execute(_READ)
    notes = _localise(con, before, zone)
    of_call, nobody = texts(OF_CALL), texts(NOBODY)
    con.execute(
        f"""ALTER TABLE raw.queue_read ADD COLUMN fault VARCHAR;
        UPDATE raw.queue_read SET fault = CASE
        WHEN contains(line, {text(BROKEN)}) THEN 'it holds a control character, or is far too long'
        WHEN fields < 5 THEN fields || ' fields, a line has at least five'
        WHEN us IS NULL AND local_us IS NOT NULL THEN 'this local time is ambiguous or missing'
        WHEN us IS NULL OR us NOT BETWEEN epoch_us({FIRST}) AND epoch_us({LAST}) THEN 'the time cannot be read'
        WHEN us > {int(before.now.timestamp()) * 1_000_000 + DAY} THEN 'its time is more than a day after it is loaded'
        WHEN event = '' THEN 'no event'
        WHEN event IN ({of_call}) AND callid IN ({nobody}) THEN 'an event of a call, without the call'
        WHEN event IN ({of_call}) AND queue IN ('', 'NONE') THEN 'an event of a queue, without the queue' END
        WHERE NOT blank"""
    )
    identity = "concat_ws(chr(30), us, callid, queue, agent, event, data)"
    con.execute(
        f"""CREATE OR REPLACE TABLE {MINE} AS
        SELECT (md5_number({identity}) >> 65)::BIGINT AS line_id, us, _row AS place, callid, queue, agent, event,
        data, _row, _file FROM raw.queue_read WHERE NOT blank AND fault IS NULL"""
    )
    again = f"SELECT line_id, min(_row) AS first FROM {MINE} GROUP BY line_id HAVING count(*) > 1"
    con.execute(f"DELETE FROM {MINE} m USING ({again}) a WHERE m.line_id = a.line_id AND m._row > a.first")
    read = con.execute(
        """SELECT count(*) FILTER (blank), count(*) FILTER (NOT blank AND fault IS NULL) FROM raw.queue_read"""
    ).fetchone() or (0, 0)
    taken = _one(con, f"SELECT count(*) FROM {MINE}")
    ignored = {"blank lines": int(read[0]), "lines that stand there again, each counted once": int(read[1]) - taken}
    known = texts((*OF_CALL, *OF_STATE, *OTHERS))
    for event, count in con.execute(
        f"SELECT event, count(*) FROM {MINE} WHERE event NOT IN ({known}) GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 20"
    ).fetchall():
        notes[f"event {str(event)[:40]!r} is not known: kept, nothing made of it"] = int(count)
    return {why: n for why, n in ignored.items() if n}, notes


def _localise(con: duckdb.DuckDBPyConnection, before: Before, zone: str) -> dict[str, int]:
    """Local times become UTC by the zone's rules; returns how many were doubtful."""
    span = con.execute(
        f"SELECT min(make_timestamp(local_us)), max(make_timestamp(local_us)) FROM raw.queue_read "
        f"WHERE local_us BETWEEN epoch_us({FIRST}) AND epoch_us({LAST})"
    ).fetchone()
    notes: dict[str, int] = {}
    if not span or span[0] is None:
        return notes
    for rule in clock.local_offsets(zone, span[0], span[1]):
        within = (
            f"local_us >= epoch_us(TIMESTAMP '{max(rule.start_local, datetime(1900, 1, 1))}') "
            f"AND local_us < epoch_us(TIMESTAMP '{min(rule.end_local, datetime(2200, 1, 1))}')"
        )
        if rule.kind != "plain":
            count = _one(con, f"SELECT count(*) FROM raw.queue_read WHERE {within}")
            if before.ambiguous == "reject":
                continue
            if count:
                notes[f"{rule.kind} local time taken as the {before.ambiguous} one"] = count
        offset = rule.later_offset_ms if before.ambiguous == "later" else rule.offset_ms
        con.execute(f"UPDATE raw.queue_read SET us = local_us - {offset * 1000} WHERE {within}")
    return notes


def reject(con: duckdb.DuckDBPyConnection, origin: Origin, names: Sequence[str]) -> int:
    """Add the faulty lines to the rejects, with file and line; returns how many."""
    rows = con.execute(
        "SELECT _row, fault, t, line FROM raw.queue_read WHERE fault IS NOT NULL ORDER BY _row"
    ).fetchall()
    places = origin.locate(con, [int(row[0]) for row in rows]) if rows else {}
    said = [
        (
            "calls",
            names[places[row][0]],
            places[row][1],
            *(("time", t) if "time" in fault else (None, None)),
            fault,
            whole,
        )
        for row, fault, t, whole in rows
    ]
    if said:
        con.executemany(f"INSERT INTO {REJECTS} VALUES (?, ?, ?, ?, ?, ?, ?)", said)
    return len(said)


def _one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0] or 0) if row else 0


def gather(con: duckdb.DuckDBPyConnection, before: Before, zone: str) -> None:
    """Make `KNOWN`, `CALLS` and `SCOPE`: all lines that this load's calls and agents need, and what is made anew.

    Of what earlier loads kept, only the time since the oldest of these calls began is looked through, and where it says
    what an agent was doing before, the log-ons and pauses; a call says itself when it began, by its uniqueid.
    """
    con.execute(
        f"""CREATE OR REPLACE TABLE {EARLIER} (line_id BIGINT, us BIGINT, place BIGINT, callid VARCHAR, queue VARCHAR,
        agent VARCHAR, event VARCHAR, data VARCHAR)"""
    )
    con.execute("CREATE OR REPLACE TABLE raw.queue_reached (place BIGINT, us BIGINT)")
    if before.recall:
        before.recall(SOURCE, "raw.queue_reached", "SELECT max(place) AS place, max(us) AS us FROM {lines} l", None)
    restart = f"SELECT us FROM {MINE} WHERE event = 'QUEUESTART'"
    call = f"event IN ({texts(OF_CALL)})"
    of_call = f"({call} OR event IN ('DID', 'WRAPUPSTART', '{RECORD}')) AND callid NOT IN ({texts(NOBODY)})"
    since = _began(con, f"SELECT CASE WHEN {of_call} THEN callid END AS callid, us FROM {MINE}")
    _recall(con, before, f"line_id IN (SELECT line_id FROM {MINE}) OR event = 'QUEUESTART'", since)
    _recall(con, before, f"EXISTS (SELECT 1 FROM ({restart}) q WHERE q.us BETWEEN l.us AND l.us + {DAY})", since)
    mine = f"SELECT *, string_split(data, chr(31)) AS d FROM {MINE}"
    con.execute(
        f"""CREATE OR REPLACE TABLE raw.queue_firsts AS
        SELECT callid, min(us) AS us FROM (SELECT callid, {_reach()} AS us FROM ({mine})
        WHERE {call} OR event IN ('DID', 'WRAPUPSTART')
        UNION ALL SELECT l.callid, l.us FROM (FROM {EARLIER} UNION ALL SELECT {COLUMNS} FROM {MINE}) l
        JOIN ({restart}) q ON q.us BETWEEN l.us AND l.us + {DAY} WHERE l.{call}) WHERE callid NOT IN ({texts(NOBODY)})
        GROUP BY callid"""
    )
    told = f"SELECT callid FROM {MINE} WHERE event = '{RECORD}' UNION SELECT callid FROM raw.queue_firsts"
    con.execute(f"CREATE OR REPLACE TABLE {CALLS} AS {told}")
    since = _began(con, f"SELECT callid, us FROM {CALLS} LEFT JOIN raw.queue_firsts USING (callid)")
    _recall_records(con, before, since)
    since = _began(con, f"SELECT callid, us FROM {CALLS} LEFT JOIN raw.queue_firsts USING (callid)")
    _recall(con, before, f"callid IN (SELECT callid FROM {CALLS})", since)
    con.execute(
        f"""CREATE OR REPLACE TABLE raw.queue_agents AS
        SELECT lower(agent) AS who, min(us) AS us FROM (SELECT agent, {_reach()} AS us FROM ({mine})
        UNION ALL SELECT l.agent, f.us FROM (FROM {EARLIER} UNION ALL SELECT {COLUMNS} FROM {MINE}) l
        JOIN raw.queue_firsts f USING (callid)) WHERE agent NOT IN ({texts(NOBODY)}) GROUP BY ALL"""
    )
    _find_scope(con, before, zone)
    con.execute(f"UPDATE {MINE} SET place = place + 1 + (SELECT coalesce(max(place), 0) FROM raw.queue_reached)")
    con.execute(  # a table in order numbers its rows by itself
        f"""CREATE OR REPLACE TABLE raw.queue_sorted AS
        SELECT line_id, us, make_timestamp(us // 1000 * 1000) AS moment, callid, queue, agent, lower(agent) AS who,
        event, string_split(data, {APART}) AS d FROM (FROM {EARLIER} UNION ALL
        SELECT {COLUMNS} FROM {MINE} WHERE line_id NOT IN (SELECT line_id FROM {EARLIER})) ORDER BY us, place"""
    )
    con.execute(f"CREATE OR REPLACE VIEW {KNOWN} AS SELECT rowid AS seq, * FROM raw.queue_sorted")


def _began(con: duckdb.DuckDBPyConnection, calls: str) -> int | None:
    """Since when there can be lines of calls, in microseconds; None when a call has no uniqueid that tells it.

    A uniqueid is made when its channel is: `[system-]seconds.number`. Two days are left: for clocks that are set back,
    and for a restart, which ends what began within the day before.
    """
    made = "TRY_CAST(regexp_extract(callid, '^(?:.+-)?([0-9]{9,10})[.][0-9]+$', 1) AS BIGINT) * 1000000"
    row = con.execute(
        f"""SELECT min(least(began, us)) - {2 * DAY},
        bool_and(began IS NOT NULL AND began <= coalesce(us, began) + {DAY})
        FROM (SELECT us, CASE WHEN callid IS NULL THEN us ELSE {made} END AS began FROM ({calls}))"""
    ).fetchone()
    return int(row[0]) if row and row[0] is not None and row[1] else None


def _recall_records(con: duckdb.DuckDBPyConnection, before: Before, since: int | None) -> None:
    """Add to `CALLS` all by which the call records call the same interactions, and recall what they told."""
    of = f"SELECT callid FROM {CALLS}"
    _recall(con, before, f"event = '{RECORD}' AND callid IN ({of})", since)
    keys = f"SELECT queue FROM {EARLIER} WHERE event = '{RECORD}'"
    _recall(con, before, f"event = '{RECORD}' AND queue IN ({keys})", since)
    con.execute(
        f"INSERT INTO {CALLS} SELECT DISTINCT callid FROM {EARLIER} WHERE event = '{RECORD}' AND callid NOT IN ({of})"
    )


def _reach() -> str:
    """SQL: from when on a line says something: a log-off knows how long the session was, a ring how long it rang."""
    lengths = {
        LOGOFF: number("d[2]"),
        ("RINGNOANSWER", "RINGCANCELED", "AGENTDUMP"): number("d[1]") + " / 1000",
        ("CONNECT",): f"coalesce({number('d[1]')}, 0) + coalesce({number('d[3]')}, 0)",
        COMPLETE: f"coalesce({number('d[1]')}, 0) + coalesce({number('d[2]')}, 0)",
        TRANSFER: " + ".join(f"coalesce({number(f'd[{i}]')}, 0)" for i in (3, 4, 5, 6)),
        LEFT: " + ".join(f"coalesce({number(f'd[{i}]')}, 0)" for i in (3, 4)),
    }
    cases = " ".join(f"WHEN event IN ({texts(events)}) THEN {seconds}" for events, seconds in lengths.items())
    return f"us - (1000000 * coalesce(CASE {cases} END, 0))::BIGINT"


def _recall(con: duckdb.DuckDBPyConnection, before: Before, where: str, since: int | None) -> None:
    """Add lines of earlier loads that fulfil a condition, but those that are there already."""
    if before.recall:
        told = f"({where}) AND line_id NOT IN (SELECT line_id FROM {EARLIER})"
        before.recall(SOURCE, EARLIER, f"SELECT {COLUMNS} FROM {{lines}} l WHERE {told}", since)


def _find_scope(con: duckdb.DuckDBPyConnection, before: Before, zone: str) -> None:
    """Make `SCOPE`, and recall what the agents' statuses need from there on, and of the time before."""
    con.execute("CREATE OR REPLACE TABLE raw.queue_lasts (who VARCHAR, us BIGINT)")
    con.execute("CREATE OR REPLACE TABLE raw.queue_sought (who VARCHAR)")
    recent = con.execute(f"SELECT min(us) - {LATELY} FROM raw.queue_agents").fetchone()
    recall = before.recall
    for since in (int(recent[0]), None) if recent and recent[0] is not None else ():
        if recall is None:
            break
        recall(  # the last line before is mostly a late one: only who has none is looked for in all
            SOURCE,
            "raw.queue_lasts",
            """SELECT lower(l.agent) AS who, max(l.us) AS us FROM {lines} l
            JOIN (FROM raw.queue_agents ANTI JOIN raw.queue_sought USING (who)) a ON a.who = lower(l.agent)
            WHERE l.us < a.us GROUP BY ALL""",
            since,
        )
        con.execute("INSERT INTO raw.queue_sought SELECT DISTINCT who FROM raw.queue_lasts")
        if not _one(con, "SELECT count(*) FROM raw.queue_agents ANTI JOIN raw.queue_sought USING (who)"):
            break
    con.execute(
        """CREATE OR REPLACE TABLE raw.queue_starts AS SELECT who, least(a.us, coalesce(max(l.us), a.us)) AS us
        FROM raw.queue_agents a LEFT JOIN raw.queue_lasts l USING (who) GROUP BY who, a.us"""
    )
    _midnights(con, zone)
    con.execute(
        f"""CREATE OR REPLACE TABLE {SCOPE} AS SELECT s.who, make_timestamp(m.us) AS since
        FROM raw.queue_starts s ASOF JOIN raw.queue_midnights m ON s.us >= m.us"""
    )
    if before.recall:
        edge = f"epoch_us(s.since) - {DAY}"
        oldest = _one(con, f"SELECT min({edge}) FROM {SCOPE} s")
        of = f"{{lines}} l JOIN {SCOPE} s ON s.who = lower(l.agent)"
        columns = ", ".join(f"l.{c}" for c in COLUMNS.split(", "))
        fresh = f"l.line_id NOT IN (SELECT line_id FROM {EARLIER})"
        before.recall(SOURCE, EARLIER, f"SELECT {columns} FROM {of} WHERE l.us >= {edge} AND {fresh}", oldest)
        before.recall(
            SOURCE,
            EARLIER,
            f"""SELECT {columns} FROM {of} WHERE l.us < {edge} AND l.event IN ({texts(OF_STATE)}) AND {fresh}
            QUALIFY row_number() OVER (PARTITION BY s.who, l.queue, l.event, l.data = ''
            ORDER BY l.us DESC, l.place DESC) = 1""",
            None,
        )
        more = f"SELECT callid, us FROM {EARLIER} WHERE event IN ({texts(OF_CALL)})"
        _recall(con, before, f"callid IN (SELECT callid FROM ({more}))", _began(con, more))
        _recall(con, before, "event = 'QUEUESTART'", oldest)


def _midnights(con: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Make the table of the zone's local midnights, in UTC, from before the first line to after the last."""
    lines = (
        f"SELECT us FROM raw.queue_starts UNION ALL SELECT us FROM {MINE} UNION ALL SELECT us FROM raw.queue_reached"
    )
    span = con.execute(f"SELECT make_timestamp(min(us)), make_timestamp(max(us)) FROM ({lines})").fetchone()
    con.execute("CREATE OR REPLACE TABLE raw.queue_midnights (us BIGINT)")
    if not span or span[0] is None:
        return
    day, last = span[0].date() - timedelta(days=2), span[1].date() + timedelta(days=2)
    found: list[int] = []
    local = clock.zone_info(zone)
    while day <= last:
        found.append(int(datetime.combine(day, time(), local).timestamp()) * 1_000_000)
        day += timedelta(days=1)
    values = ", ".join(f"({us})" for us in found)
    con.execute(f"INSERT INTO raw.queue_midnights VALUES {values}")
