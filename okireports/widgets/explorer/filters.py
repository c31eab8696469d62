"""Filters that follow the chosen projects: of queues, dialers, operators ... those that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b

import ipywidgets
import pandas as pd

from okireports.run import FILTERS
from okireports.widgets.choice import Name
from okireports.widgets.explorer.reports import plain
from okireports.widgets.front import ProjectPicker
from okireports.widgets.parts import Filling, on_choice
from okireports.widgets.texts import number, say

Names = Mapping[str, tuple[tuple[int, str], ...]]  # by filter, ids and names
Marked = Mapping[str, frozenset[int]]  # by filter, the ids that are chosen; of a filter that is not there, all
Meant = tuple[tuple[str, tuple[Name, ...]], ...]  # the same, as a report takes it


class FilterChoice:
    """A list for each filter that the report takes and that has something to choose; folded away until wanted."""

    def __init__(self, language: str, changed: Callable[[], object]) -> None:
        self.language, self.changed, self.filling = language, changed, Filling()
        self.names: Names = {}
        self.pickers = {f: ProjectPicker(language, label=say(language, f"filter.{f}")) for f in FILTERS}
        for picker in self.pickers.values():
            on_choice(picker, self.filling, self.chosen)
        self.able: tuple[str, ...] = ()
        self.box = ipywidgets.Accordion()
        self.box.add_class("okireports-filters")

    @property
    def marked(self) -> Marked:
        """What is chosen, of the filters that the report takes."""
        return {f: frozenset(self.pickers[f].value) for f in self.able if self.pickers[f].value}

    @property
    def value(self) -> Meant:
        """The same, as a report takes it."""
        return meant(self.marked, self.names)

    def offer(self, names: Names) -> None:
        """Offer these names; what was chosen and is still there stays chosen."""
        with self.filling:
            self.names = names
            for filter, picker in self.pickers.items():
                picker.options = list(names.get(filter, ()))
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
        return say(self.language, f"filter.{filter}") + (f" ({number(self.language, count)})" if count else "")

    def chosen(self) -> None:
        """Something else is chosen."""
        self.stand()
        self.changed()


def listed(names: pd.DataFrame) -> Names:
    """The names by filter, in the order of the alphabet; a line, which has no id, is known by what it is called."""
    found: dict[str, list[tuple[int, str]]] = {}
    for filter, id, name in names.itertuples(index=False):
        found.setdefault(filter, []).append((_mark(name) if pd.isna(id) else int(id), name))
    return {filter: tuple(sorted(rows, key=lambda row: plain(row[1]))) for filter, rows in found.items()}


def meant(marked: Marked, names: Names) -> Meant:
    """What is chosen, of what is there: by name where that is enough, else by id."""
    found = []
    for filter, ids in marked.items():
        often = Counter(name for _, name in names.get(filter, ()))
        kept = tuple(name if often[name] == 1 else id for id, name in names.get(filter, ()) if id in ids)
        if kept:
            found.append((filter, kept))
    return tuple(found)


def _mark(name: str) -> int:
    """A number that is this name's own, and that a page can hold."""
    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest(), "big")
