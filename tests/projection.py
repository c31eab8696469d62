"""The projection: which canonical rows a viewer may know, written a second time in plain Python.

`project(tables, scope)` gives canonical rows that, loaded alone with the same definitions, must show her the same.
It shares no code with the package: definitions are looked up row by row, and nothing is clever.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from worlds import Viewer, World

Row = dict[str, Any]
Tables = dict[str, list[Row]]

DEFINITIONS = (
    *("projects", "users", "memberships", "objects", "project_objects", "targets", "results", "tariffs", "kpis"),
    *("activities", "away_reasons", "check_plans", "hours", "imports", "contracts", "stages", "quotas"),
)
START = {
    "calls": "started_at",
    "rings": "started_at",
    "statuses": "started_at",
    "ivr_steps": "at",
    "tasks": "created_at",
    "dialogues": "started_at",
    "requests": "created_at",
    "stage_changes": "at",
    "answers": "at",
    "orders": "at",
    "evaluations": "at",
    "ratings": "at",
    "speech_hits": "at",
    "shifts": "starts_at",
    "charges": "at",
    "recordings": "at",
}
OWNERS = {"queue": "queue", "dialer": "dialer", "scenario": "scenario", "form": "crm_form"}
PARENTS = {"call": "calls", "task": "tasks", "request": "requests", "dialogue": "dialogues"}
PRESENCE = frozenset({"Ready", "Away", "Offline"})
ACTIVITY = frozenset({"Waiting", "Busy", "PCP"})
OWN = "Own rows"  # a centre's own role: only rows of which one is the operator, with all columns
COSTS = "Costs"  # another one: a supervisor who sees what things cost
CLOSED = {
    "Admin": frozenset[str](),
    "Supervisor": frozenset({"charges"}),
    "Operator": frozenset({"charges", "recordings"}),
    "Client": frozenset({"charges", "contacts"}),
    "Auditor": frozenset({"charges", "contacts", "recordings"}),
    OWN: frozenset[str](),
    COSTS: frozenset[str](),
}
"""Tables that a role does not open."""


class Definitions:
    """Who owned what and who belonged where, at an instant."""

    def __init__(self, tables: Tables) -> None:
        self.ownership = tables.get("project_objects") or [r for r in tables.get("objects", []) if r.get("project")]
        self.membership = tables.get("memberships", [])
        self.facts = {
            table: {r["source_id"]: r for r in tables.get(table, [])} for table in sorted(set(PARENTS.values()))
        }

    def owner(self, kind: str, name: str, at: datetime) -> str | None:
        """The project that owns an exclusive object at an instant."""
        for row in self.ownership:
            if row["kind"] == kind and row["name"] == name and _holds(row, at):
                return str(row["project"])
        return None

    def projects_of(self, login: str, at: datetime) -> frozenset[str]:
        """The projects that someone belongs to at an instant."""
        return frozenset(r["project"] for r in self.membership if r["login"] == login and _holds(r, at))

    def project_of(self, table: str, row: Row) -> str | None:
        """Where a fact belongs: explicit, by its object, by its parent, or nowhere (None)."""
        if row.get("project"):
            return str(row["project"])
        for column, kind in OWNERS.items():
            # The `form` of an evaluation is the name of a check list, not a CRM form.
            if row.get(column) and not (table == "evaluations" and column == "form"):
                owner = self.owner(kind, row[column], row[START[table]])
                if owner:
                    return owner
        for column, parent_table in PARENTS.items():
            parent = self.facts[parent_table].get(row.get(column))
            if parent is not None:
                project = self.project_of(parent_table, parent)
                if project:
                    return project
        return None


def _holds(row: Row, at: datetime) -> bool:
    since, until = row.get("valid_from"), row.get("valid_to")
    return (since is None or since <= at) and (until is None or at < until)


def project(tables: Tables, scope: Set[str] | None, closed: Set[str] = frozenset()) -> Tables:
    """Canonical rows of a scope (project names; None is everything), without what `closed` rights do not open."""
    if scope is None:
        return _without(closed, {table: [dict(r) for r in rows] for table, rows in tables.items()})
    known = Definitions(tables)
    seen = {table: [dict(r) for r in tables[table]] for table in DEFINITIONS if table in tables}
    for table in START:
        if table not in tables:
            continue
        if table == "statuses":
            seen[table] = _statuses(tables[table], known, scope)
        elif table == "shifts":
            seen[table] = [dict(r) for r in tables[table] if _shows_shift(r, known, scope)]
        else:
            seen[table] = _facts(table, tables[table], known, scope)
    return _without(closed, seen)


def projection(world: World, viewer: Viewer) -> Tables:
    """What a viewer of a world may know, her role's closed tables left out."""
    return project(world.tables, viewer.projects, CLOSED[viewer.role])


