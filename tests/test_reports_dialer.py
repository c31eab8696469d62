"""The dialer's reports by hand: attempts, tasks, imports, drops of 30 days, messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ibis import Table

import growing
from handmade import (
    CON,
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
    types,
    values,
)
from okireports import charts, frames
from okireports.errors import BadOption
from okireports.metrics import dialing
from okireports.report import REPORTS
from okireports.reports.dialer import (
    autoinformer,
    dialer_summary,
    dropped_calls,
    imports,
    reachability,
    task_log,
    task_results,
)

DIALERS = directory("dialer", {4: "Offers", 5: "Surveys"})
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RESULTS = store(
    "results",
    [
        {"project_id": 1, "result": "sold", "sale": True},
        {"project_id": 1, "result": "refused", "sale": False},
        {"project_id": 2, "result": "refused", "sale": True},  # a word that means something else there
    ],
    {"project_id": "int64", "result": "string", "sale": "boolean"},
)
SUMMED = columns(
    "project, dialer, attempts, persons, machines, contact_rate, sales, conversion, drops, drop_rate_persons, talk_s, "
    "operators_ready_s"
)
LISTED = {"import": "string", "dialer_id": "int64", "imported_at": "timestamp(6)"}


def attempt(outcome: str = "answered", n: int = 0, **other: Any) -> Row:
    """A dialer's call; somebody picks up where the outcome says so."""
    up = NOON + 5 * SECOND if outcome in ("answered", "dropped") else None
    own = {"call_id": n, "dialer_id": 4, "queue_id": None, "queued_at": None, "direction": "outbound"}
    return call(outcome, None, **(own | {"picked_up_at": up, "ended_at": NOON + MINUTE} | other))


def rows(expression: Table) -> list[list[Any]]:
    """The rows that an expression gives, without names."""
    return [list(r.values()) for r in records(expression)]


# ---- attempts --------------------------------------------------------------------------------------------------------
def summary(
    calls: Iterable[Row], statuses: Iterable[Row] = (), charges: Iterable[Row] | None = None, word: str | None = None
) -> Table:
    """The summary of these calls."""
    money = None if charges is None else store("charges", charges)
    tables = store("calls", calls), store("statuses", statuses), PROJECTS, DIALERS, RESULTS, money
    return dialer_summary(*tables, period=by(None), by=by(word))


def test_who_was_reached_and_what_came_of_it() -> None:
    calls = [
        attempt(result="sold", talk_ms=60_000),
        attempt(result="refused", talk_ms=20_000),
        attempt("dropped"),
        attempt("machine", talk_ms=5_000),
        attempt("machine", picked_up_at=NOON),  # something picked up, nobody did
        attempt("no_answer"),
        attempt("busy"),
        attempt("answered", picked_up_at=None, talk_ms=None),  # nobody knows whether somebody picked up
        attempt("no_answer", dialer_id=5),
        attempt(project_id=2, result="refused"),
        attempt(dialer_id=None, result="sold"),  # no dialer's
        attempt(started_at=JUNE[1]),  # of July
    ]
    found = summary(calls)
    assert list(found.columns) == SUMMED
    assert rows(found) == [
        ["Acme", "Offers", 8, 3, 2, 3 / 8, 1, 1 / 3, 1, 1 / 3, 85.0, 0.0],
        ["Acme", "Surveys", 1, 0, 0, 0.0, 0, None, 0, None, 0.0, 0.0],
        ["Bolt", "Offers", 1, 1, 0, 1.0, 1, 1.0, 0, 0.0, 0.0, 0.0],
    ]


