"""What is attached to a call by its id: its charges and its recordings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import ibis
from ibis import Table

from okireports.clock import Interval

CALL = ["project_id", "call_id"]
LAG = timedelta(days=1)  # recordings and charges are dated after the call's start, so also after the period's end


def first_recordings(recordings: Table, period: Interval) -> Table:
    """One `recording` per call: the earliest, of several at one instant the one with the smallest URL."""
    r = in_reach(recordings, period)
    order = ibis.row_number().over(group_by=CALL, order_by=[r["at"], r.url])
    return r.filter(order == 0).select(*CALL, recording=r.url)


def costs(charges: Table, period: Interval) -> Table:
    """`cost` and `currency` per call; both NULL where its charges are in several currencies."""
    c = spent(charges, period)
    one = c.first_currency == c.last_currency
    return c.select(*CALL, cost=one.ifelse(c.cost, ibis.null()), currency=one.ifelse(c.first_currency, ibis.null()))


def spent(charges: Table, period: Interval) -> Table:
    """`cost` per call, with its `first_currency` and `last_currency` by name: a sum of one where they are the same."""
    c = in_reach(charges, period)
    return c.group_by(CALL).agg(cost=c.amount.sum(), first_currency=c.currency.min(), last_currency=c.currency.max())


def in_reach(t: Table, period: Interval) -> Table:
    """What may belong to calls of the period, by its own instant: the same rows however the stores are cut."""
    return t.filter(t.call_id.notnull(), t["at"] >= period.start, t["at"] < period.end + LAG)


def of_page(t: Table, shown: Table, keys: Sequence[str], limit: int | None) -> Table:
    """The rows of a table that belong to those of a page; all of them where `shown` is no page but the whole log."""
    return t if limit is None else t.semi_join(shown, keys)


def since_page(t: Table, shown: Table, at: str, limit: int | None, before: timedelta = timedelta(0)) -> Table:
    """Those that start no earlier than a page's earliest instant, and some time before it; all where nothing is cut."""
    if limit is None:
        return t
    return t.filter(t.started_at >= shown[at].min().as_scalar() - ibis.interval(before))
