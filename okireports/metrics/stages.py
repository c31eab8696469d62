"""The funnel: requests on their way through the stages of a form, each stage once a request, at its last visit.

entered = moved_on + lost + open, exactly.
"""

from __future__ import annotations

from datetime import timedelta

import ibis
from ibis.expr.types import Scalar, Table

from okireports.clock import Interval, ms
from okireports.metrics import quantile, ratio, tally
from okireports.metrics.intervals import starting

FOLLOWED = timedelta(days=365)  # how long after the period its requests are followed
REQUEST = ["project_id", "request_id"]
STAGE = ["form_id", "stage"]


def visits(requests: Table, stage_changes: Table, stages: Table, period: Interval) -> Table:
    """Every visit of a stage by requests that are created in the period, with `position` and `lost` of the stage.

    `length_ms` is NULL while the stage was not left, `is_last` of a stage's last visit, `ahead` the highest position of
    the stages that come later and are not lost ones, `ends_lost` whether the request's last stage is a lost one.
    """
    cohort = starting(requests, period, "created_at").select(*REQUEST, "form_id", "created_at", "closed_at")
    near = starting(stage_changes, Interval(None, period.start, period.end + FOLLOWED), "at")
    t = near.select(*REQUEST, "stage_change_id", "seq", "stage", "at").join(cohort, REQUEST)
    t = t.filter(t["at"] >= t.created_at).left_join(stages, STAGE, rname="defined_{name}")
    t = t.mutate(lost=t.lost.coalesce(False))
    order = [t["at"], t.seq, t.stage_change_id]
    theirs = ibis.window(group_by=REQUEST, order_by=order)
    later = ibis.window(group_by=REQUEST, order_by=order, following=(1, None))
    same = ibis.window(group_by=[*REQUEST, "stage"], order_by=order)
    left_at = ms(t["at"]).lead().over(theirs)
    t = t.mutate(
        length_ms=left_at - ms(t["at"]),
        is_last=t.stage.lead().over(same).isnull(),
        ahead=t.position.max(where=~t.lost).over(later),
        ends_lost=left_at.isnull() & t.lost,
    )
    return t.mutate(ends_lost=t.ends_lost.any().over(ibis.window(group_by=REQUEST)))


def passed(visits: Table) -> dict[str, Scalar]:
    """How many requests came to the stages of these visits, what became of them, and how long they stayed."""
    further = (visits.ahead > visits.position).coalesce(False)
    on = further | (visits.closed_at.notnull() & ~visits.ends_lost)
    entered, moved_on = tally(visits.is_last), tally(visits.is_last & on)
    return {
        "entered": entered,
        "moved_on": moved_on,
        "lost": tally(visits.is_last & ~on & visits.ends_lost),
        "open": tally(visits.is_last & ~on & ~visits.ends_lost),
        "conversion": ratio(moved_on, entered),
        "median_s": quantile(visits.length_ms, 0.5, visits.length_ms.notnull()),
    }
