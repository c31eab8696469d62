"""The explorer and the dashboard without good eyes and without a pointer: what axe-core finds, and where Tab leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Locator, expect

from desk import controls
from explorer_desk import BIRCH, LARCH, Explored, room
from live import PATIENCE

pytestmark = pytest.mark.debian("chromium", "fonts-dejavu-core")

CORE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
LOADED = """source => {
    const { define } = window;
    window.define = undefined;  // axe would give itself to JupyterLab's loader
    (0, eval)(source);
    window.define = define;
    document.body.style.height = '100vh';  // JupyterLab's body has none, and axe judges no colours there
}"""
LOOKED = """async widget => {
    const { violations, passes } = await axe.run(widget, { resultTypes: ['violations', 'passes'] });
    const bad = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
    return {
        bad: bad.flatMap(({ id, nodes }) => nodes.map(({ html, any }) => `${id}: ${html} ${any[0]?.message ?? ''}`)),
        seen: Object.fromEntries(passes.map(({ id, nodes }) => [id, nodes.length])),
    };
}"""
SEEN = {"color-contrast": 20, "button-name": 10, "label": 2, "select-name": 3, "aria-required-children": 1}
PLANTED = """widget => {
    const faulty = document.createElement('p');
    faulty.style = 'color: #aaa; background: #fff';
    faulty.innerHTML = 'Hard to read <button></button>';
    widget.append(faulty);
    faulty.scrollIntoView({ block: 'center' });  // nor does it judge what is out of sight
}"""
DASHBOARD = """if 'board' in globals():
    board.close()
