"""The notebooks run from top to bottom in a real kernel without a network, show what they say, and hold no outputs."""

from __future__ import annotations

import html
import json
import os
import re
import resource
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
import vl_convert
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from okireports import charts

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIRST, OWN = "01-first-look", "02-your-own-files"
QUEUES, PEOPLE, ADMIN = "03-queues-and-calls", "04-people-and-kpi", "07-administration"
DIALER, MONEY = "05-dialer-and-quality", "06-crm-and-money"
WRITTEN = "08-your-own-report"
SHOWN = {  # results that end a cell, or stand beside an explorer: a chart and its first rows
    **{FIRST: 6, OWN: 2, QUEUES: 10, PEOPLE: 6},
    **{DIALER: 7, MONEY: 8, ADMIN: 2, WRITTEN: 3},
}
BOARDS = {FIRST: 6, QUEUES: 4, PEOPLE: 3}  # reports of their dashboards, whose results stand beside them
STATIC, VIEW = "okireports-static", "application/vnd.jupyter.widget-view+json"
SECONDS = 230  # of processor time, for all: a busy machine is not a slow notebook

# Run by Python as it starts: whoever asks for a host, in the kernel or a process of its own, gets an error.
GUARD = """
import sys


def guard(event, args):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto") or (
        event == "socket.connect" and not isinstance(args[1], (str, bytes))
    ):
        raise OSError(f"there is no network here: {event} {args[-1]}")


sys.addaudithook(guard)
"""


class Here(KernelSpecManager):
    """The Python that runs the tests, whatever kernels are installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


@dataclass(frozen=True)
class Ran:
    """A notebook with its outputs, what it cost, and what it left behind."""

    cells: dict[str, NotebookNode]
    seconds: float
    left: list[str]

    def texts(self, cell: str) -> list[str]:
        """Everything in a cell's outputs that a person can read, but pictures."""
        found = []
        for output in self.cells[cell].get("outputs", []):
            found += [output.text] if output.output_type == "stream" else []
            found += [text for kind, text in output.get("data", {}).items() if kind.startswith("text/")]
        return found

    def text(self, cell: str) -> str:
        return "\n".join(self.texts(cell))

    def displayed(self) -> list[dict[str, str]]:
        """All outputs, by media type."""
        return [output.data for cell in self.cells.values() for output in cell.get("outputs", []) if "data" in output]

    def results(self) -> list[dict[str, str]]:
        """What the reports that end a cell have shown."""
        return [data for data in self.displayed() if re.fullmatch(r"<.+: [\d,]+ rows, .+>", data["text/plain"])]


def execute(notebook: NotebookNode) -> Ran:
    """Run a notebook in an empty folder, in a kernel that talks over files and not over the network."""
    with tempfile.TemporaryDirectory(prefix="nb-") as name:  # a short name: a socket's path has 100 letters
        place = Path(name)
        for part in ("tmp", "work", "home", "guard"):
            (place / part).mkdir()
        (place / "guard" / "sitecustomize.py").write_text(GUARD)
        nowhere = "http://127.0.0.1:9"  # for what does not go through Python's sockets
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(place / "guard"), str(ROOT)]),
            "TMPDIR": str(place / "tmp"),
            "HOME": str(place / "home"),
            "IPYTHONDIR": str(place / "home"),
            **{kind: nowhere for kind in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY")},
        }
        connection = str(place / "k.json")
        manager = AsyncKernelManager(
            kernel_name="python3", kernel_spec_manager=Here(), transport="ipc", connection_file=connection
        )
        patience = {"timeout": 300, "iopub_timeout": 60, "raise_on_iopub_timeout": True}  # no output gets lost
        client = NotebookClient(notebook, km=manager, resources={"metadata": {"path": place / "work"}}, **patience)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        client.execute(env=env, cleanup_kc=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        left = [path.name for part in ("tmp", "work") for path in (place / part).iterdir()]
    return Ran({cell.id: cell for cell in notebook.cells}, seconds, left)


@pytest.fixture(scope="module")
def ran() -> dict[str, Ran]:
    """All notebooks, each run once; an error in one is an error here."""
    return {path.stem: execute(nbformat.read(path, as_version=4)) for path in NOTEBOOKS}


# ---- the files -------------------------------------------------------------------------------------------------------
def test_none_is_left_out() -> None:
    assert [path.stem for path in NOTEBOOKS] == [*SHOWN]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_file_holds_no_outputs_and_nothing_of_a_machine(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        assert cell.metadata == {}, cell.id  # no tag lets an error pass
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None), cell.id
    written = json.dumps(json.loads(path.read_text("utf-8")), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    assert path.read_text("utf-8") == written  # as Jupyter writes it: saving changes what was changed, no more


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_are_short_and_have_names(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    names = [cell.id for cell in cells]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names), names  # not drawn by chance
    for cell in cells:
        code = re.sub(r'""".*?"""', '""', cell.source, flags=re.S)  # the rows of a file are no code
        assert len(code.splitlines()) <= (20 if cell.cell_type == "code" else 8), cell.id


# ---- what they do ----------------------------------------------------------------------------------------------------
def test_they_run_quickly_and_leave_nothing_behind(ran: dict[str, Ran]) -> None:
    assert {name: run.left for name, run in ran.items()} == {name: [] for name in SHOWN}
    assert 0 < sum(run.seconds for run in ran.values()) < SECONDS


def test_nothing_is_said_on_the_error_stream(ran: dict[str, Ran]) -> None:
    outputs = [output for run in ran.values() for cell in run.cells.values() for output in cell.get("outputs", [])]
    assert len(outputs) > 20
    assert [output for output in outputs if output.get("name") == "stderr" or output.output_type == "error"] == []


def test_a_kernel_without_a_network_says_so() -> None:
    """Were the guard not at work, the runs above would say nothing about being offline."""
    asking = "import urllib.request\nurllib.request.urlopen('http://192.0.2.1/', timeout=1)"
    naming = "import socket\nsocket.create_connection(('example.com', 80), timeout=1)"
    for source in (asking.replace("urllib.request.urlopen", "urllib.request.build_opener().open"), naming):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, id="ask")])
        with pytest.raises(CellExecutionError, match="there is no network here"):
            execute(notebook)


