"""A report as SQL: what it makes of its tables, cut as was asked, in the engine's words.

A statement follows from the question alone: no row, and nothing of who asks, goes into it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.expr.operations import Sort

from okireports import own
from okireports.clock import ms, utc_ms
from okireports.engines.duck import schema_of
from okireports.once import asked_once
from okireports.report import Report
from okireports.tables import FACTS


@dataclass(frozen=True)
class Cut:
    """A table as a report gets it: rows that start in a period, and of certain queues, operators, lines."""

    name: str
    period: tuple[datetime, datetime] | None = None
    only: tuple[tuple[str, tuple[str | int, ...]], ...] = ()

    def table(self) -> ir.Table:
        """Its expression."""
        table = ibis.table({c: ibis_type(kind) for c, kind in schema_of(self.name).items()}, name=self.name)
        fact = FACTS.get(self.name)
        if fact and fact.start and self.period:
            start, end = self.period
            table = table.filter(table[fact.start] >= start, table[fact.start] < end)
        for column, values in self.only:
            table = table.filter(table[column].isin(values)) if values else table.filter(ibis.literal(False))
        return table


Asking = tuple[Report, tuple[Cut | None, ...], tuple[tuple[str, Hashable], ...]]
Words = Callable[[ir.Table], str]  # what says an expression as an engine understands it


@lru_cache(maxsize=512)
def statement(asking: Asking, words: Words) -> tuple[str, pa.Schema]:
    """The SQL of a report and the types of its rows; made once for as long as the same is asked."""
    return anew(asking, words)


def anew(asking: Asking, words: Words) -> tuple[str, pa.Schema]:
    """The same, made now: what a report of one's own is made of may have changed meanwhile."""
    expression = expressed(*asking)
    return words(asked_once(expression)), expression.schema().to_pyarrow()


@lru_cache(maxsize=64)
def counting(asking: Asking, since: datetime, step: int, words: Words) -> str:
    """The SQL that counts a log's rows by the slice, of `step` ms from an instant on, in which they start: `n`, `rows`.

    The start is the first instant that a log shows. The engine would sort the rows for it, so the order is left out.
    """

    def unsorted(node: Any, rewritten: Any) -> Any:
        node = node.__recreate__(rewritten) if rewritten else node
        return node.parent if isinstance(node, Sort) else node

    rows = expressed(*asking).op().replace(unsorted).to_expr()
    start = next(rows[name] for name, kind in rows.schema().items() if kind.is_timestamp())
    counted = rows.group_by(n=(ms(start) - utc_ms(since)) // step).agg(rows=rows.count())
    return words(counted)


def expressed(asked: Report, cuts: tuple[Cut | None, ...], given: tuple[tuple[str, Hashable], ...]) -> ir.Table:
    """What a report makes of tables and options."""
    tables = [None if cut is None else cut.table() for cut in cuts]
    made = asked.function(*tables, **dict(given))
    return own.check(asked, tables, made) if asked.own else made


def ibis_type(kind: str) -> str:
    """A DuckDB type as Ibis writes it."""
    return {
        "BIGINT": "int64",
        "VARCHAR": "string",
        "DOUBLE": "float64",
        "BOOLEAN": "boolean",
        "TIMESTAMP": "timestamp(6)",
    }.get(kind, kind.lower())
