"""Small centres for the tests of loading: files are written by hand, and every published row is read back.

Reading goes past the package: the segments that the control file lists are attached with DuckDB, one by one.
"""

from __future__ import annotations

import atexit
import csv
import shutil
import tempfile
import textwrap
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

import okireports
from okireports.disk import Segment, segments_of
from okireports.faces import Center
from okireports.loading import LoadResult
from okireports.tables import FACTS

Row = dict[str, Any]
Files = Mapping[str, str | bytes | list[Row]]

NOW = datetime(2025, 12, 1, 12, tzinfo=UTC)
SECRET = "0123456789abcdef" * 4  # the same in every centre of these tests, so that keys can be compared
CALLS = "source_id,direction,started_at,ended_at,outcome"
DEFINITIONS = {
    "projects": "name\nAcme\nBolt\nCargo\n",
    "users": """
        login,name,role
        anna,Anna Example,Operator
        bea,Bea Example,Operator
        cyd,Cyd Example,Operator
        sue,Sue Example,Supervisor
        """,
    "memberships": """
        login,project,valid_from,valid_to
        anna,Acme,,
        anna,Bolt,,
        bea,Bolt,,2025-06-10T00:00:00Z
        bea,Cargo,2025-06-10T00:00:00Z,
        sue,Acme,,
        """,
    "objects": """
        kind,name
        queue,Acme sales
        queue,Bolt care
        queue,Moving
        queue,Loose
        dialer,Acme dialer
        dialer,Bolt dialer
        scenario,Acme menu
        scenario,Bolt menu
        crm_form,Acme form
        crm_form,Bolt form
        sip_provider,Carrier
        """,
    "project_objects": """
        kind,name,project,valid_from,valid_to
        queue,Acme sales,Acme,,
        queue,Bolt care,Bolt,,
        queue,Moving,Acme,,2025-06-10T00:00:00Z
        queue,Moving,Bolt,2025-06-10T00:00:00Z,
        dialer,Acme dialer,Acme,,
        dialer,Bolt dialer,Bolt,,
        scenario,Acme menu,Acme,,
        scenario,Bolt menu,Bolt,,
        crm_form,Acme form,Acme,,
        crm_form,Bolt form,Bolt,,
        sip_provider,Carrier,Acme,,
        sip_provider,Carrier,Bolt,,
        """,
}


def centre(path: Path, definitions: Files = DEFINITIONS, **options: Any) -> Center:
    """A centre in Warsaw with three projects, or with other definitions (`{}`: none) or settings."""
    if definitions is DEFINITIONS and not options:
        shutil.copytree(_usual(), path)
        return okireports.open(path, now=NOW)
    made = okireports.create(path, now=NOW, **options)
    made.folder.secret.write_text(SECRET)
    if definitions:
        load(made, definitions)
    return made


@cache
def _usual() -> Path:
    """The usual centre, made once and copied by those who change it."""
    folder = Path(tempfile.mkdtemp(prefix="okireports-tests-"))
    atexit.register(shutil.rmtree, folder)
    made = centre(folder / "centre", dict(DEFINITIONS))
    return made.path


