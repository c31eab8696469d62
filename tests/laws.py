"""What the two laws are tried on: invented worlds with their centres, and who asks in which of them.

A trial is one world. It loads the world itself, for a viewer the world into which only her rows were put, and worlds
that differ in rows hidden from her; each of them once, and only when asked for.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

import okireports
import projection
import worlds
from okireports import audit
from okireports.audit import Entry
from okireports.disk import write
from okireports.faces import Center
from projection import CLOSED, COSTS, OWN, Row, Tables, same_rows
from twin import naive
from world_changes import CHANGES, loadable
from worlds import Viewer, World

WORLDS = int(os.environ.get("WORLDS") or 20)
SECRET = "0123456789abcdef" * 4  # the same everywhere, so that keys can be compared
# Two a world. Seven is prime to the three scenes and the two ways of having a pair, so each meets each.
CAST = (
    ("single", "client"),
    ("pair", "all"),
    ("other", "operator"),
    ("pair", "client"),
    ("all", "single"),
    ("former", "pair"),
    ("stranger", "other"),
)
CHANGED = 16  # tries at changing a hidden row


def portion(few: int, many: int) -> int:
    """How much is asked in each world: of many worlds less, for the questions take turns with them."""
    return few if WORLDS <= 50 else many


class Trial:
    """One world, and the centres made of it."""

    def __init__(self, world: World) -> None:
        self.world = with_own_roles(world)
        self.folder = Path(tempfile.mkdtemp(prefix="okireports-laws-"))
        self.kept: dict[Any, Any] = {}

    @cached_property
    def center(self) -> Center:
        """The centre with everything in it."""
        return self.load(self.world)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The world's period in naive UTC."""
        return naive(self.world.start), naive(self.world.end)

    @cached_property
    def world_knows(self) -> projection.Definitions:
        """Where the facts of this world belong."""
        return projection.Definitions(self.world.tables)

    def projected(self, viewer: Viewer) -> Center:
        """The centre into which only her rows were put."""
        return self.once(("projected", viewer.login), lambda: self.load(hers(self.world, viewer)))

    def hidden_changed(self, viewer: Viewer) -> Center:
        """The centre in which rows that she does not see are others."""
        return self.once(("changed", viewer.login), lambda: self.load(self.other_world(viewer)))

    def other_world(self, viewer: Viewer) -> World:
        """The world in which rows that she does not see are others."""
        return self.once(("other", viewer.login), lambda: changed(self.world, viewer, Random(viewer.login)))

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def load(self, world: World) -> Center:
        """A centre of its own with this world in it."""
        number = len(list(self.folder.iterdir()))
        rows = worlds.write(world, self.folder / f"in-{number}")
        with quick():
            made = okireports.create(self.folder / f"centre-{number}", now=world.now)
            made.folder.secret.write_text(SECRET)
            say = {"actor": "admin", "reason": "roles of our own"}
            made.roles.create(OWN, copy="Operator", add=("own_rows_only", *OPENING), reports=("*",), **say)
            made.roles.create(COSTS, copy="Supervisor", add=("see_costs",), reports=("*",), **say)
            made.load(rows)
            overseen(made, world)
        return made

    def viewer(self, kind: str) -> Viewer:
        """One of the world's viewers by the first word of her login."""
        return self.world.viewer(kind)

    @property
    def cast(self) -> tuple[Viewer, ...]:
        """Who asks in this world; of many worlds one in each, by turns."""
        turn, pair = divmod(self.world.shape.seed, len(CAST))
        kinds = CAST[pair] if portion(2, 1) == 2 else CAST[pair][turn % 2 :][:1]
        return tuple(self.viewer(kind) for kind in kinds)

    def close(self) -> None:
        """Remove the centres."""
        shutil.rmtree(self.folder)


OPENING = ("see_costs", "listen_recordings")


def overseen(center: Center, world: World) -> None:
    """What the log has to tell of the world's days: a change in each project, and reports that were read."""
    at = naive(world.start) + timedelta(hours=10)
    with write(center.folder, "change") as writer:
        projects = writer.con.execute("SELECT project_id, name FROM control.projects ORDER BY project_id").fetchall()
        people = [r["login"] for r in world.tables["users"]]
        entries = [
            Entry("admin-see-all", "change project", "project", name, n, after=f'{{"about": "{name}"}}', reason=name)
            for n, name in projects
        ]
        for login in people:
            asked = (None, *(f'{{"projects": [{n}]}}' for n, _ in projects if (n + len(login)) % 3))
            entries += [Entry(login, "run report", "report", "call_log", after=a, origin=f"{login} {a}") for a in asked]
        audit.close(writer, entries, at)


