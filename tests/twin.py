"""The twins: each report a second time as plain DuckDB SQL, `twins/<report>.sql`, and how two tables are compared.

A twin reads the model's tables, not cut to the period, in a database of its own. It may use what the runner makes of
the question: the variables start, end (naive UTC), zone, by, formula, and `buckets(label, lo, hi)`, the pieces of the
period in naive UTC with the label that people read (one piece without a label for by=None, and then the column
`interval` is left out). A line `-- needs charges: cost, currency` names the columns that are absent where that table
is not open; `-- asked recognised_text=True: input` those that are there only with that option, and `-- unless ...`
those that are there only without it. `per`, the option of that name, is a column, left out where the option is None.
Further variables are repeat_days, callback_hours and now (naive UTC).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

FOLDER = Path(__file__).parent / "twins"
STEPS = {"15min": timedelta(minutes=15), "30min": timedelta(minutes=30), "hour": timedelta(hours=1)}
DIRECTORY = (
    *("projects", "queues", "dialers", "scenarios", "forms", "providers", "operators", "groups", "group_members"),
    *("results", "tariffs", "kpis", "operator_roles", "activities", "away_reasons", "check_plans", "hours", "holidays"),
    *("capacities", "accesses", "users", "roles", "report_runs", "audit", "stages", "quotas", "contracts"),
    *("imports", "load_notes"),
)
FACTS = (
    *("calls", "rings", "statuses", "ivr_steps", "tasks", "dialogues", "requests", "stage_changes", "answers"),
    *("orders", "evaluations", "ratings", "speech_hits", "shifts", "charges", "recordings", "contacts"),
)
CLOSED = {
    "contacts": "project_id BIGINT, contact_key BIGINT, phone VARCHAR",
    "charges": (
        "project_id BIGINT, call_id BIGINT, operator_id BIGINT, kind VARCHAR, amount DECIMAL(18,6), currency VARCHAR, "
        'source_id VARCHAR, "at" TIMESTAMP'
    ),
    "recordings": 'call_id BIGINT, url VARCHAR, source_id VARCHAR, "at" TIMESTAMP',
}
"""What stands in, empty, for a table that a right keeps closed."""
TOLERANCE = 1e-12


def names() -> list[str]:
    """The reports that have a twin."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def text(name: str) -> str:
    """A twin's SQL; a line `-- with NAME` stands for `parts/NAME.sql`, which several twins begin with."""
    sql = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    return re.sub(
        r"^-- with (\w+)$", lambda part: (FOLDER / "parts" / f"{part[1]}.sql").read_text("utf-8"), sql, flags=re.M
    )


def run(
    con: duckdb.DuckDBPyConnection | None,
    name: str,
    *,
    start: datetime,
    end: datetime,
    zone: str = "Europe/Warsaw",
    by: str | None = None,
    formula: str = "short",
    tables: Mapping[str, str | pa.Table] | None = None,
    week_start: int = 0,
    limit: int | None = None,
    offset: int = 0,
    **options: str,
) -> pa.Table:
    """What the twin of a report says.

    `tables` maps the model's names to relations of `con` or to Arrow tables; without it `con` has them under their
    own names. A table that needs a right and is not there counts as closed. `start` and `end` are naive UTC, or aware.
    Further options are variables, too; the column `per` is renamed to the value of that option.
    """
    sql = text(name)
    needs = {t: re.split(r",\s*", columns) for t, columns in re.findall(r"^-- needs (\w+): (.+)$", sql, re.MULTILINE)}
    start, end = naive(start), naive(end)
    own = duckdb.connect(":memory:")
    try:
        own.execute("SET TimeZone = 'UTC'")
        absent = {column for t in _copy(con, own, sql, tables) for column in needs.get(t, [])}
        for variable, value in {"start": start, "end": end}.items():
            own.execute(f'SET VARIABLE "{variable}" = CAST(? AS TIMESTAMP)', [value])
        for variable, word in {"zone": zone, "by": by, "formula": formula, **options}.items():
            own.execute(f'SET VARIABLE "{variable}" = CAST(? AS VARCHAR)', [word])
        kind = "DATE" if by in ("day", "week", "month") else "TIMESTAMP"
        own.execute(f"CREATE TABLE buckets (label {kind}, lo TIMESTAMP, hi TIMESTAMP)")
        own.executemany("INSERT INTO buckets VALUES (?, ?, ?)", list(pieces(start, end, zone, by, week_start)))
        found = own.execute(sql).to_arrow_table()
    finally:
        own.close()
    absent |= set() if by else {"interval"}
    absent |= {"per"} if options.get("per") == "None" else set()
    for word, option, value, columns in re.findall(r"^-- (asked|unless) (\w+)=(\w+): (.+)$", sql, re.MULTILINE):
        given = options.get(option) == value
        absent |= {*re.split(r",\s*", columns)} if given is (word == "unless") else set()
    found = found.drop_columns([c for c in found.column_names if c in absent])
    found = found.rename_columns([options.get("per", "project") if c == "per" else c for c in found.column_names])
    return found.slice(offset, limit)


