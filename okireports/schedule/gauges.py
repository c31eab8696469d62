"""A textfile for Prometheus' node exporter: whether schedules run, and when they last did.

It names schedules by id and nothing else, so that it can be read by whoever reads metrics (mode 0644). It is replaced
whole: a scrape meets the old file or the new one.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from okireports.admin.definitions import zone_of
from okireports.disk import Folder
from okireports.schedule.notices import BROKEN
from okireports.schedule.rows import Schedule, schedules
from okireports.schedule.telling import Row, due_at, row_of, run_rows

GOOD = ("done",)
HELP = {
    "okireports_schedule_active": "1 where the schedule runs, 0 where it is paused.",
    "okireports_schedule_last_success_timestamp_seconds": "When the last run that delivered everything ended.",
    "okireports_schedule_last_due_timestamp_seconds": "The last due time that has a run.",
    "okireports_schedule_next_due_timestamp_seconds": "When it is due next.",
    "okireports_schedule_last_state": "1 for the state of the last run: done, incomplete, failed, refused, waiting.",
    "okireports_schedule_waiting": "Runs that wait to be tried again.",
    "okireports_schedule_failed_runs": "Runs that were not done, among those that are kept.",
    "okireports_schedule_last_duration_seconds": "How long the last run worked.",
    "okireports_schedule_pass_timestamp_seconds": "When schedules were last looked at.",
}


def put(folder: Folder, path: Path, now: datetime) -> None:
    """Write the file.

    Raises:
        OSError: its folder is missing, or cannot be written.
    """
    text = "".join(f"{line}\n" for line in lines(folder, now))
    number, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def lines(folder: Folder, now: datetime) -> Iterator[str]:
    """The lines of the file."""
    done = run_rows(folder)
    with folder.reading() as reading:
        found, zone = schedules(reading.con), zone_of(reading.con)
    told = {one.id: dict(values(one, done, zone, now)) for one in found}
    for name, text in HELP.items():
        yield f"# HELP {name} {text}"
        yield f"# TYPE {name} gauge"
        if name.endswith("pass_timestamp_seconds"):
            yield f"{name} {seconds(now)}"
            continue
        for id, measured in told.items():
            for (metric, label), value in measured.items():
                if metric == name:
                    yield f'{name}{{schedule="{id}"{label}}} {value}'


def values(one: Schedule, done: list[Row], zone: str, now: datetime) -> Iterator[tuple[tuple[str, str], str]]:
    """What is measured of one schedule: (metric, further label) and value."""
    mine = sorted((row for row in done if row["schedule_id"] == one.id and row["due_at"] <= now), key=due_at)
    row = row_of(one, mine, zone, now)
    good = [run["ended_at"] for run in mine if run["state"] in GOOD and run["ended_at"]]

    def metric(name: str) -> tuple[str, str]:
        return f"okireports_schedule_{name}", ""

    yield metric("active"), str(int(one.active))
    if good:
        yield metric("last_success_timestamp_seconds"), seconds(max(good))
    if row["next_due"]:
        yield metric("next_due_timestamp_seconds"), seconds(row["next_due"])
    yield metric("waiting"), str(sum(run["state"] in ("waiting", "running") for run in mine))
    yield metric("failed_runs"), str(sum(run["state"] in BROKEN for run in mine))
    if mine:
        yield metric("last_due_timestamp_seconds"), seconds(mine[-1]["due_at"])
        yield ("okireports_schedule_last_state", f',state="{mine[-1]["state"]}"'), "1"
        yield metric("last_duration_seconds"), f"{mine[-1]['work_s']:.3f}"


def seconds(at: datetime) -> str:
    """A naive UTC instant as metrics have it."""
    return f"{at.replace(tzinfo=UTC).timestamp():.3f}"
