"""The definitions of the invented centre, as rows of canonical input."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from okireports.invention import people
from okireports.invention.places import MOVING, PROJECTS, PROVIDERS, REMINDER, SHARED, Project
from okireports.invention.plan import Plan

Row = dict[str, object]
NAMES = {p.number: p.name for p in PROJECTS}
ACTIVITIES = {"Phones": ("Ready", "Waiting", "Busy", "PCP", "N/A"), "Lunch": ("Away", "Offline"), "Training": ("Away",)}
REASONS = (  # reason, seconds allowed, paid
    ("Lunch", 1800, False),
    ("Break", 900, True),
    ("Restroom", 300, True),
    ("Training", 3600, True),
    ("Meeting", 1800, True),
    ("Technical problem", 900, True),
)
EVALUATED = 0.03  # share of conversations that are evaluated
QUESTIONED = 0.9  # share of requests in which a question is answered


def tables(plan: Plan) -> dict[str, list[Row]]:
    """Every definition by table."""
    return {
        "projects": [
            {"name": p.name, "client": p.client, "description": p.description, "created_at": plan.midnight(-30)}
            for p in PROJECTS
        ],
        "users": list(people.users(plan)),
        "memberships": list(people.memberships(plan)),
        "groups": [{"name": name} for name in ("Early team", "Late team", "Seniors", "Newcomers")],
        "group_members": list(people.group_members(plan)),
        "objects": [{"kind": k, "name": n, "attributes": a} for k, n, _, a in objects()],
        "project_objects": list(ownership(plan)),
        "targets": list(targets(plan)),
        "hours": list(hours(plan)),
        "kpis": list(kpis(plan)),
        "tariffs": list(tariffs(plan)),
        "contracts": list(contracts(plan)),
        "activities": [{"activity": a, "status": s} for a, statuses in ACTIVITIES.items() for s in statuses],
        "away_reasons": [{"reason": r, "allowed_s": s, "paid": p} for r, s, p in REASONS],
        "results": list(results()),
        "stages": [
            {"form": p.form, "stage": stage, "position": n, "lost": stage == "Lost"}
            for p in PROJECTS
            for n, stage in enumerate(p.stages, 1)
        ],
        "imports": list(imports(plan)),
        "quotas": list(quotas(plan)),
        "check_plans": list(check_plans(plan)),
    }


def objects() -> Iterator[tuple[str, str, tuple[int, ...], str | None]]:
    """Every object: kind, name, its projects, attributes."""
    for p in PROJECTS:
        for queue in p.queues:
            yield "queue", queue.name, (p.number,), None
        yield "scenario", p.scenario, (p.number,), None
        yield "crm_form", p.form, (p.number,), None
        if p.dialer:
            yield "dialer", p.dialer, (p.number,), None
    yield "scenario", REMINDER, (3,), None
    everywhere = tuple(NAMES)
    for provider, capacity in zip(PROVIDERS, (60, 30, 15), strict=True):
        yield "sip_provider", provider, everywhere, f'{{"capacity": {capacity}}}'
    for kind, names in SHARED.items():
        for name in names:
            yield kind, name, everywhere, None


def ownership(plan: Plan) -> Iterator[Row]:
    """Who owns what: one queue moves."""
    moving, giver, taker = MOVING
    for kind, name, projects, _ in objects():
        for project in projects:
            row: Row = {"kind": kind, "name": name, "project": NAMES[project], "valid_from": None, "valid_to": None}
            if name == moving:
                moment = plan.midnight(plan.move_day)
                yield row | {"project": NAMES[giver], "valid_to": moment}
                row |= {"project": NAMES[taker], "valid_from": moment}
            yield row


def targets(plan: Plan) -> Iterator[Row]:
    """Thresholds of the queues; those of one become stricter on the way."""
    for p in PROJECTS:
        for q in p.queues:
            row: Row = {
                "queue": q.name,
                "valid_from": None,
                "answer_within_s": q.within,
                "short_abandon_s": 5,
                "goal": q.goal,
                "reply_within_s": q.reply_within,
            }
            yield row
            if q.name == "Bluebird support":
                yield row | {"valid_from": plan.midnight(plan.days // 2), "answer_within_s": 20, "goal": 0.8}


def hours(plan: Plan) -> Iterator[Row]:
    """When queues are open."""
    closed = ";".join(plan.day(n).isoformat() for n in range(plan.days) if plan.holiday(n))
    for p in PROJECTS:
        for q in p.queues:
            for weekday, busy in enumerate(p.week, 1):
                if busy:
                    yield {
                        "queue": q.name,
                        "weekday": weekday,
                        "opens": f"{p.opens:02}:00",
                        "closes": f"{p.closes:02}:00",
                        "holidays": None if p.works_on_holidays else closed,
                    }


def kpis(plan: Plan) -> Iterator[Row]:
    """What operators are measured by."""
    for kpi, metric, comparison, target, weight in (
        ("Handling time", "aht_s", "<=", 360, 1),
        ("Occupancy", "occupancy", ">=", 0.5, 1),
        ("Quality", "quality", ">=", 0.85, 2),
        ("Satisfaction", "csat", ">=", 0.8, 2),
    ):
        row: Row = {"kpi": kpi, "metric": metric, "comparison": comparison, "target": target, "weight": weight}
        row |= {"role": "Operator", "group": None, "project": None, "valid_from": None}
        yield row
        if kpi == "Handling time":
            yield row | {"project": "Echo Polls", "target": 600}
            yield row | {"valid_from": plan.midnight(plan.days // 2), "target": 340}
    yield {
        "kpi": "Sales",
        "metric": "conversion",
        "comparison": ">=",
        "target": 0.15,
        "weight": 3,
        "role": "Operator",
        "group": None,
        "project": "Dune Energy",
        "valid_from": None,
    }


def tariffs(plan: Plan) -> Iterator[Row]:
    """What a client pays for an operator's time (the XX/YY/ZZ rule)."""
    for p in PROJECTS:
        for status, free, first, step, price in (
            ("Busy", 6, 30, 6, 1.2 + p.number / 10),
            ("PCP", 0, 1, 1, 0.8),
            ("Ready", 0, 60, 60, 0.25),
        ):
            row: Row = {
                "project": p.name,
                "status": status,
                "free_s": free,
                "first_s": first,
                "step_s": step,
                "price_per_min": f"{price:.2f}",
                "currency": p.currency,
                "valid_from": None,
            }
            yield row
            if p.number == 1 and status == "Busy":
                yield row | {"price_per_min": "1.45", "valid_from": plan.midnight(plan.days // 2)}


def contracts(plan: Plan) -> Iterator[Row]:
    """What is agreed with the clients."""
    empty: Row = dict.fromkeys(
        ("comparison", "target", "unit", "price", "penalty", "bonus", "cap", "exclusions", "valid_from")
    )
    for p in PROJECTS:
        of: Row = empty | {"project": p.name, "currency": p.currency}
        outage = plan.day(plan.outage_day).isoformat() if p.number == 2 else None
        yield of | {"term": "Each contact", "metric": "handled", "unit": "contact", "price": "4.20"}
        yield of | {
            "term": "Service level",
            "metric": "service_level",
            "comparison": ">=",
            "target": 0.8,
            "penalty": "2000",
            "bonus": "500",
            "cap": "5000",
            "exclusions": outage,
        }
        yield of | {
            "term": "Abandoned",
            "metric": "abandon_rate",
            "comparison": "<=",
            "target": 0.1,
            "penalty": "1000",
            "cap": "3000",
            "exclusions": outage,
        }
        if p.dialer and p.currency == "EUR":
            yield of | {"term": "Each sale", "metric": "sales", "unit": "sale", "price": "9.50"}


def results() -> Iterator[Row]:
    """What the results of calls mean: the first of a project is its success."""
    for p in PROJECTS:
        for n, result in enumerate(p.results):
            yield {
                "project": p.name,
                "result": result,
                "person": not result.startswith("wrong"),
                "sale": n == 0 and p.number in (1, 4, 5),
                "final": result not in ("thinks about it", "appointment"),
            }
        for result in ("busy", "no answer", "machine", "rejected", "confirmed", "cancelled"):
            if p.dialer:
                yield {
                    "project": p.name,
                    "result": result,
                    "person": result in ("rejected", "confirmed", "cancelled"),
                    "sale": False,
                    "final": result in ("rejected", "confirmed", "cancelled"),
                }


def import_name(p: Project, day: date) -> str:
    """How the import of the week that begins on a day is called."""
    return f"{p.name.split()[0]} from {day.isoformat()}"


def imports(plan: Plan) -> Iterator[Row]:
    """The records that dialers got, week by week."""
    for p in PROJECTS:
        for first in range(0, plan.days, 7) if p.dialer else ():
            day = plan.day(first)
            yield {"import": import_name(p, day), "dialer": p.dialer, "imported_at": f"{day.isoformat()}T06:00:00"}


def quotas(plan: Plan) -> Iterator[Row]:
    """How many answers of each kind the pollster wants: some are out of reach."""
    p = PROJECTS[4]
    interviews = plan.calls * p.share * p.mix["dial"] * p.requests * QUESTIONED
    for question in ("Age", "Sex"):
        for n, answer in enumerate(p.questions[question]):
            goal = max(1, round(interviews / len(p.questions[question]) * (0.9 + 0.12 * n)))
            yield {"name": f"{question} {answer}", "form": p.form, "question": question, "answer": answer, "goal": goal}


def check_plans(plan: Plan) -> Iterator[Row]:
    """How many contacts each evaluator is to check each month."""
    for first, until in months(plan):
        share = (until - first) / plan.days
        for who, _, role, numbers in people.STAFF:
            if role != "Supervisor":
                continue
            calls = plan.calls * sum(PROJECTS[n - 1].share for n in numbers) * 0.6
            yield {
                "plan": f"Quality {plan.day(first):%Y-%m}",
                "evaluator": who,
                "valid_from": plan.midnight(first),
                "valid_to": plan.midnight(until),
                "due": max(1, round(calls * share * EVALUATED * 1.05)),
            }


def months(plan: Plan) -> Iterator[tuple[int, int]]:
    """The calendar months, as (first day, first day after)."""
    borders = [n for n in range(plan.days) if n == 0 or plan.day(n).day == 1] + [plan.days]
    yield from pairwise(borders)
