"""What else is promised: import, opening a viewer, and which files a day's load writes anew.

    python tests/benchmarks/targets.py [--centre FOLDER] [--calls 27000]

Without `--centre` one of 300,000 calls is invented. One that is given is not written into: the day is loaded into a
copy of its control file, beside links to its segments. `import okireports` stands beside `import duckdb, pandas, ibis`
(target: 1.3 times), in processes of their own, by turns; and, for it puts off what it can, what the first question has
to import. Opening is resolving the viewer and attaching one table of all
her projects (targets: 20 ms for 3, 2.5 s for 1,000). The day is the last one that has calls; so many are added to it,
with statuses. It fails where a segment of another month is written anew. About time nothing here asserts.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import slopes
from centres import last_day, people, shadow
from gauges import forget_peak, peak_bytes

import okireports
from okireports.disk import attach, segments_of
from okireports.engines import duck
from okireports.faces import Center, Viewer

RUNS = 7
IMPORT = "import time; begun = time.perf_counter(); import {}; print(time.perf_counter() - begun)"
THEIRS = "duckdb, pandas, ibis"
OURS = ("okireports", "okireports.faces, okireports.report as r; r.all_reports()")  # alone; to ask the first question
MANY = 1_000  # projects
EVER = (datetime(1971, 1, 1), datetime(2200, 1, 1))
Listed = dict[tuple[int, str, str], tuple[str, int]]  # project, table, stretch: file and bytes


def main() -> None:
    """Print each figure beside its target."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--centre", type=Path)
    asked.add_argument("--calls", type=int, default=27_000)
    given = asked.parse_args()
    imported()
    with tempfile.TemporaryDirectory(prefix="okireports-targets-") as scratch:
        found = okireports.open(given.centre) if given.centre else okireports.demo(Path(scratch, "demo"), calls=300_000)
        center = shadow(found, Path(scratch, "shadow"))
        people(center)
        opening("3 projects", center.viewer("bench-three"), 0.020)
        opening(f"{MANY:,} projects", many(Path(scratch)), 2.5)
        a_day(center, Path(scratch, "day"), given.calls)


def imported() -> None:
    """How long importing takes, beside what it is made of."""
    taken: dict[str, list[float]] = {what: [] for what in (*OURS, THEIRS)}
    for _ in range(RUNS + 1):
        for what, seconds in taken.items():
            words = [sys.executable, "-c", IMPORT.format(what)]
            seconds.append(float(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
    *ours, theirs = (statistics.median(seconds[1:]) for seconds in taken.values())
    for what, own in zip(("okireports", "okireports with what the first question needs"), ours, strict=True):
        print(
            f"import {what}: {own * 1000:.0f} ms beside {theirs * 1000:.0f} ms = {own / theirs:.2f} times (target 1.30)"
        )


def opening(what: str, viewer: Viewer, target: float) -> None:
    """How long it takes until one table of all that a viewer may see lies open."""

    def opened() -> int:
        with duck.session(viewer.viewing(), lambda *_: duck.Wanted(("calls",), *EVER, ("projects",))) as session:
            return len(session.segments)

    files = opened()
    seconds = median(opened)
    print(f"open a viewer of {what}, {files:,} files: {seconds * 1000:.1f} ms (target {target * 1000:,.0f} ms)")


def many(scratch: Path) -> Viewer:
    """Who is a member of a thousand projects."""
    source = scratch / "files"
    slopes.files(source, {"calls": 20 * MANY, "projects": MANY, "users": 2 * MANY}, None)
    center = okireports.create(scratch / "many", now=slopes.NOW)
    center.load(source)
    center.users.create("bench", role="Supervisor", projects=slopes.projects(center), **slopes.SAY)
    return center.viewer("bench")


def a_day(center: Center, source: Path, calls: int) -> None:
    """What a day's load costs and writes; fails where it writes another month anew."""
    day = last_day(center) - timedelta(days=1)
    write_day(center, source, day, calls)
    before, size = listed(center), sum(count for _, count in listed(center).values())
    forget_peak()
    begun = time.perf_counter()
    result = center.load(source)
    seconds = time.perf_counter() - begun
    fresh = {key: value for key, value in listed(center).items() if before.get(key) != value}
    wrong = sorted({(table, stretch) for _, table, stretch in fresh if stretch != f"{day:%Y-%m}"})
    gone = sorted(key for key in before if key not in listed(center))
    written = sum(count for _, count in fresh.values())
    print(f"a day of {result.rows_loaded:,} rows: {seconds:.1f} s, {peak_bytes() / 1e9:.2f} GB at most;", end=" ")
    print(f"{len(fresh):,} of {len(before):,} segments written anew, {written / 1e6:,.1f} of {size / 1e6:,.1f} MB")
    if wrong or gone:
        sys.exit(f"written beside the month of the day: {wrong}; no longer listed: {gone[:10]}")


def listed(center: Center) -> Listed:
    """The segments that count."""
    with center.folder.reading() as reading:
        rows = reading.con.execute('SELECT project_id, "table", stretch, file, bytes FROM control.segments').fetchall()
    return {(project, table, stretch): (file, size) for project, table, stretch, file, size in rows}


def write_day(center: Center, folder: Path, start: datetime, calls: int) -> None:
    """A day of calls and statuses of the centre's queues and of who worked in its month before, as canonical Parquet.

    Whoever comes back after a longer time has a status in an earlier month, which would end now and be written anew.
    """
    folder.mkdir()
    with center.folder.reading() as reading:
        queues = reading.con.execute("SELECT name AS queue FROM control.objects WHERE kind = 'queue' ORDER BY 1")
        queues = queues.to_arrow_table()
        (month,) = [s for s in segments_of(reading.con, "statuses", (0,)) if s.stretch == f"{start:%Y-%m}"]
        attach(reading.con, center.folder, month, "month")
        people = reading.con.execute(
            f"""SELECT login FROM control.users WHERE user_id IN (SELECT operator_id FROM {month.rows_in("month")}
            WHERE started_at < ?) ORDER BY 1""",
            [start],
        ).to_arrow_table()
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        con.register("queues", queues)
        con.register("people", people)
        con.execute(
            f"""CREATE TABLE drawn AS SELECT i, q.queue, p.login, s.begun FROM
            (SELECT i, TIMESTAMP '{start + timedelta(hours=6)}' + to_seconds((i * 43200 // {calls})::INT) AS begun
            FROM range({calls}) r(i)) s
            JOIN (SELECT *, row_number() OVER () - 1 AS n FROM queues) q ON q.n = s.i % {len(queues)}
            JOIN (SELECT *, row_number() OVER () - 1 AS n FROM people) p ON p.n = s.i % {len(people)}"""
        )
        con.execute(
            f"""COPY (SELECT 'day-' || i AS source_id, 'inbound' AS direction, begun AS started_at, begun AS queued_at,
            begun + INTERVAL 9 SECOND AS answered_at, begun + INTERVAL 200 SECOND AS ended_at, queue, login AS operator,
            'answered' AS outcome FROM drawn) TO '{folder / "calls.parquet"}'"""
        )
        con.execute(
            f"""COPY (SELECT login AS operator, 'Busy' AS status, queue, begun AS started_at,
            begun + INTERVAL 200 SECOND AS ended_at FROM drawn
            QUALIFY row_number() OVER (PARTITION BY login, begun ORDER BY i) = 1)
            TO '{folder / "statuses.parquet"}'"""
        )


def median(what: Callable[[], object]) -> float:
    """Seconds, the median of some runs."""
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        what()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
