"""Frames and the charts of them: types, summing to coarser intervals, local time, and what a chart holds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from okireports import charts, frames
from okireports.errors import BadOption

ZONE = "Europe/Warsaw"
SERVICE = charts.lines("interval", "service_level", by="queue", goal="goal")


def spec_of(chart: Any) -> dict[str, Any]:
    """The Vega-Lite of a chart."""
    return dict(chart.to_dict())


def rows_of(chart: Any) -> list[dict[str, Any]]:
    """The largest set of values that a chart holds."""
    spec = spec_of(chart)
    return list(max(spec["datasets"].values(), key=len))


def fields_of(node: Any) -> set[str]:
    """Every field that is named anywhere in a specification but its data."""
    if isinstance(node, list):
        return set().union(*(fields_of(n) for n in node))
    if not isinstance(node, dict):
        return set()
    named = {node["field"]} if isinstance(node.get("field"), str) else set()
    return named | set().union(*(fields_of(v) for k, v in node.items() if k not in ("datasets", "data")))


def subtitle_of(chart: Any) -> str:
    """The lines under a chart's title."""
    return " | ".join(spec_of(chart)["title"].get("subtitle", []))


def service(days: int, queues: int = 1, start: str = "2025-06-02", step: str = "30min") -> pd.DataFrame:
    """A frame as `service_level` gives it; queue and hour decide the figures."""
    times = pd.date_range(start, pd.Timestamp(start) + pd.Timedelta(days=days), freq=step, tz=ZONE, inclusive="left")
    made = [
        {
            "project": "Acme",
            "queue": f"Queue {q:02}",
            "interval": t,
            "offered": 4 + (t.hour + q) % 7,
            "answered_in_time": 1 + (t.hour * 3 + q) % 4,
            "abandoned_short": (t.hour + q) % 2,
        }
        for q in range(queues)
        for t in times
    ]
    frame = pd.DataFrame(made).astype({"offered": "Int64", "answered_in_time": "Int64", "abandoned_short": "Int64"})
    frame["interval"] = frame["interval"].astype(pd.DatetimeTZDtype("us", ZONE))
    counted = (frame["offered"] - frame["abandoned_short"]).astype("float64")
    frame["service_level"] = frame["answered_in_time"].astype("float64") / counted
    return frame.assign(goal=0.8, ended_at=frame["interval"] + pd.Timedelta(minutes=20))


def draw(spec: charts.Spec, frame: pd.DataFrame, **more: Any) -> Any:
    """A chart with a title."""
    return charts.draw(spec, frame, **{"title": "Service level", "zone": ZONE, "by": "30min", **more})


# ---- frames ----------------------------------------------------------------------------------------------------------
SCHEMA = pa.schema(
    [
        ("at", pa.timestamp("us")), ("ns", pa.timestamp("ns")), ("day", pa.date32()), ("small", pa.uint16()),
        ("big", pa.int64()), ("huge", pa.decimal128(38, 0)), ("rate", pa.float32()), ("amount", pa.decimal128(18, 6)),
        ("flag", pa.bool_()), ("text", pa.large_string()), ("nothing", pa.null()),
    ]
)  # fmt: skip
DTYPES = [
    "datetime64[us, Europe/Warsaw]", "datetime64[us, Europe/Warsaw]", "datetime64[us]", "Int64", "Int64", "Int64",
    "float64", "object", "boolean", "str", "str",
]  # fmt: skip


def mixed() -> pa.Table:
    """A row of everything, and one of NULLs."""
    at = datetime(2025, 10, 26, 0, 30)
    full = {
        "at": at, "ns": at, "day": date(2025, 10, 26), "small": 7, "big": 2**60, "huge": Decimal(12), "rate": 0.5,
        "amount": Decimal("1.250000"), "flag": True, "text": "zażółć", "nothing": None,
    }  # fmt: skip
    return pa.Table.from_pylist([full, dict.fromkeys(full)], SCHEMA)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_types_depend_on_the_column_and_not_on_the_data(rows: int) -> None:
    table = frames.arrow(mixed().slice(0, rows), ZONE)
    assert [str(t) for t in table.schema.types] == [
        f"timestamp[us, tz={ZONE}]", f"timestamp[us, tz={ZONE}]", "date32[day]", "int64", "int64", "int64", "double",
        "decimal128(18, 6)", "bool", "string", "string",
    ]  # fmt: skip
    assert [str(t) for t in frames.frame(table).dtypes] == DTYPES


