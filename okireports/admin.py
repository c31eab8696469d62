"""Administration: each change names its actor, needs a right, and is written down in the same commit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import pandas as pd

from okireports import access, audit, loading
from okireports.access import RESTRICTIONS, RIGHTS, Scope
from okireports.access.founding import DEFAULTS, checked_settings
from okireports.audit import Entry
from okireports.disk import Folder, write
from okireports.errors import ChangeError, Refused, UnknownName, did_you_mean
from okireports.loading.names import login_fault
from okireports.tables import EXCLUSIVE, OBJECT_KINDS

Clock = Callable[[], datetime]
Values = Mapping[str, Any]


@dataclass
class Change:
    """A change under way: the control file that is being written, who changes, and what is to be logged."""

    con: duckdb.DuckDBPyConnection
    scope: Scope
    now: datetime
    reason: str
    entries: list[Entry] = field(default_factory=list)

    def log(self, action: str, kind: str, subject: str, before: Values, after: Values, project: int | None = None) -> None:
        """Write down what is changed."""
        said = [json.dumps(v, default=str, ensure_ascii=False, sort_keys=True) if v else None for v in (before, after)]
        self.entries.append(Entry(self.scope.login, action, kind, subject, project, said[0], said[1], self.reason))

    def one(self, sql: str, *parameters: Any) -> tuple[Any, ...] | None:
        """The one row of a query."""
        row: tuple[Any, ...] | None = self.con.execute(sql, parameters).fetchone()
        return row

    def project(self, name: str) -> int:
        """The id of an active project of the actor's own."""
        row = self.one("SELECT project_id FROM control.projects WHERE name = ? AND archived_at IS NULL", name)
        if row is None or row[0] not in {p.id for p in self.scope.projects}:
            raise UnknownName("project", name, (p.name for p in self.scope.projects))
        return int(row[0])

    def user(self, login: str) -> int:
        """The id of a user."""
        row = self.one("SELECT user_id FROM control.users WHERE lower(login) = lower(?)", login)
        if row is None:
            raise UnknownName("user", login)
        return int(row[0])

    def add(self, table: str, values: Values) -> None:
        """Add a row to a table of the control file."""
        names, marks = ", ".join(f'"{n}"' for n in values), ", ".join("?" for _ in values)
        self.con.execute(f"INSERT INTO control.{table} ({names}) VALUES ({marks})", list(values.values()))

    def next_id(self, table: str, column: str) -> int:
        """An id that was never used."""
        row = self.one(f"SELECT coalesce(max({column}), 0) + 1 FROM control.{table}")
        return int(row[0]) if row else 1


@contextmanager
def changing(folder: Folder, clock: Clock, right: str, actor: str, reason: str) -> Iterator[Change]:
    """One change, published with its entries in the log; an actor without the right is refused, and that is logged."""
    if not reason.strip():
        raise ChangeError("Say why: reason='...' is kept with the change.")
    now = clock().astimezone(UTC).replace(tzinfo=None)
    try:
        with write(folder, "change") as writer:
            scope = access.resolve(writer.con, actor, reason=reason, now=now)
            scope.demand(right)
            change = Change(writer.con, scope, now, reason.strip())
            yield change
            audit.close(writer, change.entries, now)
    except Refused as refusal:
        audit.note(folder.journal, Entry(actor, "refused", "change", right, reason=refusal.why))
        raise


@dataclass(frozen=True)
class Part:
    """A part of the centre that can be read and changed."""

    folder: Folder
    clock: Clock = field(repr=False)

    def changing(self, right: str, actor: str, reason: str) -> Any:
        """Begin a change."""
        return changing(self.folder, self.clock, right, actor, reason)


