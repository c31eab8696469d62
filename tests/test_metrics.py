"""Metrics against hand counts, published figures and a second writing in plain Python; the first reports by hand."""

from __future__ import annotations

import ast
import json
import math
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis import Table

import okireports.metrics
from okireports.clock import Interval, offsets
from okireports.errors import BadOption
from okireports.metrics import METRICS, Aggregate, handling, measure, metric, ratio, service, tally, volume, waiting
from okireports.metrics.arithmetic import wilson_bound
from okireports.report import find
from okireports.reports.calls import call_log
from okireports.reports.queues import queue_summary, service_level
from okireports.tables import FACTS, OUTCOMES

Row = dict[str, Any]
ROOT = Path(__file__).resolve().parents[1]
NOON = datetime(2025, 6, 2, 10, 0)  # UTC: noon of a Monday in Warsaw
TYPES = {"BIGINT": "int64", "VARCHAR": "string", "TIMESTAMP": "timestamp(6)", "DOUBLE": "float64", "BOOLEAN": "boolean"}
CON = ibis.duckdb.connect()


# ---- tables ----------------------------------------------------------------------------------------------------------
def store(name: str, rows: Iterable[Row] = (), columns: dict[str, str] | None = None) -> Table:
    """A table of the model with these rows; what a row does not say is NULL."""
    columns = columns or {c.name: TYPES.get(c.type, c.type.lower()) for c in FACTS[name].all_columns}
    schema = ibis.schema(columns)
    return ibis.memtable(pa.Table.from_pylist(list(rows), schema=schema.to_pyarrow()), schema=schema)


def directory(name: str, names: dict[int, str]) -> Table:
    """A directory of names, as the run gives it."""
    rows = [{f"{name}_id": i, name: word} for i, word in names.items()]
    return store(name, rows, {f"{name}_id": "int64", name: "string"})


def call(outcome: str = "answered", wait_s: float | None = 10.0, **other: Any) -> Row:
    """A contact that stood in a queue with T = 20 s, s = 5 s and a goal of 80 %."""
    answered_at = NOON + timedelta(seconds=wait_s or 0) if outcome == "answered" else None
    queued = {"project_id": 1, "queue_id": 1, "direction": "inbound", "started_at": NOON, "queued_at": NOON}
    stamps = {"answer_within_s": 20.0, "short_abandon_s": 5.0, "goal": 0.8}
    wait_ms = None if wait_s is None else round(wait_s * 1000)
    return queued | stamps | {"outcome": outcome, "wait_ms": wait_ms, "answered_at": answered_at} | other


def values(rows: Iterable[Row], *metrics: Aggregate) -> dict[str, Any]:
    """The metrics over contacts."""
    calls = store("calls", rows)
    return records(calls.agg(**measure(calls, *metrics)))[0]


def value(rows: Iterable[Row], one: Aggregate) -> Any:
    """One metric over contacts."""
    return values(rows, one)[one.__name__]


def records(expression: Table) -> list[Row]:
    """The rows that an expression gives on DuckDB."""
    rows: list[Row] = CON.to_pyarrow(expression).to_pylist()
    return rows


def toy() -> list[Row]:
    """100 offered: 70 answered in time, 10 later; 8 left within 5 s, 4 between 5 and 20 s, 8 after; with borders."""
    in_time = [call(wait_s=w % 20 + 0.5) for w in range(69)] + [call(wait_s=20.0)]
    later = [call(wait_s=20.001)] + [call(wait_s=30.0 + w) for w in range(9)]
    short = [call("abandoned", 4.999)] + [call("abandoned", 0.5 * w) for w in range(7)]
    middle = [call("abandoned", w) for w in (5.0, 7.0, 12.5, 20.0)]
    late = [call("abandoned", 20.001)] + [call("abandoned", 60.0 + w) for w in range(7)]
    return in_time + later + short + middle + late


# ---- service level ---------------------------------------------------------------------------------------------------
def test_the_toy_has_the_counts_that_it_says() -> None:
    counted = (volume.offered, volume.answered, service.answered_in_time, volume.abandoned, volume.abandoned_short)
    assert values(toy(), *counted, service.abandoned_in_time, volume.abandon_rate) == {
        "offered": 100,
        "answered": 80,
        "answered_in_time": 70,
        "abandoned": 20,
        "abandoned_short": 8,
        "abandoned_in_time": 12,
        "abandon_rate": 0.2,
    }


