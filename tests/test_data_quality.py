"""Data quality: each check by hand, and every fault that the invented centre can have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import loaded
import okireports
from handmade import JUNE, NOON, OPERATORS, Row, by, call, columns, records, store
from okireports import invention
from okireports.access.definitions import DEFINITIONS
from okireports.access.oversight import OVERSIGHT
from okireports.faces import Center
from okireports.reports.company import data_quality

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
FACTS = ("calls", "statuses", "rings", "ivr_steps", "tasks", "dialogues", "requests", "ratings", "evaluations")
KINDS = {"BIGINT": "int64", "VARCHAR": "string", "TIMESTAMP": "timestamp(6)"}
Found = dict[str, tuple[int, int, str | None]]


def look(load_notes: list[Row] | None = None, imports: list[Row] | None = None, **rows: list[Row]) -> list[Row]:
    """The report over June; `charges` and `recordings` are open where there are some."""
    facts = [store(name, rows.get(name, ())) for name in (*FACTS, "speech_hits")]
    closed = [store(name, rows[name]) if name in rows else None for name in ("recordings", "charges")]
    brought = store("imports", imports or (), {c: KINDS[k] for c, k in DEFINITIONS["imports"].columns})
    told = store("load_notes", load_notes or (), {c: KINDS[k] for c, k in OVERSIGHT["load_notes"].columns})
    said = None if load_notes is None else told
    return records(data_quality(*facts, *closed, brought, OPERATORS, said, period=by(None)))


def found(**rows: Any) -> Found:
    """The checks in which something is wrong: rows, affected, example."""
    return {r["check"]: (r["rows"], r["affected"], r["example"]) for r in look(**rows) if r["affected"]}


def contact(n: int, outcome: str = "answered", **other: Any) -> Row:
    """A sound contact: it waits 10 s and talks for 50."""
    end = NOON + MINUTE if outcome == "answered" else NOON + 10 * SECOND
    talk = {"talk_ms": 50_000, "operator_id": 9} if outcome == "answered" else {}
    return call(outcome, call_id=n, source_id=f"c{n}", ended_at=end, contact_key=n, **talk) | other


def status(n: int, status: str, start: datetime, end: datetime | None, **other: Any) -> Row:
    """An interval of anna's."""
    return {
        "status_id": n,
        "project_id": 1,
        "operator_id": 9,
        "status": status,
        "started_at": start,
        "ended_at": end,
    } | other


def busy(n: int, **other: Any) -> Row:
    """The status Busy of a sound contact."""
    return status(n, "Busy", NOON + 10 * SECOND, NOON + MINUTE, call_id=n) | other


# By hand


def test_what_is_sound_is_told_with_what_was_looked_at() -> None:
    rows = look(calls=[contact(1), contact(2, "abandoned")], statuses=[busy(1)])
    assert list(rows[0]) == columns("check, rows, affected, share, example")
    told = {r["check"]: (r["rows"], r["affected"], r["share"], r["example"]) for r in rows}
    assert told["offered contacts that are in no figure"] == (2, 0, 0.0, None)
    assert told["handled contacts without a Busy status"] == (1, 0, 0.0, None)
    assert told["statuses without their call"] == (1, 0, 0.0, None)
    assert not [check for check, (n, affected, _, _) in told.items() if affected or not n]
    assert not [check for check in told if check.startswith(("tasks", "recordings", "noted"))]  # nothing to look at


