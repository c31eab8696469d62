"""One change: who makes it, whether she may, what it does to the control file, and what the log says of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from numbers import Integral
from typing import Any

import duckdb
import pandas as pd

from okireports import access, audit
from okireports.access import Scope
from okireports.audit import Entry
from okireports.clock import zone_info
from okireports.disk import Folder, Writer, write
from okireports.errors import BadPeriod, ChangeError, Refused, UnknownName
from okireports.loading.names import unseen
from okireports.period import utc as local

Clock = Callable[[], datetime]
Values = Mapping[str, Any]


@dataclass
class Change:
    """A change under way: the control file that is being written, who changes, and what is to be logged."""

    con: duckdb.DuckDBPyConnection
    scope: Scope
    now: datetime
    reason: str
    entries: list[Entry] = field(default_factory=list)

    def log(
        self, action: str, kind: str, subject: str, before: Values, after: Values, project: int | None = None
    ) -> None:
        """Write down what is changed."""
        said = [json.dumps(v, default=str, ensure_ascii=False, sort_keys=True) if v else None for v in (before, after)]
        self.entries.append(Entry(self.scope.login, action, kind, subject, project, said[0], said[1], self.reason))

    def one(self, sql: str, *parameters: Any) -> tuple[Any, ...] | None:
        """The one row of a query."""
        row: tuple[Any, ...] | None = self.con.execute(sql, parameters).fetchone()
        return row

    @property
    def mine(self) -> frozenset[int]:
        """The ids of the projects in which the actor may change things."""
        return frozenset(project.id for project in self.scope.projects)

    def project(self, wanted: str | int, *, archived: bool = False) -> tuple[int, str]:
        """A project of the actor's own, by name or id; one that is hidden is as unknown as one that is not there.

        Args:
            wanted: its name, else its id. Of projects that had one name after each other, the name is the last one's.
            archived: it may be an archived one.

        Raises:
            UnknownName: she has none such.
            ChangeError: it is archived.
        """
        id: Any = None if isinstance(wanted, bool) else wanted
        found = self.con.execute(
            """SELECT project_id, name, archived_at FROM control.projects
            WHERE list_contains($mine, project_id) AND (name = $name OR project_id = $id)
            ORDER BY archived_at IS NULL DESC, archived_at DESC, project_id DESC""",
            {
                "mine": sorted(self.mine),
                "name": wanted if isinstance(wanted, str) else None,
                "id": int(id) if isinstance(id, Integral) else None,
            },
        ).fetchone()
        if found is None:
            raise UnknownName("project", wanted, (p.name for p in self.scope.projects))
        if found[2] is not None and not archived:
            raise ChangeError(f"The project {found[1]!r} is archived: its rows can be read, nothing in it changes.")
        return int(found[0]), str(found[1])

    def user(self, login: str) -> tuple[int, str]:
        """The id of a user, and the login as it is written."""
        row = self.one("SELECT user_id, login FROM control.users WHERE lower(login) = lower(?)", login)
        if row is None:
            raise UnknownName("user", login)
        return int(row[0]), str(row[1])

    def add(self, table: str, values: Values) -> None:
        """Add a row to a table of the control file."""
        names, marks = ", ".join(f'"{n}"' for n in values), ", ".join("?" for _ in values)
        self.con.execute(f"INSERT INTO control.{table} ({names}) VALUES ({marks})", list(values.values()))

    def next_id(self, table: str, column: str) -> int:
        """An id that was never used: rows of these tables are ended, not deleted."""
        row = self.one(f"SELECT coalesce(max({column}), 0) + 1 FROM control.{table}")
        return int(row[0]) if row else 1

    def end(self, table: str, where: str, *, at: datetime | None = None, **values: Any) -> bool:
        """End stretches of validity (of memberships, objects, groups) now, or later; those to come never begin.

        Returns:
            Was there any?
        """
        values["at"] = at or self.now
        begun = self.con.execute(
            f"""UPDATE control.{table} SET valid_to = $at WHERE {where} AND (valid_to IS NULL OR valid_to > $at)
            AND (valid_from IS NULL OR valid_from < $at) RETURNING 1""",
            values,
        ).fetchall()
        to_come = self.con.execute(
            f"DELETE FROM control.{table} WHERE {where} AND valid_from >= $at RETURNING 1", values
        ).fetchall()
        return bool(begun or to_come)


@contextmanager
def changing(folder: Folder, clock: Clock, right: str, actor: str, reason: str) -> Iterator[Change]:
    """One change, published with its entries in the log; an actor without the right is refused, and that is logged."""
    now = utc(clock())
    with noting_refusals(folder, right, actor, reason), write(folder, "change") as writer:
        change = Change(writer.con, permitted(writer.con, right, actor, reason, now), now, reason.strip())
        yield change
        audit.close(writer, change.entries, now)


@dataclass
class Together:
    """Several changes on the way to one commit. Each asks for its own right; when one fails, none is made."""

    folder: Folder
    writer: Writer
    actor: str
    reason: str
    now: datetime
    entries: list[Entry] = field(default_factory=list)
    failed: Exception | None = None

    @contextmanager
    def step(self, right: str, actor: str, reason: str) -> Iterator[Change]:
        """One of the changes."""
        if actor not in ("", self.actor) or reason not in ("", self.reason):
            raise ChangeError("Several changes that are made together have one actor and one reason; leave them out.")
        try:
            with noting_refusals(self.folder, right, self.actor, self.reason):
                con = self.writer.con
                scope = permitted(con, right, self.actor, self.reason, self.now)
                yield Change(con, scope, self.now, self.reason.strip(), self.entries)
        except Exception as error:
            self.failed = error
            raise


class _Nothing(Exception):
    """No change was made, so that nothing is published."""


@contextmanager
def together(folder: Folder, clock: Clock, actor: str, reason: str) -> Iterator[Together]:
    """Several changes, published as one generation, with an entry for each; all of them or none."""
    now = utc(clock())
    try:
        with write(folder, "change") as writer:
            with noting_refusals(folder, "any", actor, reason):
                access.resolve(writer.con, actor, reason=reason, now=now)
            several = Together(folder, writer, actor, reason, now)
            yield several
            if several.failed is not None:
                raise ChangeError(
                    f"One of these changes failed, so none was made: {several.failed}"
                ) from several.failed
            if not several.entries:
                raise _Nothing
            audit.close(writer, several.entries, now)
    except _Nothing:
        return


def permitted(con: duckdb.DuckDBPyConnection, right: str, actor: str, reason: str, now: datetime) -> Scope:
    """The actor's scope.

    Raises:
        Refused: she lacks the right, or there is no such person.
    """
    scope = access.resolve(con, actor, reason=reason, now=now)
    scope.demand(right)
    return scope


def simplified(change: Change) -> bool:
    """Is it a centre without projects, in which everyone sees everything?"""
    return change.one("SELECT 1 FROM control.settings WHERE key = 'security' AND value = 'simplified'") is not None


def sees_whole_centre(change: Change) -> bool:
    """May the actor change what holds in every project?"""
    return change.scope.everything or simplified(change)


def demand_projects(change: Change) -> None:
    """Refuse to arrange projects where there are none.

    Raises:
        ChangeError: the security type is simplified.
    """
    if simplified(change):
        raise ChangeError(
            "This centre has no projects: its security type is 'simplified', and everyone sees everything. "
            "Switch it first: center.security('improved', actor=..., reason=...)."
        )


def demand_whole_centre(change: Change, what: str) -> None:
    """Refuse someone who sees some projects only to change what holds in every project.

    Raises:
        Refused: she does not see all projects.
    """
    if not sees_whole_centre(change):
        raise Refused(f"{what} for all projects, and {change.scope.login} does not see them all; ask who does.")


@contextmanager
def noting_refusals(folder: Folder, right: str, actor: str, reason: str) -> Iterator[None]:
    """A change needs a reason; where a rule refuses it, that stands in the journal."""
    if not (isinstance(actor, str) and actor):
        raise ChangeError("Say who makes the change: actor='...' is a login.")
    if not (isinstance(reason, str) and reason.strip()):
        raise ChangeError("Say why: reason='...' is kept with the change.")
    try:
        yield
    except Refused as refusal:
        audit.note(folder.journal, Entry(actor, "refused", "change", right, reason=refusal.why))
        raise


@dataclass(frozen=True)
class Part:
    """A part of the centre that can be read and changed.

    `within` are the changes that one of this part is made together with; what is read is what is published.
    """

    folder: Folder
    clock: Clock = field(repr=False)
    within: Together | None = field(default=None, repr=False)

    @property
    def now(self) -> datetime:
        """The centre's clock, as naive UTC."""
        return utc(self.clock()) if self.within is None else self.within.now

    def changing(self, right: str, actor: str, reason: str) -> AbstractContextManager[Change]:
        """Begin a change; several that are made together have said who and why."""
        if self.within is not None:
            return self.within.step(right, actor, reason)
        return changing(self.folder, self.clock, right, actor, reason)


