"""The explorer in the kernel beside `viewer.report` alone: from a changed project to the result, and the ratio.

CALLS (default 300,000) says how many calls are invented; CENTER names the folder of a centre that is there already.
Each report is asked of one project after another over the last 30 and 365 days with calls: by the explorer, whose time
is from the change to what stands there, and by the viewer. Medians of 5 in turns. The explorer waits 150 ms for another
choice before it begins; that is part of its time, and told apart. Nothing here asserts.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import okireports
from okireports.faces import Viewer
from okireports.widgets import Explorer
from okireports.widgets.choice import Span
from okireports.widgets.last import SOON

RUNS = 5
REPORTS = ("call_log", "queue_summary", "service_level", "operator_summary", "lost_calls", "inbound_statistics")
TICK = 0.002


def changed(explorer: Explorer, project: int) -> float:
    """Seconds from a chosen project to the result that stands there."""
    began = time.perf_counter()
    explorer.projects.value = [project]
    while explorer.status.state == "busy":
        time.sleep(TICK)
    taken = time.perf_counter() - began
    assert explorer.status.state == "done", explorer.status.text
    while explorer.listing.alive:  # the names of its filters, which come afterwards
        time.sleep(TICK)
    return taken


def alone(viewer: Viewer, report: str, period: Span, project: int) -> float:
    """Seconds of the report by itself."""
    began = time.perf_counter()
    viewer.report(report, period=period, projects=[project])
    return time.perf_counter() - began


def compared(viewer: Viewer, report: str, last: datetime, days: int) -> None:
    """Print one line."""
    period = (f"{last - timedelta(days=days - 1):%Y-%m-%d}", f"{last + timedelta(days=1):%Y-%m-%d}")
    ids = [int(id) for id in viewer.projects["project_id"]]
    explorer = Explorer(viewer, report=report, period=period, projects=[ids[0]], watch=None)
    try:
        while explorer.status.state == "busy" or explorer.listing.alive:
            time.sleep(TICK)
        shown, asked = [], []
        for run in range(1, RUNS + 1):
            project = ids[run % len(ids)]
            shown.append(changed(explorer, project))
            asked.append(alone(viewer, report, period, project))
    finally:
        explorer.close()
    one, other = statistics.median(shown), statistics.median(asked)
    print(
        f"{report:<20} {days:>5} {one * 1000:9.0f} {other * 1000:9.0f} {one / other:7.2f} {(one - SOON) / other:7.2f}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        calls = int(os.environ.get("CALLS", "300000"))
        there = os.environ.get("CENTER")
        center = okireports.open(there) if there else okireports.demo(Path(folder, "center"), calls=calls)
        viewer = center.viewer("admin", reason="benchmark")
        log = viewer.report("call_log", period=("2000-01-01", "2090-01-01"), limit=1)
        last = log.arrow["started_at"][0].as_py()
        print(f"{'report':<20} {'days':>5} {'shown ms':>9} {'alone ms':>9} {'times':>7} {'waited':>7}")
        for report in REPORTS:
            for days in (30, 365):
                compared(viewer, report, last, days)


if __name__ == "__main__":
    main()
