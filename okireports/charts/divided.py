"""How wholes are divided: a panel for each, its parts as bars, the longest first, each with its interval."""

from __future__ import annotations

import altair as alt
import pandas as pd

from okireports.charts import Spec
from okireports.charts.axes import categories, gridded, number_axis, number_scale, panels, tips
from okireports.charts.bullet import PANELS
from okireports.charts.categories import MOST, ROW
from okireports.charts.paper import Drawing, Paper, data, nothing, single
from okireports.charts.rows import figures, grouped, keyed, limited, order


def parts(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """One bar for each part, and its bounds; wholes stand under each other, on one axis."""
    value, whole, within = spec.y[0], str(spec.by), str(spec.lane)
    band = bounds if len(bounds := figures(frame, spec.band)) == 2 else []
    rows = keyed(frame, [spec.x, whole, within], paper)
    if rows.duplicated([whole, spec.x]).any():
        rows[whole] = rows[within] + " · " + rows[whole]
    rows = limited(rows, whole, [value], paper, PANELS)
    rows = grouped(rows, [whole, spec.x], [value, *band], paper)
    if rows.empty:
        return nothing(paper)
    rows = rows.sort_values([whole, value, spec.x], ascending=[True, False, True], kind="stable")
    if len(shown := rows.groupby(whole, sort=False).head(MOST)) < len(rows):
        paper.note("some", len(shown), len(rows))
    paper.tell(shown, [whole, spec.x], value, paper.label(value))
    values = data(shown[[spec.x, whole, value, *band]])
    layers = _layers(spec.x, shown, value, band, paper)
    names, most = order(shown, whole, paper), int(shown.groupby(whole).size().max())
    if len(names) == 1:
        return single(alt.layer(*layers, data=values), max(2 * ROW, ROW * most))
    letters = min(27, max(map(len, shown[spec.x])))
    return panels(layers, values, whole, names, alt.Step(ROW), own=("y",), letters=letters)


def _layers(x: str, rows: pd.DataFrame, value: str, band: list[str], paper: Paper) -> list[alt.Chart]:
    """The bars, their bounds, and their figures."""
    known, span = paper.label(value), pd.concat([rows[c] for c in (value, *band)])
    down = categories(x, alt.EncodingSortField(field=value, order="descending"))
    along = alt.X(
        field=value,
        type="quantitative",
        title=paper.heading(known, float(span.max())),
        axis=gridded(number_axis(known, float(span.max()))),
        scale=number_scale(known, span),
    )
    columns = [x, value, *band]
    told = tips(columns, [paper.label(c) for c in columns], paper)
    layers = [alt.Chart().mark_bar(color=paper.theme.palette[0]).encode(y=down, x=along, tooltip=told)]
    if band:
        paper.note("line")
        low = alt.X(field=band[0], type="quantitative")
        layers.append(alt.Chart().mark_rule(color=paper.theme.ink).encode(y=down, x=low, x2=alt.X2(band[1])))
    end = alt.X(field=band[1] if band else value, type="quantitative")
    figure = alt.Text(field=value, type="quantitative", format=known.format)
    text = alt.Chart().mark_text(align="left", dx=4, fontSize=11, color=paper.theme.ink)
    return [*layers, text.encode(y=down, x=end, text=figure)]
