"""Transfers by hand: inside a project from contact to contact, between projects each its own side."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from handmade import JUNE, NOON, OPERATORS, PROJECTS, QUEUES, Row, by, call, columns, records, store
from okireports.reports.queues import transfers

PLACES = columns("from_project, from_queue, from_operator, to_project, to_queue, to_operator")
FIGURES = columns("transfers, share, answered_after, lost_after, extra_wait_s")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def report(*rows: Row, chosen: list[Row] | None = None) -> list[list[Any]]:
    """The report over these calls, or over those of them that a filter chose."""
    calls, every = store("calls", rows if chosen is None else chosen), store("calls", rows)
    found = records(transfers(calls, PROJECTS, QUEUES, OPERATORS, every, period=by(None)))
    assert all(list(r) == [*PLACES, *FIGURES] for r in found)
    return [list(r.values()) for r in found]


def test_transfers_by_hand() -> None:
    on = {"operator_id": 9, "transfer_to_call_id": 2}
    rows = [
        call(call_id=1, **on),
        call(call_id=3, **on),
        call("flow_out", 5.0, call_id=4, transfer_to_call_id=5),  # moved on by the system
        call(call_id=2, queue_id=2, operator_id=8, wait_s=12.0, started_at=NOON + MINUTE),
        call("voicemail", 40.0, call_id=5, queue_id=3, started_at=NOON + MINUTE),
        call(call_id=6, wait_s=3.0),  # went nowhere
    ]
    assert report(*rows) == [
        ["Acme", "Sales", "anna", "Acme", "Help", "bob", 2, 2 / 3, 2, 0, 12.0],
        ["Acme", "Sales", None, "Acme", "Care", None, 1, 1 / 3, 0, 1, 40.0],
    ]
    # A filter by the queue from which they went: where to is still known.
    assert report(*rows, chosen=rows[2:3]) == [["Acme", "Sales", None, "Acme", "Care", None, 1, 1.0, 0, 1, 40.0]]


def test_between_projects_each_knows_its_side() -> None:
    went = call(call_id=1, operator_id=9, went_to_other=True, wait_s=60.0)
    came = call("abandoned", 7.0, call_id=2, project_id=2, queue_id=2, came_from_other=True)
    assert report(went) == [["Acme", "Sales", "anna", "other project", None, None, 1, 1.0, None, None, None]]
    assert report(came) == [["other project", None, None, "Bolt", "Help", None, 1, 1.0, 0, 1, 7.0]]
    assert [r[6:8] for r in report(went, came)] == [[1, 0.5], [1, 0.5]]


def test_a_contact_that_came_and_went_on_is_two() -> None:
    rows = [
        call(call_id=1, came_from_other=True, transfer_to_call_id=2, wait_s=1.0),
        call(call_id=2, queue_id=2, wait_s=2.0, went_to_other=True),
    ]
    assert [r[:8] for r in report(*rows)] == [
        ["Acme", "Help", None, "other project", None, None, 1, 1 / 3],
        ["Acme", "Sales", None, "Acme", "Help", None, 1, 1 / 3],
        ["other project", None, None, "Acme", "Sales", None, 1, 1 / 3],
    ]


def test_the_next_contact_may_begin_after_the_period() -> None:
    last = call(call_id=1, started_at=JUNE[1] - MINUTE, transfer_to_call_id=2)
    after = call(call_id=2, queue_id=2, started_at=JUNE[1] + 2 * MINUTE, transfer_to_call_id=3)
    assert [r[4:] for r in report(last, after)] == [["Help", None, 1, 1.0, 1, 0, 10.0]]
    lost = call(call_id=2, queue_id=2, started_at=JUNE[1] + DAY)  # a day later it is not looked for
    assert [r[3:] for r in report(last, lost)] == [["Acme", None, None, 1, 1.0, 0, 0, None]]


def test_no_transfers_are_no_rows() -> None:
    assert report() == [] and report(call(call_id=1)) == []
