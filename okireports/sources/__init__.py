"""Where facts come from: `read` turns the files of one source into canonical rows in a staging connection."""

from __future__ import annotations

from pathlib import Path

import duckdb

from okireports import tables
from okireports.errors import LoadError, did_you_mean
from okireports.sources import bank_1999, canonical, mapped
from okireports.sources.canonical import Columns
from okireports.sources.feed import Feed, Reject, SourceFile
from okireports.sources.inspection import Draft, inspect
from okireports.sources.staging import Progress

__all__ = ["SOURCES", "Draft", "Feed", "Reject", "SourceFile", "inspect", "read"]

SOURCES = ("canonical", "bank-1999")


def read(
    con: duckdb.DuckDBPyConnection,
    path: str | Path,
    *,
    source: str,
    timezone: str | None = None,
    progress: Progress | None = None,
    known: Columns | None = None,
    required: Columns | None = None,
) -> Feed:
    """Stage the files at `path` as canonical rows in the schema `raw` of a connection.

    Args:
        con: a staging connection of the caller's; relations of an earlier feed with the same names are replaced.
        path: a folder, or one file.
        source: "canonical", "bank-1999", or the path of a mapping (`.toml`).
        timezone: the zone of times without an offset; wins over what the source says.
        progress: called with (name, bytes done, bytes in all) as files are read.
        known: canonical table -> the columns it may have; the model's unless given.
        required: canonical table -> the columns it must have; the model's unless given.

    Raises:
        LoadError: an input that cannot be read, with file, line and column.
    """
    known = tables.canonical_columns() if known is None else known
    required = tables.required_columns() if required is None else required
    con.execute("CREATE SCHEMA IF NOT EXISTS raw")
    con.execute("SET preserve_insertion_order = true")  # rowid is the place in the files
    root = Path(path)
    if source == "canonical":
        return canonical.read(con, root, known=known, required=required, timezone=timezone, progress=progress)
    if source == "bank-1999":
        return bank_1999.read(con, root, known=known, timezone=timezone, progress=progress)
    if source.endswith(".toml"):
        return mapped.read(
            con, root, Path(source), known=known, required=required, timezone=timezone, progress=progress
        )
    near = did_you_mean(source, SOURCES)
    raise LoadError(f"There is no source {source!r}.{near}", hint="Others are read with a mapping (a .toml file).")
