"""Tables made by hand, row by row: what tests of metrics and reports hand to them, and what they get back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import ibis
import pyarrow as pa
from ibis import Table

from okireports.clock import Interval, offsets
from okireports.metrics import Aggregate, measure, volume
from okireports.tables import FACTS

Row = dict[str, Any]
NOON = datetime(2025, 6, 2, 10, 0)  # UTC: noon of a Monday in Warsaw
TYPES = {"BIGINT": "int64", "VARCHAR": "string", "TIMESTAMP": "timestamp(6)", "DOUBLE": "float64", "BOOLEAN": "boolean"}
CON = ibis.duckdb.connect()


def store(name: str, rows: Iterable[Row] = (), columns: dict[str, str] | None = None) -> Table:
    """A table of the model with these rows; what a row does not say is NULL."""
    columns = columns or {c.name: TYPES.get(c.type, c.type.lower()) for c in FACTS[name].all_columns}
    schema = ibis.schema(columns)
    return ibis.memtable(pa.Table.from_pylist(list(rows), schema=schema.to_pyarrow()), schema=schema)


def directory(name: str, names: dict[int, str]) -> Table:
    """A directory of names, as the run gives it."""
    rows = [{f"{name}_id": i, name: word} for i, word in names.items()]
    return store(name, rows, {f"{name}_id": "int64", name: "string"})


def call(outcome: str = "answered", wait_s: float | None = 10.0, **other: Any) -> Row:
    """A contact that stood in a queue with T = 20 s, s = 5 s and a goal of 80 %."""
    answered_at = NOON + timedelta(seconds=wait_s or 0) if outcome == "answered" else None
    queued = {"project_id": 1, "queue_id": 1, "direction": "inbound", "started_at": NOON, "queued_at": NOON}
    stamps = {"answer_within_s": 20.0, "short_abandon_s": 5.0, "goal": 0.8}
    wait_ms = None if wait_s is None else round(wait_s * 1000)
    return queued | stamps | {"outcome": outcome, "wait_ms": wait_ms, "answered_at": answered_at} | other


def values(rows: Iterable[Row], *metrics: Aggregate) -> dict[str, Any]:
    """The metrics over contacts."""
    calls = store("calls", rows)
    return records(calls.agg(**measure(calls, *metrics)))[0]


def value(rows: Iterable[Row], one: Aggregate) -> Any:
    """One metric over contacts."""
    return values(rows, one)[one.__name__]


def records(expression: Table) -> list[Row]:
    """The rows that an expression gives on DuckDB."""
    rows: list[Row] = CON.to_pyarrow(expression).to_pylist()
    return rows


def toy() -> list[Row]:
    """100 offered: 70 answered in time, 10 later; 8 left within 5 s, 4 between 5 and 20 s, 8 after; with borders."""
    in_time = [call(wait_s=w % 20 + 0.5) for w in range(69)] + [call(wait_s=20.0)]
    later = [call(wait_s=20.001)] + [call(wait_s=30.0 + w) for w in range(9)]
    short = [call("abandoned", 4.999)] + [call("abandoned", 0.5 * w) for w in range(7)]
    middle = [call("abandoned", w) for w in (5.0, 7.0, 12.5, 20.0)]
    late = [call("abandoned", 20.001)] + [call("abandoned", 60.0 + w) for w in range(7)]
    return in_time + later + short + middle + late


PARTS = (
    volume.answered,
    volume.abandoned,
    volume.callback_requested,
    volume.voicemail,
    volume.flow_out,
    volume.failed,
    volume.other,
)
PROJECTS = directory("project", {1: "Acme", 2: "Bolt"})
QUEUES = directory("queue", {1: "Sales", 2: "Help", 3: "Care"})
OPERATORS = directory("operator", {8: "bob", 9: "anna"})
JUNE = (datetime(2025, 5, 31, 22), datetime(2025, 6, 30, 22))


def by(word: str | None, start: datetime = JUNE[0], end: datetime = JUNE[1], zone: str = "Europe/Warsaw") -> Interval:
    """The buckets of a period, by default of June in Warsaw."""
    return Interval(word, start, end, offsets(zone, start - timedelta(days=366), end + timedelta(days=3)))


def columns(names: str) -> list[str]:
    """The columns of a report, as the catalogue writes them."""
    return names.replace(",", "").split()


def types(expression: Table) -> Mapping[str, str]:
    """The types that its columns have once it is computed."""
    return {field.name: str(field.type) for field in CON.to_pyarrow(expression).schema}


def times_read(report: Callable[..., Table], *tables: str, **options: Any) -> dict[str, int]:
    """How often the statement of a report reads each of its tables."""
    directories = {"projects": PROJECTS, "queues": QUEUES, "operators": OPERATORS}
    sql = str(ibis.to_sql(report(*(_named(n, directories.get(n)) for n in tables), **options))).lower()
    return {name: sql.count(f'from "{name}"') for name in tables}


def _named(name: str, table: Table | None) -> Table:
    schema = (store(name) if table is None else table).schema()
    return ibis.table(schema, name=name)
