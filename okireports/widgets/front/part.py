"""What the parts have in common: their files, their words, and how little they believe of what a page sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeGuard

import anywidget
import traitlets

from okireports.widgets import texts

HERE = Path(__file__).parent
SAFE = 2**53  # whole numbers up to it are exact in a page


def script(name: str) -> str:
    """A part's module for the page: a page cannot look files up, so what all parts share stands before it."""
    return "\n".join((HERE / f"{file}.js").read_text("utf-8") for file in ("shared", name))


STYLE = (HERE / "front.css").read_text("utf-8")


class Part(anywidget.AnyWidget):
    """A control of our own: Python decides what it shows, the page only asks and tells."""

    _css = STYLE
    language = traitlets.Unicode("en").tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    words = traitlets.Dict().tag(sync=True)

    def __init__(self, part: str, language: str, **values: Any) -> None:
        super().__init__(language=language, words=texts.words(language, part), **values)
        self.on_msg(self.received)

    def __repr__(self) -> str:
        """Nothing of what it shows: a saved notebook keeps this."""
        return f"<{type(self).__name__}>"

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """What a page wants to set: of all traits only those that are the page's to set."""
        known = self.believed(sync_data)
        if known:
            super().set_state(known)

    def believed(self, told: dict[str, Any]) -> dict[str, Any]:
        """Of what a page wants to set, what may be set."""
        return {}

    def received(self, widget: object, content: object, buffers: object) -> None:
        """A message of a page."""
        if isinstance(content, dict):
            self.heard(content)

    def heard(self, content: dict[str, Any]) -> None:
        """A message of a page, of which nothing is known but that it is a mapping."""


def whole(value: object) -> TypeGuard[int]:
    """Is it a whole number from 0 on, and not too large for a page?"""
    return type(value) is int and 0 <= value <= SAFE
