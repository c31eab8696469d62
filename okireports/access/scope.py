"""A viewer's scope: whose rows she sees now, and what she may do with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from numbers import Integral
from typing import Any

import duckdb

from okireports.access.rights import RESTRICTIONS
from okireports.disk.folder import NO_PROJECT
from okireports.errors import BadOption, Refused, UnknownName, UnknownViewer

# SQL: does a stretch of validity, half-open, hold at $now?
VALID = "(valid_from IS NULL OR valid_from <= $now) AND (valid_to IS NULL OR valid_to > $now)"


@dataclass(frozen=True)
class Project:
    """A project by id and name."""

    id: int
    name: str


@dataclass(frozen=True)
class Scope:
    """What one viewer may open: projects, rights, reports; made anew from the control file for each call."""

    login: str
    user_id: int
    role: str
    everything: bool
    projects: tuple[Project, ...]
    rights: frozenset[str]
    reports: tuple[str, ...]
    reason: str | None
    narrowed: bool = False
    reader: str | None = None  # who looks through her eyes, where it is not herself

    @property
    def stores(self) -> tuple[int, ...]:
        """The ids of the stores that are opened; of no project (0) only for who sees everything."""
        none = (NO_PROJECT,) if self.everything and not self.narrowed else ()
        return (*none, *(project.id for project in self.projects))

    @property
    def own_rows_only(self) -> bool:
        """Is she restricted to rows of which she is the operator?"""
        return "own_rows_only" in self.rights

    @property
    def aliases(self) -> bool:
        """Does she see operators as aliases only?"""
        return "aliases" in self.rights

    @property
    def called(self) -> str:
        """The login; of a preview also who looks."""
        return f"{self.login}, previewed by {self.reader}" if self.reader else self.login

    def may(self, right: str | None) -> bool:
        """Has she this right? No right is needed for None."""
        return right is None or right in self.rights

    def demand(self, right: str) -> None:
        """Refuse unless she has the right."""
        if right not in self.rights or right in RESTRICTIONS:
            raise Refused(
                f"{self.login} (role {self.role}) lacks the right {right!r}; an admin can grant it by a role."
            )

    def narrow(self, projects: Iterable[str | int] | str | int | None) -> Scope:
        """The same viewer looking at some of her projects, given by name or id; None is all of them.

        Raises:
            UnknownName: one of them is not hers, or does not exist: the same error.
        """
        if projects is None:
            return self
        chosen = {}
        for wanted in several(projects):
            found = [p for p in self.projects if wanted in (p.name, p.id) and not isinstance(wanted, bool)]
            if not found:
                raise UnknownName("project", wanted, (p.name for p in self.projects))
            chosen[found[0].id] = found[0]
        return replace(self, projects=tuple(sorted(chosen.values(), key=lambda p: (p.name, p.id))), narrowed=True)


def several(wanted: Iterable[str | int] | str | int) -> tuple[str | int, ...]:
    """One name or id, or several, as several; an id may be a whole number of any type, as it comes out of a dataframe.

    Raises:
        BadOption: it is neither.
    """
    whole: Any = wanted
    try:
        names: tuple[Any, ...] = (whole,) if isinstance(whole, str | Integral) else tuple(whole)
    except TypeError:
        raise BadOption(f"{wanted!r} is no name. Give a name or an id, or a list of them.") from None
    return tuple(n if isinstance(n, bool) or not isinstance(n, Integral) else int(n) for n in names)


def unknown_viewer(login: object) -> UnknownViewer:
    """There is no active user with this login, or none that may be known."""
    return UnknownViewer(f"There is no active user {login!r}. Logins are compared letter by letter, but for case.")


def resolve(con: duckdb.DuckDBPyConnection, login: str, *, reason: str | None, now: datetime) -> Scope:
    """The scope of a login, from the control file attached as `control`.

    Args:
        con: a connection in which the control file is attached.
        login: as it was typed; case does not matter, everything else does.
        reason: why, of one who sees everything.
        now: naive UTC; memberships count that hold now.

    Raises:
        UnknownViewer: there is no active user with this login.
        Refused: she sees everything and gives no reason.
    """
    row = con.execute(
        """SELECT u.user_id, u.login, u.role, r.rights, r.reports FROM control.users u
        JOIN control.roles r ON r.role = u.role WHERE lower(u.login) = lower(?) AND u.active""",
        [login if isinstance(login, str) else None],
    ).fetchone()
    if row is None:
        raise unknown_viewer(login)
    user_id, known, role, rights, reports = row
    simplified = con.execute("SELECT value = 'simplified' FROM control.settings WHERE key = 'security'").fetchone()
    if simplified and simplified[0]:
        projects = con.execute("SELECT project_id, name FROM control.projects WHERE project_id = 1").fetchall()
        everything = False
    else:
        everything = "see_all_projects" in rights
        member = f"SELECT project_id FROM control.memberships WHERE user_id = $user AND {VALID}"
        mine = "" if everything else f"WHERE project_id IN ({member})"
        projects = con.execute(
            f"SELECT project_id, name FROM control.projects {mine} ORDER BY name, project_id",
            {} if everything else {"user": user_id, "now": now},
        ).fetchall()
    if everything and not (reason and reason.strip()):
        raise Refused(
            f"{known} sees all projects, which is written down with a reason: give one, such as reason='audit of May'."
        )
    return Scope(
        known,
        user_id,
        role,
        everything,
        tuple(Project(*p) for p in projects),
        frozenset(rights),
        tuple(reports),
        reason.strip() if reason else None,
    )
