"""Changes by administrators: who may, within which projects, what is refused, and what the log says of it."""

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
from okireports.access import PRESETS, RIGHTS
from okireports.errors import BadOption, ChangeError, Refused, UnknownName, UnknownViewer
from okireports.faces import Center

WHY = {"actor": "admin", "reason": "a test"}
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Projects Alpha and Beta with a queue each; boss and anna supervise, olek and ola operate, lena leads Alpha."""
    made = growing.make(tmp_path_factory.mktemp("admin"))
    manages = [right for right in RIGHTS if right.startswith("manage_")]
    made.roles.create("Lead", copy="Supervisor", add=manages, reports=["*"], **WHY)
    made.users.create("lena", role="Lead", **WHY)
    made.projects.add_member("Alpha", "lena", **WHY)
    made.roles.create("Spare", copy="Operator", **WHY)
    made.groups.create("Early", members=["olek"], **WHY)
    made.definitions.set("away_reasons", {"reason": "break", "allowed_s": 300}, valid_from="2025-06-01", **WHY)
    made.definitions.set("results", {"project": "Alpha", "result": "sold", "sale": True}, **WHY)
    return made


@pytest.fixture
def center(template: Center, tmp_path: Path, clock: Clock) -> Center:
    """One's own copy of it."""
    return okireports.open(growing.copy(template, tmp_path).path, now=clock)


def unchanged(center: Center, action: Callable[[], object], error: type[Exception], words: str) -> None:
    """The action is refused in these words, and nothing is published."""
    before = center.folder.current()
    with pytest.raises(error, match=words):
        action()
    assert center.folder.current() == before
    assert growing.named(center) == {name for name in growing.files(center) if not name.startswith("journal/")}


def log(center: Center, action: str) -> list[dict[str, Any]]:
    """The entries of the change log about an action."""
    frame = center.audit.frame
    return frame[frame["action"] == action].to_dict("records")


# Rights

CHANGES: dict[str, list[Callable[[Center, dict[str, Any]], object]]] = {
    "manage_projects": [
        lambda c, by: c.projects.create("Gamma", **by),
        lambda c, by: c.projects.rename("Alpha", "Omega", **by),
        lambda c, by: c.projects.archive("Alpha", **by),
        lambda c, by: c.projects.add_object("Alpha", "queue", "New line", **by),
        lambda c, by: c.projects.remove_object("Alpha", "queue", "Alpha line", **by),
        lambda c, by: c.projects.change("Alpha", client="Example Ltd", **by),
        lambda c, by: c.projects.move_object("queue", "Alpha line", "Beta", **by),
    ],
    "manage_access": [
        lambda c, by: c.projects.add_member("Alpha", "ola", **by),
        lambda c, by: c.projects.remove_member("Alpha", "olek", **by),
        lambda c, by: c.projects.add_group("Beta", "Early", **by),
        lambda c, by: c.projects.remove_group("Alpha", "Early", **by),
    ],
    "manage_users": [
        lambda c, by: c.users.create("nina", **by),
        lambda c, by: c.users.change("olek", name="Olek Example", **by),
        lambda c, by: c.roles.create("Reader", copy="Operator", **by),
        lambda c, by: c.roles.change("Lead", take=["export"], **by),
        lambda c, by: c.roles.remove("Spare", **by),
        lambda c, by: c.groups.create("Late", **by),
        lambda c, by: c.groups.rename("Early", "Earlier", **by),
        lambda c, by: c.groups.add_member("Early", "ola", **by),
        lambda c, by: c.groups.remove_member("Early", "olek", **by),
    ],
    "manage_definitions": [
        lambda c, by: c.settings.change(goal="0.9", **by),
        lambda c, by: c.settings.change(formula="offered", valid_from="2025-08-01", **by),
        lambda c, by: c.definitions.set("away_reasons", {"reason": "lunch", "allowed_s": 600}, **by),
        lambda c, by: c.definitions.end("away_reasons", {"reason": "break"}, **by),
        lambda c, by: c.definitions.remove("results", {"project": "Alpha", "result": "sold"}, **by),
    ],
    "operate": [lambda c, by: c.rollback(**by)],
}
EACH = [(right, change) for right, changes in CHANGES.items() for change in changes]


