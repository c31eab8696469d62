"""Queues: how many customers stood in them, how long, and how they left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import ibis
from ibis import Table

from okireports.charts import area, bars, dots, heat, lines, steps
from okireports.clock import Interval, grain, labelled, local_hour, ms
from okireports.metrics import Aggregate, measure, ratio, repeats, service
from okireports.metrics.attached import CALL
from okireports.metrics.bins import filled, shares, wait_from_s
from okireports.metrics.handling import aht_s, hold_s, talk_s, wrap_s
from okireports.metrics.hours import days_with, weekday
from okireports.metrics.intervals import concurrency, starting, within
from okireports.metrics.service import (
    abandoned_in_time,
    answer_within_s,
    answered_in_time,
    goal,
    met,
    short_abandon_s,
    sl_answered,
    sl_ignore,
    sl_offered,
    sl_positive,
    sl_short,
)
from okireports.metrics.transfers import ENDS, SIDES, after_transfer, passed_on
from okireports.metrics.volume import (
    abandon_rate,
    abandoned,
    abandoned_short,
    answered,
    callback_requested,
    failed,
    flow_out,
    is_offered,
    offered,
    transferred,
    voicemail,
)
from okireports.metrics.waiting import asa_s, max_wait_s, wait_p90_s
from okireports.report import Contacts, looked_up, named, report

LAG = timedelta(days=1)  # how long after a contact's start the next one of its interaction may start
OTHER = "other project"
PER_QUEUE = ("project", "queue", "interval")


def at_queues(calls: Table) -> Table:
    """Contacts that stood in a queue or point at one."""
    return calls.filter(calls.queued_at.notnull() | calls.queue_id.notnull())


@report(
    "Queue summary",
    pl="Raport zbiorczy kolejek",
    chart=bars("queue", ["answered", "abandoned"], stack=True),
    collective=True,
    contacts=Contacts("offered", PER_QUEUE, at_queues, is_offered),
)
def queue_summary(calls: Table, projects: Table, queues: Table, *, by: Interval = None, formula: str) -> Table:
    """Contacts of each queue, how they ended, and how long customers waited and operators worked.

    Calls that point at a queue without having stood in it count in the operators' work only (aht_s and after it).

    Definitions: service_level by the centre's formula; asa_s and wait_p90_s of answered, max_wait_s and abandon_rate of
    offered, aht_s and transferred of handled contacts.
    """
    return by_queue(
        at_queues(calls), projects, queues, by,
        offered, answered, answered_in_time, abandoned, abandoned_short, callback_requested, voicemail, flow_out,
        failed, service.service_level(formula), abandon_rate, asa_s, wait_p90_s, max_wait_s, aht_s, talk_s, hold_s,
        wrap_s, transferred,
    )  # fmt: skip


def queued(calls: Table) -> Table:
    """Contacts that stood in a queue."""
    return calls.filter(calls.queued_at.notnull())


@report(
    "Service level",
    pl="Poziom obsługi",
    chart=lines("interval", "service_level", by="queue", goal="goal"),
    collective=True,
    contacts=Contacts("offered", PER_QUEUE, queued, is_offered),
)
def service_level(calls: Table, projects: Table, queues: Table, *, by: Interval = "30min", formula: str) -> Table:
    """Share of contacts answered within each queue's threshold, interval by interval.

    Definitions: service_level by the centre's formula with the thresholds stamped on the contacts; goal is the highest.
    """
    level = service.service_level(formula)
    return by_queue(
        queued(calls), projects, queues, by,
        offered, answered_in_time, abandoned_short, level, goal, met(formula), asa_s, abandon_rate,
    )  # fmt: skip


@report(
    "Service level: definitions",
    pl="Poziom obsługi: definicje",
    chart=dots("queue", ["sl_short", "sl_offered", "sl_answered", "sl_positive", "sl_ignore"]),
    collective=True,
    targets=True,
    contacts=Contacts("offered", ("project", "queue"), queued, is_offered),
)
def service_level_variants(calls: Table, projects: Table, queues: Table) -> Table:
    """The same contacts by five definitions of the service level that call centres use.

    Definitions: sl_short = answered_in_time / (offered - abandoned_short); sl_offered = answered_in_time / offered;
    sl_answered = answered_in_time / answered; sl_positive = (answered_in_time + abandoned_in_time) / offered;
    sl_ignore = answered_in_time / (offered - abandoned_in_time); thresholds are those stamped on the contacts, shown is
    the highest.
    """
    return by_queue(
        queued(calls), projects, queues, Interval(),
        offered, answered, answered_in_time, abandoned, abandoned_short, abandoned_in_time, answer_within_s,
        short_abandon_s, sl_short, sl_offered, sl_answered, sl_positive, sl_ignore,
    )  # fmt: skip


def on_the_clock(calls: Table, *, period: Interval) -> Table:
    """Offered contacts with the `weekday` and `hour` of the local clock at which they start."""
    t = starting(calls, period)
    t = t.filter(is_offered(t))
    return t.mutate(weekday=weekday(ms(t.started_at), period), hour=local_hour(ms(t.started_at), period))


@report(
    "Peak hours",
    pl="Godziny szczytu",
    chart=heat("hour", "weekday", "offered_per_day"),
    collective=True,
    contacts=Contacts("offered", ("weekday", "hour"), on_the_clock),
)
def calls_by_hour(calls: Table, *, period: Interval, formula: str) -> Table:
    """On which weekdays, and at which hours of the local clock, customers stand in the queues.

    Definitions: days counts the local days of the period that have this hour of this weekday, wholly or in part;
    offered_per_day = offered / days; service_level by the centre's formula.
    """
    t = on_the_clock(calls, period=period)
    level = service.service_level(formula)
    t = t.group_by("weekday", "hour").agg(**measure(t, offered, answered, answered_in_time, level))
    t = t.join(days_with(period), ["weekday", "hour"]).order_by("weekday", "hour")
    t = t.mutate(offered_per_day=ratio(t.offered, t.days))
    return t.relocate("days", after="hour")


def waited(calls: Table) -> Table:
    """Offered contacts whose wait is known."""
    return calls.filter(is_offered(calls), calls.wait_ms.notnull())


def binned(calls: Table) -> Table:
    """The same with the bin in which the wait lies."""
    t = waited(calls)
    return t.mutate(wait_from_s=wait_from_s(t.wait_ms))


@report(
    "Waiting time distribution",
    pl="Rozkład czasu oczekiwania",
    chart=steps("wait_from_s", "cumulative_share", by="outcome"),
    collective=True,
    contacts=Contacts("contacts", ("outcome", "wait_from_s"), binned),
)
def wait_distribution(calls: Table) -> Table:
    """How many customers waited how long, until they were answered, gave up or left the queue in another way.

    Definitions: offered contacts whose wait is known, from wait_from_s until the next row's (the last without end);
    share of the outcome's contacts, cumulative_share of this row and all shorter waits.
    """
    t = waited(calls)
    t = t.group_by("outcome", wait_from_s=wait_from_s(t.wait_ms)).agg(contacts=t.count())
    return shares(filled(t)).order_by("outcome", "wait_from_s")


def called_again(calls: Table, history: Table, *, period: Interval, repeat_days: int, now: datetime) -> Table:
    """Customers' contacts of the period, with what is known of their other ones."""
    window = timedelta(days=repeat_days)
    around = replace(period, start=period.start - window, end=period.end + window)
    t = starting(history.filter(history.direction == "inbound"), around)
    t = starting(repeats.followed(t, repeat_days, now), period)
    return t if history.equals(calls) else t.semi_join(calls, ["project_id", "call_id"])


