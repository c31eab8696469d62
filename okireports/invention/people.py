"""The invented people: operators of whom a third work in several projects, supervisors, a client, an auditor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from okireports.invention.places import PROJECTS
from okireports.invention.plan import OPERATORS, Plan

FIRST = (
    "Anna Ben Cara Dan Ewa Filip Greta Hugo Ida Jan Kasia Leo Maja Nils Olga Piotr Quinta Rafal Sofia Tomek Una Viktor "
    "Wanda Xaver Yola Zenon Ala Bruno Celia Darek Emil Fiona Gustaw Hania Igor Julia Karol Lena Marek Nina Oskar Pola "
    "Roman Stella Tadek Ulla Vera Wojtek Yves Zofia Adela Borys Cezary Dora Edyta Feliks Gosia Henryk Iga Jurek"
).split()
LAST = "Alder Birch Clover Daisy Elder Fir Garlic Hazel Ivy Juniper Kale Lilac Maple Nettle Oak Poplar Quince".split()
HOMES = (1, 2, 4, 1, 2, 3, 5, 1, 2, 4, 6, 1, 2, 3, 4)  # the projects of operators, in turn
SECOND = {1: 2, 2: 1, 3: 2, 4: 5, 5: 6, 6: 1}  # a second project whose hours fit
THIRD = {1: 4, 2: 3, 3: 1, 4: 1, 5: 4, 6: 2}
NEWCOMERS, LEAVERS, CHANGERS = 7, 8, 9  # last digits of those who join, leave, or change their project on the way


@dataclass(frozen=True)
class Stay:
    """An operator in a project, from the first day to the day before `until`; None where there is no border."""

    operator: int
    project: int
    since: int | None = None
    until: int | None = None


STAFF = (  # login, name, role, projects
    ("admin", "Ada Admin", "Admin", ()),
    ("sara", "Sara Sycamore", "Supervisor", (1, 2)),
    ("tobias", "Tobias Thistle", "Supervisor", (3, 4)),
    ("ursula", "Ursula Umber", "Supervisor", (5, 6)),
    ("clive", "Clive Client", "Client", (1,)),
    ("audrey", "Audrey Auditor", "Auditor", (1, 2, 3, 4, 5, 6)),
)
VIEWERS = ("admin", "sara", "anna", "clive", "audrey")  # one of each preset role


def login(operator: int) -> str:
    """What an operator types to log in: the first name, with a number from the 61st on."""
    first = FIRST[operator % OPERATORS].lower()
    return first if operator < OPERATORS else f"{first}{operator // OPERATORS + 1}"


def name(operator: int) -> str:
    """What an operator is called."""
    number = f" {operator // OPERATORS + 1}" if operator >= OPERATORS else ""
    return f"{FIRST[operator % OPERATORS]} {LAST[operator * 7 % len(LAST)]}{number}"


def works_in_several(operator: int) -> bool:
    """Does an operator work in several projects at the same time?"""
    return operator % 3 == 0 and operator % 10 != CHANGERS


def stays(plan: Plan) -> Iterator[Stay]:
    """Who is in which project from when to when."""
    for operator in range(plan.operators):
        home, kind = HOMES[operator % len(HOMES)], operator % 10
        if kind == CHANGERS:
            middle = plan.days // 2
            yield Stay(operator, home, until=middle)
            yield Stay(operator, SECOND[home], since=middle)
            continue
        since = round(plan.days * 0.25) if kind == NEWCOMERS else None
        until = round(plan.days * 0.75) if kind == LEAVERS else None
        yield Stay(operator, home, since, until)
        if works_in_several(operator):
            yield Stay(operator, SECOND[home], since, until)
        if operator % 12 == 0:
            yield Stay(operator, THIRD[home], since, until)


def supervisor(project: int) -> str:
    """Who evaluates the calls of a project."""
    return next(login for login, _, role, projects in STAFF if role == "Supervisor" and project in projects)


def users(plan: Plan) -> Iterator[dict[str, object]]:
    """Rows of `users`."""
    for who, called, role, _ in STAFF:
        yield {"login": who, "name": called, "email": f"{who}@example.com", "role": role, "groups": None}
    for operator in range(plan.operators):
        groups = ["Early team" if operator % 2 else "Late team"]
        groups += ["Seniors"] if operator % 5 == 0 else []
        yield {
            "login": login(operator),
            "name": name(operator),
            "email": f"{login(operator)}@example.com",
            "role": "Operator",
            "groups": ";".join(groups),
        }


def memberships(plan: Plan) -> Iterator[dict[str, object]]:
    """Rows of `memberships`."""
    names = {p.number: p.name for p in PROJECTS}
    for who, _, _, projects in STAFF:
        for project in projects:
            yield {"login": who, "project": names[project], "valid_from": None, "valid_to": None}
    for stay in stays(plan):
        yield {
            "login": login(stay.operator),
            "project": names[stay.project],
            "valid_from": None if stay.since is None else plan.midnight(stay.since),
            "valid_to": None if stay.until is None else plan.midnight(stay.until),
        }


def group_members(plan: Plan) -> Iterator[dict[str, object]]:
    """Rows of `group_members`: newcomers, who are such for a while only."""
    for operator in range(plan.operators):
        if operator % 10 == NEWCOMERS:
            since, until = round(plan.days * 0.25), round(plan.days * 0.6)
            yield {
                "group": "Newcomers",
                "login": login(operator),
                "valid_from": plan.midnight(since),
                "valid_to": plan.midnight(until),
            }
