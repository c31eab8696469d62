"""The few ways in which a metric is computed, so that all engines agree and nothing to divide by gives NULL."""

from __future__ import annotations

from typing import Literal

import ibis
import ibis.expr.datatypes as dt
from ibis.expr.types import (
    BooleanValue,
    FloatingScalar,
    FloatingValue,
    IntegerColumn,
    IntegerScalar,
    NumericValue,
    StringValue,
    Table,
)

from okireports.clock import seconds

MILLISECONDS = 1000  # in a second
MONEY = "decimal(18, 6)"  # as amounts are kept
Z95 = 1.959963984540054  # the normal distribution's quantile for 95 %, two-sided


def in_one_currency(
    t: Table, where: BooleanValue | None = None, **amounts: NumericValue
) -> dict[str, NumericValue | StringValue]:
    """Amounts over rows with `first_currency` and `last_currency` by name, and their `currency`.

    All NULL where the rows are in several currencies, or `where` does not hold.
    """
    one = t.first_currency.min() == t.last_currency.max()
    known = one if where is None else one & where
    told = amounts | {"currency": t.first_currency.min()}
    return {name: known.ifelse(value, ibis.null()) for name, value in told.items()}


@ibis.udf.agg.builtin  # type: ignore[untyped-decorator]
def count_if(condition: dt.boolean) -> dt.Decimal(38, 0):  # type: ignore[valid-type]
    """How many rows fulfil it, in the engines' own words: of no row it is NULL in one of them."""


def tally(condition: BooleanValue) -> IntegerScalar:
    """How many rows fulfil it: unknown is no, and no row is 0."""
    return count_if(condition).cast("int64").coalesce(0)


def ratio(part: NumericValue, whole: NumericValue) -> FloatingValue:
    """part / whole as a fraction; NULL where whole is 0 or NULL."""
    return part.cast("float64") / whole.cast("float64").nullif(0.0)


def total_seconds(ms: IntegerColumn, where: BooleanValue | None = None) -> FloatingScalar:
    """The sum of whole milliseconds, in seconds; 0 where there are none."""
    return seconds(ms.sum(where=where).coalesce(0))


def mean_seconds(ms: IntegerColumn, where: BooleanValue) -> FloatingValue:
    """The mean of the milliseconds that are known, in seconds: a sum of integers, divided once."""
    return ratio(ms.sum(where=where), tally(where & ms.notnull()) * MILLISECONDS)


def max_seconds(ms: IntegerColumn, where: BooleanValue) -> FloatingScalar:
    """The largest of the milliseconds, in seconds."""
    return seconds(ms.max(where=where))


def quantile(ms: IntegerColumn, share: float, where: BooleanValue) -> FloatingScalar:
    """The exact quantile of the known milliseconds with linear interpolation (SQL's percentile_cont), in seconds."""
    return seconds(ms.quantile(share, where=where))


def wilson_bound(part: NumericValue, whole: NumericValue, side: Literal["low", "high"]) -> FloatingValue:
    """The bound of the 95 % score interval of part of whole (Wilson 1927); NULL where whole is 0 or NULL."""
    n = whole.cast("float64").nullif(0.0)
    p, zz, sign = ratio(part, whole), Z95 * Z95, 1 if side == "high" else -1
    spread = Z95 * (p * (1 - p) / n + zz / (4 * n * n)).sqrt()
    bound = (p + zz / (2 * n) + sign * spread) / (1 + zz / n)
    end = 1.0 if side == "high" else 0.0  # of none and of all it is the scale's end, exactly, however it is rounded
    return (p == end).ifelse(end, bound)
