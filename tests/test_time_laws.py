"""Time as a law: what operators did adds up, however it is cut, and what runs at once is what a count by hand finds.

The rows are any: open, empty, overlapping, over midnight and over the night when the clock goes back.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handmade import OPERATORS, Row, by, call, records, store
from okireports.reports.users import (
    attendance,
    away_reasons,
    operator_calls,
    operator_summary,
    schedule_adherence,
    staffing_by_interval,
)

MS, MINUTE, HOUR = timedelta(milliseconds=1), timedelta(minutes=1), timedelta(hours=1)
PERIOD = (datetime(2025, 10, 24, 22, 10), datetime(2025, 10, 27, 11, 5))  # over 25 hours of a Sunday
MOMENT = st.integers(0, 4 * 24 * 60).map(lambda m: datetime(2025, 10, 24, 20) + m * MINUTE)
LENGTH = st.sampled_from([timedelta(0), MS, 37 * MINUTE, HOUR, 30 * HOUR, None])
WHO = st.sampled_from([8, 9])
NAMES = {8: "bob", 9: "anna"}
WORDS = ["Ready", "Waiting", "Busy", "PCP", "Away", "Offline", "N/A"]
WORKED = {"Ready", "Waiting", "Busy", "PCP", "N/A"}
PARTS = ("ready_s", "waiting_s", "busy_s", "pcp_s", "away_s", "na_s")
DATES = {"valid_from": "timestamp(6)", "valid_to": "timestamp(6)"}
ACTIVITIES = store(
    "activities",
    [{"activity": "work", "status": s} for s in ("Ready", "Busy")] + [{"activity": "training", "status": "Away"}],
    {"activity": "string", "status": "string", **DATES},
)
AWAY = store(
    "away_reasons", [{"reason": "lunch", "allowed_s": 1800}], {"reason": "string", "allowed_s": "int64", **DATES}
)


@st.composite
def any_status(draw: st.DrawFn) -> Row:
    """An interval of any kind."""
    start, length = draw(MOMENT), draw(LENGTH)
    end = None if length is None else start + length
    row = {"project_id": 1, "operator_id": draw(WHO), "status": draw(st.sampled_from(WORDS)), "started_at": start}
    return row | {
        "ended_at": end,
        "status_id": draw(st.integers(0, 2**40)),
        "reason": draw(st.sampled_from([None, "lunch"])),
    }


@st.composite
def any_shift(draw: st.DrawFn) -> Row:
    """Planned work of up to 12 hours."""
    start = draw(MOMENT)
    row = {"operator_id": draw(WHO), "activity": draw(st.sampled_from(["work", "training"])), "starts_at": start}
    return row | {"ends_at": start + draw(st.integers(1, 720)) * MINUTE, "paid": draw(st.booleans())}


@st.composite
def one_after_the_other(draw: st.DrawFn) -> list[Row]:
    """Statuses as a store holds them: those of one operator never overlap."""
    rows = sorted(draw(st.lists(any_status(), max_size=10)), key=lambda r: r["started_at"])
    ends: dict[int, datetime] = {}
    kept = []
    for row in rows:
        if row["started_at"] >= ends.get(row["operator_id"], datetime.min):
            kept.append(row)
            ends[row["operator_id"]] = row["ended_at"] or row["started_at"]
    return kept


STATUSES = one_after_the_other()
SHIFTS = st.lists(any_shift(), max_size=5)
CALLS = st.lists(
    st.builds(
        lambda at, who, talk, kind: call(
            operator_id=who, started_at=at, talk_ms=talk, direction=kind, outcome="answered", answered_at=at
        ),
        *(MOMENT, WHO, st.integers(0, 10**6), st.sampled_from(["inbound", "outbound"])),
    ),
    max_size=5,
)
FEW = settings(max_examples=10, deadline=None)


def minutes(rows: list[Row], since: str, until: str, among: Any) -> dict[int, set[datetime]]:
    """The minutes of the period that rows cover, by operator: all borders but those of a millisecond are minutes."""
    covered: dict[int, set[datetime]] = defaultdict(set)
    for row in rows:
        if row[until] is None or not among(row):
            continue
        at = max(row[since], PERIOD[0])
        while at + MINUTE <= min(row[until], PERIOD[1]):
            covered[row["operator_id"]].add(at)
            at += MINUTE
    return covered


def asked(report: Any, *tables: Any, word: str | None) -> list[Row]:
    return records(report(*tables, period=by(None, *PERIOD), by=by(word, *PERIOD)))


def totals(rows: list[Row], figures: tuple[str, ...], key: Any) -> dict[Any, list[float]]:
    """Figures summed by a key; what sums to nothing is left out."""
    found: dict[Any, list[float]] = defaultdict(lambda: [0.0] * len(figures))
    for row in rows:
        found[key(row)] = [a + row[f] for a, f in zip(found[key(row)], figures, strict=True)]
    return {k: v for k, v in found.items() if any(v)}


def the_same(one: dict[Any, list[float]], other: dict[Any, list[float]]) -> bool:
    return one.keys() == other.keys() and all(one[k] == pytest.approx(other[k], abs=1e-6) for k in one)


@FEW
@given(st.lists(any_status(), max_size=10))
def test_the_seconds_of_an_operators_statuses_are_the_logged_time(rows: list[Row]) -> None:
    for word in (None, "15min", "day"):
        for row in asked(operator_summary, store("statuses", rows), store("calls"), OPERATORS, word=word):
            assert sum(row[part] for part in PARTS) == pytest.approx(row["logged_s"], abs=1e-6)


@FEW
@given(STATUSES, SHIFTS)
def test_buckets_add_up_to_the_period_and_quarters_to_hours(rows: list[Row], shifts: list[Row]) -> None:
    figures = ("planned_s", "adherent_s", "worked_s")
    tables = store("statuses", rows), store("shifts", shifts), ACTIVITIES, OPERATORS
    whole = totals(asked(schedule_adherence, *tables, word=None), figures, lambda r: r["operator"])
    for word in ("15min", "day", "week"):
        found = asked(schedule_adherence, *tables, word=word)
        assert the_same(totals(found, figures, lambda r: r["operator"]), whole), word
    quarters = asked(schedule_adherence, *tables, word="15min")
    hours = asked(schedule_adherence, *tables, word="hour")
    by_hour = totals(quarters, figures, lambda r: (r["operator"], r["interval"].replace(minute=0)))
    assert the_same(by_hour, totals(hours, figures, lambda r: (r["operator"], r["interval"])))


@FEW
@given(STATUSES, SHIFTS)
def test_adherence_is_what_a_walk_through_the_minutes_finds(rows: list[Row], shifts: list[Row]) -> None:
    worked = minutes(rows, "started_at", "ended_at", lambda r: r["status"] in WORKED)
    planned = minutes(shifts, "starts_at", "ends_at", lambda r: True)
    satisfied = {"work": {"Ready", "Busy", "N/A"}, "training": {"Away"}}  # N/A wherever Busy is
    adherent: dict[int, set[datetime]] = defaultdict(set)
    for activity, words in satisfied.items():
        due = minutes(shifts, "starts_at", "ends_at", lambda r, a=activity: r["activity"] == a)
        done = minutes(rows, "started_at", "ended_at", lambda r, w=words: r["status"] in w)
        for who in due:
            adherent[who] |= due[who] & done[who]
    tables = store("statuses", rows), store("shifts", shifts), ACTIVITIES, OPERATORS
    found = {r["operator"]: r for r in asked(schedule_adherence, *tables, word=None)}
    for who, name in NAMES.items():
        row = found.get(name, {"planned_s": 0.0, "adherent_s": 0.0, "worked_s": 0.0})
        for figure, walked in (("planned_s", planned), ("adherent_s", adherent), ("worked_s", worked)):
            assert abs(row[figure] - 60 * len(walked[who])) < 1, figure  # a status of a millisecond fills no minute


@FEW
@given(STATUSES, SHIFTS)
def test_days_of_attendance_add_up_to_presence(rows: list[Row], shifts: list[Row]) -> None:
    tables = store("statuses", rows), store("shifts", shifts), OPERATORS
    found = records(attendance(*tables, period=by(None, *PERIOD)))
    seen = minutes(rows, "started_at", "ended_at", lambda r: r["status"] != "Offline")
    for who, name in NAMES.items():
        present = sum(r["present_s"] for r in found if r["operator"] == name)
        assert abs(present - 60 * len(seen[who])) < 1
    for row in found:
        assert 0 <= row["overtime_s"] <= row["present_s"] <= 90_000  # the Sunday has 25 hours
        assert row["planned_start_at"] is not None or row["overtime_s"] <= row["present_s"]
        assert row["late_s"] is None or row["late_s"] >= 0
        assert row["left_early_s"] is None or row["left_early_s"] >= 0


@FEW
@given(STATUSES)
def test_reasons_add_up_to_the_time_away(rows: list[Row]) -> None:
    found = records(away_reasons(store("statuses", rows), AWAY, OPERATORS, period=by(None, *PERIOD)))
    summary = asked(operator_summary, store("statuses", rows), store("calls"), OPERATORS, word=None)
    away = {r["operator"]: [r["away_s"]] for r in summary if r["away_s"]}
    assert the_same(totals(found, ("total_s",), lambda r: r["operator"]), away)
    for name in away:
        assert sum(r["share"] for r in found if r["operator"] == name) == pytest.approx(1)
    assert all(r["over_limit"] <= r["times"] and r["longest_s"] <= r["total_s"] for r in found)


@FEW
@given(CALLS)
def test_intervals_of_calls_add_up_and_shares_to_one(calls: list[Row]) -> None:
    figures = ("inbound", "outbound", "handled", "talk_s")
    tables = store("calls", calls), store("rings"), OPERATORS
    sums = {}
    for word in (None, "15min", "day"):
        within = tables[0].filter(tables[0].started_at >= PERIOD[0], tables[0].started_at < PERIOD[1])
        found = records(operator_calls(within, *tables[1:], by=by(word, *PERIOD)))
        sums[word] = totals(found, figures, lambda r: r["operator"])
        shares: dict[Any, float] = defaultdict(float)
        for row in found:
            shares[row.get("interval")] += row["share"]
        assert all(total == pytest.approx(1) for total in shares.values())
    assert the_same(sums["15min"], sums[None]) and the_same(sums["day"], sums[None])


@FEW
@given(STATUSES, CALLS, st.sampled_from(["15min", "hour", "day"]))
def test_staffing_is_what_a_count_by_hand_finds(rows: list[Row], calls: list[Row], word: str) -> None:
    tables = store("statuses", rows), store("calls", calls)
    found = {r["interval"]: r for r in asked(staffing_by_interval, *tables, word=word)}
    pieces = [
        (max(r["started_at"], PERIOD[0]), min(r["ended_at"], PERIOD[1]), r["operator_id"], r["status"])
        for r in rows
        if r["ended_at"] and r["status"] != "Offline"
    ]
    pieces = [p for p in pieces if p[0] < p[1]]
    labels = sorted(found)
    for label, row in found.items():
        lo, hi = bounds(label, word)
        inside = [p for p in pieces if p[0] < hi and p[1] > lo]
        assert row["logged_in"] == len({who for *_, who, _ in inside})
        assert row["ready"] == len({who for *_, who, status in inside if status == "Ready"})
        busy = [(max(a, lo), min(b, hi)) for a, b, _, status in inside if status == "Busy"]
        starts = [lo, *(a for a, _ in busy)]
        assert row["busy_peak"] == max(sum(a <= at < b for a, b in busy) for at in starts)
        assert row["busy_mean"] == pytest.approx(sum(((b - a) / (hi - lo) for a, b in busy), 0.0), abs=1e-9)
        assert row["offered"] == sum(lo <= c["started_at"] < hi for c in calls)
    everyone = {who for *_, who, _ in pieces}
    assert bool(labels) or not everyone


def bounds(label: Any, word: str) -> tuple[datetime, datetime]:
    """A bucket's bounds in the period, in UTC; Sunday, 26 October has 25 hours."""
    if word == "day":
        midnights = [datetime(2025, 10, d, 22 if d < 26 else 23) for d in (23, 24, 25, 26, 27)]
        lo, hi = midnights[label.day - 24], midnights[label.day - 23]
    else:
        lo, hi = label, label + (HOUR if word == "hour" else 15 * MINUTE)
    return max(lo, PERIOD[0]), min(hi, PERIOD[1])
