"""Bullet bars: what was reached, on the way to what was wanted.

Each row is drawn as a share of its own goal, so that goals of any size and unit stand on one axis; the goal is the line
at 100 %, and the darker band before it is what was wanted.
"""

from __future__ import annotations

import altair as alt
import pandas as pd

from okireports.charts import Spec
from okireports.charts.axes import categories, gridded, named, panels, tips
from okireports.charts.categories import MOST, ROW
from okireports.charts.paper import Drawing, Paper, data, nothing, single
from okireports.charts.rows import figures, grouped, keyed, limited, order
from okireports.frames import number

PANELS, BESIDE = 12, 3  # in all, and side by side
REACHED, MISSED = 2, 1  # places in the palette
FURTHEST = 1.5  # of the axis, where nothing goes further


def bullets(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """One bar for each category, panels of `by` side by side; a figure without a goal of its own is a share already."""
    if "interval" in frame and frame["interval"].nunique() > 1:
        frame = frame[frame["interval"] == frame["interval"].max()]
        paper.note("latest", f"{frame['interval'].iloc[0]:%Y-%m-%d}")
    value, goals = spec.y[0], figures(frame, [spec.goal] if spec.goal else [])
    if goals:
        frame = frame[frame[goals[0]].notna()]  # what has no goal is on no way to it
    flags = [spec.lane] if spec.lane else []
    by = spec.by if spec.by in frame and frame[spec.by].nunique(dropna=False) > 1 else None
    rows = limited(keyed(frame, [spec.x, by], paper), spec.x, [value], paper, MOST)
    rows = limited(rows, by, [value], paper, PANELS) if by else rows
    rows = grouped(rows, [spec.x, *([by] if by else [])], [value, *goals, *flags], paper)
    if rows.empty:
        return nothing(paper)
    wanted = number(rows[goals[0]]) if goals else pd.Series(1.0, index=rows.index)
    rows = rows.assign(share=number(rows[value]) / wanted.where(wanted != 0))
    kept = list(dict.fromkeys([spec.x, *([by] if by else []), value, *goals, *flags, "share"]))
    paper.tell(rows, [k for k in (spec.x, by) if k], "share", paper.own("ofgoal", "share"))
    names = order(rows, spec.x, paper)
    good = f"datum['{spec.lane}'] == 1" if spec.lane else "datum.share >= 1"
    layers = _layers(rows, spec.x, value, [*([by] if by else []), *goals], names, good, paper)
    values, height = data(rows[kept]), max(2 * ROW, ROW * len(names))
    if by:
        shown = order(rows, by, paper)
        return panels(layers, values, by, shown, height, beside=min(BESIDE, len(shown)))
    return single(alt.layer(*layers, data=values), height)


def _layers(
    rows: pd.DataFrame, x: str, value: str, more: list[str], names: list[str], good: str, paper: Paper
) -> list[alt.Chart]:
    """What was wanted, what was reached, and the goal."""
    furthest = max(FURTHEST, float(rows["share"].max()))
    scale = alt.Scale(domain=[min(0.0, float(rows["share"].min())), furthest])
    axis = gridded(alt.Axis(format=".0%", tickCount=3))
    share = alt.X(field="share", type="quantitative", title=paper.say("ofgoal"), axis=axis, scale=scale)
    down = categories(x, names)
    columns = list(dict.fromkeys([x, *more, value, "share"]))
    labels = [paper.own("ofgoal", "share") if c == "share" else named(c, paper) for c in columns]
    colours = paper.theme.palette
    colour = alt.condition(good, alt.value(colours[REACHED]), alt.value(colours[MISSED]))
    wanted = alt.Chart().mark_bar(size=ROW - 4, color=paper.theme.faint)
    reached = alt.Chart().mark_bar(size=ROW // 2 - 2)
    goal = alt.Chart().mark_rule(color=paper.theme.ink, strokeWidth=2)
    return [
        wanted.encode(y=down, x=alt.XDatum(1.0), x2=alt.X2Datum(0.0)),
        reached.encode(y=down, x=share, color=colour, tooltip=tips(columns, labels, paper)),
        goal.encode(x=alt.XDatum(1.0)),
    ]