def test_each_right_to_manage_is_here() -> None:
    assert set(CHANGES) == {right for right in RIGHTS if right.startswith("manage_") or right == "operate"}


@pytest.mark.parametrize(("right", "change"), EACH)
def test_without_the_right_it_is_refused_and_noted(center: Center, right: str, change: Callable[..., object]) -> None:
    """She has every other right, and sees everything."""
    center.roles.create("Nearly", copy="Admin", take=[right], **WHY)
    center.users.create("nela", role="Nearly", **WHY)
    by = {"actor": "nela", "reason": "I may not"}
    words = rf"nela \(role Nearly\) lacks the right '{right}'"
    unchanged(center, lambda: change(center, by), Refused, words)
    center.users.create("after", **WHY)  # the next writer takes the refusal into the log
    (entry,) = log(center, "refused")
    assert (entry["actor"], entry["subject_kind"], entry["subject"]) == ("nela", "change", right)
    assert f"lacks the right '{right}'" in entry["reason"]
    assert center.audit.verify() == []


@pytest.mark.parametrize(("right", "change"), EACH)
def test_with_the_right_it_is_done_and_logged(center: Center, right: str, change: Callable[..., object]) -> None:
    """One generation, and its entries with actor and reason; the same call without a reason is refused."""
    unchanged(center, lambda: change(center, {"actor": "admin", "reason": ""}), ChangeError, "Say why")
    unchanged(center, lambda: change(center, {"actor": "admin", "reason": " \n"}), ChangeError, "Say why")
    unchanged(center, lambda: change(center, {"actor": "nobody", "reason": "x"}), UnknownViewer, "no active user")
    entries, generation = len(center.audit.frame), center.folder.current().generation
    change(center, {"actor": "ADMIN", "reason": " because "})
    assert center.folder.current().generation == generation + 1
    frame = center.audit.frame
    refused, *new = frame.iloc[entries:].to_dict("records")
    assert refused["action"] == "refused"  # that of nobody
    assert 1 <= len(new) <= 2  # what leaves one project and comes to another, or leaves one that ends, is told twice
    assert {entry["reason"] for entry in new} == {"because"}
    assert {entry["actor"] for entry in new} <= {"admin", "ADMIN"}
    assert center.audit.verify() == []


def test_an_inactive_person_changes_nothing(center: Center) -> None:
    center.users.create("nora", role="Admin", **WHY)
    center.users.change("nora", active=False, **WHY)
    unchanged(center, lambda: center.users.create("x", actor="nora", reason="x"), UnknownViewer, "no active user")


# Own projects only


@pytest.mark.parametrize(
    "change",
    [
        lambda c, project, by: c.projects.rename(project, "Omega", **by),
        lambda c, project, by: c.projects.archive(project, **by),
        lambda c, project, by: c.projects.add_member(project, "lena", **by),
        lambda c, project, by: c.projects.remove_member(project, "ola", **by),
        lambda c, project, by: c.projects.add_object(project, "queue", "Omega line", **by),
        lambda c, project, by: c.projects.remove_object(project, "queue", "Beta line", **by),
    ],
)
def test_a_hidden_project_is_as_unknown_as_none(center: Center, change: Callable[..., object]) -> None:
    by = {"actor": "lena", "reason": "curious"}
    for project in ("Beta", "Bexa"):
        unchanged(
            center,
            lambda project=project: change(center, project, by),
            UnknownName,
            rf"^There is no project '{project}' among those you can see\.$",
        )


