"""What looks forgotten or too wide: questions that nobody asks while everything works."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import duckdb

from okireports import audit, report
from okireports.access import RESTRICTIONS, VALID, Scope
from okireports.access.directory import OPERATOR
from okireports.access.oversight import LOOKED
from okireports.admin.roles import reports_beyond

DEFAULT = "Default"
Finding = dict[str, object]


@dataclass(frozen=True)
class Person:
    """An active person, with what her role lets her do."""

    login: str
    role: str
    rights: frozenset[str]


@dataclass
class Lint:
    """One look at a centre: the control file, who looks, and the reads that no change has taken into the log yet."""

    con: duckdb.DuckDBPyConnection
    scope: Scope
    journal: Path
    now: datetime

    @property
    def findings(self) -> Iterator[Finding]:
        """Everything, kind by kind; what is about the whole centre only for who sees all of it."""
        yield from self.forgotten()
        yield from self.empty()
        yield from self.late_joiners()
        yield from self.never_looked()
        yield from self.numbers_without_need()
        if self.scope.everything or self.simplified:
            yield from self.loose_objects()
            yield from self.wide_roles()

    def forgotten(self) -> Iterator[Finding]:
        """People who are in Default and in another project: whoever is moved out of it is so by hand."""
        for login, homes in self.homes.items():
            others = [self.projects[p] for p in homes if self.projects[p] != DEFAULT]
            if others and len(others) < len(homes):
                words = f"is in {DEFAULT} still, beside {', '.join(sorted(others))}: take her out of it"
                yield finding("forgotten in Default", login, DEFAULT, words)

    def empty(self) -> Iterator[Finding]:
        """Active projects in which nobody works, or which own nothing."""
        inhabited = {project for homes in self.homes.values() for project in homes}
        owning = {p for (p,) in self.rows(f"SELECT project_id FROM control.project_objects WHERE {VALID}")}
        for project, name in self.projects.items():
            lacks = [
                words
                for words, there in (("nobody works in it", inhabited), ("it owns no object", owning))
                if project not in there
            ]
            if lacks and not self.simplified:
                yield finding("empty project", name, name, " and ".join(lacks))

    def loose_objects(self) -> Iterator[Finding]:
        """Objects that no project has: their rows are of no project."""
        if self.simplified:
            return
        rows = self.rows(
            """SELECT kind, name FROM control.objects WHERE object_id NOT IN (SELECT object_id
            FROM control.project_objects WHERE valid_to IS NULL OR valid_to > $now) ORDER BY kind, name"""
        )
        for kind, name in rows:
            yield finding("object of no project", str(name), None, f"{kind} that no project owns")

    def wide_roles(self) -> Iterator[Finding]:
        """Own roles that may more than the role they were copied from."""
        roles = {role: (set(rights), reports) for role, rights, reports, _ in self.roles}
        for role, copied in sorted(self.copied.items()):
            if role not in roles or copied not in roles:
                continue
            (rights, reports), (base, listed) = roles[role], roles[copied]
            wider = sorted(rights - base - set(RESTRICTIONS))
            wider += [f"being without {name}" for name in RESTRICTIONS if name in base - rights]
            wider += [f"the report {name}" for name in reports_beyond(reports, listed)]
            if wider:
                yield finding("role that widens", role, None, f"has beyond {copied}: {', '.join(wider)}")

    def never_looked(self) -> Iterator[Finding]:
        """Members, other than operators, who never ran a report over the project."""
        for login, homes in self.homes.items():
            if self.people[login].role == OPERATOR:
                continue
            for project, since in homes.items():
                if not any(at >= since and asked in (None, project) for at, _, asked in self.reads.get(login, [])):
                    name = self.projects[project]
                    yield finding("never looked", login, name, f"is in {name} and never ran a report over it")

    def numbers_without_need(self) -> Iterator[Finding]:
        """People, other than operators, who may see telephone numbers and never asked for what shows them.

        What they asked of other projects counts for nothing: whether they did is not the actor's to know.
        """
        showing = {r.name for r in report.all_reports() if "contacts" in r.tables}
        for login in sorted(self.homes):
            person = self.people[login]
            if person.role == OPERATOR or "see_phone_numbers" not in person.rights:
                continue
            if not any(
                (what in showing or what is None) and at >= since and asked in (None, project)
                for at, what, asked in self.reads.get(login, [])
                for project, since in self.homes[login].items()
            ):
                words = f"may see telephone numbers (role {person.role}) and never asked for them"
                yield finding("numbers without need", login, None, words)

    def late_joiners(self) -> Iterator[Finding]:
        """People who joined a group after others, who all work in a project: adding a group adds whom it has then."""
        groups: dict[str, dict[str, datetime]] = {}
        rows = self.con.execute(
            f"""SELECT g.name, u.login, min(coalesce(m.valid_from, TIMESTAMP '0001-01-01')) FROM control.group_members m
            JOIN control.groups g USING (group_id) JOIN control.users u USING (user_id)
            WHERE u.active AND {VALID} GROUP BY ALL ORDER BY ALL""",
            {"now": self.now},
        ).fetchall()
        for group, login, since in rows:
            groups.setdefault(group, {})[login] = since
        for group, members in groups.items():
            for login, since in members.items():
                before = [other for other, at in members.items() if at < since and self.known(other)]
                shared = set.intersection(*(set(self.homes.get(other, ())) for other in before)) if before else set()
                for project in sorted(shared - set(self.homes.get(login, ()))):
                    name = self.projects[project]
                    if name != DEFAULT and self.known(login):
                        words = f"joined the group {group} after all who work in {name}, and does not work in it"
                        yield finding("late joiner", login, name, words)

    def known(self, login: str) -> bool:
        """May the actor know of her at all?"""
        return self.scope.everything or login in self.homes

    # What there is

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """The rows of a statement; `$now` is the time of the look."""
        return self.con.execute(sql, {"now": self.now} if "$now" in sql else None).fetchall()

    @cached_property
    def simplified(self) -> bool:
        """Is it a centre without projects?"""
        return bool(self.rows("FROM control.settings WHERE key = 'security' AND value = 'simplified'"))

    @cached_property
    def projects(self) -> dict[int, str]:
        """The actor's active projects."""
        archived = {p for (p,) in self.rows("SELECT project_id FROM control.projects WHERE archived_at IS NOT NULL")}
        return {p.id: p.name for p in self.scope.projects if p.id not in archived}

    @cached_property
    def roles(self) -> list[tuple[str, list[str], list[str], bool]]:
        """role, rights, reports, preset."""
        return self.con.execute("SELECT role, rights, reports, preset FROM control.roles ORDER BY role").fetchall()

    @cached_property
    def people(self) -> dict[str, Person]:
        """The active people, by login."""
        rights = {role: frozenset(held) for role, held, _, _ in self.roles}
        rows = self.con.execute("SELECT login, role FROM control.users WHERE active ORDER BY login").fetchall()
        return {login: Person(login, role, rights.get(role, frozenset())) for login, role in rows}

    @cached_property
    def homes(self) -> dict[str, dict[int, datetime]]:
        """Whom the actor's projects have now, and since when in each."""
        found: dict[str, dict[int, datetime]] = {}
        rows = self.con.execute(
            f"""SELECT login, project_id, min(coalesce(valid_from, TIMESTAMP '0001-01-01')) FROM control.memberships
            JOIN control.users USING (user_id) WHERE {VALID} GROUP BY ALL ORDER BY ALL""",
            {"now": self.now},
        ).fetchall()
        for login, project, since in rows:
            if project in self.projects and login in self.people:
                found.setdefault(login, {})[project] = since
        return found

    @cached_property
    def copied(self) -> dict[str, str]:
        """The role that each own role was copied from, as the change log says."""
        own = {role for role, _, _, preset in self.roles if not preset}
        rows = self.rows("SELECT subject, after FROM control.audit WHERE action = 'create role' ORDER BY seq")
        said = {str(role): read(after).get("copy") for role, after in rows}
        return {role: str(copy) for role, copy in said.items() if role in own and copy}

    @cached_property
    def reads(self) -> dict[str, list[tuple[datetime, str | None, int | None]]]:
        """When each person read what: (when, report or None for a query, project or None for all of hers then)."""
        found: dict[str, list[tuple[datetime, str | None, int | None]]] = {}
        rows = self.con.execute(
            f"""SELECT actor, action, subject, after, "at" FROM control.audit
            WHERE action IN ('{LOOKED}', 'run sql')"""
        ).fetchall()
        waiting = [entry for _, entry in audit.waiting(self.journal) if entry.action in (LOOKED, "run sql")]
        rows += [(e.actor, e.action, e.subject, e.after, audit.naive(str(e.at))) for e in waiting]
        for actor, action, subject, after, at in rows:
            asked = read(after).get("projects")
            for project in asked if isinstance(asked, list) else [None]:
                found.setdefault(actor, []).append((at, subject if action == LOOKED else None, project))
        return found


def read(said: object) -> Mapping[str, object]:
    """What an entry of the log says, as a mapping; nothing where it says none."""
    try:
        found = json.loads(str(said)) if said else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def finding(kind: str, subject: str, project: str | None, words: str) -> Finding:
    """One line of the list."""
    return {"kind": kind, "subject": subject, "project": project, "words": words}
