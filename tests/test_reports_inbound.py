"""Inbound statistics by hand: interactions at their first contact, first-time callers, both changes of the clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from handmade import JUNE, NOON, PROJECTS, Row, by, call, columns, records, store, times_read, types
from okireports.reports.calls import inbound_statistics

FIGURES = columns("inbound, accepted, missed, asr, duration_s, awt_s, talk_mean_s, first_time")
MINUTE, MS, YEAR = timedelta(minutes=1), timedelta(milliseconds=1), timedelta(days=365)


def contact(n: int, outcome: str = "answered", start: datetime = NOON, lasts: timedelta = MINUTE, **other: Any) -> Row:
    """A contact that is an interaction of its own unless it says of which it is one."""
    own = {"call_id": n, "interaction_id": n, "started_at": start, "queued_at": start, "ended_at": start + lasts}
    return call(outcome, 10.0, **(own | other))


def report(
    *rows: Row, bucket: str | None = None, start: datetime = JUNE[0], end: datetime = JUNE[1], **per: Any
) -> Any:
    """The report over these calls."""
    period, buckets = by(None, start, end), by(bucket, start, end)
    calls = store("calls", rows)
    return records(inbound_statistics(calls, PROJECTS, calls, period=period, by=buckets, **per))


def test_inbound_by_hand() -> None:
    later = NOON + 2 * MINUTE
    rows = [
        contact(1, "flow_out", wait_ms=40_000, interaction_id=5, talk_ms=7_000),  # moved on, then answered
        contact(2, start=later, interaction_id=5, talk_ms=60_000, lasts=3 * MINUTE),
        contact(3, by_robot=True, queued_at=None, wait_ms=None, talk_ms=20_000),  # accepted by a robot
        contact(4, "abandoned", wait_ms=25_500),
        contact(6, "left_in_scenario", queued_at=None, wait_ms=None),
        contact(7, direction="outbound", talk_ms=99_000),
        contact(8, direction="internal"),
        contact(9, project_id=2, talk_ms=None),
    ]
    acme, bolt = report(*rows)
    assert list(acme) == ["project", *FIGURES]
    # 5: 5 minutes from the first start to the last end; 3, 4 and 6: one each. Waits of 40, 10 and 25.5 s.
    assert list(acme.values()) == ["Acme", 4, 2, 2, 0.5, 120.0, pytest.approx(75.5 / 3), 40.0, 0]
    assert list(bolt.values()) == ["Bolt", 1, 1, 0, 1.0, 60.0, 10.0, None, 0]


def test_the_vendors_example() -> None:
    rows = [contact(n, "answered" if n < 800 else "abandoned") for n in range(900)]
    (row,) = report(*rows)
    assert (row["inbound"], row["accepted"], row["missed"], round(row["asr"], 4)) == (900, 800, 100, 0.8889)


def test_an_interaction_stands_at_its_first_contact() -> None:
    midnight = datetime(2025, 6, 2, 22)
    rows = [
        contact(2, start=midnight, interaction_id=5, lasts=MINUTE, talk_ms=30_000),
        contact(1, "flow_out", start=midnight - MINUTE, interaction_id=5, lasts=MINUTE, wait_ms=50_000),
    ]
    first, second = report(*rows, bucket="day")
    assert list(first.values()) == ["Acme", date(2025, 6, 2), 1, 1, 0, 1.0, 120.0, 50.0, None, 0]
    assert list(second.values()) == ["Acme", date(2025, 6, 3), 0, 0, 0, None, None, 10.0, 30.0, 0]
    (late,) = report(*rows, start=midnight)  # what began before the period is not part of it
    assert (late["inbound"], late["duration_s"]) == (1, 60.0)


def test_first_time_callers() -> None:
    person = 70
    pairs: list[tuple[dict[str, Any], int]] = [  # an earlier contact, and how many of the two are first-time
        ({"start": NOON - YEAR - MS}, 1),
        ({"start": NOON - YEAR}, 0),
        ({"start": NOON - YEAR, "direction": "outbound", "outcome": "no_answer"}, 0),
        ({"start": NOON - YEAR, "contact_key": 1}, 1),
        ({"start": NOON - YEAR, "project_id": 2}, 1),
        ({"start": NOON}, 2),  # at one instant neither is before the other
        ({"start": NOON - MS}, 1),
    ]
    for earlier, expected in pairs:
        rows = [contact(1, contact_key=person), contact(2, **({"contact_key": person} | earlier))]
        assert report(*rows)[0]["first_time"] == expected, earlier
    assert report(contact(1, contact_key=None))[0]["first_time"] == 0


def test_after_a_year_one_is_new_again_also_within_a_long_period() -> None:
    days = (0, 0, 365, 366 + 365, 800)  # of the first two, at one instant, neither is before the other
    rows = [contact(n, contact_key=7, start=JUNE[0] + timedelta(days=d)) for n, d in enumerate(days)]
    (row,) = report(*rows, end=JUNE[0] + timedelta(days=1000))
    assert row["first_time"] == 3


def test_by_line() -> None:
    lines = {"line": "+48220000100"}, {"line": "+48220000099"}, {"line": None}
    rows = [contact(n, line=given["line"], project_id=1 + n % 2) for n, given in enumerate((*lines, lines[0]))]
    found = report(*rows, per="line")
    assert [list(r.values())[:2] for r in found] == [["+48220000099", 1], ["+48220000100", 2], [None, 1]]
    by_day = report(*rows, per="line", bucket="day")
    assert list(by_day[0]) == ["line", "interval", *FIGURES]


def test_an_interaction_on_two_lines_is_one_of_each() -> None:
    rows = [contact(1, line="+48220000100", interaction_id=5), contact(2, line="+48220000101", interaction_id=5)]
    assert [r["inbound"] for r in report(*rows, per="line")] == [1, 1]
    assert [r["inbound"] for r in report(*rows)] == [1]


@pytest.mark.parametrize(
    ("day", "first", "last"),  # 25 hours, then 23: its first and its last millisecond in UTC
    [
        (date(2025, 10, 26), datetime(2025, 10, 25, 22), datetime(2025, 10, 26, 22, 59, 59, 999000)),
        (date(2025, 3, 30), datetime(2025, 3, 29, 23), datetime(2025, 3, 30, 21, 59, 59, 999000)),
    ],
)
def test_days_on_which_the_clock_changes(day: date, first: datetime, last: datetime) -> None:
    rows = [contact(n, start=at) for n, at in enumerate((first - MS, first, last, last + MS))]
    found = report(*rows, bucket="day", start=first - timedelta(days=3), end=last + timedelta(days=3))
    assert [(r["interval"], r["inbound"]) for r in found] == [
        (day - timedelta(days=1), 1),
        (day, 2),
        (day + timedelta(days=1), 1),
    ]


def test_inbound_without_rows() -> None:
    frame = inbound_statistics(store("calls"), PROJECTS, store("calls"), period=by(None), by=by("day"))
    kinds = types(frame)
    assert list(kinds) == ["project", "interval", *FIGURES] and records(frame) == []
    assert list(kinds.values()) == ["string", "date32[day]", *["int64"] * 3, *["double"] * 4, "int64"]
    read = times_read(inbound_statistics, "calls", "projects", "calls", period=by(None), by=by("day"))
    # The period's contacts, and who called first in it; of these, who called before it: who they are is read for that.
    # And the contacts of interactions: to group them once more is less than to put them in order, or to keep them.
    assert read == {"calls": 5, "projects": 1}
