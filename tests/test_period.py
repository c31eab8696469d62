"""Periods: what people write, against the calendar and against zoneinfo."""

from __future__ import annotations

import calendar
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okireports import errors
from okireports.period import Period, parse

NOW = datetime(2025, 6, 10, 23, 30, tzinfo=UTC)  # in Warsaw it is Wednesday, 11 June, already
WARSAW = "Europe/Warsaw"
ZONES = [
    "Europe/Warsaw",
    "Asia/Kolkata",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Jerusalem",
    "Africa/Cairo",
    "America/Havana",
    "Atlantic/Azores",
    "Pacific/Apia",
    "UTC",
]


def read(written: object, zone: str = WARSAW, week_start: int = 0) -> Period:
    return parse(written, zone=zone, now=NOW, week_start=week_start)


def days(period: Period) -> tuple[str, str]:
    return str(period.first_day), str(period.last_day)


def first_instant(day: date, zone: str) -> datetime:
    """The first minute at which the zone's date is `day` or later, found by trying."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    while at.astimezone(ZoneInfo(zone)).date() < day:
        at += timedelta(minutes=1)
    return at.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("written", "first", "last", "words"),
    [
        ("2025", "2025-01-01", "2025-12-31", "2025 (1 January - 31 December, Europe/Warsaw)"),
        ("2025-06", "2025-06-01", "2025-06-30", "June 2025 (1-30 June, Europe/Warsaw)"),
        ("2024-02", "2024-02-01", "2024-02-29", "February 2024 (1-29 February, Europe/Warsaw)"),
        ("2024-12", "2024-12-01", "2024-12-31", "December 2024 (1-31 December, Europe/Warsaw)"),
        ("2025-06-03", "2025-06-03", "2025-06-03", "3 June 2025, Europe/Warsaw"),
        ("2025-W23", "2025-06-02", "2025-06-08", "week 23 of 2025 (2-8 June, Europe/Warsaw)"),
        (
            "2020-W53",
            "2020-12-28",
            "2021-01-03",
            "week 53 of 2020 (28 December 2020 - 3 January 2021, Europe/Warsaw)",
        ),
        ("today", "2025-06-11", "2025-06-11", "11 June 2025, Europe/Warsaw"),
        (" Yesterday\n", "2025-06-10", "2025-06-10", "10 June 2025, Europe/Warsaw"),
        ("last 7 days", "2025-06-04", "2025-06-10", "last 7 days (4-10 June 2025, Europe/Warsaw)"),
        ("LAST  30 Days", "2025-05-12", "2025-06-10", "last 30 days (12 May - 10 June 2025, Europe/Warsaw)"),
        ("last 1 day", "2025-06-10", "2025-06-10", "last 1 day (10 June 2025, Europe/Warsaw)"),
        ("this week", "2025-06-09", "2025-06-15", "week 24 of 2025 (9-15 June, Europe/Warsaw)"),
        ("last week", "2025-06-02", "2025-06-08", "week 23 of 2025 (2-8 June, Europe/Warsaw)"),
        ("this month", "2025-06-01", "2025-06-30", "June 2025 (1-30 June, Europe/Warsaw)"),
        ("last month", "2025-05-01", "2025-05-31", "May 2025 (1-31 May, Europe/Warsaw)"),
        ("this year", "2025-01-01", "2025-12-31", "2025 (1 January - 31 December, Europe/Warsaw)"),
        ("last year", "2024-01-01", "2024-12-31", "2024 (1 January - 31 December, Europe/Warsaw)"),
        (("2025-06-01", "2025-06-08"), "2025-06-01", "2025-06-07", "1-7 June 2025, Europe/Warsaw"),
        (
            (date(2024, 12, 30), "2025-01-02"),
            "2024-12-30",
            "2025-01-01",
            "30 December 2024 - 1 January 2025, Europe/Warsaw",
        ),
        (["2025-06-01", "2025-07-01"], "2025-06-01", "2025-06-30", "June 2025 (1-30 June, Europe/Warsaw)"),
        (
            ("2025-06-01T08:00", datetime(2025, 6, 2, 15, 30, 15, tzinfo=UTC)),
            "2025-06-01",
            "2025-06-02",
            "1 June 2025 08:00 - 2 June 2025 17:30:15, Europe/Warsaw",
        ),
        ("2026", "2026-01-01", "2026-12-31", "2026 (1 January - 31 December, Europe/Warsaw) (in the future)"),
    ],
)
def test_every_form_means_its_days_and_says_so(written: object, first: str, last: str, words: str) -> None:
    period = read(written)
    assert days(period) == (first, last)
    assert period.words == str(period) == words
    if "08:00" not in words:
        assert period.start == first_instant(date.fromisoformat(first), WARSAW)
        assert period.end == first_instant(date.fromisoformat(last) + timedelta(days=1), WARSAW)


def test_weeks_begin_when_the_centre_says() -> None:
    assert days(read("this week", week_start=6)) == ("2025-06-08", "2025-06-14")
    assert read("last week", week_start=6).words == "week (1-7 June 2025, Europe/Warsaw)"
    assert days(read("2025-W23", week_start=6)) == ("2025-06-02", "2025-06-08")  # an ISO week begins on Monday


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 1), date(2037, 12, 30)))
def test_a_day_is_from_its_first_instant_to_the_next_days(zone: str, day: date) -> None:
    start, end = first_instant(day, zone), first_instant(day + timedelta(days=1), zone)
    if start == end:
        with pytest.raises(errors.BadPeriod, match="skipped that day"):
            read(day.isoformat(), zone)
        return
    period = read(day.isoformat(), zone)
    assert (period.start, period.end) == (start, end)
    assert period.first_day == period.last_day == day
    assert period == read((day, day + timedelta(days=1)), zone)


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        ("Europe/Warsaw", "2025-03-30", datetime(2025, 3, 29, 23), datetime(2025, 3, 30, 22)),
        ("Europe/Warsaw", "2025-10-26", datetime(2025, 10, 25, 22), datetime(2025, 10, 26, 23)),
        ("America/Sao_Paulo", "2017-10-15", datetime(2017, 10, 15, 3), datetime(2017, 10, 16, 2)),  # begins at 01:00
        ("America/Sao_Paulo", "2018-02-17", datetime(2018, 2, 17, 2), datetime(2018, 2, 18, 3)),  # 23:00 twice
        ("Africa/Cairo", "2025-04-25", datetime(2025, 4, 24, 22), datetime(2025, 4, 25, 21)),
        ("Atlantic/Azores", "2025-10-26", datetime(2025, 10, 26, 0), datetime(2025, 10, 27, 1)),  # midnight twice
        ("Pacific/Apia", "2011-12-31", datetime(2011, 12, 30, 10), datetime(2011, 12, 31, 10)),
        ("America/Toronto", "1919-03-31", datetime(1919, 3, 31, 4, 30), datetime(1919, 4, 1, 4)),  # from 23:30 to 00:30
    ],
)
def test_days_with_strange_midnights(zone: str, day: str, start: datetime, end: datetime) -> None:
    period = read(day, zone)
    assert (period.start, period.end) == (start, end)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(ZONES), st.integers(1990, 2037), st.integers(1, 12))
def test_months_and_years_are_made_of_their_days(zone: str, year: int, month: int) -> None:
    period = read(f"{year}-{month:02}", zone)
    last = calendar.monthrange(year, month)[1]
    assert period.start == read((f"{year}-{month:02}-01", f"{year}-{month:02}-02"), zone).start
    assert days(period) == (f"{year}-{month:02}-01", f"{year}-{month:02}-{last}")
    whole = read(str(year), zone)
    assert (whole.start, whole.end) == (read(f"{year}-01", zone).start, read(f"{year}-12", zone).end)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(1995, 1, 1), datetime(2036, 1, 1)),
    st.timedeltas(timedelta(seconds=1), timedelta(days=400)),
    st.integers(-14 * 60, 14 * 60),
)
def test_aware_pairs_are_their_instants(zone: str, start: datetime, lasts: timedelta, ahead: int) -> None:
    there = timezone(timedelta(minutes=ahead))
    pair = tuple(at.replace(tzinfo=UTC).astimezone(there) for at in (start, start + lasts))
    period = read(pair, zone)
    for got, asked in zip((period.start, period.end), (start, start + lasts), strict=True):
        assert timedelta(0) <= asked - got < timedelta(milliseconds=1)
        assert got.microsecond % 1000 == 0
    assert period == read(tuple(at.isoformat() for at in pair), zone)


def test_naive_times_are_local_and_doubled_ones_the_first_unless_said() -> None:
    twice = datetime(2025, 10, 26, 2, 30)
    period = read((twice, twice.replace(fold=1)))
    assert (period.start, period.end) == (datetime(2025, 10, 26, 0, 30), datetime(2025, 10, 26, 1, 30))
    assert period.words.startswith("26 October 2025 02:30+02:00 - 26 October 2025 02:30+01:00, Europe/Warsaw")
    skipped = read(("2025-03-30 02:30", "2025-03-30 03:30"))
    assert (skipped.start, skipped.end) == (datetime(2025, 3, 30, 1), datetime(2025, 3, 30, 1, 30))


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("2025-13", "no such month or day"),
        ("2025-00", "no such month or day"),
        ("2025-02-29", "no such month or day"),
        ("2025-W54", "2025 has the weeks 01 to 52"),
        ("2025-W53", "2025 has the weeks 01 to 52"),
        ("2020-W54", "2020 has the weeks 01 to 53"),
        ("2025-W00", "weeks 01 to 52"),
        ("0205-06", "year is not between"),
        ("yesterdy", "Did you mean 'yesterday'"),
        ("last wek", "Did you mean 'last week'"),
        ("last 7 dyas", "Did you mean 'last 7 days'"),
        ("last 0 days", "is empty"),
        ("last 99999 days", "reaches back before"),
        ("", "is not a period"),
        ("next week", "is not a period"),
        ("٢٠٢٥", "is not a period"),
        (None, "is not a period"),
        (2025, "is not a period"),
        (("2025-06-01",), "is not a period"),
        (("2025-06-01", "2025-06-01"), "is empty"),
        (("2025-06-02", "2025-06-01"), "ends before it starts"),
        (("2025-06-01", "2025-06-31"), "'2025-06-31' is not a date"),
        (("2025-06-01", 7), "7 is not a date"),
        ((date(1, 1, 1), "2025-06-01"), "year is not between"),
        (("2025-03-30 02:10", "2025-03-30 02:50"), "is empty"),  # the clock jumped over both
    ],
)
def test_what_cannot_be_read_is_refused_and_explained(written: object, message: str) -> None:
    with pytest.raises(errors.BadPeriod, match=message):
        read(written)


def test_a_wrong_zone_a_naive_clock_and_a_wrong_week_are_refused() -> None:
    with pytest.raises(errors.BadOption, match="Did you mean 'Europe/Warsaw'"):
        read("2025", "Europe/Warsav")
    with pytest.raises(errors.BadOption, match="needs an offset"):
        parse("today", zone=WARSAW, now=datetime(2025, 6, 11))
    with pytest.raises(errors.BadOption, match="0 is Monday"):
        read("this week", week_start=7)


@settings(deadline=None)
@given(st.text(max_size=12) | st.tuples(st.text(max_size=12), st.text(max_size=12)))
def test_nonsense_is_never_anything_but_a_bad_period(written: object) -> None:
    with suppress(errors.BadPeriod):
        assert read(written).start < read(written).end


@settings(deadline=None)
@given(
    st.from_regex(r"(19|20)\d\d(-\d\d(-\d\d)?|-W\d\d)?", fullmatch=True)
    | st.from_regex(r"last \d{1,5} days", fullmatch=True)
)
def test_what_looks_right_is_read_or_refused(written: str) -> None:
    with suppress(errors.BadPeriod):
        assert read(written).start < read(written).end


def test_widened_stays_inside_the_calendar() -> None:
    period = read("2025-06")
    assert period.widened(timedelta(days=29), timedelta(days=7)) == (
        period.start - timedelta(days=29),
        period.end + timedelta(days=7),
    )
    assert period.widened(timedelta.max, timedelta.max) == (datetime.min, datetime.max)
    assert period.widened() == (period.start, period.end)


def test_interval_carries_the_period_and_the_offsets_around_it() -> None:
    period = read("2025-04")
    by = period.interval("week", 6)
    assert (by.by, by.start, by.end, by.week_start) == ("week", period.start, period.end, 6)
    assert [ahead for _, ahead in by.offsets] == [7_200_000]
    around = period.interval("day", before=timedelta(days=29), after=timedelta(days=200))
    assert [ahead for _, ahead in around.offsets] == [3_600_000, 7_200_000, 3_600_000]
    assert period.interval("day", before=timedelta.max, after=timedelta.max).end == period.end
    assert period.interval().by is None
    assert read("2099").interval("month").by == read("1901").interval("month").by == "month"
