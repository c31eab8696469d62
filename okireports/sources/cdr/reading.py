"""One load of the logs of a switch: its lines, the legs in them, the contacts that the legs make, and the way back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from okireports.sources.cdr import asterisk, cel, freeswitch, joining, lines
from okireports.sources.cdr.lines import LINES, Log
from okireports.sources.feed import Feed, Origin
from okireports.sources.staging import Progress

SOURCES = ("asterisk-cdr", "asterisk-cel", "freeswitch-cdr")
_ASTERISK, _FREESWITCH = "log of Asterisk's calls (CDR or CEL)", "CSV of FreeSWITCH's calls"
_PROBLEMS = """CREATE OR REPLACE TABLE raw.cdr_problems
(id BIGINT, _file USMALLINT, line VARCHAR, problem VARCHAR, problem_column VARCHAR, problem_value VARCHAR)"""


def read(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    *,
    source: str,
    known: Mapping[str, Collection[str]],
    timezone: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> Feed:
    """Stage the calls and rings of CDR and CEL, or of FreeSWITCH's CDR, in a folder, an archive or one file.

    Asterisk's records and events are read together whenever both lie there, whichever of the two is named, and are
    facts of one source, `asterisk`. The feed's notes count the lines: those read are those joined into calls, those
    ignored with the reason, and the rejected ones.

    Raises:
        LoadError: no such log.
    """
    con.execute(_PROBLEMS)
    con.execute(f"CREATE OR REPLACE TABLE {joining.LEGS} ({joining.LEG})")
    log = (_freeswitch if source == "freeswitch-cdr" else _asterisk)(con, root, encoding or "auto", progress)
    joining.join(con)
    rejects = log.keep_rejects()
    _count(log)
    tables, origins = {}, {}
    for table in ("calls", "rings"):
        if table not in known:
            continue
        con.execute(f"CREATE OR REPLACE TABLE raw.{table}_legs AS SELECT _leg FROM raw.{table}")
        con.execute(f"ALTER TABLE raw.{table} DROP COLUMN _leg")
        tables[table] = f"raw.{table}"
        rows = log.number(f"SELECT count(*) FROM raw.{table}")
        origins[table] = (Origin(log.staged, rows, f"SELECT _leg FROM raw.{table}_legs ORDER BY rowid"),)
    return Feed(
        source.removesuffix("-cdr").removesuffix("-cel"),
        tables,
        log.opening.files(),
        rejects,
        dict(log.notes),
        timezone=timezone,
        origins=origins,
    )


def _asterisk(con: duckdb.DuckDBPyConnection, root: Path, encoding: str, progress: Progress | None) -> Log:
    def know(fields: Sequence[str]) -> str | None:
        return asterisk.know(fields) or cel.know(fields)

    log = lines.open_log(con, root, know, (asterisk.KIND, cel.KIND), _ASTERISK, encoding, progress)
    asterisk.records(log)
    cel.events(log)
    con.execute(f"INSERT INTO {joining.LEGS} BY NAME {asterisk.legs()}")
    con.execute(f"INSERT INTO {joining.LEGS} BY NAME {cel.legs()}")
    cel.settle(log)
    return log


def _freeswitch(con: duckdb.DuckDBPyConnection, root: Path, encoding: str, progress: Progress | None) -> Log:
    log = lines.open_log(con, root, freeswitch.know, (freeswitch.KIND,), _FREESWITCH, encoding, progress)
    freeswitch.records(log)
    con.execute(f"INSERT INTO {joining.LEGS} BY NAME {freeswitch.legs()}")
    return log


def _count(log: Log) -> None:
    """Each line that was read is joined into a call, ignored, or rejected; the first kind is what the others leave."""
    read = log.number(f"SELECT count(*) FROM {LINES}") + len(log.broken)
    blank = log.number(f"SELECT count(*) FROM {LINES} WHERE coalesce(trim(line, ' \t\r' || chr(65279)), '') = ''")
    log.notes["lines read"] = read
    for note, count in {"blank lines, ignored": blank, "header lines, ignored": _headers(log)}.items():
        if count:
            log.notes[note] = count
    ignored = sum(count for note, count in log.notes.items() if note in IGNORED)
    rejected = log.number("SELECT count(*) FROM raw.cdr_problems") + len(log.broken)
    log.notes["lines joined into calls"] = read - ignored - rejected


IGNORED = (
    "blank lines, ignored",
    "header lines, ignored",
    "lines that stand twice, ignored",
    "events of calls not seen from begin to end, ignored",
    "events outside of any call, ignored",
)


def _headers(log: Log) -> int:
    total = 0
    for index, names in log.headers.items():
        total += log.number(f"SELECT count(*) FROM {lines.FIELDS} WHERE _file = {index} AND {lines.is_header(names)}")
    return total
