"""Orders: how many, how many of them were cancelled, and for how much money of one currency."""

from __future__ import annotations

from ibis.expr.types import BooleanValue, DecimalValue, IntegerScalar, Table

from okireports.metrics import metric, tally
from okireports.metrics.arithmetic import MONEY

CANCELLED = "cancelled"


def is_cancelled(orders: Table) -> BooleanValue:
    """Was it taken back? An order without a state was not."""
    return (orders.state == CANCELLED).coalesce(False)


@metric("Orders", unit="count", counts="order", at="start")
def orders(orders: Table) -> IntegerScalar:
    """Orders, cancelled ones too."""
    return tally(orders.order_id.notnull())


@metric("Cancelled", unit="count", counts="order", at="start")
def cancelled(orders: Table) -> IntegerScalar:
    """Orders with the state cancelled."""
    return tally(is_cancelled(orders))


def amount(orders: Table) -> DecimalValue:
    """What the orders that are not cancelled come to, of one currency; NULL where no amount is known."""
    return orders.amount.sum(where=~is_cancelled(orders))


def mean_amount(orders: Table) -> DecimalValue:
    """amount / the orders that make it up."""
    known = tally(~is_cancelled(orders) & orders.amount.notnull())
    return (amount(orders) / known.nullif(0)).cast(MONEY)
