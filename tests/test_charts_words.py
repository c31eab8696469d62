"""Charts in words: their text alternatives, and what the pointer shows, with units, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

import worlds
from laws import Trial
from okireports import charts
from okireports.charts.theme import THEMES
from okireports.columns import label
from okireports.report import REPORTS, all_reports
from okireports.result import Result, drawn
from test_charts_theme import painted

ZONE = "Europe/Warsaw"
UNITS = {"s": "(s)", "ms": "(ms)", "percent": "(%)", "bytes": "(B)"}
NAMES = [r.name for r in all_reports()]
MONDAY = pd.Timestamp("2025-06-02 08:00", tz=ZONE)


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    made = Trial(worlds.world(3))
    yield made
    made.close()


@dataclass(frozen=True)
class Seen:
    """Every report's result for who sees everything, and its charts, each made once."""

    results: dict[str, Result]
    charts: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def chart(self, name: str, language: str) -> dict[str, Any]:
        """A chart as Vega-Lite."""
        if (name, language) not in self.charts:
            result = self.results[name]
            self.charts[name, language] = drawn(result.answer, result.frame, language).to_dict()
        return self.charts[name, language]


@pytest.fixture(scope="module")
def seen(trial: Trial) -> Seen:
    admin = trial.viewer("admin")
    viewer = trial.center.viewer(admin.login, reason=admin.reason)
    return Seen({name: viewer.report(name, period=trial.world.period) for name in NAMES})


def told(spec: charts.Spec, frame: pd.DataFrame, language: str = "en", **more: Any) -> str:
    """The text alternative of a chart."""
    chart = charts.draw(
        spec, frame, **{"title": "Title", "zone": ZONE, "language": language, "subtitle": "June 2025", **more}
    )
    return str(chart.to_dict()["description"])


def tooltips(node: Any) -> Iterator[dict[str, Any]]:
    """Every line that the pointer shows, anywhere in a specification."""
    if isinstance(node, list):
        for part in node:
            yield from tooltips(part)
    elif isinstance(node, dict):
        yield from node.get("tooltip", []) if isinstance(node.get("tooltip"), list) else []
        for key, part in node.items():
            if key not in ("tooltip", "datasets", "data"):
                yield from tooltips(part)


# ---- every report ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["en", "pl"])
@pytest.mark.parametrize("name", NAMES)
def test_the_pointer_shows_every_figure_with_its_unit(seen: Seen, name: str, language: str) -> None:
    result, spec = seen.results[name], seen.chart(name, language)
    for tip in tooltips(spec):
        assert tip["title"].strip() and tip["title"] != tip["field"]
        assert tip["type"] != "quantitative" or tip["format"], "a figure as the machine has it"
        if tip["field"] in ("series", "count") or (REPORTS[name].chart.form, tip["field"]) in OWN:
            continue  # the chart's own
        known = label(REPORTS[name].chart.y[0] if tip["field"] == "value" else tip["field"], name)
        assert tip["field"] == "value" or tip["title"].startswith(known.words(language)), "not the column's own words"
        assert tip["title"].endswith(unit(known.unit, result.frame)), "no unit"


OWN = (("bullets", "share"), ("steps", "wait_from_s"))  # of the goal; waited less than


def unit(name: str, frame: pd.DataFrame) -> str:
    """How the heading of a column ends."""
    if name == "money" and frame["currency"].nunique() == 1:
        return f"({frame['currency'].iloc[0]})"
    return UNITS.get(name, "")


def test_the_pointer_says_goal_of_a_goal() -> None:
    chart = charts.draw(
        charts.lines("interval", "service_level", by="queue", goal="goal"),
        SERVICE.assign(goal=0.8),
        title="",
        zone=ZONE,
    )
    assert {t["field"]: t["title"] for t in tooltips(chart.to_dict())}["goal"] == label("goal").heading()


@pytest.mark.parametrize("language", ["en", "pl"])
@pytest.mark.parametrize("name", NAMES)
def test_every_chart_says_in_words_what_it_shows(seen: Seen, name: str, language: str) -> None:
    result, spec = seen.results[name], seen.chart(name, language)
    title = REPORTS[name].pl if language == "pl" else REPORTS[name].title
    words = spec["description"]
    assert len(words) <= 400 and words.startswith(f"{title}. {result.provenance.period}. ")
    assert words.removeprefix(f"{title}. {result.provenance.period}. ").strip()
    assert not re.search(r"nan|None|NaT|\d{7}|_", words.removeprefix(title)), words
    numbers = [rows for rows in spec.get("datasets", {}).values() if len(rows) > 1]
    assert not numbers or re.search(r"\(\d+\)", words), "how many there are"


@pytest.mark.parametrize("name", NAMES)
def test_every_light_chart_repainted_is_the_dark_one(seen: Seen, name: str) -> None:
    answer, frame = seen.results[name].answer, seen.results[name].frame
    zone = answer.provenance.zone
    light, dark = (
        charts.draw(answer.report.chart, frame, title="", zone=zone, by=answer.by, report=name, theme=theme).to_dict()
        for theme in THEMES
    )
    assert painted(light) == dark != light


