"""Who may get what when a schedule runs: looked up then, of its viewer and of each recipient, and never kept.

A recipient gets of a project what she might have made herself: she is a member now, her role has the right `export`,
and files made in the viewer's name are hers only where her role sees all that is in them. Where it sees less, they are
made in her own name. Seeing everything counts for nobody: who does gets the projects of which she is a member.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from okireports import access
from okireports.access import VALID, Project, Scope
from okireports.errors import OkiReportsError, Refused
from okireports.run import permitted
from okireports.schedule.definition import Definition, checked_address
from okireports.tables import FACTS

SCHEDULES, EXPORTS = "schedule", "export"
OPENING = tuple(sorted({fact.right for fact in FACTS.values() if fact.right}))  # rights that open tables
UNKNOWN, NO_ADDRESS, NO_EXPORT, LESS = "unknown", "no address", "no export", "less"  # also whom there is not is unknown


@dataclass(frozen=True)
class Share:
    """What one recipient is to get: which projects, made in whose name, and where it is sent to."""

    recipient: str  # login or address
    address: str
    viewer: str  # in whose name
    projects: tuple[Project, ...]


@dataclass(frozen=True)
class Kept:
    """What one recipient does not get of a project, and why: a key of `texts`."""

    recipient: str
    project: Project
    why: str


@dataclass(frozen=True)
class Sight:
    """Who gets what of one run."""

    scope: Scope  # the viewer's, of the projects that are run
    lost: tuple[tuple[int, str], ...]  # projects that are not hers any more, by the names that she gave
    shares: tuple[Share, ...]
    kept: tuple[Kept, ...]


def sight(con: duckdb.DuckDBPyConnection, viewer: str, definition: Definition, reason: str, now: datetime) -> Sight:
    """Who gets what, from the control file attached as `control`.

    Raises:
        Refused: the viewer may not schedule or export any more, is not active, or none of the projects is hers.
    """
    scope = member(con, viewer, reason, now)
    scope.demand(SCHEDULES)
    scope.demand(EXPORTS)
    lost: tuple[tuple[int, str], ...] = ()
    if definition.projects is not None:
        hers = {project.id for project in scope.projects}
        lost = tuple((id, name) for id, name in definition.projects if id not in hers)
        scope = scope.narrow([id for id, _ in definition.projects if id in hers])
    if not scope.projects:
        raise Refused(f"{scope.login} is not a member of any of the projects that this schedule is about.")
    shares: list[Share] = []
    kept: list[Kept] = []

    def given(recipient: str, told: dict[Project, str]) -> tuple[Project, ...]:
        kept.extend(Kept(recipient, project, told[project]) for project in scope.projects if project in told)
        return tuple(project for project in scope.projects if project not in told)

    for login in definition.recipients:
        if projects := given(login, inside(con, login, scope, now)):
            name = in_whose_name(con, login, scope, definition, now)
            shares.append(Share(login, str(address_of(con, login)), name, projects))
    for address in definition.addresses:
        if projects := given(address, outside(con, address, scope, now)):
            shares.append(Share(address, address, scope.login, projects))
    return Sight(scope, lost, tuple(shares), tuple(kept))


def member(con: duckdb.DuckDBPyConnection, login: str, reason: str, now: datetime) -> Scope:
    """Someone's scope, of the projects of which she is a member; she may still be one who sees everything."""
    scope = access.resolve(con, login, reason=reason, now=now)
    if not scope.everything:
        return scope
    rows = con.execute(
        f"SELECT DISTINCT project_id FROM control.memberships WHERE user_id = $user AND {VALID}",
        {"user": scope.user_id, "now": now},
    ).fetchall()
    mine = {int(project) for (project,) in rows}
    return replace(scope, projects=tuple(p for p in scope.projects if p.id in mine), narrowed=True)


def inside(con: duckdb.DuckDBPyConnection, login: str, scope: Scope, now: datetime) -> dict[Project, str]:
    """By project, why a person of the centre does not get it; whoever is not in a project is as unknown as nobody."""
    try:
        hers = member(con, login, "scheduled", now)
    except Refused:
        return dict.fromkeys(scope.projects, UNKNOWN)
    lacks = NO_EXPORT if not hers.may(EXPORTS) else NO_ADDRESS if address_of(con, login) is None else None
    told = {project: lacks if project in hers.projects else UNKNOWN for project in scope.projects}
    return {project: why for project, why in told.items() if why is not None}


def in_whose_name(
    con: duckdb.DuckDBPyConnection, login: str, scope: Scope, definition: Definition, now: datetime
) -> str:
    """The login in whose name a person's files are made: the viewer's, or her own where she sees less or otherwise."""
    hers = member(con, login, "scheduled", now)
    return scope.login if covers(hers, scope, definition) else hers.login


def covers(hers: Scope, scope: Scope, definition: Definition) -> bool:
    """Does a recipient see all that is in files made by another scope, and as it is in them?"""
    if hers.user_id == scope.user_id:
        return True
    if any(scope.may(right) and not hers.may(right) for right in OPENING):
        return False
    if hers.own_rows_only or (hers.aliases and not scope.aliases):
        return False
    asked = definition.reports
    names = [r.name for r in permitted(scope)] if isinstance(asked, str) else [name for name, _ in asked]
    return set(names) <= {r.name for r in permitted(hers)}


def outside(con: duckdb.DuckDBPyConnection, address: str, scope: Scope, now: datetime) -> dict[Project, str]:
    """By project, why an outside address does not get it: it gets those that somebody bound it to."""
    rows = con.execute(
        f"SELECT project_id FROM control.addresses WHERE lower(address) = lower($address) AND {VALID}",
        {"address": address, "now": now},
    ).fetchall()
    bound = {int(project) for (project,) in rows}
    return {project: UNKNOWN for project in scope.projects if project.id not in bound}


def address_of(con: duckdb.DuckDBPyConnection, login: str) -> str | None:
    """Where a person's mail goes; None where none is known, or what is known is no address."""
    row = con.execute("SELECT email FROM control.users WHERE lower(login) = lower(?)", [login]).fetchone()
    try:
        return checked_address(row[0].strip()) if row and row[0] else None
    except OkiReportsError:
        return None
