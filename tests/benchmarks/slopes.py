"""How time and memory grow: load, report, export and admin change over calls, projects and users; three sizes each.

    python tests/benchmarks/slopes.py [--out slopes.json] [--calls 100000 400000 1600000] [--projects 10 100 1000]
        [--users 1000 10000 100000] [--hidden 100000 400000 1600000] [--only calls projects users hidden]
        [--patience S]

One size grows while the others stay. Each size is a centre of its own and a process of its own, so that the peak of
memory is its own. `calls`: an invented centre, a year of so many calls, loaded from canonical Parquet; then a report
of all projects, of one project, and an export of one project's month. `projects` and `users`: 100,000 calls over so
many projects, or people. `hidden`: the viewer's project stays as it is while the calls of others grow: what she asks
must not. Through the points goes a line by least squares of the logarithms: its steepness is 1 where a cost is
proportional, 0 where it does not depend. Nothing here asserts; a steepness above 1.1, or above 0.1 over hidden rows,
is marked. Each figure is the median of 5 runs, the first among them; with `--patience S` of as many as S seconds have
time for, in odd numbers. What was measured is written down size by size: who starts again goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
from gauges import cpu_seconds, forget_peak, peak_bytes

import okireports
from okireports.faces import Center

SIZES = {
    "calls": (100_000, 400_000, 1_600_000),
    "projects": (10, 100, 1_000),
    "users": (1_000, 10_000, 100_000),
    "hidden": (100_000, 400_000, 1_600_000),
}
STAY = {"calls": 100_000, "projects": 40, "users": 600}
OWN = 20_000  # calls of the viewer's project, where those of others grow
HERS = "Project 0"
RUNS = 5
STEEP, STEEP_HIDDEN = 1.1, 0.1
SAY = {"actor": "admin", "reason": "benchmark"}
NOW = datetime(2026, 1, 2, 6, tzinfo=UTC)
MONTH, YEAR = "2025-06", "2025"
REPORTS = ("queue_summary", "service_level", "operator_summary", "repeat_calls", "call_log")


def main() -> None:
    """Measure each size in a process of its own, then fit and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--out", type=Path, default=Path("slopes.json"))
    asked.add_argument("--only", nargs="*", choices=[*SIZES], default=[*SIZES])
    asked.add_argument("--patience", type=float, default=math.inf, help="seconds for the runs of one figure")
    asked.add_argument("--one", help="what a process of one size is told")
    for over, sizes in SIZES.items():
        asked.add_argument(f"--{over}", type=int, nargs="*", default=list(sizes))
    given = asked.parse_args()
    if given.one:
        print(json.dumps(one(**json.loads(given.one))))
        return
    told: dict[str, Any] = json.loads(given.out.read_text("utf-8")) if given.out.exists() else {}
    for over in given.only:
        for size in getattr(given, over):
            if str(size) not in told.setdefault(over, {}):
                told[over][str(size)] = process(over, size, given.patience)
                given.out.write_text(json.dumps(told, indent=1), "utf-8")
        show(over, told[over])


def process(over: str, size: int, patience_s: float) -> dict[str, Any]:
    """What one size costs."""
    words = [sys.executable, __file__, "--one", json.dumps({"over": over, "size": size, "patience_s": patience_s})]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def one(over: str, size: int, patience_s: float) -> dict[str, Any]:
    """Make a centre of one size, and measure."""
    sizes = STAY | ({over: size} if over != "hidden" else {"calls": OWN + size})
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="okireports-slopes-") as scratch:
        source = Path(scratch, "files")
        apart = get_context("spawn").Process(target=files, args=(source, sizes, OWN if over == "hidden" else None))
        apart.start()  # so that loading is not measured on top of what making the files has left
        apart.join()
        if apart.exitcode:
            sys.exit(f"the files of {over} {size:,} were not made")
        path = Path(scratch, "center")
        center = okireports.create(path, timezone="Europe/Warsaw", now=NOW)
        told["load"] = spent(lambda: center.load(source), runs=1)
        told["load"]["rows"] = int(center.loads["rows_loaded"].sum())
        names = [HERS] if over == "hidden" else projects(center)
        center.users.create("bench-one", role="Supervisor", projects=[HERS], **SAY)
        center.users.create("bench-all", role="Supervisor", projects=names, **SAY)
        everybody = ("bench-one",) if over == "hidden" else ("bench-one", "bench-all")
        for who in everybody:
            told[f"open {who}"] = spent(lambda who=who: center.viewer(who).projects)
            for report in REPORTS:
                page = {"limit": 1000} if report == "call_log" else {}
                for period in (MONTH, YEAR):
                    told[f"{report} {who} {period}"] = spent(
                        lambda who=who, report=report, page=page, period=period: (
                            center.viewer(who).report(report, period=period, **page).arrow
                        ),
                        patience_s=patience_s,
                    )
        out = iter(range(1_000))
        told["export of a month"] = spent(
            lambda: center.viewer("bench-one").export(Path(scratch, f"out{next(out)}"), period=MONTH, tables="*"),
            runs=3,
            patience_s=patience_s,
        )
        number = iter(range(1_000))
        told["create a user"] = spent(lambda: center.users.create(f"new{next(number)}", **SAY))
        told["add a member"] = spent(lambda: center.projects.add_member(HERS, f"new{next(number) - RUNS}", **SAY))
        control = center.folder.current().control
        told["control file"] = {"bytes": control.stat().st_size}
        stored = list(center.folder.stores.glob("*/*"))
        of_calls = sum(file.name.startswith("calls.") for file in stored)
        told["stores"] = {"bytes": sum(file.stat().st_size for file in stored), "of_calls": of_calls}
    return told


