"""The company: what was changed and by whom, and who may see what."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
from ibis import Table

from okireports.charts import counts, matrix
from okireports.clock import Interval
from okireports.metrics.intervals import starting
from okireports.report import looked_up, page, report

TICK = timedelta(milliseconds=1)  # the finest time that is kept
DEFAULT = "Default"  # the project in which everyone is when projects come into use
ENTRY = ["seq", "at", "actor", "action", "subject", "project", "before", "after", "reason"]


@report("Change log", pl="Dziennik zmian", chart=counts("at", by="action"))
def change_log(
    audit: Table, *, period: Interval, reads: bool = True, limit: int | None = None, offset: int = 0
) -> Table:
    """Who did what in the period, newest first, and how it was before and after.

    `reads=False` leaves out what was only read or refused; `limit` and `offset` cut a page out of it.

    Definitions: an entry is one thing that was changed, read or refused; reads are entered by the next change, with the
    time at which they were made; before and after are JSON; project is named as it is called now, empty for what is
    about the whole centre; seq is the place in the whole log for those who may read it all, else among the entries of
    the projects shown.
    """
    t = starting(audit, period, "at")
    t = t if reads else t.filter(~t.read)
    order = [t["at"].desc(), t.seq.desc()]
    return page(t, order, limit, offset).order_by(order).select(ENTRY)


@report("Access", pl="Dostępy", chart=matrix("project", "login", by="role"))
def access_matrix(
    accesses: Table, users: Table, roles: Table, report_runs: Table, *, period: Interval, now: datetime
) -> Table:
    """Who may see which project, by which role, since when, and when they last looked.

    Definitions: accesses that hold when the period ends, at most now, of active people with the roles of now; since is
    the day on which the membership began, empty for one that always was and for who sees all projects;
    last_report_at is the last report over the project before the period's end, as far as reads are in the change log;
    still_in_default says of members that they are in the project Default and in another one that is shown.
    """
    at = min(now, period.end - TICK)
    t = accesses.filter(accesses.valid_from.isnull() | (accesses.valid_from <= at))
    t = t.filter(t.valid_to.isnull() | (t.valid_to > at))
    t = t.mutate(member=t.through == "member")
    t = t.group_by("login", "project_id", "project").agg(
        since=t.since.isnull().any().ifelse(ibis.null("date"), t.since.min()),
        begins=t.valid_from.isnull().any().ifelse(ibis.null("timestamp(6)"), t.valid_from.min()),
        member=t.member.any(),
    )
    hers = ibis.window(group_by="login")
    in_default = (t.member & (t.project == DEFAULT)).any().over(hers)
    t = t.mutate(still_in_default=t.member & in_default & (t.member.cast("int64").sum().over(hers) > 1))
    runs = report_runs.filter(report_runs["at"] < period.end)
    named, whole = runs.filter(runs.project_id.notnull()), runs.filter(runs.project_id.isnull())
    named = named.group_by("login", "project_id").agg(own_run_at=named["at"].max())
    whole = whole.group_by("login").agg(run_at=whole["at"].max())
    t = looked_up(looked_up(t, named, ["login", "project_id"], "own_run_at"), whole, ["login"], "run_at")
    began = t.begins.isnull() | (t.run_at >= t.begins)
    last = ibis.greatest(t.own_run_at, began.ifelse(t.run_at, ibis.null("timestamp(6)")))
    t = looked_up(t.mutate(last_report_at=last), users, ["login"], "role", "active")
    t = looked_up(t.filter(t.active), roles, ["role"], "rights")
    return t.order_by("login", "project", "project_id").select(
        "login", "project", "role", "since", "rights", "last_report_at", "still_in_default"
    )
