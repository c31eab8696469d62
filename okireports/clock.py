"""Time: instants are naive UTC, arithmetic is whole milliseconds since 1970, local time is a CASE over offsets.

Nothing here asks the engine about zones, so that every engine gives the same answer: Python reads the offsets in force
in the period (`offsets`), and expressions add them as integers. `x` is always a column of milliseconds (BIGINT), `at` a
column of instants (TIMESTAMP without zone, in UTC), `day` the number of a local date counted from 1970-01-01, and `i`
the number of a bucket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import ibis
import ibis.expr.types as ir

from okireports.errors import BadOption, did_you_mean

TICK = timedelta(milliseconds=1)  # the finest time that is kept
HOUR, DAY = 3_600_000, 86_400_000  # ms
STEPS = {"15min": HOUR // 4, "30min": HOUR // 2, "hour": HOUR}  # ms; buckets that are all of one length
BY = (*STEPS, "day", "week", "month")

_UNIX_EPOCH = datetime(1970, 1, 1)
_EPOCH = ibis.timestamp("1970-01-01 00:00:00")
_EPOCH_DAY = ibis.date("1970-01-01")
_MONDAY = 3  # 1970-01-01 was a Thursday: three days after a Monday

# Between 1 March 1900 and 28 February 2100 every fourth year is a leap year, so months follow from days by arithmetic.
_MARCH_1900 = 25_508  # days from 1900-03-01 to 1970-01-01
_MONTHS_FROM, _MONTHS_TO = datetime(1900, 3, 2), datetime(2100, 2, 28)

# Zones had no changes before; later rules are guesses, and looking for changes up to the year 9999 takes seconds.
_FIRST_YEAR, _LAST_YEAR = 1840, 2199


# ---- zones, in Python ------------------------------------------------------------------------------------------------
def zone_info(zone: str) -> ZoneInfo:
    """The zone of an IANA name; an unknown one raises BadOption and suggests a near one."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # ValueError, OSError: names such as "../x", "" or "Europe"
        hint = did_you_mean(zone, available_timezones())
        raise BadOption(f"There is no time zone {zone!r}; names are such as 'Europe/Warsaw'.{hint}") from None


def utc_ms(at: datetime) -> int:
    """Whole milliseconds from 1970 to a naive UTC instant, rounded down."""
    return (at - _UNIX_EPOCH) // TICK


def at_ms(ms: int) -> datetime:
    """The naive instant so many milliseconds after 1970."""
    return _UNIX_EPOCH + timedelta(milliseconds=ms)


def offset_at(zone: str, at: datetime) -> int:
    """The zone's offset (ms) in force at a naive UTC instant."""
    at = min(max(at, datetime(_FIRST_YEAR, 1, 1)), datetime(_LAST_YEAR + 1, 1, 1))
    ahead = at.replace(tzinfo=UTC).astimezone(zone_info(zone)).utcoffset()
    return (ahead or timedelta(0)) // TICK


@cache
def _changes(zone: str, year: int) -> tuple[datetime, ...]:
    """The naive UTC instants, oldest first, at which the zone's offset changes in (the start of year, its end]."""
    found = []
    earlier, year_end = datetime(year, 1, 1), datetime(year + 1, 1, 1)
    while earlier < year_end:
        later = earlier + timedelta(days=1)
        old = offset_at(zone, earlier)
        if offset_at(zone, later) != old:
            before, after = earlier, later
            while after - before > timedelta(seconds=1):
                middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
                before, after = (middle, after) if offset_at(zone, middle) == old else (before, middle)
            found.append(after)
        earlier = later
    return tuple(found)


def offsets(zone: str, start: datetime, end: datetime) -> tuple[tuple[int, int], ...]:
    """(first ms, offset in ms) of each offset in force between two naive UTC instants, oldest first."""
    # A change at the first instant of a year is found with the year before.
    years = range(max(start.year - 1, _FIRST_YEAR), min(end.year, _LAST_YEAR) + 1)
    changes = [t for year in years for t in _changes(zone, year) if start < t < end]
    return tuple((utc_ms(t), offset_at(zone, t)) for t in [start, *changes])


@dataclass(frozen=True)
class LocalRule:
    """How local clock times in [start_local, end_local) become UTC: subtract `offset_ms`.

    `kind` is "plain"; "ambiguous" (the clock shows these times twice) or "missing" (it jumps over them). For these two
    `offset_ms` is the offset before the change and `later_offset_ms` the one after it: of an ambiguous time they give
    the earlier and the later instant. For a plain time they are the same.
    """

    start_local: datetime
    end_local: datetime
    offset_ms: int
    kind: Literal["plain", "ambiguous", "missing"]
    later_offset_ms: int


