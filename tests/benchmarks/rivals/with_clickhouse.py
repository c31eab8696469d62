"""The ten reports in ClickHouse, in the process (chdb), its tables sorted by project and time."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rivals.engine import Engine
from rivals.rows import COLUMNS, NAMES, STARTS, Scope, files
from rivals.sql import CLICKHOUSE, statement, with_days


class Clickhouse(Engine):
    """A session over a folder."""

    def __init__(self, folder: Path, kept: Path | None) -> None:
        """Open it, and fill it where it is new; `kept` is where its data stay."""
        os.environ["TZ"] = "UTC"
        time.tzset()
        from chdb import session

        self.path = kept or folder / "chdb"
        filled = self.path.exists()
        self.session = session.Session(str(self.path))
        for setting in (
            *("session_timezone = 'UTC'", "join_use_nulls = 1", "cast_keep_nullable = 1"),
            *("output_format_arrow_string_as_string = 1", "schema_inference_make_columns_nullable = 1"),
        ):
            self.session.query(f"SET {setting}")
        self.session.query("CREATE DATABASE IF NOT EXISTS centre ENGINE = Atomic")
        self.session.query("USE centre")
        if not filled:
            self.fill(folder)

    def fill(self, folder: Path) -> None:
        """Tables, and their rows in one part each."""
        for table in (*COLUMNS, *NAMES):
            schema = pq.read_schema(files(folder, table)[0] if table in COLUMNS else folder / f"{table}.parquet")
            key = ("project_id", STARTS[table]) if table in COLUMNS else (schema.names[0],)
            columns = ", ".join(f'"{f.name}" {named(f.type, f.name not in key)}' for f in schema)
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


def named(kind: pa.DataType, nullable: bool) -> str:
    """A type as ClickHouse writes it; words of few kinds take less as such."""
    if pa.types.is_timestamp(kind):
        name = "DateTime64(6, 'UTC')"
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "LowCardinality(Nullable(String))"
    else:
        name = {pa.int64(): "Int64", pa.float64(): "Float64", pa.bool_(): "Bool"}[kind]
    return f"Nullable({name})" if nullable else name