def test_a_lead_changes_her_own_project(center: Center) -> None:
    by = {"actor": "lena", "reason": "her project"}
    center.projects.rename("Alpha", "Alpha two", **by)
    center.projects.add_object("Alpha two", "sip_provider", "Trunk", **by)
    center.users.create("nina", **by)
    center.projects.add_member("Alpha two", "nina", **by)
    center.users.change("nina", name="Nina Example", **by)
    center.users.change("olek", active=False, **by)  # works in Alpha only
    assert set(center.users.frame.set_index("login").loc["nina", "projects"]) == {"Alpha two"}
    unchanged(center, lambda: center.users.change("ola", active=False, **by), UnknownName, "no user 'ola'")
    unchanged(center, lambda: center.users.change("boss", active=False, **by), Refused, "not yours alone")
    unchanged(center, lambda: center.projects.add_object("Alpha two", "queue", "Beta line", **by), Refused, "not free")
    center.projects.create("Gamma", **by)
    unchanged(center, lambda: center.projects.archive("Gamma", **by), UnknownName, "no project 'Gamma'")


# Nobody grants what they lack


def test_nobody_gives_a_role_beyond_their_own(center: Center) -> None:
    by = {"actor": "lena", "reason": "more"}
    unchanged(
        center,
        lambda: center.users.create("nina", role="Admin", **by),
        Refused,
        "lena lacks operate, .*see_all_projects",
    )
    unchanged(center, lambda: center.users.change("olek", role="Admin", **by), Refused, "cannot give the role 'Admin'")
    unchanged(center, lambda: center.users.change("lena", role="Admin", **by), Refused, "cannot give the role 'Admin'")
    unchanged(center, lambda: center.users.change("admin", active=False, **by), Refused, "cannot give the role 'Admin'")
    copy = {"copy": "Operator", "add": ["see_costs"]}
    unchanged(center, lambda: center.roles.create("Costs", **copy, **by), Refused, "lena lacks see_costs")
    unchanged(center, lambda: center.roles.create("A", copy="Admin", **by), Refused, "lacks operate")
    center.roles.create("B", copy="Admin", take=["operate", "see_all_projects", "see_costs", "read_whole_audit"], **by)
    center.users.create("nina", role="B", **by)


def test_restrictions_and_reports_are_not_shed(center: Center) -> None:
    """Who is restricted gives no role without the restriction, nor one that runs more."""
    some = ["call_log", "-costs"]
    center.roles.create("Narrow", copy="Supervisor", add=["manage_users", "aliases"], reports=some, **WHY)
    center.users.create("nick", role="Narrow", **WHY)
    by = {"actor": "nick", "reason": "more"}
    unchanged(center, lambda: center.users.change("nick", role="Supervisor", **by), Refused, "being without aliases")
    wide = {"copy": "Narrow", "reports": ["*"]}
    unchanged(center, lambda: center.roles.create("Wide", **wide, **by), Refused, r"the report \*")
    other = {"copy": "Narrow", "reports": ["service_level"]}
    unchanged(center, lambda: center.roles.create("Other", **other, **by), Refused, "the report service_level")
    free = {"copy": "Narrow", "take": ["aliases"]}
    unchanged(center, lambda: center.roles.create("Free", **free, **by), Refused, "being without aliases")
    center.roles.create("Less", copy="Narrow", reports="call_log", add=["own_rows_only"], take=["run_sql"], **by)
    center.roles.create("All but costs", copy="Supervisor", add=["manage_users"], reports=["*", "-costs"], **WHY)
    center.users.create("nell", role="All but costs", **WHY)
    by = {"actor": "nell", "reason": "more"}
    unchanged(
        center, lambda: center.roles.create("All", **wide | {"copy": "Supervisor"}, **by), Refused, "the report costs"
    )
    center.roles.create("Fewer", copy="Supervisor", reports=["*", "-costs", "-call_log"], **by)


# People


def test_logins(center: Center) -> None:
    center.users.create("Zoë", **WHY)
    center.users.create("ahha", **WHY)
    for login in ("ADMIN", "Anna", "zOË"):
        unchanged(center, lambda login=login: center.users.create(login, **WHY), ChangeError, "without regard to case")
    wrong = {
        "nina ": "no blanks at its ends",
        " nina": "no blanks at its ends",
        "": "at least one character",
        "ni\u200bna": "none that cannot be seen",
        "n\u0456na": "one alphabet",  # a Cyrillic i
        "\uff4e\uff49": "look like others",  # full-width letters
        "\u0430\u043d\u043d\u0430": "who is someone else",  # all Cyrillic
    }
    for login, words in wrong.items():
        unchanged(center, lambda login=login: center.users.create(login, **WHY), ChangeError, words)
    unchanged(center, lambda: center.users.change("anna ", name="x", **WHY), UnknownName, "no user 'anna '")
    unchanged(center, lambda: center.users.change("\u0430nna", name="x", **WHY), UnknownName, "no user")
    with pytest.raises(UnknownViewer):
        center.viewer("anna ")
    assert center.viewer("ANNA").check() is None


