"""Drill-through: the contacts that a row of a summary counts, as the call log shows them.

A report says which figure counts contacts, what tells its rows apart, and by which function it finds the contacts
(`Contacts`): the function that it counts itself, so that a row and what opens behind it cannot differ. The call log
is then run over those contacts alone, with what else the viewer may see of them.

Where nothing opens, rows are no summaries of contacts: `concurrent_calls` and `staffing_by_interval` measure how many
run at once, and one contact runs in many intervals; `ivr_paths` counts steps, of which a contact has several in one
node; `kpi_scorecard` and `contract` measure each row by a rule of its own; `task_results` and `imports` count tasks,
`orders` and `costs` orders and charges, which have contacts beside them; `data_quality` counts rows of any table.
Chats, requests and tasks are no contacts of the call log: their summaries open nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from operator import index
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
from ibis import Table

from okireports.clock import Interval, grain, labelled
from okireports.errors import BadOption, UnknownName
from okireports.metrics.attached import CALL
from okireports.metrics.intervals import starting
from okireports.report import Contacts, Reach, Report, all_reports, named

LOG = "call_log"
NAMED = {name: f"{name}s" for name in ("project", "queue", "dialer", "operator", "provider")}  # -> table of names
Value = str | int | date | datetime | None  # instants are naive UTC
Row = tuple[tuple[str, Value], ...]  # what tells a row apart: columns and their values, in the report's order


def counted(summary: Report) -> Contacts:
    """What a report says of the contacts behind its rows; BadOption where there are none."""
    if summary.counted is None:
        having = ", ".join(r.name for r in all_reports() if r.counted)
        raise BadOption(f"The rows of {summary.name!r} are no summaries of contacts. Those of these are: {having}.")
    return summary.counted


@cache
def opened(summary: Report, log: Report) -> Report:
    """The log of the contacts behind one row of a summary: it takes the options of both, and the `row`."""
    contacts = counted(summary)
    wanted = contacts.wanted
    extra = {name: summary.tables[name] for name in wanted.tables}
    extra |= {NAMED[name]: False for name in contacts.grain if name in NAMED}
    tables = {**log.tables, **{name: absent for name, absent in extra.items() if name not in log.tables}}

    def function(*given: Table | None, row: Row, **options: Any) -> Table:
        there: dict[str, Any] = dict(zip(tables, given, strict=True))
        calls, period = there["calls"], options["period"]
        seen = there if "period" in summary.injected else there | {"calls": starting(calls, period)}
        chosen = {name: options[name] for name in (*wanted.options, *wanted.injected)}
        t = contacts.rows(*(seen[name] for name in wanted.tables), **chosen)
        t = t if contacts.where is None else t.filter(contacts.where(t))
        there["calls"] = calls.semi_join(in_row(t, row, there, options.get("by")), CALL)
        paged = {name: options[name] for name in (*log.injected, *log.options)}
        shown: Table = log.function(*(there[name] for name in log.tables), **paged)
        return shown

    return replace(
        log,
        tables=tables,
        options={**summary.options, **log.options},
        injected=(*log.injected, *(name for name in wanted.injected if name not in log.injected)),
        before=longer(summary.before, log.before),
        after=longer(summary.after, log.after),
        separable={*wanted.tables} <= {"calls"},  # a contact that stands by itself is found in any part of the period
        function=function,
    )


def in_row(t: Table, row: Row, there: Mapping[str, Any], by: Interval | None) -> Table:
    """Of contacts with the columns of the grain, or the ids behind those names, those of one row."""
    for name, value in row:
        if name == "interval" and by is not None:
            t = labelled(t.mutate(**grain(t.started_at, by)), by)
        elif name not in t.columns:
            t = named(t, **{name: there[NAMED[name]]})
        t = t.filter(t[name].isnull() if value is None else t[name] == value)
    return t


def longer(one: Reach, other: Reach) -> Reach:
    """The farther of two reaches."""

    def far(settings: Mapping[str, str]) -> timedelta:
        return max(reach if isinstance(reach, timedelta) else reach(settings) for reach in (one, other))

    return far


def named_row(summary: Report, rows: pa.Table, wanted: Any) -> Row:
    """What tells a row apart, given by its position or by its values.

    Raises:
        BadOption: the report has no contacts, the position is none, or a column is wanting.
        UnknownName: no row has these values.
    """
    keys = [name for name in counted(summary).grain if name in rows.column_names]
    table = rows.select(keys)
    if isinstance(wanted, Mapping | pd.Series):
        return _found(table, dict(wanted.items()), rows.column_names)
    try:
        position = index(wanted)  # of any type that says that it is a whole number
    except TypeError:
        raise BadOption(f"{wanted!r} is no row: give its position in the frame, or its values by column.") from None
    if not 0 <= position < table.num_rows:
        raise BadOption(f"There is no row {position}: the frame has {table.num_rows:,}, counted from 0.")
    return _read(table, table.slice(position, 1).to_pylist()[0])


def _found(table: pa.Table, wanted: dict[Any, Any], columns: list[str]) -> Row:
    """The row of the frame with these values."""
    absent = [name for name in table.column_names if name not in wanted]
    if absent or not wanted.keys() <= {*columns}:
        told = ", ".join(table.column_names)
        raise BadOption(
            f"A row of this frame is named by {told}; {', '.join(map(str, wanted)) or 'nothing'} was given."
        )
    unknown = UnknownName("row", {name: wanted[name] for name in table.column_names})
    try:
        row = _read(table, wanted)
    except (ValueError, TypeError):
        raise unknown from None
    if row not in (_read(table, one) for one in table.to_pylist()):
        raise unknown
    return row


def _read(table: pa.Table, values: Mapping[str, object]) -> Row:
    """Values as they come out of a frame, or as people write them, as a question holds them."""
    return tuple((field.name, _value(values[field.name], field.type)) for field in table.schema)


def _value(value: Any, kind: Any) -> Value:
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if pa.types.is_integer(kind):
        number = int(value)
        if number != value:
            raise ValueError(f"{value!r} is no whole number")
        return number
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        return str(value)
    at = pd.Timestamp(value).to_pydatetime()
    if pa.types.is_date(kind):
        return at.date()
    aware = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(kind.tz))
    return aware.astimezone(UTC).replace(tzinfo=None)
