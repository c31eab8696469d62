"""Calls, one by one, and what customers lived through."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import ibis
from ibis import Table

from okireports.charts import bars, counts, funnel, lines
from okireports.clock import Interval, grain, labelled, ms, seconds
from okireports.metrics import measure, paths, ratio
from okireports.metrics.attached import CALL, LAG, costs, first_recordings, of_page, since_page, spent
from okireports.metrics.callbacks import callbacks, window
from okireports.metrics.interactions import (
    YEAR,
    accepted,
    asr,
    duration_s,
    first_time,
    inbound,
    joined,
    lasting,
    missed,
    recognised,
    talk_mean_s,
)
from okireports.metrics.intervals import starting
from okireports.metrics.sides import from_zero
from okireports.metrics.tracking import brought, interactions
from okireports.metrics.volume import is_lost
from okireports.metrics.waiting import awt_s
from okireports.report import Contacts, looked_up, named, page, report

COLUMNS = [
    "call", "started_at", "project", "direction", "queue", "dialer", "scenario", "operator", "line", "contact_key",
    "phone", "outcome", "result", "wait_s", "ring_s", "talk_s", "hold_s", "wrap_s", "duration_s", "ended_by",
    "came_from_other", "went_to_other", "sip_code", "mos", "recording", "cost", "currency",
]  # fmt: skip
LOST = [
    "call", "started_at", "project", "queue", "outcome", "wait_s", "contact_key", "phone", "called_back_at",
    "called_back_by", "time_to_callback_s", "reached",
]  # fmt: skip


@report("Call log", pl="Dziennik połączeń", chart=counts("started_at"), after=LAG, separable=True)
def call_log(
    calls: Table,
    projects: Table,
    queues: Table,
    dialers: Table,
    scenarios: Table,
    operators: Table,
    contacts: Table | None,
    recordings: Table | None,
    charges: Table | None,
    *,
    period: Interval,
    limit: int | None = None,
    offset: int = 0,
) -> Table:
    """Every contact of the period, newest first.

    `limit` and `offset` cut a page out of it; phone, recording, cost and currency are there for those with the right.

    Definitions: a row is one contact; duration_s is its whole stay; cost sums its charges, empty in mixed currencies.
    """
    t = starting(calls, period)
    shown = t = page(t, [t.started_at.desc(), *CALL], limit, offset)
    t = named(t, project=projects, queue=queues, dialer=dialers, scenario=scenarios, operator=operators)
    if contacts is not None:
        t = looked_up(t, contacts, ["project_id", "contact_key"], "phone")
    if recordings is not None:
        t = looked_up(t, first_recordings(of_page(recordings, shown, CALL, limit), period), CALL, "recording")
    if charges is not None:
        t = looked_up(t, costs(of_page(charges, shown, CALL, limit), period), CALL, "cost", "currency")
    t = _readable(t)
    return t.order_by(t.started_at.desc(), *CALL).select([c for c in COLUMNS if c in t.columns])


@report(
    "Lost calls",
    pl="Połączenia utracone",
    chart=counts("started_at", by="reached"),
    after=lambda settings: window(settings) + LAG,  # a lost call may end after the period
    separable=True,
    collective=True,
)
def lost_calls(
    calls: Table,
    projects: Table,
    queues: Table,
    operators: Table,
    history: Table,
    contacts: Table | None,
    *,
    period: Interval,
    callback_hours: int,
    limit: int | None = None,
    offset: int = 0,
) -> Table:
    """Customers whom nobody answered, newest first, and whether they were called back.

    `limit` and `offset` cut a page out of it; phone is there for those with the right.

    Definitions: lost are abandoned, callback_requested and voicemail; called_back_at is the project's next outbound
    contact with the same person, within the centre's callback_hours after the lost one's end; reached says whether it
    was answered, empty where there is none.
    """
    t = starting(calls, period)
    t = t.filter(is_lost(t))
    t = page(t, [t.started_at.desc(), *CALL], limit, offset)
    near = history.filter(history.started_at < period.end + timedelta(hours=callback_hours) + LAG)
    near = since_page(near, t, "ended_at", limit)
    made = callbacks(t, near, callback_hours)
    t = looked_up(t, made, CALL, "called_back_at", "called_back_by_id", "time_to_callback_s", "reached")
    t = named(t, project=projects, queue=queues)
    by_whom = operators.select(called_back_by_id="operator_id", called_back_by="operator")
    t = looked_up(t, by_whom, ["called_back_by_id"], "called_back_by")
    if contacts is not None:
        t = looked_up(t, contacts, ["project_id", "contact_key"], "phone")
    t = t.mutate(call=t.source_id, wait_s=seconds(t.wait_ms))
    return t.order_by(t.started_at.desc(), *CALL).select([c for c in LOST if c in t.columns])


def called_in(calls: Table, history: Table, *, period: Interval) -> Table:
    """Customers' calls of the period, with whether they are new."""
    t = recognised(history, period)
    t = t if history.equals(calls) else t.semi_join(starting(calls, period), CALL)  # no filter: one pass is enough
    return of_customers(t)


