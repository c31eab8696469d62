"""Charts over time, and over any other scale of numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import altair as alt
import pandas as pd

from okireports.charts import Spec
from okireports.charts.axes import (
    across,
    categories,
    gridded,
    moment,
    named,
    number_axis,
    number_scale,
    panels,
    pointed,
    seconds_axis,
    time_axis,
    tint,
    tips,
    written,
)
from okireports.charts.paper import Drawing, Paper, data, nothing, single, without
from okireports.charts.rows import Plot, counted, figures, keyed, limited, order, plotted, runs
from okireports.charts.words import WORDS
from okireports.frames import following, wall

PLACES = 400  # points of a line that 600 pixels can tell apart
DENSE = 60  # points of a line, from which several lines are drawn apart
TOGETHER = 4  # lines that one chart can tell apart
HEIGHT = 280
DASH = [6, 4]


def lines(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """Lines, broken where intervals are left out; each in a panel of its own where they would hide each other."""
    extra = figures(frame, (*spec.band, *([spec.goal] if spec.goal else [])))
    plot = plotted(spec, frame, paper, extra, PLACES)
    if plot.rows.empty:
        return nothing(paper)
    rows = plot.rows.sort_values(list(reversed(plot.keys)), kind="stable").reset_index(drop=True)
    rows["run"] = runs(rows, plot.x, plot.grain, plot.series)
    plot = replace(plot, rows=rows)
    longest = int(rows.groupby(plot.series).size().max()) if plot.series else len(rows)
    currencies = plot.series == "currency"
    apart = len(plot.names) > 1 and (currencies or longest > DENSE or len(plot.names) > TOGETHER)
    goal, level = _goal(plot, spec.goal)
    bounds = ("low", "high") if plot.series == "series" else spec.band
    band = [b for b in bounds if b in rows]
    broken = bool(rows["run"].any())
    own_goal = [goal] if goal and level is None else []
    kept = list(dict.fromkeys([*plot.keys, plot.y, *(["run"] if broken else []), *band, *own_goal]))
    layers = _line_marks(plot, paper, goal, level, band, broken, longest, apart)
    word = "limit" if str(spec.goal).startswith("limit") else "goal"
    if level is not None:
        paper.note(word, f"{level:.0%}" if plot.known.unit == "share" else f"{level:g}")
    elif goal:
        paper.note(f"{word}s")
    if apart:
        beside = 1 if longest > DENSE else 2
        own = ["y"] if currencies or paper.say("others") in plot.names else []  # together they would dwarf the rest
        paper.note("figure", paper.heading(plot.known, float(rows[plot.y].max())))
        values, letters = data(rows[kept]), written(plot.known, float(rows[plot.y].max()))
        return panels(layers, values, str(plot.series), plot.names, 62, beside=beside, own=own, letters=letters)
    return single(alt.layer(*layers, data=data(rows[kept])), HEIGHT)


def _line_marks(
    plot: Plot,
    paper: Paper,
    goal: str | None,
    level: float | None,
    band: list[str],
    broken: bool,
    longest: int,
    apart: bool,
) -> list[alt.Chart]:
    x, detail = moment(plot, 3 if apart and longest <= DENSE else 9), [alt.Detail("run:O")] if broken else []
    drawn = (plot.y, *band, *([goal] if goal and level is None else []))
    span, ticks = pd.concat([plot.rows[c] for c in drawn]), 2 if apart else 5
    axis, scale = number_axis(plot.known, float(span.max()), ticks), number_scale(plot.known, span, ticks)
    title = None if apart else paper.heading(plot.known, float(span.max()))
    y = alt.Y(field=plot.y, type="quantitative", title=title, axis=axis, scale=scale)
    colour = alt.ColorValue(paper.theme.palette[0]) if apart else tint(plot, paper)
    layers: list[alt.Chart] = []
    if len(band) == 2:
        paper.note_band(band, plot.y)
        shade, low = alt.Chart().mark_area(opacity=0.18), alt.Y(field=band[0], type="quantitative")
        layers.append(shade.encode(x=x, y=low, y2=alt.Y2(band[1]), color=colour, detail=detail))
    dot = alt.OverlayMarkDef(size=28 if longest <= DENSE else 4)  # what stands alone between gaps is seen, too
    line = alt.Chart().mark_line(
        point=dot if broken or longest <= DENSE else False, strokeWidth=0.9 if longest > DENSE else 2
    )
    layers.append(line.encode(x=x, y=y, color=colour, detail=detail, tooltip=pointed(plot, paper)))
    if goal:
        layers.append(_goal_mark(plot, paper, goal, level, apart, x=x, color=colour, detail=detail))
    return layers


def _goal_mark(plot: Plot, paper: Paper, goal: str, level: float | None, apart: bool, **along: Any) -> alt.Chart:
    """The goal, dashed: one for all, one for each panel, or as it changes along the lines."""
    rule = alt.Chart().mark_rule(strokeDash=DASH, color=paper.theme.ink)
    line = alt.Chart().mark_line(strokeDash=DASH, strokeWidth=1.3)
    y = alt.Y(field=goal, type="quantitative")
    if level is not None:
        only = data(pd.DataFrame({goal: [level]}))  # of the rows it would draw one line each
        made: alt.Chart = rule.properties(data=only).encode(y=y, tooltip=tips([goal], [paper.label(goal)], paper))
        return made
    if apart and plot.rows.groupby(plot.series)[goal].nunique().max() == 1:
        made = rule.encode(y=y.aggregate("max"))
        return made
    ink = {"color": alt.ColorValue(paper.theme.ink)} if apart else {}
    made = line.encode(y=y, **along | ink)
    return made


def _goal(plot: Plot, goal: str | None) -> tuple[str | None, float | None]:
    """The goal's column where it has values, and its one value when it is the same everywhere."""
    values = set(plot.rows[goal].dropna()) if goal and goal in plot.rows else set()
    return (goal if values else None), (float(values.pop()) if len(values) == 1 else None)


