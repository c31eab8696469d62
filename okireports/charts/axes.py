"""Axes, colours and panels of charts, and what the pointer shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

from okireports.charts.paper import CLOCK, WIDTH, Drawing, Paper
from okireports.charts.rows import Plot
from okireports.columns import Label
from okireports.language import separated

OVERHANG = 38  # pixels beside panels: the picture's edges, and half of the last label of an axis
SPACE = 20  # between panels
LETTER = 7  # pixels of one, about

_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_CLOCK = {  # seconds as 24 h, 1:30 h, 15 min or 0:45 min, by what the ticks are multiples of
    3600: "datum.value/3600+' h'",
    1800: "floor(datum.value/3600)+':'+pad(floor(datum.value/60)%60,2,'0','left')+' h'",
    60: "datum.value/60+' min'",
    1: "floor(datum.value/60)+':'+pad(datum.value%60,2,'0','left')+' min'",
}


def number_axis(known: Label, highest: float, count: int = 5) -> alt.Axis:
    """The axis of a figure: shares as per cent, seconds as hours and minutes when they are many."""
    if known.unit == "s" and highest >= CLOCK:
        ticks = clock_ticks(highest, count)
        return alt.Axis(values=ticks, labelExpr=_clock(ticks))
    form = {"share": ".0%" if highest > 0.1 else ".1%", "count": ",.0f", "s": ",.0f", "money": ",.0f"}.get(known.unit)
    small = known.unit in ("count", "ordinal") and highest < count
    form = (",.0f" if highest >= count else ",.2~f") if known.unit == "number" else form
    return alt.Axis(format=form or known.format, tickCount=max(1, int(highest)) if small else count)


def written(known: Label, highest: float) -> int:
    """How many letters the longest label of a figure's axis has, about."""
    if known.unit == "share":
        return len("100%")
    return len("120:30 h") if known.unit == "s" and highest >= CLOCK else max(3, len(f"{highest:,.0f}"))


def clock_words(column: str) -> str:
    """A column of seconds as 262:30 h, as an expression of the chart."""
    return f"floor(datum['{column}']/3600)+':'+pad(floor(datum['{column}']/60)%60,2,'0','left')+' h'"


def together(known: Label, total: float, paper: Paper) -> str:
    """A sum in words: 1,234 or 262:30 h."""
    if known.unit == "s" and total >= CLOCK:
        return f"{total // 3600:.0f}:{total % 3600 // 60:02.0f} h"
    text = f"{total:,.2f}" if known.unit == "money" else f"{total:,.0f}"
    return separated(text, paper.language)


def _clock(ticks: Sequence[int]) -> str:
    """How ticks of seconds are written."""
    return next(shown for whole, shown in _CLOCK.items() if ticks[1] % whole == 0)