def of_customers(calls: Table) -> Table:
    """Calls that customers made."""
    return calls.filter(calls.direction == "inbound")


def whole_calls(
    calls: Table, history: Table, *, period: Interval, per: Literal["project", "line"] = "project"
) -> Table:
    """Customers' calls with all their transfers as one each, of each project or number that was called."""
    return joined(called_in(calls, history, period=period), ["line" if per == "line" else "project_id"])


@report(
    "Inbound statistics",
    pl="Statystyka połączeń przychodzących",
    chart=lines("interval", ["inbound", "accepted"]),
    before=YEAR,
    collective=True,
    contacts=Contacts("inbound", ("project", "line", "interval"), whole_calls, lambda t: t.opens),
)
def inbound_statistics(
    calls: Table,
    projects: Table,
    history: Table,
    *,
    period: Interval,
    by: Interval = "day",
    per: Literal["project", "line"] = "project",
) -> Table:
    """Customers' calls with all their transfers as one each, how many were accepted, and how long they took.

    `per="line"` counts by the number that was called.

    Definitions: inbound counts interactions at their first contact, accepted those that an operator or a robot
    answered, duration_s is from the first contact's start to the last one's end; awt_s is of offered contacts,
    talk_mean_s of answered ones, robots' too; first_time counts known callers without a contact in 365 days before.
    """
    key = "line" if per == "line" else "project_id"
    t = called_in(calls, history, period=period)
    of_contacts = measure(t, awt_s, talk_mean_s, first_time)
    contacts = t.group_by(key, **grain(t.started_at, by)).agg(**of_contacts)
    t = lasting(of_customers(starting(calls, period)), [key])
    figures = measure(t, inbound, accepted, missed, asr, duration_s)
    t = t.group_by(key, **grain(t.started_at, by)).agg(**figures)
    keys = [key, *(["interval"] if by.by else [])]
    t = contacts.left_join(t, [contacts[k].identical_to(t[k]) for k in keys], rname="whole_{name}")
    t = labelled(from_zero(t, "inbound", "accepted", "missed"), by)
    t = t if per == "line" else named(t, project=projects)
    columns = [per, *keys[1:]]
    return t.order_by([*columns, *({key} - {*columns})]).select(*columns, *figures, *of_contacts)


def advertised(calls: Table, history: Table, *, period: Interval) -> Table:
    """Customers' calls with all their transfers as one each, of each project and number."""
    return joined(called_in(calls, history, period=period), ["project_id", "line"])


