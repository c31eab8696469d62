"""What earlier loads have read, as the centre's list of loads says: so that a sync reads what is new, and no more.

A file counts as read when its path (inside what was given), its content and the manner of reading are the same: with
another mapping, zone or encoding it is read again. The watermark of a database's query is kept beside. Both are
published with the rows, and go back with them in a rollback.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import duckdb

from okireports.errors import LoadError
from okireports.sources import Before, Feed, SourceFile

RENAMED = {"asterisk": "queue_log"}  # sources whose event lines were once kept under another name

Reading = Literal["given", "new", "all"]


class NothingNew(Exception):
    """All that lies there was read before."""


def manner(source: str, timezone: str | None, encoding: str | None, ambiguous: str, create_missing: bool) -> str:
    """All that decides which rows a file's bytes become, as one short word."""
    said = source
    if source.endswith(".toml") and Path(source).is_file():
        said = hashlib.sha256(Path(source).read_bytes()).hexdigest()
    return hashlib.sha256(json.dumps([said, timezone, encoding, ambiguous, create_missing]).encode()).hexdigest()[:16]


def before(con: duckdb.DuckDBPyConnection, manner: str, reading: Reading, zone: str, now: datetime) -> Before:
    """What a load need not read again, by the control file that is attached."""
    files: set[SourceFile] = set()
    marks: dict[str, str] = {}
    for _, how, file in entries(con) if reading != "all" else ():
        if how == manner and file.mark is None:
            files.add(file)
        elif how == manner and file.mark:
            marks[file.sha256] = file.mark
    return Before(frozenset(files) if reading == "new" else frozenset(), marks, zone, now)


def seen(con: duckdb.DuckDBPyConnection) -> dict[str, dict[SourceFile, int]]:
    """What was read at each path, in whatever manner, and the first load that read it."""
    found: dict[str, dict[SourceFile, int]] = {}
    for load, _, file in entries(con):
        if file.mark is None:
            found.setdefault(file.path, {}).setdefault(file, load)
    return found


def entries(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str | None, SourceFile]]:
    """What the loads have read, oldest first: load, manner and file."""
    for load, text in con.execute("SELECT load_id, files FROM control.loads ORDER BY load_id").fetchall():
        for entry in json.loads(text):
            file = SourceFile(entry["file"], entry["sha256"], entry["bytes"], entry.get("mark"))
            yield int(load), entry.get("manner"), file


def record(files: Iterable[SourceFile], manner: str) -> str:
    """What a load has read, as its row in the list of loads keeps it."""
    return json.dumps(
        [
            {"file": file.path, "sha256": file.sha256, "bytes": file.bytes, "manner": manner}
            | ({} if file.mark is None else {"mark": file.mark})
            for file in files
        ]
    )


def refuse_renamed(con: duckdb.DuckDBPyConnection, source: str, before: Before) -> None:
    """What a source told under its former name would stand there twice, and calls at the border be cut in two.

    Raises:
        LoadError: the centre holds such event lines.
    """
    former = RENAMED.get(source, "")
    row = con.execute("SELECT min(load_id), min(generation) FROM control.loads WHERE source = ?", [former]).fetchone()
    if not row or row[0] is None or before.recall is None:
        return
    con.execute("CREATE TABLE raw.renamed (lines BIGINT)")
    before.recall(former, "raw.renamed", "SELECT count(*) AS lines FROM {lines} l", None)
    kept = con.execute("SELECT sum(lines) FROM raw.renamed").fetchone()
    if kept and kept[0]:
        raise LoadError(
            f"This centre holds {kept[0]:,} lines of a queue log as source {former!r} (since load {row[0]}); "
            f"as {source!r} the same calls would count twice.",
            hint=f"Load the logs into a new centre, or roll back to generation {row[1] - 1} if it is still kept.",
        )


def require_news(con: duckdb.DuckDBPyConnection, feed: Feed, before: Before) -> None:
    """Raise NothingNew unless the feed holds a file that no load has read, or a row of a database.

    A source that cannot leave out single files reads them all: then one that is new stands for all.
    """
    if any(file.mark is None and file not in before.files for file in feed.files):
        return
    if any(file.mark is not None for file in feed.files):
        for relation in feed.tables.values():
            if con.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone():
                return
    raise NothingNew