def same_rows(one: Tables, other: Tables) -> bool:
    """Whether two sets of tables hold the same rows, in any order; a table without rows may be absent."""
    names = {t for t, rows in (*one.items(), *other.items()) if rows}
    return all(_bag(one.get(t, [])) == _bag(other.get(t, [])) for t in names)


def _bag(rows: Iterable[Row]) -> list[str]:
    return sorted(repr(sorted((k, v) for k, v in row.items() if v is not None)) for row in rows)


# Facts


def _facts(table: str, rows: list[Row], known: Definitions, scope: Set[str]) -> list[Row]:
    flags = transfers(known) if table == "calls" else {}
    seen = []
    for row in rows:
        place = known.project_of(table, row)
        if place is None or place not in scope:
            continue
        row = {**_inside(row, known, scope), "project": place}
        if table == "calls":
            went, came = flags[row["source_id"]]
            row = {"went_to_other": went, "came_from_other": came} | {k: v for k, v in row.items() if v is not None}
        seen.append(row)
    return seen


def _inside(row: Row, known: Definitions, scope: Set[str]) -> Row:
    """The row without what it says of the next contact, where that is outside the scope.

    Its parent it names itself, also where its queue places it in another project: that stays, as a number.
    """
    row = dict(row)
    target = known.facts["calls"].get(row.get("transfer_to"))
    if target is not None and known.project_of("calls", target) not in scope:
        del row["transfer_to"]
    return row


def transfers(known: Definitions) -> dict[str, tuple[bool, bool]]:
    """Per call (went_to_other, came_from_other), from the transfer's target, else the interaction's next contact."""
    calls = known.facts["calls"]
    went = dict.fromkeys(calls, False)
    came = dict.fromkeys(calls, False)
    for call, target in targets(calls).items():
        if known.project_of("calls", calls[call]) != known.project_of("calls", calls[target]):
            went[call] = came[target] = True
    return {call: (went[call], came[call]) for call in calls}


def targets(calls: dict[str, Row]) -> dict[str, str]:
    """Where each call that went on went to."""
    interactions: dict[str, list[Row]] = {}
    for row in sorted(calls.values(), key=lambda r: (r["started_at"], r["source_id"])):
        interactions.setdefault(row.get("interaction") or row["source_id"], []).append(row)
    after = {one["source_id"]: other["source_id"] for rows in interactions.values() for one, other in pairwise(rows)}
    named = {call: row["transfer_to"] for call, row in calls.items() if row.get("transfer_to") in calls}
    return after | named


def _shows_shift(row: Row, known: Definitions, scope: Set[str]) -> bool:
    if row.get("project"):
        return row["project"] in scope
    return bool(known.projects_of(row["operator"], row["starts_at"]) & scope)


# Statuses


def _statuses(rows: list[Row], known: Definitions, scope: Set[str]) -> list[Row]:
    seen: list[Row] = []
    for operator in dict.fromkeys(r["operator"] for r in rows):
        timeline = cut([r for r in rows if r["operator"] == operator])
        seen += [_shown(r, known, scope) for r in timeline if _shows(r, known, scope)]
        for place, episode in episodes(timeline, known):
            seen += _masked(place, episode, known, scope)
    return seen


def cut(rows: list[Row]) -> list[Row]:
    """One operator's statuses, oldest first; each ends at the next start at the latest, and there if it has no end."""
    rows = sorted((dict(r) for r in rows), key=lambda r: r["started_at"])
    starts = sorted({r["started_at"] for r in rows})
    # Strictly later: one hidden contact may stand there once per visible project, with one start.
    following = dict(pairwise(starts))
    for row in rows:
        upcoming, end = following.get(row["started_at"]), row.get("ended_at")
        if upcoming is not None and (end is None or end > upcoming):
            row["ended_at"] = upcoming
    return rows


