"""Projects: who works in them, and what they own."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from okireports.access import VALID
from okireports.admin import objects
from okireports.admin.change import Change, Part, demand_projects, frame, proper, utc
from okireports.admin.membership import is_in, join, leave, members_of, stretch
from okireports.errors import ChangeError
from okireports.tables import EXCLUSIVE

CHANGEABLE = ("description", "client")
Name = str | int  # of a project; an id where several had one name after each other


class Projects(Part):
    """Projects: who works in them, and what they own."""

    @property
    def frame(self) -> pd.DataFrame:
        """project_id, project, description, client, created_at, archived_at, members, objects (counts of today)."""
        return frame(
            self.folder,
            f"""SELECT project_id, name AS project, description, client, created_at, archived_at,
            (SELECT count(DISTINCT user_id) FROM control.memberships m WHERE m.project_id = p.project_id AND {VALID})
            AS members,
            (SELECT count(DISTINCT object_id) FROM control.project_objects o WHERE o.project_id = p.project_id
            AND {VALID}) AS objects FROM control.projects p ORDER BY name, project_id""",
            {"now": self.now},
        )

    def create(
        self, name: str, *, description: str | None = None, client: str | None = None, actor: str = "", reason: str = ""
    ) -> None:
        """Make a project; its name is unique among the active ones."""
        proper("project", name)
        with self.changing("manage_projects", actor, reason) as change:
            demand_projects(change)
            free_name(change, name)
            project_id = change.next_id("projects", "project_id")
            values = {"name": name, "description": description, "client": client}
            change.add("projects", {"project_id": project_id, **values, "created_at": change.now})
            change.log("create project", "project", name, {}, values, project_id)

    def rename(self, name: Name, new: str, *, actor: str = "", reason: str = "") -> None:
        """Give a project another name; its files carry its id, and stay."""
        proper("project", new)
        with self.changing("manage_projects", actor, reason) as change:
            project_id, known = change.project(name)
            free_name(change, new)
            change.con.execute("UPDATE control.projects SET name = ? WHERE project_id = ?", [new, project_id])
            change.log("rename project", "project", new, {"name": known}, {"name": new}, project_id)

    def change(self, project: Name, *, actor: str = "", reason: str = "", **values: str | None) -> None:
        """Change a project's description or client; None takes it away."""
        if unknown := sorted(set(values) - set(CHANGEABLE)):
            raise ChangeError(f"A project has no {unknown[0]!r}; change {', '.join(CHANGEABLE)}, or rename it.")
        if not values:
            raise ChangeError(f"Say what to change: {', '.join(CHANGEABLE)}.")
        with self.changing("manage_projects", actor, reason) as change:
            project_id, known = change.project(project)
            row = change.one("SELECT description, client FROM control.projects WHERE project_id = ?", project_id)
            before = dict(zip(CHANGEABLE, row or (), strict=True))
            change.con.execute(
                "UPDATE control.projects SET description = $description, client = $client WHERE project_id = $id",
                {**before, **values, "id": project_id},
            )
            change.log("change project", "project", known, before, {**before, **values}, project_id)

    def archive(self, name: Name, *, actor: str = "", reason: str = "") -> None:
        """End a project: its objects leave it now; its rows stay, and its members can read them."""
        with self.changing("manage_projects", actor, reason) as change:
            demand_projects(change)
            project_id, known = change.project(name)
            objects.let_go(change, (project_id, known))
            change.con.execute(
                "UPDATE control.projects SET archived_at = ? WHERE project_id = ?", [change.now, project_id]
            )
            change.log("archive project", "project", known, {}, {"archived_at": change.now}, project_id)

    def add_member(
        self,
        project: Name,
        login: str,
        *,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        actor: str = "",
        reason: str = "",
    ) -> None:
        """Put a person into a project, from now or `valid_from` on; she then sees its whole history."""
        with self.changing("manage_access", actor, reason) as change:
            demand_projects(change)
            join(change, change.project(project), login, *stretch(change, valid_from, valid_to))

    def remove_member(self, project: Name, login: str, *, actor: str = "", reason: str = "") -> None:
        """Take a person out of a project: at her next call she sees nothing of it."""
        with self.changing("manage_access", actor, reason) as change:
            leave(change, change.project(project, archived=True), login)

    def add_group(
        self,
        project: Name,
        group: str,
        *,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        actor: str = "",
        reason: str = "",
    ) -> None:
        """Put those into a project who are in a group today, one by one; who joins the group later is not in it."""
        with self.changing("manage_access", actor, reason) as change:
            demand_projects(change)
            into, (since, until) = change.project(project), stretch(change, valid_from, valid_to)
            logins = members_of(change, group)
            fresh = [
                login
                for login in logins
                if not is_in(change, "memberships", "project_id", into[0], change.user(login)[0], since, until)
            ]
            if not fresh:
                raise ChangeError(
                    f"All of the group {group} are in {into[1]} already."
                    if logins
                    else f"Nobody is in the group {group} today."
                )
            for login in fresh:
                join(change, into, login, since, until)

    def remove_group(self, project: Name, group: str, *, actor: str = "", reason: str = "") -> None:
        """Take those out of a project who are in a group today, one by one."""
        with self.changing("manage_access", actor, reason) as change:
            out_of = change.project(project, archived=True)
            there = [
                login
                for login in members_of(change, group)
                if is_in(change, "memberships", "project_id", out_of[0], change.user(login)[0], change.now, None)
            ]
            if not there:
                raise ChangeError(f"Nobody of the group {group} is in {out_of[1]}.")
            for login in there:
                leave(change, out_of, login)

    def add_object(self, project: Name, kind: str, name: str, *, actor: str = "", reason: str = "") -> None:
        """Put an object into a project, made where it is new; one of an exclusive kind leaves its old project now."""
        objects.known_kind(kind)
        proper(kind, name)
        with self.changing("manage_projects", actor, reason) as change:
            objects.put_into(change, change.project(project), kind, name)

    def move_object(
        self, kind: str, name: str, to: Name, *, valid_from: datetime | None = None, actor: str = "", reason: str = ""
    ) -> None:
        """Move an object of an exclusive kind to another project, from now or `valid_from` on.

        What it had before stays where it is, half-open: of two contacts, one that begins at that very instant is the
        new project's. `center.restamp` corrects the past.
        """
        objects.known_kind(kind)
        if kind not in EXCLUSIVE:
            raise ChangeError(
                f"{kind} {name!r} may be in several projects; it is not moved, but added and removed. In one at a time "
                f"are {', '.join(EXCLUSIVE)}."
            )
        with self.changing("manage_projects", actor, reason) as change:
            demand_projects(change)
            at = utc(valid_from) if valid_from else change.now
            if at < change.now:
                raise ChangeError("A move never moves the past: leave valid_from out, or correct it by center.restamp.")
            objects.move(change, kind, name, change.project(to), at)

    def remove_object(self, project: Name, kind: str, name: str, *, actor: str = "", reason: str = "") -> None:
        """Take an object out of a project from now on; what it had before stays there."""
        objects.known_kind(kind)
        with self.changing("manage_projects", actor, reason) as change:
            objects.take_out(change, change.project(project, archived=True), kind, name)


def free_name(change: Change, name: str) -> None:
    """Refuse the name of another active project."""
    if change.one("SELECT 1 FROM control.projects WHERE name = ? AND archived_at IS NULL", name):
        raise ChangeError(f"There is an active project {name!r} already.")
