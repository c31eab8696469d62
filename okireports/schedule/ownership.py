"""Whose a schedule is: who may make it, change it, and read of it in the change log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import Any

from okireports import access
from okireports.access import VALID, Scope
from okireports.admin import Change
from okireports.admin.change import sees_whole_centre
from okireports.errors import BadOption, Refused, UnknownName, did_you_mean
from okireports.schedule.definition import Definition, as_names, as_pairs, checked
from okireports.schedule.sight import EXPORTS, OPENING, SCHEDULES, UNKNOWN, inside, member, outside
from okireports.schedule.timing import Cron, period_at

MANAGES = "manage_access"
LINES = ("cron", "period", "language", "webhook")
SEVERAL = ("formats", "destinations", "recipients", "addresses")
WORDS = {"no address": "has no address of mail", "no export": "lacks the right 'export', and so gets no files"}


def viewer_of(change: Change, login: str, projects: Iterable[str | int] | str | int | None) -> Scope:
    """The scope of the one whose schedule it is to be, of some of the projects of which she is a member.

    Raises:
        Refused: she may not schedule or export, or the actor may not do it for her.
        UnknownName: a project is not hers.
    """
    actor = change.scope
    other = actor.login.lower() != str(login).lower()
    if other:
        actor.demand(MANAGES)
    scope = member(change.con, login, change.reason, change.now)
    whole = sees_whole_centre(change)
    if other and not whole and not any(project.id in change.mine for project in scope.projects):
        raise access.unknown_viewer(login)
    for right in (SCHEDULES, EXPORTS):
        scope.demand(right)
    if other:
        refuse_more(actor, scope)
        if not whole and projects is None:
            raise Refused(f"{actor.login} does not see all projects, and so names those of hers that {login} sees too.")
        if not whole:  # of the others she does not hear whether they are there
            scope = replace(scope, projects=tuple(p for p in scope.projects if p.id in change.mine))
    scope = scope.narrow(projects)
    if not scope.projects:
        raise Refused(f"{scope.login} is not a member of any project: what a schedule runs over are her projects.")
    return scope


def refuse_more(actor: Scope, scope: Scope) -> None:
    """Refuse an actor who would have files made of which she may not see everything.

    Raises:
        Refused: it says which right, or which restriction.
    """
    for right in OPENING:
        if scope.may(right) and not actor.may(right):
            raise Refused(f"{actor.login} (role {actor.role}) lacks the right {right!r}, which {scope.login} has.")
    for restriction in access.RESTRICTIONS:
        if actor.may(restriction) and not scope.may(restriction):
            raise Refused(f"{actor.login} (role {actor.role}) is restricted ({restriction}), and {scope.login} not.")


def row_of(change: Change, schedule_id: Any) -> dict[str, Any]:
    """A schedule that the actor may change: her own, or one of people whom she manages.

    Raises:
        UnknownName: there is none, or it is not hers to change: the same error.
    """
    found = change.con.execute(
        """SELECT s.*, u.login FROM control.schedules s JOIN control.users u ON u.user_id = s.viewer_id
        WHERE schedule_id = ? AND removed_at IS NULL""",
        [int(schedule_id) if not isinstance(schedule_id, bool) and isinstance(schedule_id, Integral) else None],
    )
    names = [str(column[0]) for column in found.description or ()]
    values = found.fetchone()
    row = dict(zip(names, values, strict=True)) if values else None
    if row is None or not (row["login"] == change.scope.login or manages(change, Definition.read(row["definition"]))):
        raise UnknownName("schedule", schedule_id)
    return row


def manages(change: Change, definition: Definition) -> bool:
    """May the actor change a schedule that is another's?"""
    if not change.scope.may(MANAGES):
        return False
    if sees_whole_centre(change):
        return True
    return definition.projects is not None and {id for id, _ in definition.projects} <= change.mine


