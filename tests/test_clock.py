"""The clock against brute force with zoneinfo: every expected value here is found by trying, never by okireports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okireports import clock, errors
from okireports.clock import STEPS, Interval
from okireports.metrics import intervals

CON = ibis.duckdb.connect()
CON.raw_sql("SET TimeZone = 'America/New_York'")  # the answers must not depend on it
EXAMPLES = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# A zone and a day on which it does something (or nothing) noteworthy.
DAYS = [
    ("Europe/Warsaw", date(2025, 3, 30)),
    ("Europe/Warsaw", date(2025, 10, 26)),
    ("Europe/Warsaw", date(2024, 12, 31)),
    ("America/New_York", date(2025, 3, 9)),
    ("America/New_York", date(2025, 11, 2)),
    ("Australia/Lord_Howe", date(2025, 4, 6)),  # by half an hour
    ("Australia/Lord_Howe", date(2025, 10, 5)),
    ("America/Sao_Paulo", date(2017, 10, 15)),  # no midnight
    ("America/Sao_Paulo", date(2018, 2, 18)),  # 23:00 comes twice
    ("Africa/Cairo", date(2025, 4, 25)),
    ("Atlantic/Azores", date(2025, 10, 26)),  # midnight comes twice
    ("Asia/Jerusalem", date(2025, 3, 28)),
    ("Pacific/Apia", date(2011, 12, 30)),  # this date never was
    ("America/St_Johns", date(2010, 11, 7)),  # back from 00:01 to 23:01 of the day before
    ("America/Toronto", date(1919, 3, 30)),  # on from 23:30 to 00:30
    ("Asia/Kolkata", date(2025, 6, 1)),
    ("Asia/Kathmandu", date(2024, 2, 29)),
    ("UTC", date(1970, 1, 1)),
]


def local(at: datetime, zone: str) -> datetime:
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))


@cache
def begins(day: date, zone: str) -> datetime:
    """The first minute at which the zone's date is `day` or later."""
    at = datetime(day.year, day.month, day.day) - timedelta(hours=15)
    while local(at, zone).date() < day:
        at += timedelta(minutes=1)
    return at


def day_of(at: datetime, zone: str) -> date:
    """The local date; a day that has begun does not end because the clock goes back over midnight."""
    day = local(at, zone).date()
    while begins(day + timedelta(days=1), zone) <= at:
        day += timedelta(days=1)
    return day