def test_results_are_shown_live_and_as_pictures(ran: dict[str, Ran]) -> None:
    shown = {name: run.results() for name, run in ran.items()}
    assert {name: len(results) for name, results in shown.items()} == SHOWN
    for data in (data for results in shown.values() for data in results):
        assert set(data) == {"text/html", "image/png", "text/plain"}
        assert b64decode(data["image/png"]).startswith(b"\x89PNG\r\n")
        rows = int(re.search(r": ([\d,]+) rows", data["text/plain"])[1].replace(",", ""))  # type: ignore[index]  # it fits
        page = data["text/html"].replace(library(), "")
        assert page.count("vegaEmbed(") == 1 and page.count("<table>") == 1
        assert page.count("<tr>") == 1 + min(rows, 10)
        assert (f"{rows - 10:,} more rows" in page) == (rows > 10)


def test_widgets_leave_their_first_results(ran: dict[str, Ran]) -> None:
    """Where no widget can be drawn there is what it was asked for, and its own text says nothing."""
    boards = {
        name: [data for data in run.displayed() if STATIC in data.get("text/html", "")] for name, run in ran.items()
    }
    vega = library()
    found = {
        name: [data["text/html"].replace(vega, "").count("<table>") for data in shown] for name, shown in boards.items()
    }
    assert {name: max(counts) for name, counts in found.items() if max(counts, default=0) > 1} == BOARDS
    widgets = [data["text/plain"] for run in ran.values() for data in run.displayed() if VIEW in data]
    assert len(widgets) == sum(map(len, boards.values())) + 1  # the administration's
    assert {re.sub(r" for \w+>", ">", text) for text in widgets} == {"<Explorer>", "<Dashboard>", "<Administration>"}


# ---- nothing from outside --------------------------------------------------------------------------------------------
def library() -> str:
    """Vega as a chart brings it, in which no text may end the script."""
    whole: str = vl_convert.javascript_bundle(vl_version=charts.VEGA_LITE)  # type: ignore[call-arg]  # its stub
    return whole.replace("</script", "<\\/script")


NAMES = (  # they look like addresses, and nobody asks for them
    r"http://www\.w3\.org/(1999/xhtml|1999/xlink|2000/svg)\b",
    r'"\$schema": "https://vega\.github\.io/schema/vega-lite/v\d+(\.\d+)*\.json"',
    r"data:image/png;base64,[\w+/=]+",
    r"(?<=>)https://recordings\.example\.com/[\w./-]+(?=<)",  # what a cell of a table holds
)
PERSON = re.compile(r"\+4822000[1-9]\d{3}")  # the numbers of the demo's customers; its lines begin with 0


def outside(page: str, vega: str = "") -> list[str]:
    """All addresses of other places in a piece of HTML, apart from the library and from names."""
    rest = html.unescape(page.replace(vega, "") if vega else page)
    for name in NAMES:
        rest = re.sub(name, "", rest)
    return re.findall(r"(?:[a-zA-Z][\w+.-]*:)?//[^\s\"'<>]+|@import[^;]+|\bwss?:\S+", rest)


@pytest.mark.parametrize(
    "planted",
    [
        '<script src="https://cdn.example.com/vega.js"></script>',
        "<img src=//cdn.example.com/x.png>",
        '<img src="&#104;ttp&#x3a;&#47;&#47;example.com">',
        '<style>@import "x.css";</style>',
        "<style>p{background:url(HTTPS://example.com/x)}</style>",
        '<script>fetch("http://www.w3.org.example.com/")</script>',
        '"$schema": "https://vega.example.com/v6.json"',
    ],
)
def test_an_outside_address_is_found(planted: str) -> None:
    assert outside(f"<p>1 &lt; 2</p>{planted}<svg xmlns='http://www.w3.org/2000/svg'></svg>")


