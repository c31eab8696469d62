"""How long customers waited. Waits that are not known are left out of means and quantiles."""

from __future__ import annotations

from ibis.expr.types import FloatingScalar, FloatingValue, Table

from okireports.metrics import mean_seconds, metric, quantile
from okireports.metrics.arithmetic import max_seconds
from okireports.metrics.volume import is_abandoned, is_answered, is_offered


@metric("Average speed of answer", unit="s", counts="contact", at="start")
def asa_s(calls: Table) -> FloatingValue:
    """Mean wait of the answered."""
    return mean_seconds(calls.wait_ms, is_answered(calls))


@metric("Median wait", unit="s", counts="contact", at="start")
def wait_p50_s(calls: Table) -> FloatingScalar:
    """Half of the answered waited no longer; linear interpolation."""
    return quantile(calls.wait_ms, 0.5, is_answered(calls))


@metric("Wait of 90 %", unit="s", counts="contact", at="start")
def wait_p90_s(calls: Table) -> FloatingScalar:
    """90 % of the answered waited no longer; linear interpolation."""
    return quantile(calls.wait_ms, 0.9, is_answered(calls))


@metric("Wait of 95 %", unit="s", counts="contact", at="start")
def wait_p95_s(calls: Table) -> FloatingScalar:
    """95 % of the answered waited no longer; linear interpolation."""
    return quantile(calls.wait_ms, 0.95, is_answered(calls))


@metric("Longest wait", unit="s", counts="contact", at="start")
def max_wait_s(calls: Table) -> FloatingScalar:
    """The longest wait of all offered, however they ended."""
    return max_seconds(calls.wait_ms, is_offered(calls))


@metric("Time to abandon", unit="s", counts="contact", at="start")
def time_to_abandon_s(calls: Table) -> FloatingValue:
    """Mean wait of the abandoned."""
    return mean_seconds(calls.wait_ms, is_abandoned(calls))


@metric("Average waiting time", unit="s", counts="contact", at="start")
def awt_s(calls: Table) -> FloatingValue:
    """Mean wait of all offered, however they ended."""
    return mean_seconds(calls.wait_ms, is_offered(calls))