def area(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """Filled figures, stacked by series, each as wide as its interval; other figures as lines over them."""
    plot = plotted(spec, frame, paper, places=PLACES)
    if plot.rows.empty:
        return nothing(paper)
    over = [] if spec.by and plot.series == spec.by else figures(frame, spec.line)
    if not over:
        return _columns(plot, paper, gap=0)
    plot = _ended(plot)
    base = _spans(plot, plot.rows[plot.y], paper, stack=False)
    lines_of = [paper.label(v).words(paper.language) for v in over]
    upper = alt.FieldOneOfPredicate(field="series", oneOf=lines_of)
    under = alt.FieldOneOfPredicate(field="series", oneOf=[n for n in plot.names if n not in lines_of])
    lower = base.mark_bar(opacity=0.45, binSpacing=0).transform_filter(under)
    line = base.encode(x=across(plot.x, alt.Axis())).mark_rule(strokeWidth=2.5).transform_filter(upper)
    return single(alt.layer(lower, line, data=data(plot.rows)), HEIGHT)


def dots(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """A dot for each row of a log."""
    plot = plotted(spec, frame, paper)
    if plot.rows.empty:
        return nothing(paper)
    marks = alt.Chart(data(plot.rows[[*plot.keys, plot.y]])).mark_point(filled=True, size=45, opacity=0.75)
    y = _figure(plot, plot.rows[plot.y], paper, near=True)
    return single(marks.encode(x=moment(plot), y=y, color=tint(plot, paper), tooltip=pointed(plot, paper)), HEIGHT)


def steps(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """Step curves over a number."""
    plot = plotted(spec, frame, paper)
    if plot.rows.empty:
        return nothing(paper)
    place = paper.label(plot.x)
    if plot.y.startswith("cumulative"):  # what a bin adds is there where it ends, which is where the next begins
        before = plot.rows.groupby(plot.series)[plot.y] if plot.series else plot.rows[plot.y]
        plot = replace(plot, rows=plot.rows.assign(**{plot.y: before.shift().fillna(0.0)}))
        place = paper.own("below", plot.x)
    paper.tell(plot.rows, plot.keys, plot.y, plot.known)
    axis, scale = number_axis(place, float(plot.rows[plot.x].max()), 8), alt.Scale()
    if plot.x.endswith("_s"):  # bins of time grow: a square root gives the short ones room
        axis, scale = seconds_axis(sorted(plot.rows[plot.x].unique())), alt.Scale(type="sqrt")
    title = place.words(paper.language)
    x = alt.X(field=plot.x, type="quantitative", title=title, axis=axis, scale=scale)
    marks = alt.Chart(data(plot.rows[[*plot.keys, plot.y]])).mark_line(interpolate="step-after")
    y = _figure(plot, plot.rows[plot.y], paper)
    labels = [place, *(named(key, paper) for key in plot.keys[1:]), plot.known]
    told = tips([*plot.keys, plot.y], labels, paper)
    return single(marks.encode(x=x, y=y, color=tint(plot, paper), tooltip=told), HEIGHT)


def columns(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """Stacked columns, one for each interval."""
    plot = plotted(spec, frame, paper)
    return nothing(paper) if plot.rows.empty else _columns(plot, paper)


def counts(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """How many rows of a log there are, interval by interval."""
    if frame[spec.x].isna().all():
        return nothing(paper)
    by = spec.by if spec.by in frame else None
    rows = keyed(frame, [by], paper)
    if by:
        rows = limited(rows.assign(contacts=1), by, ["contacts"], paper)
    rows, grain = counted(rows, spec.x, by, paper)
    names = order(rows, by, paper, None if paper.fixed(by) else "count") if by else []
    words = f"rows:{'status' if by == 'status' else frame.columns[0]}"
    known = paper.own(words if words in WORDS else "count")
    plot = Plot(rows, spec.x, "count", known, by, names, grain)
    paper.tell(rows, plot.keys, "count", known)
    return _columns(plot, paper)


def _columns(plot: Plot, paper: Paper, gap: float = 0.6) -> Drawing:
    """Columns as wide as their intervals, with a gap of some pixels."""
    plot = _ended(plot)
    spans = _spans(plot, plot.totals, paper, stack=True)
    return single(
        spans.mark_bar(stroke=paper.theme.edge, strokeWidth=gap, binSpacing=0).properties(data=data(plot.rows)), HEIGHT
    )


def _ended(plot: Plot) -> Plot:
    """The plot's own columns, and where each interval ends."""
    ends = following(plot.rows[plot.x], plot.grain or "day")
    return replace(plot, rows=plot.rows[[*plot.keys, plot.y]].assign(**{f"{plot.x}_end": ends}))


def _spans(plot: Plot, heights: pd.Series, paper: Paper, *, stack: bool) -> alt.Chart:
    """The encoding of figures that last from the start of an interval to its end."""
    end = f"{plot.x}_end"
    axis = time_axis(plot.rows[plot.x].min(), plot.rows[end].max(), plot.grain or "day")
    return alt.Chart().encode(
        x=across(plot.x, axis, bin="binned"),  # or x2 would keep columns from standing on each other
        x2=alt.X2(end),
        y=_figure(plot, heights, paper, stack=stack),
        color=tint(plot, paper),
        tooltip=pointed(plot, paper),
    )


def _figure(plot: Plot, heights: pd.Series, paper: Paper, *, stack: bool = False, near: bool = False) -> alt.Y:
    """The vertical axis of a plot's figure."""
    return alt.Y(
        field=plot.y,
        type="quantitative",
        title=paper.heading(plot.known, float(heights.max())),
        axis=number_axis(plot.known, float(heights.max())),
        scale=number_scale(plot.known, heights, near=near),
        stack="zero" if stack else None,
    )


def timeline(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """Lanes of bars from start to end, as far as the period goes."""
    lane, end = str(spec.lane), spec.y[0]
    whole = frame[frame[spec.x].notna() & frame[end].notna()]
    if whole.empty:
        return without(spec, frame, paper)
    by = spec.by if spec.by in frame else None
    rows = keyed(whole, [lane, by], paper)
    rows = limited(rows.assign(contacts=1), by, ["contacts"], paper) if by else rows
    rows = rows.assign(**{c: wall(whole[c], paper.zone) for c in (spec.x, end)})
    names = order(rows, by, paper) if by else []
    plot = Plot(rows, spec.x, end, paper.label(end), by, names, "15min")
    lanes = order(rows, lane, paper)
    paper.tell(rows, [lane, *plot.keys[1:], spec.x])
    kept = [spec.x, end, lane, *plot.keys[1:]]
    first, last = rows[spec.x].min(), rows[end].max()
    if paper.period:  # what goes on for days after it would leave the period itself no room
        over = wall(pd.Series(pd.to_datetime([paper.period[1]], utc=True)), paper.zone)[0]
        last = min(last, max(over, first + pd.Timedelta(minutes=1)))
    axis = gridded(time_axis(first, last, "15min"))
    drawn = alt.Chart(data(rows[kept])).mark_bar(height=14, clip=True)
    drawn = drawn.encode(
        x=across(spec.x, axis, (first, last)),
        x2=alt.X2(end),
        y=categories(lane, lanes),
        color=tint(plot, paper),
        tooltip=tips(kept, [named(k, paper) for k in kept], paper),
    )
    return single(drawn, max(44, 22 * len(lanes)))