def test_the_last_admin_stays(center: Center) -> None:
    words = "last active admin"
    unchanged(center, lambda: center.users.change("admin", active=False, **WHY), ChangeError, words)
    unchanged(center, lambda: center.users.change("admin", role="Supervisor", **WHY), ChangeError, words)
    center.users.create("nora", role="Admin", **WHY)
    center.users.change("admin", role="Supervisor", **WHY)
    unchanged(center, lambda: center.users.change("nora", active=False, actor="nora", reason="x"), ChangeError, words)


def test_changes_of_a_person(center: Center) -> None:
    center.users.change("ANNA", name="Anna Example", email="anna@example.com", **WHY)
    (entry,) = log(center, "change user")
    assert entry["subject"] == "anna"
    assert json.loads(entry["before"]) == {"name": None, "email": None, "role": "Supervisor", "active": True}
    assert json.loads(entry["after"])["email"] == "anna@example.com"
    for values, words in (
        ({"id": 7}, "A user has no 'id'"),
        ({}, "Say what to change"),
        ({"active": "no"}, "True or False"),
        ({"active": None}, "True or False"),
    ):
        unchanged(center, lambda values=values: center.users.change("anna", **values, **WHY), ChangeError, words)
    unchanged(center, lambda: center.users.change("anna", role="Boss", **WHY), UnknownName, "no role 'Boss'")
    unchanged(
        center, lambda: center.users.create("x", role="supervisor", **WHY), UnknownName, "Did you mean 'Supervisor'"
    )
    center.users.change("anna", active=False, **WHY)
    with pytest.raises(UnknownViewer):
        center.viewer("anna")


# Roles


def test_roles(center: Center) -> None:
    center.roles.create("Quiet client", copy="Client", take=iter(["export"]), add=iter(["own_rows_only"]), **WHY)
    rows = center.roles.frame.set_index("role")
    assert list(rows.loc["Quiet client", "rights"]) == ["listen_recordings", "own_rows_only", "aliases"]
    assert list(rows.loc["Quiet client", "reports"]) == list(PRESETS["Client"].reports)
    assert not rows.loc["Quiet client", "preset"]
    assert {role for role in rows.index if rows.loc[role, "preset"]} == set(PRESETS)
    assert rows.loc["Supervisor", "users"] == 2
    cases: list[tuple[str, dict[str, Any], type[Exception], str]] = [
        ("client", {"copy": "Client"}, ChangeError, "is a role 'client' already"),
        ("New", {"copy": "Cliant"}, UnknownName, "Did you mean 'Client'"),
        ("New", {"copy": "Client", "add": ["see_cost"]}, ChangeError, "Did you mean 'see_costs'"),
        ("New", {"copy": "Client", "take": "exports"}, ChangeError, "Did you mean 'export'"),
        ("New", {"copy": "Supervisor", "add": ["own_rows_only"]}, ChangeError, "cannot hold 'run_sql'"),
        ("New", {"copy": "Client", "reports": ["-cost"]}, ChangeError, "Did you mean 'costs'"),
        (" New", {"copy": "Client"}, ChangeError, "no blanks at its ends"),
    ]
    for role, options, error, words in cases:
        unchanged(center, lambda r=role, o=options: center.roles.create(r, **o, **WHY), error, words)


# Projects


