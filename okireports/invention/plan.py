"""What is to be invented: how many calls on which days, and the days on which something special happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise

from okireports.clock import zone_info
from okireports.errors import BadOption

ZONE = "Europe/Warsaw"
FEWEST_CALLS = 100
CALLS_A_DAY = 250  # at least, so that a day of a small centre still looks like one
SHORTEST, LONGEST = 14, 365  # days
OPERATORS, CALLS_OF_THEM = 60, 400_000  # so many operators for so many calls
CALLS_AT_ONCE = 500_000  # generated and loaded in one go: what bounds the memory


@dataclass(frozen=True)
class Plan:
    """The frame of an invented centre; days are numbered from 0."""

    calls: int
    seed: int
    first_day: date
    days: int

    @property
    def operators(self) -> int:
        """How many operators there are."""
        return OPERATORS * -(-self.calls // CALLS_OF_THEM)

    @property
    def until(self) -> date:
        """The last day."""
        return self.day(self.days - 1)

    @property
    def end(self) -> datetime:
        """The midnight that ends the last day (aware)."""
        return datetime.combine(self.day(self.days), time(), zone_info(ZONE))

    @property
    def now(self) -> datetime:
        """When the files are loaded: in the morning after the last day (aware)."""
        return self.end.astimezone(UTC) + timedelta(hours=6)

    @property
    def move_day(self) -> int:
        """From this day on the queue for returns is in another project."""
        return round(self.days * 0.6)

    @property
    def campaign(self) -> tuple[int, int]:
        """The first and last day of the sales campaign."""
        return round(self.days * 0.7), round(self.days * 0.8)

    @cached_property
    def outage_day(self) -> int:
        """The day on which half of a provider's customers called: a Tuesday to Thursday that is no holiday."""
        first = round(self.days * 0.3)
        return next(n for n in range(first, first + 14) if self.day(n).weekday() in (1, 2, 3) and not self.holiday(n))

    def day(self, number: int) -> date:
        """The date of a day."""
        return self.first_day + timedelta(days=number)

    def holiday(self, number: int) -> bool:
        """Is it a public holiday?"""
        return self.day(number) in holidays(self.day(number).year)

    def clock_zero(self, number: int) -> int:
        """Seconds since 1970 at which the day's clock would show 0:00, counted back from noon."""
        noon = datetime.combine(self.day(number), time(12), zone_info(ZONE))
        return int(noon.timestamp()) - 12 * 3600

    def midnight(self, number: int) -> str:
        """The instant at which a day begins, as ISO 8601 with its offset."""
        return datetime.combine(self.day(number), time(), zone_info(ZONE)).isoformat()

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """Whole weeks that are generated together, as (first day, first day after)."""
        weeks = -(-self.days // 7)
        parts = min(weeks, -(-self.calls // CALLS_AT_ONCE))
        borders = [round(weeks * n / parts) * 7 for n in range(parts)] + [self.days]
        return list(pairwise(borders))


def planned(calls: int, seed: int, until: str | date) -> Plan:
    """The plan for so many calls, on as many days as suit them.

    Raises:
        BadOption: too few calls, or no date.
    """
    if isinstance(calls, bool) or not isinstance(calls, int) or calls < FEWEST_CALLS:
        raise BadOption(f"calls={calls!r}: give a whole number from {FEWEST_CALLS} on.")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise BadOption(f"seed={seed!r}: give a whole number.")
    try:
        last = until if isinstance(until, date) else date.fromisoformat(until)
    except (TypeError, ValueError):
        raise BadOption(f"until={until!r}: give the last day, such as '2026-06-30'.") from None
    days = max(SHORTEST, min(LONGEST, calls // CALLS_A_DAY))
    return Plan(calls, seed, last - timedelta(days=days - 1), days)


def holidays(year: int) -> frozenset[date]:
    """The public holidays of Poland, but for those that are Sundays anyway."""
    fixed = ((1, 1), (1, 6), (5, 1), (5, 3), (8, 15), (11, 1), (11, 11), (12, 24), (12, 25), (12, 26))
    sunday = easter(year)
    return frozenset([*(date(year, *day) for day in fixed), sunday + timedelta(1), sunday + timedelta(60)])


def easter(year: int) -> date:
    """Easter Sunday (the Gregorian computus of Meeus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    month, day = divmod(h + m - 7 * ((a + 11 * h + 22 * m) // 451) + 114, 31)
    return date(year, month, day + 1)
