"""What was agreed with clients: terms measured over the contacts of their time, what may still be lost, and the money.

A version of a term is measured over the project's contacts that start while it holds; contacts on local days that its
`exclusions` name are nobody's fault and do not count.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis.expr.types import BooleanValue, DecimalValue, FloatingValue, IntegerValue, Table, Value

from okireports.clock import Interval, bucket, local_date, local_day, ms
from okireports.metrics import Aggregate, measure, ratio
from okireports.metrics.arithmetic import MILLISECONDS, MONEY
from okireports.metrics.dialing import persons, sales
from okireports.metrics.handling import aht_s
from okireports.metrics.kpis import is_lower_better
from okireports.metrics.service import abandoned_in_time, answered_in_time
from okireports.metrics.validity import held_at, holding
from okireports.metrics.volume import abandoned, abandoned_short, answered, handled, offered, transferred
from okireports.metrics.waiting import asa_s

SPLINTER = 1e-9  # by so much a float may miss the whole number that it stands for
VERSION = ["project_id", "term", "holds_from"]  # what tells versions of terms apart

COUNTS: tuple[Aggregate, ...] = (offered, answered, answered_in_time, abandoned, handled, transferred, sales)
PARTS: tuple[Aggregate, ...] = (abandoned_short, abandoned_in_time, persons)
MEANS: tuple[Aggregate, ...] = (asa_s, aht_s)
COUNTED = tuple(count.__name__ for count in COUNTS)
TIMES = {"minute": 60, "hour": 3600}  # seconds of what talk is paid by


def contacts_of(calls: Table, contracts: Table, by: Interval) -> Table:
    """Contacts beside each version of a term that holds when they start, but for excluded days; with their `bucket`."""
    held = holding(contracts).select(*VERSION, "holds_to", "exclusions")  # the rest is looked up once for each version
    t = calls.mutate(x=ms(calls.started_at), bucket=bucket(calls.started_at, by))
    t = t.join(held, held_at(t, held, ["project_id"], "x"), rname="of_{name}")
    day = local_date(local_day(t.x, by)).strftime("%Y-%m-%d")
    return t.filter(t.exclusions.isnull().ifelse(True, ~t.exclusions.contains(day)))  # days of few terms are looked at


def measured(t: Table, contracts: Table, formula: str) -> Table:
    """Per version of a term and bucket: `actual`, and of a share the `part` and the `whole` that it is made of."""
    talk = {"talk_ms": t.talk_ms.sum().coalesce(0)}
    t = t.group_by(*VERSION, "bucket").agg(**measure(t, *COUNTS, *PARTS, *MEANS), **talk)
    t = t.join(holding(contracts).drop("holds_to", "exclusions"), VERSION)
    shares = shares_of(t, formula)
    parts, wholes = ({name: of[side] for name, of in shares.items()} for side in (0, 1))
    t = t.mutate(part=chosen(t, parts, "int64"), whole=chosen(t, wholes, "int64"))
    figures = {name: t[name].cast("float64") for name in (*COUNTED, *(mean.__name__ for mean in MEANS))}
    figures |= {"talk_s": t.talk_ms / float(MILLISECONDS)} | {name: ratio(t.part, t.whole) for name in shares}
    return t.mutate(actual=chosen(t, figures, "float64"))


def shares_of(t: Table, formula: str) -> dict[str, tuple[Value, Value]]:
    """The parts of each share; of the service level by the centre's formula."""
    level = {
        "short": (t.answered_in_time, t.offered - t.abandoned_short),
        "offered": (t.answered_in_time, t.offered),
        "answered": (t.answered_in_time, t.answered),
        "positive": (t.answered_in_time + t.abandoned_in_time, t.offered),
        "ignore": (t.answered_in_time, t.offered - t.abandoned_in_time),
    }
    return {
        "service_level": level[formula],
        "abandon_rate": (t.abandoned, t.offered),
        "transfer_rate": (t.transferred, t.handled),
        "conversion": (t.sales, t.persons),
    }


