"""One question to both sides: okireports, and the hand-written SQL of someone who knows where the files lie.

By hand there is no viewer and nothing to look up: the connection attaches the segments of the projects, tables and time
that were asked for, whose names are known beforehand, gets names and definitions as Arrow tables that lie ready, and
runs SQL. So okireports pays for resolving the viewer, reading the control file, checking names and typing the rows; the
hand pays for none of these. The SQL is `by_hand/<report>.sql`, where the report's twin in `tests/twins` was written to
be plain and not to be fast, otherwise the twin.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import TIMEOUT_MAX, Timer
from typing import Any

import duckdb
import pyarrow as pa
from figures import difference

import twin
from okireports import report, run
from okireports.disk import Segment
from okireports.engines import duck
from okireports.faces import Viewer
from okireports.run import Question
from okireports.tables import FACTS

BY_HAND = Path(__file__).parent / "by_hand"
PAGE = {"limit": 1000}
SETTINGS = {"repeat_days": "7", "callback_hours": "24"}  # of the centres that are measured


@dataclass
class Ours:
    """The report of a viewer."""

    viewer: Viewer
    name: str
    period: Any
    options: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        """A page of what is a log."""
        self.options = PAGE if "limit" in report.find(self.name).options else {}

    def once(self) -> pa.Table:
        """The rows."""
        return self.viewer.report(self.name, period=self.period, **self.options).arrow

    def scanned(self) -> tuple[pa.Table, int]:
        """The rows, and how many rows the engine's scans gave for them, as it counts them."""
        counted: list[int] = []
        private, arrow = duck.private, duck.Session.arrow

        @contextmanager
        def profiled() -> Iterator[duckdb.DuckDBPyConnection]:
            with private() as con:
                con.execute("PRAGMA enable_profiling = 'no_output'")
                yield con

        def counting(opened: duck.Session, sql: str) -> pa.Table:
            rows = arrow(opened, sql)
            counted.append(scanned(opened.con))
            return rows

        duck.private, duck.Session.arrow = profiled, counting  # type: ignore[method-assign]
        try:
            return self.once(), sum(counted)
        finally:
            duck.private, duck.Session.arrow = private, arrow  # type: ignore[method-assign]


