"""KPIs: which definition is whose, what was reached, and how that compares with the target.

A definition is of a role, a group, a project, of several of these or of everyone. One of a project is measured over
that project's rows and stands beside the one over all rows; of the others the most exact one holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import ibis
from ibis import selectors
from ibis.expr.types import BooleanValue, FloatingValue, StringValue, Table

from okireports.clock import Interval
from okireports.metrics import (
    Aggregate,
    handling,
    measure,
    presence,
    quality,
    ratio,
    satisfaction,
    schedule,
    volume,
)
from okireports.metrics.dialing import conversion, sales
from okireports.metrics.intervals import meeting, starting

EVERYWHERE = -1  # stands for the project of what is measured over all rows
CAP = 1.5
OF_CONTACTS: tuple[Aggregate, ...] = (
    *(volume.handled, volume.transferred, volume.transfer_rate, handling.aht_s, handling.talk_s, handling.hold_s),
    *(handling.wrap_s, handling.held, handling.hold_rate, handling.mean_hold_s, sales, conversion),
)
OF_A_CONTACT = (  # what of a contact these look at
    *("project_id", "operator_id", "started_at", "outcome", "answered_at", "by_robot", "talk_ms", "hold_ms", "wrap_ms"),
    *("went_to_other", "transfer_to_call_id", "dialer_id", "picked_up_at", "result"),
)
SPENT = ("operator_id", "status", "started_at", "ended_at")
OF_STATUSES: tuple[Aggregate, ...] = (
    *(presence.logged_s, presence.ready_s, presence.waiting_s, presence.busy_s, presence.pcp_s, presence.away_s),
    *(presence.ready_share, presence.waiting_share, presence.busy_share, presence.pcp_share, presence.away_share),
    *(presence.na_s, presence.na_share, presence.occupancy),
)
OF_SHIFTS: tuple[Aggregate, ...] = (schedule.adherence, schedule.conformance, schedule.utilisation)
OF_RATINGS: tuple[Aggregate, ...] = (satisfaction.csat, satisfaction.nps, satisfaction.response_rate)
OF_EVALUATIONS: tuple[Aggregate, ...] = (quality.quality,)
FAMILIES = (OF_CONTACTS, OF_STATUSES, OF_EVALUATIONS, OF_RATINGS, OF_SHIFTS)
MEASURABLE = frozenset(metric.__name__ for metrics in FAMILIES for metric in metrics)


def previous(period: Interval) -> Interval:
    """The period of the same length just before."""
    length = period.end - period.start
    start = period.start - length if length < period.start - datetime.min else datetime.min
    return replace(period, start=start, end=period.start)


def definitions(kpis: Table, roles: Table, members: Table, period: Interval) -> Table:
    """Per operator the KPIs that hold for her at the period's end: operator_id, kpi, project_id, metric, target, ..."""
    begun = kpis.valid_from.isnull() | (kpis.valid_from < period.end)
    t = kpis.filter(begun, kpis.valid_to.isnull() | (kpis.valid_to >= period.end))
    t = t.mutate(project_id=t.project_id.coalesce(EVERYWHERE), weight=t.weight.coalesce(1.0))
    t = t.rename(for_role="role").cross_join(roles)
    t = t.filter(t.for_role.isnull() | (t.for_role == t.role))
    t = t.left_join(members.mutate(is_member=True), ["group_id", "operator_id"], rname="member_{name}")
    t = t.filter(t.group_id.isnull() | t.is_member.notnull())
    exact = [t.group_id.isnull(), t.for_role.isnull(), t.valid_from.desc(nulls_first=False), t.group_id]
    place = ibis.row_number().over(group_by=["operator_id", "kpi", "project_id"], order_by=exact)
    t = t.mutate(place=place)
    return t.filter(t.place == 0).select("operator_id", "kpi", "project_id", "metric", "comparison", "target", "weight")


