"""What a run gives: typed rows, the statement that made them, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from weakref import finalize

import pyarrow as pa

from okireports import frames
from okireports.engines.duck import Session
from okireports.report import Report
from okireports.rows import Rows


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
        count: int,
        zone: str,
        stretches: Sequence[Callable[[], tuple[str, pa.Schema]]],
    ) -> None:
        self._opened, self._zone, self._stretches = opened, zone, stretches
        self._lock = Lock()
        self.count = count
        self.schema = frames.arrow(stretches[0]()[1].empty_table(), zone).schema
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

    def _part(self, stretch: Callable[[], tuple[str, pa.Schema]]) -> pa.Table:
        sql, schema = stretch()
        with self._lock:  # one connection, maybe several threads
            rows = self._opened.arrow(sql).cast(schema)
        return frames.arrow(rows, self._zone)

    def head(self, most: int) -> pa.Table:
        """The first of them."""
        found = self.schema.empty_table()
        for stretch in self._stretches:
            if found.num_rows == most:
                break
            found = pa.concat_tables([found, self._part(stretch).slice(0, most - found.num_rows)])
        return found

    def table(self) -> pa.Table:
        """All of them at once."""
        return pa.concat_tables([self.schema.empty_table(), *self.parts()])