def test_values_survive() -> None:
    frame = frames.frame(frames.arrow(mixed(), ZONE))
    assert frame["at"][0].isoformat() == "2025-10-26T02:30:00+02:00"  # the first of the two
    assert frame["day"][0] == pd.Timestamp(2025, 10, 26)
    assert (frame["big"][0], frame["huge"][0], frame["text"][0]) == (2**60, 12, "zażółć")
    assert frame["amount"][0] == Decimal("1.25") and isinstance(frame["amount"][0], Decimal)
    assert frame.iloc[1].isna().all()


def test_both_half_past_two_of_the_autumn_night_are_distinct() -> None:
    at = pa.array([datetime(2025, 10, 26, 0, 30), datetime(2025, 10, 26, 1, 30)], pa.timestamp("us"))
    shown = frames.frame(frames.arrow(pa.table({"at": at}), ZONE))["at"]
    assert [t.isoformat()[11:] for t in shown] == ["02:30:00+02:00", "02:30:00+01:00"]


def test_two_columns_of_one_name_are_kept() -> None:
    day = pa.array([date(2025, 1, 1)])
    frame = frames.frame(frames.arrow(pa.Table.from_arrays([day, day], names=["a", "a"]), ZONE))
    assert list(frame.columns) == ["a", "a"] and [str(t) for t in frame.dtypes] == ["datetime64[us]"] * 2


def test_a_whole_number_beyond_64_bits_is_refused() -> None:
    table = pa.table({"n": pa.array([Decimal(2**70)], pa.decimal128(38, 0))})
    with pytest.raises(BadOption, match="'n'"):
        frames.arrow(table, ZONE)


@pytest.mark.parametrize(
    ("start", "by", "hours"),
    [
        ("2025-10-26 00:00", "day", 25), ("2025-03-30 00:00", "day", 23), ("2025-06-02 00:00", "day", 24),
        ("2025-10-26 02:00", "hour", 2), ("2025-10-26 02:30", "30min", 1), ("2025-10-26 03:00", "hour", 1),
        ("2025-10-01 00:00", "month", 31 * 24 + 1), ("2025-03-24 00:00", "week", 7 * 24 - 1),
    ],
)  # fmt: skip
def test_lengths_of_intervals_when_the_clocks_change(start: str, by: str, hours: float) -> None:
    starts = pd.Series([pd.Timestamp(start)])
    assert frames.lengths(starts, by, ZONE, both=True).tolist() == [hours * 3600]


def test_lengths_are_cut_to_the_period() -> None:
    starts = pd.Series([pd.Timestamp("2025-06-01")])
    within = (datetime(2025, 6, 10, 22, tzinfo=UTC), datetime(2025, 6, 12, 22))  # naive is UTC
    assert frames.lengths(starts, "month", ZONE, both=True, within=within).tolist() == [48 * 3600]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(0, 50), st.integers(0, 9)), min_size=1))
def test_a_summed_rate_is_the_rate_of_the_sums(rows: list[tuple[int, int, int, int]]) -> None:
    made = [(key, met, met + more, short) for key, met, more, short in rows]
    frame = pd.DataFrame(made, columns=["queue", "answered_in_time", "offered", "abandoned_short"])
    counted = (frame["offered"] - frame["abandoned_short"]).astype("float64")
    frame["service_level"] = frame["answered_in_time"] / counted.where(counted != 0)
    summed, rough = frames.summed(frame, ["queue"], ["offered", "service_level"])
    assert not rough
    for key, offered, level in zip(summed["queue"], summed["offered"], summed["service_level"], strict=True):
        mine = [r for r in made if r[0] == key]
        assert offered == sum(r[2] for r in mine)
        below = sum(r[2] - r[3] for r in mine)
        assert level == pytest.approx(sum(r[1] for r in mine) / below) if below else pd.isna(level)


