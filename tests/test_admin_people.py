"""Groups, roles that change, people who are added with their projects: what may be done, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import growing
import okireports
from growing import Clock
from okireports.access import PRESETS
from okireports.errors import ChangeError, LoadError, OkiReportsError, Refused, UnknownName
from okireports.faces import Center

WHY = {"actor": "admin", "reason": "a test"}
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Alpha and Beta; lena leads Alpha, with the rights to change people, access and projects there."""
    made = growing.make(tmp_path_factory.mktemp("people"))
    made.roles.create("Lead", copy="Supervisor", add=["manage_projects", "manage_access", "manage_users"], **WHY)
    made.users.create("lena", role="Lead", projects="Alpha", **WHY)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def center(template: Center, tmp_path: Path, clock: Clock) -> Center:
    """One's own copy of it."""
    return okireports.open(growing.copy(template, tmp_path).path, now=clock)


def refused(center: Center, action: Callable[[], object], error: type[OkiReportsError], words: str) -> None:
    """The action is refused in these words, and nothing is published."""
    before = center.folder.current()
    with pytest.raises(error, match=words):
        action()
    assert center.folder.current() == before


def log(center: Center, action: str) -> list[dict[str, Any]]:
    """The entries of the change log about an action."""
    frame = center.audit.frame
    return frame[frame["action"] == action].to_dict("records")


def projects_of(center: Center, login: str) -> set[str]:
    """Where somebody works today."""
    return set(center.users.frame.set_index("login").loc[login, "projects"])


# Groups


def test_a_group_brings_those_who_are_in_it_that_day(center: Center, clock: Clock) -> None:
    """One entry each; who is in the project already stays as she is, who joins later is not in it, nor is who left."""
    center.groups.create("Early", members=["olek", "ola", "anna"], **WHY)
    center.users.create("gone", groups=["Early"], **WHY)
    center.users.change("gone", active=False, **WHY)
    clock.now += timedelta(hours=1)
    center.groups.remove_member("Early", "anna", **WHY)
    center.projects.add_group("Beta", "Early", **WHY)
    assert [(e["subject"], json.loads(e["after"])["user"]) for e in log(center, "add member")[-1:]] == [
        ("Beta", "olek")
    ]
    center.users.create("late", groups="Early", **WHY)
    assert {login for login in ("olek", "ola", "anna", "gone", "late") if "Beta" in projects_of(center, login)} == {
        "olek",
        "ola",
    }
    refused(center, lambda: center.projects.add_group("Alpha", "Earl", **WHY), UnknownName, "Did you mean 'Early'")
    center.projects.add_group("Beta", "Early", **WHY)  # of those who joined since
    refused(center, lambda: center.projects.add_group("Beta", "Early", **WHY), ChangeError, "are in Beta already")
    clock.now += timedelta(hours=1)
    before = len(log(center, "remove member"))
    center.projects.remove_group("Beta", "Early", **WHY)
    assert [json.loads(e["before"])["user"] for e in log(center, "remove member")[before:]] == ["late", "ola", "olek"]
    assert projects_of(center, "ola") == set()
    refused(center, lambda: center.projects.remove_group("Beta", "Early", **WHY), ChangeError, "Nobody of the group")


def test_a_group_is_in_force_half_open(center: Center, clock: Clock) -> None:
    begin, end = NOW + timedelta(days=1), NOW + timedelta(days=2)
    center.groups.create("Early", **WHY)
    center.groups.add_member("Early", "olek", valid_from=begin, valid_to=end, **WHY)
    seen = []
    for at in (NOW, begin - timedelta(milliseconds=1), begin, end - timedelta(milliseconds=1), end):
        clock.now = at
        seen.append(list(center.groups.frame["members"][0]))
    assert seen == [[], [], ["olek"], ["olek"], []]
    refused(center, lambda: center.projects.add_group("Beta", "Early", **WHY), ChangeError, "Nobody is in the group")
    wrong = {"valid_from": end, "valid_to": begin}
    refused(center, lambda: center.groups.add_member("Early", "ola", **wrong, **WHY), ChangeError, "not after")
    span = {"valid_from": begin, "valid_to": begin + timedelta(seconds=1)}
    refused(
        center, lambda: center.groups.add_member("Early", "olek", **span, **WHY), ChangeError, "already at that time"
    )
    refused(center, lambda: center.groups.remove_member("Early", "ola", **WHY), ChangeError, "ola is not in the group")