def test_operators_are_ready_for_the_dialers_they_work_for() -> None:
    def status(operator: int, start: datetime, end: datetime | None, name: str = "Ready") -> Row:
        return {"operator_id": operator, "status": name, "started_at": start, "ended_at": end}

    calls = [
        attempt(operator_id=9),
        attempt(operator_id=9, started_at=NOON + MINUTE),  # the same operator once
        attempt(operator_id=9, dialer_id=5),
        attempt(operator_id=8, started_at=NOON + DAY),
        attempt("no_answer"),
    ]
    statuses = [
        status(9, NOON - HOUR, NOON),
        status(9, NOON, NOON + HOUR, "Busy"),
        status(9, NOON + HOUR, None),  # who knows how long
        status(8, NOON, NOON + HOUR),
        status(9, JUNE[0] - HOUR, JUNE[0] + MINUTE),  # from before the period
        status(7, NOON, NOON + HOUR),  # works for none
    ]
    whole = {r["dialer"]: r["operators_ready_s"] for r in records(summary(calls, statuses))}
    assert whole == {"Offers": 3600.0 + 60.0 + 3600.0, "Surveys": 3660.0}
    days = [(r["dialer"], r["interval"], r["operators_ready_s"]) for r in records(summary(calls, statuses, word="day"))]
    assert days == [
        ("Offers", date(2025, 6, 2), 3600.0),
        ("Offers", date(2025, 6, 3), 0.0),  # bob was ready on the day before
        ("Surveys", date(2025, 6, 2), 3600.0),
    ]


def test_a_sale_has_a_price_in_one_currency() -> None:
    def charge(n: int, amount: str, currency: str = "PLN", at: datetime = NOON + MINUTE) -> Row:
        return {"project_id": 1, "call_id": n, "amount": Decimal(amount), "currency": currency, "at": at}

    calls = [attempt(n=n, result="sold") for n in (1, 2, 3)] + [attempt("busy", n=4)]
    dear = [
        charge(1, "1.00"),
        charge(4, "0.50"),
        charge(2, "0.50"),
        charge(9, "7"),
        charge(3, "5", at=JUNE[1] + 2 * DAY),
    ]

    def price(calls: Iterable[Row], charges: Iterable[Row]) -> list[Any]:
        return rows(summary(calls, charges=charges))[0][-2:]

    assert price(calls, dear) == [Decimal("0.666667"), "PLN"]
    assert price(calls, [*dear, charge(4, "0.01", "EUR")]) == [None, None]
    assert price([attempt(n=1, result="refused")], dear) == [None, None]
    assert price(calls, []) == [None, None]


def test_when_persons_can_be_reached() -> None:
    night = datetime(2025, 6, 2, 22, 30)  # half past midnight of the next day in Warsaw
    calls = [
        attempt(attempt_no=1),
        attempt("no_answer", attempt_no=1, started_at=NOON + 59 * MINUTE),
        attempt("dropped", attempt_no=2),
        attempt("machine", attempt_no=2, started_at=night),
        attempt("busy"),
        attempt(attempt_no=1, dialer_id=None),
    ]
    found = reachability(store("calls", calls), period=by(None))
    assert list(found.columns) == columns("attempt_no, hour, attempts, persons, contact_rate")
    assert rows(found) == [[1, 12, 2, 1, 0.5], [2, 0, 1, 0, 0.0], [2, 12, 1, 1, 1.0], [None, 12, 1, 0, 0.0]]


def test_attempts_that_nobody_numbered_have_a_lane_of_their_own_in_the_chart() -> None:
    calls = [attempt(attempt_no=2), attempt("busy"), attempt("busy", attempt_no=1, started_at=NOON + 2 * HOUR)]
    frame = frames.frame(CON.to_pyarrow(reachability(store("calls", calls), period=by(None))))
    drawn = charts.draw(REPORTS["reachability"].chart, frame, title="", zone="Europe/Warsaw", report="reachability")
    cells = drawn.to_dict()["layer"][0]["encoding"]
    assert (cells["x"]["scale"]["domain"], cells["y"]["scale"]["domain"]) == ([12, 13, 14], ["1", "2", "(none)"])
    assert cells["y"]["title"] == "Attempt"


# ---- tasks -----------------------------------------------------------------------------------------------------------
def task(n: int, **other: Any) -> Row:
    """A task of Acme's dialer for offers, without a call."""
    own = {"project_id": 1, "task_id": n, "source_id": f"t-{n}", "dialer_id": 4, "created_at": NOON, "attempts": 0}
    return own | {"import": "June", "max_attempts": 3} | other


