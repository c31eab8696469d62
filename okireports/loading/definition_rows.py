"""The definitions that need no rules of their own: hours, KPIs, tariffs, contracts, stages, quotas and the like.

What they name becomes an id, text becomes a value of the column's type, and a row with the key of one that is there
replaces it. What a definition leaves out stays as it was. The columns and keys are those of `tables.control`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from okireports.audit import Entry
from okireports.errors import did_you_mean
from okireports.loading.batch import Batch
from okireports.loading.definitions import (
    Known,
    Row,
    fault,
    insert,
    instant,
    look_up,
    next_id,
    number,
    project_of,
    rows_of,
    truth,
)
from okireports.tables import CONTROL, STATUSES, Control

Read = Callable[[Batch, Row, str], Any]
TABLES = tuple(name for name, control in CONTROL.items() if control.key)
NAMED = {  # what a column names: the id's column, and the kind of object (none: a person, group or project)
    "queue": ("queue_id", "queue"),
    "dialer": ("dialer_id", "dialer"),
    "form": ("form_id", "crm_form"),
    "project": ("project_id", ""),
    "group": ("group_id", ""),
    "login": ("user_id", ""),
    "evaluator": ("evaluator_id", ""),
}
WORDS = {
    "comparison": (">=", "<="),
    "status": tuple(sorted(STATUSES)),
}
KINDS = {  # how the change log calls one of them
    "groups": "group",
    "group_members": "group member",
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
LARGEST = Decimal(10) ** 12  # of an amount: DECIMAL(18,6)


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
    changes = (change for table in given for row in rows_of(batch, table) for change in put(batch, known, table, row))
    return [replace(change, actor=actor, reason=f"load {batch.load_id}") for change in changes]


def put(batch: Batch, known: Known, table: str, row: Row) -> Iterator[Entry]:
    """Add one definition, or change the one with the same key."""
    control = CONTROL[table]
    values = {stored: value for stored, value in stored_values(batch, known, control, row)}
    check(batch, table, row, values)
    key = {stored_name(name): values.get(stored_name(name)) for name in control.key}
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
    after = {name: was[name] if value is None else value for name, value in values.items()}
    if after != was:
        setting = ", ".join(f'"{name}" = ${name}' for name in after)
        batch.con.execute(f"UPDATE control.{table} SET {setting} WHERE {of_key}", after)
        changed = [name for name in after if after[name] != was[name]]
        yield Entry("", f"change {kind}", kind, subject, project_id, said(was, changed), said(after, changed))


def stored_name(given: str) -> str:
    """The column in which a column of canonical input is kept."""
    return NAMED[given][0] if given in NAMED else given


def stored_values(batch: Batch, known: Known, control: Control, row: Row) -> Iterator[tuple[str, Any]]:
    """The columns of a row as they are kept."""
    types = dict(control.columns)
    for given in sorted(control.known):
        column = stored_name(given)
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


def identified(batch: Batch, known: Known, row: Row, given: str) -> int | None:
    """The id of what a row names."""
    if row.get(given) is None:
        return None
    if given == "project":
        return project_of(batch, known, row)
    name, kind = str(row[given]).strip(), NAMED[given][1]
    if kind:
        ids = {n: i for (k, n), i in known.objects.items() if k == kind}
    else:
        ids = known.groups if given == "group" else known.users
    found = ids.get(name if kind or given == "group" else name.lower())
    if found is None:
        what = kind or ("group" if given == "group" else "user")
        raise fault(batch, row, given, f"there is no such {what}.{did_you_mean(name, ids)}")
    return found


def role(batch: Batch, known: Known, row: Row) -> str | None:
    """A role by its name."""
    name = text(batch, row, "role")
    if name is not None and name not in known.roles:
        raise fault(batch, row, "role", f"there is no such role.{did_you_mean(name, known.roles)}")
    return name


def check(batch: Batch, table: str, row: Row, values: Row) -> None:
    """What a value may be beyond its type."""
    for name, words in WORDS.items():
        if values.get(name) is not None and values[name] not in words:
            problem = f"it is one of {', '.join(words)}.{did_you_mean(values[name], words)}"
            raise fault(batch, row, name, problem)
    if table == "hours" and values["weekday"] not in range(1, 8):
        raise fault(batch, row, "weekday", "weekdays are 1 (Monday) to 7 (Sunday).")
    if table == "kpis" and values.get("metric") is not None:
        from okireports.metrics.kpis import MEASURABLE  # heavy, and most loads bring no KPI

        if values["metric"] not in MEASURABLE:
            near = did_you_mean(values["metric"], MEASURABLE)
            problem = f"no figure of operators has this name.{near} There are {', '.join(sorted(MEASURABLE))}."
            raise fault(batch, row, "metric", problem)
    if table == "tariffs" and values["step_s"] == 0:
        raise fault(batch, row, "step_s", "a step of 0 seconds would bill nothing and never end; 1 bills each second.")
    since, until = values.get("valid_from"), values.get("valid_to")
    if since and until and since >= until:
        raise fault(batch, row, "valid_to", "it is not after valid_from.")


def text(batch: Batch, row: Row, column: str) -> str | None:
    """Text without blanks at its ends."""
    value = row.get(column)
    return None if value is None else str(value).strip()


def whole(batch: Batch, row: Row, column: str) -> int | None:
    """A whole number that is not negative."""
    read = number(batch, row, column)
    if read is not None and read != int(read):
        raise fault(batch, row, column, "it is no whole number.")
    return None if read is None else int(read)


def money(batch: Batch, row: Row, column: str) -> Decimal | None:
    """An amount that is not negative, with up to six decimals."""
    value = row.get(column)
    if value is None:
        return None
    try:
        read = Decimal(str(value).strip())
    except InvalidOperation:
        raise fault(batch, row, column, "it is no amount; write 12.50.") from None
    if not read.is_finite() or not 0 <= read < LARGEST:
        raise fault(batch, row, column, "an amount is not negative and has at most 12 digits before the point.")
    return read.quantize(Decimal("0.000001"))


def clock_time(batch: Batch, row: Row, column: str) -> time | None:
    """A time of day."""
    value = row.get(column)
    try:
        return None if value is None else time.fromisoformat(str(value).strip())
    except ValueError:
        raise fault(batch, row, column, "it is no time of day; write 08:00.") from None


def dates(batch: Batch, row: Row, column: str) -> list[date] | None:
    """Dates with `;` between."""
    value = row.get(column)
    if value is None:
        return None
    try:
        return [date.fromisoformat(part.strip()) for part in str(value).split(";") if part.strip()]
    except ValueError:
        raise fault(batch, row, column, "these are no dates; write 2025-12-25; 2025-12-26.") from None


def currency(batch: Batch, row: Row) -> str:
    """Three letters of ISO 4217; the centre's where none are given."""
    value = str(row.get("currency") or batch.settings["currency"]).strip()
    if not (len(value) == 3 and value.isascii() and value.isupper()):
        raise fault(batch, row, "currency", "give the three letters of ISO 4217, such as PLN.")
    return value


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
