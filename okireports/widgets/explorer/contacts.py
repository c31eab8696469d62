"""The contacts behind a row, under the table in which it stands."""

from __future__ import annotations

import threading
from collections.abc import Callable

import ipywidgets
import pyarrow as pa

from okireports.result import Result
from okireports.widgets.front import PageAsked, Pager, Status
from okireports.widgets.last import Failed, LastOnly, Shown
from okireports.widgets.parts import button, heading, named, shown, words
from okireports.widgets.tables import columns_of, fetching, sought, written
from okireports.widgets.texts import number, say


class Contacts:
    """A second table, which is there while a row is open."""

    def __init__(self, language: str, status: Status, lock: threading.RLock, failed: Failed) -> None:
        self.language, self.status = language, status
        self.title = words()
        self.pager = Pager(language, page_size=25)
        self.closing = button(say(language, "contacts.close"), "", self.clear)
        self.opening = LastOnly(lock, failed, soon=0.0)
        self.box = ipywidgets.VBox()

    def open(self, result: Result, asked: PageAsked, row: int, current: Callable[[], bool]) -> None:
        """Open a row of a page; what comes when another result is there is not shown."""
        self.status.busy()
        self.opening.ask(lambda stop: self.opened(result, asked, row, current))

    def opened(self, result: Result, asked: PageAsked, row: int, current: Callable[[], bool]) -> Shown:
        """Ask for the contacts of a row, and give what shows them."""
        search = sought(asked.search, self.language)
        page = result.pages.page(asked.page + 1, asked.size, sort=asked.sort, descending=asked.desc, search=search)
        line = page.table.slice(row, 1)
        contacts = result.contacts(line.to_pylist()[0])
        said = self.said(result, line)
        fetch = fetching(contacts.answer, contacts.pages, self.language)
        columns, rows = columns_of(contacts.answer, self.language), contacts.answer.rows.count

        def show() -> None:
            if current():
                self.title.value = heading(say(self.language, "contacts.title", row=named(said)))
                title = say(self.language, "contacts.title", row=said)
                self.pager.show(fetch, columns, rows, title, source=contacts.pages)
                shown(self.box, [self.title, self.closing, self.pager])
                self.status.done(say(self.language, "explorer.rows", count=number(self.language, rows)))

        return show

    def said(self, result: Result, line: pa.Table) -> str:
        """What tells the row apart, as a person reads it."""
        counted = result.answer.report.counted
        keys = [name for name in line.column_names if counted and name in counted.grain]
        (cells,) = written(line.select(keys), result.answer.report.name, self.language) if keys else [()]
        return ", ".join(cell for cell in cells if cell)

    def clear(self) -> None:
        """Show nothing."""
        self.opening.cancel()
        self.pager.clear()
        self.title.value = ""
        shown(self.box, [])

    def end(self) -> None:
        """Do nothing any more."""
        self.opening.end()