@report(
    "Repeat calls",
    pl="Połączenia powtórne, FCR",
    chart=lines("interval", ["repeat_rate", "fcr"], by="queue"),
    before=repeats.window,
    after=repeats.window,
    collective=True,
    contacts=Contacts("contacts", PER_QUEUE, called_again),
)
def repeat_calls(
    calls: Table,
    projects: Table,
    queues: Table,
    history: Table,
    *,
    period: Interval,
    by: Interval = None,
    repeat_days: int,
    now: datetime,
) -> Table:
    """Customers who had to call again, and those for whom one call was enough (FCR).

    Definitions: contacts are inbound ones; repeats those of a person who called the project within the centre's
    repeat_days before, by another interaction (a transfer is no repeat); repeat_rate = repeats / contacts;
    first_contacts are the other known callers'; undecided those whose repeat_days are not over; resolved those without
    a further call in them; fcr = resolved / (first_contacts - undecided); unknown callers are in contacts only.
    """
    t = called_again(calls, history, period=period, repeat_days=repeat_days, now=now)
    return by_queue(
        t, projects, queues, by,
        repeats.contacts, repeats.unknown, repeats.repeats, repeats.repeat_rate, repeats.first_contacts,
        repeats.undecided, repeats.resolved, repeats.fcr,
    )  # fmt: skip


