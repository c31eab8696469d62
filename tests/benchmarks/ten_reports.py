"""Ten reports beside what one would pick instead, over the same rows in the same run; their figures must be equal.

    python tests/benchmarks/ten_reports.py [--scale 10] [--centre FOLDER] [--out benchmarks.json]
        [--engines pandas polars postgres clickhouse] [--reports NAME ...] [--viewers one three all]
        [--lengths month year]

Beside okireports stand pandas with frames in memory, Polars over Parquet of a folder for each project, PostgreSQL with
row-level security and indexes by project and time (a server that is started here), and ClickHouse (chdb) with tables
sorted by project and time. Filling them is told apart and not counted. okireports opens viewer and files anew for each
answer. Each engine is a process of its own, asked the same questions one after another: the median of 7 after a first.
Memory is the peak of that process with its rows; of PostgreSQL that of its client only. It fails where figures differ;
about time nothing here asserts, it says where okireports is not ahead.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from centres import VIEWERS, login, periods
from every_report import LENGTHS, begun, keep, ms, opened
from rivals.engines import fits
from rivals.rows import ZONE, dump
from rivals.sql import TEN

from okireports.faces import Center

ENGINES = ("pandas", "polars", "postgres", "clickhouse")
KEYS = {"service_level": 3, "operator_calls": 1, "transfers": 6}  # leading columns that tell rows apart; else 2
TOLERANCE = 1e-9


def main() -> None:
    """Measure, compare, and print."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="okireports-bench-") as scratch:
        center, counts = opened(asked, Path(scratch))
        told = begun(asked.out, center)
        told["projects"] = counts
        admin = center.viewer("admin", reason="benchmark")
        folder = Path(scratch, "rows")
        wanted = list(questions(asked, center, dump(admin, folder)))
        rivals: dict[str, Any] = {}
        for engine in ("okireports", *asked.engines):
            if not fits(engine, told["rows"]["calls"]):
                print(f"{engine}: {told['rows']['calls']:,} calls do not fit into this machine's memory")
                rivals[engine] = {"too_large": True, "questions": {}}
                continue
            answers = Path(scratch, "answers", engine)
            answers.mkdir(parents=True)
            given = {"centre": str(center.path), "now": center.clock().isoformat(), "folder": str(folder)}
            rivals[engine] = process(given | {"engine": engine, "answers": str(answers), "questions": wanted})
            if engine != "okireports":
                for question in wanted:
                    agree(engine, question, Path(scratch, "answers"))
            keep(asked.out, told | {"rivals": rivals})
            told["rivals"] = rivals
    show(rivals)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--scale", type=float, default=10, help="millions of calls of the centre that is made")
    asked.add_argument("--centre", type=Path, help="one that is there already")
    asked.add_argument("--out", type=Path, default=Path("benchmarks.json"))
    asked.add_argument("--engines", nargs="*", choices=ENGINES, default=list(ENGINES))
    asked.add_argument("--reports", nargs="*", choices=TEN, default=list(TEN))
    asked.add_argument("--viewers", nargs="*", choices=[*VIEWERS], default=["one", "three", "all"])
    asked.add_argument("--lengths", nargs="*", choices=LENGTHS, default=["month", "year"])
    return asked.parse_args()


def questions(asked: argparse.Namespace, center: Center, every: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Each question, as the engines take it."""
    for who in asked.viewers:
        name, reason = login(center, who)
        hers = center.viewer(name, reason=reason).projects["project_id"].tolist()
        for length, days in periods(center, asked.lengths).items():
            start, end = (utc(day) for day in days)
            for report in asked.reports:
                yield {
                    "key": f"{who}/{report}/{length}", "who": who, "report": report, "everything": who == "all",
                    "projects": list(every) if who == "all" else hers, "start": start, "end": end,
                }  # fmt: skip


def utc(day: str) -> str:
    """The instant, naive UTC, at which a local day begins."""
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC).replace(tzinfo=None).isoformat()


def process(asked: dict[str, Any]) -> dict[str, Any]:
    """What an engine's process says."""
    here = Path(__file__).parent
    words = [sys.executable, "-m", "rivals.engines", json.dumps(asked)]
    path = [str(here), str(here.parent), *sys.path[1:]]
    told: dict[str, Any] = {"questions": {}}
    environment = os.environ | {"PYTHONPATH": ":".join(dict.fromkeys(path))}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if not line.startswith("{"):
                continue
            said = json.loads(line)
            if "key" in said:
                told["questions"][said.pop("key")] = said
            else:
                told |= said
                print(f"{asked['engine']}: {said}", flush=True)
    if running.returncode:
        sys.exit(f"{asked['engine']} stopped with {running.returncode}")
    return told


def agree(engine: str, question: dict[str, Any], answers: Path) -> None:
    """Fail unless an engine gave the figures of okireports."""
    file = question["key"].replace("/", "-") + ".parquet"
    ours, theirs = (pq.read_table(answers / name / file) for name in ("okireports", engine))
    ours = ours.select([c for c in ours.column_names if c != "currency"])
    if ours.column_names != theirs.column_names:
        sys.exit(f"{question['key']}: columns {theirs.column_names} of {engine}, {ours.column_names} of okireports")
    keys = KEYS.get(question["report"], 2)
    one, other = sorted_rows(ours, keys), sorted_rows(theirs, keys)
    if len(one) != len(other):
        sys.exit(f"{question['key']}: {len(other)} rows of {engine}, {len(one)} of okireports")
    for a, b in zip(one, other, strict=True):
        for column, x, y in zip(ours.column_names, a, b, strict=True):
            if not same(x, y):
                sys.exit(f"{question['key']}, {column}: {y!r} of {engine}, {x!r} of okireports\n{b}\n{a}")


def sorted_rows(table: pa.Table, keys: int) -> list[tuple[Any, ...]]:
    """Rows in an order that every engine agrees on."""
    columns = [[plain(value) for value in column.to_pylist()] for column in table.columns]
    rows = zip(*columns, strict=True)
    return sorted(rows, key=lambda row: tuple((value is None, 0 if value is None else value) for value in row[:keys]))


def plain(value: Any) -> Any:
    """A value as every engine says it: decimals and flags as numbers, instants in naive UTC, NaN as nothing."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same figure."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=0.0)
    return bool(one == other)


def show(rivals: dict[str, Any]) -> None:
    """Print milliseconds, how many times as long the others take, and where okireports is not ahead."""
    ours, others = rivals["okireports"]["questions"], {n: r for n, r in rivals.items() if n != "okireports"}
    print(f"{'question':<38} {'okireports':>10} " + " ".join(f"{name:>19}" for name in others))
    behind = []
    for key, mine in ours.items():
        cells = []
        for name, rival in others.items():
            told = rival["questions"].get(key)
            times = told["wall_s"] / mine["wall_s"] if told else math.nan
            cells.append(f"{ms(told['wall_s'])} ms {times:7.2f} x" if told else f"{'-':>19}")
            behind += [(key, name, times)] if times < 1 else []
        print(f"{key:<38} {ms(mine['wall_s'])} ms " + " ".join(cells))
    print("ahead of every one on each" if not behind else "not ahead:")
    for key, name, times in behind:
        print(f"  {key}: {name} takes {times:.2f} times as long")


if __name__ == "__main__":
    main()
