"""DuckDB: one connection a run, in which nothing is attached but what the viewer may see.

The choice of files is the row filter: the connection holds the segments of her projects and of the tables that the
report names, read-only; then it loses the way to any other file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import duckdb
import ibis
import ibis.expr.operations as ops
import pyarrow as pa
from ibis import Table

from okireports import access
from okireports.access.directory import DIRECTORIES
from okireports.access.oversight import OVERSIGHT
from okireports.access.scope import Scope
from okireports.disk import Folder, Sealed, Segment, place, segments_of
from okireports.disk.folder import release_control, undamaged
from okireports.engines.seen import Wanted, as_seen, columns_of, hers, schema_of, several_copies
from okireports.engines.stop import Stop
from okireports.errors import DamagedCenter
from okireports.rows import Rows
from okireports.tables import FACTS, Fact

__all__ = ["Opening", "Session", "SettingsAt", "Viewing", "Wanted", "may_open", "private", "schema_of", "session"]

TRIES = 3
EXTENSIONS = ("autoinstall_known_extensions", "autoload_known_extensions")


def to_sql(expression: Table) -> str:
    """An expression in DuckDB's words."""
    return str(ibis.to_sql(expression, dialect="duckdb"))


def to_sql_counted(expression: Table) -> str:
    """The same where copies are to be counted once: however often it reads such a table, that is done one time."""

    def one_time(node: Any, rewritten: Any) -> Any:
        node = node.__recreate__(rewritten) if rewritten else node
        copied = isinstance(node, ops.UnboundTable) and node.name in FACTS and FACTS[node.name].copied
        return ops.AliasedRelation(f"counted_{node.name}", node) if copied else node

    return to_sql(expression.op().replace(one_time).to_expr())


