"""The security type: what switching to projects makes, what it leaves as it was, and when there is a way back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import growing
import laws
import loaded
import okireports
from loaded import call, calls
from okireports.errors import BadOption, ChangeError, Refused, UnknownViewer
from okireports.faces import Center

WHY = {"actor": "admin", "reason": "clients of their own"}
QUEUES = ("Sales", "Care")
PEOPLE = ("anna", "bea", "sue")
STATUSES = """
    operator,status,started_at,ended_at,queue
    anna,Ready,2025-06-02T09:00:00Z,2025-06-02T10:00:00Z,
    anna,Busy,2025-06-02T10:00:00Z,2025-06-02T10:01:00Z,Sales
    anna,Away,2025-06-02T10:01:00Z,2025-06-02T10:20:00Z,
    """
LATER = """
    operator,status,started_at,ended_at,queue
    anna,Ready,2025-06-02T10:20:00Z,2025-06-02T11:00:00Z,
    anna,Busy,2025-06-02T11:00:00Z,2025-06-02T11:01:00Z,Care
    """


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Nothing here is about a loss of power."""
    with laws.quick():
        yield


def facts() -> dict[str, str]:
    """Calls of two queues, with what hangs on them, statuses and a shift."""
    rows = [
        call("s", "2025-06-02T10:00:00Z", "Sales", "anna", "+48220000101", "Sales Example", "1"),
        call("c", "2025-06-02T11:00:00Z", "Care", "bea", "+48220000101", "Care Example", ""),
    ]
    shifts = "source_id,operator,activity,starts_at,ends_at\nh,bea,work,2025-06-02T08:00:00Z,2025-06-02T16:00:00Z\n"
    named = calls(*rows, columns="queue,operator,phone,contact_name,cost")
    return {"calls": named, "statuses": STATUSES, "shifts": shifts}


def definitions(*, projects: bool) -> dict[str, str]:
    """People and queues; all of them in Default since ever, or in no project."""
    said = {
        "users": "login,role\nanna,Operator\nbea,Operator\nsue,Supervisor\n",
        "objects": "kind,name\n" + "".join(f"queue,{name}\n" for name in QUEUES),
    }
    if projects:
        said |= {
            "projects": "name\nDefault\n",
            "memberships": "login,project\n" + "".join(f"{login},Default\n" for login in (*PEOPLE, "admin")),
            "project_objects": "kind,name,project\n" + "".join(f"queue,{name},Default\n" for name in QUEUES),
        }
    return said


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simplified centre with the facts in it."""
    folder = tmp_path_factory.mktemp("security")
    with laws.quick():
        made = loaded.centre(folder / "centre", definitions(projects=False), security="simplified")
        loaded.load(made, facts())
    return folder


@pytest.fixture
def center(template: Path, tmp_path: Path) -> Center:
    """One's own copy of it."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return okireports.open(tmp_path / "centre", now=loaded.NOW)


def test_all_history_is_in_default_as_if_it_had_been_loaded_so(center: Center, tmp_path: Path) -> None:
    """And so is what comes later: presence goes on where it was, also where a new interval cuts an old one."""
    center.security("improved", **WHY)
    truth = loaded.centre(tmp_path / "truth", definitions(projects=True))
    loaded.load(truth, facts())
    assert loaded.difference(loaded.content(truth), loaded.content(center)) == {}
    assert "statuses" in loaded.content(center)
    for made in (truth, center):
        loaded.load(made, {"statuses": LATER})
    assert loaded.difference(loaded.content(truth), loaded.content(center)) == {}


