"""The rows that a chart is drawn from: the frame's own, by the chart's keys, few enough to be read and to be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from okireports.charts import Spec
from okireports.charts.paper import Paper, texts
from okireports.columns import Label
from okireports.frames import floor, following, lengths, number, summed, volume, wall

LIMIT = 5000  # a chart has fewer rows
SERIES = 12
DAYS = ("day", "month")  # columns of dates that are an interval by themselves


@dataclass(frozen=True)
class Plot:
    """Rows ready to be drawn: the columns of the axes, the figure's label, the series in order, the interval."""

    rows: pd.DataFrame
    x: str
    y: str
    known: Label
    series: str | None
    names: list[str]
    grain: str | None = None

    @property
    def keys(self) -> list[str]:
        """The columns that tell its rows apart."""
        return [self.x, *([self.series] if self.series else [])]

    @property
    def totals(self) -> pd.Series:
        """The figure, of all series together at each place."""
        return self.rows.groupby(self.x)[self.y].sum()


def plotted(spec: Spec, frame: pd.DataFrame, paper: Paper, extra: Sequence[str] = (), places: int = LIMIT) -> Plot:
    """The rows of a specification whose `x` is a place on a scale: one for each place, of each series.

    Series are the values of `by`, or else the figures where there are several. `extra` columns come along. Times
    are summed until there are at most `places` of them, where nothing is lost by it.
    """
    values = figures(frame, (*spec.y, *spec.line))
    by = spec.by if spec.by in frame else None
    values = values[:1] if by else values  # a colour can say only one thing
    rows = keyed(frame, [by], paper)
    rows = limited(rows, by, values, paper) if by else rows
    keys, columns, grain = [by] if by else [], list(dict.fromkeys([*values, *extra])), None
    if pd.api.types.is_datetime64_any_dtype(frame[spec.x].dtype):
        rows, grain = timed(rows, spec.x, keys, columns, paper, places)
    else:
        rows = grouped(rows, [spec.x, *keys], columns, paper)
    if by:
        known = paper.priced(paper.label(values[0]), frame)
        plot = Plot(rows, spec.x, values[0], known, by, order(rows, by, paper), grain)
    else:
        rows, y, known, names = folded(rows, [spec.x], values, paper, spec.bands)
        plot = Plot(rows, spec.x, y, paper.priced(known, frame), "series" if names else None, names, grain)
    paper.tell(plot.rows, plot.keys, plot.y, plot.known)
    return plot


def keyed(frame: pd.DataFrame, keys: Sequence[str | None], paper: Paper) -> pd.DataFrame:
    """The frame with its category columns as text for people; places on a scale (hours, attempts) stay numbers."""
    made = frame.copy()
    for key in dict.fromkeys(k for k in keys if k):
        known = paper.label(key)
        if known.unit != "ordinal":
            made[key] = texts(made[key], known, paper)
    return made


def limited(rows: pd.DataFrame, by: str, values: Sequence[str], paper: Paper, most: int = SERIES) -> pd.DataFrame:
    """The rows of the `most` largest of `by`; the rest together as others where every value adds up.

    Of places on a scale (hours, days) the first ones.
    """
    if rows[by].nunique() <= most:
        return rows
    if paper.label(by).unit in ("ordinal", "date", "interval"):
        paper.note("first", most, rows[by].nunique())
        return rows[rows[by].isin(sorted(rows[by].dropna().unique())[:most])]
    size = sum((volume(rows, v, paper.report, paper.formula) for v in values), pd.Series(0.0, index=rows.index))
    sizes = size.groupby(rows[by]).sum().rename("size").reset_index()
    largest = list(sizes.sort_values(["size", by], ascending=[False, True], kind="stable")[by])
    if all(paper.label(v).rollup in ("sum", "time") for v in values):
        paper.note("rest", len(largest) - most + 1)
        kept = set(largest[: most - 1])
        return rows.assign(**{by: rows[by].where(rows[by].isin(kept), paper.say("others"))})
    paper.note("some", most, len(largest))
    return rows[rows[by].isin(set(largest[:most]))]


def order(rows: pd.DataFrame, key: str, paper: Paper, value: str | None = None) -> list[str]:
    """The values of a key as they are drawn: by the total of `value` or else by name; others and (none) last.

    Statuses, outcomes and the like have an order of their own, which goes before the names.
    """
    if value is None:
        fixed = {word: place for place, word in enumerate(paper.fixed(key))}
        found = sorted(sorted(rows[key].dropna().unique()), key=lambda v: fixed.get(v, len(fixed)))
    else:
        totals = rows.groupby(key)[value].sum().rename("total").reset_index()
        found = list(totals.sort_values(["total", key], ascending=[False, True], kind="stable")[key])
    last = (paper.say("null"), paper.say("others"))
    return [v for v in found if v not in last] + [v for v in last if v in found]


def grouped(rows: pd.DataFrame, keys: Sequence[str], values: Sequence[str], paper: Paper) -> pd.DataFrame:
    """One row for each combination of keys, in which at least one value is there."""
    made, rough = summed(rows, keys, values, report=paper.report, formula=paper.formula)
    if rough:
        paper.note("rough")
    return made.dropna(subset=list(values), how="all")


