"""Where facts come from: `read` turns the files of one source into canonical rows in a staging connection."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import duckdb

from okireports import tables
from okireports.errors import LoadError, did_you_mean
from okireports.sources import asterisk, bank_1999, canonical, cdr, mapped, remote, vendors
from okireports.sources.canonical import Columns
from okireports.sources.database import is_url
from okireports.sources.feed import Before, Feed, Reject, Scratch, SourceFile
from okireports.sources.inspection import Draft, inspect
from okireports.sources.staging import Progress

__all__ = ["SOURCES", "Before", "Draft", "Feed", "Reject", "SourceFile", "inspect", "is_url", "read"]

SOURCES = ("canonical", "bank-1999", *asterisk.SOURCES, cdr.FREESWITCH, *vendors.NAMES)


def read(
    con: duckdb.DuckDBPyConnection,
    path: str | os.PathLike[str],
    *,
    source: str,
    timezone: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
    known: Columns | None = None,
    required: Columns | None = None,
    before: Before | None = None,
) -> Feed:
    """Stage the files at `path` as canonical rows in the schema `raw` of a connection.

    Args:
        con: a staging connection of the caller's; relations of an earlier feed with the same names are replaced.
        path: a folder, an archive, one file, a URL of these, or the URL of a database (with a mapping).
        source: "canonical", "bank-1999", a switch's log ("freeswitch-cdr" or one of `asterisk.SOURCES`), a vendor's
            name (`vendors.NAMES`), or the path of a mapping (`.toml`).
        timezone: the zone of times without an offset; wins over what the source says.
        encoding: of text files, a name that Python knows, or "auto": found out; wins over what the mapping says.
        progress: called with (name, bytes done, bytes in all) as files are read.
        known: canonical table -> the columns it may have; the model's unless given.
        required: canonical table -> the columns it must have; the model's unless given.
        before: what earlier loads have read: files to leave out, and from where queries go on.

    Raises:
        LoadError: an input that cannot be read, with file, line and column.
    """
    known = tables.canonical_columns() if known is None else known
    required = tables.required_columns() if required is None else required
    con.execute("CREATE SCHEMA IF NOT EXISTS raw")
    con.execute("SET preserve_insertion_order = true")  # rowid is the place in the files
    if remote.is_url(os.fspath(path)):
        scratch = Scratch()
        here = remote.fetch(os.fspath(path), scratch)
        asked = {"timezone": timezone, "encoding": encoding}
        feed = read(con, here, source=source, progress=progress, known=known, required=required, before=before, **asked)
        return replace(feed, fetched=scratch)
    if map_path := vendors.mapping(source):
        return mapped.read(
            con,
            os.fspath(path),
            map_path,
            known=known,
            required=required,
            timezone=timezone,
            encoding=encoding,
            progress=progress,
            before=before,
        )
    if is_url(path):
        hint = "It says which queries make which tables."
        raise LoadError("A database is read with a mapping: source='mapping.toml'.", hint=hint)
    root = Path(path)
    if source == "canonical":
        return canonical.read(
            con,
            root,
            known=known,
            required=required,
            timezone=timezone,
            encoding=encoding,
            progress=progress,
            before=before,
        )
    if source == "bank-1999":
        return bank_1999.read(con, root, known=known, timezone=timezone, progress=progress)
    if source in asterisk.SOURCES:
        return asterisk.read(
            con,
            root,
            source=source,
            known=known,
            timezone=timezone,
            encoding=encoding,
            progress=progress,
            before=before,
        )
    if source == cdr.FREESWITCH:
        return cdr.read_freeswitch(con, root, known=known, timezone=timezone, encoding=encoding, progress=progress)
    near = did_you_mean(source, SOURCES)
    raise LoadError(f"There is no source {source!r}.{near}", hint="Others are read with a mapping (a .toml file).")
