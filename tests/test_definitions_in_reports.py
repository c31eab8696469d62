"""What a changed definition does to reports: earlier results are the same to the last byte, later ones are not.

Everything happens twice, at noon of 3 June and of 17 June 2025, to anna of Acme; on 10 June a definition changes.
"""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import loaded
import okireports
from okireports.errors import ChangeError
from okireports.faces import Center
from okireports.tables import CONTROL

WHY = {"actor": "admin", "reason": "a new agreement"}
DAYS = ("2025-06-03", "2025-06-17")
CHANGE = "2025-06-10"
BEFORE, AFTER, BOTH = ("2025-06-01", CHANGE), (CHANGE, "2025-07-01"), "2025-06"


def at(day: str, minute: int) -> str:
    """So many minutes after noon, local time."""
    return (datetime.fromisoformat(f"{day}T12:00") + timedelta(minutes=minute)).isoformat()


def facts() -> dict[str, list[dict[str, Any]]]:
    """One contact, a quarter of an hour away, a shift, a rating and an evaluation, on each of the days."""
    made: dict[str, list[dict[str, Any]]] = {name: [] for name in ("calls", "statuses", "shifts", "evaluations")}
    for n, day in enumerate(DAYS):
        call = {"source_id": f"c{n}", "direction": "inbound", "outcome": "answered", "queue": "Acme sales"}
        call |= {
            "dialer": "Acme dialer",
            "operator": "anna",
            "started_at": at(day, 0),
            "queued_at": at(day, 0),
            "ended_at": at(day, 2),
        }
        made["calls"].append(call | {"answered_at": at(day, 0).replace(":00:00", ":00:10"), "result": "sold"})
        for status, since, until in (("Busy", 0, 2), ("Away", 2, 17), ("Ready", 17, 60)):
            row = {"operator": "anna", "status": status, "started_at": at(day, since), "ended_at": at(day, until)}
            row |= {"reason": "lunch"} if status == "Away" else {}
            made["statuses"].append(row | ({"queue": "Acme sales"} if status == "Busy" else {}))
        shift = {"source_id": f"s{n}", "operator": "anna", "activity": "work", "paid": True}
        made["shifts"].append(shift | {"starts_at": at(day, 0), "ends_at": at(day, 60)})
        check = {"source_id": f"e{n}", "evaluation": f"e{n}", "plan": "June", "call": f"c{n}", "operator": "anna"}
        check |= {"evaluator": "sue", "criterion": "Tone", "score": 4, "max_score": 5, "at": at(day, 30)}
        made["evaluations"].append(check)
    return made


DEFINED: dict[str, list[dict[str, Any]]] = {  # since ever
    "tariffs": [
        {"project": "Acme", "status": "Busy", "free_s": 0, "first_s": 60, "step_s": 60, "price_per_min": 1},
    ],
    "kpis": [{"kpi": "Handling", "metric": "aht_s", "comparison": "<=", "target": 150}],
    "away_reasons": [{"reason": "lunch", "allowed_s": 1200}],
    "activities": [{"activity": "work", "status": "Busy"}, {"activity": "work", "status": "Ready"}],
    "hours": [{"queue": "Acme sales", "weekday": 2, "opens": "08:00", "closes": "20:00"}],
    "check_plans": [{"plan": "June", "evaluator": "sue", "due": 10}],
    "targets": [{"queue": "Acme sales", "answer_within_s": 20}],
}
# kind, what is changed, the report that tells, its figure, and what that is before the change, after it, and once ended
CHANGES: list[tuple[str, dict[str, Any], str, str, list[Any], list[Any], list[Any]]] = [
    (
        "tariffs",
        {"project": "Acme", "status": "Busy", "first_s": 600},
        "billable_time",
        "billed_s",
        [120.0],
        [600.0],
        [],
    ),
    ("kpis", {"kpi": "Handling", "target": 50}, "kpi_scorecard", "target", [150.0], [50.0], []),
    ("away_reasons", {"reason": "lunch", "allowed_s": 600}, "away_reasons", "over_limit", [0], [1], [0]),
    ("away_reasons", {"reason": "lunch", "allowed_s": 600}, "violations", "kind", [], ["long_away"], []),
    ("hours", {"queue": "Acme sales", "weekday": 2, "opens": "13:00"}, "violations", "kind", [], ["outside_hours"], []),
    (
        "hours",
        {"queue": "Acme sales", "weekday": 2, "holidays": "2025-06-03;2025-06-17"},
        "violations",
        "kind",
        [],
        ["outside_hours"],
        [],
    ),
    (
        "activities",
        {"activity": "work", "status": "Away"},
        "schedule_adherence",
        "adherent_s",
        [2700.0],
        [3600.0],
        [2700.0],
    ),
    ("check_plans", {"plan": "June", "evaluator": "sue", "due": 4}, "check_plan_progress", "due", [10], [4], [4]),
]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """All of it, but the calls of the later day."""
    center = loaded.centre(tmp_path_factory.mktemp("reports") / "centre")
    loaded.load(center, {**DEFINED, **{name: rows for name, rows in facts().items() if name != "calls"}})
    loaded.load(center, {"calls": facts()["calls"][:1]})
    return center


@pytest.fixture
def center(template: Center, tmp_path: Path) -> Center:
    """A copy, with all calls."""
    shutil.copytree(template.path, tmp_path / "centre")
    opened = okireports.open(tmp_path / "centre", now=loaded.NOW)
    loaded.load(opened, {"calls": facts()["calls"][1:]})
    return opened