class Hand:
    """The same question in SQL over the same segments."""

    def __init__(self, ours: Ours) -> None:
        """Look up what is known beforehand: which files, which names, which pieces of time."""
        self.ours, self.sql, self.within_s = ours, text(ours.name), math.inf  # what takes longer is given up
        mentioned = re.findall(r"\b(?:FROM|JOIN)\s+(\w+)\b", re.sub(r"--.*", "", self.sql))
        read = [table for table in (*twin.FACTS, *twin.DIRECTORY) if table in mentioned]
        names = tuple(table for table in read if table in twin.DIRECTORY)
        facts = tuple(table for table in read if table in twin.FACTS)
        viewing = ours.viewer.viewing()
        asked = run.Asked(viewing, Question(ours.name, ours.period, {}, ours.options))
        with duck.session(viewing, asked.plan) as opened:
            formula = opened.settings["formula"]
        period, self.by = asked.period, asked.by
        span = period.widened(**asked.reach)
        self.wanted = duck.Wanted(facts, *span, names, period.end)
        with duck.session(viewing, lambda *_: self.wanted) as opened:
            self.scope, self.segments = opened.scope, opened.segments
            self.names = {table: opened.arrow(f'FROM "{table}"') for table in names}
        self.facts = [table for table in facts if duck.may_open(self.scope, table)]
        self.closed = {table: twin.CLOSED[table] for table in facts if table not in self.facts}
        self.paths = [segment.path(viewing.folder) for segment in self.segments]
        self.words = {k: str(v) for k, v in asked.options.items() if k not in ("by", "limit", "offset")}
        self.words |= SETTINGS | {"zone": period.zone, "formula": formula, "now": str(min(viewing.now, span[1]))}
        self.span = {"start": period.start, "end": period.end}
        self.pieces = list(twin.pieces(period.start, period.end, period.zone, self.by))
        limit = ours.options.get("limit")
        self.statement = f"FROM ({self.sql.strip().rstrip(';')}\n) LIMIT {limit}" if limit else self.sql

    def once(self) -> pa.Table:
        """The rows."""
        return self.run(lambda con: con.execute(self.statement).to_arrow_table())

    def scanned(self) -> tuple[pa.Table, int]:
        """The rows, and how many rows the engine's scans gave for them, as it counts them."""

        def profiled(con: duckdb.DuckDBPyConnection) -> tuple[pa.Table, int]:
            con.execute("PRAGMA enable_profiling = 'no_output'")
            return con.execute(self.statement).to_arrow_table(), scanned(con)

        found: tuple[pa.Table, int] = self.run(profiled)
        return found

    def run(self, what: Callable[[duckdb.DuckDBPyConnection], Any]) -> Any:
        """Do something in a connection that holds what the statement needs."""
        with TemporaryDirectory() as folder, duckdb.connect(config={"temp_directory": folder}) as con:
            con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            parts: Mapping[str, list[tuple[str, Segment]]] = defaultdict(list)
            for number, (segment, path) in enumerate(zip(self.segments, self.paths, strict=True)):
                con.execute(f"ATTACH '{path}' AS s{number} (READ_ONLY)")
                parts[segment.table].append((f"s{number}", segment))
            for table in self.facts:
                seen = duck.rows_of(FACTS[table], parts[table], self.scope, self.wanted)
                con.execute(f'CREATE VIEW "{table}" AS {seen}')
            for table, columns in self.closed.items():
                con.execute(f'CREATE TABLE "{table}" ({columns})')
            for table, rows in self.names.items():
                con.register(table, rows)
            self.tell(con)
            giving_up = Timer(min(self.within_s, TIMEOUT_MAX), con.interrupt)
            giving_up.start()
            try:
                return what(con)
            finally:
                giving_up.cancel()

    def tell(self, con: duckdb.DuckDBPyConnection) -> None:
        """Give a connection the period and the options, as the twins expect them."""
        for variable, at in self.span.items():
            con.execute(f"SET VARIABLE \"{variable}\" = TIMESTAMP '{at}'")
        for variable, word in {"by": self.by, **self.words}.items():
            con.execute(f'SET VARIABLE "{variable}" = CAST(? AS VARCHAR)', [word])
        kind = pa.date32() if self.by in ("day", "week", "month") else pa.timestamp("us")
        kinds = {"label": kind, "lo": pa.timestamp("us"), "hi": pa.timestamp("us")}
        columns = list(zip(*self.pieces, strict=True)) or [(), (), ()]
        buckets = pa.table({name: pa.array(c, kinds[name]) for name, c in zip(kinds, columns, strict=True)})
        con.register("_buckets", buckets)
        con.execute("CREATE TABLE buckets AS FROM _buckets")

    def agree(self, ours: pa.Table, hand: pa.Table) -> None:
        """Fail unless both sides gave the same rows."""
        given = self.shaped(hand)
        if difference(ours, given, twin.TOLERANCE):
            twin.same(ours, given)  # which says more, and knows more kinds to be one

    def shaped(self, found: pa.Table) -> pa.Table:
        """Rows by hand with the columns that were asked for, as `twin.run` leaves out the others."""
        sql, options = text(self.ours.name), self.words
        needs = {t: re.split(r",\s*", named) for t, named in re.findall(r"^-- needs (\w+): (.+)$", sql, re.MULTILINE)}
        absent = {column for table in self.closed for column in needs.get(table, [])}
        absent |= set() if self.by else {"interval"}
        absent |= {"per"} if options.get("per") == "None" else set()
        for word, option, value, columns in re.findall(r"^-- (asked|unless) (\w+)=(\w+): (.+)$", sql, re.MULTILINE):
            given = options.get(option) == value
            absent |= {*re.split(r",\s*", columns)} if given is (word == "unless") else set()
        found = found.drop_columns([c for c in found.column_names if c in absent])
        return found.rename_columns([options.get("per", "project") if c == "per" else c for c in found.column_names])


def text(name: str) -> str:
    """The SQL by hand of a report."""
    sql = found(f"{name}.sql").read_text("utf-8")
    return re.sub(r"^-- with (\w+)$", lambda part: found(f"parts/{part[1]}.sql").read_text("utf-8"), sql, flags=re.M)


def found(file: str) -> Path:
    """A file by hand, or the twins'."""
    return next(path for path in (BY_HAND / file, twin.FOLDER / file) if path.exists())


def is_own(name: str) -> bool:
    """Is a report, or a part of it, written by hand anew?"""
    parts = re.findall(r"^-- with (\w+)$", (twin.FOLDER / f"{name}.sql").read_text("utf-8"), flags=re.M)
    return any((BY_HAND / file).exists() for file in (f"{name}.sql", *(f"parts/{part}.sql" for part in parts)))


def scanned(con: duckdb.DuckDBPyConnection) -> int:
    """How many rows the scans of a connection's last statement gave."""
    told = json.loads(con.get_profiling_information())
    return int(told["cumulative_rows_scanned"])
