"""Away: how often, for which reason, how long, and beyond what is allowed."""

from __future__ import annotations

from ibis.expr.types import FloatingScalar, IntegerScalar, Table

from okireports.clock import ms, seconds
from okireports.metrics import metric, tally
from okireports.metrics.arithmetic import MILLISECONDS, total_seconds


@metric("Times", unit="count", counts="status", at="pro rata")
def times(absences: Table) -> IntegerScalar:
    """Absences, whole or in part."""
    return tally(absences.lo.notnull())


@metric("Total", unit="s", counts="status", at="pro rata")
def total_s(absences: Table) -> FloatingScalar:
    """Their time."""
    return total_seconds(absences.hi - absences.lo)


@metric("Longest", unit="s", counts="status", at="pro rata")
def longest_s(absences: Table) -> FloatingScalar:
    """The longest one's time."""
    return seconds((absences.hi - absences.lo).max())


@metric("Over the limit", unit="count", counts="status", at="pro rata")
def over_limit(absences: Table) -> IntegerScalar:
    """Absences that lasted longer as a whole than their reason allows; without a limit: none."""
    return tally(ms(absences.ended_at) - ms(absences.started_at) > absences.allowed_s * MILLISECONDS)
