"""Intervals: rows that last from `lo` to `hi` (ms, half-open) clipped, cut at bucket borders, united and counted.

The usual way: `within` clips rows to the period, `split` cuts them at bucket borders, an aggregate sums `hi - lo`.
Where rows overlap, `covered` before and `new` after `split` give the length of their union, or `merged` the union.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from okireports.clock import DAY, Interval, border, index, instant, ms
from okireports.once import read_once


def starting(t: ir.Table, by: Interval, since: str = "started_at") -> ir.Table:
    """Rows that start in the period."""
    return t.filter(t[since] >= by.start, t[since] < by.end)


def meeting(t: ir.Table, by: Interval, since: str = "started_at", until: str = "ended_at") -> ir.Table:
    """Rows that meet the period, whole."""
    return t.filter(t[since] < by.end, t[until] > by.start)


def within(t: ir.Table, by: Interval, since: str = "started_at", until: str = "ended_at") -> ir.Table:
    """Rows clipped to the period, with `lo` and `hi` (ms); empty and open ones are left out."""
    t = meeting(t.filter(t[until] > t[since]), by, since, until)
    return t.mutate(lo=ibis.greatest(ms(t[since]), instant(by.start)), hi=ibis.least(ms(t[until]), instant(by.end)))


def split(t: ir.Table, by: Interval) -> ir.Table:
    """Clipped rows cut at bucket borders: one row per row and bucket, with `bucket` and new `lo`, `hi`."""
    if by.by is None:
        return t.mutate(bucket=ibis.literal(0, "int64"))
    t = t.mutate(bucket=ibis.range(index(t.lo, by), index(t.hi - 1, by) + 1).unnest())
    return _cut(t, by, t.lo, t.hi)


def spine(by: Interval) -> ir.Table:
    """One row per bucket of the period: `bucket`, `lo`, `hi` (ms, clipped to the period)."""
    start, end = instant(by.start), instant(by.end)
    t = ibis.range(index(start, by), index(end - 1, by) + 1).unnest().name("bucket").as_table()
    return _cut(t, by, start, end)


def _cut(t: ir.Table, by: Interval, lo: ir.IntegerValue, hi: ir.IntegerValue) -> ir.Table:
    t = t.mutate(lo=ibis.greatest(lo, border(t.bucket, by)), hi=ibis.least(hi, border(t.bucket + 1, by)))
    return t.filter(t.lo < t.hi)  # a date that a zone left out (Samoa, 30 December 2011) is a number without time


def covered(t: ir.Table, keys: Sequence[str], **sets: Callable[[ir.Table], ir.BooleanValue]) -> ir.Table:
    """For each named set of rows, `<name>_to`: up to which instant (ms) earlier rows of the set reach, at least `lo`.

    Call it before `split`, then `new` on the pieces. The value of `sets` says of the table which rows are in the set.
    How far rows reach is worked out only on the days (of UTC), of each key, on which a row reaches into the next one.
    """
    order = ["lo", "hi"]
    t = t.mutate(day=t.lo // DAY, after=t.lo.lead().over(ibis.window(group_by=keys, order_by=order)))
    long = t.filter(t.hi > t.after)
    days = long.select(*keys, day=ibis.range(long.day, (long.hi - 1) // DAY + 1).unnest()).distinct()
    same = [t[key].identical_to(days[key]) for key in (*keys, "day")]  # a key may be NULL
    some, others = t.semi_join(days, same), t.anti_join(days, same)
    earlier = ibis.window(group_by=keys, order_by=order, preceding=(None, 1))
    reach = {f"{name}_to": some.hi.max(where=of(some)).over(earlier).coalesce(some.lo) for name, of in sets.items()}
    alone = {f"{name}_to": others.lo for name in sets}
    return ibis.union(some.mutate(**reach), others.mutate(**alone)).drop("day", "after")


def new(t: ir.Table, name: str) -> ir.IntegerValue:
    """Milliseconds of a piece that earlier rows of the set do not cover.

    Summed over the rows of the set they are the length of the set's union.
    """
    return ibis.greatest(t.hi - ibis.greatest(t.lo, t[f"{name}_to"]), 0)


def merged(t: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Overlapping and touching rows of the same keys united into one: the keys, `lo`, `hi`.

    How far earlier rows reach is the dear part, and few rows need it: one that ends by the time the next one begins
    reaches no further than that one does. So only those are swept that reach into the next, or lie beside a gap.
    """
    keys, order = list(keys), ["lo", "hi"]
    nearby = ibis.window(group_by=keys, order_by=order)
    t = t.select(*keys, *order, before=t.hi.lag().over(nearby), after=t.lo.lead().over(nearby))
    t = t.filter(t.before.isnull() | (t.lo > t.before) | t.after.isnull() | (t.hi > t.after))
    earlier = ibis.window(group_by=keys, order_by=order, preceding=(None, 1))
    reach = ibis.greatest(t.before, t.hi.max().over(earlier).coalesce(t.before))  # the end of what was united so far
    opening = t.select(*keys, "lo", reach=reach)
    opening = opening.filter(opening.reach.isnull() | (opening.lo > opening.reach))
    following = opening.reach.lead().over(ibis.window(group_by=keys, order_by="lo"))
    opening = opening.select(*keys, "lo", following=following)
    t = opening.join(t.group_by(keys).agg(last=t.hi.max()), keys)
    return t.select(*keys, "lo", hi=t.following.coalesce(t.last))


