"""One question to both sides: okireports, and the hand-written SQL of someone who knows where the files lie.

    python tests/benchmarks/sides.py '{"centre": ..., "who": ..., "report": ..., "period": [...], "side": ...}'

is the process in which a question is asked; what it took is printed as JSON. `side` is "ours" or "hand", once and cold,
or "both": in turns and warm.

By hand there is no viewer and nothing to look up: the connection attaches the segments of the projects, tables and time
that were asked for, whose names are known beforehand, gets names and definitions as Arrow tables that lie ready, and
runs SQL. So okireports pays for resolving the viewer, reading the control file, checking names and typing the rows; the
hand pays for none of these. The SQL is `by_hand/<report>.sql`, where the report's twin in `tests/twins` was written to
be plain and not to be fast, otherwise the twin.
"""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any

import duckdb
import pyarrow as pa

import okireports
import twin
from okireports import report, run
from okireports.disk import Segment
from okireports.engines import duck
from okireports.faces import Center, Viewer
from okireports.run import Question
from okireports.tables import FACTS

BY_HAND = Path(__file__).parent / "by_hand"
RUNS = int(os.environ.get("RUNS", "7"))
LONG_S, LONG_RUNS = float(os.environ.get("LONG_S", "10")), 3  # what takes longer is run less often
PATIENCE_S = float(os.environ.get("PATIENCE_S", "120"))  # what takes longer by hand is given up
PAGE = {"limit": 1000}
SETTINGS = {"repeat_days": "7", "callback_hours": "24"}  # of the centres that are measured
MOST_COMPARED = 300_000  # rows; of more the first


@dataclass(frozen=True)
class Taken:
    """What one run took."""

    wall_s: float
    cpu_s: float
    read_bytes: int  # asked of the system, also what it has in memory


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

    def scanned(self) -> int:
        """How many rows the engine's scans give, as it counts them."""
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
            self.once()
        finally:
            duck.private, duck.Session.arrow = private, arrow  # type: ignore[method-assign]
        return sum(counted)


class Hand:
    """The same question in SQL over the same segments."""

    def __init__(self, ours: Ours) -> None:
        """Look up what is known beforehand: which files, which names, which pieces of time."""
        self.ours, self.sql = ours, text(ours.name)
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
        with duck.session(viewing, lambda *_: duck.Wanted(facts, *span, names, period.end)) as opened:
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

    def scanned(self) -> int:
        """How many rows the engine's scans give, as it counts them."""

        def profiled(con: duckdb.DuckDBPyConnection) -> int:
            con.execute("PRAGMA enable_profiling = 'no_output'")
            con.execute(self.statement).to_arrow_table()
            return scanned(con)

        return self.run(profiled)

    def run(self, what: Callable[[duckdb.DuckDBPyConnection], Any]) -> Any:
        """Do something in a connection that holds what the statement needs."""
        with TemporaryDirectory() as folder, duckdb.connect(config={"temp_directory": folder}) as con:
            con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            parts: Mapping[str, list[tuple[str, Segment]]] = defaultdict(list)
            for number, (segment, path) in enumerate(zip(self.segments, self.paths, strict=True)):
                con.execute(f"ATTACH '{path}' AS s{number} (READ_ONLY)")
                parts[segment.table].append((f"s{number}", segment))
            for table in self.facts:
                con.execute(f'CREATE VIEW "{table}" AS {duck.rows_of(FACTS[table], parts[table], self.scope)}')
            for table, columns in self.closed.items():
                con.execute(f'CREATE TABLE "{table}" ({columns})')
            for table, rows in self.names.items():
                con.register(table, rows)
            self.tell(con)
            giving_up = Timer(PATIENCE_S, con.interrupt)
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
        twin.same(ours.slice(0, MOST_COMPARED), self.shaped(hand).slice(0, MOST_COMPARED))

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


# ---- measuring -------------------------------------------------------------------------------------------------------
def measured(what: Callable[[], object]) -> Taken:
    """What one run takes."""
    read, cpu, wall = bytes_read(), cpu_seconds(), time.perf_counter()
    what()
    return Taken(time.perf_counter() - wall, cpu_seconds() - cpu, bytes_read() - read)


