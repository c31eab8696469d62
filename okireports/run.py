"""The only place that executes a report: check, open, build the expression, run it, type its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from okireports import access, audit, charts, frames, report
from okireports.access import Scope, ids_of, may_run
from okireports.audit import Entry
from okireports.engines.duck import Session, Viewing, Wanted, may_open, schema_of, session
from okireports.errors import BadOption, Refused, UnknownName
from okireports.period import Period, parse
from okireports.report import Report
from okireports.tables import FACTS

FILTERS = {  # filter: (table of names, column of facts, what it is called)
    "queues": ("queues", "queue_id", "queue"),
    "dialers": ("dialers", "dialer_id", "dialer"),
    "operators": ("operators", "operator_id", "operator"),
    "groups": ("groups", "operator_id", "group"),
    "providers": ("providers", "provider_id", "provider"),
    "lines": ("", "line", "line"),
}
HISTORY = "history"  # every call that is open, whatever the filters
Names = Iterable[str | int] | str | int | None


@dataclass(frozen=True)
class Provenance:
    """Where a result comes from; two runs over the same rows give the same."""

    report: str
    viewer: str
    reason: str | None
    projects: tuple[str, ...]
    period: str
    start: datetime  # UTC
    end: datetime  # UTC
    zone: str
    options: Mapping[str, object]
    filters: Mapping[str, tuple[object, ...]]
    formula: str
    tables: tuple[str, ...]
    files: int
    generation: int


@dataclass(frozen=True)
class Answer:
    """What a run gives: typed rows, the statement that made them, and where they come from."""

    report: Report
    rows: pa.Table
    sql: str
    provenance: Provenance
    by: str | None
    week_start: int

    @property
    def meta(self) -> dict[str, object]:
        """What a file of it says beside the rows."""
        return {
            "report": self.report.name,
            "title": self.report.title,
            "description": self.report.description,
            "definitions": self.report.definitions,
            "period": self.provenance.period,
            "provenance": vars(self.provenance),
        }


@dataclass(frozen=True)
class Question:
    """A report with its period, filters and options, as a viewer asks for it."""

    name: str
    period: object
    filters: Mapping[str, Names] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)


def run(viewing: Viewing, question: Question) -> Answer:
    """Run a report for a viewer.

    Raises:
        UnknownReport: there is none of this name that she may run.
        Refused: she may not look, or not in this way.
        BadOption, BadPeriod, UnknownName: something of the question is wrong.
    """
    asked = Asked(viewing, question)
    with noting_refusals(viewing, "report", str(question.name)), session(viewing, asked.plan) as opened:
        return asked.answer(opened)


@contextmanager
def noting_refusals(viewing: Viewing, kind: str, subject: str) -> Iterator[None]:
    """Where a rule refuses the viewer, that stands in the journal."""
    try:
        yield
    except Refused as refusal:
        audit.note(viewing.folder.journal, Entry(viewing.login, "refused", kind, subject, reason=refusal.why))
        raise


@dataclass
class Asked:
    """One question on its way: what is known of it once the viewer is."""

    viewing: Viewing
    question: Question
    report: Report = field(init=False)
    options: dict[str, object] = field(init=False)
    period: Period = field(init=False)
    week_start: int = field(init=False)

    def plan(self, scope: Scope, settings: Mapping[str, str]) -> Wanted:
        """Check the question against what the viewer may do, and say which tables and span it needs."""
        question = self.question
        runnable = [r.name for r in report.all_reports() if may_run(r.name, scope.reports)]
        self.report = report.find(question.name, runnable)
        if scope.own_rows_only and self.report.queues_only:
            raise Refused(
                f"{scope.login} (role {scope.role}) sees only her own rows; {self.report.name!r} is about queues, "
                "of which one person's rows say nothing."
            )
        self.options = report.check_options(self.report, question.options)
        self.week_start = int(settings["week_start"])
        now = self.viewing.now.replace(tzinfo=UTC)
        self.period = parse(question.period, zone=settings["timezone"], now=now, week_start=self.week_start)
        self.check_filters()
        self.leave_trace(scope)
        tables = tuple(name for name in self.report.tables if name not in FACTS or may_open(scope, name))
        return Wanted(tables, *self.period.widened(self.report.before, self.report.after))

    def check_filters(self) -> None:
        """A filter that no table of the report knows is an error, not a silence."""
        for name, wanted in self.question.filters.items():
            if wanted is None:
                continue
            column = FILTERS[name][1]
            if not any(column in schema_of(table) for table in self.report.tables if table in FACTS):
                able = [
                    f
                    for f, (_, c, _) in FILTERS.items()
                    if any(c in schema_of(t) for t in self.report.tables if t in FACTS)
                ]
                raise BadOption(
                    f"The report {self.report.name!r} cannot be filtered by {name}; by {', '.join(able) or 'nothing'}."
                )

    def leave_trace(self, scope: Scope) -> None:
        """Write the read down; who sees everything is refused where that cannot be done."""
        entry = Entry(scope.login, "run report", "report", self.report.name, reason=scope.reason)
        audit.note(self.viewing.folder.journal, entry, must=scope.everything)

    def answer(self, opened: Session) -> Answer:
        """Build the expression, run it, and type its rows."""
        expression = self.expression(opened)
        sql = str(ibis.to_sql(expression, dialect="duckdb"))
        rows = opened.arrow(sql).cast(expression.schema().to_pyarrow())
        zone = self.period.zone
        return Answer(self.report, frames.arrow(rows, zone), sql, self.provenance(opened), self.by, self.week_start)

    @property
    def by(self) -> str | None:
        """The interval that was asked for."""
        by = self.options.get("by")
        return by if isinstance(by, str) else None

    def expression(self, opened: Session) -> ir.Table:
        """The report's function, called with the tables and options of this run."""
        tables = [
            self.table(name, opened) if name not in FACTS or may_open(opened.scope, name) else None
            for name in self.report.tables
        ]
        span = {"before": self.report.before, "after": self.report.after}
        given: dict[str, object] = dict(self.options)
        if "by" in given:
            given["by"] = self.period.interval(self.by, self.week_start, **span)
        injected = {
            "period": self.period.interval(None, self.week_start, **span),
            "formula": opened.settings["formula"],
        }
        given |= {name: injected[name] for name in self.report.injected}
        return self.report.function(*tables, **given)

    def table(self, name: str, opened: Session) -> ir.Table:
        """One table as the report gets it: of the period unless the report looks further, and filtered.

        What it looks up beside its rows comes unfiltered: `history`, and the tables that need a right.
        """
        source = "calls" if name == HISTORY else name
        table = ibis.table({c: ibis_type(kind) for c, kind in schema_of(source).items()}, name=source)
        fact = FACTS.get(source)
        if fact is None:
            return table
        if fact.start and "period" not in self.report.injected:
            table = table.filter(table[fact.start] >= self.period.start, table[fact.start] < self.period.end)
        if name == HISTORY or self.report.tables[name]:
            return table
        for filter, wanted in self.question.filters.items():
            directory, column, kind = FILTERS[filter]
            if wanted is not None and column in table.columns:
                values = chosen(opened, directory, kind, wanted)
                table = table.filter(table[column].isin(values)) if values else table.filter(ibis.literal(False))
        return table

    def provenance(self, opened: Session) -> Provenance:
        """Where the answer comes from."""
        zero = timedelta(0)
        return Provenance(
            report=self.report.name,
            viewer=opened.scope.login,
            reason=opened.scope.reason,
            projects=tuple(project.name for project in opened.scope.projects),
            period=self.period.words,
            start=self.period.widened(zero, zero)[0].replace(tzinfo=UTC),
            end=self.period.widened(zero, zero)[1].replace(tzinfo=UTC),
            zone=self.period.zone,
            options=self.options,
            filters={name: as_tuple(wanted) for name, wanted in self.question.filters.items() if wanted is not None},
            formula=opened.settings["formula"],
            tables=tuple(sorted({segment.table for segment in opened.segments})),
            files=len(opened.segments),
            generation=opened.generation,
        )


