"""Thresholds stamped on facts as of their start: those of the queue's target that held then, else the centre's.

What is stored keeps its stamp. So a threshold cannot begin, or end, before facts of its that are stored already; it
would say one thing of them and their stamp another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import duckdb

from okireports.disk import Folder, segments_of
from okireports.loading.batch import Batch
from okireports.loading.stored import opened
from okireports.tables import CONTROL, Column, Fact

OF_CENTRE = ("answer_within_s", "short_abandon_s", "goal")  # settings that hold where a queue has no target of its own
STAMPED = ("calls", "dialogues")  # both by `started_at`


def prepare(batch: Batch) -> None:
    """The table in which stamping looks up the targets of queues."""
    batch.con.execute(
        f"""CREATE TABLE goals AS SELECT queue_id, answer_within_s, short_abandon_s, goal, reply_within_s,
        coalesce(valid_from, TIMESTAMP '0001-01-01') AS since, coalesce(valid_to, TIMESTAMP '9999-12-31') AS until
        FROM ({CONTROL["targets"].versions()})"""
    )


def stamped(batch: Batch, fact: Fact, column: Column, given: set[str]) -> str:
    """SQL of a threshold as of the start: the queue's, else the centre's."""
    null = f"NULL::{column.type}"
    if column.name not in (*OF_CENTRE, "reply_within_s"):
        return null
    of_queue = f"goals.{column.name}" if "queue" in given else null
    value = f"coalesce({of_queue}, {of_centre(batch, column.name)})" if column.name in OF_CENTRE else of_queue
    if fact.name != "calls":
        return value
    queued = " OR ".join(f't."{c}" IS NOT NULL' for c in ("queued_at", "queue") if c in given)
    return f"CASE WHEN {queued} THEN {value} END" if queued else null


def of_centre(batch: Batch, name: str) -> str:
    """SQL of a setting of the centre as it held when a fact started."""
    changes = batch.con.execute(
        "SELECT valid_from, value FROM control.setting_changes WHERE key = ? ORDER BY valid_from DESC", [name]
    ).fetchall()
    cases = " ".join(f"WHEN t.started_at >= TIMESTAMP '{since}' THEN {number(value)}" for since, value in changes)
    usual = number(batch.settings.get(name, ""))
    return f"CASE {cases} ELSE {usual} END" if cases else usual


def number(text: str) -> str:
    """A setting as a literal of SQL; an empty one is NULL."""
    return f"{float(text)!r}::DOUBLE" if text else "NULL::DOUBLE"


def tell_of_stored(batch: Batch, changed: Iterable[tuple[int, datetime | None]]) -> None:
    """Count the targets (queue, beginning) that a load changes and that stored facts of their time do not have."""
    for queue_id, since in changed:
        row = batch.con.execute(
            f"""SELECT valid_to FROM ({CONTROL["targets"].versions()}) WHERE queue_id = ?
            AND valid_from IS NOT DISTINCT FROM ?::TIMESTAMP""",
            [queue_id, since],
        ).fetchone()
        if last_stored(batch.con, batch.writer.folder, since, row[0] if row else None, queue_id) is not None:
            batch.notes["targets that begin before contacts which are loaded already, and which keep their own"] += 1


def last_stored(
    con: duckdb.DuckDBPyConnection,
    folder: Folder,
    since: datetime | None,
    until: datetime | None,
    queue_id: int | None = None,
    projects: tuple[int, ...] | None = None,
) -> datetime | None:
    """The start of the last stored fact with thresholds that began in a stretch of time; None: there is none.

    Args:
        con: the writer's connection.
        folder: the centre's folder.
        since: naive UTC; None: from ever.
        until: naive UTC, not included; None: for ever.
        queue_id: only of this queue.
        projects: only of these; None: wherever it is.
    """
    return max(starts(con, folder, since, until, queue_id, projects), default=None)


def starts(
    con: duckdb.DuckDBPyConnection,
    folder: Folder,
    since: datetime | None,
    until: datetime | None,
    queue_id: int | None,
    projects: tuple[int, ...] | None,
) -> Iterator[datetime]:
    """For each segment that holds such facts, the start of the last one."""
    tests = {"queue_id = $queue": queue_id, "started_at >= $since": since, "started_at < $until": until}
    asked = {test: value for test, value in tests.items() if value is not None}
    where = " AND ".join(asked) or "true"
    named = {test.rpartition("$")[2]: value for test, value in asked.items()}
    for segment in (s for table in STAMPED for s in segments_of(con, table, projects)):
        if since is not None and segment.last_end is not None and segment.last_end < since:
            continue
        with opened(con, folder, segment) as rows:
            found = con.execute(f"SELECT max(started_at) FROM {rows} WHERE {where}", named).fetchone()
        if found and found[0] is not None:
            yield found[0]
