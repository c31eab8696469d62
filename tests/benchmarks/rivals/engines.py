"""The engines beside okireports, each with the same rows: how it is filled, asked, and let go.

    python -m rivals.engines '{"engine": ..., "folder": ..., "answers": ..., "questions": [...]}'

is the process of one engine; it prints what filling took, then a line of JSON for each question.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from sides import RUNS, Taken, bytes_read, cpu_seconds, medians, peak_bytes

import okireports
from rivals.rows import COLUMNS, NAMES, STARTS, Scope, days_with, files
from rivals.sql import CLICKHOUSE, POSTGRES, statement

PATIENCE_S = 300  # for one answer; a question that takes longer is asked once
MEMORY_FOR_A_CALL = 700  # bytes that pandas needs while its frames are made, the other tables with them
MEMORY = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
POSTGRES_SETTINGS = {  # as its manual and its users advise for reports
    "shared_buffers": f"{MEMORY // 4 >> 20}MB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "effective_cache_size": f"{MEMORY // 2 >> 20}MB",
    "max_wal_size": "8GB",
    "max_parallel_workers_per_gather": os.cpu_count() or 2,
    "random_page_cost": 1.1,
    "jit": "on",
}
KINDS = {pa.int64(): "bigint", pa.string(): "text", pa.float64(): "double precision", pa.bool_(): "boolean"}


class Engine(Protocol):
    """What answers a question with the columns of its report, in any order of rows."""

    def ask(self, name: str, scope: Scope) -> Any:
        """A pandas or Arrow table."""

    def close(self) -> None:
        """Let go of what is open."""


class Okireports:
    """The reports themselves."""

    def __init__(self, folder: Path, centre: str, now: str) -> None:
        """Open the centre; reports open their files each time."""
        self.center = okireports.open(centre, now=datetime.fromisoformat(now))

    def ask(self, name: str, scope: Scope) -> pa.Table:
        """The rows, by a viewer who is opened anew."""
        everything = scope.everything
        who = "admin" if everything else f"bench-{scope.who}"
        viewer = self.center.viewer(who, reason="benchmark" if everything else None)
        rows: pa.Table = viewer.report(name, period=(local(scope.start), local(scope.end))).arrow
        return rows

    def close(self) -> None:
        """Nothing is open."""


class Postgres:
    """PostgreSQL with a policy on each table, indexes by project and time, and statistics."""

    def __init__(self, folder: Path) -> None:
        """Start a server and fill it."""
        import adbc_driver_postgresql.dbapi as driver

        import servers

        self.held = ExitStack()
        self.server = self.held.enter_context(servers.postgres(POSTGRES_SETTINGS))
        self.connect, self.open = driver.connect, {}
        with driver.connect(self.server.url(user="owner"), autocommit=True) as con, con.cursor() as cursor:
            for table in (*COLUMNS, *NAMES):
                paths = files(folder, table) if table in COLUMNS else [folder / f"{table}.parquet"]
                schema = plain(pq.read_schema(paths[0]))
                columns = ", ".join(f'"{f.name}" {KINDS.get(f.type, "timestamp")}' for f in schema)
                cursor.execute(f"CREATE TABLE {table} ({columns})")
                for path in paths:
                    rows = pa.RecordBatchReader.from_batches(schema, batches(path, schema))
                    cursor.adbc_ingest(table, rows, mode="append")
            self.arrange(cursor)
            cursor.execute("SELECT pg_backend_pid()")
            self.first = processes()[cursor.fetchone()[0]][1]  # the process that started this one, and all others

    def arrange(self, cursor: Any) -> None:
        """Indexes, policies and statistics."""
        for index in (
            *(f'{table} (project_id, "{start}")' for table, start in STARTS.items()),
            *("calls (started_at)", "calls (call_id)", "speech_hits (call_id)"),
        ):
            cursor.execute(f"CREATE INDEX ON {index}")
        cursor.execute("CREATE TABLE memberships (login text, project_id bigint, PRIMARY KEY (login, project_id))")
        mine = "ARRAY(SELECT m.project_id FROM memberships m WHERE m.login = current_user)"
        for table in COLUMNS:
            cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            cursor.execute(f"CREATE POLICY hers ON {table} FOR SELECT USING (project_id = ANY ({mine}))")
        cursor.execute("VACUUM ANALYZE")

    def admit(self, scope: Scope) -> Any:
        """A connection of the viewer, who is made when she first asks."""
        import servers

        if scope.who not in self.open:
            self.server.run(
                f"CREATE ROLE \"{scope.who}\" LOGIN PASSWORD '{servers.PASSWORD}'",
                f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{scope.who}"',
                f"INSERT INTO memberships SELECT '{scope.who}', unnest(ARRAY[{', '.join(map(str, scope.projects))}])",
                "ANALYZE memberships",
            )
            self.open[scope.who] = self.held.enter_context(
                self.connect(self.server.url(user=scope.who), autocommit=True)
            )
        return self.open[scope.who]

    def ask(self, name: str, scope: Scope) -> pa.Table:
        """The rows."""
        with self.admit(scope).cursor() as cursor:
            cursor.execute(statement(name, POSTGRES, scope))
            return with_days(name, cursor.fetch_arrow_table(), scope)

    def cpu_seconds(self) -> float:
        """Seconds of processors of the server: of those of its processes that live, and of those that ended."""
        told = processes()
        ticks = sum(told[self.first][11:15])  # its own, and those of its children that ended
        ticks += sum(sum(one[11:13]) for one in told.values() if one[1] == self.first)
        return ticks / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Stop the server."""
        self.held.close()


