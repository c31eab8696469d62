"""Invented small centres as canonical input: hard cases on purpose, a canary in every text that may be hidden.

`world(seed)` builds one, `worlds()` is a Hypothesis strategy of them, `write(world, folder)` makes the CSV files.
A canary reads `CANARY-AB-q1`: the letters are the projects that it belongs to, 0 is no project.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from projection import CLOSED, DEFINITIONS, OWN, Definitions, Row, Tables, projection
from world_centre import SCENES, ZONE, Centre, Shape
from world_changes import changed
from world_facts import facts
from world_statuses import shifts, statuses

CANARY = re.compile(r"CANARY-[A-Z0-9]+-[0-9a-z]+", re.IGNORECASE)
PHONE = re.compile(r"\+48\d{9}")


@dataclass(frozen=True)
class Viewer:
    """Someone who asks: `projects` is her scope, None is everything and needs a `reason`."""

    login: str
    role: str
    projects: frozenset[str] | None
    reason: str | None = None


@dataclass(frozen=True)
class World:
    """A centre before it is loaded. `start` and `end` bound its period; `now` is after all that happens in it."""

    tables: Tables
    viewers: tuple[Viewer, ...]
    shape: Shape
    start: datetime
    end: datetime
    now: datetime
    zone: str = ZONE

    @property
    def period(self) -> tuple[str, str]:
        """The period's local dates, the second one excluded."""
        zone = ZoneInfo(self.zone)
        return str(self.start.astimezone(zone).date()), str(self.end.astimezone(zone).date())

    def viewer(self, kind: str) -> Viewer:
        """The viewer whose login begins with a word: single, other, pair, client, operator, admin, stranger, former."""
        return next(v for v in self.viewers if v.login.startswith(kind + "-"))


def world(seed: int) -> World:
    """A world; the same seed gives the same one."""
    rng = Random(f"shape {seed}")
    return build(
        Shape(
            seed=seed,
            scene=sorted(SCENES)[seed % len(SCENES)],
            projects=rng.choice((3, 3, 4)),
            calls=rng.randint(12, 18),
            chains=rng.randint(3, 5),
            blocks=rng.randint(4, 6),
            extras=rng.randint(5, 8),
        )
    )


def worlds() -> st.SearchStrategy[World]:
    """Worlds that shrink to few rows: rows depend on the seed and their own number, not on how many there are."""
    shapes = st.builds(
        Shape,
        seed=st.integers(0, 2**20),
        scene=st.sampled_from(sorted(SCENES)),
        projects=st.integers(3, 4),
        calls=st.integers(0, 18),
        chains=st.integers(0, 5),
        blocks=st.integers(0, 6),
        extras=st.integers(0, 8),
    )
    return shapes.map(build)


def build(shape: Shape) -> World:
    """The world of a shape."""
    centre = Centre(shape)
    tables = centre.definitions()
    tables |= facts(centre)
    tables["statuses"] = statuses(centre, tables)
    tables["shifts"] = shifts(centre)
    tables = {name: rows for name, rows in tables.items() if rows}
    return World(tables, tuple(_viewers(centre, tables)), shape, centre.start, centre.end, centre.now)


def _viewers(centre: Centre, tables: Tables) -> Iterable[Viewer]:
    known = Definitions(tables)
    for row in tables["users"]:
        login, role = row["login"], row["role"]
        asks = login.split("-")[0] in ("operator", "single", "other", "pair", "client", "admin", "stranger", "former")
        if role == "Admin":
            yield Viewer(login, role, None, "audit of the month")
        elif asks:
            yield Viewer(login, role, known.projects_of(login, centre.now))


def select(world: World, tables: Tables) -> World:
    """The same world with other rows."""
    return replace(world, tables=tables)


def project_only(world: World, viewer: Viewer) -> World:
    """The world into which only her rows were put."""
    return select(world, projection(world, viewer))


def hidden_changed(world: World, viewer: Viewer, rng: Random, changes: int = 12) -> World:
    """Another world with the same definitions and the same projection for this viewer; its hidden rows differ.

    `rng` may be drawn by Hypothesis (`st.randoms(use_true_random=False)`) or be `Random(seed)`.
    """
    return select(world, changed(world.tables, viewer.projects, viewer.role, rng, changes))


# Files


