"""Segments: one project's rows of one table for a stretch of time, in a file of their own that never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from okireports.disk.folder import Folder, first_line, quoted
from okireports.errors import DamagedCenter
from okireports.tables import FACTS, MODEL_VERSION, Fact

STORAGE = "v1.2.0"  # pinned, so that an older engine of the same line still reads what a newer one wrote
WITHOUT_LOG = "RECOVERY_MODE 'NO_WAL_WRITES'"  # a file that was not finished is never opened: no log, no syncs for it
SMALL = 20_000  # rows up to which small blocks save more than they cost
ALWAYS = "all"  # the stretch of tables that are not in time
MEETS = "(first_at IS NULL OR (first_at < $end AND (last_end IS NULL OR last_end > $start)))"  # can it hold such a row?


@dataclass(frozen=True)
class Segment:
    """A published segment, as the control file lists it.

    `last_at` is the last start, `last_end` the last end, or None when something in it is still open. `columns` are
    those that it holds: one that no row filled, or that the model did not have yet, reads as NULL.
    """

    project_id: int
    table: str
    stretch: str
    file: str
    first_at: datetime | None
    last_at: datetime | None
    last_end: datetime | None
    rows: int
    bytes: int
    model_version: int
    columns: tuple[str, ...]
    generation: int

    def path(self, folder: Folder) -> Path:
        """Where its file lies."""
        return folder.file(self.file)

    def meets(self, start: datetime, end: datetime) -> bool:
        """Can it hold a row that meets a span (naive UTC)? The condition MEETS in Python."""
        if self.first_at is None:
            return True
        return self.first_at < end and (self.last_end is None or self.last_end > start)

    def rows_in(self, alias: str) -> str:
        """SQL of its rows, with all columns of today's model, where it is attached under an alias."""
        return f"({self.select(alias, (c.name for c in FACTS[self.table].all_columns))})"

    def select(self, alias: str, names: Iterable[str]) -> str:
        """The statement that gives some columns of its rows; it takes a WHERE after it."""
        kinds = {c.name: c.type for c in FACTS[self.table].all_columns}
        columns = ", ".join(f'"{n}"' if n in self.columns else f'NULL::{kinds[n]} AS "{n}"' for n in names)
        return f'SELECT {columns} FROM {alias}."{self.table}"'


@dataclass(frozen=True)
class NewSegment:
    """A segment to be written: the statement that gives its rows in order, and the columns that it gives.

    `old` are published segments that the statement reads, each by an alias of its own; `expected` rows decide the size
    of the file's blocks.
    """

    project_id: int
    table: str
    stretch: str
    select: str
    columns: tuple[str, ...]
    expected: int
    old: Mapping[str, Segment] = field(default_factory=dict)


def attach(con: duckdb.DuckDBPyConnection, folder: Folder, segment: Segment, alias: str) -> None:
    """Attach a published segment read-only.

    Raises:
        FileNotFoundError: it has been swept meanwhile.
        DamagedCenter: it was truncated or altered.
    """
    path = segment.path(folder)
    size = path.stat().st_size
    if size != segment.bytes:
        raise DamagedCenter(
            f"{path} has {size:,} bytes instead of {segment.bytes:,}: it was truncated or altered. Restore it from a "
            "backup, or roll back to a generation that does not name it."
        )
    try:
        con.execute(f"ATTACH {quoted(path)} AS {alias} (READ_ONLY)")
    except duckdb.Error as error:
        path.stat()
        raise DamagedCenter(f"{path} cannot be opened ({first_line(error)}); restore it from a backup.") from None


def segments_of(
    con: duckdb.DuckDBPyConnection,
    tables: str | Iterable[str] | None = None,
    projects: Iterable[int] | None = None,
    span: tuple[datetime, datetime] | None = None,
) -> tuple[Segment, ...]:
    """The published segments of tables, of projects and that can meet a span (naive UTC), oldest first; None: of all.

    There are thousands in a large centre: the engine picks those that are asked for, and only they come to Python.
    """
    fields = tuple(Segment.__dataclass_fields__)
    columns = ", ".join(f'"{name}"' for name in fields)
    given: dict[str, object] = {}
    conditions = ["true"]
    if tables is not None:
        given["tables"] = [tables] if isinstance(tables, str) else list(tables)
        conditions.append('list_contains($tables, "table")')
    if projects is not None:
        given["projects"] = list(projects)
        conditions.append("list_contains($projects, project_id)")
    if span is not None:
        given["start"], given["end"] = span
        conditions.append(MEETS)
    rows = con.execute(
        f"""SELECT {columns} FROM control.segments WHERE {" AND ".join(conditions)}
        ORDER BY project_id, "table", stretch""",
        given,
    ).fetchall()
    named = (dict(zip(fields, row, strict=True)) for row in rows)
    return tuple(Segment(**{**values, "columns": tuple(values["columns"])}) for values in named)


def write_segment(con: duckdb.DuckDBPyConnection, path: Path, new: NewSegment) -> dict[str, object]:
    """Write one file and give its row of `segments` (without file and generation)."""
    fact = FACTS[new.table]
    block = ", BLOCK_SIZE 16384" if new.expected <= SMALL else ""
    alias = f'"new p{new.project_id} {new.stretch}"'
    con.execute(f"ATTACH {quoted(path)} AS {alias} (STORAGE_VERSION '{STORAGE}', {WITHOUT_LOG}{block})")
    try:
        con.execute(f'CREATE TABLE {alias}."{fact.name}" AS {new.select}')
        known = con.execute(summary(fact, new.columns, alias)).fetchone()
        con.execute(f"CHECKPOINT {alias}")
    finally:
        con.execute(f"DETACH {alias}")
    if known is None:
        raise duckdb.InternalException(f"no summary of {path.name}")
    first_at, last_at, last_end, rows, people, objects = known
    return {
        "project_id": new.project_id,
        "table": new.table,
        "stretch": new.stretch,
        "first_at": first_at,
        "last_at": last_at,
        "last_end": last_end,
        "rows": rows,
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
        "model_version": MODEL_VERSION,
        "people": people,
        "objects": objects,
        "columns": list(new.columns),
    }


def summary(fact: Fact, held: tuple[str, ...], alias: str) -> str:
    """SQL over a new segment: its bounds in time, its rows, and the people and objects that it names."""
    named = {
        role: [
            f'coalesce(list(DISTINCT "{c.name}") FILTER ("{c.name}" IS NOT NULL), [])'
            for c in fact.columns
            if c.role == role and c.name in held
        ]
        for role in ("person", "object")
    }
    lists = (
        f"list_sort(list_distinct(flatten([{', '.join(columns)}])))" if columns else "[]::BIGINT[]"
        for columns in named.values()
    )
    return f'SELECT {", ".join(bounds(fact, held))}, count(*), {", ".join(lists)} FROM {alias}."{fact.name}"'


def bounds(fact: Fact, held: tuple[str, ...]) -> tuple[str, str, str]:
    """SQL of the first start, the last one, and the last end of some rows; the last is NULL where one is open."""
    start = f'"{fact.start}"' if fact.start else "NULL::TIMESTAMP"
    just_after = f"max({start}) + INTERVAL 1 MILLISECOND"
    last_end = just_after
    if fact.end:  # a column that no row filled: everything is open
        latest = f'greatest({just_after}, max("{fact.end}"))'
        last_end = (
            f'CASE WHEN count(*) = count("{fact.end}") THEN {latest} END' if fact.end in held else "NULL::TIMESTAMP"
        )
    return f"min({start})", f"max({start})", last_end


def sha256(path: Path) -> str:
    """The checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
