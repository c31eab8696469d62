"""A small canonical export as CSV, so that the format can be seen: `python -m okireports.invention.sample FOLDER`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import duckdb

from okireports.disk.folder import quoted
from okireports.errors import BadOption
from okireports.invention.generate import generate
from okireports.invention.plan import ZONE, planned

CALLS, SEED, UNTIL = 2_000, 1, "2026-06-30"
OFFSET = "CASE WHEN timezone('{zone}', {at}) - timezone('UTC', {at}) = INTERVAL 2 HOUR THEN '+02:00' ELSE '+01:00' END"
README = """# A small canonical export

{calls:,} calls of {days} days in six invented projects, with everything that belongs to them: people, queues, statuses,
dialer tasks, chats, requests, evaluations and so on, one CSV file for each table of the model. Nothing in it is real:
all names are made up, the telephone numbers cannot be dialled.

    import okireports as oki
    center = oki.create("centers/sample")
    print(center.load("data/sample"))

The same rows come again from `python -m okireports.invention.sample data/sample`, which replaces the files here.
"""


def write_sample(path: str | Path) -> Path:
    """Write the export into a folder; files that are not of an export stay, others are replaced.

    Raises:
        BadOption: the path is a file.
    """
    target, frame = Path(path), planned(CALLS, SEED, UNTIL)
    if target.exists() and not target.is_dir():
        raise BadOption(f"{target} is a file. Give a folder.")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        for files in generate(frame, Path(scratch)):
            for file in sorted(files.glob("*.parquet")):
                to_csv(con, file, target / f"{file.stem}.csv")
            shutil.rmtree(files)
    (target / "README.md").write_text(README.format(calls=frame.calls, days=frame.days), "utf-8")
    return target


def to_csv(con: duckdb.DuckDBPyConnection, source: Path, target: Path) -> None:
    """Write a Parquet file as CSV: instants in local time with their offset, and no column that is empty throughout."""
    rows = f"read_parquet({quoted(source)})"
    kinds = {str(name): str(kind) for name, kind, *_ in con.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}
    counted = ", ".join(f'count("{name}")' for name in kinds)
    counts = con.execute(f"SELECT {counted} FROM {rows}").fetchone() or ()
    columns = []
    for (name, kind), filled in zip(kinds.items(), counts, strict=True):
        at = f'"{name}"'
        local = f"strftime(timezone('{ZONE}', {at}), '%Y-%m-%dT%H:%M:%S') || {OFFSET.format(zone=ZONE, at=at)}"
        if filled:
            columns.append(f"{local} AS {at}" if kind.startswith("TIMESTAMP") else at)
    con.execute(f"COPY (SELECT {', '.join(columns)} FROM {rows}) TO {quoted(target)} (HEADER, DELIMITER ',')")


if __name__ == "__main__":
    print(write_sample(sys.argv[1] if len(sys.argv) > 1 else "data/sample"))
