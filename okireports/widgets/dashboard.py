"""Several reports beside each other, over the same projects and period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets

from okireports import report
from okireports.engines.stop import Stop
from okireports.report import Report, check_options, titled
from okireports.result import Result, drawn
from okireports.run import look, permitted
from okireports.widgets.chart import LiveChart
from okireports.widgets.choice import Choice, Name, Span
from okireports.widgets.front import Pager
from okireports.widgets.last import Shown
from okireports.widgets.life import GONE
from okireports.widgets.looking import Asking, Looking, sentence
from okireports.widgets.parts import button, heading, named, words
from okireports.widgets.static import firsts
from okireports.widgets.tables import columns_of, fetching, totals_of
from okireports.widgets.texts import say

Wish = str | tuple[str, Mapping[str, Any]]
READY: Mapping[str, Sequence[Wish]] = {
    "supervisor": (
        ("service_level", {"by": "day"}),
        "queue_summary",
        ("staffing_by_interval", {"by": "hour"}),
        "operator_summary",
        "calls_by_hour",
        "lost_calls",
    ),
    "client": (
        ("service_level", {"by": "day"}),
        "queue_summary",
        ("inbound_statistics", {"by": "day"}),
        "call_outcomes",
        "wait_distribution",
        "call_log",
    ),
}


@dataclass(frozen=True)
class Wanted:
    """A report on a dashboard, with its options."""

    report: Report
    options: tuple[tuple[str, Any], ...]


class Dashboard(Looking):
    """A viewer's reports beside each other; made by `viewer.dashboard`. They run one after another, the last choice."""

    def __init__(
        self,
        viewer: Asking,
        reports: str | Iterable[Wish],
        *,
        period: Span | None = None,
        projects: Iterable[Name] | None = None,
        language: str = "en",
        watch: float | None = 2.0,
    ) -> None:
        asked = wishes(reports, {r.name for r in permitted(look(viewer.viewing()))})
        super().__init__(viewer, language)
        self.cards = [Card(wanted, language) for wanted in asked]
        self.able: frozenset[str] = frozenset()
        self.asked = GONE  # the generation at which its reports were asked
        title = words(heading(say(language, "dashboard.title", viewer=named(viewer.login))))
        left = {"flex": "1 1 24em", "max_width": "40em"}
        self.top = ipywidgets.Box(
            [
                ipywidgets.VBox([self.projects], layout=left),
                ipywidgets.VBox([self.period.box, self.again, self.when], layout=left),
            ],
            layout={"flex_flow": "row wrap", "grid_gap": "1em"},
        )
        self.grid = ipywidgets.GridBox(
            layout={"grid_template_columns": "repeat(auto-fill, minmax(min(40em, 100%), 1fr))", "grid_gap": "1em"}
        )
        self.title = title
        chosen = None if projects is None else tuple(projects)
        self.first = firsts(((c.wanted.report.name, c.wanted.options) for c in self.cards), period, chosen)
        self.begin(chosen, period, watch)

    def offer_reports(self, able: tuple[Report, ...]) -> bool:
        """Show the reports that she may run now; are they the same?"""
        before, self.able = self.able, frozenset(r.name for r in able)
        self.grid.children = tuple(card.box for card in self.shown)
        return before == self.able

    @property
    def shown(self) -> list[Card]:
        """What she may run."""
        return [card for card in self.cards if card.wanted.report.name in self.able]

    def stand(self, there: bool) -> None:
        """Show all parts, or the status alone."""
        parts = (self.top, self.status, self.grid) if there else (self.status, self.again)
        self.children = (self.title, *parts)

    def ask(self) -> None:
        """Ask all reports, one after another."""
        with self.lock:
            period = self.period.value
            if period is None or not self.projects.value or not self.shown:
                self.last.cancel()
                self.forget()
                if self.projects.options and self.able:
                    self.status.done(say(self.language, "dashboard.choose" if self.shown else "dashboard.nothing"))
                return
            self.status.busy()
            self.asked = self.generation
            self.go_on(period, self.chosen, self.shown)

    def go_on(self, period: Span, projects: tuple[Name, ...], cards: list[Card], soon: float | None = None) -> None:
        """Ask the first of some reports, and then the others."""
        first, *others = cards

        def job(stop: Stop) -> Shown:
            show = first.prepared(self.until(stop), period, projects, stop)

            def shown() -> None:
                if (result := show()) is not None:
                    self.spoken(result)
                if others:
                    self.go_on(period, projects, others, 0.0)
                else:
                    self.done(say(self.language, "dashboard.done", count=len(self.shown)), self.asked)

            return shown

        self.last.ask(job, soon)

    @property
    def panels(self) -> tuple[object, ...]:
        """What holds parts that may not be shown at this moment."""
        return self.period, *self.cards

    def forget(self) -> None:
        """Show no result any more."""
        self.when.value = ""
        for card in self.cards:
            card.clear()


