"""Widgets on a page that nbconvert makes of a notebook: what they were asked for at first, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import nbformat
import pytest
import vl_convert

import growing
from live import environment, notebook
from okireports import charts

QUIET = [f"--HTMLExporter.{name}=" for name in ("mathjax_url", "require_js_url", "jquery_url", "mermaid_js_url")]
STATELESS = "--ExecutePreprocessor.store_widget_state=False"
GIVEN = 'period=("2025-06-01", "2025-07-01"), projects=["Alpha"]'
EXPLORER, BOARD, OPEN, CLOSED, OWN = "explorer", "board", "open", "closed", "own"
CELLS = {
    "begin": "import okireports as oki\nfrom datetime import datetime, UTC\n"
    "center = oki.open({!r}, now=datetime(2025, 7, 1, 12, tzinfo=UTC))\n"
    "viewer, alone = center.viewer('anna'), center.viewer('iga')",
    EXPLORER: f'viewer.explore(report="queue_summary", {GIVEN})',
    BOARD: f'viewer.dashboard([("service_level", {{"by": "day"}}), "queue_summary"], {GIVEN}, language="pl")',
    OPEN: "viewer.explore()",
    CLOSED: f'alone.explore(report="queue_summary", {GIVEN})',  # refused when it runs
    OWN: "oki.project_selector(viewer)",
}
ALONE = "iga (role Own) sees only her own rows"
HIDDEN = re.compile(r"Beta line|[>,'\"\[ ]Beta[<,'\"\]]|\bola\b")  # anna is in Alpha only; &Beta; is a letter


@dataclass(frozen=True)
class Made:
    """A notebook that was run, and the page that was made of it."""

    cells: dict[str, list[dict[str, Any]]]
    page: str

    def html(self, cell: str) -> str:
        """What the second output of a cell, which stands in for its widget, has as HTML."""
        return "".join(self.cells[cell][1]["text/html"])

    def told(self, cell: str) -> str:
        """The same without the library, in which all words may be."""
        return self.html(cell).replace(library(), "")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder, home = tmp_path_factory.mktemp("static"), tmp_path_factory.mktemp("home")
    center = growing.make(folder)
    center.load(growing.day(folder, 0))
    why = {"actor": "admin", "reason": "a test"}
    center.roles.create("Own", copy="Supervisor", take=["run_sql"], add=["own_rows_only"], **why)
    center.users.create("iga", role="Own", projects=["Alpha"], **why)
    sources = [source.format(str(center.path)) if name == "begin" else source for name, source in CELLS.items()]
    nbformat.write(notebook(*sources), folder / "widgets.ipynb")
    env = environment(home)

    def convert(*how: str) -> None:
        command = [sys.executable, "-m", "nbconvert", *how]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]

    convert("widgets.ipynb", "--to", "notebook", "--execute", STATELESS, "--output", "done.ipynb")
    convert("done.ipynb", "--to", "html", *QUIET)
    cells = json.loads((folder / "done.ipynb").read_text("utf-8"))["cells"]
    outputs = [[output["data"] for output in cell["outputs"] if "data" in output] for cell in cells]
    return Made(dict(zip(CELLS, outputs, strict=True)), (folder / "done.html").read_text("utf-8"))


def library() -> str:
    """What draws charts, as it stands on a page."""
    whole: str = vl_convert.javascript_bundle(vl_version=charts.VEGA_LITE)  # type: ignore[call-arg]  # its stub
    return whole.replace("</script", "<\\/script")


# ---- what is there ---------------------------------------------------------------------------------------------------
def test_an_explorer_leaves_its_first_result(made: Made) -> None:
    widget, static = made.cells[EXPLORER]
    assert "application/vnd.jupyter.widget-view+json" in widget and "text/html" not in widget
    assert {*static} == {"text/html", "image/png", "text/plain"}
    told = made.told(EXPLORER)
    assert told.count("<table>") == 1 and f'<td>Alpha line</td><td class="n">{growing.ALPHA}</td>' in told
    assert told.count("followed(e,spec,dark)") == 1 and made.html(EXPLORER).count(library()) == 1
    assert "service_level by the centre's formula" in told.replace("&#x27;", "'")  # the definitions
    assert re.search(r'<noscript><img alt="Queue summary\. [^"]+" src="data:image/png;base64,iVBOR', told)


def test_a_dashboard_leaves_all_its_results_in_its_language(made: Made) -> None:
    told = made.told(BOARD)
    assert re.findall(r"<h4[^>]*>([^<]+)</h4>", told) == ["Poziom obsługi", "Raport zbiorczy kolejek"]
    assert (told.count("<table>"), told.count("<noscript>"), told.count("followed(e,spec,dark)")) == (2, 2, 2)
    assert made.html(BOARD).count(library()) == 1
    assert told.count(">Kolejka</th>") == 2 and ">Queue</th>" not in told
    assert made.cells[BOARD][1].keys() == {"text/html", "text/plain"}


def test_where_something_is_left_to_be_chosen_it_says_what_to_do(made: Made) -> None:
    assert "Run this cell in Jupyter to choose projects" in made.told(OPEN)
    assert "<table>" not in made.told(OPEN) and library() not in made.html(OPEN)
    assert ALONE in made.told(CLOSED)


def test_the_page_shows_them(made: Made) -> None:
    """The page writes some of the HTML in its own way, so that it is counted and not compared."""
    assert made.page.count("<td>Alpha line</td>") == made.page.count("followed(e,spec,dark)") == 3
    assert made.page.count("if(!window.vegaEmbed)") == 2
    assert made.page.count("Run this cell in Jupyter") == made.page.count(ALONE) == 1
    assert made.page.count("okireports-live-") == 4  # none of them is drawn


def test_it_is_not_seen_where_the_widget_is(made: Made) -> None:
    marks = set()
    for cell in (EXPLORER, BOARD, OPEN, CLOSED):
        (mark,) = set(re.findall(r"okireports-(?:live|static)-([0-9a-f]{12})", made.told(cell)))
        assert f"body:has(.okireports-live-{mark})" in made.told(cell)
        marks.add(mark)
    assert len(marks) == 4


# ---- what is not there -----------------------------------------------------------------------------------------------
def test_plain_text_says_nothing_of_what_is_in_the_widgets(made: Made) -> None:
    plain = {name: ["".join(data["text/plain"]) for data in outputs] for name, outputs in made.cells.items()}
    assert [plain[name][0] for name in (EXPLORER, BOARD, OPEN, CLOSED, OWN)] == [
        "<Explorer for anna>", "<Dashboard for anna>", "<Explorer for anna>", "<Explorer for iga>",
        "<ProjectSelector>",
    ]  # fmt: skip
    assert re.fullmatch(r"<Queue summary: 1 rows, .+, Alpha>", plain[EXPLORER][1])


def test_nothing_hidden_is_in_it(made: Made) -> None:
    page = made.page.replace(library(), "")
    cells = "".join(text for outputs in made.cells.values() for data in outputs for text in flat(data.values()))
    assert "Alpha" in page and "Alpha" in cells
    assert HIDDEN.findall(page) == HIDDEN.findall(cells.replace(library(), "")) == []
    left = [name for name in ("call_log", "Call log", "operators_log", "Staffing") if name in page + cells]
    assert left == []  # what else could have been chosen


def flat(values: Iterable[Any]) -> Iterator[str]:
    """The texts of outputs, which a file holds line by line."""
    return ("".join(value) if isinstance(value, list) else str(value) for value in values)


STYLED = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]?([^'\";]+)")


class Addresses(HTMLParser):
    """Every address that a page's elements or styles name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.style = tag == "style"
        self.found += [value for name, value in attrs if name in ("src", "href", "srcset", "data", "action") and value]

    def handle_data(self, data: str) -> None:
        if self.style:
            self.found += [a or b for a, b in STYLED.findall(data)]


def outside(page: str) -> Iterator[str]:
    reader = Addresses()
    reader.feed(page)
    return (found for found in reader.found if re.match(r"(?!data:)[a-zA-Z][\w+.-]*:|//", found.strip()))


def test_nothing_is_asked_from_outside(made: Made) -> None:
    assert [*outside(made.page)] == []
    assert "html-manager" not in made.page  # by which a page would draw widgets, from outside
    planted = ('<script src="https://example.com/a.js"></script>', "<style>@import '//example.com/b.css';</style>")
    assert [*outside(made.page + "".join(planted))] == ["https://example.com/a.js", "//example.com/b.css"]