def test_names_of_projects(center: Center) -> None:
    for name in ("", " ", "Gamma ", "\tGamma"):
        unchanged(center, lambda name=name: center.projects.create(name, **WHY), ChangeError, "no blanks at its ends")
        unchanged(center, lambda name=name: center.projects.rename("Alpha", name, **WHY), ChangeError, "no blanks")
    for name in ("Gam\nma", "Gam\u200bma"):
        unchanged(center, lambda name=name: center.projects.create(name, **WHY), ChangeError, "cannot be seen")
    unchanged(center, lambda: center.projects.create("Alpha", **WHY), ChangeError, "active project 'Alpha' already")
    unchanged(center, lambda: center.projects.rename("Beta", "Alpha", **WHY), ChangeError, "active project 'Alpha'")
    center.projects.archive("Alpha", **WHY)
    unchanged(center, lambda: center.projects.archive("Alpha", **WHY), ChangeError, "'Alpha' is archived")
    center.projects.create("Alpha", description="again", client="Example Ltd", **WHY)
    frame = center.projects.frame
    assert list(frame["project"]) == ["Alpha", "Alpha", "Beta"]
    assert list(frame["project_id"]) == [1, 3, 2]
    assert list(frame["archived_at"].notna()) == [True, False, False]
    strange = "../Ünïcode / CON 'quoted' \"twice\""
    center.projects.create(strange, **WHY)
    assert strange in set(center.projects.frame["project"])


def test_a_rename_leaves_the_files(center: Center, tmp_path: Path) -> None:
    center.load(growing.day(tmp_path, 0))
    before = growing.segments(center, 1)
    center.projects.rename("Alpha", "Omega", **WHY)
    assert growing.segments(center, 1) == before
    rows = growing.summary(center.viewer("anna"))
    assert [row["project"] for row in rows] == ["Omega"]
    (entry,) = log(center, "rename project")
    assert (entry["before"], entry["after"], entry["project_id"]) == ('{"name": "Alpha"}', '{"name": "Omega"}', 1)


def test_a_membership_counts_at_the_next_call(center: Center, clock: Clock, tmp_path: Path) -> None:
    center.load(growing.day(tmp_path, 0))
    anna = center.viewer("anna")
    assert growing.summary(anna) == growing.expected(1, beta=False)
    center.projects.add_member("Beta", "anna", **WHY)
    assert growing.summary(anna) == growing.expected(1)
    unchanged(center, lambda: center.projects.add_member("Beta", "Anna", **WHY), ChangeError, "anna is in Beta already")
    clock.now += timedelta(hours=1)
    center.projects.remove_member("Beta", "anna", **WHY)
    assert growing.summary(anna) == growing.expected(1, beta=False)
    unchanged(center, lambda: center.projects.remove_member("Beta", "anna", **WHY), ChangeError, "anna is not in Beta")
    clock.now += timedelta(hours=1)
    center.projects.add_member("Beta", "anna", **WHY)
    assert growing.summary(anna) == growing.expected(1)
    stays = growing.query(
        center,
        "SELECT valid_from, valid_to FROM control.memberships JOIN control.users USING (user_id) "
        "WHERE login = 'anna' AND project_id = 2 ORDER BY 1",
    )
    at = NOW.replace(tzinfo=None)
    assert stays == [(at, at + timedelta(hours=1)), (at + timedelta(hours=2), None)]


def test_a_membership_with_an_end_and_one_to_come(center: Center, clock: Clock, tmp_path: Path) -> None:
    center.load(growing.day(tmp_path, 0))
    begin, end = NOW + timedelta(days=1), NOW + timedelta(days=2)
    center.projects.add_member("Beta", "anna", valid_from=begin, valid_to=end, **WHY)
    seen = []
    for at in (NOW, begin - timedelta(milliseconds=1), begin, end - timedelta(milliseconds=1), end):
        clock.now = at
        seen.append(len(growing.summary(center.viewer("anna"))))
    assert seen == [1, 1, 2, 2, 1]
    clock.now = NOW
    second = timedelta(seconds=1)
    for since, until in ((NOW, None), (begin, end), (NOW, begin + second), (end - second, None)):
        span = {"valid_from": since, "valid_to": until}
        unchanged(
            center,
            lambda span=span: center.projects.add_member("Beta", "anna", **span, **WHY),
            ChangeError,
            "already at that time",
        )
    wrong = {"valid_from": end, "valid_to": begin}
    unchanged(center, lambda: center.projects.add_member("Beta", "anna", **wrong, **WHY), ChangeError, "not after")
    center.projects.add_member("Beta", "anna", valid_from=end, **WHY)  # half-open: one ends where the other begins
    center.projects.remove_member("Beta", "anna", **WHY)  # before either began
    left = growing.query(
        center, "SELECT count(*) FROM control.memberships WHERE project_id = 2 AND valid_from IS NOT NULL"
    )
    assert left == [(0,)]


