"""What the panels are made of: controls with a label, and names that can do no harm where they are shown."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from html import escape
from typing import Any, Protocol

import ipywidgets

from okireports.admin import Changes

LONG = 60  # letters of a name in a control; the whole of it is in its tooltip
STYLE = {"description_width": "9em"}
UNDER = "2px 2px 2px calc(9em + 10px)"  # a margin: what has no label stands under what has one


class Desk(Protocol):
    """Where a panel asks for a change, and for what is seen to be looked at anew."""

    def make(self, where: Any, done: str, change: Callable[[Changes], object]) -> bool:
        """Make a change for the reason that stands in the widget, and say so in a place; was it made?"""

    def refresh(self) -> None:
        """Look anew at what is published, and at what the administrator may see of it."""

    def choose(self, project: int | None) -> None:
        """Open a project."""

    @property
    def chosen(self) -> int:
        """The project that is open; 0: none."""


class Filling(threading.local):
    """Is a control being set by the program? Then nobody has chosen anything; on other threads somebody may have."""

    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *error: object) -> None:
        self.depth -= 1

    def __bool__(self) -> bool:
        return self.depth > 0


def field(label: str, hint: str = "") -> Any:
    """A line of text, which is told when it is left: letters told one by one may come after the click that follows."""
    return line(ipywidgets.Text, label, hint, continuous_update=False)


def suggesting(label: str, hint: str = "") -> Any:
    """A line of text that suggests names, told when it is left or one of them is taken."""
    return line(ipywidgets.Combobox, label, hint, continuous_update=False)


def searching(label: str, hint: str = "") -> Any:
    """A line of text that is told at every letter; no button may depend on it."""
    return line(ipywidgets.Text, label, hint, continuous_update=True)


def line(kind: type, label: str, hint: str, **more: Any) -> Any:
    """A line of text of some kind."""
    return kind(description=label, placeholder=hint, tooltip=hint or label, style=STYLE, layout=wide(), **more)


def listing(label: str, hint: str) -> Any:
    """A list of which several can be chosen."""
    return ipywidgets.SelectMultiple(description=label, rows=8, tooltip=hint, style=STYLE, layout=wide())


def on_choice(control: Any, filling: Filling, action: Callable[[], object]) -> None:
    """Do something when a person sets a control, and not when the program does."""

    def chosen(change: object) -> None:
        if not filling:
            action()

    control.observe(chosen, "value")


def tick(label: str, hint: str) -> Any:
    """A box to tick."""
    return ipywidgets.Checkbox(description=label, tooltip=hint, style=STYLE, layout=wide())


def button(label: str, tooltip: str, action: Callable[[], object], *, in_row: bool = False) -> Any:
    """A button, under the fields or in a row with others."""
    layout = {"width": "auto"} if in_row else {"width": "auto", "align_self": "flex-start", "margin": UNDER}
    made = ipywidgets.Button(description=label, tooltip=tooltip, layout=layout)
    made.on_click(lambda _: action())
    return made


def row(*buttons: Any) -> Any:
    """Buttons beside each other, under the fields."""
    return ipywidgets.Box(buttons, layout={"flex_flow": "row wrap", "margin": "0 0 0 calc(9em + 8px)"})


def words(html: str = "") -> Any:
    """Text that is shown; what is put into it must be escaped."""
    return ipywidgets.HTML(html)


def wide() -> dict[str, str]:
    """As wide as there is room; 100 % would be cut by the margins."""
    return {"width": "auto", "max_width": "44em"}


def place() -> Any:
    """Where it is said what became of a change: near enough to be in sight of whoever asked for it."""
    return ipywidgets.Box(layout={"margin": UNDER})


def sentence(role: str, html: str) -> str:
    """What became of a change, as HTML that is read out."""
    return f"<p role='{role}' style='margin:0'>{html}</p>"


def heading(text: str) -> str:
    """A heading above a panel, as HTML."""
    return f"<h4 style='margin:0.4em 0'>{text}</h4>"


def named(name: object) -> str:
    """A name as HTML: it ends where it ends, whichever way it is written."""
    return f"<bdi>{escape(str(name))}</bdi>"


def isolated(name: object) -> str:
    """A name within a line of plain text, whichever way it is written."""
    return f"\u2068{shortened(str(name))}\u2069"


def shortened(name: str) -> str:
    """The beginning of a long name."""
    return name if len(name) <= LONG else name[: LONG - 1] + "…"


def more(count: int) -> str:
    """How many are not shown, as HTML."""
    return f"{count:,} more: search" if count else ""


def set_options(control: Any, options: Iterable[tuple[str, str]]) -> None:
    """Give a list its rows (label, value); what was chosen and is still there stays chosen."""
    rows = tuple(options)
    if rows == tuple(control.options):
        return
    kept = tuple(value for value in control.value if value in {v for _, v in rows})
    control.options = rows
    control.value = kept


def emptied(*controls: Any) -> None:
    """Take out of controls whatever they hold."""
    for control in controls:
        if hasattr(control, "options"):
            control.options = ()
        if isinstance(control, ipywidgets.Text):
            control.value = ""


def shown(box: Any, children: Iterable[Any]) -> None:
    """Set what a box holds, where that changes: otherwise the keyboard's place in it would be lost."""
    wanted = tuple(children)
    if wanted != box.children:
        box.children = wanted
