"""Charts of categories: bars, dots with intervals, heat maps, funnels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import pandas as pd

from okireports.charts import Spec
from okireports.charts.axes import (
    LETTER,
    categories,
    clock_words,
    gridded,
    named,
    number_axis,
    number_scale,
    panels,
    pointed,
    shades,
    tint,
    tips,
    together,
    written,
)
from okireports.charts.paper import CLOCK, WIDTH, Drawing, Paper, data, nothing, single
from okireports.charts.rows import Plot, figures, folded, grouped, keyed, limited, order
from okireports.charts.words import WEEKDAYS
from okireports.columns import Label

MOST = 40  # categories
WIDE = 100  # columns of a heat map
FEW = 10  # below it a fraction matters
ROW = 22  # pixels of one


@dataclass(frozen=True)
class _Bars:
    """A plot of bars, and what they carry: a goal, a panel for each currency, whether series stand on each other."""

    plot: Plot
    stack: bool
    goal: str | None
    panel: str | None
    heading: str


def bars(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """One bar for each category, the longest first."""
    values = figures(frame, spec.y) or ["contacts"]
    if not spec.y:
        frame = frame.assign(contacts=1)
    by = spec.by if spec.by in frame and len(values) == 1 else None  # a colour can say only one thing
    money = "currency" in frame and paper.label(values[0]).unit == "money"
    currencies = sorted(frame["currency"].dropna().unique()) if money else []
    panel = "currency" if len(currencies) > 1 else None  # currencies are never summed
    goal = next(iter(figures(frame, [spec.goal] if spec.goal else [])), None)
    rows = limited(keyed(frame, [spec.x, by, panel], paper), spec.x, values, paper, MOST)
    rows = limited(rows, by, values, paper) if by else rows
    keys = list(dict.fromkeys(k for k in (spec.x, by, panel) if k))
    rows = grouped(rows, keys, list(dict.fromkeys([*values, *([goal] if goal else [])])), paper)
    if rows.empty:
        return nothing(paper)
    rows, y, known, names = folded(rows, keys, values, paper)
    if not rows[y].fillna(0.0).any():
        return nothing(paper, why="zero")
    if not spec.y:
        rows, y, known = rows.rename(columns={"contacts": "count"}), "count", paper.own("count")
    series = "series" if names else by
    names = names or (order(rows, by, paper, None if paper.fixed(by) else y) if by else [])
    shared = bool(series) and bool(rows.duplicated([k for k in keys if k != series or k == spec.x]).any())
    stack = bool(series) and (spec.stack or not shared)
    known = paper.priced(known, frame)
    paper.tell(rows, [*keys, *([series] if series else [])], y, known)
    heading = paper.heading(known, float(rows[y].max()))
    return _bars(_Bars(Plot(rows, spec.x, y, known, series, names), stack, goal, panel, heading), paper)


def _bars(made: _Bars, paper: Paper) -> Drawing:
    plot, unit = made.plot, paper.label(made.plot.x).unit
    names = order(plot.rows, plot.x, paper, None if unit in ("ordinal", "date", "interval") else plot.y)
    side = bool(plot.series) and not made.stack
    drawn, rest = _room(made, paper)
    down: list[str] | alt.EncodingSortField = names
    if made.panel and paper.say("others") not in names:  # by its own figures: those of another currency are no larger
        down = alt.EncodingSortField(field=plot.y, op="sum", order="descending")
    layers = [_bar_marks(drawn, down, side, paper)]
    if made.goal:
        tick = alt.Chart().mark_tick(color=paper.theme.ink, thickness=2.5, size=18, opacity=1)
        mark = alt.X(field=made.goal, type="quantitative")
        tip = tips([made.goal], [paper.label(made.goal)], paper)
        layers.append(tick.encode(y=categories(plot.x, down), x=mark, tooltip=tip))
    elif not plot.series:
        layers.append(_figures(drawn.plot, down, paper))
    if rest is not None:
        own = alt.FieldOneOfPredicate(field=plot.x, oneOf=[name for name in names if name != paper.say("others")])
        layers = [*(layer.transform_filter(own) for layer in layers), _told(plot, rest, names, paper)]
    kept = [*dict.fromkeys(k for k in (*plot.keys, made.panel, plot.y, made.goal) if k)]
    height = len(names) * (10 * len(plot.names) + 6 if side else ROW)
    if made.panel:
        shown, letters = order(plot.rows, made.panel, paper), _letters(plot, names)
        each = height if side else alt.Step(ROW)  # as high as its own bars
        return panels(layers, data(plot.rows[kept]), made.panel, shown, each, own=("x", "y"), letters=letters)
    return single(alt.layer(*layers, data=data(plot.rows[kept])), max(height, 2 * ROW))


def _room(made: _Bars, paper: Paper) -> tuple[_Bars, float | None]:
    """The bars that give the axis its length, and the sum of the others where it would leave them no room."""
    plot = made.plot
    if made.panel or (plot.series and not made.stack):
        return made, None
    sums = plot.rows.groupby(plot.x)[plot.y].sum()
    rest = sums.get(paper.say("others"), 0.0)
    if len(sums) < 2 or rest <= 1.5 * sums.drop(paper.say("others"), errors="ignore").max():
        return made, None
    rows = plot.rows[plot.rows[plot.x] != paper.say("others")]
    return replace(made, plot=replace(plot, rows=rows)), float(rest)


def _told(plot: Plot, rest: float, names: list[str], paper: Paper) -> alt.Chart:
    """What the others come to, in words."""
    words = paper.say("together", together(plot.known, rest, paper))
    text = alt.Chart(data(pd.DataFrame({plot.x: [paper.say("others")]})))
    text = text.mark_text(align="left", fontSize=11, fontStyle="italic", color=paper.theme.ink, x=4)
    made: alt.Chart = text.encode(y=categories(plot.x, names), text=alt.TextValue(words))
    return made


def _bar_marks(made: _Bars, names: list[str] | alt.EncodingSortField, side: bool, paper: Paper) -> alt.Chart:
    plot = made.plot
    keys = [plot.x, *([made.panel] if made.panel else [])]
    lengths = plot.rows.groupby(keys)[plot.y].sum() if made.stack else plot.rows[plot.y]
    along = alt.X(
        field=plot.y,
        type="quantitative",
        title=made.heading,
        axis=gridded(number_axis(plot.known, float(lengths.max()))),
        scale=number_scale(plot.known, lengths),
        stack="zero" if made.stack else None,
    )
    marks = alt.Chart().mark_bar()
    drawn: alt.Chart = marks.encode(
        y=categories(plot.x, names), x=along, color=tint(plot, paper), tooltip=pointed(plot, paper)
    )
    if not side:
        return drawn
    return drawn.encode(yOffset=alt.YOffset(field=str(plot.series), type="nominal", sort=plot.names))


def _letters(plot: Plot, names: list[str]) -> int:
    """How many letters stand beside the plot: the longest name before the bars, and a figure behind them."""
    return min(27, max(map(len, names))) + written(plot.known, float(plot.rows[plot.y].max()))


def _figures(plot: Plot, names: list[str] | alt.EncodingSortField, paper: Paper) -> alt.Chart:
    """Each bar's figure beside its end, in the unit of the axis."""
    placed: dict[str, Any] = {"y": categories(plot.x, names), "x": alt.X(field=plot.y, type="quantitative")}
    style: dict[str, Any] = {"align": "left", "dx": 4, "fontSize": 11, "color": paper.theme.ink}
    if plot.known.unit == "s" and plot.rows[plot.y].max() >= CLOCK:
        made: alt.Chart = alt.Chart().mark_text(text=alt.ExprRef(clock_words(plot.y)), **style).encode(**placed)
        return made
    figure = alt.Text(field=plot.y, type="quantitative", format=plot.known.format)
    made = alt.Chart().mark_text(**style).encode(text=figure, **placed)
    return made


