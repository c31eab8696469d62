"""The explorer at work in a notebook: how a person uses it, by the names of its controls, and a centre to look at.

She sees Birch and Larch. All that belongs to the third project has `canary` in its name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pandas as pd
from playwright.sync_api import Browser, Download, Locator, Page, expect

import growing
import okireports
from desk import Listening, plain
from live import PATIENCE, ROOT, RUN, chromium, lab, notebook, ran, until
from okireports.faces import Center, Viewer

SCREENS = ROOT / "out" / "screens"
BIRCH, LARCH, HIDDEN = "Birch", "Larch", "canary-project"
WHY = {"actor": "admin", "reason": "a test"}
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
FIRST = datetime(2025, 6, 9, 7, tzinfo=UTC)
CALLS = {BIRCH: 130, LARCH: 40, HIDDEN: 60}  # of each project, one an hour apart
PEOPLE = {  # login -> name, role, projects
    "anna": ("Anna Wzór", "Supervisor", [BIRCH, LARCH]),
    "olek": ("Olek Przykład", "Operator", [BIRCH, HIDDEN]),
    "iga": ("Iga Łąka", "Operator", [BIRCH, LARCH]),
    "canary-hana": ("Hana Canary", "Operator", [HIDDEN]),
}
OPENS = """import okireports
from datetime import datetime
center = okireports.open({path!r}, now=datetime.fromisoformat({now!r}))
viewer = center.viewer("anna")"""
THEME = "async theme => { await window.jupyterapp.commands.execute('apputils:change-theme', { theme }); }"


# ---- the centre ------------------------------------------------------------------------------------------------------
def founded(path: Path) -> Center:
    """Two projects of hers and one of others, who share a person, with calls in each."""
    center = okireports.create(path / "center", now=NOW)
    roles = center.roles
    roles.create("Viewer", copy="Supervisor", take=["list_projects"], reports=["*"], **WHY)
    with center.change("admin", reason="a test") as change:
        change.projects.create(BIRCH, client="Example Ltd")
        change.projects.create(LARCH)
        change.projects.create(HIDDEN, client="Canary Ltd", description="a canary is in it")
        for login, (name, role, projects) in PEOPLE.items():
            change.users.create(login, name=name, role="Viewer" if login == "anna" else role, projects=projects)
        for project in CALLS:
            for queue in queues(project):
                change.projects.add_object(project, "queue", queue)
    rows = [call(project, number) for project in CALLS for number in range(CALLS[project])]
    center.load(growing.write(path / "calls", {"calls": rows}))
    return center


def queues(project: str) -> tuple[str, str]:
    return f"{project} orders", f"{project} help"


def call(project: str, number: int) -> dict[str, str]:
    """A call: every fifth is lost, waits and talks differ."""
    start = FIRST + timedelta(hours=number * 3, minutes=number % 7)
    wait, talk = timedelta(seconds=3 + number * 7 % 40), timedelta(seconds=30 + number * 13 % 300)
    lost = number % 5 == 4
    operator = {BIRCH: ("olek", "iga"), LARCH: ("iga", "iga"), HIDDEN: ("canary-hana", "olek")}[project][number % 2]
    queue = queues(project)[number % 3 == 0]
    told = "canary" if project == HIDDEN else project.lower()
    return {
        "source_id": f"{told}-{number:03}",
        "direction": "inbound",
        "started_at": start.isoformat(),
        "queued_at": start.isoformat(),
        "answered_at": "" if lost else (start + wait).isoformat(),
        "ended_at": (start + wait + (timedelta() if lost else talk)).isoformat(),
        "queue": queue,
        "operator": "" if lost else operator,
        "phone": f"+4822{len(told):03}{number:04}",
        "outcome": "abandoned" if lost else "answered",
    }


# ---- how a person works with it --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Looker:
    """Where an explorer is shown; how a person uses it, by the names of its controls."""

    page: Page
    watch: Listening
    center: Center
    language: str = "en"

    @property
    def viewer(self) -> Viewer:
        return self.center.viewer("anna")

    @property
    def widget(self) -> Locator:
        """The explorer."""
        return self.page.locator(".okireports").filter(has_text=re.compile("Reports for|Raporty:"))

    @property
    def board(self) -> Locator:
        """A dashboard on the same page."""
        return self.page.locator(".okireports").filter(has_text=re.compile("Dashboard for|Pulpit:"))

    def field(self, label: str) -> Locator:
        return self.widget.get_by_label(label, exact=True)

    def button(self, label: str) -> Locator:
        return self.widget.get_by_role("button", name=label, exact=True)

    def filter(self, name: str) -> Locator:
        """What folds a filter out and in."""
        return self.widget.locator(".okireports-filters").get_by_role("button", name=name, exact=True)

    def project(self, name: str) -> Locator:
        return self.widget.get_by_role("listbox", name="Projects", exact=True).get_by_role("option", name=name)

    def projects(self) -> list[str]:
        """The projects that there are to choose."""
        return self.widget.get_by_role("listbox", name="Projects").get_by_role("option").all_inner_texts()

    def tab(self, name: str) -> Locator:
        return self.widget.get_by_role("tab", name=name, exact=True)

    @property
    def table(self) -> Locator:
        return self.widget.get_by_role("table")

    @property
    def chart(self) -> Locator:
        return self.widget.get_by_role("img")

    def says(self, text: str | re.Pattern[str]) -> None:
        """What it says of the last choice."""
        expect(self.widget.locator(".oki-status").get_by_role("status")).to_have_text(text, timeout=PATIENCE * 1000)

    def fails(self, text: str | re.Pattern[str]) -> None:
        """What it says where something went wrong."""
        expect(self.widget.locator(".oki-status").get_by_role("alert").first).to_have_text(
            text, timeout=PATIENCE * 1000
        )

    def shows(self, text: str) -> None:
        """What stands below the rows."""
        expect(self.widget.locator(".oki-pager").get_by_role("status")).to_have_text(text, timeout=PATIENCE * 1000)

    def titled(self, title: str) -> None:
        """What stands above the rows."""
        expect(self.table.locator("caption")).to_have_text(title, timeout=PATIENCE * 1000)

    def headings(self) -> list[str]:
        return self.table.get_by_role("columnheader").all_inner_texts()

    def rows(self) -> list[list[str]]:
        """The rows as they are shown, without what opens them."""
        script = "rows => rows.map(row => [...row.cells].filter(c => !c.firstElementChild).map(c => c.innerText))"
        shown: list[list[str]] = self.table.locator("tbody tr").evaluate_all(script)
        return shown

    def column(self, title: str) -> list[str]:
        """What stands under a heading, of which the unit is not said; nothing where there is none."""
        places = [i for i, heading in enumerate(self.headings()) if heading.split(" (")[0] == title]
        return [row[place] for row in self.rows() for place in places[:1]]

    def waits(self) -> list[str]:
        """How long callers waited, as it is shown."""
        return self.column("Wait")

    def until(self, true: Callable[[], object]) -> None:
        until(lambda: self.page.wait_for_timeout(20) or true())

    def saves(self, format: str) -> Download:
        """Download what is shown."""
        self.field("Format").select_option(format)
        with self.page.expect_download() as download:
            self.button("Download").click()
        return download.value

    def pictured(self, name: str) -> None:
        """Keep what is to be seen, for people to look at."""
        self.page.screenshot(path=SCREENS / f"{name}.png")

    def held(self) -> str:
        """All that is in the page, shown or not: elements, attributes, what fields hold."""
        script = "() => document.documentElement.outerHTML + [...document.querySelectorAll('input')].map(e => e.value)"
        return str(self.page.evaluate(script))


@dataclass(frozen=True)
class Explored(Looker):
    """A notebook of which a cell shows an explorer."""

    file: Path = Path()

    def python(self, code: str) -> str:
        """Run something in the kernel; what it prints."""
        return str(self.page.evaluate(RUN, code))

    def command(self, name: str) -> None:
        """Have JupyterLab do something, until it has."""
        self.page.evaluate("async name => { await window.jupyterapp.commands.execute(name); }", name)

    def restart(self) -> None:
        """Have the kernel start anew."""
        self.page.evaluate(
            "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"
        )

    def again(self) -> None:
        """Run the cells again: an explorer as at first, over what the centre is by now."""
        self.page.bring_to_front()
        self.command("notebook:run-all-cells")
        expect(self.project(BIRCH)).to_have_attribute("aria-selected", "false", timeout=PATIENCE * 1000)
        self.says("Choose a project, a period and a report.")

    def theme(self, name: str) -> None:
        """Light or dark; a change shows JupyterLab's splash for a while, under which axe judges no colours."""
        self.page.evaluate(THEME, f"JupyterLab {name}")
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=f"JupyterLab {name}")
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)


