"""Dialogues one by one and in sum, and SMS, by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

import loaded
from handmade import JUNE, NOON, OPERATORS, PROJECTS, QUEUES, Row, by, columns, records, store, types
from okireports.charts import draw
from okireports.faces import Viewer
from okireports.report import find
from okireports.reports.dialogues import dialogue_log, dialogue_summary, sms_delivery

LOG = columns(
    "dialogue, started_at, channel, project, queue, operator, contact_key, first_reply_s, handle_s, messages_in, "
    "messages_out, outcome, subject"
)
SUMMARY = columns(
    "channel, interval, dialogues, replied, in_time, in_time_rate, first_reply_s, first_reply_p90_s, handle_s, closed, "
    "csat, concurrent_peak"
)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def dialogue(n: int, reply_s: float | None = 30, close_s: float | None = 300, **other: Any) -> Row:
    """A chat of the queue Sales with anna that should be replied to within a minute."""
    at = other.get("started_at", NOON)
    own = {"project_id": 1, "dialogue_id": n, "source_id": f"d-{n}", "channel": "chat", "started_at": at}
    own |= {"queue_id": 1, "operator_id": 9, "reply_within_s": 60.0}
    own["first_reply_at"] = None if reply_s is None else at + reply_s * SECOND
    own["closed_at"] = None if close_s is None else at + close_s * SECOND
    return own | other


def rating(n: int, score: int | None, kind: str = "csat", **other: Any) -> Row:
    """What a customer said of a dialogue."""
    return {"project_id": 1, "dialogue_id": n, "kind": kind, "score": score, "at": NOON + 10 * MINUTE} | other


# ---- the log ---------------------------------------------------------------------------------------------------------
def log(*rows: Row, **options: int) -> list[Row]:
    """The log over these dialogues."""
    return records(dialogue_log(store("dialogues", rows), PROJECTS, QUEUES, OPERATORS, period=by(None), **options))


def test_a_dialogue_in_the_log_by_hand() -> None:
    full = dialogue(1, 12.5, 100, contact_key=7, messages_in=3, messages_out=2, outcome="answered", subject="invoice")
    bare = {"project_id": 0, "dialogue_id": 2, "source_id": "d-2", "started_at": NOON}
    first, second = log(bare, full)
    assert list(first) == LOG
    assert list(second.values()) == [
        *("d-1", NOON, "chat", "Acme", "Sales", "anna", 7, 12.5, 87.5, 3, 2, "answered", "invoice")
    ]
    assert list(first.values()) == ["d-2", NOON, *[None] * 11]


def test_a_length_that_ends_before_it_begins_is_not_known() -> None:
    rows = [dialogue(1, -1, 60), dialogue(2, 90, 60), dialogue(3, None, 60), dialogue(4, 5, None), dialogue(5, 0, 0)]
    found = [(r["first_reply_s"], r["handle_s"]) for r in log(*rows)]
    assert found == [(None, 61.0), (90.0, None), (None, None), (5.0, None), (0.0, 0.0)]


def test_the_log_is_newest_first_of_the_period_and_cut_into_pages() -> None:
    starts = (JUNE[0], NOON, NOON, JUNE[1] - SECOND, JUNE[1], JUNE[0] - SECOND)
    rows = [dialogue(n, started_at=at, project_id=2 if n == 1 else 1) for n, at in enumerate(starts)]
    assert [r["dialogue"] for r in log(*rows)] == ["d-3", "d-2", "d-1", "d-0"]
    assert [r["dialogue"] for r in log(*rows, limit=2, offset=1)] == ["d-2", "d-1"]


# ---- the summary -----------------------------------------------------------------------------------------------------
def summary(*rows: Row, ratings: list[Row] | None = None, interval: str | None = None, **options: Any) -> list[Row]:
    """The summary over these dialogues."""
    tables = (store("dialogues", rows), QUEUES, OPERATORS, store("ratings", ratings or []))
    return records(dialogue_summary(*tables, period=by(None), by=by(interval), **options))


def test_a_summary_by_hand() -> None:
    rows = [
        dialogue(1, 30, 330),
        dialogue(2, 60, 160, started_at=NOON + 10 * MINUTE),  # in time to the second
        dialogue(3, 61, None),
        dialogue(4, None, 30, reply_within_s=None),
        dialogue(5, -5, 20),  # replied to, nobody knows when
        dialogue(6, None, 9, channel="sms", reply_within_s=None, operator_id=None, queue_id=None),
        dialogue(7, 1, 2, channel=None, started_at=JUNE[1]),
    ]
    ratings = [rating(1, 5), rating(1, 3), rating(2, 4), rating(3, None), rating(4, 9, "nps"), rating(4, 9)]
    ratings += [rating(2, 1, project_id=2), rating(5, 4, at=JUNE[1] + 7 * DAY), rating(6, 2)]
    found = summary(*rows, ratings=ratings)
    assert list(found[0]) == [c for c in SUMMARY if c != "interval"]
    assert [list(r.values()) for r in found] == [
        # 30, 60 and 61 s; handled for 300, 100 and 25 s; 1, 4 and 5 at once
        ["chat", 5, 4, 2, 2 / 4, 151 / 3, pytest.approx(60.8), 425 / 3, 4, 2 / 3, 3],
        ["sms", 1, 0, 0, None, None, None, None, 1, 0.0, 1],
    ]


def test_a_summary_by_operator_or_queue_and_day() -> None:
    rows = [
        dialogue(1, 10, 2 * 86_400, operator_id=8, queue_id=2),
        dialogue(2, 10, 60, started_at=NOON + DAY, operator_id=8),
        dialogue(3, None, 60, operator_id=None),
        dialogue(4, None, 60, operator_id=None, queue_id=None),
        dialogue(5, 10, 0),
    ]
    operators = [(r["operator"], r["dialogues"], r["concurrent_peak"]) for r in summary(*rows, per="operator")]
    assert operators == [("anna", 1, 0), ("bob", 2, 2), (None, 2, 2)]
    found = summary(*rows, per="operator", interval="day", ratings=[rating(2, 5, at=NOON + 3 * DAY)])
    assert list(found[0]) == ["operator", *SUMMARY[1:]]
    days = [(r["operator"], r["interval"].day, r["dialogues"], r["csat"], r["concurrent_peak"]) for r in found]
    # On the third day bob goes on with the first dialogue, and starts no other: no row.
    assert days == [("anna", 2, 1, None, 0), ("bob", 2, 1, None, 1), ("bob", 3, 1, 1.0, 2), (None, 2, 2, None, 2)]
    queues = [(r["queue"], r["dialogues"]) for r in summary(*rows, per="queue")]
    assert queues == [("Help", 1), ("Sales", 3), (None, 1)]


def test_who_comes_as_another_goes_is_not_one_more_at_once() -> None:
    before = dialogue(1, 1, 3600, started_at=JUNE[0] - MINUTE)  # in progress when the period begins
    rows = [before, dialogue(2, 1, 60, started_at=JUNE[0]), dialogue(3, 1, 60, started_at=JUNE[0] + MINUTE)]
    (row,) = summary(*rows)
    assert (row["dialogues"], row["concurrent_peak"]) == (2, 2)


def test_without_dialogues_the_columns_and_types_stay() -> None:
    tables = (store("dialogues"), QUEUES, OPERATORS, store("ratings"))
    empty = dialogue_summary(*tables, period=by(None), by=by("day"))
    assert records(empty) == [] and list(types(empty)) == SUMMARY
    assert {types(empty)[name] for name in ("dialogues", "in_time", "closed", "concurrent_peak")} == {"int64"}


# ---- SMS -------------------------------------------------------------------------------------------------------------
def sms(n: int, outcome: str | None = "delivered", template: str | None = "Visit", **other: Any) -> Row:
    """A message."""
    return dialogue(n, None, 5, channel="sms", outcome=outcome, template=template, **other)


def charge(amount: str, currency: str = "PLN", **other: Any) -> Row:
    """What messages of a project cost."""
    own = {"project_id": 1, "kind": "sms", "amount": Decimal(amount), "currency": currency, "at": NOON}
    return own | other


def delivered(*rows: Row, charges: list[Row] | None = None, chosen: list[Row] | None = None) -> list[list[Any]]:
    """What became of these messages; `chosen` are the ones that a filter left."""
    every, money = store("dialogues", rows), None if charges is None else store("charges", charges)
    some = every if chosen is None else store("dialogues", chosen)
    return [list(r.values()) for r in records(sms_delivery(some, every, money, period=by(None)))]


MESSAGES = [
    *(sms(n) for n in (1, 2, 3)),
    sms(4, "not delivered"),
    sms(5, "delivered", "Order", project_id=2),
    sms(6, "delivered", "Order"),
    sms(7, None, None, project_id=3),
    dialogue(8),
    sms(9, started_at=JUNE[1]),
]


def test_messages_and_what_they_cost_by_hand() -> None:
    charges = [
        charge("1.00"),
        charge("0.25"),  # 0.25 for each of the five messages of Acme
        charge("0.10", project_id=2),
        charge("7", kind="telephony"),
        charge("7", at=JUNE[1]),
        charge("7", "EUR", project_id=9),
    ]
    assert delivered(*MESSAGES, charges=charges) == [
        ["Order", "delivered", 2, 1.0, Decimal("0.350000"), "PLN"],
        ["Visit", "delivered", 3, 0.75, Decimal("0.750000"), "PLN"],
        ["Visit", "not delivered", 1, 0.25, Decimal("0.250000"), "PLN"],
        [None, None, 1, 1.0, None, None],
    ]
    assert [row[:4] for row in delivered(*MESSAGES, charges=charges)] == delivered(*MESSAGES)


def test_messages_in_two_currencies_have_no_amount() -> None:
    charges = [charge("1.00"), charge("1.00", "EUR", project_id=2)]
    assert [row[4:] for row in delivered(*MESSAGES, charges=charges)] == [
        [None, None],
        [Decimal("0.600000"), "PLN"],
        [Decimal("0.200000"), "PLN"],
        [None, None],
    ]


def test_the_price_of_a_message_does_not_depend_on_a_filter() -> None:
    (row,) = delivered(*MESSAGES, charges=[charge("1.00")], chosen=MESSAGES[:2])
    assert row == ["Visit", "delivered", 2, 1.0, Decimal("0.400000"), "PLN"]


# ---- through the door ------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """Who sees a centre whose ratings and charges name no queue and no operator."""
    center = loaded.centre(tmp_path_factory.mktemp("dialogues") / "centre")
    at = "2025-06-02T10:00:00Z"
    dialogues = f"""
        source_id,channel,queue,operator,project,template,outcome,started_at,first_reply_at,closed_at
        d-1,chat,Acme sales,anna,,,,{at},2025-06-02T10:00:20Z,2025-06-02T10:09:00Z
        d-2,chat,Acme sales,bea,,,,{at},2025-06-02T10:01:20Z,2025-06-02T10:09:00Z
        d-3,sms,,anna,Acme,Visit,delivered,{at},,
        d-4,sms,,,Acme,Visit,delivered,{at},,
        d-5,fax,,,Acme,,,{at},,
        """
    ratings = f"source_id,dialogue,kind,score,at\nr-1,d-1,csat,5,{at}\nr-2,d-2,csat,1,{at}\n"
    charges = f"source_id,kind,project,amount,currency,at\nx,sms,Acme,0.2,PLN,{at}\n"
    targets = "queue,answer_within_s,reply_within_s\nAcme sales,20,60\n"
    loaded.load(center, {"targets": targets})
    result = loaded.load(center, {"dialogues": dialogues, "ratings": ratings, "charges": charges})
    assert result.rows_rejected == 1  # there is no such channel
    yield center.viewer("admin", reason="a test")


def test_what_is_looked_up_beside_dialogues_is_whole(viewer: Viewer) -> None:
    def asked(name: str, **filters: Any) -> Row:
        (row,) = viewer.report(name, period="2025-06", **filters).arrow.to_pylist()
        found: Row = row
        return found

    chats = {"queues": "Acme sales"}
    assert (asked("dialogue_summary", **chats)["csat"], asked("dialogue_summary", **chats)["in_time"]) == (0.5, 1)
    anna = viewer.report("dialogue_summary", period="2025-06", operators="anna").arrow.to_pylist()
    assert [(r["channel"], r["csat"], r["in_time_rate"]) for r in anna] == [("chat", 1.0, 1.0), ("sms", None, None)]
    assert (asked("sms_delivery")["messages"], asked("sms_delivery")["amount"]) == (2, Decimal("0.200000"))
    assert asked("sms_delivery", operators="anna")["amount"] == Decimal("0.100000")


def test_a_summary_is_drawn_whatever_it_is_by() -> None:
    def marks(frame: pd.DataFrame, per: str | None = None) -> list[str]:
        chart = draw(find("dialogue_summary").chart, frame, title="", zone="UTC", by=per, report="dialogue_summary")
        return [layer["mark"]["type"] for layer in chart.to_dict()["layer"]]

    figures = {"dialogues": [3, 2], "replied": [2, 2], "in_time": [1, 2]}
    for per in ("channel", "operator", "queue"):
        assert marks(pd.DataFrame({per: ["one", "other"]} | figures)) == ["bar"]
    days = {"interval": [datetime(2025, 6, 2), datetime(2025, 6, 3)]}
    assert marks(pd.DataFrame({"operator": ["one", "one"]} | days | figures), "day") == ["line"]
