"""When each line of a file arrived: what arrives later counts, also where files are read again or have grown.

A file that has grown begins with what was read of it before. Those lines say nothing new: another file may have
corrected them meanwhile, and to load them anew would undo that. And where everything is read again, rows that
contradict each other are put in the order in which they once came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from okireports.loading.batch import Batch
from okireports.sources import Before, Feed, SourceFile
from okireports.tables import Fact

TEXT = (".csv", ".txt", ".tsv")  # of other kinds the first bytes are not the first rows
CHUNK = 1 << 20
PROBES = 1000  # rows whose lines are asked for at a time: each asking may cost a pass over the file
NEVER = 2**62  # after all loads; also more lines than any file has


class Beginning(NamedTuple):
    """The first lines of a file: the load that read them first, and whether one read them in the same manner."""

    lines: int
    load: int
    known: bool


Seen = Mapping[str, Mapping[SourceFile, int]]  # path -> what was read there -> the first load that read it


def beginnings(root: Path, feed: Feed, seen: Seen, before: Before) -> dict[int, tuple[Beginning, ...]]:
    """What earlier loads have read of each file, shortest first, by the file's number in the feed."""
    found = {}
    for number, file in enumerate(feed.files):
        older = {old: load for old, load in seen.get(file.path, {}).items() if old.bytes < file.bytes}
        path = root if root.is_file() else root / file.path
        parts = []
        if older and path.suffix.lower() in TEXT and path.is_file():
            parts = [Beginning(lines, older[old], old in before.files) for old, lines in common(path, older)]
        if file in seen.get(file.path, {}):
            parts.append(Beginning(NEVER, seen[file.path][file], file in before.files))
        if parts:
            found[number] = tuple(parts)
    return found


def common(path: Path, older: Mapping[SourceFile, int]) -> Iterator[tuple[SourceFile, int]]:
    """Which of the older files are the beginning of a file as it is now, shortest first, and how many lines that is."""
    digest, done, lines, quotes, last = hashlib.sha256(), 0, 0, 0, b""
    with path.open("rb") as source:
        for old in sorted(older, key=lambda file: file.bytes):
            while done < old.bytes and (chunk := source.read(min(CHUNK, old.bytes - done))):
                digest.update(chunk)
                done, lines, quotes = done + len(chunk), lines + chunk.count(b"\n"), quotes + chunk.count(b'"')
                last = chunk[-1:]
            # a last line without an end, or within quotes, was read by half: then the file is as if it were new
            whole = last == b"\n" and quotes % 2 == 0
            if done == old.bytes and whole and digest.hexdigest() == old.sha256:
                yield old, lines


def leave_out(batch: Batch, fact: Fact) -> None:
    """Take rows out of `typed` whose lines were read before in the same manner."""
    for file, parts in batch.beginnings.items():
        lines = max((part.lines for part in parts if part.known), default=0)
        for rows in ranges(batch, fact, file) if lines else ():
            known = rows[: count_within(batch, fact, rows, lines)]
            left = batch.count(
                f'DELETE FROM typed."{fact.name}" WHERE _row >= ? AND _row < ?', [known.start, known.stop]
            )
            if left:
                batch.notes[f"{fact.name}: rows of files that have grown, read before"] += left


def keep_last(batch: Batch, fact: Fact, doubles: str, key: str) -> None:
    """Of rows with the same key keep the one that arrived last: of one load, the last one.

    Args:
        batch: the load.
        fact: the table.
        doubles: SQL of the rows whose key stands more than once: the key and `_row`.
        key: the columns of the key as a list of SQL.
    """
    order(batch, fact)
    older = batch.count(
        f"""DELETE FROM typed."{fact.name}" WHERE _row IN (SELECT _row FROM (SELECT _row, row_number() OVER
        (PARTITION BY {key} ORDER BY coalesce(load, {NEVER}) DESC, _row DESC) AS nth
        FROM ({doubles}) LEFT JOIN arrived ON _row >= first AND _row < beyond) WHERE nth > 1)"""
    )
    batch.notes[f"{fact.name}: rows that a later one says again"] += older


def order(batch: Batch, fact: Fact) -> None:
    """Make the table `arrived`: ranges of rows and the load that brought them first; rows in no range are new."""
    batch.con.execute("CREATE OR REPLACE TABLE arrived (first BIGINT, beyond BIGINT, load BIGINT)")
    for file, parts in batch.beginnings.items():
        for rows in ranges(batch, fact, file):
            start = 0
            for index, part in enumerate(parts):
                stop = len(rows) if part.lines == NEVER else count_within(batch, fact, rows, part.lines)
                load = min(later.load for later in parts[index:])  # what is longer holds these lines too
                if stop > start:
                    batch.con.execute("INSERT INTO arrived VALUES (?, ?, ?)", [rows[start], rows[stop - 1] + 1, load])
                    start = stop


def ranges(batch: Batch, fact: Fact, file: int) -> Iterator[range]:
    """The raw rows of a file; more than one range where a mapping makes a table of the file more than once."""
    raw, first = batch.feed.tables[fact.name], 0
    for origin in batch.feed.origins[fact.name]:
        ends = batch.con.execute(
            f"SELECT min(rowid), max(rowid) + 1 FROM {raw} WHERE _file = ? AND rowid >= ? AND rowid < ?",
            [file, first, first + origin.rows],
        ).fetchone()
        if ends and ends[0] is not None:
            yield range(ends[0], ends[1])
        first += origin.rows


def count_within(batch: Batch, fact: Fact, rows: range, lines: int) -> int:
    """How many of a file's rows stand on its first lines; the lines of rows only grow, so few have to be looked up."""
    low, high = 0, len(rows)  # rows before `low` stand there, those from `high` on do not
    while low < high:
        probes = range(low, high, max((high - low) // PROBES, 1))
        places = batch.feed.locate(batch.con, fact.name, [rows[i] for i in probes])
        within = sum(line <= lines for _, line in places)
        high = probes[within] if within < len(probes) else high
        low = probes[within - 1] + 1 if within else high
    return low
