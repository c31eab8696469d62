"""Call tracking, paths through scenarios and outcomes by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from handmade import JUNE, NOON, OPERATORS, PROJECTS, QUEUES, Row, by, call, columns, directory, records, store
from okireports.reports.calls import call_outcomes, call_tracking, ivr_paths

TRACKED = columns("project, line, inbound, first_time, answered, lost, talk_mean_s, sales, conversion")
PATHS = columns("entered, went_on, hung_up, goals, goal_rate, mean_s")
SCENARIOS = directory("scenario", {1: "Menu", 2: "Night"})
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
RESULTS = store(
    "results",
    [
        {"project_id": 1, "result": "sold", "sale": True},
        {"project_id": 1, "result": "refused", "sale": False},
        {"project_id": 1, "result": "unclear", "sale": None},
        {"project_id": 2, "result": "refused", "sale": True},  # a word that means something else there
    ],
    {"project_id": "int64", "result": "string", "sale": "boolean"},
)


def contact(n: int, outcome: str = "answered", **other: Any) -> Row:
    """An inbound contact of the line 100, an interaction of its own unless it says of which it is one."""
    own = {"call_id": n, "interaction_id": n, "line": "100", "ended_at": NOON + MINUTE}
    return call(outcome, **(own | other))


def tracked(*rows: Row, charges: list[Row] | None = None) -> list[Row]:
    """Call tracking over these calls."""
    calls, money = store("calls", rows), None if charges is None else store("charges", charges)
    return records(call_tracking(calls, PROJECTS, calls, RESULTS, money, period=by(None)))


def charge(call_id: int, amount: str, currency: str = "PLN", **other: Any) -> Row:
    """What a call cost."""
    own = {"project_id": 1, "call_id": call_id, "amount": Decimal(amount), "currency": currency, "at": NOON + MINUTE}
    return own | other


def test_call_tracking_by_hand() -> None:
    rows = [
        contact(1, talk_ms=60_000, result="sold", contact_key=7),
        contact(2, talk_ms=30_000, result="sold", contact_key=7, started_at=NOON + MINUTE, interaction_id=1),
        contact(3, "voicemail", result="refused", contact_key=8),
        contact(4, "refused", queued_at=None, result="unclear"),
        contact(5, "abandoned", line=None),
        contact(6, line="200", direction="outbound", result="sold"),
        contact(7, project_id=2, result="refused", talk_ms=None, contact_key=9),
        contact(8, project_id=2, contact_key=9, started_at=JUNE[0] - 200 * DAY),
    ]
    found = tracked(*rows)
    assert list(found[0]) == TRACKED
    assert [list(r.values()) for r in found] == [
        # 1 and 2 are one call, sold once; its caller is new when it begins. Two of three people are known.
        ["Acme", "100", 3, 2, 2, 1, 45.0, 1, 1 / 3],
        ["Acme", None, 1, 0, 0, 1, None, 0, 0.0],
        ["Bolt", "100", 1, 0, 1, 0, None, 1, 1.0],  # whom the project knows from the year before
    ]


def test_a_calls_price_is_of_one_currency() -> None:
    rows = [contact(1), contact(2), contact(3), contact(4, line="200"), contact(5, line="200"), contact(6, line="300")]
    spent = [
        charge(1, "1.00"),
        charge(1, "0.50"),
        charge(2, "0.50"),
        charge(4, "1.00"),
        charge(5, "1.00", "EUR"),
        charge(3, "9.00", at=JUNE[1] + 2 * DAY),  # no cost of the period's calls any more
    ]
    found = [(r["line"], r["cost_per_call"], r["currency"]) for r in tracked(*rows, charges=spent)]
    assert found == [("100", Decimal("0.666667"), "PLN"), ("200", None, None), ("300", None, None)]


# ---- scenarios -------------------------------------------------------------------------------------------------------
def step(
    call_id: int, n: int, node: str, at: datetime = NOON, lasts: timedelta | None = 5 * SECOND, **other: Any
) -> Row:
    """A step in the menu."""
    own = {"project_id": 1, "call_id": call_id, "ivr_step_id": 100 * call_id + n, "step_no": n, "scenario_id": 1}
    return own | {"node": node, "at": at, "ended_at": None if lasts is None else at + lasts} | other


def paths(steps: list[Row], calls: list[Row], chosen: list[Row] | None = None, **options: Any) -> list[list[Any]]:
    """Paths of these steps; `chosen` are the calls that a filter left."""
    every = store("calls", calls)
    found = records(
        ivr_paths(
            store("ivr_steps", steps),
            every if chosen is None else store("calls", chosen),
            SCENARIOS,
            every,
            period=by(None),
            **options,
        )
    )
    return [list(r.values()) for r in found]


def test_paths_by_hand() -> None:
    gone = {"queued_at": None, "wait_s": None}
    calls = [
        contact(1),  # to the queue
        contact(2, "left_in_scenario", **gone),
        contact(3, "closed", **gone),  # turned away: it neither went on nor hung up
        contact(4, by_robot=True, queued_at=None),  # served by a robot
    ]
    steps = [
        step(1, 1, "hello"),
        step(1, 2, "choose", goal="sales", lasts=7 * SECOND),
        step(2, 1, "hello"),
        step(2, 2, "hello", lasts=None),  # again; there she hung up
        step(3, 1, "hello", scenario_id=2),
        step(4, 1, "hello", scenario_id=None),
        step(5, 1, "choose"),  # of a call that is not here
    ]
    assert paths(steps, calls) == [
        ["Menu", "hello", 3, 2, 1, 0, 0.0, 5.0],
        ["Menu", "choose", 2, 1, 0, 1, 0.5, 6.0],
        ["Night", "hello", 1, 0, 0, 0, 0.0, 5.0],
        [None, "hello", 1, 1, 0, 0, 0.0, 5.0],
    ]
    assert [r[:4] for r in paths(steps, calls, calls[:1])] == [["Menu", "choose", 1, 1], ["Menu", "hello", 1, 1]]


def test_what_was_said_or_pressed_tells_steps_apart() -> None:
    steps = [
        step(1, 1, "choose", input="intent-7", recognised_text="I want to buy", input_kind="speech"),
        step(2, 1, "choose", input="1", input_kind="dtmf"),
        step(3, 1, "choose", input="1", input_kind="dtmf"),
        step(4, 1, "choose"),
    ]
    found = paths(steps, [], recognised_text=True)
    assert [r[1:4] for r in found] == [["choose", "1", 2], ["choose", "I want to buy", 1], ["choose", None, 1]]


def test_a_path_over_the_periods_ends() -> None:
    calls = [
        contact(1, "left_in_scenario", started_at=JUNE[0] - MINUTE, queued_at=None),
        contact(2, started_at=JUNE[1] - MINUTE),
    ]
    steps = [
        step(1, 1, "hello", JUNE[0] - SECOND),
        step(1, 2, "choose", JUNE[0]),
        step(2, 1, "hello", JUNE[1] - SECOND),
        step(2, 2, "choose", JUNE[1]),
    ]
    assert [r[1:5] for r in paths(steps, calls)] == [["choose", 1, 0, 1], ["hello", 1, 1, 0]]


# ---- outcomes --------------------------------------------------------------------------------------------------------
def outcomes(*rows: Row, per: Any = None) -> list[list[Any]]:
    """Outcomes of these calls."""
    return [list(r.values()) for r in records(call_outcomes(store("calls", rows), QUEUES, OPERATORS, per=per))]


def test_outcomes_by_hand() -> None:
    rows = [
        contact(1, talk_ms=60_000, result="sold", operator_id=9),
        contact(2, talk_ms=20_000, result="sold", operator_id=9, queue_id=2),
        contact(3, result=None, operator_id=8),
        contact(4, "no_answer", direction="outbound", talk_ms=1_000, queue_id=None, queued_at=None),
    ]
    assert outcomes(*rows) == [
        ["answered", "sold", 2, 0.5, 40.0],
        ["answered", None, 1, 0.25, None],
        ["no_answer", None, 1, 0.25, None],
    ]
    assert outcomes(*rows, per="queue") == [
        ["answered", "sold", "Help", 1, 1.0, 20.0],
        ["answered", "sold", "Sales", 1, 0.5, 60.0],
        ["answered", None, "Sales", 1, 0.5, None],
        ["no_answer", None, None, 1, 1.0, None],
    ]
    assert [r[2:5] for r in outcomes(*rows, per="operator")] == [["anna", 2, 1.0], ["bob", 1, 1.0], [None, 1, 1.0]]
    assert outcomes() == []
