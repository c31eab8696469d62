"""The only place that executes a report: check, open, build the expression, run it, type its rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pyarrow as pa

from okireports import access, audit, behind, frames, own, report
from okireports.access import DIRECTORIES, OVERSIGHT, TOLD, Scope, ids_of, in_force, may_run, several
from okireports.access.definitions import DEFINITIONS
from okireports.access.oversight import LOOKED
from okireports.answer import Answer, Course, Log, Provenance, Span
from okireports.audit import Entry
from okireports.behind import Row
from okireports.engines.duck import Session, SettingsAt, Viewing, Wanted, may_open, schema_of, session
from okireports.errors import BadOption, Refused, UnknownName
from okireports.loading.thresholds import OF_CENTRE
from okireports.period import Period, parse
from okireports.report import Report
from okireports.rows import Held, Rows
from okireports.statement import Asking, Cut, anew, counting, statement
from okireports.tables import FACTS

FILTERS = {  # filter: (table of names, column of facts, what it is called)
    "queues": ("queues", "queue_id", "queue"),
    "dialers": ("dialers", "dialer_id", "dialer"),
    "operators": ("operators", "operator_id", "operator"),
    "groups": ("groups", "operator_id", "group"),
    "providers": ("providers", "provider_id", "provider"),
    "lines": ("", "line", "line"),
}
KEPT = ("keep_recordings_days", "keep_facts_days")  # a recording goes by its own rule, or with the facts before that
MOST_ROWS = 1_000_000  # of a log, that a run takes into memory
AT_ONCE = 500_000  # rows of a longer log that are in memory together
SLICES = 65_536  # of a period, in each of which a longer log's rows are counted
HISTORY = "history"  # every call that is open, whatever the filters
WHOLE = {  # what is looked up beside the rows that a filter cuts, by its name in a report: the table that it is
    HISTORY: "calls",
    "stage_changes": "stage_changes",
    "all_statuses": "statuses",
    "all_dialogues": "dialogues",
    "all_ratings": "ratings",
}
TABLES = (*(name for name, fact in FACTS.items() if not fact.internal), *DIRECTORIES, *WHOLE)  # that a report may name
Names = Iterable[str | int] | str | int | None


@dataclass(frozen=True)
class Question:
    """A report with its period, filters and options, as a viewer asks for it."""

    name: str
    period: object
    filters: Mapping[str, Names] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    details: bool = False  # ask for what lies behind the figures
    row: Row | None = None  # ask for the contacts behind this row

    def __post_init__(self) -> None:
        """Take what can be read only once, such as a generator, down: names are looked at more often than that."""
        given = {name: None if wanted is None else as_tuple(wanted) for name, wanted in self.filters.items()}
        object.__setattr__(self, "filters", given)

    def opened(self, row: Row, limit: int | None, offset: int) -> Question:
        """The question for the contacts behind a row, or for a page of them."""
        return replace(self, row=row, options={**self.options, "limit": limit, "offset": offset})


def run(viewing: Viewing, question: Question) -> Answer:
    """Run a report for a viewer.

    Raises:
        UnknownReport: there is none of this name that she may run.
        Refused: she may not look, or not in this way.
        BadOption, BadPeriod, UnknownName: something of the question is wrong.
        Stopped: another thread has ended the run.
    """
    asked = Asked(viewing, question)
    with noting_refusals(viewing, "report", str(question.name)), ExitStack() as held:
        opened = held.enter_context(session(viewing, asked.plan))
        with own.failing(asked.report), viewing.stop.ending(opened):
            return asked.answer(opened, held)


@contextmanager
def noting_refusals(viewing: Viewing, kind: str, subject: str) -> Iterator[None]:
    """Where a rule refuses the viewer, that stands in the journal."""
    try:
        yield
    except Refused as refusal:
        entry = Entry(viewing.actor or viewing.login, "refused", kind, subject, reason=refusal.why)
        audit.note(viewing.folder.journal, entry)
        raise


@dataclass
class Asked:
    """One question on its way: what is known of it once the viewer is."""

    viewing: Viewing
    question: Question
    report: Report = field(init=False)
    options: dict[str, Hashable] = field(init=False)
    period: Period = field(init=False)
    week_start: int = field(init=False)
    reach: dict[str, timedelta] = field(init=False)  # how far beside the period the report looks

    def plan(self, scope: Scope, settings_at: SettingsAt) -> Wanted:
        """Check the question against what the viewer may do, and say which tables and span it needs."""
        question = self.question
        runnable = [r.name for r in permitted(scope)]
        found = report.find(question.name, runnable)
        if scope.own_rows_only and found.collective:
            raise Refused(
                f"{scope.login} (role {scope.role}) sees only her own rows; {found.name!r} is about "
                "everybody's, of which one person's say nothing."
            )
        if question.row is not None:
            found = behind.opened(found, report.find(behind.LOG, runnable))
        self.report = report.behind(found) if question.details else found
        own.check_tables(self.report, TABLES)
        self.options = report.check_options(self.report, question.options)
        settings = settings_at(self.viewing.now)
        self.week_start = int(settings["week_start"])
        now = self.viewing.now.replace(tzinfo=UTC)
        self.period = parse(question.period, zone=settings["timezone"], now=now, week_start=self.week_start)
        length = self.period.end - self.period.start
        with own.failing(self.report):
            self.reach = report.reach(self.report, length, settings_at(self.period.end))
        self.viewing.folder.cover(self.period.start, self.period.end)
        self.check_filters()
        self.leave_trace(scope)
        open_ones = (name for name in self.report.tables if name not in FACTS or may_open(scope, name))
        tables = tuple(dict.fromkeys(WHOLE.get(name, name) for name in open_ones))
        asked = [FILTERS[name][0] for name, wanted in self.question.filters.items() if wanted is not None]
        names = {name for name in (*tables, *asked, *rules_of(self.report)) if name in DIRECTORIES}
        return Wanted(tables, *self.period.widened(**self.reach), tuple(sorted(names)), self.period.end)

    def check_filters(self) -> None:
        """A filter that no table of the report knows is an error, not a silence."""
        for name, wanted in self.question.filters.items():
            if wanted is None:
                continue
            able = filters_of(self.report)
            if name not in able:
                raise BadOption(
                    f"The report {self.report.name!r} cannot be filtered by {name}; by {', '.join(able) or 'nothing'}."
                )

    def leave_trace(self, scope: Scope) -> None:
        """Write the read down; who sees everything is refused where that cannot be done."""
        entry = access.trace(scope, LOOKED, "report", self.report.name)
        audit.note(self.viewing.folder.journal, entry, must=scope.everything or scope.reader is not None)

    def answer(self, opened: Session, held: ExitStack) -> Answer:
        """Build the statement, run it, and type its rows; those of a long log stay where they are until needed."""
        self.check_row(opened)
        sql, schema = self.statement(opened, self.period)
        zone = self.period.zone
        rows: Rows
        if course := self.too_many(opened):
            rows = opened.written(sql, schema, zone) or self.log(opened, held, course)
        else:
            rows = Held(frames.arrow(opened.arrow(sql).cast(schema), zone))
        by = self.by if self.question.row is None else None  # which is of the summary
        if self.report.own:
            own.suppose_columns(self.report, rows.schema)
        return Answer(self.report, rows, sql, self.provenance(opened), by, self.week_start)

    def log(self, opened: Session, held: ExitStack, course: Course) -> Log:
        """The rows of a long log, which the engine gives a stretch at a time."""
        spans = stretches((self.period.start, self.period.end), course.count)
        return Log(opened, held.pop_all(), course, self.period.zone, spans, partial(self.of_span, opened))

    def check_row(self, opened: Session) -> None:
        """A row of what she cannot see now, if she ever could, is not there.

        Who sees only her own rows knows names by what is open: one that is not among them just finds no contact.
        """
        known = [name for name in behind.NAMED if name == "project" or not opened.scope.own_rows_only]
        for name, value in self.question.row or ():
            if name in known and value is not None:
                ids_of(opened.con, behind.NAMED[name], name, [str(value)], asked_projects(opened))

    def too_many(self, opened: Session) -> Course | None:
        """How the rows of the log lie in the period, if they are more than a run takes into memory."""
        log = self.report.separable and not self.report.own
        whole = log and self.options["limit"] is None and not self.options["offset"]
        if not whole or sum(segment.rows for segment in opened.segments) <= MOST_ROWS:
            return None
        start, end = self.period.start, self.period.end
        step = -((start - end) // timedelta(milliseconds=SLICES))  # rounded up
        counted = opened.arrow(counting(self.asking(opened, self.period), start, step, opened.words))
        course = Course(start, end, step, dict(zip(*(c.to_pylist() for c in counted.columns), strict=True)))
        return course if course.count > MOST_ROWS else None

    def of_span(self, opened: Session, span: Span) -> tuple[str, pa.Schema]:
        """The SQL of the report over a part of the period, and the types of its rows."""
        return self.statement(opened, replace(self.period, start=span[0], end=span[1]))

    def statement(self, opened: Session, period: Period) -> tuple[str, pa.Schema]:
        """The SQL of the report over a period, and the types of its rows."""
        return (anew if self.report.own else statement)(self.asking(opened, period), opened.words)

    def asking(self, opened: Session, period: Period) -> Asking:
        """All that the report's statement over a period follows from."""
        return self.report, self.cuts(opened, period), tuple(sorted(self.given(opened, period).items()))

    @property
    def by(self) -> str | None:
        """The interval that was asked for."""
        by = self.options.get("by")
        return by if isinstance(by, str) else None

    def given(self, opened: Session, period: Period) -> dict[str, Hashable]:
        """What the report's function gets beside tables: its options, and what it wants of the run."""
        given = dict(self.options)
        if self.question.row is not None:
            given["row"] = self.question.row
        if "by" in given:
            given["by"] = period.interval(self.by, self.week_start, **self.reach)
        injected: dict[str, Hashable] = {"kpi_metrics": "", **self.settings(opened)}
        injected["period"] = period.interval(None, self.week_start, **self.reach)
        if {"kpis", "kpi_metrics"} <= {*self.report.tables, *self.report.injected}:
            found = opened.con.execute("SELECT DISTINCT metric FROM kpis ORDER BY metric").fetchall()
            injected["kpi_metrics"] = " ".join(str(metric) for (metric,) in found)
        return given | {name: injected[name] for name in self.report.injected}

    def settings(self, opened: Session) -> dict[str, Hashable]:
        """What a report may want to know of the centre, and until when it knows anything."""
        end = self.period.widened(timedelta(0), self.reach["after"])[1]
        windows = {name: int(opened.settings[name]) for name in ("repeat_days", "callback_hours")}
        kept = [int(opened.settings[name]) for name in KEPT if opened.settings.get(name)]
        promised = {name: float(opened.settings[name]) if opened.settings[name] else None for name in OF_CENTRE}
        known = {"formula": opened.settings["formula"], "now": min(self.viewing.now, end)}
        known |= {"keep_recordings_days": min(kept, default=None)}
        return known | windows | promised

    def cuts(self, opened: Session, period: Period) -> tuple[Cut | None, ...]:
        """The tables of the report, in its order; None for one that is closed to the viewer."""
        return tuple(
            self.cut(name, opened, period) if name not in FACTS or may_open(opened.scope, name) else None
            for name in self.report.tables
        )

    def cut(self, name: str, opened: Session, whole: Period) -> Cut:
        """One table as the report gets it: of the period unless the report looks further, and filtered.

        What it looks up beside its rows comes unfiltered: what is in WHOLE, and the tables that need a right.
        """
        source = WHOLE.get(name, name)
        if source not in FACTS:
            return Cut(source)
        columns = schema_of(source)
        period = None if "period" in self.report.injected else (whole.start, whole.end)
        if name in WHOLE or self.report.tables[name]:
            return Cut(source, period)
        only = []
        for filter, wanted in self.question.filters.items():
            directory, column, kind = FILTERS[filter]
            if wanted is not None and column in columns:
                only.append((column, tuple(chosen(opened, directory, kind, wanted))))
        return Cut(source, period, tuple(only))

    def provenance(self, opened: Session) -> Provenance:
        """Where the answer comes from."""
        drilled: dict[str, object] = {}
        if self.question.row is not None:
            shown = {n: self.period.local(v) if isinstance(v, datetime) else v for n, v in self.question.row}
            drilled = {"contacts_of": self.question.name, "row": shown}
        return Provenance(
            report=self.report.name,
            viewer=opened.scope.called,
            reason=opened.scope.reason,
            projects=tuple(project.name for project in opened.scope.projects),
            period=self.period.words,
            start=self.period.start.replace(tzinfo=UTC),
            end=self.period.end.replace(tzinfo=UTC),
            zone=self.period.zone,
            options={**self.options, **drilled},
            filters={name: as_tuple(wanted) for name, wanted in self.question.filters.items() if wanted is not None},
            formula=opened.settings["formula"],
            definitions=self.definitions(opened),
            tables=tuple(sorted({segment.table for segment in opened.segments})),
            files=len(opened.segments),
            generation=opened.generation,
        )

    def definitions(self, opened: Session) -> dict[str, object]:
        """What the figures rest on: settings of the centre, and the definitions that hold in the period."""
        used: dict[str, object] = {
            name: self.period.local(value) if isinstance(value, datetime) else value
            for name, value in self.settings(opened).items()
            if name in settings_of(self.report)
        }
        if self.by == "week":
            used["week_start"] = self.week_start
        return used | in_force(opened.con, rules_of(self.report), self.period)