def projects(center: Center) -> list[str]:
    """All of them, by name."""
    names: list[str] = center.projects.frame["project"].tolist()
    return names


def files(folder: Path, sizes: dict[str, int], own: int | None) -> None:
    """A year of calls and statuses as canonical Parquet, and who owns what; `own` are the first project's, if fixed."""
    folder.mkdir()
    calls, count = sizes["calls"], sizes["projects"]
    people = max(sizes["users"], count)  # at least one for each project
    project = f"hash(i * 13) % {count}" if own is None else f"if(i < {own}, 0, 1 + hash(i * 13) % {count - 1})"
    worker = f"{count} * (hash(i * 17) % {max(1, people // count)}) + {project}"  # a member of the project
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false; SET memory_limit = '1GB'")

        def put(name: str, select: str) -> None:
            con.execute(f"COPY ({select}) TO '{folder / name}.parquet'")

        put("projects", f"SELECT 'Project ' || range AS name FROM range({count})")
        owned = "'queue' AS kind, 'queue ' || range AS name, 'Project ' || range AS project"
        put("objects", f"SELECT {owned} FROM range({count})")
        put("users", f"SELECT 'op' || range AS login FROM range({people})")
        member = f"'op' || range AS login, 'Project ' || (range % {count}) AS project"
        put("memberships", f"SELECT {member} FROM range({people})")
        con.execute(
            f"""CREATE TABLE drawn AS SELECT i, {project} AS p, {worker} AS w, hash(i) % 10 < 8 AS served,
            TIMESTAMP '2025-01-01' + to_seconds((hash(i * 29) % 31500000)::INT) AS s FROM range({calls}) r(i)"""
        )
        put(
            "calls",
            """SELECT 'c-' || i AS source_id, 'inbound' AS direction, s AS started_at,
            s + INTERVAL 8 SECOND AS queued_at,
            if(served, s + to_seconds(8 + (hash(i * 3) % 60)::INT), NULL) AS answered_at,
            s + to_seconds(80 + (hash(i * 7) % 300)::INT) AS ended_at, hash(i * 5) % 20 AS hold_s,
            hash(i * 11) % 40 AS wrap_s, 'queue ' || p AS queue, if(served, 'op' || w, NULL) AS operator,
            '+4822000' || lpad((hash(i * 19) % 10000)::VARCHAR, 4, '0') AS phone,
            if(served, 'answered', 'abandoned') AS outcome, 'customer' AS ended_by FROM drawn""",
        )
        put(
            "statuses",
            """SELECT 'op' || w AS operator, ['Busy', 'Ready', 'PCP', 'Away'][1 + (hash(i * 31) % 4)::INT] AS status,
            if(hash(i * 31) % 4 IN (0, 2), 'queue ' || p, NULL) AS queue, s AS started_at,
            s + to_seconds(80 + (hash(i * 7) % 300)::INT) AS ended_at FROM drawn
            QUALIFY row_number() OVER (PARTITION BY w, s ORDER BY i) = 1""",
        )


def spent(what: Callable[[], object], runs: int = RUNS, patience_s: float = math.inf) -> dict[str, float]:
    """Seconds by the clock and of processors, the medians, and the peak of memory above what was held before."""
    wall: list[float] = []
    cpu: list[float] = []
    before = forget_peak()
    while len(wall) < runs and (len(wall) % 2 == 0 or sum(wall) + 2 * wall[-1] <= patience_s):
        used, begun = cpu_seconds(), time.perf_counter()
        what()
        wall.append(time.perf_counter() - begun)
        cpu.append(cpu_seconds() - used)
    medians = {"wall_s": statistics.median(wall), "cpu_s": statistics.median(cpu)}
    return medians | {"bytes": peak_bytes() - before, "runs": len(wall)}


def steepness(points: dict[str, float]) -> float:
    """How many times the logarithm of a cost grows with that of the size: the line through the points."""
    known = [(math.log(int(size)), math.log(cost)) for size, cost in points.items() if cost > 0]
    if len(known) < 2:
        return math.nan
    middle = [statistics.mean(axis) for axis in zip(*known, strict=True)]
    across = sum((x - middle[0]) ** 2 for x, _ in known)
    return sum((x - middle[0]) * (y - middle[1]) for x, y in known) / across


def show(over: str, told: dict[str, Any]) -> None:
    """Print each cost by size, and how steep its line is."""
    most = STEEP_HIDDEN if over == "hidden" else STEEP
    sizes = sorted(told, key=int)
    print(f"\nover {over}: {', '.join(f'{int(size):,}' for size in sizes)}")
    for what in told[sizes[0]]:
        for unit in [unit for unit in ("wall_s", "bytes") if unit in told[sizes[0]][what]]:
            points = {size: told[size][what][unit] for size in sizes}
            steep = steepness(points)
            scale, word = (1e-6, "MB") if unit == "bytes" else (1e3, "ms")
            values = " ".join(f"{value * scale:>11,.1f} {word}" for value in points.values())
            print(f"  {what:<40} {unit:<7} {values}   steep {steep:5.2f}{' *' if steep > most else ''}", flush=True)


if __name__ == "__main__":
    main()
