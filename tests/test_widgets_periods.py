"""Periods, figures and dates in a notebook, as people of either language read and choose them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

import looks
from okireports.errors import BadPeriod
from okireports.period import parse
from okireports.widgets.periods import DATES, PRESETS, PeriodChoice, spoken
from okireports.widgets.tables import sought, written
from okireports.widgets.texts import number

NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def asked() -> list[object]:
    return []


@pytest.fixture
def choice(asked: list[object]) -> Iterator[PeriodChoice]:
    with looks.opening():
        made = PeriodChoice("en", lambda: asked.append(made.value))
        yield made
        for control in (made.box, made.preset, made.first, made.last, made.wrong):
            for part in (control.layout, getattr(control, "style", control.layout), control):
                part.close()


SPOKEN = [
    ("2025-06-03", "Europe/Warsaw", "3 June 2025", "3 czerwca 2025"),
    ("2024-02", "Europe/Warsaw", "1 February 2024 - 29 February 2024", "1 lutego 2024 - 29 lutego 2024"),
    ("2025", "Asia/Kolkata", "1 January 2025 - 31 December 2025", "1 stycznia 2025 - 31 grudnia 2025"),
    ("2025-03-30", "Europe/Warsaw", "30 March 2025", "30 marca 2025"),  # 23 hours
    ("2025-10-26", "Europe/Warsaw", "26 October 2025", "26 października 2025"),  # 25 hours
    ("2018-11-04", "America/Sao_Paulo", "4 November 2018", "4 listopada 2018"),  # begins at one o'clock
    (("2018-11-03", "2018-11-05"), "America/Sao_Paulo", "3 November 2018 - 4 November 2018", None),
    ("2025-11-02", "America/Havana", "2 November 2025", "2 listopada 2025"),  # midnight comes twice
    (("2025-06-02T10:00", "2025-06-02T10:00:30"), "UTC", "2 June 2025 10:00 - 2 June 2025 10:00:30", None),
    (
        ("2025-10-26T00:30Z", "2025-10-26T01:30Z"),
        "Europe/Warsaw",
        "26 October 2025 02:30+0200 - 26 October 2025 02:30+0100",
        "26 października 2025 02:30+0200 - 26 października 2025 02:30+0100",
    ),
]


@pytest.mark.parametrize(("period", "zone", "english", "polish"), SPOKEN)
def test_a_period_is_said_as_days_or_instants(period: object, zone: str, english: str, polish: str | None) -> None:
    read = parse(period, zone=zone, now=NOW)
    start, end = (at.replace(tzinfo=UTC) for at in (read.start, read.end))
    assert spoken(start, end, zone, "en") == f"{english}, {zone}"
    assert polish is None or spoken(start, end, zone, "pl") == f"{polish}, {zone}"


NIGHTS = [datetime(2025, 3, 30), datetime(2025, 10, 26), datetime(2025, 1, 1), datetime(2024, 2, 29)]


@pytest.mark.parametrize("night", NIGHTS)
@pytest.mark.parametrize("clock", [(0, 0, 0), (2, 30, 0), (2, 30, 1), (23, 59, 0)])
def test_words_mean_days_of_the_wall_on_nights_when_clocks_change(night: datetime, clock: tuple[int, int, int]) -> None:
    zone = ZoneInfo("Europe/Warsaw")
    now = night.replace(hour=clock[0], minute=clock[1], fold=clock[2], tzinfo=zone)
    now = now.astimezone(UTC).astimezone(zone)  # what is skipped is not there
    today = now.date()
    monday = today - timedelta(days=today.weekday())
    first = today.replace(day=1)
    days = {
        "today": (today, today),
        "yesterday": (today - timedelta(1), today - timedelta(1)),
        "this week": (monday, monday + timedelta(6)),
        "last week": (monday - timedelta(7), monday - timedelta(1)),
        "last 7 days": (today - timedelta(7), today - timedelta(1)),
        "last 30 days": (today - timedelta(30), today - timedelta(1)),
        "this month": (first, (first + timedelta(31)).replace(day=1) - timedelta(1)),
        "last month": ((first - timedelta(1)).replace(day=1), first - timedelta(1)),
        "this year": (date(today.year, 1, 1), date(today.year, 12, 31)),
        "last year": (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    }
    assert set(days) == set(PRESETS)
    for preset, (begins, ends) in days.items():
        read = parse(preset, zone="Europe/Warsaw", now=now)
        said = spoken(read.start.replace(tzinfo=UTC), read.end.replace(tzinfo=UTC), "Europe/Warsaw", "en")
        shown = [f"{day.day} {day:%B} {day.year}" for day in dict.fromkeys((begins, ends))]
        assert said == f"{' - '.join(shown)}, Europe/Warsaw"


def test_presets_are_chosen(choice: PeriodChoice, asked: list[object]) -> None:
    for _, preset in choice.preset.options[1:-1]:
        choice.preset.value = preset
        assert choice.box.children == (choice.preset,)
    assert asked == list(PRESETS[1:])


def test_two_dates_are_chosen(choice: PeriodChoice, asked: list[object]) -> None:
    choice.preset.value = DATES
    assert choice.box.children == (choice.preset, choice.first, choice.last, choice.wrong) and asked == [None]
    choice.first.value = date(2025, 12, 31)
    choice.last.value = date(2025, 12, 31)
    assert asked == [None, None, ("2025-12-31", "2026-01-01")]  # the last day is part of it
    choice.last.value = date.max
    assert choice.value == ("2025-12-31", "9999-12-31")
    choice.first.value = None
    assert choice.value is None


SET: list[tuple[Any, Any]] = [
    ("last month", "last month"),
    ("2025-06", "2025-06"),
    ("last 90 days", "last 90 days"),
    (("2025-06-01", "2025-07-01"), ("2025-06-01", "2025-07-01")),
    ([date(2025, 6, 1), date(2025, 6, 2)], ("2025-06-01", "2025-06-02")),
    (("2025-06-01T08:00", "2025-06-02"), ("2025-06-01T08:00", "2025-06-02")),
    ((datetime(2025, 6, 1, 8), datetime(2025, 6, 2, tzinfo=UTC)), ("2025-06-01T08:00:00", "2025-06-02T00:00:00+00:00")),
]


@pytest.mark.parametrize(("span", "value"), SET)
def test_every_period_of_a_report_can_be_set(
    choice: PeriodChoice, asked: list[object], span: Any, value: object
) -> None:
    choice.set(span)
    assert choice.value == value and asked == []
    assert (choice.first in choice.box.children) == (choice.preset.value == DATES)
    assert choice.preset.index is not None
    choice.preset.value = "today"
    assert choice.value == "today"


@pytest.mark.parametrize("span", ["", "lately", ("2025-06-02", "2025-06-01"), ("2025-06-02",), None, 7])
def test_what_is_no_period_is_an_error(choice: PeriodChoice, span: Any) -> None:
    with pytest.raises(BadPeriod):
        choice.set(span)
    assert choice.value == "last 30 days"


def test_cells_are_read_in_each_language() -> None:
    zone = "Europe/Warsaw"
    at = [datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2025, 10, 26, 1, 30, tzinfo=UTC), None]
    table = pa.table(
        {
            "started_at": pa.array(at, pa.timestamp("us", zone)),
            "day": pa.array([date(2025, 6, 2), None, date(1999, 12, 31)]),
            "offered": pa.array([1_234_567, None, -1234]),
            "service_level": pa.array([0.12345, 1.0, None]),
            "asa_s": pa.array([1234.56, None, float("nan")]),
            "amount": pa.array([Decimal("1234.506"), Decimal("-0.05"), Decimal("0.02341")]),
            "queue": pa.array(["1,234.5", "Łódź 2.6.2025", None]),
        }
    )
    english = [
        ("2025-10-26 02:30:00+02:00", "2025-06-02", "1,234,567", "12.3%", "1,234.6", "1,234.51", "1,234.5"),
        ("2025-10-26 02:30:00+01:00", "", "", "100.0%", "", "-0.05", "Łódź 2.6.2025"),
        ("", "1999-12-31", "-1,234", "", "", "0.0234", ""),
    ]
    assert written(table, "queue_summary", "en") == english
    polish = [
        (
            "26.10.2025 02:30:00+02:00",
            "02.06.2025",
            "1\u00a0234\u00a0567",
            "12,3%",
            "1\u00a0234,6",
            "1\u00a0234,51",
            "1,234.5",
        ),
        ("26.10.2025 02:30:00+01:00", "", "", "100,0%", "", "-0,05", "Łódź 2.6.2025"),
        ("", "31.12.1999", "-1\u00a0234", "", "", "0,0234", ""),
    ]
    assert written(table, "queue_summary", "pl") == polish
    assert (number("en", 1_234_567), number("pl", 1_234_567)) == ("1,234,567", "1\u00a0234\u00a0567")


def test_a_search_is_written_as_the_table_is_read() -> None:
    assert sought("02.06.2025 10:02", "pl") == "2025-06-02 10:02"
    assert sought("od 02.06.2025", "pl") == "od 2025-06-02"
    assert [sought(text, "pl") for text in ("192.168.20.2025", "2.6", "102.06.20251")] == [
        "192.168.20.2025",
        "2.6",
        "102.06.20251",
    ]
    assert sought("02.06.2025", "en") == "02.06.2025"
