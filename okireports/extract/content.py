"""What an extract is made of: her rows as runs of hers have them, put into a file a table after the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from okireports.access import Scope
from okireports.disk import Current, Folder, Seal, Segment, segments_of
from okireports.disk.folder import quoted
from okireports.disk.sealed import SAID
from okireports.disk.segments import ALWAYS, STORAGE, WITHOUT_LOG, summary
from okireports.engines.duck import Session, Viewing, Wanted, may_open, rows_of, schema_of, session
from okireports.engines.seen import meeting
from okireports.extract.control import cut, listed, names_held
from okireports.sql.offered import offered, view_of
from okireports.tables import CONTROL, FACTS, MODEL_VERSION, Fact

Span = tuple[datetime, datetime]
EVER: Span = (datetime(1, 1, 1), datetime(9999, 1, 1))  # the span of an extract of all there is
BATCH = 100_000  # rows that are in memory at once
FEW = 500_000  # rows of an extract up to which small blocks save more than they cost: it has many small tables
SAYS: Mapping[str, str] = {  # the columns of the table `extract`
    "format": "BIGINT",
    "viewer": "VARCHAR",
    "role": "VARCHAR",
    "projects": "VARCHAR[]",
    "period": "VARCHAR",
    "held_from": "TIMESTAMP",
    "held_until": "TIMESTAMP",
    "timezone": "VARCHAR",
    "generation": "BIGINT",
    "made_at": "TIMESTAMP",
    "made_by": "VARCHAR",
    "expires_at": "TIMESTAMP",
    "change_log": "VARCHAR",
    "version": "VARCHAR",
}


@dataclass(frozen=True)
class Pinned(Folder):
    """A centre's folder as one generation says, whatever is published meanwhile."""

    at: Current

    def current(self) -> Current:
        """That generation."""
        return self.at