@pytest.mark.parametrize(
    ("formula", "by_hand"),
    [("short", 70 / 92), ("offered", 70 / 100), ("answered", 70 / 80), ("positive", 82 / 100), ("ignore", 70 / 88)],
)
def test_the_five_formulas_over_the_toy(formula: str, by_hand: float) -> None:
    assert value(toy(), service.service_level(formula)) == by_hand
    assert value(toy(), service.FORMULAS[formula]) == by_hand


def test_the_five_formulas_give_the_published_figures() -> None:
    file = Path(os.environ.get("OKIREPORTS_SHARED", ROOT.parent / "shared")) / "oracles" / "vectors.json"
    if not file.exists() and not os.environ.get("CI"):
        pytest.skip(f"{file} is not there; set OKIREPORTS_SHARED to the folder that holds oracles/")
    published = json.loads(file.read_text())["service_level_toy"]
    published["offered"] = published["offered_formula"]  # "offered" is the count there
    found = {name: value(toy(), service.service_level(name)) for name in service.FORMULAS}
    assert found == pytest.approx({name: published[name] for name in service.FORMULAS}, rel=1e-12)


def test_an_unknown_formula_is_refused() -> None:
    for ask in (service.service_level, service.met):
        with pytest.raises(
            BadOption, match=r"formula 'shorts'. Did you mean 'short'\? There are short, offered, answered"
        ):
            ask("shorts")


def test_the_goal_is_met_from_the_goal_on() -> None:
    four_of_five = [call()] * 4 + [call(wait_s=21.0)]
    assert value(four_of_five, service.service_level("offered")) == 0.8
    assert value(four_of_five, service.met("offered")) is True
    assert value([*four_of_five, call(wait_s=21.0)], service.met("offered")) is False
    assert value([call(), call(goal=0.9), call(goal=None)], service.goal) == 0.9
    assert value([call(goal=None)], service.met("offered")) is None
    assert value([call("refused")], service.met("offered")) is None  # a goal and nothing offered


def test_without_thresholds_nothing_is_in_time_or_short() -> None:
    rows = [call(answer_within_s=None, short_abandon_s=None), call("abandoned", 1.0, short_abandon_s=None)]
    counted = (volume.offered, service.answered_in_time, volume.abandoned_short, service.abandoned_in_time)
    assert list(values(rows, *counted).values()) == [2, 0, 0, 1]


# ---- volume ----------------------------------------------------------------------------------------------------------
PARTS = (
    volume.answered,
    volume.abandoned,
    volume.callback_requested,
    volume.voicemail,
    volume.flow_out,
    volume.failed,
    volume.other,
)


def test_what_is_offered_and_how_it_ended() -> None:
    rows = [
        *[call("refused"), call("closed"), call("left_in_scenario")],  # turned away before the queue
        call(queued_at=None),  # never queued
        call(by_robot=True),  # a robot's answer
        *[call(), call(by_robot=False)],
        *[call("abandoned", by_robot=True)] * 2,  # a robot that answered nothing
        *[call("callback_requested")] * 3,
        *[call("voicemail")] * 4,
        *[call("flow_out")] * 5,
        *[call("failed")] * 6,
        *[call("busy"), call("other"), call("dropped"), call(answered_at=None)],
    ]
    assert values(rows, volume.offered, *PARTS) == {
        "offered": 26,
        "answered": 2,
        "abandoned": 2,
        "callback_requested": 3,
        "voicemail": 4,
        "flow_out": 5,
        "failed": 6,
        "other": 4,
    }


def test_handled_and_transferred() -> None:
    rows = [
        call(),
        call(queued_at=None, direction="outbound", dialer_id=1, transfer_to_call_id=7),  # dialer
        call(went_to_other=True),
        call(went_to_other=True, transfer_to_call_id=8),
        call(went_to_other=False),
        call(by_robot=True, went_to_other=True),
        call("abandoned", went_to_other=True),
        call(answered_at=None, went_to_other=True),
    ]
    found = values(rows, volume.handled, volume.transferred, volume.transfer_rate)
    assert found == {"handled": 5, "transferred": 3, "transfer_rate": 3 / 5}


