"""What of an operator's time a client pays: tariffs of the form free / first / step, per project and status."""

from __future__ import annotations

import ibis
from ibis.expr.types import DecimalValue, FloatingScalar, IntegerScalar, Table

from okireports.clock import ms
from okireports.metrics import metric, tally
from okireports.metrics.arithmetic import MILLISECONDS, MONEY, total_seconds
from okireports.metrics.validity import in_force


def tariffed(statuses: Table, tariffs: Table) -> Table:
    """Whole intervals that a tariff prices at their start, with `raw_ms`, `billed` (whole seconds) and its price.

    Below `free_s` an interval costs nothing; else it is billed `first_s` and then every `step_s` that was begun. Where
    `free_is_deducted`, what is free is taken off first.
    """
    t = statuses.filter(statuses.ended_at.notnull())
    t = in_force(t, tariffs, ["project_id", "status"], ms(t.started_at))
    t = t.mutate(raw_ms=ms(t.ended_at) - ms(t.started_at), free_ms=t.free_s * MILLISECONDS)
    deducted = t.free_is_deducted.coalesce(False)
    nothing = deducted.ifelse(t.raw_ms <= t.free_ms, t.raw_ms < t.free_ms)
    beyond = t.raw_ms - deducted.ifelse(t.free_ms, 0) - t.first_s * MILLISECONDS
    step = t.step_s * MILLISECONDS
    begun = (ibis.greatest(beyond, 0) + step - 1) // step
    return t.mutate(billed=nothing.ifelse(0, t.first_s + t.step_s * begun))


@metric("Intervals", unit="count", counts="status", at="start")
def intervals(priced: Table) -> IntegerScalar:
    """Intervals that a tariff prices."""
    return tally(priced.raw_ms.notnull())


@metric("Measured", unit="s", counts="status", at="start")
def raw_s(priced: Table) -> FloatingScalar:
    """Their length as it was."""
    return total_seconds(priced.raw_ms)


@metric("Billed", unit="s", counts="status", at="start")
def billed_s(priced: Table) -> FloatingScalar:
    """0 if d < free, else first + step * ceil(max(0, d - first) / step), of each interval's length d."""
    return priced.billed.sum().cast("float64")


@metric("Amount", unit="money", counts="status", at="start")
def billed_amount(priced: Table) -> DecimalValue:
    """billed_s / 60 * price_per_min, divided once."""
    return ((priced.billed * priced.price_per_min).sum() / 60).cast(MONEY)
