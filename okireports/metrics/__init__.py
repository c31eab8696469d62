"""Metrics: each is one function from a table to one aggregate, and its name is the column that it makes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ibis.expr.types import Scalar, Table

from okireports.columns import declare
from okireports.metrics.arithmetic import mean_seconds, quantile, ratio, tally

__all__ = ["METRICS", "Aggregate", "Metric", "mean_seconds", "measure", "metric", "quantile", "ratio", "tally"]

Aggregate = Callable[[Table], Scalar]
Unit = Literal["count", "s", "share", "flag", "money", "number"]
Counts = Literal[
    "interaction", "contact", "attempt", "status", "shift", "evaluation", "rating", "ring", "order", "dialogue",
]  # fmt: skip
Placing = Literal["start", "pro rata"]


@dataclass(frozen=True)
class Metric:
    """What is known of a metric: its unit, what it counts, and what puts it into an interval."""

    name: str
    title: str
    unit: Unit
    counts: Counts
    at: Placing
    description: str
    function: Aggregate


METRICS: dict[str, Metric] = {}


def is_own(function: Callable[..., object]) -> bool:
    """Is a function no part of okireports, but somebody's own?"""
    return str(function.__module__).partition(".")[0] != "okireports"


def metric(
    title: str,
    pl: str | None = None,
    *,
    unit: Unit,
    counts: Counts,
    at: Placing = "start",
    of: tuple[str, str] | None = None,
    weight: str = "",
) -> Callable[[Aggregate], Aggregate]:
    """Register a function as a metric; a name that is taken or a missing docstring fails at import.

    One's own, which is no part of okireports, declares its column, too: `pl`, `of` and `weight` are those of
    `columns.declare`. Registered again from the same place it replaces what it was.
    """

    def register(function: Aggregate) -> Aggregate:
        name, description = function.__name__, inspect.getdoc(function)
        own = is_own(function)
        taken = METRICS.get(name)
        if taken and not (own and taken.function.__module__ == function.__module__):
            raise ValueError(f"There are two metrics {name!r}: in {taken.function.__module__} and here.")
        if not description:
            raise ValueError(f"The metric {name!r} has no docstring: nobody could know what it means.")
        if own:
            declare(name, title, pl, unit=unit, of=of, weight=weight)
        METRICS[name] = Metric(name, title, unit, counts, at, description, function)
        return function

    return register


def measure(table: Table, *metrics: Aggregate) -> dict[str, Scalar]:
    """The metrics of a table by their names, for `.agg(**measure(...))`."""
    return {m.__name__: m(table) for m in metrics}
