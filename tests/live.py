"""JupyterLab and a real browser of a test's own, which reach nothing but this machine: what people would see."""

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
from urllib.error import URLError
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Route, WebSocket, sync_playwright

ROOT = Path(__file__).parent.parent
GUARD = Path(__file__).parent / "guard"  # what each Python of a server begins with
NOTES = "notes.tsv"
PATIENCE = 240  # seconds, after which what has not come is not waited for any more

CHROMIUM = [  # nothing of its own either; as root it runs only without a sandbox
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip
RUN = """async code => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({ code, store_history: false });
    let said = "";
    future.onIOPub = ({ header, content }) => {
        if (header.msg_type === "stream") said += content.text;
        if (header.msg_type === "error") said += content.evalue;
    };
    await future.done;
    return said.trim();
}"""  # what code prints, or why it fails
READY = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
DONE = """() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const code = [...panel.content.model.cells].filter(cell => cell.type === 'code');
    return panel.sessionContext.session.kernel.status === 'idle' && code.every(cell => cell.executionCount);
}"""


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
    path = os.pathsep.join([str(GUARD), str(ROOT)])
    guarded = {"PYTHONPATH": path, "OKIREPORTS_NOTES": str(home / NOTES), "PYTHONDONTWRITEBYTECODE": "1"}
    return {**kept, **own, **places, **guarded}


@dataclass(frozen=True)
class Note:
    """What the guard noted of a process, server or kernel: that it began, or wanted to leave the machine."""

    process: str
    what: str
    told: str


def notes(home: Path) -> list[Note]:
    """All that was noted so far."""
    return [Note(*line.split("\t", 2)) for line in (home / NOTES).read_text().splitlines()]


@contextmanager
def lab(folder: Path, home: Path) -> Iterator[str]:
    """JupyterLab over a folder; the address of it."""
    port = free_port()
    command = [
        "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}",
        "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=", "--LabApp.extension_manager=readonly", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with served(command, folder, home, port, "/api") as address:
        yield address


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def served(command: list[str], folder: Path, home: Path, port: int, alive: str) -> Iterator[str]:
    """A server in Python on a port of this machine, from when it answers at a path; the address of it."""
    log = home / "server.log"
    with log.open("w") as told:
        server = subprocess.Popen(
            [sys.executable, *command],
            env=environment(home),
            cwd=folder,
            stdout=told,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        until(lambda: answers(address + alive) or server.poll() is not None)
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
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5):
            return True
    except (URLError, OSError):
        return False


def until(true: Callable[[], object]) -> None:
    """Wait for something, but not for ever."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it has not come"
        time.sleep(0.2)


# ---- notebooks -------------------------------------------------------------------------------------------------------
@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        try:
            yield browser
        finally:
            browser.close()


def ran(browser: Browser, address: str, name: str, watch: Watch) -> Page:
    """The page of a notebook, opened and watched, after all its cells have run."""
    page = watch.page(browser)
    page.goto(f"{address}/lab/tree/{name}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function(READY)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.wait_for_function(DONE)
    return page


def notebook(*sources: str) -> nbformat.NotebookNode:
    """A notebook with these cells."""
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
