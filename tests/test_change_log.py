"""The change log in one's own scope: as a frame, a table of one's own queries, and the report over it."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import growing
import okireports
import outputs
from growing import Clock
from okireports.access import OVERSIGHT
from okireports.errors import Refused, UnknownName, UnknownReport
from okireports.faces import Center, Result
from worlds import Viewer

WHY = {"actor": "admin", "reason": "a test"}
NOW = growing.NOW
JULY = "2025-07"
AUDIT = "audit of July"
EVER = ("2025-01-01", "2099-12-31")  # reads are dated by the clock on the wall


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Alpha and Beta; lena reads and reports on Alpha's log, audrey audits, olga would read but sees only her rows."""
    made = growing.make(tmp_path_factory.mktemp("log"))
    made.roles.create("Lead", copy="Supervisor", reports=["*"], **WHY)
    made.roles.create("Blind", copy="Supervisor", take=["read_audit"], reports=["*"], **WHY)
    made.roles.create("Alone", copy="Operator", add=("read_audit", "own_rows_only"), reports=["*"], **WHY)
    made.roles.create("Masked", copy="Supervisor", add=("aliases",), reports=["*"], **WHY)
    people = {"lena": "Lead", "bert": "Blind", "olga": "Alone", "mask": "Masked", "audrey": "Auditor"}
    with made.change("admin", reason="people") as change:
        for login, role in people.items():
            change.users.create(login, role=role)
            if login != "audrey":
                change.projects.add_member("Alpha", login)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def center(template: Center, tmp_path: Path, clock: Clock) -> Center:
    """One's own copy of it."""
    return okireports.open(growing.copy(template, tmp_path).path, now=clock)


def log(center: Center, login: str, **options: Any) -> Result:
    return center.viewer(login, reason=AUDIT).report("change_log", period=JULY, **options)


def told(frame: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(frame["action"], frame["subject"], strict=True))


# Whose entries


def test_a_member_reads_what_is_about_her_projects(center: Center) -> None:
    center.projects.change("Beta", client="Secret Ltd", **WHY)
    center.projects.rename("Alpha", "Omega", **WHY)
    for frame in (center.viewer("anna").audit, log(center, "lena").frame):
        assert set(frame["project"]) == {"Omega"}
        assert "Secret" not in frame.to_csv() and "Beta" not in frame.to_csv()
    assert told(log(center, "lena", limit=1).frame) == [("rename project", "Omega")]
    both = center.viewer("boss").audit
    assert set(both["project"]) == {"Omega", "Beta"} and "Secret Ltd" in both.to_csv()
    assert not {"create user", "create role", "load", "create centre"} & set(both["action"])


@pytest.mark.parametrize("login", ["admin", "audrey"])
def test_who_may_reads_the_whole_log(center: Center, login: str) -> None:
    whole, seen = center.audit.frame, center.viewer(login, reason=AUDIT).audit
    assert seen["seq"].tolist() == whole["seq"].tolist()
    for column in ("actor", "action", "subject_kind", "subject", "before", "after", "reason"):
        assert seen[column].fillna("").tolist() == whole[column].fillna("").tolist()
    assert [at.astimezone(UTC).replace(tzinfo=None) for at in seen["at"]] == whole["at"].tolist()


def test_leaving_closes_the_log_and_joining_opens_all_of_it(center: Center, clock: Clock) -> None:
    viewer = center.viewer("anna")
    before = viewer.audit
    clock.now += timedelta(minutes=1)
    center.projects.remove_member("Alpha", "anna", **WHY)
    assert viewer.audit.empty and list(viewer.audit.columns) == list(before.columns)
    center.projects.add_member("Beta", "anna", **WHY)
    assert set(viewer.audit["project"]) == {"Beta"}
    assert ("create project", "Beta") in told(viewer.audit)


def test_who_sees_everything_may_look_at_one_project(center: Center) -> None:
    assert set(log(center, "admin", projects="Beta").frame["project"]) == {"Beta"}
    with pytest.raises(UnknownName):
        log(center, "lena", projects="Beta")


REFUSED = {"olek": "read_audit", "bert": "read_audit", "olga": "by name", "mask": "by name"}


