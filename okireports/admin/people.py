"""People: who they are, which role they have; one active admin remains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from okireports.access import VALID
from okireports.admin.change import Change, Part, demand_projects, frame
from okireports.admin.membership import join, join_group, known_group, own_people
from okireports.admin.roles import grantable
from okireports.errors import ChangeError
from okireports.loading.names import login_fault, skeleton

CHANGEABLE = ("name", "email", "role", "active")


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
        projects: Iterable[str | int] | str | int = (),
        groups: Iterable[str] | str = (),
        actor: str = "",
        reason: str = "",
    ) -> None:
        """Add a person; the role may hold no right that the actor lacks.

        Args:
            login: what she types to log in.
            name: as people call her.
            email: her mail.
            role: what she may do.
            projects: she is in these from now on; the right `manage_access` is needed.
            groups: she is in these from now on.
            actor: who adds her.
            reason: why.
        """
        if problem := login_fault(login):
            raise ChangeError(f"login {login!r}: {problem}")
        into = [projects] if isinstance(projects, str | int) else list(projects)
        labels = [groups] if isinstance(groups, str) else list(groups)
        with self.changing("manage_users", actor, reason) as change:
            distinct_login(change, login)
            grantable(change, role)
            values = {"login": login, "name": name, "email": email, "role": role, "active": True}
            change.add("users", {"user_id": change.next_id("users", "user_id"), **values})
            change.log("create user", "user", login, {}, values)
            for group in labels:
                join_group(change, known_group(change, group), login, change.now, None)
            if into:
                change.scope.demand("manage_access")
                demand_projects(change)
            for project in into:
                join(change, change.project(project), login, change.now, None)

    def change(self, login: str, *, actor: str = "", reason: str = "", **values: Any) -> None:
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


def distinct_login(change: Change, login: str) -> None:
    """Refuse a login that is another one's but for case, or that cannot be told from it by eye."""
    for (other,) in change.con.execute("SELECT login FROM control.users").fetchall():
        if other.lower() == login.lower():
            raise ChangeError(f"There is a user {other!r} already (logins are compared without regard to case).")
        if skeleton(other) == skeleton(login):
            raise ChangeError(f"login {login!r}: its letters look like those of {other!r}, who is someone else.")
