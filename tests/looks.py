"""Widgets of viewers without a page: opening them, waiting for what they do, and all that a page would know of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ipywidgets
from ipywidgets.widgets.widget import _instances

import growing
from okireports.faces import Center
from okireports.widgets.front import PageAsked, Pager
from okireports.widgets.last import LastOnly
from okireports.widgets.looking import Looking

PATIENCE = 600.0  # seconds
WHY = {"actor": "admin", "reason": "a test"}
PERIOD = ("2025-06-01", "2025-07-01")


def made(path: Path) -> Center:
    """Alpha and Beta with a day of calls; boss supervises both, anna Alpha."""
    center = growing.make(path)
    center.load(growing.day(path, 0))
    return center


def until(true: Callable[[], object]) -> None:
    """Wait for something."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it has not come"
        time.sleep(0.005)


def settled(widget: Looking) -> str:
    """Wait until it does nothing any more; what its status says then."""
    workers = [w for holder in (widget, *widget.panels) for w in vars(holder).values() if isinstance(w, LastOnly)]
    assert workers
    until(lambda: widget.status.state != "busy" and not any(worker.alive for worker in workers))
    return f"{widget.status.state}: {widget.status.text}"


def state() -> str:
    """All that the page knows: the state of every widget that there is, shown or not, but for code and style."""
    left_out = ("_esm", "_css")
    states = ({k: v for k, v in w.get_state().items() if k not in left_out} for w in list(_instances.values()))
    return "\n".join(map(repr, states))


def bytes_of(widgets: list[ipywidgets.Widget]) -> int:
    """How much of widgets is sent to a page, but for code and style."""
    states = ({k: v for k, v in w.get_state().items() if k not in ("_esm", "_css")} for w in widgets)
    return sum(len(json.dumps(state, default=str).encode()) for state in states)


def rows(pager: Pager, **asked: Any) -> list[tuple[str, ...]]:
    """The first page of what a table shows."""
    return [tuple(row) for row in pager.fetch(PageAsked(0, 100, **asked)).rows] if pager.fetch else []


@contextmanager
def opening() -> Iterator[Callable[[Looking], Looking]]:
    """Takes widgets that are opened, and closes them; nothing of them is left."""
    before, opened = set(_instances), []

    def keep(widget: Looking) -> Looking:
        opened.append(widget)
        return widget

    yield keep
    for widget in opened:
        widget.close()
    assert set(_instances) == before
