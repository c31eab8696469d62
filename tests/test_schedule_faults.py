"""What goes wrong beside a run: clocks that were ahead, disks that are full, one schedule among others, odd servers."""

from __future__ import annotations

import resource
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import growing
import okireports
import posting
from killed_schedule import Plainly
from okireports.delivery import Exported
from okireports.delivery.digest import Digest
from okireports.schedule import attempt
from okireports.schedule.diary import opened
from okireports.schedule.post import Post
from okireports.schedule.smtp import Later
from okireports.schedule.webhook import post_manifest
from posting import WHY, Clock, Mailbox, daily, posted, runner, schedules, states


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> okireports.Center:
    return posting.made(tmp_path_factory.mktemp("template"), days=0)


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.to("2025-06-02 12:00")
    return clock


@pytest.fixture
def center(template: okireports.Center, tmp_path: Path, clock: Clock) -> okireports.Center:
    return okireports.open(growing.copy(template, tmp_path).path, now=clock)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A destination."""
    folder = tmp_path / "reports"
    folder.mkdir()
    return folder


@pytest.fixture
def box(center: okireports.Center) -> Iterator[Mailbox]:
    box = Mailbox()
    with posting.served(box) as port:
        posted(center, port)
        yield box


def dues(center: okireports.Center, clock: Clock, at: str) -> list[tuple[str, str]]:
    """A pass at an instant: the due times (UTC) of its runs, and how they ended."""
    clock.to(at)
    return [(f"{one.due:%m-%d %H:%M}", one.state) for one in runner(center, Plainly(center)).due() if one.due]


# Clocks


def test_a_clock_that_was_ahead_holds_no_run_back(center: okireports.Center, clock: Clock, place: Path) -> None:
    """The run of 3 June was tried while the clock showed 5 June: set right, it is tried then, those to come are not."""
    daily(center, destinations=[str(place)])
    place.rmdir()
    waiting = [(f"06-0{day} 04:30", "waiting") for day in (3, 4, 5)]
    assert dues(center, clock, "2025-06-05 07:00") == waiting
    place.mkdir()
    assert dues(center, clock, "2025-06-03 07:00") == [("06-03 04:30", "done")]
    assert dues(center, clock, "2025-06-04 06:29") == []
    assert dues(center, clock, "2025-06-04 06:31") == [("06-04 04:30", "done")]


def test_a_clock_that_was_ahead_ends_the_attempts(center: okireports.Center, clock: Clock, place: Path) -> None:
    """A day after it was begun never comes, where it was begun years ahead: it ends after a day's attempts."""
    daily(center, destinations=[str(place)])
    place.rmdir()
    dues(center, clock, "2035-06-05 07:00")
    center.schedules.pause(1, **WHY)
    dues(center, clock, "2035-06-05 07:01")  # what was begun then is stopped
    clock.to("2025-06-03 07:00")
    center.schedules.resume(1, **WHY)
    clock.to("2025-06-04 06:30")
    diary = opened(center.folder, 1, datetime(2025, 6, 4, 4, 30))
    diary.write("begun", at=datetime(2035, 6, 5), by_hand=False, stands_for=1)
    for number in range(1, 30):
        diary.write("attempt", number=number, at=datetime(2035, 6, 5))
    diary.write("later", reason="no such folder", next=datetime(2035, 6, 5, 1))
    assert dues(center, clock, "2025-06-04 06:31") == [("06-04 04:30", "failed")]


def test_a_run_by_hand_that_waits_hides_none(center: okireports.Center, clock: Clock, place: Path) -> None:
    id = daily(center, destinations=[str(place)])
    place.rmdir()
    clock.to("2025-06-03 09:00")
    assert states(runner(center, Plainly(center)).one(id)) == ["waiting"]
    place.mkdir()
    assert dues(center, clock, "2025-06-03 09:01") == [("06-03 04:30", "done"), ("06-03 07:00", "done")]


def test_what_runs_again_meanwhile_is_not_stopped(center: okireports.Center, clock: Clock, place: Path) -> None:
    """Whoever saw it paused looks once more when it holds the lease."""
    id = daily(center, destinations=[str(place)])
    place.rmdir()
    assert dues(center, clock, "2025-06-03 06:30") == [("06-03 04:30", "waiting")]
    runner(center).clear([id])
    assert list(schedules(center).history()["state"]) == ["waiting"]


# One among others


def test_a_schedule_that_cannot_be_begun_stops_no_other(center: okireports.Center, clock: Clock, place: Path) -> None:
    """Its lease cannot be taken: that is told, and the second one runs."""
    for _ in range(2):
        daily(center, destinations=[str(place)])
    center.folder.runs.mkdir(mode=0o700)
    (center.folder.runs / "000001.lock").mkdir()
    clock.to("2025-06-03 06:30")
    first, second = runner(center, Plainly(center)).due()
    assert (first.state, first.due) == ("waiting", None) and "000001.lock" in first.reason
    assert second.state == "done"


