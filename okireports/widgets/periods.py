"""Choosing a period: words such as "last 30 days", or two dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import ipywidgets

from okireports.widgets.choice import Span
from okireports.widgets.parts import STYLE, Filling, on_choice, wide
from okireports.widgets.texts import say

PRESETS = (
    "today", "yesterday", "this week", "last week", "last 7 days", "this month", "last month", "last 30 days",
    "this year", "last year",
)  # fmt: skip
DATES = ""  # the preset that is none
USUAL = "last 30 days"


class PeriodChoice:
    """A list of presets; under it, where two dates are wanted, the first and the last day."""

    def __init__(self, language: str, changed: Callable[[], object]) -> None:
        self.language, self.changed, self.filling = language, changed, Filling()
        named = [(say(language, f"period.{preset}"), preset) for preset in PRESETS]
        self.preset = ipywidgets.Dropdown(
            description=say(language, "period.label"),
            options=[*named, (say(language, "period.dates"), DATES)],
            value=USUAL,
            style=STYLE,
            layout=wide(),
        )
        self.first, self.last = (
            ipywidgets.DatePicker(description=say(language, f"period.{end}"), style=STYLE, layout=wide())
            for end in ("first", "last")
        )
        for control in (self.preset, self.first, self.last):
            on_choice(control, self.filling, self.chosen)
        self.box = ipywidgets.VBox([self.preset])

    @property
    def value(self) -> Span | None:
        """The period as reports take it; None while a date is missing."""
        if self.preset.value != DATES:
            return str(self.preset.value)
        if self.first.value is None or self.last.value is None:
            return None
        return self.first.value.isoformat(), (self.last.value + timedelta(days=1)).isoformat()

    def set(self, span: Span) -> None:
        """Show a period: a preset, or two dates."""
        with self.filling:
            if isinstance(span, str):
                self.preset.value = span
            else:
                self.preset.value = DATES
                self.first.value, self.last.value = date.fromisoformat(span[0]), before(date.fromisoformat(span[1]))
            self.stand()

    def chosen(self) -> None:
        """Something else is chosen."""
        self.stand()
        self.changed()

    def stand(self) -> None:
        """Show the dates where they are wanted."""
        dates = self.preset.value == DATES
        self.box.children = (self.preset, self.first, self.last) if dates else (self.preset,)


def spoken(start: datetime, end: datetime, zone: str, language: str) -> str:
    """A period as people say it: days where it is made of whole ones, else instants; and the zone."""
    first, last = (at.astimezone(ZoneInfo(zone)) for at in (start, end))
    midnights = all((at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0) for at in (first, last))
    if not midnights:
        return f"{_day(first, language)} {first:%H:%M} - {_day(last, language)} {last:%H:%M}, {zone}"
    ends = before(last.date())
    if first.date() == ends:
        return f"{_day(first, language)}, {zone}"
    return f"{_day(first, language)} - {_day(ends, language)}, {zone}"


def before(day: date) -> date:
    """The day before."""
    return day - timedelta(days=1)


def _day(day: date, language: str) -> str:
    month = say(language, "period.months").split()[day.month - 1]
    return f"{day.day} {month} {day.year}"
