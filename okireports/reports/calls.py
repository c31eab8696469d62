"""Calls, one by one."""

from __future__ import annotations

from datetime import timedelta

import ibis
from ibis import Table

from okireports.charts import counts
from okireports.clock import Interval, ms, seconds
from okireports.report import looked_up, named, report

CALL = ["project_id", "call_id"]
COLUMNS = [
    "call", "started_at", "project", "direction", "queue", "dialer", "scenario", "operator", "line", "contact_key",
    "phone", "outcome", "result", "wait_s", "ring_s", "talk_s", "hold_s", "wrap_s", "duration_s", "ended_by",
    "came_from_other", "went_to_other", "sip_code", "mos", "recording", "cost", "currency",
]  # fmt: skip
LAG = timedelta(days=1)  # a call's recordings and charges are dated after its start, so also after the period's end


@report("Call log", pl="Dziennik połączeń", chart=counts("started_at"), after=LAG)
def call_log(
    calls: Table,
    projects: Table,
    queues: Table,
    dialers: Table,
    scenarios: Table,
    operators: Table,
    contacts: Table | None,
    recordings: Table | None,
    charges: Table | None,
    *,
    period: Interval,
    limit: int | None = None,
    offset: int = 0,
) -> Table:
    """Every contact of the period, newest first.

    `limit` and `offset` cut a page out of it; phone, recording, cost and currency are there for those with the right.

    Definitions: a row is one contact; duration_s is its whole stay; cost sums its charges, empty in mixed currencies.
    """
    t = calls.filter(calls.started_at >= period.start, calls.started_at < period.end)
    if limit is not None or offset:  # before the joins, so that they look up what the page shows and nothing else
        t = t.order_by(t.started_at.desc(), *CALL).limit(limit, offset=offset)
    t = named(t, project=projects, queue=queues, dialer=dialers, scenario=scenarios, operator=operators)
    if contacts is not None:
        t = looked_up(t, contacts, ["project_id", "contact_key"], "phone")
    if recordings is not None:
        t = looked_up(t, first_recordings(recordings, period), CALL, "recording")
    if charges is not None:
        t = looked_up(t, costs(charges, period), CALL, "cost", "currency")
    t = _readable(t)
    return t.order_by(t.started_at.desc(), *CALL).select([c for c in COLUMNS if c in t.columns])


def first_recordings(recordings: Table, period: Interval) -> Table:
    """One `recording` per call: the earliest, of several at one instant the one with the smallest URL."""
    r = _of_calls_in(recordings, period)
    order = ibis.row_number().over(group_by=CALL, order_by=[r["at"], r.url])
    return r.filter(order == 0).select(*CALL, recording=r.url)


def costs(charges: Table, period: Interval) -> Table:
    """`cost` and `currency` per call; both NULL where its charges are in several currencies."""
    c = _of_calls_in(charges, period)
    c = c.group_by(CALL).agg(cost=c.amount.sum(), currency=c.currency.min(), last_currency=c.currency.max())
    one = c.currency == c.last_currency
    return c.select(*CALL, cost=one.ifelse(c.cost, ibis.null()), currency=one.ifelse(c.currency, ibis.null()))


def _of_calls_in(t: Table, period: Interval) -> Table:
    """What may belong to calls of the period, by its own instant: the same rows however the stores are cut."""
    return t.filter(t.call_id.notnull(), t["at"] >= period.start, t["at"] < period.end + LAG)


def _readable(t: Table) -> Table:
    """Lengths in seconds, flags that are always known, and the source's own id as the name of a call."""
    return t.mutate(
        **{f"{part}_s": seconds(t[f"{part}_ms"]) for part in ("wait", "ring", "talk", "hold", "wrap")},
        call=t.source_id,
        duration_s=seconds(ms(t.ended_at) - ms(t.started_at)),
        came_from_other=t.came_from_other.coalesce(False),
        went_to_other=t.went_to_other.coalesce(False),
        mos=t.mos.cast("float64"),
    )
