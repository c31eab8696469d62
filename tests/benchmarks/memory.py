"""Peak memory of reading and of loading files that are larger than the memory they may have.

Each measurement is a process of its own with the engine held to LIMIT megabytes (default 200; a whole load, which also
sorts and joins, to twice that). SIZES (megabytes, default "100 300") are read as plain text, packed, and in another
encoding. It fails where reading takes more than the limit and OWN (what Python, its libraries and the engine's buffers
take by themselves), or where reading the largest takes a fifth more than reading the smallest; loads are only shown.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT = int(os.environ.get("LIMIT", "200"))
SIZES = [int(size) for size in os.environ.get("SIZES", "100 300").split()]
OWN = 300
MB = 1 << 20
HEADER = "source_id,direction,started_at,queued_at,answered_at,ended_at,queue,operator,phone,outcome,result\n"

READ = """
import resource, sys, duckdb
from okireports import sources
con = duckdb.connect(sys.argv[1] + "/staging.duckdb")
con.execute(f"SET memory_limit = '{sys.argv[3]}MB'")
options = {"encoding": "cp1250"} if "cp1250" in sys.argv[2] else {}
feed = sources.read(con, sys.argv[2], source="canonical", **options)
rows = con.execute("SELECT count(*) FROM raw.calls").fetchone()[0]
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
LOAD = """
import resource, sys, okireports
import okireports.loading
sys.modules["okireports.loading.load"].MEMORY = int(sys.argv[3]) * 1_000_000
center = okireports.create(sys.argv[1] + "/center")
print(center.load(sys.argv[2], create_missing=True).rows_loaded, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write(path: Path, size: int, encoding: str) -> int:
    """About `size` megabytes of calls; returns the rows."""
    rows = 0
    with path.open("w", encoding=encoding, newline="\n") as out:
        out.write(HEADER)
        while out.tell() < size * MB:
            lines = []
            for n in range(rows, rows + 10_000):
                at = f"2025-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}T{n // 3600 % 24:02}:{n // 60 % 60:02}:"
                ends = ",".join(f"{at}{second:02}Z" for second in (n % 10, n % 10, n % 10 + 20, n % 10 + 40))
                lines.append(
                    f"c-{n},inbound,{ends},Kolejka {n % 40},op{n % 600},+4822000{n % 10000:04},answered,załatwiono\n"
                )
            out.write("".join(lines))
            rows += len(lines)
    return rows


def measure(script: str, file: Path, rows: int, limit: int = LIMIT) -> int:
    """The peak of a process that reads or loads a file, in megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", script, folder, str(file), str(limit)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found, peak = map(int, done.stdout.split()[-2:])  # the engine may have shown its progress before
    assert found == rows, f"{found:,} of {rows:,} rows"
    return peak // 1024


def main() -> None:
    """Print the peaks, and fail where memory follows the size of the file."""
    peaks: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            for kind, encoding in (("plain", "utf-8"), ("packed", "utf-8"), ("cp1250", "cp1250")):
                file = Path(folder, kind, "calls.csv")
                file.parent.mkdir(exist_ok=True)
                rows = write(file, size, encoding)
                if kind == "packed":
                    with file.open("rb") as source, gzip.open(f"{file}.gz", "wb", compresslevel=1) as out:
                        shutil.copyfileobj(source, out, MB)
                    file.unlink()
                    file = file.with_name("calls.csv.gz")
                peaks.setdefault(f"read, {kind}", []).append(measure(READ, file, rows))
                if kind == "plain":
                    peaks.setdefault("load, plain", []).append(measure(LOAD, file, rows, 2 * LIMIT))
    for what, found in peaks.items():
        print(f"{what}: " + ", ".join(f"{p:,} MB for {s:,} MB" for s, p in zip(SIZES, found, strict=True)))
    for what, found in peaks.items():
        if what.startswith("read"):
            assert max(found) < LIMIT + OWN, f"{what} takes more than {LIMIT + OWN} MB"
            assert found[-1] < 1.2 * found[0], f"{what}: memory follows the file"


if __name__ == "__main__":
    main()
