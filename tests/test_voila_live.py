"""The explorer as a page of Voila, in a real browser: a notebook without its cells, which reaches nothing outside."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, expect

from desk import CANARY, Listening
from explorer_desk import BIRCH, NOW, OPENS, Looker, founded
from live import PATIENCE, chromium, free_port, notebook, notes, served
from okireports.faces import Center

pytestmark = pytest.mark.debian("chromium", "fonts-dejavu-core")

LAB = Path(sys.prefix) / "share/jupyter/voila/templates/lab/index.html.j2"
QUIET, OUTSIDE = "quiet", re.compile(r"https?://(?!www\.w3\.org)")


def template(data: Path) -> None:
    """Voila's own template without the lines that ask for something outside."""
    lines = LAB.read_text().splitlines(keepends=True)
    for program in ("voila", "nbconvert"):
        folder = data / program / "templates" / QUIET
        folder.mkdir(parents=True)
        (folder / "conf.json").write_text(json.dumps({"base_template": "lab"}))
    text = "".join(line for line in lines if "<link" not in line or not OUTSIDE.search(line))
    (data / "voila" / "templates" / QUIET / LAB.name).write_text(text)


@dataclass(frozen=True)
class House:
    """Voila and a browser, with a notebook that shows an explorer."""

    home: Path
    address: str
    browser: Browser
    center: Center

    def page(self, query: str = "") -> Looker:
        """The notebook as a page."""
        watch = Listening()
        page = watch.page(self.browser)
        page.goto(f"{self.address}/voila/render/page.ipynb{query}")
        return Looker(page, watch, self.center)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    expect.set_options(timeout=PATIENCE * 1000)
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    center = founded(tmp_path_factory.mktemp("centre"))
    template(home / "jupyter_data_dir")
    nbformat.write(
        notebook(OPENS.format(path=str(center.path), now=NOW.isoformat()), "viewer.explore()"), folder / "page.ipynb"
    )
    port = free_port()
    command = [
        "-m", "voila", str(folder), "--no-browser", "--Voila.ip=127.0.0.1", f"--port={port}", f"--template={QUIET}",
        "--VoilaConfiguration.allow_template_override=YES",
    ]  # fmt: skip
    with served(command, folder, home, port, "/") as address, chromium() as browser:
        yield House(home, address, browser, center)


def test_a_page_shows_rows_and_a_chart(house: House) -> None:
    looker = house.page()
    looker.project(BIRCH).click()
    looker.shows("Rows 1 to 100 of 130")
    assert looker.page.get_by_text("okireports.open").count() == 0  # no cells
    assert {*looker.column("Project")} == {BIRCH}
    looker.field("Report").select_option("Queue summary")
    looker.titled("Queue summary")
    looker.tab("Chart").click()
    expect(looker.chart.locator("[aria-roledescription=bar]")).to_have_count(4)
    looker.pictured("voila")
    saved = Path(looker.saves("csv").path()).read_text()
    assert saved.count("Birch help") == 1

    sent = b"\n".join(looker.watch.sent).decode("utf-8", errors="replace")
    assert CANARY.findall(looker.held().lower() + sent.lower()) == [] and BIRCH in sent
    assert (looker.watch.outside, looker.watch.complaints) == ([], [])
    assert looker.watch.inside > 10
    told = notes(house.home)
    assert [note for note in told if note.what == "outside"] == []
    assert {note.told.split()[1] for note in told} >= {"voila", "ipykernel_launcher"}


def test_what_voila_asks_for_by_itself_is_found(house: House) -> None:
    """Were the watch blind, the test above would say nothing: its own template asks for letters from outside."""
    looker = house.page("?template=lab")
    looker.project(BIRCH).wait_for()
    assert {url.split("/")[2] for url in looker.watch.outside} == {"cdn.jsdelivr.net"}
