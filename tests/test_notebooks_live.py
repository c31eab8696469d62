"""The notebooks in JupyterLab, in a real browser that reaches nothing but this machine: what people would see."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page

from live import ROOT, Watch, chromium, lab, notebook, ran, until

pytestmark = pytest.mark.debian("chromium", "fonts-dejavu-core")

FIRST, OWN, PLANTED = "01-first-look", "02-your-own-files", "planted"
QUEUES, PEOPLE = "03-queues-and-calls", "04-people-and-kpi"
DIALER, MONEY = "05-dialer-and-quality", "06-crm-and-money"
CHARTS = {FIRST: 5, OWN: 1, QUEUES: 9, PEOPLE: 6, DIALER: 6, MONEY: 7}
OUTPUTS = """() => [...window.jupyterapp.shell.currentWidget.content.model.cells]
    .filter(cell => cell.type === 'code').flatMap(cell => cell.outputs.toJSON())"""


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
    page = ran(browser, address, name, watch)
    return Seen(page, watch, page.evaluate(OUTPUTS))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    """Every notebook, and one with faults."""
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    for name in CHARTS:
        shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder)
    nbformat.write(planted(), folder / f"{PLANTED}.ipynb")
    with lab(folder, home) as address, chromium() as browser:
        yield {name: opened(browser, address, name) for name in (*CHARTS, PLANTED)}


def planted() -> nbformat.NotebookNode:
    """A notebook that does what the others must not do."""
    html = (
        '<img src="http://cdn.example.com/a.png"><script>new WebSocket("ws://cdn.example.com/b")</script>'
        "<script>console.error('planted')</script><script>throw new Error('thrown')</script>"
    )
    return notebook(f"from IPython.display import HTML\nHTML({html!r})")


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
        point.scroll_into_view_if_needed()
        if box := point.bounding_box():
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
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
