"""Bringing a lake up to date: what changed since the last time is written beside what is there, and then counts.

Files first, then the manifests, and CURRENT last: who reads meanwhile sees the generation before, and a sync that was
killed left that. Repeated, it takes over the files that it had finished. Whatever no kept generation names is removed
at the end: at once after an erasure or a correction, else when a day has passed since it counted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise

import duckdb

from okireports import audit
from okireports.delivery.target import HALF, Target, checksum, read
from okireports.disk import Folder, Segment, attach, segments_of
from okireports.disk.folder import Reading, undamaged
from okireports.disk.sweep import KEPT_FOR, utc_now
from okireports.errors import DamagedCenter, LakeError
from okireports.lake.layout import (
    CURRENT,
    Slice,
    State,
    pointer,
    project_manifest,
    slices_of,
    state_at,
    state_from,
    state_manifest,
    taken,
)
from okireports.lake.standing import erased_since, follows
from okireports.lake.writing import Month, months_of, write
from okireports.tables import FACTS, MODEL_VERSION

RESULTS = re.compile(r"results/(\d{8}T\d{6})-[0-9a-f]{8}/.+")  # what a run had the cluster write
STATES = re.compile(r"manifests/\d{6,}\.json")
OURS = re.compile(r"\w+/p\d{4,}/(\d{4,}-\d\d|all|none)\.[0-9a-f]{16}\.parquet|manifests/p\d{4,}/[0-9a-f]{16}\.json")
ALIAS = "lake_source"
TRIES = 3
Step = Callable[..., None]


@dataclass(frozen=True)
class Synced:
    """What a sync did: files of rows that it wrote, left and removed; rows and bytes of all that the lake holds now."""

    path: str
    generation: int  # of the centre
    written: int
    kept: int
    removed: int
    rows: int
    bytes: int


def sync(folder: Folder, target: Target, step: Step) -> Synced:
    """Bring a lake up to date with what the centre publishes now.

    Raises:
        LakeError: another centre's lake lies there, or one of a state that this centre does not have.
        DeliveryError: it cannot be written; what was there still counts.
        DamagedCenter: a file of the centre is not what was written.
    """
    for attempt in range(TRIES):
        try:
            with undamaged(folder), target.writing(), folder.reading() as reading:
                return Sync(folder, target, reading, step).made()
        except FileNotFoundError as error:  # a segment was swept meanwhile: what is published now has others
            if attempt + 1 == TRIES:
                raise DamagedCenter(f"{error.filename} is named by the centre and is not there; restore it.") from None
    raise AssertionError("unreachable")


@dataclass
class Sync:
    """One sync."""

    folder: Folder
    target: Target
    reading: Reading  # has the control file attached
    step: Step
    written: int = 0
    slices: list[Slice] = field(default_factory=list)

    def made(self) -> Synced:
        """Write what changed, let it count, and remove what nobody names."""
        before = state_at(self.target)
        if not before:
            self.check_empty()
        if before and not follows(self.reading.con, before):
            raise LakeError(
                f"What lies in {self.target.path} is no earlier state of this centre: another one's lake, or of a time "
                "before this one was restored from a backup. Sync to a new place, and remove what is not needed."
            )
        self.files(before)
        state = State(
            before.number + 1 if before else 1,
            self.reading.current.generation,
            *audit.head(self.reading.con),
            utc_now(),
            dict(self.manifests()),
        )
        if before and (before.projects, before.seq, before.generation) == (state.projects, state.seq, state.generation):
            state = before
        else:
            said = state_manifest(state)
            self.target.write(state.file, said)
            self.target.write(CURRENT, pointer(state, said))
        removed = self.sweep(state)
        total = [sum(getattr(one, name) for one in self.slices) for name in ("rows", "bytes")]
        kept = len(self.slices) - self.written
        return Synced(self.target.path, state.generation, self.written, kept, removed, *total)

    def check_empty(self) -> None:
        """Raise where something lies that no sync has left; what is removed later is told by its name."""
        for name in self.target.names():
            left = HALF.fullmatch(name.rpartition("/")[2]) or any(kind.fullmatch(name) for kind in (STATES, OURS))
            if not left:
                raise LakeError(f"{self.target.path} is no lake, and not empty ({name}): sync to a place of its own.")

    def files(self, before: State | None) -> None:
        """Write the files that are not there yet."""
        held = [one for file in (before.projects if before else {}).values() for one in slices_of(self.target, file)]
        by_source: dict[str, list[Slice]] = defaultdict(list)
        for one in held:
            if one.model_version == MODEL_VERSION:
                by_source[one.source].append(one)
        known = {one.file: (one.bytes, one.sha256) for one in held}
        checked = dict(self.reading.con.execute("SELECT file, sha256 FROM control.segments").fetchall())
        for segment in segments_of(self.reading.con):
            if FACTS[segment.table].internal:
                continue
            if (source := checked[segment.file]) not in by_source:
                self.step(f"{segment.table} of project {segment.project_id}, {segment.stretch}")
                by_source[source] = [*self.of_segment(segment, source, known)]
            self.slices += by_source[source]

    def of_segment(self, segment: Segment, source: str, known: dict[str, tuple[int, str]]) -> Iterator[Slice]:
        """The files of a segment that is new since the last time; a month that has not changed has its file."""
        with attached(self.reading.con, self.folder, segment):
            for month in months_of(self.reading.con, segment, ALIAS):
                file = month.file(segment)
                found = known.get(file) or left_at(self.target, file)
                if found is None:
                    found = write(self.reading.con, self.target, segment, ALIAS, month)
                    self.written += 1
                yield slice_of(segment, source, month, *found)

    def manifests(self) -> Iterator[tuple[int, str]]:
        """Write the manifest of each project, where it is another one."""
        by_project: dict[int, list[Slice]] = defaultdict(list)
        for one in self.slices:
            by_project[one.project_id].append(one)
        for project, slices in sorted(by_project.items()):
            name, said = project_manifest(project, sorted(slices, key=lambda one: one.file))
            if read(self.target, name) != said:
                self.target.write(name, said)
            yield project, name

    def sweep(self, state: State) -> int:
        """Remove what no generation names that is kept; gives how many files of rows.

        Results whose reader was killed go a day later; after an erasure all of them, be they read or not.
        """
        self.target.clear()
        there = [*self.target.names()]
        states = [*self.earlier(state, [name for name in there if STATES.fullmatch(name)]), state]
        erased = any(erased_since(self.reading.con, one) for one in states)  # killed, the sync before left some of it
        named = {CURRENT, *(one.file for one in self.held(states)), *(one.file for one in self.slices)}
        for one in self.held(states):
            named |= {*one.projects.values(), *self.named_by(one)}
        day_ago = f"{utc_now() - KEPT_FOR:%Y%m%dT%H%M%S}"
        results = [name for name in there if (found := RESULTS.fullmatch(name)) and (erased or found[1] < day_ago)]
        manifests = [name for name in there if name not in named and STATES.fullmatch(name)]
        rows = [name for name in there if name not in named and OURS.fullmatch(name)]
        for name in [*results, *manifests, *rows]:  # who names, before what is named
            self.target.remove(name)
        return sum(name.endswith(".parquet") for name in rows)

    def earlier(self, state: State, files: list[str]) -> list[State]:
        """The generations before one, in their order; of what a sync that was killed left behind none ever counted."""
        found = []
        for file in files:
            with suppress(LakeError):  # it names nothing any more, and goes
                found.append(state_from(self.target, file, taken(self.target, file)))
        return sorted((one for one in found if one.number < state.number), key=lambda one: one.number)

    def held(self, states: list[State]) -> Iterator[State]:
        """The generation that counts, which is the last, and those before it that somebody may still read."""
        yield states[-1]
        for one, following in pairwise(states):
            if following.at > utc_now() - KEPT_FOR and not erased_since(self.reading.con, one):
                yield one

    def named_by(self, state: State) -> Iterator[str]:
        """The files of a generation; of an earlier one that is not whole, those that are known."""
        for file in state.projects.values():
            with suppress(LakeError):
                yield from (one.file for one in slices_of(self.target, file))


@contextmanager
def attached(con: duckdb.DuckDBPyConnection, folder: Folder, segment: Segment) -> Iterator[None]:
    """While a segment is attached; FileNotFoundError where it was swept."""
    attach(con, folder, segment, ALIAS)
    try:
        yield
    finally:
        con.execute(f"DETACH {ALIAS}")


def left_at(target: Target, file: str) -> tuple[int, str] | None:
    """Bytes and checksum of a file that a killed sync left, whole as every file here; None where it left none."""
    try:
        with target.open(file) as opened:
            return checksum(opened)
    except FileNotFoundError:
        return None


def slice_of(segment: Segment, source: str, month: Month, size: int, sha256: str) -> Slice:
    """What a manifest says of a file."""
    return Slice(
        project_id=segment.project_id,
        table=segment.table,
        month=month.name,
        file=month.file(segment),
        source=source,
        first_at=month.first_at,
        last_at=month.last_at,
        last_end=month.last_end,
        rows=month.rows,
        bytes=size,
        sha256=sha256,
        generation=segment.generation,
        model_version=MODEL_VERSION,
    )
