"""A chart of one's own: a function draws the frame, and its drawing gets what all charts have."""

from __future__ import annotations

import altair as alt
import pandas as pd

from okireports.charts import Painter
from okireports.charts.paper import WIDTH, Drawing, Paper
from okireports.frames import number, wall


def painted(painter: Painter, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """What a function draws of a frame, as wide as the others unless it says how wide it is."""
    drawing = painter(simple(frame, paper.zone))
    if not isinstance(drawing, alt.TopLevelMixin):
        raise TypeError(f"it gave {type(drawing).__name__}, and not an Altair chart")
    if isinstance(drawing, alt.Chart | alt.LayerChart) and drawing.width is alt.Undefined:
        return drawing.properties(width=WIDTH, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
    return drawing


def simple(frame: pd.DataFrame, zone: str) -> pd.DataFrame:
    """The frame as Altair takes it: times are those of the wall clock, money is a number."""
    made = frame.copy()
    for name, column in frame.items():
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            made[name] = wall(column, zone)
        elif column.dtype == object and not isinstance(column.dropna().head(1).squeeze(), str | list | dict):
            made[name] = number(column)
    return made
