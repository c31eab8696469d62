"""The rows of a table as a scope sees them, in SQL that every engine takes, once it takes "names" so.

What is copied to several projects counts once where several of them are in view; who sees only her own rows gets those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from okireports.access.directory import DIRECTORIES
from okireports.access.scope import Scope
from okireports.disk.folder import NO_PROJECT
from okireports.tables import ACTIVITY, FACTS, Fact

HIDDEN = ("load_id",)  # says how much was loaded, also into other projects
PRESENCE = f"status NOT IN {ACTIVITY}"


@dataclass(frozen=True)
class Wanted:
    """What a run opens: tables, the span in naive UTC that its rows must meet, and which tables of names."""

    tables: tuple[str, ...]
    start: datetime
    end: datetime
    names: tuple[str, ...] = tuple(DIRECTORIES)
    ends: datetime | None = None  # of the period, where the span is wider: settings are those that hold last in it


def as_seen(fact: Fact, stored: Sequence[tuple[str, int]], scope: Scope, wanted: Wanted | None = None) -> str:
    """SQL of a table as the scope sees it.

    Args:
        fact: the table.
        stored: statements of its columns as they are stored, and the project that each is stored for; at least one.
        scope: who looks.
        wanted: copies beside its span are not counted at all, which spares most of the work; None: all are.
    """
    union = " UNION ALL ".join(f"{rows} {kept(fact, project, scope)}" for rows, project in stored)
    if not fact.copied or not several_copies(scope):
        return union
    return counted_once(fact, union, meeting(fact, wanted) if wanted else "true")


def several_copies(scope: Scope) -> bool:
    """May what is copied to projects be in view more than once?"""
    return len(scope.stores) > 1 and NO_PROJECT not in scope.stores


def kept(fact: Fact, project: int, scope: Scope) -> str:
    """SQL: what counts of a store where everything is open: copies in that of no project, contacts in theirs."""
    if not fact.copied or NO_PROJECT not in scope.stores:
        return ""
    if fact.name != "statuses":
        return "" if project == NO_PROJECT else "WHERE false"
    return "WHERE NOT masked" if project == NO_PROJECT else f"WHERE NOT masked AND NOT ({PRESENCE})"


def counted_once(fact: Fact, union: str, which: str) -> str:
    """SQL: copies in several visible projects as one row, of the project if there is but one; of those `which` count.

    A contact that is visible in one of them is not shown again as N/A of the others.
    """
    others = [name for name in columns_of(fact) if name not in ("project_id", fact.id)]
    values = ", ".join(f'any_value("{name}") AS "{name}"' for name in others)
    one = "CASE WHEN min(project_id) = max(project_id) THEN min(project_id) END AS project_id"
    columns = ", ".join(f'"{name}"' for name in columns_of(fact))
    if fact.name != "statuses":
        rows = f'SELECT "{fact.id}", {one}, {values} FROM ({union}) WHERE {which} GROUP BY "{fact.id}"'
        return f"SELECT {columns} FROM ({rows})"
    return f"""WITH held AS ({union}), mine AS (SELECT * FROM held WHERE NOT masked AND NOT ({PRESENCE})),
    copies AS (SELECT * FROM held WHERE {which} AND ({PRESENCE} OR masked)
    AND (episode_key IS NULL OR episode_key NOT IN (SELECT episode_key FROM mine WHERE episode_key IS NOT NULL)))
    SELECT {columns} FROM mine UNION ALL
    SELECT {columns} FROM (SELECT "{fact.id}", {one}, {values} FROM copies GROUP BY "{fact.id}")"""


def hers(fact: Fact, scope: Scope, wanted: Wanted) -> str:
    """SQL: which rows of a table are the viewer's own; of what has no operator those of her calls, `own_calls`."""
    names = {c.name for c in fact.columns}
    if "operator_id" in names:
        own = f"operator_id = {scope.user_id}"
    elif "call_id" in names or fact.name == "contacts":
        column = "call_id" if "call_id" in names else "contact_key"
        own = f"{column} IN (SELECT {column} FROM own_calls)"
    else:  # a task, though of a customer of hers, is the work of others as well
        own = "false"
    return f"{own} AND {meeting(fact, wanted)}"


def meeting(fact: Fact, wanted: Wanted) -> str:
    """SQL: which rows of a table meet the wanted span."""
    if fact.start is None:
        return "true"
    since, until = f"TIMESTAMP '{wanted.start}'", f"TIMESTAMP '{wanted.end}'"
    lasts = f' OR "{fact.end}" IS NULL OR "{fact.end}" > {since}' if fact.end else ""
    return f'("{fact.start}" < {until} AND ("{fact.start}" >= {since}{lasts}))'


def columns_of(fact: Fact) -> list[str]:
    """The columns of a table as a run offers it."""
    return [c.name for c in fact.all_columns if c.name not in HIDDEN]


def schema_of(table: str) -> dict[str, str]:
    """The same of any table, with their DuckDB types."""
    if table in DIRECTORIES:
        return dict(DIRECTORIES[table].columns)
    return {c.name: c.type for c in FACTS[table].all_columns if c.name not in HIDDEN}
