"""Planned work beside what was done: attendance day by day, and time as planned.

N/A, a contact of a project that one does not see, is presence and work. What overlaps counts once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import ibis
from ibis.expr.types import FloatingScalar, FloatingValue, Table

from okireports.clock import Interval, instant, local_day, ms
from okireports.metrics import metric, ratio
from okireports.metrics.arithmetic import total_seconds
from okireports.metrics.intervals import merged, overlaps, split, within
from okireports.metrics.presence import seen
from okireports.metrics.sides import beside
from okireports.metrics.validity import in_force
from okireports.tables import ACTIVITY

WORKED = (*ACTIVITY, "Ready", "N/A")
AROUND = timedelta(days=2)  # how far beside a period a plan of one of its days may reach
WHO = ["operator_id"]
DAY = [*WHO, "day"]


# ---- attendance ------------------------------------------------------------------------------------------------------
def attended(statuses: Table, shifts: Table, period: Interval) -> Table:
    """Per operator and local day of the period (`day`, its number), what was planned and what was seen.

    Columns: planned_start_at, planned_end_at, first_seen_at, last_seen_at; late_ms, left_early_ms, present_ms,
    overtime_ms.
    """
    around = replace(period, start=period.start - AROUND, end=period.end + AROUND)
    first, last = (local_day(x, period) for x in (instant(period.start), instant(period.end) - 1))
    days = judged(statuses, shifts, period)
    days = days.filter(days.day >= first, days.day <= last)
    present = statuses.filter(statuses.status != "Offline")
    lengths = lasting(merged(within(present, around), WHO), merged(planned(shifts, around), WHO), period)
    return beside(days, beside(first_and_last(present, period), lengths, DAY), DAY)


def judged(statuses: Table, shifts: Table, period: Interval) -> Table:
    """The plans of the period's days and of those around: planned_start_at, planned_end_at, late_ms, left_early_ms."""
    around = replace(period, start=period.start - AROUND, end=period.end + AROUND)
    present, plans = within(statuses.filter(statuses.status != "Offline"), around), planned(shifts, around)
    inside = overlaps(plans, present, WHO, period)
    inside = inside.group_by(DAY).agg(came=inside.lo.min(), left=inside.hi.max())
    t = plans.left_join(inside, DAY, rname="inside_{name}")
    t = t.mutate(late_ms=t.came - t.lo, left_early_ms=t.hi - t["left"])
    return t.select(*DAY, "planned_start_at", "planned_end_at", "late_ms", "left_early_ms")


def planned(shifts: Table, around: Interval) -> Table:
    """Per operator and local day the span of the shifts that start on it, as instants and as `lo`, `hi` (ms)."""
    t = shifts.filter(shifts.ends_at > shifts.starts_at, shifts.starts_at < around.end, shifts.ends_at > around.start)
    t = t.group_by("operator_id", day=local_day(ms(t.starts_at), around)).agg(
        planned_start_at=t.starts_at.min(), planned_end_at=t.ends_at.max()
    )
    return t.mutate(lo=ms(t.planned_start_at), hi=ms(t.planned_end_at))


def first_and_last(present: Table, period: Interval) -> Table:
    """Per operator and local day of the period, when she was seen first and last."""
    days = replace(period, by="day")
    t = split(within(present, days), days)
    t = t.group_by("operator_id", "bucket").agg(since=t.started_at.min(), until=t.ended_at.max())
    return seen(t, days).rename(day="bucket")


def lasting(wide: Table, plans: Table, period: Interval) -> Table:
    """Per operator and local day of the period, how long she was seen, and how long of that outside any plan."""
    start, end = instant(period.start), instant(period.end)
    clipped = wide.mutate(lo=ibis.greatest(wide.lo, start), hi=ibis.least(wide.hi, end))
    clipped = clipped.filter(clipped.lo < clipped.hi)
    as_planned = overlaps(clipped, plans, WHO, period)
    parts = (clipped.mutate(sign=ibis.literal(1)), as_planned.mutate(sign=ibis.literal(-1)))
    t = split(ibis.union(*parts), replace(period, by="day")).rename(day="bucket")
    length = t.hi - t.lo
    return t.group_by(DAY).agg(present_ms=length.sum(where=t.sign > 0), overtime_ms=(length * t.sign).sum())


# ---- adherence -------------------------------------------------------------------------------------------------------
def adhered(statuses: Table, shifts: Table, activities: Table, by: Interval) -> Table:
    """Operators' time cut into `bucket`s, one row per piece: `what` (planned, paid, adherent, worked), `lo`, `hi`."""
    shifts = within(shifts, by, "starts_at", "ends_at")
    spent = within(statuses.select("operator_id", "status", "started_at", "ended_at"), by)
    parts = {
        "planned": shifts,
        "paid": shifts.filter(shifts.paid.coalesce(False)),
        "adherent": overlaps(as_planned(shifts, activities), spent, ["operator_id", "status"], by),
        "worked": spent.filter(spent.status.isin(WORKED)),
    }
    united = [merged(t, WHO).mutate(what=ibis.literal(what)) for what, t in parts.items()]
    return split(ibis.union(*united), by)


def as_planned(shifts: Table, activities: Table) -> Table:
    """Shifts with each `status` that satisfies their activity, by the definitions that hold when they start."""
    return in_force(shifts, satisfying(activities), ["activity"], ms(shifts.starts_at))


def satisfying(activities: Table) -> Table:
    """`activity`, `status` and when that holds: what satisfies a plan.

    N/A does wherever Busy does, for it is work with a contact.
    """
    busy = activities.filter(activities.status == "Busy")
    return ibis.union(activities, busy.mutate(status=ibis.literal("N/A")), distinct=True)


@metric("Planned", unit="s", counts="shift", at="pro rata")
def planned_s(adherence: Table) -> FloatingScalar:
    """Planned time."""
    return _time(adherence, "planned")


@metric("As planned", unit="s", counts="status", at="pro rata")
def adherent_s(adherence: Table) -> FloatingScalar:
    """Time in a status that satisfies the activity planned then."""
    return _time(adherence, "adherent")


@metric("Worked", unit="s", counts="status", at="pro rata")
def worked_s(adherence: Table) -> FloatingScalar:
    """Time in Waiting, Busy, PCP, Ready and N/A, planned or not."""
    return _time(adherence, "worked")


@metric("Adherence", unit="share", counts="shift", at="pro rata")
def adherence(pieces: Table) -> FloatingValue:
    """adherent_s / planned_s."""
    return ratio(adherent_s(pieces), planned_s(pieces))


@metric("Conformance", unit="share", counts="shift", at="pro rata")
def conformance(pieces: Table) -> FloatingValue:
    """worked_s / planned_s; above 1 for who worked more than planned."""
    return ratio(worked_s(pieces), planned_s(pieces))


@metric("Utilisation", unit="share", counts="shift", at="pro rata")
def utilisation(pieces: Table) -> FloatingValue:
    """worked_s / time of the paid shifts."""
    return ratio(worked_s(pieces), _time(pieces, "paid"))


def _time(pieces: Table, what: str) -> FloatingScalar:
    return total_seconds(pieces.hi - pieces.lo, pieces.what == what)