def test_roll_ups_by_hand() -> None:
    frame = pd.DataFrame(
        {
            "queue": ["a", "a", "a"], "offered": [10, 30, 0], "answered": [10, 20, 0], "asa_s": [4.0, 10.0, None],
            "abandon_rate": [0.0, 0.1, None], "max_wait_s": [9.0, 70.0, None], "goal": [0.8, 0.9, 0.8],
            "share": [0.2, 0.8, 0.0], "wait_p90_s": [6.0, 12.0, None],
        }
    )  # fmt: skip
    names = ["offered", "asa_s", "abandon_rate", "max_wait_s", "goal", "share"]
    summed, rough = frames.summed(frame, ["queue"], names)
    assert not rough
    row = summed.iloc[0]
    assert row["offered"] == 40
    assert row["asa_s"] == pytest.approx((10 * 4 + 20 * 10) / 30)  # weighted by answered
    assert row["abandon_rate"] == pytest.approx(0.1 * 30 / 40)  # its numerator is not in the frame
    assert (row["max_wait_s"], row["goal"]) == (70, 0.9)
    assert pd.isna(row["share"])  # of what, nobody can tell
    assert frames.summed(frame, ["queue"], ["wait_p90_s"])[1]  # a quantile can only be approximate
    assert frames.summed(frame.drop(columns="answered"), ["queue"], ["asa_s"])[1]


# ---- charts ----------------------------------------------------------------------------------------------------------
SPECS = {
    "lines": charts.lines("interval", "service_level", by="queue", goal="goal"),
    "band": charts.lines("interval", "service_level", band=("abandoned_short", "goal")),
    "bars": charts.bars("queue", "offered"),
    "stacked": charts.bars("queue", ("offered", "answered_in_time"), stack=True),
    "counts": charts.counts("interval", by="queue"),
    "heat": charts.heat("queue", "project", "offered"),
    "dots": charts.dots("queue", "service_level", band=("abandoned_short", "goal")),
    "dots_over_time": charts.dots("interval", "service_level", by="queue"),
    "area": charts.area("interval", "offered", line="answered_in_time"),
    "area_by": charts.area("interval", "offered", by="queue"),
    "steps": charts.steps("offered", "service_level", by="queue"),
    "funnel": charts.funnel("queue", "offered"),
    "timeline": charts.timeline("interval", "ended_at", "project", by="queue"),
}


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("timed", [True, False])
def test_a_chart_holds_only_what_it_encodes_and_is_the_same_every_time(name: str, timed: bool) -> None:
    frame = service(1, queues=3)
    if not timed:
        if SPECS[name].x == "interval" and SPECS[name].form not in ("lines", "area"):
            return
        frame = frame.drop(columns="interval").drop_duplicates(["queue"])
    first, second = (draw(SPECS[name], frame.copy()) for _ in range(2))
    assert json.dumps(spec_of(first)) == json.dumps(spec_of(second))
    encoded = fields_of(spec_of(first))
    for rows in spec_of(first)["datasets"].values():
        assert rows
        assert {key for row in rows for key in row} <= encoded
    svg = charts.svg(first)
    assert "Service level" in svg and "NaN" not in svg and "undefined" not in svg


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize(("language", "text"), [("en", "No data in this period"), ("pl", "Brak danych w tym okresie")])
def test_no_data_says_so(name: str, language: str, text: str) -> None:
    svg = charts.svg(draw(SPECS[name], service(1).iloc[:0], title="Poziom obsługi", language=language))
    assert text in svg and "Poziom obsługi" in svg


def test_only_nulls_say_so_too() -> None:
    assert "No data" in charts.svg(draw(SERVICE, service(1).assign(service_level=float("nan"))))


def test_a_column_that_a_right_would_open_is_named() -> None:
    svg = charts.svg(draw(charts.bars("queue", "cost_per_call"), service(1).drop(columns="interval")))
    assert "Cost per call" in svg


def test_a_small_chart_is_the_frame_itself() -> None:
    frame = service(1, queues=2)
    chart = draw(SERVICE, frame)
    drawn = {(r["queue"], r["interval"]): r["service_level"] for r in rows_of(chart)}
    wall = frame["interval"].dt.strftime("%Y-%m-%dT%H:%M:%S")
    assert drawn == pytest.approx(
        dict(zip(zip(frame["queue"], wall, strict=True), frame["service_level"], strict=True))
    )
    assert "ummed" not in subtitle_of(chart)


