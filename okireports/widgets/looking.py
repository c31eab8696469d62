"""What widgets of a viewer have in common: her projects, a period, and that only what is hers now is shown."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

import ipywidgets
import pandas as pd

from okireports import run
from okireports.engines.duck import Viewing
from okireports.engines.stop import Stop
from okireports.errors import OkiReportsError, Refused
from okireports.report import Report
from okireports.result import Result
from okireports.widgets import static
from okireports.widgets.choice import Choice, Name, Span
from okireports.widgets.front import ProjectPicker, Status
from okireports.widgets.last import LastOnly
from okireports.widgets.life import GONE, close_all, held, looks, published
from okireports.widgets.parts import Filling, button, on_choice, words
from okireports.widgets.periods import PeriodChoice, spoken
from okireports.widgets.texts import say


class Asking(Protocol):
    """Who asks: a viewer."""

    @property
    def login(self) -> str:
        """Her login."""

    @property
    def center(self) -> Any:
        """Where she looks."""

    def viewing(self, projects: Any = None) -> Viewing:
        """Who asks, when, at which projects."""

    def names(self, period: object, *, projects: Any = None) -> pd.DataFrame:
        """What the filters can take."""

    def report(self, name: str, *, period: object, projects: Any = None, **more: Any) -> Result:
        """Run a report."""


class Looking(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A widget of one viewer. What is its own: `ask`, `forget`, `unlearn`, `offer_reports`, `stand` and `panels`."""

    made = False  # not yet, where it is refused
    first: tuple[Choice, ...] = ()  # what it is asked for when it is made, where nothing of that is left to be chosen

    def __init__(self, viewer: Asking, language: str) -> None:
        self.viewer, self.language = viewer, language
        self.filling = Filling()
        self.lock = threading.RLock()  # callbacks come on several threads
        self.over = threading.Event()
        self.generation = GONE
        self.rights: object = None
        self.refused = False
        self.status = Status(language)
        self.last = LastOnly(self.lock, self.failed)
        self.projects = ProjectPicker(language)
        on_choice(self.projects, self.filling, self.ask)
        self.period = PeriodChoice(language, self.ask)
        self.again = button(say(language, "looking.refresh"), say(language, "looking.refresh_hint"), self.refresh)
        self.when = words()
        super().__init__()
        self.add_class("okireports")
        self.made = True

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

    def unlearn(self) -> None:
        """Know no names any more that were looked up with other rights."""

    def offer_reports(self, able: tuple[Report, ...]) -> bool:
        """Offer the reports that she may run now; is what was chosen still there?"""
        raise NotImplementedError

    def stand(self, there: bool) -> None:
        """Show the parts, or, where there is nothing to choose from, that alone."""
        raise NotImplementedError

    @property
    def panels(self) -> Iterable[object]:
        """What holds parts that may not be shown at this moment."""
        raise NotImplementedError

    def end(self) -> None:
        """Work no more."""
        self.over.set()
        self.last.end()

    # ---- what there is to choose
    def begin(self, projects: Iterable[Name] | None, period: Span | None, watch: float | None) -> None:
        """Offer what there is; where one project is all that she has, it is chosen.

        Raises:
            UnknownName, BadPeriod: a project that is not hers; a period that cannot be read.
        """
        try:
            if period is not None:
                self.period.set(period)
            self.look()
            ids = [id for id, _ in self.projects.options]
            if projects is None:
                chosen = ids if len(ids) == 1 else []
            else:
                asked = list(projects)
                chosen = [p.id for p in run.look(self.viewer.viewing(asked)).projects] if asked else []
            with self.filling:
                self.projects.value = chosen
        except BaseException:
            self.close()
            raise
        self.ask()
        if watch:
            threading.Thread(target=self.watch, args=(watch,), name="okireports-looking", daemon=True).start()

    def look(self) -> bool:
        """Offer the projects and reports that are hers now; is what was chosen still there, and seen as before?"""
        self.generation = published(self.viewer.center.folder)
        scope = run.look(self.viewer.viewing())
        able = tuple(run.permitted(scope))
        rights, chosen = (scope.everything, scope.rights), list(self.projects.value)
        before = {id for id, _ in self.projects.options}
        if rights != self.rights or before - {project.id for project in scope.projects}:
            self.unlearn()
        same, self.rights, self.refused = rights == self.rights, rights, False
        with self.filling:
            self.projects.options = [(project.id, project.name) for project in scope.projects]
        same &= chosen == list(self.projects.value)
        same &= self.offer_reports(able)
        there = bool(scope.projects and able)
        self.stand(there)
        if not there:
            self.status.done(say(self.language, "looking.nothing"))
        return same

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

    def done(self, text: str, generation: int) -> None:
        """Say what was done; or, where it was asked at an older generation, that there is newer data by now."""
        self.status.done(say(self.language, "looking.newer") if generation < self.generation else text)

    # ---- what goes wrong, and what changes meanwhile
    def failed(self, error: Exception) -> None:
        """A sentence in place; the widget stays usable."""
        with self.lock:
            self.forget()
            self.status.failed(sentence(error, self.language))

    def refresh(self) -> None:
        """Look again at what is hers and what is published, and ask again."""
        with self.lock:
            if self.looked() is not None:
                self.ask()

    def looked(self) -> bool | None:
        """Look; None where she may not look any more, or there is nothing to look at: then nothing is shown."""
        try:
            return self.look()
        except Exception as error:  # whatever it is: what she may see is not known
            self.refused = isinstance(error, Refused)
            self.rights = None
            self.last.cancel()
            self.unlearn()
            with self.filling:
                self.projects.options = []
            self.offer_reports(())
            self.stand(False)
            self.failed(error)
            return None

    def watch(self, seconds: float) -> None:
        """See what others change, until it is closed."""
        for generation, due in looks(self.viewer.center.folder, self.over, seconds):
            moved = generation != self.generation
            if moved or (due and not self.refused):  # each refusal is written down
                self.moved(moved)

    def moved(self, published: bool) -> None:
        """Another state may be there: what is not hers any more goes; of new rows it is said that they are there."""
        with self.lock:
            if self.over.is_set() or (same := self.looked()) is None:
                return
            if not same:
                self.forget()
                self.ask()
            elif published and self.projects.value and self.status.state != "busy":
                self.status.done(say(self.language, "looking.newer"))

    def close(self) -> None:
        """Close it with all that is in it, shown or not, and watch no more."""
        if self.made:
            self.end()
            with self.lock:
                close_all(held(self, self.panels), self)
        super().close()


def sentence(error: Exception, language: str) -> str:
    """An error as a sentence: our own as it is; of others the kind alone, for what they quote may be hidden."""
    if isinstance(error, OkiReportsError):
        return str(error)
    return say(language, "looking.error", error=type(error).__name__)
