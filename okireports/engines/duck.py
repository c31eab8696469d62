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

import duckdb
import pyarrow as pa

from okireports import access
from okireports.access.directory import DIRECTORIES
from okireports.access.oversight import OVERSIGHT
from okireports.access.scope import Scope
from okireports.disk import Folder, Sealed, Segment, place, segments_of
from okireports.disk.folder import NO_PROJECT, release_control, undamaged
from okireports.engines.stop import Stop
from okireports.errors import DamagedCenter
from okireports.tables import ACTIVITY, FACTS, Fact

HIDDEN = ("load_id",)  # says how much was loaded, also into other projects
TRIES = 3
EXTENSIONS = ("autoinstall_known_extensions", "autoload_known_extensions")
PRESENCE = f"status NOT IN {ACTIVITY}"


@dataclass(frozen=True)
class Wanted:
    """What a run opens: tables, the span in naive UTC that its rows must meet, and which tables of names."""

    tables: tuple[str, ...]
    start: datetime
    end: datetime
    names: tuple[str, ...] = tuple(DIRECTORIES)
    ends: datetime | None = None  # of the period, where the span is wider: settings are those that hold last in it


@dataclass(frozen=True)
class Session:
    """An open run."""

    con: duckdb.DuckDBPyConnection
    scope: Scope
    generation: int  # the newest among the files that are open
    segments: tuple[Segment, ...]
    settings: Mapping[str, str]
    views: Mapping[str, str]  # by table, the statement of its rows over the segments, which are s0, s1, ...

    def arrow(self, sql: str) -> pa.Table:
        """The rows that a statement gives."""
        return self.con.execute(sql).to_arrow_table()


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

    def __post_init__(self) -> None:
        """Look whether the folder may still be looked at; take projects that can be read only once down."""
        self.folder.admit(self.now)
        if self.projects is not None:
            object.__setattr__(self, "projects", access.several(self.projects))

    def scope(self, con: duckdb.DuckDBPyConnection) -> Scope:
        """What may be seen, from the control file attached as `control`."""
        seen = access.through(con, self.login, actor=self.actor, reason=self.reason, now=self.now)
        return seen.narrow(self.projects)


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
                    opened = open_session(con, viewing, plan)
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


def open_session(con: duckdb.DuckDBPyConnection, viewing: Viewing, plan: Plan) -> Session:
    """Attach what may be seen, copy names, let go of the control file, and lock the door."""
    con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    folder = viewing.folder
    folder.attach_control(con)
    scope = viewing.scope(con)
    settings_at = cache(partial(access.settings_at, con))
    wanted = plan(scope, settings_at)
    settings = settings_at(wanted.end if wanted.ends is None else wanted.ends)
    listed = [s for s in segments_of(con, None, scope.stores) if may_open(scope, s.table)]
    tables = [name for name in wanted.tables if name in FACTS]
    if scope.own_rows_only:
        tables = ["calls", *(name for name in tables if name != "calls")]
    chosen = tuple(s for s in listed if s.table in tables and meets(s, wanted))
    places = [place(con, folder, segment, index) for index, segment in enumerate(chosen)]
    views = {}
    for name in tables:
        parts = [(alias, s) for alias, s in zip(places, chosen, strict=True) if s.table == name]
        views[name] = rows_of(FACTS[name], parts, scope)
        con.execute(f'CREATE VIEW "{name}" AS {views[name]}')
    if scope.own_rows_only:
        chosen = keep_own(con, scope, tables, chosen, wanted, places)
        if not isinstance(folder, Sealed):  # of whose one file nothing is another's
            let_go(con, places)
    access.fill(con, scope, listed, tables, wanted.start, wanted.end, wanted.names, folder.rejects)
    release_control(con)
    con.execute("SET enable_external_access = false; SET lock_configuration = true")
    newest = max((s.generation for s in chosen), default=0)
    return Session(con, scope, newest, chosen, settings, views)


def may_open(scope: Scope, table: str) -> bool:
    """May any of a scope's runs open this table?"""
    if table in DIRECTORIES:
        return table not in OVERSIGHT or access.may_oversee(scope)
    return not FACTS[table].internal and scope.may(FACTS[table].right)


def meets(segment: Segment, wanted: Wanted) -> bool:
    """Can a segment hold a row that meets the span?"""
    if segment.first_at is None:
        return True
    return segment.first_at < wanted.end and (segment.last_end is None or segment.last_end > wanted.start)


