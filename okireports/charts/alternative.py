"""A chart in words, for those who do not see it: what it is, what its axes are, and its lowest and highest figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from okireports.charts.axes import named
from okireports.charts.paper import CLOCK, Paper, Shown
from okireports.columns import Label
from okireports.language import separated

MOST = 400  # letters of a text alternative
LONGEST = 40  # letters of a name in it
HEAD = 90  # letters of the title, and of the line under it


def described(title: str, subtitle: str, paper: Paper) -> str:
    """The text alternative of what was drawn on this paper: whole sentences, at most 400 letters of them."""
    told = _facts(paper.shown, paper) if paper.shown is not None else [paper.silence]
    text = ""
    for sentence in (_cut(title, HEAD), _cut(subtitle, HEAD), *told, *paper.notes):
        longer = f"{text} {sentence[:1].upper()}{sentence[1:]}.".strip()
        if sentence and len(longer) <= MOST:
            text = longer
    return text


def _facts(shown: Shown, paper: Paper) -> list[str]:
    """What it is drawn of, and the figures at its ends."""
    rows, keys = shown.rows, shown.keys
    others = paper.say("others")
    counted = ", ".join(
        f"{named(k, paper).words(paper.language)} ({rows[k][rows[k] != others].nunique()})" for k in keys
    )
    form = paper.say(f"form:{paper.form}")
    if not shown.figure or shown.known is None:
        return [f"{form}: {counted}"]
    told = [f"{form}: {paper.say('by', shown.known.words(paper.language), counted)}"]
    own = rows[rows[shown.figure].notna()].reset_index(drop=True)
    for key in keys:  # what is put together is no one's lowest or highest
        own = own[own[key] != others]
    if own.empty:
        return told
    values = own[shown.figure].astype("float64")
    low, high = int(values.argmin()), int(values.argmax())
    said = {place: _named(own.iloc[place], shown, paper) for place in (low, high)}
    if values.iloc[low] == values.iloc[high]:
        told.append(paper.say("all", words(float(values.iloc[low]), shown.known, paper)))
    else:
        told.append(paper.say("highest", said[high]))
        told.append(paper.say("lowest", said[low]))
    if len(keys) == 1 and pd.api.types.is_datetime64_any_dtype(own[keys[0]].dtype) and len(own) > 1:
        own = own.sort_values(keys[0], kind="stable")
        told.append(paper.say("ends", *(_named(own.iloc[end], shown, paper) for end in (0, -1))))
    return told


def _named(row: pd.Series, shown: Shown, paper: Paper) -> str:
    """A figure, and what it is of."""
    return f"{words(float(row[shown.figure]), shown.known, paper)} ({_places(row, shown.keys, paper)})"


def _places(row: pd.Series, keys: Sequence[str], paper: Paper) -> str:
    return ", ".join(_place(row[key], named(key, paper), paper) for key in keys)


def _place(value: Any, known: Label, paper: Paper) -> str:
    """A category, an instant or a place on a scale."""
    if pd.isna(value):
        return paper.say("null")
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, str):
        return _cut(value, LONGEST)
    return f"{known.words(paper.language)} {words(float(value), known, paper)}"


def words(value: float, known: Label | None, paper: Paper) -> str:
    """A figure with its unit: 92.3%, 12.5 s, 262:30 h, 1,234; with the language's separators."""
    unit = known.unit if known else "number"
    if unit == "s" and abs(value) >= CLOCK:
        minutes = round(abs(value) / 60)
        return f"{'-' if value < 0 else ''}{minutes // 60}:{minutes % 60:02} h"
    text = f"{value:,.1%}" if unit == "share" else f"{value:,.2f}"
    if unit not in ("share", "money", "mos"):
        text = text.rstrip("0").rstrip(".")
    text += {"s": " s", "ms": " ms", "percent": "%", "bytes": " B"}.get(unit, "")
    return separated(text, paper.language)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
