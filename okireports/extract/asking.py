"""The way of an extract: who asks for whom, over which projects and which time, and the trace that it leaves."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from okireports import access, audit, report
from okireports.access import VALID, Scope, may_run
from okireports.admin.change import local_instant, local_words, utc
from okireports.audit import Entry
from okireports.clock import TICK
from okireports.disk import Folder, Seal, Sealed
from okireports.disk.sealed import SEALED, SUFFIX
from okireports.engines.duck import Viewing
from okireports.errors import BadOption, Refused
from okireports.extract import target as targets
from okireports.extract.content import Pinned, Span, as_parquet, write
from okireports.period import Period, parse
from okireports.run import WHOLE, Names
from okireports.tables import FACTS

RIGHT = "export"
MANAGES = "manage_access"
OPENING = tuple(sorted({fact.right for fact in FACTS.values() if fact.right}))  # rights that open tables


@dataclass(frozen=True)
class Order:
    """What is asked for, by whom."""

    viewer: str
    projects: Names
    period: object
    expires: date | str | None
    actor: str
    reason: str


def make(
    folder: Folder,
    path: str | os.PathLike[str],
    *,
    viewer: str,
    projects: Names,
    period: object,
    expires: date | str | None,
    actor: str | None,
    reason: str | None,
    clock: Callable[[], datetime],
) -> Path:
    """Write a sealed extract for a viewer, and give its path.

    Args:
        folder: the centre's.
        path: a file that ends with .duckdb, or, without an ending, a folder of Parquet files; nothing may be there.
        viewer: her login; she needs the right `export`.
        projects: some of hers, by name or id; None is all of which she is a member. Another actor hands out rows of her
            own projects only.
        period: what reports can be asked for; None is all. Rows beside it that such reports look at are in it too.
        expires: local day or instant from which okireports refuses it; None: never.
        actor: who makes it: the viewer herself (None), or one with `manage_access` and every right that opens a table
            in it.
        reason: why; it is kept in the change log.
        clock: the centre's.

    Raises:
        Refused: a rule says no.
        UnknownName, BadPeriod, BadOption: something of the order is wrong, or something is at the path already.
    """
    if isinstance(folder, Sealed):
        folder.changeable()
    said = reason.strip() if isinstance(reason, str) and reason.strip() else f"extract for {viewer}"
    order = Order(viewer, projects, period, expires, viewer if actor is None else actor, said)
    now = utc(clock())
    with noting_refusals(folder, order):
        where = targets.checked(folder, path)
        pinned = Pinned(folder.path, folder.current())
        with pinned.reading() as reading:
            scope = scope_of(reading.con, order, now)
            settings = access.settings_at(reading.con, now + TICK)
            zone = settings["timezone"]
            whole = order.period is None
            asked = None if whole else parse(period, zone=zone, now=now.replace(tzinfo=UTC), week_start=weeks(settings))
            spans = {} if asked is None else reached(reading.con, scope, asked)
            head = audit.head(reading.con)[1]
        viewing = Viewing(pinned, scope.login, order.reason, [p.id for p in scope.projects], now)
        seal = Seal(
            format=SEALED,
            viewer=scope.login,
            role=scope.role,
            projects=tuple(project.name for project in scope.projects),
            period=None if asked is None else asked.words,
            held_from=None if asked is None else asked.start,
            held_until=None if asked is None else asked.end,
            timezone=zone,
            generation=pinned.at.generation,
            made_at=now,
            made_by=order.actor,
            expires_at=expiry(order.expires, zone, now),
            change_log=head,
            version=version("okireports"),
        )
        with targets.appearing(where) as written:
            file = written if where.suffix else written.with_suffix(SUFFIX)
            write(file, viewing, scope, spans, seal)
            if not where.suffix:
                as_parquet(file, written, seal)
            leave_trace(folder, order, scope, seal)
    return where


def weeks(settings: dict[str, str]) -> int:
    """The day on which weeks start."""
    return int(settings["week_start"])


@contextmanager
def noting_refusals(folder: Folder, order: Order) -> Iterator[None]:
    """Where a rule refuses an extract, that stands in the journal."""
    try:
        yield
    except Refused as refusal:
        audit.note(folder.journal, Entry(order.actor, "refused", "extract", order.viewer, reason=refusal.why))
        raise


def scope_of(con: duckdb.DuckDBPyConnection, order: Order, now: datetime) -> Scope:
    """The scope of the extract: of the viewer's projects those that are asked for, if the actor may hand them out.

    Seeing everything is not handed on: whoever does gets the projects of which she is a member.

    Raises:
        Refused: the viewer may not export, or the actor not make this extract.
        UnknownName: a project is not among those of the viewer that the actor can see.
    """
    actor = access.resolve(con, order.actor, reason=order.reason, now=now)
    other = actor.login.lower() != order.viewer.lower()
    if other:
        actor.demand(MANAGES)
    viewer = access.resolve(con, order.viewer, reason=order.reason, now=now)
    viewer.demand(RIGHT)
    if viewer.everything:
        viewer = viewer.narrow(member_of(con, viewer, now))
    if other:
        refuse_more(actor, viewer)
        hers = {project.id for project in actor.projects}
        viewer = replace(viewer, projects=tuple(p for p in viewer.projects if p.id in hers))
    return viewer.narrow(order.projects)


def refuse_more(actor: Scope, viewer: Scope) -> None:
    """Refuse an actor who would make a file of which she may not see everything.

    Raises:
        Refused: it says which right, or which restriction.
    """
    for right in OPENING:
        if viewer.may(right) and not actor.may(right):
            raise Refused(f"{actor.login} (role {actor.role}) lacks the right {right!r}, which {viewer.login} has.")
    for restriction in access.RESTRICTIONS:
        if actor.may(restriction) and not viewer.may(restriction):
            raise Refused(f"{actor.login} (role {actor.role}) is restricted ({restriction}), and {viewer.login} not.")


def member_of(con: duckdb.DuckDBPyConnection, viewer: Scope, now: datetime) -> list[int]:
    """The projects of which someone who sees everything is a member, now.

    Raises:
        Refused: she is a member of none.
    """
    rows = con.execute(
        f"SELECT DISTINCT project_id FROM control.memberships WHERE user_id = $user AND {VALID}",
        {"user": viewer.user_id, "now": now},
    ).fetchall()
    if not rows:
        raise Refused(
            f"{viewer.login} sees all projects, which an extract does not take over, and is a member of none: make "
            "the extract for someone who is, or put her into a project first."
        )
    return [int(project) for (project,) in rows]


def reached(con: duckdb.DuckDBPyConnection, scope: Scope, period: Period) -> dict[str, Span]:
    """By table, a period and what her reports look at beside it there, by all settings that hold in it."""
    changes = con.execute(
        "SELECT DISTINCT valid_from FROM control.setting_changes WHERE valid_from > ? AND valid_from < ?",
        [period.start, period.end],
    ).fetchall()
    settings = [access.settings_at(con, at) for at in (period.start, period.end, *(at + TICK for (at,) in changes))]
    spans = dict.fromkeys(FACTS, (period.start, period.end))
    for one in report.all_reports():
        if may_run(one.name, scope.reports) and not one.own:
            wide = [period.widened(**report.reach(one, period.end - period.start, said)) for said in settings]
            for table in {WHOLE.get(name, name) for name in one.tables} & set(FACTS):
                since, until = zip(spans[table], *wide, strict=True)
                spans[table] = min(since), max(until)
    return spans


def expiry(expires: date | str | None, zone: str, now: datetime) -> datetime | None:
    """The instant from which an extract is refused.

    Raises:
        BadOption: it is over already.
        ChangeError: it is no instant.
    """
    if expires is None:
        return None
    at = local_instant(expires, zone)
    if at <= now:
        raise BadOption(f"expires={expires!r} is {local_words(at, zone)}, which is over: give a later one.")
    return at


def leave_trace(folder: Folder, order: Order, scope: Scope, seal: Seal) -> None:
    """Write down, for each project, that its rows go out; what cannot be written down does not go out.

    Raises:
        Refused: the journal cannot be written.
    """
    told = {"period": seal.period, "expires_at": seal.expires_at, "generation": seal.generation, "role": seal.role}
    after = json.dumps(told, default=str, ensure_ascii=False, sort_keys=True)
    about: list[int | None] = [project.id for project in scope.projects]
    for project in about or [None]:
        entry = Entry(order.actor, "extract", "extract", scope.login, project, after=after, reason=order.reason)
        audit.note(folder.journal, entry, must=True)
