"""The way of a viewer's own query: her right, a trace, the check, her files, and the process that runs it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from okireports import access, audit, frames
from okireports.access import DIRECTORIES, Scope
from okireports.engines.duck import Session, SettingsAt, Viewing, Wanted, session
from okireports.errors import BadQuery, DamagedCenter, EngineError, Refused
from okireports.run import noting_refusals
from okireports.sql.checking import check_text, tables_of
from okireports.sql.offered import names_for, offered, view_of
from okireports.sql.process import Damaged, Job, Limits, run
from okireports.sql.selection import Provenance, Selection
from okireports.tables import FACTS

ALWAYS = (datetime(1, 1, 1), datetime(9999, 1, 1))  # a query says itself when; nothing is left out for it
RIGHT = "run_sql"
TRIES = 3


def ask(viewing: Viewing, text: str, limits: Limits) -> Selection:
    """Run one SELECT over what a viewer may see.

    Raises:
        Refused: she lacks the right, or the query holds what may not run.
        UnknownName: it names a table that she cannot see, or that does not exist: the same error.
        BadQuery: it cannot be read or run, or takes more time or memory than it may.
        EngineError: the centre is open on another engine.
        ResultTooLarge: it gives more rows than it may.
    """
    check_text(text)
    if viewing.engine is not None:
        raise EngineError(
            "A query of one's own runs in DuckDB, in a process that holds her rows and nothing else; free SQL on a "
            "cluster could read whatever that can. Open the centre without engine=, or write a report of your own."
        )
    with noting_refusals(viewing, "sql", text):
        for attempt in range(TRIES):
            try:
                return Query(viewing, text, limits).answer()
            except FileNotFoundError as error:  # swept between being chosen and being opened: choose once more
                if attempt + 1 == TRIES:
                    raise DamagedCenter(
                        f"{error.filename} is named by the centre and is not there; restore it."
                    ) from None
    raise AssertionError("unreachable")


@dataclass
class Query:
    """One query on its way."""

    viewing: Viewing
    text: str
    limits: Limits
    tables: tuple[str, ...] = field(init=False)

    def plan(self, scope: Scope, settings_at: SettingsAt) -> Wanted:
        """Check the right and the query, leave the trace, and say which tables it needs."""
        scope.demand(RIGHT)
        if scope.own_rows_only:
            raise Refused(
                f"{scope.login} (role {scope.role}) sees only her own rows; a query of one's own is not offered."
            )
        entry = access.trace(scope, "run sql", "sql", self.text)
        audit.note(self.viewing.folder.journal, entry, must=scope.everything or scope.reader is not None)
        self.tables = tuple(sorted(tables_of(self.text, offered(scope))))
        return Wanted(self.tables, *ALWAYS, names_for(self.tables), self.viewing.now)

    def answer(self) -> Selection:
        """Choose the files as for a report, open them, and let the worker run the query over them."""
        with session(self.viewing, self.plan) as opened:
            names = {name: opened.arrow(f'SELECT * FROM "{name}"') for name in names_for(self.tables)}
        stored = [f'CREATE VIEW held."{name}" AS {rows}' for name, rows in opened.views.items()]
        files_of = dict.fromkeys(segment.path(self.viewing.folder) for segment in opened.segments)
        with open_files(files_of) as files:
            try:
                rows = run(Job(self.text, files, names, [*stored, *map(view_of, self.tables)]), self.limits)
            except Damaged:
                text = f"A file of {self.viewing.folder.path} is damaged. Restore it from a backup."
                raise DamagedCenter(text) from None
        try:
            typed = frames.arrow(rows, opened.settings["timezone"])
        except pa.ArrowException:
            raise BadQuery("The query gives a value that has no place in a table: cast it, to VARCHAR say.") from None
        return Selection(typed, self.text, self.provenance(opened))

    def provenance(self, opened: Session) -> Provenance:
        """Where the rows come from."""
        return Provenance(
            viewer=opened.scope.called,
            reason=opened.scope.reason,
            projects=tuple(project.name for project in opened.scope.projects),
            zone=opened.settings["timezone"],
            tables=tuple(name for name in self.tables if name in FACTS),
            names=tuple(name for name in self.tables if name in DIRECTORIES),
            files=len(opened.segments),
            generation=opened.generation,
        )


@contextmanager
def open_files(paths: Iterable[Path]) -> Iterator[list[int]]:
    """Files open for reading: the worker is handed these, and no paths."""
    files: list[int] = []
    try:
        for path in paths:
            files.append(os.open(path, os.O_RDONLY))
        yield files
    finally:
        for file in files:
            os.close(file)