class Card:
    """One report of a dashboard: its chart, and its rows when they are wanted."""

    def __init__(self, wanted: Wanted, language: str) -> None:
        self.wanted, self.language = wanted, language
        title = titled(wanted.report, language)
        self.name = title
        self.said = words()
        self.chart, self.pager = LiveChart(language=language), Pager(language, label=title, page_size=25)
        self.other = button(self.labelled("rows"), "", self.turned)
        self.rows = False
        self.heading = words(heading(escape(title)))
        self.box = ipywidgets.VBox([self.heading, self.said, self.chart, self.other])
        self.box.add_class("okireports-card")

    def labelled(self, what: str) -> str:
        """What the button does, of which report."""
        return say(self.language, f"dashboard.{what}", report=self.name)

    def turned(self) -> None:
        """Rows instead of the chart, or the other way round."""
        self.rows = not self.rows
        self.box.children = (self.heading, self.said, self.pager if self.rows else self.chart, self.other)
        self.other.description = self.labelled("chart" if self.rows else "rows")

    def prepared(self, viewer: Any, period: Span, projects: tuple[Name, ...], stop: Stop) -> Any:
        """Run it, and give what shows it and then gives the result; None where there is none."""
        choice = Choice(self.wanted.report.name, period, projects, (), self.wanted.options)
        try:
            result: Result = viewer.report(choice.report, **choice.keywords)
            fetch = fetching(result.answer, result.pages, self.language)
            columns, totals = columns_of(result.answer, self.language), totals_of(result.answer, self.language)
        except Exception as error:
            if stop.asked:
                raise
            why = sentence(error, self.language)
            return lambda: self.clear(why)
        drawing, why = self.drawing(result)

        def show() -> Result:
            self.clear(why)
            if drawing is not None:
                self.chart.show(drawing, titled=False)
            self.pager.show(fetch, columns, result.answer.rows.count, self.name, totals, source=result.pages)
            return result

        return show

    def drawing(self, result: Result) -> tuple[Any, str]:
        """Its chart; or None, and why."""
        try:
            return drawn(result.answer, result.frame, self.language), ""
        except Exception as error:  # the rows are there all the same
            return None, sentence(error, self.language)

    def clear(self, why: str = "") -> None:
        """Show no result; say why."""
        self.said.value = f"<p role='status'>{escape(why)}</p>" if why else ""
        self.chart.clear()
        self.pager.clear()


def wishes(reports: str | Iterable[Wish], able: set[str]) -> list[Wanted]:
    """The reports that are wished for; of a ready-made dashboard those that may be run.

    Raises:
        UnknownReport: there is none of this name that she may run.
        BadOption: an option that it does not take.
    """
    ready = isinstance(reports, str) and reports in READY
    listed: Iterable[Wish] = READY[reports] if ready else [reports] if isinstance(reports, str) else reports  # type: ignore[index]
    found = []
    for wish in listed:
        name, options = (wish, {}) if isinstance(wish, str) else wish
        if ready and name not in able:
            continue
        asked = report.find(name, able)
        check_options(asked, options)
        found.append(Wanted(asked, tuple(options.items())))
    return found