class Clickhouse:
    """ClickHouse in the process (chdb), its tables sorted by project and time."""

    def __init__(self, folder: Path) -> None:
        """Fill it."""
        os.environ["TZ"] = "UTC"
        time.tzset()
        from chdb import session

        self.path = folder / "chdb"
        self.session = session.Session(str(self.path))
        for setting in (
            *("session_timezone = 'UTC'", "join_use_nulls = 1", "cast_keep_nullable = 1"),
            *("output_format_arrow_string_as_string = 1", "schema_inference_make_columns_nullable = 1"),
        ):
            self.session.query(f"SET {setting}")
        self.session.query("CREATE DATABASE IF NOT EXISTS centre ENGINE = Atomic")
        self.session.query("USE centre")
        for table in (*COLUMNS, *NAMES):
            schema = pq.read_schema(files(folder, table)[0] if table in COLUMNS else folder / f"{table}.parquet")
            key = ("project_id", STARTS[table]) if table in COLUMNS else (schema.names[0],)
            columns = ", ".join(f'"{f.name}" {clickhouse_type(f.type, f.name not in key)}' for f in schema)
            order = ", ".join(f'"{name}"' for name in key)
            self.session.query(f"CREATE TABLE {table} ({columns}) ENGINE = MergeTree ORDER BY ({order})")
            source = folder / (f"{table}/*/rows.parquet" if table in COLUMNS else f"{table}.parquet")
            listed = ", ".join(f'"{name}"' for name in schema.names)
            self.session.query(
                f"""INSERT INTO {table} SELECT {listed} FROM file('{source}', 'Parquet')
                SETTINGS use_hive_partitioning = 0"""
            )
            self.session.query(f"OPTIMIZE TABLE {table} FINAL")

    def ask(self, name: str, scope: Scope) -> pa.Table:
        """The rows."""
        given = self.session.query(statement(name, CLICKHOUSE, scope), "ArrowStream").bytes()
        return with_days(name, pa.ipc.open_stream(given).read_all(), scope)

    def close(self) -> None:
        """Let go of its files."""
        self.session.close()


def made(asked: dict[str, Any]) -> Engine:
    """An engine that is filled."""
    folder = Path(asked["folder"])
    match asked["engine"]:
        case "okireports":
            return Okireports(folder, asked["centre"], asked["now"])
        case "pandas":
            from rivals.with_pandas import Pandas

            return Pandas(folder)
        case "polars":
            from rivals.with_polars import Polars

            return Polars(folder)
        case "postgres":
            return Postgres(folder)
        case "clickhouse":
            return Clickhouse(folder)
        case other:
            raise LookupError(other)


