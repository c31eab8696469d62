"""The rows of the ten reports as Parquet, as every rival takes them: a folder for each table and project.

Only the columns that the ten reports need are there: that favours who keeps rows side by side. The ten read no table
whose rows are copied to several projects, so that a scope is a choice of projects and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from okireports.engines import duck
from okireports.faces import Viewer

ZONE = "Europe/Warsaw"
EVER = (datetime(1971, 1, 1), datetime(2200, 1, 1))
COLUMNS = {
    "calls": (
        "project_id, call_id, queue_id, operator_id, dialer_id, started_at, queued_at, answered_at, picked_up_at, "
        "outcome, result, direction, by_robot, wait_ms, talk_ms, hold_ms, wrap_ms, answer_within_s, short_abandon_s, "
        "goal, went_to_other, came_from_other, transfer_to_call_id, attempt_no"
    ).split(", "),
    "rings": "project_id operator_id started_at result".split(),
    "speech_hits": "project_id call_id rule at".split(),
}
STARTS = {"calls": "started_at", "rings": "started_at", "speech_hits": "at"}
NAMES = {"projects": "project", "queues": "queue", "operators": "operator"}
NO_PROJECT = 0
EDGES = (0, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 240, 300, 600)  # seconds: bins of waiting
BINS = tuple(zip(EDGES, (*EDGES[1:], None), strict=True))


@dataclass(frozen=True)
class Scope:
    """What a question is about: projects by id (0: rows of none), and a period in naive UTC."""

    who: str
    projects: tuple[int, ...]
    everything: bool
    start: datetime
    end: datetime


def dump(viewer: Viewer, folder: Path) -> None:
    """Write the rows of who sees everything."""
    wanted = duck.Wanted(tuple(COLUMNS), *EVER, tuple(NAMES))
    with duck.session(viewer.viewing(), lambda *_: wanted) as opened:
        for table, columns in COLUMNS.items():
            ids = opened.con.execute(f"SELECT DISTINCT coalesce(project_id, {NO_PROJECT}) FROM {table}").fetchall()
            listed = ", ".join(f'"{c}"' for c in columns if c != "project_id")
            for (project,) in ids:
                its = f"project_id = {project}" if project != NO_PROJECT else "project_id IS NULL"
                rows = opened.con.execute(
                    f"""SELECT {project}::BIGINT AS project_id, {listed} FROM {table}
                    WHERE {its} ORDER BY "{STARTS[table]}" """
                )
                write(rows.to_arrow_reader(1_000_000), folder / table / f"project_id={project}" / "rows.parquet")
        for table in NAMES:
            write(opened.con.execute(f"FROM {table}").to_arrow_reader(), folder / f"{table}.parquet")


def projects_of(folder: Path) -> tuple[int, ...]:
    """The ids of the projects that have rows."""
    return tuple(sorted({int(path.name.partition("=")[2]) for path in folder.glob("*/project_id=*")}))


def write(rows: pa.RecordBatchReader, path: Path) -> None:
    """Write rows as DuckDB would: row groups of 122,880, zstd."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        con.register("given", rows)
        con.execute(f"COPY (FROM given) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


def files(folder: Path, table: str, scope: Scope | None = None) -> list[Path]:
    """A table's files, of some projects or of all."""
    if scope is None or scope.everything:
        return sorted(folder.glob(f"{table}/*/rows.parquet"))
    paths = (folder / table / f"project_id={project}" / "rows.parquet" for project in scope.projects)
    return [path for path in paths if path.exists()]


def days_with(scope: Scope) -> dict[tuple[int, int], int]:
    """By local weekday (Monday 1) and hour: how many local days of the period have it."""
    seen = {(at.date(), at.hour) for at in quarters(scope)}
    counted: dict[tuple[int, int], int] = {}
    for day, hour in seen:
        key = (day.isoweekday(), hour)
        counted[key] = counted.get(key, 0) + 1
    return counted


def quarters(scope: Scope) -> Iterator[datetime]:
    """The quarters of an hour of a period, local."""
    at = scope.start
    while at < scope.end:
        yield at.replace(tzinfo=UTC).astimezone(ZoneInfo(ZONE))
        at += timedelta(minutes=15)
