"""Choosing a report: by section, by what is searched, with its sentence under the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from unicodedata import combining, normalize

import ipywidgets

from okireports.report import Report, titled
from okireports.widgets.parts import STYLE, Filling, on_choice, searching, wide, words
from okireports.widgets.texts import say

USUAL = "call_log"


class ReportChoice:
    """A list of the reports that may be run; what may not be run is not there, nor its section."""

    def __init__(self, language: str, changed: Callable[[], object], wanted: str | None = None) -> None:
        self.language, self.changed, self.filling = language, changed, Filling()
        self.wanted = wanted or USUAL  # at first, where it may be run
        self.able: tuple[Report, ...] = ()
        every = (say(language, "reports.every"), "")
        self.section = ipywidgets.Dropdown(
            description=say(language, "reports.section"), options=[every], value="", style=STYLE, layout=wide()
        )
        self.search = searching(say(language, "reports.search"))
        self.list = ipywidgets.Select(
            description=say(language, "reports.label"), options=[], rows=9, style=STYLE, layout=wide()
        )
        self.about = words()
        on_choice(self.section, self.filling, self.narrow)
        on_choice(self.search, self.filling, self.narrow)
        on_choice(self.list, self.filling, self.chosen)
        self.box = ipywidgets.VBox([self.section, self.search, self.list, self.about])

    @property
    def value(self) -> Report | None:
        """The report that is chosen."""
        return next((r for r in self.able if r.name == self.list.value), None)

    def offer(self, able: Iterable[Report]) -> None:
        """Offer these reports; what was chosen and is still there stays chosen."""
        self.able = tuple(able)
        sections = {r.section.name: r.section for r in self.able}.values()
        named = [(titled(s, self.language), s.name) for s in sections]
        with self.filling:
            kept = self.section.value
            self.section.options = [(say(self.language, "reports.every"), ""), *named]
            self.section.value = kept if kept in {name for _, name in named} else ""
        self.narrow()

    def narrow(self) -> None:
        """Show what is searched; the report that is chosen stays in the list, whatever is searched."""
        names = [r.name for r in self.able]
        kept = next((n for n in (self.list.value, self.wanted, USUAL, *names) if n in names), None)
        with self.filling:
            self.list.options = [
                (titled(r, self.language), r.name) for r in self.able if r.name == kept or self.found(r)
            ]
            self.list.value = kept
        self.tell()

    def found(self, report: Report) -> bool:
        """Is it of the section, and does it hold what is searched?"""
        within = self.section.value in ("", report.section.name)
        said = " ".join((report.name, report.title, report.pl, report.description))
        return within and plain(self.search.value) in plain(said)

    def chosen(self) -> None:
        """Another report is chosen."""
        self.tell()
        self.changed()

    def tell(self) -> None:
        """Say what the report is about."""
        said = escape(self.value.description) if self.value else ""
        self.about.value = f"<p style='margin:0 0 0 calc(9em + 10px)'>{said}</p>"


def plain(text: str) -> str:
    """Small letters without accents."""
    return "".join(c for c in normalize("NFKD", text.casefold()) if not combining(c)).replace("ł", "l")
