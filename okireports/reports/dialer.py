"""The dialer: whom it reached, what came of it, and whether persons were left without an operator."""

from __future__ import annotations

from datetime import datetime

import ibis
from ibis import Table

from okireports.charts import bars, counts, heat, lines
from okireports.clock import Interval, bucket, labelled, local_date, local_hour, ms
from okireports.metrics import dialing, drops, measure, messages, ratio
from okireports.metrics import tasks as task
from okireports.metrics.attached import CALL, LAG, since_page, spent
from okireports.metrics.intervals import starting
from okireports.report import Contacts, looked_up, named, page, report

TASKS = [
    "task", "created_at", "project", "dialer", "import", "state", "attempts", "max_attempts", "last_attempt_at",
    "next_attempt_at", "result", "operator", "contact_key", "phone",
]  # fmt: skip


def attempted(calls: Table, *, period: Interval) -> Table:
    """The dialers' attempts of the period."""
    t = starting(calls, period)
    return t.filter(dialing.is_attempt(t))


@report(
    "Dialer summary",
    pl="Skuteczność dialera",
    chart=bars("dialer", ["attempts", "persons", "sales"]),
    after=LAG,
    collective=True,
    contacts=Contacts("attempts", ("project", "dialer", "interval"), attempted),
)
def dialer_summary(
    calls: Table,
    all_statuses: Table,
    projects: Table,
    dialers: Table,
    results: Table,
    charges: Table | None,
    *,
    period: Interval,
    by: Interval = None,
) -> Table:
    """How many attempts each dialer made, how many persons it reached, and what came of it.

    Definitions: attempts are contacts with a dialer; persons are those at which somebody picked up and was connected or
    dropped, contact_rate = persons / attempts; machines and drops by the outcome; sales are attempts whose result is
    one, conversion = sales / persons; drop_rate_persons = drops / persons; talk_s of all attempts; operators_ready_s is
    time in Ready, inside the interval, of the operators of its attempts; cost_per_sale = charges of the attempts /
    sales, empty without sales and in mixed currencies.
    """
    t = looked_up(attempted(calls, period=period), results, ["project_id", "result"], "sale")
    if charges is not None:
        t = looked_up(t, spent(charges.semi_join(t, CALL), period), CALL, "cost", "first_currency", "last_currency")
    keys = ["project_id", "dialer_id"]
    free, figures = dialing.ready(all_statuses, t, by, keys), dialing.summed(t)
    t = t.group_by(*keys, bucket=bucket(t.started_at, by)).agg(**figures)
    t = looked_up(t, free, [*keys, "bucket"], "operators_ready_s")
    t = labelled(t.rename(interval="bucket"), by).mutate(operators_ready_s=t.operators_ready_s.coalesce(0.0))
    columns = ["project", "dialer", *(["interval"] if by.by else [])]
    money = [name for name in ("cost_per_sale", "currency") if name in figures]
    t = named(t, project=projects, dialer=dialers).order_by(*columns, *keys)
    return t.select(*columns, *(name for name in figures if name not in money), "operators_ready_s", *money)


@report(
    "Dialer tasks",
    pl="Dziennik zadań",
    chart=counts("created_at", by="state"),
    after=task.TRIED_WITHIN,
    separable=True,
    collective=True,
)
def task_log(
    tasks: Table,
    projects: Table,
    dialers: Table,
    operators: Table,
    history: Table,
    contacts: Table | None,
    *,
    period: Interval,
    limit: int | None = None,
    offset: int = 0,
) -> Table:
    """Every task that the dialers got in the period, newest first, and how far it has come.

    `limit` and `offset` cut a page out of it; phone is there for those with the right.

    Definitions: tasks by their creation; attempts as the source counts them, else the task's calls; its calls are those
    that name it, within 30 days of its creation; last_attempt_at and operator are of the last of them.
    """
    t = starting(tasks, period, "created_at")
    order = [t.created_at.desc(), *task.TASK]
    shown = page(t, order, limit, offset)
    near = since_page(history, shown, "created_at", limit)
    t = looked_up(task.followed(shown, near), task.last_tried(shown, near), task.TASK, "operator_id")
    t = named(t, project=projects, dialer=dialers, operator=operators)
    if contacts is not None:
        t = looked_up(t, contacts, ["project_id", "contact_key"], "phone")
    t = t.mutate(task=t.source_id)
    return t.order_by(t.created_at.desc(), *task.TASK).select([c for c in TASKS if c in t.columns])


@report(
    "Task results",
    pl="Wyniki zadań",
    chart=bars("result", "tasks", by="dialer", stack=True),
    after=task.TRIED_WITHIN,
    collective=True,
)
def task_results(tasks: Table, dialers: Table, history: Table, *, period: Interval) -> Table:
    """With which results the tasks of each dialer ended, and how much work they were.

    Definitions: tasks created in the period, by their own result, empty for those without one; share of the dialer's
    tasks; attempts as the source counts them, else the task's calls; talk_mean_s of their answered calls within 30 days
    of the task's creation, robots' too.
    """
    t = task.followed(starting(tasks, period, "created_at"), history)
    figures = task.results(t)
    t = t.group_by("dialer_id", "result").agg(**figures)
    t = t.mutate(share=ratio(t.tasks, t.tasks.sum().over(ibis.window(group_by="dialer_id"))))
    t = named(t, dialer=dialers).order_by("dialer", "result", "dialer_id")
    return t.select("dialer", "result", "tasks", "share", "attempts", "talk_mean_s")