def local_offsets(zone: str, first: datetime, last: datetime) -> list[LocalRule]:
    """The rules for the local clock times from `first` to `last` (both included), oldest first and without gaps."""
    reach = timedelta(days=2)  # more than any offset
    start = max(first, datetime.min + 2 * reach) - reach
    end = min(last, datetime.max - 2 * reach) + reach
    known = offsets(zone, start, end)

    rules: list[LocalRule] = []
    since = datetime.min
    for (_, old), (at, new) in pairwise(known):
        lo, hi = at_ms(at + min(old, new)), at_ms(at + max(old, new))
        rules.append(LocalRule(since, lo, old, "plain", old))
        rules.append(LocalRule(lo, hi, old, "missing" if new > old else "ambiguous", new))
        since = hi
    rules.append(LocalRule(since, datetime.max, known[-1][1], "plain", known[-1][1]))
    return [rule for rule in rules if rule.start_local <= last and rule.end_local > first]


# ---- the buckets of a period -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Interval:
    """Buckets of a period: `by` and the zone's offsets, made once from a Period and handed to the report.

    by: one of BY, or None for one bucket that is the whole period.
    start, end: the period, half-open, naive UTC.
    offsets: as `offsets()` gives them; they may begin before the period and go on after it.
    week_start: 0 is Monday, 6 Sunday.
    """

    by: str | None = None
    start: datetime = _UNIX_EPOCH
    end: datetime = _MONTHS_TO
    offsets: tuple[tuple[int, int], ...] = ((0, 0),)
    week_start: int = 0

    def __post_init__(self) -> None:
        """Refuse early what no expression could do right."""
        if self.by is not None and self.by not in BY:
            hint = did_you_mean(str(self.by), BY)
            raise BadOption(f"by={self.by!r} is not an interval; choose one of {', '.join(BY)}.{hint}")
        if self.week_start not in range(7):
            raise BadOption(f"week_start={self.week_start!r} is not a day; 0 is Monday, 6 is Sunday.")
        if self.by in STEPS and len(self._phases(STEPS[self.by])) > 1:
            raise BadOption(f"by={self.by!r} does not divide this zone's change of offset; use by='15min' or by='day'.")
        if self.by == "month" and (self.start < _MONTHS_FROM or self.end > _MONTHS_TO):
            raise BadOption("by='month' works in periods between March 1900 and February 2100; use by='day'.")

    def _phases(self, step: int) -> set[int]:
        start, end = utc_ms(self.start), utc_ms(self.end)
        at_start = [offset for since, offset in self.offsets if since <= start] or [self.offsets[0][1]]
        inside = [offset for since, offset in self.offsets if start < since < end]
        return {offset % step for offset in [at_start[-1], *inside]}

    @property
    def phase(self) -> int:
        """By how many ms sub-day buckets are shifted against UTC (in India hours begin at :30)."""
        return min(self._phases(STEPS[self.by])) if self.by in STEPS else 0

    @property
    def date_offsets(self) -> tuple[tuple[int, int], ...]:
        """(first ms, offset) for reading local dates: `offsets` so that a date never comes back once it is over.

        Where the clock goes back from 00:01 to 23:01 (Newfoundland until 2011) the day begins with its first midnight.
        """
        found = [self.offsets[0]]
        for (_, old), (at, new) in pairwise(self.offsets):
            repeated = _midnight_inside(at, old, new) if new < old else None
            found.append((at if repeated is None else repeated * DAY - new, new))
        return tuple(found)

    @property
    def midnight_offsets(self) -> tuple[tuple[int, int], ...]:
        """(first day, offset): what to subtract from a local midnight; a skipped one is the moment of the change."""
        found = [(0, self.offsets[0][1])]
        for (_, old), (at, new) in pairwise(self.offsets):
            skipped = _midnight_inside(at, old, new) if new > old else None
            if skipped is not None:
                found.append((skipped, skipped * DAY - at))
            found.append((-(-(at + max(old, new)) // DAY), new))
        return tuple(found)


def _midnight_inside(at: int, old: int, new: int) -> int | None:
    """The day whose midnight lies strictly inside the local times that a change skips or repeats."""
    day = -(-(at + max(old, new)) // DAY) - 1
    return day if day * DAY > at + min(old, new) else None


# ---- instants and local dates, in expressions ------------------------------------------------------------------------
def ms(at: ir.TimestampValue) -> ir.IntegerValue:
    """Whole milliseconds since 1970 of an instant: exact, BIGINT, the same on every engine."""
    return at.delta(_EPOCH, unit="millisecond")


def instant(at: datetime) -> ir.IntegerValue:
    """A Python instant (naive UTC) in milliseconds; a bare integer would be unsigned on ClickHouse."""
    return ms(ibis.literal(at))


def timestamp(x: ir.IntegerValue) -> ir.TimestampValue:
    """The instant (naive UTC) of whole seconds given in ms; fractions of a second are cut off."""
    return _EPOCH + (x // 1000).as_interval("s")


def seconds(x: ir.NumericValue) -> ir.FloatingValue:
    """Seconds of milliseconds, as float."""
    return x / 1000.0


def _in_force(x: ir.IntegerValue, borders: Sequence[tuple[int, int]]) -> ir.IntegerValue:
    """The value in force at x: borders are (from, value), oldest first; the first value also holds before."""
    first, *later = [(since, ibis.literal(value, "int64")) for since, value in borders]
    return ibis.cases(*[(x >= since, value) for since, value in reversed(later)], else_=first[1]) if later else first[1]


def local_day(x: ir.IntegerValue, by: Interval) -> ir.IntegerValue:
    """Days from 1970-01-01 to the local date at x (ms)."""
    return (x + _in_force(x, by.date_offsets)) // DAY


def local_hour(x: ir.IntegerValue, by: Interval) -> ir.IntegerValue:
    """The hour, 0 to 23, that the clock on the wall shows at x (ms)."""
    local = x + _in_force(x, by.offsets)
    return local // HOUR - local // DAY * 24


def local_time(x: ir.IntegerValue, by: Interval) -> ir.IntegerValue:
    """Milliseconds from 0:00 to what the clock on the wall shows at x (ms)."""
    local = x + _in_force(x, by.offsets)
    return local - local // DAY * DAY


def midnight(day: ir.IntegerValue, by: Interval) -> ir.IntegerValue:
    """The instant (ms) at which a local day begins, also where midnight is skipped or comes twice."""
    return day * DAY - _in_force(day, by.midnight_offsets)


def local_date(day: ir.IntegerValue) -> ir.DateValue:
    """The date of a day's number."""
    return _EPOCH_DAY + day.as_interval("D")


def _month(day: ir.IntegerValue) -> ir.IntegerValue:
    """Months from March 1900: a year has 1461 / 4 days on average, and from March on a month has 153 / 5."""
    quarters = (day + _MARCH_1900) * 4 + 3
    return quarters // 1461 * 12 + (quarters % 1461 // 4 * 5 + 2) // 153


def _first_of_month(month: ir.IntegerValue) -> ir.IntegerValue:
    return month // 12 * 1461 // 4 + (month % 12 * 153 + 2) // 5 - _MARCH_1900


# ---- buckets, in expressions -----------------------------------------------------------------------------------------
def index(x: ir.IntegerValue, by: Interval) -> ir.IntegerValue:
    """The number of the bucket in which x (ms) lies; it grows by 1 from bucket to bucket (by=None: always 0)."""
    if by.by is None:
        return ibis.literal(0, "int64")
    if by.by in STEPS:
        return (x + by.phase) // STEPS[by.by]
    day = local_day(x, by)
    if by.by == "week":
        return (day + _MONDAY - by.week_start) // 7
    return _month(day) if by.by == "month" else day


def first_day(i: ir.IntegerValue, by: Interval) -> ir.IntegerValue:
    """The number of the first day of a bucket of days, weeks or months."""
    if by.by == "week":
        return i * 7 - _MONDAY + by.week_start
    return _first_of_month(i) if by.by == "month" else i


def border(i: ir.IntegerValue, by: Interval) -> ir.IntegerValue:
    """The instant (ms) at which bucket i begins, which may be before the period."""
    if by.by is None:
        return ibis.cases((i <= 0, instant(by.start)), else_=instant(by.end))
    if by.by in STEPS:
        return i * STEPS[by.by] - by.phase
    return midnight(first_day(i, by), by)


def bucket(at: ir.TimestampValue, by: Interval) -> ir.IntegerValue:
    """The number of the bucket in which an instant lies; `label` makes it readable."""
    return index(ms(at), by)


def label(i: ir.IntegerValue, by: Interval) -> ir.TimestampValue | ir.DateValue:
    """What people read: of minutes and hours the first instant (naive UTC), of days, weeks, months the first date."""
    if by.by is None or by.by in STEPS:
        return timestamp(border(i, by))
    return local_date(first_day(i, by))


def grain(at: ir.TimestampColumn, by: Interval) -> dict[str, ir.IntegerColumn]:
    """The key `interval` for `group_by(..., **grain(t.started_at, by))`; none without `by`. See `labelled`."""
    return {} if by.by is None else {"interval": bucket(at, by)}


def labelled(t: ir.Table, by: Interval) -> ir.Table:
    """The table with bucket numbers in `interval` replaced by their labels; unchanged without `by`."""
    return t if by.by is None else t.mutate(interval=label(t["interval"], by))
