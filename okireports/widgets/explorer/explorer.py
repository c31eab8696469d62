"""The explorer: projects, a period and a report are chosen, and the result stands beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import ipywidgets

from okireports import report as registry
from okireports.engines.stop import Stop
from okireports.report import Report
from okireports.run import filters_of, look, permitted
from okireports.widgets.choice import Choice, Name, Span
from okireports.widgets.explorer.filters import FilterChoice, Marked, Names, listed, meant
from okireports.widgets.explorer.options import OptionChoice
from okireports.widgets.explorer.reports import ReportChoice
from okireports.widgets.explorer.views import Views
from okireports.widgets.last import LastOnly, Shown
from okireports.widgets.looking import Asking, Looking
from okireports.widgets.parts import heading, named, words
from okireports.widgets.static import firsts
from okireports.widgets.texts import number, say


class Spanned(NamedTuple):
    """What the names that filters can take depend on."""

    projects: tuple[Name, ...]
    period: Span
    generation: int


class Explorer(Looking):
    """A viewer's reports in a notebook; made by `viewer.explore`.

    Each choice is asked as `viewer.report` asks it, with what she may see at that moment. Only the last choice runs.
    """

    def __init__(
        self,
        viewer: Asking,
        *,
        report: str | None = None,
        period: Span | None = None,
        projects: Iterable[Name] | None = None,
        language: str = "en",
        watch: float | None = 2.0,
    ) -> None:
        if report is not None:
            registry.find(report, [r.name for r in permitted(look(viewer.viewing()))])
        super().__init__(viewer, language)
        self.named: Spanned | None = None  # of what the filters offer the names
        self.listing = LastOnly(self.lock, self.failed, soon=0.0)
        self.reports = ReportChoice(language, self.changed, report)
        self.options = OptionChoice(language, self.ask)
        self.filters = FilterChoice(language, self.ask)
        self.views = Views(language, self.status, self.lock)
        title = words(heading(say(language, "explorer.title", viewer=named(viewer.login))))
        self.left = ipywidgets.VBox(
            [self.projects, self.period.box, self.reports.box, self.options.box, self.filters.box, self.again],
            layout={"flex": "1 1 24em", "max_width": "40em"},
        )
        right = {"flex": "4 1 40em", "min_width": "0"}
        self.right = ipywidgets.VBox([self.status, self.when, self.views.box], layout=right)
        self.parts = ipywidgets.Box(layout={"flex_flow": "row wrap", "grid_gap": "1em"})
        self.children = (title, self.parts)
        chosen = None if projects is None else tuple(projects)
        self.first = firsts([(report, ())] if report else [], period, chosen)
        self.begin(chosen, period, watch)

    # ---- what there is to choose
    def offer_reports(self, able: tuple[Report, ...]) -> bool:
        """Offer the reports that she may run now, and what the chosen one takes; is that still the same one?"""
        before = self.reports.value
        self.reports.offer(able)
        self.follow()
        return self.reports.value is before

    def stand(self, there: bool) -> None:
        """Show all parts, or the status alone."""
        self.parts.children = (self.left, self.right) if there else (self.status, self.again)

    def follow(self) -> None:
        """Offer the options and filters of the report that is chosen."""
        chosen = self.reports.value
        self.options.offer(chosen)
        self.filters.allow(filters_of(chosen) if chosen else ())

    def changed(self) -> None:
        """Another report is chosen."""
        with self.lock:
            self.follow()
            self.ask()

    @property
    def choice(self) -> Choice | None:
        """What is chosen; None while something is missing."""
        chosen, period = self.reports.value, self.period.value
        if chosen is None or period is None or not self.projects.value:
            return None
        return Choice(chosen.name, period, self.chosen, self.filters.value, self.options.value)

    # ---- asking
    def ask(self) -> None:
        """Ask what is chosen; what was shown before stays until the answer comes."""
        with self.lock:
            choice = self.choice
            if choice is not None:
                span = Spanned(choice.projects, choice.period, self.generation)
                marked = {} if span == self.named else self.filters.marked
                self.status.busy()
                self.last.ask(lambda stop: self.run(choice, span, marked, stop))
                return
            self.last.cancel()
            self.forget()
            if self.reports.value is not None and self.projects.options:
                self.status.done(say(self.language, "explorer.choose"))

    def run(self, choice: Choice, span: Spanned, marked: Marked, stop: Stop) -> Shown:
        """Run a report, and give what shows its result; `marked` are choices that may not be there in its projects."""
        names = None
        if marked:
            names = self.names(choice, stop)
            choice = replace(choice, filters=meant(marked, names))
        result = self.until(stop).report(choice.report, **choice.keywords)
        show = self.views.prepared(choice, result)

        def shown() -> None:
            show()
            rows = number(self.language, result.answer.rows.count)
            self.spoken(result)
            self.done(say(self.language, "explorer.rows", count=rows), span.generation)
            if names is not None:
                self.offer(span, names)
            elif span != self.named:
                self.listing.ask(lambda stop: self.list(choice, span, stop))

        return shown

    def names(self, choice: Choice, stop: Stop) -> Names:
        """What filters can take."""
        return listed(self.until(stop).names(choice.period, projects=list(choice.projects)))

    def list(self, choice: Choice, span: Spanned, stop: Stop) -> Shown:
        """Look up what filters can take, and give what offers it."""
        names = self.names(choice, stop)
        return lambda: self.offer(span, names)

    def offer(self, span: Spanned, names: Names) -> None:
        """Offer these names in the filters."""
        self.listing.cancel()  # what is on its way is older
        self.named = span
        self.filters.offer(names)

    def forget(self) -> None:
        """Show no result any more."""
        self.views.clear()
        self.when.value = ""

    def unlearn(self) -> None:
        """Offer no names any more."""
        self.listing.cancel()
        self.named = None
        self.filters.offer({})

    @property
    def panels(self) -> tuple[object, ...]:
        """What holds parts that may not be shown at this moment."""
        return self.period, self.reports, self.options, self.filters, self.views, self.views.contacts

    def end(self) -> None:
        """Work no more."""
        super().end()
        self.listing.end()
        self.views.end()
