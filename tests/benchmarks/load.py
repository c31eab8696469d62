"""A load beside the engine's own reading of the same file: ratio, steps, peak memory and disk.

ROWS (default 10,000,000) says how many rows, FORMAT (csv or parquet) of what files, FOLDER where there is room. The
engine's own reading is a process of its own, so that the peak is the load's; it holds every row in memory, and PLAIN=no
leaves it out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Event, Thread

import duckdb
from gauges import forget_peak, peak_bytes

import okireports

ROWS = int(os.environ.get("ROWS", "10000000"))
FORMAT = os.environ.get("FORMAT", "csv")
PROJECTS, OPERATORS = 40, 600
PLAIN = """
import sys, time, duckdb
duckdb.sql("SET enable_progress_bar = false")
begun = time.perf_counter()
duckdb.sql(f"CREATE TABLE plain AS FROM '{sys.argv[1]}'")
print(time.perf_counter() - begun)
"""


def files(folder: Path) -> None:
    """A year of calls as canonical files, and who owns what."""

    def put(name: str, select: str) -> None:
        con.execute(f"COPY ({select}) TO '{folder / name}.{FORMAT}'")

    at = "strftime({0}, '%Y-%m-%dT%H:%M:%S+02:00')"
    with duckdb.connect() as con:
        put("projects", f"SELECT 'Project ' || range AS name FROM range({PROJECTS})")
        owned = "'queue ' || range AS name, 'Project ' || range AS project"
        put("objects", f"SELECT 'queue' AS kind, {owned} FROM range({PROJECTS})")
        put("users", f"SELECT 'op' || range AS login FROM range({OPERATORS})")
        member = f"'op' || range AS login, 'Project ' || (range % {PROJECTS}) AS project"
        put("memberships", f"SELECT {member} FROM range({OPERATORS})")
        put(
            "calls",
            f"""SELECT 'c-' || i AS source_id, 'inbound' AS direction, {at.format("s")} AS started_at,
            {at.format("s + INTERVAL 8 SECOND")} AS queued_at,
            CASE WHEN served THEN {at.format("s + to_seconds(8 + (hash(i * 3) % 60)::INT)")} END AS answered_at,
            {at.format("s + to_seconds(80 + (hash(i * 7) % 300)::INT)")} AS ended_at,
            hash(i * 5) % 20 AS hold_s, hash(i * 11) % 40 AS wrap_s, 'queue ' || (hash(i * 13) % {PROJECTS}) AS queue,
            CASE WHEN served THEN 'op' || (hash(i * 17) % {OPERATORS}) END AS operator,
            '+4822000' || lpad((hash(i * 19) % 10000)::VARCHAR, 4, '0') AS phone,
            CASE WHEN served THEN 'answered' ELSE 'abandoned' END AS outcome, 'customer' AS ended_by
            FROM (SELECT i, hash(i) % 10 < 8 AS served,
            TIMESTAMP '2025-01-01' + to_seconds((i * (31500000 / {ROWS}))::INT) AS s FROM range({ROWS}) r(i))""",
        )


def watch(folder: Path, until: Event, free: list[int]) -> None:
    """Note the room that is left on the disk, every second."""
    while not until.wait(1):
        free.append(shutil.disk_usage(folder).free)


def main() -> None:
    """Print what a load costs."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("FOLDER")) as folder:
        source = Path(folder, "files")
        source.mkdir()
        files(source)
        calls = source / f"calls.{FORMAT}"
        print(f"{ROWS:,} rows, {calls.stat().st_size / 1e9:.1f} GB of {FORMAT}")
        plain = None
        if os.environ.get("PLAIN") != "no":
            own = [sys.executable, "-c", PLAIN, str(calls)]
            plain = float(subprocess.run(own, check=True, capture_output=True, text=True).stdout)
            print(f"CREATE TABLE AS FROM it {plain:.1f} s")
        center = okireports.create(Path(folder, "center"))
        steps: list[tuple[str, float]] = []
        free, over = [shutil.disk_usage(folder).free], Event()
        watching = Thread(target=watch, args=(Path(folder), over, free), daemon=True)
        watching.start()
        forget_peak()  # that of writing the files
        begun = time.perf_counter()
        result = center.load(source, progress=lambda step: steps.append((step, time.perf_counter())))
        ended, peak = time.perf_counter(), peak_bytes()
        over.set()
        watching.join()
        print(f"load {ended - begun:.1f} s" + (f" = {(ended - begun) / plain:.1f} times" if plain else ""), end="; ")
        print(f"{result.bytes_written / 1e6:,.0f} MB written;", end=" ")
        print(f"peak {peak / 1e9:.1f} GB of memory, {(free[0] - min(free)) / 1e9:.1f} GB of disk")
        for (step, since), until in zip(steps, [at for _, at in steps[1:]] + [ended], strict=True):
            if until - since > 0.01 * (ended - begun):
                print(f"  {until - since:6.1f} s  {step}")


if __name__ == "__main__":
    main()
