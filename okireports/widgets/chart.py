"""A chart in a notebook that changes in place, offline, in the colours of the page.

The Vega library is not part of each chart: the first one on a page that needs it asks the kernel for it, and the others
of the page share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anywidget
import ipywidgets
import traitlets

from okireports import charts

if TYPE_CHECKING:
    from okireports.charts.paper import Drawing

_WORDS = {
    "failed": ("The chart could not be drawn.", "Nie udało się narysować wykresu."),
    "waiting": ("The chart is being drawn ...", "Rysowanie wykresu ..."),
}


class Canvas(anywidget.AnyWidget):
    """Where the page draws: one specification, the colours that make it dark, and what it shows in words."""

    _esm = charts.following() + (Path(__file__).parent / "chart.js").read_text("utf-8")
    drawn = traitlets.Dict().tag(sync=True)  # empty: nothing
    theme = traitlets.Unicode().tag(sync=True)  # "": as the page
    said = traitlets.Dict().tag(sync=True)

    def __init__(self, theme: str, said: dict[str, str]) -> None:
        super().__init__(theme=theme, said=said)
        self.on_msg(self._asked)

    def __repr__(self) -> str:
        """Nothing of what it shows: a saved notebook keeps this."""
        return "<Canvas>"

    def _asked(self, _: object, content: object, buffers: object) -> None:
        """The page needs the library."""
        if isinstance(content, Mapping) and content.get("kind") == "library":
            self.send({"kind": "library"}, [charts.library()])


class LiveChart(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """One chart that `show` draws anew in its place; `theme` is "page" (as the notebook is), "light" or "dark"."""

    def __init__(self, theme: Literal["page", "light", "dark"] = "page", language: str = "en") -> None:
        said = {key: words[language == "pl"] for key, words in _WORDS.items()}
        self.canvas = Canvas("" if theme == "page" else theme, said)
        super().__init__([self.canvas])

    def __repr__(self) -> str:
        """Nothing of what it shows: a saved notebook keeps this."""
        return "<LiveChart>"

    def show(self, drawing: Drawing, *, titled: bool = True) -> None:
        """Draw this instead of what was there; a light drawing, as results have them, becomes dark on a dark page.

        `titled=False` leaves out its title, where that stands above it.
        """
        spec: dict[str, Any] = drawing.to_dict()
        if not titled:
            spec.pop("title", None)
        dark = [[place, colour] for place, colour in charts.repaint(spec)]
        self.canvas.drawn = {"spec": spec, "dark": dark, "words": spec.get("description", "")}

    def clear(self) -> None:
        """Show nothing."""
        self.canvas.drawn = {}
