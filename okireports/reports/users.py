"""Operators: what they did, one status after the other and in sum."""

# mypy: disable-error-code="assignment"
# (`by: Interval = None`: the default is the word that people would give; the run hands over the Interval made of it.)

from __future__ import annotations

from datetime import timedelta

from ibis import Table

from okireports.charts import bars, timeline
from okireports.clock import Interval, labelled, ms, seconds
from okireports.metrics import measure, presence
from okireports.metrics.intervals import starting
from okireports.report import looked_up, named, page, report

KEY = ["project_id", "status_id"]
LOG = [
    "operator", "started_at", "ended_at", "duration_s", "status", "reason", "comment", "project", "queue", "call",
    "form",
]  # fmt: skip
LAG = timedelta(days=7)  # how far from a status the call that it is about may have started: some are followed up
FIGURES = (
    presence.logged_s,
    *(presence.ready_s, presence.waiting_s, presence.busy_s, presence.pcp_s, presence.away_s, presence.na_s),
    *(presence.ready_share, presence.waiting_share, presence.busy_share, presence.pcp_share),
    *(presence.away_share, presence.na_share, presence.occupancy),
)


@report(
    "Operators' log",
    pl="Dziennik operatorów",
    chart=timeline("started_at", "ended_at", "operator", by="status"),
    before=LAG,
    after=LAG,
)
def operators_log(
    statuses: Table,
    calls: Table,
    projects: Table,
    queues: Table,
    forms: Table,
    operators: Table,
    *,
    period: Interval,
    limit: int | None = None,
    offset: int = 0,
) -> Table:
    """Every status that an operator took in the period, newest first.

    `limit` and `offset` cut a page out of it.

    Definitions: a row is one whole interval, also where it ends after the period; ended_at and duration_s are empty
    while it goes on; N/A is a contact of a project that is not shown here; project is empty where several share it.
    """
    t = starting(statuses, period)
    t = page(t, [t.started_at.desc(), *KEY], limit, offset)
    t = named(t, project=projects, queue=queues, form=forms, operator=operators)
    near = calls.filter(calls.started_at >= period.start - LAG, calls.started_at < period.end + LAG)
    t = looked_up(t, near.select("call_id", call="source_id"), ["call_id"], "call")
    t = t.mutate(duration_s=seconds(ms(t.ended_at) - ms(t.started_at)))
    return t.order_by(t.started_at.desc(), *KEY).select(LOG)


@report(
    "Operator summary",
    pl="Zbiorczy raport",
    chart=bars("operator", ["ready_s", "waiting_s", "busy_s", "pcp_s", "away_s", "na_s"], stack=True),
)
def operator_summary(
    statuses: Table, calls: Table, operators: Table, *, period: Interval, by: Interval = None
) -> Table:
    """How long each operator was present, in which statuses, and how many contacts were handled.

    Definitions: statuses are cut at the borders of the period and of intervals, open ones are left out; logged_s is all
    but Offline, shares are of it; occupancy = (Waiting + Busy + PCP) / (Waiting + Busy + PCP + Ready), overlaps once;
    handled counts contacts by their start; N.A. is time with contacts of projects that are not shown here.
    """
    t = presence.pieces(statuses, by)
    ends = {"since": t.started_at.min(), "until": t.ended_at.max()}
    t = presence.seen(t.group_by("operator_id", "bucket").agg(**ends, **measure(t, *FIGURES)), by)
    t = presence.beside(t, presence.work(starting(calls, period), by))
    t = labelled(t.rename(interval="bucket"), by)
    keys = ["operator", *(["interval"] if by.by else [])]
    names = [m.__name__ for m in FIGURES]
    t = named(t, operator=operators).order_by(*keys, "operator_id")
    return t.select(*keys, "first_seen_at", "last_seen_at", *names[:-1], "handled", names[-1])
