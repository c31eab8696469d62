"""Whose digest it is, of which project and time, and the way on which every figure of it is asked for."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pandas as pd

from okireports import access, frames, run
from okireports.access.scope import Project
from okireports.answer import Answer
from okireports.disk import Folder
from okireports.engines.duck import Viewing
from okireports.errors import BadPeriod, UnknownName
from okireports.extract.content import Pinned
from okireports.period import Period, parse, utc
from okireports.run import Names, Question

Options = tuple[tuple[str, Hashable], ...]  # of a report, by name


class Asking(Protocol):
    """Who asks: a viewer, whose rights are looked up at each question."""

    def viewing(self, projects: Names = None) -> Viewing:
        """Who asks, when, at which projects."""


@dataclass(frozen=True)
class Given:
    """What a report gave: the answer, and its rows as a dataframe."""

    answer: Answer
    frame: pd.DataFrame

    @property
    def report(self) -> str:
        """Its name."""
        return self.answer.report.name


@dataclass(frozen=True)
class Asked:
    """A viewer, one of her projects, a period and the one before it, all of one generation of the centre."""

    viewing: Viewing
    project: Project
    period: Period
    before: Period | None
    able: frozenset[str]  # the reports that she may run and that say something of her rows
    given: dict[tuple[Hashable, ...], Given] = field(default_factory=dict, compare=False, repr=False)  # until now

    @property
    def days(self) -> float:
        """How many days of the calendar the period is long, whatever the clocks do."""
        first, last = (self.period.local(at).replace(tzinfo=None) for at in (self.period.start, self.period.end))
        return (last - first) / timedelta(days=1)

    @property
    def until(self) -> datetime | None:
        """The local time of now, where the period is not over yet."""
        running = self.period.start < self.viewing.now < self.period.end
        return self.period.local(self.viewing.now) if running else None

    def report(
        self, name: str, period: Period, options: Options = (), queues: tuple[str, ...] | None = None
    ) -> Given | None:
        """What a report gives, of some queues or of all, asked once; None where she may not run it."""
        if name not in self.able:
            return None
        key = (name, period, options, queues)
        if key not in self.given:
            span = (period.start.replace(tzinfo=UTC), period.end.replace(tzinfo=UTC))
            answer = run.run(self.viewing, Question(name, span, {"queues": queues}, dict(options)))
            self.given[key] = Given(answer, frames.frame(answer.rows.table()))
        return self.given[key]


def opened(viewer: Asking, project: str | int, period: object) -> Asked:
    """Look up what she may see of a project, and read the period once for all questions.

    Raises:
        UnknownName: the project is not hers, or does not exist: the same error.
        Refused, BadPeriod, BadOption: she may not look; the period cannot be read.
    """
    asked = viewer.viewing([project])
    folder = asked.folder
    if type(folder) is Folder:  # what is published meanwhile would not fit what is asked already
        asked = replace(asked, folder=Pinned(folder.path, folder.current()))
    scope = run.look(asked)
    if len(scope.projects) != 1:
        raise UnknownName("project", project)
    with asked.folder.reading() as reading:
        settings = access.settings_at(reading.con, asked.now)
    now, week_start = asked.now.replace(tzinfo=UTC), int(settings["week_start"])
    span = parse(period, zone=settings["timezone"], now=now, week_start=week_start)
    able = frozenset(r.name for r in run.permitted(scope) if not (scope.own_rows_only and r.collective))
    return Asked(asked, scope.projects[0], span, earlier(span, asked, week_start), able)


def earlier(period: Period, asked: Viewing, week_start: int) -> Period | None:
    """The period of the same length just before; of one that is not over yet, as much as has passed.

    Whole local days are compared with as many whole local days, whatever the clocks do. None of one that has not begun,
    and where the extract that is asked does not hold it, or no calendar has it.
    """
    now = asked.now
    if period.start >= now:
        return None
    passed = now if period.start < now < period.end else period.end
    start, end = (back(at, period) for at in (period.start, passed))
    try:
        asked.folder.cover(start, end)
        span = (start.replace(tzinfo=UTC), end.replace(tzinfo=UTC))
        return parse(span, zone=period.zone, now=now.replace(tzinfo=UTC), week_start=week_start)
    except BadPeriod:
        return None


def back(at: datetime, period: Period) -> datetime:
    """An instant of a period, moved back by its length: by local days where it is made of them."""
    first, last = period.local(period.start).date(), period.local(period.end).date()
    if (utc(first, period.zone), utc(last, period.zone)) != (period.start, period.end):
        return at - (period.end - period.start)
    return utc(period.local(at).replace(tzinfo=None, fold=0) - (last - first), period.zone)
