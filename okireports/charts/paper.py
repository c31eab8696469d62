"""What every chart shares: its words, colours, axes, data as JSON, and the theme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import altair as alt
import pandas as pd

from okireports.charts import Spec
from okireports.columns import Label, label

Drawing = alt.Chart | alt.LayerChart | alt.FacetChart

WIDTH = 600
CLOCK = 120  # seconds, from which an axis shows minutes and hours

INK, FAINT = "#222222", "#E4E4E4"

_WORDS = {
    "empty": ("No data in this period", "Brak danych w tym okresie"),
    "needs": ("This chart needs columns that are not here: {}", "Wykres wymaga kolumn, których tu nie ma: {}"),
    "null": ("(none)", "(brak)"),
    "true": ("yes", "tak"),
    "false": ("no", "nie"),
    "reached:true": ("called back, reached", "oddzwoniono, odebrano"),
    "reached:false": ("called back, not reached", "oddzwoniono, nie odebrano"),
    "reached:null": ("not called back", "nie oddzwoniono"),
    "others": ("others", "pozostałe"),
    "count": ("Number", "Liczba"),
    "s": ("Time", "Czas"),
    "share": ("Share", "Udział"),
    "value": ("Value", "Wartość"),
    "summed": ("Summed by {}", "Zsumowano według {}"),
    "per": ("Rows by {}", "Wiersze według {}"),
    "some": ("{} largest of {} shown", "Pokazano {} największych z {}"),
    "first": ("first {} of {} shown", "pokazano pierwsze {} z {}"),
    "rest": ("the smallest {} are together as “others”", "najmniejsze ({}) razem jako „pozostałe”"),
    "twice": ("the hour that comes twice is drawn as one", "godzina powtórzona przy zmianie czasu jako jedna"),
    "rough": ("averages and percentiles are approximate", "średnie i percentyle są przybliżone"),
    "15min": ("15 minutes", "15 minut"),
    "30min": ("30 minutes", "30 minut"),
    "hour": ("hour", "godzin"),
    "day": ("day", "dni"),
    "week": ("week", "tygodni"),
    "month": ("month", "miesięcy"),
}
STATUSES = ("Ready", "Waiting", "Busy", "PCP", "Away", "N/A")  # in the order of their colours
WEEKDAYS = (
    ("Mon", "pon."), ("Tue", "wt."), ("Wed", "śr."), ("Thu", "czw."), ("Fri", "pt."),
    ("Sat", "sob."), ("Sun", "niedz."),
)  # fmt: skip
_POLISH = {
    "number": {"decimal": ",", "thousands": "\u00a0", "grouping": [3], "currency": ["", ""]},
    "time": {
        "dateTime": "%A, %e %B %Y, %X",
        "date": "%d.%m.%Y",
        "time": "%H:%M:%S",
        "periods": ["", ""],
        "days": ["niedziela", "poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota"],
        "shortDays": ["niedz.", "pon.", "wt.", "śr.", "czw.", "pt.", "sob."],
        "months": [
            "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca",
            "lipca", "sierpnia", "września", "października", "listopada", "grudnia",
        ],
        "shortMonths": ["sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru"],
    },
}  # fmt: skip
_THEME: dict[str, Any] = {
    "background": "white",
    "font": "Liberation Sans, Arial, Helvetica, DejaVu Sans, sans-serif",
    "view": {"stroke": None},
    "title": {"anchor": "start", "frame": "group", "fontSize": 16, "fontWeight": 600, "color": INK, "offset": 12,
              "subtitleFontSize": 12, "subtitleColor": "#555555", "subtitlePadding": 5},
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelColor": INK,
             "titleColor": "#444444", "gridColor": FAINT, "domainColor": "#888888", "tickColor": "#888888",
             "labelLimit": 190, "titlePadding": 8},
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
    "legend": {"orient": "bottom", "direction": "horizontal", "labelFontSize": 12, "titleFontSize": 12,
               "titleFontWeight": "normal", "labelLimit": 170, "symbolSize": 110, "symbolStrokeWidth": 2.5,
               "columnPadding": 14, "title": None},
    "header": {"labelFontSize": 12, "labelFontWeight": 600, "labelAnchor": "start", "labelColor": INK, "title": None},
    "line": {"strokeWidth": 2},
    "rule": {"strokeWidth": 1.5},
}  # fmt: skip


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
    notes: list[str] = field(default_factory=list)

    def say(self, key: str, *values: object) -> str:
        """One of the chart's own words or sentences."""
        return _WORDS[key][self.language == "pl"].format(*values)

    def flag(self, name: str, value: Any) -> str:
        """What a flag says, in the column's own words where it has some."""
        word = "null" if pd.isna(value) else "true" if value else "false"
        return self.say(f"{name}:{word}" if f"{name}:{word}" in _WORDS else word)

    def statuses(self) -> dict[str, int]:
        """The place of each status among the colours, by its own word and by the words of its figure."""
        places: dict[str, int] = {}
        for place, status in enumerate(STATUSES):
            words = self.label(f"{status.lower().replace('/', '')}_s").words(self.language)
            places |= {status: place, words: place}
        return places

    def note(self, key: str, *values: object) -> None:
        """Add a sentence to the subtitle, once."""
        if (text := self.say(key, *values)) not in self.notes:
            self.notes.append(text)

    def label(self, name: str) -> Label:
        """What is known of a column."""
        return label(name, self.report, self.formula)

    def own(self, key: str, like: str = "contacts") -> Label:
        """A label for figures that the chart itself makes, of the kind of a known column."""
        return replace(self.label(like), en=_WORDS[key][0], pl=_WORDS[key][1])

    def heading(self, known: Label, highest: float, currency: str | None = None) -> str:
        """An axis title; the unit stands in it unless the axis shows hours or minutes."""
        if known.unit == "s" and highest >= CLOCK:
            return known.words(self.language)
        text = known.heading(self.language)
        return f"{text} ({currency})" if currency and known.unit == "money" else text


def nothing(paper: Paper, missing: Sequence[str] = ()) -> Drawing:
    """A chart that says that there is nothing to draw, or which columns it lacks."""
    text = paper.say("needs", ", ".join(missing)) if missing else paper.say("empty")
    words = alt.Chart(alt.InlineData(values=[{"text": text}])).mark_text(fontSize=15, color="#666666")
    return single(words.encode(text="text:N"), 120)


def without(spec: Spec, frame: pd.DataFrame, paper: Paper) -> Drawing:
    """What is drawn when columns are absent (a right is), or hold nothing."""
    missing = [c for c in (spec.x, *spec.y, spec.lane) if c and c not in frame]
    return nothing(paper, [paper.label(c).words(paper.language) for c in missing])


def finished(drawing: Drawing, title: str, subtitle: str, paper: Paper) -> Drawing:
    """The drawing with its title, the theme, and the language of its numbers and months."""
    notes = "; ".join(paper.notes)
    under = [text for text in (subtitle, notes[:1].upper() + notes[1:]) if text]
    config = _THEME | ({"locale": _POLISH} if paper.language == "pl" else {})
    made: Drawing = drawing.properties(title=alt.TitleParams(title, subtitle=under or alt.Undefined)).configure(
        **config
    )
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
        named = [None if pd.isna(v) else str(v) for v in column]
    words = [paper.say("null") if v is None or v == "" else v for v in named]
    return pd.Series(words, index=column.index, dtype="str")
