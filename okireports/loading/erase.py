"""Published segments written anew without some rows or values, so that no file of the generation holds them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import duckdb

from okireports.disk import Folder, NewSegment, Segment, Writer, segments_of
from okireports.disk.folder import TRIES, quoted
from okireports.disk.segments import STORAGE, WITHOUT_LOG
from okireports.disk.writer import BLOCK
from okireports.errors import DamagedCenter
from okireports.loading.merge import order
from okireports.loading.stored import opened
from okireports.tables import FACTS, Fact

Found = TypeVar("Found")


def looked(folder: Folder, look: Callable[[duckdb.DuckDBPyConnection], Found]) -> Found:
    """What a look at the published state gives; once more where a file was swept meanwhile."""
    for attempt in range(TRIES):
        try:
            with folder.reading() as reading:
                return look(reading.con)
        except FileNotFoundError as error:
            if attempt + 1 == TRIES:
                raise DamagedCenter(f"{error.filename} is named by the centre and is not there; restore it.") from None
    raise AssertionError("unreachable")


def rows_of(con: duckdb.DuckDBPyConnection, folder: Folder, fact: Fact) -> Iterator[tuple[Segment, str]]:
    """The published segments of a table, one after the other, each with SQL of its rows while it is attached."""
    for segment in segments_of(con, fact.name):
        with opened(con, folder, segment) as rows:
            yield segment, rows


def rewritten(segment: Segment, *, without: str = "false", values: Mapping[str, str] | None = None) -> NewSegment:
    """A segment as it is to be.

    Args:
        segment: as it is published.
        without: SQL: which rows are left out.
        values: columns that change, and SQL of their values.
    """
    fact, values = FACTS[segment.table], values or {}
    alias = f'"old p{segment.project_id} {segment.table} {segment.stretch}"'
    columns = ", ".join(f'{values[name]} AS "{name}"' if name in values else f'"{name}"' for name in segment.columns)
    kept = f"SELECT * FROM {segment.rows_in(alias)} WHERE ({without}) IS NOT TRUE"
    select = f"SELECT * FROM (SELECT {columns} FROM ({kept})) ORDER BY {order(fact)}"
    return NewSegment(
        segment.project_id, segment.table, segment.stretch, select, segment.columns, segment.rows, {alias: segment}
    )


def replace(writer: Writer, changes: Sequence[tuple[Segment, NewSegment | None]]) -> None:
    """Publish segments in place of others; None: nothing is left of one."""
    for table in FACTS:  # of one table those of several projects are written side by side
        writer.add([new for segment, new in changes if new is not None and segment.table == table])
    for segment, _ in changes:
        writer.retire(segment)


def renew_control(writer: Writer) -> None:
    """Write the coming control file anew: the engine leaves what was deleted in blocks that it means to use again."""
    path, fresh = writer.folder.control(writer.generation), writer.folder.work / "control.duckdb"
    con = writer.con
    con.execute(f"ATTACH {quoted(fresh)} AS fresh (STORAGE_VERSION '{STORAGE}', {WITHOUT_LOG}, BLOCK_SIZE {BLOCK})")
    con.execute("COPY FROM DATABASE control TO fresh; CHECKPOINT fresh; DETACH fresh; DETACH control")
    os.replace(fresh, path)
    con.execute(f"ATTACH {quoted(path)} AS control ({WITHOUT_LOG})")


def rejects_of(folder: Folder) -> Iterator[tuple[int, Path]]:
    """The files of rejected rows that count, with the load of each."""
    newest: dict[int, Path] = {}
    for path in sorted(folder.rejects.glob("*.parquet"), key=lambda path: (len(path.stem), path.stem)):
        if (load := path.stem.partition(".")[0]).isdigit():
            newest[int(load)] = path
    yield from sorted(newest.items())