# ---- waiting and handling --------------------------------------------------------------------------------------------
def test_waits_by_hand() -> None:
    rows = [
        *[call(wait_s=w) for w in (1.0, 2.0, 4.0, 8.0, 10.5)],
        call(wait_s=None),  # answered, its wait not known
        *[call("abandoned", 30.0), call("abandoned", 33.0), call("voicemail", 99.25), call("refused", 500.0)],
    ]
    measured = (waiting.asa_s, waiting.wait_p50_s, waiting.wait_p90_s, waiting.wait_p95_s)
    found = values(rows, *measured, waiting.max_wait_s, waiting.time_to_abandon_s, waiting.awt_s)
    assert found == pytest.approx(
        {
            "asa_s": 25.5 / 5,
            "wait_p50_s": 4.0,
            "wait_p90_s": 9.5,  # 0.9 * 4 = 3.6: 8 + 0.6 * 2.5
            "wait_p95_s": 10.0,  # 0.95 * 4 = 3.8: 8 + 0.8 * 2.5
            "max_wait_s": 99.25,
            "time_to_abandon_s": 31.5,
            "awt_s": (25.5 + 63.0 + 99.25) / 8,
        },
        rel=1e-12,
    )


def test_handling_by_hand() -> None:
    rows = [
        call(talk_ms=60_000, hold_ms=1_500, wrap_ms=10_000),
        call(talk_ms=30_001, hold_ms=0),
        call(queued_at=None, talk_ms=None, hold_ms=500, wrap_ms=1),
        call("voicemail", talk_ms=7_000, hold_ms=9_000),  # talk is kept on whatever outcome
        call("answered", by_robot=True, talk_ms=100_000),
    ]
    measured = (handling.talk_s, handling.hold_s, handling.wrap_s, handling.aht_s)
    assert values(rows, *measured, handling.held, handling.hold_rate, handling.mean_hold_s) == {
        "talk_s": 197.001,
        "hold_s": 11.0,
        "wrap_s": 10.001,
        "aht_s": 102_002 / 3_000,
        "held": 2,
        "hold_rate": 2 / 3,
        "mean_hold_s": 1.0,
    }


COUNTS = ("abandoned", "abandoned_in_time", "abandoned_short", "answered", "answered_in_time", "callback_requested")
COUNTS += ("failed", "flow_out", "handled", "held", "offered", "other", "transferred", "voicemail")
SUMS = ("hold_s", "talk_s", "wrap_s")


@pytest.mark.parametrize(
    "rows", [[], [{"project_id": 1, "outcome": "answered"}, {"project_id": 1, "outcome": "abandoned"}]]
)
def test_over_nothing_counts_are_0_and_what_would_divide_is_null(rows: list[Row]) -> None:
    found = values(rows, *(m.function for m in METRICS.values() if m.function.__module__ in MODULES))
    assert {name for name, v in found.items() if v == 0 and isinstance(v, int)} == set(COUNTS)
    assert {name for name, v in found.items() if v == 0 and isinstance(v, float)} == set(SUMS)
    assert all(found[name] is None for name in found.keys() - {*COUNTS, *SUMS})


MODULES = {m.__name__ for m in (volume, service, waiting, handling)}


