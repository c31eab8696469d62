"""The rules of an invented centre: tariffs, KPIs, activities, limits of Away, check plans and opening hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from projection import Row, Tables

if TYPE_CHECKING:
    from world_centre import Centre

RULES = (
    *("tariffs", "kpis", "activities", "away_reasons", "check_plans", "hours", "imports", "contracts"),
    *("stages", "quotas"),
)
SATISFIED = {"work": ("Ready", "Waiting", "Busy"), "training": ("Away", "Ready")}  # to begin with, not in PCP


def rules(centre: Centre) -> Tables:
    """The tables, as canonical input."""
    return {
        "tariffs": list(_tariffs(centre)),
        "kpis": list(_kpis(centre)),
        "activities": list(_activities(centre)),
        "away_reasons": list(_away_reasons(centre)),
        "check_plans": list(_plans(centre)),
        "hours": list(_hours(centre)),
        "imports": list(_imports(centre)),
        "contracts": list(_contracts(centre)),
        "stages": list(_stages(centre)),
        "quotas": list(_quotas(centre)),
    }


def _tariffs(centre: Centre) -> Iterator[Row]:
    """Of most projects; one status becomes dearer, one has its free time deducted, two have a price for presence."""
    for i, letter in enumerate(centre.letters[: 2 + centre.shape.seed % 2]):
        row: Row = {"project": centre.name(letter), "currency": "PLN" if i else "EUR", "free_is_deducted": None}
        busy = row | {"status": "Busy", "free_s": 6, "first_s": 30, "step_s": 6, "valid_from": None}
        yield busy | {"price_per_min": Decimal("1.2")}
        yield busy | {"price_per_min": Decimal("1.35"), "step_s": 1, "valid_from": centre.middle}
        deducted = {"status": "PCP", "free_s": 12, "first_s": 30, "step_s": 7, "free_is_deducted": True}
        yield row | deducted | {"price_per_min": Decimal("0.333333"), "valid_from": centre.start + timedelta(hours=8)}
        if i:
            presence = {"status": "Ready", "free_s": 0, "first_s": 60, "step_s": 60, "valid_from": None}
            yield row | presence | {"price_per_min": Decimal("0.25")}


def _activities(centre: Centre) -> Iterator[Row]:
    """What satisfies a plan; from the middle on a training is not spent in Ready any more, and work also in PCP."""
    for activity, statuses in SATISFIED.items():
        for status in statuses:
            until = centre.middle if (activity, status) == ("training", "Ready") else None
            yield {"activity": activity, "status": status, "valid_from": None, "valid_to": until}
    yield {"activity": "work", "status": "PCP", "valid_from": centre.middle, "valid_to": None}


def _away_reasons(centre: Centre) -> Iterator[Row]:
    """Lunch has a limit, a shorter one from the middle on."""
    row = {"reason": "lunch", "paid": False}
    yield row | {"allowed_s": 60, "valid_from": None}
    yield row | {"allowed_s": 20, "valid_from": centre.middle}


def _kpis(centre: Centre) -> Iterator[Row]:
    """Of everyone, a role, a group and a project; targets that change, reach, miss, and of nothing that is measured."""
    row: Row = {"role": None, "group": None, "project": None, "weight": None, "valid_from": None}
    handling: Row = row | {"kpi": "Handling time", "metric": "aht_s", "comparison": "<=", "target": 60, "weight": 2}
    yield handling | {"role": "Operator"}
    yield handling | {"role": "Operator", "target": 90, "valid_from": centre.middle}
    yield handling | {"group": "Morning", "target": 120, "weight": 1.5}
    yield handling | {"project": centre.name(centre.giver), "target": 30}
    yield row | {"kpi": "Quality", "metric": "quality", "comparison": ">=", "target": 0.8, "weight": 3}
    yield row | {"kpi": "Satisfied", "metric": "csat", "comparison": ">=", "target": 0.5}
    yield row | {"kpi": "Busy enough", "metric": "occupancy", "comparison": ">=", "target": 0.4, "role": "Operator"}
    yield row | {"kpi": "As planned", "metric": "adherence", "comparison": ">=", "target": 0.2}
    yield row | {"kpi": "No holding", "metric": "hold_s", "comparison": "<=", "target": 10, "role": "Supervisor"}
    yield row | {"kpi": "Sales", "metric": "conversion", "comparison": ">=", "target": 0.3}
    mark = f"Answer CANARY-{centre.third}-a1"
    yield row | {
        "kpi": mark,
        "metric": "handled",
        "comparison": ">=",
        "target": 2,
        "project": centre.name(centre.third),
    }
    yield row | {"kpi": "Held", "metric": "held", "comparison": "<=", "target": 1, "valid_from": centre.end}


def plan_of(evaluator: str) -> str:
    """The plan by which someone evaluates; it bears the letters of her projects."""
    return f"plan CANARY-{evaluator.split('-')[2]}-p1"


def _plans(centre: Centre) -> Iterator[Row]:
    """One plan with two stretches, one that holds always, one of somebody who evaluates nothing."""
    first, second, *_, last = centre.operators
    row: Row = {"plan": plan_of(first), "evaluator": first, "due": 3}
    yield row | {"valid_from": centre.start - timedelta(days=10), "valid_to": centre.middle}
    yield row | {"valid_from": centre.middle, "valid_to": centre.middle + timedelta(days=20), "due": 5}
    yield {"plan": plan_of(second), "evaluator": second, "valid_from": None, "valid_to": None, "due": 2}
    span = {"valid_from": centre.start, "valid_to": centre.end}
    yield {"plan": plan_of(last), "evaluator": last, "due": 4} | span


def _hours(centre: Centre) -> Iterator[Row]:
    """Two queues in three are open: from morning to evening, or all day; one is closed on the period's first day.

    The second third opens and closes later from the middle on, and then has no holiday.
    """
    first_day = (centre.start + timedelta(hours=12)).date()
    for i, queue in enumerate(r["name"] for r in centre.objects if r["kind"] == "queue"):
        for weekday in range(1, 8) if i % 3 else ():
            row: Row = {"queue": queue, "weekday": weekday, "opens": "00:00", "closes": "00:00", "holidays": None}
            if i % 3 == 1:
                row |= {"opens": "08:00", "closes": "16:30", "holidays": str(first_day)}
            yield row | {"valid_from": None}
            if i % 3 == 1:
                yield row | {"opens": "09:00", "closes": "17:30", "holidays": None, "valid_from": centre.middle}


def _contracts(centre: Centre) -> Iterator[Row]:
    """Of every project: prices, shares and means with limits of both kinds, one that changes, one that cannot be paid.

    The first project pays in euros, and its outage of the last day is nobody's fault.
    """
    names = ("comparison", "target", "unit", "price", "penalty", "bonus", "cap", "exclusions", "valid_from")
    last_day = str((centre.end - timedelta(hours=12)).date())
    for i, letter in enumerate(centre.letters):
        row: Row = dict.fromkeys(names) | {"project": centre.name(letter), "currency": "PLN" if i else "EUR"}
        mark = f"CANARY-{letter}-term"
        each = row | {"term": f"each {mark}1", "metric": "handled", "unit": "contact"}
        yield each | {"price": Decimal("4.2")}
        yield each | {"price": Decimal("4.35"), "valid_from": centre.middle}
        level: Row = row | {"term": f"level {mark}2", "metric": "service_level", "comparison": ">=", "target": 0.8}
        money = {"penalty": Decimal(20), "bonus": Decimal("5.5"), "cap": Decimal(90), "unit": "point"}
        yield level | money | {"exclusions": None if i else last_day}
        lost = row | {"term": f"lost {mark}3", "metric": "abandon_rate", "comparison": "<=", "target": 0.1}
        yield lost | {"penalty": Decimal(1000), "cap": Decimal(300)}
        yield row | {"term": "speed", "metric": "asa_s", "comparison": "<=", "target": 15.0, "bonus": Decimal(7)}
        yield row | {"term": "talk", "metric": "talk_s", "unit": "minute", "price": Decimal("0.333333")}
        yield row | {"term": "sales", "metric": "conversion", "comparison": ">=", "target": 0.3, "penalty": Decimal(3)}
        yield row | {"term": "unpriced", "metric": "offered"}
        yield row | {"term": "unmeasured", "metric": "smiles", "comparison": ">=", "target": 3.0, "price": Decimal(2)}


def _imports(centre: Centre) -> Iterator[Row]:
    """Of two projects in three, and of the dialer of no project; one more without a time that brought no task."""
    for i, letter in enumerate(centre.letters):
        row: Row = {"dialer": f"Dialer CANARY-{letter}-n1", "imported_at": centre.start - timedelta(days=2)}
        if (i + centre.shape.seed) % 3:
            yield row | {"import": f"import CANARY-{letter}-m1"}
        yield row | {"import": f"import CANARY-{letter}-m2", "imported_at": None}
    yield {"import": "import CANARY-0-m1", "dialer": "Loose CANARY-0-n2", "imported_at": centre.start}


def stages_of(letter: str) -> tuple[str, ...]:
    """The stages of a project's form, in their order; the last one is that of lost requests."""
    return tuple(f"{word} CANARY-{letter}-h9" for word in ("new", "offer", "won", "lost"))


