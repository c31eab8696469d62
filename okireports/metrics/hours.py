"""Hours of the week, as the clock on the wall shows them."""

from __future__ import annotations

from dataclasses import replace

from ibis.expr.types import IntegerValue, Table

from okireports.clock import Interval, local_day, local_hour
from okireports.metrics.intervals import spine


def weekday(x: IntegerValue, by: Interval) -> IntegerValue:
    """1 for Monday to 7 for Sunday, of the local date at x (ms)."""
    days = local_day(x, by) + 3  # 1970-01-01 was a Thursday
    return days - days // 7 * 7 + 1


def days_with(period: Interval) -> Table:
    """`weekday`, `hour`, `days`: how many local days of the period have that hour, wholly or in part.

    An hour that the autumn change repeats is one hour of one day; one that the spring change skips is none.
    """
    t = spine(replace(period, by="15min"))  # divides every change of offset
    t = t.select(day=local_day(t.lo, period), weekday=weekday(t.lo, period), hour=local_hour(t.lo, period)).distinct()
    return t.group_by("weekday", "hour").agg(days=lambda g: g.count())
