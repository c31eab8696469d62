"""A viewer: what she may pick, and the reports that she runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from okireports import admin, choices, run, sql
from okireports.access import several
from okireports.answer import Answer
from okireports.engines.duck import Viewing
from okireports.engines.stop import Stop
from okireports.result import Result
from okireports.run import Names, Question
from okireports.sql import Selection

if TYPE_CHECKING:
    import pandas as pd

    from okireports.delivery import Exported
    from okireports.delivery.digest import Digest
    from okireports.disk import Folder
    from okireports.faces.center import Center
    from okireports.widgets import Dashboard, Explorer


@dataclass(frozen=True)
class Viewer:
    """Someone who looks at reports. Each call asks anew what she may see: a right that is gone is gone at once."""

    center: Center
    login: str
    reason: str | None = None
    actor: str | None = None  # who looks through her eyes, where it is not herself
    stop: Stop | None = field(default=None, compare=False, repr=False)  # what another thread ends her runs by

    def viewing(self, projects: Names = None) -> Viewing:
        """Who asks, when, at which projects."""
        now = self.center.clock().astimezone(UTC).replace(tzinfo=None)
        stop, engine = self.stop or Stop(), self.center.engine
        return Viewing(self.center.folder, self.login, self.reason, projects, now, self.actor, stop, engine)

    def check(self) -> None:
        """Raise unless she may look at all."""
        run.look(self.viewing())

    @property
    def projects(self) -> pd.DataFrame:
        """The projects that she may pick: project_id, project."""
        return choices.projects(self.viewing())

    @property
    def reports(self) -> pd.DataFrame:
        """The reports that she may run: name, title, section, description, options."""
        return choices.reports(self.viewing())

    def names(self, period: object, *, projects: Names = None) -> pd.DataFrame:
        """What the filters can take in a period: filter, id, name; a line has no id.

        Raises:
            BadPeriod, UnknownName: the period cannot be read; a project that is not hers.
        """
        return choices.names(self.viewing(projects), period)

    @property
    def audit(self) -> pd.DataFrame:
        """The change log of her projects, or the whole of it, as far as the right `read_audit` goes."""
        return admin.own_log(self.viewing())

    def explore(
        self,
        *,
        report: str | None = None,
        period: str | tuple[str, str] | None = None,
        projects: Names = None,
        language: str = "en",
    ) -> Explorer:
        """A widget for a notebook: projects, a period, a report with its filters and options; the result beside.

        Args:
            report: that is chosen at first; None: the call log.
            period: likewise: words, or a pair of dates of which the second is not part of it.
            projects: likewise, by name or id.
            language: "en" or "pl".

        Raises:
            UnknownReport, UnknownName, BadPeriod, BadOption: one of these that is not hers, or cannot be read.
            Refused: she may not look at all.
        """
        from okireports.widgets import Explorer

        chosen = None if projects is None else several(projects)
        return Explorer(self, report=report, period=period, projects=chosen, language=language)

    def dashboard(
        self,
        reports: str | Iterable[str | tuple[str, Mapping[str, Any]]] = "supervisor",
        *,
        period: str | tuple[str, str] | None = None,
        projects: Names = None,
        language: str = "en",
    ) -> Dashboard:
        """A widget for a notebook: several reports beside each other, over the same projects and period.

        Args:
            reports: names, or pairs of a name and options; "supervisor" and "client" are ready made.
            period: that is chosen at first: words, or a pair of dates of which the second is not part of it.
            projects: likewise, by name or id.
            language: "en" or "pl".

        Raises:
            UnknownReport, BadOption: one that she may not run, or an option that it does not take.
            UnknownName, BadPeriod: a project that is not hers, or a period that cannot be read.
            Refused: she may not look at all.
        """
        from okireports.widgets import Dashboard

        chosen = None if projects is None else several(projects)
        return Dashboard(self, reports, period=period, projects=chosen, language=language)

    def digest(self, project: str | int, *, period: object, language: str = "en") -> Digest:
        """One page about a project: headline figures against the period before, charts and tables; `html` is a file.

        Args:
            project: one of hers, by name or id.
            period: as reports take it.
            language: "en" or "pl".

        Raises:
            UnknownName: the project is not hers, or does not exist: the same error.
            Refused: she may not look, or run none of the reports of which it is made.
            BadPeriod, BadOption: the period cannot be read; there is no such language.
        """
        from okireports.delivery import digest

        return digest.made(self, project, period, language)

    def report(
        self,
        name: str,
        *,
        period: object,
        projects: Names = None,
        queues: Names = None,
        dialers: Names = None,
        operators: Names = None,
        groups: Names = None,
        lines: Names = None,
        providers: Names = None,
        **options: Any,
    ) -> Result:
        """Run a report.

        Args:
            name: as `viewer.reports` lists it.
            period: "2025-06", "2025-06-03", "2025-W23", "last 7 days", ..., or a pair of dates or instants, half-open.
            projects: some of hers, by name or id; None is all.
            queues: only contacts of these queues, by name or id; likewise the other filters.
            dialers: of these dialers.
            operators: of these operators, by login or id.
            groups: of operators who were in these groups in the period.
            lines: of these lines.
            providers: of these SIP providers.
            options: of the report: `by`, `per`, `limit`, `offset` ...

        Raises:
            UnknownReport, UnknownName: not among what she can see.
            BadOption, BadPeriod: something that the report does not take.
            Refused: a rule says no.
        """
        filters = dict(
            queues=queues, dialers=dialers, operators=operators, groups=groups, lines=lines, providers=providers
        )
        question, viewing = Question(name, period, filters, options), self.viewing(projects)
        return Result(run.run(viewing, question), question, partial(self._ask, viewing.projects))

    def _ask(self, projects: Names, question: Question) -> Answer:
        """The answer to a question, as she may see it now."""
        return run.run(self.viewing(projects), question)

    def sql(
        self,
        query: str,
        *,
        projects: Names = None,
        rows: int = 1_000_000,
        seconds: float = 60.0,
        memory_mb: int = 1024,
    ) -> Selection:
        """Run a SELECT of one's own, in a process that holds her rows and nothing else; the right `run_sql` is needed.

        The tables are those of the model (calls, statuses, ...) and of names (queues, operators, ...), with names
        beside ids: calls has queue, operator, project ...; instants are naive UTC in them, of the centre's zone in the
        result. `DESCRIBE calls` tells the columns. Each query is written down.

        Args:
            query: one SELECT in DuckDB's SQL.
            projects: some of hers, by name or id; None is all.
            rows: a result of more is an error.
            seconds: a query that runs longer is ended.
            memory_mb: a query that needs more is ended; nothing is written to the disk for it.

        Raises:
            Refused: she lacks the right, or the query is no SELECT or reaches beyond her tables.
            UnknownName: a table that she cannot see, or that does not exist: the same error.
            BadQuery, ResultTooLarge: it cannot be run, or not within its limits.
        """
        return sql.ask(self.viewing(projects), query, sql.Limits(rows, seconds, memory_mb))

    def export(
        self,
        dest: str | os.PathLike[str],
        *,
        period: object,
        projects: Names = None,
        reports: str | Iterable[str | tuple[str, Mapping[str, Any]]] = (),
        tables: str | Iterable[str] = (),
        formats: str | Iterable[str] = ("parquet",),
        options: Mapping[str, Any] | None = None,
        digest: bool = False,
        language: str = "en",
        step: Callable[..., None] | None = None,
    ) -> Exported:
        """Hand out a folder for each of her projects, with reports and facts; see `okireports.delivery.Order`.

        The right `export` is needed; seeing everything is not taken over. `okireports.verify(dest)` compares what lies
        there with its manifest. Repeated, an export that was broken off goes on where it stopped. `step` is called with
        the name of each step, and with `advance=1` after each project.

        Raises:
            Refused, UnknownName, UnknownReport, BadOption, BadPeriod: she may not, or something of it is wrong.
            DeliveryError: it cannot be written there.
        """
        from okireports import delivery

        engine = self.center.engine and self.center.engine.pinned()

        def at(folder: Folder, now: datetime) -> Viewer:
            center = replace(self.center, folder=folder, clock=lambda: now.replace(tzinfo=UTC), engine=engine)
            return replace(self, center=center)

        order = delivery.Order(dest, period, projects, reports, tables, formats, options or {}, digest, language)
        return delivery.export(at, self.center.folder, order, self.center.clock, step)
