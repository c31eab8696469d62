"""Operators' reports by hand: pro rata over borders of buckets and days, N/A, several projects; and their laws."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handmade import (
    JUNE,
    NOON,
    OPERATORS,
    PROJECTS,
    QUEUES,
    Row,
    by,
    call,
    columns,
    directory,
    records,
    store,
    times_read,
)
from handmade import types as types_of
from okireports.reports.users import operator_summary, operators_log

LOG = columns("operator, started_at, ended_at, duration_s, status, reason, comment, project, queue, call, form")
PARTS = columns("ready_s, waiting_s, busy_s, pcp_s, away_s, na_s")
SHARES = columns("ready_share, waiting_share, busy_share, pcp_share, away_share, na_share")
SUMMARY = ["operator", "first_seen_at", "last_seen_at", "logged_s", *PARTS, *SHARES, "handled", "occupancy"]
MINUTE, HOUR, MS = timedelta(minutes=1), timedelta(hours=1), timedelta(milliseconds=1)


def status(word: str, start: datetime, end: datetime | None, **other: Any) -> Row:
    """An interval of anna."""
    own = {"project_id": 1, "operator_id": 9, "status": word, "started_at": start, "ended_at": end}
    return own | {"status_id": (start - JUNE[0]) // MS} | other


def summary(
    rows: list[Row], bucket: str | None = None, period: tuple[datetime, datetime] = JUNE, calls: list[Row] | None = None
) -> list[Row]:
    """The summary over these statuses and calls."""
    tables = store("statuses", rows), store("calls", calls or []), OPERATORS
    return records(operator_summary(*tables, period=by(None, *period), by=by(bucket, *period)))


# ---- operator summary ------------------------------------------------------------------------------------------------
def test_an_operators_morning_by_hand() -> None:
    parts = [("Ready", 30), ("Waiting", 1), ("Busy", 6), ("PCP", 3), ("N/A", 10), ("Away", 10), ("Offline", 60)]
    rows, at = [], NOON
    for word, minutes in parts:
        rows.append(status(word, at, at + minutes * MINUTE))
        at += minutes * MINUTE
    rows.append(status("Ready", at, None))  # open: it makes no time
    calls = [
        *[call(operator_id=9), call(operator_id=9, direction="outbound", queued_at=None)],
        *[call("abandoned", operator_id=9), call(operator_id=9, by_robot=True), call(operator_id=None)],
        *[call(operator_id=9, started_at=JUNE[1]), call(operator_id=9, started_at=JUNE[0] - MS)],
    ]
    (row,) = summary(rows, calls=calls)
    assert list(row) == SUMMARY
    assert list(row.values()) == [
        *("anna", NOON, NOON + HOUR, 3600.0),
        *(1800.0, 60.0, 360.0, 180.0, 600.0, 600.0),
        *(1 / 2, 1 / 60, 1 / 10, 1 / 20, 1 / 6, 1 / 6),
        *(2, pytest.approx(10 / 40, rel=1e-12)),
    ]


def test_time_is_cut_where_a_bucket_ends() -> None:
    ready = status("Ready", NOON - 10 * MINUTE, NOON + 20 * MINUTE)
    found = summary([ready], "30min")
    assert [(r["interval"], r["ready_s"], r["first_seen_at"], r["last_seen_at"]) for r in found] == [
        (NOON - 30 * MINUTE, 600.0, NOON - 10 * MINUTE, NOON),
        (NOON, 1200.0, NOON, NOON + 20 * MINUTE),
    ]
    assert list(found[0]) == ["operator", "interval", *SUMMARY[1:]]


def test_time_is_cut_at_local_midnight_and_at_the_periods_ends() -> None:
    midnight = datetime(2025, 6, 2, 22)
    over = status("Busy", midnight - HOUR, midnight + 2 * HOUR)
    days = summary([over], "day")
    assert [(r["interval"], r["busy_s"]) for r in days] == [(date(2025, 6, 2), 3600.0), (date(2025, 6, 3), 7200.0)]
    start = midnight + MINUTE + MS
    (part,) = summary([over], period=(start, start + HOUR))
    assert (part["first_seen_at"], part["last_seen_at"], part["busy_s"]) == (start, start + HOUR, 3600.0)
    assert summary([over], period=(midnight + 2 * HOUR, midnight + 3 * HOUR)) == []


@pytest.mark.parametrize(
    ("start", "day", "hours"),
    [(datetime(2025, 10, 25, 22), date(2025, 10, 26), 25), (datetime(2025, 3, 29, 23), date(2025, 3, 30), 23)],
)
def test_days_on_which_the_clock_changes(start: datetime, day: date, hours: int) -> None:
    whole = status("Ready", start - HOUR, start + (hours + 1) * HOUR)
    period = (start - timedelta(days=2), start + timedelta(days=3))
    assert [(r["interval"], r["ready_s"]) for r in summary([whole], "day", period)] == [
        (day - timedelta(days=1), 3600.0),
        (day, hours * 3600.0),
        (day + timedelta(days=1), 3600.0),
    ]
    assert [r["ready_s"] for r in summary([whole], "hour", period)] == [3600.0] * (hours + 2)


def test_what_makes_no_time_makes_no_row_unless_contacts_were_handled() -> None:
    nothing = [status("Offline", NOON, NOON + HOUR), status("Busy", NOON, None), status("Ready", NOON, NOON)]
    assert summary(nothing) == []
    (row,) = summary(nothing, calls=[call(operator_id=9)])
    assert list(row.values()) == ["anna", None, None, *[0.0] * 7, *[None] * 6, 1, None]
    found = summary([status("Away", NOON, NOON + HOUR)], "30min", calls=[call(operator_id=9, started_at=NOON + HOUR)])
    assert [(r["interval"], r["away_s"], r["handled"], r["occupancy"]) for r in found] == [
        (NOON, 1800.0, 0, None),
        (NOON + 30 * MINUTE, 1800.0, 0, None),
        (NOON + HOUR, 0.0, 1, None),
    ]


def test_what_overlaps_counts_once_in_the_occupancy() -> None:
    rows = [
        status("Busy", NOON, NOON + 10 * MINUTE),
        status("Busy", NOON + 5 * MINUTE, NOON + 15 * MINUTE, project_id=2),
        status("Ready", NOON + 10 * MINUTE, NOON + 20 * MINUTE),
        status("N/A", NOON + 20 * MINUTE, NOON + 80 * MINUTE),
        status("Busy", NOON, NOON + HOUR, operator_id=8),
    ]
    anna, bob = summary(rows)
    assert (anna["busy_s"], anna["logged_s"], anna["occupancy"]) == (1200.0, 5400.0, 0.75)
    assert (bob["operator"], bob["occupancy"]) == ("bob", 1.0)


MOMENT = st.integers(0, 4 * 24 * 60).map(lambda m: datetime(2025, 10, 24, 20) + m * MINUTE)  # around the autumn change
LENGTH = st.sampled_from([timedelta(0), MS, 37 * MINUTE, HOUR, 30 * HOUR, None])
WHO = st.sampled_from([8, 9])
WORD = st.sampled_from(["Ready", "Waiting", "Busy", "PCP", "Away", "Offline", "N/A"])


@st.composite
def any_status(draw: st.DrawFn) -> Row:
    """An interval of any kind, which may be open, empty or overlap others."""
    start, length = draw(MOMENT), draw(LENGTH)
    return status(draw(WORD), start, None if length is None else start + length, operator_id=draw(WHO))


ANY_HANDLED = st.builds(lambda at, who: call(operator_id=who, started_at=at), MOMENT, WHO)


@settings(max_examples=10, deadline=None)
@given(st.lists(any_status(), max_size=12), st.lists(ANY_HANDLED, max_size=4))
def test_statuses_add_up_and_buckets_add_up(rows: list[Row], calls: list[Row]) -> None:
    period = (datetime(2025, 10, 24, 22, 10), datetime(2025, 10, 27, 11, 5))
    figures = ["logged_s", *PARTS, "handled"]
    sums: dict[str | None, dict[str, list[float]]] = {}
    for bucket in (None, "15min", "hour", "day"):
        found = summary(rows, bucket, period, calls)
        sums[bucket] = defaultdict(lambda: [0.0] * len(figures))
        for row in found:
            assert sum(row[p] for p in PARTS) == pytest.approx(row["logged_s"], abs=1e-6)
            assert row["occupancy"] is None or 0 <= row["occupancy"] <= 1
            assert row["logged_s"] or row["handled"]
            so_far = sums[bucket][row["operator"]]
            sums[bucket][row["operator"]] = [a + row[f] for a, f in zip(so_far, figures, strict=True)]
    for bucket, of in sums.items():
        assert of.keys() == sums[None].keys(), bucket
        assert all(of[who] == pytest.approx(sums[None][who], abs=1e-6) for who in of), bucket
    quarters: dict[tuple[str, datetime], float] = defaultdict(float)
    for row in summary(rows, "15min", period, calls):
        quarters[row["operator"], row["interval"].replace(minute=0)] += row["logged_s"]
    hours = {(r["operator"], r["interval"]): r["logged_s"] for r in summary(rows, "hour", period, calls)}
    assert quarters == pytest.approx(hours, abs=1e-6)


def test_the_summary_without_rows() -> None:
    frame = operator_summary(store("statuses"), store("calls"), OPERATORS, period=by(None), by=by("15min"))
    assert list(types_of(frame).values()) == ["string", *["timestamp[us]"] * 3, *["double"] * 13, "int64", "double"]
    assert records(frame) == []
    tables = ("statuses", "calls", "operators")
    read = times_read(operator_summary, *tables, period=by(None), by=by("day"))
    assert read == dict.fromkeys(tables, 1)


# ---- operators' log --------------------------------------------------------------------------------------------------
def log(rows: list[Row], calls: list[Row] | None = None, **options: Any) -> list[Row]:
    """The log over these statuses."""
    forms = directory("form", {5: "Order form"})
    tables = store("statuses", rows), store("calls", calls or []), PROJECTS, QUEUES, forms, OPERATORS
    return records(operators_log(*tables, **({"period": by(None)} | options)))


def test_a_status_in_the_log_by_hand() -> None:
    about = {"reason": "training", "comment": "back soon", "queue_id": 2, "call_id": 11, "form_id": 5}
    calls = [call(call_id=11, source_id="c-11", started_at=JUNE[0] - HOUR)]
    (row,) = log([status("Busy", JUNE[0], JUNE[0] + MINUTE + MS, **about)], calls)
    assert list(row) == LOG
    assert list(row.values()) == [
        *("anna", JUNE[0], JUNE[0] + MINUTE + MS, 60.001, "Busy", "training", "back soon", "Acme", "Help", "c-11"),
        "Order form",
    ]


def test_the_log_holds_whole_intervals_that_start_in_the_period() -> None:
    start, end = JUNE
    rows = [
        status("Ready", start - MS, start + HOUR),
        status("Away", start, start + HOUR, project_id=None),  # shared by several projects
        status("Offline", end - MS, end + HOUR, project_id=0),
        status("N/A", NOON, None, call_id=12),  # open, and its call is not there
        status("Ready", end, end + HOUR),
    ]
    assert [(r["status"], r["ended_at"], r["duration_s"], r["project"], r["call"]) for r in log(rows)] == [
        ("Offline", end + HOUR, 3600.001, None, None),
        ("N/A", None, None, "Acme", None),
        ("Away", start + HOUR, 3600.0, None, None),
    ]


def test_the_log_is_newest_first_and_cut_into_pages() -> None:
    order = [(2, 1, 0), (1, 3, 0), (1, 2, 0), (1, 1, -60), (1, 4, 60)]
    rows = [
        status("Away", NOON + timedelta(seconds=s), None, project_id=p, status_id=i, comment=f"{p}-{i}")
        for p, i, s in order
    ]
    everything = ["1-4", "1-2", "1-3", "2-1", "1-1"]
    assert [r["comment"] for r in log(rows)] == everything
    assert [r["comment"] for r in log(rows, limit=2, offset=1)] == everything[1:3]
    assert [r["comment"] for r in log(rows, offset=3)] == everything[3:]
    assert log(rows, limit=0) == []


def test_the_log_without_rows() -> None:
    tables = store("statuses"), store("calls"), PROJECTS, QUEUES, directory("form", {}), OPERATORS
    kinds = types_of(operators_log(*tables, period=by(None)))
    assert list(kinds) == LOG and log([]) == []
    assert {kinds[c] for c in ("started_at", "ended_at")} == {"timestamp[us]"} and kinds["duration_s"] == "double"
