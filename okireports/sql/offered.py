"""What a query sees: the model's tables and the tables of names, each with names beside its ids."""

from __future__ import annotations

from collections.abc import Collection

from okireports.access import DIRECTORIES, OVERSIGHT, Scope
from okireports.access.definitions import DEFINITIONS
from okireports.access.directory import with_those_behind
from okireports.engines.duck import may_open, schema_of
from okireports.run import rested_on
from okireports.tables import FACTS

NAMES = {  # a column of ids: the table of names, its column of ids, its column of names, and what stands beside the id
    "project_id": ("projects", "project_id", "project", "project"),
    "queue_id": ("queues", "queue_id", "queue", "queue"),
    "dialer_id": ("dialers", "dialer_id", "dialer", "dialer"),
    "scenario_id": ("scenarios", "scenario_id", "scenario", "scenario"),
    "form_id": ("forms", "form_id", "form", "form"),
    "provider_id": ("providers", "provider_id", "provider", "provider"),
    "group_id": ("groups", "group_id", "group", "group"),
    "operator_id": ("operators", "operator_id", "operator", "operator"),
    "evaluator_id": ("operators", "operator_id", "operator", "evaluator"),
}


def offered(scope: Scope) -> tuple[str, ...]:
    """The tables that a viewer may name; who may see what, and the change log, are read elsewhere."""
    kept = {*OVERSIGHT, *DEFINITIONS} - rested_on(scope)
    return tuple(name for name in (*FACTS, *DIRECTORIES) if name not in kept and may_open(scope, name))


def names_for(tables: Collection[str]) -> tuple[str, ...]:
    """The tables of names that some tables are, or need beside their ids."""
    beside = {NAMES[column][0] for table in tables for column in named(table)}
    return tuple(sorted(with_those_behind(beside | {name for name in tables if name in DIRECTORIES}) | {"projects"}))


def named(table: str) -> list[str]:
    """The columns of ids beside which a table gets names: those that it has no name for yet."""
    columns = schema_of(table)
    return [c for c in columns if c in NAMES and NAMES[c][3] not in columns]


def view_of(table: str) -> str:
    """The statement that makes the view of a table, over what is held under its name."""
    ids, shown, joins = named(table), [], []
    for column in schema_of(table):
        shown.append(f't."{column}"')
        if column in ids:
            directory, id, name, beside = NAMES[column]
            shown.append(f'"{column}_of"."{name}" AS "{beside}"')
            joins.append(f'LEFT JOIN held."{directory}" AS "{column}_of" ON "{column}_of"."{id}" = t."{column}"')
    return f'CREATE VIEW "{table}" AS SELECT {", ".join(shown)} FROM held."{table}" t {" ".join(joins)}'
