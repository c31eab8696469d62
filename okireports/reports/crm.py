"""CRM: what customers want, how far it got, what they answered, and what they ordered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import ibis
from ibis import Table

from okireports.charts import bars, bullets, counts, parts
from okireports.charts import funnel as stages_of
from okireports.clock import Interval, grain, instant, labelled, ms, seconds
from okireports.metrics import measure, ratio, surveys
from okireports.metrics import orders as ordered
from okireports.metrics import stages as ways
from okireports.metrics.attached import since_page
from okireports.metrics.intervals import starting
from okireports.metrics.sides import from_zero
from okireports.metrics.volume import handled
from okireports.report import looked_up, named, page, report

REQUEST = ["project_id", "request_id"]
LOG = [
    "request", "created_at", "closed_at", "project", "form", "stage", "result", "operator", "age_s", "call",
    "contact_key", "value", "currency",
]  # fmt: skip
WEEK, DAY = timedelta(days=7), timedelta(days=1)  # how long before and after a request its call may start


@report(
    "Request log",
    pl="Dziennik procesów",
    chart=counts("created_at", by="stage"),
    before=WEEK,
    after=DAY,
    separable=True,
)
def request_log(
    requests: Table,
    history: Table,
    projects: Table,
    forms: Table,
    operators: Table,
    *,
    period: Interval,
    now: datetime,
    limit: int | None = None,
    offset: int = 0,
) -> Table:
    """Every request that was created in the period, newest first, and how far it got.

    `limit` and `offset` cut a page out of it.

    Definitions: a row is one request as it stands now; age_s is until it was closed, of open ones until now, at most a
    day after the period; call is the one it is about, where that starts at most a week before the request and less
    than a day after it.
    """
    t = starting(requests, period, "created_at")
    shown = t = page(t, [t.created_at.desc(), *REQUEST], limit, offset)
    t = named(t, project=projects, form=forms, operator=operators)
    near = history.filter(history.started_at >= period.start - WEEK, history.started_at < period.end + DAY)
    near = since_page(near, shown, "created_at", limit, WEEK)
    called = near.select("project_id", "call_id", called_at="started_at", called="source_id")
    t = looked_up(t, called, ["project_id", "call_id"], "called", "called_at")
    beside = (t.called_at >= t.created_at - ibis.interval(WEEK)) & (t.called_at < t.created_at + ibis.interval(DAY))
    age = ibis.greatest(ms(t.closed_at).coalesce(instant(now)) - ms(t.created_at), 0)
    t = t.mutate(request=t.source_id, age_s=seconds(age), call=beside.ifelse(t.called, ibis.null("string")))
    return t.order_by(t.created_at.desc(), *REQUEST).select(LOG)


@report(
    "Funnel",
    pl="Lejek",
    chart=stages_of("stage", "entered", by="form"),
    after=ways.FOLLOWED,
    collective=True,
    overlapping=True,
)
def funnel(requests: Table, stage_changes: Table, stages: Table, forms: Table, *, period: Interval) -> Table:
    """How many requests came to each stage of a form, how many went further, and where they stay or are lost.

    Definitions: requests created in the period with their changes of the 365 days after it; a stage counts once per
    request, at its last visit; moved_on are those that later came to a stage of a higher position, or were closed, and
    are not lost by it; lost those whose last stage is a lost one; open the rest; entered = moved_on + lost + open;
    conversion = moved_on / entered; median_s is over all visits that another change ended; a stage that is not defined
    has no position.
    """
    t = ways.visits(requests, stage_changes, stages, period)
    figures = ways.passed(t)
    t = named(t.group_by("form_id", "position", "stage").agg(**figures), form=forms)
    return t.order_by("form", "position", "stage", "form_id").select("form", "position", "stage", *figures)


@report(
    "Answers",
    pl="Odpowiedzi ankiet",
    chart=parts("answer", "share", by="question", within="form", band=("share_low", "share_high")),
    collective=True,
)
def answers(answers: Table, forms: Table) -> Table:
    """What customers answered to each question of a form, and how sure that is.

    Definitions: answers counts the requests that gave an answer, each once; share is of the requests that answered the
    question, so that several answers may come to more than 1; its interval is Wilson's, 95 %; questions that were left
    without an answer are not counted.
    """
    t = named(surveys.given(answers), form=forms).order_by("form", "question", "answer", "form_id")
    return t.select("form", "question", "answer", "answers", "share", "share_low", "share_high")


@report("Quotas", pl="Kwoty", chart=bullets("quota", "collected", goal="goal", by="form"), collective=True)
def quotas(answers: Table, quotas: Table, forms: Table, *, period: Interval, now: datetime) -> Table:
    """How many of the answers that a survey wants have been collected, and when that will be enough.

    Definitions: a quota counts requests that in the period gave, to each question it names, one of the answers it names
    for it; goal is the highest of its rows; pace = collected_share / share of the period that has passed;
    forecast_end_at goes on as since the period's start, empty without answers, with a goal that is reached, and beyond
    100 years.
    """
    t = named(surveys.collected(quotas, answers, period, now), form=forms).rename(quota="name")
    figures = ("goal", "collected", "collected_share", "pace", "forecast_end_at")
    return t.order_by("form", "quota", "form_id").select("form", "quota", *figures)


@report("Orders", pl="Zamówienia", chart=bars("project", "amount"))
def orders(
    orders: Table,
    calls: Table,
    projects: Table,
    operators: Table,
    *,
    by: Interval = None,
    per: Literal["project", "operator"] = "project",
) -> Table:
    """How many orders were taken, for how much money, and how many of 100 contacts end with one.

    `per="operator"` counts by operator instead of by project.

    Definitions: orders counts cancelled ones, too, amount does not; mean_amount = amount / the orders that make it up;
    one row for each currency, which are never added up; handled counts contacts that operators answered, the same on
    each currency's row; orders_per_100 = 100 * orders / handled; who or what has no order is left out. Filters by
    queue, dialer, line or provider are of the contacts only.
    """
    interval = ["interval"] if by.by else []
    t = orders.group_by(f"{per}_id", "currency", **grain(orders["at"], by))
    t = t.agg(
        **measure(orders, ordered.orders, ordered.cancelled),
        amount=ordered.amount(orders),
        mean_amount=ordered.mean_amount(orders),
    )
    contacts = calls.group_by(f"{per}_id", **grain(calls.started_at, by)).agg(**measure(calls, handled))
    t = from_zero(looked_up(t, contacts, [f"{per}_id", *interval], "handled"), "handled")
    t = t.mutate(orders_per_100=ratio(t.orders * 100, t.handled))
    t = named(labelled(t, by), **{per: {"project": projects, "operator": operators}[per]})
    keys = [per, "currency", *interval]
    figures = ("orders", "cancelled", "amount", "mean_amount", "handled", "orders_per_100")
    return t.order_by(*keys, f"{per}_id").select(*keys, *figures)
