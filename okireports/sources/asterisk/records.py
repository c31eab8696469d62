"""What records and events told of each interaction, in one line that is kept among those of the queue log.

It stands there once for each name by which a queue log may know the interaction (its linkedid, the uniqueids of its
channels), and says, between separators that no text of a switch holds: begin and end, direction, phone, line,
provider, the customer's name, of each contact its id, begin, queue, recording, and since when people talked, and
which records there were (legs by a short name): a load that has only other ones would tell the call anew by halves.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from okireports import clock
from okireports.sources import cdr
from okireports.sources.cdr import Log
from okireports.sources.feed import Before
from okireports.sources.queue_log import EARLIER, MINE, RECORD, SOURCE

FIELD, PART, INSIDE = "chr(31)", "chr(30)", "chr(29)"
NAMES = "raw.asterisk_names"  # callid, key: which interaction a callid belongs to
TOLD = "raw.asterisk_told"  # key and what was told of it
PARTS = "raw.asterisk_parts"  # key and its contacts
ONCE = "raw.asterisk_once"  # source_id: contacts of which records told before, and no longer do
_PIECES = "records of this call are missing that an earlier load has read: load all of its records together"
_MARGIN = 2 * 86_400_000_000  # microseconds: the records' times are local
_LEGS = "SELECT key, array_to_string(list_sort(legs), ',') AS legs FROM raw.cdr_told"
_WORDS = ("direction", "phone", "line", "provider", "contact_name")


def keep(con: duckdb.DuckDBPyConnection, zone: str, ambiguous: str) -> None:
    """Add what this load's records and events tell to the lines of this load."""
    span = con.execute("SELECT min(began), max(greatest(over, from_at, answered)) FROM raw.cdr_named").fetchone()
    if not span or span[0] is None:
        return
    us = _Utc(zone, span[0], span[1], ambiguous)
    words = ", ".join(f"coalesce(any_value({_plain(w)}) FILTER (nth = 1), '')" for w in _WORDS)
    part = f"""concat({_plain("source_id")}, {INSIDE}, since, {INSIDE}, {_plain("queue")}, {INSIDE},
        {_plain("recording")}, {INSIDE}, talked)"""
    con.execute(
        f"""CREATE OR REPLACE TABLE raw.asterisk_mine AS
        WITH contacts AS (SELECT n.key, n.nth, n.source_id, c.direction, c.phone, c.line, c.provider, c.contact_name,
            {us("n.began")} AS began, {us("greatest(n.over, n.from_at)")} AS over, {us("n.from_at")} AS since,
            {us("greatest(n.answered, n.from_at)")} AS talked, n.queue, n.recorded AS recording
            FROM raw.cdr_named n JOIN raw.cdr_calls c USING (source_id))
        SELECT key, min(began) AS us, concat_ws({FIELD}, min(began), max(over), {words},
            string_agg({part}, {PART} ORDER BY nth, source_id),
            coalesce(any_value(legs), '')) AS data FROM contacts LEFT JOIN ({_LEGS}) USING (key) GROUP BY key"""
    )
    con.execute(
        f"""INSERT INTO {MINE} (line_id, us, place, callid, queue, agent, event, data)
        SELECT (md5_number(concat_ws({PART}, '{RECORD}', name, data)) >> 65)::BIGINT, us, 0, name, key, '', '{RECORD}',
        data FROM ({_NAMED}) JOIN raw.asterisk_mine USING (key)"""
    )


def refuse_pieces(log: Log, before: Before) -> None:
    """Reject the records of a call of which earlier loads have read others: by these alone it would be told wrong."""
    con = log.con
    con.execute("CREATE OR REPLACE TABLE raw.cdr_earlier (key VARCHAR, legs VARCHAR)")
    since = log.number(f"SELECT epoch_us(min(started)) - {_MARGIN} FROM {cdr.LEGS}")
    if before.recall:
        told = f"SELECT DISTINCT queue AS key, string_split(data, {FIELD})[9] AS legs FROM {{lines}} l"
        mine = f"event = '{RECORD}' AND queue IN (SELECT key FROM raw.cdr_told)"
        before.recall(SOURCE, "raw.cdr_earlier", f"{told} WHERE {mine}", since)
    con.execute(
        """CREATE OR REPLACE TABLE raw.cdr_pieces AS SELECT DISTINCT key FROM raw.cdr_earlier e
        JOIN raw.cdr_told t USING (key) WHERE e.legs <> '' AND NOT list_has_all(t.legs, string_split(e.legs, ','))"""
    )
    cdr.refuse(log, "raw.cdr_pieces", _PIECES)