def test_contacts_that_contradict_themselves() -> None:
    rows = [
        contact(1),
        contact(2, "no_answer"),  # though it stood in the queue
        contact(3, answered_at=None, talk_ms=None),  # answered, nobody knows when
        contact(4, operator_id=None),
        contact(5, queued_at=NOON - SECOND, wait_ms=11_000),
        contact(6, ended_at=NOON + 25 * HOUR),
        contact(7, wait_ms=12_000),
        contact(8, wait_ms=11_000, talk_ms=51_000),  # a second: sources round
        contact(9, hold_ms=1_001),
        contact(10, "other"),
        contact(11, mos=Decimal(0), sip_code=799),
        contact(12, mos=Decimal(9), sip_code=99),
        contact(13, mos=Decimal(5), sip_code=200),
        contact(14, contact_key=1),  # the same person at the same instant
        contact(15, project_id=0),
        contact(16, "other", started_at=JUNE[1], queued_at=JUNE[1]),  # of July
    ]
    looked = found(calls=rows)
    del looked["handled contacts without a Busy status"]
    assert looked == {
        "offered contacts that are in no figure": (15, 3, "c10"),
        "answered contacts without the time of the answer": (13, 1, "c3"),
        "handled contacts without an operator": (12, 1, "c4"),
        "contacts whose times are out of order": (15, 1, "c5"),
        "contacts of more than a day": (15, 1, "c6"),
        "waits that differ from their times": (15, 2, "c3"),  # of c3 the end of the call is not 10 s after it began
        "conversations longer than the call": (12, 1, "c9"),
        "outcomes that nobody knows": (15, 1, "c10"),
        "MOS off its scale": (3, 2, "c11"),
        "SIP codes off their scale": (3, 2, "c11"),
        "contacts that stand twice": (15, 1, "c14"),
        "calls of no project": (15, 1, "c15"),
    }


def test_statuses_against_time() -> None:
    rows = [
        status(1, "Ready", NOON, NOON + HOUR),
        status(2, "Away", NOON + HOUR, NOON + 2 * HOUR),  # after it nobody knows anything for a minute
        status(3, "Ready", NOON + 2 * HOUR + MINUTE, NOON + 3 * HOUR),  # after it she is at home
        status(4, "Ready", NOON + 20 * HOUR, None),
        status(5, "Ready", NOON, NOON + HOUR, operator_id=8),
        status(6, "Ready", NOON + HOUR, NOON + 2 * HOUR, operator_id=None),
        status(7, "Ready", NOON + 3 * HOUR, NOON + 4 * HOUR, operator_id=None),  # of whom nobody knows
    ]
    assert found(statuses=rows) == {
        "gaps between statuses": (4, 1, "anna 2025-06-02 13:00:00"),
        "statuses without an end": (7, 1, "anna 2025-06-03 08:00:00"),
    }


def test_a_gap_over_the_periods_end_is_seen() -> None:
    rows = [
        status(1, "Ready", JUNE[1] - HOUR, JUNE[1] - MINUTE),
        status(2, "Ready", JUNE[1] + MINUTE, JUNE[1] + HOUR),
        status(3, "Ready", JUNE[1] + 2 * HOUR, JUNE[1] + 3 * HOUR),
    ]
    assert found(statuses=rows) == {"gaps between statuses": (1, 1, "anna 2025-06-30 23:00:00")}


def test_calls_against_statuses() -> None:
    calls = [contact(n) for n in range(1, 6)] + [contact(6, by_robot=True), contact(7, "abandoned")]
    minute_late = NOON + 70 * SECOND
    statuses = [
        busy(1),
        busy(2, started_at=minute_late),  # a minute is borne
        busy(3, started_at=minute_late + SECOND / 1000, ended_at=NOON + HOUR),
        busy(4, operator_id=8),  # of somebody else
        busy(7, status="Waiting"),
        busy(30, call_id=3, started_at=NOON + HOUR, ended_at=NOON + 2 * HOUR),  # a second part of it
    ]
    looked = found(calls=calls, statuses=statuses)
    assert looked["handled contacts without a Busy status"] == (5, 2, "c4")
    assert looked["Busy that does not begin with the answer"] == (4, 1, "c3")


