"""What a result says it rests on: definitions in force and settings, of her projects only, and nothing that it does
not use.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

import growing
import okireports
import worlds
from laws import Trial
from okireports.faces import Center, Result
from okireports.report import all_reports
from projection import Row

WARSAW = ZoneInfo("Europe/Warsaw")
NAMES = [r.name for r in all_reports()]
PROMISE = {"targets", "answer_within_s", "short_abandon_s", "goal"}
OF_KPIS = {"kpis", "activities", "results"}
RESTS_ON = {  # written from what the reports' definitions say; the others rest on no definition
    "billable_time": {"tariffs"},
    "away_reasons": {"away_reasons"},
    "schedule_adherence": {"activities"},
    "kpi_scorecard": OF_KPIS,
    "operator_rating": OF_KPIS,
    "dialogue_summary": PROMISE,
    "violations": OF_KPIS | PROMISE | {"away_reasons", "hours", "holidays"},
    "check_plan_progress": {"check_plans", "now"},
    "queue_summary": {"formula"} | PROMISE,
    "service_level": {"formula"} | PROMISE,
    "calls_by_hour": {"formula"} | PROMISE,
    "service_level_variants": PROMISE,
    "repeat_calls": {"repeat_days", "now"},
    "lost_calls": {"callback_hours"},
    "call_tracking": {"results"},
    "concurrent_calls": {"capacities"},
    "access_matrix": {"now"},
    "contract": {"formula", "contracts", "results"} | PROMISE,
    "recording_storage": {"now", "keep_recordings_days"},
    "dialer_summary": {"results"},
    "imports": {"results"},
    "dropped_calls": {"now"},
    "request_log": {"now"},
    "funnel": {"stages"},
    "quotas": {"quotas", "now"},
}


# By hand: a day of calls on the lines of Alpha and Beta

WITHIN = {"answer_within_s": 20.0, "short_abandon_s": 5.0, "goal": 0.8}
RULES: dict[str, list[Row]] = {
    "targets": [
        {"queue": "Alpha line", "answer_within_s": 20, "short_abandon_s": 5, "goal": 0.8},
        {"queue": "Alpha line", "answer_within_s": 15, "short_abandon_s": 5, "goal": 0.9, "valid_from": "2025-06-20"},
        {"queue": "Beta line", "answer_within_s": 99, "short_abandon_s": 5, "goal": 0.99},
    ],
    "hours": [
        {"queue": f"{name} line", "weekday": day, "opens": "08:00", "closes": "20:00", "holidays": "2025-06-19"}
        for name in ("Alpha", "Beta")
        for day in (1, 2)
    ],
    "kpis": [
        {"kpi": "Beta's own", "project": "Beta", "metric": "aht_s", "comparison": "<=", "target": 99},
        {"kpi": "Handling", "metric": "aht_s", "comparison": "<=", "target": 300, "weight": 2},
    ],
    "tariffs": [
        {"project": name, "status": "Busy", "free_s": 6, "first_s": 30, "step_s": 6}
        | {"price_per_min": price, "currency": "PLN"}
        for name, price in (("Alpha", "1.25"), ("Beta", "9.99"))
    ],
    "results": [{"project": name, "result": f"sold by {name}", "sale": "true"} for name in ("Alpha", "Beta")],
    "check_plans": [
        {"plan": f"plan of {who}", "evaluator": who, "due": 3, "valid_from": "2025-06-01", "valid_to": "2025-07-01"}
        for who in ("anna", "boss", "ola")
    ],
}


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    folder = tmp_path_factory.mktemp("provenance")
    made = growing.make(folder)
    made.load(growing.write(folder / "rules", RULES))
    made.load(growing.day(folder, 0))
    return made


def asked(center: Center, name: str, login: str = "anna", period: Any = "2025-06", **options: Any) -> Result:
    return center.viewer(login).report(name, period=period, **options)


def rests(center: Center, name: str, login: str = "anna", period: Any = "2025-06") -> dict[str, Any]:
    return dict(asked(center, name, login, period).provenance.definitions)


def local(*at: int) -> datetime:
    return datetime(*at, tzinfo=WARSAW)  # type: ignore[arg-type,misc]  # a date


def test_targets_are_those_in_force_in_the_period(center: Center) -> None:
    changed = local(2025, 6, 20)
    old = {"queue": "Alpha line", **WITHIN, "reply_within_s": None, "valid_from": None, "valid_to": None}
    new = old | {"answer_within_s": 15.0, "goal": 0.9, "valid_from": changed}
    settings = {"formula": "short", "answer_within_s": 20.0, "short_abandon_s": 5.0, "goal": None}
    for period, rows in {
        "2025-06": (new, old | {"valid_to": changed}),  # in the order of their columns
        "2025-06-19": (old,),
        ("2025-06-18", "2025-06-20"): (old,),  # its end is not in the period, and so is not told
        "2025-06-20": (new,),
    }.items():
        assert rests(center, "service_level", period=period) == settings | {"targets": rows}


def test_tariffs_keep_their_money(center: Center) -> None:
    (tariff,) = rests(center, "billable_time")["tariffs"]
    assert tariff["project"] == "Alpha" and tariff["price_per_min"] == Decimal("1.25")
    assert {r["project"] for r in rests(center, "billable_time", "boss")["tariffs"]} == {"Alpha", "Beta"}


def test_hours_and_holidays_stand_by_queue(center: Center) -> None:
    known = rests(center, "violations")
    hours = [(r["queue"], r["weekday"], r["opens_s"], r["closes_s"]) for r in known["hours"]]
    assert hours == [("Alpha line", 1, 28_800, 72_000), ("Alpha line", 2, 28_800, 72_000)]
    assert [(r["queue"], str(r["day"])) for r in known["holidays"]] == [("Alpha line", "2025-06-19")]  # once
    assert rests(center, "violations", period="2025-07-01")["holidays"] == ()


def test_a_plan_is_told_to_who_sees_all_of_it_and_while_it_holds(center: Center) -> None:
    def plans(login: str, period: str) -> list[tuple[Any, Any]]:
        return [(r["plan"], r["evaluator"]) for r in rests(center, "check_plan_progress", login, period)["check_plans"]]

    assert plans("anna", "2025-06") == [("plan of anna", "anna")]
    assert len(plans("boss", "2025-06")) == 3
    assert plans("boss", "2025-07-01") == []


def test_nothing_of_a_hidden_project_is_in_any_of_it(center: Center, tmp_path: Path) -> None:
    words = {"Beta", "9.99", "99.0", "0.99", "plan of ola", "plan of boss"}
    told: dict[str, str] = {"anna": "", "boss": ""}
    for login in told:
        for name in center.viewer(login).reports["name"]:
            for suffix in ("json", "parquet"):
                told[login] += provenance(asked(center, name, login).save(tmp_path / f"{login}-{name}.{suffix}"))
    assert {word for word in words if word in told["boss"]} == words
    assert [word for word in words if word in told["anna"]] == []


def provenance(file: Path) -> str:
    """What a saved file tells of itself."""
    if file.suffix == ".parquet":
        return (pq.read_schema(file).metadata[b"okireports"]).decode()
    return json.dumps(json.loads(file.read_text("utf-8"))["provenance"], ensure_ascii=False)


def test_a_queues_promise_to_another_client_is_not_told(tmp_path: Path) -> None:
    """Of a queue that changed hands: a target that ended before is the former project's, one that went on is both's."""
    made = growing.make(tmp_path)
    days = ("2025-06-05", "2025-06-10", "2025-06-20")
    owners = [{"project": "Beta", "valid_to": days[1]}, {"project": "Alpha", "valid_from": days[1]}]
    moved = {
        "objects": [{"kind": "queue", "name": "Moved line"}],
        "project_objects": [row | {"kind": "queue", "name": "Moved line"} for row in owners],
        "targets": [
            {"queue": "Moved line", "answer_within_s": within, "valid_from": since}
            for within, since in ((77, ""), (30, days[0]), (20, days[2]))
        ],
    }
    made.load(growing.write(tmp_path / "moved", moved))

    def within(login: str, period: Any) -> set[float]:
        return {r["answer_within_s"] for r in rests(made, "service_level", login, period)["targets"]}

    assert within("boss", "2025-06") == {77.0, 30.0, 20.0}
    assert within("anna", "2025-06") == {30.0, 20.0}
    assert within("anna", "2025-06-03") == set()


def test_a_change_leaves_what_was_said_of_earlier_days(center: Center, tmp_path: Path) -> None:
    made = growing.copy(center, tmp_path)
    periods = {"earlier": "2025-06-02", "later": ("2025-06-25", "2025-06-26")}

    def saved(turn: str) -> dict[str, bytes]:
        return {
            when: asked(made, name, period=period).save(tmp_path / f"{turn}-{when}-{name}.json").read_bytes()
            for when, period in periods.items()
            for name in ("service_level",)
        }

    before = saved("before")
    rule = {"queue": "Alpha line", "answer_within_s": 10, "short_abandon_s": 2, "goal": 0.7, "valid_from": "2025-06-25"}
    made.load(growing.write(tmp_path / "rule", {"targets": [rule]}))
    after = saved("after")
    assert after["earlier"] == before["earlier"]
    assert after["later"] != before["later"]
    assert [r["answer_within_s"] for r in rests(made, "service_level", period=periods["later"])["targets"]] == [10.0]


def test_now_is_told_as_far_as_it_matters(center: Center) -> None:
    def known(now: datetime) -> tuple[Any, bytes]:
        at = okireports.open(center.path, now=now)
        result = asked(at, "repeat_calls", period="2025-06-02")
        return result.provenance.definitions["now"], json.dumps(vars(result.provenance), default=str).encode()

    within, after = datetime(2025, 6, 5, 12, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)
    assert known(within)[0] == within
    assert known(after)[0] == local(2025, 6, 10)  # the period's end and 7 days: of later it knows nothing
    assert known(after) == known(after + timedelta(days=400))


def test_a_setting_is_told_where_it_is_used(center: Center, tmp_path: Path) -> None:
    made = growing.copy(center, tmp_path)
    made.settings.change(formula="offered", repeat_days="3", actor="admin", reason="a test")
    assert rests(made, "service_level")["formula"] == "offered"
    assert rests(made, "repeat_calls")["repeat_days"] == 3
    assert "formula" not in rests(made, "call_log")
    weeks = asked(made, "repeat_calls", by="week").provenance.definitions
    assert weeks["week_start"] == 0


# Any world, every report


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    made = Trial(worlds.world(3))
    yield made
    made.close()


def results(center: Center, trial: Trial) -> dict[str, Result]:
    admin = trial.viewer("admin")
    viewer = center.viewer(admin.login, reason=admin.reason)
    return {name: viewer.report(name, period=trial.world.period) for name in NAMES}


@pytest.fixture(scope="module")
def plain(trial: Trial) -> dict[str, Result]:
    """Every report of the world as it is."""
    return results(trial.center, trial)


def test_a_report_names_what_it_rests_on_and_nothing_else(plain: dict[str, Result]) -> None:
    found = {name: set(result.provenance.definitions) for name, result in plain.items()}
    assert found == {name: RESTS_ON.get(name, set()) for name in NAMES}
    others = {"formula", "repeat_days", "callback_hours", "keep_recordings_days", "now", *PROMISE}
    tables = set().union(*RESTS_ON.values()) - others | {"targets"}
    for table in sorted(tables - {"capacities"}):  # not an empty table: the world has rows of each
        assert any(result.provenance.definitions.get(table) for result in plain.values()), table


CHANGES: dict[str, Any] = {  # a definition, and what is another one
    "targets": lambda row: {"answer_within_s": 1, "reply_within_s": 1, "goal": 0.05},
    "tariffs": lambda row: {"price_per_min": row["price_per_min"] + 1},
    "kpis": lambda row: {"target": row["target"] + 1},
    "activities": lambda row: {"activity": {"work": "training", "training": "work"}[row["activity"]]},
    "away_reasons": lambda row: {"allowed_s": 0},
    "hours": lambda row: {"opens": "12:00", "closes": "12:01"},
    "check_plans": lambda row: {"due": row["due"] + 1},
    "results": lambda row: {"sale": not row["sale"]},
    "contracts": lambda row: {"price": (row["price"] or 0) + 1},
    "stages": lambda row: {"lost": not row["lost"]},
    "quotas": lambda row: {"goal": row["goal"] + 1},
}


@pytest.mark.parametrize("table", CHANGES)
def test_where_a_definition_makes_other_figures_it_is_told(trial: Trial, plain: dict[str, Result], table: str) -> None:
    rows = [row | CHANGES[table](row) for row in trial.world.tables[table]]
    if table == "away_reasons":  # this world's breaks have no rule
        taken = {r["reason"] for r in trial.world.tables["statuses"] if r.get("reason")}
        rows += [{"reason": reason, "allowed_s": 0} for reason in sorted(taken - {r["reason"] for r in rows})]
    changed = results(trial.load(replace(trial.world, tables=trial.world.tables | {table: rows})), trial)
    differ = {name for name in NAMES if not changed[name].arrow.equals(plain[name].arrow)}
    differ -= {"change_log"}  # which shows what was changed, and rests on nothing
    assert differ, "nothing was tried"
    named = {"hours": {"hours", "holidays"}}.get(table, {table})
    for name in NAMES:
        one, other = (found[name].provenance.definitions for found in (plain, changed))
        told = {key for key in (*one, *other) if one.get(key) != other.get(key)}
        assert told <= named and (told or name not in differ), name
