"""Who could see what: rebuilt from the change log alone, entry by entry, as it was at an instant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from okireports import access, audit, frames
from okireports.access import PRESETS
from okireports.admin.centre import ChangeLog
from okireports.admin.change import local_instant
from okireports.clock import TICK, zone_info

EVERYTHING = (1, "Everything")  # the one project of a centre without projects
COLUMNS = ("login", "project", "role", "through", "since", "rights")
Said = Mapping[str, Any]


@dataclass(frozen=True)
class Person:
    """A person at some instant."""

    login: str
    role: str
    active: bool


@dataclass(frozen=True)
class Stay:
    """A membership, half-open; None: always, or until further notice."""

    login: str
    project: int
    since: datetime | None
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Does it hold at an instant?"""
        return (self.since is None or self.since <= at) and (self.until is None or self.until > at)


@dataclass(frozen=True)
class Access:
    """That someone may see a project: by a membership, or because she sees everything."""

    login: str
    project_id: int
    project: str
    role: str
    through: str
    since: datetime | None
    rights: tuple[str, ...]


@dataclass
class Past:
    """What the log has told so far."""

    simplified: bool = False
    projects: dict[int, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)  # by login in small letters
    roles: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = field(
        default_factory=lambda: {name: (preset.rights, preset.reports) for name, preset in PRESETS.items()}
    )
    stays: list[Stay] = field(default_factory=list)

    def tell(self, action: str, kind: str, subject: str, project: int | None, before: Said, after: Said) -> None:
        """One more entry."""
        if "security" in after or (kind == "setting" and subject == "security"):
            self.simplified = (after.get("security") or after.get("value")) == "simplified"
            if action == "create centre" and self.simplified:
                self.projects[EVERYTHING[0]] = EVERYTHING[1]
        elif kind == "project" and project is not None:
            self.tell_of_project(action, subject, project, before, after)
        elif kind == "user" and action in ("create user", "change user", "create missing"):
            known = self.people.get(subject.lower(), Person(subject, "Operator", True))
            said = {name: after[name] for name in ("role", "active") if after.get(name) is not None}
            self.people[subject.lower()] = replace(known, **said)
        elif kind == "role":
            if action == "remove role":
                self.roles.pop(subject, None)
            elif "rights" in after:
                self.roles[subject] = (tuple(after["rights"]), tuple(after.get("reports", ())))

    def tell_of_project(self, action: str, subject: str, project: int, before: Said, after: Said) -> None:
        """One more entry about a project."""
        if action == "create project":
            self.projects[project] = subject
        elif action == "rename project":
            self.projects[project] = str(after["name"])
        elif action == "add member":
            since, until = (after.get(name, after.get(f"valid_{name}")) for name in ("from", "to"))
            self.stays.append(Stay(key(after), project, instant(since), instant(until)))
        elif action == "remove member":
            left = audit.naive(str(after["to"]))
            hers = [stay for stay in self.stays if (stay.login, stay.project) == (key(before), project)]
            for stay in hers:
                self.stays.remove(stay)
                if stay.since is None or stay.since < left:
                    ended = stay.until is not None and stay.until <= left
                    self.stays.append(stay if ended else replace(stay, until=left))

    def accesses(self, at: datetime) -> list[Access]:
        """Who may see which project at an instant, by login and project."""
        found = []
        for person in self.people.values():
            rights = self.roles.get(person.role, ((), ()))[0]
            if not person.active:
                continue
            held: list[tuple[int, str, datetime | None]]
            if self.simplified:
                held = [(EVERYTHING[0], "simplified", None)]
            elif "see_all_projects" in rights:
                held = [(project, "see_all_projects", None) for project in self.projects]
            else:
                stays = [s for s in self.stays if s.login == person.login.lower() and s.holds(at)]
                held = [(s.project, "member", s.since) for s in stays]
            found += [
                Access(person.login, project, self.projects[project], person.role, through, since, rights)
                for project, through, since in held
            ]
        return sorted(set(found), key=lambda a: (a.login, a.project, a.since or datetime.min))


@dataclass(frozen=True)
class Log(ChangeLog):
    """The change log, and what follows from it."""

    def access_at(self, at: date | str) -> pd.DataFrame:
        """Who could see which project: login, project, role, through, since, rights.

        It is rebuilt from the change log alone. `through` is 'member', 'see_all_projects', or 'simplified'.

        Args:
            at: an instant; of a day, its last one. What has no offset is local.
        """
        with self.folder.reading() as reading:
            zone = access.settings_at(reading.con, datetime.max)["timezone"]
            when = instant_of(at, zone)
            past = told(reading.con, when)
        rows = [
            vars(a) | {"since": a.since and local_day(a.since, zone), "rights": ", ".join(a.rights)}
            for a in past.accesses(when)
        ]
        return frames.frame(
            pa.Table.from_pylist(rows, pa.schema([(c, pa.date32() if c == "since" else pa.string()) for c in COLUMNS]))
        )


def told(con: duckdb.DuckDBPyConnection, at: datetime) -> Past:
    """What the log of the control file `control` tells of the time up to an instant (naive UTC)."""
    entries = con.execute(
        """SELECT action, subject_kind, subject, project_id, before, after FROM control.audit
        WHERE "at" <= ? AND origin IS NULL ORDER BY seq""",
        [at],
    )
    past = Past()
    for action, kind, subject, project, before, after in entries.fetchall():
        past.tell(action, kind, subject, project, *(json.loads(said) if said else {} for said in (before, after)))
    return past


def key(said: Said) -> str:
    """The person of an entry, by login in small letters."""
    return str(said["user"]).strip().lower()


def instant(said: object) -> datetime | None:
    """An instant as an entry has it."""
    return audit.naive(str(said)) if said is not None else None


def instant_of(at: date | str, zone: str) -> datetime:
    """An instant as naive UTC; of a day its last one."""
    if isinstance(at, str) and len(at.strip()) == len("2025-06-01"):
        with suppress(ValueError):
            at = date.fromisoformat(at.strip())
    if isinstance(at, date) and not isinstance(at, datetime):
        return local_instant(at + timedelta(days=1), zone) - TICK
    return local_instant(at, zone)


def local_day(at: datetime, zone: str) -> date:
    """The local date of a naive UTC instant."""
    return at.replace(tzinfo=UTC).astimezone(zone_info(zone)).date()
