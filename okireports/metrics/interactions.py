"""Interactions: what a customer lives through in one project, be it one contact or several with transfers between.

`joined` marks contacts with what is known of their whole interaction: the first of them opens it. Where only figures of
interactions are wanted, `lasting` makes them without putting their contacts in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import ibis
from ibis.expr.types import FloatingValue, IntegerScalar, IntegerValue, Table

from okireports.clock import TICK, Interval, ms
from okireports.metrics import mean_seconds, metric, ratio, tally
from okireports.metrics.intervals import starting
from okireports.metrics.volume import is_accepted

YEAR = timedelta(days=365)  # how long one is remembered as a caller
YEAR_MS = YEAR // TICK


def joined(calls: Table, keys: Sequence[str]) -> Table:
    """Contacts with `opens` (the first of its interaction), and of the whole: `was_accepted`, `length_ms`.

    `keys` and `interaction_id` are one interaction.
    """
    whole = [*keys, "interaction_id"]
    place = ibis.row_number().over(group_by=whole, order_by=[calls.started_at, calls.call_id])
    every = ibis.window(group_by=whole)
    lasts = calls.ended_at.max().over(every)
    first = calls.started_at.min().over(every)
    accepted_ones = is_accepted(calls).ifelse(1, 0).sum().over(every)
    return calls.mutate(opens=place == 0, was_accepted=accepted_ones > 0, length_ms=ms(lasts) - ms(first))


def lasting(calls: Table, keys: Sequence[str]) -> Table:
    """Interactions as one row each, which stands where its first contact starts: what `joined` says of the whole."""
    t = calls.group_by(*keys, "interaction_id").agg(
        started_at=calls.started_at.min(), last=calls.ended_at.max(), was_accepted=is_accepted(calls).any()
    )
    return t.mutate(opens=ibis.literal(True), length_ms=ms(t["last"]) - ms(t.started_at))


def recognised(calls: Table, period: Interval) -> Table:
    """Contacts of the period with `is_new`: the project had none with the same person in the 365 days before.

    It must get the contacts of those days too; of unknown callers `is_new` says nothing.
    """
    person = ["project_id", "contact_key"]
    t, known = starting(calls, period), calls.filter(calls.contact_key.notnull())
    within = starting(known, period).group_by(person).agg(first=known.started_at.min())
    before = known.filter(known.started_at < period.start).semi_join(within, person)  # most of a year's people
    before = before.group_by(person).agg(latest=before.started_at.max())
    for said in (before, within):
        t = t.left_join(said, person, rname="said_{name}").drop([f"said_{key}" for key in person])
    again = t.started_at > t["first"]
    if period.end - period.start > YEAR:  # then the first of the period may be long ago, too
        days = ibis.range_window(group_by=person, order_by=ms(t.started_at), preceding=(YEAR_MS, 1))
        again = t.count().over(days) > 0
    lately = ms(t.started_at) - ms(t.latest) <= YEAR_MS
    return t.mutate(is_new=~(again | lately.fill_null(False))).drop("latest", "first")


@metric("Inbound", unit="count", counts="interaction", at="start")
def inbound(calls: Table) -> IntegerScalar:
    """Interactions."""
    return tally(calls.opens)


@metric("Accepted", unit="count", counts="interaction", at="start")
def accepted(calls: Table) -> IntegerScalar:
    """Interactions of which an operator or a robot answered a contact."""
    return tally(calls.opens & calls.was_accepted)


@metric("Missed", unit="count", counts="interaction", at="start")
def missed(calls: Table) -> IntegerValue:
    """inbound - accepted."""
    return inbound(calls) - accepted(calls)


@metric("Accepted", unit="share", counts="interaction", at="start")
def asr(calls: Table) -> FloatingValue:
    """accepted / inbound."""
    return ratio(accepted(calls), inbound(calls))


@metric("Average duration", unit="s", counts="interaction", at="start")
def duration_s(calls: Table) -> FloatingValue:
    """Mean time from the start of an interaction's first contact to the end of its last."""
    return mean_seconds(calls.length_ms, calls.opens)


@metric("Average talk", unit="s", counts="contact", at="start")
def talk_mean_s(calls: Table) -> FloatingValue:
    """Mean conversation of the contacts that an operator or a robot answered."""
    return mean_seconds(calls.talk_ms, is_accepted(calls))


@metric("First-time callers", unit="count", counts="contact", at="start")
def first_time(calls: Table) -> IntegerScalar:
    """Contacts of known callers with whom the project had no contact in the 365 days before."""
    return tally(calls.contact_key.notnull() & calls.is_new)
