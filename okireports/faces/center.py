"""A centre: what is loaded into it, who arranges it, who looks at it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from okireports import admin, extract, lake, loading
from okireports.disk import Folder
from okireports.engines.duck import Engine
from okireports.faces.viewer import Viewer
from okireports.loading import LoadResult
from okireports.run import Names

if TYPE_CHECKING:
    import pandas as pd

    from okireports import schedule
    from okireports.widgets import Administration


@dataclass(frozen=True)
class Center:
    """A call centre's data on disk.

    Make one with `okireports.create`, open it with `okireports.open`; ask it for a viewer to see anything.
    """

    folder: Folder
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    engine: Engine | None = field(default=None, repr=False)  # where reports run; None: DuckDB, in this process

    @property
    def path(self) -> Path:
        """The folder."""
        return self.folder.path

    def load(
        self,
        path: str | os.PathLike[str],
        *,
        source: str | os.PathLike[str] = "canonical",
        timezone: str | None = None,
        encoding: str | None = None,
        ambiguous: str = "earlier",
        create_missing: bool = False,
        strict: bool = False,
        actor: str = "system",
        progress: Callable[[str], None] | None = None,
    ) -> LoadResult:
        """Load files: all of them or nothing; see `okireports.loading.load` for the arguments and errors."""
        return loading.load(
            self.folder,
            path,
            source=source,
            timezone=timezone,
            encoding=encoding,
            ambiguous=ambiguous,
            create_missing=create_missing,
            strict=strict,
            actor=actor,
            now=self.clock(),
            progress=progress or (lambda step: None),
        )

    def sync(
        self,
        path: str | os.PathLike[str],
        *,
        source: str | os.PathLike[str] = "canonical",
        timezone: str | None = None,
        encoding: str | None = None,
        ambiguous: str = "earlier",
        create_missing: bool = False,
        strict: bool = False,
        whole: bool = False,
        actor: str = "system",
        progress: Callable[[str], None] | None = None,
    ) -> LoadResult | None:
        """Load what is new in a folder or a database, None if nothing is; see `okireports.loading.sync`."""
        return loading.sync(
            self.folder,
            path,
            source=source,
            timezone=timezone,
            encoding=encoding,
            ambiguous=ambiguous,
            create_missing=create_missing,
            strict=strict,
            whole=whole,
            actor=actor,
            now=self.clock(),
            progress=progress or (lambda step: None),
        )

    def rollback(self, *, actor: str, reason: str, to: int | None = None) -> int:
        """Bring back the rows of an earlier generation, by default of the one before the last load.

        Segments and loads go back; people, projects and the change log do not. Returns the new generation.
        """
        return admin.rollback(self.folder, actor=actor, reason=reason, now=self.clock(), to=to)

    def forget(self, phone: str, *, actor: str, reason: str, dry_run: bool = False) -> admin.Erasure:
        """Forget the customer with a number: in all projects and generations, and for all loads to come.

        Her rows stay with their times and figures; whose they are goes, and what she said and wrote. It cannot be taken
        back. The actor needs the right `operate`, and sees the whole centre. `dry_run` counts, and writes nothing.
        """
        return admin.forget(self.folder, phone, actor=actor, reason=reason, now=self.clock(), dry_run=dry_run)

    def retain(self, *, actor: str, reason: str, dry_run: bool = False) -> admin.Retention:
        """Drop rows older than the settings `keep_facts_days` and `keep_recordings_days` say, in all generations.

        Older files do not bring them back. The actor needs the right `operate`, and sees the whole centre. `dry_run`
        counts, and writes nothing.
        """
        return admin.retain(self.folder, actor=actor, reason=reason, now=self.clock(), dry_run=dry_run)

    def restamp(
        self,
        kind: str,
        name: str,
        *,
        to: str | int | None,
        period: object = None,
        every: bool = False,
        actor: str,
        reason: str,
        dry_run: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> loading.Restamped:
        """Correct the past: an object was another project's; its rows of that time move there, and stay nowhere else.

        Generations of before are not kept, so nobody rolls back behind it. The rights `operate` and `manage_projects`
        are needed, of one who sees all projects.

        Args:
            kind: queue, dialer, scenario or crm_form.
            name: the object's.
            to: the project that it is to have belonged to, by name or id; None: none.
            period: as reports take it, or a pair of which an end may be None; None: all time.
            every: move those rows too that were placed by a project of their own, or by another definition.
            actor: who corrects.
            reason: why.
            dry_run: count what would move, and change nothing.
            progress: called with the name of each step.
        """
        span = admin.Span(to, period, every)
        step = progress or (lambda said: None)
        return admin.restamp(self.folder, self.clock, kind, name, span, actor, reason, dry_run=dry_run, progress=step)

    def viewer(self, login: str, *, reason: str | None = None) -> Viewer:
        """Someone who looks; `reason` is needed of those who see everything.

        Raises:
            UnknownViewer: no active user has this login.
            Refused: she sees everything and gives no reason.
        """
        viewer = Viewer(self, login, reason)
        viewer.check()
        return viewer

    def preview_as(self, login: str, *, actor: str, reason: str) -> Viewer:
        """Someone as an actor with `manage_access` may look through her eyes: within both people's projects and rights.

        Each thing that is looked at is written down as the actor's.
        """
        self.insight.preview(login, actor=actor, reason=reason)
        return Viewer(self, login, reason, actor)

    def who_can_see(self, call: str | int, *, actor: str, reason: str) -> pd.DataFrame:
        """Who can see a call, and by what; see `okireports.admin.Insight.who_can_see`."""
        return self.insight.who_can_see(call, actor=actor, reason=reason)

    def diff_access(
        self, a: str, b: str, *, actor: str, reason: str, days: tuple[date | str, date | str] | None = None
    ) -> pd.DataFrame:
        """What `a` may see that `b` may not, now or on a day each; see `okireports.admin.Insight.diff`."""
        return self.insight.diff(a, b, actor=actor, reason=reason, days=days)

    def lint(self, *, actor: str, reason: str) -> pd.DataFrame:
        """What looks forgotten or too wide: kind, subject, project, words; see `okireports.admin.Insight.lint`."""
        return self.insight.lint(actor=actor, reason=reason)

    @property
    def insight(self) -> admin.Insight:
        """Questions about access."""
        return admin.Insight(self.folder, self.clock)

    def change(self, actor: str, *, reason: str) -> AbstractContextManager[admin.Changes]:
        """Several changes that become one: all of them or none, with an entry in the change log for each.

        `with center.change("admin", reason="new client") as change: change.projects.create("Acme"); ...`
        """
        return admin.several(self.folder, self.clock, actor, reason)

    def extract(
        self,
        viewer: str,
        path: str | os.PathLike[str],
        *,
        projects: Names = None,
        period: object = None,
        expires: date | str | None = None,
        actor: str | None = None,
        reason: str | None = None,
    ) -> Path:
        """Write a sealed extract: one file that physically holds a viewer's rows and columns, and nothing else.

        `okireports.open` opens it, for her alone, and so does plain DuckDB. See `okireports.extract.make`.
        """
        return extract.make(
            self.folder,
            path,
            viewer=viewer,
            projects=projects,
            period=period,
            expires=expires,
            actor=actor,
            reason=reason,
            clock=self.clock,
        )

    def security(self, to: str, *, actor: str, reason: str) -> None:
        """Switch the security type: "improved" (members see their projects) or "simplified" (everyone sees everything).

        Switching to improved makes the project `Default` with every object, every person and all history in it; back
        only where nothing is lost, else a `ChangeError` says what would be.
        """
        admin.switch(self.folder, self.clock, to, actor, reason)

    @property
    def lake(self) -> lake.Lakes:
        """The facts as Parquet, for engines that are spread over machines: `center.lake.sync("s3://bucket/prefix")`."""
        return lake.Lakes(self.folder)

    @property
    def users(self) -> admin.Users:
        """The people, and changes to them."""
        return admin.Users(self.folder, self.clock)

    @property
    def projects(self) -> admin.Projects:
        """The projects with their members and objects, and changes to them."""
        return admin.Projects(self.folder, self.clock)

    @property
    def groups(self) -> admin.Groups:
        """The groups of operators, and changes to them."""
        return admin.Groups(self.folder, self.clock)

    @property
    def roles(self) -> admin.Roles:
        """The roles, and new ones."""
        return admin.Roles(self.folder, self.clock)

    @property
    def definitions(self) -> admin.Definitions:
        """Targets, hours, KPIs, tariffs and the like with the instants from which they hold, and changes to them."""
        return admin.Definitions(self.folder, self.clock)

    @property
    def settings(self) -> admin.Settings:
        """Zone, currency, service-level formula and the like."""
        return admin.Settings(self.folder, self.clock)

    @property
    def schedules(self) -> schedule.Schedules:
        """What runs by itself: reports that are made and sent when they are due, and changes to them."""
        from okireports import schedule
        from okireports.faces.scheduled import digest, export

        return schedule.Schedules(
            self.folder, self.clock, export=partial(export, self), make_digest=partial(digest, self)
        )

    @property
    def audit(self) -> admin.Log:
        """The change log."""
        return admin.Log(self.folder)

    @property
    def loads(self) -> pd.DataFrame:
        """The loads, newest first, with what each counted."""
        return admin.frame(self.folder, "SELECT * FROM control.loads ORDER BY load_id DESC")

    def admin(self, actor: str, *, reason: str = "administration in a notebook") -> Administration:
        """A widget for a notebook: tiles of projects; members, objects and the change log of one; changes to them.

        It shows what the actor's rights open and asks for the reason of each change. `reason` is why she looks.

        Raises:
            UnknownViewer: no active user has this login.
            Refused: the actor has none of the rights `list_projects`, `manage_projects`, `manage_access`.
        """
        from okireports.widgets import Administration

        return Administration(self.folder, self.clock, actor, reason)
