"""The notebooks in JupyterLab, in a real browser that reaches nothing but this machine: what people would see."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, WebSocket, sync_playwright

pytestmark = pytest.mark.debian("chromium", "fonts-dejavu-core")

ROOT = Path(__file__).parent.parent
FIRST, OWN, PLANTED = "01-first-look", "02-your-own-files", "planted"
QUEUES, PEOPLE = "03-queues-and-calls", "04-people-and-kpi"
PATIENCE = 240  # seconds, after which what has not come is not waited for any more
CHARTS = {FIRST: 5, OWN: 1, QUEUES: 9, PEOPLE: 6}

CHROMIUM = [  # nothing of its own either; as root it runs only without a sandbox
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
READY = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
DONE = """() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const code = [...panel.content.model.cells].filter(cell => cell.type === 'code');
    return panel.sessionContext.session.kernel.status === 'idle' && code.every(cell => cell.executionCount);
}"""
OUTPUTS = """() => [...window.jupyterapp.shell.currentWidget.content.model.cells]
    .filter(cell => cell.type === 'code').flatMap(cell => cell.outputs.toJSON())"""


@dataclass
class Watch:
    """All that a page asks for, and all that it complains of."""

    outside: list[str] = field(default_factory=list)
    inside: int = 0
    complaints: list[str] = field(default_factory=list)

    def page(self, browser: Browser) -> Page:
        """A new page that is watched and kept from the network."""
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE * 1000)
        page.route("**/*", self.pass_or_stop)
        page.on("request", self.asked)
        page.on("websocket", self.opened)
        page.on("console", self.said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def asked(self, request: Request) -> None:
        self.note(request.url)

    def opened(self, sockets: WebSocket) -> None:
        self.note(sockets.url)

    def said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def note(self, url: str) -> None:
        if here(url):
            self.inside += 1
        else:
            self.outside.append(url)

    @staticmethod
    def pass_or_stop(route: Route) -> None:
        route.continue_() if here(route.request.url) else route.abort()


def here(url: str) -> bool:
    """Whether an address is on this machine, or holds what it names."""
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about") or parts.hostname == "127.0.0.1"


# ---- JupyterLab ------------------------------------------------------------------------------------------------------
def environment(home: Path) -> dict[str, str]:
    """Settings of nobody: a home of its own, no proxy, no question for news."""
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")
    own = {name: str(home / name.lower()) for name in names}
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    places = {"HOME": str(home), "TMPDIR": str(home), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    return {**kept, **own, **places, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def lab(folder: Path, home: Path) -> Iterator[str]:
    """JupyterLab over a folder; the address of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=", "--LabApp.extension_manager=readonly", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    log = home / "server.log"
    with log.open("w") as told:
        server = subprocess.Popen(
            command, env=environment(home), cwd=folder, stdout=told, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        address = f"http://127.0.0.1:{port}"
        until(lambda: answers(address) or server.poll() is not None)
        assert server.poll() is None, log.read_text()[-3000:]
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # the kernels, too: the session is its own
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def answers(address: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{address}/api", timeout=5):
            return True
    except (URLError, OSError):
        return False


def until(true: Callable[[], object]) -> None:
    """Wait for something, but not for ever."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it has not come"
        time.sleep(0.2)


# ---- what was seen ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Seen:
    """A notebook after all its cells have run: the page, what it asked for, and the outputs in it."""

    page: Page
    watch: Watch
    outputs: list[dict[str, Any]]

    def each(self, selector: str, what: str) -> list[Any]:
        """Something of each element that a selector finds, by an expression of JavaScript about `e`."""
        found: list[Any] = self.page.eval_on_selector_all(selector, f"all => all.map(e => {what})")
        return found


def opened(browser: Browser, address: str, name: str) -> Seen:
    """Open a notebook, run all cells, wait for their end."""
    watch = Watch()
    page = watch.page(browser)
    page.goto(f"{address}/lab/tree/{name}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function(READY)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.wait_for_function(DONE)
    return Seen(page, watch, page.evaluate(OUTPUTS))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    """Every notebook, and one with faults."""
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    for name in CHARTS:
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder)
    nbformat.write(planted(), folder / f"{PLANTED}.ipynb")
    chromium = shutil.which("chromium")
    with lab(folder, home) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        try:
            yield {name: opened(browser, address, name) for name in (*CHARTS, PLANTED)}
        finally:
            browser.close()


def planted() -> nbformat.NotebookNode:
    """A notebook that does what the others must not do."""
    html = (
        '<img src="http://cdn.example.com/a.png"><script>new WebSocket("ws://cdn.example.com/b")</script>'
        "<script>console.error('planted')</script><script>throw new Error('thrown')</script>"
    )
    source = f"from IPython.display import HTML\nHTML({html!r})"
    cells = [nbformat.v4.new_code_cell(source, id="show")]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


# ---- what it must be -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", CHARTS)
def test_no_cell_fails_or_warns(seen: dict[str, Seen], name: str) -> None:
    outputs = seen[name].outputs
    assert len(outputs) >= 10
    assert [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"] == []


@pytest.mark.parametrize("name", CHARTS)
def test_nothing_is_asked_from_outside_and_no_script_fails(seen: dict[str, Seen], name: str) -> None:
    watch = seen[name].watch
    assert watch.inside > 20
    assert (watch.outside, watch.complaints) == ([], [])


def test_what_is_planted_is_found(seen: dict[str, Seen]) -> None:
    """Were the watch blind, the test above would say nothing."""
    page, watch = seen[PLANTED].page, seen[PLANTED].watch
    page.wait_for_function("() => document.querySelector('.jp-OutputArea img')?.complete")
    until(lambda: page.wait_for_timeout(50) or {"planted", "thrown"} <= {*watch.complaints})
    assert {"http://cdn.example.com/a.png", "ws://cdn.example.com/b"} == {*watch.outside}


@pytest.mark.parametrize("name", CHARTS)
def test_charts_are_drawn(seen: dict[str, Seen], name: str) -> None:
    page = seen[name].page
    page.wait_for_function(f"() => document.querySelectorAll('.vega-embed svg.marks').length === {CHARTS[name]}")
    size = "[e.getBoundingClientRect().width, e.getBoundingClientRect().height]"
    for width, height in seen[name].each(".vega-embed svg.marks", size):
        assert 500 < width <= 620 and height > 150
    assert min(seen[name].each(".vega-embed svg.marks", "e.querySelectorAll('path[d], text').length")) > 20
    assert all(seen[name].each(".vega-embed svg.marks", "e.querySelector('.mark-text.role-title-text').textContent"))
    assert seen[name].each(".vega-embed svg.marks", "/NaN|undefined/.test(e.innerHTML)") == [False] * CHARTS[name]


def test_the_pointer_shows_the_figures(seen: dict[str, Seen]) -> None:
    page = seen[FIRST].page
    point = page.locator(".vega-embed svg.marks .mark-symbol.role-mark path").first
    tooltip = page.locator("#vg-tooltip-element.visible")
    page.bring_to_front()  # a page behind others may not hear of the pointer

    def shown() -> bool:
        """Point again, as a hand does: a page that still moves leaves a resting pointer beside the point."""
        page.mouse.move(0, 0)
        point.hover(force=True)  # Vega listens on the whole picture
        page.wait_for_timeout(200)
        return tooltip.is_visible()

    until(shown)
    told = tooltip.inner_text()
    assert "2026-06-" in told and "Service level" in told and "%" in told
    assert ":" not in told  # of a day


@pytest.mark.parametrize("name", CHARTS)
def test_tables_are_drawn(seen: dict[str, Seen], name: str) -> None:
    html = ["".join(o.get("data", {}).get("text/html", "")) for o in seen[name].outputs]
    frames = sum('class="dataframe"' in text for text in html)
    assert frames >= 4
    rows = seen[name].each("table.dataframe", "[e.rows.length, e.getBoundingClientRect().height]")
    assert len(rows) == frames and all(count > 1 and height > 20 * count for count, height in rows)
    cells = seen[name].each(".jp-OutputArea .rows td", "getComputedStyle(e).whiteSpace")
    assert {*cells} == {"nowrap"}  # or Lab breaks dates and names in two
