"""What went against a rule, one row each: at, operator_id, kind, value, limit_value, project_id, call.

Values are seconds but for a KPI, whose value is in its own unit.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import Table, Value

from okireports.clock import Interval, local_date, local_day, local_time, ms, seconds
from okireports.metrics.arithmetic import MILLISECONDS
from okireports.metrics.hours import weekday
from okireports.metrics.intervals import starting
from okireports.metrics.kpis import EVERYWHERE, is_missed
from okireports.metrics.schedule import judged
from okireports.metrics.validity import beside, held_at, holding, in_force
from okireports.metrics.volume import is_handled
from okireports.once import read_once

MIDNIGHT = 86_400  # seconds of the local day: closing at 0:00 is closing at its end


def late_or_early(statuses: Table, shifts: Table, period: Interval) -> Table:
    """Who came after her plan began, or left before its end; each stands where it should have been otherwise."""
    t = judged(statuses, shifts, period)
    none = ibis.literal(0.0)
    late = _row(t.filter(t.late_ms > 0), t.planned_start_at, "late", seconds(t.late_ms), none)
    early = _row(t.filter(t.left_early_ms > 0), t.planned_end_at, "left_early", seconds(t.left_early_ms), none)
    return starting(ibis.union(late, early), period, "at")


def long_away(statuses: Table, away_reasons: Table, period: Interval) -> Table:
    """Absences that begin in the period and last longer than their reason allows."""
    t = starting(statuses.filter(statuses.status == "Away", statuses.ended_at.notnull()), period)
    t = in_force(t, away_reasons, ["reason"], ms(t.started_at))
    length = ms(t.ended_at) - ms(t.started_at)
    t = t.mutate(length_s=seconds(length)).filter(length > t.allowed_s * MILLISECONDS)
    return _row(t, t.started_at, "long_away", t.length_s, t.allowed_s)


def slow_reply(dialogues: Table, period: Interval) -> Table:
    """Dialogues of the period whose first reply came later than the target that is stamped on them."""
    t = starting(dialogues.filter(dialogues.operator_id.notnull()), period)
    t = t.mutate(reply_s=seconds(ms(t.first_reply_at) - ms(t.started_at)))
    return _row(t.filter(t.reply_s > t.reply_within_s), t.started_at, "slow_reply", t.reply_s, t.reply_within_s)


def outside_hours(calls: Table, hours: Table, holidays: Table, period: Interval) -> Table:
    """Handled contacts of queues with opening hours that begin when their queue is closed, by the hours of then.

    The value is the local time of day in seconds, the limit the border that was passed; NULL where all day is closed.
    """
    t = starting(calls, period)
    t = t.filter(is_handled(t), t.operator_id.notnull()).mutate(x=ms(t.started_at))
    week = holding(hours)
    t = t.semi_join(week, held_at(t, week, ["queue_id"], "x"))
    x = t.x
    day, time_s = local_date(local_day(x, period)), seconds(local_time(x, period))
    kept = ("project_id", "queue_id", "operator_id", "started_at", "source_id", "x")
    t = read_once(t.select(*kept, weekday=weekday(x, period), day=day, time_s=time_s))
    off = holding(holidays)
    free = held_at(t, off, ["queue_id", "day"], "x")
    parts = t.semi_join(off, free).mutate(is_holiday=True), t.anti_join(off, free).mutate(is_holiday=False)
    t = ibis.union(*parts)
    t = beside(t, hours, ["queue_id", "weekday"], t.x, "opens_s", "closes_s")
    closes_s = (t.closes_s == 0).ifelse(MIDNIGHT, t.closes_s)
    passed = ibis.cases((t.time_s < t.opens_s, t.opens_s), (t.time_s >= closes_s, closes_s))
    all_day = t.is_holiday | t.opens_s.isnull() | t.closes_s.isnull()
    t = t.mutate(limit_s=all_day.ifelse(ibis.null("int64"), passed), is_closed=all_day | passed.notnull())
    return _row(t.filter(t.is_closed), t.started_at, "outside_hours", t.time_s, t.limit_s, t.source_id)


def kpi_missed(scored: Table, period: Interval) -> Table:
    """KPIs whose target was not reached; they stand at the period's end, where the target is that of then."""
    t = scored.filter(is_missed(scored))
    t = t.mutate(project_id=t.project_id.nullif(EVERYWHERE))
    return _row(t, ibis.literal(period.end).cast("timestamp(6)"), "kpi_missed", t.actual, t.target)


def _row(t: Table, at: Value, kind: str, value: Value, limit: Value, call: Value | None = None) -> Table:
    project = t.project_id if "project_id" in t.columns else ibis.null("int64")
    return t.select(
        at=at,
        operator_id=t.operator_id,
        kind=ibis.literal(kind),
        value=value.cast("float64"),
        limit_value=limit.cast("float64"),
        project_id=project,
        call=ibis.null("string") if call is None else call,
    )