def permitted(scope: Scope) -> list[Report]:
    """The reports that a viewer may run: her role lists them, and no right keeps what they are made of closed.

    Those of one's own are as free as SQL, take the same right, and rest on the definitions that her others rest on.
    """
    told = rested_on(scope) if scope.may("run_sql") else None
    kept = {*OVERSIGHT, *DEFINITIONS} - (told or set())
    return [
        r
        for r in report.all_reports()
        if able(scope, r) and not (r.own and (told is None or kept & {*r.tables, *rules_of(r)}))
    ]


def able(scope: Scope, asked: Report) -> bool:
    """Does her role list a report, and does no right keep what it is made of closed?"""
    needed = (WHOLE.get(name, name) for name, absent in asked.tables.items() if not absent)
    return may_run(asked.name, scope.reports) and all(may_open(scope, name) for name in needed if name in TABLES)


def rested_on(scope: Scope) -> set[str]:
    """The tables of definitions that some report which the viewer may run rests on: others are no business of hers."""
    hers = (r for r in report.all_reports() if not r.own and able(scope, r))
    hers = (r for r in hers if not (scope.own_rows_only and r.collective))
    return {name for r in hers for name in (*r.tables, *rules_of(r)) if name in DEFINITIONS}


def filters_of(asked: Report) -> list[str]:
    """The filters that a report's tables allow."""
    if asked.unfiltered:
        return []
    columns = {column for table in asked.tables if table in FACTS for column in schema_of(table)}
    return [name for name, (_, column, _) in FILTERS.items() if column in columns]


