"""The parts of our own in JupyterLab, in a real browser: with a pointer, with a keyboard, and when the kernel goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from live import PATIENCE, READY, RUN, Watch, chromium, lab, notebook, ran, until

pytestmark = pytest.mark.debian("chromium", "fonts-dejavu-core")

LONG, RIGHT, POLISH, MARKUP = "Long " * 40, "מרכז שירות", "Żółw Łódź", "<b onclick='x()'>Bold</b> & co"
MADE = f"""
import threading
import ipywidgets
from okireports.errors import BadQuery
from okireports.widgets.front import Actions, Column, PageGiven, Pager, ProjectPicker, Status

NAMES = [{LONG!r}, {RIGHT!r}, {POLISH!r}, {MARKUP!r}]
NAMES += [f"Project {{n}}" for n in range(1996)]
ROWS = [[f"{{n:05}}", f"caller {{n % 7}}", str(n * 3 % 1000)] for n in range(1234)]
calls, opened, gate = [], [], threading.Event()

def fetch(asked):
    calls.append(asked)
    if asked.search == "slow":
        gate.wait(240)
    if asked.search == "broken":
        raise BadQuery("That cannot be searched.")
    rows = [row for row in ROWS if asked.search in " ".join(row)]
    if asked.sort:
        place = ["id", "caller", "wait"].index(asked.sort)
        rows.sort(key=lambda row: int(row[2]) if place == 2 else row[place], reverse=asked.desc)
    return PageGiven(len(rows), rows[asked.page * asked.size:][:asked.size])

