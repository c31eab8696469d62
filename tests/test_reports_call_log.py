"""The call log by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ibis import Table

from handmade import JUNE, NOON, PROJECTS, QUEUES, Row, by, call, columns, directory, records, store, types
from okireports.reports.calls import call_log

LOG = columns(
    "call, started_at, project, direction, queue, dialer, scenario, operator, line, contact_key, phone, outcome, "
    "result, wait_s, ring_s, talk_s, hold_s, wrap_s, duration_s, ended_by, came_from_other, went_to_other, sip_code, "
    "mos, recording, cost, currency"
)


def log(
    calls: Sequence[Row], facts: dict[str, Sequence[Row]] | None = None, *, by_name: bool = False, **options: Any
) -> Table:
    """The call log over these rows; `facts` are the tables that the viewer's rights open."""
    opened = {name: store(name, rows) for name, rows in (facts or {}).items()}
    return call_log(
        store("calls", calls),
        PROJECTS,
        QUEUES,
        directory("dialer", {4: "Spring"}),
        directory("scenario", {6: "Welcome"}),
        directory("operator", {9: "anna"}),
        *(opened.get(name) for name in ("contacts", "recordings", "charges")),
        **({"period": by(None)} | options),
    )


FULL = call(
    *("answered", 12.5),
    **{"call_id": 11, "source_id": "c-11", "dialer_id": 4, "scenario_id": 6, "operator_id": 9, "line": "+48220000100"},
    **{"contact_key": 77, "result": "sale", "ring_ms": 1_500, "talk_ms": 60_250, "hold_ms": 0, "ended_by": "customer"},
    **{"ended_at": NOON + timedelta(seconds=80, milliseconds=1), "came_from_other": True, "sip_code": 200},
    mos=Decimal("4.2000"),
)
BARE = {"project_id": 0, "call_id": 12, "source_id": "c-12", "direction": "internal", "outcome": "no_answer"}
BARE |= {"started_at": NOON, "ended_at": NOON}


def test_a_call_in_the_log_by_hand() -> None:
    facts: dict[str, Sequence[Row]] = {
        "contacts": [
            {"project_id": 1, "contact_key": 77, "phone": "+48220000101"},
            {"project_id": 2, "contact_key": 77, "phone": "+48220000102"},  # of another project
        ],
        "recordings": [
            {"project_id": 1, "call_id": 11, "at": NOON + timedelta(seconds=s), "url": f"https://example.com/{url}"}
            for s, url in ((60, "a"), (30, "c"), (30, "b"))
        ],
        "charges": [
            {"project_id": 1, "call_id": 11, "at": NOON, "amount": Decimal("0.10"), "currency": "PLN"},
            {"project_id": 1, "call_id": 11, "at": NOON, "amount": Decimal("0.023"), "currency": "PLN"},
            {"project_id": 1, "call_id": None, "at": NOON, "amount": Decimal(5000), "currency": "PLN"},  # a wage
        ],
    }
    frame = log([BARE, FULL], facts)
    assert list(frame.columns) == LOG
    bare, full = (list(r.values()) for r in records(frame))
    assert full == [
        *("c-11", NOON, "Acme", "inbound", "Sales", "Spring", "Welcome", "anna", "+48220000100", 77, "+48220000101"),
        *("answered", "sale", 12.5, 1.5, 60.25, 0.0, None, 80.001, "customer", True, False, 200, 4.2),
        *("https://example.com/b", Decimal("0.123"), "PLN"),
    ]
    assert bare == [
        *("c-12", NOON, None, "internal", *[None] * 7),
        *("no_answer", *[None] * 6, 0.0, None, False, False, None, None),
        *(None, None, None),
    ]


def test_what_a_right_does_not_open_is_not_in_the_log() -> None:
    closed = {"phone", "recording", "cost", "currency"}
    assert list(log([FULL]).columns) == [c for c in LOG if c not in closed]
    assert list(log([FULL], {"charges": []}).columns) == [c for c in LOG if c not in ("phone", "recording")]
    assert len(records(log([FULL, BARE]))) == 2


def test_costs_in_two_currencies_are_no_cost() -> None:
    charges = [
        {"project_id": 1, "call_id": 11, "at": NOON, "amount": Decimal(1), "currency": "PLN"},
        {"project_id": 1, "call_id": 11, "at": NOON, "amount": Decimal(1), "currency": "EUR"},
        {"project_id": 2, "call_id": 11, "at": NOON, "amount": Decimal(7), "currency": "PLN"},  # of another project
        {"project_id": 0, "call_id": 12, "at": NOON, "amount": Decimal(2), "currency": "EUR"},
    ]
    rows = records(log([FULL, BARE], {"charges": charges}))
    assert [(r["call"], r["cost"], r["currency"]) for r in rows] == [("c-12", 2, "EUR"), ("c-11", None, None)]


def many_calls() -> list[Row]:
    """Newest first: c-5, then c-2, c-3 and c-4 at one instant, then c-1."""
    order = [(1, 1, -60), (1, 2, 0), (1, 3, 0), (2, 1, 0), (1, 0, 60)]
    return [
        call(project_id=p, call_id=i, source_id=f"c-{n}", started_at=NOON + timedelta(seconds=s), ended_at=NOON)
        for n, (p, i, s) in enumerate(order, 1)
    ]


def test_the_log_is_newest_first_and_cut_into_pages() -> None:
    def shown(**options: int) -> list[str]:
        return [r["call"] for r in records(log(many_calls(), **options))]

    everything = ["c-5", "c-2", "c-3", "c-4", "c-1"]
    assert shown() == everything
    assert shown(limit=2) == everything[:2]
    assert shown(limit=2, offset=2) == everything[2:4]
    assert shown(offset=3) == everything[3:]
    assert shown(limit=0) == shown(limit=5, offset=9) == []


def test_the_log_holds_what_starts_in_the_period() -> None:
    start, end = JUNE
    edges = [(start - timedelta(milliseconds=1)), start, end - timedelta(milliseconds=1), end]
    calls = [call(call_id=i, source_id=f"c-{i}", started_at=at, ended_at=end) for i, at in enumerate(edges)]
    after_midnight = {"project_id": 1, "call_id": 2, "at": end + timedelta(minutes=3), "url": "https://example.com/2"}
    much_later = {"project_id": 1, "call_id": 1, "at": end + timedelta(days=1), "url": "https://example.com/1"}
    rows = records(log(calls, {"recordings": [after_midnight, much_later]}))
    assert [(r["call"], r["recording"]) for r in rows] == [("c-2", "https://example.com/2"), ("c-1", None)]


def test_without_rows_the_columns_and_types_stay() -> None:
    empty = log([], {"contacts": [], "recordings": [], "charges": []})
    assert records(empty) == [] and list(types(empty)) == LOG
    expected = {"started_at": "timestamp[us]", "cost": "decimal128(38, 6)", "call": "string", "mos": "double"}
    expected |= {"talk_s": "double", "went_to_other": "bool"}
    assert {c: k for c, k in types(empty).items() if c in expected} == expected
