"""Costs, contracts and stored recordings by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from ibis import Table

import loaded
from handmade import JUNE, NOON, PROJECTS, Row, by, call, columns, records, store, types
from okireports import report as registry
from okireports.access.definitions import DEFINITIONS
from okireports.charts import bars
from okireports.errors import BadOption
from okireports.faces import Center
from okireports.reports.company import breaches, contract, costs, recording_storage

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KINDS = {"BIGINT": "int64", "VARCHAR": "string", "TIMESTAMP": "timestamp(6)", "DOUBLE": "float64", "BOOLEAN": "boolean"}
ZERO = Decimal(0)


def defined(name: str, *rows: Row) -> Any:
    """A table of definitions, as a run gives it."""
    return store(name, rows, {c: KINDS.get(kind, kind.lower()) for c, kind in DEFINITIONS[name].columns})


# Contracts


def term(metric: str, **said: Any) -> Row:
    """A term of project 1 in zloty."""
    return {"project_id": 1, "term": metric, "metric": metric, "currency": "PLN"} | said


def settled(calls: list[Row], *terms: Row, word: str | None = "month", formula: str = "short") -> list[Row]:
    """The report over June."""
    sold = defined("results", {"project_id": 1, "result": "sold", "sale": True})
    of = store("calls", calls), defined("contracts", *terms), sold, PROJECTS
    return records(contract(*of, period=by(None), by=by(word), formula=formula))


def level(part: int, late: int) -> list[Row]:
    """So many contacts answered in time, and so many too late."""
    return [call(wait_s=3)] * part + [call(wait_s=30)] * late


def test_a_contract_by_hand() -> None:
    """Ten calls of June, seven of them in time; one of May and one of July are of other months."""
    rows = [*level(7, 1), call("abandoned", 4), call("abandoned", 40)]
    others = [call(wait_s=60, started_at=JUNE[0] - timedelta(milliseconds=1)), call(wait_s=60, started_at=JUNE[1])]
    found = settled(
        rows + others,
        term("service_level", comparison=">=", target=0.8, penalty=Decimal(2000), bonus=Decimal(500)),
        term("abandon_rate", comparison="<=", target=0.5, penalty=Decimal(10), bonus=Decimal("0.25")),
        term("handled", unit="contact", price=Decimal("4.20")),
    )
    assert list(found[0]) == columns(
        "project, term, interval, metric, actual, target, met, headroom, penalty_amount, bonus_amount, invoice_amount, "
        "currency"
    )
    june = date(2025, 6, 1)
    assert [list(r.values()) for r in found] == [
        # (2 + x) / (10 + x) <= 0.5 for x = 6
        ["Acme", "abandon_rate", june, "abandon_rate", 0.2, 0.5, True, 6.0, ZERO, Decimal("0.25"), Decimal("0.25"),
         "PLN"],
        ["Acme", "handled", june, "handled", 8.0, None, None, None, ZERO, ZERO, Decimal("33.60"), "PLN"],
        # 7 of 9, for the abandoned one that left at once is not counted; 7 / (9 + x) >= 0.8 for x = -1 (7 / 8)
        ["Acme", "service_level", june, "service_level", 7 / 9, 0.8, False, -1.0, Decimal(2000), ZERO, Decimal(-2000),
         "PLN"],
    ]  # fmt: skip


def test_money_is_exact_in_its_currency_and_nothing_is_summed_across() -> None:
    rows = [*level(3, 0), call(wait_s=3, project_id=2)]
    found = settled(
        rows,
        term("handled", price=Decimal("0.333333")),
        term("answered", price=Decimal(7), currency="EUR"),
        term("handled", price=Decimal(1), project_id=2, currency=None),
    )
    assert [(r["project"], r["term"], r["invoice_amount"], r["currency"]) for r in found] == [
        ("Acme", "answered", Decimal("21.000000"), "EUR"),
        ("Acme", "handled", Decimal("0.999999"), "PLN"),
        ("Bolt", "handled", Decimal("1.000000"), None),
    ]


def test_a_contract_without_a_price_has_no_line_on_the_invoice() -> None:
    found = settled(
        level(1, 0),
        term("handled"),
        term("answered", comparison=">=", target=1.0, bonus=Decimal(3)),
        term("smiles", comparison=">=", target=1.0, price=Decimal(2), penalty=Decimal(9)),
    )
    told = {r["term"]: (r["actual"], r["met"], r["headroom"], r["penalty_amount"], r["invoice_amount"]) for r in found}
    assert told == {
        "handled": (1.0, None, None, ZERO, None),  # what it is worth nobody said
        "answered": (1.0, True, 0.0, ZERO, Decimal(3)),  # a target needs no price
        "smiles": (None, None, None, ZERO, None),  # and what nobody measures is neither met nor missed
    }


@pytest.mark.parametrize(
    ("level_of", "said", "penalty", "bonus"),
    [
        ((8, 2), {}, 0, 50),  # just met: 0.8
        ((7, 3), {}, 100, 0),  # once, however far it is
        ((7, 3), {"unit": "point"}, 1000, 0),  # 10 points
        ((79, 21), {"unit": "point"}, 100, 0),  # 1 point, though 0.8 - 0.79 is a little more in floats
        ((785, 215), {"unit": "point"}, 200, 0),  # one and a half: the second has begun
        ((0, 10), {"unit": "point", "cap": Decimal(250)}, 250, 0),
        ((8, 2), {"cap": Decimal(30)}, 0, 30),
        ((0, 10), {"penalty": None, "bonus": None}, 0, 0),
    ],
)
def test_penalties_and_bonuses(level_of: tuple[int, int], said: Row, penalty: int, bonus: int) -> None:
    agreed = term("service_level", comparison=">=", target=0.8, penalty=Decimal(100), bonus=Decimal(50)) | said
    (found,) = settled(level(*level_of), agreed)
    assert (found["penalty_amount"], found["bonus_amount"]) == (penalty, bonus)
    assert found["invoice_amount"] == bonus - penalty


@pytest.mark.parametrize(
    ("metric", "comparison", "target", "expected"),
    [
        ("service_level", ">=", 0.7, 1.0),  # 8 / 11 is 0.727, 8 / 12 is too little
        ("service_level", ">=", 0.8, 0.0),
        ("service_level", ">=", 0.0, None),  # all may be lost
        ("transfer_rate", "<=", 0.25, 3.0),  # 3 / 13 is 0.2308, 4 / 14 too much
        ("transfer_rate", "<=", 1.0, None),
        ("handled", ">=", 12.0, -2.0),
        ("handled", "<=", 12.0, 2.0),
        ("asa_s", "<=", 20.0, None),  # a lost contact does not change the wait of the answered
        ("conversion", ">=", 0.5, None),  # nobody was dialled
    ],
)
def test_headroom(metric: str, comparison: str, target: float, expected: float | None) -> None:
    (found,) = settled(level(8, 2), term(metric, comparison=comparison, target=target))
    assert found["headroom"] == expected
    if metric == "service_level" and expected is not None:  # so many more, and not one more
        for more, met in ((int(expected), True), (int(expected) + 1, False)):
            (again,) = settled([*level(8, 2), *level(0, more)], term(metric, comparison=comparison, target=target))
            assert again["met"] is met


def test_talk_is_paid_by_the_minute_or_hour_and_sales_by_the_piece() -> None:
    dialled = {"dialer_id": 5, "picked_up_at": NOON, "talk_ms": 90_000}
    rows = [call(result="sold", **dialled), call(result="refused", **dialled), call("abandoned", talk_ms=None)]
    found = settled(
        rows,
        term("talk_s", term="minutes", unit="minute", price=Decimal("0.50")),
        term("talk_s", term="hours", unit="hour", price=Decimal(30)),
        term("sales", price=Decimal("9.50")),
        term("conversion", comparison=">=", target=0.25),
    )
    told = {r["term"]: (r["actual"], r["headroom"], r["invoice_amount"]) for r in found}
    assert told == {
        "conversion": (0.5, 2.0, ZERO),
        "hours": (180.0, None, Decimal("1.50")),
        "minutes": (180.0, None, Decimal("1.50")),
        "sales": (1.0, None, Decimal("9.50")),
    }


def test_excluded_days_are_local_days() -> None:
    """2 June in Warsaw begins at 22:00 of the day before in UTC."""
    midnight = datetime(2025, 6, 1, 22)
    times = [midnight - HOUR, midnight, midnight + DAY - HOUR, midnight + DAY]
    rows = [call(wait_s=3, started_at=at) for at in times]
    agreed = term("offered", price=Decimal(1), exclusions="2025-06-02;2025-06-05")
    assert [r["actual"] for r in settled(rows, agreed)] == [2.0]
    assert settled(rows[1:3], agreed) == []  # nothing happened that counts


def test_each_version_of_a_term_counts_the_contacts_of_its_time() -> None:
    change = datetime(2025, 6, 15)
    rows = [call(started_at=change - HOUR), call(started_at=change), call(started_at=change + HOUR)]
    found = settled(
        rows,
        term("handled", price=Decimal(2), valid_from=change),
        term("handled", price=Decimal(1), valid_to=change),
    )
    assert [(r["actual"], r["invoice_amount"]) for r in found] == [(1.0, Decimal(1)), (2.0, Decimal(4))]


def test_the_service_level_of_a_contract_is_the_centres() -> None:
    rows = [*level(3, 1), call("abandoned", 4), call("abandoned", 10)]
    agreed = term("service_level", comparison=">=", target=0.5)
    expected = {"short": 3 / 5, "offered": 3 / 6, "answered": 3 / 4, "positive": 5 / 6, "ignore": 3 / 4}
    for formula, value in expected.items():
        (found,) = settled(rows, agreed, formula=formula)
        assert found["actual"] == value, formula


def test_a_term_by_other_intervals() -> None:
    rows = [call(), call(started_at=NOON + DAY), call(started_at=NOON + DAY)]
    agreed = term("handled", price=Decimal(1))
    assert [(r["interval"], r["actual"]) for r in settled(rows, agreed, word="day")] == [
        (date(2025, 6, 2), 1.0),
        (date(2025, 6, 3), 2.0),
    ]
    (whole,) = settled(rows, agreed, word=None)
    assert "interval" not in whole and whole["actual"] == 3.0


def test_the_half_hours_that_missed_a_target() -> None:
    """At 12:00 one of four is late and one of four lost; at 12:30 all is well; a count has no half hours."""
    rows = [*level(2, 1), call("abandoned", 60)] + [call(wait_s=1, started_at=NOON + HOUR / 2)] * 3
    agreed = [
        term("service_level", comparison=">=", target=0.8),
        term("abandon_rate", comparison="<=", target=0.2),
        term("asa_s", comparison="<=", target=10.0),
        term("handled", comparison=">=", target=99.0),
    ]
    of = store("calls", rows), defined("contracts", *agreed), defined("results"), PROJECTS
    found = records(breaches(*of, period=by(None), by=by("month"), formula="short"))
    assert list(found[0]) == columns("project, term, interval, started_at, metric, contacts, lost, actual, target")
    june = date(2025, 6, 1)
    assert [list(r.values()) for r in found] == [
        ["Acme", "abandon_rate", june, NOON, "abandon_rate", 4, 1, 0.25, 0.2],
        ["Acme", "asa_s", june, NOON, "asa_s", 3, None, 12.0, 10.0],
        ["Acme", "service_level", june, NOON, "service_level", 4, 2, 0.5, 0.8],
    ]


# Costs


def charge(kind: str, amount: str, **other: Any) -> Row:
    """A cost of project 1 in zloty."""
    return {"project_id": 1, "kind": kind, "amount": Decimal(amount), "currency": "PLN", "at": NOON} | other


def spent(charges: list[Row], calls: list[Row], word: str | None = None) -> list[Row]:
    """The report over June."""
    return records(costs(store("charges", charges), store("calls", calls), PROJECTS, period=by(None), by=by(word)))


def test_costs_by_hand() -> None:
    charges = [
        charge("telephony", "0.10", quantity=Decimal("1.5"), unit="minute"),
        charge("telephony", "0.20", quantity=Decimal("0.5"), unit="minute"),
        charge("wage", "99.70", quantity=Decimal(2), unit="hour"),
        charge("telephony", "9.99", currency="EUR"),
        charge("wage", "50", project_id=0),
        charge("wage", "1000", at=JUNE[1]),
    ]
    talked = [call(talk_ms=90_000), call(talk_ms=30_000), call("abandoned", talk_ms=60_000), call(by_robot=True)]
    found = spent(charges, talked)
    assert list(found[0]) == columns("project, kind, currency, amount, quantity, unit, share, per_contact, per_minute")
    assert [list(r.values()) for r in found] == [
        ["Acme", "telephony", "EUR", Decimal("9.99"), None, None, 1.0, Decimal("4.995"), Decimal("4.995")],
        ["Acme", "telephony", "PLN", Decimal("0.30"), 2.0, "minute", 0.002, Decimal("0.15"), Decimal("0.15")],
        ["Acme", "wage", "PLN", Decimal("99.70"), 2.0, "hour", 99.7 / 150, Decimal("49.85"), Decimal("49.85")],
        [None, "wage", "PLN", Decimal(50), None, None, 50 / 150, None, None],  # charged to no project
    ]


def test_quantities_of_different_units_are_not_added() -> None:
    charges = [charge("other", "1", quantity=Decimal(1), unit="seat"), charge("other", "1", quantity=Decimal(2))]
    (found,) = spent(charges, [])
    assert (found["amount"], found["quantity"], found["unit"]) == (2, None, None)


def test_costs_by_interval_and_their_types() -> None:
    charges = [charge("sms", "1"), charge("sms", "3", at=NOON + DAY), charge("storage", "1", at=NOON + DAY)]
    found = spent(charges, [call(), call(started_at=NOON + DAY), call(started_at=NOON + DAY)], "day")
    assert [(r["interval"].day, r["kind"], r["amount"], r["share"], r["per_contact"]) for r in found] == [
        (2, "sms", 1, 1.0, Decimal(1)),
        (3, "sms", 3, 0.75, Decimal("1.5")),
        (3, "storage", 1, 0.25, Decimal("0.5")),
    ]
    made = types(costs(store("charges"), store("calls"), PROJECTS, period=by(None), by=by(None)))
    assert {made[name] for name in ("amount", "per_contact", "per_minute")} == {"decimal128(18, 6)"}


# Recordings


def recorded(at: datetime, **other: Any) -> Row:
    """A recording of project 1."""
    return {
        "project_id": 1,
        "call_id": 1,
        "url": "https://example.com/1",
        "at": at,
        "bytes": 1000,
        "length_ms": 500,
    } | other


def kept(rows: list[Row], keep: int | None, now: datetime = JUNE[1]) -> list[Row]:
    """The report over June."""
    recordings = store("recordings", rows)
    return records(recording_storage(recordings, PROJECTS, period=by(None), now=now, keep_recordings_days=keep))


def test_recordings_by_hand() -> None:
    rows = [recorded(NOON), recorded(NOON + DAY, bytes=None, length_ms=None), recorded(JUNE[1]), recorded(JUNE[0])]
    found = kept([*rows, recorded(NOON, project_id=2)], None)
    assert list(found[0]) == columns("project, month, recordings, length_s, bytes, oldest_at, expiring_30d")
    assert [list(r.values()) for r in found] == [
        ["Acme", date(2025, 6, 1), 3, 1.0, 2000, JUNE[0], 0],
        ["Bolt", date(2025, 6, 1), 1, 0.5, 1000, NOON, 0],
    ]


def test_what_expires_within_thirty_days() -> None:
    """Kept for 40 days: on 30 July what is older than 20 June is dropped, that is 30 days after June's last day."""
    border = datetime(2025, 6, 19, 22)  # midnight of the 20th in Warsaw
    rows = [recorded(border), recorded(border - timedelta(milliseconds=1)), recorded(JUNE[0])]
    assert [r["expiring_30d"] for r in kept(rows, 40)] == [2]
    assert [r["expiring_30d"] for r in kept(rows, 40, now=border - DAY)] == [1]  # then it is 18 June
    assert [r["expiring_30d"] for r in kept(rows, 30)] == [3]
    assert [r["expiring_30d"] for r in kept(rows, 365)] == [0]


