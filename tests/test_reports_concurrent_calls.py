"""Concurrent calls by hand, and against counting at every instant at which something begins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis import Table

from handmade import NOON, PROJECTS, Row, by, directory, records, store, times_read
from okireports.reports.queues import concurrent_calls

PROVIDERS = directory("provider", {1: "Carrier", 2: "Spare"})
MINUTE, MS = timedelta(minutes=1), timedelta(milliseconds=1)
DAY = (datetime(2025, 6, 1, 22), datetime(2025, 6, 2, 22))
AUTUMN = (datetime(2025, 10, 25, 22), datetime(2025, 10, 26, 23))


def capacities(*rows: tuple[int | None, str | None, int | None]) -> Table:
    """What providers and lines can carry."""
    kinds = {"provider_id": "int64", "line": "string", "capacity": "int64"}
    return store("capacities", [dict(zip(kinds, row, strict=True)) for row in rows], kinds)


def lasting(start: datetime, end: datetime | None, **other: Any) -> Row:
    """A call in progress from start to end."""
    return {"project_id": 1, "started_at": start, "ended_at": end, "outcome": "answered"} | other


def report(rows: Sequence[Row], word: str | None, span: tuple[datetime, datetime], **more: Any) -> list[Row]:
    """The report over these calls."""
    tables = store("calls", rows), PROJECTS, PROVIDERS, more.pop("capacities", capacities())
    return records(concurrent_calls(*tables, period=by(None, *span), by=by(word, *span), **more))


def test_concurrent_calls_by_hand() -> None:
    rows = [
        lasting(NOON, NOON + 10 * MINUTE),
        lasting(NOON + 5 * MINUTE, NOON + 10 * MINUTE),
        lasting(NOON + 10 * MINUTE, NOON + 35 * MINUTE),  # begins when two others end: never three
        lasting(NOON + 6 * MINUTE, NOON + 6 * MINUTE),  # takes no time
        lasting(DAY[0] - MINUTE, DAY[0] + MINUTE),  # from before the period
        lasting(DAY[1] - MINUTE, DAY[1] + MINUTE, project_id=2),  # beyond it
    ]
    assert [list(r.values()) for r in report(rows, "30min", DAY)] == [
        [DAY[0], 1, 1 / 30, None, None],
        [NOON, 2, (10 + 5 + 20) / 30, None, None],
        [NOON + 30 * MINUTE, 1, 5 / 30, None, None],
        [DAY[1] - 30 * MINUTE, 1, 1 / 30, None, None],
    ]
    (whole,) = report(rows, None, DAY)
    assert list(whole) == ["peak", "mean", "capacity", "peak_share"]
    assert (whole["peak"], whole["mean"]) == (2, pytest.approx(42 / 1440, rel=1e-12))


def test_a_call_over_a_border_is_at_its_peak_there() -> None:
    rows = [lasting(NOON + 10 * MINUTE, NOON + 70 * MINUTE), lasting(NOON + 20 * MINUTE, NOON + 30 * MINUTE)]
    found = [(r["interval"], r["peak"], r["mean"]) for r in report(rows, "30min", DAY)]
    quarter = 30 * MINUTE
    assert found == [(NOON, 2, 1.0), (NOON + quarter, 1, 1.0), (NOON + 2 * quarter, 1, 10 / 30)]


def test_what_lines_and_providers_can_carry() -> None:
    rows = [
        lasting(NOON, NOON + MINUTE, provider_id=1, line="100"),
        lasting(NOON, NOON + MINUTE, provider_id=1, line="200"),
        lasting(NOON, NOON + MINUTE, provider_id=2, project_id=2),
        lasting(NOON, NOON + MINUTE, line="100"),
    ]
    known = capacities((1, None, 8), (2, None, None), (None, "100", 4), (None, "300", 9))
    asked = {"capacities": known}
    figures = ("peak", "capacity", "peak_share")
    found = {
        per: [(r[per], *(r[f] for f in figures)) for r in report(rows, None, DAY, per=per, **asked)]
        for per in ("provider", "line", "project")
    }
    assert found == {
        "provider": [("Carrier", 2, 8, 0.25), ("Spare", 1, None, None), (None, 1, None, None)],
        "line": [("100", 2, 4, 0.5), ("200", 1, None, None), (None, 1, None, None)],
        "project": [("Acme", 3, None, None), ("Bolt", 1, None, None)],
    }


def test_a_day_of_25_hours_is_longer() -> None:
    (row,) = report([lasting(AUTUMN[0], AUTUMN[0] + timedelta(hours=5))], "day", AUTUMN)
    assert row["mean"] == 5 * 3600 / 90_000


def test_no_calls_are_no_rows() -> None:
    assert report([], "30min", DAY) == []
    assert report([lasting(NOON, None), lasting(NOON, NOON)], None, DAY) == []
    assert times_read(concurrent_calls_alone, "calls", period=by(None, *DAY), by=by("30min", *DAY)) == {"calls": 1}


def concurrent_calls_alone(calls: Table, **options: Any) -> Table:
    """The report where only its calls are read: once, of each its start and its end."""
    return concurrent_calls(calls, PROJECTS, PROVIDERS, capacities(), **options)


# Against counting: at each instant at which one starts, and at the start of each interval, how many run?

ROWS = st.lists(
    st.builds(
        lambda start, length, line: (start, start + length, line),
        st.integers(-120, 26 * 60).map(lambda n: n * 60_000),  # whole minutes around the day, so that they meet
        st.one_of(st.integers(0, 5).map(lambda n: n * 60_000), st.integers(1, 20_000_000)),
        st.sampled_from(("100", "200", None)),
    ),
    max_size=14,
)


@settings(max_examples=60)
@given(ROWS, st.sampled_from(("15min", "30min", "hour", "day", None)), st.booleans())
def test_it_equals_a_count(rows: list[tuple[int, int, str | None]], word: str | None, per_line: bool) -> None:
    calls = [lasting(AUTUMN[0] + a * MS, AUTUMN[0] + b * MS, line=line) for a, b, line in rows]
    more = {"per": "line"} if per_line else {}
    found = [tuple(r.values()) for r in report(calls, word, AUTUMN, **more)]
    length = (AUTUMN[1] - AUTUMN[0]) // MS
    cuts = [0, *range(step := STEPS[word], length, step), length] if word in STEPS else [0, length]
    wanted = []
    for lo, hi in pairwise(cuts):
        for line in ("100", "200", None) if per_line else (...,):
            peak, mean = counted([(a, b) for a, b, name in rows if line in (..., name)], lo, hi)
            label = () if word is None else (labelled(lo, word),)
            row = (*label, *([line] if per_line else []), peak, pytest.approx(mean, rel=1e-12), None, None)
            wanted += [row] if peak else []
    assert found == wanted


STEPS = {"15min": 900_000, "30min": 1_800_000, "hour": 3_600_000}


def labelled(lo: int, word: str) -> Any:
    """What the interval that begins `lo` ms after the period does is called."""
    at = AUTUMN[0] + lo * MS
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Warsaw")).date() if word == "day" else at


def counted(rows: list[tuple[int, int]], lo: int, hi: int) -> tuple[int, float]:
    """The most that run at one instant of [lo, hi), and how many on average."""
    moments = [lo, *(a for a, _ in rows if lo <= a < hi)]
    peak = max(sum(a <= x < b for a, b in rows) for x in moments)
    return peak, sum(max(0, min(b, hi) - max(a, lo)) for a, b in rows) / (hi - lo)