def tried(n: int, after: timedelta, outcome: str = "answered", **other: Any) -> Row:
    """A call of a task, some time after noon."""
    at = NOON + after
    up = at if outcome in ("answered", "dropped") else None
    answered = at if outcome == "answered" else None
    own: Row = {"task_id": n, "started_at": at, "picked_up_at": up, "answered_at": answered}
    return attempt(outcome, **(own | other))


def log(tasks: Iterable[Row], calls: Iterable[Row] = (), contacts: Table | None = None, **page: Any) -> Table:
    """The log of these tasks."""
    tables = store("tasks", tasks), PROJECTS, DIALERS, OPERATORS, store("calls", calls), contacts
    return task_log(*tables, period=by(None), **page)


def test_how_far_tasks_have_come() -> None:
    tasks = [
        task(1, attempts=7, state="done", result="sold", contact_key=70),
        task(2, attempts=None, created_at=NOON + HOUR, next_attempt_at=NOON + DAY),
        task(3, dialer_id=None, attempts=None),
        task(4, created_at=JUNE[1]),
    ]
    calls = [
        tried(1, MINUTE, operator_id=8),
        tried(1, 2 * MINUTE, call_id=5, operator_id=9),
        tried(1, 2 * MINUTE, call_id=4, operator_id=8),  # at the same instant: the one with the greater id is the last
        tried(1, 30 * DAY, operator_id=8),  # too late to be looked for
        tried(2, 30 * MINUTE),  # before there was such a task
        tried(2, 2 * HOUR, "no_answer"),
        tried(2, 3 * HOUR, project_id=2, operator_id=9),  # another project's task of that id
    ]
    contacts = store("contacts", [{"project_id": 1, "contact_key": 70, "phone": "+48220000101"}])
    found = records(log(tasks, calls, contacts))
    assert list(found[0]) == columns(
        "task, created_at, project, dialer, import, state, attempts, max_attempts, last_attempt_at, next_attempt_at, "
        "result, operator, contact_key, phone"
    )
    assert [list(r.values()) for r in found] == [
        ["t-2", NOON + HOUR, "Acme", "Offers", "June", None, 1, 3, NOON + 2 * HOUR, NOON + DAY, *[None] * 4],
        [
            *("t-1", NOON, "Acme", "Offers", "June", "done", 7, 3, NOON + 2 * MINUTE),
            *(None, "sold", "anna", 70, "+48220000101"),
        ],
        ["t-3", NOON, "Acme", None, "June", None, 0, 3, *[None] * 6],
    ]
    assert "phone" not in log(tasks).columns
    assert [r["task"] for r in records(log(tasks, calls, limit=1, offset=1))] == ["t-1"]


def test_a_page_is_a_part_of_the_log() -> None:
    tasks = [task(n, attempts=None, created_at=NOON + n * HOUR) for n in range(1, 5)]
    calls = [tried(n, n * HOUR, operator_id=8) for n in range(1, 5)]  # at once
    whole = records(log(tasks, calls))
    assert [r["attempts"] for r in whole] == [1] * 4
    for limit in (1, 2, 3):
        for offset in range(4):
            assert records(log(tasks, calls, limit=limit, offset=offset)) == whole[offset : offset + limit]


def test_with_what_tasks_ended() -> None:
    tasks = [
        task(1, result="sold", attempts=2),
        task(2, result="sold", attempts=None),
        task(3, result=None, attempts=3),
        task(4, result="sold", dialer_id=5),
        task(5, created_at=JUNE[0] - SECOND),
    ]
    calls = [
        tried(1, MINUTE, talk_ms=60_000),
        tried(1, HOUR, talk_ms=30_000),
        tried(2, MINUTE, talk_ms=None),
        tried(2, MINUTE, "dropped", talk_ms=2_000),  # nobody talked with her
        tried(3, MINUTE, by_robot=True, talk_ms=10_000),
    ]
    found = task_results(store("tasks", tasks), DIALERS, store("calls", calls), period=by(None))
    assert list(found.columns) == columns("dialer, result, tasks, share, attempts, talk_mean_s")
    assert rows(found) == [
        ["Offers", "sold", 2, 2 / 3, 4, 45.0],
        ["Offers", None, 1, 1 / 3, 3, 10.0],
        ["Surveys", "sold", 1, 1.0, 0, None],
    ]


