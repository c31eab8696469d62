"""What an administrator may see of one published state, a page at a time; what is hidden never leaves the control file.

Names of projects: her own, with `list_projects` all. People and objects: of her own projects only, people with
`manage_access`, objects with `manage_projects`. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from okireports import access
from okireports.access import VALID, Scope
from okireports.disk import Folder
from okireports.errors import Refused
from okireports.tables import EXCLUSIVE, OBJECT_KINDS

MOST = 50  # tiles, people or objects that are shown at once; a search finds the others
ENTRIES = 20  # of the change log on a page
OPENING = ("manage_projects", "manage_access", "list_projects")  # without any of them there is nothing to do here
PROJECTS_NAMED = 3  # of those in which a person works
ALWAYS = (datetime(1, 1, 1), datetime(9999, 1, 1))
STILL = "(valid_to IS NULL OR valid_to > $now)"  # now, or to come
FOUND = "contains(lower(strip_accents({})), lower(strip_accents($search)))"


@dataclass(frozen=True)
class Page:
    """Some rows of all that there are."""

    rows: tuple[Any, ...]
    all: int

    @property
    def more(self) -> int:
        """How many are not here."""
        return max(0, self.all - len(self.rows))


@dataclass(frozen=True)
class Tile:
    """A project: by name alone where it is not one's own."""

    id: int
    name: str
    archived: bool
    own: bool


@dataclass(frozen=True)
class Person:
    """A person, and the projects in which she works, as far as the administrator sees them."""

    login: str
    name: str | None
    role: str
    active: bool
    projects: tuple[str, ...]
    to_come: bool = False  # of a member: she will be one


@dataclass(frozen=True)
class Said:
    """An entry of the change log."""

    seq: int
    at: str
    actor: str
    action: str
    subject_kind: str
    subject: str
    project: str | None
    before: str | None
    after: str | None
    reason: str | None


