"""What tests of schedules stand on: a mail server on loopback that fails as it is told, and files of plain reports.

The server is aiosmtpd's; what it took is kept whole, with the recipient of the envelope.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import hashlib
import json
import socket
import ssl
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

import growing
import okireports
from okireports.charts import png
from okireports.delivery import Exported, File, ProjectFolder
from okireports.delivery.digest import Digest
from okireports.schedule import Order, Schedules
from okireports.schedule.attempt import Parts
from okireports.schedule.runner import Outcome, Runner

USER, PASSWORD = "reports", "Zq7-horse@/battery#staple"
ADDRESSES = {"boss": "boss@example.com", "anna": "anna@example.com", "olek": "olek@example.com"}
WHY = {"actor": "admin", "reason": "a test"}

Fault = Callable[[str, str, bytes], str | None]  # stage, recipient, content -> what the server answers or does


@dataclass
class Mailbox:
    """What the server took, and what it does wrong.

    A fault is asked at the stages "rcpt" and "data" and gives an answer such as "450 come again", or "drop" (the
    connection goes in the middle of the message), "deaf" (it takes the message, and goes without an answer), "slow".
    """

    taken: list[tuple[str, bytes]] = field(default_factory=list)
    fault: Fault = lambda stage, to, content: None
    slowness: float = 1.0
    tried: Counter[str] = field(default_factory=Counter)  # by stage

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages, read as a mail program would."""
        return [email.message_from_bytes(content, policy=email.policy.default) for _, content in self.taken]  # type: ignore[misc]

    @property
    def subjects(self) -> Counter[tuple[str, str]]:
        """How often each subject went to each recipient."""
        return Counter((to, str(m["Subject"])) for (to, _), m in zip(self.taken, self.messages, strict=True))

    @property
    def ids(self) -> Counter[str]:
        """How often each message id was taken."""
        return Counter(str(m["Message-ID"]) for m in self.messages)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, options: list[str]) -> str:
        self.tried["rcpt"] += 1
        answer = self.fault("rcpt", to, b"")
        if answer == "slow":
            await asyncio.sleep(self.slowness)
            answer = None
        if answer is None:
            envelope.rcpt_tos.append(to)
        return answer or "250 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.tried["data"] += 1
        content = bytes(envelope.original_content or b"")
        (to,) = envelope.rcpt_tos
        answer = self.fault("data", to, content)
        if answer == "slow":
            await asyncio.sleep(self.slowness)
            answer = None
        if answer in (None, "deaf"):
            self.taken.append((to, content))
        if answer == "deaf":
            server.transport.abort()
        return answer or "250 taken"


class Server(SMTP):
    """A server that can drop the connection in the middle of a message."""

    async def smtp_DATA(self, arg: str) -> None:
        box = self.event_handler
        if box.fault("middle", self.envelope.rcpt_tos[0], b"") == "drop":
            box.tried["middle"] += 1
            await self.push("354 go on")
            await self._reader.read(200)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class Place(Controller):
    """Where it listens: a free port of loopback."""

    def factory(self) -> SMTP:
        return Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def served(
    box: Mailbox, *, tls: ssl.SSLContext | None = None, whole: bool = False, login: bool = False
) -> Iterator[int]:
    """Run the server; gives its port.

    Where `tls` is given it encrypts: by STARTTLS, or, `whole`, from the first byte on.
    """

    def known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=right)  # what is not handled the server answers with 535

    more: dict[str, Any] = {"auth_required": True, "authenticator": known} if login else {}
    if whole:
        more |= {"ssl_context": tls, "auth_require_tls": False}
    elif tls is not None:
        more |= {"tls_context": tls, "require_starttls": True}
    place = Place(box, hostname="127.0.0.1", port=free_port(), ready_timeout=60, **more)
    place.start()
    try:
        yield place.port
    finally:
        place.stop()


