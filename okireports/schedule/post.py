"""How a centre sends: the mail server, the sender, limits, and where secrets are found, which are never kept here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from okireports.errors import BadOption, did_you_mean
from okireports.schedule.definition import LOOPBACK, checked_address

SECURITY = ("starttls", "tls", "none")
MOST_MB = 100.0
LONGEST_S = 600.0
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class NoSecret(Exception):
    """A password or a key is not where the settings say."""


@dataclass(frozen=True)
class Post:
    """The settings of sending; '' where nothing is set."""

    host: str = ""
    port: str = "587"
    security: str = "starttls"
    user: str = ""
    password_env: str = ""  # the name of the environment variable that holds it
    password_file: str = ""  # or a file that only its owner reads
    ca_file: str = ""  # whose certificates are trusted beside, in place of the system's
    sender: str = ""
    alerts: str = ""  # who hears of a schedule whose viewer is not active any more
    limit_mb: str = "10"  # of the attachments of one message
    timeout_s: str = "60"  # for each answer of a server
    webhook_env: str = ""  # likewise of the key that webhooks are signed with
    webhook_file: str = ""

    @classmethod
    def read(cls, con: duckdb.DuckDBPyConnection) -> Post:
        """The settings, from the control file attached as `control`."""
        rows = con.execute("SELECT key, value FROM control.post").fetchall()
        return cls(**{key: value for key, value in rows if key in cls.__dataclass_fields__})

    @property
    def password(self) -> str:
        """The mail server's password.

        Raises:
            NoSecret: it is not there, or others can read it.
        """
        return secret("mail password", self.password_env, self.password_file)

    @property
    def key(self) -> str:
        """What webhooks are signed with.

        Raises:
            NoSecret: it is not there, or others can read it.
        """
        return secret("webhook key", self.webhook_env, self.webhook_file)

    @property
    def limit(self) -> int:
        """Bytes of the attachments of one message."""
        return int(float(self.limit_mb) * 1_000_000)


def secret(what: str, variable: str, file: str) -> str:
    """A secret from an environment variable or a file.

    Raises:
        NoSecret: it is not there, or others can read it.
    """
    if variable and (found := os.environ.get(variable)):
        return found
    if not file:
        where = f"the environment variable {variable} is not set" if variable else "the settings name no place for it"
        raise NoSecret(f"There is no {what}: {where}.")
    try:
        if Path(file).stat().st_mode & 0o077:
            raise NoSecret(f"The {what} is in {file}, which others can read: chmod 600 it.")
        found = Path(file).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise NoSecret(f"There is no {what}: {file} cannot be read ({type(error).__name__}).") from None
    if not found:
        raise NoSecret(f"There is no {what}: {file} is empty.")
    return found


def checked(given: Mapping[str, object]) -> dict[str, str]:
    """Settings of sending as they are kept.

    Raises:
        BadOption: it says which is none, or takes no such value.
    """
    known = tuple(Post.__dataclass_fields__)
    values = {name: str(value).strip() for name, value in given.items()}
    for name, value in values.items():
        if name not in known:
            hint = did_you_mean(name, known)
            more = " A password is not kept: say where it is, password_env or password_file." * ("pass" in name)
            raise BadOption(f"There is no setting {name!r} of mail.{hint} Settings: {', '.join(known)}.{more}")
        if not value.isprintable():
            raise BadOption(f"{name}={value!r}: it is one line of text.")
        if name == "security" and value not in SECURITY:
            raise BadOption(f"security={value!r}: it is one of {', '.join(SECURITY)}.")
        if name.endswith("_env") and value and not VARIABLE.fullmatch(value):
            raise BadOption(f"{name} is the name of an environment variable, and not what is in it: that is not kept.")
        if name.endswith("_file") and value and not Path(value).is_absolute():
            raise BadOption(f"{name}={value!r} is no whole path: schedules run from another folder. Begin with /.")
        if name in ("sender", "alerts") and value:
            checked_address(value)
    number(values, "port", 65_535)
    number(values, "limit_mb", MOST_MB)
    number(values, "timeout_s", LONGEST_S)
    return values


def checked_whole(post: Post) -> None:
    """Refuse settings that do not go together.

    Raises:
        BadOption: a login would go over the net for all to read, or there is no sender.
    """
    if post.host and not post.sender:
        raise BadOption("Say who sends: sender='reports@example.com'.")
    if post.user and post.security == "none" and post.host not in LOOPBACK:
        raise BadOption("security='none' would send the password for all to read: take starttls or tls.")


def number(values: Mapping[str, str], name: str, most: float) -> None:
    """Refuse what is no number from above 0 to `most`."""
    if name in values:
        try:
            fine = 0 < float(values[name]) <= most and (name != "port" or values[name].isdecimal())
        except ValueError:
            fine = False
        if not fine:
            raise BadOption(f"{name}={values[name]!r}: it is a number above 0, at most {most:g}.")
