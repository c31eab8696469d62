"""Several changes that are made together: one commit with an entry for each, or nothing; and two admins at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

import growing
import okireports
from okireports.errors import CenterBusy, ChangeError, Refused, UnknownName, UnknownViewer
from okireports.faces import Center

WHY = {"actor": "admin", "reason": "a test"}
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Projects Alpha and Beta; lena may change projects, but neither people nor definitions."""
    made = growing.make(tmp_path_factory.mktemp("several"))
    made.roles.create("Lead", copy="Supervisor", add=["manage_projects", "manage_access"], **WHY)
    made.users.create("lena", role="Lead", projects=["Alpha"], **WHY)
    return made


@pytest.fixture
def center(template: Center, tmp_path: Path) -> Center:
    """One's own copy of it."""
    return okireports.open(growing.copy(template, tmp_path).path, now=NOW)


def entries(center: Center, before: int = 0) -> list[tuple[str, str]]:
    """What was done to what, after so many entries."""
    frame = center.audit.frame
    return list(zip(frame["action"][before:], frame["subject"][before:], strict=True))


def test_they_are_one_generation_with_an_entry_each(center: Center) -> None:
    generation, before = center.folder.current().generation, len(entries(center))
    with center.change("ADMIN", reason=" new client ") as change:
        change.projects.create("Gamma", client="Example Ltd")
        change.users.create("gus", projects="Gamma")
        change.projects.add_member("Gamma", "anna")
        change.projects.add_object("Gamma", "queue", "Gamma line")
        change.roles.create("Reader", copy="Operator")
        change.groups.create("Late", members=["gus"])
        change.settings.change(goal="0.9")
        change.definitions.set("settings", {"formula": "offered"}, valid_from="2025-08-01")
        change.definitions.set("targets", {"queue": "Gamma line", "answer_within_s": 15})
        assert "Gamma" not in set(center.projects.frame["project"]), "not published before the end"
    assert center.folder.current().generation == generation + 1
    assert [action for action, _ in entries(center, before)] == [
        *("create project", "create user", "add member", "add member", "add object", "create role"),
        *("create group", "add to group", "change setting", "change setting", "create target"),
    ]
    frame = center.audit.frame
    assert set(frame["reason"][before:]) == {"new client"}
    assert set(frame["actor"][before:]) == {"admin"}
    assert center.audit.verify() == []
    assert list(center.viewer("anna").projects["project"]) == ["Alpha", "Gamma"]


@pytest.mark.parametrize("caught", [False, True])
def test_one_that_fails_undoes_all(center: Center, caught: bool) -> None:
    """Whether or not the block itself shrugs it off."""
    before, files = center.folder.current(), growing.files(center)
    with pytest.raises(ChangeError, match="an active project 'Alpha' already"):  # noqa: SIM117
        with center.change(**WHY) as change:
            change.projects.create("Gamma")
            try:
                change.projects.create("Alpha")
            except ChangeError:
                if not caught:
                    raise
            change.projects.create("Delta")
    assert center.folder.current() == before
    assert growing.files(center) == files


def test_an_error_of_the_block_itself_undoes_all(center: Center) -> None:
    before, files = center.folder.current(), growing.files(center)
    with pytest.raises(ZeroDivisionError):  # noqa: SIM117
        with center.change(**WHY) as change:
            change.projects.create("Gamma")
            raise ZeroDivisionError
    assert center.folder.current() == before
    assert growing.files(center) == files


def test_each_asks_for_its_own_right_and_a_refusal_is_noted_once(center: Center) -> None:
    by = {"actor": "lena", "reason": "more"}
    before = len(entries(center))
    with pytest.raises(Refused, match=r"lena \(role Lead\) lacks the right 'manage_users'"):  # noqa: SIM117
        with center.change(**by) as change:
            change.projects.add_member("Alpha", "ola")
            change.users.create("nina")
    growing.touch(center, 1)  # the next writer takes the refusal into the log
    assert entries(center, before) == [("refused", "manage_users"), ("create user", "person1")]
    with pytest.raises(UnknownName, match="no project 'Beta'"):  # noqa: SIM117
        with center.change(**by) as change:
            change.projects.add_member("Beta", "lena")
    with center.change(**by) as change:
        change.projects.add_member("Alpha", "ola")
    assert entries(center, before)[2:] == [("add member", "Alpha")]


def test_a_stranger_and_no_reason_are_refused_at_once(center: Center) -> None:
    for actor, reason, error, words in (
        ("nobody", "x", UnknownViewer, "no active user 'nobody'"),
        ("admin", " ", ChangeError, "Say why"),
        ("", "x", ChangeError, "Say who"),
    ):
        with pytest.raises(error, match=words), center.change(actor, reason=reason):
            raise AssertionError("the block ran")


def test_nothing_changed_publishes_nothing(center: Center) -> None:
    before = center.folder.current()
    with center.change(**WHY):
        pass
    assert center.folder.current() == before
    assert not center.folder.work.exists()


def test_actor_and_reason_are_said_once(center: Center) -> None:
    with pytest.raises(ChangeError, match="one actor and one reason"):  # noqa: SIM117
        with center.change(**WHY) as change:
            change.projects.create("Gamma", actor="lena", reason="a test")
    with pytest.raises(ChangeError, match="Say who makes the change"):
        center.projects.create("Gamma")
    with pytest.raises(ChangeError, match="Say why"):
        center.projects.create("Gamma", actor="admin")


def test_out_and_in_again_in_one_change_leave_the_membership(center: Center) -> None:
    with center.change(**WHY) as change:
        change.projects.remove_member("Alpha", "anna")
        change.projects.add_member("Alpha", "anna")
        change.projects.add_member("Beta", "anna")
        change.projects.remove_member("Beta", "anna")
    assert list(center.viewer("anna").projects["project"]) == ["Alpha"]


def test_of_two_admins_the_second_waits(center: Center) -> None:
    """Both changes are there in the end: neither was made on a copy of before the other."""
    begun, errors = threading.Event(), []

    def other() -> None:
        begun.wait()
        try:
            okireports.open(center.path, now=NOW).projects.create("Second", **WHY)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=other)
    thread.start()
    with center.change(**WHY) as change:
        change.projects.create("First")
        begun.set()
        thread.join(0.5)
        assert thread.is_alive(), "it did not wait"
    thread.join()
    assert errors == []
    assert {"First", "Second"} <= set(center.projects.frame["project"])
    assert center.projects.frame["project_id"].is_unique
    assert center.audit.verify() == []


def test_who_waits_too_long_is_told_that_the_centre_is_busy(center: Center) -> None:
    with center.change(**WHY) as change:
        change.projects.create("First")
        with pytest.raises(CenterBusy, match="Another process is writing"):
            okireports.open(center.path, now=NOW).projects.create("Second", **WHY)
    assert "Second" not in set(center.projects.frame["project"])
