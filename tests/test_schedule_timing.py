"""When schedules are due: cron on the centre's clock, both changes of the clock, and what was missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from okireports.errors import BadOption
from okireports.schedule.timing import Cron, once_a_period, period_at

WARSAW = "Europe/Warsaw"
MINUTE = timedelta(minutes=1)


def due(expression: str, since: str, until: str, zone: str = WARSAW) -> list[str]:
    """The due times between two instants (UTC), as "30 01:30"."""
    found = Cron(expression, zone).between(datetime.fromisoformat(since), datetime.fromisoformat(until))
    return [f"{at:%d %H:%M}" for at in found]


def test_a_skipped_time_is_due_at_the_moment_of_the_change() -> None:
    """On 30 March 2025 the clock of Warsaw went from 2:00 to 3:00, at 1:00 UTC."""
    assert due("30 2 * * *", "2025-03-28 12:00", "2025-03-31 12:00") == ["29 01:30", "30 01:00", "31 00:30"]
    assert due("0 3 * * *", "2025-03-29 12:00", "2025-03-30 12:00") == ["30 01:00"]
    assert due("15,45 2 * * *", "2025-03-29 12:00", "2025-03-30 12:00") == ["30 01:00"], "both are that moment: one run"


def test_a_doubled_time_is_due_once() -> None:
    """On 26 October 2025 it went from 3:00 back to 2:00, at 1:00 UTC."""
    assert due("30 2 * * *", "2025-10-25 12:00", "2025-10-27 12:00") == ["26 00:30", "27 01:30"]
    assert due("0 2,3 * * *", "2025-10-25 12:00", "2025-10-26 12:00") == ["26 00:00", "26 02:00"]


def test_a_day_that_has_no_midnight() -> None:
    """In Beirut the clock went from 0:00 to 1:00 on 31 March 2024, at 22:00 UTC of the day before."""
    assert due("0 0 * * *", "2024-03-29 12:00", "2024-04-01 12:00", "Asia/Beirut") == [
        "29 22:00",
        "30 22:00",
        "31 21:00",
    ]


@pytest.mark.parametrize("expression", ["0 * * * *", "*/20 * * * *", "7,37 0-23 * * *"])
@pytest.mark.parametrize(("since", "hours"), [("2025-03-29 23:00", 23), ("2025-10-25 22:00", 25)])
def test_every_hour_is_every_hour_that_passes(expression: str, since: str, hours: int) -> None:
    """The day of spring has 23 hours, that of autumn 25; beside a search through all its minutes."""
    start = datetime.fromisoformat(since)
    minutes = {"0": {0}, "*/20": {0, 20, 40}, "7,37": {7, 37}}[expression.split()[0]]
    every = [start + n * MINUTE for n in range(hours * 60)]
    zone = ZoneInfo(WARSAW)
    days = {at.replace(tzinfo=UTC).astimezone(zone).date() for at in every}
    assert len(days) == 1
    expected = [at for at in every if at.minute in minutes]
    assert Cron(expression, WARSAW).between(start - MINUTE, start + timedelta(hours=hours) - MINUTE) == expected


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 4,6,9,11 *", "never comes"),
        ("61 * * * *", "out of range"),
        ("*/0 * * * *", "not acceptable"),
        ("* * * * * *", "Five fields"),
        ("6 o'clock", "Five fields"),
        ("", "Five fields"),
        ("@reboot", "Five fields"),
        ("H 6 * * *", "Five fields"),
        ("R(0-5) 6 * * *", "Five fields"),
    ],
)
def test_what_is_no_expression(expression: str, why: str) -> None:
    with pytest.raises(BadOption, match=why):
        Cron(expression, WARSAW)


def test_nicknames_names_and_rare_days() -> None:
    assert due("@daily", "2025-06-01 12:00", "2025-06-03 12:00") == ["01 22:00", "02 22:00"]
    assert due("0 6 * * MON", "2025-06-01 12:00", "2025-06-09 12:00") == ["02 04:00", "09 04:00"]
    leap = Cron("0 12 29 2 *", WARSAW)
    assert [at.year for at in islice(leap.after(datetime(2025, 1, 1)), 2)] == [2028, 2032]
    assert len(leap.between(datetime(2000, 1, 1), datetime(2025, 1, 1))) == 7


def test_a_period_is_seen_from_the_due_time() -> None:
    """On Monday 2 June 2025 at half past midnight in Warsaw it is 1 June in UTC."""
    at = datetime(2025, 6, 1, 22, 30)
    assert period_at("yesterday", at, WARSAW, 0).words == "1 June 2025, Europe/Warsaw"
    assert period_at("last week", at, WARSAW, 0).start == datetime(2025, 5, 25, 22)
    assert period_at("last month", at, WARSAW, 0).end == datetime(2025, 5, 31, 22)


def test_what_was_missed_is_made_up_for_once_a_period() -> None:
    hourly = Cron("15 * * * *", WARSAW).between(datetime(2025, 6, 1, 22), datetime(2025, 6, 4, 22))
    assert len(hourly) == 72
    kept = once_a_period(hourly, "yesterday", WARSAW, 0)
    assert [(f"{at:%d %H:%M}", n) for at, n in kept] == [("02 21:15", 24), ("03 21:15", 24), ("04 21:15", 24)]
    daily = Cron("30 6 * * *", WARSAW).between(datetime(2025, 6, 1), datetime(2025, 6, 8))
    assert [n for _, n in once_a_period(daily, "yesterday", WARSAW, 0)] == [1] * 7
    assert [n for _, n in once_a_period(daily, "last month", WARSAW, 0)] == [7]
