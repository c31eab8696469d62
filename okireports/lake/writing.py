"""Rows of segments as files of a lake: what a segment holds by month, and one month of it as Parquet."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from okireports.delivery.target import CLOSED, FULL, Target
from okireports.disk import Segment
from okireports.disk.folder import quoted
from okireports.disk.segments import ALWAYS, bounds
from okireports.disk.writer import sync
from okireports.engines.duck import schema_of
from okireports.tables import FACTS, MODEL_VERSION

UNDATED = "none"  # the month of rows whose start is not known
GROUP = 131_072  # rows of a row group
HOW = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP}, USE_TMP_FILE false"


@dataclass(frozen=True)
class Month:
    """What a segment holds of a month of UTC; instants as a segment's."""

    name: str
    first_at: datetime | None
    last_at: datetime | None
    last_end: datetime | None
    rows: int
    content: str  # rows that are others have another one

    def file(self, segment: Segment) -> str:
        """What its file is called."""
        return f"{segment.table}/p{segment.project_id:04d}/{self.name}.{self.content}.parquet"


def months_of(con: duckdb.DuckDBPyConnection, segment: Segment, alias: str) -> list[Month]:
    """The months of a segment that is attached under an alias."""
    fact, held = FACTS[segment.table], schema_of(segment.table)
    month = f"coalesce(strftime(\"{fact.start}\", '%Y-%m'), '{UNDATED}')" if fact.start else f"'{ALWAYS}'"
    found = con.execute(
        f"""SELECT {month} AS month, {", ".join(bounds(fact, tuple(held)))}, count(*), bit_xor(h), sum(h::HUGEINT)
        FROM (SELECT *, hash(hash({listed(segment.table)})) AS h FROM {segment.rows_in(alias)})
        GROUP BY month ORDER BY month"""
    ).fetchall()
    return [
        Month(name, first_at, last_at, last_end, rows, content(segment.table, rows, *hashes))
        for name, first_at, last_at, last_end, rows, *hashes in found
    ]


def content(table: str, rows: int, *hashes: int) -> str:
    """What tells rows from others, in whatever order: the columns, how many there are, and their hashes together."""
    told = (MODEL_VERSION, sorted(schema_of(table).items()), rows, *hashes)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def write(
    con: duckdb.DuckDBPyConnection, target: Target, segment: Segment, alias: str, month: Month
) -> tuple[int, str]:
    """Write a month of a segment that is attached under an alias; gives the file's bytes and checksum."""
    rows = f"SELECT {listed(segment.table)} FROM {segment.rows_in(alias)} WHERE {within(segment.table, month.name)}"

    def save(path: Path) -> None:
        number, half = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)  # mode 0600
        os.close(number)
        try:
            con.execute(f"COPY ({rows}) TO {quoted(half)} ({HOW})")
            sync(Path(half))
            os.replace(half, path)
        except BaseException as error:
            Path(half).unlink(missing_ok=True)
            if refused := refusal(error, half):
                raise refused from error
            raise
        sync(path.parent)

    return target.put(month.file(segment), save)


def refusal(error: BaseException, path: str) -> OSError | None:
    """What the system says of a file that is written, as DuckDB passes it on; None where it is about something else."""
    said = str(error) if isinstance(error, duckdb.IOException) and path in str(error) else ""
    found = next((code for code in (*FULL, *CLOSED) if os.strerror(code) in said), None)
    return None if found is None else OSError(found, os.strerror(found), path)


def listed(table: str) -> str:
    """SQL of the columns that a run offers: what is kept from every viewer is not brought here."""
    return ", ".join(f'"{name}"' for name in schema_of(table))


def within(table: str, month: str) -> str:
    """SQL: which rows of a table belong to a month."""
    start = FACTS[table].start
    if start is None:
        return "true"
    if month == UNDATED:
        return f'"{start}" IS NULL'
    first = datetime.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    return f"\"{start}\" >= TIMESTAMP '{first}' AND \"{start}\" < TIMESTAMP '{after}'"
