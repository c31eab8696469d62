"""People and roles: nobody gives what they lack, and one active admin remains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from okireports import report
from okireports.access import PRESETS, RESTRICTIONS, RIGHTS, may_run
from okireports.admin.change import Change, Part, frame, proper
from okireports.errors import ChangeError, Refused, UnknownName, did_you_mean
from okireports.loading.names import login_fault, skeleton

CHANGEABLE = ("name", "email", "role", "active")
VALID = "(valid_from IS NULL OR valid_from <= $now) AND (valid_to IS NULL OR valid_to > $now)"


class Users(Part):
    """People: who they are, which role they have."""

    @property
    def frame(self) -> pd.DataFrame:
        """login, name, email, role, active, projects (names of today's memberships)."""
        return frame(
            self.folder,
            f"""SELECT login, u.name, email, role, active, coalesce((SELECT list(DISTINCT p.name ORDER BY p.name)
            FROM control.memberships m JOIN control.projects p USING (project_id) WHERE m.user_id = u.user_id
            AND {VALID}), []) AS projects FROM control.users u ORDER BY login""",
            {"now": self.now},
        )

    def create(
        self,
        login: str,
        *,
        name: str | None = None,
        email: str | None = None,
        role: str = "Operator",
        actor: str,
        reason: str,
    ) -> None:
        """Add a person; the role may hold no right that the actor lacks."""
        if problem := login_fault(login):
            raise ChangeError(f"login {login!r}: {problem}")
        with self.changing("manage_users", actor, reason) as change:
            distinct_login(change, login)
            grantable(change, role)
            values = {"login": login, "name": name, "email": email, "role": role, "active": True}
            change.add("users", {"user_id": change.next_id("users", "user_id"), **values})
            change.log("create user", "user", login, {}, values)

    def change(self, login: str, *, actor: str, reason: str, **values: Any) -> None:
        """Change name, email, role or active; the last active admin stays one."""
        if unknown := sorted(set(values) - set(CHANGEABLE)):
            raise ChangeError(f"A user has no {unknown[0]!r}; change {', '.join(CHANGEABLE)}.")
        if not values:
            raise ChangeError(f"Say what to change: {', '.join(CHANGEABLE)}.")
        if not isinstance(values.get("active", True), bool):
            raise ChangeError(f"active={values['active']!r}: it is True or False.")
        with self.changing("manage_users", actor, reason) as change:
            user_id, known = change.user(login)
            own_people(change, user_id, known)
            row = change.one("SELECT name, email, role, active FROM control.users WHERE user_id = ?", user_id)
            before = dict(zip(CHANGEABLE, row or (), strict=True))
            after = {**before, **values}
            for role in {before["role"], after["role"]}:
                grantable(change, role)
            change.con.execute(
                """UPDATE control.users SET name = $name, email = $email, role = $role, active = $active
                WHERE user_id = $id""",
                {**after, "id": user_id},
            )
            if not change.one("SELECT 1 FROM control.users WHERE role = 'Admin' AND active"):
                raise ChangeError(f"{known} is the last active admin; make another one first.")
            change.log("change user", "user", known, before, after)


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
        actor: str,
        reason: str,
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
        added, taken = rights_of(add), rights_of(take)
        listed = None if reports is None else known_reports(reports)
        with self.changing("manage_users", actor, reason) as change:
            if change.one("SELECT 1 FROM control.roles WHERE lower(role) = lower(?)", role):
                raise ChangeError(f"There is a role {role!r} already (compared without regard to case).")
            row = change.one("SELECT rights, reports FROM control.roles WHERE role = ?", copy)
            if row is None:
                raise UnknownName("role", copy, roles(change))
            rights = [right for right in (*RIGHTS, *RESTRICTIONS) if right in {*row[0], *added} - taken]
            if "own_rows_only" in rights and "run_sql" in rights:
                raise ChangeError("A role with 'own_rows_only' cannot hold 'run_sql': SQL is not bound to own rows.")
            values = {"rights": rights, "reports": list(row[1]) if listed is None else listed}
            change.add("roles", {"role": role, "preset": False, **values})
            grantable(change, role)
            change.log("create role", "role", role, {}, {"copy": copy, **values})


def distinct_login(change: Change, login: str) -> None:
    """Refuse a login that is another one's but for case, or that cannot be told from it by eye."""
    for (other,) in change.con.execute("SELECT login FROM control.users").fetchall():
        if other.lower() == login.lower():
            raise ChangeError(f"There is a user {other!r} already (logins are compared without regard to case).")
        if skeleton(other) == skeleton(login):
            raise ChangeError(f"login {login!r}: its letters look like those of {other!r}, who is someone else.")


def grantable(change: Change, role: str) -> None:
    """Refuse a role that may more than the actor: a right, a report, or being free of a restriction."""
    row = change.one("SELECT rights, reports FROM control.roles WHERE role = ?", role)
    if row is None:
        raise UnknownName("role", role, roles(change))
    scope, rights = change.scope, set(row[0])
    beyond = sorted(rights - set(RESTRICTIONS) - scope.rights)
    beyond += [f"being without {name}" for name in RESTRICTIONS if name in scope.rights and name not in rights]
    beyond += [f"the report {name}" for name in reports_beyond(row[1], scope.reports)]
    if beyond:
        raise Refused(f"{scope.login} lacks {', '.join(beyond)}, and so cannot give the role {role!r} to anyone.")


def reports_beyond(given: Iterable[str], own: Iterable[str]) -> list[str]:
    """What a list of reports permits and another one does not; `*` stands for all that may yet come."""
    given, own = set(given), set(own)
    if "*" not in given:
        return sorted(name for name in given if not name.startswith("-") and may_run(name, given) > may_run(name, own))
    if "*" not in own:
        return ["*"]
    return sorted(name[1:] for name in own - given if name.startswith("-"))


def own_people(change: Change, user_id: int, login: str) -> None:
    """Refuse to change someone who works where the actor does not; who works nowhere is anyone's."""
    if change.scope.everything:
        return
    rows = change.con.execute(
        f"SELECT DISTINCT project_id FROM control.memberships WHERE user_id = $user AND {VALID}",
        {"user": user_id, "now": change.now},
    ).fetchall()
    theirs = {int(project) for (project,) in rows}
    if theirs and not theirs & change.mine:
        raise UnknownName("user", login)
    if theirs - change.mine:
        raise Refused(f"{login} is not yours alone to change; ask an admin who sees all projects.")


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
    """A list of reports as a role has it; a misspelt name would permit or take nothing, and is refused."""
    found = [names] if isinstance(names, str) else list(names)
    known = {r.name for r in report.all_reports()}
    known |= {name.removeprefix("-") for preset in PRESETS.values() for name in preset.reports if name != "*"}
    for name in found:
        if name != "*" and name.removeprefix("-") not in known:
            raise ChangeError(f"There is no report {name!r}.{did_you_mean(name.removeprefix('-'), known)}")
    return found