def test_names_of_groups(center: Center) -> None:
    center.groups.create("Early", **WHY)
    center.groups.create("Late", **WHY)
    refused(center, lambda: center.groups.create("Early", **WHY), ChangeError, "a group 'Early' already")
    refused(center, lambda: center.groups.create(" Early", **WHY), ChangeError, "no blanks")
    refused(center, lambda: center.groups.rename("Early", "Late", **WHY), ChangeError, "a group 'Late' already")
    center.groups.rename("Early", "Earlier", **WHY)
    assert list(center.groups.frame["group"]) == ["Earlier", "Late"]
    assert list(center.groups.frame["group_id"]) == [1, 2]


def test_a_lead_uses_groups_of_her_own_people_only(center: Center) -> None:
    by = {"actor": "lena", "reason": "her project"}
    center.groups.create("Theirs", members=["ola"], **WHY)
    center.groups.create("Both", members=["ola", "olek"], **WHY)
    center.groups.create("Hers", members=["olek"], **WHY)
    center.users.create("nina", groups="Hers", **WHY)
    for group in ("Theirs", "Theirz"):
        words = rf"^There is no group '{group}' among those you can see\.$"
        refused(center, lambda g=group: center.projects.add_group("Alpha", g, **by), UnknownName, words)
        refused(center, lambda g=group: center.groups.rename(g, "Mine", **by), UnknownName, words)
    refused(center, lambda: center.projects.add_group("Alpha", "Both", **by), Refused, "not yours alone")
    refused(center, lambda: center.groups.add_member("Hers", "ola", **by), UnknownName, "no user 'ola'")
    refused(center, lambda: center.groups.create("Mine", members=["ola"], **by), UnknownName, "no user 'ola'")
    center.projects.add_group("Alpha", "Hers", **by)
    assert projects_of(center, "nina") == {"Alpha"}
    center.groups.remove_member("Hers", "nina", **by)


# People


def test_a_person_is_added_with_projects_and_groups(center: Center) -> None:
    center.groups.create("Early", **WHY)
    before = len(center.audit.frame)
    center.users.create("nina", projects=["Alpha", 2], groups=["Early"], **WHY)
    assert projects_of(center, "nina") == {"Alpha", "Beta"}
    entries = list(center.audit.frame["action"][before:])
    assert entries == ["create user", "add to group", "add member", "add member"]
    refused(center, lambda: center.users.create("nona", projects=["Gamma"], **WHY), UnknownName, "no project 'Gamma'")
    refused(center, lambda: center.users.create("nona", groups=["Late"], **WHY), UnknownName, "no group 'Late'")
    assert "nona" not in set(center.users.frame["login"])


def test_adding_into_a_project_needs_the_right_to_its_access(center: Center) -> None:
    center.roles.create("People", copy="Operator", add=["manage_users"], **WHY)
    center.users.create("pia", role="People", projects="Alpha", **WHY)
    by = {"actor": "pia", "reason": "new"}
    into = {"projects": "Alpha"}
    refused(center, lambda: center.users.create("nina", **into, **by), Refused, "lacks the right 'manage_access'")
    center.users.create("nina", **by)


def test_files_cannot_take_the_last_admin_away(center: Center, tmp_path: Path) -> None:
    for number, row in enumerate(({"active": "false"}, {"role": "Supervisor"})):
        files = growing.write(tmp_path / f"in{number}", {"users": [{"login": "admin", **row}]})
        refused(center, lambda files=files: center.load(files), LoadError, "last active admin")
    center.users.create("nora", role="Admin", **WHY)
    center.load(growing.write(tmp_path / "in", {"users": [{"login": "admin", "active": "false"}]}))
    refused(
        center, lambda: center.users.change("nora", active=False, actor="nora", reason="x"), ChangeError, "last active"
    )