def transferred_between(
    calls: Table, projects: Table, queues: Table, operators: Table, history: Table, *, period: Interval
) -> Table:
    """Contacts that were passed on, and those that came from another project, with the names of both sides."""
    t = passed_on(starting(calls, period), starting(history, around(period)), CALL)
    return with_sides(t, projects, queues, operators)


def around(period: Interval) -> Interval:
    """Where the other contact of a transfer of the period starts."""
    return replace(period, start=period.start - LAG, end=period.end + LAG)


def with_sides(t: Table, projects: Table, queues: Table, operators: Table) -> Table:
    """Transfers with the names of both sides; of another project none but that."""
    for side in ("from", "to"):
        for name, directory in (("project", projects), ("queue", queues), ("operator", operators)):
            id = f"{side}_{name}_id"
            t = looked_up(t, directory.select(**{id: f"{name}_id", f"{side}_{name}": name}), [id], f"{side}_{name}")
        t = t.mutate(**{f"{side}_project": t[f"{side}_other"].ifelse(OTHER, t[f"{side}_project"])})
    return t


@report(
    "Transfers",
    pl="Przekazania",
    chart=heat("to_queue", "from_queue", "transfers", to_queue="to_project", from_queue="from_project"),
    before=LAG,
    after=LAG,
    collective=True,
    contacts=Contacts("transfers", tuple(end.removesuffix("_id") for end in ENDS), transferred_between),
)
def transfers(
    calls: Table, projects: Table, queues: Table, operators: Table, history: Table, *, period: Interval
) -> Table:
    """From whom to whom customers were passed on, and whether somebody answered there.

    Definitions: contacts that name the next one, or that went to or came from another project; one between two projects
    is a row of each, for neither knows the other's side ('other project'); share of all rows' transfers; answered_after
    (by robots, too), lost_after and the mean extra_wait_s are of the next contact, empty where that is elsewhere.
    """
    t = passed_on(starting(calls, period), starting(history, around(period)))
    t = t.group_by(SIDES).agg(**after_transfer(t))
    t = t.mutate(share=ratio(t.transfers, t.transfers.sum().over(ibis.window())))
    t = with_sides(t, projects, queues, operators)
    places = [end.removesuffix("_id") for end in ENDS]
    t = t.order_by(*places, *SIDES)
    return t.select(*places, "transfers", "share", "answered_after", "lost_after", "extra_wait_s")


@report(
    "Concurrent calls",
    pl="Obciążenie linii",
    chart=area("interval", "mean", line="peak"),
    collective=True,
)
def concurrent_calls(
    calls: Table,
    projects: Table,
    providers: Table,
    capacities: Table,
    *,
    period: Interval,
    by: Interval = "30min",
    per: Literal["project", "line", "provider"] | None = None,
) -> Table:
    """How many calls were in progress at once, and how near that came to what the lines can carry.

    `per` tells projects, lines or providers apart.

    Definitions: a contact is in progress from its start to its end; peak is the most at any instant, ends coming before
    starts; mean = time in progress / length of the interval; intervals without calls are left out; capacity is that of
    the provider or line, else empty; peak_share = peak / capacity.
    """
    key = {"project": ["project_id"], "line": ["line"], "provider": ["provider_id"]}[per] if per else []
    t = concurrency(within(calls, period), by, key)
    t = t.filter(t.peak > 0).mutate(mean=ratio(t.busy, t.length))
    known = per in ("line", "provider")
    t = looked_up(t, capacities, key, "capacity") if known else t.mutate(capacity=ibis.null("int64"))
    t = t.mutate(peak_share=ratio(t.peak, t.capacity))
    t = labelled(t.rename(interval="bucket"), by)
    t = named(t, **({per: {"project": projects, "provider": providers}[per]} if per and per != "line" else {}))
    columns = [*(["interval"] if by.by else []), *([per] if per else [])]
    t = t.order_by(*columns, *({*key} - {*columns}), "peak")
    return t.select(*columns, "peak", "mean", "capacity", "peak_share")


def by_queue(calls: Table, projects: Table, queues: Table, by: Interval, *metrics: Aggregate) -> Table:
    """Metrics of contacts per project, queue and interval, in that order; names join the few rows at the end."""
    keys = ["project_id", "queue_id"]
    t = labelled(calls.group_by(*keys, **grain(calls.started_at, by)).agg(**measure(calls, *metrics)), by)
    columns = [c for c in t.columns if c not in keys]
    interval = ["interval"] if "interval" in columns else []
    t = named(t, project=projects, queue=queues).order_by("project", "queue", *interval, *keys)
    return t.select("project", "queue", *columns)
