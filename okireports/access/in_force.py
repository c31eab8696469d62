"""Definitions in force: the rules that a run's figures rest on, as its provenance names them.

They are read from the tables that the run holds, which are of the viewer's scope, and stand by name. Who has which role
or is in which group, and which imports a dialer got, are no rules and not among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import duckdb

from okireports.access.definitions import DEFINITIONS
from okireports.period import Period

NAMES = {  # column: (table of names, its id, its name)
    "project_id": ("projects", "project_id", "project"),
    "queue_id": ("queues", "queue_id", "queue"),
    "group_id": ("groups", "group_id", "group"),
    "provider_id": ("providers", "provider_id", "provider"),
    "form_id": ("forms", "form_id", "form"),
    "evaluator_id": ("operators", "operator_id", "operator"),
}
ASIDE = {("holidays", "weekday")}  # where it is kept: one holiday of a queue stands there once a weekday
TOLD = tuple(name for name in DEFINITIONS if name not in ("operator_roles", "imports"))

Rows = tuple[dict[str, object], ...]


def in_force(con: duckdb.DuckDBPyConnection, tables: Iterable[str], period: Period) -> dict[str, Rows]:
    """The definitions among the tables of a run that hold at some time of a period, table by table.

    Args:
        con: the run's connection, with the tables of names that stand behind these.
        tables: names of tables of definitions, of those that are told.
        period: instants are given on the clock of its zone.
    """
    values = {"start": period.start, "end": period.end, "first_day": period.first_day, "last_day": period.last_day}

    def told(value: object) -> object:
        return period.local(value) if isinstance(value, datetime) else value

    found: dict[str, Rows] = {}
    for name in sorted(set(tables)):
        sql = _statement(name)
        asked = con.execute(sql, {key: value for key, value in values.items() if f"${key}" in sql})
        columns = [str(column[0]) for column in asked.description or ()]
        rows = asked.fetchall()
        found[name] = tuple({c: told(value) for c, value in zip(columns, row, strict=True)} for row in rows)
    return found


def _statement(name: str) -> str:
    """SQL of a table's rows that hold at some time of the span, names in place of ids."""
    columns = [column for column, _ in DEFINITIONS[name].columns if (name, column) not in ASIDE]
    shown, joins = [], []
    for column in columns:
        if column in NAMES:
            table, id, label = NAMES[column]
            shown.append(f'"{column}_names"."{label}" AS "{column.removesuffix("_id")}"')
            joins.append(f'LEFT JOIN {table} AS "{column}_names" ON "{column}_names".{id} = t."{column}"')
        elif column == "valid_to" and name != "check_plans":  # whose pace depends on it
            # An end after the period says nothing about it, and may yet be decided.
            shown.append("CASE WHEN t.valid_to < $end THEN t.valid_to END AS valid_to")
        else:
            shown.append(f't."{column}"')
    rows = f'FROM "{name}" t {" ".join(joins)} WHERE {" AND ".join(_holds(columns)) or "true"}'
    return f"SELECT DISTINCT {', '.join(shown)} {rows} ORDER BY ALL"


def _holds(columns: list[str]) -> Iterator[str]:
    """SQL: which rows hold in the span, and say anything."""
    if "valid_from" in columns:
        yield "(t.valid_from IS NULL OR t.valid_from < $end) AND (t.valid_to IS NULL OR t.valid_to > $start)"
    if "day" in columns:
        yield "t.day BETWEEN $first_day AND $last_day"
    if "capacity" in columns:
        yield "t.capacity IS NOT NULL"
