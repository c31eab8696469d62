"""What the work costs, in each currency by itself: sums, and what a contact and a minute of talk come to."""

from __future__ import annotations

import ibis
from ibis.expr.types import DecimalValue, FloatingValue, NumericValue, Table

from okireports.clock import Interval, bucket
from okireports.metrics import ratio, tally
from okireports.metrics.arithmetic import MONEY
from okireports.metrics.intervals import starting
from okireports.metrics.volume import handled, is_handled

MINUTE = 60_000.0  # ms


def by_kind(charges: Table, period: Interval, by: Interval) -> Table:
    """Charges of the period per project, kind, currency and bucket: amount, and the quantity where one unit counts."""
    t = starting(charges, period, "at")
    t = t.group_by("project_id", "kind", "currency", bucket=bucket(t["at"], by)).agg(
        amount=t.amount.sum().cast(MONEY),
        quantity=t.quantity.sum().cast("float64"),
        unit=t.unit.min(),
        last=t.unit.max(),
        unsaid=tally(t.unit.isnull()),
        rows=t.count(),
    )
    alike = (t.unsaid == t["rows"]) | ((t.unsaid == 0) & (t.unit == t["last"])).coalesce(False)
    known = t.mutate(quantity=alike.ifelse(t.quantity, ibis.null()), unit=alike.ifelse(t.unit, ibis.null()))
    return known.drop("last", "unsaid", "rows")


def work(calls: Table, period: Interval, by: Interval) -> Table:
    """Per project and bucket, the handled contacts of the period and how long they talked."""
    t = starting(calls, period)
    talk = t.talk_ms.sum(where=is_handled(t)).coalesce(0)
    return t.group_by("project_id", bucket=bucket(t.started_at, by)).agg(contacts=handled(t), talk_ms=talk)


def share(t: Table) -> FloatingValue:
    """The amount's part of all amounts of its currency and bucket."""
    return ratio(t.amount, t.amount.sum().over(ibis.window(group_by=["currency", "bucket"])))


def per_contact(t: Table) -> DecimalValue:
    """amount / handled contacts of the project; NULL without one."""
    return over(t.amount, t.contacts)


def per_minute(t: Table) -> DecimalValue:
    """amount / minutes of talk of the handled contacts of the project; NULL without any."""
    return over(t.amount, t.talk_ms / MINUTE)


def over(amount: DecimalValue, whole: NumericValue) -> DecimalValue:
    """An amount for each of so many, to the millionth."""
    return ratio(amount, whole).cast(MONEY)