def settings_of(asked: Report) -> list[str]:
    """The settings that a report's figures rest on; with targets those that hold for queues without one."""
    return [
        *(name for name in asked.injected if name not in ("period", "kpi_metrics")),
        *(OF_CENTRE if asked.targets else ()),
    ]


def rules_of(asked: Report) -> list[str]:
    """The tables of definitions that a report's figures rest on."""
    return [*(name for name in asked.tables if name in TOLD), *(["targets"] if asked.targets else [])]


def stretches(span: Span, rows: int) -> list[Span]:
    """A span of time in parts of equal length, the newest first, so many that each may be held in memory."""
    start, end = span
    parts = -(-rows // AT_ONCE)
    step = (end - start) / parts
    borders = [start + step * n for n in range(parts)] + [end]
    return [*pairwise(borders)][::-1]


def chosen(opened: Session, directory: str, kind: str, wanted: Names) -> list[str | int]:
    """The ids (or lines) that a filter means, among those that the viewer can see."""
    names = as_tuple(wanted)
    if kind == "line":
        found = opened.arrow("SELECT DISTINCT line FROM calls WHERE line IS NOT NULL")["line"].to_pylist()
        lines = {str(line) for line in found}
        for name in names:
            if name not in lines:
                raise UnknownName(kind, name, lines)
        return list(names)
    ids: list[str | int] = [*ids_of(opened.con, directory, kind, names, asked_projects(opened))]
    if kind != "group" or not ids:
        return ids
    marks = ", ".join(str(int(i)) for i in ids)
    members = opened.con.execute(
        f"SELECT DISTINCT operator_id FROM group_members WHERE group_id IN ({marks})"
    ).fetchall()
    return sorted(operator for (operator,) in members)


def asked_projects(opened: Session) -> list[str]:
    """The projects, where only some of hers were asked for."""
    return [project.name for project in opened.scope.projects] if opened.scope.narrowed else []


def as_tuple(wanted: Names) -> tuple[str | int, ...]:
    """One name, or several, as several."""
    if wanted is None:
        return ()
    return several(wanted)


def look(viewing: Viewing) -> Scope:
    """The viewer's scope, from the published control file alone."""
    with noting_refusals(viewing, "viewer", viewing.login), viewing.folder.reading() as reading:
        return viewing.scope(reading.con)
