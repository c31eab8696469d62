"""The facts of one project as they are handed out: the rows of a table that start in a local month, with names.

They are what the viewer sees in a query of her own: names beside ids, aliases where she sees aliases, no column that a
right closes. They come from the engine as they are written, so that a table never lies in memory as a whole.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from okireports.access import Scope
from okireports.access.definitions import DEFINITIONS
from okireports.access.founding import DEFAULTS
from okireports.delivery.stretch import Beside, Part, Stretch, between
from okireports.engines.duck import Session, SettingsAt, Viewing, Wanted, may_open, schema_of, session
from okireports.period import Period, utc
from okireports.sql.offered import names_for, offered
from okireports.tables import FACTS, Fact

AT_ONCE = 500_000  # rows that are asked for at once, if a month has not more
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
class Facts:
    """The facts of one project that are open for her; what is known of them is found out when they are opened."""

    opened: Session
    tables: tuple[str, ...]
    period: Period
    parts: tuple[Part, ...] = field(init=False)  # what files are made of
    definitions: str = field(init=False)  # a checksum
    beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        """Count, and look at the definitions."""
        object.__setattr__(self, "parts", tuple(self._parts()))
        object.__setattr__(self, "definitions", self._definitions())
        object.__setattr__(self, "beside", Beside.of(self.opened, self.tables))

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
            counted = ", ".join(f"count(*) FILTER (WHERE {where}) AS c{n}" for n, (_, where, *_) in enumerate(listed))
            counts = self.opened.arrow(f'SELECT {counted} FROM "{table}" t')
            for (name, where, start, end), count in zip(listed, counts.columns, strict=True):
                if count := count[0].as_py():
                    found.append(Part(len(found), table, name, where, start, end, count))
        return found

    def stretches(self, parts: Sequence[Part], abreast: int) -> Iterator[Stretch]:
        """Parts as they are asked for: not more rows at once than may be in memory, and enough of them to share."""
        rows = Counter[str]()
        for part in parts:
            rows[part.source] += part.count
        some: list[Part] = []
        for part in parts:
            most = min(AT_ONCE, max(FEW, -(-rows[part.source] // abreast)))
            apart = some and (part.source, part.number) != (some[-1].source, some[-1].number + 1)
            if some and (apart or sum(one.count for one in some) + part.count > most):
                yield self.stretch(some)
                some = []
            some.append(part)
        if some:
            yield self.stretch(some)

    def stretch(self, parts: Sequence[Part]) -> Stretch:
        """One of them."""
        return Stretch(self.opened, self.beside, tuple(parts), self.period.zone)

    def within(self) -> str:
        """SQL: people whom a row of the period names."""
        span = self.period.start, self.period.end
        keys = (
            f'SELECT contact_key FROM "{other.name}" WHERE {between(other.start, *span)}'
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
        yield Facts(opened, tables, period)


def naming(opened: Session) -> list[Fact]:
    """The open tables that name people."""
    return [FACTS[name] for name in opened.views if name != "contacts" and "contact_key" in schema_of(name)]


def definitions_for(opened: Session) -> list[str]:
    """The tables of definitions that are open."""
    return sorted(name for name in offered(opened.scope) if name in DEFINITIONS)