def _shows(row: Row, known: Definitions, scope: Set[str]) -> bool:
    if row["status"] in PRESENCE and not row.get("project"):
        return bool(known.projects_of(row["operator"], row["started_at"]) & scope)
    return known.project_of("statuses", row) in scope


def _shown(row: Row, known: Definitions, scope: Set[str]) -> Row:
    if row["status"] in PRESENCE:
        return row
    return {**_inside(row, known, scope), "project": known.project_of("statuses", row)}


def episodes(timeline: list[Row], known: Definitions) -> list[tuple[str | None, list[Row]]]:
    """Contacts in one operator's cut timeline: (project, touching Waiting, Busy, PCP rows)."""
    found: list[tuple[str | None, list[Row]]] = []
    before: Row | None = None
    for row in timeline:
        if row["status"] in ACTIVITY:
            place = known.project_of("statuses", row)
            if before is not None and found and found[-1][0] == place and _same_contact(before, row):
                found[-1][1].append(row)
            else:
                found.append((place, [row]))
        before = row if row["status"] in ACTIVITY else None
    return found


def _same_contact(before: Row, row: Row) -> bool:
    if before.get("ended_at") != row["started_at"] or before.get("call") != row.get("call"):
        return False
    if row.get("call"):
        return True
    return row["status"] != "Waiting" and before["status"] != "PCP"


def _masked(place: str | None, episode: list[Row], known: Definitions, scope: Set[str]) -> list[Row]:
    """A hidden contact as the operator's visible projects know it."""
    if place in scope:
        return []
    first, last = episode[0], episode[-1]
    shape = {"operator": first["operator"], "status": "N/A", "started_at": first["started_at"]}
    if last.get("ended_at") is not None:
        shape["ended_at"] = last["ended_at"]
    homes = known.projects_of(first["operator"], first["started_at"]) & scope
    return [{**shape, "project": home, "masked": True} for home in sorted(homes)]


# Column rights


def _without(closed: Set[str], tables: Tables) -> Tables:
    """Tables without what closed rights hide; a phone stays, because a key is made of it."""
    calls = {"charges": ("cost", "currency"), "recordings": ("recording", "recording_bytes")}
    tables = {t: rows for t, rows in tables.items() if t not in closed}
    hidden = {column for right in closed for column in calls.get(right, ())}
    if hidden and "calls" in tables:
        tables["calls"] = [{k: v for k, v in r.items() if k not in hidden} for r in tables["calls"]]
    if "contacts" in closed:
        facts = {
            t: [{k: v for k, v in r.items() if k != "contact_name"} for r in tables[t]] for t in START if t in tables
        }
        tables |= facts
    return tables


# Plain expectations


def visible_rows(world: World, viewer: Viewer, table: str) -> list[Row]:
    """Rows of a model's table that a viewer must find, no more and no fewer.

    `charges` and `recordings` hold what calls bring along; `contacts` is one row per project and phone. A contact
    hidden from two of her projects is one row of `statuses`.
    """
    if table in CLOSED[viewer.role]:
        return []
    seen = projection(world, viewer)
    known = Definitions(world.tables)
    rows = seen.get(table, [])
    calls = seen.get("calls", [])
    if table == "statuses":
        return list({(r["operator"], r["started_at"]): r for r in reversed(rows)}.values())[::-1]
    if table == "charges":
        own = [r for r in calls if r.get("cost") is not None]
        return rows + [_cost(r, known.project_of("calls", r)) for r in own]
    if table == "recordings":
        own = [r for r in calls if r.get("recording")]
        return rows + [_recording(r, known.project_of("calls", r)) for r in own]
    if table == "contacts":
        pairs = {(known.project_of(t, r), r["phone"]) for t in START for r in seen.get(t, []) if r.get("phone")}
        return [{"project": p, "phone": phone} for p, phone in sorted(pairs, key=lambda x: (x[0] or "", x[1]))]
    return rows


def _cost(call: Row, place: str | None) -> Row:
    money = {"amount": call["cost"], "currency": call.get("currency")}
    return {"kind": "telephony", "call": call["source_id"], "project": place, "at": call["started_at"], **money}


def _recording(call: Row, place: str | None) -> Row:
    file = {"url": call["recording"], "bytes": call.get("recording_bytes")}
    return {"call": call["source_id"], "project": place, "at": call["started_at"], **file}
