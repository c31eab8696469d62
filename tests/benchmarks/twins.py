"""Every report beside its twin in plain SQL, over the same segments of an invented centre, in one run.

CALLS (default 1,000,000) says how many calls are invented; CENTER names the folder of a centre that is there already.
Both sides open what they read anew each time; the median of 5, after one run that is not counted; of what takes over
ten seconds the first run. Twins are written to be right, not fast: one that takes over a minute is given up. Nothing
here asserts.
"""

from __future__ import annotations

import math
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import Any

import duckdb

import okireports
import twin
from okireports import report
from okireports.engines import duck
from okireports.faces import Center, Result, Viewer

RUNS = 5
LONG_S = 10
PATIENCE_S = 60
PAGE = {"limit": 1000}
PERIODS: dict[str, Any] = {"month": "2026-06", "year": ("2025-07-01", "2026-07-01")}


def by_hand(viewer: Viewer, asked: Result, options: dict[str, Any]) -> Callable[[], object]:
    """What runs the twin of a report that was asked, in a session that holds what the report may reach."""
    said, name = asked.provenance, asked.provenance.report
    sql, start, end = twin.text(name), twin.naive(said.start), twin.naive(said.end)
    read = [t for t in (*twin.FACTS, *twin.DIRECTORY) if re.search(rf"\b(FROM|JOIN)\s+{t}\b", re.sub(r"--.*", "", sql))]
    reach = report.reach(asked.answer.report, end - start, {"repeat_days": "7", "callback_hours": "24"})
    facts, names = (tuple(t for t in read if t in group) for group in (twin.FACTS, twin.DIRECTORY))
    wanted = duck.Wanted(facts, start - reach["before"], end + reach["after"], names)
    words = {k: str(v) for k, v in said.options.items() if k not in ("by", "limit", "offset")}
    words |= {"zone": said.zone, "formula": said.formula, "repeat_days": "7", "callback_hours": "24", "now": str(end)}

    def once() -> object:
        with duck.session(viewer.viewing(), lambda *_: wanted) as session:
            prepare(session.con, start, end, said.options.get("by"), words)
            page = f"FROM ({sql.strip().rstrip(';')}\n) LIMIT {options['limit']}" if "limit" in options else sql
            giving_up = Timer(PATIENCE_S, session.con.interrupt)
            giving_up.start()
            try:
                return session.con.execute(page).to_arrow_table()
            finally:
                giving_up.cancel()

    return once


def prepare(con: duckdb.DuckDBPyConnection, start: Any, end: Any, by: Any, words: dict[str, str]) -> None:
    """Give a connection what the twins expect."""
    for variable, at in {"start": start, "end": end}.items():
        con.execute(f'SET VARIABLE "{variable}" = CAST(? AS TIMESTAMP)', [at])
    for variable, word in {"by": by, **words}.items():
        con.execute(f'SET VARIABLE "{variable}" = CAST(? AS VARCHAR)', [word])
    kind = "DATE" if by in ("day", "week", "month") else "TIMESTAMP"
    con.execute(f"CREATE TABLE buckets (label {kind}, lo TIMESTAMP, hi TIMESTAMP)")
    con.executemany("INSERT INTO buckets VALUES (?, ?, ?)", list(twin.pieces(start, end, words["zone"], by)))


def median(what: Callable[[], object]) -> float:
    """Seconds, the median of some runs after a first."""
    taken: list[float] = []
    while len(taken) <= RUNS:
        begun = time.perf_counter()
        try:
            what()
        except duckdb.InterruptException:
            return math.inf
        taken.append(time.perf_counter() - begun)
        if taken[0] > LONG_S:
            return taken[0]
    return statistics.median(taken[1:])


def main() -> None:
    """Print the table; words on the command line choose reports."""
    with tempfile.TemporaryDirectory() as folder:
        there = os.environ.get("CENTER")
        center: Center = (
            okireports.open(there)
            if there
            else okireports.demo(Path(folder, "center"), calls=int(os.environ.get("CALLS", "1000000")))
        )
        admin = center.viewer("admin", reason="benchmark")
        print(f"{'report':<24} period  rows      okireports    its twin   times")
        for asking in report.all_reports():
            if sys.argv[1:] and asking.name not in sys.argv[1:]:
                continue
            options = PAGE if "limit" in asking.options else {}
            for length, period in PERIODS.items():
                asked = admin.report(asking.name, period=period, **options)
                ours = median(lambda: admin.report(asking.name, period=period, **options).arrow)  # noqa: B023
                theirs = median(by_hand(admin, asked, options))
                print(
                    f"{asking.name:<24} {length:<7} {len(asked.arrow):<8} {ours * 1000:7.0f} ms {theirs * 1000:8.0f} ms"
                    f" {ours / theirs:7.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
