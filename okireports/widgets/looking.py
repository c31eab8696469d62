"""What widgets of a viewer have in common: her projects, a period, and that only what is hers now is shown."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

import ipywidgets
import pandas as pd

from okireports import report
from okireports.engines.stop import Stop
from okireports.errors import OkiReportsError
from okireports.report import Report
from okireports.result import Result
from okireports.widgets import static
from okireports.widgets.choice import Choice, Name, Span
from okireports.widgets.front import ProjectPicker, Status
from okireports.widgets.last import LastOnly
from okireports.widgets.parts import Filling, button, on_choice, words
from okireports.widgets.periods import PeriodChoice, spoken
from okireports.widgets.texts import say

LOOKS = 15  # of the watch's looks at the pointer, one looks at the rights too: a membership may end by itself


class Asking(Protocol):
    """Who asks: a viewer."""

    @property
    def login(self) -> str:
        """Her login."""

    @property
    def center(self) -> Any:
        """The centre at which she looks."""

    @property
    def projects(self) -> pd.DataFrame:
        """The projects that she may pick."""

    @property
    def reports(self) -> pd.DataFrame:
        """The reports that she may run."""

    def names(self, period: object, *, projects: Any = None) -> pd.DataFrame:
        """What the filters can take."""

    def report(self, name: str, *, period: object, projects: Any = None, **more: Any) -> Result:
        """Run a report."""


class Looking(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A widget of one viewer. What is its own: `ask`, `forget`, `offer_reports`, `stand` and `end`."""

    made = False  # not yet, where it is refused
    first: tuple[Choice, ...] = ()  # what it is asked for when it is made, where nothing of that is left to be chosen

    def __init__(self, viewer: Asking, language: str) -> None:
        self.viewer, self.language = viewer, language
        self.filling = Filling()
        self.lock = threading.RLock()  # callbacks come on several threads
        self.over = threading.Event()
        self.generation = -1
        self.status = Status(language)
        self.last = LastOnly(self.lock, self.failed)
        self.projects = ProjectPicker(language)
        on_choice(self.projects, self.filling, self.ask)
        self.period = PeriodChoice(language, self.ask)
        self.again = button(say(language, "looking.refresh"), say(language, "looking.refresh_hint"), self.refresh)
        self.when = words()
        super().__init__()
        self.add_class("okireports")

    def __repr__(self) -> str:
        """Nothing of what it shows: a saved notebook keeps this."""
        return f"<{type(self).__name__} for {self.viewer.login}>"

    def _ipython_display_(self) -> None:
        """In a notebook: the widget, and what stands in for it where none can be drawn."""
        static.show(self)

    # ---- what is each widget's own
    def ask(self) -> None:
        """Ask what is chosen."""
        raise NotImplementedError

    def forget(self) -> None:
        """Show no result any more."""
        raise NotImplementedError

    def offer_reports(self, able: tuple[Report, ...]) -> bool:
        """Offer the reports that she may run now; is what was chosen still there?"""
        raise NotImplementedError

    def stand(self, there: bool) -> None:
        """Show the parts, or, where there is nothing to choose from, that alone."""
        raise NotImplementedError

    def end(self) -> None:
        """Work no more."""
        self.over.set()
        self.last.end()

    # ---- what there is to choose
    def begin(self, projects: Iterable[Name] | None, period: Span | None, watch: float | None) -> None:
        """Offer what there is; where one project is all that she has, it is chosen."""
        if period is not None:
            self.period.set(period)
        self.look()
        rows = dict(self.projects.options)
        if projects is None:
            chosen = list(rows) if len(rows) == 1 else []
        else:
            asked = set(projects)
            chosen = [id for id, name in rows.items() if id in asked or name in asked]
        with self.filling:
            self.projects.value = chosen
        self.made = True
        self.ask()
        if watch:
            threading.Thread(target=self.watch, args=(watch,), name="okireports-looking", daemon=True).start()

    def look(self) -> bool:
        """Offer the projects and reports that are hers now; is what was chosen still there?"""
        generation = self.viewer.center.folder.current().generation
        projects, able = self.viewer.projects, set(self.viewer.reports["name"])
        self.generation = generation
        before = list(self.projects.value)
        with self.filling:
            self.projects.options = [(int(id), name) for id, name in projects.itertuples(index=False)]
        same = self.offer_reports(tuple(r for r in report.all_reports() if r.name in able))
        there = len(projects) > 0 and len(able) > 0
        self.stand(there)
        if not there:
            self.status.done(say(self.language, "looking.nothing"))
        return same and before == list(self.projects.value)

    @property
    def chosen(self) -> tuple[Name, ...]:
        """The projects that are chosen, as reports take them: by name where that is enough."""
        names = dict(self.projects.options)
        often = list(names.values())
        return tuple(names[id] if often.count(names[id]) == 1 else id for id in self.projects.value)

    def until(self, stop: Stop) -> Any:
        """The viewer, whose runs another thread may end."""
        return replace(self.viewer, stop=stop)  # type: ignore[type-var]  # a viewer is a dataclass

    def spoken(self, result: Result) -> None:
        """Say of which period a result is."""
        said = result.provenance
        self.when.value = f"<p>{spoken(said.start, said.end, said.zone, self.language)}</p>"

    # ---- what goes wrong, and what changes meanwhile
    def failed(self, error: Exception) -> None:
        """A sentence in place; the widget stays usable."""
        with self.lock:
            self.forget()
            self.when.value = ""
            self.status.failed(told(error, self.language))

    def refresh(self) -> None:
        """Look again at what is hers and what is published, and ask again."""
        with self.lock:
            try:
                self.look()
            except (OkiReportsError, OSError) as error:
                self.lost(error)
                return
            self.ask()

    def lost(self, error: Exception) -> None:
        """She may not look any more, or there is nothing to look at: show nothing."""
        self.last.cancel()
        with self.filling:
            self.projects.options = []
        self.offer_reports(())
        self.generation = -1
        self.stand(False)
        self.failed(error)

    def watch(self, seconds: float) -> None:
        """See what others change, until it is closed."""
        looks = 0
        while not self.over.wait(seconds):
            looks += 1
            try:
                moved = self.viewer.center.folder.current().generation != self.generation
            except OkiReportsError:
                moved = self.generation != -1
            if moved or looks % LOOKS == 0:
                self.moved(moved)

    def moved(self, published: bool) -> None:
        """Another state may be there: what is not hers any more goes; of new rows it is said that they are there."""
        with self.lock:
            try:
                same = self.look()
            except (OkiReportsError, OSError) as error:
                self.lost(error)
                return
            if not same:
                self.forget()
                self.ask()
            elif published and self.projects.value:
                self.status.done(say(self.language, "looking.newer"))

    def close(self) -> None:
        """Close it with all that is in it, and watch no more."""
        if self.made:
            self.end()
            with self.lock:
                for part in inside(self):
                    part.close()
        super().close()


def told(error: Exception, language: str) -> str:
    """An error as a sentence: our own as it is, of others the kind and what they say of themselves."""
    if isinstance(error, OkiReportsError):
        return str(error)
    return say(language, "looking.error", error=f"{type(error).__name__}: {error}")


def inside(box: Any) -> list[Any]:
    """All that is in a box, the innermost first."""
    found = []
    for child in getattr(box, "children", ()):
        found += [*inside(child), child]
    return found