def medians(taken: list[Taken]) -> dict[str, float]:
    """The median of each figure."""
    return {name: statistics.median(getattr(one, name) for one in taken) for name in Taken.__dataclass_fields__}


def cpu_seconds() -> float:
    """Seconds of processors that this process has used so far, all threads together."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def bytes_read() -> int:
    """The bytes that this process has read so far, also from what the system keeps in memory; 0 where none counts."""
    counted = Path("/proc/self/io")
    if not counted.exists():
        return 0
    return int(next(line.split()[1] for line in counted.read_text().splitlines() if line.startswith("rchar")))


def peak_bytes() -> int:
    """The most memory that this process has held; `ru_maxrss` would begin with the parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return 1024 * int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")))


def forget_peak() -> int:
    """Have the system count the peak from now on, where it can; gives what it is now."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes()


def drop_cache(center: Center) -> bool:
    """Have the system forget what it keeps of the centre's files; says whether it was asked to.

    The files are immutable and were synced when they were published, so that nothing of them is dirty.
    """
    if not hasattr(os, "posix_fadvise"):
        return False
    folder = center.folder
    for path in (folder.pointer, folder.current().control, *folder.stores.glob("*/*")):
        held = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(held, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(held)
    return True


def cold(side: Ours | Hand, center: Center) -> dict[str, Any]:
    """The first run of a process, of files that the system has not in memory; rows scanned are those of a second."""
    dropped, before = drop_cache(center), forget_peak()
    try:
        rows = 0

        def asked() -> None:
            nonlocal rows
            rows = len(side.once())

        taken = measured(asked)
        peak = peak_bytes()
        return {**vars(taken), "peak_bytes": peak, "base_bytes": before, "rows": rows, "dropped": dropped} | {
            "rows_scanned": side.scanned() if taken.wall_s < LONG_S else None
        }
    except duckdb.InterruptException:
        return {"given_up": True}


def warm(ours: Ours, hand: Hand) -> dict[str, Any]:
    """Both sides in turns: the median of RUNS after a run that is not counted; are their rows the same?"""
    told: dict[str, Any] = {"sql": "by_hand" if is_own(ours.name) else "twin"}
    sides: list[Ours | Hand] = [ours]
    rows: list[pa.Table] = []
    first = measured(lambda: rows.append(ours.once())).wall_s
    try:
        first = max(first, measured(lambda: rows.append(hand.once())).wall_s)
        sides.append(hand)
        hand.agree(*rows)
        told["same"] = True
    except duckdb.InterruptException:
        told["given_up"] = True
    except AssertionError as other:
        told |= {"same": False, "differs": str(other)[:2000]}
    runs = RUNS if first < LONG_S else LONG_RUNS
    taken: dict[int, list[Taken]] = defaultdict(list)
    for turn in range(runs):
        for side in sides[:] if turn % 2 else sides[::-1]:
            try:
                taken[id(side)].append(measured(side.once))
            except duckdb.InterruptException:  # by hand, where it is near to being given up
                told["given_up"] = True
                sides.remove(hand)
    told |= {"runs": runs, "ours": medians(taken[id(ours)])}
    return told | ({"hand": medians(taken[id(hand)])} if hand in sides else {})


def main() -> None:
    """Ask one question, as the first word says."""
    asked = json.loads(sys.argv[1])
    now = datetime.fromisoformat(asked["now"])
    center = okireports.open(asked["centre"], now=now)
    report.all_reports()
    viewer = center.viewer(asked["login"], reason=asked["reason"])
    ours = Ours(viewer, asked["report"], tuple(asked["period"]))
    run.MOST_ROWS = 1 << 40  # both sides hold what they give in memory
    match asked["side"]:
        case "ours":
            told = cold(ours, center)
        case "hand":
            told = cold(Hand(ours), center)
        case _:
            told = warm(ours, Hand(ours))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