def dots(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """A dot for each category and figure, or one with its interval."""
    values, band = figures(frame, spec.y), figures(frame, spec.band)
    rows = limited(keyed(frame, [spec.x], paper), spec.x, values, paper, MOST)
    rows = grouped(rows, [spec.x], list(dict.fromkeys([*values, *band])), paper)
    if rows.empty:
        return nothing(paper)
    names = order(rows, spec.x, paper, values[0])
    rows, y, known, series = folded(rows, [spec.x], values, paper)
    band = band if len(band) == 2 and not series else []
    plot = Plot(rows, spec.x, y, known, "series" if series else None, series)
    paper.tell(rows, plot.keys, y, known)
    span = pd.concat([rows[c] for c in (y, *band)])
    axis = gridded(number_axis(known, float(span.max())))
    along = alt.X(
        field=y,
        type="quantitative",
        title=paper.heading(known, float(span.max())),
        axis=axis,
        scale=number_scale(known, span, near=True),
    )
    layers: list[alt.Chart] = []
    if band:
        paper.note_band(band, y)
        rule = alt.Chart().mark_rule(strokeWidth=3, opacity=0.35, color=paper.theme.palette[0])
        low = alt.X(field=band[0], type="quantitative")
        layers.append(rule.encode(y=categories(spec.x, names, grid=True), x=low, x2=alt.X2(band[1])))
    dot = alt.Chart().mark_point(filled=not series, size=80, opacity=1, strokeWidth=2)
    down = categories(spec.x, names, grid=True)
    colour = tint(plot, paper)
    drawn: alt.Chart = dot.encode(y=down, x=along, color=colour, tooltip=pointed(plot, paper))
    if series:  # where figures are the same, each is still seen; one legend for both
        shapes = alt.Scale(domain=series)
        shape = alt.Shape(field="series", type="nominal", sort=series, scale=shapes, legend=colour["legend"])
        drawn = drawn.encode(shape=shape)
    layers.append(drawn)
    kept = list(dict.fromkeys([*plot.keys, y, *band]))
    return single(alt.layer(*layers, data=data(rows[kept])), max(2 * ROW, ROW * len(names)))


def heat(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """A figure by two categories; the larger, the more it stands out."""
    lane, value = str(spec.lane), spec.y[0]
    known = paper.label(value)
    frame = frame.assign(**{c: frame[c].fillna(frame[other]) for c, other in spec.instead})
    rows = limited(keyed(frame, [spec.x, lane], paper), lane, [value], paper, MOST)
    rows = grouped(limited(rows, spec.x, [value], paper, WIDE), [spec.x, lane], [value], paper)
    if rows.empty:
        return nothing(paper)
    places: dict[str, list[Any]] = {key: order(rows, key, paper) for key in (spec.x, lane)}
    if "hour" in places:  # an hour between others at which nothing was is seen to be empty
        places["hour"] = list(range(int(rows["hour"].min()), int(rows["hour"].max()) + 1))
    if "weekday" in places:
        days = [day[paper.language == "pl"] for day in WEEKDAYS]
        rows["weekday"] = [days[int(n) - 1] for n in rows["weekday"]]
        places["weekday"] = days
    for key in [key for key in places if rows[key].isna().any()]:  # a number that is not known has a place, too
        rows[key] = [paper.say("null") if pd.isna(n) else f"{n:.0f}" for n in rows[key]]
        places[key] = [*(f"{n:.0f}" for n in places[key]), paper.say("null")]
    paper.tell(rows, [spec.x, lane], value, known)
    room = (WIDTH - 100) / len(places[spec.x])
    level = LETTER * max(len(str(place)) for place in places[spec.x]) <= room
    axis = alt.Axis(labelAngle=0 if level else -45, labelOverlap=level or room < 20, ticks=False, domain=False)
    title = named(spec.x, paper).words(paper.language)
    number = ",.1f" if rows[value].max() < FEW else ",.0f"
    form = {"share": ".0%", "number": number}.get(known.unit, known.format)
    others = (rows[[spec.x, lane]] == paper.say("others")).any(axis=1)
    own = rows.loc[~others, value] if not others.all() else rows[value]  # others are as dark as the darkest
    legend = shades(known, float(own.max()), form, paper)
    theme, ends = paper.theme, [float(own.min()), float(own.max())]
    scale = alt.Scale(range=list(theme.ramp), domain=ends, interpolate="rgb", clamp=True)
    cells = alt.Chart(data(rows[[spec.x, lane, value]])).encode(
        x=alt.X(
            field=spec.x, type="nominal", sort=None, title=title, axis=axis, scale=alt.Scale(domain=places[spec.x])
        ),
        y=categories(lane, places[lane], scale=alt.Scale(domain=places[lane]), title=_numbered(lane, paper)),
    )
    drawn = cells.mark_rect(stroke=paper.theme.edge, strokeWidth=1).encode(
        color=alt.Color(field=value, type="quantitative", scale=scale, legend=legend),
        tooltip=tips([spec.x, lane, value], [*(_worded(key, paper) for key in (spec.x, lane)), known], paper),
    )
    height = max(60, 24 * len(places[lane]))
    if known.unit == "s" or written(known, float(rows[value].max())) * 6 > room:
        return single(drawn, height)
    middle = sum(ends) / 2  # of the ramp, from where on the other ink is read better
    ink = alt.condition(f"datum['{value}'] > {middle}", alt.value(theme.over_large), alt.value(theme.over_small))
    figure = alt.Text(field=value, type="quantitative", format=form)
    return single(alt.layer(drawn, cells.mark_text(fontSize=10).encode(text=figure, color=ink)), height)


def _numbered(lane: str, paper: Paper) -> str | None:
    """The title of a vertical axis: numbers do not say what they are, names and weekdays do."""
    known = named(lane, paper)
    return known.words(paper.language) if known.unit == "ordinal" and lane != "weekday" else None


def _worded(key: str, paper: Paper) -> Label:
    """The label of a category whose dates have become words: read as times they would not be the axis's any more."""
    known = named(key, paper)
    return known if known.unit == "ordinal" else replace(known, unit="text")


def funnel(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """Bars in the frame's order, from the first stage to the last; one of several panels stands where it mostly is."""
    y = spec.y[0]
    by = spec.by if spec.by in frame and frame[spec.by].nunique(dropna=False) > 1 else None
    rows = keyed(frame, [spec.x, by], paper)
    rows = limited(rows, by, [y], paper, 6) if by else rows
    rows = limited(rows, spec.x, [y], paper, MOST)
    places = rows.groupby(by).cumcount() if by else pd.Series(range(len(rows)), index=rows.index)
    stages = list(places.groupby(rows[spec.x], sort=False).mean().sort_values(kind="stable").index)
    rows = grouped(rows, [spec.x, *([by] if by else [])], [y], paper)
    plot = Plot(rows, spec.x, y, paper.label(y), None, [])
    paper.tell(rows, [*([by] if by else []), spec.x], y, plot.known)
    made = _Bars(plot, False, None, by, paper.heading(plot.known, float(rows[y].max())))
    layers = [_bar_marks(made, stages, False, paper), _figures(plot, stages, paper)]
    values = data(rows[[spec.x, *([by] if by else []), y]])
    if by:
        shown = order(rows, by, paper)
        return panels(layers, values, by, shown, alt.Step(ROW), own=("x", "y"), letters=_letters(plot, stages))
    return single(alt.layer(*layers, data=values), max(2 * ROW, ROW * len(stages)))
