"""The reports about queues by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from ibis import Table

from handmade import NOON, PROJECTS, QUEUES, by, call, columns, directory, records, store, times_read, toy, types
from okireports.reports.queues import queue_summary, service_level, service_level_variants

SUMMARY = columns(
    "project, queue, offered, answered, answered_in_time, abandoned, abandoned_short, callback_requested, voicemail, "
    "flow_out, failed, service_level, abandon_rate, asa_s, wait_p90_s, max_wait_s, aht_s, talk_s, hold_s, wrap_s, "
    "transferred"
)
LEVEL = columns(
    "project, queue, interval, offered, answered_in_time, abandoned_short, service_level, goal, met, asa_s, "
    "abandon_rate"
)

VARIANTS = columns(
    "project, queue, offered, answered, answered_in_time, abandoned, abandoned_short, abandoned_in_time, "
    "answer_within_s, short_abandon_s, sl_short, sl_offered, sl_answered, sl_positive, sl_ignore"
)


def queue_calls() -> Table:
    """Two queues of Acme, one of nobody, calls of no queue."""
    late = {"started_at": NOON + timedelta(minutes=45), "queued_at": NOON + timedelta(minutes=46)}
    rows = [
        call(wait_s=10.0, talk_ms=60_000, wrap_ms=5_000),
        call(wait_s=30.0, talk_ms=20_000, hold_ms=1_000, went_to_other=True),
        call("abandoned", 2.0),
        call("voicemail", 40.0, talk_ms=3_000, **late),
        call("refused", None),
        call(queue_id=2, queued_at=None, answered_at=NOON, direction="outbound", talk_ms=8_000),  # from a queue's line
        call(project_id=0, queue_id=None, goal=None, wait_s=5.0),
        call(queue_id=None, queued_at=None, dialer_id=4, talk_ms=99_000),  # not a queue's
    ]
    return store("calls", rows)


def test_queue_summary_by_hand() -> None:
    frame = queue_summary(queue_calls(), PROJECTS, QUEUES, by=by(None), formula="short")
    assert list(frame.columns) == SUMMARY
    help_, sales, nobody = (list(r.values()) for r in records(frame))
    assert help_ == ["Acme", "Help", *[0] * 9, *[None] * 5, 8.0, 8.0, 0.0, 0.0, 0]
    assert sales[:11] == ["Acme", "Sales", 4, 2, 1, 1, 1, 0, 1, 0, 0]
    assert sales[11:] == pytest.approx([1 / 3, 0.25, 20.0, 28.0, 40.0, 86.0 / 2, 83.0, 1.0, 5.0, 1], rel=1e-12)
    assert nobody[:11] == [None, None, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert nobody[11:] == [1.0, 0.0, 5.0, 5.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0]


def test_queue_summary_by_day_has_the_interval_after_the_grain() -> None:
    frame = queue_summary(queue_calls(), PROJECTS, QUEUES, by=by("day"), formula="short")
    assert list(frame.columns) == [*SUMMARY[:2], "interval", *SUMMARY[2:]]
    assert [(r["queue"], r["interval"], r["offered"]) for r in records(frame)] == [
        ("Help", date(2025, 6, 2), 0),
        ("Sales", date(2025, 6, 2), 4),
        (None, date(2025, 6, 2), 1),
    ]


def test_service_level_by_hand() -> None:
    frame = service_level(queue_calls(), PROJECTS, QUEUES, by=by("30min"), formula="short")
    assert list(frame.columns) == LEVEL
    assert [tuple(r.values()) for r in records(frame)] == [
        ("Acme", "Sales", NOON, 3, 1, 1, 0.5, 0.8, False, 20.0, pytest.approx(1 / 3)),
        ("Acme", "Sales", NOON + timedelta(minutes=30), 1, 0, 0, 0.0, 0.8, False, None, 0.0),
        (None, None, NOON, 1, 1, 0, 1.0, None, None, 5.0, 0.0),
    ]
    whole = service_level(queue_calls(), PROJECTS, QUEUES, by=by(None), formula="answered")
    assert list(whole.columns) == [c for c in LEVEL if c != "interval"]
    assert [r["service_level"] for r in records(whole)] == [0.5, 1.0]


def test_queues_of_one_name_stay_apart_and_in_order() -> None:
    twins = directory("queue", {7: "Sales", 5: "Sales"})
    rows = [call(queue_id=7), call(queue_id=5), call(queue_id=7), call(project_id=2, queue_id=5)]
    frame = service_level(store("calls", rows), PROJECTS, twins, by=by(None), formula="short")
    assert [(r["project"], r["queue"], r["offered"]) for r in records(frame)] == [
        ("Acme", "Sales", 1),
        ("Acme", "Sales", 2),
        ("Bolt", "Sales", 1),
    ]


def test_five_definitions_over_the_toy() -> None:
    (row,) = records(service_level_variants(store("calls", toy()), PROJECTS, QUEUES))
    assert list(row) == VARIANTS
    assert list(row.values())[:10] == ["Acme", "Sales", 100, 80, 70, 20, 8, 12, 20.0, 5.0]
    assert [round(v, 4) for v in list(row.values())[10:]] == [0.7609, 0.7, 0.875, 0.82, 0.7955]


def test_definitions_use_each_contacts_own_thresholds_and_show_the_highest() -> None:
    rows = [
        call(wait_s=25.0, answer_within_s=30.0),  # in time: the target was another then
        call(wait_s=25.0),
        call("abandoned", 7.0, short_abandon_s=8.0),
        call("refused", None, answer_within_s=40.0),  # queued, so its threshold is one of this queue's
        call(queue_id=2, queued_at=None, answer_within_s=90.0),  # never queued
    ]
    (row,) = records(service_level_variants(store("calls", rows), PROJECTS, QUEUES))
    assert list(row.values()) == [
        *("Acme", "Sales", 3, 2, 1, 1, 1, 1, 40.0, 8.0),
        *(1 / 2, 1 / 3, 1 / 2, 2 / 3, 1 / 2),
    ]


@pytest.mark.parametrize("bucket", ["hour", "month"])
def test_without_rows_the_columns_and_types_stay(bucket: str) -> None:
    calls = store("calls")
    summary = types(queue_summary(calls, PROJECTS, QUEUES, by=by(bucket), formula="ignore"))
    level = types(service_level(calls, PROJECTS, QUEUES, by=by(bucket), formula="short"))
    variants = types(service_level_variants(calls, PROJECTS, QUEUES))
    assert list(summary) == [*SUMMARY[:2], "interval", *SUMMARY[2:]] and list(level) == LEVEL
    assert list(variants) == VARIANTS
    instant = "timestamp[us]" if bucket == "hour" else "date32[day]"
    kinds = {"interval": instant, "offered": "int64", "service_level": "double", "wait_p90_s": "double"}
    assert {c: summary[c] for c in kinds} == kinds
    assert (level["met"], level["interval"], variants["sl_ignore"]) == ("bool", instant, "double")


def test_a_report_reads_its_calls_once() -> None:
    tables = ("calls", "projects", "queues")
    once = dict.fromkeys(tables, 1)
    assert times_read(queue_summary, *tables, by=by("day"), formula="short") == once
    assert times_read(service_level, *tables, by=by("30min"), formula="positive") == once
    assert times_read(service_level_variants, *tables) == once
