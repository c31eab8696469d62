"""The faces of the library: a centre, a viewer, a result. They delegate, and do nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okireports import admin, loading, run, sql
from okireports.answer import Answer, Provenance
from okireports.disk import Folder
from okireports.engines.duck import Viewing
from okireports.errors import ResultTooLarge
from okireports.loading import LoadResult
from okireports.run import Names, Question
from okireports.sql import Selection

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class Center:
    """A call centre's data on disk.

    Make one with `okireports.create`, open it with `okireports.open`; ask it for a viewer to see anything.
    """

    folder: Folder
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)

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

    def viewer(self, login: str, *, reason: str | None = None) -> Viewer:
        """Someone who looks; `reason` is needed of those who see everything.

        Raises:
            UnknownViewer: no active user has this login.
            Refused: she sees everything and gives no reason.
        """
        viewer = Viewer(self, login, reason)
        viewer.check()
        return viewer

    @property
    def users(self) -> admin.Users:
        """The people, and changes to them."""
        return admin.Users(self.folder, self.clock)

    @property
    def projects(self) -> admin.Projects:
        """The projects with their members and objects, and changes to them."""
        return admin.Projects(self.folder, self.clock)

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
    def audit(self) -> admin.ChangeLog:
        """The change log."""
        return admin.ChangeLog(self.folder)

    @property
    def loads(self) -> pd.DataFrame:
        """The loads, newest first, with what each counted."""
        return admin.frame(self.folder, "SELECT * FROM control.loads ORDER BY load_id DESC")


@dataclass(frozen=True)
class Viewer:
    """Someone who looks at reports. Each call asks anew what she may see: a right that is gone is gone at once."""

    center: Center
    login: str
    reason: str | None = None

    def viewing(self, projects: Names = None) -> Viewing:
        """Who asks, when, at which projects."""
        now = self.center.clock().astimezone(UTC).replace(tzinfo=None)
        return Viewing(self.center.folder, self.login, self.reason, projects, now)

    def check(self) -> None:
        """Raise unless she may look at all."""
        run.look(self.viewing())

    @property
    def projects(self) -> pd.DataFrame:
        """The projects that she may pick: project_id, project."""
        return run.projects(self.viewing())

    @property
    def reports(self) -> pd.DataFrame:
        """The reports that she may run: name, title, section, description, options."""
        return run.reports(self.viewing())

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
        filters = {
            "queues": queues,
            "dialers": dialers,
            "operators": operators,
            "groups": groups,
            "lines": lines,
            "providers": providers,
        }
        return Result(run.run(self.viewing(projects), Question(name, period, filters, options)))

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


@dataclass(frozen=True)
class Result:
    """What a report gave: the same rows as a dataframe, an Arrow table, a chart and a file."""

    answer: Answer

    @cached_property
    def arrow(self) -> pa.Table:
        """The rows: instants in the centre's zone, counts int64, money decimal."""
        return self.answer.rows.table()

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as a dataframe.

        Raises:
            ResultTooLarge: more than a million rows; save them, or take a page with `limit`.
        """
        from okireports import frames

        if self.answer.rows.count > run.MOST_ROWS:
            raise ResultTooLarge(
                f"{self.answer.rows.count:,} rows are more than a dataframe should hold ({run.MOST_ROWS:,}). Write "
                "them with result.save('log.parquet'), or take a page: report(..., limit=1000, offset=0)."
            )
        return frames.frame(self.arrow)

    @cached_property
    def chart(self) -> Any:
        """The rows as an Altair chart."""
        return run.chart(self.answer, self.frame)

    @property
    def sql(self) -> str:
        """The statement that made the rows, over the tables as the viewer sees them."""
        return self.answer.sql

    @property
    def provenance(self) -> Provenance:
        """Where the rows come from."""
        return self.answer.provenance

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the result: .csv, .parquet, .xlsx, .json, .html, .png or .svg, by the suffix; whole or not at all."""
        from okireports import export

        return export.save(path, rows=self.answer.rows, chart=lambda: self.chart, meta=self.answer.meta)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows for Polars, DuckDB and others that take an Arrow stream."""
        import pyarrow as pa

        batches = (batch for part in self.answer.rows.parts() for batch in part.to_batches())
        reader = pa.RecordBatchReader.from_batches(self.answer.rows.schema, batches)
        stream: object = reader.__arrow_c_stream__(requested_schema)  # type: ignore[no-untyped-call]  # its stubs
        return stream

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        """In a notebook: the chart, live where scripts run and else a picture; the first rows; and a line of text."""
        from okireports import export

        drawn = (lambda: self.chart) if self.answer.rows.count <= run.MOST_ROWS else None  # a chart needs the frame
        return {**export.shown(rows=self.answer.rows, chart=drawn, meta=self.answer.meta), "text/plain": repr(self)}

    def __repr__(self) -> str:
        """In a terminal: what it is, not what is in it."""
        p = self.provenance
        return f"<{self.answer.report.title}: {self.answer.rows.count:,} rows, {p.period}, {', '.join(p.projects)}>"
