"""Lost calls by hand: who was called back, by whom, how soon."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from handmade import JUNE, NOON, OPERATORS, PROJECTS, QUEUES, Row, by, call, columns, records, store, types
from okireports.reports.calls import lost_calls

COLUMNS = columns(
    "call, started_at, project, queue, outcome, wait_s, contact_key, phone, called_back_at, called_back_by, "
    "time_to_callback_s, reached"
)
HOUR, DAY, MS = timedelta(hours=1), timedelta(hours=24), timedelta(milliseconds=1)


def lost(n: int, outcome: str = "abandoned", start: datetime = NOON, **other: Any) -> Row:
    """A lost contact of the person 77 that ends after 30 s."""
    own = {"call_id": n, "source_id": f"l-{n}", "contact_key": 77, "started_at": start, "queued_at": start}
    own |= {"ended_at": start + timedelta(seconds=30)}
    return call(outcome, 12.5, **(own | other))


def back(n: int, start: datetime, answered: bool = True, **other: Any) -> Row:
    """A call to the person 77, by anna."""
    own = {"project_id": 1, "call_id": n, "source_id": f"o-{n}", "direction": "outbound", "contact_key": 77}
    own |= {"operator_id": 9, "started_at": start, "ended_at": start + HOUR, "answered_at": start if answered else None}
    return own | {"outcome": "answered" if answered else "no_answer"} | other


def report(*rows: Row, contacts: list[Row] | None = None, **options: Any) -> list[Row]:
    """The report over these calls."""
    opened = None if contacts is None else store("contacts", contacts)
    given = {"period": by(None), "callback_hours": 24} | options
    calls = store("calls", rows)
    return records(lost_calls(calls, PROJECTS, QUEUES, OPERATORS, calls, opened, **given))


def test_a_callback_by_hand() -> None:
    numbers = [
        {"project_id": 1, "contact_key": 77, "phone": "+48220000101"},
        {"project_id": 2, "contact_key": 77, "phone": "+48220000102"},  # the same key in another project
    ]
    (row,) = report(lost(1, "callback_requested"), back(9, NOON + HOUR), contacts=numbers)
    assert list(row) == COLUMNS
    assert list(row.values()) == [
        *("l-1", NOON, "Acme", "Sales", "callback_requested", 12.5, 77, "+48220000101"),
        *(NOON + HOUR, "anna", 3570.0, True),
    ]
    assert list(report(lost(1))[0]) == [c for c in COLUMNS if c != "phone"]  # without the right


def test_what_is_no_callback() -> None:
    later = NOON + HOUR
    calls = [
        lost(1),
        back(2, NOON + timedelta(seconds=29)),  # before it was over
        back(3, later, project_id=2),
        back(4, later, contact_key=78),
        back(5, later, direction="inbound"),
        back(6, later, direction="internal"),
        back(7, NOON + timedelta(seconds=30) + DAY + MS),  # too late
        lost(8, contact_key=None),
        back(9, later, contact_key=None),  # an unknown person is nobody's callback
    ]
    assert [(r["call"], r["called_back_at"], r["reached"]) for r in report(*calls)] == [
        ("l-1", None, None),
        ("l-8", None, None),
    ]


def test_the_centre_says_how_long_a_callback_may_take() -> None:
    calls = [lost(1), back(2, NOON + timedelta(seconds=30) + 2 * HOUR)]
    assert report(*calls, callback_hours=2)[0]["called_back_at"] == NOON + timedelta(seconds=30) + 2 * HOUR
    assert report(*calls, callback_hours=1)[0]["called_back_at"] is None


def test_the_next_call_counts_be_it_answered_or_not() -> None:
    ends = NOON + timedelta(seconds=30)
    missed = back(4, ends, answered=False, operator_id=8)
    (row,) = report(lost(1), back(3, ends + HOUR), missed, back(5, ends))
    assert (row["called_back_at"], row["called_back_by"], row["time_to_callback_s"]) == (ends, "bob", 0.0)
    assert row["reached"] is False  # of two at one instant the smaller id
    (row,) = report(lost(1), back(3, ends + DAY, operator_id=None))
    assert (row["time_to_callback_s"], row["called_back_by"], row["reached"]) == (86_400.0, None, True)


def test_one_call_may_answer_several_lost_ones() -> None:
    found = report(lost(1), lost(2, "voicemail", NOON + timedelta(minutes=10)), back(3, NOON + HOUR))
    assert [(r["call"], r["time_to_callback_s"]) for r in found] == [("l-2", 2970.0), ("l-1", 3570.0)]


def test_what_is_lost() -> None:
    rows = [lost(n, outcome) for n, outcome in enumerate(("abandoned", "callback_requested", "voicemail"))]
    others = ("answered", "flow_out", "failed", "refused", "closed", "left_in_scenario", "no_answer", "dropped")
    rows += [lost(10 + n, outcome) for n, outcome in enumerate(others)] + [lost(30, queued_at=None)]
    assert [r["call"] for r in report(*rows)] == ["l-0", "l-1", "l-2"]


def test_a_page_is_a_part_of_the_log() -> None:
    calls = [lost(n, start=NOON + n * HOUR) for n in range(5)]
    ends = [NOON + n * HOUR + timedelta(seconds=30) for n in range(5)]
    calls += [back(10 + n, end, contact_key=77 + n) for n, end in enumerate(ends)]  # at once
    calls = [call | {"contact_key": 77 + call["call_id"] % 10} for call in calls]
    whole = report(*calls)
    assert [r["time_to_callback_s"] for r in whole] == [0.0] * 5
    for limit in (1, 2, 3):
        for offset in range(5):
            assert report(*calls, limit=limit, offset=offset) == whole[offset : offset + limit]


def test_newest_first_in_pages_with_callbacks_from_after_the_period() -> None:
    start, end = JUNE
    rows = [lost(1, start=start), lost(2, start=end - MS), lost(3, start=end), lost(4, start=start - MS)]
    rows += [lost(6, start=NOON), lost(5, start=NOON), lost(7, start=NOON, project_id=2), lost(8, project_id=0)]
    calls = [*rows, back(20, end + HOUR)]
    names = ["l-2", "l-8", "l-5", "l-6", "l-7", "l-1"]
    assert [r["call"] for r in report(*calls)] == names
    assert [r["call"] for r in report(*calls, limit=2, offset=1)] == names[1:3]
    assert [r["call"] for r in report(*calls, offset=4)] == names[4:]
    assert report(*calls, limit=1)[0]["called_back_at"] == end + HOUR


def test_lost_calls_without_rows() -> None:
    calls, contacts, given = store("calls"), store("contacts"), {"period": by(None), "callback_hours": 24}
    frame = lost_calls(calls, PROJECTS, QUEUES, OPERATORS, calls, contacts, **given)
    kinds = types(frame)
    assert list(kinds) == COLUMNS and records(frame) == []
    expected = {"contact_key": "int64", "called_back_at": "timestamp[us]", "reached": "bool"}
    assert {c: kinds[c] for c in expected} == expected
