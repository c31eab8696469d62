"""Mail and webhooks of schedules: what a message holds, and every fault of a server."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import growing
import okireports
import posting
from okireports.errors import BadOption
from okireports.schedule import spool
from posting import Clock, Mailbox, Maker, attached, daily, posted, runner, schedules, states

CHANGED = "Schedule Daily: its recipients or projects changed"
ALPHA, BETA = "Alpha: 2 June 2025, Europe/Warsaw", "Beta: 2 June 2025, Europe/Warsaw"


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
    return okireports.open(growing.copy(template, tmp_path).path, now=clock)


@pytest.fixture
def box(center: okireports.Center) -> Iterator[Mailbox]:
    """A mail server to which the centre sends."""
    box = Mailbox()
    with posting.served(box) as port:
        posted(center, port)
        yield box


def test_a_message_holds_the_files_of_one_project(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    daily(center, recipients=["anna", "boss"])
    assert runner(center).due() == []
    clock.to("2025-06-03 06:30")
    assert states(runner(center).due()) == ["done"]
    assert runner(center).due() == []
    assert box.subjects == {
        ("boss@example.com", ALPHA): 1,
        ("boss@example.com", BETA): 1,
        ("anna@example.com", ALPHA): 1,
        ("boss@example.com", CHANGED): 1,
    }
    (notice,) = (message for message in box.messages if message["Subject"] == CHANGED)
    assert "anna got nothing of Beta: she is not among those who may see it." in notice.get_content()
    for message in (message for message in box.messages if message["Subject"] != CHANGED):
        mine, other = ("Alpha", "Beta") if "Alpha" in message["Subject"] else ("Beta", "Alpha")
        (content,) = attached(message).values()
        assert f"{mine} line".encode() in content and other.encode() not in content
        assert other not in message.as_string()
        assert message["Auto-Submitted"] == "auto-generated" and message["From"].addresses[0].domain == "example.com"
    assert not spool.place_of(center.folder).exists(), "what was on its way is gone"


def test_a_digest_is_the_body(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    daily(center, recipients=["anna"], projects=["Alpha"], digest=True, reports=[], language="pl")
    clock.to("2025-06-03 06:30")
    assert states(runner(center).due()) == ["done"]
    (message,) = box.messages
    html = message.get_body(("html",))
    plain = message.get_body(("plain",))
    assert html is not None and plain is not None
    assert f"offered {growing.ALPHA}" in html.get_content() and "cid:offered" in html.get_content()
    assert f"offered {growing.ALPHA}" in plain.get_content() and "okireports, dla: boss" in plain.get_content()
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert [part["Content-ID"] for part in pictures] == ["<offered>"]
    assert pictures[0].get_payload(decode=True).startswith(b"\x89PNG")
    assert message.get_content_type() == "multipart/alternative"


def test_the_digest_and_the_files_of_a_centre(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """Nothing here is made by the test: what the centre itself exports, with its digest as the body."""
    daily(center, recipients=["anna"], projects=["Alpha"], digest=True, formats=["csv", "xlsx"], tables=["calls"])
    clock.to("2025-06-03 06:30")
    assert states(center.schedules.run_due()) == ["done"]
    (message,) = box.messages
    html = message.get_body(("html",))
    assert html is not None and "Alpha" in str(message["Subject"])
    named = set(re.findall(r"cid:([^\"']+)", html.get_content()))
    pictures = {str(part["Content-ID"]).strip("<>") for part in message.walk() if part["Content-ID"]}
    assert named == pictures != set()
    files = attached(message)
    assert {"queue_summary.csv", "queue_summary.xlsx", "digest.html", "calls-2025-06.csv"} <= set(files)
    assert files["calls-2025-06.csv"].count(b"Alpha line") == growing.ALPHA
    assert not any(b"Beta" in content for content in files.values()) and "Beta" not in html.get_content()
    assert states(center.schedules.run_due()) == []


def test_what_is_too_large_lies_at_the_destination(
    center: okireports.Center, clock: Clock, box: Mailbox, tmp_path: Path
) -> None:
    schedules(center).set_post(limit_mb="0.0001", **posting.WHY)
    place = tmp_path / "reports"
    place.mkdir()
    daily(center, recipients=["anna"], projects=["Alpha"], destinations=[str(place)])
    daily(center, recipients=["anna"], projects=["Alpha"])
    clock.to("2025-06-03 06:30")
    assert states(runner(center).due()) == ["done", "done"]
    there, elsewhere = box.messages
    assert attached(there) == attached(elsewhere) == {}
    (folder,) = place.glob("0001-*/2025-06-03T043000Z/0001")
    assert str(folder) in there.get_content() and (folder / "queue_summary.csv").is_file()
    assert "Ask boss for them." in elsewhere.get_content()


def test_one_message_of_all_projects_goes_to_who_may_see_them_all(
    center: okireports.Center, clock: Clock, box: Mailbox
) -> None:
    daily(center, recipients=["anna", "boss"], together=True)
    clock.to("2025-06-03 06:30")
    assert states(runner(center).due()) == ["done"]
    assert box.subjects == {
        ("anna@example.com", ALPHA): 1,
        ("boss@example.com", "2 projects: 2 June 2025, Europe/Warsaw"): 1,
        ("boss@example.com", CHANGED): 1,
    }
    (both,) = (message for message in box.messages if "2 projects" in message["Subject"])
    assert sorted(attached(both)) == ["0001-queue_summary.csv", "0002-queue_summary.csv"]


# Faults


def passes(center: okireports.Center, clock: Clock, *minutes: int, **more: Any) -> list[str]:
    """The states of the first schedule's runs, pass by pass, so many minutes after the due time."""
    found = []
    for minute in minutes:
        clock.to(f"2025-06-03 {6 + (30 + minute) // 60:02d}:{(30 + minute) % 60:02d}")
        found += states(runner(center, **more).due()) or ["nothing"]
    return found


