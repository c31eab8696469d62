"""Questions about access: previews, the lint, who can see a call, how two people differ; each within one's projects."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import growing
import okireports
from okireports.errors import ChangeError, Refused, UnknownName, UnknownReport, UnknownViewer
from okireports.faces import Center

WHY = {"actor": "admin", "reason": "a test"}
LEAD = {"actor": "lena", "reason": "a complaint"}
BOTH = ("admin", "lena")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Alpha and Beta with a day of calls; lena manages Alpha alone, sees no costs and no recordings."""
    path = tmp_path_factory.mktemp("insight")
    made = growing.make(path)
    made.load(growing.day(path, 0))
    add, take = ("manage_access", "operate"), ("listen_recordings", "see_phone_numbers")
    made.roles.create("Lead", copy="Supervisor", add=add, take=take, reports=["*", "-violations"], **WHY)
    made.roles.create("Alone", copy="Operator", add=("own_rows_only",), **WHY)
    with made.change("admin", reason="people") as change:
        for login, role in (("lena", "Lead"), ("olga", "Alone"), ("audrey", "Auditor")):
            change.users.create(login, role=role)
        change.projects.add_member("Alpha", "lena")
        change.projects.add_member("Alpha", "olga")
    return made


@pytest.fixture
def center(template: Center, tmp_path: Path) -> Center:
    """One's own copy of it."""
    return growing.copy(template, tmp_path)


def journal(center: Center) -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8")) for path in sorted(center.folder.journal.iterdir())]


def refused(action: Callable[[], object], error: type[Exception]) -> str:
    with pytest.raises(error) as told:
        action()
    return str(told.value)


# Through another one's eyes


def test_a_preview_shows_what_she_would_see(center: Center) -> None:
    boss, seen = center.viewer("boss"), center.preview_as("boss", **WHY)
    assert seen.projects.equals(boss.projects) and seen.reports.equals(boss.reports)
    asked = {"period": growing.YEAR}
    assert seen.report("call_log", **asked).arrow.equals(boss.report("call_log", **asked).arrow)
    assert "phone" in seen.report("call_log", **asked).frame


def test_a_preview_is_never_more_than_the_actor_may_manage(center: Center) -> None:
    for login in ("boss", "admin"):
        seen = center.preview_as(login, **LEAD)
        assert list(seen.projects["project"]) == ["Alpha"]
        log = seen.report("call_log", period=growing.YEAR).frame
        assert set(log["project"]) == {"Alpha"} and len(log) == growing.ALPHA
        assert not {"phone", "recording", "cost"} & set(log)
        assert refused(lambda s=seen: s.report("violations", period=growing.YEAR), UnknownReport)
        assert set(seen.sql("SELECT project FROM calls").frame["project"]) == {"Alpha"}
        assert refused(lambda s=seen: s.report("call_log", period=growing.YEAR, projects="Beta"), UnknownName)


def test_restrictions_hold_in_a_preview(center: Center) -> None:
    seen = center.preview_as("olga", **WHY)
    assert list(seen.reports["name"]) == list(center.viewer("olga").reports["name"])
    assert seen.report("call_log", period=growing.YEAR).frame.empty  # no call is olga's
    center.users.change("olga", role="Client", **WHY)
    shown = seen.report("call_log", period=growing.YEAR).frame["operator"]
    assert set(shown) == {"Operator 0004"}


def test_one_who_works_elsewhere_is_as_unknown_as_nobody(center: Center) -> None:
    hidden, absent = (refused(lambda n=n: center.preview_as(n, **LEAD), UnknownViewer) for n in ("ola", "olo"))
    assert hidden.replace("ola", "olo") == absent
    one, other = (refused(lambda n=n: center.diff_access("anna", n, **LEAD), UnknownViewer) for n in ("ola", "olo"))
    assert one.replace("ola", "olo") == other


def test_a_preview_is_the_actors_in_the_journal(center: Center) -> None:
    center.preview_as("boss", **LEAD).report("call_log", period=growing.YEAR)
    begun, read = journal(center)
    assert [e["actor"] for e in (begun, read)] == ["lena", "lena"]
    assert (begun["subject"], begun["reason"]) == ("boss", "a complaint")
    assert (read["action"], read["subject"], json.loads(read["after"])) == (
        "preview: run report",
        "call_log",
        {"as": "boss"},
    )
    who = center.preview_as("boss", **LEAD).report("call_log", period=growing.YEAR).provenance.viewer
    assert who == "boss, previewed by lena"


