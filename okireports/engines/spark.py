"""Spark: the same runs over a lake, on a cluster.

Who may see what, names and definitions come from the centre's control file, as in DuckDB; names and definitions are
handed over as small tables. Facts are read from the files that the lake names for her projects, the tables and the span
that the report wants: Spark is given their paths one by one, lists no folder, and in the run's session there is no
other table. What Ibis cannot say to Spark is refused when the statement is made.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any, Protocol
from weakref import finalize

import duckdb
import ibis
import ibis.expr.operations as ops
import pyarrow as pa
import sqlglot.expressions as sge
from ibis import Table
from ibis.backends.sql.compilers.pyspark import compiler
from ibis.backends.sql.dialects import PySpark
from ibis.common.exceptions import IbisError
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from okireports import frames
from okireports.access.directory import DIRECTORIES
from okireports.disk import Sealed, Segment
from okireports.disk.folder import NO_PROJECT
from okireports.engines.duck import Opening, Plan, Session, Viewing, newest_of
from okireports.engines.seen import as_seen, hers, schema_of
from okireports.engines.written import Scratch, Written
from okireports.errors import EngineError, LakeError, OkiReportsError
from okireports.metrics import is_own
from okireports.rows import Rows
from okireports.tables import FACTS, Fact

SETTINGS = {  # of a run's session, whatever the cluster's are
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # instants are naive UTC
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.variable.substitute": "false",  # "${env:HOME}" is a text as any other
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.runSQLOnFiles": "false",  # no path is a table
    "spark.sql.files.ignoreMissingFiles": "false",  # figures over what is left would be wrong
    "spark.sql.files.ignoreCorruptFiles": "false",
}
PATTERN = re.compile(r"[{}\[\]*?\\]")  # what in a path that is read would stand for several
REMOTE = "sc://"
RETRIES = 5  # of a call to a server that does not answer: some 20 seconds; PySpark's own are ten minutes
TYPES = {"VARCHAR": "STRING", "TIMESTAMP": "TIMESTAMP_NTZ"}
GONE = ("FILE_NOT_EXIST", "FileNotFoundException", "PATH_NOT_FOUND")
# PySpark says so of pandas as such, of which nothing is used here: rows come and go as Arrow.
warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)


class Lake(Protocol):
    """Where the facts lie."""

    def files(self, con: duckdb.DuckDBPyConnection, projects: Iterable[int], *, exact: bool) -> tuple[Segment, ...]:
        """The files of some projects; `con` has the control file attached; `exact`: none of a lake that is behind."""

    def address(self, file: str) -> str:
        """Where Spark finds a file."""

    def pinned(self) -> Lake:
        """The lake as it is now."""

    def scratch(self) -> Scratch:
        """A place for a result, which all machines see."""


class Options(ibis.config.Config):  # type: ignore[misc]  # Ibis ships no types
    """What Ibis asks for when it writes Spark's SQL, and sets itself only where it runs it."""

    treat_nan_as_null: bool = False


@dataclass(frozen=True)
class Spark:
    """A cluster and the lake that it reads."""

    address: str  # spark://host:7077, local[*], sc://host
    lake: Lake
    exact: bool = False  # the lake has to hold what the centre does: what is handed out is of one state

    def __post_init__(self) -> None:
        """Raise ImportError where what speaks with Spark Connect is not here."""
        if self.address.startswith(REMOTE):
            import_module("pyspark.sql.connect.session")

    def pinned(self) -> Spark:
        """The same over the lake as it is now."""
        return Spark(self.address, self.lake.pinned(), exact=True)

    def open(self, con: duckdb.DuckDBPyConnection, viewing: Viewing, plan: Plan) -> Session:
        """Open a run.

        Raises:
            EngineError: the cluster cannot be reached.
            LakeError: the lake is not this centre's, or behind an erasure.
            FileNotFoundError: it was synced meanwhile: what it held may be gone.
        """
        if isinstance(viewing.folder, Sealed):
            raise EngineError(f"{viewing.folder.path} is an extract, which has no lake: open it without engine=.")
        lake = self.lake.pinned()  # first, so that the centre is of no earlier state
        opening = Opening.begun(con, viewing, plan)
        try:
            files = lake.files(con, opening.scope.stores, exact=self.exact)
        except LakeError:
            if self.lake.pinned() != lake:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), lake.address("")) from None
            raise
        with telling():
            chosen = tuple(s for s in files if s.table in opening.readable and s.meets(*opening.span))
            run = Run(session_on(self.address), self.lake, opening, chosen)
            views = run.views()
            with run.named() as chosen:
                opening.finish()
            run.hand_over()
            run.put_away()
        spread = Spread(con, opening.scope, newest_of(chosen), chosen, opening.settings, views, run.spark, self.lake)
        if self.address.startswith(REMOTE):
            finalize(spread, release, run.spark)
        return spread


