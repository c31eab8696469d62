"""The logs of one switch: their lines, the legs in them, the contacts that the legs make, and the way back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from okireports.sources.cdr import asterisk, cel, freeswitch, joining, lines
from okireports.sources.cdr.lines import LINES, Log
from okireports.sources.feed import Feed, Origin
from okireports.sources.packed import Found
from okireports.sources.quoting import text
from okireports.sources.staging import Progress

FREESWITCH = "freeswitch-cdr"
_PROBLEMS = """CREATE OR REPLACE TABLE raw.cdr_problems
(id BIGINT, _file USMALLINT, line VARCHAR, problem VARCHAR, problem_column VARCHAR, problem_value VARCHAR)"""
_IGNORED = (
    "blank lines, ignored",
    "header lines, ignored",
    "lines that stand twice, ignored",
    "events of calls not seen from begin to end, ignored",
    "events outside of any call, ignored",
)
TABLES = ("calls", "rings")


def read_freeswitch(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    *,
    known: Mapping[str, Collection[str]],
    timezone: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> Feed:
    """Stage the calls and rings of FreeSWITCH's CDR in a folder, an archive or one file.

    Each line that was read is joined into a call, ignored, or rejected.

    Raises:
        LoadError: no such log.
    """
    log = lines.open_log(
        con, root, freeswitch.know, (freeswitch.KIND,), "CSV of FreeSWITCH's calls", encoding or "auto", progress
    )
    _prepare(con)
    freeswitch.records(log)
    con.execute(f"INSERT INTO {joining.LEGS} BY NAME {freeswitch.legs()}")
    joining.join(con)
    for table in TABLES:
        set_apart(con, f"raw.{table}", table)
    tables = [name for name in TABLES if name in known]
    return replace(
        feed_of(log, "freeswitch"),
        tables={name: f"raw.{name}" for name in tables},
        timezone=timezone,
        gone=freeswitch.GONE,
        origins={
            name: (Origin(log.staged, log.number(f"SELECT count(*) FROM raw.{name}"), rowids(name)),) for name in tables
        },
    )


def open_asterisk(
    con: duckdb.DuckDBPyConnection, root: Path, *, encoding: str | None, progress: Progress | None, needed: bool
) -> Log:
    """Stage the lines of Asterisk's records and events, whichever of the two lie there.

    Raises:
        LoadError: there are none, and they are needed.
    """
    what = "log of Asterisk's calls (CDR or CEL)"
    kinds = (asterisk.KIND, cel.KIND)
    return lines.open_log(con, root, _know_asterisk, kinds, what, encoding or "auto", progress, needed=needed)


def _know_asterisk(fields: Sequence[str]) -> str | None:
    return asterisk.know(fields) or cel.know(fields)


def switch(one: Found) -> str | None:
    """Whose log a file is: "asterisk", "freeswitch", or None for another kind of file."""
    if lines.kind_of(one, _know_asterisk)[0] in (asterisk.KIND, cel.KIND):
        return "asterisk"
    return "freeswitch" if lines.kind_of(one, freeswitch.know)[0] == freeswitch.KIND else None


def stage_asterisk(log: Log) -> None:
    """Make the legs that Asterisk's records and events tell of."""
    _prepare(log.con)
    asterisk.records(log)
    cel.events(log)
    log.con.execute(f"INSERT INTO {joining.LEGS} BY NAME {asterisk.legs()}")
    log.con.execute(f"INSERT INTO {joining.LEGS} BY NAME {cel.legs()}")
    cel.settle(log)


def tell_asterisk(log: Log) -> None:
    """Make `raw.calls` and `raw.rings` of these legs, each row with its line in `_leg`."""
    cel.count_left_out(log)
    joining.join(log.con)


def refuse(log: Log, calls: str, problem: str) -> None:
    """Reject the records of Asterisk that are to make these calls (a relation of keys), for one reason."""
    con, mine = log.con, f"(SELECT l.id, l.key FROM {joining.LEGS} l SEMI JOIN {calls} c USING (key))"
    con.execute(f"""
        INSERT INTO raw.cdr_problems
        SELECT r.id, r._file, r.line, {text(problem)}, 'linkedid', m.key
        FROM {asterisk.RECORDS} r JOIN {mine} m USING (id)""")
    for relation in (asterisk.RECORDS, joining.LEGS):
        con.execute(f"DELETE FROM {relation} WHERE id IN (SELECT id FROM raw.cdr_problems)")


def _prepare(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_PROBLEMS)
    con.execute(f"CREATE OR REPLACE TABLE {joining.LEGS} ({joining.LEG})")


def set_apart(con: duckdb.DuckDBPyConnection, relation: str, table: str) -> None:
    """Put the lines that rows of a table stand on beside them, in a list of their own."""
    con.execute(f"CREATE OR REPLACE TABLE raw.{table}_legs AS SELECT _leg FROM {relation} ORDER BY rowid")
    con.execute(f"ALTER TABLE {relation} DROP COLUMN _leg")


def rowids(table: str) -> str:
    """SQL of the lines on which the rows of a table stand, once they are set apart."""
    return f"SELECT _leg FROM raw.{table}_legs ORDER BY rowid"


def feed_of(log: Log, source: str) -> Feed:
    """The feed of a log, without its tables: files, rejects, notes, and the sum of its lines."""
    rejects = log.keep_rejects()
    ignored = {note: log.notes.pop(note) for note in _IGNORED if note in log.notes}
    blank = f"SELECT count(*) FROM {LINES} WHERE coalesce(trim(line, ' \t\r' || chr(65279)), '') = ''"
    counted = {"blank lines, ignored": log.number(blank), "header lines, ignored": _headers(log)}
    ignored |= {note: count for note, count in counted.items() if count}
    read = log.number(f"SELECT count(*) FROM {LINES}") + len(log.broken)
    return Feed(source, {}, log.opening.files(), rejects, dict(log.notes), lines=read, ignored=ignored)


def _headers(log: Log) -> int:
    total = 0
    for index, names in log.headers.items():
        total += log.number(f"SELECT count(*) FROM {lines.FIELDS} WHERE _file = {index} AND {lines.is_header(names)}")
    return total
