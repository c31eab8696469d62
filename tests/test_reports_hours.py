"""When customers call and how long they wait, by hand; hours are those of the clock on the wall."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from handmade import NOON, Row, by, call, records, store, times_read, types
from okireports.reports.queues import calls_by_hour, wait_distribution

HOURS = ["weekday", "hour", "days", "offered", "answered", "answered_in_time", "service_level", "offered_per_day"]
BINS = [0, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 240, 300, 600]


def at(*instants: datetime, **other: Any) -> list[Row]:
    """Contacts that start at these instants (UTC)."""
    return [call(started_at=instant, queued_at=instant, **other) for instant in instants]


def hours(rows: list[Row], start: datetime, end: datetime, zone: str = "Europe/Warsaw") -> list[tuple[Any, ...]]:
    """The report, a tuple for each row."""
    frame = calls_by_hour(store("calls", rows), period=by(None, start, end, zone), formula="short")
    return [tuple(r.values()) for r in records(frame)]


# ---- calls by hour ---------------------------------------------------------------------------------------------------
def test_hours_by_hand() -> None:
    rows = [
        *at(NOON, NOON + timedelta(minutes=59, seconds=59)),  # Monday 2 June, 12 in Warsaw
        *at(NOON + timedelta(days=7), wait_s=30.0),
        *[call("abandoned", 2.0), call("refused", None), call(queued_at=None)],
        *at(NOON + timedelta(hours=1)),
        *at(datetime(2025, 6, 1, 22), datetime(2025, 6, 29, 21, 59, 59)),  # Monday 00:00; Sunday 23:59:59
        *at(datetime(2025, 5, 31, 21, 59, 59, 999000), datetime(2025, 6, 30, 22)),  # outside of June
    ]
    frame = calls_by_hour(store("calls", rows), period=by(None), formula="short")
    assert list(frame.columns) == HOURS
    assert [tuple(r.values()) for r in records(frame)] == [
        (1, 0, 5, 1, 1, 1, 1.0, 0.2),  # June 2025 has five Mondays
        (1, 12, 5, 4, 3, 2, 2 / 3, 0.8),
        (1, 13, 5, 1, 1, 1, 1.0, 0.2),
        (7, 23, 5, 1, 1, 1, 1.0, 0.2),
    ]


def test_an_hour_that_comes_twice_is_one_hour_of_one_day() -> None:
    twice = [datetime(2025, 10, 26, 0, 30), datetime(2025, 10, 26, 1, 30)]  # 02:30 before and after the change
    later = [datetime(2025, 11, 2, 1, 30)]
    sunday = hours(at(*twice), datetime(2025, 10, 25, 22), datetime(2025, 10, 26, 23))
    assert sunday == [(7, 2, 1, 2, 2, 2, 1.0, 2.0)]
    fortnight = hours(at(*twice, *later), datetime(2025, 10, 19, 22), datetime(2025, 11, 2, 23))
    assert fortnight == [(7, 2, 2, 3, 3, 3, 1.0, 1.5)]


def test_an_hour_that_is_skipped_is_no_hour_of_that_day() -> None:
    rows = at(datetime(2025, 3, 30, 0, 59, 59), datetime(2025, 3, 30, 1), datetime(2025, 4, 6, 0, 15))
    found = hours(rows, datetime(2025, 3, 23, 23), datetime(2025, 4, 6, 22))
    assert [r[:4] for r in found] == [(7, 1, 2, 1), (7, 2, 1, 1), (7, 3, 2, 1)]


def test_an_hour_counts_where_the_period_has_a_part_of_it() -> None:
    start, end = datetime(2025, 6, 2, 10, 50), datetime(2025, 6, 9, 10, 0, 0, 1000)  # Monday 12:50 to Monday 12:00
    found = hours(at(NOON + timedelta(minutes=55), NOON + timedelta(days=1)), start, end)
    assert [r[:4] for r in found] == [(1, 12, 2, 1), (2, 12, 1, 1)]


@pytest.mark.parametrize(
    ("zone", "weekday", "hour"),
    [("Asia/Kolkata", 2, 1), ("Asia/Kathmandu", 2, 1), ("America/St_Johns", 1, 17), ("Australia/Lord_Howe", 2, 6)],
)
def test_hours_of_other_zones(zone: str, weekday: int, hour: int) -> None:
    monday = datetime(2025, 6, 2, 19, 45)
    found = hours(at(monday), monday - timedelta(days=70), monday + timedelta(days=70), zone)
    assert [r[:2] for r in found] == [(weekday, hour)]


def test_hours_without_rows() -> None:
    frame = calls_by_hour(store("calls"), period=by(None), formula="short")
    assert list(types(frame).values()) == [*["int64"] * 6, "double", "double"] and records(frame) == []
    assert times_read(calls_by_hour, "calls", period=by(None), formula="short") == {"calls": 1}


# ---- waits -----------------------------------------------------------------------------------------------------------
def test_waits_lie_in_the_bin_that_they_reach() -> None:
    waits = [0.0, 4.999, 5.0, 9.999, 44.999, 45.0, 599.999, 600.0, 90_000.0]
    rows = [call(wait_s=w) for w in waits]
    found = records(wait_distribution(store("calls", rows)))
    assert [r["wait_from_s"] for r in found] == BINS
    assert {r["wait_from_s"]: r["contacts"] for r in found if r["contacts"]} == {
        0: 2,
        5: 2,
        30: 1,
        45: 1,
        300: 1,
        600: 2,
    }


def test_waits_by_hand() -> None:
    rows = [
        *[call(wait_s=3.0), call(wait_s=21.0), call(wait_s=22.0), call(wait_s=700.0)],
        *[call("abandoned", 12.0), call("abandoned", None)],  # a wait that is not known
        *[call("voicemail", None), call("refused", 3.0), call(queued_at=None), call(by_robot=True)],
    ]
    frame = wait_distribution(store("calls", rows))
    assert list(frame.columns) == ["outcome", "wait_from_s", "contacts", "share", "cumulative_share"]
    found = [tuple(r.values()) for r in records(frame)]
    assert [(o, b) for o, b, *_ in found] == [(o, b) for o in ("abandoned", "answered") for b in BINS]
    assert [r[2:] for r in found if r[0] == "abandoned"] == [(0, 0.0, 0.0)] * 2 + [(1, 1.0, 1.0)] + [(0, 0.0, 1.0)] * 12
    answered = [(1, 0.25, 0.25), *[(0, 0.0, 0.25)] * 3, (2, 0.5, 0.75), *[(0, 0.0, 0.75)] * 9, (1, 0.25, 1.0)]
    assert [r[2:] for r in found if r[0] == "answered"] == answered


def test_waits_without_rows() -> None:
    frame = wait_distribution(store("calls", [call("voicemail", None)]))
    assert list(types(frame).values()) == ["string", "int64", "int64", "double", "double"] and records(frame) == []
