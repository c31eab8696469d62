"""Periods: what people write ("2025-06", "last 7 days", a pair of dates) as half-open naive UTC instants, and in words.

Everything written without an offset is local time of the centre's zone. A day begins at the first instant of its date,
also where the clock skips midnight or shows it twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import NamedTuple

from okireports.clock import TICK, Interval, offsets, zone_info
from okireports.errors import BadOption, BadPeriod, did_you_mean

FIRST_YEAR, LAST_YEAR = 1901, 2099  # a year outside is a slip of the pen
_DAY = timedelta(days=1)
# strftime's names follow the locale of the process
_MONTHS = ["January", "February", "March", "April", "May", "June", "July"]
_MONTHS += ["August", "September", "October", "November", "December"]
_FORMS = "Write 2025, 2025-06, 2025-06-03, 2025-W23, 'today', 'last 7 days', 'last month' ... or a pair (from, to)."


@dataclass(frozen=True)
class Period:
    """A stretch of time, half-open: `start` and `end` are naive UTC instants; `words` says it for people."""

    start: datetime
    end: datetime
    zone: str
    words: str

    def __str__(self) -> str:
        """The period in words."""
        return self.words

    @property
    def first_day(self) -> date:
        """The local date on which the period begins."""
        return _local(self.start, self.zone).date()

    @property
    def last_day(self) -> date:
        """The local date of the period's last instant."""
        return _local(self.end - TICK, self.zone).date()

    def local(self, at: datetime) -> datetime:
        """A naive UTC instant on the zone's clock, with its offset."""
        return _local(at, self.zone)

    def widened(self, before: timedelta = timedelta(0), after: timedelta = timedelta(0)) -> tuple[datetime, datetime]:
        """Start and end moved apart, never beyond what a datetime can say."""
        start = self.start - before if before < self.start - datetime.min else datetime.min
        end = self.end + after if after < datetime.max - self.end else datetime.max
        return start, end

    def interval(
        self,
        by: str | None = None,
        week_start: int = 0,
        *,
        before: timedelta = timedelta(0),
        after: timedelta = timedelta(0),
    ) -> Interval:
        """The period's buckets; `before` and `after` say how far outside of it local dates are asked for."""
        return Interval(by, self.start, self.end, offsets(self.zone, *self.widened(before, after)), week_start)


def parse(text_or_pair: object, *, zone: str, now: datetime, week_start: int = 0) -> Period:
    """The period that a text or a pair (from, to) means.

    text: a year, month, day, ISO week, "today", "yesterday", "this week" (month, year), "last week" (month, year), or
    "last 7 days": the whole days before today. Pairs are half-open and hold dates, datetimes or ISO strings.
    now: an aware datetime; week_start: 0 is Monday (ISO weeks begin on Monday whatever it is).
    Raises BadPeriod, or BadOption for an unknown zone.
    """
    if now.tzinfo is None:
        raise BadOption(f"now={now!r} needs an offset, such as datetime.now(UTC).")
    if week_start not in range(7):
        raise BadOption(f"week_start={week_start!r} is not a day; 0 is Monday, 6 is Sunday.")
    if isinstance(text_or_pair, str):
        days = _read(text_or_pair, now.astimezone(zone_info(zone)).date(), week_start)
        start, end, words = utc(days.first, zone), utc(days.end, zone), days.words(zone)
        if start == end:
            raise BadPeriod(f"{text_or_pair!r} is empty: the clocks of {zone} skipped that day.")
    elif isinstance(text_or_pair, (tuple, list)) and len(text_or_pair) == 2:
        start, end = (_instant(part, zone) for part in text_or_pair)
        if end <= start:
            what = "is empty" if end == start else "ends before it starts"
            raise BadPeriod(f"The period {_shown(text_or_pair)} {what}; its end is not part of it. {_FORMS}")
        words = _words(start, end, zone)
    else:
        raise BadPeriod(f"{text_or_pair!r} is not a period. {_FORMS}")
    future = start >= now.astimezone(UTC).replace(tzinfo=None)
    return Period(start, end, zone, words + " (in the future)" if future else words)


