"""What lies in a lake: files of rows by table, project and month, and who names them.

    CURRENT                                  names the manifest that counts; replacing it is the commit
    manifests/000007.json                    of a generation: the manifest of each project
    manifests/p0001/5d41402abc4b2a76.json    of a project: its files; named by its content
    calls/p0001/2025-06.9f86d081884c7d65.parquet    rows of a table that start in a month of UTC; by its content

Nothing that was published is ever changed. A reader takes CURRENT and what that names, and looks into no folder; she
reads the manifests of her projects and of no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from okireports.delivery.target import Target, read
from okireports.disk import Segment
from okireports.engines.duck import schema_of
from okireports.errors import LakeError, NewerFormat

FORMAT = 1
CURRENT = "CURRENT"
ANEW = "remove what lies there, and sync to it anew"
INSTANTS = ("first_at", "last_at", "last_end")


@dataclass(frozen=True)
class Slice:
    """A file: the rows of one segment that start in one month; instants are naive UTC, as a segment's."""

    project_id: int
    table: str
    month: str
    file: str
    source: str  # the checksum of the segment that it was made of
    first_at: datetime | None
    last_at: datetime | None
    last_end: datetime | None
    rows: int
    bytes: int
    sha256: str
    generation: int  # of the segment
    model_version: int

    @property
    def segment(self) -> Segment:
        """As a segment that holds all columns that a run offers."""
        told = {name: value for name, value in vars(self).items() if name in Segment.__dataclass_fields__}
        return Segment(**told, stretch=self.month, columns=tuple(schema_of(self.table)))


@dataclass(frozen=True)
class State:
    """One generation of a lake."""

    number: int
    generation: int  # of the centre
    seq: int  # the newest entry of the centre's change log, by which the centre is known again
    head: str  # and its hash
    at: datetime  # naive UTC, by the machine's clock
    projects: Mapping[int, str]  # the manifest of each

    @property
    def file(self) -> str:
        """Its manifest."""
        return f"manifests/{self.number:06d}.json"


def project_manifest(project_id: int, slices: list[Slice]) -> tuple[str, bytes]:
    """The manifest of a project: its name and what stands in it."""
    said = as_json({"format": FORMAT, "files": [asdict(one) for one in slices]})
    return f"manifests/p{project_id:04d}/{hashlib.sha256(said).hexdigest()[:16]}.json", said


def state_manifest(state: State) -> bytes:
    """What stands in the manifest of a generation."""
    return as_json({"format": FORMAT, **asdict(state)})


def pointer(state: State, said: bytes) -> bytes:
    """What stands in CURRENT."""
    return as_json({"format": FORMAT, "manifest": state.file, "sha256": hashlib.sha256(said).hexdigest()})


def as_json(said: Mapping[str, Any]) -> bytes:
    """As it stands in a file: the same is the same bytes."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), default=datetime.isoformat).encode() + b"\n"


def state_at(target: Target) -> State | None:
    """The generation that counts; None where there is none yet.

    Raises:
        LakeError: what lies there is not whole.
        NewerFormat: a newer okireports wrote it.
    """
    found = read(target, CURRENT)
    if found is None:
        return None
    named = understood(found, target, CURRENT)
    said = taken(target, str(named.get("manifest")))
    if hashlib.sha256(said).hexdigest() != named.get("sha256"):
        raise LakeError(f"{target.path}/{named.get('manifest')} is not what CURRENT names: {ANEW}.")
    return state_from(target, str(named["manifest"]), said)


def state_from(target: Target, file: str, said: bytes) -> State:
    """A generation, from its manifest.

    Raises:
        LakeError: it is none.
    """
    told = understood(said, target, file)
    try:
        projects = {int(project): str(file) for project, file in told["projects"].items()}
        number, generation, seq = (int(told[name]) for name in ("number", "generation", "seq"))
        return State(number, generation, seq, str(told["head"]), datetime.fromisoformat(told["at"]), projects)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise LakeError(f"{target.path}/{file} is no manifest of a lake: {ANEW}.") from None


def slices_of(target: Target, file: str) -> tuple[Slice, ...]:
    """The files of a project, by its manifest.

    Raises:
        LakeError: it is gone, or is not what its name says.
    """
    said = taken(target, file)
    if hashlib.sha256(said).hexdigest()[:16] != file.rpartition("/")[2].removesuffix(".json"):
        raise LakeError(f"{target.path}/{file} is not what its name says: {ANEW}.")
    try:
        return tuple(slice_from(one) for one in understood(said, target, file)["files"])
    except (KeyError, TypeError, ValueError):
        raise LakeError(f"{target.path}/{file} is no manifest of a project: {ANEW}.") from None


def slice_from(said: Mapping[str, Any]) -> Slice:
    """A file, from what a manifest says of it."""
    instants = {name: said[name] and datetime.fromisoformat(said[name]) for name in INSTANTS}
    return Slice(**{**{name: said[name] for name in Slice.__dataclass_fields__}, **instants})


def taken(target: Target, file: str) -> bytes:
    """What stands in a manifest that another one names.

    Raises:
        LakeError: it is gone: a sync that follows an erasure takes away what was before.
    """
    said = read(target, file)
    if said is None:
        raise LakeError(f"{target.path}/{file} is gone, which the lake names: ask again; if that fails, {ANEW}.")
    return said


def understood(said: bytes, target: Target, name: str) -> dict[str, Any]:
    """JSON of this format.

    Raises:
        LakeError: it is none.
        NewerFormat: a newer okireports wrote it.
    """
    try:
        found = dict(json.loads(said))
        format = int(found["format"])
    except (ValueError, KeyError, TypeError):
        raise LakeError(f"{target.path}/{name} cannot be read as part of a lake: {ANEW}.") from None
    if format > FORMAT:
        raise NewerFormat(f"{target.path} has format {format}; this okireports knows {FORMAT}. Install a newer one.")
    return found