def utc(at: datetime) -> datetime:
    """An instant as naive UTC in whole milliseconds; a naive one is taken for UTC."""
    at = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def local_instant(at: date | str, zone: str) -> datetime:
    """An instant as naive UTC in whole milliseconds: a day is its first instant, and what has no offset is local.

    Raises:
        ChangeError: it is none.
    """
    try:
        read = datetime.fromisoformat(at) if isinstance(at, str) else at
        return local(read, zone)
    except (ValueError, TypeError, OverflowError, BadPeriod):
        raise ChangeError(f"{at!r} is no instant; write 2025-06-01 or 2025-06-01T08:00:00+02:00.") from None


def local_words(at: datetime, zone: str) -> str:
    """A naive UTC instant as the clock of a zone shows it, to the second."""
    return f"{at.replace(tzinfo=UTC).astimezone(zone_info(zone)):%Y-%m-%d %H:%M:%S}"


def proper(what: str, name: object) -> str:
    """A name as it may be kept: text, without blanks at its ends."""
    if not isinstance(name, str) or not name.strip() or name != name.strip():
        raise ChangeError(f"{what} {name!r}: a name has no blanks at its ends, and something between.")
    if unseen(name):
        raise ChangeError(f"{what} {name!r}: a name holds no end of a line, and nothing else that cannot be seen.")
    return name


def frame(folder: Folder, sql: str, parameters: Values | None = None) -> pd.DataFrame:
    """What a statement over the published control file gives."""
    from okireports import frames

    with folder.reading() as reading:
        return frames.frame(reading.con.execute(sql, parameters).to_arrow_table())
