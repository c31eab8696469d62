"""A small centre that grows by a known number of rows a day, so that what a report says can be counted by hand.

Two projects with one queue each. Every day `ALPHA` calls are answered on the line of Alpha and `BETA` on that of Beta,
each after 10 seconds, each 100 seconds long; `days` loads make `days` times as many.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import okireports
from okireports.disk.sweep import controls
from okireports.faces import Center, Viewer

ALPHA, BETA = 5, 7
FIRST = datetime(2025, 6, 2, 8, tzinfo=UTC)
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
YEAR = "2025"
DEFINITIONS = {
    "projects": [{"name": "Alpha"}, {"name": "Beta"}],
    "users": [
        {"login": "boss", "role": "Supervisor"},
        {"login": "anna", "role": "Supervisor"},
        {"login": "olek", "role": "Operator"},
        {"login": "ola", "role": "Operator"},
    ],
    "memberships": [
        {"login": "boss", "project": "Alpha"},
        {"login": "boss", "project": "Beta"},
        {"login": "anna", "project": "Alpha"},
        {"login": "olek", "project": "Alpha"},
        {"login": "ola", "project": "Beta"},
    ],
    "objects": [
        {"kind": "queue", "name": "Alpha line", "project": "Alpha"},
        {"kind": "queue", "name": "Beta line", "project": "Beta"},
    ],
}


class Clock:
    """A centre's clock, set by hand."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def make(path: Path) -> Center:
    """A centre with its definitions and no rows."""
    center = okireports.create(path / "center", now=NOW)
    center.load(write(path / "definitions", DEFINITIONS))
    return center


def day(path: Path, number: int, *, each: int = 1, wrong: int = 0) -> Path:
    """The files of one day: `each` times as many calls, and `wrong` rows that are refused."""
    start = FIRST + timedelta(days=number)
    calls = [
        call(f"{number}-{queue}-{i}", start + timedelta(minutes=i), f"{queue} line", operator)
        for queue, operator, count in (("Alpha", "olek", ALPHA), ("Beta", "ola", BETA))
        for i in range(count * each)
    ]
    calls += [call(f"{number}-wrong-{i}", start, "Alpha line", "olek") | {"ended_at": ""} for i in range(wrong)]
    return write(path / f"day{number}", {"calls": calls})


def call(source_id: str, at: datetime, queue: str, operator: str) -> dict[str, Any]:
    """A call that is answered after 10 seconds and lasts 100 more."""
    return {
        "source_id": source_id,
        "direction": "inbound",
        "started_at": at.isoformat(),
        "queued_at": at.isoformat(),
        "answered_at": (at + timedelta(seconds=10)).isoformat(),
        "ended_at": (at + timedelta(seconds=110)).isoformat(),
        "queue": queue,
        "operator": operator,
        "phone": f"+48220000{abs(hash_of(source_id)) % 1000:03d}",
        "outcome": "answered",
    }


def hash_of(text: str) -> int:
    """A number that is the same in every process."""
    return sum((i + 1) * ord(c) for i, c in enumerate(text))


def write(path: Path, tables: dict[str, list[dict[str, Any]]]) -> Path:
    """Canonical CSV files."""
    path.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        with (path / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            out = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
            out.writeheader()
            out.writerows(rows)
    return path


def summary(viewer: Viewer) -> list[dict[str, Any]]:
    """What the queue summary of the year says, as far as this centre fills it."""
    rows = viewer.report("queue_summary", period=YEAR).arrow.to_pylist()
    kept = ("project", "queue", "offered", "answered", "service_level", "asa_s", "max_wait_s", "talk_s")
    return [{name: row[name] for name in kept} for row in rows]


def expected(days: int, *, beta: bool = True) -> list[dict[str, Any]]:
    """What it must say after so many days: a count by hand."""
    queues = [("Alpha", ALPHA)] + ([("Beta", BETA)] if beta else [])
    each = {"service_level": 1.0, "asa_s": 10.0, "max_wait_s": 10.0}
    counts = [(project, daily * days) for project, daily in queues if days]
    return [
        {"project": project, "queue": f"{project} line", "offered": n, "answered": n, **each, "talk_s": 100.0 * n}
        for project, n in counts
    ]


def copy(center: Center, path: Path) -> Center:
    """The same centre in another folder."""
    shutil.copytree(center.path, path / "center")
    return okireports.open(path / "center", now=center.clock)


def said(center: Center) -> list[dict[str, Any]]:
    """What the boss sees; the trace of it is taken away again, so that files can be compared."""
    before = set(center.folder.journal.iterdir())
    try:
        return summary(center.viewer("boss"))
    finally:
        for path in set(center.folder.journal.iterdir()) - before:
            path.unlink()


def touch(center: Center, number: int) -> None:
    """A small change."""
    center.users.create(f"person{number}", actor="admin", reason="a small change")


def files(center: Center) -> set[str]:
    """Every file of a centre's folder, by its path in it."""
    return {str(path.relative_to(center.path)) for path in center.path.rglob("*") if path.is_file()}


def named(center: Center) -> set[str]:
    """Every file that a centre at rest may have: those that the control file names, and the fixed ones.

    Journal files and anything else are debris.
    """
    with center.folder.reading() as reading:
        con = reading.con
        rows = con.execute("SELECT file FROM control.segments UNION ALL SELECT file FROM control.retired").fetchall()
        loads = con.execute("SELECT load_id FROM control.loads WHERE rows_rejected > 0").fetchall()
        kept = con.execute("SELECT generation FROM control.generations").fetchall()
    found = {file for (file,) in rows} | {f"rejects/{load}.parquet" for (load,) in loads}
    return found | {f"control.{g:06d}.duckdb" for (g,) in kept} | {"CURRENT", "LOCK", "SECRET"}


def generations(center: Center) -> list[int]:
    """The generations whose control file lies there."""
    return sorted(int(path.name.split(".")[1]) for path in controls(center.folder))


def query(center: Center, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    """What a statement over the published control file gives."""
    with center.folder.reading() as reading:
        return reading.con.execute(sql, list(parameters)).fetchall()


def segments(center: Center, project: int, tables: Iterable[str] = ("calls",)) -> set[str]:
    """The published segments of a project."""
    marks = ", ".join(f"'{t}'" for t in tables)
    sql = f'SELECT file FROM control.segments WHERE project_id = ? AND "table" IN ({marks})'
    return {file for (file,) in query(center, sql, project)}