@report(
    "Call tracking",
    pl="Call tracking",
    chart=bars("line", ["inbound", "sales"]),
    before=YEAR,
    after=LAG,
    collective=True,
    contacts=Contacts("inbound", ("project", "line"), advertised, lambda t: t.opens),
)
def call_tracking(
    calls: Table, projects: Table, history: Table, results: Table, charges: Table | None, *, period: Interval
) -> Table:
    """What each advertised number brought: calls, new customers, sales, and the price of a call.

    Definitions: inbound counts interactions, sales those of which a contact's result is a sale, conversion = sales /
    inbound; answered and lost (abandoned, callback_requested, voicemail) are of offered contacts; first_time counts
    known callers without a contact in 365 days before; cost_per_call = charges of the calls / inbound, empty in mixed
    currencies.
    """
    keys = ["project_id", "line"]
    t = looked_up(called_in(calls, history, period=period), results, ["project_id", "result"], "sale")
    if charges is not None:
        t = looked_up(t, spent(charges, period), CALL, "cost", "first_currency", "last_currency")
    t = interactions(t, keys)
    figures = brought(t)
    t = named(t.group_by(keys).agg(**figures), project=projects)
    return t.order_by("project", *reversed(keys)).select("project", "line", *figures)


@report(
    "IVR paths",
    pl="Raport IVR",
    chart=funnel("node", "entered", by="scenario"),
    before=LAG,  # a call that is in a scenario when the period begins
    after=LAG,  # what follows the period's last steps
    collective=True,
    overlapping=True,
)
def ivr_paths(
    ivr_steps: Table,
    calls: Table,
    scenarios: Table,
    history: Table,
    *,
    period: Interval,
    recognised_text: bool = False,
) -> Table:
    """How customers go through the scenarios: where they arrive, where they hang up, and where they reach a goal.

    `recognised_text=True` tells apart what was said or pressed (`input`).

    Definitions: entered counts steps at their start, each visit once; went_on those with a later step of the call, and
    the last ones of calls that went to a queue or were answered; hung_up the last ones of calls left in the scenario;
    goals those with a goal, goal_rate = goals / entered; mean_s of finished steps. The most entered node comes first.
    """
    t = starting(ivr_steps, replace(period, end=period.end + LAG), "at")
    around = replace(period, start=period.start - LAG, end=period.end + LAG)
    t = starting(paths.walked(t, starting(history, around)), period, "at")
    t = t if history.equals(calls) else t.semi_join(calls, CALL)
    said = ["input"] if recognised_text else []
    figures = paths.figures(t)
    t = named(t.group_by("scenario_id", "node", *said).agg(**figures), scenario=scenarios)
    t = t.order_by("scenario", t.entered.desc(), "node", *said, "scenario_id")
    return t.select("scenario", "node", *said, *figures)


def every_one(calls: Table) -> Table:
    """Contacts of every kind."""
    return calls


@report(
    "Call outcomes",
    pl="Wyniki połączeń",
    chart=bars("outcome", "contacts", by="result", stack=True),
    contacts=Contacts("contacts", ("outcome", "result", "queue", "operator"), every_one),
)
def call_outcomes(
    calls: Table, queues: Table, operators: Table, *, per: Literal["queue", "operator"] | None = None
) -> Table:
    """How contacts ended, and with which result.

    `per` tells queues or operators apart.

    Definitions: contacts of every direction; share of all of them, with `per` of the queue's or the operator's;
    talk_mean_s of answered ones, robots' too.
    """
    key = [f"{per}_id"] if per else []
    t = calls.group_by("outcome", "result", *key).agg(contacts=calls.count(), **measure(calls, talk_mean_s))
    t = t.mutate(share=ratio(t.contacts, t.contacts.sum().over(ibis.window(group_by=key))))
    t = named(t, **({per: {"queue": queues, "operator": operators}[per]} if per else {}))
    columns = ["outcome", "result", *([per] if per else [])]
    return t.order_by(*columns, *key).select(*columns, "contacts", "share", "talk_mean_s")


def _readable(t: Table) -> Table:
    """Lengths in seconds, flags that are always known, and the source's own id as the name of a call."""
    return t.mutate(
        **{f"{part}_s": seconds(t[f"{part}_ms"]) for part in ("wait", "ring", "talk", "hold", "wrap")},
        call=t.source_id,
        duration_s=seconds(ms(t.ended_at) - ms(t.started_at)),
        came_from_other=t.came_from_other.coalesce(False),
        went_to_other=t.went_to_other.coalesce(False),
        mos=t.mos.cast("float64"),
    )
