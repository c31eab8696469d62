"""Reports beside hand-written SQL over the same segments, in one run: medians, and how many times as long.

ROWS (default 10,000,000) says how many calls the centre has, in 40 projects over a year; nothing here asserts.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from load import files

import okireports
from okireports.disk import segments_of
from okireports.faces import Center

RUNS = 5
OFFERED = "queued_at IS NOT NULL AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')"
IN_TIME = "count(*) FILTER (answered_at IS NOT NULL AND wait_ms <= answer_within_s * 1000)"
SHORT = "count(*) FILTER (outcome = 'abandoned' AND wait_ms < short_abandon_s * 1000)"
LEVEL = f"{IN_TIME} / nullif(count(*) - {SHORT}, 0)"
BY_HAND = {
    "queue_summary": f"""SELECT project_id, queue_id, count(*), {IN_TIME}, {SHORT}, {LEVEL},
        avg(wait_ms) FILTER (outcome = 'answered'), quantile_cont(wait_ms, 0.9) FILTER (outcome = 'answered'),
        max(wait_ms), sum(talk_ms), sum(hold_ms), sum(wrap_ms) FROM calls WHERE {OFFERED} GROUP BY ALL""",
    "service_level": f"""SELECT project_id, queue_id, time_bucket(INTERVAL 30 MINUTE, started_at) AS half, count(*),
        {IN_TIME}, {SHORT}, {LEVEL}, max(goal) FROM calls WHERE {OFFERED} GROUP BY ALL ORDER BY ALL""",
    "call_log": "SELECT * FROM calls ORDER BY started_at DESC, call_id LIMIT 1000",
}


def by_hand(center: Center, sql: str, project: str | None, month: str) -> None:
    """What someone would write who knows where the files lie."""
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{center.folder.current().control}' AS control (READ_ONLY)")
        ids = con.execute("SELECT project_id FROM control.projects WHERE ? IS NULL OR name = ?", [project, project])
        listed = segments_of(con, "calls", tuple(i for (i,) in ids.fetchall()))
        parts = []
        for number, segment in enumerate(listed):
            if month[:4] == segment.stretch or month == segment.stretch or len(month) == 4:
                con.execute(f"ATTACH '{segment.path(center.folder)}' AS s{number} (READ_ONLY)")
                parts.append(f"FROM s{number}.calls")
        start = f"TIMESTAMP '{month}-01'" if len(month) == 7 else f"TIMESTAMP '{month}-01-01'"
        length = "1 MONTH" if len(month) == 7 else "1 YEAR"
        union = " UNION ALL ".join(parts)
        con.execute(
            f"""CREATE VIEW calls AS FROM ({union})
            WHERE started_at >= {start} AND started_at < {start} + INTERVAL {length}"""
        )
        con.execute(sql).to_arrow_table()


def median(what: Callable[[], object]) -> float:
    """Seconds, the median of some runs."""
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        what()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "files")
        source.mkdir()
        files(source)
        center = okireports.create(Path(folder, "center"))
        center.load(source)
        admin = center.viewer("admin", reason="benchmark")
        print("report          projects  period   okireports   by hand   times")
        for name, sql in BY_HAND.items():
            for project in ("Project 7", None):
                for month in ("2025-06", "2025"):
                    page = {"limit": 1000} if name == "call_log" else {}

                    def ours(name: str = name, project: str | None = project, month: str = month, page=page) -> object:
                        return admin.report(name, period=month, projects=project, **page).arrow

                    def hand(sql: str = sql, project: str | None = project, month: str = month) -> None:
                        by_hand(center, sql, project, month)

                    a, b = median(ours), median(hand)
                    which = "1" if project else "all"
                    print(f"{name:<15} {which:>8}  {month:<8} {a * 1000:7.0f} ms {b * 1000:7.0f} ms {a / b:7.2f}")


if __name__ == "__main__":
    main()