@contextmanager
def quick() -> Iterator[None]:
    """Load without waiting for the disk, on one thread.

    Nothing here is about a loss of power (`test_crash` is), and a world's hundred small files are hundreds of syncs;
    rows are so few that a second thread costs more than it gives.
    """
    connect = duckdb.connect

    def lone(database: Any = ":memory:", *positional: Any, **named: Any) -> duckdb.DuckDBPyConnection:
        named["config"] = {"threads": 1} | (named.get("config") or {})
        return connect(database, *positional, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        patch.setattr(duckdb, "connect", lone)
        yield


def with_own_roles(world: World) -> World:
    """The world in which one operator has only her own rows, and one supervisor sees costs."""
    roles = {_login(world, "all"): OWN, _login(world, "other"): COSTS}
    users = [row | {"role": roles.get(row["login"], row["role"])} for row in world.tables["users"]]
    known = projection.Definitions(world.tables)
    mine = Viewer(_login(world, "all"), OWN, known.projects_of(_login(world, "all"), world.now))
    others = [replace(v, role=roles.get(v.login, v.role)) for v in world.viewers]
    tables = world.tables | {"users": users, "calls": [*world.tables.get("calls", []), of_a_colleague(world, mine)]}
    return replace(world, tables=tables, viewers=(*others, mine))


def of_a_colleague(world: World, viewer: Viewer) -> Row:
    """A call of another operator in one of her projects, from a queue of nobody: only others' rows name that queue."""
    return {
        "source_id": "CANARY-0-colleague",
        "direction": "inbound",
        "outcome": "abandoned",
        "started_at": world.start + timedelta(hours=5),
        "ended_at": world.start + timedelta(hours=5, seconds=9),
        "project": sorted(viewer.projects or ())[-1],
        "queue": next(
            r["name"] for r in world.tables["objects"] if r["name"].startswith("Loose ") and r["kind"] == "queue"
        ),
        "operator": _login(world, "one"),
    }


def _login(world: World, kind: str) -> str:
    return next(str(row["login"]) for row in world.tables["users"] if row["login"].startswith(kind + "-"))


# What she may know


def view(tables: Tables, viewer: Viewer) -> Tables:
    """The canonical rows that a viewer may know."""
    seen = projection.project(tables, viewer.projects, CLOSED[viewer.role])
    return own(seen, viewer.login) if viewer.role == OWN else seen


def hers(world: World, viewer: Viewer) -> World:
    """The world into which only her rows were put."""
    return worlds.select(world, {table: rows for table, rows in view(world.tables, viewer).items() if rows})


def own(seen: Tables, login: str) -> Tables:
    """Of visible rows those of one operator: what has no operator is hers where her calls are."""
    mine = {table: [r for r in rows if r.get("operator") == login] for table, rows in seen.items()}
    calls = mine.get("calls", [])
    ids = {r["source_id"] for r in calls}
    mine |= {table: [r for r in seen[table] if r.get("call") in ids] for table in OF_CALLS if table in seen}
    mine |= {table: seen[table] for table in projection.DEFINITIONS if table in seen}
    return mine | ({"calls": calls + stubs(calls, seen["calls"])} if calls else {})


OF_CALLS = ("ivr_steps", "recordings")


def people_of(rows: list[Row]) -> set[tuple[str, str]]:
    """The customers of some rows, as each project knows them."""
    return {(r["project"], r["phone"]) for r in rows if r.get("phone")}


def stubs(calls: list[Row], seen: list[Row]) -> list[Row]:
    """What an operator knows of contacts to which she transferred, and which are not hers: that they are there."""
    there = {r["source_id"]: r["project"] for r in seen}
    targets = {r["transfer_to"]: r["ended_at"] for r in calls if r.get("transfer_to") in there}
    nothing = {"direction": "internal", "outcome": "other"}
    return [
        {"source_id": key, "project": there[key], "started_at": at, "ended_at": at, **nothing}
        for key, at in sorted(targets.items())
        if key not in {r["source_id"] for r in calls}
    ]


def fingerprint(tables: Tables, viewer: Viewer) -> Tables:
    """Her rows, and what her projects know of her customers by whatever row."""
    rows = view(tables, viewer)
    if viewer.role == OWN:
        seen = projection.project(tables, viewer.projects, CLOSED[viewer.role])
        hers = people_of(rows.get("calls", []))
        said = [r for table in projection.START for r in seen.get(table, []) if people_of([r]) & hers]
        known = {(r["project"], r["phone"], r.get("contact_name") or "", r.get("email") or "") for r in said}
        rows = rows | {"contacts": [dict(enumerate(one)) for one in sorted(known)]}
    return rows


def changed(world: World, viewer: Viewer, rng: Random, changes: int = CHANGED) -> World:
    """Another world of which she may know the same; its hidden rows differ."""
    tables, wanted = world.tables, fingerprint(world.tables, viewer)
    for n in range(changes):
        candidate: dict[str, list[Row]] = {name: [dict(r) for r in rows] for name, rows in tables.items()}
        rng.choice(CHANGES)(rng, candidate, n)
        if loadable(candidate) and same_rows(fingerprint(candidate, viewer), wanted):
            tables = candidate
    return worlds.select(world, {table: rows for table, rows in tables.items() if rows})


def hidden(world: World, viewer: Viewer) -> frozenset[str]:
    """Texts that must be in nothing that she gets."""
    return worlds.canaries(world, viewer, view(world.tables, viewer))