@dataclass(frozen=True)
class Spread(Session):
    """An open run on Spark."""

    spark: SparkSession
    lake: Lake
    tag: str = field(default_factory=lambda: f"okireports-{secrets.token_hex(8)}")

    @property
    def words(self) -> Callable[[Table], str]:
        """What says an expression in Spark's words."""
        return to_sql

    @property
    def in_order(self) -> bool:
        """Files are read by several at once."""
        return False

    def arrow(self, sql: str) -> pa.Table:
        """The rows that a statement gives."""
        with self.asking():
            return self.spark.sql(sql).toArrow()

    def written(self, sql: str, schema: pa.Schema, zone: str) -> Rows:
        """The rows that a statement gives, written by the cluster."""
        scratch = self.lake.scratch()
        try:
            with self.asking():
                self.spark.sql(sql).write.parquet(scratch.address, compression="zstd")
            return Written(scratch, schema, lambda rows: frames.arrow(rows.cast(schema), zone))
        except BaseException:
            scratch.remove()
            raise

    @contextmanager
    def asking(self) -> Iterator[None]:
        """While this thread has something done, so that it can be ended."""
        with telling():
            self.spark.addTag(self.tag)
            try:
                yield
            finally:
                self.spark.removeTag(self.tag)

    def batches(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """The rows that a statement gives, so many at a time."""
        whole = self.arrow(sql)
        for first in range(0, whole.num_rows, rows):
            yield whole.slice(first, rows)

    def nothing_of(self, table: str) -> pa.Table:
        """A table without its rows."""
        return self.arrow(f'SELECT * FROM "{table}" LIMIT 0')

    def interrupt(self) -> None:
        """End the jobs of this run."""
        self.spark.interruptTag(self.tag)


@dataclass(frozen=True)
class Run:
    """What a run's session is filled with."""

    spark: SparkSession
    lake: Lake
    opening: Opening
    chosen: tuple[Segment, ...]

    def views(self) -> dict[str, str]:
        """Make the tables of facts, as `seen_...`; gives the statement of each over what is stored, `stored_...`."""
        made = {}
        for name in self.opening.tables:
            fact = FACTS[name]
            stored = []
            for project, files in self.stores(fact):
                rows = f"stored_{name}_{project}"
                self.rows(fact, files).createOrReplaceTempView(rows)
                stored.append((f"SELECT * FROM {rows}", project))
            made[name] = as_seen(fact, stored, self.opening.scope, self.opening.wanted)
            self.spark.sql(made[name]).createOrReplaceTempView(f"seen_{name}")
        return made

    def stores(self, fact: Fact) -> list[tuple[int, list[Segment]]]:
        """The files of a table: those of projects together, and those of no project (0) by themselves."""
        files = [s for s in self.chosen if s.table == fact.name]
        apart = [s for s in files if s.project_id == NO_PROJECT]
        return [(1, [s for s in files if s.project_id != NO_PROJECT]), *([(NO_PROJECT, apart)] if apart else [])]

    def rows(self, fact: Fact, files: Collection[Segment]) -> DataFrame:
        """The rows of some files."""
        kinds = ", ".join(f"`{name}` {TYPES.get(kind, kind)}" for name, kind in schema_of(fact.name).items())
        if not files:
            return self.spark.createDataFrame([], kinds)
        return self.spark.read.schema(kinds).parquet(*(literally(self.lake.address(s.file)) for s in files))

    @contextmanager
    def named(self) -> Iterator[tuple[Segment, ...]]:
        """Give the tables their names, of who sees only her own rows with those; while names are copied.

        Gives the files in which something lies that she sees.
        """
        if not self.opening.scope.own_rows_only:
            for name in self.opening.tables:
                self.spark.table(f"seen_{name}").createOrReplaceTempView(name)
            yield self.chosen
            return
        mine = self.own()
        for name in self.opening.tables:  # whom and what her own rows name, and nothing else, has a name for her
            ids = [c.name for c in FACTS[name].columns if c.role in ("person", "object")]
            listed = ", ".join(f'"{column}"' for column in ids) or "1 AS nothing"
            found = self.spark.sql(f'SELECT DISTINCT {listed} FROM "{name}"').toArrow()
            self.opening.con.register("found", found)
            self.opening.con.execute(f'CREATE TABLE "{name}" AS FROM found')
            self.opening.con.unregister("found")
        yield mine
        for name in self.opening.tables:
            self.opening.con.execute(f'DROP TABLE "{name}"')

    def own(self) -> tuple[Segment, ...]:
        """Make the tables of the viewer's own rows, calls first; gives the files in which something of hers lies."""
        mine: set[str] = set()
        for name in self.opening.tables:
            fact = FACTS[name]
            own = f'SELECT * FROM "seen_{name}" WHERE {hers(fact, self.opening.scope, self.opening.wanted)}'
            self.spark.sql(own).createOrReplaceTempView(f"own_{name}")
            key = fact.id or "contact_key"
            kept = self.spark.sql(f'SELECT "{key}" FROM "own_{name}"')
            for _, files in self.stores(fact):
                if files:
                    stored = self.rows(fact, files).select(key, "_metadata.file_name")
                    found = stored.join(kept, key, "left_semi").select("file_name").distinct().toArrow()
                    mine |= {f"{name}/{file}" for file in found["file_name"].to_pylist()}
            self.spark.table(f"own_{name}").createOrReplaceTempView(name)
        return tuple(s for s in self.chosen if f"{s.table}/{PurePosixPath(s.file).name}" in mine)

    def hand_over(self) -> None:
        """Make the tables of names and definitions that the run wants."""
        there = {str(name) for (name,) in self.opening.con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for name in self.opening.wanted.names:
            if name in there and name in DIRECTORIES:
                rows = self.opening.con.execute(f'FROM "{name}"').to_arrow_table()
                kinds = ", ".join(f"`{column}` {TYPES.get(kind, kind)}" for column, kind in schema_of(name).items())
                handed = (
                    self.spark.createDataFrame(rows, kinds) if rows.num_rows else self.spark.createDataFrame([], kinds)
                )
                handed.createOrReplaceTempView(name)

    def put_away(self) -> None:
        """Take away the names of what the tables were made of; of who sees only her own rows that is more than hers."""
        for name in self.opening.tables:
            stored = (f"stored_{name}_{project}" for project, _ in self.stores(FACTS[name]))
            for view in (*stored, f"seen_{name}", f"own_{name}"):
                self.spark.catalog.dropTempView(view)


def literally(path: str) -> str:
    """A path that means itself, also with brackets in it."""
    return PATTERN.sub(r"\\\g<0>", path)


def to_sql(expression: Table) -> str:
    """An expression in Spark's words.

    Raises:
        EngineError: it holds what Spark, or Ibis for it, lacks; it says what.
    """
    if ibis.options.pyspark is None:
        ibis.options.pyspark = Options()
    functions = (type(function) for function in expression.op().find((ops.ScalarUDF, ops.AggUDF)))
    if own := [function.__name__ for function in functions if is_own(function)]:
        raise EngineError(f"Spark runs no functions of one's own ({own[0]}): use Ibis' own.")
    try:
        return str(compiler.to_sqlglot(expression).transform(as_double).sql(dialect=PySpark, pretty=True))
    except IbisError as error:
        raise EngineError(f"Spark does not run this: {first_line(error)} Open the centre without engine=.") from error


def as_double(node: sge.Expression) -> sge.Expression:
    """A number with a fraction as a double: Spark reads 1000.0 as a decimal, whose quotients have six digits."""
    if isinstance(node, sge.Literal) and not node.is_string and not node.is_int:
        return sge.cast(node.copy(), sge.DataType.Type.DOUBLE)
    return node


def session_on(address: str) -> SparkSession:
    """A session of a run's own on a cluster, with nothing in it.

    Raises:
        EngineError: it is another one than this process already works with.
    """
    fresh: Any
    if address.startswith(REMOTE):
        from pyspark.sql.connect.client.retries import DefaultPolicy
        from pyspark.sql.connect.session import SparkSession as Remote

        fresh = Remote(address)  # its own, and nobody's default
        fresh.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES)])
    else:
        named = SparkSession.builder.master(address).appName("okireports")
        spark = named.config("spark.ui.showConsoleProgress", "false").getOrCreate()
        if (there := spark.sparkContext.master) != address:
            raise EngineError(
                f"This process works with Spark at {there} already, and can with one only, not {address}."
            )
        fresh = spark.newSession()
    for name, value in SETTINGS.items():
        if fresh.conf.get(name) != value:  # Spark warns of who sets what is deprecated, also to what it is
            fresh.conf.set(name, value)
    session: SparkSession = fresh
    return session


def release(spark: Any) -> None:
    """Let a server of Spark Connect forget a session."""
    spark.client.set_retry_policies([])
    with suppress(Exception):  # the server may be gone, and with it all its sessions
        spark.client.release_session()
    spark.client.close()


@contextmanager
def telling() -> Iterator[None]:
    """Say in a line what Spark says in many.

    Raises:
        LakeError: a file is gone.
        EngineError: anything else.
    """
    try:
        yield
    except OkiReportsError:
        raise
    except (PySparkException, Py4JError, RuntimeError, OSError) as error:
        said = str(error)
        if any(sign in said for sign in GONE):
            raise LakeError(
                "A file of the lake is gone: it was synced after an erasure meanwhile; ask again. Or the machines of "
                "the cluster do not see the place at which the lake lies."
            ) from error
        raise EngineError(f"Spark could not do it: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """What an error says of itself, without what follows."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
