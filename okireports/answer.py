"""What a run gives: typed rows, the statement that made them, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from weakref import finalize

import numpy as np
import pyarrow as pa

from okireports import frames
from okireports.clock import at_ms, utc_ms
from okireports.engines.duck import Session
from okireports.language import place
from okireports.report import Report, titled
from okireports.rows import Rows

Span = tuple[datetime, datetime]  # naive UTC


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
    definitions: Mapping[str, object]  # what its figures rest on: settings, and definitions in force by table
    tables: tuple[str, ...]
    files: int
    generation: int


@dataclass(frozen=True)
class Answer:
    """A report's rows, the statement that made them, and where they come from."""

    report: Report
    rows: Rows
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

    def meta_in(self, language: str) -> dict[str, object]:
        """The same for a file in a language.

        Raises:
            BadOption: nothing is said in it.
        """
        told = {"language": language, "title": titled(self.report, language)} if place(language) else {}
        return self.meta | told


class Course:
    """How the rows of a log lie in its time: how many start in each slice of `step` ms from `start` on (naive UTC)."""

    def __init__(self, start: datetime, end: datetime, step: int, counted: Mapping[int, int]) -> None:
        self._start, self._end, self._step = start, end, step
        self._slices = sorted(counted, reverse=True)  # the newest first, as the rows
        self._until = np.cumsum([counted[n] for n in self._slices], dtype=np.int64)  # rows up to the end of each

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self._until[-1]) if self._slices else 0

    def around(self, first: int, most: int) -> tuple[datetime, datetime, int]:
        """The time in which some rows start, of those that there are, and how many of its rows come before them."""
        newest, oldest = np.searchsorted(self._until, [first, min(first + most, self.count) - 1], side="right")
        before = int(self._until[newest - 1]) if newest else 0
        return self._border(self._slices[oldest]), self._border(self._slices[newest] + 1), first - before

    def _border(self, n: int) -> datetime:
        return min(max(at_ms(utc_ms(self._start) + n * self._step), self._start), self._end)


class Log:
    """Rows of a long log, which stay in the engine: stretches of the period, the newest first, each when it is needed.

    A log's rows stand by themselves and are ordered by their start, so the logs of the parts of a period, one after
    another, are the log of the whole. The run's connection stays open as long as this does: what is published or
    forgotten meanwhile changes nothing, as with rows that are in memory.
    """

    def __init__(
        self,
        opened: Session,
        held: ExitStack,
        course: Course,
        zone: str,
        stretches: Sequence[Span],
        asked: Callable[[Span], tuple[str, pa.Schema]],
    ) -> None:
        self._opened, self._course, self._zone, self._stretches, self._asked = opened, course, zone, stretches, asked
        self._lock = Lock()
        self.count = course.count
        self.schema = frames.arrow(asked(stretches[0])[1].empty_table(), zone).schema
        finalize(self, held.close)

    def parts(self) -> Iterator[pa.Table]:
        """The rows in their order, a stretch at a time; while one is used the next is made."""
        first, *others = self._stretches
        with ThreadPoolExecutor(1) as ahead:
            coming = ahead.submit(self._part, first)
            for stretch in others:
                part, coming = coming.result(), ahead.submit(self._part, stretch)
                yield part
            yield coming.result()

    def _part(self, stretch: Span, which: str = "") -> pa.Table:
        sql, schema = self._asked(stretch)
        with self._lock:  # one connection, maybe several threads
            rows = self._opened.arrow(f"SELECT * FROM ({sql}) {which}" if which else sql).cast(schema)
        return frames.arrow(rows, self._zone)

    def head(self, most: int) -> pa.Table:
        """The first of them."""
        return self.some(0, most)

    def some(self, first: int, most: int) -> pa.Table:
        """Those from a number on, asked for in the time in which they start; the first is 0."""
        if most <= 0 or first >= self.count:
            return self.schema.empty_table()
        start, end, before = self._course.around(first, most)
        return self._part((start, end), f"LIMIT {most} OFFSET {before}")

    def interrupt(self) -> None:
        """Stop what the engine does for it; called from another thread."""
        self._opened.interrupt()

    def table(self) -> pa.Table:
        """All of them at once."""
        return pa.concat_tables([self.schema.empty_table(), *self.parts()])