def brought(tasks: Iterable[Row], calls: Iterable[Row] = (), known: Iterable[Row] = ()) -> Table:
    """The report of imports."""
    tables = store("tasks", tasks), DIALERS, RESULTS, store("imports", known, LISTED), store("calls", calls)
    return imports(*tables, period=by(None))


def test_how_far_an_import_has_come() -> None:
    tasks = [
        task(1, attempts=1, result="sold", closed_at=NOON + DAY),
        task(2, attempts=3),  # as many as it may have, and the last reached somebody
        task(3, attempts=3, closed_at=NOON + DAY),
        task(4, attempts=9, max_attempts=None),  # it may go on for ever
        task(5),
        task(6, closed_at=NOON + DAY, result="refused"),  # withdrawn
        task(7, attempts=2, **{"import": None}),
    ]
    calls = [
        tried(1, MINUTE),
        tried(2, MINUTE, "dropped"),
        tried(3, MINUTE, "machine"),
        tried(4, 40 * DAY),  # too late to be looked for
    ]
    found = brought(tasks, calls, [{"import": "June", "dialer_id": 4, "imported_at": NOON - DAY}])
    assert list(found.columns) == columns(
        "dialer, import, imported_at, records, tried, penetration, reached, sales, exhausted, remaining, "
        "attempts_per_record"
    )
    assert rows(found) == [
        ["Offers", "June", NOON - DAY, 6, 4, 4 / 6, 2, 1, 1, 2, 16 / 4],
        ["Offers", None, None, 1, 1, 1.0, 0, 0, 0, 1, 2.0],
    ]


def test_an_import_that_never_existed_has_no_time_and_one_without_records_is_no_row() -> None:
    known = [
        {"import": "June", "dialer_id": 5, "imported_at": NOON},  # of another dialer
        {"import": "July", "dialer_id": 4, "imported_at": NOON},
        {"import": "May", "dialer_id": 4, "imported_at": None},
        {"import": "May", "dialer_id": 4, "imported_at": NOON},
    ]
    found = brought([task(1), task(2, **{"import": "May"})], known=known)
    assert [r[:4] for r in rows(found)] == [["Offers", "June", None, 1], ["Offers", "May", NOON, 1]]
    assert [(r["tried"], r["attempts_per_record"]) for r in records(found)] == [(0, None), (0, None)]


def test_of_a_dialer_that_changed_hands_each_client_knows_her_own_imports(tmp_path: Path) -> None:
    made = growing.make(tmp_path)
    moved = "2025-06-10"
    owners = [{"project": "Beta", "valid_to": moved}, {"project": "Alpha", "valid_from": moved}]
    given = {"Spring": "2025-06-05", "Summer": "2025-06-15", "Autumn": ""}
    rows = {
        "objects": [{"kind": "dialer", "name": "Offers"}],
        "project_objects": [row | {"kind": "dialer", "name": "Offers"} for row in owners],
        "imports": [{"import": name, "dialer": "Offers", "imported_at": at} for name, at in given.items()],
        "tasks": [
            {"source_id": f"{name} {day}", "dialer": "Offers", "import": name, "created_at": f"2025-06-{day}"}
            for name in given
            for day in ("06", "16")
        ],
    }
    made.load(growing.write(tmp_path / "moved", rows), timezone="Europe/Warsaw")

    def known(login: str) -> list[tuple[Any, ...]]:
        found = made.viewer(login).report("imports", period="2025-06").arrow.to_pylist()
        return [(r["import"], r["records"], r["imported_at"] and r["imported_at"].day) for r in found]

    assert known("boss") == [("Autumn", 2, None), ("Spring", 2, 5), ("Summer", 2, 15)]
    assert known("anna") == [("Autumn", 1, None), ("Spring", 1, None), ("Summer", 1, 15)]
    with pytest.raises(BadOption, match="cannot be filtered by operators; by dialers"):
        made.viewer("anna").report("task_log", period="2025-06", operators="olek")


# ---- drops -----------------------------------------------------------------------------------------------------------
MIDNIGHT = datetime(2025, 6, 9, 22)  # of 10 June in Warsaw
THREE_DAYS = by(None, MIDNIGHT, MIDNIGHT + 3 * DAY)


