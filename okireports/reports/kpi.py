"""KPI: how well the work is done, by targets, by evaluators, by customers, and where it went against a rule."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import ibis
from ibis import Table

from okireports.charts import bars, bullets, dots, heat, lines
from okireports.clock import Interval, grain, labelled
from okireports.metrics import checks, measure, ratio, satisfaction, tally
from okireports.metrics import kpis as kpi
from okireports.metrics import violations as rules
from okireports.metrics.intervals import starting
from okireports.metrics.presence import worked_on
from okireports.metrics.quality import by_evaluator, evaluated
from okireports.metrics.ranking import attained, rated
from okireports.metrics.schedule import AROUND
from okireports.metrics.sides import beside, from_zero
from okireports.metrics.volume import handled, is_handled
from okireports.report import Contacts, looked_up, named, page, report

JUDGED_WITHIN = timedelta(days=92)  # how long before its evaluation a call may have been
LAG = timedelta(days=1)  # a call that starts in the period may go on, and be listened to, after it


@report(
    "KPI scorecard",
    pl="Wyniki KPI",
    chart=bullets("operator", "attainment", by="kpi"),
    previous=True,
    overlapping=True,
)
def kpi_scorecard(
    calls: Table,
    statuses: Table,
    evaluations: Table,
    ratings: Table,
    shifts: Table,
    activities: Table,
    results: Table,
    kpis: Table,
    operator_roles: Table,
    group_members: Table,
    projects: Table,
    operators: Table,
    *,
    period: Interval,
    kpi_metrics: str,
) -> Table:
    """What each operator reached of each of her KPIs, and how that compares with the period before.

    Definitions: the target is the one that holds at the period's end, for her group before her role before everyone; a
    KPI of one project is measured over its rows and named with it; attainment = actual / target, or target / actual
    where lower is better (actual 0: 1.5), at most 1.5; score = attainment * weight; previous_actual is of the period of
    the same length just before; trend says better, worse or same.
    """
    facts = (calls, statuses, evaluations, ratings, shifts, activities, results)
    wanted = kpi.definitions(kpis, operator_roles, group_members, period)
    reached = kpi.measured(wanted, *facts, period, kpi.previous(period), metrics=kpi_metrics.split())
    t = kpi.scored(wanted, reached.filter(reached.span == 0))
    before = reached.filter(reached.span == 1).rename(previous_actual="actual")
    t = looked_up(t, before, ["operator_id", "project_id", "metric"], "previous_actual")
    t = t.filter(t.actual.notnull() | t.previous_actual.notnull())
    t = named(t, project=projects, operator=operators)
    t = t.mutate(kpi=kpi.called(t), score=t.attainment * t.weight, trend=kpi.trend(t))
    figures = ("actual", "target", "attainment", "weight", "score", "previous_actual", "trend")
    return t.order_by("operator", "kpi", "operator_id", "project_id").select("operator", "kpi", *figures)


@report("Violations", pl="Dziennik naruszeń", chart=bars("kind"), before=AROUND, after=AROUND, targets=True)
def violations(
    calls: Table,
    statuses: Table,
    dialogues: Table,
    evaluations: Table,
    ratings: Table,
    shifts: Table,
    activities: Table,
    results: Table,
    kpis: Table,
    operator_roles: Table,
    group_members: Table,
    away_reasons: Table,
    hours: Table,
    holidays: Table,
    projects: Table,
    operators: Table,
    *,
    period: Interval,
    kpi_metrics: str,
    limit: int | None = None,
    offset: int = 0,
) -> Table:
    """What operators did against a rule, newest first.

    `limit` and `offset` cut a page out of it.

    Definitions: late and left_early (seconds, at the plan's border) as in attendance; long_away: an absence longer than
    its reason allows; slow_reply: a first reply later than promised; outside_hours: a contact handled while its queue
    was closed, the value being the local time of day in seconds and the limit the border passed; kpi_missed: a target
    not reached, at the period's end; each counts where it stands in `at`.
    """
    wanted = kpi.definitions(kpis, operator_roles, group_members, period)
    facts = (calls, statuses, evaluations, ratings, shifts, activities, results)
    reached = kpi.measured(wanted, *facts, period, metrics=kpi_metrics.split())
    t = ibis.union(
        rules.late_or_early(statuses, shifts, period),
        rules.long_away(statuses, away_reasons, period),
        rules.slow_reply(dialogues, period),
        rules.outside_hours(calls, hours, holidays, period),
        rules.kpi_missed(kpi.scored(wanted, reached), period),
    )
    t = named(t, operator=operators, project=projects)
    columns = ("operator", "kind", "value", "limit_value", "project", "call")
    order = [t["at"].desc(), *(t[column] for column in columns), t.operator_id, t.project_id]
    t = t.order_by(order).limit(limit, offset=offset)
    return t.select("at", *columns)


@report(
    "Evaluations' log",
    pl="Dziennik ocen",
    chart=dots("at", "quality", by="form"),
    before=JUDGED_WITHIN,
    separable=True,
)
def evaluations_log(
    evaluations: Table,
    calls: Table,
    operators: Table,
    *,
    period: Interval,
    limit: int | None = None,
    offset: int = 0,
) -> Table:
    """Every evaluation of the period, newest first, with its score and what the evaluator wrote.

    `limit` and `offset` cut a page out of it.

    Definitions: a row is one evaluation, its score the sum of its criteria; quality = score / max_score; criteria
    without a score are left out of both; comments of criteria stand once each; call is that of an evaluated call of
    the last 92 days, empty for a dialogue.
    """
    t = evaluated(starting(evaluations, period, "at"))
    order = [t["at"].desc(), t.project_id, t.evaluation]
    t = page(t, order, limit, offset)
    near = calls.filter(calls.started_at >= period.start - JUDGED_WITHIN, calls.started_at < period.end)
    t = looked_up(t, near.select("call_id", call="source_id"), ["call_id"], "call")
    by_whom = operators.select(evaluator_id="operator_id", evaluator="operator")
    t = named(looked_up(t, by_whom, ["evaluator_id"], "evaluator"), operator=operators)
    columns = ("operator", "evaluator", "form", "score", "max_score", "quality", "comment", "call")
    return t.order_by(t["at"].desc(), "project_id", "evaluation").select("at", "evaluation", *columns)


@report("Evaluations", pl="Oceny zbiorczo", chart=heat("criterion", "operator", "quality"), overlapping=True)
def evaluation_summary(evaluations: Table, operators: Table) -> Table:
    """What evaluators gave each operator, criterion by criterion, and how far they differ.

    Definitions: quality = score / max_score; criteria without a score are left out; lowest is the lowest score, spread
    the difference between the highest and the lowest mean score that an evaluator gave.
    """
    t = by_evaluator(evaluations)
    spread = t.mean_score.max() - t.mean_score.min()
    sums = {name: t[name].sum() for name in ("evaluations", "score", "max_score")}
    t = t.group_by("operator_id", "form", "criterion").agg(
        **sums, lowest=t.lowest.min(), evaluators=t.evaluator_id.count(), spread=spread
    )
    t = t.mutate(quality=ratio(t.score, t.max_score))
    t = named(t, operator=operators).order_by("operator", "form", "criterion", "operator_id")
    figures = ("evaluations", "score", "max_score", "quality", "lowest", "evaluators", "spread")
    return t.select("operator", "form", "criterion", *figures)


@report("Check plan", pl="Realizacja planu kontroli", chart=bullets("evaluator", "done", goal="due", by="plan"))
def check_plan_progress(
    evaluations: Table, check_plans: Table, operators: Table, *, period: Interval, now: datetime
) -> Table:
    """How many of the evaluations that are due each evaluator has made.

    Definitions: plans that hold in the period; done counts evaluations of the plan made in the period while it holds;
    due is the whole plan's; remaining = due - done, at least 0; done_share = done / due; pace = done / due at the share
    of the plan's time that has passed in the period, empty for a plan without a beginning or an end.
    """
    t = checks.progress(check_plans, evaluations, period, now)
    by_whom = operators.select(evaluator_id="operator_id", evaluator="operator")
    t = looked_up(t, by_whom, ["evaluator_id"], "evaluator").order_by("plan", "evaluator", "evaluator_id")
    return t.select("plan", "evaluator", "due", "done", "remaining", "done_share", "pace")


def of_period(calls: Table, *, period: Interval) -> Table:
    """Contacts of the period."""
    return starting(calls, period)


@report(
    "Operators' ranking",
    pl="Ranking operatorów",
    chart=dots("operator", "rating"),
    contacts=Contacts("contacts", ("operator",), of_period, is_handled),
)
def operator_rating(
    calls: Table,
    statuses: Table,
    evaluations: Table,
    ratings: Table,
    shifts: Table,
    activities: Table,
    results: Table,
    kpis: Table,
    operator_roles: Table,
    group_members: Table,
    operators: Table,
    *,
    period: Interval,
    kpi_metrics: str,
) -> Table:
    """Operators in the order of what they reached, what evaluators found and what customers said.

    Definitions: contacts are handled ones, ratings answers of satisfaction; attainment is the mean of the KPIs by
    weight; rating is the mean of attainment, quality and csat, each of them n / (n + 20) of the own value and the rest
    of the mean of the operators shown (n: contacts, evaluations, ratings); equal ratings share a rank.
    """
    wanted = kpi.definitions(kpis, operator_roles, group_members, period)
    facts = (calls, statuses, evaluations, ratings, shifts, activities, results)
    reached = kpi.measured(wanted, *facts, period, metrics=kpi_metrics.split())
    c, r = of_period(calls, period=period), starting(ratings, period, "at")
    e = evaluated(starting(evaluations, period, "at"))
    sides = (
        c.group_by("operator_id").agg(contacts=handled(c)),
        e.group_by("operator_id").agg(evaluations=e.count(), quality=ratio(e.score.sum(), e.max_score.sum())),
        r.group_by("operator_id").agg(ratings=satisfaction.csat_answers(r), csat=satisfaction.csat(r)),
    )
    t, *others = (side.filter(side.operator_id.notnull()) for side in sides)
    for other in others:
        t = beside(t, other, ["operator_id"])
    t = from_zero(t, "contacts", "evaluations", "ratings")
    t = t.filter(t.contacts + t.evaluations + t.ratings > 0)
    t = looked_up(t, attained(kpi.scored(wanted, reached)), ["operator_id"], "attainment")
    t = rated(t, {"attainment": "contacts", "quality": "evaluations", "csat": "ratings"})
    figures = ("contacts", "evaluations", "ratings", "attainment", "quality", "csat", "rating", "rank")
    return named(t, operator=operators).order_by("rank", "operator", "operator_id").select("operator", *figures)


@report(
    "Customer satisfaction",
    pl="Ocena klienta, NPS",
    chart=lines("interval", ["csat", "nps"], band=("csat_low", "csat_high", "nps_low", "nps_high")),
)
def customer_satisfaction(
    ratings: Table,
    projects: Table,
    queues: Table,
    operators: Table,
    *,
    by: Interval = None,
    per: Literal["queue", "operator"] = "queue",
) -> Table:
    """How customers answered when they were asked: satisfaction (csat) and recommendation (nps).

    `per="operator"` counts by operator instead of by project and queue.

    Definitions: asked counts ratings with or without an answer, response_rate = answers / asked; csat is the share of 4
    and 5 of 1 to 5 with its Wilson interval; nps the share of 9 and 10 less that of 0 to 6, with its normal interval,
    both 95 %; a score outside its scale is no answer.
    """
    grain_of = ["operator"] if per == "operator" else ["project", "queue"]
    keys = [*(f"{name}_id" for name in grain_of), "kind"]
    figures = measure(ratings, *satisfaction.FIGURES)
    t = ratings.group_by(*keys, **grain(ratings["at"], by)).agg(**figures)
    columns = [*grain_of, "kind", *(["interval"] if by.by else [])]
    of_kind = {"satisfied": "csat", "promoters": "nps", "detractors": "nps"}  # nobody asked the other kind for it
    t = t.mutate(**{name: (t.kind == kind).ifelse(t[name], ibis.null()) for name, kind in of_kind.items()})
    names = {"project": projects, "queue": queues, "operator": operators}
    t = named(labelled(t, by), **{name: names[name] for name in grain_of})
    return t.order_by(*columns, *keys[:-1]).select(*columns, *figures)


def found_in(calls: Table, speech_hits: Table, *, period: Interval) -> Table:
    """What was found in contacts that operators handled: the contact, its operator and the rule."""
    near = speech_hits.filter(speech_hits["at"] < period.end + LAG)
    return near.select("project_id", "call_id", "rule").join(
        worked_on(starting(calls, period)).select("project_id", "call_id", "operator_id"), ["project_id", "call_id"]
    )


@report(
    "Speech analytics",
    pl="Analityka mowy",
    chart=heat("rule", "operator", "share"),
    after=LAG,
    contacts=Contacts("calls", ("operator", "rule"), found_in),
    overlapping=True,
)
def speech_analytics(calls: Table, speech_hits: Table, operators: Table, *, period: Interval) -> Table:
    """In how many of her contacts each operator, or her customer, said what a rule listens for.

    Definitions: contacts that the operator handled, by their start, with all that was found in them until a day after
    the period; hits counts findings, calls the contacts with one, share = calls / handled.
    """
    c, t = worked_on(starting(calls, period)), found_in(calls, speech_hits, period=period)
    t = t.group_by("operator_id", "rule", "call_id").agg(hits=t.count())
    t = t.group_by("operator_id", "rule").agg(hits=t.hits.sum(), calls=t.count())
    t = looked_up(t, c.group_by("operator_id").agg(handled=tally(is_handled(c))), ["operator_id"], "handled")
    t = named(t.mutate(share=ratio(t.calls, t.handled)), operator=operators)
    return t.order_by("operator", "rule", "operator_id").select("operator", "rule", "hits", "calls", "handled", "share")