def write(world: World, folder: Path | str, order: Callable[[list[Row]], list[Row]] = list) -> Path:
    """Write a world as a folder of canonical CSV files; `order` may turn the rows of each file."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in world.tables.items():
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(columns)
            out.writerows([text(row.get(column)) for column in columns] for row in order(rows))
    return folder


def text(value: Any) -> str:
    """A value as canonical input has it; instants in the local time of Warsaw with their offset."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(ZONE))
        return local.isoformat(timespec="milliseconds" if local.microsecond else "seconds")
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


# Canaries


def canaries(world: World, viewer: Viewer, known: Tables | None = None) -> frozenset[str]:
    """Texts of the world that must appear in nothing this viewer gets; compare without regard to case.

    `known` are the rows that she may know, where her role shows her fewer than the projection.

    The role's closed columns count as hidden, so do operators for a role that knows them by aliases, and so do the
    sources' ids that `interaction` carries. Names of projects are here too: who may list all of them sees them in
    that list and nowhere else.
    """
    if viewer.projects is None:
        return frozenset()
    closed = CLOSED[viewer.role]
    known = projection(world, viewer) if known is None else known
    seen = {t: [dict(r, interaction=None) for r in rows] for t, rows in known.items()}
    plans = _definitions_of(seen, viewer.projects)["check_plans"]
    if "contacts" in closed:
        personal = ("phone", "contact_name", "email")
        seen = {t: [{k: v for k, v in r.items() if k not in personal} for r in rows] for t, rows in seen.items()}
    if viewer.role in ALIASED:
        seen = {
            t: [{k: v for k, v in r.items() if k not in ("operator", "evaluator")} for r in rows]
            for t, rows in seen.items()
        }
    hers = _definitions_of(seen, viewer.projects) | {t: r for t, r in seen.items() if t not in _DEFINED}
    hers["check_plans"] = [{"plan": r["plan"]} for r in plans] if viewer.role in ALIASED else plans
    if viewer.role in ALIASED | ALONE:
        hers |= {"users": [], "memberships": []}
    own = [{"login": r["login"], "name": r.get("name")} for r in world.tables["users"] if r["login"] == viewer.login]
    shown = {token.lower() for token in _tokens(hers) | _tokens({"users": own})}
    return frozenset(token for token in _tokens(world.tables) if token.lower() not in shown)


ALIASED = frozenset({"Client"})
ALONE = frozenset({OWN})  # nobody else is in their lists
_DEFINED = DEFINITIONS


def _definitions_of(tables: Tables, scope: frozenset[str]) -> Tables:
    """Definitions that a scope may name: its projects, their members and objects of any time."""
    members = [r for r in tables["memberships"] if r["project"] in scope]
    owned = [r for r in tables["project_objects"] if r["project"] in scope]
    logins = {r["login"] for r in members}
    forms, dialers = ({r["name"] for r in owned if r["kind"] == kind} for kind in ("crm_form", "dialer"))
    return {
        "projects": [r for r in tables["projects"] if r["name"] in scope],
        "users": [r for r in tables["users"] if r["login"] in logins],
        "memberships": members,
        "project_objects": owned,
        "results": [r for r in tables.get("results", []) if r["project"] in scope],
        "contracts": [r for r in tables.get("contracts", []) if r["project"] in scope],
        **{t: [r for r in tables.get(t, []) if r["form"] in forms] for t in ("stages", "quotas")},
        "imports": [r for r in tables.get("imports", []) if r["dialer"] in dialers],
        "kpis": [r for r in tables.get("kpis", []) if r["project"] in scope or r["project"] is None],
        "check_plans": [r for r in tables.get("check_plans", []) if _sees_whole(r, tables["memberships"], scope)],
    }


def _sees_whole(plan: Row, memberships: list[Row], scope: frozenset[str]) -> bool:
    """Does a scope hold all projects in which a plan's evaluator is while it holds?"""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    while_it_holds = {
        r["project"]
        for r in memberships
        if r["login"] == plan.get("evaluator")
        and (r.get("valid_from") or first) < (plan.get("valid_to") or last)
        and (r.get("valid_to") or last) > (plan.get("valid_from") or first)
    }
    return bool(while_it_holds) and while_it_holds <= scope


def _tokens(tables: Tables) -> set[str]:
    found: set[str] = set()
    for rows in tables.values():
        for row in rows:
            for value in row.values():
                if isinstance(value, str):
                    found.update(CANARY.findall(value))
                    found.update(PHONE.findall(value))
    return found
