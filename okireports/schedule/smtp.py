"""Sending by SMTP, with what can go wrong told apart: what will pass, what is refused for good, what is not known.

A server that took a message says so in its last answer. Whoever did not hear that answer cannot know; the message is
sent again under the same Message-ID, by which servers and mail programs see that it is one. So that this is rare, that
answer is waited for much longer than the others (RFC 5321, 4.5.3.2.6).
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from okireports.schedule.post import NoSecret, Post

LAST_ANSWER_S = 600.0
TLS_PORT = 465
GOING = 421  # the server says that it closes the connection
DOT = re.compile(rb"^\.", re.MULTILINE)
LONGEST = 200  # characters of what a server says


class Later(Exception):
    """It was not sent, and may be tried again."""


class Never(Exception):
    """The server will not take this message, whenever it is sent."""


@dataclass
class Mailer:
    """A connection to the mail server, opened when the first message is sent and anew after each that broke it."""

    post: Post
    last_answer_s: float = LAST_ANSWER_S
    _smtp: smtplib.SMTP | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        """Begin; nothing is opened yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Say goodbye."""
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
        self.drop()

    def send(self, message: bytes, to: str) -> str:
        """Send a message; gives what the server said when it took it.

        Raises:
            Later: it cannot be reached, is busy, asks to come again, or broke off.
            Never: it refuses the recipient or the message for good.
        """
        try:
            smtp = self.connected()
            return self.handed_over(smtp, message, to)
        except NoSecret as error:
            raise Later(str(error)) from None
        except (Later, Never):
            raise
        except UnicodeError:  # it would quote what it stumbled over: a part of the password
            self.drop()
            raise Later(f"{self.where}: its name, the login or the password hold letters that SMTP has not") from None
        except (smtplib.SMTPException, OSError) as error:
            self.drop()
            raise Later(f"{self.where}: {words(error)}") from None

    def handed_over(self, smtp: smtplib.SMTP, message: bytes, to: str) -> str:
        """One message over an open connection."""
        self.demand(smtp.mail(self.post.sender, ["BODY=8BITMIME"] if smtp.has_extn("8bitmime") else []), "the sender")
        self.answered(smtp, smtp.rcpt(to), to)
        self.answered(smtp, smtp.docmd("DATA"), "the message", 354)
        smtp.send(DOT.sub(b"..", message) + (b"" if message.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        assert smtp.sock is not None
        smtp.sock.settimeout(max(self.last_answer_s, float(self.post.timeout_s)))
        code, said = smtp.getreply()
        smtp.sock.settimeout(float(self.post.timeout_s))
        self.answered(smtp, (code, said), "the message")
        return f"{code} {text(said)}"

    def answered(self, smtp: smtplib.SMTP, answer: tuple[int, bytes], what: str, fine: int = 2) -> None:
        """Take an answer about one message; the connection stays for the next one."""
        code, said = answer
        if code == fine or code // 100 == fine:
            return
        try:
            gone = code == GOING or smtp.rset()[0] != 250
        except (smtplib.SMTPException, OSError):
            gone = True
        if gone:
            self.drop()
        told = f"{self.where} does not take {what}: {code} {text(said)}"
        raise Never(told) if code // 100 == 5 else Later(told)

    def demand(self, answer: tuple[int, bytes], what: str) -> None:
        """Take an answer about all messages: a sender that is not taken is put right by people, and tried again."""
        code, said = answer
        if code // 100 != 2:
            self.drop()
            raise Later(f"{self.where} does not take {what}: {code} {text(said)}")

    def connected(self) -> smtplib.SMTP:
        """The connection, encrypted and logged in as the settings say."""
        if self._smtp is not None and self.alive(self._smtp):
            return self._smtp
        post, patience = self.post, float(self.post.timeout_s)
        password = post.password if post.user else ""
        try:
            trusted = ssl.create_default_context(cafile=post.ca_file or None)
        except OSError as error:
            raise Later(f"ca_file={post.ca_file!r} cannot be read: {text(str(error))}") from None
        if post.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(post.host, int(post.port), timeout=patience, context=trusted)
        else:
            smtp = smtplib.SMTP(post.host, int(post.port), timeout=patience)
        self._smtp = smtp
        if post.security == "starttls":
            smtp.starttls(context=trusted)  # raises where the server has none: nothing goes out for all to read
        smtp.ehlo_or_helo_if_needed()
        if post.user:
            smtp.login(post.user, password)
        return smtp

    def alive(self, smtp: smtplib.SMTP) -> bool:
        """Does a connection still answer? One that does not is let go."""
        with suppress(smtplib.SMTPException, OSError):
            if smtp.noop()[0] == 250:
                return True
        self.drop()
        return False

    def drop(self) -> None:
        """Let the connection go, however it is."""
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None

    @property
    def where(self) -> str:
        """The server, as messages name it."""
        return f"{self.post.host}:{self.post.port}"


def words(error: Exception) -> str:
    """What went wrong, in one line that holds nothing that was sent."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it does not take the login: {error.smtp_code}"  # some servers repeat what they were told
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {text(error.smtp_error)}"
    return text(str(error) or type(error).__name__)


def text(said: bytes | str) -> str:
    """What a server said, as one line that can be shown."""
    line = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return "".join(c if c.isprintable() else " " for c in " ".join(line.split()))[:LONGEST]
