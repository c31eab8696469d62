"""The facts of one project as they are handed out: the rows of a table that start in a local month, with names.

They are what the viewer sees in a query of her own: names beside ids, aliases where she sees aliases, no column that a
right closes. They come from the engine as they are written, so that a table never lies in memory as a whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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

BATCH = 131_072  # rows that are in memory at once, and of a row group
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
class Piece:
    """The rows of one file, as `okireports.rows.Rows` are; they are asked for when they are written, by any thread."""

    opened: Session
    source: str
    name: str  # of its month, or "all"
    where: str
    count: int
    zone: str
    schema: pa.Schema  # instants are of the centre's zone

    def head(self, most: int) -> pa.Table:
        """The first of them."""
        return self.some(0, most)

    def some(self, first: int, most: int) -> pa.Table:
        """Those from a number on."""
        return self._asked(f" LIMIT {most} OFFSET {first}")

    def parts(self) -> Iterator[pa.Table]:
        """The rows, a piece at a time."""
        with self.opened.con.cursor() as con:
            for batch in con.execute(self._sql).to_arrow_reader(BATCH):
                yield frames.arrow(pa.Table.from_batches([batch]), self.zone)

    def table(self) -> pa.Table:
        """All of them at once."""
        return self._asked()

    def interrupt(self) -> None:
        """Nothing waits for them: a file that is begun is finished."""

    @property
    def _sql(self) -> str:
        """Their statement, in an order without ties, so that the same rows are the same bytes."""
        return f'SELECT * FROM shown."{self.source}" t WHERE {self.where} ORDER BY {order(FACTS[self.source])}'

    def _asked(self, limit: str = "") -> pa.Table:
        with self.opened.con.cursor() as con:
            return frames.arrow(con.execute(self._sql + limit).to_arrow_table(), self.zone)


@dataclass(frozen=True)
class Facts:
    """The facts of one project that are open for her."""

    opened: Session
    tables: tuple[str, ...]
    period: Period

    def pieces(self) -> Iterator[Piece]:
        """What files are made of: a table's months in which it has rows."""
        for table in self.tables:
            fact = FACTS[table]
            if fact.start is None:
                parts = [(WHOLE, self.within(fact))]
            else:
                parts = [(month.name, between(fact.start, month.start, month.end)) for month in months(self.period)]
            counted = ", ".join(f"count(*) FILTER ({where})" for _, where in parts)
            schema = self.schema(table)
            counts = self.opened.con.execute(f'SELECT {counted} FROM "{table}" t').fetchone() or ()
            for (name, where), count in zip(parts, counts, strict=True):
                if count:
                    yield Piece(self.opened, table, name, where, count, self.period.zone, schema)

    def schema(self, table: str) -> pa.Schema:
        """The columns of a table as they are handed out."""
        none = self.opened.arrow(f'FROM shown."{table}" LIMIT 0')
        return frames.arrow(none, self.period.zone).schema

    def within(self, fact: Fact) -> str:
        """SQL: people whom a row of the period names."""
        keys = (
            f'SELECT contact_key FROM main."{other.name}" WHERE {between(other.start, *self.span)}'
            for other in naming(self.opened)
            if other.start
        )
        return f"t.contact_key IN ({' UNION '.join(keys)})"

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The period, naive UTC."""
        return self.period.start, self.period.end

    def definitions(self) -> str:
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

    with session(viewing, plan) as opened, viewing.stop.ending(opened.con):
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


def between(column: str | None, start: datetime, end: datetime) -> str:
    """SQL: does a row start within a span?"""
    return f"\"{column}\" >= TIMESTAMP '{start}' AND \"{column}\" < TIMESTAMP '{end}'"


def order(fact: Fact) -> str:
    """SQL: the order of a table's rows, which has no ties."""
    key = f't."{fact.id or "contact_key"}"'
    return f't."{fact.start}", {key}' if fact.start else key
