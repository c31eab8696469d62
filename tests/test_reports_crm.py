"""The reports of the CRM by hand: the log, the funnel, answers, quotas and orders; and what is odd in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from handmade import (
    JUNE,
    NOON,
    OPERATORS,
    PROJECTS,
    Row,
    by,
    call,
    columns,
    directory,
    records,
    store,
    times_read,
    types,
)
from okireports.clock import Interval
from okireports.reports.crm import answers, funnel, orders, quotas, request_log

LOG = columns(
    "request, created_at, closed_at, project, form, stage, result, operator, age_s, call, contact_key, value, currency"
)
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
FORMS = directory("form", {5: "Offer", 6: "Poll"})
STAGES = {"form_id": "int64", "stage": "string", "position": "int64", "lost": "boolean"}
QUOTAS = {"form_id": "int64", "name": "string", "question": "string", "answer": "string", "goal": "int64"}
TEN_DAYS = (JUNE[0], JUNE[0] + 10 * DAY)


def request(n: int, created: datetime = NOON, **other: Any) -> Row:
    """A request of the form Offer."""
    own = {"project_id": 1, "request_id": n, "source_id": f"r-{n}", "form_id": 5, "created_at": created}
    return own | other


# ---- the log ---------------------------------------------------------------------------------------------------------
def log(*rows: Row, calls: list[Row] | None = None, **options: Any) -> list[Row]:
    """The log of June, at its end."""
    given = {"period": by(None), "now": JUNE[1]} | options
    tables = store("requests", rows), store("calls", calls or []), PROJECTS, FORMS, OPERATORS
    return records(request_log(*tables, **given))


def test_a_request_by_hand() -> None:
    said = {"stage": "Done", "result": "sold", "operator_id": 9, "contact_key": 77, "call_id": 3}
    said |= {"closed_at": NOON + HOUR, "value": Decimal("99.5"), "currency": "EUR"}
    contact = {"project_id": 1, "call_id": 3, "source_id": "c-3", "started_at": NOON - HOUR}
    (row,) = log(request(1, **said), calls=[contact])
    assert list(row) == LOG
    assert list(row.values()) == [
        *("r-1", NOON, NOON + HOUR, "Acme", "Offer", "Done", "sold", "anna", 3600.0, "c-3", 77),
        *(Decimal("99.500000"), "EUR"),
    ]


def test_an_open_request_grows_older_and_one_from_the_future_has_no_age() -> None:
    rows = log(request(1), request(2, NOON + DAY), now=NOON + HOUR)
    assert [(r["request"], r["age_s"]) for r in rows] == [("r-2", 0.0), ("r-1", 3600.0)]


@pytest.mark.parametrize(
    ("since", "found"), [(-7 * DAY, "c"), (-7 * DAY - SECOND, None), (DAY - SECOND, "c"), (DAY, None)]
)
def test_a_requests_call_is_near_it(since: timedelta, found: str | None) -> None:
    contact = {"project_id": 1, "call_id": 3, "source_id": "c", "started_at": NOON + since}
    assert log(request(1, call_id=3), calls=[contact])[0]["call"] == found
    assert log(request(1, call_id=3, project_id=2), calls=[contact])[0]["call"] is None  # the id is another project's


def test_a_page_is_a_part_of_the_log() -> None:
    rows = [request(n, NOON + n * HOUR, call_id=10 + n) for n in range(4)]
    calls = [
        {"project_id": 1, "call_id": 10 + n, "source_id": f"c-{n}", "started_at": NOON + n * HOUR - 7 * DAY}
        for n in range(4)
    ]
    whole = log(*rows, calls=calls)
    assert [r["call"] for r in whole] == ["c-3", "c-2", "c-1", "c-0"]
    for limit in (1, 2, 3):
        for offset in range(4):
            assert log(*rows, calls=calls, limit=limit, offset=offset) == whole[offset : offset + limit]


def test_the_newest_comes_first_and_a_page_is_cut_out() -> None:
    rows = [request(n, NOON + n * HOUR) for n in range(4)] + [request(8, JUNE[1])]
    assert [r["request"] for r in log(*rows)] == ["r-3", "r-2", "r-1", "r-0"]
    assert [r["request"] for r in log(*rows, limit=2, offset=1)] == ["r-2", "r-1"]


# ---- the funnel ------------------------------------------------------------------------------------------------------
def defined(*rows: tuple[str, int, bool | None], form: int = 5) -> list[Row]:
    """Stages of a form."""
    return [{"form_id": form, "stage": s, "position": p, "lost": lost} for s, p, lost in rows]


OFFERED = defined(("New", 1, None), ("Offer", 2, False), ("Done", 3, False), ("Lost", 4, True))


def way(n: int, *stages: str, every: timedelta = HOUR, since: datetime = NOON, **other: Any) -> list[Row]:
    """The changes of a request, one after the other."""
    own = {"project_id": 1, "request_id": n} | other
    return [
        own | {"stage_change_id": 100 * n + i, "seq": i, "stage": stage, "at": since + i * every}
        for i, stage in enumerate(stages)
    ]


def passed(requests: list[Row], changes: list[Row], stages: list[Row] | None = None) -> list[list[Any]]:
    """The funnel of June."""
    known = store("stages", OFFERED if stages is None else stages, STAGES)
    tables = store("requests", requests), store("stage_changes", changes), known, FORMS
    return [list(r.values()) for r in records(funnel(*tables, period=by(None)))]


def test_a_funnel_by_hand() -> None:
    requests = [request(1, closed_at=NOON + 9 * DAY), request(2), request(3), request(4, closed_at=NOON + 9 * DAY)]
    changes = [
        *way(1, "New", "Offer", "Done"),
        *way(2, "New", "Offer"),
        *way(3, "New"),
        *way(4, "New", "Offer", "Lost", every=3 * HOUR),
    ]
    assert passed(requests, changes) == [
        ["Offer", 1, "New", 4, 3, 0, 1, 0.75, 3600.0],  # 1, 1 and 3 hours
        ["Offer", 2, "Offer", 3, 1, 1, 1, 1 / 3, 7200.0],  # 1 and 3 hours; the second one stays
        ["Offer", 3, "Done", 1, 1, 0, 0, 1.0, None],
        ["Offer", 4, "Lost", 1, 0, 1, 0, 0.0, None],
    ]


def test_a_stage_that_is_entered_again_counts_once_at_its_last_visit() -> None:
    found = passed([request(1)], way(1, "New", "Offer", "New", "Offer", "New"))
    # Offer was left for New and not for Done; the visits of New took an hour each, the last one goes on.
    assert found == [["Offer", 1, "New", 1, 0, 0, 1, 0.0, 3600.0], ["Offer", 2, "Offer", 1, 0, 0, 1, 0.0, 3600.0]]
    revived = passed([request(1, closed_at=NOON + DAY)], way(1, "New", "Lost", "Offer", "Done"))
    assert [r[2:6] for r in revived] == [["New", 1, 1, 0], ["Offer", 1, 1, 0], ["Done", 1, 1, 0], ["Lost", 1, 1, 0]]


def test_a_stage_that_nobody_defined_stands_last_without_a_position() -> None:
    found = passed([request(1), request(2, form_id=None)], [*way(1, "New", "Ofert", "Done"), *way(2, "New")])
    assert [r[:7] for r in found] == [
        ["Offer", 1, "New", 1, 1, 0, 0],
        ["Offer", 3, "Done", 1, 0, 0, 1],
        ["Offer", None, "Ofert", 1, 0, 0, 1],  # nothing is higher than what has no position
        [None, None, "New", 1, 0, 0, 1],
    ]
    assert [r[1:5] for r in passed([request(1)], way(1, "New", "Offer"), [])] == [
        [None, "New", 1, 0],
        [None, "Offer", 1, 0],
    ]


def test_changes_of_one_instant_go_by_their_number() -> None:
    backwards = way(1, "Done", "Offer", "New", every=timedelta(0))
    for i, row in enumerate(backwards):
        row["seq"] = 3 - i
    assert [r[2:5] for r in passed([request(1)], backwards)] == [["New", 1, 1], ["Offer", 1, 1], ["Done", 1, 0]]


def test_the_cohort_is_the_periods_with_what_becomes_of_it() -> None:
    requests = [request(1, JUNE[1] - HOUR), request(2, JUNE[0] - HOUR), request(3, JUNE[1])]
    changes = [
        *way(1, "New", "Offer", since=JUNE[1] - HOUR, every=300 * DAY),  # in a later year
        *way(1, "Done", since=JUNE[1] + 365 * DAY),  # too late
        *way(2, "New", "Offer", since=JUNE[0] - HOUR),
        *way(3, "New", since=JUNE[1]),
        *way(1, "Lost", since=JUNE[0] + HOUR, project_id=2),  # another project's request
        *way(1, "Lost", since=JUNE[0] + HOUR),  # before there was a request
    ]
    assert [r[2:7] for r in passed(requests, changes)] == [["New", 1, 1, 0, 0], ["Offer", 1, 0, 0, 1]]
    assert passed([request(1)], []) == []


# ---- answers ---------------------------------------------------------------------------------------------------------
def answer(n: int, said: str | None, question: str = "Why?", **other: Any) -> Row:
    """An answer in the form Poll."""
    own = {"project_id": 1, "request_id": n, "form_id": 6, "question": question, "answer": said, "at": NOON}
    return own | other


def test_answers_by_hand() -> None:
    rows = [answer(n, "price") for n in range(8)] + [answer(n, "quality") for n in (8, 9)]
    rows += [answer(0, "price"), answer(10, None), answer(0, "price", project_id=2)]  # once each; not answered
    rows += [answer(0, "price", form_id=None), answer(0, "both", "Which?"), answer(0, "one", "Which?")]
    found = records(answers(store("answers", rows), FORMS))
    assert list(found[0]) == columns("form, question, answer, answers, share, share_low, share_high")
    assert [list(r.values())[:5] for r in found] == [
        ["Poll", "Which?", "both", 1, 1.0],  # of one request that gave two
        ["Poll", "Which?", "one", 1, 1.0],
        ["Poll", "Why?", "price", 9, 9 / 11],
        ["Poll", "Why?", "quality", 2, 2 / 11],
        [None, "Why?", "price", 1, 1.0],
    ]
    # 10 of 10: from 0.7225 (Wilson's interval of 10 of 10 is 10 / (10 + z^2)) to 1.
    all_of_ten = records(answers(store("answers", [answer(n, "yes") for n in range(10)]), FORMS))[0]
    assert all_of_ten["share_low"] == pytest.approx(10 / (10 + 1.959963984540054**2), rel=1e-12)
    assert all_of_ten["share_high"] == 1.0
    # 81 of 263, a published example of the interval: 0.2553 to 0.3662
    some = [answer(n, "yes" if n < 81 else "no") for n in range(263)]
    yes = records(answers(store("answers", some), FORMS))[1]
    assert (round(yes["share_low"], 4), round(yes["share_high"], 4)) == (0.2553, 0.3662)


# ---- quotas ----------------------------------------------------------------------------------------------------------
def wanted(*rows: tuple[str, str, str, int], form: int = 6) -> list[Row]:
    """Quotas: name, question, answer, goal."""
    return [{"form_id": form, "name": n, "question": q, "answer": a, "goal": goal} for n, q, a, goal in rows]


def collected(
    rows: list[Row], goals: list[Row], now: datetime = JUNE[1], period: Interval | None = None
) -> list[list[Any]]:
    """The quotas of ten days of June."""
    tables = store("answers", rows), store("quotas", goals, QUOTAS), FORMS
    found = records(quotas(*tables, period=period or by(None, *TEN_DAYS), now=now))
    return [list(r.values()) for r in found]


def test_quotas_by_hand() -> None:
    goals = wanted(("Men", "Sex", "man", 4), ("Women", "Sex", "woman", 2), ("Others", "Sex", "other", 5))
    rows = [answer(1, "man", "Sex"), answer(2, "woman", "Sex"), answer(3, "woman", "Sex")]
    rows += [answer(4, "man", "Sex", form_id=5), answer(5, "man", "Why?"), answer(6, "man", "Sex", at=TEN_DAYS[1])]
    assert collected(rows, goals, now=JUNE[0] + 5 * DAY) == [
        # Half of the time brought one of four: three times as long again is wanted.
        ["Poll", "Men", 4, 1, 0.25, 0.5, JUNE[0] + 20 * DAY],
        ["Poll", "Others", 5, 0, 0.0, 0.0, None],
        ["Poll", "Women", 2, 2, 1.0, 2.0, None],  # reached: nothing is left to forecast
    ]
    after = collected(rows, goals, now=JUNE[1])  # the period is over: it goes on as in its ten days
    assert [r[5:] for r in after] == [[0.25, JUNE[0] + 40 * DAY], [0.0, None], [1.0, None]]


def test_a_quota_has_conditions() -> None:
    """Of each question one of the answers named for it: young or middle-aged men."""
    goals = wanted(*(("M", "Age", age, 3) for age in ("18-29", "30-44")), ("M", "Sex", "man", 2))
    people = {1: ("18-29", "man"), 2: ("30-44", "man"), 3: ("18-29", "woman"), 4: ("60", "man"), 5: ("30-44", None)}
    rows = [answer(n, said, q) for n, two in people.items() for q, said in zip(("Age", "Sex"), two, strict=True)]
    rows += [answer(1, "30-44", "Age"), answer(6, "18-29", "Age"), answer(6, "man", "Sex", project_id=2)]
    assert [r[1:4] for r in collected(rows, goals)] == [["M", 3, 2]]


@pytest.mark.parametrize("goal", [0, 2**62])
def test_a_quota_of_nothing_or_of_more_than_ever_will_be(goal: int) -> None:
    rows = [answer(1, "man", "Sex")]
    ((_, _, shown, got, share, pace, end),) = collected(rows, wanted(("Men", "Sex", "man", goal)))
    assert (shown, got, end) == (goal, 1, None)
    assert (share, pace) == ((None, None) if goal == 0 else (1 / goal, 1 / goal))


def test_before_the_period_nothing_has_passed() -> None:
    for now in (JUNE[0], JUNE[0] - DAY):
        assert collected([], wanted(("Men", "Sex", "man", 2)), now=now) == [["Poll", "Men", 2, 0, 0.0, None, None]]
    assert collected([answer(1, "man", "Sex")], []) == []


def test_a_forecast_is_cut_to_the_second() -> None:
    rows = [answer(n, "man", "Sex") for n in range(3)]
    ((*_, end),) = collected(rows, wanted(("Men", "Sex", "man", 7)), now=JUNE[0] + timedelta(seconds=10))
    assert end == JUNE[0] + timedelta(seconds=23)  # 10 * 7 / 3


# ---- orders ----------------------------------------------------------------------------------------------------------
def order(n: int, amount: str | None, currency: str | None = "PLN", **other: Any) -> Row:
    """An order that anna took."""
    own = {"project_id": 1, "order_id": n, "operator_id": 9, "at": NOON, "currency": currency, "state": "sent"}
    return own | {"amount": None if amount is None else Decimal(amount)} | other


def taken(rows: list[Row], calls: list[Row], bucket: str | None = None, **options: Any) -> list[list[Any]]:
    """The orders of June."""
    tables = store("orders", rows), store("calls", calls), PROJECTS, OPERATORS
    return [list(r.values()) for r in records(orders(*tables, by=by(bucket), **options))]


def money(amount: str) -> Decimal:
    """An amount as it is kept."""
    return Decimal(amount).quantize(Decimal("0.000001"))


def test_orders_by_hand() -> None:
    rows = [
        order(1, "10.00"),
        order(2, "0.01", state=None),
        order(3, "99.00", state="cancelled"),
        order(4, None),  # nobody knows for how much: it is no order of nothing
        order(5, "7.00", "EUR", operator_id=8),
        order(6, "5.00", None, operator_id=None),
        order(7, "1.00", project_id=2, state="cancelled"),
    ]
    calls = [call(operator_id=9) for _ in range(8)] + [call("abandoned"), call(by_robot=True)]
    assert taken(rows, calls) == [
        ["Acme", "EUR", 1, 0, money("7"), money("7"), 8, 12.5],
        ["Acme", "PLN", 4, 1, money("10.01"), money("5.005"), 8, 50.0],
        ["Acme", None, 1, 0, money("5"), money("5"), 8, 12.5],
        ["Bolt", "PLN", 1, 1, None, None, 0, None],
    ]
    assert [r[:3] + r[6:] for r in taken(rows, calls, per="operator")] == [
        ["anna", "PLN", 5, 8, 62.5],
        ["bob", "EUR", 1, 0, None],
        [None, None, 1, 0, None],
    ]
    shape = types(orders(store("orders", rows), store("calls", calls), PROJECTS, OPERATORS, by=by(None)))
    assert (shape["amount"], shape["mean_amount"]) == ("decimal128(38, 6)", "decimal128(18, 6)")


def test_orders_day_by_day_are_of_local_days() -> None:
    late = JUNE[0] + DAY - SECOND
    rows = [order(1, "1.00", at=late), order(2, "2.00", at=late + SECOND), order(3, "4.00", "EUR", at=late)]
    found = taken(rows, [call(started_at=late), call(started_at=late), call(started_at=JUNE[0] + 3 * DAY)], "day")
    assert [[r[1], str(r[2]), r[3], r[7], r[8]] for r in found] == [
        ["EUR", "2025-06-01", 1, 2, 50.0],
        ["PLN", "2025-06-01", 1, 2, 50.0],
        ["PLN", "2025-06-02", 1, 0, None],
    ]


def test_each_table_is_read_once() -> None:
    assert times_read(orders, "orders", "calls", "projects", "operators", by=by(None))["orders"] == 1