def test_an_owner_who_cannot_be_written_to_stops_no_run(
    center: okireports.Center, clock: Clock, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in what tells her ends the attempt only, and it is tried again."""
    for name in ("anna", "boss"):
        daily(center, name, recipients=["anna"], projects=["Alpha"])
    center.projects.remove_member("Alpha", "boss", **WHY)
    real = attempt.Letter

    def broken(subject: str, text: str) -> Any:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr("okireports.schedule.attempt.Letter", broken)
    clock.to("2025-06-03 06:30")
    assert states(runner(center).due()) == ["done", "waiting"]
    assert "ZeroDivisionError" not in schedules(center).history(2)["reason"].iloc[0], "why it was refused is told first"
    monkeypatch.setattr("okireports.schedule.attempt.Letter", real)
    clock.to("2025-06-03 06:31")
    assert states(runner(center).due()) == ["refused"]


def test_two_centres_share_a_destination(
    center: okireports.Center, clock: Clock, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their schedules have the same ids, and not the same folders."""
    monkeypatch.setattr(growing, "NOW", growing.NOW + timedelta(days=1))
    other = okireports.open(posting.made(tmp_path / "other", days=0).path, now=clock)
    for one in (center, other):
        clock.to("2025-06-02 12:00")
        daily(one, destinations=[str(place)])
        assert dues(one, clock, "2025-06-03 06:30") == [("06-03 04:30", "done")]
    assert len([*place.glob("0001-*/2025-06-03T043000Z")]) == 2


# Disks


def test_a_line_that_is_not_whole_is_an_error(center: okireports.Center) -> None:
    """The disk took the half of it: what was to follow on it, such as a message, is not begun."""
    center.folder.runs.mkdir(mode=0o700)
    diary = opened(center.folder, 1, datetime(2025, 6, 3, 4, 30))
    diary.write("begun", at=datetime(2025, 6, 3, 4, 30), by_hand=False, stands_for=1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (diary.path.stat().st_size + 10, hard))
    try:
        with pytest.raises(OSError, match="No space left"):
            diary.write("attempt", number=1, at=datetime(2025, 6, 3, 4, 31))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert opened(center.folder, 1, diary.due).attempts == diary.attempts == 0


def test_the_folder_of_a_schedule_is_no_link(center: okireports.Center, clock: Clock, place: Path) -> None:
    daily(center, destinations=[str(place)])
    assert dues(center, clock, "2025-06-03 06:30") == [("06-03 04:30", "done")]
    (own,) = place.iterdir()
    elsewhere = own.rename(place.with_name("elsewhere"))
    own.symlink_to(elsewhere)
    assert dues(center, clock, "2025-06-04 06:30") == [("06-04 04:30", "waiting")]
    assert len([*elsewhere.iterdir()]) == 1


def test_what_a_format_cannot_hold_is_told(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    class Short(Plainly):
        def export(self, order: posting.Order) -> Exported:
            made = super().export(order)
            told = ("calls.xlsx: more rows than a sheet has",)
            return replace(made, projects=tuple(replace(folder, left_out=told) for folder in made.projects))

    daily(center, recipients=["boss"], projects=["Alpha"], language="pl")
    clock.to("2025-06-03 06:30")
    assert states(runner(center, Short(center)).due()) == ["done"]
    body = box.messages[0].get_body(("plain",))
    assert body is not None
    assert "Nie powstało (powód po angielsku):\n  calls.xlsx: more rows than a sheet has" in body.get_content().replace(
        "\r", ""
    )
    assert "calls.xlsx" in schedules(center).history()["reason"].iloc[0]


def test_a_digest_is_made_once_in_a_name(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    made = []

    class Counting(Plainly):
        def digest(self, order: posting.Order, project: int) -> Digest:
            made.append((order.viewer, project))
            return Digest("<html><body>words</body></html>", "words", "a digest")

    daily(center, recipients=["anna", "boss"], digest=True)
    clock.to("2025-06-03 06:30")
    assert states(runner(center, Counting(center)).due()) == ["done"]
    assert sorted(made) == [("boss", 1), ("boss", 2)] and len(box.taken) == 4


# Servers


@pytest.mark.debian("openssl")
@pytest.mark.filterwarnings("ignore:Session.login_data is deprecated")  # the server's own affair
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it does not see what wraps it
def test_a_password_that_no_login_can_send(center: okireports.Center, clock: Clock, tmp_path: Path) -> None:
    """What it stumbles over is a part of the password: it is not told, and the next schedule has its turn."""
    context, cert = posting.certificate(tmp_path)
    secret = tmp_path / "password"
    secret.write_text("sesamo\u00f3twórzsię\n")
    secret.chmod(0o600)
    with posting.served(Mailbox(), tls=context, whole=True, login=True) as port:
        posted(center, port, security="tls", user=posting.USER, password_file=secret, ca_file=cert)
        for _ in range(2):
            daily(center, recipients=["anna"], projects=["Alpha"])
        clock.to("2025-06-03 06:30")
        found = runner(center, Plainly(center)).due()
    assert states(found) == ["waiting", "waiting"]
    assert all("letters that SMTP has not" in one.reason and "xf3" not in one.reason for one in found)


def test_certificates_that_are_not_there(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """The file is named, which the system's error does not do."""
    schedules(center).set_post(ca_file="/nowhere/ca.pem", **WHY)
    daily(center, recipients=["anna"], projects=["Alpha"])
    clock.to("2025-06-03 06:30")
    assert "ca_file='/nowhere/ca.pem'" in runner(center, Plainly(center)).due()[0].reason


def test_a_webhook_that_answers_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each letter comes in time, and the answer never: it is given up, and what is behind it has its turn."""
    monkeypatch.setenv("HOOK_KEY", "k3y")
    ended = threading.Event()

    def drip(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 fine\r\nX-Long: ")
            while not ended.wait(0.1):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=drip, args=[listening])
        server.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
        post = Post(timeout_s="1", webhook_env="HOOK_KEY")
        try:
            with pytest.raises(Later, match="no whole answer within 2 seconds"):
                post_manifest(url, {}, post, id="x", at=datetime(2025, 6, 3))
        finally:
            ended.set()
            server.join()