# Roles


def test_an_own_role_changes_for_all_who_have_it(center: Center) -> None:
    center.roles.create("Reader", copy="Supervisor", **WHY)
    center.users.create("rita", role="Reader", projects="Alpha", **WHY)
    viewer = center.viewer("rita")
    assert "export" in center.roles.frame.set_index("role").loc["Reader", "rights"]
    center.roles.change("Reader", take=["export", "run_sql"], add=["own_rows_only"], reports=["call_log"], **WHY)
    assert list(viewer.reports["name"]) == ["call_log"], "at her next call"
    (entry,) = log(center, "change role")
    assert "export" in json.loads(entry["before"])["rights"]
    assert json.loads(entry["after"])["reports"] == ["call_log"]
    refused(center, lambda: center.roles.remove("Reader", **WHY), ChangeError, "in use: rita has it")
    center.users.change("rita", role="Operator", **WHY)
    center.roles.remove("Reader", **WHY)
    assert "Reader" not in set(center.roles.frame["role"])
    refused(center, lambda: center.roles.remove("Reader", **WHY), UnknownName, "no role 'Reader'")


@pytest.mark.parametrize("role", sorted(PRESETS))
def test_a_preset_stays_as_it_is(center: Center, role: str) -> None:
    refused(center, lambda: center.roles.change(role, take=["export"], **WHY), ChangeError, "is a preset")
    refused(center, lambda: center.roles.remove(role, **WHY), ChangeError, "is a preset")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "Say what to change"),
        ({"add": ["export"], "take": ["export"]}, "added and taken away at once"),
        ({"add": ["own_rows_only"]}, "cannot hold 'run_sql'"),
        ({"add": ["own_rows_only", "see_all_projects"], "take": ["run_sql"]}, "cannot hold both"),
        ({"reports": ["call_log", "-call_log"]}, "contradict each other"),
        ({"reports": ["call_logs"]}, "Did you mean 'call_log'"),
        ({"add": ["exports"]}, "Did you mean 'export'"),
    ],
)
def test_a_role_that_contradicts_itself_is_refused(center: Center, options: dict[str, Any], words: str) -> None:
    center.roles.create("Reader", copy="Supervisor", **WHY)
    refused(center, lambda: center.roles.change("Reader", **options, **WHY), ChangeError, words)
    if options:
        refused(center, lambda: center.roles.create("New", copy="Supervisor", **options, **WHY), ChangeError, words)


def test_nobody_raises_her_own_role_or_one_beyond_her(center: Center) -> None:
    by = {"actor": "lena", "reason": "more"}
    refused(center, lambda: center.roles.change("Lead", add=["see_costs"], **by), Refused, "lena lacks see_costs")
    refused(center, lambda: center.roles.change("Lead", reports=["*"], **by), Refused, "the report access_matrix")
    center.roles.create("Cashier", copy="Operator", add=["see_costs"], **WHY)
    refused(center, lambda: center.roles.change("Cashier", take=["see_costs"], **by), Refused, "lacks see_costs")
    refused(center, lambda: center.roles.remove("Cashier", **by), Refused, "lacks see_costs")
    center.roles.change("Lead", take=["run_sql"], **by)
    refused(center, lambda: center.roles.change("Lead", add=["run_sql"], **by), Refused, "lena lacks run_sql")


def test_a_role_of_people_elsewhere_is_not_a_leads_to_change(center: Center) -> None:
    by = {"actor": "lena", "reason": "hers"}
    center.roles.create("Junior", copy="Operator", **WHY)
    center.users.change("olek", role="Junior", **WHY)
    center.roles.change("Junior", reports=["call_log"], **by)
    center.users.change("ola", role="Junior", **WHY)
    refused(center, lambda: center.roles.change("Junior", reports=[], **by), Refused, "does not see them all")
