"""How many contacts there were, and how they ended.

offered = answered + abandoned + callback_requested + voicemail + flow_out + failed + other, exactly.
"""

from __future__ import annotations

from ibis.expr.types import BooleanValue, FloatingValue, IntegerScalar, Table

from okireports.metrics import metric, ratio, tally
from okireports.tables import NOT_OFFERED

LOST = ("abandoned", "callback_requested", "voicemail")  # whom one should call back
UNANSWERED = ("abandoned", "callback_requested", "voicemail", "flow_out", "failed")  # ends with a figure of their own


def is_offered(calls: Table) -> BooleanValue:
    """Stood in a queue for people; what a robot answered and what was turned away before the queue did not."""
    robots = calls.by_robot.coalesce(False) & calls.answered_at.notnull()
    return calls.queued_at.notnull() & calls.outcome.notin(NOT_OFFERED) & ~robots


def is_answered(calls: Table) -> BooleanValue:
    """Offered, and an operator was connected."""
    return is_offered(calls) & is_accepted(calls)


def is_abandoned(calls: Table) -> BooleanValue:
    """Offered, and the customer left the queue."""
    return ended_as(calls, "abandoned")


def is_accepted(calls: Table) -> BooleanValue:
    """An operator or a robot was connected: in either direction, queued or not."""
    return (calls.outcome == "answered") & calls.answered_at.notnull()


def is_handled(calls: Table) -> BooleanValue:
    """An operator was connected: in either direction, the dialer's calls too, queued or not."""
    return is_accepted(calls) & ~calls.by_robot.coalesce(False)


def is_lost(calls: Table) -> BooleanValue:
    """Offered, and nobody spoke with the customer although somebody should."""
    return is_offered(calls) & calls.outcome.isin(LOST)


def ended_as(calls: Table, outcome: str) -> BooleanValue:
    """Offered, with this outcome."""
    return is_offered(calls) & (calls.outcome == outcome)


@metric("Offered", unit="count", counts="contact", at="start")
def offered(calls: Table) -> IntegerScalar:
    """Contacts with `queued_at`, without robots' answers and the outcomes refused, closed, left_in_scenario."""
    return tally(is_offered(calls))


@metric("Answered", unit="count", counts="contact", at="start")
def answered(calls: Table) -> IntegerScalar:
    """Offered contacts with the outcome answered and `answered_at`, by an operator."""
    return tally(is_answered(calls))


@metric("Handled", unit="count", counts="contact", at="start")
def handled(calls: Table) -> IntegerScalar:
    """Contacts answered by an operator, in both directions, the dialer's too."""
    return tally(is_handled(calls))


@metric("Abandoned", unit="count", counts="contact", at="start")
def abandoned(calls: Table) -> IntegerScalar:
    """Offered contacts that left the queue."""
    return tally(is_abandoned(calls))


@metric("Abandoned early", unit="count", counts="contact", at="start")
def abandoned_short(calls: Table) -> IntegerScalar:
    """Abandoned contacts that waited less than the `short_abandon_s` stamped on them; without one: none."""
    return tally(is_abandoned(calls) & (calls.wait_ms < calls.short_abandon_s * 1000))


@metric("Callback requested", unit="count", counts="contact", at="start")
def callback_requested(calls: Table) -> IntegerScalar:
    """Offered contacts that asked to be called back."""
    return tally(ended_as(calls, "callback_requested"))


@metric("Voicemail", unit="count", counts="contact", at="start")
def voicemail(calls: Table) -> IntegerScalar:
    """Offered contacts that left a message."""
    return tally(ended_as(calls, "voicemail"))


@metric("Flowed out", unit="count", counts="contact", at="start")
def flow_out(calls: Table) -> IntegerScalar:
    """Offered contacts that the system moved on."""
    return tally(ended_as(calls, "flow_out"))


@metric("Failed", unit="count", counts="contact", at="start")
def failed(calls: Table) -> IntegerScalar:
    """Offered contacts that ended by a fault."""
    return tally(ended_as(calls, "failed"))


@metric("Other", unit="count", counts="contact", at="start")
def other(calls: Table) -> IntegerScalar:
    """Offered contacts that are in none of the figures above (also: answered without `answered_at`)."""
    elsewhere = calls.outcome.isin(UNANSWERED) | is_answered(calls)
    return tally(is_offered(calls) & ~elsewhere)


@metric("Transferred", unit="count", counts="contact", at="start")
def transferred(calls: Table) -> IntegerScalar:
    """Handled contacts that went on to another contact, be it in this project or in another."""
    return tally(is_handled(calls) & (calls.went_to_other.coalesce(False) | calls.transfer_to_call_id.notnull()))


@metric("Abandon rate", unit="share", counts="contact", at="start")
def abandon_rate(calls: Table) -> FloatingValue:
    """abandoned / offered."""
    return ratio(abandoned(calls), offered(calls))


@metric("Transfer rate", unit="share", counts="contact", at="start")
def transfer_rate(calls: Table) -> FloatingValue:
    """transferred / handled."""
    return ratio(transferred(calls), handled(calls))
