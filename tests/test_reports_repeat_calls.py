"""Repeat calls and first contact resolution by hand: the window, its borders, transfers, what is still open."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from handmade import JUNE, NOON, PROJECTS, QUEUES, Row, by, call, columns, records, store
from okireports.reports.queues import repeat_calls

FIGURES = columns("contacts, unknown, repeats, repeat_rate, first_contacts, undecided, resolved, fcr")
DAY, MS, WEEK = timedelta(days=1), timedelta(milliseconds=1), timedelta(days=7)
LATER = datetime(2025, 12, 1)
ANNE, BEN = 77, 78


def contact(n: int, start: datetime = NOON, who: int | None = ANNE, **other: Any) -> Row:
    """An inbound contact that is an interaction of its own unless it says of which it is one."""
    own = {"call_id": n, "interaction_id": n, "contact_key": who, "started_at": start, "queued_at": start}
    return call(**(own | other))


def report(*rows: Row, word: str | None = None, days: int = 7, now: datetime = LATER) -> list[Row]:
    """The report over these calls."""
    calls = store("calls", rows)
    asked = {"period": by(None), "by": by(word), "repeat_days": days, "now": now}
    return records(repeat_calls(calls, PROJECTS, QUEUES, calls, **asked))


def figures(*rows: Row, **asked: Any) -> tuple[int, int, int]:
    """Of one queue: repeats, first contacts, resolved."""
    (row,) = report(*rows, **asked)
    return row["repeats"], row["first_contacts"], row["resolved"]


def test_repeat_calls_by_hand() -> None:
    rows = [
        contact(1),
        contact(2, NOON + DAY, queue_id=2),  # Anne again, in another queue
        contact(3, NOON + 3 * DAY),  # and again
        contact(4, who=BEN),
        contact(5, who=None),
        contact(6, NOON + DAY, who=BEN, direction="outbound"),  # we call him: no call of his
        contact(7, NOON + DAY, who=BEN, project_id=2),  # another project's customer
    ]
    sales, help_, bolt = ([r.values() for r in report(*rows)][i] for i in (1, 0, 2))
    assert list(help_) == ["Acme", "Help", 1, 0, 1, 1.0, 0, 0, 0, None]
    # First contacts are Anne's, who called again, and Ben's.
    assert list(sales) == ["Acme", "Sales", 4, 1, 1, 0.25, 2, 0, 1, 0.5]
    assert list(bolt) == ["Bolt", "Sales", 1, 0, 0, 0.0, 1, 0, 1, 1.0]
    assert [r["interval"].day for r in report(*rows, word="day")] == [3, 2, 5, 3]
    assert list(report(*rows)[0]) == ["project", "queue", *FIGURES]


def test_the_window_has_both_its_ends() -> None:
    first = contact(1)
    assert figures(first, contact(2, NOON + WEEK)) == (1, 1, 0)
    assert figures(first, contact(2, NOON + WEEK + MS)) == (0, 2, 2)
    assert figures(first, contact(2, NOON + DAY), days=1) == (1, 1, 0)
    assert figures(first, contact(2)) == (0, 2, 2)  # at one instant neither is the other's repeat
    assert figures(first, contact(2, NOON + MS), days=0) == (0, 2, 2)


def test_a_transfer_is_no_repeat() -> None:
    rows = [contact(1), contact(2, NOON + MS, interaction_id=1), contact(3, NOON + 2 * MS, interaction_id=1)]
    assert figures(*rows) == (0, 3, 3)
    assert figures(*rows, contact(4, NOON + DAY)) == (1, 3, 0)


def test_what_lies_beside_the_period_counts_as_before_and_after() -> None:
    first, last = contact(2, JUNE[0]), contact(3, JUNE[1] - MS)
    assert figures(contact(1, JUNE[0] - WEEK), first, last, contact(4, JUNE[1] - MS + WEEK)) == (1, 1, 0)
    assert figures(contact(1, JUNE[0] - WEEK - MS), first, last, contact(4, JUNE[1] + WEEK)) == (0, 2, 2)


@pytest.mark.parametrize(("now", "undecided"), [(NOON + WEEK - MS, 1), (NOON + WEEK, 0)])
def test_who_may_still_call_is_undecided(now: datetime, undecided: int) -> None:
    (row,) = report(contact(1), contact(2, NOON - DAY, who=BEN), now=now)
    assert (row["undecided"], row["resolved"], row["fcr"]) == (undecided, 2 - undecided, 1.0)
    (alone,) = report(contact(1), contact(2, NOON + DAY), now=NOON + 2 * DAY)
    # That the first one is not resolved is known already; but of those who call once nothing is, so it waits with them.
    assert (alone["first_contacts"], alone["undecided"], alone["fcr"]) == (1, 1, None)


def test_nobody_is_a_row_of_nothing() -> None:
    (row,) = report(contact(1, who=None), contact(2, NOON + DAY, who=None))
    assert [row[f] for f in FIGURES] == [2, 2, 0, 0.0, 0, 0, 0, None]
    assert report() == []
