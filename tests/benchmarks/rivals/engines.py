"""The engines beside okireports, each with the same rows, and the process in which one is asked.

    python -m rivals.engines     reads {"engine": ..., "folder": ..., "kept": ..., "answers": ..., "questions": [...]}

prints what filling took, then a line of JSON for each question. `kept` is a folder in which an engine that has files of
its own keeps them, so that whoever starts again need not fill it again; null where nothing is kept.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from gauges import bytes_read, forget_peak, measured, medians, peak_bytes, runs_within

import okireports
from rivals.engine import Engine
from rivals.rows import Scope

LOOK_S = 0.2  # how often one looks at the memory of processes beside an engine's own


class Okireports(Engine):
    """The reports themselves."""

    def __init__(self, centre: str, now: str) -> None:
        """Open the centre; reports open their files each time."""
        self.center = okireports.open(centre, now=datetime.fromisoformat(now))

    def ask(self, name: str, scope: Scope) -> pa.Table:
        """The rows, by a viewer who is opened anew."""
        everything = scope.everything
        who = "admin" if everything else f"bench-{scope.who}"
        viewer = self.center.viewer(who, reason="benchmark" if everything else None)
        rows: pa.Table = viewer.report(name, period=(local(scope.start), local(scope.end))).arrow
        return rows


def made(asked: dict[str, Any], kept: Path | None) -> Engine:
    """An engine that is filled."""
    folder = Path(asked["folder"])
    match asked["engine"]:
        case "okireports":
            return Okireports(asked["centre"], asked["now"])
        case "pandas":
            from rivals.with_pandas import Pandas

            return Pandas(folder)
        case "polars":
            from rivals.with_polars import Polars

            return Polars(folder)
        case "postgres":
            from rivals.with_postgres import Postgres

            return Postgres(folder, kept)
        case "clickhouse":
            from rivals.with_clickhouse import Clickhouse

            return Clickhouse(folder, kept)
        case other:
            raise LookupError(other)


def filled(asked: dict[str, Any]) -> tuple[Engine, float]:
    """An engine that is filled, and the seconds that it took, now or when it was; what is half filled is begun anew."""
    kept = Path(asked["kept"], asked["engine"]) if asked["kept"] else None
    done = kept and kept.with_suffix(".filled")
    if kept and done and not done.exists():
        rmtree(kept, ignore_errors=True)
    begun = time.perf_counter()
    engine = made(asked, kept)
    taken = time.perf_counter() - begun
    if done is None or not (kept and kept.exists()):
        return engine, taken
    if not done.exists():
        done.write_text(json.dumps(taken), "utf-8")
    return engine, float(json.loads(done.read_text("utf-8")))


def local(at: datetime) -> str:
    """An instant in naive UTC as an aware one."""
    return at.isoformat() + "+00:00"


def asked_often(engine: Engine, name: str, scope: Scope, patience_s: float | None) -> tuple[dict[str, Any], Any]:
    """What a question takes: the first time, and the median of RUNS, or of those that patience has time for; its rows.

    The peak of memory is that of the first run, in which the memory of other processes is looked at, too.
    """
    rows: list[Any] = []
    engine.prepare(name, scope)
    forget_peak()
    with most_held(engine) as beside:
        first = measured(lambda: rows.append(engine.ask(name, scope)), engine.cpu_seconds)
    peak = peak_bytes()
    runs = runs_within(first.wall_s, patience_s)
    taken = [measured(lambda: engine.ask(name, scope), engine.cpu_seconds) for _ in range(runs)]
    told = {"first_s": first.wall_s, "peak_bytes": peak + max(beside), **medians(taken or [first])}
    return told, rows[0]


@contextmanager
def most_held(engine: Engine) -> Iterator[list[int]]:
    """What other processes hold for an engine, every now and then until the end of the block."""
    held, ended = [engine.held_bytes()], threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_S):
            held.append(engine.held_bytes())

    looking = threading.Thread(target=look)
    if held[0]:
        looking.start()
    try:
        yield held
    finally:
        ended.set()
        if held[0]:
            looking.join()
            held.append(engine.held_bytes())


def main() -> None:
    """Fill an engine and ask it."""
    asked = json.load(sys.stdin)
    engine, seconds = filled(asked)
    print(json.dumps({"filled_s": seconds, "filled_peak_bytes": peak_bytes(), "filled_read": bytes_read()}), flush=True)
    try:
        for question in asked["questions"]:
            at = {end: datetime.fromisoformat(question[end]) for end in ("start", "end")}
            scope = Scope(question["who"], tuple(question["projects"]), question["everything"], at["start"], at["end"])
            told, rows = asked_often(engine, question["report"], scope, asked["patience_s"])
            table = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)
            pq.write_table(table, Path(asked["answers"], question["key"].replace("/", "-") + ".parquet"))
            print(json.dumps({"key": question["key"], "rows": len(table), **told}), flush=True)
    finally:
        engine.close()


if __name__ == "__main__":
    main()
