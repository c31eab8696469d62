"""The operators' days of an invented centre: timelines with and without gaps, contacts of every project, shifts."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from projection import Row, Tables
from world_centre import NOBODY, Centre
from world_facts import seconds

PARTS = (
    ("Waiting", "Busy", "PCP"),
    ("Waiting", "Busy"),
    ("Busy", "PCP"),
    ("Busy",),
    ("Waiting",),
    ("PCP",),
    ("Busy", "Busy"),
)
LENGTHS = (0.5, 1.5, 12, 60, 333.333, 1800, 5400)


def statuses(centre: Centre, tables: Tables) -> list[Row]:
    """All operators' statuses; files are not sorted by operator or time."""
    calls: dict[str, list[str]] = {}
    for row in tables["calls"]:
        home = centre.known.project_of("calls", row)
        calls.setdefault(home or NOBODY, []).append(row["source_id"])
    rows = [row for operator in centre.operators for row in _timeline(centre, operator, calls)]
    centre.rng("order of statuses").shuffle(rows)
    return rows


def _timeline(centre: Centre, operator: str, calls: dict[str, list[str]]) -> list[Row]:
    rows: list[Row] = []
    start = centre.rng(f"start {operator}").choice(
        (centre.start - timedelta(hours=1), centre.start + timedelta(hours=7), centre.change - timedelta(minutes=50))
    )
    at = start
    for i in range(centre.shape.blocks):
        rng = centre.rng(f"status {operator} {i}")
        if i and rng.random() < 0.3:
            at += seconds(rng.choice((0.001, 45, 600)))
        block = (
            _presence(centre, rng, operator, i, at)
            if rng.random() < 0.35
            else _contact(centre, rng, operator, i, at, calls)
        )
        at = block[-1]["ended_at"]
        _blur(rng, block[-1])
        rows += block
    return rows


def _blur(rng: Random, last: Row) -> None:
    """What a source may do: leave the end out, or let it lie beyond the next start."""
    chance = rng.random()
    if chance < 0.25:
        last["ended_at"] = None
    elif chance < 0.4:
        last["ended_at"] += seconds(30)


def _presence(centre: Centre, rng: Random, operator: str, i: int, at: datetime) -> list[Row]:
    status = rng.choice(("Ready", "Ready", "Away", "Offline"))
    homes = [x for x in centre.letters if centre.name(x) in centre.known.projects_of(operator, at)]
    mark = f"CANARY-{''.join(homes) or NOBODY}-{operator[-2:]}b{i}"
    said = (
        {"reason": rng.choice(("lunch", f"break {mark}")), "comment": f"back soon {mark}"} if status == "Away" else {}
    )
    return [{"operator": operator, "status": status, "started_at": at, "ended_at": at + _length(rng)} | said]


def _contact(
    centre: Centre, rng: Random, operator: str, i: int, at: datetime, calls: dict[str, list[str]]
) -> list[Row]:
    letter = rng.choice((*centre.letters, *centre.letters, NOBODY))
    rows: list[Row] = []
    end = at
    for status in rng.choice(PARTS):
        start, end = end, end + _length(rng)
        comment = f"wrote CANARY-{letter}-{operator[-2:]}w{i}" if rng.random() < 0.5 else None
        rows.append({"operator": operator, "status": status, "started_at": start, "ended_at": end, "comment": comment})
    place = _place(centre, rng, letter, [r["started_at"] for r in rows], calls)
    return [row | place for row in rows]


def _length(rng: Random) -> timedelta:
    return seconds(rng.choice(LENGTHS))


def _place(centre: Centre, rng: Random, letter: str, starts: list[datetime], calls: dict[str, list[str]]) -> Row:
    """What tells the contact's project, the same for its whole length (a queue that moves meanwhile is not asked)."""
    home = NOBODY if letter == NOBODY else centre.name(letter)
    queues, forms = centre.owned("queue", letter, *starts), centre.owned("crm_form", letter, *starts)
    ways: list[Row] = [{"queue": queue} for queue in queues] + [{"form": form} for form in forms]
    if calls.get(home):
        ways.append({"call": rng.choice(calls[home])})
        ways.append(rng.choice(ways[:-1] or [{}]) | {"call": rng.choice(calls[home])})
    ways.append({} if letter == NOBODY else {"project": home})
    return rng.choice(ways)


def shifts(centre: Centre) -> list[Row]:
    """Planned work: most of the operator's projects, some of one project."""
    rows = []
    for operator in centre.operators:
        rng = centre.rng(f"shift {operator}")
        for day in range(2):
            starts = centre.start + timedelta(hours=24 * day + rng.choice((0, 7, 22)))
            letter = rng.choice((None, None, rng.choice(centre.letters)))
            row: Row = {
                "source_id": f"CANARY-{letter or NOBODY}-{operator[-2:]}d{day}",
                "operator": operator,
                "activity": rng.choice(("work", "training")),
                "starts_at": starts,
                "ends_at": starts + timedelta(hours=8),
                "paid": rng.random() < 0.8,
            }
            rows.append(row | ({"project": centre.name(letter)} if letter else {}))
    return rows
