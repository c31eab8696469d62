"""Files of any vendor, or a database, read by a mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from okireports.errors import LoadError
from okireports.sources import database, mapping
from okireports.sources.feed import Before, Feed, Origin, keep_rejects
from okireports.sources.mapping import TableMap, VendorMap
from okireports.sources.mapping_sql import Compiler
from okireports.sources.quoting import ident
from okireports.sources.staging import Progress
from okireports.sources.vendor_files import Files


def read(
    con: duckdb.DuckDBPyConnection,
    root: str | Path,
    map_path: Path,
    *,
    known: Mapping[str, Collection[str]],
    required: Mapping[str, Collection[str]],
    timezone: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
    before: Before | None = None,
) -> Feed:
    """Stage the tables that a mapping makes of the files at `root`, or of the database whose URL it is.

    Raises:
        LoadError: a mapping that is wrong, no file that it means, a column that a file lacks; a database that does
            not answer, or refuses.
    """
    vendor = mapping.parse(map_path, known=known, required=required)
    vendor = replace(vendor, encoding=encoding) if encoding else vendor
    compiler = Compiler(vendor, str.lower)
    notes: Counter[str] = Counter()
    made: dict[str, list[tuple[str, Origin]]] = {}
    unknown: dict[str, tuple[str, ...]] = {}
    with _opened(con, root, vendor, before or Before(), timezone) as reading:
        for tables in reading.groups():
            relation, staged, rest = reading.stage(tables, progress)
            if not staged.staged:  # all of its files were read before
                continue
            have = {str(name) for name, *_ in con.execute(f"DESCRIBE {relation}").fetchall()}
            if ignored := _ignored(con, compiler, relation, tables):
                notes["rows that the mapping leaves out, ignored"] += ignored
            for table in tables:
                query, rowids = compiler.select(table.within(have), relation, required.get(table.table, ()))
                part = f"raw.{ident(f'{table.table} part {len(made.get(table.table, []))}')}"
                done = _made(con, part, query, map_path)
                made.setdefault(table.table, []).append((part, Origin(staged.staged, done, rowids)))
                if rest:
                    unknown[table.table] = tuple(dict.fromkeys((*unknown.get(table.table, ()), *rest)))
    for table_name, parts in made.items():
        con.execute(f"CREATE OR REPLACE TABLE raw.{table_name} AS FROM {parts[0][0]}")
        for part, _ in parts[1:]:
            _append(con, f"raw.{table_name}", part)
        for part, _ in parts:
            con.execute(f"DROP TABLE {part}")
    return Feed(
        source=vendor.name,
        tables={name: f"raw.{name}" for name in made},
        files=tuple(reading.files),
        rejects=keep_rejects(con, reading.rejects),
        notes=notes + reading.notes,
        unknown_columns=unknown,
        timezone=timezone or vendor.timezone,
        create_missing=vendor.create_missing,
        origins={name: tuple(origin for _, origin in parts) for name, parts in made.items()},
    )


@contextmanager
def _opened(
    con: duckdb.DuckDBPyConnection, root: str | Path, vendor: VendorMap, before: Before, timezone: str | None
) -> Iterator[Files | database.Queries]:
    """What `root` leads to, for as long as it is read."""
    if database.is_url(root):
        with closing(database.connect(str(root))) as session:
            yield database.Queries(con, session, vendor, before, timezone or vendor.timezone or before.zone)
    else:
        yield Files(con, Path(root), vendor, before)


def _ignored(con: duckdb.DuckDBPyConnection, compiler: Compiler, relation: str, tables: Sequence[TableMap]) -> int:
    """How many rows no table of facts takes; those of definitions alone are not counted."""
    taken = [compiler.taken(t) for t in tables if t.table not in mapping.DEFINITIONS]
    if not taken or not all(taken):
        return 0
    row = con.execute(f"SELECT count(*) FROM {relation} WHERE NOT (({') OR ('.join(taken)}))").fetchone()
    return int(row[0]) if row else 0


def _made(con: duckdb.DuckDBPyConnection, relation: str, query: str, map_path: Path) -> int:
    try:
        done = con.execute(f"CREATE OR REPLACE TABLE {relation} AS {query}").fetchone()
    except duckdb.Error as error:  # a format that the engine does not know
        first = str(error).splitlines()[0]
        raise LoadError(
            f"The engine refuses this mapping: {first}", file=map_path.name, hint="Check formats."
        ) from error
    return int(done[0]) if done else 0


def _append(con: duckdb.DuckDBPyConnection, relation: str, part: str) -> None:
    """Add the rows of a part below; a column that only one of the two has is NULL in the other."""
    have = {str(row[0]) for row in con.execute(f"DESCRIBE {relation}").fetchall()}
    for name, *_ in con.execute(f"DESCRIBE {part}").fetchall():
        if str(name) not in have:
            con.execute(f"ALTER TABLE {relation} ADD COLUMN {ident(str(name))} VARCHAR")
    con.execute(f"INSERT INTO {relation} BY NAME FROM {part}")
