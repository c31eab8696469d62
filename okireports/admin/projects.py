"""Projects: who works in them, and what they own."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from okireports.admin.change import Change, Part, frame, proper, utc
from okireports.admin.people import VALID
from okireports.errors import ChangeError, Refused, UnknownName, did_you_mean
from okireports.tables import EXCLUSIVE, OBJECT_KINDS


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
        self, name: str, *, description: str | None = None, client: str | None = None, actor: str, reason: str
    ) -> None:
        """Make a project; its name is unique among the active ones."""
        proper("project", name)
        with self.changing("manage_projects", actor, reason) as change:
            free_name(change, name)
            project_id = change.next_id("projects", "project_id")
            values = {"name": name, "description": description, "client": client}
            change.add("projects", {"project_id": project_id, **values, "created_at": change.now})
            change.log("create project", "project", name, {}, values, project_id)

    def rename(self, name: str, new: str, *, actor: str, reason: str) -> None:
        """Give a project another name; its files carry its id, and stay."""
        proper("project", new)
        with self.changing("manage_projects", actor, reason) as change:
            project_id = change.project(name)
            free_name(change, new)
            change.con.execute("UPDATE control.projects SET name = ? WHERE project_id = ?", [new, project_id])
            change.log("rename project", "project", new, {"name": name}, {"name": new}, project_id)

    def archive(self, name: str, *, actor: str, reason: str) -> None:
        """End a project: its rows stay and can be read by its members, nothing new is loaded into it."""
        with self.changing("manage_projects", actor, reason) as change:
            project_id = change.project(name)
            change.con.execute(
                "UPDATE control.projects SET archived_at = ? WHERE project_id = ?", [change.now, project_id]
            )
            change.log("archive project", "project", name, {}, {"archived_at": change.now}, project_id)

    def add_member(
        self,
        project: str,
        login: str,
        *,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        actor: str,
        reason: str,
    ) -> None:
        """Put a person into a project, from now or `valid_from` on; she then sees its whole history."""
        with self.changing("manage_access", actor, reason) as change:
            project_id = change.project(project)
            user_id, known = change.user(login)
            since = utc(valid_from) if valid_from else change.now
            until = utc(valid_to) if valid_to else None
            if until and until <= since:
                raise ChangeError("valid_to is not after valid_from.")
            values = {"user_id": user_id, "project_id": project_id, "valid_from": since, "valid_to": until}
            meets = """SELECT 1 FROM control.memberships WHERE user_id = ? AND project_id = ?
            AND (valid_to IS NULL OR valid_to > ?) AND (valid_from IS NULL OR ?::TIMESTAMP IS NULL OR valid_from < ?)"""
            if change.one(meets, user_id, project_id, since, until, until):
                raise ChangeError(f"{known} is in {project} already at that time; take her out first to change it.")
            change.add("memberships", values)
            change.log("add member", "project", project, {}, {"user": known, "from": since, "to": until}, project_id)

    def remove_member(self, project: str, login: str, *, actor: str, reason: str) -> None:
        """Take a person out of a project: at her next call she sees nothing of it."""
        with self.changing("manage_access", actor, reason) as change:
            project_id = change.project(project)
            user_id, known = change.user(login)
            if not change.end("memberships", "user_id = $u AND project_id = $p", u=user_id, p=project_id):
                raise ChangeError(f"{known} is not in {project}.")
            change.log("remove member", "project", project, {"user": known}, {"to": change.now}, project_id)

    def add_object(self, project: str, kind: str, name: str, *, actor: str, reason: str) -> None:
        """Put an object into a project, made where it is new; one of an exclusive kind leaves its old project now."""
        known_kind(kind)
        proper(kind, name)
        with self.changing("manage_projects", actor, reason) as change:
            project_id = change.project(project)
            row = change.one("SELECT object_id FROM control.objects WHERE kind = ? AND name = ?", kind, name)
            object_id = int(row[0]) if row else change.next_id("objects", "object_id")
            since = change.now if row else None
            if row:
                owners = owners_of(change, object_id)
                if project_id in owners:
                    raise ChangeError(f"{kind} {name!r} is in {project} already.")
                if kind in EXCLUSIVE and owners:
                    leave_projects(change, object_id, kind, name, owners)
            else:
                change.add("objects", {"object_id": object_id, "kind": kind, "name": name})
            change.add("project_objects", {"object_id": object_id, "project_id": project_id, "valid_from": since})
            change.log("add object", kind, name, {}, {"project": project, "from": since}, project_id)

    def remove_object(self, project: str, kind: str, name: str, *, actor: str, reason: str) -> None:
        """Take an object out of a project from now on; what it had before stays there."""
        known_kind(kind)
        with self.changing("manage_projects", actor, reason) as change:
            project_id = change.project(project)
            row = change.one("SELECT object_id FROM control.objects WHERE kind = ? AND name = ?", kind, name)
            if row is None or not change.end(
                "project_objects", "object_id = $o AND project_id = $p", o=int(row[0]), p=project_id
            ):
                raise UnknownName(kind, name)
            change.log("remove object", kind, name, {"project": project}, {"to": change.now}, project_id)


def free_name(change: Change, name: str) -> None:
    """Refuse the name of another active project."""
    if change.one("SELECT 1 FROM control.projects WHERE name = ? AND archived_at IS NULL", name):
        raise ChangeError(f"There is an active project {name!r} already.")


def known_kind(kind: str) -> None:
    """Refuse what is no kind of object."""
    if kind not in OBJECT_KINDS:
        kinds = ", ".join(OBJECT_KINDS)
        raise ChangeError(f"kind {kind!r}: it is one of {kinds}.{did_you_mean(kind, OBJECT_KINDS)}")


def owners_of(change: Change, object_id: int) -> dict[int, str]:
    """The projects that have an object now or will have it, with their names."""
    rows = change.con.execute(
        """SELECT DISTINCT project_id, p.name FROM control.project_objects JOIN control.projects p USING (project_id)
        WHERE object_id = ? AND (valid_to IS NULL OR valid_to > ?) ORDER BY project_id""",
        [object_id, change.now],
    ).fetchall()
    return {int(project): str(name) for project, name in rows}


def leave_projects(change: Change, object_id: int, kind: str, name: str, owners: dict[int, str]) -> None:
    """An exclusive object leaves the project where it is now; what it had before stays there."""
    if set(owners) - change.mine:
        raise Refused("That object is not free to be moved by you.")
    change.end("project_objects", "object_id = $o", o=object_id)
    for project_id, project in owners.items():
        change.log("remove object", kind, name, {"project": project}, {"to": change.now}, project_id)
