"""Axes, colours and panels of charts, and what the pointer shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from okireports.charts.paper import CLOCK, WIDTH, Drawing, Paper
from okireports.charts.rows import Plot
from okireports.columns import Label

INSIDE = 490  # the plot of a panel, whose axis stands beside it

# Okabe and Ito's colours, safe for the colour-blind, the ones that are strong on white first; then four of Tol's
PALETTE = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442",
    "#882255", "#44AA99", "#999933", "#332288",
)  # fmt: skip
OTHERS = "#9A9A9A"

_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
_CLOCK = (  # seconds as 1:30 h or 0:45 min, by the size of the axis
    "floor(datum.value/3600)+':'+pad(floor(datum.value/60)%60,2,'0','left')+' h'",
    "floor(datum.value/60)+':'+pad(datum.value%60,2,'0','left')+' min'",
)


def number_axis(known: Label, highest: float, count: int = 5) -> alt.Axis:
    """The axis of a figure: shares as per cent, seconds as hours and minutes when they are many."""
    if known.unit == "s" and highest >= CLOCK:
        step = next((t for t in _TICKS if highest / t <= count + 1), 0) or 86400 * round(highest / count / 86400 + 0.5)
        ticks = list(range(0, int(highest) + step, step))
        return alt.Axis(values=ticks, labelExpr=_CLOCK[highest < 7200])
    form = {"share": ".0%" if highest > 0.1 else ".1%", "count": ",.0f", "s": ",.0f", "money": ",.0f"}.get(known.unit)
    small = known.unit in ("count", "ordinal") and highest < count
    return alt.Axis(format=form or known.format, tickCount=max(1, int(highest)) if small else count)


def seconds_axis(places: Sequence[float]) -> alt.Axis:
    """An axis of seconds with its ticks at some of these places: 20 s, 2 min."""
    shown = "datum.value < 60 ? datum.value + ' s' : datum.value / 60 + ' min'"
    ticks = [float(places[0])]
    for place in places[1:]:  # apart enough on a scale of square roots for their labels
        if place**0.5 - ticks[-1] ** 0.5 > 0.055 * places[-1] ** 0.5:
            ticks.append(float(place))
    return alt.Axis(values=ticks, labelExpr=shown)


def number_scale(known: Label, values: pd.Series, count: int = 5) -> alt.Scale:
    """From 0; shares to 100 % where they come near it; MOS where it lies."""
    if known.unit == "mos":
        return alt.Scale(zero=False, nice=count)
    top, bottom = values.max(), values.min()
    if known.unit == "share" and 0.5 < top <= 1 and bottom >= 0:
        return alt.Scale(domain=[0, 1])
    return alt.Scale(zero=True, nice=count)


def colours(names: Sequence[str], paper: Paper) -> alt.Scale:
    """A colour for each series, the same for a status in every chart; what is put together as others is grey."""
    own = [name for name in names if name != paper.say("others")]
    known = paper.statuses() | {"Offline": None}
    places = known if known.keys() >= {*own} else {name: i % len(PALETTE) for i, name in enumerate(own)}
    shown = {name: OTHERS if i is None else PALETTE[i] for name, i in places.items()} | {paper.say("others"): OTHERS}
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
        return alt.Axis(values=moments, format="%b %Y")
    day = "utcFormat(datum.value,'%-d %b')"
    clock = f"hours(datum.value)+minutes(datum.value)===0 ? {day} : utcFormat(datum.value,'%H:%M')"
    clock = clock.replace("hours(", "utchours(").replace("minutes(", "utcminutes(")
    return alt.Axis(values=moments, labelExpr=day if step.endswith("D") else clock, labelOverlap=True)


def moment(plot: Plot, ticks: int = 9) -> alt.X:
    """The axis of time, of what the clock on the wall shows."""
    first, last = plot.rows[plot.x].min(), plot.rows[plot.x].max()
    return across(plot.x, time_axis(first, last, plot.grain or "15min", ticks))


def across(x: str, axis: alt.Axis, **more: Any) -> alt.X:
    """A horizontal axis of wall-clock times."""
    return alt.X(field=x, type="temporal", title=None, scale=alt.Scale(type="utc"), axis=axis, **more)


def categories(key: str, names: Sequence[str], *, grid: bool = False, **more: Any) -> alt.Y:
    """A vertical axis of names."""
    axis = alt.Axis(ticks=False, domain=False, grid=grid)
    return alt.Y(field=key, type="nominal", sort=list(names), title=None, axis=axis, **more)


def pointed(plot: Plot, paper: Paper) -> list[alt.Tooltip]:
    """What the pointer shows of a plot."""
    return tips([*plot.keys, plot.y], [*(named(k, paper) for k in plot.keys), plot.known], paper)


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
        return alt.ColorValue(PALETTE[0])
    widths = [40 + 6.5 * min(len(n), 24) for n in plot.names]
    columns = len(plot.names) if sum(widths) <= WIDTH else max(1, int(WIDTH / max(widths)))
    box = alt.Legend(columns=columns)
    scale = colours(plot.names, paper)
    return alt.Color(field=plot.series, type="nominal", sort=list(plot.names), scale=scale, legend=box)


def panels(
    layers: Sequence[alt.Chart],
    values: alt.InlineData,
    by: str,
    names: Sequence[str],
    height: int,
    *,
    beside: int = 1,
    own: Sequence[str] = (),
) -> Drawing:
    """One small chart for each name, one under the other or some beside each other; `own` axes are not shared."""
    facet = alt.Facet(field=by, type="nominal", sort=list(names), title=None)
    small: alt.LayerChart = alt.LayerChart(layer=list(layers)).properties(width=INSIDE // beside, height=height)
    made = small.facet(facet=facet, data=values, columns=beside, spacing=12)
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
