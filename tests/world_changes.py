"""Changes that a viewer must not notice: hidden rows dropped, altered, multiplied, moved; what she may know stays.

A change is tried, the projection is taken again, and only a change that left it as it was is kept. So nothing here
has to know the rules; `projection` does.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from datetime import timedelta
from decimal import Decimal
from random import Random

from projection import ACTIVITY, CLOSED, PRESENCE, START, Row, Tables, cut, project, same_rows

Change = Callable[[Random, Tables, int], None]

REDRAWN = {
    "outcome": ("answered", "abandoned", "voicemail", "busy"),
    "status": (*sorted(ACTIVITY), *sorted(PRESENCE)),
    "direction": ("inbound", "outbound"),
    "sip_code": (200, 404, 503),
    "currency": ("PLN", "EUR", "USD"),
    "by_robot": (True, False, None),
    "state": ("open", "done"),
    "kind": (),
    "unit": (),
    "channel": (),
    "input_kind": (),
    "ended_by": ("customer", "system"),
    "masked": (),
    "step_no": (),
}


def changed(tables: Tables, scope: Set[str] | None, role: str, rng: Random, changes: int = 12) -> Tables:
    """Other tables with the same definitions and the same projection."""
    closed = CLOSED[role]
    wanted = project(tables, scope, closed)
    for n in range(changes):
        candidate = {name: [dict(r) for r in rows] for name, rows in tables.items()}
        rng.choice(CHANGES)(rng, candidate, n)
        if loadable(candidate) and same_rows(project(candidate, scope, closed), wanted):
            tables = candidate
    return tables


def loadable(tables: Tables) -> bool:
    """No id twice, and no two contacts of one interaction that start together (their order would be anyone's guess)."""
    keys = {"statuses": ("operator", "started_at"), "ivr_steps": ("call", "step_no")}
    keys["rings"] = ("call", "operator", "started_at")
    for name in START:
        rows = [tuple(r[k] for k in keys.get(name, ("source_id",))) for r in tables.get(name, [])]
        if len(set(rows)) < len(rows):
            return False
    contacts = [(r.get("interaction") or r["source_id"], r["started_at"]) for r in tables.get("calls", [])]
    return len(set(contacts)) == len(contacts)


def _table(rng: Random, tables: Tables) -> str:
    names = [t for t in START if tables.get(t)]
    return rng.choice([*names, *(t for t in ("calls", "calls", "statuses", "statuses") if t in names)]) if names else ""


def _drop(rng: Random, tables: Tables, n: int) -> None:
    if name := _table(rng, tables):
        tables[name].pop(rng.randrange(len(tables[name])))


def _drop_many(rng: Random, tables: Tables, n: int) -> None:
    """All the rows of one table that name a project's letter in their id, or have one operator."""
    if not (name := _table(rng, tables)):
        return
    one = rng.choice(tables[name])
    if "source_id" in one:
        letters = one["source_id"].split("-")[1]
        tables[name] = [r for r in tables[name] if r["source_id"].split("-")[1] != letters]
    else:
        tables[name] = [r for r in tables[name] if r.get("operator") != one.get("operator")]


def _alter(rng: Random, tables: Tables, n: int) -> None:
    """Other values in a few columns of one row."""
    if not (name := _table(rng, tables)):
        return
    row = rng.choice(tables[name])
    for column in rng.sample(sorted(row), k=min(4, len(row))):
        if column not in ("source_id", "call", "request", "dialogue", "task", "project", START[name]):
            row[column] = _other(rng, tables, column, row[column], n)


def _other(rng: Random, tables: Tables, column: str, value: object, n: int) -> object:
    if column in REDRAWN:
        return rng.choice(REDRAWN[column] or (value,))
    if column in ("operator", "evaluator"):
        return rng.choice([r["login"] for r in tables["users"]])
    if column in ("queue", "dialer", "scenario", "form", "provider"):
        return value
    if column == "phone":
        return f"+48220007{rng.randrange(1000):03}"
    if isinstance(value, str):
        return f"altered CANARY-0-z{n}"
    if isinstance(value, Decimal):
        return value + 1
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value + 1
    return value


def _multiply(rng: Random, tables: Tables, n: int) -> None:
    """Copies of one row under new ids, a little later."""
    name = _table(rng, tables)
    if not name or "source_id" not in tables[name][0]:
        return
    one = rng.choice(tables[name])
    for copy in range(rng.randint(1, 3)):
        row = _later(one, timedelta(milliseconds=copy))
        row["source_id"] = f"{one['source_id']}z{n}x{copy}"
        tables[name].insert(rng.randrange(len(tables[name]) + 1), row)


def _shift(rng: Random, tables: Tables, n: int) -> None:
    """One row earlier or later."""
    if name := _table(rng, tables):
        i = rng.randrange(len(tables[name]))
        tables[name][i] = _later(tables[name][i], timedelta(seconds=rng.choice((-7200, -1, 1, 90, 40_000))))


def _later(row: Row, by: timedelta) -> Row:
    return {k: v + by if hasattr(v, "tzinfo") else v for k, v in row.items()}


def _reshape(rng: Random, tables: Tables, n: int) -> None:
    """One operator's touching Waiting, Busy and PCP rows of one place cut elsewhere, bounds kept."""
    if not tables.get("statuses"):
        return
    operator = rng.choice(tables["statuses"])["operator"]
    timeline = cut([r for r in tables["statuses"] if r["operator"] == operator])
    first = rng.randrange(len(timeline))
    run = [timeline[first]]
    for row in timeline[first + 1 :]:
        if row["status"] not in ACTIVITY or row["started_at"] != run[-1].get("ended_at"):
            break
        run.append(row)
    run = run[: rng.randint(1, 3)]
    start, end = run[0]["started_at"], run[-1].get("ended_at")
    if run[0]["status"] not in ACTIVITY or end is None or end - start < timedelta(milliseconds=4):
        return
    borders = [start, *sorted(start + (end - start) * k // 4 for k in rng.sample((1, 2, 3), k=rng.randint(0, 2))), end]
    borders = [b.replace(microsecond=b.microsecond // 1000 * 1000) for b in borders]
    parts = {1: ("Busy",), 2: ("Busy", "PCP"), 3: ("Waiting", "Busy", "PCP")}[len(borders) - 1]
    said = {"comment": f"reshaped CANARY-0-z{n}"}
    shape = [
        run[0] | said | {"status": part, "started_at": since, "ended_at": until}
        for part, since, until in zip(parts, borders[:-1], borders[1:], strict=True)
    ]
    gone = {r["started_at"] for r in run}
    kept = [r for r in tables["statuses"] if r["operator"] != operator or r["started_at"] not in gone]
    tables["statuses"] = kept + shape


def _swap_place(rng: Random, tables: Tables, n: int) -> None:
    """One row (of statuses: all that have the same place) under another project, queue or form."""
    if not (name := _table(rng, tables)):
        return
    places = ("queue", "form", "project", "call")
    one, other = rng.choice(tables[name]), rng.choice(tables[name])
    rows = [r for r in tables[name] if name == "statuses" and all(r.get(p) == one.get(p) for p in places)] or [one]
    for row in rows:
        for place in places:
            if place in other or place in row:
                row[place] = other.get(place)


CHANGES: tuple[Change, ...] = (_drop, _drop_many, _alter, _alter, _multiply, _shift, _reshape, _reshape, _swap_place)
