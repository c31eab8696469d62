"""The canonical input: files named after the tables of the model (see the data model for their columns)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

import duckdb

from okireports.errors import LoadError, did_you_mean
from okireports.sources import folder, packed, staging
from okireports.sources.csv_file import CsvFile, Dialect
from okireports.sources.feed import Before, Feed, Origin, Reject, Scratch, keep_rejects
from okireports.sources.opening import Opening
from okireports.sources.packed import Found
from okireports.sources.parquet_file import ParquetFile
from okireports.sources.staging import Input, Progress, Reader
from okireports.sources.xlsx_file import XlsxFile

Columns = Mapping[str, Collection[str]]


def read(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    *,
    known: Columns,
    required: Columns,
    timezone: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
    before: Before | None = None,
) -> Feed:
    """Stage `calls.csv`, `calls.parquet`, `calls.xlsx` and the files of a folder `calls/`, for each table found.

    Raises:
        LoadError: no file, a file of no known table, or one that cannot be read; with file and line.
    """
    tables, others = _files_of_tables(root, known)
    opening = Opening(before)
    rejects: list[Reject] = []
    origins: dict[str, tuple[Origin, ...]] = {}
    unknown: dict[str, tuple[str, ...]] = {}
    total = sum(one.path.stat().st_size for found in tables.values() for one in found)
    for table, found in tables.items():
        readers = []
        for one in found:
            if opened := opening.open(one, partial(_open, con, table, opening.scratch, encoding)):
                staging.require(opened[1], required.get(table, ()))
                readers.append(opened)
        if not readers:
            continue
        lower = frozenset(known[table])
        origins[table] = (staging.pour(con, f"raw.{table}", readers, lower.__contains__),)
        rejects += [reject for _, reader in readers for reject in reader.rejects(table)]
        if strange := [c for _, reader in readers for c in reader.columns if c and c.lower() not in lower]:
            unknown[table] = tuple(dict.fromkeys(strange))
        if progress:
            progress(table, min(opening.bytes, total), total)
    return Feed(
        source="canonical",
        tables={table: f"raw.{table}" for table in origins},
        files=opening.files(),
        rejects=keep_rejects(con, rejects),
        notes=opening.notes() | ({"files of other kinds, ignored": others} if others else {}),
        unknown_columns=unknown,
        timezone=timezone,
        origins=origins,
    )


def _open(con: duckdb.DuckDBPyConnection, table: str, scratch: Scratch, encoding: str | None, file: Input) -> Reader:
    match file.path.suffix.lower():
        case ".parquet":
            return ParquetFile(con, file.path, file.name)
        case ".xlsx":
            return XlsxFile(file.path, file.name, sheet=table, sheet_optional=True, lengths_in_seconds=True)
        case _:
            return CsvFile(file.path, file.name, scratch, Dialect(encoding=encoding or "utf-8"))


def _files_of_tables(root: Path, known: Columns) -> tuple[dict[str, list[Found]], int]:
    """The files of each table, in the order of the model, and how many files of other kinds lie there."""
    found: dict[str, list[Found]] = {}
    others = 0
    for one in packed.found(root):
        if one.kind not in folder.SUFFIXES:
            others += 1
            continue
        table = (one.inner.parts[0] if len(one.inner.parts) > 1 else one.inner.stem).lower()
        if table not in known:
            hint = did_you_mean(table, known) or f" Known are: {', '.join(sorted(known))}."
            problem = f"No table is called {table!r}.{hint}"
            raise LoadError(problem, file=one.name, hint="Rename the file or move it away.")
        found.setdefault(table, []).append(one)
    if not found:
        hint = "Give a folder with files named after the tables, such as calls.csv, or one such file."
        raise LoadError("There is no CSV, Parquet or XLSX file here.", file=str(root), hint=hint)
    return {table: found[table] for table in known if table in found}, others
