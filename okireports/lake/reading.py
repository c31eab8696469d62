"""A lake as a run finds it: which of its files hold a viewer's rows, and where an engine finds them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb
from pyarrow import fs

from okireports.delivery.target import Disk, Target, target_of, telling
from okireports.disk import Folder, Segment
from okireports.disk.sweep import utc_now
from okireports.engines.written import Scratch
from okireports.errors import BadOption, LakeError
from okireports.lake.layout import Slice, State, slices_of, state_at
from okireports.lake.standing import erased_since, follows, sources


@dataclass(frozen=True)
class Lake:
    """A lake; pinned, it stays at one generation."""

    target: Target
    at: State | None = None
    _known: dict[str, tuple[Slice, ...]] = field(default_factory=dict, compare=False, repr=False)  # none ever changes

    @classmethod
    def lies_at(cls, dest: str | os.PathLike[str]) -> Lake:
        """The lake at an address.

        Raises:
            LakeError: there is none.
        """
        lake = cls(place(dest, None))
        lake.state()
        return lake

    def state(self) -> State:
        """The generation that counts."""
        found = self.at or state_at(self.target)
        if found is None:
            raise LakeError(f"There is no lake at {self.target.path}: make it with center.lake.sync(...).")
        return found

    def pinned(self) -> Lake:
        """The lake as it is now, whatever is synced meanwhile."""
        return Lake(self.target, self.state(), self._known)

    def files(
        self, con: duckdb.DuckDBPyConnection, projects: Iterable[int], *, exact: bool = False
    ) -> tuple[Segment, ...]:
        """The files of some projects, in the order in which a centre lists its segments.

        Args:
            con: a connection in which the control file is attached.
            projects: of no other one any manifest is read.
            exact: refuse a lake that does not hold what the centre does now.

        Raises:
            LakeError: the lake is another centre's, or behind an erasure or a correction.
        """
        state = self.state()
        if not follows(con, state):
            raise LakeError(f"{self.target.path} is not a lake of this centre: sync one, and open the centre with it.")
        if erased_since(con, state):
            raise LakeError(
                f"{self.target.path} is of generation {state.generation}; since then rows were erased or corrected. "
                "Sync it: until then nothing is read from it."
            )
        projects = [*projects]
        held = [
            one for project in projects if project in state.projects for one in self.slices(state.projects[project])
        ]
        if exact and {one.source for one in held} != sources(con, projects):
            raise LakeError(
                f"{self.target.path} is of generation {state.generation} and behind the centre: sync it first. What is "
                "handed out is of one state."
            )
        return tuple(
            sorted((one.segment for one in held), key=lambda one: (one.project_id, one.table, one.stretch, one.file))
        )

    def slices(self, manifest: str) -> tuple[Slice, ...]:
        """The files that a manifest of a project names."""
        if manifest not in self._known:
            self._known[manifest] = slices_of(self.target, manifest)
        return self._known[manifest]

    def scratch(self) -> Scratch:
        """A place for a result that the cluster writes: `results/...`, which who reads it removes, else a sync."""
        name = f"results/{utc_now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        if isinstance(self.target, Disk):
            path = self.target.place(name).absolute()
            with telling(str(path)):
                path.parent.mkdir(mode=0o700, exist_ok=True)  # the cluster writes what anybody could read
                path.parent.chmod(0o700)
            return Scratch(self.address(name), fs.LocalFileSystem(), str(path))
        bucket: Any = self.target
        return Scratch(self.address(name), bucket.storage, f"{bucket.base}/{name}")

    def address(self, file: str) -> str:
        """Where an engine finds a file."""
        base = self.target.path
        if base.startswith("s3://"):
            return f"s3a://{base.removeprefix('s3://')}/{file}"  # as Hadoop calls it
        return f"file://{Path(base, file).absolute()}"  # Hadoop takes it as it is, a space for a space


def place(dest: str | os.PathLike[str], centre: Folder | None) -> Target:
    """The place that an address of a lake means.

    Raises:
        BadOption: it is none, or lies in the centre.
    """
    text = os.fspath(dest) if isinstance(dest, str | os.PathLike) else dest
    if isinstance(text, str) and text.startswith("file:"):
        said = urlsplit(text)
        if said.netloc not in ("", "localhost") or said.query or said.fragment or not said.path.startswith("/"):
            raise BadOption(f"{dest!r} is no folder: write file:///folder, or its path.")
        text = unquote(said.path)
    return target_of(text, centre)
