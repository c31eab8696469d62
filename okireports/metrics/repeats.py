"""Customers who call again: repeats, and first contacts after which nobody had to (first contact resolution)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import ibis
from ibis.expr.types import BooleanValue, FloatingValue, IntegerScalar, Table

from okireports.clock import DAY, instant, ms
from okireports.metrics import metric, ratio, tally


def window(settings: Mapping[str, str]) -> timedelta:
    """How far from a contact another one of the same person counts."""
    return timedelta(days=int(settings["repeat_days"]))


def followed(calls: Table, days: int, now: datetime) -> Table:
    """Contacts with `repeated` and `further`, whether the same person called the project within `days` before or after.

    Transfers are no calls: other contacts of the same interaction do not count. `decided`: the days after are over by
    `now`. The contacts of the days before and after must be among `calls`; of unknown callers nothing is said.
    """
    t = calls.mutate(started_ms=ms(calls.started_at))
    person, window = ["project_id", "contact_key"], days * DAY

    def others(**near: tuple[int, int]) -> BooleanValue:
        """Whether contacts lie between two distances in ms that are not of the same interaction."""
        if not days:
            return ibis.literal(False)
        every = ibis.range_window(group_by=person, order_by="started_ms", **near)
        own = ibis.range_window(group_by=[*person, "interaction_id"], order_by="started_ms", **near)
        return t.count().over(every) > t.count().over(own)

    return t.mutate(
        repeated=others(preceding=(window, 1)),
        further=others(following=(1, window)),
        decided=t.started_ms + window <= instant(now),
    )


def contacts(calls: Table) -> IntegerScalar:
    """Contacts."""
    return calls.count()


@metric("Unknown callers", unit="count", counts="contact", at="start")
def unknown(calls: Table) -> IntegerScalar:
    """Contacts of which nobody knows who called."""
    return tally(calls.contact_key.isnull())


@metric("Repeats", unit="count", counts="contact", at="start")
def repeats(calls: Table) -> IntegerScalar:
    """Contacts of known callers who had called the project within the window before."""
    return tally(calls.contact_key.notnull() & calls.repeated)


@metric("Repeat rate", unit="share", counts="contact", at="start")
def repeat_rate(calls: Table) -> FloatingValue:
    """repeats / contacts."""
    return ratio(repeats(calls), contacts(calls))


@metric("First contacts", unit="count", counts="contact", at="start")
def first_contacts(calls: Table) -> IntegerScalar:
    """Contacts of known callers who had not called the project within the window before."""
    return tally(calls.contact_key.notnull() & ~calls.repeated)


@metric("Undecided", unit="count", counts="contact", at="start")
def undecided(calls: Table) -> IntegerScalar:
    """First contacts whose window after them is not over."""
    return tally(calls.contact_key.notnull() & ~calls.repeated & ~calls.decided)


@metric("Resolved", unit="count", counts="contact", at="start")
def resolved(calls: Table) -> IntegerScalar:
    """First contacts whose window is over, and in it the customer did not call again."""
    return tally(calls.contact_key.notnull() & ~calls.repeated & calls.decided & ~calls.further)


@metric("First contact resolution", unit="share", counts="contact", at="start")
def fcr(calls: Table) -> FloatingValue:
    """resolved / (first_contacts - undecided)."""
    return ratio(resolved(calls), first_contacts(calls) - undecided(calls))
