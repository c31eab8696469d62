"""Runs that are killed at every step, and runs that several processes begin at once: nobody gets anything twice."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import growing
import okireports
import posting
from killed_schedule import passed
from killer import Killer
from okireports.disk.writer import locked
from okireports.schedule import spool
from okireports.schedule.lease import leased
from posting import Clock, Mailbox, daily, posted, runner, schedules, states

EVERY = int(os.environ.get("KILL_EVERY") or 8)  # each n-th step, and all at which a message is on its way
EXPECTED = {("boss@example.com", "Alpha"), ("boss@example.com", "Beta"), ("anna@example.com", "Alpha")}
NOTICE = ("boss@example.com", "Schedule Daily")


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    box = Mailbox()
    with posting.served(box) as port:
        box.port = port  # type: ignore[attr-defined]
        yield box


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    started = Killer("killed_schedule.py")
    yield started
    started.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, box: Mailbox) -> okireports.Center:
    """A centre with one schedule that is due: three messages, and one to its owner."""
    clock = Clock()
    clock.to("2025-06-02 12:00")
    made = posting.made(tmp_path_factory.mktemp("template"), days=0)
    center = okireports.open(made.path, now=clock)
    posted(center, box.port)  # type: ignore[attr-defined]
    place = center.path.with_name("reports")
    place.mkdir()
    daily(center, recipients=["anna", "boss"], destinations=[str(place)])
    clock.to("2025-06-03 06:31")
    return center


def got(box: Mailbox) -> dict[tuple[str, str], int]:
    """How often each message came, by recipient and the first words of its subject."""
    found: dict[tuple[str, str], int] = {}
    for (to, subject), count in box.subjects.items():
        key = (to, subject.split(":")[0])
        found[key] = found.get(key, 0) + count
    return found


def windows(labels: list[str]) -> set[int]:
    """The steps, from 1 on, at which the server may have taken a message that the diary does not tell of."""
    found: set[int] = set()
    unknown = False
    for number, label in enumerate(labels, 1):
        if unknown:
            found.add(number)
        unknown = label == "content" or (unknown and label != "accepted")
    return found


def test_killed_at_every_step(template: okireports.Center, killer: Killer, box: Mailbox, tmp_path: Path) -> None:
    """The next pass ends what the killed one began: each message is there, once.

    Where the server's last answer was not heard, or not written down, nobody can know: there the same message may come
    a second time, under the same id, and no other does.
    """

    def tried(step: int) -> tuple[okireports.Center, dict[str, object]]:
        shutil.rmtree(tmp_path / "tried", ignore_errors=True)
        center = growing.copy(template, tmp_path / "tried")
        box.taken.clear()
        return center, killer.ask(center=center.path, now=template.clock(), step=step)

    center, whole = tried(0)
    assert not whole["killed"] and whole["states"] == ["done"]
    assert got(box) == dict.fromkeys({*EXPECTED, NOTICE}, 1)
    labels = whole["labels"]
    assert isinstance(labels, list) and labels.count("content") == 4 and len(labels) > 60
    unknown = windows(labels)
    twice = 0
    for step in sorted({*range(1, len(labels) + 1, EVERY), *windows(labels)}):
        center, answer = tried(step)
        assert answer["killed"], step
        passed(center)
        counts = got(box)
        assert set(counts) == {*EXPECTED, NOTICE}, f"step {step}, {labels[step - 1]}: {counts}"
        assert sum(counts.values()) <= 4 + (step in unknown), f"step {step}, {labels[step - 1]}: {counts}"
        assert len(box.ids) == 4
        twice += sum(counts.values()) > 4
        history = schedules(center).history()
        assert list(history["state"]) == ["done"], step
        assert list(schedules(center).deliveries()["state"]).count("accepted") == 4
        assert passed(center) == []
        assert center.audit.verify() == []
        assert not list(spool.place_of(center.folder).glob("*"))
        assert {path.suffix for path in center.folder.runs.iterdir()} == {".lock"}
    assert twice > 0, "the window is there, and was walked through"


def test_several_runners_at_once(template: okireports.Center, killer: Killer, box: Mailbox, tmp_path: Path) -> None:
    for attempt in range(5):
        center = growing.copy(template, tmp_path / str(attempt))
        box.taken.clear()
        answer = killer.ask(center=center.path, now=template.clock(), step=0, runners=4)
        assert answer["states"].count("done") == 1 and set(answer["states"]) <= {"done", "busy"}
        assert got(box) == dict.fromkeys({*EXPECTED, NOTICE}, 1)
        assert len(schedules(center).history()) == 1


def test_a_run_that_takes_long_is_not_joined(template: okireports.Center, tmp_path: Path) -> None:
    center = growing.copy(template, tmp_path)
    with leased(center.folder, 1) as held:
        assert held
        assert states(runner(center).due()) == ["busy"]
    deadline = time.monotonic() + 60
    while states(runner(center).due()) == ["busy"] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(schedules(center).history()["state"]) == ["done"]


def test_a_load_that_takes_long_stops_no_run(template: okireports.Center, box: Mailbox, tmp_path: Path) -> None:
    """The row waits in the diary, and is read from there; a later pass puts it into the control file."""
    center = growing.copy(template, tmp_path)
    box.taken.clear()
    with locked(center.folder, 0):
        assert passed(center, wait=0.1) == ["done"]
        assert passed(center, wait=0.1) == []
        assert list(schedules(center).history()["state"]) == ["done"]
    assert growing.query(center, "SELECT count(*) FROM control.runs") == [(0,)]
    assert passed(center) == []
    assert growing.query(center, "SELECT state FROM control.runs") == [("done",)]
    assert got(box) == dict.fromkeys({*EXPECTED, NOTICE}, 1)
