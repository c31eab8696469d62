"""The files of a run: made in the viewer's name, and in those of recipients who see less than she does."""

from __future__ import annotations

import errno
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from okireports.access import Project
from okireports.disk import Folder
from okireports.period import Period
from okireports.schedule.definition import STORES, Definition, checked_destination
from okireports.schedule.diary import Diary
from okireports.schedule.parts import Digest, Export, Exported, MakeDigest, Order
from okireports.schedule.rows import Schedule
from okireports.schedule.sight import Share, Sight
from okireports.schedule.spool import spool


@dataclass(frozen=True)
class Made:
    """What was made in one name: its files by project, and where it stays, if it does."""

    order: Order
    exported: Exported
    stays: bool  # at a destination; otherwise it goes when the run is over

    def files(self, project: Project) -> list[tuple[str, Path]]:
        """The files of a project by the names that they have in a message."""
        found = []
        for folder in self.exported.projects:
            if folder.id == project.id:
                within = Path(self.exported.path) / folder.path
                paths = [within / file.path for file in folder.files]
                found += [(str(path.relative_to(within)).replace("/", "-"), path) for path in paths]
        return found

    def folder(self, project: Project) -> Path | None:
        """The folder of a project, where it stays."""
        if not self.stays:
            return None
        within = Path(self.exported.path)
        return next((within / one.path for one in self.exported.projects if one.id == project.id), None)


@dataclass
class Making:
    """What one attempt makes; each order once."""

    folder: Folder
    schedule: Schedule
    diary: Diary
    period: Period
    reason: str
    export: Export
    make_digest: MakeDigest | None
    made: dict[str, Made] = field(default_factory=dict)  # by login

    def destinations(self, sight: Sight) -> list[Exported]:
        """Make the viewer's files wherever they are to stay, and beside that where messages are made of them."""
        found = []
        for dest in self.schedule.definition.destinations:
            if not dest.startswith(STORES):
                ready(dest, self.schedule.id, self.folder.path)
            order = self.order(sight.scope.login, sight.scope.projects, placed(dest, self.schedule.id, self.diary.due))
            exported = self.export(order)
            found.append(exported)
            if not dest.startswith(STORES):
                self.made.setdefault(sight.scope.login, Made(order, exported, True))
        return found

    def of(self, share: Share, sight: Sight) -> Made:
        """The files that a recipient gets, made in the viewer's name or in her own."""
        login = share.viewer
        projects = sight.scope.projects if login == sight.scope.login else share.projects
        if login not in self.made:
            order = self.order(login, projects, str(spool(self.folder, self.diary) / safe(login)))
            self.made[login] = Made(order, self.export(order), False)
        return self.made[login]

    def digest(self, made: Made, project: Project) -> Digest | None:
        """The page about a project, where one is asked for."""
        if self.make_digest is None or not self.schedule.definition.digest:
            return None
        return self.make_digest(made.order, project.id)

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


def placed(dest: str, schedule_id: int, due: datetime) -> str:
    """Where one run's files lie at a destination: a folder for each schedule, and in it one for each due time (UTC)."""
    return f"{dest.rstrip('/')}/{schedule_id:04d}/{due:%Y-%m-%dT%H%M%SZ}"


def ready(dest: str, schedule_id: int, centre: Path) -> None:
    """Make the schedule's folder at a destination; a disk that is not there is not made.

    Raises:
        OSError: it is missing, a link, or cannot be written.
        BadOption: it leads into the centre's own folder.
    """
    checked_destination(dest, centre)
    if Path(dest).is_symlink():
        raise OSError(errno.ELOOP, "A destination is a folder, and no link", dest)
    if not Path(dest).is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder", dest)
    (Path(dest) / f"{schedule_id:04d}").mkdir(mode=0o700, exist_ok=True)


def safe(login: str) -> str:
    """A login as the name of a folder, which is nobody else's."""
    return hashlib.sha256(login.encode()).hexdigest()[:16]
