"""The theme of charts: what stands out from what, in light and dark, and how a light drawing becomes a dark one."""

from __future__ import annotations

import copy
import re
from typing import Any

import pandas as pd
import pytest

from okireports import charts
from okireports.charts.theme import THEMES, Shade, Theme

SHADES: tuple[Shade, ...] = ("light", "dark")
FIGURE = '<{} aria-label="[^"]*offered_per_day: ([0-9]+)[;"][^>]* fill="([^"]+)"'
NAMED = {"white": "#FFFFFF", "black": "#000000"}


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    if found := re.fullmatch(r"rgb\((\d+), ?(\d+), ?(\d+)\)", colour):
        shares = [int(part) / 255 for part in found.groups()]
    else:
        text = NAMED.get(colour, colour)
        shares = [int(text[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def painted(spec: dict[str, Any]) -> dict[str, Any]:
    """A light specification with what `repaint` says."""
    made = copy.deepcopy(spec)
    for (*way, last), colour in charts.repaint(spec):
        at: Any = made
        for key in way:
            at = at[key]
        at[last] = colour
    return made


def drawn(spec: charts.Spec, frame: pd.DataFrame, **more: Any) -> Any:
    return charts.draw(spec, frame, title="A", zone="Europe/Warsaw", **more)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "white") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)  # known as just too pale for text


@pytest.mark.parametrize("shade", SHADES)
def test_series_and_words_stand_out(shade: Shade) -> None:
    theme: Theme = THEMES[shade]
    series = {*theme.palette, theme.others, theme.absent}
    assert len(series) == 14
    assert min(contrast(colour, theme.background) for colour in series) >= 3
    words = (theme.ink, theme.subtitle, theme.heading, theme.hint, theme.legend)
    assert min(contrast(colour, theme.background) for colour in words) >= 4.5
    assert contrast(theme.line, theme.background) >= 3
    assert theme.edge == theme.background
    brightness = [contrast(colour, theme.background) for colour in theme.ramp]
    assert brightness == sorted(brightness)  # the larger, the more it stands out


@pytest.mark.parametrize("shade", SHADES)
def test_figures_on_cells_are_read(shade: Shade) -> None:
    """Of a heat map with a figure on each colour, as it is drawn."""
    cells = [(x, y) for x in range(12) for y in range(1, 8)]
    frame = pd.DataFrame({"hour": [x for x, _ in cells], "weekday": [y for _, y in cells]})
    frame["offered_per_day"] = [float(n) for n in range(len(cells))]
    svg = charts.svg(drawn(charts.heat("hour", "weekday", "offered_per_day"), frame, theme=shade))
    grounds = re.findall(FIGURE.format("path"), svg)
    figures = re.findall(FIGURE.format("text"), svg)
    assert len(grounds) == len(figures) == len(cells)
    inks = dict(figures)
    assert {*inks.values()} == {THEMES[shade].over_large, THEMES[shade].over_small}
    assert min(contrast(ground, inks[figure]) for figure, ground in grounds) >= 4.5


MADE = {
    "bars": (charts.bars("queue", "offered"), {"queue": ["white", "#222222"], "offered": [3, 4]}),
    "heat": (
        charts.heat("hour", "queue", "offered"),
        {"hour": [8, 9, 8], "queue": ["black", "b", "b"], "offered": [3, 4, 900]},
    ),
    "matrix": (charts.matrix("project", "login", by="role"), {"project": ["A"], "login": ["x"], "role": ["Admin"]}),
    "nothing": (charts.bars("queue", "offered"), {"queue": [], "offered": []}),
}


@pytest.mark.parametrize("name", MADE)
def test_a_light_drawing_repainted_is_the_dark_one(name: str) -> None:
    spec, columns = MADE[name]
    light, dark = (drawn(spec, pd.DataFrame(columns), theme=shade).to_dict() for shade in SHADES)
    assert light != dark and painted(light) == dark
    assert light["datasets" if "datasets" in light else "data"] == dark["datasets" if "datasets" in dark else "data"]


def test_words_that_look_like_colours_stay() -> None:
    spec = {"mark": {"type": "text", "color": "#222222"}, "encoding": {"text": {"value": "white"}}}
    assert charts.repaint(spec) == [(["mark", "color"], THEMES["dark"].ink)]
    assert not charts.repaint({"data": {"values": [{"color": "white"}]}, "mark": {"type": "bar", "color": "#123456"}})


def test_html_holds_the_chart_once_and_the_colours_of_the_other_form() -> None:
    chart = drawn(charts.bars("queue", "offered"), pd.DataFrame({"queue": ["Only once"], "offered": [3]}))
    piece = charts.html(chart, library=False)
    assert piece.count('"queue": "Only once"') == 1
    assert THEMES["dark"].background in piece and THEMES["light"].ink in piece
    assert THEMES["dark"].background not in charts.svg(chart)