picker = ProjectPicker(options=list(enumerate(NAMES, 1)))
polish = ProjectPicker("pl", options=[(1, "Buk"), (2, "Brzoza"), (3, "Dąb")])
status, actions = Status(), Actions()
pager = Pager(label="Calls", page_size=25, opened=lambda asked, row: opened.append((asked.page, row)))
columns = [Column("id", "Number"), Column("caller", "Caller", sortable=False), Column("wait", "Wait", "s", "right")]
pager.show(fetch, columns, len(ROWS))
"""
SHOWN = ("ipywidgets.VBox([picker, polish, status, pager, actions])", "actions")
CALM = "() => !document.getElementById('jupyterlab-splash')"  # it is taken away twice where themes change too fast
CRASH = "kernel.requestExecute({ code: 'import os; os._exit(1)' }).done.catch(() => {})"
DO = "async name => { await window.jupyterapp.commands.execute(name); }"
CONTRAST = """() => {
    const parse = colour => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
    const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3]));
    const paper = el => {
        if (!el) return [255, 255, 255];
        const own = parse(getComputedStyle(el).backgroundColor);
        return own[3] === 1 ? own.slice(0, 3) : over(own, paper(el.parentElement));
    };
    const light = rgb => rgb.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ratio = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05); };
    const text = el => [...el.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || el.matches("input, select");
    const found = [...document.querySelectorAll(".oki *")].filter(el => text(el) && el.checkVisibility()
        && !el.closest("[aria-disabled=true], :disabled"));
    const least = el => {
        const hint = el.placeholder ? [getComputedStyle(el, "::placeholder").color] : [];
        return Math.min(...[getComputedStyle(el).color, ...hint].map(c => ratio(over(parse(c), paper(el)), paper(el))));
    };
    return [found.length, found.filter(el => least(el) < 4.5).map(el => `${el.className}: ${least(el).toFixed(2)}`)];
}"""


@dataclass(frozen=True)
class Front:
    """The notebook with all parts in it."""

    page: Page
    watch: Watch
    file: Path

    def python(self, code: str) -> str:
        """Run something in the kernel; what it prints."""
        return str(self.page.evaluate(RUN, code))

    def holds(self, expression: str, value: object) -> None:
        """Wait until something in the kernel is so."""
        until(lambda: self.python(f"print(repr({expression}))") == repr(value))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def focused(self) -> Locator:
        return self.page.locator(":focus")

    @property
    def picker(self) -> Locator:
        return self.page.get_by_role("group", name="Projects", exact=True)

    @property
    def rows(self) -> Locator:
        return self.picker.get_by_role("option")

    def row(self, name: str) -> Locator:
        return self.picker.get_by_role("option", name=name, exact=True)

    @property
    def search(self) -> Locator:
        return self.picker.get_by_role("searchbox")

    @property
    def pager(self) -> Locator:
        return self.page.locator(".oki-pager")

    def button(self, name: str) -> Locator:
        return self.pager.get_by_role("button", name=name, exact=True)

    def column(self, number: int = 1) -> list[str]:
        return self.pager.locator(f"tbody td:nth-child({number})").all_inner_texts()

    def turn(self, page: str) -> None:
        """Type the number of a page."""
        place = self.pager.get_by_label("Page", exact=True)
        place.fill(page)
        place.press("Enter")

    def says(self, text: str) -> None:
        """What the pager says below its rows."""
        expect(self.pager.get_by_role("status")).to_have_text(text)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    file = folder / "front.ipynb"
    nbformat.write(notebook(MADE, *SHOWN), file)
    expect.set_options(timeout=PATIENCE * 1000)
    with lab(folder, home) as address, chromium() as browser:
        watch = Watch()
        page = ran(browser, address, "front", watch)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield Front(page, watch, file)


@pytest.fixture
def front(opened: Front) -> Front:
    """All as at first."""
    opened.python("picker.value = []; picker.disabled = False; pager.show(fetch, columns, len(ROWS)); status.idle()")
    opened.search.fill("")
    expect(opened.picker.get_by_role("status").first).to_have_text("0 of 2,000")
    opened.says("Rows 1 to 25 of 1,234")
    opened.python("calls.clear(); opened.clear()")
    return opened


# ---- choosing projects -----------------------------------------------------------------------------------------------
def test_a_pointer_picks(front: Front) -> None:
    expect(front.rows).to_have_count(200)
    expect(front.picker.get_by_text("1,800 more: search")).to_be_visible()
    front.row("Project 3").click()
    front.row("Project 1").click()
    expect(front.row("Project 3")).to_have_attribute("aria-selected", "true")
    expect(front.picker.get_by_text("2 of 2,000")).to_be_visible()
    front.holds("picker.value", [6, 8])
    front.row("Project 1").click()
    expect(front.row("Project 1")).to_have_attribute("aria-selected", "false")
    front.holds("picker.value", [8])


def test_a_search_finds_and_all_is_what_is_found(front: Front) -> None:
    front.search.fill("zolw lodz")
    expect(front.rows).to_have_text([POLISH])
    front.search.press("Enter")  # the only one
    front.holds("picker.value", [3])
    front.search.fill("PROJECT 19")
    expect(front.rows).to_have_count(107)  # 19, 190 to 199, 1900 to 1995
    front.picker.get_by_role("button", name="All").click()
    front.holds("len(picker.value)", 108)
    front.search.fill("project 1900")
    front.picker.get_by_role("button", name="None").click()
    front.holds("len(picker.value)", 107)
    front.search.fill("no such project")
    expect(front.picker.get_by_text("Nothing is found.")).to_be_visible()
    front.search.press("Escape")
    expect(front.rows).to_have_count(200)
    front.picker.get_by_role("button", name="All").click()
    front.holds("len(picker.value)", 2000)
    expect(front.picker.get_by_text("2,000 of 2,000")).to_be_visible()
    front.picker.get_by_role("button", name="None").click()
    front.holds("picker.value", [])


def test_a_keyboard_picks(front: Front) -> None:
    cells = front.page.locator(".jp-Notebook .jp-Cell").count()
    front.search.click()
    front.press("Tab", "Enter")  # All
    front.holds("len(picker.value)", 2000)
    front.press("Tab", "Space")  # None
    front.holds("picker.value", [])
    front.press("Tab", "ArrowDown", "ArrowDown", "Space", "ArrowDown", "ArrowUp", "ArrowUp", "Space")
    expect(front.focused).to_have_attribute("aria-posinset", "2")
    front.holds("picker.value", [2, 3])
    front.press("End", "Space", "Shift+ArrowUp", "Home", "Space")
    front.holds("picker.value", [1, 2, 3, 199, 200])
    front.press("Control+a")
    front.holds("len(picker.value)", 2000)
    front.press("Control+a")
    front.holds("picker.value", [])
    front.press("d", "d", "x")  # a letter is searched; JupyterLab, whose keys these are too, does nothing
    expect(front.search).to_be_focused()
    expect(front.search).to_have_value("ddx")
    front.press("Escape", "ArrowDown", "Tab")
    assert not front.picker.locator("*:focus").count()
    front.press("Shift+Tab")
    expect(front.focused).to_have_attribute("aria-posinset", "1")  # of all rows one is in the order of Tab
    outline = front.focused.evaluate("el => getComputedStyle(el).outlineStyle + getComputedStyle(el).outlineWidth")
    assert outline == "solid2px"
    assert front.page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_names_are_only_text(front: Front) -> None:
    name = front.rows.nth(0).locator("bdi")
    assert name.evaluate("el => el.scrollWidth > el.clientWidth && el.textContent.length === 200")
    expect(front.rows.nth(0)).to_have_attribute("title", LONG)
    assert front.rows.nth(1).locator("bdi").evaluate("el => getComputedStyle(el).direction") == "rtl"
    assert front.rows.nth(2).locator("bdi").evaluate("el => getComputedStyle(el).direction") == "ltr"
    assert front.rows.nth(3).locator("bdi").evaluate("el => el.textContent") == MARKUP
    assert front.page.locator(".oki b").count() == 0


def test_what_python_chooses_shows(front: Front) -> None:
    front.python("picker.value = [5, 1]")
    expect(front.row("Project 0")).to_have_attribute("aria-selected", "true")
    expect(front.picker.get_by_text("2 of 2,000")).to_be_visible()
    front.python("picker.disabled = True")
    expect(front.search).to_be_disabled()
    front.row("Project 0").click(force=True)
    front.python("picker.disabled = False")
    expect(front.search).to_be_enabled()
    front.row("Project 1").click()
    front.holds("picker.value", [1, 5, 6])
    front.python("polish.options = [(2, 'Brzoza'), (4, 'Jawor')]")
    polish = front.page.get_by_role("group", name="Projekty")
    expect(polish.get_by_role("option")).to_have_text(["Brzoza", "Jawor"])
    expect(polish.get_by_text("0 z 2")).to_be_visible()
    expect(polish.get_by_role("button")).to_have_text(["Wszystkie", "Żadne"])


# ---- pages -----------------------------------------------------------------------------------------------------------
def test_a_table_is_paged(front: Front) -> None:
    assert front.column()[:2] == ["00000", "00001"] and len(front.column()) == 25
    front.button("Next").click()
    front.says("Rows 26 to 50 of 1,234")
    front.button("Last").click()
    front.says("Rows 1,226 to 1,234 of 1,234")
    front.button("Next").click(force=True)  # there is none
    front.button("Previous").click()
    front.says("Rows 1,201 to 1,225 of 1,234")
    front.turn("7")
    front.says("Rows 151 to 175 of 1,234")
    front.turn("1000")
    front.says("Rows 1,226 to 1,234 of 1,234")
    front.pager.get_by_label("Rows per page").select_option("500")
    front.says("Rows 1,001 to 1,234 of 1,234")
    front.button("First").click()
    front.says("Rows 1 to 500 of 1,234")
    front.holds("[asked.page for asked in calls]", [1, 49, 48, 6, 49, 2, 0])
    front.pager.get_by_label("Rows per page").select_option("25")
    front.says("Rows 1 to 25 of 1,234")


def test_a_table_is_sorted_and_searched(front: Front) -> None:
    wait = front.pager.get_by_role("columnheader", name="Wait (s)")
    assert front.pager.get_by_role("columnheader", name="Caller").get_by_role("button").count() == 0
    expect(wait).to_have_attribute("aria-sort", "none")
    for sort, first in (("ascending", "0"), ("descending", "999"), ("none", "0")):
        wait.get_by_role("button").press("Enter")
        expect(wait).to_have_attribute("aria-sort", sort)
        until(lambda first=first: front.column(3)[0] == first)  # type: ignore[misc]
    front.holds("[(asked.sort, asked.desc) for asked in calls]", [("wait", False), ("wait", True), (None, False)])
    search = front.pager.get_by_role("searchbox")
    search.fill("caller 6")  # and nothing else is pressed
    front.says("Rows 1 to 25 of 176")
    search.fill("0007")
    search.press("Enter")
    front.says("Rows 1 to 11 of 11")
    search.fill("nothing of the kind")
    search.press("Enter")
    front.says("No rows.")
    search.fill("broken")
    search.press("Enter")
    expect(front.pager.get_by_role("alert")).to_have_text("That cannot be searched.")
    expect(search).to_have_value("nothing of the kind")  # what stands in the table
    search.fill("")
    search.press("Enter")
    front.says("Rows 1 to 25 of 1,234")
    expect(front.pager.get_by_role("alert")).to_have_text("")


def test_an_outdated_answer_is_dropped(front: Front) -> None:
    search = front.pager.get_by_role("searchbox")
    search.fill("slow")
    search.press("Enter")
    front.holds("len(calls)", 1)
    front.says("Loading…")
    for text in ("caller 1", "caller 2", "caller 3"):
        search.fill(text)
        search.press("Enter")
    front.holds("[q.asked.search for q in pager.questions.waiting.values()]", ["caller 3"])  # the kernel is not blocked
    front.python("gate.set()")
    front.says("Rows 1 to 25 of 176")
    front.holds("[asked.search for asked in calls]", ["slow", "caller 3"])
    assert {*front.column(2)} == {"caller 3"}
    late = "{**dict(kind='page', page=0, total=1, rows=[['late', '', '']], ms=0), 'view': view, 'seq': shown.seq%s}"
    front.python(f"[(view, shown)] = pager.given.items(); pager.send({late % ' - 1'}); polish.label = 'Po nim'")
    expect(front.page.get_by_role("group", name="Po nim")).to_be_visible()
    assert {*front.column(2)} == {"caller 3"}
    front.python(f"pager.send({late % ''}); polish.label = 'Projekty'")  # one that is not late is shown
    front.says("Rows 1 to 1 of 1")


def test_a_row_is_opened(front: Front) -> None:
    front.button("Next").click()
    front.says("Rows 26 to 50 of 1,234")
    front.button("Open row 26").focus()
    front.press("ArrowDown", "ArrowDown", "Enter")
    front.holds("opened", [(1, 2)])
    front.pager.locator("tbody tr").nth(4).locator("td").nth(1).dblclick()
    front.holds("opened", [(1, 2), (1, 4)])
    assert front.pager.locator("tbody button[tabindex='0']").count() == 1


def test_the_keyboard_meets_the_table_in_order(front: Front) -> None:
    front.pager.get_by_role("searchbox").focus()
    met = []
    for _ in range(11):
        front.press("Tab")
        met.append(front.focused.evaluate("el => el.getAttribute('aria-label') || el.textContent || el.type"))
    assert met[1:] == [
        "Calls", "Number", "Wait (s)", "Open row 1", "First", "Previous", "number", "Next", "Last", met[-1],
    ]  # fmt: skip
    assert not front.pager.locator("*:focus").count()


# ---- what is going on ------------------------------------------------------------------------------------------------
def test_work_is_shown_with_its_time(front: Front) -> None:
    line = front.page.locator(".oki-status")
    spinner = line.locator(".oki-spinner")
    front.python("status.busy('Calls by hour')")
    expect(line.get_by_role("status")).to_have_text("Calls by hour")
    expect(spinner).to_be_visible()
    first = line.locator(".oki-elapsed").inner_text()
    expect(line.locator(".oki-elapsed")).not_to_have_text(first)  # it counts
    assert spinner.evaluate("el => getComputedStyle(el).animationName") == "oki-turn"
    front.page.emulate_media(reduced_motion="reduce")
    assert spinner.evaluate("el => getComputedStyle(el).animationName") == "none"
    front.page.emulate_media(reduced_motion="no-preference")
    front.python("status.done()")
    expect(line.get_by_role("status")).to_have_text("Done.")
    expect(spinner).to_be_hidden()
    front.python("status.failed('There is no such queue.')")
    expect(line.get_by_role("alert").first).to_have_text("There is no such queue.")
    expect(line.get_by_role("status")).to_have_text("")


def test_a_file_arrives_once(front: Front) -> None:
    arrived = []
    front.page.on("download", lambda each: arrived.append(each))
    for count in (1, 2):
        with front.page.expect_download() as download:
            front.python("actions.offer('połączenia.csv', 'text/csv', bytes(range(256)) * 1000)")
        assert download.value.suggested_filename == "połączenia.csv"
        assert Path(download.value.path()).read_bytes() == bytes(range(256)) * 1000
        assert len(arrived) == count  # though it is shown twice
    expect(front.page.locator(".oki-actions").get_by_role("status")).to_have_text(["Downloaded: połączenia.csv"] * 2)


def test_a_text_is_copied(front: Front) -> None:
    said = front.page.locator(".oki-actions").get_by_role("status").first
    front.python("actions.copy('viewer.report(\"połączenia\")')")
    expect(said).to_have_text("Copied.")
    assert front.page.evaluate("navigator.clipboard.readText()") == 'viewer.report("połączenia")'
    front.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    front.search.click()  # a browser lets a page copy after that
    front.python("actions.copy('another')")
    until(lambda: front.page.evaluate("navigator.clipboard.readText()") == "another")
    front.page.evaluate("() => { document.execCommand = () => false; }")
    front.python("actions.copy('a third')")
    by_hand = front.page.get_by_label("Text to copy").first
    expect(by_hand).to_have_value("a third")
    front.page.locator(".oki-actions").get_by_role("button", name="Close").first.click()
    expect(by_hand).to_be_hidden()


# ---- how it looks, and what it asks for ------------------------------------------------------------------------------
def test_all_can_be_read_in_light_and_dark(front: Front) -> None:
    front.python("picker.value = [1, 2]; status.failed('It failed.')")
    expect(front.page.locator(".oki-status").get_by_role("alert").first).to_have_text("It failed.")
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        change = "async theme => { await window.jupyterapp.commands.execute('apputils:change-theme', { theme }); }"
        front.page.evaluate(change, theme)
        front.page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
        front.page.wait_for_function(CALM)
        looked, faint = front.page.evaluate(CONTRAST)
        assert looked > 300 and faint == []
    front.page.add_style_tag(
        content=".oki-more { color: #aaa !important }"
    )  # were the look blind, it would say nothing
    assert front.page.evaluate(CONTRAST)[1] == ["oki-more: 2.32"]


def test_nothing_is_asked_from_outside_and_nothing_is_saved(front: Front) -> None:
    front.page.evaluate(DO, "docmanager:save")
    saved = front.file.read_text("utf-8")
    assert saved.count("<ProjectPicker>") == 2 and "<Pager>" in saved
    outputs = str([cell.get("outputs") for cell in nbformat.read(front.file, 4).cells])
    assert POLISH not in outputs and "00001" not in outputs
    assert front.watch.inside > 20
    assert (front.watch.outside, front.watch.complaints) == ([], [])


@pytest.mark.parametrize(
    "how", ["await kernel.restart()", CRASH, "await context.shutdown()"], ids=["restart", "crash", "end"]
)
def test_a_kernel_that_is_gone_is_said(front: Front, how: str) -> None:
    lines = front.page.get_by_text("The kernel is gone: run the cell again.")
    polish = front.page.get_by_text("Jądro już nie działa: uruchom komórkę ponownie.")
    expect(lines).to_have_count(0)
    context = "window.jupyterapp.shell.currentWidget.sessionContext"
    front.page.evaluate(f"async () => {{ const context = {context}; const {{ kernel }} = context.session; {how}; }}")
    expect(lines).to_have_count(3)  # the list, the status, the table
    expect(polish).to_have_count(1)
    expect(front.search).to_be_disabled()
    if how == CRASH:
        front.page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    if "shutdown" not in how:  # that is the last one: afterwards there is no kernel
        front.page.wait_for_function(READY)
        front.page.evaluate(DO, "notebook:run-all-cells")
        expect(lines).to_have_count(0)
        front.row("Project 3").click()
        front.holds("picker.value", [8])
