"""Dropped calls day by day, and over 30 days, as the rules on silent and abandoned calls count them.

The US Telemarketing Sales Rule (16 CFR 310.4(b)(4)) allows 3 % of the calls that a person takes, per campaign and 30
days.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import ibis
from ibis.expr.types import Table

from okireports.clock import Interval, instant, local_day, ms
from okireports.metrics import dialing, measure, ratio
from okireports.metrics.intervals import spine

BEFORE = 29  # local days before a day that count with it
# Those, the day itself from its midnight, and an hour that the clock may have changed.
REACH = timedelta(days=BEFORE + 2)
LIMIT = 0.03  # of the persons
COUNTS = (dialing.attempts, dialing.persons, dialing.drops, dialing.taken)


def daily(calls: Table, period: Interval, now: datetime) -> Table:
    """Per dialer and local day (`bucket`) of the period: COUNTS, the three rates, and `rolling_30d_rate`.

    Days that have not begun by `now` are left out. It must get the calls of the days before, which count in the last
    rate only, as does what of the first day lies before the period.
    """
    counted = _counted(calls, period)
    names = [m.__name__ for m in COUNTS]
    zeros = {name: ibis.literal(0, "int64") for name in names}
    days = spine(replace(period, by="day", end=min(period.end, now))).select("bucket")
    days = counted.select("dialer_id").distinct().cross_join(days)
    yes = ibis.literal(True)
    t = ibis.union(
        counted.select("dialer_id", "bucket", "inside", *names, shown=~yes),
        days.select("dialer_id", "bucket", inside=yes, **zeros, shown=yes),
    )
    t = t.group_by("dialer_id", "bucket").agg(
        **{name: t[name].sum(where=t.inside).coalesce(0) for name in names},
        every_drop=t.drops.sum(),
        every_person=t.persons.sum(),
        shown=t.shown.any(),
    )
    month = ibis.range_window(group_by="dialer_id", order_by="bucket", preceding=(BEFORE, 0))
    t = t.mutate(
        drop_rate_attempts=ratio(t.drops, t.attempts),
        drop_rate_answered=ratio(t.drops, t.taken),
        drop_rate_persons=ratio(t.drops, t.persons),
        rolling_30d_rate=ratio(t.every_drop.sum().over(month), t.every_person.sum().over(month)),
    )
    return t.filter(t.shown)


def placed(calls: Table, period: Interval) -> Table:
    """Attempts with their local day (`bucket`), and whether they are `inside` the period, from 29 days before it on."""
    t = calls.filter(dialing.is_attempt(calls), calls.started_at < period.end)
    t = t.mutate(bucket=local_day(ms(t.started_at), period), inside=t.started_at >= period.start)
    return t.filter(t.bucket >= local_day(instant(period.start), period) - BEFORE)


def _counted(calls: Table, period: Interval) -> Table:
    """COUNTS per dialer, local day, and whether it was `inside` the period."""
    t = placed(calls, period)
    return t.group_by("dialer_id", "bucket", "inside").agg(**measure(t, *COUNTS))