@pytest.mark.parametrize(
    ("days", "step", "by", "coarser"),
    [
        (12, "30min", "30min", "hour"),
        (30, "30min", "30min", "day"),
        (60, "15min", "15min", "day"),
        (400, "30min", "30min", "day"),
    ],
)
def test_a_large_chart_is_summed_from_the_parts(days: int, step: str, by: str, coarser: str) -> None:
    frame = service(days, queues=4, step=step, start="2025-01-06")
    chart = draw(charts.lines("interval", "service_level", by="queue"), frame, by=by)
    rows = rows_of(chart)
    assert len(rows) < 5000
    assert f"Summed by {coarser}" in subtitle_of(chart)
    local = frame["interval"].dt.tz_localize(None).dt.floor("h" if coarser == "hour" else "D")
    sums = frame.groupby([frame["queue"], local])[["answered_in_time", "offered", "abandoned_short"]].sum()
    expected = (sums["answered_in_time"] / (sums["offered"] - sums["abandoned_short"])).astype("float64")
    drawn = pd.Series({(r["queue"], pd.Timestamp(r["interval"])): r["service_level"] for r in rows})
    assert drawn.sort_index().tolist() == pytest.approx(expected.sort_index().tolist())


def test_what_cannot_be_summed_exactly_stays_as_fine_as_it_is() -> None:
    frame = service(30).assign(wait_p90_s=9.0)
    chart = draw(charts.lines("interval", "wait_p90_s"), frame)
    assert len(rows_of(chart)) == 30 * 48 and "ummed" not in subtitle_of(chart)


def test_counts_keep_their_sum() -> None:
    frame = service(120, queues=4)
    rows = rows_of(draw(charts.lines("interval", "offered", by="queue"), frame))
    assert sum(r["offered"] for r in rows) == frame["offered"].sum()


def test_weeks_begin_when_the_centre_says() -> None:
    frame = service(600, queues=12)
    for first, weekday in ((0, 0), (6, 6)):
        rows = rows_of(
            draw(charts.lines("interval", "offered", by="queue"), frame, coarser=("30min", "week"), week_start=first)
        )
        assert {pd.Timestamp(r["interval"]).weekday() for r in rows} == {weekday}


def test_a_mean_over_time_counts_the_hours_that_are_left_out() -> None:
    at = pd.to_datetime(["2025-10-26 00:00+02:00", "2025-10-26 02:30+02:00", "2025-10-26 02:30+01:00"], utc=True)
    busy = pd.DataFrame(
        {"interval": at.tz_convert(ZONE).astype(f"datetime64[us, {ZONE}]"), "busy_mean": [4.0, 6.0, 2.0]}
    )
    spec = charts.lines("interval", "busy_mean")
    twice = {r["interval"][11:16]: r["busy_mean"] for r in rows_of(draw(spec, busy))}
    assert twice == pytest.approx({"00:00": 4.0, "02:30": 4.0})  # both half hours as one of an hour
    many = pd.concat([busy.assign(interval=busy["interval"] + pd.Timedelta(days=7 * w)) for w in range(3)])
    whole = draw(charts.lines("interval", "busy_mean"), many, coarser=("day",))
    assert len(rows_of(whole)) == 8  # few rows are not summed
    crowd = pd.concat([many.assign(queue=f"{n:04}") for n in range(700)])
    rows = rows_of(draw(spec, crowd, coarser=("day",)))
    assert len(rows) < 5000 and rows[0]["busy_mean"] == pytest.approx(4.0 * 700)


def test_the_hour_that_comes_twice_is_said() -> None:
    chart = draw(charts.lines("interval", "offered"), service(2, start="2025-10-25"))
    assert "comes twice" in subtitle_of(chart)
    rows = {r["interval"]: r["offered"] for r in rows_of(chart)}
    assert rows["2025-10-26T02:30:00"] == 2 * rows["2025-10-25T02:30:00"]
    assert len(rows) == 96
    assert "comes twice" not in subtitle_of(draw(charts.lines("interval", "offered"), service(2)))