def _copy(
    con: duckdb.DuckDBPyConnection | None,
    own: duckdb.DuckDBPyConnection,
    sql: str,
    tables: Mapping[str, str | pa.Table] | None,
) -> set[str]:
    """Bring the tables that a twin mentions into its own database; the closed ones are returned."""
    statement = re.sub(r"--.*", "", sql)
    closed = set()
    for table in (*DIRECTORY, *FACTS):
        if not re.search(rf"\b(FROM|JOIN)\s+{table}\b", statement):
            continue
        source = tables.get(table) if tables is not None else _relation(con, table)
        if source is None and table in CLOSED:
            closed.add(table)
            own.execute(f"CREATE TABLE {table} ({CLOSED[table]})")
            continue
        if source is None:
            raise LookupError(f"the twin needs the table {table}")
        if isinstance(source, str):
            if con is None:
                raise LookupError(f"{source} is a relation of no connection")
            source = con.execute(f"SELECT * FROM {source}").to_arrow_table()
        own.register("_given", source)
        own.execute(f"CREATE TABLE {table} AS SELECT * FROM _given")
        own.unregister("_given")
    return closed


def _relation(con: duckdb.DuckDBPyConnection | None, table: str) -> str | None:
    if con is None:
        return None
    found = con.execute("SELECT 1 FROM (SHOW TABLES) WHERE name = ?", [table]).fetchone()
    return f'"{table}"' if found else None


# Time


def naive(at: datetime) -> datetime:
    """The instant as naive UTC."""
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def pieces(
    start: datetime, end: datetime, zone: str, by: str | None, week_start: int = 0
) -> Iterator[tuple[datetime | date | None, datetime, datetime]]:
    """The pieces of a period: label, and bounds clipped to it; all naive UTC but for the local date of whole days."""
    if by is None:
        yield None, start, end
        return
    tz, at = ZoneInfo(zone), start
    while at < end:
        local = at.replace(tzinfo=UTC).astimezone(tz)
        if by in STEPS:
            since_midnight = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
            first = at.replace(microsecond=0) - since_midnight % STEPS[by]
            label: datetime | date = first
            until = first + STEPS[by]
        else:
            day, following = _span(local.date(), by, week_start)
            label = day
            until = naive(datetime(following.year, following.month, following.day, tzinfo=tz))
        yield label, at, min(until, end)
        at = until


def _span(day: date, by: str, week_start: int) -> tuple[date, date]:
    if by == "day":
        return day, day + timedelta(days=1)
    if by == "week":
        first = day - timedelta(days=(day.weekday() - week_start) % 7)
        return first, first + timedelta(days=7)
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


# Comparing


def same(product: pa.Table, twin: pa.Table) -> None:
    """Fail with the first difference: columns, kinds, number of rows, then cell by cell in the order of the rows.

    Whole numbers, text, money and instants must be equal, floats to 1e-12 of their size. An instant may be aware on
    one side. A column that is NULL throughout has no kind.
    """
    if product.column_names != twin.column_names:
        raise AssertionError(f"columns {product.column_names} of the report, {twin.column_names} of the twin")
    for column in twin.column_names:
        kinds = {_kind(t.schema.field(column).type) for t in (product, twin) if t[column].null_count < t.num_rows}
        if len(kinds) > 1:
            types = product.schema.field(column).type, twin.schema.field(column).type
            raise AssertionError(f"column {column} is {types[0]} in the report, {types[1]} in the twin")
    ours, theirs = product.to_pylist(), twin.to_pylist()
    for i, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        for column in twin.column_names:
            if not equal(one[column], other[column]):
                raise AssertionError(
                    f"row {i}, column {column}: {one[column]!r} in the report, {other[column]!r} in the twin\n"
                    f"report {one}\ntwin   {other}"
                )
    if len(ours) != len(theirs):
        longer, rows = ("report", ours) if len(ours) > len(theirs) else ("twin", theirs)
        first = rows[min(len(ours), len(theirs))]
        raise AssertionError(
            f"{len(ours)} rows in the report, {len(theirs)} in the twin; the {longer} also has {first}"
        )


def equal(one: Any, other: Any) -> bool:
    """Whether two cells say the same."""
    if one is None or other is None:
        return one is other
    if isinstance(one, float) and isinstance(other, float):
        return one == other or math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=0.0)
    if isinstance(one, datetime) and isinstance(other, datetime):
        return naive(one) == naive(other)
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return isinstance(one, bool) == isinstance(other, bool) and one == other
    return type(one) is type(other) and bool(one == other)


def _kind(type: pa.DataType) -> str:
    checks = {
        "flag": pa.types.is_boolean,
        "whole": pa.types.is_integer,
        "float": pa.types.is_floating,
        "money": pa.types.is_decimal,
        "instant": pa.types.is_timestamp,
        "date": pa.types.is_date,
    }
    text = pa.types.is_string(type) or pa.types.is_large_string(type) or pa.types.is_string_view(type)
    return "text" if text else next((kind for kind, check in checks.items() if check(type)), str(type))