@dataclass(frozen=True)
class Room:
    """JupyterLab and a browser, with a folder for notebooks and a centre to copy."""

    folder: Path
    home: Path
    address: str
    browser: Browser
    center: Center

    def explored(self, name: str, *before: str, explore: str = "viewer.explore()") -> Explored:
        """A notebook that shows an explorer over its own copy of the centre."""
        (self.folder / name).mkdir()
        center = growing.copy(self.center, self.folder / name)
        opens = OPENS.format(path=str(center.path), now=NOW.isoformat())
        file = self.folder / f"{name}.ipynb"
        closes = "if 'desk' in globals():\n    desk.close()\n"
        nbformat.write(notebook(opens, *before, f"{closes}desk = {explore}\ndesk"), file)
        watch = Listening()
        page = ran(self.browser, self.address, name, watch)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        return Explored(page, watch, center, file=file)


@contextmanager
def room(tmp: Path, settings: str = "") -> Iterator[Room]:
    """JupyterLab with some settings, in Python, and a browser."""
    folder, home = tmp / "notebooks", tmp / "home"
    folder.mkdir()
    (home / "jupyter_config_dir").mkdir(parents=True)
    (home / "jupyter_config_dir" / "jupyter_server_config.py").write_text(settings)
    center = founded(tmp)
    with lab(folder, home) as address, chromium() as browser:
        yield Room(folder, home, address, browser, center)


def figure(text: str) -> float | str:
    """What a cell shows, as a number where it is one."""
    bare = re.sub(r"[\s,\u00a0\u202f]", "", text)
    share = bare.endswith("%")
    try:
        return float(bare.rstrip("%")) / (100 if share else 1)
    except ValueError:
        return text


def same(shown: str, value: object) -> bool:
    """Does a cell show a value? Figures are shown rounded, moments as they are on the centre's clocks."""
    if pd.isna(value):  # type: ignore[arg-type]  # one value
        return shown == ""
    if str(value) in ("True", "False"):
        return (shown.lower() in ("true", "yes")) == bool(value)
    if isinstance(value, pd.Timestamp):
        return f"{value.tz_convert('Europe/Warsaw'):%H:%M}" in shown and str(value.year) in shown
    if isinstance(value, str):
        return plain(shown) == value
    read = figure(shown)
    return isinstance(read, float) and abs(read - float(value)) <= 0.051  # type: ignore[arg-type]  # a number
