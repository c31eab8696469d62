"""What the charts of reports show, in the words and colours that people see."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from okireports.charts import draw
from okireports.report import find

MONDAY = pd.Timestamp("2025-06-02 08:00", tz="Europe/Warsaw")


def drawn(name: str, frame: pd.DataFrame, language: str = "en") -> dict[str, Any]:
    """The chart of a report over a frame, as Vega-Lite."""
    chart = draw(find(name).chart, frame, title=name, zone="Europe/Warsaw", language=language, report=name)
    made: dict[str, Any] = chart.to_dict()
    return made


def colours(chart: dict[str, Any]) -> dict[str, str]:
    """The colour of each series."""
    scale = chart["encoding"]["color"]["scale"]
    return dict(zip(scale["domain"], scale["range"], strict=True))


def log(*statuses: str) -> pd.DataFrame:
    """Statuses of an hour each, one after the other."""
    starts = [MONDAY + pd.Timedelta(hours=n) for n in range(len(statuses))]
    ends = [start + pd.Timedelta(hours=1) for start in starts]
    return pd.DataFrame({"operator": "anna", "started_at": starts, "ended_at": ends, "status": statuses})


@pytest.mark.parametrize(("language", "words"), [("en", ("Ready", "Away")), ("pl", ("Gotowość", "Away"))])
def test_a_status_has_one_colour_in_every_chart(language: str, words: tuple[str, str]) -> None:
    figures = {f"{s}_s": [60.0] for s in ("ready", "waiting", "busy", "pcp", "away", "na")}
    bars = drawn("operator_summary", pd.DataFrame({"operator": ["anna"]} | figures), language)
    in_sum = colours(bars["layer"][0])
    some = colours(drawn("operators_log", log("Away", "Ready"), language))
    assert list(some) == ["Ready", "Away"]  # in the order of the summary, not of the alphabet
    assert [some["Ready"], some["Away"]] == [in_sum[word] for word in words]
    assert len({*in_sum.values()}) == 6
    assert colours(drawn("operators_log", log("Offline", "Busy"), language))["Offline"] not in in_sum.values()


def test_hours_without_calls_between_others_are_seen_to_be_empty() -> None:
    frame = pd.DataFrame({"weekday": [2, 2], "hour": [8, 11], "offered_per_day": [3.0, 0.5]})
    encoding = drawn("calls_by_hour", frame)["layer"][0]["encoding"]
    assert encoding["x"]["scale"]["domain"] == [8, 9, 10, 11]
    assert encoding["y"]["scale"]["domain"] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", {"called back, reached", "called back, not reached", "not called back"}),
        ("pl", {"oddzwoniono, odebrano", "oddzwoniono, nie odebrano", "nie oddzwoniono"}),
    ],
)
def test_lost_calls_are_open_or_called_back(language: str, words: set[str]) -> None:
    reached = pd.array([True, False, None], dtype="boolean")
    chart = drawn("lost_calls", pd.DataFrame({"started_at": [MONDAY] * 3, "reached": reached}), language)
    assert set(colours(chart)) == words
    open_ones = drawn("lost_calls", pd.DataFrame({"started_at": [MONDAY], "reached": reached[2:]}), language)
    assert colours(open_ones).items() <= colours(chart).items()  # a colour does not depend on what else there is


def test_five_definitions_have_five_shapes_and_one_legend() -> None:
    shares = {f"sl_{f}": [0.7] for f in ("short", "offered", "answered", "positive", "ignore")}
    dots = drawn("service_level_variants", pd.DataFrame({"queue": ["Sales"]} | shares))["layer"][-1]["encoding"]
    assert len(dots["shape"]["scale"]["domain"]) == 5
    assert (dots["shape"]["scale"]["domain"], dots["shape"]["legend"]) == (
        dots["color"]["scale"]["domain"],
        dots["color"]["legend"],
    )


def test_short_waits_have_room() -> None:
    frame = pd.DataFrame(
        {"outcome": "answered", "wait_from_s": [0, 5, 10, 600], "cumulative_share": [0.1, 0.3, 0.6, 1.0]}
    )
    x = drawn("wait_distribution", frame)["encoding"]["x"]
    assert x["scale"] == {"type": "sqrt"} and x["axis"]["values"] == [0, 5, 600]


def test_a_share_below_a_wait_counts_no_longer_ones() -> None:
    """Of ten answered four waited less than 10 s: where the axis says 10 s, the curve is at 40 %."""
    frame = pd.DataFrame(
        {"outcome": "answered", "wait_from_s": [0, 5, 10, 600], "cumulative_share": [0.1, 0.4, 0.9, 1.0]}
    )
    chart = drawn("wait_distribution", frame)
    rows = {r["wait_from_s"]: r["cumulative_share"] for r in next(iter(chart["datasets"].values()))}
    assert rows == {0: 0, 5: 0.1, 10: 0.4, 600: 0.9}
    assert chart["encoding"]["x"]["title"] == "Waited less than"


@pytest.mark.parametrize(("language", "word"), [("en", "callback requested"), ("pl", "zamówione oddzwonienie")])
def test_outcomes_are_words_in_one_order(language: str, word: str) -> None:
    outcomes = ["voicemail", "abandoned", "callback_requested", "answered"]
    frame = pd.DataFrame({"outcome": outcomes, "wait_from_s": 0, "cumulative_share": 0.5})
    names = list(colours(drawn("wait_distribution", frame, language)))
    assert len(names) == 4 and names[2] == word
    assert names[:2] == {"en": ["answered", "abandoned"], "pl": ["odebrane", "porzucone"]}[language]


def test_a_log_says_what_it_counts() -> None:
    frame = pd.DataFrame({"call": ["c-1"], "started_at": [MONDAY]})
    assert drawn("call_log", frame)["encoding"]["y"]["title"] == "Calls"
    assert drawn("operators_log", log("Busy").assign(started_at=pd.NaT))["mark"]["type"] == "text"