# A record's uniqueid is that of the channel that called.
_NAMED = """SELECT name, min(key) AS key FROM (SELECT key AS name, key FROM raw.asterisk_mine
UNION ALL SELECT uniqueid, linkedid FROM raw.cdr_records WHERE linkedid <> ''
UNION ALL SELECT uniqueid, key FROM raw.cel_channels) WHERE name <> '' GROUP BY name"""


def known(con: duckdb.DuckDBPyConnection) -> bool:
    """Make `NAMES`, `TOLD` and `PARTS` of what this load and earlier ones were told, if anything; the last counts."""
    con.execute(
        f"""CREATE OR REPLACE TABLE raw.asterisk_words AS
        SELECT callid, queue AS key, string_split(data, {FIELD}) AS d, place + mine * (1::BIGINT << 60) AS rank FROM
        (SELECT callid, queue, event, data, place, 1 AS mine FROM {MINE} UNION ALL
        SELECT callid, queue, event, data, place, 0 FROM {EARLIER}) WHERE event = '{RECORD}'"""
    )
    con.execute(
        f"CREATE OR REPLACE TABLE {NAMES} AS "
        "SELECT callid, arg_max(key, rank) AS key FROM raw.asterisk_words GROUP BY callid"
    )
    words = ", ".join(f"nullif(d[{n}], '') AS {word}" for n, word in enumerate(_WORDS, 3))
    con.execute(
        f"""CREATE OR REPLACE TABLE {TOLD} AS
        SELECT key, d[1]::BIGINT AS began, d[2]::BIGINT AS over, {words}, string_split(d[8], {PART}) AS parts
        FROM (SELECT key, arg_max(d, rank) AS d FROM raw.asterisk_words GROUP BY key)"""
    )
    con.execute(f"CREATE OR REPLACE TABLE {PARTS} AS {_parts(f'FROM {TOLD}')}")
    ever = f"FROM (SELECT key, string_split(d[8], {PART}) AS parts FROM raw.asterisk_words)"
    con.execute(
        f"""CREATE OR REPLACE TABLE {ONCE} AS
        SELECT DISTINCT source_id FROM ({_parts(ever)}) ANTI JOIN {PARTS} USING (source_id)"""
    )
    return con.execute("SELECT 1 FROM raw.asterisk_words LIMIT 1").fetchone() is not None


def _parts(of: str) -> str:
    return f"""SELECT key, nth, p[1] AS source_id, p[2]::BIGINT AS since, p[3] AS queue, nullif(p[4], '') AS recording,
        p[5]::BIGINT AS talked FROM (SELECT key, unnest(range(1, len(parts) + 1)) AS nth,
        string_split(unnest(parts), {INSIDE}) AS p {of})"""


def _plain(value: str) -> str:
    return f"translate(coalesce({value}, ''), {FIELD} || {PART} || {INSIDE}, '')"


class _Utc:
    """SQL: the microsecond of an instant in UTC, by the zone's rules; `utc` says that it is in UTC already."""

    def __init__(self, zone: str, first: datetime, last: datetime, ambiguous: str) -> None:
        rules = clock.local_offsets(zone, first, last)
        later = ambiguous == "later"
        self._until = [rule.end_local for rule in rules[:-1]]
        self._offsets = [rule.later_offset_ms if later else rule.offset_ms for rule in rules]

    def __call__(self, at: str) -> str:
        cases = " ".join(
            f"WHEN {at} < TIMESTAMP '{end}' THEN {offset}"
            for end, offset in zip(self._until, self._offsets, strict=False)
        )
        offset = f"CASE WHEN utc THEN 0 {cases} ELSE {self._offsets[-1]} END"
        return f"(1000 * (epoch_ms({at}) - ({offset})))"
