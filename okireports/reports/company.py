"""The company: what it costs and earns, what it keeps, who changed what, who may see what, and how sound it all is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import ibis
from ibis import Table

from okireports.charts import area, bars, bullets, counts, matrix
from okireports.clock import TICK, Interval, border, bucket, index, labelled, timestamp
from okireports.metrics import contracts as terms
from okireports.metrics import expenses, ratio, soundness, storage
from okireports.metrics.intervals import starting
from okireports.report import looked_up, named, page, report

DEFAULT = "Default"  # the project in which everyone is when projects come into use
ENTRY = ["seq", "at", "actor", "action", "subject", "project", "before", "after", "reason"]


@report(
    "Costs",
    pl="Koszty",
    chart=bars("project", "amount", by="kind", stack=True),
    unfiltered=True,
)
def costs(charges: Table, calls: Table, projects: Table, *, period: Interval, by: Interval = None) -> Table:
    """What each project cost, by kind and currency, and what that is for a contact and for a minute of talk.

    Definitions: charges at their own time; amounts of different currencies are never added; quantity and unit are empty
    where units differ; share of all amounts in the currency (and interval); per_contact = amount / handled contacts of
    the project, per_minute = amount / minutes of their talk, empty without any; costs of no project stand without one.
    """
    t = expenses.by_kind(charges, period, by)
    t = t.mutate(share=expenses.share(t))
    t = looked_up(t, expenses.work(calls, period, by), ["project_id", "bucket"], "contacts", "talk_ms")
    t = t.mutate(per_contact=expenses.per_contact(t), per_minute=expenses.per_minute(t))
    t = named(labelled(t.rename(interval="bucket"), by), project=projects)
    interval = ["interval"] if by.by else []
    figures = ("amount", "quantity", "unit", "share", "per_contact", "per_minute")
    t = t.order_by("project", *interval, "kind", "currency", "project_id")
    return t.select("project", "kind", "currency", *interval, *figures)


def breaches(
    calls: Table,
    contracts: Table,
    results: Table,
    projects: Table,
    *,
    period: Interval,
    by: Interval = "month",
    formula: str,
) -> Table:
    """The half hours in which a contract's shares and means missed their target, and how many contacts did it.

    Definitions: started_at is where the half hour begins; contacts are those that the figure is of (handled ones of a
    mean); lost are those of them that are not in time, were not sold to, were abandoned or transferred, empty of a
    mean; actual is the half hour's own; targets of counts are of whole intervals and have no half hours.
    """
    fine = replace(by, by="30min")
    sold = looked_up(starting(calls, period), results, ["project_id", "result"], "sale")
    t = terms.measured(terms.contacts_of(sold, contracts, fine), contracts, formula)
    t = t.filter(terms.is_met(t) == ibis.literal(False), t.metric.notin((*terms.COUNTED, "talk_s")))
    begins = border(t.bucket, fine)
    t = t.mutate(interval=index(begins, by), started_at=timestamp(begins))
    t = t.mutate(contacts=t.whole.coalesce(t.handled), lost=terms.lost(t))
    interval = ["interval"] if by.by else []
    t = named(labelled(t, by), project=projects).order_by(*terms.ordered(interval), "started_at")
    return t.select("project", "term", *interval, "started_at", "metric", "contacts", "lost", "actual", "target")


@report(
    "Contract",
    pl="Rozliczenie kontraktu",
    chart=bullets("term", "actual", goal="target", by="project", met="met"),
    collective=True,
    targets=True,
    unfiltered=True,
    details=breaches,
)
def contract(
    calls: Table,
    contracts: Table,
    results: Table,
    projects: Table,
    *,
    period: Interval,
    by: Interval = "month",
    formula: str,
) -> Table:
    """What each term of the contracts came to: reached or not, what may still be lost, and the line of the invoice.

    `result.details` lists the half hours that missed a target.

    Definitions: a term is measured over the contacts that start while its version holds (a row for each version),
    without those of excluded days; headroom says how many contacts may still be lost before the target is missed
    (negative: too many were), of counts how far they are beyond it; a penalty falls due once where the target is
    missed, of the unit point for each hundredth begun, a bonus where it is met, neither above the cap; invoice_amount =
    price * actual (of talk_s by minute or hour, as its unit says) + bonus - penalty, empty where nothing says what to
    pay; months without a contact are left out.
    """
    sold = looked_up(starting(calls, period), results, ["project_id", "result"], "sale")
    t = terms.settled(terms.measured(terms.contacts_of(sold, contracts, by), contracts, formula))
    interval = ["interval"] if by.by else []
    t = named(labelled(t.rename(interval="bucket"), by), project=projects).order_by(terms.ordered(interval))
    money = ("penalty_amount", "bonus_amount", "invoice_amount", "currency")
    return t.select("project", "term", *interval, "metric", "actual", "target", "met", "headroom", *money)


@report("Recordings", pl="Nagrania", chart=area("month", "bytes", by="project"))
def recording_storage(
    recordings: Table, projects: Table, *, period: Interval, now: datetime, keep_recordings_days: int | None
) -> Table:
    """How many recordings there are, how much they take, and which will soon be dropped.

    Definitions: recordings of the period by the local month of their own time; expiring_30d counts those that are older
    than the centre keeps them (the shorter of keep_recordings_days and keep_facts_days) within 30 days of the period's
    end, at most of now; none where all is kept for ever.
    """
    months = replace(period, by="month")
    t = starting(recordings, period, "at")
    t = storage.expiring(t, keep_recordings_days, storage.last_instant(now, period), period)
    t = t.group_by("project_id", interval=bucket(t["at"], months)).agg(**storage.stored(t))
    t = named(labelled(t, months).rename(month="interval"), project=projects)
    figures = ("recordings", "length_s", "bytes", "oldest_at", "expiring_30d")
    return t.order_by("project", "month", "project_id").select("project", "month", *figures)


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


@report(
    "Data quality",
    pl="Jakość danych",
    chart=bars("check", "affected"),
    before=soundness.CALL_WITHIN,
    after=soundness.LAG,
    collective=True,
    unfiltered=True,
    overlapping=True,
)
def data_quality(
    calls: Table,
    statuses: Table,
    rings: Table,
    ivr_steps: Table,
    tasks: Table,
    dialogues: Table,
    requests: Table,
    ratings: Table,
    evaluations: Table,
    speech_hits: Table,
    recordings: Table | None,
    charges: Table | None,
    imports: Table,
    operators: Table,
    load_notes: Table | None,
    *,
    period: Interval,
) -> Table:
    """Whether the rows agree with themselves and with each other, check by check, the worst first.

    Definitions: rows are those that a check is about, by their start in the period, affected those of them that are
    wrong, example one of these by its source's id, else by operator and local start; a call is there if it began at
    most 92 days before, a status or anything else within a day; offered contacts should be answered, abandoned, called
    back, on voicemail, flowed out or failed; Busy should begin within a minute of the answer; statuses should follow
    without a gap shorter than 12 hours. What loads of the period or the day after refused, or noted, is told to those
    who read the whole change log.
    """
    tables = {"calls": calls, "statuses": statuses, "rings": rings, "ivr_steps": ivr_steps, "tasks": tasks}
    tables |= {"dialogues": dialogues, "requests": requests, "ratings": ratings, "evaluations": evaluations}
    tables |= {"speech_hits": speech_hits, "imports": imports, "operators": operators}
    closed = {"recordings": recordings, "charges": charges}
    tables |= {name: t for name, t in closed.items() if t is not None}
    parts = [*soundness.by_themselves(tables, period), *soundness.beside_each_other(tables, period)]
    parts += [soundness.of_loads(load_notes, period)] if load_notes is not None else []
    columns = ["check", "rows", "affected", "example"]
    t = ibis.union(*(part.select(columns) for part in parts))
    t = t.filter(t["rows"] > 0)
    t = t.mutate(share=ratio(t.affected, t["rows"])).order_by(t.affected.desc(), "check")
    return t.select("check", "rows", "affected", "share", "example")