# In a centre


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Two calls of Acme in June, one of them recorded; a contract with it."""
    made = loaded.centre(tmp_path_factory.mktemp("company") / "centre")
    row = {"direction": "inbound", "outcome": "answered", "queue": "Acme sales", "operator": "anna"}
    calls = [
        row | {"source_id": f"c{n}", "started_at": f"2025-06-0{n}T10:00:00Z", "queued_at": f"2025-06-0{n}T10:00:00Z"}
        | {"answered_at": f"2025-06-0{n}T10:00:{wait}Z", "ended_at": f"2025-06-0{n}T10:02:00Z"}
        | ({"recording": "https://example.com/1"} if n == 1 else {})
        for n, wait in ((1, "05"), (2, "50"))
    ]  # fmt: skip
    agreed = {"project": "Acme", "term": "Level", "metric": "service_level", "comparison": ">=", "target": 0.8}
    loaded.load(made, {"calls": calls, "contracts": [agreed | {"penalty": 100}]})
    return made


def test_details_are_asked_in_the_same_scope(center: Center) -> None:
    admin = center.viewer("admin", reason="the invoice of June")
    result = admin.report("contract", period="2025-06")
    assert result.frame["penalty_amount"].tolist() == [Decimal("100.000000")]
    behind = result.details
    assert [at.day for at in behind["started_at"]] == [2]
    assert behind["lost"].tolist() == [1]
    assert admin.report("contract", period="2025-06", projects=iter(["Acme"])).details.equals(
        admin.report("contract", period="2025-06", projects=["Acme"]).details
    )
    with pytest.raises(BadOption, match=r"'call_log' has no details.*contract"):
        _ = admin.report("call_log", period="2025-06").details


def test_details_take_the_parameters_of_their_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(calls: Table) -> Table:
        return calls

    monkeypatch.setattr(registry, "REPORTS", {})
    with pytest.raises(TypeError, match="asked as 'contract' is"):
        registry.report("Contract", pl="Kontrakt", chart=bars("term", "actual"), details=other)(contract)


def test_a_contract_takes_no_filter_but_projects(center: Center) -> None:
    admin = center.viewer("admin", reason="the invoice of June")
    for name in ("contract", "data_quality"):
        with pytest.raises(BadOption, match="cannot be filtered by queues"):
            admin.report(name, period="2025-06", queues=["Acme sales"])


def test_the_shorter_rule_says_when_a_recording_goes(center: Center) -> None:
    admin = center.viewer("admin", reason="what will be dropped")

    def expiring() -> list[int]:
        return list(admin.report("recording_storage", period="2025-06-01").frame["expiring_30d"])

    assert expiring() == [0]
    center.settings.change(keep_facts_days="20", actor="admin", reason="a new rule")
    assert expiring() == [1]
    rests = admin.report("recording_storage", period="2025-06-01").provenance.definitions
    assert rests["keep_recordings_days"] == 20
