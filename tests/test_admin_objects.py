"""Objects that move, projects that end: the past stays where it is, ids and names are not mixed up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

import growing
import okireports
from growing import Clock
from okireports.errors import ChangeError, OkiReportsError, Refused, UnknownName
from okireports.faces import Center

WHY = {"actor": "admin", "reason": "a test"}
NOW = growing.FIRST + timedelta(hours=12)
TICK = timedelta(milliseconds=1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Alpha and Beta with a line each; lena may change both projects, lea only Alpha."""
    made = growing.make(tmp_path_factory.mktemp("objects"))
    made.roles.create("Lead", copy="Supervisor", add=["manage_projects", "manage_access"], **WHY)
    made.users.create("lena", role="Lead", projects=["Alpha", "Beta"], **WHY)
    made.users.create("lea", role="Lead", projects="Alpha", **WHY)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def center(template: Center, tmp_path: Path, clock: Clock) -> Center:
    """One's own copy of it; its people are in their projects since long ago."""
    made = okireports.open(growing.copy(template, tmp_path).path, now=growing.NOW)
    return okireports.open(made.path, now=clock)


def refused(center: Center, action: Callable[[], object], error: type[OkiReportsError], words: str) -> None:
    """The action is refused in these words, and nothing is published."""
    before = center.folder.current()
    with pytest.raises(error, match=words):
        action()
    assert center.folder.current() == before


def stretches(center: Center, name: str) -> list[tuple[int, datetime | None, datetime | None]]:
    """Who has an object from when to when."""
    return growing.query(
        center,
        "SELECT project_id, valid_from, valid_to FROM control.project_objects JOIN control.objects USING (object_id) "
        "WHERE name = ? ORDER BY valid_from NULLS FIRST",
        name,
    )


def calls_at(path: Path, *instants: datetime) -> Path:
    """A file of calls on the line of Alpha."""
    rows = [growing.call(f"m{n}", at, "Alpha line", "olek") for n, at in enumerate(instants)]
    return growing.write(path, {"calls": rows})


def test_a_move_is_half_open_and_leaves_the_past(center: Center, clock: Clock, tmp_path: Path) -> None:
    center.load(growing.day(tmp_path, 0))
    before = growing.segments(center, 1)
    at = NOW + timedelta(hours=2)
    center.projects.move_object("queue", "Alpha line", "Beta", valid_from=at, **WHY)
    assert growing.segments(center, 1) == before
    naive = at.replace(tzinfo=None)
    assert stretches(center, "Alpha line") == [(1, None, naive), (2, naive, None)]
    clock.now = at + timedelta(days=1)
    center.load(calls_at(tmp_path / "in", at - TICK, at, at + TICK))
    rows = {(r["project"], r["queue"]): r["offered"] for r in growing.summary(center.viewer("boss"))}
    assert rows[("Alpha", "Alpha line")] == growing.ALPHA + 1
    assert rows[("Beta", "Alpha line")] == 2


def test_what_cannot_move(center: Center, clock: Clock) -> None:
    center.projects.add_object("Alpha", "sip_provider", "Trunk", **WHY)
    before = {"valid_from": NOW - TICK}

    def move(kind: str, name: str, to: str, **options: object) -> Callable[[], object]:
        return lambda: center.projects.move_object(kind, name, to, **options, **WHY)

    refused(center, move("sip_provider", "Trunk", "Beta"), ChangeError, "may be in several projects")
    refused(center, move("queue", "Alpha line", "Beta", **before), ChangeError, "never moves the past")
    refused(center, move("queue", "Alpha line", "Alpha"), ChangeError, "is in Alpha already")
    refused(center, move("queue", "Alfa line", "Beta"), UnknownName, "no queue 'Alfa line'")
    refused(center, move("que", "Alpha line", "Beta"), ChangeError, "Did you mean 'queue'")
    refused(center, move("queue", "Alpha line", "Gamma"), UnknownName, "no project 'Gamma'")
    center.projects.remove_object("Alpha", "queue", "Alpha line", **WHY)
    refused(center, move("queue", "Alpha line", "Beta"), ChangeError, "is in no project")