class Users(Part):
    """People: who they are, which role they have."""

    @property
    def frame(self) -> pd.DataFrame:
        """login, name, email, role, active, projects (names of today's memberships)."""
        return frame(
            self.folder,
            """SELECT login, u.name, email, role, active, coalesce((SELECT list(DISTINCT p.name ORDER BY p.name)
            FROM control.memberships m JOIN control.projects p USING (project_id) WHERE m.user_id = u.user_id
            AND (valid_from IS NULL OR valid_from <= $now) AND (valid_to IS NULL OR valid_to > $now)), []) AS projects
            FROM control.users u ORDER BY login""",
            {"now": self.clock().astimezone(UTC).replace(tzinfo=None)},
        )

    def create(
        self, login: str, *, name: str | None = None, email: str | None = None, role: str = "Operator", actor: str, reason: str
    ) -> None:
        """Add a person; the role may hold no right that the actor lacks."""
        if problem := login_fault(login):
            raise ChangeError(f"login {login!r}: {problem}")
        with self.changing("manage_users", actor, reason) as change:
            if change.one("SELECT 1 FROM control.users WHERE lower(login) = lower(?)", login):
                raise ChangeError(f"There is a user {login!r} already (logins are compared without regard to case).")
            grantable(change, role)
            values = {"login": login, "name": name, "email": email, "role": role, "active": True}
            change.add("users", {"user_id": change.next_id("users", "user_id"), **values})
            change.log("create user", "user", login, {}, values)

    def change(self, login: str, *, actor: str, reason: str, **values: Any) -> None:
        """Change name, email, role or active; the last active admin stays one."""
        allowed = ("name", "email", "role", "active")
        if unknown := sorted(set(values) - set(allowed)):
            raise ChangeError(f"A user has no {unknown[0]!r}; change {', '.join(allowed)}.")
        with self.changing("manage_users", actor, reason) as change:
            user_id = change.user(login)
            row = change.one("SELECT name, email, role, active FROM control.users WHERE user_id = ?", user_id)
            before = dict(zip(allowed, row or (), strict=False))
            if "role" in values:
                grantable(change, values["role"])
            grantable(change, before["role"])
            after = {**before, **values}
            change.con.execute(
                "UPDATE control.users SET name = $name, email = $email, role = $role, active = $active WHERE user_id = $id",
                {**after, "id": user_id},
            )
            if not change.one("SELECT 1 FROM control.users WHERE role = 'Admin' AND active"):
                raise ChangeError(f"{login} is the last active admin; make another one first.")
            change.log("change user", "user", login, before, after)


