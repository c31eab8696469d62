"""The README keeps its word: its files load, its Python runs, its commands and its links exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import okireports as oki
from okireports.report import REPORTS, all_reports

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")

FILES = re.compile(r"^`(\S+\.csv)`\n```csv\n(.*?)^```$", re.M | re.S)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """The README's files laid in an empty folder and its Python run there, block after block as one reads it."""
    folder = tmp_path_factory.mktemp("readme")
    for name, text in FILES.findall(README):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    names: dict[str, object] = {"__name__": "__main__"}
    kept = {report.name: report for report in all_reports()}
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        for number, block in enumerate(PYTHON.findall(README), 1):
            exec(compile(block, f"README.md, Python block {number}", "exec"), names)
    REPORTS.clear()
    REPORTS.update(kept)  # without the README's own
    return folder, names


def test_from_files_to_a_chart_takes_five_lines() -> None:
    lines = [line for line in PYTHON.findall(README)[0].splitlines() if line.strip() and not line.startswith("import ")]
    assert len(lines) == 5


def test_the_files_are_loaded_to_the_last_row(ran: tuple[Path, dict[str, object]]) -> None:
    loads = oki.open(ran[0] / "center").loads
    facts = [text for name, text in FILES.findall(README) if Path(name).stem in ("calls", "statuses")]
    rows = sum(len(text.splitlines()) - 1 for text in facts)
    assert list(loads["rows_in"]) == list(loads["rows_loaded"]) == [rows]
    assert list(loads["rows_unassigned"]) == [0]


def test_the_report_is_counted_right(ran: tuple[Path, dict[str, object]]) -> None:
    # By hand, from the two calls of the README: in the first 02:00 hour (summer time) one customer was answered after
    # 12 s, within the 20 s promised; in the second (winter time) one left after 4 s, under the 5 s that excuse it.
    frame = ran[1]["result"].frame  # type: ignore[attr-defined]  # a name of the README's own
    assert [t.isoformat() for t in frame["interval"]] == ["2025-10-26T02:00:00+02:00", "2025-10-26T02:00:00+01:00"]
    assert list(frame["offered"]) == [1, 1]
    assert list(frame["answered_in_time"]) == [1, 0]
    assert list(frame["abandoned_short"]) == [0, 1]


def test_the_chart_is_a_picture(ran: tuple[Path, dict[str, object]]) -> None:
    assert (ran[0] / "service_level.png").read_bytes().startswith(b"\x89PNG")


def test_every_command_is_one_of_ours() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for line in "".join(SHELL.findall(README)).splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] == "make":
            assert words[1] in targets, line
        else:
            assert not words or words[0] in ("okireports", ".venv/bin/okireports", "bash"), line


def test_every_link_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