# ---- a second writing ------------------------------------------------------------------------------------------------
def plainly(rows: Sequence[Row]) -> dict[str, Any]:
    """The definitions once more, row by row."""

    def divided(a: float, b: float) -> float | None:
        return a / b if b else None

    def mean(waits: list[int]) -> float | None:
        return divided(sum(waits) / 1000, len(waits))

    def interpolated(waits: list[int], share: float) -> float | None:
        if not waits:
            return None
        place = share * (len(waits) - 1)
        low, high = sorted(waits)[math.floor(place)], sorted(waits)[math.ceil(place)]
        return (low + (high - low) * (place - math.floor(place))) / 1000

    def known(of: list[Row]) -> list[int]:
        return [r["wait_ms"] for r in of if r["wait_ms"] is not None]

    def quicker(of: list[Row], limit: str, strictly: bool = False) -> int:
        pairs = [(r["wait_ms"], r[limit] * 1000) for r in of if r["wait_ms"] is not None and r[limit] is not None]
        return sum(w < t if strictly else w <= t for w, t in pairs)

    outside = ("refused", "closed", "left_in_scenario")
    offered = [
        r for r in rows if r["queued_at"] and r["outcome"] not in outside and not (r["by_robot"] and r["answered_at"])
    ]
    answered = [r for r in offered if r["outcome"] == "answered" and r["answered_at"]]
    abandoned = [r for r in offered if r["outcome"] == "abandoned"]
    handled = [r for r in rows if r["outcome"] == "answered" and r["answered_at"] and not r["by_robot"]]
    held = [r["hold_ms"] for r in handled if r["hold_ms"]]
    on = [r for r in handled if r["went_to_other"] or r["transfer_to_call_id"] is not None]
    in_time, gone_in_time = quicker(answered, "answer_within_s"), quicker(abandoned, "answer_within_s")
    short = quicker(abandoned, "short_abandon_s", strictly=True)
    ends = {
        o: sum(r["outcome"] == o for r in offered) for o in ("callback_requested", "voicemail", "flow_out", "failed")
    }
    worked = sum(r[part] or 0 for r in handled for part in ("talk_ms", "hold_ms", "wrap_ms"))
    n = len(offered)
    return {
        **ends,
        "offered": n,
        "answered": len(answered),
        "abandoned": len(abandoned),
        "other": n - len(answered) - len(abandoned) - sum(ends.values()),
        "handled": len(handled),
        "held": len(held),
        "transferred": len(on),
        "answered_in_time": in_time,
        "abandoned_in_time": gone_in_time,
        "abandoned_short": short,
        "abandon_rate": divided(len(abandoned), n),
        "transfer_rate": divided(len(on), len(handled)),
        "hold_rate": divided(len(held), len(handled)),
        "mean_hold_s": mean(held),
        "sl_short": divided(in_time, n - short),
        "sl_offered": divided(in_time, n),
        "sl_answered": divided(in_time, len(answered)),
        "sl_positive": divided(in_time + gone_in_time, n),
        "sl_ignore": divided(in_time, n - gone_in_time),
        "goal": max((r["goal"] for r in rows if r["goal"] is not None), default=None),
        "asa_s": mean(known(answered)),
        "wait_p50_s": interpolated(known(answered), 0.5),
        "wait_p90_s": interpolated(known(answered), 0.9),
        "wait_p95_s": interpolated(known(answered), 0.95),
        "max_wait_s": max((w / 1000 for w in known(offered)), default=None),
        "time_to_abandon_s": mean(known(abandoned)),
        "awt_s": mean(known(offered)),
        "aht_s": divided(worked / 1000, len(handled)),
        **{f"{part}_s": sum(r[f"{part}_ms"] or 0 for r in rows) / 1000 for part in ("talk", "hold", "wrap")},
    }


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Or NULL."""
    return st.one_of(st.none(), strategy)


LIKELY = ("answered", "answered", "answered", "abandoned", "abandoned")
ANY_CALL = st.fixed_dictionaries(
    {
        "project_id": st.just(1),
        "started_at": st.just(NOON),
        "outcome": st.sampled_from([*LIKELY, *sorted(OUTCOMES)]),
        "queued_at": maybe(st.just(NOON)),
        "answered_at": maybe(st.just(NOON)),
        "by_robot": maybe(st.booleans()),
        "wait_ms": maybe(st.integers(0, 30_000) | st.sampled_from([4_999, 5_000, 20_000, 20_001])),
        "talk_ms": maybe(st.integers(0, 10**12)),
        "hold_ms": maybe(st.integers(0, 600_000)),
        "wrap_ms": maybe(st.integers(0, 600_000)),
        "went_to_other": maybe(st.booleans()),
        "transfer_to_call_id": maybe(st.integers(1, 9)),
        "answer_within_s": maybe(st.sampled_from([10.0, 20.0])),
        "short_abandon_s": maybe(st.sampled_from([5.0, 0.0])),
        "goal": maybe(st.sampled_from([0.5, 0.8])),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY_CALL, max_size=25))
def test_metrics_agree_with_a_second_writing(rows: list[Row]) -> None:
    found = values(rows, *(m.function for m in METRICS.values() if m.function.__module__ in MODULES))
    expected = plainly(rows)
    assert {n for n, v in found.items() if v is None} == {n for n, v in expected.items() if v is None}
    assert {n: v for n, v in found.items() if v is not None} == pytest.approx(
        {n: v for n, v in expected.items() if v is not None}, rel=1e-12
    )
    assert found["offered"] == sum(found[m.__name__] for m in PARTS)
    assert all(found[name] is None or 0 <= found[name] <= 1 for name in found if METRICS[name].unit == "share")


# ---- arithmetic ------------------------------------------------------------------------------------------------------
def computed(scalar: Any) -> Any:
    """A scalar's value on DuckDB."""
    return CON.to_pyarrow(scalar).as_py()