def chosen(t: Table, figures: dict[str, Value], kind: str) -> Value:
    """The figure that the term's metric names; NULL for another metric."""
    return ibis.cases(*((t.metric == name, figure) for name, figure in figures.items()), else_=ibis.null(kind))


# ---- beside the target -----------------------------------------------------------------------------------------------
def is_met(t: Table) -> BooleanValue:
    """Does what was reached keep to the target? NULL where one of them is not known."""
    return is_lower_better(t).coalesce(False).ifelse(t.actual <= t.target, t.actual >= t.target)


def left(t: Table) -> FloatingValue:
    """By how much what was reached is on the good side of the target; negative on the other."""
    return is_lower_better(t).coalesce(False).ifelse(t.target - t.actual, t.actual - t.target)


def headroom(t: Table) -> FloatingValue:
    """How many contacts may still be lost before the target is missed; negative: so many are too many already.

    Of a count, how many it is beyond its target; of a mean nothing can be said.
    """
    part, whole = t.part.cast("float64"), t.whole.cast("float64")
    more = (part / t.target.nullif(0.0) - whole + SPLINTER).floor()  # each one lost is one more in the whole
    within = (t.target < 1).ifelse(1 - t.target, ibis.null("float64"))
    fewer = ((t.target * whole - part) / within + SPLINTER).floor()  # each one lost is one more in both
    share = is_lower_better(t).coalesce(False).ifelse(fewer, more).cast("float64")
    return ibis.cases(
        (t.actual.isnull() | t.target.isnull(), ibis.null("float64")),
        (t.whole.notnull(), share),
        (t.metric.isin((*COUNTED, "talk_s")), left(t)),
    )


def lost(t: Table) -> IntegerValue:
    """The contacts of a share that speak against it; of a mean NULL."""
    return is_lower_better(t).coalesce(False).ifelse(t.part, t.whole - t.part)


# ---- money -----------------------------------------------------------------------------------------------------------
def penalty(t: Table) -> DecimalValue:
    """The agreed penalty where the target was missed, of the unit `point` once for each point begun; at most the cap.

    A point is a hundredth of a share, and 1 of any other figure.
    """
    points = (-left(t) * t.whole.notnull().ifelse(100.0, 1.0) - SPLINTER).ceil().cast("int64")
    times = (t.unit == "point").coalesce(False).ifelse(points, 1)
    return capped(t, (t.penalty * times).cast(MONEY), ~is_met(t))


def bonus(t: Table) -> DecimalValue:
    """The agreed bonus where the target was met; at most the cap."""
    return capped(t, t.bonus, is_met(t))


def capped(t: Table, amount: DecimalValue, due: BooleanValue) -> DecimalValue:
    """An amount where it is due, at most the cap; else 0."""
    most = (t.cap < amount).coalesce(False).ifelse(t.cap, amount)
    return due.coalesce(False).ifelse(most, ibis.null(MONEY)).coalesce(ibis.literal(0).cast(MONEY)).cast(MONEY)


def charge(t: Table) -> DecimalValue:
    """price * what was counted; 0 of a term that has a target and no price; NULL where nothing says what to pay."""
    counted = chosen(t, {name: t[name] for name in COUNTED}, "int64")
    per = ibis.cases(*((t.unit == unit, length) for unit, length in TIMES.items()), else_=1)
    talked = (t.talk_ms * t.price / (per * MILLISECONDS)).cast(MONEY)
    nothing = t.price.isnull() & t.target.notnull()
    return ibis.cases(
        (nothing, ibis.literal(0).cast(MONEY)),
        (t.metric == "talk_s", talked),
        else_=(t.price * counted).cast(MONEY),
    )


def settled(t: Table) -> Table:
    """Measured terms with met, headroom, and what they are worth."""
    t = t.mutate(met=is_met(t), headroom=headroom(t), penalty_amount=penalty(t), bonus_amount=bonus(t))
    return t.mutate(invoice_amount=(charge(t) + t.bonus_amount - t.penalty_amount).cast(MONEY))


def ordered(interval: Sequence[str]) -> list[str]:
    """The order of terms."""
    return ["project", *interval, "term", "holds_from", "project_id"]
