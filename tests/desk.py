"""The administration widget at work in a notebook: how a person uses it, by the names of its controls."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect

import growing
import live
import okireports
from live import Watch, notebook, ran, until
from okireports.faces import Center

CANARY = re.compile(r"canary[-\w]*")  # stands in whatever is hidden
AGAIN = 30  # seconds, after which what has done nothing is pressed once more
COMMAND = """name => {
    window.finished = false;
    window.jupyterapp.commands.execute(name).then(() => { window.finished = true; });
}"""
HERE = "() => window.jupyterapp.shell.currentWidget.content.activeCell.node.querySelector('.widget-button') !== null"
CONTROL = re.compile(r"- '?(button|textbox|combobox|listbox|checkbox)\b(?: \"([^\"]*)\")?")
OPENS = """import okireports
if 'desk' in globals():
    desk.close()
desk = okireports.open({!r}).admin('lena')
desk"""


@dataclass
class Listening(Watch):
    """A watch that keeps what the kernel says, too."""

    sent: list[bytes] = field(default_factory=list)

    def opened(self, sockets: WebSocket) -> None:
        super().opened(sockets)
        sockets.on("framereceived", self.heard)

    def heard(self, said: str | bytes) -> None:
        self.sent.append(said.encode() if isinstance(said, str) else said)


@dataclass(frozen=True)
class Desk:
    """A notebook whose cells open the widget; how a person works with it, by the names of its controls."""

    page: Page
    watch: Listening
    center: Center
    file: Path

    @property
    def widget(self) -> Locator:
        return self.page.locator(".jp-OutputArea-child:has(.jupyter-widgets)").first

    def begin(self) -> None:
        """Run the cells again: a widget as at first, over what the centre is by now."""
        self.command("notebook:run-all-cells")
        self.turn_to()

    def turn_to(self) -> None:
        """Come to the widget: JupyterLab scrolls when one does, and would take away what is being clicked."""
        self.page.bring_to_front()
        self.field("Search projects").wait_for()
        heading = self.widget.get_by_role("heading").first
        self.press(heading.click, lambda: self.page.evaluate(HERE))

    def command(self, name: str) -> None:
        """Have JupyterLab do something, until it has."""
        self.page.evaluate(COMMAND, name)
        self.page.wait_for_function("() => window.finished")

    def field(self, label: str) -> Locator:
        """A field or a list."""
        return self.widget.get_by_label(label, exact=True)

    def button(self, label: str) -> Locator:
        return self.widget.get_by_role("button", name=label, exact=True)

    def tile(self, name: str) -> Locator:
        """The tile of a project, open or not."""
        return self.widget.get_by_role("button", name=re.compile(rf"^\W?{name}\W?( \(open\))?$"))

    def options(self, label: str) -> list[str]:
        """The rows of a list."""
        return [plain(text) for text in self.field(label).locator("option").all_inner_texts()]

    def until(self, true: Callable[[], object]) -> None:
        """Wait for something on the page."""
        until(lambda: self.page.wait_for_timeout(20) or true())

    def press(
        self, press: Callable[[], object], done: Callable[[], object], lost: Callable[[], bool] = lambda: True
    ) -> None:
        """Press something until it is done: once more only where nothing came of it for long, and it seems lost."""
        for attempt in range(live.PATIENCE // AGAIN):
            if attempt == 0 or lost():
                press()
            for _ in range(AGAIN * 10):
                if done():
                    return
                self.page.wait_for_timeout(100)
        pytest.fail(f"nothing has come of it; the widget says {self.said()}")

    def open(self, project: str) -> None:
        """Click the tile of a project until it is open."""
        heading = self.widget.get_by_role("heading", name=f"Project {project}", exact=True)
        self.press(
            self.tile(project).click, lambda: heading.is_visible() and f"{project} queue" in self.options("Objects")
        )

    def type(self, label: str, text: str) -> None:
        """Type over what a field holds, a key at a time, and leave it."""
        self.field(label).fill("")
        self.field(label).press_sequentially(text)
        self.field(label).press("Tab")

    def choose(self, label: str, row: str) -> None:
        """Choose the row of a list that begins so."""
        self.until(lambda: any(option.startswith(row) for option in self.options(label)))
        place = next(i for i, option in enumerate(self.options(label)) if option.startswith(row))
        self.field(label).select_option(index=place)

    def logins(self, label: str) -> list[str]:
        """Who is in a list of people."""
        return [option.split(" ")[0] for option in self.options(label)]

    def said(self) -> list[str]:
        """What the widget says of the last change."""
        return [plain(text) for text in self.widget.locator("[role=status], [role=alert]").all_inner_texts()]

    def change(self, button: str, reason: str, said: str, *, role: str = "status") -> None:
        """Ask for a change for a reason, until it is said, where one looks, what became of it."""
        self.field("Reason").fill(reason)
        sentence = self.widget.get_by_role(role, exact=True).filter(has_text=said)  # type: ignore[arg-type]
        kept = self.field("Reason")  # it is emptied when the change is made
        self.press(self.button(button).click, sentence.is_visible, lambda: kept.input_value() == reason)
        expect(sentence).to_be_in_viewport(timeout=live.PATIENCE * 1000)

    def entry(self) -> list[str]:
        """The newest entry of the change log beside."""
        row = self.widget.get_by_role("table", name="Change log").locator("tbody tr").first
        return [plain(text) for text in row.locator("td").all_inner_texts()]

    def held(self) -> str:
        """All that is in the page, shown or not: elements, attributes, what fields hold."""
        script = "() => document.documentElement.outerHTML + [...document.querySelectorAll('input')].map(e => e.value)"
        return str(self.page.evaluate(script))


def canaries(where: dict[str, str]) -> dict[str, set[str]]:
    """What is hidden and was found, and where."""
    return {name: {*CANARY.findall(text.lower())} for name, text in where.items()}


def plain(text: str) -> str:
    """A text without the marks that keep a name's direction, and with the blanks that lists make unbreakable."""
    return re.sub("[\u2066-\u2069]", "", text).replace("\xa0", " ")


@dataclass(frozen=True)
class Room:
    """JupyterLab and a browser, with a folder for notebooks and a centre to copy."""

    folder: Path
    address: str
    browser: Browser
    center: Center

    def desk(self, name: str, *before: str) -> Desk:
        """A notebook that opens the widget over its own copy of the centre."""
        (self.folder / name).mkdir()
        center = okireports.open(growing.copy(self.center, self.folder / name).path)
        file = self.folder / f"{name}.ipynb"
        nbformat.write(notebook(*before, OPENS.format(str(center.path)), "[desk]"), file)
        watch = Listening()
        return Desk(ran(self.browser, self.address, name, watch), watch, center, file)


def controls(where: Locator) -> list[tuple[str, str]]:
    """Controls as they are told to who does not see: what each is, and its name."""
    return [(kind, plain(name)) for kind, name in CONTROL.findall(where.aria_snapshot())]
