"""The dialer's attempts: whom they reached, what came of it, and how many persons found no free operator.

An attempt is a contact that a dialer made (`dialer_id`). A person was reached where somebody picked up and was then
connected or dropped; a machine is no person.
"""

from __future__ import annotations

from collections.abc import Sequence

from ibis.expr.types import BooleanValue, FloatingValue, IntegerScalar, Scalar, Table

from okireports.clock import Interval, bucket, seconds
from okireports.metrics import measure, metric, ratio, tally
from okireports.metrics.arithmetic import MONEY, in_one_currency
from okireports.metrics.handling import talk_s
from okireports.metrics.intervals import split, within
from okireports.metrics.volume import is_accepted

REACHED = ("answered", "dropped")  # how an attempt ends at which a person picked up


def is_attempt(calls: Table) -> BooleanValue:
    """A dialer made it."""
    return calls.dialer_id.notnull()


def is_picked_up(calls: Table) -> BooleanValue:
    """A person picked up, whether an operator was free or not."""
    return calls.picked_up_at.notnull() & calls.outcome.isin(REACHED)


def is_person(calls: Table) -> BooleanValue:
    """An attempt at which a person picked up."""
    return is_attempt(calls) & is_picked_up(calls)


def is_drop(calls: Table) -> BooleanValue:
    """An attempt that reached a person when no operator was free."""
    return is_attempt(calls) & (calls.outcome == "dropped")


def is_machine(calls: Table) -> BooleanValue:
    """An attempt that reached a machine."""
    return is_attempt(calls) & (calls.outcome == "machine")


@metric("Attempts", unit="count", counts="attempt", at="start")
def attempts(calls: Table) -> IntegerScalar:
    """Contacts that a dialer made."""
    return tally(is_attempt(calls))


@metric("Persons reached", unit="count", counts="attempt", at="start")
def persons(calls: Table) -> IntegerScalar:
    """Attempts with `picked_up_at` and the outcome answered or dropped."""
    return tally(is_person(calls))


@metric("Machines", unit="count", counts="attempt", at="start")
def machines(calls: Table) -> IntegerScalar:
    """Attempts with the outcome machine."""
    return tally(is_machine(calls))


@metric("Contact rate", unit="share", counts="attempt", at="start")
def contact_rate(calls: Table) -> FloatingValue:
    """persons / attempts."""
    return ratio(persons(calls), attempts(calls))


@metric("Sales", unit="count", counts="attempt", at="start")
def sales(calls: Table) -> IntegerScalar:
    """Attempts whose result is a sale of their project (the column `sale` beside the model's)."""
    return tally(is_attempt(calls) & calls.sale.coalesce(False))


@metric("Conversion", unit="share", counts="attempt", at="start")
def conversion(calls: Table) -> FloatingValue:
    """sales / persons."""
    return ratio(sales(calls), persons(calls))


@metric("Drops", unit="count", counts="attempt", at="start")
def drops(calls: Table) -> IntegerScalar:
    """Attempts with the outcome dropped: a person was reached and no operator was free."""
    return tally(is_drop(calls))


@metric("Taken", unit="count", counts="attempt", at="start")
def taken(calls: Table) -> IntegerScalar:
    """Attempts that somebody or something took: answered ones, by robots too, machines and drops."""
    answered = is_attempt(calls) & is_accepted(calls)
    return tally(answered | is_machine(calls) | is_drop(calls))


@metric("Drops of persons", unit="share", counts="attempt", at="start")
def drop_rate_persons(calls: Table) -> FloatingValue:
    """drops / persons."""
    return ratio(drops(calls), persons(calls))


def summed(attempts_of: Table) -> dict[str, Scalar]:
    """Figures of attempts with `sale`; the last two where costs are known, empty without sales or in mixed currencies.

    Columns of costs: `cost`, `first_currency`, `last_currency` of each attempt.
    """
    t = attempts_of
    figures = measure(
        t, attempts, persons, machines, contact_rate, sales, conversion, drops, drop_rate_persons, talk_s
    )  # fmt: skip
    if "cost" not in t.columns:
        return figures
    per_sale = (t.cost.sum() / sales(t).nullif(0)).cast(MONEY)
    return figures | in_one_currency(t, sales(t) > 0, cost_per_sale=per_sale)


def ready(statuses: Table, attempts_of: Table, by: Interval, keys: Sequence[str]) -> Table:
    """Per keys and `bucket` `operators_ready_s`: the time there in Ready of the operators who stand on attempts in it.

    An operator who works for several keys is ready for each of them.
    """
    t = attempts_of.filter(attempts_of.operator_id.notnull())
    whose = t.select(*keys, "operator_id", bucket=bucket(t.started_at, by)).distinct()
    free = split(within(statuses.filter(statuses.status == "Ready"), by), by)
    free = free.group_by("operator_id", "bucket").agg(ready_ms=(free.hi - free.lo).sum())
    t = whose.join(free, ["operator_id", "bucket"])
    return t.group_by(*keys, "bucket").agg(operators_ready_s=seconds(t.ready_ms.sum()))