def test_a_preview_ends_with_the_right(center: Center) -> None:
    seen = center.preview_as("boss", **LEAD)
    center.users.change("lena", role="Supervisor", **WHY)
    assert "manage_access" in refused(lambda: seen.report("call_log", period=growing.YEAR), Refused)
    assert (journal(center)[-1]["actor"], journal(center)[-1]["action"]) == ("lena", "refused")


def test_a_preview_that_cannot_be_written_down_is_refused(center: Center) -> None:
    seen = center.preview_as("boss", **LEAD)
    center.folder.journal.rename(center.path / "elsewhere")
    assert "must be written" in refused(lambda: seen.report("call_log", period=growing.YEAR), Refused)


QUESTIONS: dict[str, Callable[..., object]] = {
    "preview_as": lambda c, **by: c.preview_as("anna", **by),
    "who_can_see": lambda c, **by: c.who_can_see("0-Alpha-0", **by),
    "diff_access": lambda c, **by: c.diff_access("anna", "olek", **by),
    "lint": lambda c, **by: c.lint(**by),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_without_the_right_or_a_reason_there_is_no_answer(center: Center, name: str) -> None:
    ask = QUESTIONS[name]
    right = "operate" if name == "lint" else "manage_access"
    assert right in refused(lambda: ask(center, actor="anna", reason="curious"), Refused)
    entry = journal(center)[-1]
    assert (entry["actor"], entry["action"], entry["subject_kind"]) == ("anna", "refused", "access")
    for reason in ("", "  ", None):
        refused(lambda r=reason: ask(center, actor="lena", reason=r), ChangeError)
    for by in BOTH:
        ask(center, actor=by, reason="a test")
        assert (journal(center)[-1]["actor"], journal(center)[-1]["reason"]) == (by, "a test")


# Who can see a call


def people(frame: pd.DataFrame) -> dict[str, str]:
    return dict(zip(frame["login"], frame["through"], strict=True))


def test_who_can_see_a_call_and_by_what(center: Center) -> None:
    members = dict.fromkeys(("anna", "boss", "lena", "olek"), "member")
    found = center.who_can_see("0-Alpha-0", **WHY)
    assert people(found) == {"admin": "see_all_projects", **members}  # olga sees her own rows only
    since = dict(zip(found["login"], found["since"], strict=True))
    assert pd.isna(since["anna"]) and since["lena"] == pd.Timestamp("2025-07-01")
    assert set(found["project"]) == {"Alpha"} and "see_phone_numbers" in found["rights"][1]
    center.users.change("anna", active=False, **WHY)
    center.projects.remove_member("Alpha", "boss", **WHY)
    assert set(people(center.who_can_see("0-Alpha-0", **WHY))) == {"admin", "lena", "olek"}


def test_what_they_can_see_is_what_they_are_said_to_see(center: Center) -> None:
    """The other way round: everyone asks for the call."""
    for call in ("0-Alpha-0", "0-Beta-3"):
        said = set(center.who_can_see(call, **WHY)["login"])
        for login in center.users.frame["login"]:
            viewer = center.viewer(login, reason="a test")
            if "call_log" in set(viewer.reports["name"]):
                seen = call in set(viewer.report("call_log", period=growing.YEAR).frame["call"])
                assert seen == (login in said), (login, call)


def test_a_call_of_another_project_is_as_unknown_as_none(center: Center) -> None:
    hidden, absent = (refused(lambda n=n: center.who_can_see(n, **LEAD), UnknownName) for n in ("0-Beta-0", "0-Beto-0"))
    assert hidden.replace("Beta", "Beto") == absent
    assert set(center.who_can_see("0-Alpha-0", **LEAD)["project"]) == {"Alpha"}


def test_a_call_of_no_project_is_seen_by_those_who_see_everything(center: Center) -> None:
    call = growing.call("loose-1", growing.FIRST, "Nobody's line", "olek")
    center.load(growing.write(center.path.parent / "loose", {"calls": [call]}), create_missing=True)
    found = center.who_can_see("loose-1", **WHY)
    assert people(found) == {"admin": "see_all_projects"} and found["project"].isna().all()
    refused(lambda: center.who_can_see("loose-1", **LEAD), UnknownName)


def test_a_call_by_its_number(center: Center) -> None:
    number = int(center.viewer("lena").sql("SELECT call_id FROM calls WHERE source_id = '0-Alpha-2'").frame.iloc[0, 0])
    assert center.who_can_see(number, **WHY).equals(center.who_can_see("0-Alpha-2", **WHY))


# How two people differ


def test_the_difference_between_two_people(center: Center) -> None:
    def diff(a: str, b: str, **by: Any) -> dict[str, set[str]]:
        frame = center.diff_access(a, b, **(by or WHY))
        return {kind: set(rows["name"]) for kind, rows in frame.groupby("kind")}

    assert diff("boss", "anna") == {"project": {"Beta"}}
    assert diff("anna", "boss") == {}
    found = diff("lena", "anna")
    assert found["right"] == {"manage_access", "operate"}
    assert found["report"] == {"change_log", "access_matrix", "contract"}
    assert diff("olek", "olga") == {"restriction": {"own_rows_only"}}
    assert diff("boss", "anna", **LEAD) == {}  # that Beta is hers is not lena's to know
    assert list(center.diff_access("anna", "anna", **WHY).columns) == ["kind", "name"]


def test_the_difference_between_two_days(center: Center) -> None:
    later = okireports.open(center.path, now=growing.NOW + timedelta(days=3))
    later.projects.remove_member("Beta", "boss", **WHY)
    later.projects.rename("Alpha", "Omega", **WHY)
    later.users.change("boss", role="Client", **WHY)
    days = ("2025-07-02", "2025-07-04")

    def diff(days: tuple[str, str], by: dict[str, str] = WHY) -> set[tuple[str, str]]:
        frame = later.diff_access("boss", "boss", days=days, **by)
        return set(zip(frame["kind"], frame["name"], strict=True))

    lost = diff(days)
    assert {("project", "Beta"), ("right", "run_sql"), ("restriction", "aliases")} <= lost
    assert ("report", "operator_calls") in lost and ("project", "Omega") not in lost
    assert diff(days, LEAD) == lost - {("project", "Beta")}
    assert diff(days[::-1]) == {("report", "contract")}  # which clients may run
    assert diff(days[:1] * 2) == set()
    frame = later.diff_access("lena", "anna", days=("2025-07-02", "2025-07-02"), **WHY)
    assert ("right", "manage_access") in set(zip(frame["kind"], frame["name"], strict=True))
    for who, by in (("ola", LEAD), ("nobody", WHY), ("nobody", LEAD)):
        refused(lambda w=who, b=by: later.diff_access("boss", w, days=days, **b), UnknownViewer)
    refused(lambda: later.diff_access("boss", "boss", days=("2020-01-01", days[1]), **WHY), UnknownViewer)


# What looks forgotten


def findings(center: Center, kind: str, by: dict[str, str] = WHY) -> list[tuple[Any, Any]]:
    frame = center.lint(**by)
    rows = frame[frame["kind"] == kind]
    return [(row["subject"], None if pd.isna(row["project"]) else row["project"]) for _, row in rows.iterrows()]


def test_who_was_forgotten_in_default(center: Center) -> None:
    center.projects.create("Default", **WHY)
    for login in ("anna", "audrey"):
        center.projects.add_member("Default", login, **WHY)
    assert findings(center, "forgotten in Default") == [("anna", "Default")]
    assert findings(center, "forgotten in Default", LEAD) == []  # Default is not lena's
    center.projects.remove_member("Default", "anna", **WHY)
    assert findings(center, "forgotten in Default") == []


def test_empty_projects_and_loose_objects(center: Center) -> None:
    assert findings(center, "empty project") == findings(center, "object of no project") == []
    center.projects.create("Gamma", **WHY)
    center.projects.create("Delta", **WHY)
    center.projects.add_member("Delta", "anna", **WHY)
    center.projects.remove_object("Beta", "queue", "Beta line", **WHY)
    frame = center.lint(**WHY)
    words = frame[frame["kind"] == "empty project"].set_index("subject")["words"].to_dict()
    assert words == {
        "Beta": "it owns no object",
        "Delta": "it owns no object",
        "Gamma": "nobody works in it and it owns no object",
    }
    assert findings(center, "object of no project") == [("Beta line", None)]
    assert findings(center, "empty project", LEAD) == findings(center, "object of no project", LEAD) == []
    for name in ("Gamma", "Delta"):
        center.projects.archive(name, **WHY)
    assert findings(center, "empty project") == [("Beta", "Beta")]


def test_roles_that_widen(center: Center) -> None:
    frame = center.lint(**WHY)
    (words,) = frame[frame["kind"] == "role that widens"]["words"]
    assert words.startswith(
        "has beyond Supervisor: manage_access, operate, the report access_matrix, the report change"
    )
    center.roles.create("Less", copy="Supervisor", take=["export"], **WHY)
    center.roles.create("Freed", copy="Alone", take=["own_rows_only"], **WHY)
    assert findings(center, "role that widens") == [("Freed", None), ("Lead", None)]
    assert findings(center, "role that widens", LEAD) == []


def test_members_who_never_looked(center: Center) -> None:
    everyone = [("anna", "Alpha"), ("boss", "Alpha"), ("boss", "Beta"), ("lena", "Alpha"), ("olga", "Alpha")]
    assert findings(center, "never looked") == everyone  # and no operator
    center.viewer("boss").report("queue_summary", period=growing.YEAR, projects="Alpha")
    center.viewer("anna").report("queue_summary", period=growing.YEAR)
    left = [("boss", "Beta"), ("lena", "Alpha"), ("olga", "Alpha")]
    assert findings(center, "never looked") == left
    center.preview_as("boss", **WHY).report("queue_summary", period=growing.YEAR)  # it is not the boss who looks
    center.users.create("new", **WHY)  # the reads are in the log now, and no longer in the journal
    assert findings(center, "never looked") == left
    assert findings(center, "never looked", LEAD) == [("lena", "Alpha"), ("olga", "Alpha")]


def test_telephone_numbers_without_need(center: Center) -> None:
    numbers = [("anna", None), ("boss", None), ("olga", None)]
    assert findings(center, "numbers without need") == numbers
    center.viewer("anna").report("queue_summary", period=growing.YEAR)
    assert findings(center, "numbers without need") == numbers
    center.viewer("anna").report("lost_calls", period=growing.YEAR)
    center.viewer("boss").sql("SELECT count(*) FROM calls")
    assert findings(center, "numbers without need") == [("olga", None)]


def test_what_was_asked_elsewhere_is_not_told_by_what_is_missing(center: Center) -> None:
    center.viewer("boss").report("lost_calls", period=growing.YEAR, projects="Beta")
    assert ("boss", None) not in findings(center, "numbers without need")
    assert ("boss", None) in findings(center, "numbers without need", LEAD)


def test_who_joined_a_group_later(center: Center) -> None:
    center.groups.create("Day", members=["anna", "boss"], **WHY)
    later = okireports.open(center.path, now=growing.NOW + timedelta(days=3))
    later.groups.add_member("Day", "ola", **WHY)
    assert findings(later, "late joiner") == [("ola", "Alpha")]
    assert findings(later, "late joiner", LEAD) == []  # ola works elsewhere
    later.projects.add_member("Alpha", "ola", **WHY)
    assert findings(later, "late joiner") == []


def test_people_of_other_projects_do_not_decide_who_joined_later(center: Center) -> None:
    center.groups.create("Day", members=["boss", "ola"], **WHY)  # ola works in Beta, which lena does not see
    center.projects.create("Gamma", **WHY)
    center.projects.add_member("Gamma", "lena", **WHY)
    center.users.create("gus", role="Operator", projects="Gamma", **WHY)
    later = okireports.open(center.path, now=growing.NOW + timedelta(days=3))
    later.groups.add_member("Day", "gus", **WHY)
    assert findings(later, "late joiner", LEAD) == [("gus", "Alpha")]


def test_a_simplified_centre_is_asked_too(tmp_path: Path) -> None:
    made = okireports.create(tmp_path / "simple", now=growing.NOW, security="simplified")
    made.users.create("sue", role="Supervisor", **WHY)
    made.users.create("tom", role="Supervisor", **WHY)
    call = growing.call("s-1", growing.FIRST, "Line", "sue")
    made.load(growing.write(tmp_path / "in", {"calls": [call]}), create_missing=True)
    assert people(made.who_can_see("s-1", **WHY)) == dict.fromkeys(("admin", "sue", "tom"), "simplified")
    assert set(made.lint(**WHY)["kind"]) <= {"role that widens"}
    assert made.diff_access("sue", "tom", **WHY).empty
    assert made.preview_as("sue", **WHY).report("call_log", period=growing.YEAR).frame["call"].tolist() == ["s-1"]
