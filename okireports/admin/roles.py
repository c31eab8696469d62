"""Roles: nobody gives what they lack; presets stay as they are, own roles change while nobody gains by it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from okireports import report
from okireports.access import PRESETS, RESTRICTIONS, RIGHTS, may_run
from okireports.admin.change import Change, Part, demand_whole_centre, frame, proper
from okireports.errors import ChangeError, Refused, UnknownName, did_you_mean


class Roles(Part):
    """Roles: presets, and copies of them with more or less."""

    @property
    def frame(self) -> pd.DataFrame:
        """role, preset, rights, reports, users (how many have it)."""
        return frame(
            self.folder,
            """SELECT role, preset, rights, reports,
            (SELECT count(*) FROM control.users u WHERE u.role = r.role) AS users FROM control.roles r ORDER BY role""",
        )

    def create(
        self,
        role: str,
        *,
        copy: str,
        add: Iterable[str] = (),
        take: Iterable[str] = (),
        reports: Iterable[str] | None = None,
        actor: str = "",
        reason: str = "",
    ) -> None:
        """Make a role from another one with rights added and taken; nobody grants a right that they lack.

        Args:
            role: its name.
            copy: the role that it starts from.
            add: rights or restrictions that it has beside those.
            take: rights or restrictions that it has not.
            reports: what it may run instead: names, `*` for all, `-name` for all but one.
            actor: who makes it.
            reason: why.
        """
        proper("role", role)
        added, taken = added_and_taken(add, take)
        listed = None if reports is None else known_reports(reports)
        with self.changing("manage_users", actor, reason) as change:
            if change.one("SELECT 1 FROM control.roles WHERE lower(role) = lower(?)", role):
                raise ChangeError(f"There is a role {role!r} already (compared without regard to case).")
            rights, permitted = as_it_is(change, copy)
            values = {
                "rights": changed(rights, added, taken),
                "reports": permitted if listed is None else listed,
            }
            change.add("roles", {"role": role, "preset": False, **values})
            grantable(change, role)
            change.log("create role", "role", role, {}, {"copy": copy, **values})

    def change(
        self,
        role: str,
        *,
        add: Iterable[str] = (),
        take: Iterable[str] = (),
        reports: Iterable[str] | None = None,
        actor: str = "",
        reason: str = "",
    ) -> None:
        """Change an own role for all who have it; neither what it was nor what it becomes may exceed the actor.

        Args:
            role: its name; a preset stays as it is.
            add: rights or restrictions that it gains.
            take: rights or restrictions that it loses.
            reports: what it may run from now on: names, `*` for all, `-name` for all but one.
            actor: who changes it.
            reason: why.
        """
        added, taken = added_and_taken(add, take)
        listed = None if reports is None else known_reports(reports)
        if not added and not taken and listed is None:
            raise ChangeError("Say what to change: add, take, reports.")
        with self.changing("manage_users", actor, reason) as change:
            rights, permitted = own_role(change, role)
            before = {"rights": rights, "reports": permitted}
            after = {"rights": changed(rights, added, taken), "reports": permitted if listed is None else listed}
            change.con.execute(
                "UPDATE control.roles SET rights = $rights, reports = $reports WHERE role = $role",
                {**after, "role": role},
            )
            grantable(change, role)
            change.log("change role", "role", role, before, after)

    def remove(self, role: str, *, actor: str = "", reason: str = "") -> None:
        """Take away an own role that nobody has."""
        with self.changing("manage_users", actor, reason) as change:
            rights, permitted = own_role(change, role)
            row = change.one("SELECT count(*), min(login) FROM control.users WHERE role = ?", role)
            if row and row[0]:
                more = f" and {row[0] - 1:,} more" if row[0] > 1 else ""
                raise ChangeError(f"The role {role!r} is in use: {row[1]}{more} has it. Give them another role first.")
            change.con.execute("DELETE FROM control.roles WHERE role = ?", [role])
            change.log("remove role", "role", role, {"rights": rights, "reports": permitted}, {})


def own_role(change: Change, role: str) -> tuple[list[str], list[str]]:
    """The rights and reports of a role that is no preset, is not beyond the actor, and is held by people of hers only.

    Raises:
        ChangeError: it is a preset.
        Refused: it may more than the actor, or people have it whom she does not see.
    """
    found = as_it_is(change, role)
    if change.one("SELECT 1 FROM control.roles WHERE role = ? AND preset", role):
        raise ChangeError(f"{role} is a preset, which stays as it is. Copy it: roles.create('...', copy={role!r}).")
    grantable(change, role)
    elsewhere = """SELECT 1 FROM control.users JOIN control.memberships USING (user_id) WHERE role = ?
    AND (valid_to IS NULL OR valid_to > ?) AND NOT list_contains(?, project_id)"""
    if change.one(elsewhere, role, change.now, sorted(change.mine)):
        demand_whole_centre(change, f"The role {role!r} holds")
    return found


def as_it_is(change: Change, role: str) -> tuple[list[str], list[str]]:
    """The rights and reports of a role."""
    row = change.one("SELECT rights, reports FROM control.roles WHERE role = ?", role)
    if row is None:
        raise UnknownName("role", role, roles(change))
    return list(row[0]), list(row[1])


def added_and_taken(add: Iterable[str], take: Iterable[str]) -> tuple[set[str], set[str]]:
    """Rights to add and to take away; what is to be both is refused."""
    added, taken = rights_of(add), rights_of(take)
    if both := sorted(added & taken):
        raise ChangeError(f"{both[0]!r} cannot be added and taken away at once.")
    return added, taken


def changed(rights: Iterable[str], added: set[str], taken: set[str]) -> list[str]:
    """Rights with some added and some taken, in their usual order; a role that contradicts itself is refused."""
    found = [right for right in (*RIGHTS, *RESTRICTIONS) if right in {*rights, *added} - taken]
    if "own_rows_only" in found and "run_sql" in found:
        raise ChangeError("A role with 'own_rows_only' cannot hold 'run_sql': SQL is not bound to own rows.")
    if "own_rows_only" in found and "see_all_projects" in found:
        raise ChangeError("A role cannot hold both 'own_rows_only' and 'see_all_projects': own rows, or every row.")
    return found


def grantable(change: Change, role: str) -> None:
    """Refuse a role that may more than the actor: a right, a report, or being free of a restriction."""
    rights, permitted = as_it_is(change, role)
    scope = change.scope
    beyond = sorted(set(rights) - set(RESTRICTIONS) - scope.rights)
    beyond += [f"being without {name}" for name in RESTRICTIONS if name in scope.rights and name not in rights]
    beyond += [f"the report {name}" for name in reports_beyond(permitted, scope.reports)]
    if beyond:
        raise Refused(f"{scope.login} lacks {', '.join(beyond)}, and so cannot give the role {role!r} to anyone.")


def reports_beyond(given: Iterable[str], own: Iterable[str]) -> list[str]:
    """What a list of reports permits and another one does not; `*` stands for all that may yet come."""
    given, own = set(given), set(own)
    if "*" not in given:
        return sorted(
            name for name in given if not name.startswith("-") and may_run(name, given) and not may_run(name, own)
        )
    if "*" not in own:
        return ["*"]
    return sorted(name[1:] for name in own - given if name.startswith("-"))


def roles(change: Change) -> list[str]:
    """The names of all roles."""
    return [role for (role,) in change.con.execute("SELECT role FROM control.roles ORDER BY role").fetchall()]


def rights_of(names: Iterable[str]) -> set[str]:
    """Names of rights and restrictions; an unknown one is refused."""
    known = (*RIGHTS, *RESTRICTIONS)
    found = {names} if isinstance(names, str) else set(names)
    for right in sorted(found):
        if right not in known:
            raise ChangeError(f"There is no right {right!r}.{did_you_mean(right, known)}")
    return found


def known_reports(names: Iterable[str]) -> list[str]:
    """A list of reports as a role has it; one that is misspelt, or permitted and taken away, is refused."""
    found = [names] if isinstance(names, str) else list(names)
    known = {r.name for r in report.all_reports()}
    known |= {name.removeprefix("-") for preset in PRESETS.values() for name in preset.reports if name != "*"}
    for name in found:
        if name != "*" and name.removeprefix("-") not in known:
            raise ChangeError(f"There is no report {name!r}.{did_you_mean(name.removeprefix('-'), known)}")
        if f"-{name}" in found:
            raise ChangeError(f"reports: {name!r} and '-{name}' contradict each other.")
    return found
