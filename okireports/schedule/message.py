"""A message as it is sent: the digest in its body, with pictures and as plain text, and files beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

TYPES = {
    ".csv": ("text", "csv"),
    ".html": ("text", "html"),
    ".json": ("application", "json"),
    ".png": ("image", "png"),
    ".svg": ("image", "svg+xml"),
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".parquet": ("application", "vnd.apache.parquet"),
}
POLICY = SMTP.clone(max_line_length=78)


@dataclass(frozen=True)
class Letter:
    """What a message says and carries."""

    subject: str
    text: str
    html: str | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    files: Sequence[tuple[str, Path]] = ()  # by the name that each has in the message


def token(*parts: object) -> str:
    """What a message is known by: the same whenever the same thing is sent again, and telling nothing."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:40]


def built(letter: Letter, *, token: str, sender: str, to: str, at: datetime, language: str) -> bytes:
    """The message as it goes over the net.

    Args:
        letter: what it says.
        token: what it is known by.
        sender: the address that sends.
        to: the address that gets it.
        at: naive UTC.
        language: of the text.
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = Address("okireports", addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = format_datetime(at.replace(tzinfo=UTC))
    message["Message-ID"] = f"<{token}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = language
    message.set_content(letter.text, cte="quoted-printable")
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
        body = list(message.iter_parts())[1]
        assert isinstance(body, EmailMessage)
        for name, picture in letter.pictures.items():
            body.add_related(picture, "image", "png", cid=f"<{name}>", disposition="inline")
    for name, path in letter.files:
        main, sub = TYPES.get(path.suffix.lower(), ("application", "octet-stream"))
        message.add_attachment(path.read_bytes(), maintype=main, subtype=sub, filename=name)
    return message.as_bytes()