@dataclass(frozen=True)
class Session:
    """An open run."""

    con: duckdb.DuckDBPyConnection  # holds what is small, as names and definitions, whatever the engine
    scope: Scope
    generation: int  # the newest among the files that are open
    segments: tuple[Segment, ...]
    settings: Mapping[str, str]
    views: Mapping[str, str]  # by table, the statement of its rows over the segments, which are s0, s1, ...

    @property
    def words(self) -> Callable[[Table], str]:
        """What says an expression in the engine's words."""
        return to_sql_counted if several_copies(self.scope) else to_sql

    @property
    def in_order(self) -> bool:
        """Do rows come as they lie in the files, where no other order is asked for?"""
        return not self.scope.own_rows_only

    def arrow(self, sql: str) -> pa.Table:
        """The rows that a statement gives."""
        return self.con.execute(sql).to_arrow_table()

    def batches(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """The rows that a statement gives, so many at a time; from any thread."""
        with self.con.cursor() as con:
            for batch in con.execute(sql).to_arrow_reader(rows):
                yield pa.Table.from_batches([batch])

    def written(self, sql: str, schema: pa.Schema, zone: str) -> Rows | None:
        """The rows that a statement gives, written by the engine for that they are too many; None: it gives them."""
        return None

    def nothing_of(self, table: str) -> pa.Table:
        """A table without its rows; from any thread."""
        with self.con.cursor() as con:
            return con.execute(f'FROM "{table}" LIMIT 0').to_arrow_table()

    def interrupt(self) -> None:
        """Stop what is being done; called from another thread."""
        self.con.interrupt()


@dataclass(frozen=True)
class Viewing:
    """Who asks: the centre's folder, a login, a reason where everything is seen, some of her projects, and when."""

    folder: Folder
    login: str
    reason: str | None
    projects: Iterable[str | int] | str | int | None
    now: datetime  # naive UTC
    actor: str | None = None  # who looks through her eyes, where it is not herself
    stop: Stop = field(default_factory=Stop, compare=False, repr=False)  # what another thread ends the run by
    engine: Engine | None = field(default=None, compare=False, repr=False)  # where reports run; None: here

    def __post_init__(self) -> None:
        """Look whether the folder may still be looked at; take projects that can be read only once down."""
        self.folder.admit(self.now)
        if self.projects is not None:
            object.__setattr__(self, "projects", access.several(self.projects))

    def scope(self, con: duckdb.DuckDBPyConnection) -> Scope:
        """What may be seen, from the control file attached as `control`."""
        seen = access.through(con, self.login, actor=self.actor, reason=self.reason, now=self.now)
        return seen.narrow(self.projects)


class Engine(Protocol):
    """Where reports run, other than in DuckDB."""

    def open(self, con: duckdb.DuckDBPyConnection, viewing: Viewing, plan: Plan) -> Session:
        """Open a run, with a connection for what is small; FileNotFoundError where something was swept meanwhile."""

    def pinned(self) -> Engine:
        """The same over the rows as they are now, whatever is published meanwhile."""


SettingsAt = Callable[[datetime], Mapping[str, str]]  # the centre's settings as they hold just before an instant
Plan = Callable[[Scope, SettingsAt], Wanted]


@contextmanager
def session(viewing: Viewing, plan: Plan) -> Iterator[Session]:
    """Resolve the viewer, ask the plan what to open, open that and nothing else, and close it all again.

    Raises:
        DamagedCenter: a file is missing, truncated or altered.
        Stopped: another thread has ended the run.
    """
    with undamaged(viewing.folder), newest(viewing, plan) as opened:
        yield opened


@contextmanager
def newest(viewing: Viewing, plan: Plan) -> Iterator[Session]:
    """A session of what is published now; one that meets a file which was swept meanwhile starts once more."""
    for attempt in range(TRIES):
        with private() as con:
            try:
                with viewing.stop.ending(con):
                    opened = (viewing.engine.open if viewing.engine else open_session)(con, viewing, plan)
            except FileNotFoundError as error:
                if attempt + 1 == TRIES:
                    text = f"{error.filename} is named by the centre and is not there; restore it."
                    raise DamagedCenter(text) from None
                continue
            yield opened
            return


@contextmanager
def private() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that loads no extension, and spills what memory cannot hold where only its owner can look."""
    with (
        TemporaryDirectory(prefix="okireports-") as folder,
        duckdb.connect(config={"temp_directory": folder, **dict.fromkeys(EXTENSIONS, False)}) as con,
    ):
        yield con


@dataclass(frozen=True)
class Opening:
    """A run that is being opened: its connection has the control file attached, and it is known what is wanted."""

    con: duckdb.DuckDBPyConnection
    folder: Folder
    scope: Scope
    wanted: Wanted
    settings: Mapping[str, str]
    tables: tuple[str, ...]  # of facts; of who sees only her own rows, calls come first

    @classmethod
    def begun(cls, con: duckdb.DuckDBPyConnection, viewing: Viewing, plan: Plan) -> Opening:
        """Resolve the viewer, and ask the plan."""
        con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        viewing.folder.attach_control(con)
        scope = viewing.scope(con)
        settings_at = cache(partial(access.settings_at, con))
        wanted = plan(scope, settings_at)
        settings = settings_at(wanted.end if wanted.ends is None else wanted.ends)
        tables = [name for name in wanted.tables if name in FACTS]
        if scope.own_rows_only:
            tables = ["calls", *(name for name in tables if name != "calls")]
        return cls(con, viewing.folder, scope, wanted, settings, tuple(tables))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """What rows must meet, naive UTC."""
        return self.wanted.start, self.wanted.end

    @property
    def readable(self) -> tuple[str, ...]:
        """The tables that she may open, of those that are wanted."""
        return tuple(name for name in self.tables if may_open(self.scope, name))

    def published(self) -> tuple[Segment, ...]:
        """The centre's segments that the run has to read."""
        return segments_of(self.con, self.readable, self.scope.stores, self.span)

    def finish(self) -> None:
        """Copy names, let go of the control file, and lock the door."""
        hers = [name for name in FACTS if may_open(self.scope, name)]
        names = self.wanted.names
        access.fill(self.con, self.scope, hers, self.tables, *self.span, names, self.folder.rejects)
        release_control(self.con)
        self.con.execute("SET enable_external_access = false; SET lock_configuration = true")


def open_session(con: duckdb.DuckDBPyConnection, viewing: Viewing, plan: Plan) -> Session:
    """Attach what may be seen, copy names, let go of the control file, and lock the door."""
    opening = Opening.begun(con, viewing, plan)
    scope, tables, folder = opening.scope, opening.tables, viewing.folder
    chosen = opening.published()
    places = [place(con, folder, segment, index) for index, segment in enumerate(chosen)]
    views = {}
    for name in tables:
        parts = [(alias, s) for alias, s in zip(places, chosen, strict=True) if s.table == name]
        views[name] = rows_of(FACTS[name], parts, scope, opening.wanted)
        con.execute(f'CREATE VIEW "{name}" AS {views[name]}')
    if scope.own_rows_only:
        chosen = keep_own(con, scope, tables, chosen, opening.wanted, places)
        if not isinstance(folder, Sealed):  # of whose one file nothing is another's
            let_go(con, places)
    opening.finish()
    return Session(con, scope, newest_of(chosen), chosen, opening.settings, views)


def newest_of(segments: Iterable[Segment]) -> int:
    """The newest generation among some segments."""
    return max((s.generation for s in segments), default=0)


def may_open(scope: Scope, table: str) -> bool:
    """May any of a scope's runs open this table?"""
    if table in DIRECTORIES:
        return table not in OVERSIGHT or access.may_oversee(scope)
    return not FACTS[table].internal and scope.may(FACTS[table].right)


def rows_of(fact: Fact, parts: list[tuple[str, Segment]], scope: Scope, wanted: Wanted | None = None) -> str:
    """SQL of a table as the scope sees it: the union of its segments, what is copied (and wanted) counted once."""
    if not parts:
        nothing = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in schema_of(fact.name).items())
        return f"SELECT {nothing} WHERE false"
    columns = columns_of(fact)
    return as_seen(fact, [(s.select(alias, columns), s.project_id) for alias, s in parts], scope, wanted)


