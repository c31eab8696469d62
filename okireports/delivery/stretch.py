"""The rows of one file as they come from the engine: months of a table in one go, with names beside ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from okireports import frames
from okireports.engines.duck import Session, schema_of
from okireports.sql.offered import NAMES, named
from okireports.tables import FACTS, Fact

BATCH = 131_072  # rows that are given at once, and of a row group


@dataclass(frozen=True)
class Part:
    """What goes into one file: the rows of a table that start in a month, or all of a table that is not in time."""

    number: int  # in the order in which parts are listed: of one table and consecutive, nothing lies between
    source: str
    name: str  # of its month, or "all"
    where: str
    start: datetime | None
    end: datetime | None
    count: int


@dataclass(frozen=True)
class Beside:
    """Names beside ids, as a query of her own has them, by the same tables of names."""

    known: Mapping[str, tuple[pa.Array[Any], pa.Array[Any]]]  # by table of names: its ids, and what they are called

    @classmethod
    def of(cls, opened: Session, tables: Iterable[str]) -> Beside:
        """The names that stand beside the ids of some tables."""
        found = {}
        for directory, id, name, _ in (NAMES[column] for table in tables for column in named(table)):
            rows = opened.arrow(f'SELECT "{id}", "{name}" FROM "{directory}"').combine_chunks()
            found[directory] = (rows[id].combine_chunks(), rows[name].combine_chunks())
        return cls(found)

    def put(self, table: str, rows: pa.Table) -> pa.Table:
        """Rows of a table with the names."""
        columns: dict[str, Any] = {}
        for column in schema_of(table):
            columns[column] = rows[column]
            if column in named(table):
                directory, _, _, beside = NAMES[column]
                ids, names = self.known[directory]
                columns[beside] = names.take(pc.index_in(rows[column].combine_chunks(), value_set=ids))
        return pa.table(columns)


@dataclass
class Stretch:
    """Consecutive parts of a table, which are asked for at once: to ask costs more than the rows of a small month.

    Rows come in an order without ties, so that the same rows are the same bytes, and parts are told apart by their
    counts. What is asked for by several threads is asked by each in a stretch of its own.
    """

    opened: Session
    beside: Beside
    parts: tuple[Part, ...]
    zone: str
    _rows: Iterator[pa.Table] = field(default_factory=lambda: iter(()), repr=False)
    _at: int | None = None  # how many rows were given
    _held: pa.Table | None = None

    @property
    def source(self) -> str:
        """The table."""
        return self.parts[0].source

    @property
    def schema(self) -> pa.Schema:
        """Its columns as they are handed out."""
        return self._typed(self.opened.nothing_of(self.source)).schema

    def pieces(self) -> Iterator[Piece]:
        """The rows of each part; to be taken in this order."""
        first = 0
        for part in self.parts:
            yield Piece(self, part, first)
            first += part.count

    def take(self, first: int, count: int) -> Iterator[pa.Table]:
        """Rows from a number on, a piece at a time."""
        if self._at is None or first < self._at:
            self._rows, self._at, self._held = self._asked(), 0, None
        while self._at < first + count:
            held = next(self._rows) if self._held is None else self._held
            self._held = None
            skipped = min(max(first - self._at, 0), len(held))
            given = held.slice(skipped, first + count - self._at - skipped)
            taken = skipped + len(given)
            self._at += taken
            if taken < len(held):
                self._held = held.slice(taken)
            if len(given):
                yield given

    def _asked(self) -> Iterator[pa.Table]:
        fact, first, last = FACTS[self.source], self.parts[0], self.parts[-1]
        where = first.where if first is last else between(fact.start, first.start, last.end)
        sql = f'SELECT * FROM "{fact.name}" t WHERE {where}{order(fact, self.opened)}'
        for rows in self.opened.batches(sql, BATCH):
            yield self._typed(rows)

    def _typed(self, rows: pa.Table) -> pa.Table:
        return frames.arrow(self.beside.put(self.source, rows), self.zone)


@dataclass(frozen=True)
class Piece:
    """The rows of one file, as `okireports.rows.Rows` are."""

    stretch: Stretch
    part: Part
    first: int  # its first row's number in the stretch

    @property
    def schema(self) -> pa.Schema:
        """Its columns: instants are of the centre's zone."""
        return self.stretch.schema

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.part.count

    def head(self, most: int) -> pa.Table:
        """The first of them."""
        return self.some(0, most)

    def some(self, first: int, most: int) -> pa.Table:
        """Those from a number on."""
        wanted = self.stretch.take(self.first + first, max(0, min(most, self.count - first)))
        return pa.concat_tables([self.schema.empty_table(), *wanted])

    def parts(self) -> Iterator[pa.Table]:
        """The rows, a piece at a time."""
        return self.stretch.take(self.first, self.count)

    def table(self) -> pa.Table:
        """All of them at once."""
        return self.some(0, self.count)

    def interrupt(self) -> None:
        """Nothing waits for them: a file that is begun is finished."""


def between(column: str | None, start: datetime | None, end: datetime | None) -> str:
    """SQL: does a row start within a span?"""
    return f"\"{column}\" >= TIMESTAMP '{start}' AND \"{column}\" < TIMESTAMP '{end}'"


def order(fact: Fact, opened: Session) -> str:
    """SQL: the order of a table's rows, by start and id; nothing where they lie so, file after file.

    A segment is in that order, and the engine keeps it in what it reads with UNION ALL and WHERE; by a join it may not.
    """
    held = [segment for segment in opened.segments if segment.table == fact.name]
    follow = all(one.last_at and two.first_at and one.last_at < two.first_at for one, two in pairwise(held))
    if fact.start and follow and opened.in_order:
        return ""
    key = f't."{fact.id or "contact_key"}"'
    return f' ORDER BY t."{fact.start}", {key}' if fact.start else f" ORDER BY {key}"
