"""The metrics of contacts against a second writing in plain Python, over rows of any kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handmade import NOON, PARTS, Row, values
from okireports.metrics import METRICS, handling, service, volume, waiting
from okireports.tables import OUTCOMES

MODULES = {m.__name__ for m in (volume, service, waiting, handling)}


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
        **{
            name: max((r[name] for r in rows if r[name] is not None), default=None)
            for name in ("goal", "answer_within_s", "short_abandon_s")
        },
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


def test_every_metric_of_contacts_is_written_twice() -> None:
    assert set(plainly([])) == {m.name for m in METRICS.values() if m.function.__module__ in MODULES}
