"""How long operators talked, held and wrapped up.

Sums are over all contacts whatever the outcome, as the source gives them; means and rates are of the handled.
"""

from __future__ import annotations

from ibis.expr.types import BooleanValue, FloatingScalar, FloatingValue, IntegerScalar, Table

from okireports.metrics import mean_seconds, metric, ratio, tally
from okireports.metrics.arithmetic import MILLISECONDS, total_seconds
from okireports.metrics.volume import handled, is_handled


@metric("Talk", unit="s", counts="contact", at="start")
def talk_s(calls: Table) -> FloatingScalar:
    """Time of conversation, of all contacts."""
    return total_seconds(calls.talk_ms)


@metric("Hold", unit="s", counts="contact", at="start")
def hold_s(calls: Table) -> FloatingScalar:
    """Time on hold, of all contacts."""
    return total_seconds(calls.hold_ms)


@metric("Wrap-up", unit="s", counts="contact", at="start")
def wrap_s(calls: Table) -> FloatingScalar:
    """Time of work after the conversation, of all contacts."""
    return total_seconds(calls.wrap_ms)


@metric("Average handling time", unit="s", counts="contact", at="start")
def aht_s(calls: Table) -> FloatingValue:
    """(talk + hold + wrap-up of the handled) / handled; a part that is not known counts as 0."""
    whole = calls.talk_ms.coalesce(0) + calls.hold_ms.coalesce(0) + calls.wrap_ms.coalesce(0)
    return ratio(whole.sum(where=is_handled(calls)), handled(calls) * MILLISECONDS)


@metric("Held", unit="count", counts="contact", at="start")
def held(calls: Table) -> IntegerScalar:
    """Handled contacts that were on hold."""
    return tally(_is_held(calls))


@metric("Hold rate", unit="share", counts="contact", at="start")
def hold_rate(calls: Table) -> FloatingValue:
    """held / handled."""
    return ratio(held(calls), handled(calls))


@metric("Mean hold", unit="s", counts="contact", at="start")
def mean_hold_s(calls: Table) -> FloatingValue:
    """Mean time on hold of the held."""
    return mean_seconds(calls.hold_ms, _is_held(calls))


def _is_held(calls: Table) -> BooleanValue:
    return is_handled(calls) & (calls.hold_ms > 0)
