"""Corrections of the past: an object was another project's all the time, and its rows are to stand there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from okireports import audit, loading
from okireports.admin.change import (
    Change,
    Clock,
    demand_projects,
    demand_whole_centre,
    local_instant,
    noting_refusals,
    permitted,
    utc,
)
from okireports.admin.objects import known_kind, object_id_of
from okireports.disk import Folder, write
from okireports.errors import ChangeError, UnknownName
from okireports.loading import Correction, Restamped
from okireports.loading.restamp import EVER, FOREVER
from okireports.period import parse
from okireports.tables import EXCLUSIVE


@dataclass(frozen=True)
class Span:
    """The project that an object is to have belonged to (None: none), when, and whether every row follows."""

    to: str | int | None
    period: object = None
    every: bool = False


class _Tried(Exception):
    """It was only to be tried: nothing is published."""


def restamp(
    folder: Folder,
    clock: Clock,
    kind: str,
    name: str,
    span: Span,
    actor: str,
    reason: str,
    *,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda step: None,
) -> Restamped:
    """Correct whose an object was, and write the segments that hold rows of it anew.

    Raises:
        Refused: the actor lacks `operate` or `manage_projects`, or does not see all projects.
        UnknownName: there is no such object or project.
        ChangeError: the kind is not exclusive, or there is nothing to correct.
    """
    known_kind(kind)
    if kind not in EXCLUSIVE:
        raise ChangeError(f"{kind} {name!r} decides no row's project; {', '.join(EXCLUSIVE)} do.")
    now, done = utc(clock()), Restamped({}, 0, 0)
    try:
        with write(folder, "restamp") as writer:
            with noting_refusals(folder, "operate", actor, reason):
                scope = permitted(writer.con, "operate", actor, reason, now)
                scope.demand("manage_projects")
                change = Change(writer.con, scope, now, reason.strip())
                demand_projects(change)
                demand_whole_centre(change, "A correction of the past counts")
            correction, project = wanted(change, kind, name, span)
            before = owners(change, correction)
            done = loading.correct(writer, correction, now, progress, trial=dry_run)
            if dry_run:
                raise _Tried
            if before == owners(change, correction) and not done.rows:
                raise ChangeError(f"There is nothing to correct: {kind} {name!r} and its rows are as they should be.")
            log(change, kind, name, correction, project, before, done)
            audit.close(writer, change.entries, now)
    except _Tried:
        pass
    return done


def wanted(change: Change, kind: str, name: str, span: Span) -> tuple[Correction, str | None]:
    """What is to be corrected, and the name of the project."""
    object_id = object_id_of(change, kind, name)
    if object_id is None:
        rows = change.con.execute("SELECT name FROM control.objects WHERE kind = ? ORDER BY name", [kind]).fetchall()
        raise UnknownName(kind, name, (n for (n,) in rows))
    project = None if span.to is None else change.project(span.to, archived=True)
    since, until = stretch(change, span.period)
    if project:
        row = change.one("SELECT archived_at FROM control.projects WHERE project_id = ?", project[0])
        if row and row[0] is not None and row[0] < until:
            raise ChangeError(f"The project {project[1]!r} was archived on {row[0]:%Y-%m-%d}, before the period ends.")
    return Correction(object_id, project[0] if project else 0, since, until, span.every), project and project[1]


def stretch(change: Change, period: object) -> tuple[datetime, datetime]:
    """A period as naive UTC instants: as reports take it, or a pair of which an end may be open.

    Raises:
        BadPeriod: it cannot be read, is empty or reversed.
        ChangeError: an end is no instant, or lies before the start.
    """
    row = change.one("SELECT value FROM control.settings WHERE key = 'timezone'")
    zone = str(row[0]) if row else "UTC"
    if period is None:
        return EVER, FOREVER
    if not (isinstance(period, tuple | list) and len(period) == 2 and None in period):
        read = parse(period, zone=zone, now=change.now.replace(tzinfo=UTC))
        return read.start, read.end
    since, until = period
    return (
        EVER if since is None else local_instant(since, zone),
        FOREVER if until is None else local_instant(until, zone),
    )


def owners(change: Change, correction: Correction) -> list[tuple[int, str, str, str]]:
    """Which projects have the object in the stretch: id, name, from when, until when."""
    return change.con.execute(
        """SELECT project_id, p.name, greatest(coalesce(valid_from, $since), $since)::VARCHAR,
        least(coalesce(valid_to, $until), $until)::VARCHAR
        FROM control.project_objects JOIN control.projects p USING (project_id) WHERE object_id = $id
        AND (valid_from IS NULL OR valid_from < $until) AND (valid_to IS NULL OR valid_to > $since) ORDER BY 3""",
        {"id": correction.object_id, "since": correction.since, "until": correction.until},
    ).fetchall()


def log(
    change: Change,
    kind: str,
    name: str,
    correction: Correction,
    project: str | None,
    before: list[tuple[int, str, str, str]],
    done: Restamped,
) -> None:
    """An entry for each project that had the object or loses rows, and one for that which has it now."""
    ends = (("from", correction.since, EVER), ("to", correction.until, FOREVER))
    when = {word: str(at) for word, at, open in ends if at != open}
    names = dict(change.con.execute("SELECT project_id, name FROM control.projects").fetchall())
    losing = {id for id, *_ in before} | {id for id, rows in done.by_project.items() if rows < 0}
    for id in sorted(losing - {0, correction.to}):
        lost = {"project": names[id], "rows": -min(done.by_project.get(id, 0), 0), **when}
        change.log("restamp", kind, name, lost, {}, id)
    change.log("restamp", kind, name, {}, {"project": project, "rows": done.rows, **when}, correction.to or None)
