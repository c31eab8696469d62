"""Looking through another one's eyes: what she would see, as far as the one who looks may manage it.

Who may add members of a project may look at it as one of them does. A preview is never more than the looker's own: of
her projects, rights and reports it keeps those that both have; restrictions of either hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import duckdb

from okireports.access.rights import RESTRICTIONS, may_run
from okireports.access.scope import Scope, resolve, unknown_viewer
from okireports.audit import Entry
from okireports.errors import Refused

RIGHT = "manage_access"


def through(
    con: duckdb.DuckDBPyConnection, login: str, *, actor: str | None, reason: str | None, now: datetime
) -> Scope:
    """The scope of a login, or what an actor who previews it may see of that; see `resolve` for the arguments.

    Raises:
        UnknownViewer: there is no active user with this login, or she works where the actor does not: the same error.
        Refused: the actor may not preview; or somebody sees everything and there is no reason.
    """
    if actor is None:
        return resolve(con, login, reason=reason, now=now)
    looking = resolve(con, actor, reason=reason, now=now)
    looking.demand(RIGHT)
    if looking.own_rows_only:
        raise Refused(f"{looking.login} (role {looking.role}) sees only her own rows, and so previews nobody's.")
    seen = resolve(con, login, reason=reason, now=now)
    shared = tuple(project for project in seen.projects if project in looking.projects)
    if not (shared or looking.everything):
        raise unknown_viewer(login)
    return replace(
        seen,
        everything=seen.everything and looking.everything,
        projects=shared,
        rights=frozenset(narrowest(seen.rights, looking.rights)),
        reports=permitted_to_both(seen.reports, looking.reports),
        reader=looking.login,
    )


def narrowest(one: frozenset[str], other: frozenset[str]) -> set[str]:
    """The rights that both have, and the restrictions that either has."""
    return {name for name in one | other if name in RESTRICTIONS or (name in one and name in other)}


def permitted_to_both(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    """A list of reports that permits what two lists permit."""
    one, other = tuple(one), tuple(other)
    taken = [name for name in (*one, *other) if name.startswith("-")]
    if "*" in one and "*" in other:
        return ("*", *taken)
    named = [name for name in (*one, *other) if name != "*" and not name.startswith("-")]
    return tuple(dict.fromkeys(name for name in named if may_run(name, one) and may_run(name, other)))


def trace(scope: Scope, action: str, kind: str, subject: str) -> Entry:
    """What a read leaves in the journal: which projects were asked for, where not all; a preview is the looker's."""
    said: dict[str, object] = {"projects": [project.id for project in scope.projects]} if scope.narrowed else {}
    if scope.reader:
        action, said = f"preview: {action}", {**said, "as": scope.login}
    after = json.dumps(said) if said else None
    return Entry(scope.reader or scope.login, action, kind, subject, after=after, reason=scope.reason)
