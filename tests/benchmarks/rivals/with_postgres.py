"""The ten reports in PostgreSQL: a policy on each table, indexes by project and time, statistics."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as driver
import pyarrow as pa
import pyarrow.parquet as pq

import servers
from rivals.engine import Engine
from rivals.rows import COLUMNS, NAMES, STARTS, Scope, files
from rivals.sql import POSTGRES, statement, with_days

MEMORY = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
SETTINGS = {  # as its manual and its users advise for reports
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


class Postgres(Engine):
    """A server of its own."""

    def __init__(self, folder: Path, kept: Path | None) -> None:
        """Start a server, and fill it where it is new; `kept` is where its data stay."""
        self.held, self.open = ExitStack(), {}  # type: ExitStack, dict[str, Any]
        filled = kept is not None and kept.exists()
        self.server = self.held.enter_context(servers.postgres(SETTINGS, kept))
        with driver.connect(self.server.url(user="owner"), autocommit=True) as con, con.cursor() as cursor:
            if not filled:
                self.fill(cursor, folder)
            cursor.execute("SELECT pg_backend_pid()")
            self.first = processes()[cursor.fetchone()[0]][1]  # the process that started this one, and all others

    def fill(self, cursor: Any, folder: Path) -> None:
        """Tables, indexes, policies and statistics."""
        for table in (*COLUMNS, *NAMES):
            paths = files(folder, table) if table in COLUMNS else [folder / f"{table}.parquet"]
            schema = plain(pq.read_schema(paths[0]))
            columns = ", ".join(f'"{f.name}" {KINDS.get(f.type, "timestamp")}' for f in schema)
            cursor.execute(f"CREATE TABLE {table} ({columns})")
            for path in paths:
                rows = pa.RecordBatchReader.from_batches(schema, batches(path, schema))
                cursor.adbc_ingest(table, rows, mode="append")
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
        for command in ("VACUUM ANALYZE", "CHECKPOINT"):
            cursor.execute(command)

    def admit(self, scope: Scope) -> Any:
        """A connection of the viewer, who is made when she first asks; who sees everything needs no policy."""
        if scope.who not in self.open:
            known = self.server.run(f"SELECT 1 FROM pg_roles WHERE rolname = '{scope.who}'")
            if not known:
                bypass = "BYPASSRLS" if scope.everything else ""
                self.server.run(f"CREATE ROLE \"{scope.who}\" LOGIN {bypass} PASSWORD '{servers.PASSWORD}'")
            self.server.run(
                f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{scope.who}"',
                f"DELETE FROM memberships WHERE login = '{scope.who}'",
                f"INSERT INTO memberships SELECT '{scope.who}', unnest(ARRAY[{', '.join(map(str, scope.projects))}])",
                "ANALYZE memberships",
            )
            self.open[scope.who] = self.held.enter_context(
                driver.connect(self.server.url(user=scope.who), autocommit=True)
            )
        return self.open[scope.who]

    def ask(self, name: str, scope: Scope) -> pa.Table:
        """The rows."""
        with self.admit(scope).cursor() as cursor:
            cursor.execute(statement(name, POSTGRES, scope))
            return with_days(name, cursor.fetch_arrow_table(), scope)

    def cpu_seconds(self) -> float:
        """Of the server: of those of its processes that live, and of those that ended."""
        told = processes()
        ticks = sum(told[self.first][11:15])  # its own, and those of its children that ended
        ticks += sum(sum(one[11:13]) for one in told.values() if one[1] == self.first)
        return ticks / os.sysconf("SC_CLK_TCK")

    def held_bytes(self) -> int:
        """Of the server's processes, what several share counted once."""
        told = 0
        for process in [self.first, *(n for n, one in processes().items() if one[1] == self.first)]:
            with suppress(OSError):  # it has ended meanwhile
                lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
                told += 1024 * int(next(line.split()[1] for line in lines if line.startswith("Pss:")))
        return told

    def close(self) -> None:
        """Stop the server."""
        self.held.close()


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
