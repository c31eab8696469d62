"""Metrics against hand counts and published figures."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
from typing import Any, Literal

import ibis
import pytest
from ibis import Table

import okireports.metrics
from handmade import CON, PARTS, Row, call, records, store, toy, value, values
from okireports.errors import BadOption
from okireports.metrics import METRICS, handling, metric, ratio, service, tally, volume, waiting
from okireports.metrics.arithmetic import wilson_bound

ROOT = Path(__file__).resolve().parents[1]
MODULES = {m.__name__ for m in (volume, service, waiting, handling)}


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
