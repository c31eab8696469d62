"""Schedules and runs as the control file keeps them, and the diaries of runs that are over put into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from okireports import audit
from okireports.disk import Folder, write
from okireports.errors import CenterBusy
from okireports.schedule.definition import Definition
from okireports.schedule.diary import Diary, diaries

KEPT = 1_000  # runs of one schedule of which a row stays


@dataclass(frozen=True)
class Schedule:
    """A row of `schedules`; instants are naive UTC."""

    id: int
    name: str
    viewer: str
    definition: Definition
    since: datetime
    paused_at: datetime | None
    removed_at: datetime | None

    @property
    def active(self) -> bool:
        """Does it run?"""
        return self.paused_at is None and self.removed_at is None


@dataclass(frozen=True)
class Done:
    """A run that is over, as far as the next one has to know it."""

    due: datetime
    state: str
    by_hand: bool
    begun: datetime | None
    reason: str
    projects: tuple[int, ...]
    withheld: frozenset[tuple[str, tuple[int, ...]]]


def schedules(con: duckdb.DuckDBPyConnection) -> list[Schedule]:
    """All that were not removed, from the control file attached as `control`."""
    rows = con.execute(
        """SELECT schedule_id, s.name, login, definition, since, paused_at, removed_at
        FROM control.schedules s JOIN control.users u ON u.user_id = s.viewer_id
        WHERE removed_at IS NULL ORDER BY schedule_id"""
    ).fetchall()
    return [Schedule(row[0], row[1], row[2], Definition.read(row[3]), *row[4:]) for row in rows]


def finished(con: duckdb.DuckDBPyConnection, found: list[Diary], schedule_id: int) -> dict[datetime, Done]:
    """The runs of a schedule that are over, by due time: rows of the control file, and diaries that are not there yet.

    Diaries are read before the control file is: what moves from there to here meanwhile is then in both.
    """
    rows = con.execute(
        """SELECT due_at, state, by_hand, begun_at, reason, projects, coalesce((SELECT list({'r': recipient,
        'p': d.projects}) FROM control.deliveries d WHERE d.run_id = r.run_id AND d.state = 'withheld'), [])
        FROM control.runs r WHERE schedule_id = ?""",
        [schedule_id],
    ).fetchall()
    over = {
        due: Done(due, state, by_hand, begun, reason, tuple(projects or ()), kept_back)
        for due, state, by_hand, begun, reason, projects, told in rows
        for kept_back in [frozenset((w["r"], tuple(w["p"])) for w in told)]
    }
    for one in found:
        if one.schedule_id == schedule_id and one.over:
            kept_back = withheld(one)
            over[one.due] = Done(one.due, one.state, one.by_hand, one.begun, one.reason, tuple(one.projects), kept_back)
    return over


def withheld(diary: Diary) -> frozenset[tuple[str, tuple[int, ...]]]:
    """Who was not sent what, in a run."""
    kept_back = (one for one in diary.deliveries.values() if one.state == "withheld")
    return frozenset((one.recipient, tuple(one.projects)) for one in kept_back)


def fold(folder: Folder, now: datetime, patience: float) -> bool:
    """Put the diaries of runs that are over into the control file; False where a load keeps it for longer.

    One that was put there by somebody who was killed then only goes.
    """
    over = [one for one in diaries(folder) if one.over]
    if not over:
        return True
    try:
        with write(folder, "schedule", wait=patience) as writer:
            for one in (read for read in diaries(folder) if read.over):
                put(writer.con, one)
                writer.spent.append(one.path)
            prune(writer.con)
            audit.close(writer, (), now)
    except CenterBusy:
        return False
    return True


def put(con: duckdb.DuckDBPyConnection, diary: Diary) -> None:
    """One run into the control file that is being written, unless it is there."""
    key = [diary.schedule_id, diary.due]
    if con.execute("SELECT 1 FROM control.runs WHERE schedule_id = ? AND due_at = ?", key).fetchone():
        return
    row = con.execute("SELECT coalesce(max(run_id), 0) + 1 FROM control.runs").fetchone()
    run_id = row[0] if row else 1
    told = {
        "run_id": run_id,
        "schedule_id": diary.schedule_id,
        "due_at": diary.due,
        "by_hand": diary.by_hand,
        "begun_at": diary.begun,
        "ended_at": diary.ended,
        "state": diary.state,
        "reason": diary.reason,
        "attempts": diary.attempts,
        "stands_for": diary.stands_for,
        "work_s": diary.work_s,
        "projects": diary.projects,
        "files": diary.files,
        "bytes": diary.bytes,
    }
    insert(con, "runs", told)
    for one in diary.deliveries.values():
        state = "not sent" if one.state == "sending" else one.state
        insert(con, "deliveries", {"run_id": run_id, **vars(one), "state": state})


def insert(con: duckdb.DuckDBPyConnection, table: str, values: dict[str, object]) -> None:
    """Add a row."""
    names, marks = ", ".join(f'"{n}"' for n in values), ", ".join("?" for _ in values)
    con.execute(f"INSERT INTO control.{table} ({names}) VALUES ({marks})", list(values.values()))


def prune(con: duckdb.DuckDBPyConnection) -> None:
    """Strike the oldest runs of schedules that have very many, and what they sent."""
    con.execute(
        f"""DELETE FROM control.runs WHERE run_id NOT IN (SELECT run_id FROM control.runs
        QUALIFY row_number() OVER (PARTITION BY schedule_id ORDER BY due_at DESC, run_id DESC) <= {KEPT});
        DELETE FROM control.deliveries WHERE run_id NOT IN (SELECT run_id FROM control.runs)"""
    )