def timed(
    frame: pd.DataFrame, x: str, keys: Sequence[str], values: Sequence[str], paper: Paper, places: int = LIMIT
) -> tuple[pd.DataFrame, str | None]:
    """One row for each time and combination of keys, summed to a coarser interval until there are few enough.

    Few enough to be drawn, and where nothing is lost by it also few enough to be told apart.

    Returns the rows, with the wall clock as their time, and their interval (None: instants as they are).
    """
    clock = wall(frame[x], paper.zone)
    rows = frame.assign(**{x: clock})[clock.notna()].sort_values(x, kind="stable")
    first = _grain(frame, x, paper)
    most = places if first and all(_adds_up(v, rows, paper) for v in values) else LIMIT
    for grain in (first, *_coarser(first, paper)):
        starts = rows[x] if grain in (None, first) else floor(rows[x], str(grain), paper.week_start)
        if starts.nunique() <= most and len(rows.assign(**{x: starts})[[x, *keys]].drop_duplicates()) < LIMIT:
            break
    if grain != first:
        paper.note("summed", paper.say(str(grain)))
    elif grain and frame[x].nunique() > clock.nunique():  # two instants show the same time on the wall
        paper.note("twice")
    return _summed(rows, starts, x, keys, values, first, grain, paper), grain


def counted(frame: pd.DataFrame, at: str, by: str | None, paper: Paper, bars: int = 60) -> tuple[pd.DataFrame, str]:
    """How many rows there are in each interval, in the finest interval that gives at most `bars` of them."""
    clock = wall(frame[at], paper.zone).dropna()
    rungs = paper.coarser or ("month",)
    for grain in rungs:
        starts = floor(clock, grain, paper.week_start)
        if len(_between(starts, grain)) <= bars:
            break
    keys = {at: starts} | ({by: frame.loc[clock.index, by]} if by else {})
    paper.note("per", paper.say(grain))
    made = pd.DataFrame(keys).groupby(list(keys), sort=True).size().rename("count").reset_index()
    return made, grain


def folded(
    rows: pd.DataFrame,
    keys: Sequence[str],
    values: Sequence[str],
    paper: Paper,
    bands: Mapping[str, tuple[str, str]] | None = None,
) -> tuple[pd.DataFrame, str, Label, list[str]]:
    """Several figures as one: a row for each, with the figure's name as its series, and its bounds as `low` and `high`.

    Returns the rows, the name of the value's column, its label, and the names of the series in order.
    """
    if len(values) == 1:  # with what else came along
        return rows, values[0], paper.label(values[0]), []
    names = [paper.label(v).words(paper.language) for v in values]
    parts = [rows[list(keys)].assign(series=name, value=rows[v]) for name, v in zip(names, values, strict=True)]
    bounds = [bands[v] for v in values if bands and v in bands]
    if len(bounds) == len(values) and all(b in rows for pair in bounds for b in pair):
        parts = [p.assign(low=rows[low], high=rows[high]) for p, (low, high) in zip(parts, bounds, strict=True)]
    units = {paper.label(v).unit for v in values}
    key = next((k for k in ("s", "share", "count") if units == {k}), "value")
    key = "count" if units == {"count", "number"} else key  # as many as, on average
    return pd.concat(parts, ignore_index=True), "value", paper.own(key, values[0]), names


def runs(rows: pd.DataFrame, x: str, grain: str | None, by: str | None) -> pd.Series:
    """A number for each unbroken run of intervals, so that no line is drawn over a gap."""
    breaks = pd.Series(False, index=rows.index)
    if grain:
        nexts = following(rows[x], grain)
        before = nexts.groupby(rows[by]).shift() if by else nexts.shift()
        breaks = before.notna() & (rows[x] > before)
    return (breaks.groupby(rows[by]).cumsum() if by else breaks.cumsum()).astype("int64")


def figures(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Those of the columns that are in the frame and not empty."""
    return [n for n in names if n in frame and number(frame[n]).notna().any()]


def _adds_up(name: str, rows: pd.DataFrame, paper: Paper) -> bool:
    """Whether a column can be summed to a coarser interval exactly, from what is in the frame."""
    known = paper.label(name)
    if known.parts and all(part.removeprefix("-") in rows for part in known.parts[1]):
        return True
    if known.rollup == "mean":
        return bool(known.weight) and known.weight[0] in rows
    return known.rollup not in ("quantile", "none")


def _between(starts: pd.Series, grain: str) -> pd.DatetimeIndex:
    frequency = {"hour": "1h", "day": "1D", "week": "7D", "month": "MS"}.get(grain, grain)
    return pd.date_range(starts.min(), starts.max(), freq=frequency)


def _grain(frame: pd.DataFrame, x: str, paper: Paper) -> str | None:
    """The interval that a time column is already in."""
    if x in DAYS:
        return x
    dates = pd.api.types.is_datetime64_dtype(frame[x].dtype)
    return paper.by or ("day" if dates else "30min") if x == "interval" else None


def _coarser(grain: str | None, paper: Paper) -> tuple[str, ...]:
    rungs = paper.coarser
    return rungs[rungs.index(grain) + 1 :] if grain in rungs else rungs


def _summed(
    rows: pd.DataFrame,
    starts: pd.Series,
    x: str,
    keys: Sequence[str],
    values: Sequence[str],
    first: str | None,
    grain: str | None,
    paper: Paper,
) -> pd.DataFrame:
    fine = coarse = None
    if first and grain and any(paper.label(v).rollup == "time" for v in values):
        fine = lengths(rows[x], first, paper.zone, both=False, within=paper.period)
        coarse = lengths(starts, grain, paper.zone, both=True, within=paper.period)
    made, rough = summed(
        rows.assign(**{x: starts}),
        [x, *keys],
        values,
        report=paper.report,
        formula=paper.formula,
        seconds=fine,
        bucket_seconds=coarse,
    )
    if rough:
        paper.note("rough")
    return made.dropna(subset=list(values), how="all").reset_index(drop=True)
