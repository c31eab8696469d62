"""Seizures: contacts that took a line of a provider, and what became of them (ITU-T E.411, E.425)."""

from __future__ import annotations

from ibis.expr.types import BooleanValue, FloatingValue, IntegerScalar, Scalar, Table

from okireports.metrics import mean_seconds, metric, ratio, tally
from okireports.metrics.arithmetic import MILLISECONDS, MONEY, in_one_currency
from okireports.metrics.volume import is_accepted

OUTSIDE = ("inbound", "outbound")  # internal calls take no line
PICKED_UP = ("machine", "dropped")  # the line was answered, and no conversation came of it
DELIVERED = ("busy", "no_answer", "rejected")  # the network did its work, the person called did not answer
MINUTE = 60 * MILLISECONDS


def seized(calls: Table) -> Table:
    """Contacts that took a line."""
    return calls.filter(calls.direction.isin(OUTSIDE))


def is_picked_up(calls: Table) -> BooleanValue:
    """The line was answered: by an operator, a robot, a person or a machine."""
    return is_accepted(calls) | calls.outcome.isin(PICKED_UP)


@metric("Seizures", unit="count", counts="contact", at="start")
def seizures(calls: Table) -> IntegerScalar:
    """Contacts."""
    return calls.count()


def answered(calls: Table) -> IntegerScalar:
    """Seizures whose line was answered."""
    return tally(is_picked_up(calls))


@metric("ASR", unit="share", counts="contact", at="start")
def asr_sip(calls: Table) -> FloatingValue:
    """answered / seizures (ITU-T E.425)."""
    return ratio(answered(calls), seizures(calls))


@metric("NER", unit="share", counts="contact", at="start")
def ner(calls: Table) -> FloatingValue:
    """(answered + busy + no_answer + rejected) / seizures of outbound contacts (ITU-T E.425); of inbound ones NULL."""
    outbound = calls.direction == "outbound"
    reached = is_picked_up(calls) | calls.outcome.isin(DELIVERED)
    return ratio(tally(outbound & reached), tally(outbound))


@metric("ACD", unit="s", counts="contact", at="start")
def acd_s(calls: Table) -> FloatingValue:
    """Talk / answered (average call duration)."""
    return ratio(calls.talk_ms.sum().coalesce(0), answered(calls) * MILLISECONDS)


@metric("Post-dial delay", unit="s", counts="contact", at="start")
def pdd_s(calls: Table) -> FloatingValue:
    """Mean time from dialling to the first tone, of those contacts of which it is known."""
    return mean_seconds(calls.post_dial_ms, calls.post_dial_ms.notnull())


def price(calls: Table) -> dict[str, Scalar]:
    """`cost_per_minute` of talk and its currency, of contacts with `cost`, `first_currency` and `last_currency`."""
    per_minute = ratio(calls.cost.sum().cast("float64") * MINUTE, calls.talk_ms.sum()).cast(MONEY)
    return in_one_currency(calls, cost_per_minute=per_minute)
