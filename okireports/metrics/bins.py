"""Bins of waits: how many waited how long, every bin there, also where nobody waited so long."""

from __future__ import annotations

import ibis
from ibis.expr.types import IntegerColumn, IntegerValue, Table

from okireports.metrics import ratio

FROM_S = (0, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 240, 300, 600)  # each until the next, the last without end


def wait_from_s(wait_ms: IntegerColumn) -> IntegerValue:
    """The start (s) of the bin in which a wait lies."""
    steps = [(wait_ms >= start * 1000, start) for start in reversed(FROM_S[1:])]
    return ibis.cases(*steps, else_=FROM_S[0]).cast("int64")


def filled(t: Table) -> Table:
    """Counts (`outcome`, `wait_from_s`, `contacts`) with a row for every bin of every outcome that is there."""
    bins = ibis.array(list(FROM_S)).cast("array<int64>").unnest().name("wait_from_s").as_table()
    every = t.select("outcome").distinct().cross_join(bins)
    t = every.left_join(t, ["outcome", "wait_from_s"], rname="{name}_there")
    return t.select("outcome", "wait_from_s", contacts=t.contacts.coalesce(0))


def shares(t: Table) -> Table:
    """Counts with their `share` of the outcome, and the `cumulative_share` of all bins up to theirs."""
    so_far = ibis.window(group_by="outcome", order_by="wait_from_s", preceding=(None, 0))
    whole = t.contacts.sum().over(group_by="outcome")
    return t.mutate(share=ratio(t.contacts, whole), cumulative_share=ratio(t.contacts.sum().over(so_far), whole))
