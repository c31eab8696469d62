"""The facts of one project as they are handed out: the rows of a table that start in a local month, with names.

They are what the viewer sees in a query of her own: names beside ids, aliases where she sees aliases, no column that a
right closes. They come from the engine as they are written, so that a table never lies in memory as a whole.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyarrow as pa

from okireports import frames
from okireports.access import Scope
from okireports.access.definitions import DEFINITIONS
from okireports.access.founding import DEFAULTS
from okireports.engines.duck import Session, SettingsAt, Viewing, Wanted, may_open, schema_of, session
from okireports.period import Period, utc
from okireports.sql.offered import names_for, offered, view_of
from okireports.tables import FACTS, Fact

BATCH = 131_072  # rows that are given at once, and of a row group
AT_ONCE = 500_000  # rows that are ordered at once, if a month has not more
FEW = 20_000  # rows of which it is quicker to ask for several months at once
WHOLE = "all"  # what the file of a table is called that is not in time


@dataclass(frozen=True)
class Month:
    """A local month, or the part of it that lies in the period; naive UTC, half-open."""

    name: str
    start: datetime
    end: datetime


def months(period: Period) -> list[Month]:
    """The months of a period."""
    found, day = [], period.first_day.replace(day=1)
    while day <= period.last_day:
        after = (day + timedelta(days=31)).replace(day=1)
        start, end = (utc(border, period.zone) for border in (day, after))
        found.append(Month(f"{day:%Y-%m}", max(start, period.start), min(end, period.end)))
        day = after
    return found


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


@dataclass
class Stretch:
    """Consecutive parts of a table, which are asked for at once: to ask costs more than the rows of a small month.

    Rows come in an order without ties, so that the same rows are the same bytes, and parts are told apart by their
    counts. What is asked for by several threads is asked by each in a stretch of its own.
    """

    opened: Session
    parts: tuple[Part, ...]
    schema: pa.Schema
    zone: str
    _rows: Iterator[pa.Table] = field(default_factory=lambda: iter(()), repr=False)
    _at: int | None = None  # how many rows were given
    _held: pa.Table | None = None

    @property
    def source(self) -> str:
        """The table."""
        return self.parts[0].source

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
        sql = f'SELECT * FROM shown."{fact.name}" t WHERE {where} ORDER BY {order(fact)}'
        with self.opened.con.cursor() as con:
            for batch in con.execute(sql).to_arrow_reader(BATCH):
                yield frames.arrow(pa.Table.from_batches([batch]), self.zone)


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


@dataclass(frozen=True)
class Facts:
    """The facts of one project that are open for her; what is known of them is found out when they are opened."""

    opened: Session
    tables: tuple[str, ...]
    period: Period
    parts: tuple[Part, ...] = field(init=False)  # what files are made of
    definitions: str = field(init=False)  # a checksum

    def __post_init__(self) -> None:
        """Count, and look at the definitions."""
        object.__setattr__(self, "parts", tuple(self._parts()))
        object.__setattr__(self, "definitions", self._definitions())

    def _parts(self) -> list[Part]:
        """The months of each table in which it has rows."""
        found: list[Part] = []
        filled, spans = {segment.table for segment in self.opened.segments}, months(self.period)
        for table in (name for name in self.tables if name in filled):
            fact = FACTS[table]
            listed: list[tuple[str, str, datetime | None, datetime | None]]
            if fact.start is None:
                listed = [(WHOLE, self.within(), None, None)]
            else:
                listed = [(m.name, between(fact.start, m.start, m.end), m.start, m.end) for m in spans]
            counted = ", ".join(f"count(*) FILTER ({where})" for _, where, *_ in listed)
            counts = self.opened.con.execute(f'SELECT {counted} FROM "{table}" t').fetchone() or ()
            for (name, where, start, end), count in zip(listed, counts, strict=True):
                if count:
                    found.append(Part(len(found), table, name, where, start, end, count))
        return found

    def stretches(self, parts: Sequence[Part], abreast: int) -> Iterator[Stretch]:
        """Parts as they are asked for: not more rows at once than may be in memory, and enough of them to share."""
        schemas: dict[str, pa.Schema] = {}
        rows = Counter[str]()
        for part in parts:
            rows[part.source] += part.count
        some: list[Part] = []
        for part in parts:
            most = min(AT_ONCE, max(FEW, -(-rows[part.source] // abreast)))
            apart = some and (part.source, part.number) != (some[-1].source, some[-1].number + 1)
            if some and (apart or sum(one.count for one in some) + part.count > most):
                yield self.stretch(some, schemas)
                some = []
            some.append(part)
        if some:
            yield self.stretch(some, schemas)

    def stretch(self, parts: Sequence[Part], schemas: dict[str, pa.Schema]) -> Stretch:
        """One of them."""
        table = parts[0].source
        if table not in schemas:
            none = self.opened.arrow(f'FROM shown."{table}" LIMIT 0')
            schemas[table] = frames.arrow(none, self.period.zone).schema
        return Stretch(self.opened, tuple(parts), schemas[table], self.period.zone)

    def within(self) -> str:
        """SQL: people whom a row of the period names."""
        span = self.period.start, self.period.end
        keys = (
            f'SELECT contact_key FROM main."{other.name}" WHERE {between(other.start, *span)}'
            for other in naming(self.opened)
            if other.start
        )
        return f"t.contact_key IN ({' UNION '.join(keys)})"

    def _definitions(self) -> str:
        """A checksum of the definitions and settings that her reports rest on in this project."""
        con, found = self.opened.con, hashlib.sha256()
        for name in definitions_for(self.opened):
            found.update(repr((name, con.execute(f'FROM "{name}" ORDER BY ALL').fetchall())).encode())
        settings = {name: self.opened.settings.get(name) for name in sorted(DEFAULTS)}
        return hashlib.sha256(found.digest() + repr(settings).encode()).hexdigest()


@contextmanager
def facts(viewing: Viewing, tables: tuple[str, ...], period: Period) -> Iterator[Facts]:
    """Open some tables of one project, with names beside ids, and the definitions."""

    def plan(scope: Scope, settings_at: SettingsAt) -> Wanted:
        people = [f for f in FACTS if "contact_key" in schema_of(f)] if "contacts" in tables else []
        opening = tuple(dict.fromkeys([*tables, *(name for name in people if may_open(scope, name))]))
        rules = [name for name in offered(scope) if name in DEFINITIONS]
        return Wanted(opening, period.start, period.end, tuple({*names_for(tables), *rules}), period.end)

    with session(viewing, plan) as opened:
        show(opened, tables)
        yield Facts(opened, tables, period)


def show(opened: Session, tables: Iterable[str]) -> None:
    """Make views of tables with names beside ids, as a query of her own has them."""
    tables = tuple(tables)
    opened.con.execute("CREATE SCHEMA held; CREATE SCHEMA shown; USE memory.shown")
    for name in {*tables, *names_for(tables)}:
        opened.con.execute(f'CREATE VIEW held."{name}" AS FROM memory.main."{name}"')
    for name in tables:
        opened.con.execute(view_of(name))
    opened.con.execute("USE memory.main")


def naming(opened: Session) -> list[Fact]:
    """The open tables that name people."""
    return [FACTS[name] for name in opened.views if name != "contacts" and "contact_key" in schema_of(name)]


def definitions_for(opened: Session) -> list[str]:
    """The tables of definitions that are open."""
    return sorted(name for name in offered(opened.scope) if name in DEFINITIONS)


def between(column: str | None, start: datetime | None, end: datetime | None) -> str:
    """SQL: does a row start within a span?"""
    return f"\"{column}\" >= TIMESTAMP '{start}' AND \"{column}\" < TIMESTAMP '{end}'"


def order(fact: Fact) -> str:
    """SQL: the order of a table's rows, which has no ties."""
    key = f't."{fact.id or "contact_key"}"'
    return f't."{fact.start}", {key}' if fact.start else key
