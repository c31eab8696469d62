"""The theme of charts in its two forms, light and dark: background, ink, grid, edges, and the colours of series.

Series stand out from their background by 3:1 or more and words by 4.5:1, in each form. A series has the same hue in
both, and series are told apart by the colour-blind, too. A light drawing can be repainted: `repaint` says which of its
colours become which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

Shade = Literal["light", "dark"]


@dataclass(frozen=True)
class Theme:
    """The colours of one form, by what they are for."""

    background: str
    ink: str
    subtitle: str
    heading: str  # of an axis
    hint: str  # what stands where there is no chart
    legend: str
    line: str  # of an axis
    faint: str  # grids
    edge: str  # between marks that touch
    over_large: str  # words on a cell of a large figure
    over_small: str
    others: str  # what has no colour of its own: others together, and what has no name
    absent: str
    palette: tuple[str, ...]  # of series
    ramp: tuple[str, ...]  # of figures, from the smallest to the largest, which stands out most

    @property
    def config(self) -> dict[str, Any]:
        """What Vega-Lite is told once for a whole chart."""
        ink, line = self.ink, self.line
        return {
            "background": self.background,
            "font": "Liberation Sans, Arial, Helvetica, DejaVu Sans, sans-serif",
            "view": {"stroke": None},
            "title": {"anchor": "start", "frame": "group", "fontSize": 16, "fontWeight": 600, "color": ink,
                      "offset": 12, "subtitleFontSize": 12, "subtitleColor": self.subtitle, "subtitlePadding": 5},
            "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelColor": ink,
                     "titleColor": self.heading, "gridColor": self.faint, "domainColor": line, "tickColor": line,
                     "labelLimit": 190, "titlePadding": 8},
            "axisX": {"grid": False},
            "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
            "legend": {"orient": "bottom", "direction": "horizontal", "labelFontSize": 12, "titleFontSize": 12,
                       "titleFontWeight": "normal", "labelColor": self.legend, "titleColor": self.legend,
                       "labelLimit": 170, "symbolSize": 110, "symbolStrokeWidth": 2.5, "columnPadding": 14,
                       "title": None},
            "header": {"labelFontSize": 12, "labelFontWeight": 600, "labelAnchor": "start", "labelColor": ink,
                       "title": None},
            "line": {"strokeWidth": 2},
            "rule": {"strokeWidth": 1.5},
        }  # fmt: skip


# Viridis, with the colour in its middle on which black and white are read equally well.
_RAMP = (
    "#FDE725", "#C5E021", "#8BD646", "#52C569", "#28AE80", "#26818E", "#31688E", "#3C4F8A", "#453581", "#481B6D",
    "#440154",
)  # fmt: skip
THEMES: Mapping[Shade, Theme] = {
    "light": Theme(
        background="white", ink="#222222", subtitle="#555555", heading="#444444", hint="#666666", legend="black",
        line="#888888", faint="#E4E4E4", edge="white", over_large="#FFFFFF", over_small="black", others="#6E6E6E",
        absent="#949494",
        palette=(  # Okabe and Ito's and Tol's, but for what is too pale on white
            "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#A99150", "#1D8CFF", "#000000", "#644706",
            "#882255", "#1E6A78", "#7B403A", "#332288",
        ),
        ramp=_RAMP,
    ),
    "dark": Theme(
        background="#161616", ink="#E8E8E8", subtitle="#B5B5B5", heading="#C4C4C4", hint="#A8A8A8", legend="white",
        line="#8A8A8A", faint="#333333", edge="#161616", over_large="black", over_small="white", others="#B0B0B0",
        absent="#787878",
        palette=(
            "#408FE3", "#D55E00", "#04AE5E", "#C9749B", "#E69F00", "#65D3FD", "#F2F2F2", "#F0E442",
            "#A7368F", "#8FEAA7", "#C6F17C", "#4C71FF",
        ),
        ramp=(  # its smallest figures are less dark, or they would not be seen
            "#5D3A9B", "#55489F", "#4A5AA3", "#3C6BA0", "#2E7799", *_RAMP[5::-1],
        ),
    ),
}  # fmt: skip

# Where a specification says a colour; the words of a text have the key `value`, too.
_PAINTED = {
    "background", "color", "fill", "stroke", "value", "range", "labelColor", "titleColor", "subtitleColor", "gridColor",
    "domainColor", "tickColor",
}  # fmt: skip
_WORDS = {"data", "datasets", "text", "tooltip"}
Path = list[str | int]


def repaint(spec: Mapping[str, Any]) -> list[tuple[Path, str]]:
    """What makes a light drawing a dark one: a place in its specification, and the colour that stands there instead.

    Colours that are not the theme's stay as they are.
    """
    dark = _pairs()
    return [(path, dark[colour]) for path, colour in _colours(spec, []) if dark.get(colour, colour) != colour]


def _pairs() -> dict[str, str]:
    """The dark colour that stands for each light one."""
    pairs: dict[str, str] = {}
    for field in fields(Theme):
        light, dark = (getattr(THEMES[name], field.name) for name in THEMES)
        pairs |= {light: dark} if isinstance(light, str) else dict(zip(light, dark, strict=True))
    return pairs


def _colours(node: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text that says a colour, and where it stands."""
    inside = node.items() if isinstance(node, Mapping) else enumerate(node)
    for key, value in inside:
        here = [*path, key]
        if isinstance(value, str):
            if next(k for k in reversed(here) if isinstance(k, str)) in _PAINTED:
                yield here, value
        elif isinstance(value, Mapping | list) and key not in _WORDS:
            yield from _colours(value, here)