def fits(engine: str, calls: int) -> bool:
    """Can an engine hold so many calls in this machine's memory?"""
    return engine != "pandas" or calls * MEMORY_FOR_A_CALL < 0.8 * MEMORY


def processes() -> dict[int, list[int]]:
    """This machine's processes: what /proc tells of each behind its name and state; [1] is who started it."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            found[int(path.parent.name)] = [0, *map(int, path.read_text().rpartition(")")[2].split()[1:])]
    return found


def plain(schema: pa.Schema) -> pa.Schema:
    """Columns without what Parquet adds."""
    return pa.schema([pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type) for f in schema])


def batches(path: Path, schema: pa.Schema) -> Any:
    """A file's rows, piece by piece."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(100_000):
            yield batch.cast(schema)


def clickhouse_type(kind: pa.DataType, nullable: bool) -> str:
    """A type as ClickHouse writes it; words of few kinds take less as such."""
    if pa.types.is_timestamp(kind):
        name = "DateTime64(6, 'UTC')"
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "LowCardinality(Nullable(String))"
    else:
        name = {pa.int64(): "Int64", pa.float64(): "Float64", pa.bool_(): "Bool"}[kind]
    return f"Nullable({name})" if nullable else name


def with_days(name: str, rows: pa.Table, scope: Scope) -> pa.Table:
    """What SQL gave; peak hours with the days that have each hour, of the calendar."""
    if name != "calls_by_hour":
        return rows
    known = days_with(scope)
    keys = zip(rows["weekday"].to_pylist(), rows["hour"].to_pylist(), strict=True)
    days = [known[int(weekday), int(hour)] for weekday, hour in keys]
    rates = [int(n) / d for n, d in zip(rows["offered"].to_pylist(), days, strict=True)]
    return rows.add_column(2, "days", pa.array(days)).append_column("offered_per_day", pa.array(rates, pa.float64()))


def local(at: datetime) -> str:
    """An instant in naive UTC as an aware one."""
    return at.isoformat() + "+00:00"


def measured(engine: Engine, name: str, scope: Scope) -> tuple[dict[str, Any], Any]:
    """What a question takes: the first time, and the median of RUNS; and its rows."""

    def cpu() -> float:
        beside = engine.cpu_seconds() if isinstance(engine, Postgres) else 0.0
        return cpu_seconds() + beside

    taken: list[Taken] = []
    while len(taken) <= RUNS and not (taken and taken[0].wall_s > PATIENCE_S):
        read, spent, begun = bytes_read(), cpu(), time.perf_counter()
        rows = engine.ask(name, scope)
        wall = time.perf_counter() - begun
        taken.append(Taken(wall, cpu() - spent, bytes_read() - read))
    return {"first_s": taken[0].wall_s, "runs": max(1, len(taken) - 1), **medians(taken[1:] or taken)}, rows


def main() -> None:
    """Fill an engine and ask it."""
    asked = json.loads(sys.argv[1])
    begun = time.perf_counter()
    engine = made(asked)
    print(json.dumps({"filled_s": time.perf_counter() - begun}), flush=True)
    try:
        for question in asked["questions"]:
            at = {end: datetime.fromisoformat(question[end]) for end in ("start", "end")}
            scope = Scope(question["who"], tuple(question["projects"]), question["everything"], at["start"], at["end"])
            told, rows = measured(engine, question["report"], scope)
            table = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)
            pq.write_table(table, Path(asked["answers"], question["key"].replace("/", "-") + ".parquet"))
            print(json.dumps({"key": question["key"], "rows": len(table), **told}), flush=True)
    finally:
        engine.close()
    print(json.dumps({"peak_bytes": peak_bytes()}), flush=True)


if __name__ == "__main__":
    main()