def test_rows_without_their_call() -> None:
    there = contact(1, started_at=NOON - 60 * DAY)
    long_ago = contact(2, started_at=JUNE[0] - 93 * DAY)
    of = [{"project_id": 1, "call_id": n, "operator_id": 9, "at": NOON, "source_id": f"s{n}"} for n in (1, 2, 3)]
    rings = [{"ring_id": n, "project_id": n - 1, "call_id": n, "operator_id": 8, "started_at": NOON} for n in (1, 3)]
    steps = [{"ivr_step_id": n, "project_id": 1, "call_id": n, "step_no": 1, "at": NOON} for n in (1, 3)]
    looked = found(
        calls=[there, long_ago],
        rings=rings,
        ivr_steps=steps,
        ratings=[r | {"rating_id": n} for n, r in enumerate(of)] + [of[0] | {"rating_id": 9, "call_id": None}],
        evaluations=[of[0] | {"evaluation_id": 1, "call_id": None, "dialogue_id": 5}],
        speech_hits=of[:1],
        recordings=of[2:],
        charges=[r | {"amount": Decimal(1), "currency": "PLN"} for r in of[1:]],
    )
    assert looked == {
        "rings without their call": (2, 1, "bob 2025-06-02 12:00:00"),
        "rings of no project": (2, 1, "bob 2025-06-02 12:00:00"),
        "ivr_steps without their call": (2, 1, "2025-06-02 12:00:00"),
        "ratings without their call": (3, 2, "s2"),
        "ratings of nothing": (4, 1, "s1"),
        "recordings without their call": (1, 1, "s3"),
        "charges without their call": (2, 2, "s2"),
    }


def test_tasks_dialogues_and_mixed_currencies() -> None:
    task = {"project_id": 1, "created_at": NOON, "dialer_id": 5, "import": "June"}
    tasks = [
        task | {"task_id": 1, "source_id": "t1"},
        task | {"task_id": 2, "source_id": "t2", "dialer_id": 6},  # an import of another dialer
        task | {"task_id": 3, "source_id": "t3", "import": "never"},
        task | {"task_id": 4, "source_id": "t4", "dialer_id": None},
        task | {"task_id": 5, "source_id": "t5", "import": None, "project_id": 0},
    ]
    talk = {"project_id": 1, "started_at": NOON}
    dialogues = [
        talk | {"dialogue_id": 1, "source_id": "d1", "first_reply_at": NOON, "closed_at": NOON},
        talk | {"dialogue_id": 2, "source_id": "d2", "first_reply_at": NOON - SECOND},
        talk | {"dialogue_id": 3, "source_id": "d3", "first_reply_at": NOON + HOUR, "closed_at": NOON + MINUTE},
    ]
    charge = {"project_id": 1, "kind": "telephony", "amount": Decimal(1), "at": NOON, "call_id": 1}
    charges = [
        charge | {"charge_id": n, "source_id": f"p{n}", "currency": c} for n, c in enumerate(("PLN", "EUR", "PLN"))
    ] + [charge | {"charge_id": 9, "source_id": "p9", "currency": "EUR", "call_id": 2}]
    looked = found(
        calls=[contact(1), contact(2)],
        tasks=tasks,
        dialogues=dialogues,
        charges=charges,
        imports=[{"import": "June", "dialer_id": 5}, {"import": "June", "dialer_id": 5}],
    )
    del looked["handled contacts without a Busy status"]
    assert looked == {
        "tasks of an unknown import": (4, 2, "t2"),
        "tasks of no project": (5, 1, "t5"),
        "dialogues whose times are out of order": (3, 2, "d2"),
        "calls with costs in several currencies": (2, 1, "p0"),
    }


def test_what_loads_refused_and_noted() -> None:
    def note(kind: str, words: str, rows: int, at: datetime = JUNE[1] + HOUR, example: str | None = None) -> Row:
        return {"at": at, "kind": kind, "words": words, "rows": rows, "example": example}

    notes = [
        note("loaded", "canonical", 60),
        note("loaded", "canonical", 40, JUNE[0]),
        note("loaded", "canonical", 9, JUNE[0] - SECOND),
        note("rejected", "calls: no id", 2, example="b.csv, line 2"),
        note("rejected", "calls: no id", 3, JUNE[0], example="a.csv, line 9"),
        note("noted", "late", 5),
        note("noted", "late", 7, JUNE[1] + DAY),
    ]
    assert found(load_notes=notes) == {
        "rejected: calls: no id": (100, 5, "a.csv, line 9"),
        "noted: late": (100, 5, None),
    }
    assert found(load_notes=[]) == {}