IN_A_ZONE = """
import pandas as pd
from okireports import charts
at = pd.date_range("2025-06-02 08:00", periods=8, freq="30min", tz="Europe/Warsaw")
frame = pd.DataFrame({"interval": at.astype("datetime64[us, Europe/Warsaw]"), "offered": range(8)})
spec = charts.lines("interval", "offered")
print(charts.svg(charts.draw(spec, frame, title="T", zone="Europe/Warsaw", by="30min")))
"""


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_times_are_those_of_the_centre_whatever_the_readers_zone(zone: str) -> None:
    here = {"TZ": zone, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", IN_A_ZONE], env=here, capture_output=True, text=True, check=True)
    assert re.findall(r">(\d\d:\d\d)</text>", done.stdout) == [
        "08:00", "08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30",
    ]  # fmt: skip
    assert "2025-06-02 11:30" in done.stdout  # what is read out and what the pointer shows


def test_a_log_is_counted_over_time() -> None:
    at = pd.date_range("2025-06-02", periods=7000, freq="2min", tz=ZONE).astype(f"datetime64[us, {ZONE}]")
    log = pd.DataFrame({"started_at": at, "outcome": ["answered", "abandoned"] * 3500})
    rows = rows_of(draw(charts.counts("started_at", by="outcome"), log, by=None))
    assert sum(r["count"] for r in rows) == 7000
    assert len(rows) <= 240 and set(rows[0]) == {"started_at", "started_at_end", "outcome", "count"}


@pytest.mark.parametrize("queues", [12, 13, 40])
def test_many_series_go_together_where_that_adds_up(queues: int) -> None:
    frame = service(1, queues=queues)
    rows = rows_of(draw(charts.lines("interval", "offered", by="queue"), frame))
    series = {r["queue"] for r in rows}
    assert len(series) == 12 and ("others" in series) == (queues > 12)
    assert sum(r["offered"] for r in rows) == frame["offered"].sum()
    rates = draw(SERVICE, frame)
    assert len({r["queue"] for r in rows_of(rates)}) == 12
    assert "others" not in {r["queue"] for r in rows_of(rates)}
    assert (f"12 largest of {queues} shown" in subtitle_of(rates)) == (queues > 12)


def test_bars_are_sorted_and_their_rest_is_kept() -> None:
    frame = pd.DataFrame({"operator": [f"op{n:03}" for n in range(90)], "handled": pd.array(range(90), dtype="Int64")})
    chart = draw(charts.bars("operator", "handled"), frame, by=None)
    rows = {r["operator"]: r["handled"] for r in rows_of(chart)}
    assert len(rows) == 40 and sum(rows.values()) == sum(range(90))
    order = spec_of(chart)["layer"][0]["encoding"]["y"]["sort"]
    assert order[:2] == ["op089", "op088"] and order[-1] == "others"


@pytest.mark.parametrize(("stack", "mark"), [(False, "line"), (True, "bar")])
def test_what_is_part_of_another_does_not_stand_on_it_over_time(stack: bool, mark: str) -> None:
    """Persons are some of the attempts; answered and abandoned contacts are those that were offered."""
    days = pd.date_range("2025-06-02", periods=3)
    frame = pd.DataFrame({"interval": days, "answered": [3, 4, 5], "abandoned": [1, 0, 2]})
    chart = spec_of(draw(charts.bars("queue", ["answered", "abandoned"], stack=stack), frame, by="day"))
    marks = {one["mark"]["type"] for one in chart.get("layer", [chart])}
    assert mark in marks and not marks & ({"line", "bar"} - {mark})


def test_currencies_are_never_summed() -> None:
    frame = pd.DataFrame({"project": ["A", "A"], "currency": ["EUR", "PLN"], "amount": [Decimal("1.5"), Decimal("20")]})
    rows = rows_of(draw(charts.bars("project", "amount"), frame, by=None))
    assert {(r["currency"], r["amount"]) for r in rows} == {("EUR", 1.5), ("PLN", 20)}
    one = draw(charts.bars("project", "amount"), frame.iloc[1:], by=None)
    assert "Amount (PLN)" in charts.svg(one)


def test_bounds_of_confidence_are_those_of_what_is_summed() -> None:
    """Of 4 of 10, and of 5 promoters and 2 detractors of 10; rows of one kind know nothing of the other."""
    none = None
    frame = pd.DataFrame(
        {
            "interval": ["a"] * 4, "kind": ["csat", "csat", "nps", "nps"], "answers": [4, 6, 3, 7],
            "satisfied": [1, 3, none, none], "csat_low": [0.05, 0.19, none, none], "csat_high": [0.7, 0.8, none, none],
            "promoters": [none, none, 2, 3], "detractors": [none, none, 1, 1],
            "nps_low": [none, none, -0.4, -0.3], "nps_high": [none, none, 0.9, 0.8],
        }
    )  # fmt: skip
    bounds = ["csat_low", "csat_high", "nps_low", "nps_high"]
    summed, rough = frames.summed(frame, ["interval"], bounds)
    assert not rough
    assert summed.loc[0, bounds].tolist() == pytest.approx([0.16818, 0.68733, -0.18408, 0.78408], abs=1e-5)
    alone, _ = frames.summed(frame.iloc[:1], ["interval"], ["csat_low"])
    assert alone.loc[0, "csat_low"] == 0.05  # a row that is alone keeps its own


def test_each_line_has_a_band_of_its_own_colour() -> None:
    days = pd.date_range("2026-06-01", periods=5, tz=ZONE)
    frame = pd.DataFrame(
        {"interval": days, "csat": 0.7, "csat_low": 0.6, "csat_high": 0.8, "nps": 0.4, "nps_low": 0.1, "nps_high": 0.6}
    )
    wanted = charts.lines("interval", ["csat", "nps"], band=("csat_low", "csat_high", "nps_low", "nps_high"))
    spec = spec_of(draw(wanted, frame))
    shade, line = (layer["encoding"] for layer in spec["layer"])
    assert shade["color"] == line["color"]
    assert {(r["series"], r["value"], r["low"], r["high"]) for r in rows_of(draw(wanted, frame))} == {
        ("CSAT", 0.7, 0.6, 0.8), ("NPS", 0.4, 0.1, 0.6)
    }  # fmt: skip
    csat = spec_of(draw(wanted, frame.assign(nps=None, nps_low=None, nps_high=None)))
    assert csat["layer"][0]["encoding"]["y"]["field"] == "csat_low"


def test_a_goal_is_one_dashed_line() -> None:
    marks = [layer["mark"] for layer in spec_of(draw(SERVICE, service(1)))["layer"]]
    assert [m["type"] for m in marks if m.get("strokeDash")] == ["rule"]
    mixed = service(1, queues=2)
    mixed.loc[mixed["queue"] == "Queue 01", "goal"] = 0.9
    marks = [layer["mark"] for layer in spec_of(draw(SERVICE, mixed))["layer"]]
    assert [m["type"] for m in marks if m.get("strokeDash")] == ["line"]


def test_panels_have_a_goal_each_and_say_what_it_is() -> None:
    frame = service(1, queues=6)
    one = draw(SERVICE, frame)
    assert "Dashed: the goal, 80%" in subtitle_of(one)
    frame.loc[frame["queue"] == "Queue 01", "goal"] = 0.9
    several = draw(SERVICE, frame)
    dashed = [layer for layer in spec_of(several)["spec"]["layer"] if layer["mark"].get("strokeDash")]
    assert [(layer["mark"]["type"], layer["encoding"]["y"]["aggregate"]) for layer in dashed] == [("rule", "max")]
    assert "Dashed: the goal" in subtitle_of(several) and "80%" not in subtitle_of(several)
    assert "goal" not in subtitle_of(draw(charts.lines("interval", "service_level", by="queue"), frame))


@pytest.mark.parametrize("queues", [1, 3, 5, 12, 30])
@pytest.mark.parametrize("days", [1, 5, 30, 200])
@pytest.mark.parametrize("figure", ["service_level", "offered", "talk_s"])
def test_a_chart_of_lines_is_no_wider_than_600_pixels(queues: int, days: int, figure: str) -> None:
    frame = service(days, queues=queues, step="6h").assign(talk_s=lambda f: f["offered"] * 9000.0)
    picture = charts.png(draw(charts.lines("interval", figure, by="queue"), frame), scale=1.0)
    assert 480 < int.from_bytes(picture[16:20], "big") <= 600  # where a PNG has its width


def test_an_axis_of_hours_goes_beyond_the_highest_bar() -> None:
    frame = pd.DataFrame({"operator": ["a", "b"], "talk_s": [111 * 3600.0, 3600.0]})
    svg = charts.svg(draw(charts.bars("operator", "talk_s"), frame, by=None))
    assert re.findall(r">(\d+ h)</text>", svg) == ["0 h", "24 h", "48 h", "72 h", "96 h", "120 h"]
    assert ">111:00 h</text>" in svg and ">1:00 h</text>" in svg


def test_bars_of_nothing_but_zeros_say_so() -> None:
    frame = pd.DataFrame({"operator": ["a", "b"], "talk_s": [0.0, 0.0], "hold_s": [0.0, None]})
    spec = charts.bars("operator", ("talk_s", "hold_s"), stack=True)
    assert "All figures are 0 in this period" in charts.svg(draw(spec, frame, by=None))


def test_others_do_not_dwarf_the_rest() -> None:
    frame = pd.DataFrame({"operator": [f"op{n:03}" for n in range(90)], "handled": [100 + n for n in range(90)]})
    svg = charts.svg(draw(charts.bars("operator", "handled"), frame, by=None))
    rest = sum(100 + n for n in range(51))  # the 39 largest have bars
    assert f"{rest:,} together, not to scale" in svg
    assert re.findall(r">([\d,]+)</text>", svg)[:5] == ["0", "50", "100", "150", "200"]
    small = pd.DataFrame({"operator": [f"op{n:03}" for n in range(41)], "handled": [100] * 39 + [1, 2]})
    svg = charts.svg(draw(charts.bars("operator", "handled"), small, by=None))
    assert "others" in svg and "not to scale" not in svg


def test_a_timeline_ends_with_its_period() -> None:
    at = pd.to_datetime(["2025-06-02 06:00", "2025-06-02 14:00"], utc=True).tz_convert(ZONE)
    log = pd.DataFrame({"operator": "anna", "started_at": at, "ended_at": at + pd.Timedelta(days=4), "status": "Busy"})
    period = (datetime(2025, 6, 1, 22), datetime(2025, 6, 2, 22))
    spec = charts.timeline("started_at", "ended_at", "operator", by="status")
    chart = spec_of(draw(spec, log, by=None, period=period))
    ends = [pd.Timestamp(ms, unit="ms") for ms in chart["encoding"]["x"]["scale"]["domain"]]
    assert ends == [pd.Timestamp("2025-06-02 08:00"), pd.Timestamp("2025-06-03")] and chart["mark"]["clip"]


def test_lines_stop_at_gaps() -> None:
    frame = service(1)
    frame = frame[(frame["interval"].dt.hour < 10) | (frame["interval"].dt.hour >= 15)]
    assert {r["run"] for r in rows_of(draw(SERVICE, frame))} == {0, 1}


def test_polish_numbers_and_words() -> None:
    frame = pd.DataFrame({"queue": ["Łódź", None], "offered": pd.array([12345, 7], dtype="Int64")})
    svg = charts.svg(draw(charts.bars("queue", "offered"), frame, title="Kolejki", language="pl", by=None))
    assert "Oferowane" in svg and "12\u00a0345" in svg and "(brak)" in svg and "Łódź" in svg


def test_html_is_whole_and_cannot_be_broken_out_of() -> None:
    frame = pd.DataFrame({"queue": ["</script><script>alert(1)</script>"], "offered": pd.array([1], dtype="Int64")})
    chart = draw(charts.bars("queue", "offered"), frame, by=None)
    piece = charts.html(chart)
    assert piece.count("<script>") == 2 == piece.count("</script>") and "alert(1)" in piece
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?https?:", piece)
    assert charts.html(chart, library=False) in piece
    assert charts.png(chart).startswith(b"\x89PNG") and charts.png(chart) == charts.png(chart)


def test_specifications_are_light() -> None:
    program = (
        "import sys; from okireports.charts import lines; lines('interval', 'offered');"
        "sys.exit(any(m in sys.modules for m in ('altair', 'pandas', 'vl_convert')))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[1], check=False).returncode == 0
    assert SERVICE.columns == ("interval", "service_level", "queue", "goal")