def chosen(opened: Session, directory: str, kind: str, wanted: Names) -> list[str | int]:
    """The ids (or lines) that a filter means, among those that the viewer can see."""
    names = as_tuple(wanted)
    if kind == "line":
        lines = {
            row[0] for row in opened.con.execute("SELECT DISTINCT line FROM calls WHERE line IS NOT NULL").fetchall()
        }
        for name in names:
            if name not in lines:
                raise UnknownName(kind, name, lines)
        return list(names)
    ids: list[str | int] = [*ids_of(opened.con, directory, kind, names)]
    if kind != "group" or not ids:
        return ids
    marks = ", ".join(str(int(i)) for i in ids)
    members = opened.con.execute(
        f"SELECT DISTINCT operator_id FROM group_members WHERE group_id IN ({marks})"
    ).fetchall()
    return sorted(operator for (operator,) in members)


def as_tuple(wanted: Names) -> tuple[str | int, ...]:
    """One name, or several, as several."""
    if wanted is None:
        return ()
    return (wanted,) if isinstance(wanted, str | int) else tuple(wanted)


def ibis_type(kind: str) -> str:
    """A DuckDB type as Ibis writes it."""
    return {
        "BIGINT": "int64",
        "VARCHAR": "string",
        "DOUBLE": "float64",
        "BOOLEAN": "boolean",
        "TIMESTAMP": "timestamp(6)",
    }.get(kind, kind.lower())


def look(viewing: Viewing) -> Scope:
    """The viewer's scope, from the published control file alone."""
    with noting_refusals(viewing, "viewer", viewing.login), viewing.folder.reading() as reading:
        scope = access.resolve(reading.con, viewing.login, reason=viewing.reason, now=viewing.now)
        return scope.narrow(viewing.projects)


def projects(viewing: Viewing) -> pd.DataFrame:
    """The projects that a viewer may pick."""
    kinds: dict[str, pa.DataType] = {"project_id": pa.int64(), "project": pa.string()}
    rows = [{"project_id": p.id, "project": p.name} for p in look(viewing).projects]
    return frames.frame(pa.Table.from_pylist(rows, pa.schema(kinds)))


def reports(viewing: Viewing) -> pd.DataFrame:
    """The reports that a viewer may run."""
    permitted = look(viewing).reports
    rows = [
        {
            "name": r.name,
            "title": r.title,
            "section": r.section.title,
            "description": r.description,
            "options": ", ".join(f"{name}={option.default!r}" for name, option in r.options.items()),
        }
        for r in report.all_reports()
        if may_run(r.name, permitted)
    ]
    names = ("name", "title", "section", "description", "options")
    return frames.frame(pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in names])))


def chart(answer: Answer, frame: pd.DataFrame, language: str = "en") -> Any:
    """The chart of an answer: over the same frame, nothing is asked again."""
    asked, said = answer.report, answer.provenance
    return charts.draw(
        asked.chart,
        frame,
        title=asked.title if language == "en" else asked.pl,
        zone=said.zone,
        by=answer.by,
        language=language,
        subtitle=said.period,
        report=asked.name,
        formula=said.formula,
        period=(said.start, said.end),
        week_start=answer.week_start,
    )
