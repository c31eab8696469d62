"""A result as people look at it: table, chart, what it rests on, and the statement that made it."""

from __future__ import annotations

import threading
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import ipywidgets

from okireports.errors import OkiReportsError
from okireports.export.cells import grounds
from okireports.report import titled
from okireports.result import Result, drawn
from okireports.widgets.chart import LiveChart
from okireports.widgets.choice import Choice
from okireports.widgets.explorer.contacts import Contacts
from okireports.widgets.front import Actions, PageAsked, Pager, Status
from okireports.widgets.last import LastOnly, Shown
from okireports.widgets.looking import sentence
from okireports.widgets.parts import button, words
from okireports.widgets.periods import spoken
from okireports.widgets.tables import columns_of, fetching, totals_of
from okireports.widgets.texts import say

TABS = ("table", "chart", "definitions", "sql")
CHART = TABS.index("chart")
FORMATS = {  # by suffix, what a browser is told that it is
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "html": "text/html",
}


class Views:
    """The tabs over one result, its downloads, and its call as code."""

    def __init__(self, language: str, status: Status, lock: threading.RLock) -> None:
        self.language, self.status = language, status
        self.result: Result | None = None
        self.choice: Choice | None = None
        self.drawn = False
        self.pager = Pager(language, opened=self.opened)
        self.contacts = Contacts(language, status, lock, self.failed)
        self.chart, self.no_chart = LiveChart(language=language), words()
        self.definitions, self.sql = words(), words()
        self.actions = Actions(language)
        self.drawings, self.savings = (LastOnly(lock, failed, soon=0.0) for failed in (self.failed, self.unsaved))
        self.suffix = ipywidgets.Dropdown(
            description=say(language, "views.format"), options=list(FORMATS), layout={"width": "12em"}
        )
        self.download = button(say(language, "views.download"), "", self.downloaded, in_row=True)
        self.copy = button(say(language, "views.copy"), say(language, "views.copy_hint"), self.copied, in_row=True)
        self.tabs = ipywidgets.Tab(
            [
                ipywidgets.VBox([self.pager, self.contacts.box]),
                ipywidgets.VBox([self.no_chart, self.chart]),
                self.definitions,
                self.sql,
            ],
            titles=[say(language, f"views.{tab}") for tab in TABS],
        )
        self.tabs.add_class("okireports-tabs")
        self.tabs.observe(lambda change: self.turned(), "selected_index")
        row = ipywidgets.Box([self.suffix, self.download, self.copy], layout={"flex_flow": "row wrap"})
        self.box = ipywidgets.VBox([self.tabs, row, self.actions])
        self.clear()

    def prepared(self, choice: Choice, result: Result) -> Shown:
        """Do what takes time, and give what shows the result."""
        draw = self.drawing(result) if self.tabs.selected_index == CHART else None
        fetch = fetching(result.answer, result.pages, self.language)
        columns, totals = columns_of(result.answer, self.language), totals_of(result.answer, self.language)
        rows, opens = result.answer.rows.count, result.answer.report.contacts is not None
        title = titled(result.answer.report, self.language)

        def show() -> None:
            self.result, self.choice, self.drawn = result, choice, draw is not None
            self.contacts.clear()
            self.pager.show(fetch, columns, rows, title, totals, opens, result.pages)
            self.charted(None, "")
            if draw:
                draw()
            self.definitions.value, self.sql.value = self.rests_on(result), self.statement(choice, result)
            self.able(True)
            self.turned()  # somebody may have meanwhile

        return show

    def clear(self) -> None:
        """Show nothing."""
        self.result = self.choice = None
        self.drawings.cancel()
        self.savings.cancel()
        self.pager.clear()
        self.contacts.clear()
        self.charted(None, "")
        self.definitions.value = self.sql.value = ""
        self.able(False)

    def able(self, there: bool) -> None:
        """Can something be downloaded and copied?"""
        self.download.disabled = self.copy.disabled = not there

    def opened(self, asked: PageAsked, row: int) -> None:
        """A row of the table is opened."""
        result = self.result
        if result is not None:
            self.contacts.open(result, asked, row, lambda: self.result is result)

    def turned(self) -> None:
        """Another tab is looked at: a chart is drawn when somebody looks."""
        result = self.result
        if self.tabs.selected_index == CHART and result is not None and not self.drawn:
            self.drawn = True
            self.drawings.ask(lambda stop: self.drawing(result))

    def drawing(self, result: Result) -> Shown:
        """Draw a result's chart, and give what shows it, or why there is none, unless another result is there."""
        chart, why = None, ""
        try:
            chart = drawn(result.answer, result.frame, self.language)
        except OkiReportsError as error:
            why = str(error)

        def show() -> None:
            if self.result is result:
                self.charted(chart, why)

        return show

    def charted(self, chart: object, why: str) -> None:
        """Show a chart, or why there is none."""
        self.no_chart.value = f"<p role='status'>{escape(why)}</p>" if why else ""
        if chart is None:
            self.chart.clear()
        else:
            self.chart.show(chart)  # type: ignore[arg-type]

    def rests_on(self, result: Result) -> str:
        """What its figures mean and rest on, as HTML."""
        asked, said = result.answer.report, result.provenance
        lines = "".join(f"<li>{escape(line)}</li>" for line in grounds(result.answer.meta))
        held = f"<h4>{say(self.language, 'views.held')}</h4><ul>{lines}</ul>" if lines else ""
        period = spoken(said.start, said.end, said.zone, self.language)
        projects = ", ".join(f"<bdi>{escape(name)}</bdi>" for name in said.projects)
        return (
            f"<p>{escape(asked.description)}</p><p>{escape(asked.definitions)}</p>{held}"
            f"<p>{say(self.language, 'views.of')}: {projects}; {period}</p>"
        )

    def statement(self, choice: Choice, result: Result) -> str:
        """The call and the statement, as HTML."""
        sql = f"<pre role='region' aria-label='SQL' tabindex='0'>{escape(result.sql)}</pre>"  # it scrolls
        return f"<pre>{escape(choice.code)}</pre>{sql}"

    def copied(self) -> None:
        """Copy the call that gives what is shown."""
        if self.choice:
            self.actions.copy(self.choice.code)

    def downloaded(self) -> None:
        """Have the page save the result as a file."""
        result, suffix = self.result, self.suffix.value
        if result is not None:
            self.download.disabled = True  # one file at a time
            self.savings.ask(lambda stop: self.saving(result, suffix))

    def saving(self, result: Result, suffix: str) -> Shown:
        """Write the file, and give what hands it to the page."""
        name = f"{result.provenance.report}.{suffix}"
        with TemporaryDirectory(prefix="okireports-") as folder:
            data = result.save(Path(folder) / name, language=self.language).read_bytes()

        def show() -> None:
            self.actions.offer(name, FORMATS[suffix], data)
            self.download.disabled = self.result is None

        return show

    def failed(self, error: Exception) -> None:
        """Something beside the result went wrong: the result stays."""
        self.status.failed(sentence(error, self.language))

    def unsaved(self, error: Exception) -> None:
        """A file could not be made."""
        self.failed(error)
        self.download.disabled = self.result is None

    def end(self) -> None:
        """Do nothing any more."""
        self.drawings.end()
        self.savings.end()
        self.contacts.end()
