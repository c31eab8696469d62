"""Which shape a specification takes with the frame that there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from okireports.charts import Form, Spec, bullet, categories, divided, grid, overtime
from okireports.charts.paper import Drawing, Paper, without
from okireports.charts.rows import LIMIT, figures

SHAPES: Mapping[Form, Callable[[Spec, pd.DataFrame, Paper], Drawing]] = {
    "lines": overtime.lines,
    "area": overtime.area,
    "columns": overtime.columns,
    "counts": overtime.counts,
    "steps": overtime.steps,
    "timeline": overtime.timeline,
    "bars": categories.bars,
    "heat": categories.heat,
    "bullets": bullet.bullets,
    "funnel": categories.funnel,
    "matrix": grid.matrix,
    "parts": divided.parts,
}


def shaped(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """The drawing of a frame that has rows."""
    spec = settled(spec, frame, paper)
    paper.form = spec.form
    lacking = [c for c in (spec.x, spec.lane) if c and c not in frame]
    counting = spec.form == "counts" or not spec.y
    if lacking or not (counting or spec.form == "timeline" or figures(frame, spec.y)):
        return without(spec, frame, paper)
    if spec.form == "dots":
        timed = pd.api.types.is_datetime64_any_dtype(frame[spec.x].dtype)
        return (overtime.dots if timed else categories.dots)(spec, frame, paper)
    return SHAPES[spec.form](spec, frame, paper)


def settled(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Spec:
    """The specification as this frame allows it: an interval comes and goes with the option `by`."""
    if spec.form in ("lines", "area") and spec.x not in frame:
        names = (str(c) for c in frame if paper.label(str(c)).unit == "text")
        category = spec.by or next(names, spec.x)
        if paper.label(spec.y[0]).unit == "mos":  # its scale begins at 1: no length says how good it is
            return Spec("dots", category, spec.y, band=spec.band)
        return Spec("bars", category, spec.y, goal=spec.goal)
    if spec.form == "bars" and spec.x not in frame:  # counted by something else, as an option chose
        spec = replace(spec, x=next((str(c) for c in frame if paper.label(str(c)).unit == "text"), spec.x))
    if spec.form == "bars" and spec.y and "interval" in frame and spec.x != "interval":
        money = paper.label(spec.y[0]).unit == "money" and "currency" in frame
        if money and frame["currency"].nunique() > 1:  # which are never added
            return replace(spec, form="lines", x="interval", by="currency", stack=False)
        one = None if len(spec.y) > 1 else spec.x
        if spec.stack and all(paper.label(value).rollup == "sum" for value in spec.y):
            return replace(spec, form="columns", x="interval", by=spec.by or one)
        return replace(spec, form="lines", x="interval", by=one)  # what does not add up: sales are some of the attempts
    if spec.form == "timeline" and spec.x in frame and _long(spec, frame):
        return Spec("counts", spec.x, by=spec.by)
    return spec


def _long(spec: Spec, frame: pd.DataFrame) -> bool:
    """Whether a timeline would be too long or too high to be read."""
    starts = frame[spec.x].dropna()
    lanes = frame[spec.lane].nunique(dropna=False) if spec.lane in frame else 0
    far = not starts.empty and starts.max() - starts.min() > pd.Timedelta(days=2)
    return bool(len(frame) >= LIMIT or lanes > categories.MOST or far)