@pytest.mark.parametrize("login", REFUSED)
def test_without_the_right_nothing_of_it_is_there(center: Center, login: str) -> None:
    viewer = center.viewer(login)
    with pytest.raises(Refused, match=REFUSED[login]):
        _ = viewer.audit
    (entry,) = [json.loads(path.read_text("utf-8")) for path in center.folder.journal.iterdir()]
    assert (entry["actor"], entry["action"], entry["subject"]) == (login, "refused", "change log")
    assert not {"change_log", "access_matrix"} & set(viewer.reports["name"])
    for name in ("change_log", "access_matrix"):
        with pytest.raises(UnknownReport):
            viewer.report(name, period=JULY)


@pytest.mark.parametrize("table", OVERSIGHT)
def test_no_query_of_ones_own_names_the_control_file(center: Center, table: str) -> None:
    for login in ("lena", "admin"):
        with pytest.raises(UnknownName):
            center.viewer(login, reason=AUDIT).sql(f"SELECT count(*) FROM {table}")


def test_nobody_hands_out_the_whole_log_who_has_it_not(center: Center) -> None:
    center.roles.create("Manager", copy="Lead", add=["manage_users"], **WHY)
    center.users.change("lena", role="Manager", **WHY)
    with pytest.raises(Refused, match="read_whole_audit"):
        center.users.create("spy", role="Auditor", actor="lena", reason="to read more")


# What is hidden changes nothing


def test_what_happens_elsewhere_changes_not_a_byte(template: Center, tmp_path: Path) -> None:
    """Not even the numbers of the entries tell how much is done in Beta, or who reads its reports."""
    said = []
    for busy in (False, True):
        made = growing.copy(template, tmp_path / str(busy))
        made.projects.change("Alpha", client="Client", **WHY)
        if busy:
            for number in range(3):
                made.projects.change("Beta", client=f"Client {number}", **WHY)
                made.users.create(f"n{number}", **WHY)
            made.projects.add_member("Beta", "n1", **WHY)
            made.viewer("boss").report("queue_summary", period=growing.YEAR, projects="Beta")
            made.viewer("ola").report("call_log", period=growing.YEAR)
        made.projects.change("Alpha", description="described", **WHY)
        viewer = made.viewer("lena")
        own = viewer.audit.to_csv()
        results = [viewer.report(name, period=EVER) for name in ("change_log", "access_matrix")]
        files = [
            r.save(tmp_path / f"{busy}{i}.{s}").read_bytes() for i, r in enumerate(results) for s in ("csv", "json")
        ]
        tables = outputs.lists(made, Viewer("lena", "Lead", frozenset({"Alpha"})), outputs.EVER)
        assert tables["audit"].num_rows > 5
        said.append([own, *files, *(tables[name].to_pylist() for name in OVERSIGHT)])
    assert said[0] == said[1]


# The report


def test_entries_of_the_period_newest_first(center: Center, clock: Clock) -> None:
    for day in (3, 5):
        clock.now = NOW + timedelta(days=day)
        center.projects.change("Beta", client=f"Client {day}", **WHY)
    later = log(center, "admin", reads=False).frame
    assert later["seq"].tolist() == sorted(later["seq"], reverse=True)
    assert told(later.head(2)) == [("change project", "Beta")] * 2
    assert (
        json.loads(later["after"][0])["client"] == "Client 5" and json.loads(later["before"][0])["client"] == "Client 3"
    )
    day = center.viewer("admin", reason=AUDIT).report("change_log", period="2025-07-04").frame
    assert told(day) == [("change project", "Beta")] and set(day["reason"]) == {"a test"}
    assert center.viewer("audrey").report("change_log", period="2025-07-02").frame.empty
    page = log(center, "admin", limit=2, offset=1).frame
    assert page["seq"].tolist() == log(center, "admin").frame["seq"].tolist()[1:3]


def test_reads_can_be_left_out(center: Center) -> None:
    center.viewer("boss").report("queue_summary", period=growing.YEAR)
    center.users.create("nora", **WHY)
    viewer = center.viewer("audrey")
    period = EVER
    every, changes = (viewer.report("change_log", period=period, reads=reads).frame for reads in (True, False))
    assert ("run report", "queue_summary") in told(every)
    assert set(told(every)) - set(told(changes)) == {("run report", "queue_summary")}
    assert len(every) == len(changes) + 1


def test_the_chart_counts_entries_by_action(center: Center) -> None:
    result = log(center, "audrey")
    spec = result.chart.to_dict()
    (rows,) = spec["datasets"].values() if "datasets" in spec else (spec["data"]["values"],)
    assert sum(row["count"] for row in rows) == len(result.frame)
    assert {row["action"] for row in rows} == set(result.frame["action"])