def test_a_move_needs_both_projects(center: Center, clock: Clock) -> None:
    clock.now = growing.NOW + timedelta(hours=1)
    by = {"actor": "lea", "reason": "more"}
    words = r"^There is no queue '{}' among those you can see\.$"
    for name in ("Beta line", "Bexa line"):
        action = lambda name=name: center.projects.move_object("queue", name, "Alpha", **by)  # noqa: E731
        refused(center, action, UnknownName, words.format(name))
    refused(center, lambda: center.projects.move_object("queue", "Alpha line", "Beta", **by), UnknownName, "no project")
    center.projects.move_object(
        "queue", "Alpha line", "Beta", valid_from=clock.now + timedelta(days=1), actor="lena", reason="both are hers"
    )
    refused(center, lambda: center.projects.add_object("Alpha", "queue", "Beta line", **by), Refused, "not free")


def test_an_archived_project_takes_nothing_and_lets_go(center: Center, clock: Clock, tmp_path: Path) -> None:
    """Its rows stay for its members; what its objects do later is nobody's, and they can be given to another."""
    clock.now = growing.NOW + timedelta(hours=1)
    center.load(growing.day(tmp_path, 0))
    center.projects.archive("Alpha", **WHY)
    words = "'Alpha' is archived"
    refused(center, lambda: center.projects.add_object("Alpha", "queue", "New line", **WHY), ChangeError, words)
    refused(center, lambda: center.projects.add_member("Alpha", "ola", **WHY), ChangeError, words)
    refused(center, lambda: center.projects.move_object("queue", "Beta line", "Alpha", **WHY), ChangeError, words)
    refused(center, lambda: center.projects.change("Alpha", client="x", **WHY), ChangeError, words)
    refused(center, lambda: center.users.create("nina", projects="Alpha", **WHY), ChangeError, words)
    assert growing.summary(center.viewer("anna")) == growing.expected(1, beta=False)
    assert stretches(center, "Alpha line") == [(1, None, clock.now.replace(tzinfo=None))]
    center.projects.remove_member("Alpha", "anna", **WHY)
    assert growing.summary(center.viewer("anna")) == []
    center.projects.add_object("Beta", "queue", "Alpha line", **WHY)


def test_an_id_is_never_used_again_and_tells_two_of_one_name_apart(center: Center, clock: Clock) -> None:
    clock.now = growing.NOW + timedelta(hours=1)
    center.projects.archive("Alpha", **WHY)
    center.projects.create("Alpha", **WHY)
    center.projects.create("Gamma", **WHY)
    center.projects.archive("Gamma", **WHY)
    center.projects.create("Gamma", **WHY)
    frame = center.projects.frame
    assert list(zip(frame["project"], frame["project_id"], strict=True)) == [
        *(("Alpha", 1), ("Alpha", 3), ("Beta", 2), ("Gamma", 4), ("Gamma", 5)),
    ]
    refused(center, lambda: center.projects.remove_member("Alpha", "anna", **WHY), ChangeError, "anna is not in Alpha")
    center.projects.remove_member(1, "anna", **WHY)
    center.projects.add_member(5, "anna", **WHY)
    assert center.viewer("anna").projects["project_id"].tolist() == [5]
    refused(center, lambda: center.projects.rename(1, "Gamma", **WHY), ChangeError, "archived")
    refused(center, lambda: center.projects.rename(True, "Delta", **WHY), UnknownName, "no project True")


def test_what_is_said_of_a_project(center: Center) -> None:
    center.projects.change("Alpha", description="Inbound", client="Example Ltd", **WHY)
    center.projects.change("Alpha", description=None, **WHY)
    row = center.projects.frame.set_index("project").loc["Alpha"]
    assert row["client"] == "Example Ltd" and pd.isna(row["description"])
    refused(center, lambda: center.projects.change("Alpha", **WHY), ChangeError, "Say what to change")
    refused(center, lambda: center.projects.change("Alpha", name="x", **WHY), ChangeError, "or rename it")


def test_a_centre_without_projects_says_so(tmp_path: Path) -> None:
    made = okireports.create(tmp_path / "center", security="simplified", now=datetime(2025, 7, 1, tzinfo=UTC))
    for action in (
        lambda: made.projects.create("Alpha", **WHY),
        lambda: made.projects.archive("Everything", **WHY),
        lambda: made.projects.add_member("Everything", "admin", **WHY),
        lambda: made.users.create("nina", projects="Everything", **WHY),
    ):
        refused(made, action, ChangeError, "This centre has no projects")
