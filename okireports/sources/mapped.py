"""Files of any vendor, read by a mapping."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from okireports.errors import LoadError
from okireports.sources import folder, mapping, staging
from okireports.sources.csv_file import CsvFile, Dialect
from okireports.sources.feed import Feed, Origin, Reject, Scratch, SourceFile, keep_rejects
from okireports.sources.mapping import TableMap, VendorMap
from okireports.sources.mapping_sql import Compiler
from okireports.sources.parquet_file import ParquetFile
from okireports.sources.quoting import ident
from okireports.sources.staging import Input, Progress, Reader
from okireports.sources.xlsx_file import XlsxFile


def read(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    map_path: Path,
    *,
    known: Mapping[str, Collection[str]],
    required: Mapping[str, Collection[str]],
    timezone: str | None = None,
    progress: Progress | None = None,
) -> Feed:
    """Stage the tables that a mapping makes of the files at `root`.

    Raises:
        LoadError: a mapping that is wrong, no file that it means, a column that a file lacks.
    """
    vendor = mapping.parse(map_path, known=known, required=required)
    folder.readable(root)
    reading = _Reading(con, root, vendor)
    made: dict[str, list[tuple[str, Origin]]] = {}
    unknown: dict[str, tuple[str, ...]] = {}
    patterns = dict.fromkeys(t.file for t in vendor.tables)
    if root.is_file() and any(folder.means(p, root.name) for p in patterns):  # one file of several
        patterns = {p: None for p in patterns if folder.means(p, root.name)}
    for pattern in patterns:
        tables = [t for t in vendor.tables if t.file == pattern]
        relation, staged, rest = reading.stage(pattern, tables, progress)
        for table in tables:
            query, rowids = Compiler(vendor, str.lower).select(table, relation, required.get(table.table, ()))
            part = f"raw.{ident(f'{table.table} part {len(made.get(table.table, []))}')}"
            done = _made(con, part, query, map_path)
            made.setdefault(table.table, []).append((part, Origin(staged.staged, done, rowids)))
            if rest:
                unknown[table.table] = tuple(dict.fromkeys((*unknown.get(table.table, ()), *rest)))
    for table_name, parts in made.items():
        con.execute(f"CREATE OR REPLACE TABLE raw.{table_name} AS FROM {parts[0][0]}")
        for part, _ in parts[1:]:
            _append(con, f"raw.{table_name}", part)
        for part, _ in parts:
            con.execute(f"DROP TABLE {part}")
    return Feed(
        source=vendor.name,
        tables={name: f"raw.{name}" for name in made},
        files=tuple(reading.files),
        rejects=keep_rejects(con, reading.rejects),
        unknown_columns=unknown,
        timezone=timezone or vendor.timezone,
        create_missing=vendor.create_missing,
        origins={name: tuple(origin for _, origin in parts) for name, parts in made.items()},
    )


def _made(con: duckdb.DuckDBPyConnection, relation: str, query: str, map_path: Path) -> int:
    try:
        done = con.execute(f"CREATE OR REPLACE TABLE {relation} AS {query}").fetchone()
    except duckdb.Error as error:  # a format that the engine does not know
        first = str(error).splitlines()[0]
        raise LoadError(
            f"The engine refuses this mapping: {first}", file=map_path.name, hint="Check formats."
        ) from error
    return int(done[0]) if done else 0


def _append(con: duckdb.DuckDBPyConnection, relation: str, part: str) -> None:
    """Add the rows of a part below; a column that only one of the two has is NULL in the other."""
    have = {str(row[0]) for row in con.execute(f"DESCRIBE {relation}").fetchall()}
    for name, *_ in con.execute(f"DESCRIBE {part}").fetchall():
        if str(name) not in have:
            con.execute(f"ALTER TABLE {relation} ADD COLUMN {ident(str(name))} VARCHAR")
    con.execute(f"INSERT INTO {relation} BY NAME FROM {part}")


class _Reading:
    """The files of one load."""

    def __init__(self, con: duckdb.DuckDBPyConnection, root: Path, vendor: VendorMap) -> None:
        self.con, self.root, self.vendor = con, root, vendor
        self.files: list[SourceFile] = []
        self.rejects: list[Reject] = []
        self.scratch = Scratch()
        self._inputs: dict[Path, Input] = {}
        self._staged = 0

    def stage(
        self, pattern: str | None, tables: Sequence[TableMap], progress: Progress | None
    ) -> tuple[str, Origin, tuple[str, ...]]:
        """The relation of the files that a pattern means, its origin, and the columns that nobody asked for."""
        paths = self._paths(pattern)
        wanted = {column for t in tables for column in t.named}
        readers = []
        for path in paths:
            file = self._input(path)
            reader = self._open(file)
            staging.require(reader, wanted)
            readers.append((file, reader))
            if progress:
                progress(file.name, sum(f.bytes for f in self.files), sum(p.stat().st_size for p in paths))
        lower = {w.lower() for w in wanted}
        self._staged += 1
        relation = f"raw.{ident(f'vendor {self._staged}')}"
        origin = staging.pour(self.con, relation, readers, lower.__contains__, as_text=True)
        self.rejects += [reject for _, reader in readers for reject in reader.rejects(tables[0].table)]
        rest = [c for _, reader in readers for c in reader.columns if c and c.lower() not in lower]
        return relation, origin, tuple(dict.fromkeys(rest))

    def _paths(self, pattern: str | None) -> list[Path]:
        found = []
        for path in folder.inside(self.root):
            name = folder.name_in(self.root, path)
            if folder.means(pattern, name) or (path == self.root and pattern is None):
                found.append(path)
        if not found:
            what = f"that is called {pattern}" if pattern else "to read"
            raise LoadError(
                f"There is no file {what} here.", file=str(self.root), hint="Correct `file` of the mapping."
            )
        return found

    def _input(self, path: Path) -> Input:
        if path not in self._inputs:
            name = folder.name_in(self.root, path)
            folder.check_kind(path, name)
            self.files.append(folder.fingerprint(path, name))
            self._inputs[path] = Input(len(self.files) - 1, path, name, self.files[-1].bytes)
        return self._inputs[path]

    def _open(self, file: Input) -> Reader:
        vendor = self.vendor
        match file.path.suffix.lower():
            case ".parquet":
                return ParquetFile(self.con, file.path, file.name)
            case ".xlsx":
                return XlsxFile(file.path, file.name, sheet=vendor.sheet, header=vendor.header, names=vendor.names)
            case _:
                header = 1 if vendor.header is None else vendor.header
                dialect = Dialect(vendor.delimiter, vendor.quote, vendor.encoding, header, vendor.names)
                return CsvFile(file.path, file.name, self.scratch, dialect)
