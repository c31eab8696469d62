"""Filters that follow the chosen projects: of queues, dialers, operators ... those that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import ipywidgets

from okireports.run import FILTERS
from okireports.widgets.choice import Name
from okireports.widgets.front import ProjectPicker
from okireports.widgets.parts import Filling, on_choice
from okireports.widgets.texts import say

Names = Mapping[str, tuple[tuple[int | None, str], ...]]  # by filter, ids and names


class FilterChoice:
    """A list for each filter that the report takes and that has something to choose; folded away until wanted."""

    def __init__(self, language: str, changed: Callable[[], object]) -> None:
        self.language, self.changed, self.filling = language, changed, Filling()
        self.names: dict[str, tuple[Name, ...]] = {}  # what each number of a list means to a report
        self.pickers = {f: ProjectPicker(language, label=say(language, f"filter.{f}")) for f in FILTERS}
        for picker in self.pickers.values():
            on_choice(picker, self.filling, self.chosen)
        self.able: tuple[str, ...] = ()
        self.box = ipywidgets.Accordion()
        self.box.add_class("okireports-filters")

    @property
    def value(self) -> tuple[tuple[str, tuple[Name, ...]], ...]:
        """By filter what it lets through; a filter of which nothing is chosen lets through everything."""
        return tuple(
            (filter, tuple(self.names[filter][number] for number in self.pickers[filter].value))
            for filter in self.able
            if self.pickers[filter].value
        )

    def offer(self, names: Names) -> None:
        """Offer these names; what was chosen and is still there stays chosen."""
        with self.filling:
            for filter, picker in self.pickers.items():
                rows = names.get(filter, ())
                often = Counter(name for _, name in rows)
                kept = {self.names[filter][number] for number in picker.value}
                self.names[filter] = tuple(name if id is None or often[name] == 1 else id for id, name in rows)
                picker.value = []
                picker.options = [(number, name) for number, (_, name) in enumerate(rows)]
                picker.value = [number for number, name in enumerate(self.names[filter]) if name in kept]
        self.stand()

    def allow(self, able: Iterable[str]) -> None:
        """Show the filters that the report takes."""
        self.able = tuple(able)
        self.stand()

    def stand(self) -> None:
        """Show what there is to choose, and how much of it is chosen."""
        shown = [f for f in self.able if self.pickers[f].options]
        children = tuple(self.pickers[f] for f in shown)
        if children != self.box.children:
            self.box.selected_index = None
            self.box.children = children
        self.box.titles = tuple(self.titled(f) for f in shown)

    def titled(self, filter: str) -> str:
        """The name of a filter, and how many are chosen."""
        count = len(self.pickers[filter].value)
        return say(self.language, f"filter.{filter}") + (f" ({count})" if count else "")

    def chosen(self) -> None:
        """Something else is chosen."""
        self.stand()
        self.changed()
