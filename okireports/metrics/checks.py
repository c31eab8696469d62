"""Check plans: how many contacts an evaluator has to judge from when to when, and how many are done."""

from __future__ import annotations

from datetime import datetime

import ibis
from ibis.expr.types import FloatingValue, Table

from okireports.clock import Interval, instant, ms
from okireports.metrics import ratio, tally
from okireports.metrics.intervals import starting
from okireports.metrics.quality import ONE

WHO = ["plan", "evaluator_id"]


def progress(check_plans: Table, evaluations: Table, period: Interval, now: datetime) -> Table:
    """Per plan and evaluator: due, done, remaining, done_share and pace, of the plans that meet the period."""
    t = check_plans.filter(
        check_plans.valid_from.isnull() | (check_plans.valid_from < period.end),
        check_plans.valid_to.isnull() | (check_plans.valid_to > period.start),
    )
    done = starting(evaluations, period, "at").select(*WHO, *ONE, "at").join(t, WHO)
    begun = done.valid_from.isnull() | (done["at"] >= done.valid_from)
    done = done.filter(begun, done.valid_to.isnull() | (done["at"] < done.valid_to))
    done = done.select(*WHO, *ONE).distinct()
    done = done.group_by(WHO).agg(done=done.count())
    t = t.mutate(expected=t.due * elapsed(t, period.start, min(period.end, now)))
    t = t.group_by(WHO).agg(due=t.due.sum(), expected=t.expected.sum(), open_ones=tally(t.expected.isnull()))
    t = t.left_join(done, WHO, rname="done_{name}")
    t = t.mutate(done=t.done.coalesce(0))
    return t.mutate(
        remaining=ibis.greatest(t.due - t.done, 0),
        done_share=ratio(t.done, t.due),
        pace=ratio(t.done, (t.open_ones == 0).ifelse(t.expected, ibis.null())),
    )


def elapsed(plans: Table, start: datetime, end: datetime) -> FloatingValue:
    """Which share of a plan's time lies between two instants; NULL for a plan without a beginning or an end."""
    lo, hi = ibis.greatest(ms(plans.valid_from), instant(start)), ibis.least(ms(plans.valid_to), instant(end))
    return ratio(ibis.greatest(hi - lo, 0), ms(plans.valid_to) - ms(plans.valid_from))
