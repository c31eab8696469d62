"""Files of one table poured into one staging relation, whatever their kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import duckdb

from okireports.errors import LoadError, did_you_mean
from okireports.sources.feed import Origin, Reject, Staged
from okireports.sources.quoting import ident

Progress = Callable[[str, int, int], None]  # file, bytes done, bytes in all


class Reader(Protocol):
    """An open file of any kind."""

    @property
    def name(self) -> str:
        """How messages call the file."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names in its header; '' for a column without one."""

    @property
    def types(self) -> Mapping[str, str]:
        """The DuckDB type of each column as it is delivered."""

    def insert(self, con: duckdb.DuckDBPyConnection, relation: str, chosen: dict[str, str], index: int) -> int:
        """Append the columns `chosen` (target -> column) and `_file`; returns the rows taken."""

    def rejects(self, table: str) -> list[Reject]:
        """The rows that could not be taken over."""

    def lines(self, ordinals: Sequence[int]) -> list[int]:
        """The lines of rows by their ascending numbers."""


class Input(NamedTuple):
    """One file of the input: its number among the feed's files, its path, name and size."""

    number: int
    path: Path
    name: str
    bytes: int


def by_name(reader: Reader) -> dict[str, str]:
    """The columns of a file by lower-case name; LoadError for a name that stands there twice."""
    found: dict[str, str] = {}
    for column in filter(None, reader.columns):
        if column.lower() in found:
            raise LoadError("The header has this name twice.", file=reader.name, column=column, hint="Rename one.")
        found[column.lower()] = column
    return found


def require(reader: Reader, wanted: Iterable[str]) -> None:
    """LoadError for the first wanted column that the header lacks, with the names that are near to it."""
    found = by_name(reader)
    for column in sorted(wanted):
        if column.lower() not in found:
            near = did_you_mean(column, found.values())
            header = ", ".join(found.values())
            raise LoadError(
                "The header has no such column.", file=reader.name, column=column, hint=f"It has: {header}.{near}"
            )


def pour(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    readers: Sequence[tuple[Input, Reader]],
    wanted: Callable[[str], bool],
    *,
    as_text: bool = False,
) -> Origin:
    """Make `relation` of the wanted columns (named in lower case) of all files, in their order.

    A column that some files lack is NULL there; one whose types differ between files comes as text.
    """
    types: dict[str, set[str]] = {}
    for _, reader in readers:
        for lower, column in by_name(reader).items():
            if wanted(lower):
                types.setdefault(lower, set()).add("VARCHAR" if as_text else reader.types[column])
    columns = [f"{ident(c)} {next(iter(t)) if len(t) == 1 else 'VARCHAR'}" for c, t in types.items()]
    con.execute(f"CREATE OR REPLACE TABLE {relation} ({', '.join([*columns, '_file USMALLINT'])})")
    staged, first = [], 0
    for file, reader in readers:
        chosen = {lower: column for lower, column in by_name(reader).items() if lower in types}
        rows = reader.insert(con, relation, chosen, file.number)
        staged.append(Staged(file.number, first, rows, reader))
        first += rows
    return Origin(tuple(staged), first)