def clock_ticks(highest: float, count: int = 5) -> list[int]:
    """Round numbers of seconds, minutes or hours from 0 to the first that is not below the highest figure."""
    step = next((t for t in _TICKS if highest / t <= count + 1), 0) or 86400 * round(highest / count / 86400 + 0.5)
    return [step * n for n in range(-int(-highest // step) + 1)]


def seconds_axis(places: Sequence[float]) -> alt.Axis:
    """An axis of seconds with its ticks at some of these places: 20 s, 2 min."""
    shown = "datum.value < 60 ? datum.value + ' s' : datum.value / 60 + ' min'"
    ticks = [float(places[0])]
    for place in places[1:]:  # apart enough on a scale of square roots for their labels
        if place**0.5 - ticks[-1] ** 0.5 > 0.055 * places[-1] ** 0.5:
            ticks.append(float(place))
    return alt.Axis(values=ticks, labelExpr=shown)


def number_scale(known: Label, values: pd.Series, count: int = 5, *, near: bool = False) -> alt.Scale:
    """From 0; shares to 100 % where they come near it, and if `near` from below the lowest; MOS where it lies."""
    if known.unit == "mos":
        return alt.Scale(zero=False, nice=count)
    top, bottom = values.max(), values.min()
    if known.unit == "share" and 0.5 < top <= 1 and bottom >= 0:
        return alt.Scale(domain=[math.floor(bottom * 10) / 10 if near and bottom < 1 else 0, 1])
    if known.unit == "s" and top >= CLOCK and bottom >= 0:
        return alt.Scale(domain=[0, clock_ticks(float(top), count)[-1]])
    return alt.Scale(zero=True, nice=count)


def colours(names: Sequence[str], paper: Paper) -> alt.Scale:
    """A colour for each series, the same for a status or an outcome in every chart.

    Others together are grey, and so is what has no name, unless that has a meaning of its own.
    """
    theme = paper.theme
    grey = {paper.say("others"): theme.others, paper.say("null"): theme.absent}
    own = [name for name in names if name != paper.say("others")]
    known = next((places for places in paper.places() if places.keys() >= {*own}), None)
    places = known or {name: i % len(theme.palette) for i, name in enumerate(n for n in own if n not in grey)}
    shown = grey | {name: theme.absent if i is None else theme.palette[i] for name, i in places.items()}
    return alt.Scale(domain=list(names), range=[shown[name] for name in names])


def time_axis(first: pd.Timestamp, last: pd.Timestamp, grain: str, ticks: int = 9) -> alt.Axis:
    """Ticks at round places of the wall clock, at most about `ticks`; dates where a day begins, times elsewhere."""
    steps = ["15min", "30min", "1h", "2h", "3h", "6h", "12h", "1D", "2D", "7D", "14D", "MS", "3MS", "6MS", "YS"]
    begin = {"day": "1D", "week": "7D", "month": "MS"}.get(grain, "15min")
    anchor = first if grain == "week" else first.normalize()
    for step in steps[steps.index(begin) :]:
        places = pd.date_range(anchor, last, freq=step)
        places = places[places >= first]
        if len(places) <= ticks:
            break
    moments = [int(p.timestamp() * 1000) for p in places]
    if step.endswith(("MS", "YS")):
        # Not as a format: in columns, which are bins, that would be one of numbers.
        return alt.Axis(values=moments, labelExpr="utcFormat(datum.value,'%b %Y')")
    day = "utcFormat(datum.value,'%-d %b')"
    clock = f"hours(datum.value)+minutes(datum.value)===0 ? {day} : utcFormat(datum.value,'%H:%M')"
    clock = clock.replace("hours(", "utchours(").replace("minutes(", "utcminutes(")
    return alt.Axis(values=moments, labelExpr=day if step.endswith("D") else clock, labelOverlap=True)


def moment(plot: Plot, ticks: int = 9) -> alt.X:
    """The axis of time, of what the clock on the wall shows."""
    first, last = plot.rows[plot.x].min(), plot.rows[plot.x].max()
    return across(plot.x, time_axis(first, last, plot.grain or "15min", ticks))


def across(x: str, axis: alt.Axis, ends: tuple[pd.Timestamp, pd.Timestamp] | None = None, **more: Any) -> alt.X:
    """A horizontal axis of wall-clock times; `ends` where it begins and ends, else with the marks."""
    domain: dict[str, Any] = {"domain": [int(end.timestamp() * 1000) for end in ends], "nice": False} if ends else {}
    return alt.X(field=x, type="temporal", title=None, scale=alt.Scale(type="utc", **domain), axis=axis, **more)


def categories(key: str, names: Sequence[str] | alt.EncodingSortField, *, grid: bool = False, **more: Any) -> alt.Y:
    """A vertical axis of names, which need no title."""
    axis = alt.Axis(ticks=False, domain=False, grid=grid)
    sort = names if isinstance(names, alt.EncodingSortField) else list(names)
    return alt.Y(field=key, type="nominal", sort=sort, axis=axis, **({"title": None} | more))


def pointed(plot: Plot, paper: Paper) -> list[alt.Tooltip]:
    """What the pointer shows of a plot."""
    labels = [named(key, paper) for key in plot.keys]
    if plot.grain in ("day", "week", "month"):  # no hour
        labels[0] = replace(labels[0], unit="date")
    return tips([*plot.keys, plot.y], [*labels, plot.known], paper)


def tips(names: Sequence[str], labels: Sequence[Label], paper: Paper) -> list[alt.Tooltip]:
    """What the pointer shows: every column of the chart with its label."""
    made = []
    for name, known in zip(names, labels, strict=True):
        title = known.heading(paper.language)
        if known.unit in ("instant", "date", "interval"):  # the unit of UTC, or the browser's zone would be shown
            form = "%Y-%m-%d" if known.unit == "date" else "%Y-%m-%d %H:%M"
            made.append(
                alt.Tooltip(
                    field=name, type="temporal", timeUnit="utcyearmonthdatehoursminutes", format=form, title=title
                )
            )
        elif known.unit in ("text", "flag", "id", "ordinal"):
            made.append(alt.Tooltip(field=name, type="nominal", title=title))
        else:
            made.append(alt.Tooltip(field=name, type="quantitative", format=known.format, title=title))
    return made


def tint(plot: Plot, paper: Paper) -> alt.Color | alt.ColorValue:
    """The colour of a series, with a legend of as many columns as 600 pixels take."""
    if not plot.series:
        return alt.ColorValue(paper.theme.palette[0])
    widths = [40 + 6.5 * min(len(n), 24) for n in plot.names]
    columns = len(plot.names) if sum(widths) <= WIDTH else max(1, int(WIDTH / max(widths)))
    box = alt.Legend(columns=columns, symbolOpacity=1)  # or a line's colour would be as pale as the area below it
    scale = colours(plot.names, paper)
    return alt.Color(field=plot.series, type="nominal", sort=list(plot.names), scale=scale, legend=box)


def shades(known: Label, highest: float, form: str, paper: Paper) -> alt.Legend:
    """The legend of a figure that is a colour."""
    title = paper.heading(known, highest)
    if known.unit == "s" and highest >= CLOCK:
        ticks = clock_ticks(highest, 4)
        return alt.Legend(values=ticks, labelExpr=_clock(ticks), gradientLength=200, title=title)
    return alt.Legend(format=form, gradientLength=200, title=title)


def panels(
    layers: Sequence[alt.Chart],
    values: alt.InlineData,
    by: str,
    names: Sequence[str],
    height: int | alt.Step,
    *,
    beside: int = 1,
    own: Sequence[str] = (),
    letters: int = 9,
) -> Drawing:
    """One small chart for each name, one under the other or some beside each other; `own` axes are not shared.

    `letters` is how long the longest label of the vertical axis is: what it leaves of 600 pixels is for the plots.
    """
    facet = alt.Facet(field=by, type="nominal", sort=list(names), title=None)
    axes = LETTER * letters * (beside if "y" in own else 1)
    width = (WIDTH - OVERHANG - axes - SPACE * (beside - 1)) // beside
    small: alt.LayerChart = alt.LayerChart(layer=list(layers)).properties(width=width, height=height)
    # Where only the last panels have a horizontal axis, they stand in rows of one height, whatever is drawn in them.
    rows = {} if "x" in own else {"bounds": "flush"}
    spacing = {"row": 12 if "x" in own else 34, "column": SPACE}
    made = small.facet(facet=facet, data=values, columns=beside, spacing=spacing, **rows)
    if not own:
        return made
    whole: Drawing = made.resolve_scale(x="independent" if "x" in own else "shared", y="independent")
    return whole


def gridded(axis: alt.Axis) -> alt.Axis:
    """The same axis with grid lines: of a horizontal axis that carries figures."""
    axis["grid"] = True
    return axis


def named(name: str, paper: Paper) -> Label:
    """The label of a column, or of the chart's own column of series."""
    return paper.own("value", "kind") if name == "series" else paper.label(name)