@report(
    "Imports",
    pl="Raport importów",
    chart=bars("import", ["reached", "exhausted", "remaining"], stack=True),
    after=task.TRIED_WITHIN,
    collective=True,
)
def imports(tasks: Table, dialers: Table, results: Table, imports: Table, history: Table, *, period: Interval) -> Table:
    """How far the dialers have come with each import: tried, reached, sold, given up, still to do.

    Definitions: records are tasks created in the period; tried have an attempt, penetration = tried / records; reached
    have a call within 30 days of their creation at which a person picked up; sales have a result that is one; exhausted
    have all their attempts without being reached; remaining are the others that are not closed; attempts_per_record =
    attempts / tried; imported_at is empty for an import that is not in the list of imports.
    """
    t = task.followed(starting(tasks, period, "created_at"), history)
    t = looked_up(t, results, ["project_id", "result"], "sale")
    figures = task.imported(t)
    keys = ["dialer_id", "import"]
    t = t.group_by(keys).agg(**figures)
    listed = imports.group_by(keys).agg(imported_at=imports.imported_at.min())
    t = named(looked_up(t, listed, keys, "imported_at"), dialer=dialers)
    return t.order_by("dialer", "import", "dialer_id").select("dialer", "import", "imported_at", *figures)


def on_the_clock(calls: Table, *, period: Interval) -> Table:
    """The dialers' attempts with the `hour` of the local clock at which they start."""
    t = attempted(calls, period=period)
    return t.mutate(hour=local_hour(ms(t.started_at), period))


@report(
    "Reachability",
    pl="Dodzwanialność",
    chart=heat("hour", "attempt_no", "contact_rate"),
    collective=True,
    contacts=Contacts("attempts", ("attempt_no", "hour"), on_the_clock),
)
def reachability(calls: Table, *, period: Interval) -> Table:
    """At which attempt, and at which hour of the local clock, dialers reach persons.

    Definitions: attempts are contacts with a dialer, by their start; attempt_no as the source counts them, empty where
    it does not; persons are those at which somebody picked up and was connected or dropped; contact_rate = persons /
    attempts.
    """
    t = on_the_clock(calls, period=period)
    t = t.group_by("attempt_no", "hour").agg(**measure(t, dialing.attempts, dialing.persons, dialing.contact_rate))
    return t.order_by("attempt_no", "hour")


def day_by_day(calls: Table, *, period: Interval) -> Table:
    """The dialers' attempts of the period with their local `day`."""
    t = drops.placed(calls, period)
    return t.filter(t.inside).mutate(day=local_date(t.bucket))


@report(
    "Dropped calls",
    pl="Połączenia porzucone",
    chart=lines("day", "rolling_30d_rate", by="dialer", goal="limit_rate"),
    before=drops.REACH,
    collective=True,
    contacts=Contacts("attempts", ("dialer", "day"), day_by_day),
)
def dropped_calls(calls: Table, dialers: Table, *, period: Interval, now: datetime) -> Table:
    """How many persons picked up and found no free operator, day by day, and whether that is more than is allowed.

    Definitions: drops are attempts with the outcome dropped; drop_rate_attempts = drops / attempts; drop_rate_answered
    = drops / (answered + machines + drops); drop_rate_persons = drops / persons; rolling_30d_rate is that of the local
    day and the 29 before it, also from before the period; over says that it is above limit_rate, 3 % of persons per
    dialer and 30 days (US TSR); every day that has begun is a row for each dialer with an attempt in these days.
    """
    t = drops.daily(calls, period, now)
    limit = ibis.literal(drops.LIMIT)
    t = t.mutate(day=local_date(t.bucket), limit_rate=limit, over=t.rolling_30d_rate > limit)
    t = named(t, dialer=dialers).order_by("dialer", "day", "dialer_id")
    return t.select(
        "dialer", "day", "attempts", "persons", "drops", "drop_rate_attempts", "drop_rate_answered",
        "drop_rate_persons", "rolling_30d_rate", "limit_rate", "over",
    )  # fmt: skip


def played(calls: Table, ivr_steps: Table, *, period: Interval) -> Table:
    """Attempts of the period at which something was played, with what was answered."""
    near = ivr_steps.filter(ivr_steps["at"] >= period.start, ivr_steps["at"] < period.end + LAG)
    return messages.played(starting(calls, period), near)


@report(
    "Voice messages",
    pl="Autoinformator",
    chart=bars("input", "played", by="dialer", stack=True),
    after=LAG,
    collective=True,
    contacts=Contacts("played", ("dialer", "input"), played),
)
def autoinformer(calls: Table, ivr_steps: Table, dialers: Table, *, period: Interval) -> Table:
    """How many messages the dialers played, how much of them was heard, and what people answered.

    Definitions: played are attempts at which something was played; input is what was pressed or understood in the last
    step with any, empty where nobody answered; listened_share = heard / length of the messages whose length is known;
    transferred have an operator or went on to another contact; recognised said something that was understood.
    """
    t = played(calls, ivr_steps, period=period)
    figures = messages.figures(t)
    t = named(t.group_by("dialer_id", "input").agg(**figures), dialer=dialers)
    return t.order_by("dialer", "input", "dialer_id").select("dialer", "input", *figures)