def test_what_is_shown_asks_for_nothing_outside(ran: dict[str, Ran]) -> None:
    vega = library()
    assert outside(vega)  # it names many; that it asks for none without being told to is its own business
    pages = list(displayed(ran))
    assert sum(vega in page for _, page in pages) == sum(SHOWN.values()) + len(BOARDS)
    assert {cell: found for cell, page in pages if (found := outside(page, vega))} == {}


def displayed(ran: dict[str, Ran]) -> Iterator[tuple[str, str]]:
    for run in ran.values():
        for cell in run.cells.values():
            for output in cell.get("outputs", []):
                if "text/html" in output.get("data", {}):
                    yield cell.id, output.data["text/html"]


# ---- what they say ---------------------------------------------------------------------------------------------------
def test_a_first_look_shows_only_what_is_hers(ran: dict[str, Ran]) -> None:
    """The admin, who comes late in the notebook, sees the names of all projects; before her nobody sees the others."""
    run = ran[FIRST]
    names = list(run.cells)
    every = set(re.findall(r"\b(?:Acme Shop|[A-Z]\w+ (?:Internet|Clinic|Energy|Polls|Logistics))\b", run.text("admin")))
    assert every == {"Acme Shop", "Bluebird Internet", "Cedar Clinic", "Dune Energy", "Echo Polls", "Fern Logistics"}
    before = "\n".join(run.text(cell) for cell in names[: names.index("admin")])
    assert {name for name in every if name in before} == {"Acme Shop", "Bluebird Internet"}
    clients = "\n".join(run.text(cell) for cell in names if cell.startswith("client-"))
    assert "Acme Shop" in clients and "Bluebird" not in clients
    assert "not in his log: phone" in run.text("client-log-page")
    assert not PERSON.search(clients) and PERSON.search(run.text("call-log-page"))


def test_refusals_are_plain(ran: dict[str, Ran]) -> None:
    said = [line for line in ran[FIRST].text("refused").splitlines() if line]
    kinds = [line.split(":")[0] for line in said]
    assert kinds == ["UnknownName", "UnknownName", "UnknownReport", "BadOption", "BadPeriod", "Refused"]
    assert said[0].replace("Bluebird Internet", "No Such Project") == said[1]


def test_a_vendors_rows_come_in_as_counted_by_hand(ran: dict[str, Ran]) -> None:
    run = ran[OWN]
    assert "8 rows in, 7 loaded, 1 rejected, 0 updated" in run.text("first-load")
    assert re.search(r"october\.csv\s+6\s+started_at", run.text("rejected-rows"))
    assert "8 rows in, 8 loaded, 0 rejected, 1 updated" in run.text("second-load")
    # 25 October: V-1001, V-1004 and V-1005 of five within 20 s; the 26th: V-1006 and V-1008; V-1007 is outbound.
    days = re.findall(r"<td>(2025-10-2\d)</td><td[^>]*>(\d+)</td><td[^>]*>(\d+)</td>", run.text("supervisor"))
    assert days == [("2025-10-25", "5", "3"), ("2025-10-26", "2", "2")]
    assert "3 rows in, 3 loaded, 0 rejected, 0 updated" in run.text("canonical-files")
    # V-1006 and c-1 in the first hour from 2 to 3, in 15 and 10 s; c-2 in the second, in 45 s; c-3 was not answered.
    night = re.findall(r"2025-10-26 (\d\d):00:00(\S+)\s+(\d)\s+(\d)\s+\S+$", run.texts("night")[0], re.M)
    assert night == [("02", "+02:00", "2", "2"), ("02", "+01:00", "1", "0"), ("03", "+01:00", "1", "0"), *night[3:]]
    assert "V-1001 2025-10-25 11:00:05+02:00" in run.text("other-zone")  # 09:00:05 UTC
    assert "<Call log: 8 rows" in run.text("take-back")


def test_an_analyst_sees_no_other_projects(ran: dict[str, Ran]) -> None:
    others = ("Cedar Clinic", "Dune Energy", "Echo Polls", "Fern Logistics")
    for name in (QUEUES, PEOPLE):
        said = "\n".join(ran[name].text(cell) for cell in ran[name].cells)
        assert "Acme" in said and "Bluebird" in said
        assert [other for other in others if other.split()[0] in said] == []


def test_a_client_sees_numbers_for_people(ran: dict[str, Ran]) -> None:
    said = ran[PEOPLE].text("client-scorecard")
    assert re.findall(r"Operator \d{4}", said)
    hidden = re.search(r"not his: (.*)", said)[1]  # type: ignore[index]  # it is there
    assert {"attendance", "operator_summary", "billable_time"} <= {*hidden.split(", ")}


def test_a_kind_of_file_that_there_is_not_is_refused_and_the_others_are_saved(ran: dict[str, Ran]) -> None:
    said = ran[PEOPLE].text("save-files")
    assert re.findall(r"^(\S+): [\d,]+ bytes$", said, re.M) == ["kpi.xlsx", "people.html", "ranking.csv"]
    assert "kpi.pdf: A file cannot be saved as '.pdf'" in said
