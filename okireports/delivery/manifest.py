"""Manifests: what is in an export, and in each project's folder by itself; and the record of one that is on its way.

A folder that has a manifest holds what it says. While files are made there is none, but a record `.unfinished` of what
was there before and of each file that was finished since: an export that is repeated makes none of these again, where
it would be the same file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from threading import Lock
from typing import Any

from okireports.delivery.target import Target, checksum, read, reading
from okireports.errors import DeliveryError, NewerFormat

SCHEMA = 1
NAME = "manifest.json"
RECORD = ".unfinished"
Entry = dict[str, Any]


@cache
def made_with() -> str:
    """The package and its version; asked for once, for the answer is looked up in files."""
    return f"okireports {version('okireports')}"


def key_of(question: Mapping[str, Any]) -> str:
    """What a file answers, as a checksum: viewer, rights, project, generation, report or table, options, format."""
    said = json.dumps(question, ensure_ascii=True, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def as_json(said: Mapping[str, Any]) -> bytes:
    """As it stands in a file."""
    return (json.dumps(said, ensure_ascii=False, indent=1, default=str) + "\n").encode()


def understood(said: bytes, where: str) -> dict[str, Any]:
    """A manifest.

    Raises:
        DeliveryError: it is none, or not whole.
        NewerFormat: a newer okireports wrote it.
    """
    try:
        found = json.loads(said)
        schema = found["schema"]
        whole = isinstance(schema, int) and isinstance(found["files"], list) and "okireports" in found["made_with"]
    except (ValueError, KeyError, TypeError, RecursionError):
        whole, schema = False, 0
    if whole and schema > SCHEMA:
        raise NewerFormat(f"{where} has schema {schema}; this okireports knows {SCHEMA}. Install a newer okireports.")
    files = found["files"] if whole else []
    if not whole or not all(map(sound, files)) or len({entry["path"] for entry in files}) < len(files):
        raise DeliveryError(f"{where} is no manifest of an export, or was altered: make the export anew.")
    return dict(found)


def sound(entry: object) -> bool:
    """Does an entry name a file below its folder, with its size and checksum?"""
    if not isinstance(entry, dict):
        return False
    path, size, sha256 = (entry.get(name) for name in ("path", "bytes", "sha256"))
    below = isinstance(path, str) and path != "" and not {"", ".", ".."} & set(path.split("/")) and "\\" not in path
    return below and type(size) is int and isinstance(sha256, str)


@dataclass
class Record:
    """What is known of a project's folder while its files are made."""

    target: Target
    folder: str
    known: dict[str, Entry] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def begun(cls, target: Target, folder: str) -> Record:
        """Take down what a manifest or an earlier record says, and take the manifest away."""
        made = cls(target, folder)
        unfinished, manifest = (read(target, made.named(name)) for name in (RECORD, NAME))
        try:
            entries = understood(manifest or b"", NAME)["files"]
        except (DeliveryError, NewerFormat):
            entries = []
        made.known = {entry["path"]: entry for entry in [*entries, *lines(unfinished or b"")]}
        said = b"".join(line(entry) for entry in made.known.values())
        target.write(made.named(RECORD), said)
        target.remove(made.named(NAME))
        return made

    def named(self, path: str) -> str:
        """Where a file of the folder lies."""
        return f"{self.folder}/{path}"

    def found(self, path: str, key: str) -> Entry | None:
        """What is known of a file that is there, is whole and answers the same; None where it has to be made."""
        entry = self.known.get(path)
        if entry is None or entry.get("key") != key:
            return None
        try:
            return entry if right(self.target, self.named(path), entry) else None
        except DeliveryError:  # it cannot be read, but perhaps replaced; if not, that says why
            return None

    def note(self, entry: Entry) -> None:
        """Take a finished file down; from any thread."""
        with self._lock:
            self.target.append(self.named(RECORD), line(entry))

    def finish(self, said: Mapping[str, Any]) -> Entry:
        """Put the manifest in the record's place; gives its own entry for the manifest of the whole."""
        written, sha256 = self.target.write(self.named(NAME), as_json(said))
        self.target.remove(self.named(RECORD))
        return {
            "path": self.named(NAME),
            "what": "manifest",
            "format": "json",
            "rows": None,
            "bytes": written,
            "sha256": sha256,
        }


def line(entry: Entry) -> bytes:
    """A line of a record."""
    return json.dumps(entry, ensure_ascii=True, default=str).encode() + b"\n"


def lines(said: bytes) -> list[Entry]:
    """The entries of a record; a line that was not finished is none."""
    found = []
    for one in said.split(b"\n"):
        try:
            entry = json.loads(one)
        except (ValueError, RecursionError):
            continue
        if sound(entry):
            found.append(entry)
    return found


def right(target: Target, name: str, entry: Entry) -> bool:
    """Is what lies there what an entry says?

    Raises:
        DeliveryError: it is there, and cannot be read.
    """
    try:
        with reading(f"{target.path}/{name}"), target.open(name) as file:
            return checksum(file) == (entry["bytes"], entry["sha256"])
    except FileNotFoundError:
        return False
