"""Looking at who may look: the log in one's own scope, previews, who can see a call, and how two people differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

import duckdb
import pandas as pd
import pyarrow as pa

from okireports import access, audit, frames, report, run
from okireports.access import Scope
from okireports.access.oversight import accesses
from okireports.admin.change import Part, permitted
from okireports.admin.history import instant_of, told
from okireports.admin.lint import Lint
from okireports.engines.duck import Session, SettingsAt, Viewing, Wanted, session
from okireports.errors import ChangeError, Refused, UnknownName

MANAGES = "manage_access"
ALWAYS = (datetime(1, 1, 1), datetime(9999, 1, 1))
Row = dict[str, object]


def own_log(viewing: Viewing) -> pd.DataFrame:
    """The change log as a viewer may read it.

    Returns:
        seq, at, actor, action, subject_kind, subject, project_id, project, before, after, reason.

    Raises:
        Refused: she lacks the right `read_audit`, or sees people by aliases or herself only.
    """

    def plan(scope: Scope, settings_at: SettingsAt) -> Wanted:
        scope.demand("read_audit")
        if not access.may_oversee(scope):
            raise Refused(f"{scope.login} (role {scope.role}) does not see everyone by name, and the log names people.")
        noted(viewing, scope, "read change log", "change log")
        return Wanted((), *ALWAYS, ("audit",), viewing.now)

    with run.noting_refusals(viewing, "audit", "change log"), session(viewing, plan) as opened:
        rows = opened.arrow("SELECT * EXCLUDE (read) FROM audit ORDER BY seq")
        return frames.frame(frames.arrow(rows, opened.settings["timezone"]))


def noted(viewing: Viewing, scope: Scope, action: str, subject: str) -> None:
    """Write a read down; one of who sees everything, or of another one's eyes, must be."""
    entry = access.trace(scope, action, "access", subject)
    audit.note(viewing.folder.journal, entry, must=scope.everything or scope.reader is not None)


class Insight(Part):
    """Questions about access. Each names who asks and why, needs a right, and is answered within her projects."""

    def preview(self, login: str, *, actor: str, reason: str) -> None:
        """Check that an actor may look through another one's eyes, and write that down.

        Raises:
            UnknownViewer: there is nobody with this login, or she works where the actor does not: the same error.
            Refused: the actor lacks the right `manage_access`, or gives no reason and sees everything.
        """
        viewing = Viewing(self.folder, login, said(reason), None, self.now, actor)
        with run.noting_refusals(viewing, "access", login), self.folder.reading() as reading:
            noted(viewing, viewing.scope(reading.con), "begin", login)

    def who_can_see(self, call: str | int, *, actor: str, reason: str) -> pd.DataFrame:
        """Who can see a call now, and by what: login, project, role, through, since, rights.

        `through` is 'member', 'see_all_projects', or 'simplified' where everyone sees everything; a call of no project
        has none. Who sees only her own rows is listed where the call is hers. Needs the right `manage_access`.

        Args:
            call: its id in the source, as reports name it, or its number, as queries do.
            actor: who asks.
            reason: why.

        Raises:
            UnknownName: there is no such call in the actor's projects.
        """
        number = call if isinstance(call, int) and not isinstance(call, bool) else None
        with self.looking(actor, reason, "who can see", str(call), ("calls",)) as opened:
            found = opened.con.execute(
                "SELECT DISTINCT project_id, operator_id FROM calls WHERE source_id = ? OR call_id = ?",
                [str(call), number],
            ).fetchall()
        if not found:
            raise UnknownName("call", call)
        with self.folder.reading() as reading:
            zone = access.settings_at(reading.con, self.now)["timezone"]
            rows = [row for project, operator in found for row in sees(reading.con, project, operator, self.now, zone)]
        return framed(rows, "login project role through since rights", dates=("since",))

    def diff(
        self, a: str, b: str, *, actor: str, reason: str, days: tuple[date | str, date | str] | None = None
    ) -> pd.DataFrame:
        """What one person may see that another may not: kind (project, right, restriction, report) and name.

        A restriction is one that holds for the other only. Needs the right `manage_access`.

        Args:
            a: who may see more, by login.
            b: who may see less; with `days` it may be the same person.
            actor: who asks.
            reason: why.
            days: of `a` and of `b`: as it was when these days ended, by the change log; None: as it is now.

        Raises:
            UnknownViewer: one of them is not there, or works where the actor does not: the same error.
        """
        with self.reading(actor, reason, "compare access", f"{a} / {b}") as (con, scope):
            if days is None:
                seen = [access.through(con, x, actor=actor, reason=said(reason), now=self.now) for x in (a, b)]
            else:
                zone = access.settings_at(con, self.now)["timezone"]
                instants = [instant_of(day, zone) for day in days]
                seen = [once(con, x, at, scope) for x, at in zip((a, b), instants, strict=True)]
        one, other = seen
        rows: list[Row] = [{"kind": "project", "name": p.name} for p in one.projects if p not in other.projects]
        rights = sorted(one.rights - other.rights - set(access.RESTRICTIONS))
        rows += [{"kind": "right", "name": name} for name in rights]
        freed = [name for name in access.RESTRICTIONS if name in other.rights - one.rights]
        rows += [{"kind": "restriction", "name": name} for name in freed]
        reports = [{r.name for r in run.permitted(scope)} for scope in (one, other)]
        rows += [{"kind": "report", "name": r.name} for r in report.all_reports() if r.name in reports[0] - reports[1]]
        return framed(rows, "kind name")

    def lint(self, *, actor: str, reason: str) -> pd.DataFrame:
        """What looks forgotten or too wide: kind, subject, project, words. Needs the right `operate`.

        Kinds: forgotten in Default, empty project, late joiner (of a group), never looked (no report was run since she
        joined), numbers without need; and for who sees the whole centre object of no project, role that widens.
        """
        with self.reading(actor, reason, "lint", "centre", "operate") as (con, scope):
            found = list(Lint(con, scope, self.folder.journal, self.now).findings)
        return framed(found, "kind subject project words")

    @contextmanager
    def looking(self, actor: str, reason: str, action: str, subject: str, tables: tuple[str, ...]) -> Iterator[Session]:
        """Facts of the actor's projects, of all times; who looks and why is written down."""
        viewing = Viewing(self.folder, actor, said(reason), None, self.now)

        def plan(scope: Scope, settings_at: SettingsAt) -> Wanted:
            scope.demand(MANAGES)
            noted(viewing, scope, action, subject)
            return Wanted(tables, *ALWAYS, (), self.now)

        with run.noting_refusals(viewing, "access", action), session(viewing, plan) as opened:
            yield opened

    @contextmanager
    def reading(
        self, actor: str, reason: str, action: str, subject: str, right: str = MANAGES
    ) -> Iterator[tuple[duckdb.DuckDBPyConnection, Scope]]:
        """The control file as it is published, and the actor's scope; who looks and why is written down."""
        viewing = Viewing(self.folder, actor, said(reason), None, self.now)
        with run.noting_refusals(viewing, "access", action), self.folder.reading() as reading:
            scope = permitted(reading.con, right, actor, said(reason), self.now)
            noted(viewing, scope, action, subject)
            yield reading.con, scope


