"""All facts of 40 projects as Parquet by month, beside the engine's COPY ... PARTITION_BY of one table: ratio, memory.

ROWS (default 10,000,000) says how many calls the year has; nothing here asserts. Both write the same rows, with names
beside ids, in the same run: the one asks each project's files and leaves a manifest, the other has all rows in one
table of its own and splits them by project and month. An export that is repeated reads each file and makes none.
CENTER names the folder of a centre that is there already.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from load import PROJECTS, files

import okireports
from okireports.faces import Center

LOGIN = "hands-out"
PERIOD = ("2025-01-01", "2026-01-02")
EXPORT = """
import resource, sys, time
import okireports
begun = time.perf_counter()
made = okireports.open(sys.argv[1]).viewer(sys.argv[3]).export(sys.argv[2], period=tuple(sys.argv[4:6]), tables="*")
taken = time.perf_counter() - begun
lines = open("/proc/self/status")  # ru_maxrss would begin with the parent's
peak = next(line for line in lines if line.startswith("VmHWM")).split()[1]
spent = resource.getrusage(resource.RUSAGE_SELF)
there = [file for project in made.projects for file in project.files]
print(taken, spent.ru_utime + spent.ru_stime, int(peak) / 1e6, sum(file.rows for file in there), len(there))
"""


def exported(center: Path, target: Path) -> tuple[float, float, float, int, int]:
    """Seconds, seconds of processors, peak memory in GB, rows and files of a process that exports."""
    words = [sys.executable, "-c", EXPORT, str(center), str(target), LOGIN, *PERIOD]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    return float(said[0]), float(said[1]), float(said[2]), int(said[3]), int(said[4])


def copied(folder: Path, target: Path) -> tuple[float, float, int]:
    """Seconds, seconds of processors and rows of the engine's COPY of the same rows, table by table."""
    taken = spent = 0.0
    rows = 0
    with duckdb.connect(str(target.with_suffix(".duckdb"))) as con:
        con.execute("SET enable_progress_bar = false")
        for table in sorted({path.parent.name for path in folder.glob("*/*/*.parquet")}):
            start = "" if table == "contacts" else ", strftime(started_at, '%Y-%m') AS month"
            con.execute(f"CREATE TABLE {table} AS SELECT *{start} FROM '{folder}/*/{table}/*.parquet'")
            con.execute("CHECKPOINT")
            by = "project" if table == "contacts" else "project, month"
            into = f"'{target / table}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY ({by}))"
            target.mkdir(exist_ok=True)
            begun, used = time.perf_counter(), time.process_time()
            con.execute(f"COPY {table} TO {into}")
            taken, spent = taken + time.perf_counter() - begun, spent + time.process_time() - used
            rows += len(con.execute(f"SELECT 1 FROM {table}").to_arrow_table())
    return taken, spent, rows


def member_of_all(center: Center) -> None:
    """Someone who is a member of every project."""
    names = [f"Project {number}" for number in range(PROJECTS)]
    center.users.create(LOGIN, role="Supervisor", projects=names, actor="admin", reason="benchmark")


def main() -> None:
    """Print what an export costs."""
    with tempfile.TemporaryDirectory() as folder:
        given, source = os.environ.get("CENTER"), Path(folder, "files")
        center = okireports.open(given) if given else okireports.create(Path(folder, "center"))
        if not given:
            source.mkdir()
            files(source)
            center.load(source)
            member_of_all(center)
        out = Path(folder, "out")
        taken, spent, peak, rows, count = exported(center.path, out)
        again, *_ = exported(center.path, out)
        theirs, theirs_spent, same = copied(out, Path(folder, "copy"))
        assert rows == same, f"{rows:,} and {same:,} rows"
        print(
            f"{rows:,} rows of {PROJECTS} projects in {count:,} files: {taken:.1f} s beside {theirs:.1f} s of COPY",
            end=" ",
        )
        print(f"= {taken / theirs:.2f} times; processors {spent:.1f} s beside {theirs_spent:.1f} s", end=" ")
        print(f"= {spent / theirs_spent:.2f} times; peak {peak:.1f} GB; repeated {again:.1f} s")


if __name__ == "__main__":
    main()