def _stages(centre: Centre) -> Iterator[Row]:
    """Of two forms in three; nothing is said of the first ones being lost."""
    for i, letter in enumerate(centre.letters):
        if (i + centre.shape.seed) % 3 == 0:
            continue
        for position, stage in enumerate(stages_of(letter), 1):
            lost = True if position == 4 else None if position == 1 else False
            yield {"form": f"Script CANARY-{letter}-f1", "stage": stage, "position": position, "lost": lost}


def questions_of(letter: str) -> dict[str, tuple[str, ...]]:
    """What a project's form asks, and what is answered."""
    return {f"age CANARY-{letter}-q6": ("18-29", "30-44", f"older CANARY-{letter}-v9"), "sex": ("man", "woman")}


def _quotas(centre: Centre) -> Iterator[Row]:
    """Of two forms in three: one answer, either of two, one of each question, none wanted, and none ever given."""
    for i, letter in enumerate(centre.letters):
        if (i + centre.shape.seed) % 3 == 2:
            continue
        age, sex = questions_of(letter)
        row: Row = {"form": f"Script CANARY-{letter}-f1", "question": age, "answer": "18-29", "goal": 2}
        yield row | {"name": f"young CANARY-{letter}-j9"}
        for answer in ("18-29", "30-44"):
            yield row | {"name": "young or not", "answer": answer, "goal": 5 if answer == "30-44" else 3}
            yield row | {"name": "men of either", "answer": answer, "goal": 1}
        yield row | {"name": "men of either", "question": sex, "answer": "man", "goal": 1}
        yield row | {"name": "nobody", "goal": 0}
        yield row | {"name": "unheard of", "answer": "130"}