def test_an_exclusive_object_moves(center: Center, clock: Clock, tmp_path: Path) -> None:
    """Alpha's line goes to Beta: later calls are Beta's, earlier ones stay where they were."""
    center.load(growing.day(tmp_path, 0))
    clock.now = growing.FIRST + timedelta(hours=20)
    center.projects.add_object("Beta", "queue", "Alpha line", **WHY)
    clock.now = NOW
    center.load(growing.day(tmp_path, 1))
    rows = {(r["project"], r["queue"]): r["offered"] for r in growing.summary(center.viewer("boss"))}
    assert rows == {
        ("Alpha", "Alpha line"): growing.ALPHA,
        ("Beta", "Alpha line"): growing.ALPHA,
        ("Beta", "Beta line"): 2 * growing.BETA,
    }
    left, joined = log(center, "remove object")[0], log(center, "add object")[-1]
    assert (left["project_id"], joined["project_id"]) == (1, 2)
    unchanged(center, lambda: center.projects.add_object("Beta", "queue", "Alpha line", **WHY), ChangeError, "already")
    center.projects.remove_object("Beta", "queue", "Alpha line", **WHY)
    unchanged(
        center, lambda: center.projects.remove_object("Beta", "queue", "Alpha line", **WHY), UnknownName, "no queue"
    )
    assert growing.query(
        center,
        "SELECT project_id, valid_from, valid_to FROM control.project_objects JOIN control.objects USING (object_id) "
        "WHERE name = 'Alpha line' ORDER BY valid_from NULLS FIRST",
    ) == [
        (1, None, (moved := (growing.FIRST + timedelta(hours=20)).replace(tzinfo=None))),
        (2, moved, NOW.replace(tzinfo=None)),
    ]


def test_a_shared_object_is_in_many(center: Center) -> None:
    for project in ("Alpha", "Beta"):
        center.projects.add_object(project, "sip_provider", "Trunk", **WHY)
    assert list(center.projects.frame["objects"]) == [2, 2]
    unchanged(
        center, lambda: center.projects.add_object("Alpha", "sip_provider", "Trunk", **WHY), ChangeError, "already"
    )
    unchanged(
        center, lambda: center.projects.add_object("Alpha", "que", "x", **WHY), ChangeError, "Did you mean 'queue'"
    )
    unchanged(center, lambda: center.projects.add_object("Alpha", "queue", " x", **WHY), ChangeError, "no blanks")


# Settings


def test_settings(center: Center) -> None:
    center.settings.change(goal="0.85", week_start="6", **WHY)
    assert center.settings.values["goal"] == "0.85"
    entries = log(center, "change setting")
    assert [(e["subject"], e["before"], e["after"]) for e in entries] == [
        ("goal", '{"value": ""}', '{"value": "0.85"}'),
        ("week_start", '{"value": "0"}', '{"value": "6"}'),
    ]
    unchanged(center, lambda: center.settings.change(goal="80", **WHY), BadOption, "between 0 and 1")
    unchanged(center, lambda: center.settings.change(timezone="UTC", **WHY), BadOption, "no setting 'timezone'")
    unchanged(center, lambda: center.settings.change(**WHY), ChangeError, "Say which setting")


def test_simplified_security(tmp_path: Path) -> None:
    """No projects: every active user sees all; the right still decides who changes."""
    center = okireports.create(tmp_path / "center", security="simplified", now=NOW)
    center.users.create("sam", role="Supervisor", **WHY)
    assert list(center.viewer("sam").projects["project"]) == ["Everything"]
    unchanged(
        center, lambda: center.users.create("x", actor="sam", reason="x"), Refused, "lacks the right 'manage_users'"
    )
