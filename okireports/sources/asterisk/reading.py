"""One load of Asterisk's logs: which of them lie there, their lines, and the one feed of all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from okireports.errors import LoadError
from okireports.sources import cdr, queue_log
from okireports.sources.asterisk import joining, records
from okireports.sources.cdr import Log
from okireports.sources.feed import REJECTS, Before, Feed, Origin, keep_rejects
from okireports.sources.packed import Found
from okireports.sources.staging import Progress

SOURCES = ("asterisk", "queue_log", "asterisk-cdr", "asterisk-cel")
_OTHERS = "files of other kinds, ignored"


def read(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    *,
    source: str,
    known: Mapping[str, Collection[str]],
    timezone: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
    before: Before | None = None,
) -> Feed:
    """Stage the calls, rings and statuses that Asterisk's logs in a folder, an archive or one file tell.

    Every line is loaded (kept, or joined into a call), rejected with a reason, or ignored and counted.

    Raises:
        LoadError: none of the logs that the source means lies there, or one cannot be opened.
    """
    before = before or Before()
    zone = timezone or before.zone
    log = _records(con, root, source, encoding, progress, before)
    found, others = _queue_logs(root, source, log)
    feed = Feed(queue_log.SOURCE, {}, (), keep_rejects(con, ()))
    if log:
        joining.set_aside(con)
        feed = cdr.feed_of(log, queue_log.SOURCE)
    lines = queue_log.stage(con, found, before, encoding)
    if progress and found:
        progress("queue_log", sum(f.bytes for f in lines.files), sum(one.path.stat().st_size for one in found))
    taken = queue_log.take(con, lines, before, zone)
    if log:
        records.keep(con, zone, before.ambiguous)
    notes = {**feed.notes, **taken.notes, **queue_log.tell(con, before)}
    notes |= joining.join(con, first_file=len(lines.files), with_records=log is not None)
    tables = [name for name in ("calls", "rings", "statuses") if name in known]
    told = _any(con, queue_log.SCOPE)
    return replace(
        feed,
        tables={name: f"raw.{name}" for name in tables if told or name != "statuses"},
        files=(*lines.files, *feed.files),
        rejects=REJECTS if _any(con, REJECTS) else None,
        notes={note: count for note, count in (notes | {_OTHERS: others}).items() if count},
        timezone=timezone or ("UTC" if not log else None),
        lines=taken.lines + (feed.lines or 0),
        ignored={**taken.ignored, **feed.ignored},
        events=queue_log.MINE,
        scope=queue_log.SCOPE if told else None,
        gone=joining.GONE,
        origins={name: _origins(con, name, lines, log) for name in tables},
    )


def _records(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    source: str,
    encoding: str | None,
    progress: Progress | None,
    before: Before,
) -> Log | None:
    """The calls of records and events in `raw.calls` and `raw.rings`; None where there are none of these logs."""
    if source == "queue_log":
        return None
    log = cdr.open_asterisk(con, root, encoding=encoding, progress=progress, needed=source != "asterisk")
    if not log.staged:
        return None
    cdr.stage_asterisk(log)
    records.refuse_pieces(log, before)
    cdr.tell_asterisk(log)
    return log


def _queue_logs(root: Path, source: str, log: Log | None) -> tuple[Sequence[Found], int]:
    """The files of the queue log that the source means, and how many files of other kinds lie there."""
    mine = set(log.names) if log else set()
    others = log.notes.pop(_OTHERS, 0) if log else 0
    if source not in ("asterisk", "queue_log") or (log and root.is_file() and mine == {root.name}):
        return (), others
    every, rest = queue_log.find(root)
    found = [one for one in every if one.name not in mine]
    if not found and not log:
        hint = "The queue log's files are called queue_log, queue_log.1 or the like, or begin as one does"
        more = "" if source == "queue_log" else "; call records and channel events are CSV files (Master.csv)"
        what = "queue_log" if source == "queue_log" else "log of Asterisk (queue_log, CDR or CEL)"
        raise LoadError(f"There is no {what} here.", file=str(root), hint=f"{hint}{more}.")
    return found, rest - len(mine)


def _origins(con: duckdb.DuckDBPyConnection, table: str, lines: queue_log.Read, log: Log | None) -> tuple[Origin, ...]:
    """Where the rows of a table come from: first those of the queue log, then those of records and events."""
    if log is None:
        return (queue_log.origin(con, table, f"raw.{table}", lines.staged),)
    first = len(lines.files)
    staged = tuple(part._replace(file=part.file + first) for part in log.staged)
    mine = "raw.statuses" if table == "statuses" else f"raw.asterisk_queue_{table}"
    ours = queue_log.origin(con, table, mine, lines.staged or staged)
    if table == "statuses":
        return (ours,)
    return (ours, Origin(staged, log.number(f"SELECT count(*) FROM raw.{table}_legs"), cdr.rowids(table)))


def _any(con: duckdb.DuckDBPyConnection, relation: str) -> bool:
    return con.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is not None
