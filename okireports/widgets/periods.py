"""Choosing a period: words such as "last 30 days", or two dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import ipywidgets

from okireports.clock import zone_info
from okireports.period import parse, utc
from okireports.widgets.choice import Span
from okireports.widgets.parts import STYLE, Filling, on_choice, wide, words
from okireports.widgets.texts import say

PRESETS = (
    "today", "yesterday", "this week", "last week", "last 7 days", "this month", "last month", "last 30 days",
    "this year", "last year",
)  # fmt: skip
DATES = ""  # the preset that is none
USUAL = "last 30 days"
DAY = timedelta(days=1)


class PeriodChoice:
    """A list of presets; under it, where two dates are wanted, the first and the last day."""

    def __init__(self, language: str, changed: Callable[[], object]) -> None:
        self.language, self.changed, self.filling = language, changed, Filling()
        self.preset = ipywidgets.Dropdown(
            description=say(language, "period.label"), options=self.offered(), value=USUAL, style=STYLE, layout=wide()
        )
        self.first, self.last = (
            ipywidgets.DatePicker(description=say(language, f"period.{end}"), style=STYLE, layout=wide())
            for end in ("first", "last")
        )
        for control in (self.preset, self.first, self.last):
            on_choice(control, self.filling, self.chosen)
        self.wrong = words()
        self.box = ipywidgets.VBox([self.preset])

    def offered(self, *more: tuple[str, Span]) -> list[tuple[str, Span]]:
        """The presets as they are shown, and more."""
        named = [(say(self.language, f"period.{preset}"), preset) for preset in PRESETS]
        return [*more, *named, (say(self.language, "period.dates"), DATES)]

    @property
    def value(self) -> Span | None:
        """The period as reports take it; None while a date is missing, or the last day comes before the first."""
        preset: Span = self.preset.value
        if preset != DATES:
            return preset
        if self.first.value is None or self.last.value is None or self.backwards:
            return None
        return self.first.value.isoformat(), (min(self.last.value, date.max - DAY) + DAY).isoformat()

    @property
    def backwards(self) -> bool:
        """Are there two dates, of which the last comes before the first?"""
        first, last = self.first.value, self.last.value
        return first is not None and last is not None and last < first

    def set(self, span: Span) -> None:
        """Show a period: a preset, two dates, or, as one more preset, whatever else a report takes.

        Raises:
            BadPeriod: it cannot be read.
        """
        read = parse(span, zone="UTC", now=datetime.now(UTC))
        asked: Span = span if isinstance(span, str) else (written(span[0]), written(span[1]))
        with self.filling:
            if asked == (read.first_day.isoformat(), (read.last_day + DAY).isoformat()):
                self.first.value, self.last.value, asked = read.first_day, read.last_day, DATES
            elif asked not in PRESETS:
                self.preset.options = self.offered((asked if isinstance(asked, str) else " - ".join(asked), asked))
            self.preset.value = asked
            self.stand()

    def chosen(self) -> None:
        """Something else is chosen."""
        self.stand()
        self.changed()

    def stand(self) -> None:
        """Show the dates where they are wanted, and what is wrong with them."""
        dates = self.preset.value == DATES
        why = say(self.language, "period.backwards") if dates and self.backwards else ""
        self.wrong.value = f"<p role='alert'>{why}</p>" if why else ""
        self.box.children = (self.preset, self.first, self.last, self.wrong) if dates else (self.preset,)


def written(at: object) -> str:
    """A date or an instant as text."""
    return at.isoformat() if isinstance(at, date) else str(at)


def spoken(start: datetime, end: datetime, zone: str, language: str) -> str:
    """A period as people say it: days where it is made of whole ones, else instants; and the zone."""
    first, last = (at.astimezone(zone_info(zone)) for at in (start, end))
    if any(utc(at.date(), zone) != at.astimezone(UTC).replace(tzinfo=None) for at in (first, last)):
        return f"{_instant(first, language)} - {_instant(last, language)}, {zone}"
    ends = last.date() - DAY
    days = [_day(first, language)] + ([_day(ends, language)] if ends > first.date() else [])
    return f"{' - '.join(days)}, {zone}"


def _day(day: date, language: str) -> str:
    month = say(language, "period.months").split()[day.month - 1]
    return f"{day.day} {month} {day.year}"


def _instant(at: datetime, language: str) -> str:
    """The day and the time; with the offset where the clock shows that time twice."""
    clock = f"{at:%H:%M:%S}" if at.second or at.microsecond else f"{at:%H:%M}"
    twice = at.utcoffset() != at.replace(fold=1 - at.fold).utcoffset()
    return f"{_day(at, language)} {clock}{at:%z}" if twice else f"{_day(at, language)} {clock}"
