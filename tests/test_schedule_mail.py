"""Mail and webhooks of schedules: what a message holds, and every fault of a server."""

from __future__ import annotations

import pytest

import growing
import okireports
import posting
from posting import Clock, Mailbox, Maker, attached, daily, posted, runner, states
from pathlib import Path


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> okireports.Center:
    return posting.made(tmp_path_factory.mktemp("template"))


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.to("2025-06-02 12:00")
    return clock


@pytest.fixture
def center(template: okireports.Center, tmp_path: Path, clock: Clock) -> okireports.Center:
    copied = growing.copy(template, tmp_path)
    return okireports.open(copied.path, now=clock)


def test_a_message_holds_one_project(center: okireports.Center, clock: Clock) -> None:
    box = Mailbox()
    with posting.served(box) as port:
        posted(center, port)
        daily(center, recipients=["anna", "boss"])
        assert runner(center).due() == []
        clock.to("2025-06-03 06:30")
        assert states(runner(center).due()) == ["done"]
        assert runner(center).due() == []
    print(box.subjects)
    print(center.folder.path, posting.schedules(center).history().T, posting.schedules(center).deliveries().T)
    print(box.taken[0][1].decode())
    assert 0