class Projects(Part):
    """Projects: who works in them, and what they own."""

    @property
    def frame(self) -> pd.DataFrame:
        """project_id, project, description, client, created_at, archived_at, members, objects (counts of today)."""
        valid = "(valid_from IS NULL OR valid_from <= $now) AND (valid_to IS NULL OR valid_to > $now)"
        return frame(
            self.folder,
            f"""SELECT project_id, name AS project, description, client, created_at, archived_at,
            (SELECT count(DISTINCT user_id) FROM control.memberships m WHERE m.project_id = p.project_id AND {valid})
            AS members,
            (SELECT count(DISTINCT object_id) FROM control.project_objects o WHERE o.project_id = p.project_id AND {valid})
            AS objects FROM control.projects p ORDER BY name""",
            {"now": self.clock().astimezone(UTC).replace(tzinfo=None)},
        )

    def create(self, name: str, *, description: str | None = None, client: str | None = None, actor: str, reason: str) -> None:
        """Make a project; its name is unique among the active ones."""
        if not name.strip() or name != name.strip():
            raise ChangeError(f"project {name!r}: a name has no blanks at its ends, and something between.")
        with self.changing("manage_projects", actor, reason) as change:
            if change.one("SELECT 1 FROM control.projects WHERE name = ? AND archived_at IS NULL", name):
                raise ChangeError(f"There is an active project {name!r} already.")
            project_id = change.next_id("projects", "project_id")
            values = {"name": name, "description": description, "client": client}
            change.add("projects", {"project_id": project_id, **values, "created_at": change.now})
            change.log("create project", "project", name, {}, values, project_id)

    def rename(self, name: str, new: str, *, actor: str, reason: str) -> None:
        """Give a project another name; its files carry its id, and stay."""
        with self.changing("manage_projects", actor, reason) as change:
            project_id = change.project(name)
            if change.one("SELECT 1 FROM control.projects WHERE name = ? AND archived_at IS NULL", new):
                raise ChangeError(f"There is an active project {new!r} already.")
            change.con.execute("UPDATE control.projects SET name = ? WHERE project_id = ?", [new, project_id])
            change.log("rename project", "project", new, {"name": name}, {"name": new}, project_id)

    def archive(self, name: str, *, actor: str, reason: str) -> None:
        """End a project: its rows stay and can be read by its members, nothing new is loaded into it."""
        with self.changing("manage_projects", actor, reason) as change:
            project_id = change.project(name)
            change.con.execute("UPDATE control.projects SET archived_at = ? WHERE project_id = ?", [change.now, project_id])
            change.log("archive project", "project", name, {}, {"archived_at": change.now}, project_id)

    def add_member(
        self, project: str, login: str, *, valid_from: datetime | None = None, valid_to: datetime | None = None, actor: str, reason: str
    ) -> None:
        """Put a person into a project, from now or `valid_from` on; she then sees its whole history."""
        with self.changing("manage_access", actor, reason) as change:
            project_id, user_id = change.project(project), change.user(login)
            since = utc(valid_from) or change.now
            until = utc(valid_to)
            if until and until <= since:
                raise ChangeError("valid_to is not after valid_from.")
            values = {"user_id": user_id, "project_id": project_id, "valid_from": since, "valid_to": until}
            change.add("memberships", values)
            change.log("add member", "project", project, {}, {"user": login, "from": since, "to": until}, project_id)

    def remove_member(self, project: str, login: str, *, actor: str, reason: str) -> None:
        """Take a person out of a project: at her next call she sees nothing of it."""
        with self.changing("manage_access", actor, reason) as change:
            project_id, user_id = change.project(project), change.user(login)
            ended = change.con.execute(
                """UPDATE control.memberships SET valid_to = $now WHERE user_id = $user AND project_id = $project
                AND (valid_to IS NULL OR valid_to > $now)""",
                {"now": change.now, "user": user_id, "project": project_id},
            ).fetchone()
            if not ended or not ended[0]:
                raise ChangeError(f"{login} is not in {project}.")
            change.log("remove member", "project", project, {"user": login}, {"to": change.now}, project_id)

    def add_object(self, project: str, kind: str, name: str, *, actor: str, reason: str) -> None:
        """Put an object into a project, made where it is new; one of an exclusive kind leaves its old project now."""
        if kind not in OBJECT_KINDS:
            raise ChangeError(f"kind {kind!r}: it is one of {', '.join(OBJECT_KINDS)}.{did_you_mean(kind, OBJECT_KINDS)}")
        with self.changing("manage_projects", actor, reason) as change:
            project_id = change.project(project)
            row = change.one("SELECT object_id FROM control.objects WHERE kind = ? AND name = ?", kind, name)
            object_id = int(row[0]) if row else change.next_id("objects", "object_id")
            since = change.now if row else None
            if not row:
                change.add("objects", {"object_id": object_id, "kind": kind, "name": name})
            elif kind in EXCLUSIVE:
                leave_project(change, object_id)
            change.add("project_objects", {"object_id": object_id, "project_id": project_id, "valid_from": since})
            change.log("add object", kind, name, {}, {"project": project, "from": since}, project_id)


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
        """Make a role from another one with rights added and taken; nobody grants a right that they lack."""
        with self.changing("manage_users", actor, reason) as change:
            if change.one("SELECT 1 FROM control.roles WHERE role = ?", role):
                raise ChangeError(f"There is a role {role!r} already.")
            row = change.one("SELECT rights, reports FROM control.roles WHERE role = ?", copy)
            if row is None:
                raise UnknownName("role", copy, [r for (r,) in change.con.execute("SELECT role FROM control.roles").fetchall()])
            known = (*RIGHTS, *RESTRICTIONS)
            for right in (*add, *take):
                if right not in known:
                    raise ChangeError(f"There is no right {right!r}.{did_you_mean(right, known)}")
            rights = [right for right in known if right in {*row[0], *add} - set(take)]
            if "own_rows_only" in rights and "run_sql" in rights:
                raise ChangeError("A role with 'own_rows_only' cannot hold 'run_sql': SQL is not bound to own rows.")
            values = {"rights": rights, "reports": list(row[1] if reports is None else reports)}
            change.add("roles", {"role": role, "preset": False, **values})
            grantable(change, role)
            change.log("create role", "role", role, {}, {"copy": copy, **values})