def once(con: duckdb.DuckDBPyConnection, login: str, at: datetime, actor: Scope) -> Scope:
    """What someone could see at an instant, by the change log, as far as the actor may know it now.

    Raises:
        UnknownViewer: she was not there, or worked where the actor does not: the same error.
    """
    past = told(con, at)
    person = past.people.get(login.lower())
    held = {a.project_id for a in past.accesses(at) if person and a.login == person.login}
    shared = tuple(project for project in actor.projects if project.id in held)
    if person is None or not person.active or not (shared or actor.everything):
        raise access.unknown_viewer(login)
    rights, reports = past.roles[person.role]
    return Scope(person.login, 0, person.role, False, shared, frozenset(rights), reports, None)


def sees(
    con: duckdb.DuckDBPyConnection, project_id: int | None, operator_id: int | None, now: datetime, zone: str
) -> Iterator[Row]:
    """Who can see a row of a project and an operator now, from the control file; of no project: who sees everything."""
    if project_id:
        held = [row for row in accesses(con, [project_id], zone) if holds(row, now)]
    else:
        people = con.execute(
            "SELECT login FROM control.users JOIN control.roles USING (role) WHERE list_contains(rights, ?)",
            ["see_all_projects"],
        ).fetchall()
        held = [{"login": login, "project": None, "through": "see_all_projects", "since": None} for (login,) in people]
    users = con.execute(
        "SELECT login, user_id, role, rights FROM control.users JOIN control.roles USING (role) WHERE active"
    ).fetchall()
    active = {login: (user_id, role, rights) for login, user_id, role, rights in users}
    for row in sorted(held, key=lambda row: (row["login"], row["through"])):
        user_id, role, rights = active.get(row["login"], (None, None, ()))
        if user_id is not None and ("own_rows_only" not in rights or user_id == operator_id):
            kept = {name: row[name] for name in ("login", "project", "through", "since")}
            yield {**kept, "role": role, "rights": ", ".join(rights)}


def holds(row: Row, at: datetime) -> bool:
    """Does an access hold at an instant?"""
    since, until = row["valid_from"], row["valid_to"]
    begun = since is None or (isinstance(since, datetime) and since <= at)
    return begun and (until is None or (isinstance(until, datetime) and until > at))


def said(reason: str) -> str:
    """The reason as it is kept.

    Raises:
        ChangeError: there is none.
    """
    if not (isinstance(reason, str) and reason.strip()):
        raise ChangeError("Say why: reason='...' is written down with the question.")
    return reason.strip()


def framed(rows: Iterable[Row], columns: str, dates: Iterable[str] = ()) -> pd.DataFrame:
    """Rows as a dataframe, with its columns also where there are none."""
    kinds = {name: pa.date32() if name in dates else pa.string() for name in columns.split()}
    return frames.frame(pa.Table.from_pylist(list(rows), pa.schema(list(kinds.items()))))
