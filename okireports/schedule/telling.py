"""Schedules and runs as dataframes; of what is not in the control file yet, the diaries tell."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

import pandas as pd
import pyarrow as pa

from okireports import frames
from okireports.admin.definitions import zone_of
from okireports.disk import Folder
from okireports.schedule.diary import Diary, diaries
from okireports.schedule.rows import Schedule, schedules
from okireports.schedule.timing import Cron

Row = dict[str, Any]
AT = pa.timestamp("us")
LISTED: dict[str, pa.DataType] = {
    "schedule_id": pa.int64(),
    "name": pa.string(),
    "viewer": pa.string(),
    "cron": pa.string(),
    "period": pa.string(),
    "projects": pa.list_(pa.string()),
    "paused": pa.bool_(),
    "next_due": AT,
    "last_due": AT,
    "last_state": pa.string(),
    "last_reason": pa.string(),
}
RUNS: dict[str, pa.DataType] = {
    "schedule_id": pa.int64(),
    "due_at": AT,
    "by_hand": pa.bool_(),
    "begun_at": AT,
    "ended_at": AT,
    "state": pa.string(),
    "reason": pa.string(),
    "attempts": pa.int64(),
    "next_at": AT,
    "stands_for": pa.int64(),
    "work_s": pa.float64(),
    "projects": pa.list_(pa.int64()),
    "files": pa.int64(),
    "bytes": pa.int64(),
}
DELIVERIES: dict[str, pa.DataType] = {
    "schedule_id": pa.int64(),
    "due_at": AT,
    "kind": pa.string(),
    "recipient": pa.string(),
    "projects": pa.list_(pa.int64()),
    "state": pa.string(),
    "at": AT,
    "words": pa.string(),
    "message_id": pa.string(),
}


def listed(folder: Folder, now: datetime) -> pd.DataFrame:
    """The schedules, by id."""
    done = run_rows(folder)
    with folder.reading() as reading:
        found, zone = schedules(reading.con), zone_of(reading.con)
    return framed([row_of(one, done, zone, now) for one in found], LISTED, zone)


def row_of(one: Schedule, done: list[Row], zone: str, now: datetime) -> Row:
    """A schedule, with when it is due next and how it went last."""
    last = max((r for r in done if r["schedule_id"] == one.id and r["due_at"] <= now), key=due_at, default=None)
    asked = one.definition
    coming = list(islice(Cron(asked.cron, zone).after(max(now, one.since)), 1)) if one.active else []
    return {
        "schedule_id": one.id,
        "name": one.name,
        "viewer": one.viewer,
        "cron": asked.cron,
        "period": asked.period,
        "projects": None if asked.projects is None else [name for _, name in asked.projects],
        "paused": one.paused_at is not None,
        "next_due": coming[0] if coming else None,
        "last_due": last and last["due_at"],
        "last_state": last and last["state"],
        "last_reason": last and last["reason"],
    }


def runs(folder: Folder, schedule_id: int | None) -> pd.DataFrame:
    """The runs of one schedule or of all, the newest first."""
    rows = [row for row in run_rows(folder) if schedule_id in (None, row["schedule_id"])]
    return framed(sorted(rows, key=due_at, reverse=True), RUNS, zone_at(folder))


def deliveries(folder: Folder, schedule_id: int | None) -> pd.DataFrame:
    """What the runs sent, or kept back, the newest run first."""
    found = diaries(folder)
    stored = stored_rows(
        folder,
        """SELECT schedule_id, due_at, d.kind, d.recipient, d.projects, d.state, d."at", d.words, d.message_id
        FROM control.deliveries d JOIN control.runs USING (run_id) ORDER BY run_id""",
    )
    known = {(row["schedule_id"], row["due_at"]) for row in stored}
    for diary in found:
        if (diary.schedule_id, diary.due) not in known:
            for one in diary.deliveries.values():
                told = vars(one) | {"at": datetime.fromisoformat(one.at)}
                stored.append({"schedule_id": diary.schedule_id, "due_at": diary.due} | told)
    rows = [row for row in stored if schedule_id in (None, row["schedule_id"])]
    return framed(sorted(rows, key=due_at, reverse=True), DELIVERIES, zone_at(folder))


def run_rows(folder: Folder) -> list[Row]:
    """All runs: first the diaries are read, so that one that is put into the control file meanwhile is not missed."""
    found = diaries(folder)
    stored = stored_rows(
        folder,
        """SELECT schedule_id, due_at, by_hand, begun_at, ended_at, state, reason, attempts, NULL::TIMESTAMP AS next_at,
        stands_for, work_s, projects, files, bytes FROM control.runs""",
    )
    known = {(row["schedule_id"], row["due_at"]) for row in stored}
    return stored + [of_diary(one) for one in found if (one.schedule_id, one.due) not in known]


def of_diary(diary: Diary) -> Row:
    """A run that is under way, or not in the control file yet."""
    row = {name: getattr(diary, name) for name in ("schedule_id", "by_hand", "state", "reason", "attempts")}
    row |= {name: getattr(diary, name) for name in ("stands_for", "work_s", "projects", "files", "bytes")}
    return row | {"due_at": diary.due, "begun_at": diary.begun, "ended_at": diary.ended, "next_at": diary.next}


def stored_rows(folder: Folder, sql: str) -> list[Row]:
    """Rows of the control file."""
    with folder.reading() as reading:
        rows: list[Row] = reading.con.execute(sql).to_arrow_table().to_pylist()
    return rows


def due_at(row: Row) -> tuple[datetime, int]:
    """What runs are ordered by."""
    return row["due_at"], row["schedule_id"]


def framed(rows: list[Row], columns: dict[str, pa.DataType], zone: str) -> pd.DataFrame:
    """Rows as a dataframe, instants on the centre's clock."""
    kept = [{name: row.get(name) for name in columns} for row in rows]
    return frames.frame(frames.arrow(pa.Table.from_pylist(kept, pa.schema(list(columns.items()))), zone))


def zone_at(folder: Folder) -> str:
    """The zone of a centre."""
    with folder.reading() as reading:
        return zone_of(reading.con)