def number(n: float | None) -> Any:
    """A literal, NULL of its type for None."""
    return ibis.literal(n, "float64")


def test_nothing_to_divide_by_is_null() -> None:
    assert computed(ratio(number(3), number(4))) == 0.75
    assert computed(ratio(number(0), number(4))) == 0
    for part, whole in ((0, 0), (3, 0), (None, 4), (3, None)):
        assert computed(ratio(number(part), number(whole))) is None, (part, whole)


def test_a_tally_counts_what_is_known_to_be_so() -> None:
    t = store("t", [{"known": k} for k in (True, False, None, True)], {"known": "boolean"})
    assert records(t.agg(n=tally(t.known))) == [{"n": 2}]
    assert records(t.filter(t.known.isnull()).agg(n=tally(t.known))) == [{"n": 0}]
    assert records(t.filter(ibis.literal(False)).agg(n=tally(t.known))) == [{"n": 0}]
    assert "int64" in str(tally(t.known).type())


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_bounds_are_the_published_ones(part: int, whole: int, low: float, high: float) -> None:
    sides: tuple[Literal["low", "high"], ...] = ("low", "high")
    found = [computed(wilson_bound(number(part), number(whole), side)) for side in sides]
    assert found == pytest.approx([low, high], abs=5e-5)
    assert computed(wilson_bound(number(0), number(0), "low")) is None


# ---- the registry of metrics, and a law of their code ----------------------------------------------------------------
def test_metrics_say_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(plainly([])) == {m.name for m in METRICS.values() if m.function.__module__ in MODULES}
    known = METRICS["answered_in_time"]
    assert (known.title, known.unit, known.counts, known.at) == ("Answered in time", "count", "contact", "start")
    assert known.function is service.answered_in_time and known.description.startswith("Answered contacts")
    monkeypatch.setattr(okireports.metrics, "METRICS", dict(METRICS))
    register = metric("Again", unit="count", counts="contact", at="start")
    with pytest.raises(ValueError, match=r"two metrics 'offered': in okireports\.metrics\.volume"):
        register(volume.offered)

    def silent(calls: Table) -> Any:
        return tally(calls.queued_at.notnull())

    with pytest.raises(ValueError, match="'silent' has no docstring"):
        register(silent)


def conditional_counts(source: str) -> list[int]:
    """The lines on which something is counted with `where=`, which is NULL on Spark where it should be 0."""
    calls = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    return [
        n.lineno
        for n in calls
        if isinstance(n.func, ast.Attribute)
        and n.func.attr in ("count", "nunique")
        and any(k.arg == "where" for k in n.keywords)
    ]


def test_no_metric_and_no_report_counts_with_where() -> None:
    assert conditional_counts("a = 1\nb = t.count(\n    where=t.x > 1\n)\nc = t.count()\nd = t.x.sum(where=t.y)") == [2]
    files = [f for part in ("metrics", "reports") for f in sorted((ROOT / "okireports" / part).rglob("*.py"))]
    assert len(files) >= 9
    assert {str(f): conditional_counts(f.read_text()) for f in files} == {str(f): [] for f in files}


# ---- the first reports, by hand --------------------------------------------------------------------------------------
PROJECTS = directory("project", {1: "Acme", 2: "Bolt"})
QUEUES = directory("queue", {1: "Sales", 2: "Help", 3: "Care"})
JUNE = (datetime(2025, 5, 31, 22), datetime(2025, 6, 30, 22))


def by(word: str | None) -> Interval:
    """June in Warsaw."""
    return Interval(word, *JUNE, offsets("Europe/Warsaw", *JUNE))


def columns(names: str) -> list[str]:
    """The columns of REPORTS.md."""
    return names.replace(",", "").split()