@dataclass
class Content:
    """An extract on its way: whose, over which span (naive UTC) of each table, and what is written, attached as `t`.

    Without spans it holds all there is.
    """

    viewing: Viewing
    scope: Scope
    spans: Mapping[str, Span]
    con: duckdb.DuckDBPyConnection

    def fill(self, seal: Seal) -> None:
        """Put everything in."""
        self.con.execute("CREATE SCHEMA t.control; CREATE SCHEMA t.held; USE t.control")
        for table in CONTROL.values():
            self.con.execute(table.ddl)
        with self.viewing.folder.reading() as reading:
            known = names_held(reading.con, self.scope)
            with self.opened(None, self.tables) as run:
                names = {name: run.arrow(f'SELECT * FROM "{name}"') for name in self.listed}
                self.rows(run, known, [t for t in self.tables if not FACTS[t].copied])
            for name, rows in cut(reading.con, self.scope, names, *self.span).items():
                self.insert(name, rows)
        copied = [t for t in self.tables if FACTS[t].copied]
        for project in self.scope.projects:  # several at once show copies as one row; a store has them one by one
            with self.opened(project.id, copied) as run:
                self.rows(run, {key: held for key, held in known.items() if key[0] == project.id}, copied)
        self.main(names, seal)
        self.con.execute("USE memory; CHECKPOINT t; DETACH t")

    @property
    def tables(self) -> list[str]:
        """The facts that she may open."""
        return [name for name in FACTS if may_open(self.scope, name)]

    @property
    def listed(self) -> tuple[str, ...]:
        """The tables of names and of definitions that go with them."""
        return listed(self.scope)

    @property
    def span(self) -> Span:
        """What the spans lie in."""
        since, until = zip(*(self.spans.values() or [EVER]), strict=True)
        return min(since), max(until)

    @property
    def wanted(self) -> Wanted:
        """All of it."""
        return Wanted((), *self.span, ())

    def opened(self, project: int | None, tables: Sequence[str]) -> AbstractContextManager[Session]:
        """A run over her rows, of all her projects or of one."""
        viewing = self.viewing if project is None else replace(self.viewing, projects=[project])
        wanted = replace(self.wanted, tables=tuple(tables), names=self.listed if project is None else ())
        return session(viewing, lambda scope, settings_at: wanted)

    def rows(self, run: Session, known: Mapping[tuple[int, str], Sequence[object]], tables: Iterable[str]) -> None:
        """Copy her rows of some tables, each project's into a schema of its own, and list them as segments."""
        for project, table in known:
            if table not in tables:
                continue
            fact, store = FACTS[table], self.viewing.folder.store(project).name
            self.con.execute(f"CREATE SCHEMA IF NOT EXISTS t.{store}")
            columns = ", ".join(f'"{name}"' for name in schema_of(table))
            asked = f'SELECT {columns} FROM "{table}" WHERE project_id = {project} AND {self.within(fact)}'
            self.con.register("handed", run.con.execute(asked).to_arrow_reader(BATCH))
            self.con.execute(f'CREATE TABLE t.{store}."{table}" AS SELECT * FROM handed')
            self.con.unregister("handed")
            opened = [s.generation for s in run.segments if (s.project_id, s.table) == (project, table)]
            self.list_segment(project, table, f"t.{store}", [*known[project, table], max(opened, default=0)])

    def within(self, fact: Fact) -> str:
        """SQL: which rows of a table belong to the span; people do whom a row of the span names."""
        if fact.start is not None or not self.spans:
            return meeting(fact, Wanted((), *self.spans.get(fact.name, EVER), ()))
        naming = [FACTS[t] for t in self.tables if t != fact.name and "contact_key" in schema_of(t)]
        keys = (f'SELECT contact_key FROM "{f.name}" WHERE {self.within(f)}' for f in naming)
        return f"contact_key IN ({' UNION '.join(keys)})"

    def list_segment(self, project: int, table: str, store: str, held: Sequence[object]) -> None:
        """Say of a table that was copied what a control file says of a segment."""
        columns = tuple(schema_of(table))
        said = self.con.execute(summary(FACTS[table], columns, store)).fetchone()
        people, objects, generation = held
        first_at, last_at, last_end, rows, *_ = said or ()
        file = f"{store.removeprefix('t.')}/{table}"
        values = [project, table, ALWAYS, file, first_at, last_at, last_end, rows, 0, None, MODEL_VERSION]
        self.con.execute(
            f"INSERT INTO t.control.segments VALUES ({', '.join('?' * (len(values) + 4))})",
            [*values, people, objects, list(columns), generation],
        )

    def insert(self, table: str, rows: pa.Table) -> None:
        """Put rows into a table of the control file."""
        self.con.register("handed", rows)
        self.con.execute(f'INSERT INTO t.control."{table}" BY NAME SELECT * FROM handed')
        self.con.unregister("handed")

    def main(self, names: Mapping[str, pa.Table], seal: Seal) -> None:
        """What whoever opens it without okireports finds: tables with names beside ids, as in a query of hers."""
        self.con.execute("USE t.main")
        for name, rows in names.items():
            self.con.register("handed", rows)
            self.con.execute(f'CREATE TABLE t.held."{name}" AS SELECT * FROM handed')
            self.con.unregister("handed")
        for table in self.tables:
            parts = [(self.viewing.folder.store(s.project_id).name, s) for s in self.segments(table)]
            self.con.execute(f'CREATE VIEW held."{table}" AS {rows_of(FACTS[table], parts, self.scope)}')
        for table in offered(self.scope):
            self.con.execute(view_of(table))
        columns = ", ".join(f"{name} {kind}" for name, kind in SAYS.items())
        self.con.execute(f"CREATE TABLE {SAID} ({columns})")
        values = [list(v) if isinstance(v := getattr(seal, name), tuple) else v for name in SAYS]
        self.con.execute(f"INSERT INTO {SAID} VALUES ({', '.join('?' * len(values))})", values)

    def segments(self, table: str) -> list[Segment]:
        """What was copied of a table."""
        names = tuple(Segment.__dataclass_fields__)
        columns = ", ".join(f'"{name}"' for name in names)
        asked = f'SELECT {columns} FROM t.control.segments WHERE "table" = ? ORDER BY project_id'
        rows = self.con.execute(asked, [table]).fetchall()
        return [Segment(**dict(zip(names, row, strict=True))) for row in rows]


def write(path: Path, viewing: Viewing, scope: Scope, spans: Mapping[str, Span], seal: Seal) -> None:
    """Write an extract as one file of DuckDB."""
    with duckdb.connect(config={"temp_directory": str(path.parent / "spill")}) as con:
        con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        with viewing.folder.reading() as reading:
            rows = sum(s.rows for s in segments_of(reading.con, None, scope.stores))
        block = ", BLOCK_SIZE 16384" if rows <= FEW else ""
        con.execute(f"ATTACH {quoted(path)} AS t (STORAGE_VERSION '{STORAGE}', {WITHOUT_LOG}{block})")
        Content(viewing, scope, spans, con).fill(seal)


def as_parquet(file: Path, folder: Path, seal: Seal) -> None:
    """Write what is in an extract of one file as a folder of Parquet files, and what it says of itself as JSON."""
    folder.mkdir(mode=0o700)
    with duckdb.connect(str(file), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        listed = """SELECT schema_name, table_name FROM duckdb_tables() UNION ALL
        SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal"""
        for schema, table in con.execute(listed).fetchall():
            if schema == "held":
                continue
            below = folder if schema == "main" else folder / str(schema)
            below.mkdir(mode=0o700, exist_ok=True)
            con.execute(f'COPY {schema}."{table}" TO {quoted(below / f"{table}.parquet")} (FORMAT parquet)')
    said = json.dumps(asdict(seal), default=str, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(said + "\n", "utf-8")
