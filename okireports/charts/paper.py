"""What every chart shares: its words, colours, axes, and data as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import altair as alt
import pandas as pd

from okireports.charts import Form, Spec
from okireports.charts.theme import Theme
from okireports.charts.words import CODES, PLACED, POLISH, STATUSES, WORDS
from okireports.columns import Label, label

Drawing = alt.Chart | alt.LayerChart | alt.FacetChart

WIDTH = 600
CLOCK = 120  # seconds, from which an axis shows minutes and hours


@dataclass(frozen=True)
class Shown:
    """The rows that are drawn, the columns that tell them apart, and the figure, where there is one."""

    rows: pd.DataFrame
    keys: tuple[str, ...]
    figure: str = ""
    known: Label | None = None


@dataclass
class Paper:
    """What one chart is drawn with; the notes that gather while it is drawn go into its subtitle."""

    zone: str
    by: str | None
    coarser: tuple[str, ...]
    language: str
    report: str | None
    formula: str
    period: tuple[datetime, datetime] | None
    week_start: int
    theme: Theme
    notes: list[str] = field(default_factory=list)
    form: Form = "bars"  # that was drawn; `shown` says of what, `silence` why there is nothing
    shown: Shown | None = None
    silence: str = ""

    def say(self, key: str, *values: object) -> str:
        """One of the chart's own words or sentences."""
        return WORDS[key][self.language == "pl"].format(*values)

    def flag(self, name: str, value: Any) -> str:
        """What a flag says, in the column's own words where it has some."""
        word = "null" if pd.isna(value) else "true" if value else "false"
        return self.code(name, word) if name in CODES else self.say(word)

    def code(self, name: str, value: str) -> str:
        """A code as people read it; what is not known stays as it is."""
        known = CODES.get(name, {}).get(value)
        if not known:
            return value
        return known[1] if self.language == "pl" else known[0]

    def fixed(self, name: str) -> list[str]:
        """The values of a column that always stand in this order; none of most columns."""
        if name == "status":
            return [*STATUSES]
        return [self.code(name, code) for code in CODES[name]] if name in PLACED else []

    def statuses(self) -> dict[str, int]:
        """The place of each status among the colours, by its own word and by the words of its figure."""
        places: dict[str, int] = {}
        for place, status in enumerate(STATUSES):
            words = self.label(f"{status.lower().replace('/', '')}_s").words(self.language)
            places |= {status: place, words: place}
        return places

    def places(self) -> list[dict[str, int | None]]:
        """The sets of words that have the same colours in every chart; None is grey."""
        made: list[dict[str, int | None]] = [{**self.statuses(), "Offline": None}]
        return made + [{self.code(name, code): CODES[name][code][2] for code in CODES[name]} for name in PLACED]

    def note(self, key: str, *values: object) -> None:
        """Add a sentence to the subtitle, once."""
        if (text := self.say(key, *values)) not in self.notes:
            self.notes.append(text)

    def tell(self, rows: pd.DataFrame, keys: Sequence[str], figure: str = "", known: Label | None = None) -> None:
        """Keep what is drawn, for the chart's text alternative."""
        self.shown = Shown(rows, tuple(dict.fromkeys(keys)), figure, known)

    def note_band(self, band: Sequence[str], figure: str) -> None:
        """Say what is shaded: an interval of confidence, or what lies between the figure and a lower one."""
        if figure in band:
            self.note("down", self.label(band[0]).words(self.language))
        else:
            self.note("band")

    def label(self, name: str) -> Label:
        """What is known of a column."""
        return label(name, self.report, self.formula)

    def own(self, key: str, like: str = "contacts") -> Label:
        """A label for figures that the chart itself makes, of the kind of a known column."""
        return replace(self.label(like), en=WORDS[key][0], pl=WORDS[key][1])

    def priced(self, known: Label, frame: pd.DataFrame) -> Label:
        """The label with the currency, where all amounts are in one."""
        money = known.unit == "money" and "currency" in frame
        if not money or frame["currency"].nunique() != 1:
            return known
        currency = frame["currency"].dropna().iloc[0]
        return replace(known, en=f"{known.en} ({currency})", pl=f"{known.pl} ({currency})")

    def heading(self, known: Label, highest: float) -> str:
        """An axis title; the unit stands in it unless the axis shows hours or minutes."""
        if known.unit == "s" and highest >= CLOCK:
            return known.words(self.language)
        return known.heading(self.language)


def nothing(paper: Paper, missing: Sequence[str] = (), why: str = "empty") -> Drawing:
    """A chart that says that there is nothing to draw, or which columns it lacks."""
    text = paper.say("needs", ", ".join(missing)) if missing else paper.say(why)
    paper.shown, paper.silence = None, text
    words = alt.Chart(alt.InlineData(values=[{"text": text}])).mark_text(fontSize=15, color=paper.theme.hint)
    return single(words.encode(text="text:N"), 120)


def without(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """What is drawn when columns are absent (a right is), or hold nothing."""
    missing = [c for c in (spec.x, *spec.y, spec.lane) if c and c not in frame]
    return nothing(paper, [paper.label(c).words(paper.language) for c in missing])


def finished(drawing: Drawing, title: str, subtitle: str, words: str, paper: Paper) -> Drawing:
    """The drawing with its title, its text alternative, the theme, and the language of its numbers and months."""
    notes = "; ".join(note for note in paper.notes if note != title)
    under = [text for text in (subtitle, notes[:1].upper() + notes[1:]) if text]
    config = paper.theme.config | ({"locale": POLISH} if paper.language == "pl" else {})
    head = alt.TitleParams(title, subtitle=under or alt.Undefined)
    made: Drawing = drawing.properties(title=head, description=words).configure(**config)
    return made


def single(drawing: Drawing, height: int) -> Drawing:
    """A drawing of one view, 600 pixels wide with its axes."""
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    made: Drawing = drawing.properties(width=WIDTH, height=height, autosize=fit)
    return made


# ---- data ------------------------------------------------------------------------------------------------------------
def data(rows: pd.DataFrame) -> alt.InlineData:
    """The rows as JSON values in the chart itself; times are wall-clock text, read as UTC so that no zone moves it."""
    parse: dict[str, str] = {}
    columns: dict[str, list[object]] = {}
    for name in rows:
        column = rows[name]
        if pd.api.types.is_datetime64_dtype(column.dtype):
            parse[str(name)] = "utc:'%Y-%m-%dT%H:%M:%S'"
            columns[str(name)] = [None if pd.isna(v) else f"{v:%Y-%m-%dT%H:%M:%S}" for v in column]
        else:
            columns[str(name)] = [_plain(v) for v in column]
    values = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return alt.InlineData(values=values, format=alt.JsonDataFormat(parse=parse) if parse else alt.Undefined)


def _plain(value: Any) -> object:
    """A JSON value: whole numbers without a point, NULL for what is no number."""
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return None
    number = float(value)
    return int(number) if number.is_integer() else number


def texts(column: pd.Series, known: Label, paper: Paper) -> pd.Series:
    """A category as text for people: NULL, flags, weekdays and dates have words."""
    named: list[str | None]
    if known.unit == "flag" or column.dtype == "boolean":
        named = [paper.flag(str(column.name), v) for v in column]
    elif pd.api.types.is_datetime64_any_dtype(column.dtype):
        named = [None if pd.isna(v) else f"{v:%Y-%m-%d}" for v in column]
    else:
        named = [None if pd.isna(v) else paper.code(str(column.name), str(v)) for v in column]
    words = [paper.say("null") if v is None or v == "" else v for v in named]
    return pd.Series(words, index=column.index, dtype="str")
