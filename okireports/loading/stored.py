"""Rows that are published already, looked up where a load needs them: by id, by parent, by operator."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import duckdb

from okireports.disk import Folder, Segment, attach, segments_of
from okireports.disk.folder import quoted
from okireports.loading.batch import Batch, names
from okireports.tables import Fact


def pull(
    batch: Batch,
    fact: Fact,
    where: str,
    into: str,
    *,
    projects: tuple[int, ...] | None = None,
    files: Collection[str] | None = None,
    columns: tuple[str, ...] = (),
) -> None:
    """Make the table `into` of published rows that fulfil a condition, with the `_file` that holds each.

    Args:
        batch: the load.
        fact: the table.
        where: SQL over its columns; it may name tables of the load.
        into: the table to make.
        projects: only of these.
        files: only of these segments.
        columns: only these; all when empty.
    """
    wanted = ", ".join(f'"{c}"' for c in columns) or names(fact)
    types = ", ".join(f'"{c.name}" {c.type}' for c in fact.all_columns if not columns or c.name in columns)
    batch.con.execute(f"CREATE OR REPLACE TABLE {into} ({types}, _file VARCHAR)")
    order = ", ".join(f'"{c.name}"' for c in fact.all_columns if not columns or c.name in columns)
    for segment in segments_of(batch.con, fact.name, projects):
        if files is not None and segment.file not in files:
            continue
        with opened(batch.con, batch.writer.folder, segment) as rows:
            if not columns and not batch.con.execute(f"SELECT 1 FROM {rows} WHERE {where} LIMIT 1").fetchone():
                continue  # most segments hold none: of those only the columns of the condition are read
            batch.con.execute(
                f"""INSERT INTO {into} SELECT {order}, {quoted(segment.file)}
                FROM (SELECT {wanted} FROM {rows} WHERE {where})"""
            )


@contextmanager
def opened(con: duckdb.DuckDBPyConnection, folder: Folder, segment: Segment) -> Iterator[str]:
    """Attach one published segment; gives SQL of its rows with all columns of today's model."""
    attach(con, folder, segment, "old")
    try:
        yield segment.rows_in("old")
    finally:
        con.execute("DETACH old")


def exists(batch: Batch, schema: str, table: str) -> bool:
    """Is there such a table of the load?"""
    return bool(
        batch.count(
            """SELECT count(*) FROM duckdb_tables()
            WHERE database_name = 'memory' AND schema_name = ? AND table_name = ?""",
            [schema, table],
        )
    )