def measured(
    wanted: Table,
    calls: Table,
    statuses: Table,
    evaluations: Table,
    ratings: Table,
    shifts: Table,
    activities: Table,
    results: Table,
    *periods: Interval,
    metrics: Collection[str],
) -> Table:
    """What is wanted, as it was reached in each of some periods: operator_id, project_id, metric, `span`, actual.

    `span` is 0 for the first period. Nothing is measured but some metrics, and nobody by what no KPI of hers is of.
    """

    def of(t: Table, metrics: Sequence[Aggregate]) -> Table:
        """The rows of operators who have a KPI among some metrics."""
        names = [metric.__name__ for metric in metrics]
        return t.semi_join(wanted.filter(wanted.metric.isin(names)), "operator_id")

    known = results.select("project_id", "result", "sale")

    def parts(p: Interval) -> Iterator[Table]:
        """The rows that each of FAMILIES is measured on."""
        sold = of(starting(calls.select(*OF_A_CONTACT), p), OF_CONTACTS)
        yield sold.left_join(known, ["project_id", "result"], rname="of_{name}")
        yield presence.pieces(of(meeting(statuses.select(*SPENT, "project_id"), p), OF_STATUSES), p)
        yield of(starting(evaluations, p, "at"), OF_EVALUATIONS)
        yield of(starting(ratings, p, "at"), OF_RATINGS)
        spent = of(meeting(statuses.select(*SPENT), p), OF_SHIFTS)
        done = schedule.adhered(spent, of(shifts, OF_SHIFTS), activities, p)
        yield done.mutate(project_id=ibis.null("int64"))

    named = MEASURABLE.intersection(metrics) or {volume.handled.__name__}  # of none there is a table, too, without rows
    asked = [[metric for metric in family if metric.__name__ in named] for family in FAMILIES]
    tables = zip(*map(parts, periods), strict=True)
    return ibis.union(*(each(side_by_side(t), *some) for some, t in zip(asked, tables, strict=True) if some))


def side_by_side(parts: Sequence[Table]) -> Table:
    """Tables of the same columns as one, whose `span` says which of them a row is of."""
    return ibis.union(*(t.mutate(span=ibis.literal(number)) for number, t in enumerate(parts)))


def each(t: Table, *metrics: Aggregate) -> Table:
    """Each figure of each operator that is known, over all of her rows and over each project's."""
    everywhere = ibis.literal(EVERYWHERE, "int64")
    scopes = t.project_id.isnull().ifelse(ibis.array([everywhere]), ibis.array([everywhere, t.project_id]))
    rows = t.filter(t.operator_id.notnull()).mutate(project_id=scopes.unnest())
    wide = rows.group_by("operator_id", "project_id", "span").agg(
        **{name: value.cast("float64") for name, value in measure(rows, *metrics).items()}
    )
    names = [metric.__name__ for metric in metrics]
    tall = wide.pivot_longer(selectors.cols(*names), names_to="metric", values_to="actual")
    return tall.filter(tall.actual.notnull())


# ---- beside the target -----------------------------------------------------------------------------------------------
def scored(wanted: Table, reached: Table) -> Table:
    """Definitions with `actual` and `attainment` (at most CAP); NULL where nothing was measured."""
    keys = ["operator_id", "project_id", "metric"]
    t = wanted.left_join(reached.drop("span"), keys, rname="reached_{name}").drop([f"reached_{key}" for key in keys])
    return t.mutate(attainment=attainment(t))


def attainment(t: Table) -> FloatingValue:
    """actual / target, or target / actual where lower is better (with nothing reached: CAP), at most CAP."""
    lower = (t.actual == 0).ifelse(CAP, ratio(t.target, t.actual))
    share = is_lower_better(t).ifelse(lower, ratio(t.actual, t.target))
    return (share > CAP).ifelse(CAP, share)


def is_lower_better(t: Table) -> BooleanValue:
    """Is the target an upper limit?"""
    return t.comparison == "<="


def is_missed(t: Table) -> BooleanValue:
    """Does what was reached lie on the wrong side of the target?"""
    return is_lower_better(t).ifelse(t.actual > t.target, t.actual < t.target)


def trend(t: Table) -> StringValue:
    """`better`, `worse` or `same` than the period before; NULL where one of them is not known."""
    gain = is_lower_better(t).ifelse(t.previous_actual - t.actual, t.actual - t.previous_actual)
    return ibis.cases((gain > 0, "better"), (gain < 0, "worse"), (gain == 0, "same"))


def called(t: Table) -> StringValue:
    """The KPI's name; one of a single project bears that project's name (`project`), too."""
    return (t.kpi + " · " + t.project).coalesce(t.kpi)