def label_of(at: datetime, by: Interval, zone: str) -> date:
    """What people would write on the bucket of an instant, by looking at a clock and a calendar on the wall."""
    if by.by in STEPS:
        wall = local(at, zone)
        past = wall.minute % (STEPS[by.by] // 60_000)
        return at - timedelta(minutes=past, seconds=wall.second, microseconds=wall.microsecond)
    day = day_of(at, zone)
    if by.by == "week":
        while day.weekday() != by.week_start:
            day -= timedelta(days=1)
    return day.replace(day=1) if by.by == "month" else day


def interval(by: str | None, zone: str, start: datetime, end: datetime, week_start: int = 0) -> Interval:
    return Interval(by, start, end, clock.offsets(zone, start, end), week_start)


@st.composite
def periods(draw: st.DrawFn, steps: Iterable[str | None] = clock.BY) -> tuple[Interval, str]:
    """A zone and a few days (or weeks) around something noteworthy, from and to any second."""
    zone, day = draw(st.sampled_from(DAYS))
    middle = datetime(day.year, day.month, day.day)
    longest = draw(st.sampled_from([2 * 86_400, 40 * 86_400]))
    start = middle - timedelta(seconds=draw(st.integers(0, longest)))
    end = middle + timedelta(seconds=draw(st.integers(1, longest)))
    if draw(st.booleans()):  # whole days are what people ask for
        start, end = begins(local(start, zone).date(), zone), begins(local(end, zone).date() + timedelta(days=1), zone)
    by = draw(st.sampled_from([by for by in steps if by != "hour" or zone != "Australia/Lord_Howe"]))
    return interval(by, zone, start, end, draw(st.integers(0, 6))), zone


def instants(by: Interval, count: int, slack: timedelta = timedelta(0)) -> st.SearchStrategy[list[datetime]]:
    """Instants of the period, often at whole quarters of an hour, where buckets end."""
    first, last = by.start - slack, by.end + slack - timedelta(milliseconds=1)
    quarter = timedelta(minutes=15)
    whole = st.integers(0, (last - first) // quarter).map(
        lambda n: min(last, max(first, datetime.min + ((first - datetime.min) // quarter + n) * quarter))
    )
    exact = st.integers(0, (last - first) // timedelta(milliseconds=1)).map(lambda n: first + timedelta(milliseconds=n))
    return st.lists(whole | exact, min_size=count, max_size=count)


def table(**columns: list[object]) -> ir.Table:
    as_time = {name for name, values in columns.items() if any(isinstance(v, datetime) for v in values)}
    arrays = {n: pa.array(v, pa.timestamp("us") if n in as_time else None) for n, v in columns.items()}
    return ibis.memtable(pa.table(arrays))


def rows(t: ir.Table) -> list[dict[str, object]]:
    return CON.to_pyarrow(t).to_pylist()


def at_ms(x: object) -> datetime:
    assert isinstance(x, int)
    return datetime(1970, 1, 1) + timedelta(milliseconds=x)


def length(pieces: Iterable[tuple[datetime, datetime]]) -> int:
    return sum((hi - lo) // timedelta(milliseconds=1) for lo, hi in pieces)


def united(pieces: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for lo, hi in sorted(pieces):
        if found and lo <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], hi))
        else:
            found.append((lo, hi))
    return found


# ---- buckets ---------------------------------------------------------------------------------------------------------
@EXAMPLES
@given(st.data())
def test_labels_are_what_the_clock_on_the_wall_says(data: st.DataObject) -> None:
    by, zone = data.draw(periods())
    times = sorted(data.draw(instants(by, 30)))
    t = table(at=times)
    got = rows(t.select("at", n=clock.bucket(t["at"], by), label=clock.label(clock.bucket(t["at"], by), by)))
    got.sort(key=lambda row: row["at"])
    assert [row["label"] for row in got] == [label_of(at, by, zone) for at in times]
    assert [row["n"] for row in got] == sorted(row["n"] for row in got)  # numbers grow with time
    assert len({row["n"] for row in got}) == len({row["label"] for row in got})  # and are one per label


@EXAMPLES
@given(st.data())
def test_spine_covers_the_period_exactly(data: st.DataObject) -> None:
    by, zone = data.draw(periods())
    t = intervals.spine(by)
    spine = sorted(rows(t.mutate(label=clock.label(t.bucket, by))), key=lambda row: row["lo"])
    edges = [at_ms(row["lo"]) for row in spine] + [at_ms(spine[-1]["hi"])]
    assert [at_ms(row["hi"]) for row in spine] == edges[1:]
    assert (edges[0], edges[-1]) == (by.start, by.end)
    assert [row["label"] for row in spine] == [label_of(at, by, zone) for at in edges[:-1]]
    last = [label_of(at - timedelta(milliseconds=1), by, zone) for at in edges[1:]]
    assert [row["label"] for row in spine] == last
    assert len(set(last)) == len(last)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Warsaw", date(2025, 10, 26), [24, 25, 24]),
        ("Europe/Warsaw", date(2025, 3, 30), [24, 23, 24]),
        ("Australia/Lord_Howe", date(2025, 4, 6), [24, 24.5, 24]),
        ("America/Sao_Paulo", date(2017, 10, 15), [24, 23, 24]),
        ("America/Sao_Paulo", date(2018, 2, 17), [24, 25, 24]),
        ("Pacific/Apia", date(2011, 12, 30), [24, 24]),
        ("America/St_Johns", date(2010, 11, 7), [24, 25, 24]),
    ],
)
def test_days_have_the_hours_that_their_zone_gives_them(zone: str, day: date, hours: list[float]) -> None:
    one = timedelta(days=1)
    by = interval("day", zone, begins(day - one, zone), begins(day + 2 * one, zone))
    spine = sorted(rows(intervals.spine(by)), key=lambda row: row["lo"])
    assert [(row["hi"] - row["lo"]) / 3_600_000 for row in spine] == hours


@pytest.mark.parametrize(
    ("zone", "day"),
    [case for case in DAYS if case[0] in ("America/St_Johns", "America/Toronto", "Pacific/Apia", "Atlantic/Azores")],
)
def test_every_minute_around_a_change_at_midnight_has_its_day(zone: str, day: date) -> None:
    two = timedelta(days=2)
    by = interval("day", zone, begins(day - two, zone), begins(day + two, zone))
    times = [begins(day, zone) + timedelta(minutes=n) for n in range(-150, 26 * 60)]
    t = table(at=times)
    n = clock.bucket(t["at"], by)
    got = rows(t.select("at", day=clock.label(n, by), lo=clock.border(n, by), hi=clock.border(n + 1, by)))
    for row in got:
        assert row["day"] == day_of(row["at"], zone)
        assert at_ms(row["lo"]) <= row["at"] < at_ms(row["hi"])
    assert {at_ms(row["lo"]) for row in got} == {begins(row["day"], zone) for row in got}


def test_hours_of_india_and_nepal_begin_where_their_clocks_say() -> None:
    t = table(at=[datetime(2025, 6, 1, 10, 50)])
    start, end = datetime(2025, 6, 1), datetime(2025, 6, 2)
    for zone, expected in (
        ("Asia/Kolkata", datetime(2025, 6, 1, 10, 30)),
        ("Asia/Kathmandu", datetime(2025, 6, 1, 10, 15)),
    ):
        by = interval("hour", zone, start, end)
        assert rows(t.select(x=clock.label(clock.bucket(t["at"], by), by))) == [{"x": expected}]


def test_grain_and_labelled_make_a_report() -> None:
    times = [datetime(2025, 6, 1, 21, 59), datetime(2025, 6, 1, 22, 1), datetime(2025, 6, 8, 21)]
    t = table(at=times)
    for by_name, expected in (
        (None, [{"n": 3}]),
        ("week", [{"interval": date(2025, 5, 26), "n": 1}, {"interval": date(2025, 6, 2), "n": 2}]),
        ("month", [{"interval": date(2025, 6, 1), "n": 3}]),
        ("hour", [{"interval": at.replace(minute=0), "n": 1} for at in times]),
    ):
        by = interval(by_name, "Europe/Warsaw", datetime(2025, 5, 31, 22), datetime(2025, 6, 30, 22))
        counted = t.group_by(**clock.grain(t["at"], by)).agg(n=t.count()) if by_name else t.agg(n=t.count())
        labelled = clock.labelled(counted, by)
        assert sorted(rows(labelled), key=str) == expected
    assert clock.grain(t["at"], Interval()) == {}


def test_days_before_the_period_have_their_own_offset() -> None:
    start, end = datetime(2025, 3, 31, 22), datetime(2025, 4, 30, 22)
    by = Interval("day", start, end, clock.offsets("Europe/Warsaw", start - timedelta(days=29), end))
    t = table(at=[datetime(2025, 3, 15, 22, 30), datetime(2025, 3, 15, 23, 30)])
    got = rows(t.select(x=clock.label(clock.bucket(t["at"], by), by)))
    assert [row["x"] for row in got] == [date(2025, 3, 15), date(2025, 3, 16)]


def test_a_bucket_that_a_change_of_offset_would_cut_is_refused() -> None:
    start, end = datetime(2025, 4, 1), datetime(2025, 5, 1)
    with pytest.raises(
        errors.BadOption, match="by='hour' does not divide this zone's change of offset; use by='15min'"
    ):
        interval("hour", "Australia/Lord_Howe", start, end)
    assert interval("30min", "Australia/Lord_Howe", start, end).phase == 0
    assert interval("hour", "Australia/Lord_Howe", datetime(2025, 5, 1), end).phase == 1_800_000


def test_wrong_options_are_refused() -> None:
    with pytest.raises(errors.BadOption, match="Did you mean '30min'"):
        Interval("30 min")
    with pytest.raises(errors.BadOption, match="0 is Monday"):
        Interval("week", week_start=7)
    with pytest.raises(errors.BadOption, match="use by='day'"):
        Interval("month", datetime(2100, 1, 1), datetime(2101, 1, 1))


def test_seconds_and_instants() -> None:
    t = table(at=[datetime(1969, 12, 31, 23, 59, 59, 999_000), datetime(2025, 6, 1, 23, 59, 59, 999_000)])
    got = rows(t.select(x=clock.ms(t["at"]), s=clock.seconds(clock.ms(t["at"])), at=clock.timestamp(clock.ms(t["at"]))))
    assert [row["x"] for row in got] == [-1, 1_748_822_399_999]
    assert [row["s"] for row in got] == [-0.001, 1_748_822_399.999]
    assert [row["at"] for row in got] == [datetime(1969, 12, 31, 23, 59, 59), datetime(2025, 6, 1, 23, 59, 59)]


# ---- zones -----------------------------------------------------------------------------------------------------------
@EXAMPLES
@given(periods([None]))
def test_offsets_are_those_of_every_minute(drawn: tuple[Interval, str]) -> None:
    by, zone = drawn
    at, known = by.start, list(by.offsets)
    while at < by.end:
        while len(known) > 1 and known[1][0] <= clock.utc_ms(at):
            known.pop(0)
        assert timedelta(milliseconds=known[0][1]) == local(at, zone).utcoffset()
        at += timedelta(minutes=17)
    assert all(by.start <= at_ms(since) < by.end for since, _ in by.offsets)
    assert all(a[1] != b[1] for a, b in pairwise(by.offsets))


@EXAMPLES
@given(st.sampled_from(DAYS), st.lists(st.integers(-2 * 1440, 2 * 1440), min_size=20, max_size=20))
def test_local_rules_say_what_trying_says(case: tuple[str, date], minutes: list[int]) -> None:
    zone, day = case
    times = [datetime(day.year, day.month, day.day) + timedelta(minutes=n) for n in minutes]
    rules = clock.local_offsets(zone, min(times), max(times))
    assert all(a.end_local == b.start_local for a, b in pairwise(rules))
    for naive in times:
        (rule,) = [r for r in rules if r.start_local <= naive < r.end_local]
        tried = [
            naive.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC).replace(tzinfo=None) for fold in (0, 1)
        ]
        real = sorted({at for at in tried if local(at, zone).replace(tzinfo=None) == naive})
        assert rule.kind == {0: "missing", 1: "plain", 2: "ambiguous"}[len(real)]
        assert [naive - timedelta(milliseconds=x) for x in (rule.offset_ms, rule.later_offset_ms)] == tried


def test_local_rules_reach_the_ends_of_the_calendar() -> None:
    rules = clock.local_offsets("Europe/Warsaw", datetime(2025, 1, 1), datetime.max)
    assert rules[-1].end_local == datetime.max
    assert clock.local_offsets("Asia/Tokyo", datetime.min, datetime(1800, 1, 1))[0].start_local == datetime.min


@pytest.mark.parametrize("name", ["Europe/Warsav", "Warsaw"])
def test_unknown_zones_are_refused_with_a_hint(name: str) -> None:
    with pytest.raises(errors.BadOption, match=f"There is no time zone '{name}'.*Did you mean 'Europe/Warsaw'"):
        clock.offsets(name, datetime(2025, 1, 1), datetime(2025, 1, 2))


@pytest.mark.parametrize("name", ["", "Europe", "../etc/passwd", "No/Where\0"])
def test_what_is_no_zone_at_all_is_refused(name: str) -> None:
    with pytest.raises(errors.BadOption, match="There is no time zone"):
        clock.zone_info(name)


# ---- intervals -------------------------------------------------------------------------------------------------------
@st.composite
def lasting(draw: st.DrawFn, by: Interval, count: int) -> list[tuple[int, str, datetime | None, datetime | None]]:
    """Rows (id, key, start, end) in and around the period: overlapping, touching, reversed, empty, open ones too."""
    times = draw(instants(by, 2 * count, slack=timedelta(hours=9)))
    keys = draw(st.lists(st.sampled_from("ab"), min_size=count, max_size=count))
    found = list(zip(range(count), keys, times[::2], times[1::2], strict=True))
    # The longest of them would hide the others: mostly the ends come soon.
    short = [(n, k, a, min(b, a + timedelta(hours=7 * n)) if n % 4 else b) for n, k, a, b in found]
    return [*short, (count, "a", by.start, None), (count + 1, "b", None, by.end)]


def as_table(drawn: list[tuple[int, str, datetime | None, datetime | None]]) -> ir.Table:
    columns = [list(column) for column in zip(*drawn, strict=True)]
    return table(**dict(zip(("id", "key", "started_at", "ended_at"), columns, strict=True)))


def clipped(
    drawn: list[tuple[int, str, datetime | None, datetime | None]], by: Interval
) -> list[tuple[int, str, datetime, datetime]]:
    found = [
        (n, k, max(a, by.start), min(b, by.end)) for n, k, a, b in drawn if a is not None and b is not None and a < b
    ]
    return [row for row in found if row[2] < row[3]]


@EXAMPLES
@given(st.data())
def test_pieces_sum_to_the_clipped_row_and_cross_no_border(data: st.DataObject) -> None:
    by, zone = data.draw(periods([*clock.BY, None]))
    drawn = data.draw(lasting(by, 6))
    t = intervals.split(intervals.within(as_table(drawn), by), by)
    got = rows(t.mutate(label=clock.label(t.bucket, by)))
    expected = {n: (lo, hi) for n, _, lo, hi in clipped(drawn, by)}
    assert {row["id"] for row in got} == set(expected)
    for n, (lo, hi) in expected.items():
        pieces = sorted((row for row in got if row["id"] == n), key=lambda row: row["lo"])
        assert at_ms(pieces[0]["lo"]) == lo
        assert at_ms(pieces[-1]["hi"]) == hi
        assert [p["hi"] for p in pieces[:-1]] == [p["lo"] for p in pieces[1:]]
        assert sum(p["hi"] - p["lo"] for p in pieces) == length([(lo, hi)])
        if by.by is None:
            assert [p["bucket"] for p in pieces] == [0]
            continue
        for piece in pieces:
            ends = at_ms(piece["lo"]), at_ms(piece["hi"]) - timedelta(milliseconds=1)
            assert [label_of(at, by, zone) for at in ends] == [piece["label"]] * 2
        assert len({p["label"] for p in pieces}) == len(pieces)


@EXAMPLES
@given(st.data())
def test_concurrency_is_what_counting_says(data: st.DataObject) -> None:
    by, _ = data.draw(periods(["hour", "day", "week", "month", None]))
    drawn = data.draw(lasting(by, 7))
    known = clipped(drawn, by)
    spine = {row["bucket"]: (at_ms(row["lo"]), at_ms(row["hi"])) for row in rows(intervals.spine(by))}
    expected = {}
    for key in {row[1] for row in known}:
        mine = [(lo, hi) for _, k, lo, hi in known if k == key]
        for n, (lo, hi) in spine.items():
            looked = [lo, *(a for a, _ in mine if lo <= a < hi)]
            peak = max(sum(a <= at < b for a, b in mine) for at in looked)
            busy = length((max(a, lo), min(b, hi)) for a, b in mine if a < hi and b > lo)
            expected[key, n] = (peak, busy, length([(lo, hi)]))
    got = rows(intervals.concurrency(intervals.within(as_table(drawn), by), by, ["key"]))
    assert {(r["key"], r["bucket"]): (r["peak"], r["busy"], r["length"]) for r in got} == expected
    for_all = rows(intervals.concurrency(intervals.within(as_table(drawn), by), by))
    assert sum(r["busy"] for r in for_all) == sum(busy for _, busy, _ in expected.values())


def test_one_after_the_other_is_never_two_at_once() -> None:
    hours = [datetime(2025, 6, 1, h) for h in range(4)]
    by = interval("hour", "UTC", hours[0], hours[3])
    t = table(started_at=hours[:3], ended_at=hours[1:])
    got = rows(intervals.concurrency(intervals.within(t, by), by).order_by("bucket"))
    assert [(r["peak"], r["busy"]) for r in got] == [(1, 3_600_000)] * 3


def test_touching_rows_of_one_key_are_united() -> None:
    hours = [datetime(2025, 6, 1, h) for h in range(5)]
    by = interval(None, "UTC", hours[0], hours[4])
    t = table(key=["a", "a", "b", "a"], started_at=[*hours[:3], hours[3]], ended_at=[*hours[1:4], hours[4]])
    got = rows(intervals.merged(intervals.within(t, by), ["key"]))
    found = sorted((r["key"], at_ms(r["lo"]).hour, at_ms(r["hi"]).hour) for r in got)
    assert found == [("a", 0, 2), ("a", 3, 4), ("b", 2, 3)]


@EXAMPLES
@given(st.data())
def test_unions_are_what_uniting_by_hand_says(data: st.DataObject) -> None:
    by, _ = data.draw(periods(["hour", "day", None]))
    drawn = data.draw(lasting(by, 8))
    known = clipped(drawn, by)
    t = intervals.within(as_table(drawn), by)
    got = rows(intervals.merged(t, ["key"]))
    found = {(k, lo, hi) for k in "ab" for lo, hi in united((lo, hi) for _, key, lo, hi in known if key == k)}
    assert {(r["key"], at_ms(r["lo"]), at_ms(r["hi"])) for r in got} == found

    t = t.mutate(key=t.key.nullif("b"))  # who is not known is somebody, too
    pieces = intervals.split(intervals.covered(t, ["key"], all=lambda t: t.id >= 0, odd=lambda t: t.id % 2 == 1), by)
    pieces = pieces.mutate(every=intervals.new(pieces, "all"), some=intervals.new(pieces, "odd"))
    sums = pieces.group_by("key", "bucket").agg(
        every=pieces.every.sum(), some=pieces.some.sum(where=pieces.id % 2 == 1)
    )
    spine = {row["bucket"]: (at_ms(row["lo"]), at_ms(row["hi"])) for row in rows(intervals.spine(by))}
    for row in rows(sums):
        lo, hi = spine[row["bucket"]]
        cut = [(n, max(a, lo), min(b, hi)) for n, k, a, b in known if k == (row["key"] or "b") and a < hi and b > lo]
        assert row["every"] == length(united((a, b) for _, a, b in cut))
        assert (row["some"] or 0) == length(united((a, b) for n, a, b in cut if n % 2))