def dropped(*calls: Row, period: Any = THREE_DAYS, now: datetime = datetime(2025, 7, 1)) -> list[Row]:
    """Dropped calls of 10 to 12 June."""
    return records(dropped_calls(store("calls", calls), DIALERS, period=period, now=now))


def several(at: datetime, persons: int, drops: int, **other: Any) -> list[Row]:
    """Attempts that reached persons, of whom some found nobody."""
    ends = ["dropped"] * drops + ["answered"] * (persons - drops)
    return [attempt(end, started_at=at, picked_up_at=at, **other) for end in ends]


def test_three_rates_of_a_day() -> None:
    at = MIDNIGHT + HOUR
    calls = [
        *several(at, persons=4, drops=1),
        attempt("machine", started_at=at),
        *(attempt(end, started_at=at) for end in ("busy", "no_answer", "failed", "machine", "rejected")),
    ]
    first, *empty = dropped(*calls)
    assert list(first) == columns(
        "dialer, day, attempts, persons, drops, drop_rate_attempts, drop_rate_answered, drop_rate_persons, "
        "rolling_30d_rate, limit_rate, over"
    )
    assert list(first.values()) == ["Offers", date(2025, 6, 10), 10, 4, 1, 1 / 10, 1 / 6, 1 / 4, 1 / 4, 0.03, True]
    for row, day in zip(empty, (11, 12), strict=True):  # nobody was called, and the month goes on
        assert list(row.values()) == ["Offers", date(2025, 6, day), 0, 0, 0, None, None, None, 1 / 4, 0.03, True]


def test_thirty_days_reach_back_before_the_period() -> None:
    calls = [
        *several(MIDNIGHT - 29 * DAY, persons=60, drops=6),  # 12 May begins: 29 days before 10 June
        *several(MIDNIGHT - 29 * DAY - SECOND, persons=50, drops=50),  # the day before it
        *several(MIDNIGHT + DAY, persons=40, drops=0),
        *several(MIDNIGHT - DAY, persons=9, drops=0, dialer_id=5),
        *several(MIDNIGHT - 31 * DAY, persons=9, drops=0, dialer_id=None),
    ]
    found = [(r["dialer"], r["day"].day, r["persons"], r["rolling_30d_rate"], r["over"]) for r in dropped(*calls)]
    assert found == [
        ("Offers", 10, 0, 6 / 60, True),
        ("Offers", 11, 40, 0.0, False),  # 12 May is no longer among them
        ("Offers", 12, 0, 0.0, False),
        *(("Surveys", day, 0, 0.0, False) for day in (10, 11, 12)),
    ]


@pytest.mark.parametrize(("drops", "over"), [(2, False), (3, False), (4, True)])
def test_three_per_cent_are_allowed(drops: int, over: bool) -> None:
    (first, *_) = dropped(*several(MIDNIGHT, persons=100, drops=drops))
    assert (first["rolling_30d_rate"], first["over"]) == (drops / 100, over)


def test_without_persons_nothing_is_known() -> None:
    (first, *_) = dropped(attempt("machine", started_at=MIDNIGHT))
    assert (first["drop_rate_attempts"], first["drop_rate_answered"]) == (0.0, 0.0)
    assert [first[name] for name in ("drop_rate_persons", "rolling_30d_rate", "over")] == [None] * 3


def test_a_day_that_is_cut_counts_whole_in_thirty_days_and_the_future_is_no_row() -> None:
    calls = [*several(MIDNIGHT + HOUR, persons=3, drops=3), *several(MIDNIGHT + 13 * HOUR, persons=1, drops=0)]
    half = by(None, MIDNIGHT + 12 * HOUR, MIDNIGHT + 2 * DAY)
    found = dropped(*calls, period=half, now=MIDNIGHT + DAY)
    assert [(r["day"].day, r["persons"], r["drops"], r["rolling_30d_rate"]) for r in found] == [(10, 1, 0, 3 / 4)]
    early = by(None, MIDNIGHT, MIDNIGHT + 12 * HOUR)  # of what comes after it nothing is known
    assert [(r["persons"], r["rolling_30d_rate"]) for r in dropped(*calls, period=early)] == [(3, 1.0)]


