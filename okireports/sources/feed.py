"""What a source hands to loading: canonical rows in a staging connection, and the way back to file and line."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

import duckdb
import pyarrow as pa

REJECTS = "raw.rejects"


class SourceFile(NamedTuple):
    """One file of the input: its path relative to what was given, its SHA-256 and its size.

    Of a database: a query's name, the SHA-256 of what was asked, the size of the answer, and how far it was read, ''
    where it has no watermark.
    """

    path: str
    sha256: str
    bytes: int
    mark: str | None = None


# (source, into, select, since): insert what `select` gives over its `{lines}`, those since a microsecond or all
Recall = Callable[[str, str, str, int | None], None]


@dataclass(frozen=True)
class Before:
    """What earlier loads have read in the same way: these files are left out, and queries go on from their marks.

    `marks` are those of databases by the SHA-256 of what was asked; `zone` and `now` are the centre's; `ambiguous` is
    that of the load. `recall` looks into the lines of event logs that earlier loads kept.
    """

    files: frozenset[SourceFile] = frozenset()
    marks: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    ambiguous: str = "earlier"
    recall: Recall | None = None


class Reject(NamedTuple):
    """One row that could not be taken over, and why; `line` is that of the file, counted from 1."""

    table_name: str
    file: str
    line: int | None
    column_name: str | None
    value: str | None
    reason: str
    row_text: str | None


class Scratch:
    """A folder for tidied copies of files, made when one is needed and gone with the last that holds it."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._made = 0

    def folder(self) -> Path:
        """The folder itself."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="okireports-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def new(self, suffix: str) -> Path:
        """A path for one more file."""
        self._made += 1
        return self.folder() / f"{self._made}{suffix}"


class Lines(Protocol):
    """A file that can say on which of its lines its rows stand."""

    def lines(self, ordinals: Sequence[int]) -> list[int]:
        """The lines of rows (ascending numbers of the rows taken over from this file, counted from 0)."""


class Staged(NamedTuple):
    """The rows of one file inside a staging relation: `first` is the rowid of the first of its `rows` rows."""

    file: int
    first: int
    rows: int
    lines: Lines


@dataclass(frozen=True)
class Origin:
    """Where `rows` rows of a canonical table come from.

    `rowids` is a query that gives, in their order, the rowids of the staging relation that they were made of; None:
    the table is the staging relation itself.
    """

    staged: tuple[Staged, ...]
    rows: int
    rowids: str | None = None

    def locate(self, con: duckdb.DuckDBPyConnection, rows: Sequence[int]) -> dict[int, tuple[int, int]]:
        """File index and line by row, for rows counted from this origin's first."""
        behind = {row: row for row in rows}
        if self.rowids is not None:
            numbered = f"SELECT row_number() OVER () - 1 AS n, r FROM ({self.rowids}) AS made(r)"
            wanted = ", ".join(str(int(row)) for row in rows)
            found = con.execute(f"SELECT n, r FROM ({numbered}) WHERE n IN ({wanted})").fetchall()
            behind = {int(n): int(r) for n, r in found}
        places: dict[int, tuple[int, int]] = {}
        for part in self.staged:
            inside = sorted((r, row) for row, r in behind.items() if part.first <= r < part.first + part.rows)
            lines = part.lines.lines([r - part.first for r, _ in inside]) if inside else []
            places |= {row: (part.file, line) for (_, row), line in zip(inside, lines, strict=True)}
        return places


@dataclass(frozen=True)
class Feed:
    """Canonical rows of one input, untyped or typed, in the schema `raw` of a staging connection.

    Args:
        source: the name to stamp on the rows.
        tables: canonical table -> relation. Its columns are those of the canonical input that the input has, and
            `_file` (index into `files`); its rowids follow the files and their lines.
        files: what was read.
        rejects: a relation with the columns of `Reject`, None when every row could be taken over.
        notes: oddities, counted.
        unknown_columns: canonical table -> columns of the input that are no part of it and were not taken over.
        timezone: the zone of times without an offset, where the source knows it.
        create_missing: people and objects that the rows name are to be created.
        lines: of a log, the lines read; each is taken over, rejected or `ignored` (reason -> how many).
        events: of an event log, the relation of the lines to keep.
        scope: of an event log, the relation (who, since) of operators whose statuses were all worked out anew.
        gone: of a log, the relation (source_id) of calls that are no more, if they were there.
    """

    source: str
    tables: dict[str, str]
    files: tuple[SourceFile, ...]
    rejects: str | None = None
    notes: dict[str, int] = field(default_factory=dict)
    unknown_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    timezone: str | None = None
    create_missing: bool = False
    lines: int | None = None
    ignored: Mapping[str, int] = field(default_factory=dict)
    events: str | None = None
    scope: str | None = None
    gone: str | None = None
    origins: Mapping[str, tuple[Origin, ...]] = field(default_factory=dict, repr=False, compare=False)
    fetched: Scratch | None = field(default=None, repr=False, compare=False)  # files of a URL; they go with the feed

    def locate(self, con: duckdb.DuckDBPyConnection, table: str, rowids: Sequence[int]) -> list[tuple[str, int]]:
        """File and line of rows of a canonical table, in the order asked for; found out only now.

        A row of a definition that many lines name (a mapping's `distinct`) stands where it is named first.
        """
        places: dict[int, tuple[int, int]] = {}
        first = 0
        for origin in self.origins[table]:
            inside = sorted({row - first for row in rowids if first <= row < first + origin.rows})
            places |= {row + first: place for row, place in origin.locate(con, inside).items()} if inside else {}
            first += origin.rows
        return [(self.files[places[row][0]].path, places[row][1]) for row in rowids]


def keep_rejects(con: duckdb.DuckDBPyConnection, rejects: Sequence[Reject]) -> str | None:
    """Write rejected rows to the rejects relation; None when there are none."""
    types = {"line": "BIGINT"}
    columns = ", ".join(f"{name} {types.get(name, 'VARCHAR')}" for name in Reject._fields)
    con.execute(f"CREATE OR REPLACE TABLE {REJECTS} ({columns})")
    if not rejects:
        return None
    batch = pa.table({name: [r[i] for r in rejects] for i, name in enumerate(Reject._fields)})
    con.register("rejected_rows", batch)
    con.execute(f"INSERT INTO {REJECTS} SELECT * FROM rejected_rows")
    con.unregister("rejected_rows")
    return REJECTS
