"""What a run may know beside facts: definitions, and names of what belongs to her projects or owns a visible row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from okireports.access.definitions import DEFINITIONS, WHOLE_PLAN
from okireports.access.oversight import OVERSIGHT, oversee
from okireports.access.scope import Scope
from okireports.disk.folder import NO_PROJECT, quoted
from okireports.errors import UnknownName
from okireports.tables import FACTS

OBJECTS = {
    "queues": ("queue_id", "queue", "queue"),
    "dialers": ("dialer_id", "dialer", "dialer"),
    "scenarios": ("scenario_id", "scenario", "scenario"),
    "forms": ("form_id", "form", "crm_form"),
    "providers": ("provider_id", "provider", "sip_provider"),
}
BEHIND = {  # a definition's column: the table of names that its rows are chosen by
    "queue_id": "queues",
    "dialer_id": "dialers",
    "group_id": "groups",
    "provider_id": "providers",
    "form_id": "forms",
    "operator_id": "operators",
    "evaluator_id": "operators",
}
OPERATOR = "Operator"  # members with this role appear in lists also when they own no row


@dataclass(frozen=True)
class Directory:
    """A small table of names: its columns in order, and SQL types."""

    name: str
    columns: tuple[tuple[str, str], ...]


DIRECTORIES: dict[str, Directory] = {
    name: Directory(name, ((id, "BIGINT"), (label, "VARCHAR"))) for name, (id, label, _) in OBJECTS.items()
} | {
    "projects": Directory("projects", (("project_id", "BIGINT"), ("project", "VARCHAR"))),
    "operators": Directory("operators", (("operator_id", "BIGINT"), ("operator", "VARCHAR"))),
    "groups": Directory("groups", (("group_id", "BIGINT"), ("group", "VARCHAR"))),
    "group_members": Directory("group_members", (("group_id", "BIGINT"), ("operator_id", "BIGINT"))),
}
DIRECTORIES |= {name: Directory(name, table.columns) for name, table in (DEFINITIONS | OVERSIGHT).items()}


def fill(
    con: duckdb.DuckDBPyConnection,
    scope: Scope,
    hers: Iterable[str],
    tables: Iterable[str],
    start: datetime,
    end: datetime,
    wanted: Iterable[str] = DIRECTORIES,
    rejects: Path | None = None,
) -> None:
    """Make the tables of names of a run, from the control file attached as `control`.

    Args:
        con: the run's connection.
        scope: who looks, at which projects.
        hers: the tables of facts that she may open; who and what stands in them, in her projects, has a name.
        tables: the tables that are open: of one who sees only her own rows, only what stands in these has a name.
        start: of the period, naive UTC.
        end: of the period, naive UTC.
        wanted: only these tables, and those that they are made of.
        rejects: the folder of rows that were not loaded.
    """
    needed = with_those_behind(wanted)
    con.execute("CREATE TABLE projects (project_id BIGINT, project VARCHAR)")
    if scope.projects:
        columns = [[p.id for p in scope.projects], [p.name for p in scope.projects]]
        con.execute("INSERT INTO projects SELECT unnest(?), unnest(?)", columns)
    span = {"start": start, "end": end}
    valid = "(v.valid_from IS NULL OR v.valid_from < $end) AND (v.valid_to IS NULL OR v.valid_to > $start)"
    named = named_by_rows(tables) if scope.own_rows_only else named_by_segments(scope.stores, hers)
    herself = f"AND u.user_id = {scope.user_id}" if scope.own_rows_only else ""
    everything = NO_PROJECT in scope.stores
    if "operators" in needed:
        known = f"""u.user_id IN (
            SELECT v.user_id FROM control.memberships v JOIN control.users m USING (user_id)
            WHERE v.project_id IN (SELECT project_id FROM projects) AND m.role = '{OPERATOR}' AND {valid}
            UNION SELECT p.evaluator_id FROM control.check_plans p WHERE {WHOLE_PLAN}
            UNION {named["person"]})"""
        con.execute(
            f"""CREATE TABLE operators AS SELECT u.user_id AS operator_id, {alias(scope)} AS operator
            FROM control.users u WHERE {"true" if everything else known} {herself}""",
            None if everything else span,
        )
    for name, (id, label, kind) in OBJECTS.items():
        known = f"""o.object_id IN (
            SELECT v.object_id FROM control.project_objects v
            WHERE v.project_id IN (SELECT project_id FROM projects) AND {valid}
            UNION {named["object"]})"""
        if name in needed:
            con.execute(
                f"""CREATE TABLE {name} AS SELECT o.object_id AS {id}, o.name AS {label} FROM control.objects o
                WHERE o.kind = '{kind}' AND {"true" if everything else known}""",
                None if everything else span,
            )
    if "group_members" in needed:
        con.execute(
            f"""CREATE TABLE group_members AS SELECT DISTINCT v.group_id, v.user_id AS operator_id
            FROM control.group_members v WHERE v.user_id IN (SELECT operator_id FROM operators) AND {valid}""",
            span,
        )
    if "groups" in needed:
        con.execute(
            """CREATE TABLE groups AS SELECT g.group_id, g.name AS "group" FROM control.groups g
            WHERE g.group_id IN (SELECT group_id FROM group_members)"""
        )
    for name, definition in DEFINITIONS.items():
        if name in needed:
            con.execute(f'CREATE TABLE "{name}" AS {definition.sql}')
    oversee(con, scope, needed, start, end, rejects)


def with_those_behind(wanted: Iterable[str]) -> set[str]:
    """Tables of names, and those that their rows are chosen by."""
    needed = set(wanted)
    for name in needed & set(DEFINITIONS):
        needed |= {BEHIND[column] for column, _ in DEFINITIONS[name].columns if column in BEHIND}
    if "groups" in needed:
        needed.add("group_members")
    if "group_members" in needed:
        needed.add("operators")
    return needed


def named_by_segments(stores: Iterable[int], tables: Iterable[str]) -> dict[str, str]:
    """SQL of the people and of the objects that stand in the published segments of some stores and tables."""
    projects = ", ".join(str(int(store)) for store in stores) or "NULL"
    listed = ", ".join(quoted(table) for table in tables) or "NULL"
    rows = f'FROM control.segments WHERE project_id IN ({projects}) AND "table" IN ({listed})'
    return {"person": f"SELECT unnest(people) {rows}", "object": f"SELECT unnest(objects) {rows}"}


def named_by_rows(tables: Iterable[str]) -> dict[str, str]:
    """SQL of the people and of the objects that stand in tables."""
    columns = [(c, table) for table in tables for c in FACTS[table].columns]
    return {
        role: " UNION ".join(f'SELECT "{c.name}" FROM "{table}"' for c, table in columns if c.role == role)
        or "SELECT NULL::BIGINT"
        for role in ("person", "object")
    }


def alias(scope: Scope) -> str:
    """SQL: how operators are called: by login, or by an alias that stays the same."""
    return "'Operator ' || lpad(u.user_id::VARCHAR, 4, '0')" if scope.aliases else "u.login"


def ids_of(
    con: duckdb.DuckDBPyConnection, table: str, kind: str, wanted: Iterable[str | int], within: Iterable[str] = ()
) -> list[int]:
    """The ids of names that a filter gives, by name or id; `within` are the projects, where some were asked for.

    Raises:
        UnknownName: one of them is not among those that she can see, or does not exist: the same error.
    """
    id, label = (column for column, _ in DIRECTORIES[table].columns)
    rows = con.execute(f'SELECT "{id}", "{label}" FROM {table} ORDER BY ALL').fetchall()
    found = []
    for name in wanted:
        ids = [i for i, n in rows if name == n or (name == i and not isinstance(name, bool))]
        if not ids:
            raise UnknownName(kind, name, (n for _, n in rows), within)
        found += ids
    return found
