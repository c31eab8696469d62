"""A mapping's queries: each streamed into one staging relation, all of it or what came since its watermark."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from okireports.errors import LoadError, did_you_mean
from okireports.sources import staging
from okireports.sources.database import watermark
from okireports.sources.database.session import Session
from okireports.sources.feed import Before, Origin, Reject, SourceFile
from okireports.sources.mapping import TableMap, VendorMap
from okireports.sources.quoting import ident
from okireports.sources.staging import Input, Progress


class Queries:
    """The queries of one load, as `mapped.read` takes them: what it asks of files, asked of a database.

    Args:
        con: the staging connection.
        session: the database.
        vendor: the mapping.
        before: what earlier loads have read.
        zone: of times without an offset.
    """

    def __init__(
        self, con: duckdb.DuckDBPyConnection, session: Session, vendor: VendorMap, before: Before, zone: str
    ) -> None:
        self.con, self.session, self.vendor, self.before, self.zone = con, session, vendor, before, zone
        self.files: list[SourceFile] = []
        self.rejects: list[Reject] = []  # a server has no broken lines
        self.notes: Counter[str] = Counter()

    def groups(self) -> list[list[TableMap]]:
        """The tables that are made of one query each."""
        found: dict[object, list[TableMap]] = {}
        for table in self.vendor.tables:
            if not (table.query or table.relation):
                raise LoadError(
                    f"The mapping does not say where the rows of {table.table} come from.",
                    file=self.session.address.shown,
                    hint='For a database each [[table]] needs `from = "its table"` or `query = "SELECT ..."`.',
                )
            origin = (table.query, table.relation, table.watermark, table.overlap)
            found.setdefault(origin, []).append(table)
        return list(found.values())

    def stage(self, tables: Sequence[TableMap], progress: Progress | None) -> tuple[str, Origin, tuple[str, ...]]:
        """The relation of a query's rows, its origin, and the columns that nobody asked for."""
        table, name = tables[0], self._name(tables[0])
        with self._named(name):
            relation = self.session.named(table.relation) if table.relation else f"(\n{table.query}\n) AS q"
            rows = QueryRows(self.session, name, relation, self.session.columns(relation))
            wanted = {column for t in tables for column in t.named} | ({table.watermark} if table.watermark else set())
            optional = {c for t in tables for c in t.named - t.needed}
            rows.require(wanted - optional)
            mark, told = self._mark(table, rows), json.dumps([self.session.address.shown, table.query, table.relation])
            key = hashlib.sha256(f"{told} {mark}".encode()).hexdigest()
            old = self.before.marks.get(key)
            if mark and old:
                since = mark.since(old, table.overlap)
                rows.where = self.session.condition(mark.column, mark.kind, since)
            lower = {column.lower() for column in wanted}
            staged = f"raw.{ident(f'query {len(self.files)}')}"
            file = Input(len(self.files), Path(name), name, 0)
            origin = staging.pour(self.con, staged, [(file, rows)], lower.__contains__, as_text=True)
            new = mark.newest(self.con, staged, self.before.now, self.zone) if mark else None
        self.files.append(SourceFile(name, key, rows.bytes, new or old or ""))
        if progress:
            progress(name, rows.bytes, rows.bytes)
        return staged, origin, tuple(c for c in rows.columns if c.lower() not in lower)

    def _name(self, table: TableMap) -> str:
        """How rejects call the query: the table it reads, or what it is made for."""
        name = table.relation or f"query of {table.table}"
        taken = {file.path for file in self.files}
        return next(n for n in (name, *(f"{name} ({i})" for i in range(2, len(taken) + 3))) if n not in taken)

    def _mark(self, table: TableMap, rows: QueryRows) -> watermark.Watermark | None:
        if table.watermark is None:
            return None
        name = table.watermark.lower()
        column = next(c for c in rows.columns if c.lower() == name)
        return watermark.of(column, rows.kinds[column])

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """An error says which query it is about."""
        try:
            yield
        except LoadError as error:
            where = f"{self.session.address.shown}, {name}"
            raise LoadError(error.problem, file=where, column=error.column, hint=error.hint) from None


@dataclass
class QueryRows:
    """The rows of one query; a row's "line" is its number in what was read, counted from 1."""

    session: Session
    name: str
    relation: str
    kinds: Mapping[str, str]
    where: str | None = None
    bytes: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(self.kinds)

    @property
    def types(self) -> Mapping[str, str]:
        """All text."""
        return dict.fromkeys(self.kinds, "VARCHAR")

    def require(self, wanted: set[str]) -> None:
        """LoadError for the first wanted column that the query does not give."""
        found = {column.lower() for column in self.columns}
        for column in sorted(wanted):
            if column.lower() not in found:
                hint = f"It has: {', '.join(self.columns)}.{did_you_mean(column, self.columns)}"
                raise LoadError("There is no such column.", column=column, hint=hint)

    def insert(self, con: duckdb.DuckDBPyConnection, relation: str, chosen: dict[str, str], index: int) -> int:
        """Append the columns `chosen` (target -> column) and `_file`, batch by batch; returns the rows taken."""
        rows = 0
        picked = "".join(f"nullif({ident(column)}, '') AS {ident(name)}, " for name, column in chosen.items())
        taken = {column: self.kinds[column] for column in chosen.values()}
        for batch in self.session.stream(self.relation, taken, self.where):
            con.register("streamed", pa.Table.from_batches([batch]))
            try:
                con.execute(f"INSERT INTO {relation} BY NAME SELECT {picked}{index}::USMALLINT AS _file FROM streamed")
            except duckdb.Error as error:  # text that is none
                raise LoadError(f"The engine cannot take these rows: {str(error).splitlines()[0]}") from None
            finally:
                con.unregister("streamed")
            rows += batch.num_rows
            self.bytes += batch.nbytes
        return rows

    def rejects(self, table: str) -> list[Reject]:
        """None: a server sends whole rows."""
        return []

    def lines(self, ordinals: Sequence[int]) -> list[int]:
        """The numbers of rows, counted from 1."""
        return [n + 1 for n in ordinals]