def free_port() -> int:
    """A port of loopback on which nothing listens."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate for loopback, and the file by which clients trust it."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    asked = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    asked += ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(asked, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert


# Files


@dataclass
class Maker:
    """Makes files by reports, one folder a project; `fail` is asked before each order."""

    center: okireports.Center
    orders: list[Order] = field(default_factory=list)
    fail: Callable[[Order], None] = lambda order: None

    def export(self, order: Order) -> Exported:
        self.orders.append(order)
        self.fail(order)
        viewer = self.center.viewer(order.viewer, reason=order.reason)
        root = Path(order.dest)
        root.mkdir(mode=0o700, exist_ok=True)
        names = dict(zip(viewer.projects["project_id"], viewer.projects["project"], strict=True))
        period = (order.start.replace(tzinfo=UTC), order.end.replace(tzinfo=UTC))
        folders = []
        for id in order.projects:
            folder = root / f"{id:04d}"
            folder.mkdir(mode=0o700, exist_ok=True)
            files = []
            for report, options in order.reports:
                for form in order.formats:
                    result = viewer.report(report, period=period, projects=[id], **options)
                    path = result.save(folder / f"{report}.{form}", language=order.language)
                    files.append(file_of(path))
            folders.append(ProjectFolder(id, names[id], str(folder), tuple(files)))
        manifest = {"viewer": order.viewer, "projects": [names[id] for id in order.projects]}
        (root / "manifest.json").write_text(json.dumps(manifest))
        return Exported(str(root), tuple(folders), manifest)

    def digest(self, order: Order, project: int) -> Digest:
        viewer = self.center.viewer(order.viewer, reason=order.reason)
        period = (order.start.replace(tzinfo=UTC), order.end.replace(tzinfo=UTC))
        result = viewer.report("queue_summary", period=period, projects=[project])
        name = result.provenance.projects[0]
        offered = int(result.frame["offered"].sum())
        html = f"<html><body><h1>{name}</h1><p>offered {offered}</p><img src='cid:offered'></body></html>"
        text = f"{name}\noffered {offered}\n"
        return Digest(html, text, title=f"{name}, a digest", pictures={"offered": png(result.chart)})


def file_of(path: Path) -> File:
    """A file as an export names it."""
    said = path.read_bytes()
    return File(path.name, path.stem, path.suffix[1:], None, len(said), hashlib.sha256(said).hexdigest())


# A centre


class Clock(growing.Clock):
    """A clock that is moved by hand."""

    def to(self, text: str) -> None:
        """Set it: "2025-06-03 06:30" on the clock of Warsaw."""
        self.now = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Warsaw"))


def made(path: Path, days: int = 2) -> okireports.Center:
    """Alpha and Beta with a few days of calls; boss is in both, anna in Alpha, both Supervisors with addresses."""
    center = growing.make(path)
    for number in range(days):
        center.load(growing.day(path, number))
    for login, address in ADDRESSES.items():
        center.users.change(login, email=address, **WHY)
    return center


def posted(center: okireports.Center, port: int, **settings: object) -> None:
    """Send by the server of a test."""
    usual = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "reports@example.com", "timeout_s": 20}
    Schedules(center.folder, center.clock).set_post(**{**usual, **settings}, **WHY)


def schedules(center: okireports.Center) -> Schedules:
    """The schedules of a centre, whose files a Maker makes."""
    maker = Maker(center)
    return Schedules(center.folder, center.clock, export=maker.export, make_digest=maker.digest)


def runner(center: okireports.Center, maker: Maker | None = None, patience: float = 20.0, wait: float = 20.0) -> Runner:
    """What runs the schedules of a centre."""
    maker = maker or Maker(center)

    def now() -> datetime:
        at = center.clock().astimezone(UTC).replace(tzinfo=None)
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    return Runner(Parts(center.folder, now, maker.export, maker.digest, patience, wait))


def daily(center: okireports.Center, viewer: str = "boss", **values: Any) -> int:
    """A schedule of every morning at half past six, of yesterday."""
    usual: dict[str, Any] = {
        "cron": "30 6 * * *",
        "period": "yesterday",
        "reports": ["queue_summary"],
        "formats": ["csv"],
        "actor": viewer,
        "reason": "a test",
    }
    return schedules(center).create("Daily", viewer=viewer, **{**usual, **values})


def states(outcomes: list[Outcome]) -> list[str]:
    """How the runs of a pass ended."""
    return [one.state for one in outcomes]


def attached(message: EmailMessage) -> dict[str, bytes]:
    """The files of a message by name."""
    return {str(part.get_filename()): part.get_payload(decode=True) for part in message.iter_attachments()}
