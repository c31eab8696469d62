"""The canonical input: files named after the tables of the model (see the data model for their columns)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb

from okireports.errors import LoadError, did_you_mean
from okireports.sources import folder, staging
from okireports.sources.csv_file import CsvFile
from okireports.sources.feed import Feed, Origin, Reject, Scratch, SourceFile, keep_rejects
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
    progress: Progress | None = None,
) -> Feed:
    """Stage `calls.csv`, `calls.parquet`, `calls.xlsx` and the files of a folder `calls/`, for each table found.

    Raises:
        LoadError: no file, a file of no known table, or one that cannot be read; with file and line.
    """
    tables, others = _files_of_tables(root, known)
    scratch = Scratch()
    files: list[SourceFile] = []
    rejects: list[Reject] = []
    origins: dict[str, tuple[Origin, ...]] = {}
    unknown: dict[str, tuple[str, ...]] = {}
    total = sum(p.stat().st_size for paths in tables.values() for p in paths)
    for table, paths in tables.items():
        readers = []
        for path in paths:
            name = folder.name_in(root, path)
            folder.check_kind(path, name)
            files.append(folder.fingerprint(path, name))
            file = Input(len(files) - 1, path, name, files[-1].bytes)
            readers.append((file, _open(con, file, table, scratch)))
            staging.require(readers[-1][1], required.get(table, ()))
        lower = frozenset(known[table])
        origins[table] = (staging.pour(con, f"raw.{table}", readers, lower.__contains__),)
        rejects += [reject for _, reader in readers for reject in reader.rejects(table)]
        if strange := [c for _, reader in readers for c in reader.columns if c and c.lower() not in lower]:
            unknown[table] = tuple(dict.fromkeys(strange))
        if progress:
            progress(table, sum(f.bytes for f in files), total)
    return Feed(
        source="canonical",
        tables={table: f"raw.{table}" for table in tables},
        files=tuple(files),
        rejects=keep_rejects(con, rejects),
        notes={"files of other kinds, ignored": others} if others else {},
        unknown_columns=unknown,
        timezone=timezone,
        origins=origins,
    )


def _open(con: duckdb.DuckDBPyConnection, file: Input, table: str, scratch: Scratch) -> Reader:
    match file.path.suffix.lower():
        case ".parquet":
            return ParquetFile(con, file.path, file.name)
        case ".xlsx":
            return XlsxFile(file.path, file.name, sheet=table, sheet_optional=True, lengths_in_seconds=True)
        case _:
            return CsvFile(file.path, file.name, scratch)


def _files_of_tables(root: Path, known: Columns) -> tuple[dict[str, list[Path]], int]:
    """The files of each table, in the order of the model, and how many files of other kinds lie there."""
    found: dict[str, list[Path]] = {}
    others = 0
    for path in folder.inside(folder.readable(root)):
        if path.suffix.lower() not in folder.SUFFIXES:
            others += 1
            continue
        parts = (path.name,) if path == root else path.relative_to(root).parts
        table = (parts[0] if len(parts) > 1 else path.stem).lower()
        if table not in known:
            hint = did_you_mean(table, known) or f" Known are: {', '.join(sorted(known))}."
            problem = f"No table is called {table!r}.{hint}"
            raise LoadError(problem, file=folder.name_in(root, path), hint="Rename the file or move it away.")
        found.setdefault(table, []).append(path)
    if not found:
        hint = "Give a folder with files named after the tables, such as calls.csv, or one such file."
        raise LoadError("There is no CSV, Parquet or XLSX file here.", file=str(root), hint=hint)
    return {table: found[table] for table in known if table in found}, others
