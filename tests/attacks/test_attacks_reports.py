"""Attacks by questions to reports: each is refused, or answered by her rows; nothing hidden is in what comes out."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ground as grounds
import pytest
from ground import Ground, everything, leaks, refusal

from okireports import run
from okireports.access.directory import DIRECTORIES
from okireports.access.oversight import OVERSIGHT
from okireports.engines.duck import Wanted, session

CASES = tomllib.loads((Path(__file__).parent / "report_cases.toml").read_text("utf-8"))["case"]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return grounds.made(tmp_path_factory.mktemp("ground"))


def test_the_hidden_rows_are_there(ground: Ground) -> None:
    whole = ground.center.viewer("admin", reason="a test").report("queue_summary", period=grounds.DAY)
    assert dict(zip(whole.frame["queue"], whole.frame["offered"], strict=True))["CANARY queue"] == grounds.HIDDEN
    assert leaks(whole.arrow, whole.frame) and leaks(repr(whole.frame))


def test_there_are_as_many_cases_as_are_said() -> None:
    assert len({case["attacks"] for case in CASES}) == len(CASES) >= 40
    assert not leaks(*(str(case) for case in CASES)), "what an error quotes says nothing"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["attacks"])
def test_a_question_gives_nothing_hidden(ground: Ground, case: dict[str, Any]) -> None:
    login, given = case.get("viewer", "sue"), dict(case.get("with", {}))
    given |= {"period": tuple(given["period"])} if isinstance(given.get("period"), list) else {}
    if isinstance(case["gives"], str) and case["gives"] != "no such column":
        kind, error = refusal(lambda: ground.ask(login, case["ask"], **given))
        assert kind == case["gives"], error
        assert not leaks(error, *grounds.chain(error))
        return
    result = ground.ask(login, case["ask"], **given)
    assert not leaks(*everything(result))
    if case["gives"] == "no such column":
        assert result.arrow.num_rows and not set(case["of"]) & set(result.arrow.column_names)
        return
    rows = zip(*(result.arrow[name].to_pylist() for name in case["of"]), strict=True)
    assert [list(map(plain, row)) for row in rows] == [list(map(plain, row)) for row in case["gives"]]


def plain(value: Any) -> Any:
    """NaN as None: TOML has a word for the one only."""
    return None if isinstance(value, float) and math.isnan(value) else value


REPORTS = sorted({case["ask"] for case in CASES if case["gives"] != "UnknownReport"})


@pytest.mark.parametrize("name", REPORTS)
def test_a_chart_holds_nothing_hidden(ground: Ground, name: str) -> None:
    """Its data, scales, legends and domains."""
    chart = ground.ask("sue", name).chart
    assert not leaks(json.dumps(chart.to_dict()), chart.data)


# What is near to a name that is not hers


NEAR = {  # near enough to a hidden name to be suggested, were it known
    "projects": "CNARY project",
    "queues": "CNARY queue",
    "operators": "cnary-bea",
    "groups": "CNARY group",
    "dialers": "CNARY dialer",
    "providers": "CNARY carrier",
    "lines": "CNARY line 7",
}


@pytest.mark.parametrize("filter", NEAR)
def test_did_you_mean_knows_no_hidden_name(ground: Ground, filter: str) -> None:
    report = "concurrent_calls" if filter == "providers" else "call_log"
    kind, error = refusal(lambda: ground.ask("sue", report, **{filter: NEAR[filter]}))
    assert kind == "UnknownName" and not leaks(error)


@pytest.mark.parametrize("filter", NEAR)
def test_a_hidden_name_is_as_unknown_as_one_that_is_not_there(ground: Ground, filter: str) -> None:
    report = "concurrent_calls" if filter == "providers" else "call_log"
    said = []
    for name in (NEAR[filter].replace("NARY", "ANARY").replace("nary", "anary"), "Zzyzx 99"):
        kind, error = refusal(lambda name=name: ground.ask("sue", report, **{filter: name}))  # type: ignore[misc]  # a default
        said.append((kind, str(error).partition(" Did you mean")[0].replace(name, "?")))
    assert said[0] == said[1] and said[0][0] == "UnknownName"


# Lists, levels, pages


def test_drop_downs_hold_what_is_hers(ground: Ground) -> None:
    names = tuple(name for name in DIRECTORIES if name not in OVERSIGHT)
    wanted = Wanted((), grounds.AT.replace(tzinfo=None), grounds.AT.replace(tzinfo=None, year=2026), names)
    with session(ground.viewer().viewing(), lambda scope, settings_at: wanted) as opened:
        lists = {name: opened.arrow(f'SELECT * FROM "{name}"') for name in names}
    assert lists["queues"].num_rows == lists["operators"].num_rows == lists["projects"].num_rows == 1
    assert not leaks(*lists.values(), ground.viewer().projects, ground.viewer().reports)


@pytest.mark.parametrize("name", REPORTS)
def test_no_column_has_levels(ground: Ground, name: str) -> None:
    """A category or a dictionary would carry names that stand in no row."""
    result = ground.ask("sue", name)
    assert not [f for f in result.arrow.schema if "dictionary" in str(f.type)]
    assert "category" not in {str(kind) for kind in result.frame.dtypes}


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logs of more than two rows stay in the engine, and are given a stretch of the period at a time."""
    monkeypatch.setattr(run, "MOST_ROWS", 2)
    monkeypatch.setattr(run, "AT_ONCE", 2)
    yield


@pytest.mark.usefixtures("long")
def test_a_long_log_is_of_her_rows_piece_by_piece(ground: Ground) -> None:
    rows = ground.ask("sue", "call_log").answer.rows
    assert rows.count == 5 and [part.num_rows for part in rows.parts() if part.num_rows]
    assert not leaks(*rows.parts(), rows.head(1), rows.head(1).slice(0, 1), rows.table())
    count, error = refusal(lambda: ground.ask("sue", "call_log").frame)
    assert count == "ResultTooLarge" and "5 rows" in str(error) and not leaks(error)
