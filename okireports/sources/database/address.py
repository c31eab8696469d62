"""Where a database is. A password is used to connect, and is never shown, kept or logged."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from okireports.errors import LoadError, did_you_mean

KINDS = {"postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql", "mariadb": "mysql"}
PORTS = {"postgresql": 5432, "mysql": 3306}
FORM = "Write postgresql://user@host/database or mysql://user@host/database."


@dataclass(frozen=True)
class Address:
    """The parts of a database's URL; `options` are those after its question mark."""

    kind: str
    host: str
    port: int
    user: str
    database: str
    password: str = field(default="", repr=False)
    options: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def shown(self) -> str:
        """The URL as messages and records may hold it: without password and options."""
        who = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.kind] else f":{self.port}"
        return f"{self.kind}://{who}{host}{port}/{self.database}"

    def redacted(self, said: object) -> str:
        """A driver's message on one line, without the password and without whatever stands in the options."""
        text = " ".join(str(said).split())
        for secret in sorted({self.password, *self.options.values()}, key=len, reverse=True):
            text = text.replace(secret, "***") if len(secret) > 2 else text
        return text

    def refuse_options(self, known: tuple[str, ...]) -> None:
        """LoadError for the first option that nobody knows."""
        for name in self.options:
            if name not in known:
                near = did_you_mean(name, known) or f" Known are: {', '.join(known)}."
                raise LoadError(f"There is no option {name!r} of a {self.kind} address.{near}", file=self.shown)


def is_url(path: str | os.PathLike[str]) -> bool:
    """Is this the URL of a database?"""
    scheme, colon, _ = os.fspath(path).partition("://")
    return bool(colon) and scheme.lower() in KINDS


def parse(url: str) -> Address:
    """The parts of a URL.

    Raises:
        LoadError: a part is missing or cannot be read; the URL is not repeated, for it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _unreadable("its host or port cannot be read") from None
    if "@" in parts.path + parts.query + parts.fragment or parts.fragment:
        raise _unreadable("a special character of its password or name is not written as %2F, %23, %3F or %40")
    kind, database = KINDS[parts.scheme.lower()], unquote(parts.path.strip("/"))
    if not parts.hostname or not database:
        raise _unreadable("it names no host" if not parts.hostname else "it names no database")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    password = unquote(parts.password or "") or options.pop("password", "")
    user = unquote(parts.username or "")
    return Address(kind, unquote(parts.hostname), port or PORTS[kind], user, database, password, options)


def _unreadable(why: str) -> LoadError:
    return LoadError(f"The address of the database is wrong: {why}.", hint=FORM)