@dataclass(frozen=True)
class Sight:
    """One published state, looked at by one administrator."""

    con: duckdb.DuckDBPyConnection
    scope: Scope
    now: datetime
    simplified: bool

    @property
    def manages_projects(self) -> bool:
        """May she arrange projects and their objects?"""
        return self.scope.may("manage_projects")

    @property
    def manages_access(self) -> bool:
        """May she arrange who is in a project? Who does not see everyone by name may not see whom."""
        return self.scope.may("manage_access") and not (self.scope.aliases or self.scope.own_rows_only)

    @property
    def reads_log(self) -> bool:
        """May she read the change log?"""
        return access.may_oversee(self.scope)

    @property
    def whole(self) -> bool:
        """Does she see the whole centre?"""
        return self.scope.everything or self.simplified

    @property
    def zone(self) -> str:
        """The centre's time zone."""
        return access.settings_at(self.con, self.now)["timezone"]

    @property
    def mine(self) -> list[int]:
        """The ids of her own projects."""
        return sorted(project.id for project in self.scope.projects)

    def tiles(self, search: str = "", *, archived: bool = False, own: bool = False) -> Page:
        """Projects by name: her own, and with `list_projects` the names of all."""
        listed = "" if self.scope.may("list_projects") and not own else "AND list_contains($mine, project_id)"
        open = "" if archived else "AND archived_at IS NULL"
        return self.page(
            f"""SELECT project_id, name, archived_at IS NOT NULL, list_contains($mine, project_id) AS own
            FROM control.projects WHERE {FOUND.format("name")} {listed} {open}""",
            Tile,
            {"mine": self.mine, "search": search},
            order="own DESC, name, project_id",
        )

    def project(self, id: int | None) -> Tile | None:
        """A project that she may open; None where it is not her own, or not there, or she may arrange nothing."""
        if not (self.manages_projects or self.manages_access):
            return None
        row = self.con.execute(
            """SELECT project_id, name, archived_at IS NOT NULL, true FROM control.projects
            WHERE project_id = $id AND list_contains($mine, project_id)""",
            {"id": id, "mine": self.mine},
        ).fetchone()
        return Tile(*row) if row else None

    def members(self, project: int, search: str = "", group: str = "") -> Page:
        """The members of one of her projects, of now and to come."""
        here = f"SELECT user_id FROM control.memberships WHERE project_id = $project AND {STILL}"
        return self.people(f"u.user_id IN ({here})", project, search, group)

    def others(self, project: int, search: str = "", group: str = "") -> Page:
        """Active people who are not in a project: those who share one with her now, of the whole centre all."""
        hers = f"SELECT user_id FROM control.memberships WHERE list_contains($mine, project_id) AND {VALID}"
        known = "true" if self.whole else f"u.user_id IN ({hers})"
        here = f"SELECT user_id FROM control.memberships WHERE project_id = $project AND {STILL}"
        return self.people(f"u.active AND {known} AND u.user_id NOT IN ({here})", project, search, group)

    def people(self, where: str, project: int, search: str, group: str) -> Page:
        """People by login, with the projects of hers in which they work."""
        if not self.manages_access or project not in self.mine:
            return Page((), 0)
        of_group = f"""SELECT user_id FROM control.group_members JOIN control.groups g USING (group_id)
        WHERE g.name = $group AND {VALID}"""
        return self.page(
            f"""SELECT u.login, u.name, u.role, u.active,
            (SELECT list(DISTINCT p.name ORDER BY p.name) FROM control.memberships JOIN control.projects p
            USING (project_id) WHERE user_id = u.user_id AND list_contains($mine, project_id) AND {VALID}) AS projects,
            EXISTS (FROM control.memberships WHERE user_id = u.user_id AND project_id = $project AND valid_from > $now)
            AND NOT EXISTS (FROM control.memberships WHERE user_id = u.user_id AND project_id = $project AND {VALID})
            FROM control.users u WHERE {where} {f"AND u.user_id IN ({of_group})" if group else ""}
            AND ({FOUND.format("u.login")} OR {FOUND.format("coalesce(u.name, '')")})""",
            lambda login, name, role, active, projects, to_come: Person(
                login, name, role, active, tuple(projects or ()), to_come
            ),
            {"project": project, "search": search, "mine": self.mine, "now": self.now, "group": group},
        )

    def groups(self, search: str = "") -> list[str]:
        """Groups in which somebody of hers is today."""
        if not self.manages_access:
            return []
        hers = f"SELECT user_id FROM control.memberships WHERE list_contains($mine, project_id) AND {VALID}"
        known = f"SELECT group_id FROM control.group_members WHERE user_id IN ({hers}) AND {VALID}"
        where = "" if self.whole else f"group_id IN ({known}) AND"
        return self.names(f"SELECT name FROM control.groups WHERE {where}", search)

    def kinds(self, project: int) -> dict[str, int]:
        """How many objects of each kind a project of hers has today."""
        counts: dict[str, int] = dict.fromkeys(OBJECT_KINDS, 0)
        if self.manages_projects and project in self.mine:
            rows = self.con.execute(
                f"""SELECT kind, count(DISTINCT object_id) FROM control.project_objects JOIN control.objects
                USING (object_id) WHERE project_id = $project AND {STILL} GROUP BY kind""",
                {"project": project, "now": self.now},
            ).fetchall()
            counts |= dict(rows)
        return counts

    def objects(self, project: int, kind: str, search: str = "") -> Page:
        """Names of the objects of a kind that a project of hers has, or will have."""
        if not self.manages_projects or project not in self.mine:
            return Page((), 0)
        return self.page(
            f"""SELECT DISTINCT name FROM control.project_objects JOIN control.objects USING (object_id)
            WHERE project_id = $project AND kind = $kind AND {STILL} AND {FOUND.format("name")}""",
            str,
            {"project": project, "kind": kind, "search": search, "now": self.now},
        )

    def free_objects(self, project: int, kind: str, search: str = "") -> list[str]:
        """Objects of a kind that could be put into a project: of her others, of the whole centre all."""
        if not self.manages_projects or project not in self.mine:
            return []
        hers = f"""AND object_id IN (SELECT object_id FROM control.project_objects
        WHERE list_contains($mine, project_id) AND {STILL})"""
        here = f"SELECT object_id FROM control.project_objects WHERE project_id = $project AND {STILL}"
        where = f"kind = $kind {'' if self.whole else hers} AND object_id NOT IN ({here}) AND"
        return self.names(
            f"SELECT DISTINCT name FROM control.objects WHERE {where}", search, project=project, kind=kind
        )

    def entries(self, project: int | None, skip: int) -> Page:
        """The change log, newest first, as far as she may read it: of one project, or of all that she sees."""
        if not self.reads_log:
            return Page((), 0)
        access.fill(self.con, self.scope, (), (), *ALWAYS, ("audit",))
        where = "" if project is None else "WHERE project_id = $project"
        given = {} if project is None else {"project": project}
        total = self.con.execute(f"SELECT count(*) FROM audit {where}", given).fetchone()
        rows = self.con.execute(
            f"""SELECT seq, strftime(timezone($zone, timezone('UTC', "at")), '%Y-%m-%d %H:%M:%S'), actor, action,
            subject_kind, subject, project, before, after, reason FROM audit {where}
            ORDER BY seq DESC LIMIT {ENTRIES} OFFSET {int(skip)}""",
            given | {"zone": self.zone},
        ).fetchall()
        return Page(tuple(Said(*row) for row in rows), total[0] if total else 0)

    def page(self, sql: str, made: Any, given: dict[str, Any], order: str = "1") -> Page:
        """The first rows of a statement, and how many there are."""
        used = {name: value for name, value in given.items() if f"${name}" in sql}
        rows = self.con.execute(
            f"SELECT *, count(*) OVER () FROM ({sql}) ORDER BY {order} LIMIT {MOST}", used
        ).fetchall()
        return Page(tuple(made(*row[:-1]) for row in rows), rows[0][-1] if rows else 0)

    def names(self, sql: str, search: str, **given: Any) -> list[str]:
        """The first names of a statement that hold what is searched."""
        given |= {"search": search, "mine": self.mine, "now": self.now}
        return list(self.page(f"{sql} {FOUND.format('name')}", str, given).rows)


@contextmanager
def looking(folder: Folder, actor: str, reason: str, now: datetime) -> Iterator[Sight]:
    """What is published now, as an administrator may see it now.

    Raises:
        UnknownViewer: there is no such person any more.
        Refused: she may arrange nothing here.
    """
    with folder.reading() as reading:
        scope = access.resolve(reading.con, actor, reason=reason, now=now)
        if not any(scope.may(right) for right in OPENING):
            raise Refused(
                f"{scope.login} (role {scope.role}) lacks the rights {', '.join(OPENING)}: one of them opens "
                "administration; an admin can grant it by a role."
            )
        security = reading.con.execute("SELECT value FROM control.settings WHERE key = 'security'").fetchone()
        yield Sight(reading.con, scope, now, security == ("simplified",))


def movable(kind: str) -> bool:
    """Is an object of this kind in one project at a time?"""
    return kind in EXCLUSIVE
