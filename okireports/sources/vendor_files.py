"""The files of a mapping: each staged as rows of text, as `database.Queries` stages the queries of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb

from okireports.errors import LoadError
from okireports.sources import packed, staging
from okireports.sources.csv_file import CsvFile, Dialect
from okireports.sources.feed import Before, Origin, Reject, SourceFile
from okireports.sources.mapping import TableMap, VendorMap
from okireports.sources.opening import Opening
from okireports.sources.packed import Found
from okireports.sources.parquet_file import ParquetFile
from okireports.sources.quoting import ident
from okireports.sources.staging import Input, Progress, Reader
from okireports.sources.xlsx_file import XlsxFile


class Files:
    """The files of one load by a mapping.

    Args:
        con: the staging connection.
        root: a folder, an archive, or one file.
        vendor: the mapping.
        before: what earlier loads have read.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, root: Path, vendor: VendorMap, before: Before) -> None:
        self.con, self.root, self.vendor = con, root, vendor
        self.found = list(packed.found(root))
        self.opening = Opening(before)
        self.rejects: list[Reject] = []
        self._staged = 0

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """What was read."""
        return self.opening.files()

    @property
    def notes(self) -> Counter[str]:
        """What was found out about the files, counted."""
        return self.opening.notes()

    def groups(self) -> list[list[TableMap]]:
        """The tables that are made of the same files."""
        if table := next((t for t in self.vendor.tables if t.query or t.relation), None):
            raise LoadError(
                f"By this mapping the rows of {table.table} lie in a database, and this is no address of one.",
                file=str(self.root),
                hint="Give its URL, such as postgresql://user@host/database.",
            )
        patterns = list(dict.fromkeys(t.file for t in self.vendor.tables))
        if self.root.is_file():  # one file of several
            patterns = [p for p in patterns if any(one.meant_by(p) for one in self.found)] or patterns
        return [[t for t in self.vendor.tables if t.file == pattern] for pattern in patterns]

    def stage(self, tables: Sequence[TableMap], progress: Progress | None) -> tuple[str, Origin, tuple[str, ...]]:
        """The relation of the files that tables are made of, its origin, and the columns that nobody asked for."""
        meant = self._meant(tables[0].file)
        total = sum(one.path.stat().st_size for one in meant)
        must = {column for t in tables for column in t.needed}
        readers = []
        for one in meant:
            if opened := self.opening.open(one, self._open):
                staging.require(opened[1], must)
                readers.append(opened)
            if progress:
                progress(one.name, min(self.opening.bytes, total), total)
        wanted = {column.lower() for t in tables for column in t.named}
        self._staged += 1
        relation = f"raw.{ident(f'vendor {self._staged}')}"
        origin = staging.pour(self.con, relation, readers, wanted.__contains__, as_text=True)
        self.rejects += [reject for _, reader in readers for reject in reader.rejects(tables[0].table)]
        rest = [c for _, reader in readers for c in reader.columns if c and c.lower() not in wanted]
        return relation, origin, tuple(dict.fromkeys(rest))

    def _meant(self, pattern: str | None) -> list[Found]:
        found = [one for one in self.found if one.meant_by(pattern) or (pattern is None and one.path == self.root)]
        if not found:
            what = f"that is called {pattern}" if pattern else "to read"
            hint = "Correct `file` of the mapping."
            raise LoadError(f"There is no file {what} here.", file=str(self.root), hint=hint)
        return found

    def _open(self, file: Input) -> Reader:
        vendor = self.vendor
        match file.path.suffix.lower():
            case ".parquet":
                return ParquetFile(self.con, file.path, file.name)
            case ".xlsx":
                return XlsxFile(file.path, file.name, sheet=vendor.sheet, header=vendor.header, names=vendor.names)
            case _:
                header = 1 if vendor.header is None else vendor.header
                dialect = Dialect(vendor.delimiter, vendor.quote, vendor.escape, vendor.encoding, header, vendor.names)
                return CsvFile(file.path, file.name, self.opening.scratch, dialect)