def write(folder: Path, tables: Files) -> Path:
    """Files of canonical input: a table's name (with or without a suffix) and its text, bytes, or rows."""
    for name, said in tables.items():
        path = folder / (name if "." in name else f"{name}.csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(said, list):
            write_rows(path, said)
        else:
            path.write_bytes(textwrap.dedent(said).lstrip().encode() if isinstance(said, str) else said)
    return folder


def write_rows(path: Path, rows: list[Row]) -> None:
    """Rows as CSV; instants as ISO 8601."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(columns)
        out.writerows(["" if row.get(c) is None else _text(row[c]) for c in columns] for row in rows)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def load(center: Center, tables: Files, **options: Any) -> LoadResult:
    """Write files beside the centre and load them."""
    number = len(list(center.path.parent.glob(f"{center.path.name}-in-*")))
    folder = center.path.with_name(f"{center.path.name}-in-{number}")
    return center.load(write(folder, tables), **options)


def calls(*rows: str, columns: str = "") -> str:
    """The text of a file of calls, with columns beside the required ones."""
    return "\n".join([",".join(filter(None, [CALLS, columns])), *rows]) + "\n"


def call(source_id: str, at: str = "2025-06-02T10:00:00Z", *more: str, outcome: str = "answered") -> str:
    """A line of calls: one minute inbound, and the values of further columns."""
    end = (datetime.fromisoformat(at) + timedelta(minutes=1)).isoformat()
    return ",".join([source_id, "inbound", at, end, outcome, *more])


def stored(center: Center) -> dict[str, list[Row]]:
    """Every published row by table, with `project`, `operator`, `queue` ... by name beside the ids.

    It fails where a segment holds a row of another project, a row twice, or not what the control file says of it.
    """
    found: dict[str, list[Row]] = {}
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{center.folder.current().control}' AS control (READ_ONLY)")
        people = dict(con.execute("SELECT user_id, login FROM control.users").fetchall())
        things = dict(con.execute("SELECT object_id, name FROM control.objects").fetchall())
        projects = dict(con.execute("SELECT project_id, name FROM control.projects").fetchall())
        for segment in segments_of(con):
            for row in rows_of(con, center, segment):
                row["project"] = projects.get(row["project_id"])
                for name in [n for n in row if n.endswith("_id")]:
                    known = people if name in ("operator_id", "evaluator_id") else things
                    if name in PEOPLE_AND_THINGS:
                        row[name.removesuffix("_id")] = known.get(row[name])
                found.setdefault(segment.table, []).append(row)
    for table, rows in found.items():
        ids = [(row["project_id"], row[own_id(row)]) for row in rows]
        assert len(ids) == len(set(ids)), f"a row of {table} stands twice"
    return found


PEOPLE_AND_THINGS = ("operator_id", "evaluator_id", "queue_id", "dialer_id", "scenario_id", "form_id", "provider_id")


def together(center: Center) -> duckdb.DuckDBPyConnection:
    """Every published row, a table for each table of the model, with the names of projects beside."""
    con = duckdb.connect()
    con.execute(f"ATTACH '{center.folder.current().control}' AS control (READ_ONLY)")
    for number, segment in enumerate(segments_of(con)):
        con.execute(f"ATTACH '{center.path / segment.file}' AS s{number} (READ_ONLY)")
        rows = f"SELECT * FROM {segment.rows_in(f's{number}')}"
        con.execute(f'CREATE TABLE IF NOT EXISTS "{segment.table}" AS {rows} LIMIT 0')
        con.execute(f'INSERT INTO "{segment.table}" BY NAME {rows}')
        con.execute(f"DETACH s{number}")
    return con


def own_id(row: Row) -> str:
    """The column by which a stored row is known: the first one after the project."""
    return list(row)[1]


def rows_of(con: duckdb.DuckDBPyConnection, center: Center, segment: Segment) -> list[Row]:
    """The rows of one segment."""
    con.execute(f"ATTACH '{center.path / segment.file}' AS segment (READ_ONLY)")
    cursor = con.execute(f"FROM {segment.rows_in('segment')}")
    names = [d[0] for d in cursor.description]
    everything = dict.fromkeys(column.name for column in FACTS[segment.table].all_columns)  # what is not there is NULL
    rows = [everything | dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    assert not set(names) - set(everything)
    con.execute("DETACH segment")
    assert len(rows) == segment.rows
    assert {row["project_id"] for row in rows} <= {segment.project_id}
    return rows


def one(center: Center, table: str, **having: Any) -> Row:
    """The one stored row of a table with these values."""
    rows = [r for r in stored(center).get(table, []) if all(r[k] == v for k, v in having.items())]
    assert len(rows) == 1, rows
    return rows[0]


def places(center: Center, table: str = "calls") -> dict[Any, str | None]:
    """The project of each row of a table by its source's id; None is no project."""
    return {r["source_id"]: r["project"] for r in stored(center).get(table, [])}


def content(center: Center, but: Iterable[str] = ("load_id",)) -> dict[str, list[str]]:
    """All that a centre holds, in an order of its own: equal where two centres say the same."""
    left_out = set(but)
    return {
        table: sorted(repr(sorted((k, v) for k, v in row.items() if k not in left_out)) for row in rows)
        for table, rows in stored(center).items()
    }


def difference(one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The rows that only one of two centres holds, for a message; {} when there are none."""
    found = {t: [r for r in rows if r not in other.get(t, [])] for t, rows in one.items()}
    more = {f"{t} of the other": [r for r in rows if r not in one.get(t, [])] for t, rows in other.items()}
    return {t: rows for t, rows in (found | more).items() if rows}


def files(center: Center) -> set[str]:
    """The published segments' files."""
    with center.folder.reading() as reading:
        return {s.file for s in segments_of(reading.con)}


def utc(text: str) -> datetime:
    """`02 10:00:00` of June 2025, or a whole instant, as stores hold it: naive UTC."""
    return datetime.fromisoformat(text if "-" in text else f"2025-06-{text}")