@pytest.mark.parametrize("where", ["rcpt", "data"])
def test_a_server_that_asks_to_come_again(center: okireports.Center, clock: Clock, box: Mailbox, where: str) -> None:
    """Greylisting: the first time for anna it says 450; boss, who got hers at once, gets nothing twice."""
    seen: set[str] = {"boss@example.com"}

    def greylisted(stage: str, to: str, content: bytes) -> str | None:
        new = stage == where and to not in seen
        seen.update({to} if stage == where else ())
        return "450 4.2.0 greylisted, come again" if new else None

    box.fault = greylisted
    daily(center, recipients=["anna", "boss"], projects=["Alpha"])
    assert passes(center, clock, 0, 0, 1, 2) == ["waiting", "nothing", "done", "nothing"]
    assert box.subjects == {("boss@example.com", ALPHA): 1, ("anna@example.com", ALPHA): 1}
    row = schedules(center).history().iloc[0]
    assert (row["state"], row["attempts"]) == ("done", 2)


def test_a_server_that_is_not_there(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """It is tried after 1, 2, 5 and 10 minutes; at the fourth time the owner is to hear, and does when it is back."""
    working = schedules(center).post["port"]
    schedules(center).set_post(port=posting.free_port(), **posting.WHY)
    daily(center, recipients=["anna"], projects=["Alpha"])
    tried = [0, 0, 1, 2, 3, 7, 8, 17, 18]
    found = ["waiting", "nothing", "waiting", "nothing", "waiting", "nothing", "waiting", "nothing", "waiting"]
    assert passes(center, clock, *tried) == found
    assert "127.0.0.1" in schedules(center).history().iloc[0]["reason"]
    schedules(center).set_post(port=working, **posting.WHY)
    assert passes(center, clock, 38) == ["done"]
    assert box.subjects[("anna@example.com", ALPHA)] == 1
    assert box.subjects[("boss@example.com", "Schedule Daily: works again")] == 1


def test_a_server_that_breaks_off_in_the_middle(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    broken = iter(["drop", "drop"])
    box.fault = lambda stage, to, content: next(broken, None) if stage == "middle" else None
    daily(center, recipients=["anna", "boss"], projects=["Alpha"])
    assert passes(center, clock, 0, 1) == ["waiting", "done"]
    assert box.tried["middle"] == 2
    assert box.subjects == {("boss@example.com", ALPHA): 1, ("anna@example.com", ALPHA): 1}


def test_a_server_that_is_slow(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """An answer that takes longer than the patience is a fault; the last one, after the message, is waited for."""
    box.slowness = 3.0
    box.fault = lambda stage, to, content: "slow" if stage == "data" else None
    schedules(center).set_post(timeout_s="1", **posting.WHY)
    daily(center, recipients=["anna"], projects=["Alpha"])
    assert passes(center, clock, 0) == ["done"]
    box.fault = lambda stage, to, content: "slow" if stage == "rcpt" else None
    daily(center, recipients=["anna"], projects=["Alpha"], period="today")
    clock.to("2025-06-04 06:30")
    assert states(runner(center).due()) == ["waiting", "waiting"]
    assert len(box.taken) == 1


def test_a_server_that_took_it_and_went_without_a_word(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """Nobody can know; it is sent again under the same message id, by which it is known as one."""
    deaf = iter(["deaf"])
    box.fault = lambda stage, to, content: next(deaf, None) if stage == "data" else None
    daily(center, recipients=["anna"], projects=["Alpha"])
    assert passes(center, clock, 0, 1) == ["waiting", "done"]
    assert list(box.ids.values()) == [2]


def test_a_recipient_who_is_refused_for_good(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """The others get theirs, it is not tried again, and the owner hears of it."""
    box.fault = lambda stage, to, content: "550 no such user" if (stage, to[:4]) == ("rcpt", "anna") else None
    daily(center, recipients=["anna", "boss"], projects=["Alpha"])
    assert passes(center, clock, 0, 1, 60) == ["incomplete", "nothing", "nothing"]
    told = "Schedule Daily: not everything was delivered"
    assert box.subjects == {("boss@example.com", ALPHA): 1, ("boss@example.com", told): 1}
    kept = schedules(center).deliveries().set_index("recipient").loc["anna"]
    assert kept["state"] == "refused" and "550 no such user" in kept["words"]


@pytest.mark.debian("openssl")
@pytest.mark.filterwarnings("ignore:Session.login_data is deprecated")  # the server's own affair
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it does not see what wraps it
@pytest.mark.parametrize("whole", [False, True])
def test_tls_and_a_login(center: okireports.Center, clock: Clock, tmp_path: Path, whole: bool) -> None:
    """The password is in a file; a wrong one, and a server whose certificate nobody knows, are faults."""
    context, cert = posting.certificate(tmp_path)
    secret = tmp_path / "password"
    secret.write_text("wrong\n")
    secret.chmod(0o600)
    box = Mailbox()
    with posting.served(box, tls=context, whole=whole, login=True) as port:
        security = "tls" if whole else "starttls"
        posted(center, port, security=security, user=posting.USER, password_file=secret)
        daily(center, recipients=["anna"], projects=["Alpha"])
        assert passes(center, clock, 0) == ["waiting"]
        assert "certificate" in schedules(center).history().iloc[0]["reason"].lower()
        schedules(center).set_post(ca_file=cert, **posting.WHY)
        assert passes(center, clock, 1) == ["waiting"]
        assert "login: 535" in schedules(center).history().iloc[0]["reason"]
        secret.chmod(0o644)
        assert passes(center, clock, 3) == ["waiting"]
        assert "others can read" in schedules(center).history().iloc[0]["reason"]
        secret.chmod(0o600)
        secret.write_text(posting.PASSWORD + "\n")
        assert passes(center, clock, 8) == ["done"]
    assert len(box.taken) == 1
    for path in [*center.path.rglob("*")]:
        if path.is_file():
            assert posting.PASSWORD.encode() not in path.read_bytes(), path


def test_a_server_without_tls_gets_nothing(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    schedules(center).set_post(security="starttls", **posting.WHY)
    daily(center, recipients=["anna"], projects=["Alpha"])
    assert passes(center, clock, 0) == ["waiting"]
    assert "STARTTLS" in schedules(center).history().iloc[0]["reason"] and not box.taken


@pytest.mark.parametrize(
    "values",
    [
        {"password": "secret"},
        {"security": "ssl"},
        {"port": "0"},
        {"limit_mb": "nan"},
        {"sender": "Reports <reports@example.com>"},
        {"host": "mail.example.com\nx"},
        {"host": "mail.example.com", "user": "x", "security": "none"},
        {"sender": ""},
        {"sender": "reports.@example.com"},
        {"password_env": "my secret"},
        {"webhook_env": "$secret"},
        {"password_file": "secret"},
    ],
)
def test_settings_of_mail_that_are_none(center: okireports.Center, values: dict[str, object]) -> None:
    """What was typed where a name should be, and may be the password, is not repeated."""
    posted(center, 25)
    with pytest.raises(BadOption) as told:
        schedules(center).set_post(**values, **posting.WHY)
    assert "_env" not in str(values) or "secret" not in str(told.value)


# Webhooks


@contextmanager
def hooked(answers: Iterator[int]) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A server that notes what is posted to it, and answers so."""
    posts: list[tuple[dict[str, str], bytes]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            code = next(answers)
            self.send_response(code)
            if code == 302:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", posts
        finally:
            server.shutdown()
            thread.join()


def test_a_webhook_gets_the_signed_manifest(
    center: okireports.Center, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy server is asked again, with the same id; the signature is checked by hand."""
    monkeypatch.setenv("HOOK_KEY", "k3y")
    with hooked(iter([503, 200])) as (url, posts):
        schedules(center).set_post(webhook_env="HOOK_KEY", **posting.WHY)
        daily(center, webhook=url)
        assert passes(center, clock, 0, 1, 2) == ["waiting", "done", "nothing"]
    (_, first), (headers, body) = posts
    assert json.loads(body) == json.loads(first) == {"viewer": "boss", "projects": ["Alpha", "Beta"]}
    signed = f"{headers['X-Okireports-Delivery']}.{headers['X-Okireports-Timestamp']}.".encode() + body
    assert headers["X-Okireports-Signature"] == "sha256=" + hmac.new(b"k3y", signed, hashlib.sha256).hexdigest()
    assert posts[0][0]["X-Okireports-Delivery"] == headers["X-Okireports-Delivery"]
    assert posts[0][0]["X-Okireports-Signature"] != headers["X-Okireports-Signature"], "it is signed with its time"


@pytest.mark.parametrize("code", [302, 404])
def test_a_webhook_that_does_not_take_it(
    center: okireports.Center, clock: Clock, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setenv("HOOK_KEY", "k3y")
    with hooked(iter([code])) as (url, posts):
        schedules(center).set_post(webhook_env="HOOK_KEY", **posting.WHY)
        daily(center, webhook=url)
        assert passes(center, clock, 0, 1) == ["incomplete", "nothing"]
    assert len(posts) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "https://user:secret@example.com/x",
        "ftp://example.com",
        "https://",
        "x",
        "https://[1",
        "https://example.com:x/",
        "https://example.com:99999/",
        "https://example..com/",
        "https://example.com/zażółć",
    ],
)
def test_an_address_that_no_webhook_has(center: okireports.Center, url: str) -> None:
    with pytest.raises(BadOption):
        daily(center, webhook=url)


def test_a_fault_of_the_files_is_tried_again(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """A full disk passes; what was asked for and is not taken does not."""
    maker = Maker(center)
    faults: Iterator[Exception] = iter([OSError(28, "No space left on device"), ZeroDivisionError("a fault of ours")])

    def failing(order: object) -> None:
        if (fault := next(faults, None)) is not None:
            raise fault

    maker.fail = failing
    daily(center, recipients=["anna"], projects=["Alpha"])
    assert passes(center, clock, 0, 1, 3, maker=maker) == ["waiting", "waiting", "done"]
    faults = iter([BadOption("no such option")])
    clock.to("2025-06-04 06:30")
    assert states(runner(center, maker).due()) == ["failed"]
    assert box.subjects[("boss@example.com", "Schedule Daily: failed")] == 1
