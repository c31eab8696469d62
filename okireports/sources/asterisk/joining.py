"""The queue log's contacts and those of records and events become one set; see the package for the rules."""

from __future__ import annotations

import duckdb

from okireports.sources import cdr
from okireports.sources.asterisk import records
from okireports.sources.asterisk.records import NAMES, ONCE, PARTS, TOLD
from okireports.sources.queue_log import TRANSFER
from okireports.sources.quoting import texts

GONE = "raw.asterisk_gone"  # source_id: contacts of records that the queue log tells better, or later records otherwise
_NEAR = 2_000_000  # microseconds: both logs cut their times to seconds
_TIMES = ("started_at", "queued_at", "answered_at", "ended_at")
_SENT_ON = texts(TRANSFER)


def set_aside(con: duckdb.DuckDBPyConnection) -> None:
    """Put the contacts and rings of records and events out of the way of those of the queue log."""
    for table in cdr.TABLES:
        con.execute(f"CREATE OR REPLACE TABLE raw.cdr_{table} AS SELECT * FROM raw.{table} ORDER BY rowid")


def join(con: duckdb.DuckDBPyConnection, *, first_file: int, with_records: bool) -> dict[str, int]:
    """Join both into `raw.calls` and `raw.rings`, and make `GONE`; returns what was noted.

    Args:
        con: the staging connection.
        first_file: the number of the first file of records and events.
        with_records: did this load read any? Of those of earlier loads the lines tell.
    """
    if not records.known(con) and not with_records:
        con.execute(f"CREATE OR REPLACE TABLE {GONE} (source_id VARCHAR)")
        return {}
    for query in (_PLACED, _LASTS, _SENT, _GONE, _JOINED):
        con.execute(query)
    if not with_records:
        con.execute("CREATE OR REPLACE TABLE raw.calls AS SELECT * FROM raw.asterisk_queue_calls ORDER BY rowid")
        return _notes(con)
    con.execute("CREATE OR REPLACE TABLE raw.asterisk_queue_rings AS SELECT * FROM raw.rings ORDER BY rowid")
    for table, call in (("calls", "source_id"), ("rings", "call")):
        con.execute(f"DELETE FROM raw.cdr_{table} WHERE {call} IN (FROM {GONE})")
        cdr.set_apart(con, f"raw.cdr_{table}", table)
        con.execute(f"UPDATE raw.cdr_{table} SET _file = _file + {first_file}")
        _append(con, table)
    return _notes(con)


def _append(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """The queue log's rows, then those of records, whose times may be local: so all times are text."""
    mine = {str(name) for name, *_ in con.execute(f"DESCRIBE raw.asterisk_queue_{table}").fetchall()}
    times = ", ".join(f"{t}::TIMESTAMP::VARCHAR || 'Z' AS {t}" for t in _TIMES if t in mine)
    con.execute(
        f"""CREATE OR REPLACE TABLE raw.{table} AS
        SELECT * REPLACE ({times}) FROM raw.asterisk_queue_{table} ORDER BY rowid"""
    )
    for name, kind, *_ in con.execute(f"DESCRIBE raw.cdr_{table}").fetchall():
        con.execute(f'ALTER TABLE raw.{table} ADD COLUMN IF NOT EXISTS "{name}" {kind}')
    con.execute(f"INSERT INTO raw.{table} BY NAME SELECT * FROM raw.cdr_{table} ORDER BY rowid")


# The queue log's contacts that records tell of, in their order within the interaction.
_PLACED = f"""
CREATE OR REPLACE TABLE raw.asterisk_placed AS
SELECT source_id, key, c.rowid AS id, epoch_us(started_at) AS since, epoch_us(ended_at) AS ended, source_outcome,
    epoch_us(coalesce(answered_at, started_at)) AS talked,
    row_number() OVER (PARTITION BY key ORDER BY c.rowid) = 1 AS is_first
FROM raw.calls c JOIN {NAMES} n ON n.callid = c.interaction"""

_LASTS = """
CREATE OR REPLACE TABLE raw.asterisk_lasts AS
SELECT key, arg_max(source_id, id) AS source_id, max(ended) AS ended, arg_max(source_outcome, id) AS source_outcome
FROM raw.asterisk_placed GROUP BY key"""

_SENT = f"""
CREATE OR REPLACE TABLE raw.asterisk_sent AS
SELECT p.source_id, p.key, p.since, l.source_id AS sent_by FROM {PARTS} p JOIN raw.asterisk_lasts l USING (key)
WHERE p.nth > 1 AND p.queue = '' AND l.source_outcome IN ({_SENT_ON}) AND p.since >= l.ended - {_NEAR}"""

_GONE = f"""
CREATE OR REPLACE TABLE {GONE} AS
SELECT source_id FROM {PARTS} WHERE key IN (SELECT key FROM raw.asterisk_lasts)
AND source_id NOT IN (SELECT source_id FROM raw.asterisk_sent) UNION FROM {ONCE}"""

_WITHIN = f"(p.since BETWEEN t.began AND t.over + {_NEAR})"
_RECORDING = f"""(SELECT arg_min(r.recording, (abs(r.talked - p.talked), r.nth)) FROM {PARTS} r
WHERE r.key = p.key AND r.recording IS NOT NULL)"""
_JOINED = f"""
CREATE OR REPLACE TABLE raw.asterisk_queue_calls AS
SELECT c.* EXCLUDE (interaction, direction, phone, line, started_at), coalesce(p.key, interaction) AS interaction,
    (SELECT arg_min(s.source_id, (s.since, s.source_id)) FROM raw.asterisk_sent s WHERE s.sent_by = c.source_id)
        AS transfer_to,
    CASE WHEN p.is_first AND {_WITHIN} THEN make_timestamp(t.began // 1000 * 1000)::TIMESTAMPTZ ELSE started_at END
        AS started_at,
    coalesce(t.direction, c.direction) AS direction, coalesce(t.phone, c.phone) AS phone,
    coalesce(t.line, c.line) AS line, t.provider, t.contact_name,
    CASE WHEN answered_at IS NOT NULL THEN {_RECORDING} END AS recording
FROM raw.calls c LEFT JOIN raw.asterisk_placed p USING (source_id) LEFT JOIN {TOLD} t ON t.key = p.key
ORDER BY c.rowid"""


def _notes(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many calls both tell of, and of how many their times do not agree."""
    row = con.execute(
        f"""SELECT count(*), count(*) FILTER (is_first AND NOT {_WITHIN})
        FROM raw.asterisk_placed p JOIN {TOLD} t USING (key)"""
    ).fetchone() or (0, 0)
    notes = {
        "contacts of the queue log that records or events tell of": int(row[0]),
        "calls that entered a queue outside the time that their records tell: is the zone right?": int(row[1]),
    }
    return {note: count for note, count in notes.items() if count}
