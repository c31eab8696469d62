"""Operators: what they did, one status after the other and in sum."""

from __future__ import annotations

from datetime import timedelta

import ibis
from ibis import Table

from okireports.charts import area, bars, heat, timeline
from okireports.clock import Interval, grain, labelled, local_date, ms, seconds
from okireports.metrics import measure, presence, ratio, schedule, tally, validity
from okireports.metrics.absence import longest_s, over_limit, times, total_s
from okireports.metrics.billing import billed_amount, billed_s, intervals, raw_s, tariffed
from okireports.metrics.handling import aht_s, hold_s, talk_s, wrap_s
from okireports.metrics.intervals import starting, within
from okireports.metrics.rings import missed_rings
from okireports.metrics.sides import beside, from_zero
from okireports.metrics.staffing import staffed
from okireports.metrics.volume import handled, is_handled, transfer_rate, transferred
from okireports.report import Contacts, looked_up, named, page, report

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
    separable=True,
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


def worked_on(calls: Table, *, period: Interval) -> Table:
    """Contacts of the period that operators handled."""
    return presence.worked_on(starting(calls, period))


@report(
    "Operator summary",
    pl="Zbiorczy raport",
    chart=bars("operator", ["ready_s", "waiting_s", "busy_s", "pcp_s", "away_s", "na_s"], stack=True),
    contacts=Contacts("handled", ("operator", "interval"), worked_on),
)
def operator_summary(
    statuses: Table, calls: Table, operators: Table, *, period: Interval, by: Interval = None
) -> Table:
    """How long each operator was present, in which statuses, and how many contacts were handled.

    Definitions: statuses are cut at the borders of the period and of intervals, open ones are left out; logged_s is all
    but Offline, shares are of it; occupancy = (Waiting + Busy + PCP) / (Waiting + Busy + PCP + Ready), overlaps once;
    handled counts contacts by their start; N.A. is time with contacts of projects that are not shown here; a filter by
    queue keeps the time with its contacts, so that nothing of Ready and Away is left.
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


def of_operators(calls: Table) -> Table:
    """Contacts that an operator had."""
    return calls.filter(calls.operator_id.notnull())


@report(
    "Operators' calls",
    pl="Połączenia operatorów",
    chart=bars("operator", ["talk_s", "hold_s", "wrap_s"], stack=True),
    contacts=Contacts("handled", ("operator", "interval"), of_operators, is_handled),
)
def operator_calls(calls: Table, rings: Table, operators: Table, *, by: Interval = None) -> Table:
    """How many contacts each operator had, how long they took, and how often she let the telephone ring.

    Definitions: inbound and outbound are all of her contacts by direction, handled the answered ones of any; aht_s and
    transferred are of handled contacts; share is hers of all handled in the interval; a missed ring has a result other
    than answered; contacts and rings count where they start.
    """
    keys = ["operator_id", *(["interval"] if by.by else [])]
    t = of_operators(calls)
    directions = {d: tally(t.direction == d) for d in ("inbound", "outbound")}
    sums = directions | measure(t, handled, talk_s, hold_s, wrap_s, transferred)
    t = t.group_by("operator_id", **grain(t.started_at, by)).agg(**sums, **measure(t, aht_s, transfer_rate))
    r = rings.group_by("operator_id", **grain(rings.started_at, by)).agg(**measure(rings, missed_rings))
    t = from_zero(beside(t, r, keys), *sums, "missed_rings")
    t = t.mutate(share=ratio(t.handled, t.handled.sum().over(ibis.window(group_by=keys[1:]))))
    t = named(labelled(t, by), operator=operators)
    columns = ["operator", *keys[1:]]
    return t.order_by(*columns, "operator_id").select(
        *columns, "inbound", "outbound", "handled", "missed_rings", "talk_s", "hold_s", "wrap_s", "aht_s",
        "transferred", "transfer_rate", "share",
    )  # fmt: skip


@report("Billable time", pl="Czas taryfikowany", chart=bars("operator", "billed_s", by="status", stack=True))
def billable_time(statuses: Table, tariffs: Table, projects: Table, operators: Table, *, by: Interval = None) -> Table:
    """What of the operators' time is billed by each project's tariffs, and what it costs.

    Definitions: an interval counts whole at its start, by the tariff that holds then; billed_s = 0 below the free
    seconds, else first + step for each step begun after it (free seconds are taken off first where the tariff says
    so); amount = billed_s / 60 * price per minute; open intervals, and time that no tariff prices or that several
    projects share, are left out.
    """
    keys = ["operator_id", "project_id", "status", "currency"]
    t = tariffed(statuses, tariffs)
    figures = measure(t, intervals, raw_s, billed_s) | {"amount": billed_amount(t)}
    t = labelled(t.group_by(*keys, **grain(t.started_at, by)).agg(**figures), by)
    columns = ["operator", "project", "status", "currency", *(["interval"] if by.by else [])]
    t = named(t, operator=operators, project=projects)
    return t.order_by(*columns, "operator_id", "project_id").select(*columns, *figures)


@report("Away reasons", pl="Powody Away", chart=bars("operator", "total_s", by="reason", stack=True))
def away_reasons(statuses: Table, away_reasons: Table, operators: Table, *, period: Interval) -> Table:
    """Why operators were away, how often, how long, and how often for longer than the reason allows.

    Definitions: absences are cut at the borders of the period, open ones are left out; mean_s = total_s / times; share
    is of the operator's own Away; over_limit counts absences whose whole length is above what the reason allows
    when they begin.
    """
    t = within(statuses.filter(statuses.status == "Away"), period)
    t = validity.beside(t, away_reasons, ["reason"], ms(t.started_at), "allowed_s")
    t = t.group_by("operator_id", "reason").agg(**measure(t, times, total_s, longest_s, over_limit))
    hers = t.total_s.sum().over(ibis.window(group_by="operator_id"))
    t = t.mutate(mean_s=ratio(t.total_s, t.times), share=ratio(t.total_s, hers))
    t = named(t, operator=operators).order_by("operator", "reason", "operator_id")
    return t.select("operator", "reason", "times", "total_s", "mean_s", "longest_s", "share", "over_limit")


@report(
    "Attendance",
    pl="Obecność",
    chart=heat("day", "operator", "present_s"),
    before=schedule.AROUND,
    after=schedule.AROUND,
)
def attendance(statuses: Table, shifts: Table, operators: Table, *, period: Interval) -> Table:
    """When operators were planned, came and left, day by day, and what they stayed beside the plan.

    Definitions: a day's plan is from the first to the last of the shifts that start on it, beyond midnight too; late_s
    and left_early_s compare it with the first and last presence inside it, empty when there was none; present_s and
    first and last seen are cut at local midnight and at the period's borders; overtime_s is presence outside any plan.
    """
    t = schedule.attended(statuses, shifts, period)
    instants = ("planned_start_at", "planned_end_at", "first_seen_at", "last_seen_at")
    lengths = {f"{x}_s": seconds(t[f"{x}_ms"]) for x in ("late", "left_early")}
    lengths |= {f"{x}_s": seconds(t[f"{x}_ms"].coalesce(0)) for x in ("present", "overtime")}
    t = t.mutate(date=local_date(t.day), **lengths).drop("day").rename(day="date")
    t = named(t, operator=operators).order_by("operator", "day", "operator_id")
    return t.select("operator", "day", *instants, *lengths)


@report("Schedule adherence", pl="Zgodność z grafikiem", chart=bars("operator", ["adherence", "conformance"]))
def schedule_adherence(
    statuses: Table, shifts: Table, activities: Table, operators: Table, *, period: Interval, by: Interval = None
) -> Table:
    """How much of the planned time operators did what was planned, and how much they worked.

    Definitions: adherent_s is planned time in a status that satisfies the activity, by the rule of when the shift
    starts, N/A wherever Busy does; worked_s is Waiting, Busy, PCP, Ready and N/A, planned or not; adherence =
    adherent_s / planned_s, conformance = worked_s / planned_s, utilisation = worked_s / paid shifts; all cut at the
    borders of period and intervals, overlaps once.
    """
    t = schedule.adhered(statuses, shifts, activities, by)
    parts = (schedule.planned_s, schedule.adherent_s, schedule.worked_s)
    figures = measure(t, *parts, schedule.adherence, schedule.conformance, schedule.utilisation)
    t = labelled(t.group_by("operator_id", interval=t.bucket).agg(**figures), by)
    columns = ["operator", *(["interval"] if by.by else [])]
    t = t.filter((t.planned_s > 0) | (t.worked_s > 0))
    return named(t, operator=operators).order_by(*columns, "operator_id").select(*columns, *figures)


@report(
    "Staffing",
    pl="Obsada",
    chart=area("interval", "busy_mean", line=["logged_in", "erlangs"]),
    collective=True,
)
def staffing_by_interval(statuses: Table, calls: Table, *, period: Interval, by: Interval = "30min") -> Table:
    """How many operators were there, how many talked at once, and how many the offered contacts needed.

    Definitions: logged_in and ready count operators who were so at any time of the interval; busy_mean and busy_peak
    are of Busy running at once; occupancy as in the operator summary; erlangs = offered * aht / length of the interval
    inside the period, empty without an answered contact; intervals without anybody or anything are left out.
    """
    t = labelled(staffed(statuses, starting(calls, period), by).rename(interval="bucket"), by)
    figures = ("logged_in", "ready", "busy_mean", "busy_peak", "occupancy", "offered", "erlangs")
    return t.order_by("interval").select(*(["interval"] if by.by else []), *figures)
