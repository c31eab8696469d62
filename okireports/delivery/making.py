"""An export on its way: project after project, each in a scope of its own, and the manifest of the whole at the end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from okireports.access import Project
from okireports.delivery import asking as who
from okireports.delivery import manifest
from okireports.delivery.asking import At, Plan
from okireports.delivery.facts import Facts, facts
from okireports.delivery.folder import Making, Step
from okireports.delivery.manifest import Entry
from okireports.delivery.order import Exported, Order
from okireports.delivery.target import Target, read, target_of
from okireports.disk import Folder
from okireports.errors import DamagedCenter
from okireports.run import noting_refusals

TRIES = 3


def export(at: At, folder: Folder, order: Order, clock: Callable[[], datetime], step: Step | None = None) -> Exported:
    """Carry out an order of a viewer's.

    A folder for each project holds its files and a manifest that names only that project, so it can be handed on alone.
    All of it is of one state of the centre. Repeated, it makes anew only what is not there yet, or not the same.

    Args:
        at: the viewer, over a state of the centre and at an instant.
        folder: the centre's.
        order: what is asked for.
        clock: the centre's.
        step: called with the name of each step, and with `advance=1` after each project.

    Raises:
        Refused: she may not export, or something of it.
        UnknownName, UnknownReport, BadOption, BadPeriod: something of the order is wrong.
        DeliveryError: it cannot be written where it should go; what is there is whole, and without a manifest.
    """
    now = who.instant(clock)
    target = target_of(order.dest, folder)
    asking = at(folder, now).viewing()
    with noting_refusals(asking, "export", asking.login):
        for attempt in range(TRIES):
            state = who.pinned(folder)
            planned = who.plan(state, at(state, now), order, now)
            try:
                with target.writing():
                    return Export(folder, target, planned, at, clock, step or silent).made()
            except DamagedCenter:  # what was forgotten meanwhile is gone from every state: begin with the newest
                if attempt + 1 == TRIES or folder.current().generation == planned.generation:
                    raise
    raise AssertionError("unreachable")


@dataclass(frozen=True)
class Export:
    """One export."""

    folder: Folder
    target: Target
    planned: Plan
    at: At
    clock: Callable[[], datetime]
    step: Step
    begun: list[Making] = field(default_factory=list)  # folders

    def made(self) -> Exported:
        """Make the folders, then the manifest of the whole."""
        self.begin()
        folders, entries, projects, left_out = [], [], [], []
        try:
            for making in self.makings():
                own = making.record.finish(self.told([making.described], making.entries, making.left_out))
                entries += [*(below(making.name, entry) for entry in making.entries), own]
                left_out += [below(making.name, entry) for entry in making.left_out]
                projects.append(making.described)
                folders.append(making.result(self.target.path))
        except DamagedCenter:
            for making in self.begun:
                making.take_back()
            raise
        said = self.told(projects, entries, left_out)
        self.target.write(manifest.NAME, manifest.as_json(said))
        self.target.remove(manifest.RECORD)
        return Exported(self.target.path, tuple(folders), said, tuple(self.additional(entries)))

    def begin(self) -> None:
        """Take the manifest of an earlier export away: what it says is not so any more.

        Raises:
            DeliveryError: something else is called so.
        """
        earlier = read(self.target, manifest.NAME)
        if earlier is not None:
            manifest.understood(earlier, f"{self.target.path}/{manifest.NAME}")
        if read(self.target, manifest.RECORD) is not None:
            self.target.clear()
        self.target.append(manifest.RECORD, b"")  # it is there at once, and nothing of it by half
        self.target.remove(manifest.NAME)

    def makings(self) -> Iterator[Making]:
        """The folders, one after another, each with all of its files."""
        with closing(self.opened()) as each:
            for project, opened in each:
                making = self.one(project, opened)
                self.step(project.name, advance=1)
                who.still_kept(self.planned.folder)
                yield making

    def opened(self) -> Generator[tuple[Project, Facts], None, None]:
        """Each project with its facts; while the files of one are made, the next is opened."""
        projects = self.planned.scope.projects
        with ThreadPoolExecutor(1) as ahead:
            coming = [ahead.submit(self.open, projects[0])]
            try:
                for project, following in zip_longest(projects, projects[1:]):
                    opened, held = coming.pop().result()
                    with held:
                        coming += [ahead.submit(self.open, following)] if following else []
                        yield project, opened
            finally:
                for one in coming:
                    with suppress(Exception):  # something else went wrong before
                        one.result()[1].close()

    def open(self, project: Project) -> tuple[Facts, ExitStack]:
        """Open the facts of a project, and what closes them."""
        planned = self.planned
        viewing = self.at(planned.folder, planned.now).viewing([project.id])
        with ExitStack() as held:
            opened = held.enter_context(facts(viewing, planned.tables, planned.period))
            return opened, held.pop_all()

    def one(self, project: Project, opened: Facts) -> Making:
        """Make the folder of a project, of which she is a member now."""
        now = who.instant(self.clock)
        who.still_hers(self.folder, self.planned, self.at(self.folder, now), project, now)
        who.leave_trace(self.folder, self.planned, project)
        asking = self.at(self.planned.folder, self.planned.now)
        making = Making.begun(self.target, self.planned, asking, project, opened, self.step)
        self.begun.append(making)
        making.make()
        return making

    def told(
        self, projects: list[dict[str, Any]], entries: list[Entry], left_out: list[dict[str, str]]
    ) -> dict[str, Any]:
        """What a manifest says."""
        planned, order, scope = self.planned, self.planned.order, self.planned.scope
        period = planned.period
        return {
            "schema": manifest.SCHEMA,
            "made_with": manifest.made_with(),
            "made_at": period.local(planned.now).isoformat(timespec="seconds"),
            "viewer": scope.called,
            "role": scope.role,
            "projects": projects,
            "period": {
                "words": period.words,
                "start": planned.period.start.replace(tzinfo=UTC).isoformat(),
                "end": planned.period.end.replace(tzinfo=UTC).isoformat(),
            },
            "zone": period.zone,
            "language": order.language,
            "generation": planned.generation,
            "change_log": planned.change_log,
            "order": asked(order),
            "files": sorted(entries, key=lambda entry: str(entry["path"])),
            "left_out": left_out,
        }

    def additional(self, entries: list[Entry]) -> Iterator[str]:
        """The files that lie there beside those that were named."""
        named = {manifest.NAME, *(str(entry["path"]) for entry in entries)}
        return (name for name in self.target.names() if name not in named)


def silent(name: str, advance: float = 0) -> None:
    """Tell nobody what is being made."""


def asked(order: Order) -> dict[str, Any]:
    """What was asked for."""
    return {
        "reports": [{"report": name, "options": {**options}} for name, options in order.asked],
        "options": {**order.options},
        "tables": list(order.tables),
        "formats": list(order.formats),
        "digest": order.digest,
    }


def below(folder: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of a project's manifest as that of the whole has it."""
    return {**entry, "path": f"{folder}/{entry['path']}"}
