"""Control files of an older model: what they lack reads as NULL or as no row, and the next writer adds it.

`CURRENT` says by which model its control file was written; only where that is not today's does anyone look closer.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from okireports.disk.folder import quoted
from okireports.tables import CONTROL, Control

ASIDE = "control_file"  # the older file itself, where `control` is what shows it in today's columns


def show(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach an older control file read-only; `control` shows its rows in the columns of today's model."""
    con.execute(f"ATTACH {quoted(path)} AS {ASIDE} (READ_ONLY)")
    con.execute("ATTACH ':memory:' AS control")
    for table in CONTROL.values():
        con.execute(f'CREATE VIEW control.main."{table.name}" AS {rows_of(con, ASIDE, table)}')


def bring_up(con: duckdb.DuckDBPyConnection) -> None:
    """Give the control file that is being written, attached as `control`, the tables and columns that it lacks."""
    for table in CONTROL.values():
        held = columns_of(con, "control", table)
        if held == [name for name, _ in table.columns]:
            continue
        rows = rows_of(con, "control", table)
        con.execute(f'CREATE TABLE control.main."coming_{table.name}" AS {rows}')
        con.execute(f'DROP TABLE IF EXISTS control.main."{table.name}"')
        con.execute(f'ALTER TABLE control.main."coming_{table.name}" RENAME TO "{table.name}"')


def rows_of(con: duckdb.DuckDBPyConnection, catalog: str, table: Control) -> str:
    """SQL of a table's rows in the order of today's columns, those that came later as NULL."""
    held = columns_of(con, catalog, table)
    columns = ", ".join(f'"{n}"' if n in held else f'NULL::{kind} AS "{n}"' for n, kind in table.columns)
    return f'SELECT {columns} FROM {catalog}.main."{table.name}"' if held else f"SELECT {columns} WHERE false"


def columns_of(con: duckdb.DuckDBPyConnection, catalog: str, table: Control) -> list[str]:
    """The columns that a table has in a file, in their order; none where it is not there."""
    found = con.execute(
        """SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = 'main' AND table_name = ?
        ORDER BY column_index""",
        [catalog, table.name],
    ).fetchall()
    return [str(name) for (name,) in found]