board = viewer.dashboard(["queue_summary", "calls_by_hour"])
board"""
TABS = ("Table", "Chart", "Definitions", "SQL")
FIRST = [  # of Tab, from the top
    "Search: Projects", "All", "None", BIRCH, "Period", "Section", "Search reports", "Report", "Interval",
    "Queues", "Operators", "Refresh",
]  # fmt: skip
TABLE = ["Search: Queue summary", "Rows per page", "Queue summary"]
TURNED = ["First", "Previous", "Page", "Next", "Last"]
LAST = ["Format", "Download", "Copy as code"]
FILTER = ["Search: Queues", "All", "None", "Birch help"]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    expect.set_options(timeout=PATIENCE * 1000)
    with room(tmp_path_factory.mktemp("room")) as lab_room:
        desk = lab_room.explored("desk", DASHBOARD)
        desk.page.set_viewport_size({"width": 1280, "height": 2400})  # all of it is in sight
        desk.page.evaluate(LOADED, CORE)
        yield desk


@pytest.fixture
def desk(opened: Explored) -> Explored:
    """The explorer, opened anew and with a result."""
    opened.again()
    opened.project(BIRCH).click()
    opened.field("Report").select_option("Queue summary")
    opened.titled("Queue summary")
    opened.shows("Rows 1 to 2 of 2")
    return opened


# ---- what axe-core finds ---------------------------------------------------------------------------------------------
def found(widget: Locator) -> dict[str, Any]:
    """What is bad within a widget, and how many elements each rule looked at and found good."""
    looked: dict[str, Any] = widget.evaluate(LOOKED)
    return looked


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_nothing_serious_is_found(desk: Explored, theme: str) -> None:
    desk.theme(theme)
    desk.filter("Queues").click()
    desk.widget.get_by_role("listbox", name="Queues").wait_for()
    for tab in TABS:
        desk.tab(tab).click()
        if tab == "Chart":
            expect(desk.chart).to_be_visible()
        looked = found(desk.widget)
        desk.pictured(f"explorer-{theme}-{tab}".lower())
        assert looked["bad"] == []
        if tab == "Table":
            assert {rule for rule, least in SEEN.items() if looked["seen"].get(rule, 0) < least} == set()


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_nothing_serious_is_found_in_a_dashboard(desk: Explored, theme: str) -> None:
    desk.theme(theme)
    board = desk.board
    board.get_by_role("option", name=BIRCH).click()
    expect(board.get_by_role("img")).to_have_count(2)
    board.scroll_into_view_if_needed()
    desk.pictured(f"dashboard-{theme}".lower())
    assert found(board)["bad"] == []
    for report in ("Queue summary", "Peak hours"):
        board.get_by_role("button", name=f"Rows: {report}").click()
    expect(board.get_by_role("table")).to_have_count(2)
    looked = found(board)
    assert looked["bad"] == [] and looked["seen"]["color-contrast"] > 20


def test_what_is_planted_is_found(desk: Explored) -> None:
    """Were axe-core blind, the tests above would say nothing."""
    desk.theme("Light")
    desk.page.bring_to_front()
    desk.widget.evaluate(PLANTED)
    assert {line.split(":")[0] for line in found(desk.widget)["bad"]} == {"color-contrast", "button-name"}


# ---- where Tab leads -------------------------------------------------------------------------------------------------
def met(desk: Explored, most: int = 80) -> list[str]:
    """The names of what is met by pressing Tab, from the first control until the explorer is left."""
    desk.page.bring_to_front()
    desk.field("Search: Projects").focus()
    focused = desk.widget.locator("*:focus")
    names = []
    for _ in range(most):
        if not focused.count():
            return names
        names.append(named(focused))
        desk.page.keyboard.press("Tab")
    pytest.fail(f"Tab leads nowhere else: {names}")


def named(focused: Locator) -> str:
    """The name of a control, as it is told to who does not see."""
    told = focused.aria_snapshot()
    name = re.search(r'"((?:[^"\\]|\\.)*)"', told.splitlines()[0])
    return name.group(1) if name else told


def test_tab_meets_every_control_once_in_order(desk: Explored) -> None:
    headings = [name for kind, name in controls(desk.table.locator("thead")) if kind == "button"]
    assert len(headings) > 10
    assert met(desk) == [*FIRST, "Table", *TABLE, *headings, "Open row 1", *TURNED, *LAST]
    desk.tab("SQL").click()
    assert met(desk) == [*FIRST, "Table", "SQL", *LAST]  # the tabs are one stop, with arrows from one to the other


def test_a_keyboard_is_enough(desk: Explored) -> None:
    """A client's project, a queue of it, a report, the chart and a file, and never a pointer."""
    keys = desk.page.keyboard
    focused = desk.widget.locator("*:focus")
    desk.field("Search: Projects").focus()
    for key in ("Tab", "Tab", "Tab", "Space", "ArrowDown", "Space"):  # Birch no more, but Larch
        keys.press(key)
    desk.until(lambda: {*desk.column("Project")} == {LARCH})
    queues = desk.widget.get_by_role("option", name=re.compile(" orders$"), include_hidden=True)
    expect(queues).to_have_text(["Larch orders"])
    desk.field("Report").focus()
    for _ in range(3):
        keys.press("Tab")
    assert named(focused) == "Operators"
    keys.press("Shift+Tab")
    expect(focused).to_have_attribute("aria-expanded", "false")
    keys.press("Enter")
    expect(focused).to_have_attribute("aria-expanded", "true")
    for key in ("Tab", "Tab", "Tab", "Tab", "ArrowDown", "Space"):
        keys.press(key)
    desk.until(lambda: desk.column("Queue") == ["Larch orders"])
    assert [name for name in met(desk) if name in FILTER] == ["All", "None", *FILTER[:3]]
    desk.tab("Table").focus()
    keys.press("ArrowRight")
    keys.press("Enter")
    expect(desk.chart).to_have_attribute("aria-label", re.compile("Larch orders"))
    desk.button("Download").focus()
    with desk.page.expect_download() as download:
        keys.press("Enter")
    assert download.value.suggested_filename == "queue_summary.csv"


def test_letters_are_not_the_notebooks(desk: Explored) -> None:
    """In a notebook two presses of D delete the cell, and X cuts it; in a list they look for a row."""
    cells = desk.page.locator(".jp-Notebook .jp-Cell")
    count = cells.count()
    for control in (desk.filter("Queues"), desk.button("Refresh"), desk.tab("Table"), desk.field("Report")):
        control.focus()
        for key in ("d", "d", "x"):
            desk.page.keyboard.press(key)
        expect(control).to_be_focused()
        expect(cells).to_have_count(count)


def test_what_has_the_keyboard_is_seen(desk: Explored) -> None:
    """Every control that Tab meets has a ring of two pixels around it."""
    desk.field("Search: Projects").focus()
    focused = desk.widget.locator("*:focus")
    script = "e => { const s = getComputedStyle(e); return s.outlineStyle + s.outlineWidth; }"
    bare = []
    for _ in range(len(FIRST) + 8):
        if focused.evaluate(script) != "solid2px":
            bare.append(named(focused))
        desk.page.keyboard.press("Tab")
    assert bare == []