def events(t: ir.Table, by: Interval, keys: Sequence[str] = ()) -> ir.Table:
    """Clipped rows as a course of time: the keys, `at` (ms), `d`, `n`, `bucket`, `left`.

    d: +1 at each start, -1 at each end, 0 at each bucket's border. n: how many run after it, ends coming before starts
    of the same instant. left: ms from there to the end of the bucket. Ends at the period's end are left out.
    """
    borders, t = spine(by).select("lo"), t.select(*keys, "lo", "hi")
    if keys:
        t = read_once(t)
        borders = borders.cross_join(t.select(*keys).distinct())
    ends = t.cross_join(ibis.range(0, 2).unnest().name("end").as_table())  # in one pass
    ends = ends.select(*keys, at=(ends.end == 0).ifelse(ends.lo, ends.hi), d=(1 - 2 * ends.end).cast("int64"))
    e = ends.union(borders.select(*keys, at="lo", d=ibis.literal(0, "int64")))
    e = e.filter(e["at"] < instant(by.end))
    so_far = ibis.window(group_by=keys, order_by=["at", "d"], preceding=(None, 0))
    i = index(e["at"], by)
    left = ibis.least(border(i + 1, by), instant(by.end)) - e["at"]
    return e.mutate(n=e.d.sum().over(so_far), bucket=i, left=left)


def concurrency(t: ir.Table, by: Interval, keys: Sequence[str] = ()) -> ir.Table:
    """How many clipped rows run at once, per keys and bucket: `bucket`, `peak`, `busy`, `length`.

    peak: the most right after a start or at the bucket's border, never between two ends of one instant. busy: ms summed
    over rows; length: ms of the bucket inside the period; busy / length is the mean. Keys without rows do not appear.
    """
    e = events(t, by, keys)
    b = e.group_by(*keys, "bucket").agg(
        peak=e.n.max(where=e.d >= 0), net=e.d.sum(), area=(e.d * e.left).sum(), length=e.left.max()
    )
    so_far = ibis.window(group_by=keys, order_by="bucket", preceding=(None, 0))
    before = b.net.sum().over(so_far) - b.net
    return b.mutate(busy=before * b.length + b.area).drop("net", "area")


def overlaps(one: ir.Table, other: ir.Table, keys: Sequence[str], by: Interval) -> ir.Table:
    """Where a row of `one` and a row of `other` with the same keys run at once: the columns of `one`, `lo` and `hi`.

    Both are cut at local midnight first, so that only what lies on one day is compared.
    """
    days = replace(by, by="day")
    t = split(one, days).join(
        split(other, days).select(*keys, "bucket", "lo", "hi"), [*keys, "bucket"], rname="o_{name}"
    )
    t = t.mutate(lo=ibis.greatest(t.lo, t.o_lo), hi=ibis.least(t.hi, t.o_hi)).drop("o_lo", "o_hi", "bucket")
    return t.filter(t.lo < t.hi)
