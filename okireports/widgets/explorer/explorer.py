"""The explorer: projects, a period and a report are chosen, and the result stands beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import ipywidgets
import pandas as pd

from okireports.engines.stop import Stop
from okireports.report import Report
from okireports.run import filters_of
from okireports.widgets.choice import Choice, Name, Span
from okireports.widgets.explorer.filters import FilterChoice, Names
from okireports.widgets.explorer.options import OptionChoice
from okireports.widgets.explorer.reports import ReportChoice
from okireports.widgets.explorer.views import Views
from okireports.widgets.last import LastOnly, Shown
from okireports.widgets.looking import Asking, Looking
from okireports.widgets.parts import heading, named, words
from okireports.widgets.static import firsts
from okireports.widgets.texts import say


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
        super().__init__(viewer, language)
        self.named: tuple[Any, ...] | None = None  # the projects and the period whose names the filters offer
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
                self.status.busy()
                self.last.ask(lambda stop: self.run(choice, stop))
                return
            self.last.cancel()
            self.forget()
            if self.reports.value is not None and self.projects.options:
                self.status.done(say(self.language, "explorer.choose"))

    def run(self, choice: Choice, stop: Stop) -> Shown:
        """Run a report, and give what shows its result."""
        names = None
        if choice.filters and self.named != self.span(choice):  # a name that is not in these projects is an error
            names = self.names(choice, stop)
            choice = narrowed(choice, names)
        result = self.until(stop).report(choice.report, **choice.keywords)
        show = self.views.prepared(choice, result, stop)

        def shown() -> None:
            show()
            self.spoken(result)
            self.status.done(say(self.language, "explorer.rows", count=f"{result.answer.rows.count:,}"))
            if names is not None:
                self.offer(choice, names)
            elif self.named != self.span(choice):
                self.listing.ask(lambda stop: self.list(choice, stop))

        return shown

    def span(self, choice: Choice) -> tuple[Any, ...]:
        """What the names depend on."""
        return choice.projects, choice.period, self.generation

    def names(self, choice: Choice, stop: Stop) -> Names:
        """What filters can take."""
        return listed(self.until(stop).names(choice.period, projects=list(choice.projects)))

    def list(self, choice: Choice, stop: Stop) -> Shown:
        """Look up what filters can take, and give what offers it."""
        names = self.names(choice, stop)
        return lambda: self.offer(choice, names)

    def offer(self, choice: Choice, names: Names) -> None:
        """Offer these names in the filters."""
        self.named = self.span(choice)
        self.filters.offer(names)

    def forget(self) -> None:
        """Show no result any more."""
        self.views.clear()
        self.when.value = ""
        if not self.projects.options:
            self.named = None
            self.filters.offer({})

    def end(self) -> None:
        """Work no more."""
        self.listing.end()
        self.views.end()
        super().end()


def listed(names: pd.DataFrame) -> Names:
    """The names by filter, as the filters take them."""
    found: dict[str, list[tuple[int | None, str]]] = {}
    for filter, id, name in names.itertuples(index=False):
        found.setdefault(filter, []).append((None if pd.isna(id) else int(id), name))
    return {filter: tuple(rows) for filter, rows in found.items()}


def narrowed(choice: Choice, names: Names) -> Choice:
    """A choice without the names that are not there."""
    there = {filter: {each for pair in rows for each in pair} for filter, rows in names.items()}
    kept = ((f, tuple(name for name in wanted if name in there.get(f, ()))) for f, wanted in choice.filters)
    return replace(choice, filters=tuple((f, wanted) for f, wanted in kept if wanted))
