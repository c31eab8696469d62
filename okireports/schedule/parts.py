"""What a schedule is made with from elsewhere: who exports, and who draws a digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Order:
    """What is to be made, in whose name. `start` and `end` are naive UTC instants, half-open."""

    viewer: str
    reason: str  # of one who sees everything; it is written down
    projects: tuple[int, ...]  # by id, each in a folder of its own
    start: datetime
    end: datetime
    reports: tuple[tuple[str, Options], ...] | str  # "*": all that she may run
    tables: tuple[str, ...] | str
    formats: tuple[str, ...]
    language: str
    digest: bool
    dest: str  # a folder, or an address such as s3://bucket/prefix


class File(Protocol):
    """A file that was made."""

    @property
    def path(self) -> str | Path:
        """Where it lies, from the folder of its project."""

    @property
    def bytes(self) -> int:
        """How large it is."""


class ProjectFolder(Protocol):
    """What was made of one project."""

    @property
    def id(self) -> int:
        """The project's id."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def path(self) -> str | Path:
        """Its folder, from that of the whole, or from anywhere."""

    @property
    def files(self) -> tuple[Any, ...]:
        """The files in it, as `File`."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Files that were not made because their format cannot hold them, and why."""


class Exported(Protocol):
    """What was made of an order."""

    @property
    def path(self) -> str | Path:
        """The folder of the whole."""

    @property
    def projects(self) -> tuple[Any, ...]:
        """By project, as `ProjectFolder`."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What the manifest says, ready for JSON."""

    @property
    def additional(self) -> tuple[str, ...]:
        """Files that lie there, and that the manifest does not name."""


class Digest(Protocol):
    """A page about a project as mail carries it: pictures are named `cid:NAME` in the HTML."""

    @property
    def title(self) -> str:
        """What stands above it: project and period."""

    @property
    def html(self) -> str:
        """As mail programs show it."""

    @property
    def text(self) -> str:
        """As plain text."""

    @property
    def pictures(self) -> Mapping[str, bytes]:
        """PNG by name."""


Export = Callable[[Order], Exported]
MakeDigest = Callable[[Order, int], Digest]  # of one of the order's projects