def with_values(given: Definition, values: Mapping[str, Any]) -> Definition:
    """A definition with what people give put into it.

    Raises:
        BadOption: there is no such thing, or it is not given as such.
    """
    known = {*Definition.__dataclass_fields__} - {"projects"}
    told: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise BadOption(f"A schedule has no {name!r}.{did_you_mean(name, known)}")
        if name == "reports":
            told[name] = as_pairs(value)
        elif name == "tables":
            told[name] = value if value == "*" else as_names(name, value)
        elif name in SEVERAL:
            told[name] = as_names(name, value)
        elif name in ("digest", "together"):
            if not isinstance(value, bool):
                raise BadOption(f"{name}={value!r}: it is True or False.")
            told[name] = value
        elif name == "webhook":
            told[name] = value or None
        else:
            told[name] = value
        if name in LINES and not isinstance(told[name], str | None if name == "webhook" else str):
            raise BadOption(f"{name}={value!r}: it is a line of text.")
    return replace(given, **told)


def settled(change: Change, given: Definition, scope: Scope, centre: Path) -> Definition:
    """A definition as it may be kept.

    Raises:
        BadOption, BadPeriod, UnknownName, UnknownReport, Refused: it says what cannot be.
    """
    settings = access.settings_at(change.con, change.now)
    Cron(given.cron, settings["timezone"])
    period_at(given.period, change.now, settings["timezone"], int(settings["week_start"]))
    given = checked(given, scope, centre)
    recipients = tuple(dict.fromkeys(as_written(change, login) for login in given.recipients))
    addresses = {address.lower(): address for address in given.addresses}
    if twice := next((login for login in recipients if login.lower() in addresses), None):
        raise BadOption(f"{twice} is both a recipient and an address: name it once.")
    given = replace(given, recipients=recipients, addresses=tuple(addresses.values()))
    for login in given.recipients:
        told = inside(change.con, login, scope, change.now)
        if len(told) == len(scope.projects):
            why = next((why for why in told.values() if why != UNKNOWN), UNKNOWN)
            if why == UNKNOWN:
                raise UnknownName("recipient", login, fellows(change, scope))
            raise BadOption(f"{login} {WORDS[why]}.")
    for address in given.addresses:
        if len(outside(change.con, address, scope, change.now)) == len(scope.projects):
            raise Refused(
                f"{address} is bound to none of these projects. Who has the right {MANAGES!r} there can do it, with "
                "center.schedules.allow(address, project, actor=..., reason=...)."
            )
    return given


def as_written(change: Change, login: str) -> str:
    """A login as it was given when it was made, which is compared without case; of nobody as it is."""
    row = change.one("SELECT login FROM control.users WHERE lower(login) = lower(?)", login)
    return str(row[0]) if row else login


def fellows(change: Change, scope: Scope) -> list[str]:
    """Who else is in the projects, by login."""
    rows = change.con.execute(
        f"""SELECT DISTINCT login FROM control.memberships JOIN control.users USING (user_id)
        WHERE active AND list_contains($projects, project_id) AND {VALID}""",
        {"projects": [project.id for project in scope.projects], "now": change.now},
    ).fetchall()
    return [str(login) for (login,) in rows]


def log(change: Change, action: str, schedule_id: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Write a change down: whole for who reads the whole log, and for members of each project what is about it."""
    change.log(action, "schedule", str(schedule_id), before, after)
    named = {id: name for said in (before, after) for id, name in said.get("projects") or ()}
    for project in sorted(named):
        was, then = (about(change, said, project) for said in (before, after))
        change.log(action, "schedule", str(schedule_id), was, then, project)


def about(change: Change, said: Mapping[str, Any], project: int) -> dict[str, Any]:
    """What a schedule says of one project: who is not in it is not named."""
    if all(id != project for id, _ in said.get("projects") or ()):
        return {}
    rows = change.con.execute(
        f"""SELECT lower(login) FROM control.memberships JOIN control.users USING (user_id)
        WHERE project_id = $project AND {VALID}
        UNION SELECT lower(address) FROM control.addresses WHERE project_id = $project AND {VALID}""",
        {"project": project, "now": change.now},
    ).fetchall()
    known = {name for (name,) in rows}
    kept = {key: said[key] for key in ("cron", "period", "formats", "reports", "tables", "digest") if key in said}
    people = {key: [name for name in said.get(key, ()) if name.lower() in known] for key in ("recipients", "addresses")}
    return kept | people
