"""What a widget does for as long as it lives: it looks whether anything has changed, and closes all that is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from threading import Event
from typing import Any

import ipywidgets

from okireports.disk import Folder
from okireports.errors import OkiReportsError

LOOKS = 15  # of the looks at what is published, one looks at the rights too: a membership may end by itself
GONE = -1  # the generation of a centre that cannot be read


def published(folder: Folder) -> int:
    """The generation that is published."""
    try:
        return folder.current().generation
    except (OkiReportsError, OSError):
        return GONE


def looks(folder: Folder, over: Event, seconds: float) -> Iterator[tuple[int, bool]]:
    """Until it is over, every so often: the generation that is published, and are the rights to be looked at, too?"""
    for number in count(1):
        if over.wait(seconds):
            return
        yield published(folder), number % LOOKS == 0


def parts_of(whole: object) -> Iterator[Any]:
    """The widgets that something holds, and what is in them."""
    for held in (*vars(whole).values(), *getattr(whole, "children", ())):
        for part in held.values() if isinstance(held, dict) else held if isinstance(held, tuple | list) else (held,):
            if isinstance(part, ipywidgets.Widget) and part is not whole:
                yield from within(part)


def within(part: Any) -> Iterator[Any]:
    """A widget and all that is in it."""
    yield part
    for child in getattr(part, "children", ()):
        yield from within(child)


def held(whole: Any, panels: Iterable[object]) -> set[Any]:
    """All that a widget and its panels hold, shown or not."""
    return {*parts_of(whole), *(part for panel in panels for part in parts_of(panel))} - {whole}


def close_all(parts: Iterable[Any], whole: Any) -> None:
    """Close parts of a widget, and how they and the widget look; it closes itself."""
    for part in parts:
        close_look(part)
        part.close()
    close_look(whole)


def close_look(part: Any) -> None:
    """Close how a widget looks."""
    for look in (getattr(part, name, None) for name in ("layout", "style")):
        if isinstance(look, ipywidgets.Widget):
            look.close()
