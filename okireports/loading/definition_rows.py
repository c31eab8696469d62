"""The definitions that need few rules of their own: targets, hours, KPIs, tariffs, contracts, stages, and the like.

What they name becomes an id, text becomes a value of the column's type, and a row with the key of one that is there
replaces it. What a definition leaves out stays as it was. The columns and keys are those of `tables.control`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from okireports.audit import Entry
from okireports.errors import did_you_mean
from okireports.loading import thresholds
from okireports.loading.batch import Batch
from okireports.loading.definitions import rows_of
from okireports.loading.given import (
    Giving,
    Known,
    Row,
    clock_time,
    currency,
    dates,
    insert,
    instant,
    look_up,
    money,
    next_id,
    number,
    project_of,
    text,
    truth,
    whole,
)
from okireports.tables import CONTROL, STATUSES, Control

Read = Callable[[Giving, Row, str], Any]
TABLES = tuple(name for name, control in CONTROL.items() if control.key)
NAMED = {  # what a column names: a kind of object, or a person, group or project
    "queue": "queue",
    "dialer": "dialer",
    "form": "crm_form",
    "project": "project",
    "group": "group",
    "login": "user",
    "evaluator": "user",
}
WORDS = {
    "comparison": (">=", "<="),
    "status": tuple(sorted(STATUSES)),
}
KINDS = {  # how the change log calls one of them
    "groups": "group",
    "group_members": "group member",
    "targets": "target",
    "hours": "opening hours",
    "kpis": "kpi",
    "tariffs": "tariff",
    "contracts": "contract term",
    "activities": "activity",
    "away_reasons": "away reason",
    "results": "result",
    "stages": "stage",
    "imports": "import",
    "quotas": "quota",
    "check_plans": "check plan",
}


def load_definition_rows(batch: Batch, actor: str) -> list[Entry]:
    """Put the feed's rows of these tables into the control file, after the definitions that they point at.

    Returns:
        What was changed, for the change log.

    Raises:
        LoadError: a definition is wrong; it says in which file and line.
    """
    given = [table for table in TABLES if table in batch.feed.tables]
    if not given:
        return []
    known = look_up(batch)
    changes, moved = [], []
    for table in given:
        for row in rows_of(batch, table):
            change = list(put(batch, known, table, row))
            changes += change
            if change and table == "targets":
                moved.append((known.objects["queue", str(row["queue"]).strip()], instant(batch, row, "valid_from")))
    thresholds.tell_of_stored(batch, moved)
    return [replace(change, actor=actor, reason=f"load {batch.load_id}") for change in changes]


def put(batch: Giving, known: Known, table: str, row: Row, stays: Mapping[str, Any] | None = None) -> Iterator[Entry]:
    """Add one definition, or change the one with the same key.

    Args:
        batch: what brings it.
        known: what its names can mean.
        table: the table of the control file.
        row: its columns as canonical input has them.
        stays: stored values of the columns that the row does not give; None: those of the one with the same key.
    """
    control = CONTROL[table]
    values = dict(stored_values(batch, known, control, row))
    if stays is not None:
        given = {control.stored(name) for name in row}
        values |= {name: stays.get(name, value) for name, value in values.items() if name not in given}
    for name in sorted(control.required):
        if values[control.stored(name)] is None:
            raise batch.wrong(row, name, "a value is missing.")
    check(batch, table, row, values)
    key = {name: values.get(name) for name in map(control.stored, control.key)}
    of_key = " AND ".join(f'"{name}" IS NOT DISTINCT FROM ${name}' for name in key)
    columns = ", ".join(f'"{name}"' for name in values)
    before = batch.con.execute(f"SELECT {columns} FROM control.{table} WHERE {of_key}", key).fetchone()
    kind, subject = KINDS[table], " / ".join(str(row[name]) for name in control.key if row.get(name))
    project_id = values.get("project_id")
    if before is None:
        if table == "groups":
            values["group_id"] = known.groups[values["name"]] = next_id(batch, "groups", "group_id")
        insert(batch, table, values)
        told = [name for name, value in values.items() if value is not None and name not in key]
        yield Entry("", f"create {kind}", kind, subject, project_id, None, said(values, told))
        return
    was = dict(zip(values, before, strict=True))
    after = {name: was[name] if value is None and stays is None else value for name, value in values.items()}
    if after != was:
        setting = ", ".join(f'"{name}" = ${name}' for name in after)
        batch.con.execute(f"UPDATE control.{table} SET {setting} WHERE {of_key}", after)
        changed = [name for name in after if after[name] != was[name]]
        yield Entry("", f"change {kind}", kind, subject, project_id, said(was, changed), said(after, changed))


def stored_values(batch: Giving, known: Known, control: Control, row: Row) -> Iterator[tuple[str, Any]]:
    """The columns of a row as they are kept."""
    types = dict(control.columns)
    for given in sorted(control.known):
        column = control.stored(given)
        if column not in types:
            continue
        if given in NAMED:
            yield column, identified(batch, known, row, given)
        elif given == "role":
            yield column, role(batch, known, row)
        elif given == "currency":
            yield column, currency(batch, row)
        else:
            yield column, READERS.get(types[column], text)(batch, row, given)


def identified(batch: Giving, known: Known, row: Row, given: str) -> int | None:
    """The id of what a row names."""
    if row.get(given) is None:
        return None
    name, kind = str(row[given]).strip(), NAMED[given]
    if kind == "project":
        return project_of(batch, known, row)
    if kind in ("group", "user"):
        ids = known.groups if kind == "group" else known.users
    else:
        ids = {n: i for (k, n), i in known.objects.items() if k == kind}
    found = ids.get(name.lower() if kind == "user" else name)
    if found is None:
        raise batch.unknown(row, given, kind, ids)
    return found


def role(batch: Giving, known: Known, row: Row) -> str | None:
    """A role by its name."""
    name = text(batch, row, "role")
    if name is not None and name not in known.roles:
        raise batch.unknown(row, "role", "role", known.roles)
    return name


def check(batch: Giving, table: str, row: Row, values: Row) -> None:
    """What a value may be beyond its type."""
    for name, words in WORDS.items():
        if values.get(name) is not None and values[name] not in words:
            problem = f"it is one of {', '.join(words)}.{did_you_mean(values[name], words)}"
            raise batch.wrong(row, name, problem)
    if table == "targets" and values["goal"] is not None and not 0 < values["goal"] <= 1:
        raise batch.wrong(row, "goal", "a goal is a share above 0 and up to 1, such as 0.8 for 80 %.")
    if table == "hours" and values["weekday"] not in range(1, 8):
        raise batch.wrong(row, "weekday", "weekdays are 1 (Monday) to 7 (Sunday).")
    if table == "kpis" and values.get("metric") is not None:
        from okireports.metrics.kpis import MEASURABLE  # heavy, and most loads bring no KPI

        if values["metric"] not in MEASURABLE:
            near = did_you_mean(values["metric"], MEASURABLE)
            problem = f"no figure of operators has this name.{near} There are {', '.join(sorted(MEASURABLE))}."
            raise batch.wrong(row, "metric", problem)
    if table == "tariffs" and values["step_s"] == 0:
        raise batch.wrong(row, "step_s", "a step of 0 seconds would bill nothing and never end; 1 bills each second.")
    since, until = values.get("valid_from"), values.get("valid_to")
    if since and until and since >= until:
        raise batch.wrong(row, "valid_to", "it is not after valid_from.")


def said(values: Row, names: Iterable[str]) -> str:
    """Some values as the change log keeps them."""
    return json.dumps({name: values[name] for name in names}, ensure_ascii=False, default=str)


READERS: dict[str, Read] = {
    "TIMESTAMP": instant,
    "DOUBLE": number,
    "BIGINT": whole,
    "BOOLEAN": truth,
    "DECIMAL(18,6)": money,
    "TIME": clock_time,
    "DATE[]": dates,
}
