"""How many operators there are, interval by interval, beside the work that arrives."""

from __future__ import annotations

from ibis.expr.types import Table

from okireports.clock import Interval, bucket, seconds
from okireports.metrics import measure, presence, ratio
from okireports.metrics.handling import aht_s
from okireports.metrics.intervals import concurrency, new, spine, within
from okireports.metrics.sides import beside, from_zero
from okireports.metrics.volume import offered


def seats(statuses: Table, by: Interval) -> Table:
    """Per bucket, how many operators were `logged_in` and `ready` at some time of it, and their `occupancy`."""
    t = presence.pieces(statuses, by)
    works, staffed, ready = presence.works(t), presence.is_staffed(t), t.status == "Ready"
    t = t.group_by("bucket", "operator_id").agg(
        worked=new(t, "worked").sum(where=works), staffed=new(t, "staffed").sum(where=staffed), was_ready=ready.any()
    )
    return t.group_by("bucket").agg(
        logged_in=t.count(),
        ready=t.was_ready.ifelse(1, 0).sum(),
        occupancy=ratio(t.worked.sum().coalesce(0), t.staffed.sum()),
    )


def busy(statuses: Table, by: Interval) -> Table:
    """Per bucket, how many are in conversation at once: `busy_mean`, `busy_peak`."""
    t = concurrency(within(statuses.filter(statuses.status == "Busy"), by), by)
    return t.select("bucket", busy_mean=ratio(t.busy, t.length), busy_peak=t.peak)


def demand(calls: Table, by: Interval) -> Table:
    """Per bucket, `offered` contacts and the `erlangs` that they are: offered x aht / length of the bucket."""
    t = calls.group_by(bucket=bucket(calls.started_at, by)).agg(**measure(calls, offered, aht_s))
    t = t.join(spine(by), "bucket")
    return t.select("bucket", "offered", erlangs=ratio(t.offered * t.aht_s, seconds(t.hi - t.lo)))


def staffed(statuses: Table, calls: Table, by: Interval) -> Table:
    """The three side by side; buckets in which nobody was there and nothing was offered are left out."""
    t = beside(seats(statuses, by), demand(calls, by), ["bucket"])
    t = t.left_join(busy(statuses, by), "bucket", rname="b_{name}")
    t = from_zero(t, "logged_in", "ready", "busy_mean", "busy_peak", "offered")
    return t.filter((t.logged_in > 0) | (t.offered > 0))  # calls of no queue are no demand