# ---- local time ------------------------------------------------------------------------------------------------------
def utc(at: date | datetime, zone: str) -> datetime:
    """The naive UTC instant of a local date's first instant, or of a datetime, rounded down to whole milliseconds.

    A local time that comes twice is the first one (unless `fold` says the second); one that is skipped is the moment of
    the change.
    """
    clock = at.timetz() if isinstance(at, datetime) else time()
    at = datetime.combine(at, clock.replace(microsecond=clock.microsecond // 1000 * 1000))
    if at.tzinfo is not None:
        return at.astimezone(UTC).replace(tzinfo=None)
    local = at.replace(tzinfo=zone_info(zone))
    early, late = (local.replace(fold=fold).astimezone(UTC).replace(tzinfo=None) for fold in (0, 1))
    if early > late:  # skipped: the offset before the change lies after it, and the other way round
        changes = offsets(zone, late - timedelta(seconds=1), early + timedelta(seconds=1))
        return datetime(1970, 1, 1) + timedelta(milliseconds=changes[-1][0])
    return late if at.fold else early


def _local(at: datetime, zone: str) -> datetime:
    return at.replace(tzinfo=UTC).astimezone(zone_info(zone))


# ---- reading ---------------------------------------------------------------------------------------------------------
class _Days(NamedTuple):
    """Whole local days, `end` not included, and how they are called."""

    first: date
    end: date
    name: str = ""

    def words(self, zone: str) -> str:
        shown = _day_range(self.first, self.end - _DAY)
        if not self.name:
            return f"{shown}, {zone}"
        last = self.end - _DAY
        if self.first.year == last.year and self.name.endswith(str(last.year)):  # "June 2025 (1-30 June": the year once
            shown = shown.removesuffix(f" {last.year}")
        return f"{self.name} ({shown}, {zone})"


def _day(day: date) -> _Days:
    return _Days(day, day + _DAY)


def _week(day: date, week_start: int = 0) -> _Days:
    first = day - timedelta(days=(day.weekday() - week_start) % 7)
    iso = first.isocalendar()
    return _Days(first, first + 7 * _DAY, "week" if week_start else f"week {iso.week} of {iso.year}")


def _month(day: date) -> _Days:
    first = day.replace(day=1)
    return _Days(first, (first + 31 * _DAY).replace(day=1), f"{_MONTHS[first.month - 1]} {first.year}")


def _year(day: date) -> _Days:
    return _Days(date(day.year, 1, 1), date(day.year + 1, 1, 1), str(day.year))


def _named(today: date, week_start: int) -> dict[str, Callable[[], _Days]]:
    week = partial(_week, week_start=week_start)
    return {
        "today": lambda: _day(today),
        "yesterday": lambda: _day(today - _DAY),
        "this week": lambda: week(today),
        "last week": lambda: week(today - 7 * _DAY),
        "this month": lambda: _month(today),
        "last month": lambda: _month(today.replace(day=1) - _DAY),
        "this year": lambda: _year(today),
        "last year": lambda: _year(date(today.year - 1, 1, 1)),
    }


def _read(written: str, today: date, week_start: int) -> _Days:
    text = " ".join(written.lower().split())
    named = _named(today, week_start)
    if text in named:
        return named[text]()
    if found := re.fullmatch(r"last (\d{1,5}) days?", text):
        count = int(found[1])
        if not 1 <= count <= (today - date(FIRST_YEAR, 1, 1)).days:
            raise BadPeriod(f"{written!r} is empty or reaches back before {FIRST_YEAR}; write 'last 7 days'.")
        return _Days(today - count * _DAY, today, f"last {count} day{'s' * (count > 1)}")
    if found := re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?|-w(\d{2}))?", text, re.ASCII):
        year, month, day, week = (int(part) if part else None for part in found.groups())
        return _dated(written, year or 0, month, day, week)
    hint = did_you_mean(text, [*named, "last 7 days", "last 30 days"])
    raise BadPeriod(f"{written!r} is not a period.{hint} {_FORMS}")


def _dated(written: str, year: int, month: int | None, day: int | None, week: int | None) -> _Days:
    _check_year(year, written)
    try:
        if week is not None:
            return _week(date.fromisocalendar(year, week, 1))
        if day is not None:
            return _day(date(year, month or 1, day))
        return _year(date(year, 1, 1)) if month is None else _month(date(year, month, 1))
    except ValueError:
        weeks = date(year, 12, 28).isocalendar().week
        why = f"{year} has the weeks 01 to {weeks}" if week is not None else "the calendar has no such month or day"
        raise BadPeriod(f"{written!r} is not a period: {why}.") from None


def _check_year(year: int, written: object) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadPeriod(f"{_shown(written)}: the year is not between {FIRST_YEAR} and {LAST_YEAR}.")


def _instant(part: object, zone: str) -> datetime:
    at = part
    if isinstance(part, str):
        try:
            at = datetime.fromisoformat(part.strip().upper())
        except ValueError:
            raise BadPeriod(f"{part!r} is not a date or time; write '2025-06-03' or '2025-06-03T08:00'.") from None
    if not isinstance(at, date):  # a datetime is a date too
        raise BadPeriod(f"{part!r} is not a date or time. {_FORMS}")
    _check_year(at.year, part)
    return utc(at, zone)


# ---- words -----------------------------------------------------------------------------------------------------------
def _shown(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return f"({', '.join(_shown(part) for part in value)})"
    return repr(value) if isinstance(value, str) else str(value)


def _words(start: datetime, end: datetime, zone: str) -> str:
    first, last = _local(start, zone).date(), _local(end, zone).date()
    if (utc(first, zone), utc(last, zone)) == (start, end):
        days = _Days(first, last)
        return next((whole for whole in (_month(first), _year(first)) if whole[:2] == days[:2]), days).words(zone)
    return f"{_moment(start, zone)} - {_moment(end, zone)}, {zone}"


def _moment(at: datetime, zone: str) -> str:
    local = _local(at, zone)
    clock = local.isoformat(" ", "milliseconds" if at.microsecond else "seconds" if at.second else "minutes")[11:]
    twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year} {clock if twice else clock[:-6]}"


def _day_range(first: date, last: date) -> str:
    """Dates as people write them, with month and year said once: "1-7 June 2025"."""
    shown = f"{last.day} {_MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return shown
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}-{shown}"
    return f"{first.day} {_MONTHS[first.month - 1]}{'' if first.year == last.year else f' {first.year}'} - {shown}"