def rows_of(fact: Fact, parts: list[tuple[str, Segment]], scope: Scope) -> str:
    """SQL of a table as the scope sees it: the union of its segments, what is copied counted once."""
    columns = [c for c in fact.all_columns if c.name not in HIDDEN]
    if not parts:
        nothing = ", ".join(f'NULL::{c.type} AS "{c.name}"' for c in columns)
        return f"SELECT {nothing} WHERE false"
    listed = ", ".join(f'"{c.name}"' for c in columns)
    stored = []
    for alias, segment in parts:
        stored.append(f"SELECT {listed} FROM {segment.rows_in(alias)} {kept(fact, segment, scope)}")
    union = " UNION ALL ".join(stored)
    if not fact.copied or len(scope.stores) == 1 or NO_PROJECT in scope.stores:
        return union
    return counted_once(fact, union)


def kept(fact: Fact, segment: Segment, scope: Scope) -> str:
    """SQL: what counts of a segment where everything is open: copies in the store of no project, contacts in theirs."""
    if not fact.copied or NO_PROJECT not in scope.stores:
        return ""
    if fact.name != "statuses":
        return "" if segment.project_id == NO_PROJECT else "WHERE false"
    return "WHERE NOT masked" if segment.project_id == NO_PROJECT else f"WHERE NOT masked AND NOT ({PRESENCE})"


def counted_once(fact: Fact, union: str) -> str:
    """SQL: copies in several visible projects as one row, of the project if there is but one.

    A contact that is visible in one of them is not shown again as N/A of the others.
    """
    others = [c.name for c in fact.all_columns if c.name not in (*HIDDEN, "project_id", fact.id)]
    values = ", ".join(f'any_value("{name}") AS "{name}"' for name in others)
    one = "CASE WHEN min(project_id) = max(project_id) THEN min(project_id) END AS project_id"
    columns = ", ".join(f'"{c.name}"' for c in fact.all_columns if c.name not in HIDDEN)
    if fact.name != "statuses":
        return f'SELECT {columns} FROM (SELECT "{fact.id}", {one}, {values} FROM ({union}) GROUP BY "{fact.id}")'
    return f"""WITH held AS ({union}), mine AS (FROM held WHERE NOT masked AND NOT ({PRESENCE})),
    copies AS (FROM held WHERE ({PRESENCE} OR masked)
    AND (episode_key IS NULL OR episode_key NOT IN (SELECT episode_key FROM mine WHERE episode_key IS NOT NULL)))
    SELECT {columns} FROM mine UNION ALL
    SELECT {columns} FROM (SELECT "{fact.id}", {one}, {values} FROM copies GROUP BY "{fact.id}")"""


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


def hers(fact: Fact, scope: Scope, wanted: Wanted) -> str:
    """SQL: which rows of a table are the viewer's own."""
    names = {c.name for c in fact.columns}
    if "operator_id" in names:
        own = f"operator_id = {scope.user_id}"
    elif "call_id" in names or fact.name == "contacts":
        column = "call_id" if "call_id" in names else "contact_key"
        own = f"{column} IN (SELECT {column} FROM own_calls)"
    else:  # a task, though of a customer of hers, is the work of others as well
        own = "false"
    return f"{own} AND {meeting(fact, wanted)}"


def meeting(fact: Fact, wanted: Wanted) -> str:
    """SQL: which rows of a table meet the wanted span."""
    if fact.start is None:
        return "true"
    since, until = f"TIMESTAMP '{wanted.start}'", f"TIMESTAMP '{wanted.end}'"
    lasts = f' OR "{fact.end}" IS NULL OR "{fact.end}" > {since}' if fact.end else ""
    return f'("{fact.start}" < {until} AND ("{fact.start}" >= {since}{lasts}))'


def holds_any(con: duckdb.DuckDBPyConnection, alias: str, fact: Fact) -> bool:
    """Does a segment hold any of the rows that were kept?"""
    key = fact.id or "contact_key"
    kept = f'SELECT "{key}" FROM "own_{fact.name}"'
    found = con.execute(f'SELECT EXISTS (FROM {alias}."{fact.name}" WHERE "{key}" IN ({kept}))').fetchone()
    return bool(found and found[0])


def schema_of(table: str) -> dict[str, str]:
    """The columns of a table as a run offers it, with their DuckDB types."""
    if table in DIRECTORIES:
        return dict(DIRECTORIES[table].columns)
    return {c.name: c.type for c in FACTS[table].all_columns if c.name not in HIDDEN}
