"""Service level: five formulas, of which a centre's setting chooses one; T and s are stamped on the contact."""

from __future__ import annotations

from collections.abc import Mapping

from ibis.expr.types import BooleanValue, FloatingScalar, FloatingValue, IntegerScalar, Table

from okireports.errors import BadOption, did_you_mean
from okireports.metrics import Aggregate, metric, ratio, tally
from okireports.metrics.volume import abandoned_short, answered, is_abandoned, is_answered, offered


@metric("Answered in time", unit="count", counts="contact", at="start")
def answered_in_time(calls: Table) -> IntegerScalar:
    """Answered contacts that waited no longer than the `answer_within_s` stamped on them; without one: none."""
    return tally(is_answered(calls) & _within_threshold(calls))


@metric("Abandoned in time", unit="count", counts="contact", at="start")
def abandoned_in_time(calls: Table) -> IntegerScalar:
    """Abandoned contacts that waited no longer than the `answer_within_s` stamped on them; without one: none."""
    return tally(is_abandoned(calls) & _within_threshold(calls))


@metric("Service level, early abandons left out", unit="share", counts="contact", at="start")
def sl_short(calls: Table) -> FloatingValue:
    """answered_in_time / (offered - abandoned_short), as Talkdesk, Genesys and RingCentral count."""
    return ratio(answered_in_time(calls), offered(calls) - abandoned_short(calls))


@metric("Service level of all offered", unit="share", counts="contact", at="start")
def sl_offered(calls: Table) -> FloatingValue:
    """answered_in_time / offered, Cisco's 'abandoned negative'."""
    return ratio(answered_in_time(calls), offered(calls))


@metric("Service level of the answered", unit="share", counts="contact", at="start")
def sl_answered(calls: Table) -> FloatingValue:
    """answered_in_time / answered, as VICIdial and AT&T CMS count."""
    return ratio(answered_in_time(calls), answered(calls))


@metric("Service level, abandons in time met", unit="share", counts="contact", at="start")
def sl_positive(calls: Table) -> FloatingValue:
    """(answered_in_time + abandoned_in_time) / offered, Cisco's 'abandoned positive'."""
    return ratio(answered_in_time(calls) + abandoned_in_time(calls), offered(calls))


@metric("Service level, abandons in time left out", unit="share", counts="contact", at="start")
def sl_ignore(calls: Table) -> FloatingValue:
    """answered_in_time / (offered - abandoned_in_time), Cisco's 'abandoned ignored'."""
    return ratio(answered_in_time(calls), offered(calls) - abandoned_in_time(calls))


FORMULAS: Mapping[str, Aggregate] = {
    "short": sl_short,
    "offered": sl_offered,
    "answered": sl_answered,
    "positive": sl_positive,
    "ignore": sl_ignore,
}


def service_level(formula: str) -> Aggregate:
    """The metric `service_level` by one of FORMULAS; BadOption for a formula that is none."""
    if formula not in FORMULAS:
        near = did_you_mean(str(formula), FORMULAS)
        raise BadOption(f"There is no service-level formula {formula!r}.{near} There are {', '.join(FORMULAS)}.")

    def service_level(calls: Table) -> FloatingValue:
        return FORMULAS[formula](calls)

    return service_level


def met(formula: str) -> Aggregate:
    """The metric `met`: the service level reaches the goal; NULL when there is no goal or no service level."""
    level = service_level(formula)

    def met(calls: Table) -> BooleanValue:
        return level(calls) >= goal(calls)

    return met


@metric("Goal", unit="share", counts="contact", at="start")
def goal(calls: Table) -> FloatingScalar:
    """The highest of the service-level goals stamped on the contacts."""
    return calls.goal.max()


@metric("Answer within", unit="s", counts="contact", at="start")
def answer_within_s(calls: Table) -> FloatingScalar:
    """The longest of the thresholds stamped on the contacts."""
    return calls.answer_within_s.max()


@metric("Short abandon", unit="s", counts="contact", at="start")
def short_abandon_s(calls: Table) -> FloatingScalar:
    """The longest of the limits of a short abandon stamped on the contacts."""
    return calls.short_abandon_s.max()


def _within_threshold(calls: Table) -> BooleanValue:
    return calls.wait_ms <= calls.answer_within_s * 1000