def keep_own(
    con: duckdb.DuckDBPyConnection,
    scope: Scope,
    tables: Iterable[str],
    chosen: tuple[Segment, ...],
    wanted: Wanted,
    places: list[str],
) -> tuple[Segment, ...]:
    """Copy the viewer's own rows into memory, for the stores to be let go: rows without an operator are nobody's own.

    What has no operator of its own (recordings, customers) is hers where her calls are. Rows beside the wanted span are
    left behind: whether their segment is open depends on other people's rows.

    Returns:
        The segments in which something of hers lies: that others work in her projects is not told either.
    """
    for name in tables:  # calls come first
        con.execute(f'CREATE TABLE "own_{name}" AS SELECT * FROM "{name}" WHERE {hers(FACTS[name], scope, wanted)}')
    mine = tuple(s for alias, s in zip(places, chosen, strict=True) if holds_any(con, alias, FACTS[s.table]))
    for name in tables:
        con.execute(f'DROP VIEW "{name}"; ALTER TABLE "own_{name}" RENAME TO "{name}"')
    return mine


def let_go(con: duckdb.DuckDBPyConnection, places: Iterable[str]) -> None:
    """Close the segments."""
    for alias in places:
        con.execute(f"DETACH {alias}")


def holds_any(con: duckdb.DuckDBPyConnection, alias: str, fact: Fact) -> bool:
    """Does a segment hold any of the rows that were kept?"""
    key = fact.id or "contact_key"
    kept = f'SELECT "{key}" FROM "own_{fact.name}"'
    found = con.execute(f'SELECT EXISTS (FROM {alias}."{fact.name}" WHERE "{key}" IN ({kept}))').fetchone()
    return bool(found and found[0])
