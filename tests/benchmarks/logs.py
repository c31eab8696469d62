"""A year's call log saved as Parquet and CSV, beside the engine's own COPY of the same joined rows: ratio, peak memory.

ROWS (default 10,000,000) says how many calls the year has; nothing here asserts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import duckdb
from load import ROWS, files

import okireports
from okireports.engines import duck
from okireports.faces import Center
from okireports.tables import FACTS

SAVE = """
import sys, time
import okireports
begun = time.perf_counter()
viewer = okireports.open(sys.argv[1]).viewer("admin", reason="benchmark")
viewer.report("call_log", period="2025").save(sys.argv[2])
taken = time.perf_counter() - begun
lines = open("/proc/self/status")  # ru_maxrss would begin with the parent's
peak = next(line for line in lines if line.startswith("VmHWM")).split()[1]
print(taken, int(peak) / 1e6)
"""
WANTED = duck.Wanted(("calls", "contacts", "recordings", "charges"), datetime(2024, 12, 1), datetime(2026, 2, 1))
COPY = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER"}


def saved(center: Path, target: Path) -> tuple[float, float]:
    """Seconds, and peak memory in GB, of a process that saves the log."""
    process = subprocess.run([sys.executable, "-c", SAVE, center, target], check=True, capture_output=True, text=True)
    taken, peak = process.stdout.split()
    return float(taken), float(peak)


def copied(center: Center, target: Path) -> float:
    """Seconds of the engine's own COPY, over tables that lie open before it."""
    viewer = center.viewer("admin", reason="benchmark")
    sql = viewer.report("call_log", period="2025", limit=None).sql
    with duckdb.connect() as con, duck.session(viewer.viewing(), lambda *_: WANTED) as session:
        for name in ("projects", "queues", "dialers", "scenarios", "operators"):
            con.register(name, session.con.execute(f"FROM {name}").to_arrow_table())
        parts = defaultdict(list)
        for number, segment in enumerate(session.segments):
            con.execute(f"ATTACH '{segment.path(center.folder)}' AS s{number} (READ_ONLY)")
            parts[segment.table].append((f"s{number}", segment))
        for name in WANTED.tables:
            con.execute(f'CREATE VIEW "{name}" AS {duck.rows_of(FACTS[name], parts[name], session.scope)}')
        begun = time.perf_counter()
        con.execute(f"COPY ({sql}) TO '{target}' ({COPY[target.suffix[1:]]})")
        return time.perf_counter() - begun


def main() -> None:
    """Print what saving a log costs."""
    with tempfile.TemporaryDirectory() as folder:
        source, center = Path(folder, "files"), okireports.create(Path(folder, "center"))
        source.mkdir()
        files(source)
        center.load(source)
        for suffix in COPY:
            mine, peak = saved(Path(folder, "center"), Path(folder, f"log.{suffix}"))
            theirs = copied(center, Path(folder, f"copy.{suffix}"))
            print(f"{ROWS:,} rows to {suffix}: {mine:.1f} s beside {theirs:.1f} s of COPY", end=" ")
            print(f"= {mine / theirs:.1f} times; peak {peak:.1f} GB")


if __name__ == "__main__":
    main()
