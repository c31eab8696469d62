"""A Parquet file: its types are kept where loading knows them, everything else comes as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from okireports.errors import LoadError
from okireports.sources.feed import Reject
from okireports.sources.quoting import file, ident

_KEPT = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), "BIGINT"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "DOUBLE"),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "TIMESTAMP"),
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
    "BOOLEAN": "BOOLEAN",
}
_NESTED = ("STRUCT", "MAP")


@dataclass
class ParquetFile:
    """One open Parquet file; a row's "line" is its number, counted from 1."""

    con: duckdb.DuckDBPyConnection
    path: Path
    name: str

    def __post_init__(self) -> None:
        try:
            described = self.con.execute(f"DESCRIBE SELECT * FROM read_parquet({file(self.path)})").fetchall()
        except duckdb.Error as error:
            raise self._unreadable(error) from error
        self._found = {str(name): str(kind) for name, kind, *_ in described}
        self.columns = tuple(self._found)
        self.types = {name: _KEPT.get(kind, "VARCHAR") for name, kind in self._found.items()}

    def _unreadable(self, error: duckdb.Error) -> LoadError:
        first = str(error).splitlines()[0]
        return LoadError(f"The Parquet file cannot be read: {first}", file=self.name, hint="Export it again.")

    def _expression(self, column: str) -> str:
        kind, name = self._found[column], ident(column)
        if kind.startswith(_NESTED) or kind.endswith("]"):
            return f"to_json({name})::VARCHAR"
        # an empty text is missing, as in CSV
        return f"{name}::{_KEPT[kind]}" if kind in _KEPT else f"nullif({name}::VARCHAR, '')"

    def insert(self, con: duckdb.DuckDBPyConnection, relation: str, chosen: dict[str, str], index: int) -> int:
        """Append the columns `chosen` (target -> column) and `_file`; returns the rows taken."""
        picked = "".join(f"{self._expression(column)} AS {ident(name)}, " for name, column in chosen.items())
        query = f"SELECT {picked}{index}::USMALLINT AS _file FROM read_parquet({file(self.path)})"
        try:
            done = con.execute(f"INSERT INTO {relation} BY NAME {query}").fetchone()
        except duckdb.Error as error:
            raise self._unreadable(error) from error
        return int(done[0]) if done else 0

    def rejects(self, table: str) -> list[Reject]:
        """None: Parquet has no broken rows."""
        return []

    def lines(self, ordinals: Sequence[int]) -> list[int]:
        """The numbers of rows, counted from 1."""
        return [n + 1 for n in ordinals]