def test_local_days_of_the_autumn_night() -> None:
    sunday = datetime(2025, 10, 25, 22)  # it has 25 hours
    period = by(None, sunday, sunday + timedelta(hours=49))
    calls = [*several(sunday + 24 * HOUR + 59 * MINUTE, 1, 1), *several(sunday + 25 * HOUR, 2, 0)]
    found = dropped(*calls, period=period, now=datetime(2026, 1, 1))
    assert [(r["day"].day, r["persons"], r["drops"]) for r in found] == [(26, 1, 1), (27, 2, 0)]


# ---- messages --------------------------------------------------------------------------------------------------------
def heard(n: int, played_s: float | None, message_s: float | None = 20.0, **other: Any) -> Row:
    """An attempt at which a message was played."""
    lengths = {"played_ms": played_s, "message_ms": message_s}
    lengths = {name: None if s is None else round(s * 1000) for name, s in lengths.items()}
    return attempt(n=n, by_robot=True, **(lengths | other))


def step(n: int, no: int, said: str | None = None, recognised: str | None = None, after: timedelta = MINUTE) -> Row:
    """A step of a call."""
    own = {"project_id": 1, "call_id": n, "ivr_step_id": 10 * n + no, "step_no": no, "at": NOON + after}
    return own | {"input": said, "recognised_text": recognised}


def test_what_people_heard_and_answered() -> None:
    calls = [
        heard(1, 20.0),
        heard(2, 30.0, operator_id=9),  # she heard it twice
        heard(3, 5.0, went_to_other=True),
        heard(4, 12.0, None, transfer_to_call_id=5),  # who knows how long it is
        heard(5, 0.0),  # nothing was heard
        heard(6, None),
        heard(7, 9.0, dialer_id=None),
        heard(8, 10.0, project_id=2),  # its steps are another call's
        heard(9, 4.0, dialer_id=5, message_s=0.0),
    ]
    steps = [
        step(1, 1, "2"),
        step(1, 2, "1", "confirmed"),
        step(1, 3),  # the last one that says something counts
        step(2, 1, "1"),
        step(8, 1, "9"),
        step(9, 1, "1", after=JUNE[1] - NOON + 2 * DAY),
    ]
    found = autoinformer(store("calls", calls), store("ivr_steps", steps), DIALERS, period=by(None))
    assert list(found.columns) == columns("dialer, input, played, listened_share, transferred, recognised")
    assert rows(found) == [
        ["Offers", "1", 2, 1.0, 1, 1],
        ["Offers", None, 3, 15 / 40, 2, 0],
        ["Surveys", None, 1, None, 0, 0],
    ]


# ---- all of them -----------------------------------------------------------------------------------------------------
def test_figures_of_attempts_look_at_attempts_only() -> None:
    others = [call(picked_up_at=NOON, sale=True), call("machine"), call("dropped", picked_up_at=NOON)]
    counted = (dialing.attempts, dialing.persons, dialing.machines, dialing.drops, dialing.taken, dialing.contact_rate)
    assert set(values(others, *counted).values()) == {0, None}
    parts = values([attempt("dropped"), attempt("machine"), attempt(), attempt("busy")], dialing.drops, dialing.taken)
    assert parts == {"drops": 1, "taken": 3}


def test_nothing_is_no_row_and_the_types_stay() -> None:
    calls = store("calls")
    assert records(summary([], charges=[])) == records(log([])) == records(brought([])) == dropped() == []
    assert records(reachability(calls, period=by(None))) == []
    kinds = types(dropped_calls(calls, DIALERS, period=by(None), now=JUNE[1]))
    assert (kinds["day"], kinds["attempts"], kinds["rolling_30d_rate"], kinds["over"]) == (
        *("date32[day]", "int64"),
        *("double", "bool"),
    )
    assert types(summary([], charges=[]))["cost_per_sale"] == "decimal128(18, 6)"
    assert types(autoinformer(calls, store("ivr_steps"), DIALERS, period=by(None)))["listened_share"] == "double"
