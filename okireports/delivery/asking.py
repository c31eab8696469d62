"""The way of an export: who asks, over which projects and which state of the centre, and the trace that it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import duckdb

from okireports import access, audit, report
from okireports.access import Project, Scope
from okireports.admin.change import utc
from okireports.audit import Entry
from okireports.delivery.order import ALL, Order
from okireports.disk import Folder, Sealed
from okireports.engines.duck import Viewing, may_open
from okireports.errors import BadOption, DamagedCenter, Refused, UnknownName
from okireports.extract.asking import RIGHT, weeks
from okireports.extract.content import Pinned
from okireports.period import Period, parse
from okireports.report import Report
from okireports.result import Result
from okireports.run import Names, permitted
from okireports.tables import FACTS

MEMBER = f"SELECT DISTINCT project_id FROM control.memberships WHERE user_id = $user AND {access.VALID}"


class Asking(Protocol):
    """A viewer who asks, over one state of the centre and at one time."""

    def viewing(self, projects: Names = None) -> Viewing:
        """Who asks, when, at which projects."""

    def report(self, name: str, *, period: object, projects: Names = None, **options: Any) -> Result:
        """Run a report."""


At = Callable[[Folder, datetime], Asking]  # the viewer over a state, at a naive UTC instant


@dataclass(frozen=True)
class Wanted:
    """A report that is asked for: its options, and what its files are called."""

    report: Report
    options: Mapping[str, Any]  # those that are given
    checked: Mapping[str, Hashable]  # all of them
    now: datetime | None  # until when it knows anything, where that makes a difference to it
    stem: str


@dataclass(frozen=True)
class Page:
    """A digest that is asked for: until when it knows anything, or why there is none."""

    now: datetime
    refused: str = ""


@dataclass(frozen=True)
class Plan:
    """An order as it can be carried out: whose, of what, over one state of the centre."""

    order: Order
    scope: Scope
    folder: Folder  # one state
    now: datetime  # naive UTC
    period: Period
    week_start: int
    change_log: str  # the hash of the newest entry of the change log
    reports: tuple[Wanted, ...]
    tables: tuple[str, ...]
    page: Page | None  # the digest

    @property
    def generation(self) -> int:
        """The generation of the state."""
        return self.folder.current().generation


def pinned(folder: Folder) -> Folder:
    """A centre as it is now, whatever is published meanwhile; an extract is never anything else."""
    return folder if isinstance(folder, Sealed) else Pinned(folder.path, folder.current())


def plan(state: Folder, asking: Asking, order: Order, now: datetime) -> Plan:
    """Look whether an order can be carried out.

    Raises:
        Refused, UnknownName, UnknownReport, BadOption, BadPeriod: it cannot, or may not.
    """
    with state.reading() as reading:
        scope = scope_of(reading.con, asking.viewing(), order.projects, now)
        settings = access.settings_at(reading.con, now)
        week_start = weeks(settings)
        at = now.replace(tzinfo=UTC)
        period = parse(order.period, zone=settings["timezone"], now=at, week_start=week_start)
        then = access.settings_at(reading.con, period.end)
        head = state.seal.change_log if isinstance(state, Sealed) else audit.head(reading.con)[1]
    state.cover(period.start, period.end)
    reports = tuple(
        replace(wanted, now=known_until(wanted.report, period, then, now)) for wanted in reports_of(scope, order)
    )
    tables = tables_of(scope, order)
    page = page_of(scope, period, then, now) if order.digest else None
    if page and page.refused and not (reports or tables):
        raise Refused(page.refused)
    return Plan(order, scope, state, now, period, week_start, head, reports, tables, page)


def scope_of(con: duckdb.DuckDBPyConnection, viewing: Viewing, projects: Names, now: datetime) -> Scope:
    """The scope of an export: of her projects those that are asked for.

    Seeing everything is not handed on: whoever does gets the projects of which she is a member, and no others by
    naming them.

    Raises:
        Refused: she may not export, is a member of no project, or of none that she names.
        UnknownName: a project that is not hers, or does not exist: the same error.
    """
    scope = viewing.scope(con)
    scope.demand(RIGHT)
    if scope.everything:
        mine = {int(n) for (n,) in con.execute(MEMBER, {"user": scope.user_id, "now": now}).fetchall()}
        named = scope.narrow(projects).projects
        if projects is not None and (others := [p.name for p in named if p.id not in mine]):
            raise Refused(
                f"{scope.login} sees all projects, which an export does not take over, and is no member of "
                f"{', '.join(others)}: put her into it first, or let someone export it who is."
            )
        projects = [p.id for p in named if p.id in mine]
    scope = scope.narrow(projects)
    if not scope.projects:
        raise Refused(f"{scope.login} is a member of no project: there is nothing to export.")
    return scope


def reports_of(scope: Scope, order: Order) -> tuple[Wanted, ...]:
    """The reports that are asked for.

    Raises:
        UnknownReport: one that she may not run, or that does not exist.
        BadOption: an option that a report does not take, or that none has.
        Refused: one that is not for who sees only her own rows.
    """
    able = permitted(scope)
    asked = [(n, o) for n, o in order.asked if n != ALL]
    alone = [r.name for r in able if scope.own_rows_only and r.collective]
    for options in (options for name, options in order.asked if name == ALL):
        asked += [(r.name, options) for r in able if r.name not in alone and r.name not in {n for n, _ in asked}]
    found: list[Wanted] = []
    taken: set[str] = set()
    for name, options in asked:
        one = report.find(name, [r.name for r in able])
        if name in alone:
            raise Refused(f"{scope.login} (role {scope.role}) sees only her own rows; {name!r} is about everybody's.")
        given = {key: value for key, value in order.options.items() if key in one.options} | dict(options)
        taken |= {*given}
        number = sum(other.report is one for other in found) + 1
        stem = name if number == 1 else f"{name}-{number}"
        found.append(Wanted(one, given, report.check_options(one, given), None, stem))
    if unknown := [name for name in order.options if name not in taken]:
        raise BadOption(f"None of the reports that are asked for has an option {unknown[0]!r}.")
    return tuple(found)


def known_until(asked: Report, period: Period, settings: Mapping[str, str], now: datetime) -> datetime | None:
    """The instant of which a report is told that it is now; None where it is told nothing."""
    if "now" not in asked.injected:
        return None
    after = report.reach(asked, period.end - period.start, settings)["after"]
    return min(now, period.widened(after=after)[1])


def page_of(scope: Scope, period: Period, settings: Mapping[str, str], now: datetime) -> Page:
    """The digest: as late as the last of its reports knows anything; none where she may run none of them."""
    from okireports.delivery.digest.contents import REPORTS, refusal  # it draws: heavy, and asked for by few

    able = [r for r in permitted(scope) if r.name in REPORTS and not (scope.own_rows_only and r.collective)]
    if not able:
        return Page(now, refusal(scope.login))
    known = [known_until(one, period, settings, now) for one in able]
    return Page(max([min(now, period.end), *filter(None, known)]))


def tables_of(scope: Scope, order: Order) -> tuple[str, ...]:
    """The tables that are asked for.

    Raises:
        UnknownName: one that she may not open, or that does not exist: the same error.
    """
    able = [name for name in FACTS if may_open(scope, name)]
    found: list[str] = []
    for name in order.tables:
        if name != ALL and name not in able:
            raise UnknownName("table", name, able)
        found += able if name == ALL else [name]
    return tuple(dict.fromkeys(found))


def leave_trace(folder: Folder, planned: Plan, project: Project) -> None:
    """Write down that rows of a project go out; what cannot be written down does not go out.

    Raises:
        Refused: the journal cannot be written.
    """
    order, scope = planned.order, planned.scope
    told = {
        "to": str(order.dest),
        "period": planned.period.words,
        "reports": [wanted.report.name for wanted in planned.reports],
        "tables": list(planned.tables),
        "formats": list(order.formats),
        "digest": planned.page is not None and not planned.page.refused,
        "generation": planned.generation,
        "role": scope.role,
    }
    action = "export"
    if scope.reader:
        action, told["as"] = "preview: export", scope.login
    after = json.dumps(told, default=str, ensure_ascii=False, sort_keys=True)
    actor = scope.reader or scope.login
    entry = Entry(actor, action, "export", scope.login, project.id, after=after, reason=scope.reason)
    audit.note(folder.journal, entry, must=not isinstance(folder, Sealed))


def still_hers(folder: Folder, planned: Plan, asking: Asking, project: Project, now: datetime) -> None:
    """Look at what is published now whether a project may still be handed out: an export may take its time.

    Raises:
        Refused, UnknownName: a membership has gone, or her rights are not those by which the export was planned.
    """
    with folder.reading() as reading:
        scope = scope_of(reading.con, asking.viewing(), [project.id], now)
    if (scope.rights, scope.reports) != (planned.scope.rights, planned.scope.reports):
        raise Refused(f"What {scope.login} may do has changed while it was exported: repeat the export.")


def still_kept(state: Folder) -> None:
    """Look whether a state has not been dropped meanwhile, because of what was forgotten in it.

    Raises:
        DamagedCenter: it has.
    """
    if not (current := state.current()).control.exists():
        raise DamagedCenter(f"Generation {current.generation} was dropped while it was exported: repeat the export.")


def instant(clock: Callable[[], datetime]) -> datetime:
    """What a clock shows, as naive UTC."""
    return utc(clock())