def ask(center: Center, report: str, period: object) -> Any:
    by = {"by": None} if report in ("service_level", "billable_time", "schedule_adherence") else {}
    return center.viewer("admin", reason="a test").report(report, period=period, **by)


def saved(center: Center, report: str, period: object, folder: Path) -> list[bytes]:
    """A result as files; that of a plan without its provenance, which names the plan's end: its pace depends on it."""
    result = ask(center, report, period)
    kinds = ("csv",) if report == "check_plan_progress" else ("csv", "parquet")
    return [result.save(folder / f"r.{kind}").read_bytes() for kind in kinds]


@pytest.mark.parametrize(("kind", "values", "report", "figure", "early", "late", "ended"), CHANGES)
def test_earlier_results_are_the_same_bytes_and_later_ones_differ(
    center: Center,
    tmp_path: Path,
    kind: str,
    values: dict[str, Any],
    report: str,
    figure: str,
    early: list[Any],
    late: list[Any],
    ended: list[Any],
) -> None:
    before = saved(center, report, BEFORE, tmp_path)
    assert (
        ask(center, report, BEFORE).frame[figure].tolist() == early == ask(center, report, AFTER).frame[figure].tolist()
    )
    center.definitions.set(kind, values, valid_from=CHANGE, **WHY)
    assert saved(center, report, BEFORE, tmp_path) == before
    assert ask(center, report, AFTER).frame[figure].tolist() == late
    key = {name: value for name, value in values.items() if name in CONTROL[kind].key}
    center.definitions.end(kind, key, valid_to="2025-06-12", **WHY)
    assert saved(center, report, BEFORE, tmp_path) == before
    assert ask(center, report, AFTER).frame[figure].tolist() == ended


def test_each_day_of_one_period_goes_by_its_own_rule(center: Center) -> None:
    for kind, values, *_ in CHANGES:
        if kind in ("tariffs", "away_reasons", "activities"):
            center.definitions.set(kind, values, valid_from=CHANGE, **WHY)
    assert ask(center, "billable_time", BOTH).frame["billed_s"].tolist() == [120.0 + 600.0]
    assert ask(center, "away_reasons", BOTH).frame["over_limit"].tolist() == [1]
    assert ask(center, "schedule_adherence", BOTH).frame["adherent_s"].tolist() == [2700.0 + 3600.0]
    rows = ask(center, "violations", BOTH).frame.query("kind == 'long_away'")
    assert [(str(t.date()), kind) for t, kind in zip(rows["at"], rows["kind"], strict=True)] == [
        ("2025-06-17", "long_away")
    ]


def test_a_formula_is_named_with_what_it_gives(center: Center) -> None:
    """One contact left after 30 s, on each day: it counts against the share of all offered, not of the answered."""
    lost = [
        {
            "source_id": f"l{n}",
            "direction": "inbound",
            "outcome": "abandoned",
            "queue": "Acme sales",
            "started_at": at(day, 0),
            "queued_at": at(day, 0),
            "ended_at": at(day, 1),
        }
        for n, day in enumerate(DAYS)
    ]
    loaded.load(center, {"calls": lost})
    center.definitions.set("settings", {"formula": "answered"}, valid_from=CHANGE, **WHY)
    for period, formula, share in ((BEFORE, "short", 0.5), (AFTER, "answered", 1.0), (BOTH, "answered", 1.0)):
        result = ask(center, "service_level", period)
        assert (result.provenance.formula, result.frame["service_level"].tolist()) == (formula, [share])


def test_targets_differ_for_later_calls_and_stored_ones_keep_theirs(template: Center, tmp_path: Path) -> None:
    """In time within 20 s, and then within 5 s: the call of the later day is answered after 10 s."""
    shutil.copytree(template.path, tmp_path / "centre")
    center = okireports.open(tmp_path / "centre", now=loaded.NOW)
    target = {"queue": "Acme sales", "answer_within_s": 5}
    before = ask(center, "service_level", BEFORE).arrow
    with pytest.raises(ChangeError, match="up to 2025-06-03 12:00:00 are loaded"):
        center.definitions.set("targets", target, valid_from="2025-06-03", **WHY)
    center.definitions.set("targets", target, valid_from=CHANGE, **WHY)
    loaded.load(center, {"calls": facts()["calls"][1:]})
    assert ask(center, "service_level", BEFORE).arrow.equals(before)
    rows = {period: ask(center, "service_level", period).frame for period in (BEFORE, AFTER)}
    assert [rows[period]["answered_in_time"].tolist() for period in (BEFORE, AFTER)] == [[1], [0]]


def test_what_has_no_dates_holds_for_all_time(center: Center) -> None:
    """What a word means is no agreement that begins: it is put right for earlier results, too."""
    target = {"kpi": "Sales", "metric": "sales", "comparison": ">=", "target": 1}
    center.definitions.set("kpis", target, valid_from="always", **WHY)
    for sale, actual in ((True, 1.0), (False, 0.0)):
        center.definitions.set("results", {"project": "Acme", "result": "sold", "sale": sale}, **WHY)
        assert center.definitions.list("results", on="1999-01-01")["sale"].tolist() == [sale]
        for period in (BEFORE, AFTER):
            rows = ask(center, "kpi_scorecard", period).frame.set_index("kpi")
            assert rows.loc["Sales", "actual"] == actual