def test_contacts_that_come_late_are_counted_once(tmp_path: Path) -> None:
    center = loaded.centre(tmp_path / "centre")
    note = "calls that came after later ones of their project"

    def late(*rows: str) -> int:
        return loaded.load(center, {"calls": loaded.calls(*rows, columns="queue")}).notes.get(note, 0)

    assert late(loaded.call("a", "2025-06-02T10:00:00Z", "Acme sales")) == 0
    later, before = "2025-06-03T10:00:00Z", "2025-06-01T10:00:00Z"
    assert late(loaded.call("b", later, "Acme sales"), loaded.call("c", before, "Acme sales")) == 1
    assert late(loaded.call("c", before, "Acme sales", outcome="failed")) == 0  # said otherwise, not late
    assert late(loaded.call("d", before, "Bolt care")) == 0  # the first one of its project


# Every fault

FOUND = {  # fault: the check that finds it
    "duplicates": "noted: calls: repeated rows, each counted once",
    "conflicts": "rejected: calls: the same source_id stands in this load with different content",
    "backwards": "rejected: calls: it ends before it starts",
    "negative_durations": "noted: negative ring_s taken as not known",
    "unreadable": "rejected: calls: the value cannot be read",
    "unknown_words": "outcomes that nobody knows",
    "unknown_people": "noted: operator 'nobody' is not declared: calls rows without it",
    "unassigned": "calls of no project",
    "future": "rejected: calls: it starts more than a day after it is loaded",
    "orphans": "rings without their call",
    "wrong_scores": "rejected: ratings: a rating of the kind csat is 1 to 5",
    "overlaps": "noted: statuses that overlapped the operator's next one, cut at its start",
    "open_ends": "statuses without an end",
    "clock_skew": "Busy that does not begin with the answer",
    "late": "noted: calls that came after later ones of their project",
}
BESIDE = {  # what else they are seen by
    "contacts that stand twice": ("negative_durations", "unknown_words", "unknown_people"),  # which copy calls
    "offered contacts that are in no figure": ("unknown_words",),
    "noted: outcome 'teleported' is not known, taken as other": ("unknown_words",),
    "rings of no project": ("orphans",),
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """A small invented centre with every fault."""
    return okireports.demo(tmp_path_factory.mktemp("quality") / "centre", calls=1_000, faults=tuple(invention.FAULTS))


@pytest.fixture(scope="module")
def checks(faulty: Center) -> Iterator[dict[str, Row]]:
    """What its admin finds in June, by check."""
    frame = faulty.viewer("admin", reason="the month's close").report("data_quality", period="2026-06").frame
    yield {row["check"]: row for row in frame.to_dict("records")}


@pytest.mark.parametrize("fault", invention.FAULTS)
def test_every_fault_is_found(checks: dict[str, Row], fault: str) -> None:
    affected, planted = checks[FOUND[fault]]["affected"], invention.FAULTS[fault].rows
    if fault == "clock_skew":  # all calls of one day, whatever their number; the gap before is the seven minutes
        assert affected > 0 and checks["gaps between statuses"]["affected"] == 1
    elif fault == "late":  # but for those that are the newest of their project anyway
        assert planted - 6 <= affected <= planted
    else:
        assert affected == planted * (2 if fault == "conflicts" else 1)


def test_nothing_else_is_found(checks: dict[str, Row]) -> None:
    told = {check: row["affected"] for check, row in checks.items() if row["affected"]}
    for check, faults in BESIDE.items():
        assert told.pop(check) == sum(invention.FAULTS[fault].rows for fault in faults), check
    assert told.keys() == {*FOUND.values(), "gaps between statuses"}


def test_what_loads_counted_is_told_to_those_who_read_the_whole_log_alone(faulty: Center) -> None:
    frame = faulty.viewer("sara").report("data_quality", period="2026-06").frame
    assert not [check for check in frame["check"] if check.startswith(("noted", "rejected"))]
    assert frame.set_index("check")["affected"]["calls of no project"] == 0
    audited = faulty.viewer("audrey").report("data_quality", period="2026-06").frame.set_index("check")["affected"]
    assert audited[FOUND["backwards"]] == invention.FAULTS["backwards"].rows
    one = faulty.viewer("admin", reason="of one project").projects["project"][0]
    some = faulty.viewer("admin", reason="of one project").report("data_quality", period="2026-06", projects=[one])
    assert not [check for check in some.frame["check"] if check.startswith(("noted", "rejected"))]