def test_everyone_sees_what_she_saw_and_a_newcomer_nothing(center: Center) -> None:
    before = {login: center.viewer(login).report("call_log", period="2025-06").frame for login in ("sue", "anna")}
    center.security("improved", **WHY)
    center.users.create("newcomer", role="Supervisor", **WHY)
    for login, frame in before.items():
        after = center.viewer(login).report("call_log", period="2025-06").frame
        assert set(after.pop("project")) == {"Default"} and set(frame.pop("project")) == {"Everything"}
        assert after.equals(frame) and len(frame) == 2
    assert center.viewer("newcomer").report("call_log", period="2025-06").frame.empty
    assert list(center.projects.frame["project"]) == ["Default"]
    row = center.projects.frame.iloc[0]
    assert (row["members"], row["objects"]) == (5 - 1, len(QUEUES))
    assert center.settings.values["security"] == "improved"


def test_each_person_and_object_is_logged(center: Center) -> None:
    before = len(center.audit.frame)
    center.security("improved", **WHY)
    frame = center.audit.frame[before:]
    assert list(frame["action"]) == [
        "rename project",
        *["add object"] * len(QUEUES),
        *["add member"] * (len(PEOPLE) + 1),
        "change setting",
    ]
    assert frame.iloc[-1]["before"] == '{"value": "simplified"}'
    assert center.audit.verify() == []


def test_there_and_back_is_as_before(center: Center) -> None:
    before = loaded.content(center)
    center.security("improved", **WHY)
    center.security("simplified", **WHY)
    assert loaded.content(center) == before
    assert list(center.viewer("sue").projects["project"]) == ["Everything"]
    loaded.load(center, {"statuses": LATER})
    assert len(loaded.stored(center)["statuses"]) == 8, "each of presence in two stores, each contact in one"


def test_what_the_log_tells_is_what_holds_however_often_it_is_switched(center: Center) -> None:
    for to in ("improved", "simplified", "improved"):
        center.security(to, **WHY)
    told = center.audit.access_at(loaded.NOW)
    assert list(zip(told["login"], told["project"], told["through"], strict=True)) == [
        ("admin", "Default", "see_all_projects"),
        *((login, "Default", "member") for login in PEOPLE),
    ]
    assert told["since"].isna().all()


def test_what_has_projects_has_no_way_back(center: Center) -> None:
    center.security("improved", **WHY)
    center.projects.create("Acme", **WHY)
    center.security("simplified", **WHY)  # it holds nothing
    center.security("improved", **WHY)
    center.projects.move_object("queue", "Care", "Acme", **WHY)
    center.projects.remove_member("Default", "anna", **WHY)
    loaded.load(center, {"calls": calls(call("loose"))})
    before = center.folder.current()
    with pytest.raises(ChangeError) as refusal:
        center.security("simplified", **WHY)
    for words in ("the border of Acme", "that anna may not see all of it", "rows belong to no project: 1"):
        assert words in str(refusal.value)
    assert center.folder.current() == before


def test_presence_of_no_project_would_be_lost(center: Center) -> None:
    """Of a time in which somebody was no member, only the store of no project knows."""
    center.security("improved", **WHY)
    center.users.create("dora", **WHY)
    status = "operator,status,started_at,ended_at\ndora,Ready,2025-06-02T09:00:00Z,2025-06-02T10:00:00Z\n"
    loaded.load(center, {"statuses": status})
    center.projects.add_member("Default", "dora", **WHY)
    with pytest.raises(ChangeError, match="rows belong to no project: 1"):
        center.security("simplified", **WHY)


def test_who_may_not_and_what_is_no_type(center: Center) -> None:
    before = center.folder.current()
    for to, actor, error, words in (
        ("secure", "admin", BadOption, "it is 'improved' or 'simplified'"),
        ("simplified", "admin", ChangeError, "is simplified already"),
        ("improved", "sue", Refused, "lacks the right 'manage_projects'"),
        ("improved", "nobody", UnknownViewer, "no active user"),
    ):
        with pytest.raises(error, match=words):
            center.security(to, actor=actor, reason="x")
    assert center.folder.current() == before


def test_another_project_of_the_name_stands_in_the_way(center: Center, tmp_path: Path) -> None:
    center.load(growing.write(tmp_path / "in", {"projects": [{"name": "Default"}]}))
    with pytest.raises(ChangeError, match="an active project 'Default' already"):
        center.security("improved", **WHY)
