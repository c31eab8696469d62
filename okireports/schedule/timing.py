"""When a schedule is due: a cron expression on the centre's clock, where changes of the clock neither skip nor repeat.

A local time that the spring change jumps over is due at the moment of the change. One that the autumn change shows
twice is due at the first of them; where the expression says every hour, each hour that passes has its run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise, takewhile
from typing import Any

from okireports.clock import at_ms, offsets, utc_ms, zone_info
from okireports.errors import BadOption, OkiReportsError
from okireports.period import Period, parse, utc

NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
FIELD = re.compile(r"[0-9*/,#\-A-Z]+", re.IGNORECASE | re.ASCII)
RANDOM = re.compile(r"(^|,)[HR](\(|/|,|$)", re.IGNORECASE)  # a time that chance, or a hash, would choose
HOURS = 24
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
ENOUGH = 50  # due times, beside which those of more than a month ago do not count
FORMS = "Five fields: minute hour day-of-month month day-of-week, such as '0 6 * * 1-5', or '@daily'."


@dataclass(frozen=True)
class Cron:
    """A cron expression in a zone."""

    expression: str
    zone: str

    def __post_init__(self) -> None:
        """Refuse what cannot be read, or never comes.

        Raises:
            BadOption: it says why.
        """
        fields = self.fields.split()
        told = f"cron={self.expression!r}"
        if len(fields) != 5 or not all(FIELD.fullmatch(field) and not RANDOM.search(field) for field in fields):
            raise BadOption(f"{told} is no cron expression. {FORMS}")
        croniter = library()
        try:
            croniter(self.fields, datetime(2024, 1, 1)).get_next(datetime)
        except croniter.bad_date:
            raise BadOption(f"{told} never comes: the calendar has no such day.") from None
        except (croniter.bad, ValueError, KeyError, AttributeError, TypeError) as error:
            raise BadOption(f"{told} is no cron expression ({str(error).splitlines()[0]}). {FORMS}") from None

    @property
    def fields(self) -> str:
        """The five fields."""
        written = " ".join(self.expression.split())
        return NICKNAMES.get(written.lower(), written)

    @property
    def hourly(self) -> bool:
        """Does it come in every hour?"""
        hours = library().expand(self.fields)[0][1]
        return hours == ["*"] or len(set(hours)) == HOURS

    def after(self, since: datetime) -> Iterator[datetime]:
        """The due times after an instant, oldest first; all are naive UTC."""
        last = since
        for at in self._every_hour(since) if self.hourly else self._by_the_clock(since):
            if at > last:
                last = at
                yield at

    def _by_the_clock(self, since: datetime) -> Iterator[datetime]:
        """What the local clock shows once: skipped times are the moment of the change, doubled ones the first."""
        local = since.replace(tzinfo=UTC).astimezone(zone_info(self.zone)).replace(tzinfo=None)
        for wall in library()(self.fields, local - DAY).all_next(datetime):
            yield utc(wall, self.zone)

    def _every_hour(self, since: datetime) -> Iterator[datetime]:
        """Each hour that passes: stretches between changes of the clock, one after another."""
        reader, end = library(), since
        while True:
            start, end = end, end + 366 * DAY
            changes = [*offsets(self.zone, start, end), (utc_ms(end), 0)]
            for (begins, offset), (ends, _) in pairwise(changes):
                ahead = timedelta(milliseconds=offset)
                first, last = (at_ms(x) + ahead for x in (begins, ends))
                for wall in reader(self.fields, first - SECOND).all_next(datetime):
                    if wall >= last:
                        break
                    yield wall - ahead

    def between(self, since: datetime, until: datetime) -> list[datetime]:
        """The due times after one instant and up to another; of very many the newest."""
        start = max(since, until - 35 * DAY)
        while True:
            found = list(takewhile(lambda at: at <= until, self.after(start)))
            if start == since or len(found) >= ENOUGH:
                return found
            start = max(since, until - 4 * (until - start))


@cache
def library() -> Any:
    """The reader of cron expressions, of the extra `schedule`; with its own errors beside it.

    Raises:
        OkiReportsError: it is not installed.
    """
    try:
        from croniter import CroniterBadCronError, CroniterBadDateError, croniter
    except ImportError:
        raise OkiReportsError("Schedules need croniter: install okireports[schedule].") from None

    class Reader(croniter):  # type: ignore[misc]  # it ships no types
        """It, with what it raises."""

        bad, bad_date = CroniterBadCronError, CroniterBadDateError

    return Reader


def period_at(words: str, due: datetime, zone: str, week_start: int) -> Period:
    """The period that words such as "last month" mean at a due time (naive UTC)."""
    return parse(words, zone=zone, now=due.replace(tzinfo=UTC), week_start=week_start)


def once_a_period(dues: list[datetime], words: str, zone: str, week_start: int) -> list[tuple[datetime, int]]:
    """Of due times that were missed, the last one of each period, which is made up for; and for how many it stands.

    An hourly "yesterday" that was off for a week has seven periods to make up for, and not 168.
    """
    kept: dict[tuple[datetime, datetime], tuple[datetime, int]] = {}
    for due in dues:
        period = period_at(words, due, zone, week_start)
        span = (period.start, period.end)
        kept[span] = (due, kept[span][1] + 1 if span in kept else 1)
    return sorted(kept.values())
