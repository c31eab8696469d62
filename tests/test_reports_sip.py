"""Connection quality, providers and termination codes by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
import pytest
from ibis.expr.types import FloatingValue

import loaded
from handmade import CON, JUNE, NOON, OPERATORS, Row, by, call, columns, directory, records, store, types
from okireports.charts import draw
from okireports.faces import Viewer
from okireports.metrics.connection import estimated, of_rating
from okireports.metrics.sip_codes import CLASSES, MEANINGS, meaning
from okireports.report import find
from okireports.reports.sip import connection_quality, operator_line_quality, provider_statistics, termination_codes

QUALITY = columns("provider, interval, calls, mos, mos_p10, poor, poor_share, packet_loss, jitter_ms, delay_ms")
STATISTICS = columns(
    "provider, direction, seizures, answered, asr_sip, ner, acd_s, pdd_s, talk_s, cost_per_minute, currency"
)
PROVIDERS = directory("provider", {1: "Near", 2: "Far"})
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def measured(
    mos: str | None, loss: str | None = None, delay: str | None = None, jitter: str | None = None, **other: Any
) -> Row:
    """A contact with what its network measured."""
    given = {"mos": mos, "packet_loss": loss, "delay_ms": delay, "jitter_ms": jitter}
    exact = {name: None if value is None else Decimal(value) for name, value in given.items()}
    return call(**({"provider_id": 1, "operator_id": 9} | exact | other))


def quality(*rows: Row, per: str | None = None) -> list[list[Any]]:
    """Connection quality over these contacts."""
    return [list(r.values()) for r in records(connection_quality(store("calls", rows), PROVIDERS, by=by(per)))]


def about(value: Any) -> Any:
    return pytest.approx(value, rel=1e-12)


# ---- MOS -------------------------------------------------------------------------------------------------------------
def worked_out(value: FloatingValue) -> Any:
    return CON.to_pyarrow(value).as_py()


def test_a_rating_gives_the_published_mos() -> None:
    published = {93.2: 4.409, 80.0: 4.024, 70.0: 3.597, 6.0: 1.0, 0.0: 1.0, 100.0: 4.5}
    beyond = {1.0: 1.0, -97.0: 1.0, 120.0: 4.5}
    for r, mos in (published | beyond).items():
        assert worked_out(of_rating(ibis.literal(r))) == pytest.approx(mos, abs=5e-4)


@pytest.mark.parametrize(
    ("loss", "delay", "r"),
    [
        (0.0, 0.0, 93.2),
        (0.0, 177.3, 93.2 - 4.2552),  # the border itself is not late
        (0.0, 277.3, 93.2 - 6.6552 - 11.0),
        (25.1, 0.0, 93.2 - 47.5),
        (5.0, 200.0, 93.2 - 4.8 - 2.497 - 475 / 30.1),
    ],
)
def test_loss_and_delay_give_a_rating(loss: float, delay: float, r: float) -> None:
    mos = worked_out(estimated(ibis.literal(loss), ibis.literal(delay)))
    assert mos == about(1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def test_without_loss_or_delay_there_is_no_estimate() -> None:
    nothing, zero = ibis.null("float64"), ibis.literal(0.0)
    assert worked_out(estimated(nothing, zero)) is None
    assert worked_out(estimated(zero, nothing)) is None


def test_connection_quality_by_hand() -> None:
    rows = [
        measured("4.2", "1", "100", "10"),  # what is measured goes before what could be estimated
        measured(None, "0", "0"),  # R 93.2: 4.4093
        measured("9", "5", "200", "-1"),  # no MOS; R = 93.2 - 4.8 - 2.497 - 475 / 30.1 = 70.1223: 3.6027
        measured("0", "101", "200"),  # neither a MOS nor a loss
        measured("0"),
        measured(None, "2", None, "5"),
        measured("3.6", provider_id=None),
        measured("3.5999", provider_id=2),
        measured("5", provider_id=2, direction="internal"),
        measured("4.1", provider_id=2, started_at=NOON + DAY),
    ]
    near, far, none = "Near", "Far", None
    assert quality(*rows) == [
        [far, 3, about((3.5999 + 5 + 4.1) / 3), about(3.5999 + 0.2 * 0.5001), 1, about(1 / 3), None, None, None],
        [near, 3, about((4.2 + 4.4093 + 3.6027) / 3), about(3.6027 + 0.2 * 0.5973), 0, 0.0, 2.0, 10.0, 100.0],
        [none, 1, 3.6, 3.6, 0, 0.0, None, None, None],
    ]
    frame = connection_quality(store("calls", rows), PROVIDERS, by=by("day"))
    assert list(frame.columns) == QUALITY
    days = [(r["provider"], r["interval"].isoformat(), r["calls"]) for r in records(frame)]
    assert days == [
        ("Far", "2025-06-02", 2),
        ("Far", "2025-06-03", 1),
        ("Near", "2025-06-02", 3),
        (None, "2025-06-02", 1),
    ]


def test_a_mean_of_mos_is_not_the_mos_of_a_mean() -> None:
    """R 93.2 and R 45.7: the mean of 4.4093 and 2.3511 is 3.3802; the MOS of the mean R, 69.45, would be 3.5711."""
    (row,) = quality(measured(None, "0", "0"), measured(None, "25.1", "0"))
    assert row[2] == about((4.4093 + 2.3511) / 2)


def test_without_rows_the_columns_and_types_stay() -> None:
    empty = connection_quality(store("calls"), PROVIDERS, by=by("day"))
    assert records(empty) == [] and list(types(empty)) == QUALITY
    assert {types(empty)[name] for name in QUALITY[3:5] + QUALITY[6:]} == {"double"}


# ---- operators -------------------------------------------------------------------------------------------------------
def test_an_operators_worst_hour_is_the_local_one() -> None:
    rows = [
        measured("3", "1", "10", "7", started_at=NOON),  # noon in Warsaw
        measured("5", started_at=NOON + DAY),
        measured("3", "2", started_at=NOON - HOUR),
        measured("4.5", started_at=NOON + 2 * HOUR),
        measured("4", operator_id=8, started_at=NOON + HOUR),  # two hours with the same: the first of the day
        measured("4", operator_id=8, started_at=NOON - 4 * HOUR + 3 * DAY),
        measured("1", operator_id=None),
        measured("1", started_at=JUNE[0] - MINUTE),
        measured("0", operator_id=7),
    ]
    found = records(operator_line_quality(store("calls", rows), OPERATORS, period=by(None)))
    assert list(found[0]) == columns("operator, calls, mos, mos_p10, packet_loss, jitter_ms, worst_hour")
    assert [list(r.values()) for r in found] == [
        ["anna", 4, 3.875, about(3.0), 1.5, 7.0, 11],
        ["bob", 2, 4.0, 4.0, None, None, 8],
    ]


# ---- providers -------------------------------------------------------------------------------------------------------
def outbound(n: int, outcome: str, **other: Any) -> Row:
    """An outbound contact of the near provider."""
    own = {"call_id": n, "provider_id": 1, "direction": "outbound", "queued_at": None}
    return call(outcome, **(own | other))


def charge(call_id: int | None, amount: str, currency: str = "PLN", **other: Any) -> Row:
    """What a call cost."""
    own = {"project_id": 1, "call_id": call_id, "kind": "telephony", "amount": Decimal(amount), "currency": currency}
    return own | {"at": NOON + MINUTE} | other


def statistics(*rows: Row, charges: list[Row] | None = None, per: str | None = None) -> list[Row]:
    """The figures of providers over these contacts."""
    money = None if charges is None else store("charges", charges)
    return records(provider_statistics(store("calls", rows), PROVIDERS, money, period=by(None), by=by(per)))


TEN = [
    outbound(1, "answered", talk_ms=60_000, post_dial_ms=1000),
    outbound(2, "answered", talk_ms=120_000, post_dial_ms=3000, by_robot=True),
    outbound(3, "machine", talk_ms=12_000),
    outbound(4, "dropped"),
    outbound(5, "busy", post_dial_ms=0),
    outbound(6, "no_answer"),
    outbound(7, "rejected"),
    outbound(8, "failed"),
    outbound(9, "other"),
    outbound(10, "answered", answered_at=None),  # nobody knows of a connection
]


def test_provider_statistics_by_hand() -> None:
    rows = [
        *TEN,
        outbound(11, "answered", direction="internal", talk_ms=1),
        outbound(12, "answered", started_at=JUNE[1], talk_ms=1),
        call(call_id=13, provider_id=1, talk_ms=30_000),
        call("abandoned", call_id=14, provider_id=1),
        call("busy", call_id=15, provider_id=None),
    ]
    assert [list(r.values()) for r in statistics(*rows)] == [
        # reached: four answered, and busy, no answer, rejected
        ["Near", "inbound", 2, 1, 0.5, None, 30.0, None, 30.0],
        ["Near", "outbound", 10, 4, 0.4, 0.7, 48.0, about(4 / 3), 192.0],
        [None, "inbound", 1, 0, 0.0, None, None, None, 0.0],
    ]
    days = statistics(*rows, outbound(16, "failed", started_at=NOON + DAY), per="day")
    assert [(r["interval"].day, r["seizures"]) for r in days if r["direction"] == "outbound"] == [(2, 10), (3, 1)]


def test_a_minutes_price_is_of_telephony_in_one_currency() -> None:
    charges = [
        charge(1, "0.10"),
        charge(1, "0.05"),
        charge(3, "0.81"),
        charge(2, "7", kind="recognition"),
        charge(None, "100"),
        charge(2, "9", project_id=2),
        charge(4, "9", at=JUNE[1] + DAY),
        charge(20, "1"),
        charge(21, "1", "EUR"),
        charge(22, "1"),
    ]
    far = [outbound(n, "answered", provider_id=2, talk_ms=60_000) for n in (20, 21)]
    rows = [*TEN, *far, call("abandoned", call_id=22, provider_id=2), call(call_id=23, provider_id=1, talk_ms=5)]
    found = statistics(*rows, charges=charges)
    assert list(found[0]) == STATISTICS
    assert [(r["provider"], r["direction"], r["cost_per_minute"], r["currency"]) for r in found] == [
        ("Far", "inbound", None, "PLN"),  # nobody talked
        ("Far", "outbound", None, None),  # in two currencies
        ("Near", "inbound", None, None),
        ("Near", "outbound", Decimal("0.300000"), "PLN"),  # 0.96 for 192 s
    ]


# ---- termination codes -----------------------------------------------------------------------------------------------
def test_termination_codes_by_hand() -> None:
    codes = {1: [200, 200, 486, 799, None], 2: [499, 99, 100, 699], None: [603]}
    rows = [call(provider_id=p, sip_code=code) for p, given in codes.items() for code in given]
    found = records(termination_codes(store("calls", rows), PROVIDERS))
    assert list(found[0]) == columns("provider, sip_code, meaning, calls, share")
    assert [list(r.values()) for r in found] == [
        ["Far", 99, None, 1, 0.25],
        ["Far", 100, "Trying", 1, 0.25],
        ["Far", 499, "Client Error", 1, 0.25],  # as RFC 3261 tells one to take it
        ["Far", 699, "Global Failure", 1, 0.25],
        ["Near", 200, "OK", 2, 0.5],
        ["Near", 486, "Busy Here", 1, 0.25],
        ["Near", 799, None, 1, 0.25],
        [None, 603, "Decline", 1, 1.0],
    ]


def test_every_code_has_its_meaning() -> None:
    t = store("codes", [{"code": code} for code in range(800)], {"code": "int64"})
    found = {r["code"]: r["said"] for r in records(t.select("code", said=meaning(t.code)))}
    assert [code for code in found if found[code] is None] == [*range(100), *range(700, 800)]
    assert {code: found[code] for code in MEANINGS} == MEANINGS
    others = [code for code in range(100, 700) if code not in MEANINGS]
    assert {code: found[code] for code in others} == {code: CLASSES[code // 100] for code in others}
    assert len(MEANINGS) == 50  # as many as section 21 lists


# ---- through the door ------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """Who sees a centre that was given what no network measures."""
    center = loaded.centre(tmp_path_factory.mktemp("sip") / "centre")
    measures = [("4.1", 200), ("0", 799), ("9", 486), ("-1", 0)]
    rows = [
        loaded.call(f"c-{n}", "2025-06-02T10:00:00Z", "Acme sales", "Carrier", mos, str(code))
        for n, (mos, code) in enumerate(measures)
    ]
    rows.append(loaded.call("c-9", "2025-06-02T10:00:00Z", "Acme sales", "Carrier", "good", "200"))
    text = loaded.calls(*rows, columns="queue,provider,mos,sip_code")
    result = loaded.load(center, {"calls": text})
    assert (result.rows_loaded, result.rows_rejected) == (4, 1)  # what is no number is refused, the others are kept
    yield center.viewer("admin", reason="a test")


def test_a_mos_off_its_scale_is_no_measurement(viewer: Viewer) -> None:
    (row,) = viewer.report("connection_quality", period="2025-06", by=None).arrow.to_pylist()
    assert (row["provider"], row["calls"], row["mos"], row["mos_p10"], row["poor"]) == ("Carrier", 1, 4.1, 4.1, 0)


def test_a_number_that_is_no_code_is_shown_without_a_meaning(viewer: Viewer) -> None:
    rows = viewer.report("termination_codes", period="2025-06").arrow.to_pylist()
    assert [(r["sip_code"], r["meaning"], r["calls"]) for r in rows] == [
        (0, None, 1),
        (200, "OK", 1),
        (486, "Busy Here", 1),
        (799, None, 1),
    ]


# ---- charts ----------------------------------------------------------------------------------------------------------
def drawn(name: str, frame: pd.DataFrame, per: str | None = None, language: str = "en") -> dict[str, Any]:
    """The chart of a report over a frame, as Vega-Lite."""
    chart = draw(find(name).chart, frame, title=name, zone="UTC", by=per, report=name, language=language)
    made: dict[str, Any] = chart.to_dict()
    return made


def marks(chart: dict[str, Any]) -> list[str]:
    return [layer["mark"]["type"] for layer in chart["layer"]]


def test_each_providers_mos_has_its_band() -> None:
    days = [datetime(2025, 6, 2), datetime(2025, 6, 3)] * 2
    frame = pd.DataFrame({"provider": ["Near"] * 2 + ["Far"] * 2, "interval": days, "calls": 5})
    frame = frame.assign(mos=[4.0, 4.1, 3.2, 3.3], mos_p10=[3.9, 3.8, 2.7, 2.9])
    chart = drawn("connection_quality", frame, "day")
    assert marks(chart) == ["area", "line"]
    assert chart["layer"][0]["encoding"]["color"] == chart["layer"][1]["encoding"]["color"]
    assert chart["title"]["subtitle"] == ["Shaded: down to MOS, lowest 10 %"]
    assert drawn("connection_quality", frame, "day", "pl")["title"]["subtitle"] == [
        "Zacienione, dolna granica: MOS, najgorsze 10 %"
    ]


def test_a_mos_is_a_dot_and_no_length() -> None:
    frame = pd.DataFrame({"provider": ["Near", "Far"], "calls": 5, "mos": [4.0, 3.2], "mos_p10": [3.9, 2.7]})
    assert marks(drawn("connection_quality", frame)) == ["rule", "point"]
    assert marks(drawn("operator_line_quality", frame.rename(columns={"provider": "operator"}))) == ["rule", "point"]


def test_shares_of_two_directions_do_not_stand_on_each_other() -> None:
    days = [datetime(2025, 6, 2), datetime(2025, 6, 3)] * 2
    frame = pd.DataFrame({"provider": "Near", "direction": ["inbound"] * 2 + ["outbound"] * 2, "interval": days})
    frame = frame.assign(seizures=[10, 10, 30, 30], answered=[9, 8, 15, 12], asr_sip=[0.9, 0.8, 0.5, 0.4])
    chart = drawn("provider_statistics", frame, "day")
    assert marks(chart) == ["line"]
    (rows,) = chart["datasets"].values()
    assert [row["asr_sip"] for row in rows] == [24 / 40, 20 / 40]