class Settings(Part):
    """Settings of the centre."""

    @property
    def values(self) -> dict[str, str]:
        """All of them."""
        rows = frame(self.folder, "SELECT key, value FROM control.settings ORDER BY key")
        return dict(zip(rows["key"], rows["value"], strict=True))

    def change(self, *, actor: str, reason: str, **values: str) -> None:
        """Change settings; earlier rows keep what was stamped on them."""
        checked_settings(values)
        with self.changing("manage_definitions", actor, reason) as change:
            for key, value in values.items():
                before = change.one("SELECT value FROM control.settings WHERE key = ?", key)
                change.con.execute("UPDATE control.settings SET value = ? WHERE key = ?", [str(value), key])
                change.log("change setting", "setting", key, {"value": before[0] if before else None}, {"value": value})


@dataclass(frozen=True)
class ChangeLog:
    """Who did what; each entry follows from the one before it."""

    folder: Folder

    @property
    def frame(self) -> pd.DataFrame:
        """seq, at, actor, action, subject_kind, subject, project_id, before, after, reason, origin, hash."""
        return frame(self.folder, "SELECT * FROM control.audit ORDER BY seq")

    def verify(self, head: str | None = None) -> list[str]:
        """What is wrong with the chain, in words; an empty list when it is whole. `head`: what a manifest carries."""
        with self.folder.reading() as reading:
            return audit.verify(reading.con, head)


def rollback(folder: Folder, *, actor: str, reason: str, now: datetime, to: int | None) -> int:
    """Bring back an earlier generation's rows; the actor needs the right `operate`."""
    at = now.astimezone(UTC).replace(tzinfo=None)
    with folder.reading() as reading:
        access.resolve(reading.con, actor, reason=reason, now=at).demand("operate")
    return loading.rollback(folder, actor=actor, reason=reason, now=at, to=to)


def grantable(change: Change, role: str) -> None:
    """Refuse a role that holds a right which the actor lacks."""
    row = change.one("SELECT rights FROM control.roles WHERE role = ?", role)
    if row is None:
        raise UnknownName("role", role, [r for (r,) in change.con.execute("SELECT role FROM control.roles").fetchall()])
    if beyond := sorted(set(row[0]) - set(RESTRICTIONS) - change.scope.rights):
        raise Refused(f"{change.scope.login} lacks {', '.join(beyond)}, and so cannot give the role {role!r} to anyone.")


def leave_project(change: Change, object_id: int) -> None:
    """An exclusive object leaves the project where it is now; what it had before stays there."""
    rows = change.con.execute(
        """SELECT project_id FROM control.project_objects WHERE object_id = ? AND (valid_to IS NULL OR valid_to > ?)""",
        [object_id, change.now],
    ).fetchall()
    hidden = [project for (project,) in rows if project not in {p.id for p in change.scope.projects}]
    if hidden:
        raise Refused("That object is not free to be moved by you.")
    change.con.execute(
        """UPDATE control.project_objects SET valid_to = $now WHERE object_id = $id AND (valid_to IS NULL OR valid_to > $now)""",
        {"now": change.now, "id": object_id},
    )


def utc(at: datetime | None) -> datetime | None:
    """An aware instant as naive UTC; a naive one is taken for UTC."""
    return at.astimezone(UTC).replace(tzinfo=None) if at and at.tzinfo else at


def frame(folder: Folder, sql: str, parameters: Values | None = None) -> pd.DataFrame:
    """What a statement over the published control file gives."""
    from okireports import frames

    with folder.reading() as reading:
        return frames.frame(reading.con.execute(sql, parameters).to_arrow_table())