SUMMARY = columns(
    "project, queue, offered, answered, answered_in_time, abandoned, abandoned_short, callback_requested, voicemail, "
    "flow_out, failed, service_level, abandon_rate, asa_s, wait_p90_s, max_wait_s, aht_s, talk_s, hold_s, wrap_s, "
    "transferred"
)
LEVEL = columns(
    "project, queue, interval, offered, answered_in_time, abandoned_short, service_level, goal, met, asa_s, "
    "abandon_rate"
)
LOG = columns(
    "call, started_at, project, direction, queue, dialer, scenario, operator, line, contact_key, phone, outcome, "
    "result, wait_s, ring_s, talk_s, hold_s, wrap_s, duration_s, ended_by, came_from_other, went_to_other, sip_code, "
    "mos, recording, cost, currency"
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


def log(
    calls: Sequence[Row], facts: dict[str, Sequence[Row]] | None = None, *, by_name: bool = False, **options: Any
) -> Table:
    """The call log over these rows; `facts` are the tables that the viewer's rights open."""
    opened = {name: store(name, rows) for name, rows in (facts or {}).items()}
    return call_log(
        store("calls", calls),
        PROJECTS,
        QUEUES,
        directory("dialer", {4: "Spring"}),
        directory("scenario", {6: "Welcome"}),
        directory("operator", {9: "anna"}),
        *(opened.get(name) for name in ("contacts", "recordings", "charges")),
        **({"period": by(None)} | options),
    )


FULL = call(
    *("answered", 12.5),
    **{"call_id": 11, "source_id": "c-11", "dialer_id": 4, "scenario_id": 6, "operator_id": 9, "line": "+48220000100"},
    **{"contact_key": 77, "result": "sale", "ring_ms": 1_500, "talk_ms": 60_250, "hold_ms": 0, "ended_by": "customer"},
    **{"ended_at": NOON + timedelta(seconds=80, milliseconds=1), "came_from_other": True, "sip_code": 200},
    mos=Decimal("4.2000"),
)
BARE = {"project_id": 0, "call_id": 12, "source_id": "c-12", "direction": "internal", "outcome": "no_answer"}
BARE |= {"started_at": NOON, "ended_at": NOON}


def test_a_call_in_the_log_by_hand() -> None:
    facts: dict[str, Sequence[Row]] = {
        "contacts": [
            {"project_id": 1, "contact_key": 77, "phone": "+48220000101"},
            {"project_id": 2, "contact_key": 77, "phone": "+48220000102"},  # of another project
        ],
        "recordings": [
            {"project_id": 1, "call_id": 11, "at": NOON + timedelta(seconds=s), "url": f"https://example.com/{url}"}
            for s, url in ((60, "a"), (30, "c"), (30, "b"))
        ],
        "charges": [
            {"project_id": 1, "call_id": 11, "at": NOON, "amount": Decimal("0.10"), "currency": "PLN"},
            {"project_id": 1, "call_id": 11, "at": NOON, "amount": Decimal("0.023"), "currency": "PLN"},
            {"project_id": 1, "call_id": None, "at": NOON, "amount": Decimal(5000), "currency": "PLN"},  # a wage
        ],
    }
    frame = log([BARE, FULL], facts)
    assert list(frame.columns) == LOG
    bare, full = (list(r.values()) for r in records(frame))
    assert full == [
        *("c-11", NOON, "Acme", "inbound", "Sales", "Spring", "Welcome", "anna", "+48220000100", 77, "+48220000101"),
        *("answered", "sale", 12.5, 1.5, 60.25, 0.0, None, 80.001, "customer", True, False, 200, 4.2),
        *("https://example.com/b", Decimal("0.123"), "PLN"),
    ]
    assert bare == [
        *("c-12", NOON, None, "internal", *[None] * 7),
        *("no_answer", *[None] * 6, 0.0, None, False, False, None, None),
        *(None, None, None),
    ]


def test_what_a_right_does_not_open_is_not_in_the_log() -> None:
    closed = {"phone", "recording", "cost", "currency"}
    assert list(log([FULL]).columns) == [c for c in LOG if c not in closed]
    assert list(log([FULL], {"charges": []}).columns) == [c for c in LOG if c not in ("phone", "recording")]
    assert len(records(log([FULL, BARE]))) == 2


def test_costs_in_two_currencies_are_no_cost() -> None:
    charges = [
        {"project_id": 1, "call_id": 11, "at": NOON, "amount": Decimal(1), "currency": "PLN"},
        {"project_id": 1, "call_id": 11, "at": NOON, "amount": Decimal(1), "currency": "EUR"},
        {"project_id": 2, "call_id": 11, "at": NOON, "amount": Decimal(7), "currency": "PLN"},  # of another project
        {"project_id": 0, "call_id": 12, "at": NOON, "amount": Decimal(2), "currency": "EUR"},
    ]
    rows = records(log([FULL, BARE], {"charges": charges}))
    assert [(r["call"], r["cost"], r["currency"]) for r in rows] == [("c-12", 2, "EUR"), ("c-11", None, None)]


def many_calls() -> list[Row]:
    """Newest first: c-5, then c-2, c-3 and c-4 at one instant, then c-1."""
    order = [(1, 1, -60), (1, 2, 0), (1, 3, 0), (2, 1, 0), (1, 0, 60)]
    return [
        call(project_id=p, call_id=i, source_id=f"c-{n}", started_at=NOON + timedelta(seconds=s), ended_at=NOON)
        for n, (p, i, s) in enumerate(order, 1)
    ]


def test_the_log_is_newest_first_and_cut_into_pages() -> None:
    def shown(**options: int) -> list[str]:
        return [r["call"] for r in records(log(many_calls(), **options))]

    everything = ["c-5", "c-2", "c-3", "c-4", "c-1"]
    assert shown() == everything
    assert shown(limit=2) == everything[:2]
    assert shown(limit=2, offset=2) == everything[2:4]
    assert shown(offset=3) == everything[3:]
    assert shown(limit=0) == shown(limit=5, offset=9) == []


def test_the_log_holds_what_starts_in_the_period() -> None:
    start, end = JUNE
    edges = [(start - timedelta(milliseconds=1)), start, end - timedelta(milliseconds=1), end]
    calls = [call(call_id=i, source_id=f"c-{i}", started_at=at, ended_at=end) for i, at in enumerate(edges)]
    after_midnight = {"project_id": 1, "call_id": 2, "at": end + timedelta(minutes=3), "url": "https://example.com/2"}
    much_later = {"project_id": 1, "call_id": 1, "at": end + timedelta(days=1), "url": "https://example.com/1"}
    rows = records(log(calls, {"recordings": [after_midnight, much_later]}))
    assert [(r["call"], r["recording"]) for r in rows] == [("c-2", "https://example.com/2"), ("c-1", None)]


def test_charts_draw_columns_that_are_there() -> None:
    for name, shown in (("call_log", LOG), ("queue_summary", SUMMARY), ("service_level", LEVEL)):
        assert set(find(name).chart.columns) <= set(shown), name


EMPTY: dict[str, Callable[[], Table]] = {
    "log": lambda: log([], {"contacts": [], "recordings": [], "charges": []}),
    "summary": lambda: queue_summary(store("calls"), PROJECTS, QUEUES, by=by("month"), formula="ignore"),
    "level": lambda: service_level(store("calls"), PROJECTS, QUEUES, by=by("hour"), formula="short"),
}


@pytest.mark.parametrize("name", EMPTY)
def test_without_rows_the_columns_and_types_stay(name: str) -> None:
    expression = EMPTY[name]()
    frame = CON.to_pyarrow(expression)
    assert frame.num_rows == 0 and frame.column_names == list(expression.columns)
    kinds = {c: str(frame.schema.field(c).type) for c in frame.column_names}
    expected = {"interval": "date32[day]" if name == "summary" else "timestamp[us]", "offered": "int64", "met": "bool"}
    expected |= {"started_at": "timestamp[us]", "cost": "decimal128(38, 6)", "call": "string", "mos": "double"}
    expected |= {"service_level": "double", "talk_s": "double", "went_to_other": "bool", "wait_p90_s": "double"}
    assert {c: k for c, k in kinds.items() if c in expected} == {c: k for c, k in expected.items() if c in kinds}


def test_a_report_reads_its_calls_once() -> None:
    calls, projects, queues = (CON.table(name) for name in _named_tables())
    for made in (
        queue_summary(calls, projects, queues, by=by("day"), formula="short"),
        service_level(calls, projects, queues, by=by("30min"), formula="positive"),
    ):
        sql = str(ibis.to_sql(made)).lower()
        assert [sql.count(f'from "{name}"') for name in ("calls", "projects", "queues")] == [1, 1, 1]
        assert sql.count("join") == 2 and sql.count("group by") == 1 and "over (" not in sql


def _named_tables() -> tuple[str, ...]:
    for name, table in (("calls", store("calls")), ("projects", PROJECTS), ("queues", QUEUES)):
        CON.create_table(name, CON.to_pyarrow(table), overwrite=True)
    return ("calls", "projects", "queues")
