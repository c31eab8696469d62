"""What a schedule says: when, for whom, what is made, and where it goes; as JSON in the control file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from okireports import report
from okireports.access import Scope
from okireports.delivery.order import Order, listed, named
from okireports.engines.duck import may_open
from okireports.errors import BadOption, UnknownName
from okireports.run import permitted
from okireports.tables import FACTS

ADDRESS = re.compile(
    r"(?!\.)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}(?<!\.)@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
STORES = ("s3://",)


@dataclass(frozen=True)
class Definition:
    """What one schedule says.

    projects: ids and the names that they were given by; None: each of the viewer's, as they are when it runs.
    recipients: logins. addresses: of people outside, each bound to projects by an admin.
    """

    cron: str
    period: str
    projects: tuple[tuple[int, str], ...] | None = None
    reports: tuple[tuple[str, Mapping[str, Any]], ...] | str = ()
    tables: tuple[str, ...] | str = ()
    formats: tuple[str, ...] = ("parquet",)
    digest: bool = False
    language: str = "en"
    destinations: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    webhook: str | None = None
    together: bool = False  # one message of all projects to each recipient who may see all of them

    @property
    def text(self) -> str:
        """As the control file keeps it."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> Definition:
        """What the control file keeps; fields that a newer version added are left out."""
        said = json.loads(text)
        known = {field.name: said[field.name] for field in fields(cls) if field.name in said}
        for name in ("formats", "destinations", "recipients", "addresses"):
            known[name] = tuple(known.get(name, ()))
        if not isinstance(known.get("reports", "*"), str):
            known["reports"] = tuple((name, options) for name, options in known["reports"])
        if not isinstance(known.get("tables", "*"), str):
            known["tables"] = tuple(known["tables"])
        if known.get("projects") is not None:
            known["projects"] = tuple((id, name) for id, name in known["projects"])
        return cls(**known)


def checked(given: Definition, scope: Scope, folder: Path) -> Definition:
    """A definition of which everything can be read, and is the viewer's to ask for.

    Args:
        given: with names as they were typed.
        scope: the viewer's.
        folder: the centre's, in which nothing is put.

    Raises:
        BadOption, UnknownName, UnknownReport: it says which.
    """
    known = {r.name for r in permitted(scope)}
    if isinstance(given.reports, str) and given.reports != "*":
        raise BadOption(f"reports={given.reports!r}: it is a list of names, of (name, options), or '*'.")
    for name, options in () if isinstance(given.reports, str) else given.reports:
        report.check_options(report.find(name, known), options)
    for name in () if isinstance(given.tables, str) else given.tables:
        if name not in FACTS or not may_open(scope, name):
            raise UnknownName("table", name, (t for t in FACTS if may_open(scope, t)))
    asked = {name: getattr(given, name) for name in ("period", "reports", "tables", "formats", "digest", "language")}
    Order(dest="", **asked)  # refuses what no export could make
    if not (given.destinations or given.recipients or given.addresses or given.webhook):
        raise BadOption("Say where it goes: destinations, recipients, addresses or a webhook.")
    for dest in given.destinations:
        checked_destination(dest, folder)
    if given.webhook is not None:
        checked_webhook(given.webhook)
    for address in given.addresses:
        checked_address(address)
    return given


def checked_destination(dest: str, folder: Path) -> None:
    """Refuse a place that no run could use: whether it can be written is seen when it runs.

    Raises:
        BadOption: it is relative (whoever runs it is somewhere else), or inside the centre.
    """
    if dest.startswith(STORES):
        from okireports.delivery.bucket import base_of

        base_of(dest)
        return
    if "://" in dest:
        raise BadOption(f"{dest!r}: there are folders and s3://bucket/prefix.")
    if not Path(dest).is_absolute():
        raise BadOption(f"{dest!r} is no whole path: a schedule runs from another folder than you. Begin with /.")
    inside, centre = Path(dest).resolve(), folder.resolve()
    if inside == centre or centre in inside.parents:
        raise BadOption(f"{dest!r} lies in the centre's own folder; choose another one.")


def checked_webhook(url: str) -> None:
    """Refuse an address that is no web page, or to which a manifest would go for all to read.

    Raises:
        BadOption: it says why.
    """
    try:
        parts = urlsplit(url)
        host, secret, port = parts.hostname, parts.password, parts.port
        (host or "").encode("idna")
    except ValueError:
        parts, host, secret, port = urlsplit(""), None, None, None
    plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not host or port == 0 or not plain:
        raise BadOption(f"webhook={url!r} is no address such as 'https://example.com/hook'.")
    if secret or parts.username:
        raise BadOption("A webhook's address holds no password: it would be kept with the schedule. It is signed.")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise BadOption(f"webhook={url!r}: only https:// leaves the machine.")


def checked_address(address: str) -> str:
    """An address of mail as headers may hold it.

    Raises:
        BadOption: it is none, or holds letters that not every server takes.
    """
    if not ADDRESS.fullmatch(address) or ".." in address:
        raise BadOption(f"{address!r} is no address such as 'name@example.com', in plain letters.")
    return address


def as_pairs(given: object) -> tuple[tuple[str, Mapping[str, Any]], ...] | str:
    """Reports as people give them, names or (name, options), as pairs; "*" stays.

    Raises:
        BadOption: it is something else.
    """
    if given == "*":
        return "*"
    return tuple(map(named, () if given is None else listed("reports", given)))


def as_names(what: str, given: object) -> tuple[str, ...]:
    """One name or path or several, each once, as several; None is none.

    Raises:
        BadOption: it is something else.
    """
    several = () if given is None else listed(what, str(given) if isinstance(given, Path) else given)
    if not all(isinstance(name, str | Path) for name in several):
        raise BadOption(f"{what}={given!r}: it is a name, or a list of them.")
    return tuple(dict.fromkeys(map(str, several)))
