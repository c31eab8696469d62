"""Pages of a call log in the kernel beside the report with limit=100: milliseconds by the clock and of CPU, and ratios.

CALLS (default 300,000) says how many calls are invented; CENTER names the folder of a centre that is there already. The
log stays in the engine whatever its length, as one of over a million rows does. It is asked for a tenth of its time and
for all of it. Medians of 5, but of what is done once: putting the rows on their shelf, a first order, a first search.
Nothing here asserts.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

import okireports
from okireports import run
from okireports.faces import Center, Viewer

RUNS = 5
SIZE = 100
FAR = 1 << 40  # a page that is not there: the last one
DEEP = 7 / 11  # of the log

Figures = tuple[float, float]  # ms by the clock and of CPU


def taken(what: Callable[[], object], runs: int = RUNS) -> Figures:
    """The median of some runs."""
    wall, cpu = [], []
    for _ in range(runs):
        began, worked = time.perf_counter(), time.process_time()
        what()
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - worked)
    return statistics.median(wall) * 1000, statistics.median(cpu) * 1000


def measured(viewer: Viewer, period: tuple[str, str]) -> None:
    """Print what pages of one log cost."""
    alone = taken(lambda: viewer.report("call_log", period=period, limit=SIZE).arrow)
    result = viewer.report("call_log", period=period)
    pages, rows = result.pages, result.answer.rows.count
    deep, near = int(rows * DEEP / SIZE), count(1)
    print(f"{rows:,} rows, {period[0]} - {period[1]}: ms, of CPU, times the report's")

    def said(what: str, figures: Figures) -> None:
        wall, cpu = figures
        print(f"  {what:<34} {wall:9.1f} {cpu:9.1f} {wall / alone[0]:8.2f}", flush=True)

    said(f"the report, limit={SIZE}", alone)
    said("the report, all of it", taken(lambda: viewer.report("call_log", period=period), 1))
    said("first page", taken(lambda: pages.page(1, SIZE)))
    said("last page", taken(lambda: pages.page(FAR, SIZE)))
    said("a page in the middle, another each", taken(lambda: pages.page(deep + next(near), SIZE)))
    said("rows put on the shelf, once", taken(pages.prepare, 1))
    for sort in ("talk_s", "phone", "queue"):
        said(f"first order by {sort}", taken(lambda sort=sort: pages.page(1, SIZE, sort=sort), 1))
        said("  its first page again", taken(lambda sort=sort: pages.page(1, SIZE, sort=sort)))
        said("  deep, another each", taken(lambda sort=sort: pages.page(deep + next(near), SIZE, sort=sort)))
    for search in ("fern", "48220", "12:30", "nowhere"):
        said(f"first search for {search}", taken(lambda search=search: pages.page(1, SIZE, search=search), 1))
        said("  its last page", taken(lambda search=search: pages.page(FAR, SIZE, search=search)))


def main() -> None:
    """Print the tables."""
    run.MOST_ROWS = 1_000
    with tempfile.TemporaryDirectory() as folder:
        calls = int(os.environ.get("CALLS", "300000"))
        there = os.environ.get("CENTER")
        center: Center = okireports.open(there) if there else okireports.demo(Path(folder, "center"), calls=calls)
        viewer = center.viewer("admin", reason="benchmark")
        whole = viewer.report("call_log", period=("2000-01-01", "2090-01-01"))
        last, first = (whole.pages.page(n, 1).table["started_at"][0].as_py() for n in (1, FAR))
        tenth = last - (last - first) / 10
        day = timedelta(days=1)
        for since in (tenth, first):
            measured(viewer, (f"{since:%Y-%m-%d}", f"{last + day:%Y-%m-%d}"))


if __name__ == "__main__":
    main()
