"""The files of a run: made in the viewer's name, and in those of recipients who see less than she does."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from okireports.access import Project
from okireports.delivery import Exported
from okireports.delivery.digest import Digest
from okireports.delivery.target import target_of
from okireports.disk import Folder
from okireports.period import Period
from okireports.schedule.definition import STORES, Definition, checked_destination
from okireports.schedule.diary import Diary
from okireports.schedule.parts import Export, MakeDigest, Order
from okireports.schedule.rows import Schedule
from okireports.schedule.sight import Share, Sight
from okireports.schedule.spool import spool

OF_PROJECT = re.compile(r"\d{4,}(-[A-Za-z0-9-]*)?/")  # what a file in a project's folder is called


@dataclass(frozen=True)
class Made:
    """What was made in one name: its files by project, and where it stays, if it does."""

    order: Order
    exported: Exported
    stays: Exported | None = None  # the same at a destination; otherwise it goes when the run is over

    def files(self, project: Project) -> list[tuple[str, Path]]:
        """The files of a project by the names that they have in a message."""
        found = []
        for folder in self.exported.projects:
            if folder.id == project.id:
                within = Path(self.exported.path) / folder.path
                paths = [within / file.path for file in folder.files]
                found += [(str(path.relative_to(within)).replace("/", "-"), path) for path in paths]
        return found

    def left_out(self, project: Project) -> list[str]:
        """Which files of a project were not made, and why."""
        return [why for folder in self.exported.projects if folder.id == project.id for why in folder.left_out]

    def place(self, project: Project) -> str | None:
        """Where the folder of a project stays, if it does."""
        folders = self.stays.projects if self.stays else ()
        return next((str(folder.path) for folder in folders if folder.id == project.id), None)


@dataclass
class Making:
    """What one attempt makes; each order once."""

    folder: Folder
    schedule: Schedule
    diary: Diary
    period: Period
    reason: str
    centre: str  # what tells it from others
    export: Export
    make_digest: MakeDigest | None
    made: dict[str, Made] = field(default_factory=dict)  # by login
    digests: dict[tuple[str, int], Digest] = field(default_factory=dict)  # by login and project
    stays: Exported | None = None  # at the first destination

    def destinations(self, sight: Sight) -> list[Exported]:
        """Make the viewer's files wherever they are to stay, and beside that where messages are made of them."""
        found = []
        for dest in self.schedule.definition.destinations:
            own = f"{dest.rstrip('/')}/{self.schedule.id:04d}-{self.centre[:8]}"
            if not dest.startswith(STORES):
                ready(dest, own, self.folder.path)
            order = self.order(sight.scope.login, sight.scope.projects, f"{own}/{stamp(self.diary.due)}")
            exported = self.export(order)
            strike(exported, order.dest, self.folder)
            found.append(exported)
            self.stays = self.stays or exported
            if not dest.startswith(STORES):
                self.made.setdefault(sight.scope.login, Made(order, exported, exported))
        return found

    def of(self, share: Share, sight: Sight) -> Made:
        """The files that a recipient gets, made in the viewer's name or in her own."""
        login = share.viewer
        projects = sight.scope.projects if login == sight.scope.login else share.projects
        if login not in self.made:
            order = self.order(login, projects, str(spool(self.folder, self.diary) / safe(login)))
            stays = self.stays if login == sight.scope.login else None
            self.made[login] = Made(order, self.export(order), stays)
        return self.made[login]

    def digest(self, made: Made, project: Project) -> Digest | None:
        """The page about a project, where one is asked for; the same for all who get it in one name."""
        if self.make_digest is None or not self.schedule.definition.digest:
            return None
        key = (made.order.viewer, project.id)
        if key not in self.digests:
            self.digests[key] = self.make_digest(made.order, project.id)
        return self.digests[key]

    def order(self, login: str, projects: tuple[Project, ...], dest: str) -> Order:
        """What is to be made, in somebody's name."""
        asked: Definition = self.schedule.definition
        return Order(
            viewer=login,
            reason=self.reason,
            projects=tuple(project.id for project in projects),
            start=self.period.start,
            end=self.period.end,
            reports=asked.reports,
            tables=asked.tables,
            formats=asked.formats,
            language=asked.language,
            digest=asked.digest,
            dest=dest,
        )


def ready(dest: str, own: str, centre: Path) -> None:
    """Make the schedule's folder at a destination; a disk that is not there is not made.

    Raises:
        OSError: it is missing, a link, or cannot be written.
        BadOption: it leads into the centre's own folder.
    """
    checked_destination(dest, centre)
    for folder in (dest, own):
        if Path(folder).is_symlink():
            raise OSError(errno.ELOOP, "A destination is a folder, and no link", folder)
    if not Path(dest).is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder", dest)
    Path(own).mkdir(mode=0o700, exist_ok=True)


def strike(exported: Exported, dest: str, centre: Folder) -> None:
    """Take away what an earlier attempt at the same run made of more than the viewer may see now."""
    gone = [name for name in exported.additional if OF_PROJECT.match(name)]
    if not gone:
        return
    target = target_of(dest, centre)
    for name in gone:
        target.remove(name)
    if not dest.startswith(STORES):
        for folder, _, _ in os.walk(dest, topdown=False):
            with suppress(OSError):  # it is not empty
                os.rmdir(folder)


def stamp(due: datetime) -> str:
    """A due time as the name of a folder; what is run by hand is due at any millisecond."""
    return f"{due:%Y-%m-%dT%H%M%S}{f'.{due.microsecond // 1000:03d}' if due.microsecond else ''}Z"


def safe(login: str) -> str:
    """A login as the name of a folder, which is nobody else's."""
    return hashlib.sha256(login.encode()).hexdigest()[:16]
