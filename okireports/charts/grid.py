"""A chart of what there is: a cell for each pair of categories that is a row of the frame."""

from __future__ import annotations

import altair as alt
import pandas as pd

from okireports.charts import Spec
from okireports.charts.axes import LETTER, categories, named, tint, tips
from okireports.charts.categories import MOST, ROW
from okireports.charts.paper import WIDTH, Drawing, Paper, data, single
from okireports.charts.rows import Plot, keyed, limited, order


def matrix(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """A cell for each row, by two categories, coloured by a third; the first ones where they are many."""
    lane = str(spec.lane)
    by = spec.by if spec.by in frame else None
    rows = keyed(frame, [spec.x, lane, by], paper)
    for key in (spec.x, lane):
        names = order(rows, key, paper)
        if len(names) > MOST:
            paper.note("first", MOST, len(names))
            rows = rows[rows[key].isin(names[:MOST])]
    rows = limited(rows.assign(contacts=1), by, ["contacts"], paper) if by else rows
    across, down = order(rows, spec.x, paper), order(rows, lane, paper)
    plot = Plot(rows, spec.x, lane, paper.label(lane), by, order(rows, by, paper) if by else [])
    level = LETTER * max(map(len, across)) <= (WIDTH - 100) / len(across)
    axis = alt.Axis(labelAngle=0 if level else -45, ticks=False, domain=False)
    kept = list(dict.fromkeys([spec.x, lane, *plot.keys]))
    paper.tell(rows, kept)
    title = named(spec.x, paper).words(paper.language)
    cells = alt.Chart(data(rows[kept].drop_duplicates())).mark_rect(stroke=paper.theme.edge, strokeWidth=1)
    drawn = cells.encode(
        x=alt.X(field=spec.x, type="nominal", sort=None, title=title, axis=axis, scale=alt.Scale(domain=across)),
        y=categories(lane, down, scale=alt.Scale(domain=down)),
        color=tint(plot, paper),
        tooltip=tips(kept, [named(key, paper) for key in kept], paper),
    )
    return single(drawn, max(60, ROW * len(down)))