# ---- by hand ---------------------------------------------------------------------------------------------------------
SERVICE = pd.DataFrame(
    {
        "queue": ["Sales", "Support", "Sales", "Support"],
        "interval": [MONDAY, MONDAY, MONDAY + pd.Timedelta("30min"), MONDAY + pd.Timedelta("30min")],
        "service_level": [0.5, 0.925, float("nan"), 0.1],
    }
)


def test_lines() -> None:
    words = told(charts.lines("interval", "service_level", by="queue"), SERVICE, by="30min")
    assert words == (
        "Title. June 2025. Line chart: Service level by Interval (2), Queue (2). "
        "Highest 92.5% (2025-06-02 08:00, Support). Lowest 10.0% (2025-06-02 08:30, Support)."
    )


def test_lines_in_polish() -> None:
    words = told(charts.lines("interval", "service_level", by="queue"), SERVICE, "pl", by="30min")
    assert "Wykres liniowy: Poziom obsługi według: " in words
    assert "Najwyższa wartość 92,5% (2025-06-02 08:00, Support)." in words


def test_one_line_has_ends() -> None:
    frame = pd.DataFrame({"interval": pd.date_range(MONDAY, periods=3, freq="30min"), "offered": [7, 1234, 2]})
    words = told(charts.lines("interval", "offered"), frame, by="30min")
    assert "Highest 1,234 (2025-06-02 08:30)." in words
    assert "First 7 (2025-06-02 08:00), last 2 (2025-06-02 09:00)." in words


def test_bars_of_seconds_and_what_is_put_together() -> None:
    many = pd.DataFrame({"operator": [f"o{n:02}" for n in range(60)], "talk_s": [60.0 * (n + 1) for n in range(60)]})
    words = told(charts.bars("operator", "talk_s"), many, report="operator_calls")
    assert "Highest 1:00 h (o59). Lowest 0:22 h (o21)." in words  # those that have a bar of their own
    assert "by Operator (39)." in words and words.endswith("The smallest 21 are together as “others”.")


def test_amounts_have_their_currency() -> None:
    frame = pd.DataFrame({"project": ["A", "B"], "amount": [10.5, 3.0], "currency": ["PLN", "PLN"]})
    chart = charts.draw(charts.bars("project", "amount"), frame, title="T", zone=ZONE).to_dict()
    titles = {tip["field"]: tip["title"] for tip in tooltips(chart)}
    assert titles["amount"] == f"{label('amount').en} (PLN)"
    assert f"{label('amount').en} (PLN) by" in chart["description"]
    two = frame.assign(currency=["PLN", "EUR"])
    both = charts.draw(charts.bars("project", "amount"), two, title="T", zone=ZONE).to_dict()["description"]
    assert "Highest 10.50 (A, PLN). Lowest 3.00 (B, EUR)." in both


@pytest.mark.parametrize(("language", "text"), [("en", "No data in this period"), ("pl", "Brak danych w tym okresie")])
def test_nothing_is_said_too(language: str, text: str) -> None:
    assert told(charts.bars("queue", "offered"), pd.DataFrame({"queue": [], "offered": []}), language).endswith(
        f"June 2025. {text}."
    )


def test_a_single_figure_is_neither_highest_nor_lowest() -> None:
    words = told(charts.bars("queue", "offered"), pd.DataFrame({"queue": ["Sales"], "offered": [3]}))
    assert words.endswith("All 3.")


def test_long_names_are_cut_and_whole_sentences_stay() -> None:
    frame = pd.DataFrame({"queue": ["q" * 200, "r" * 200], "offered": [3, 4]})
    words = told(charts.bars("queue", "offered"), frame, title="t" * 300, subtitle="s" * 300)
    assert len(words) <= 400 and words.endswith(".")
    assert "q" * 39 + "…" in words and "q" * 40 not in words


def test_what_is_not_drawn_is_not_said() -> None:
    frame = SERVICE.assign(secret="CANARY", answered=123456)
    spec = charts.lines("interval", "service_level", by="queue")
    assert told(spec, frame, by="30min") == told(spec, SERVICE, by="30min")


class Boxes(HTMLParser):
    """The attributes of every element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_pictures_and_pages_carry_the_words_once() -> None:
    frame = pd.DataFrame({"queue": ['<"&>'], "offered": [3]})
    chart = charts.draw(charts.bars("queue", "offered"), frame, title='A "b" <c>', zone=ZONE)
    words = chart.to_dict()["description"]
    for text, tag in ((charts.html(chart, library=False), "div"), (charts.svg(chart), "svg")):
        named = [a for t, a in Boxes(text).found if t == tag and "aria-label" in a]
        assert [(a["role"], a["aria-label"]) for a in named] == [("img", words)]
