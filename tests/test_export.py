"""Files of a result: read back with other readers, written whole or not at all, the same bytes every time."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from okireports import charts, export, frames
from okireports.errors import BadOption, ResultTooLarge
from okireports.export.cells import iso
from okireports.rows import Held

ZONE = "Europe/Warsaw"
SUFFIXES = ("csv", "parquet", "json", "xlsx", "html", "png", "svg")
META = {
    "report": "call_log", "title": "Call log <May>", "period": "2025-10-26, Europe/Warsaw",
    "description": "Calls & more",
    "definitions": "Service level: short, T = 20 s", "language": "en", "generation": 42,
}  # fmt: skip
RISKY = ("=1+1", "+48220000101", "-2", "@SUM(A1)", "\tx", "\rx")


def table(rows: int = 4) -> pa.Table:
    """A result with a column of each kind; the second and third row are the two half past twos of the autumn night."""
    starts = [
        datetime(2025, 10, 25, 22, 15), datetime(2025, 10, 26, 0, 30), datetime(2025, 10, 26, 1, 30, 0, 125_000), None,
    ]  # fmt: skip
    columns = {
        "call": pa.array([2**62 + 1, 2, 3, None], pa.int64()),
        "started_at": pa.array(starts, pa.timestamp("us")),
        "day": pa.array([date(2025, 10, 26), date(2025, 10, 26), date(2025, 10, 26), None]),
        "queue": pa.array(['Żółw "sales", 1', "=cmd|' /C calc'!A0", "two\r\nlines", None]),
        "offered": pa.array([1234567, 0, -3, None], pa.int64()),
        "service_level": pa.array([0.7609, 1.0, float("nan"), None], pa.float64()),
        "amount": pa.array([Decimal("12.340000"), Decimal("-0.000001"), Decimal("0"), None], pa.decimal128(18, 6)),
        "met": pa.array([True, False, None, None], pa.bool_()),
        "my_own": pa.array(["<b>&</b>", "</script><script>alert(1)</script>", "", None]),
    }
    return frames.arrow(pa.table(columns).slice(0, rows), ZONE)


def chart() -> Any:
    """A chart of another frame: what it shows is tested with the charts."""
    frame = pd.DataFrame({"queue": ["</script>"], "offered": pd.array([3], dtype="Int64")})
    return charts.draw(charts.bars("queue", "offered"), frame, title="Call log", zone=ZONE)


def saved(folder: Path, suffix: str, rows: pa.Table | None = None, **meta: Any) -> Path:
    """The result as a file."""
    path = folder / f"result.{suffix}"
    return export.save(path, rows=Held(table() if rows is None else rows), chart=chart, meta={**META, **meta})


# ---- every format ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_result_gives_the_same_bytes(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = saved(tmp_path, suffix).read_bytes()
    monkeypatch.setenv("TZ", "America/New_York")
    again = tmp_path / "elsewhere"
    again.mkdir()
    assert first and saved(again, suffix).read_bytes() == first


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_only_the_owner_reads_it_and_nothing_else_is_left(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"result.{suffix}").write_text("an older one")
    path = saved(tmp_path, suffix)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert b"an older one" not in path.read_bytes()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("broken", ["os.replace", "os.fsync"])
def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, suffix: str, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / f"result.{suffix}"
    old.write_text("an older one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broken, full)
    with pytest.raises(OSError, match="No space"):
        saved(tmp_path, suffix)
    assert [p.name for p in tmp_path.iterdir()] == [old.name] and old.read_text() == "an older one"


@pytest.mark.parametrize("suffix", ["html", "png", "svg"])
def test_a_chart_that_fails_leaves_no_file(tmp_path: Path, suffix: str) -> None:
    def broken() -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export.save(tmp_path / f"x.{suffix}", rows=Held(table()), chart=broken)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_result_has_its_columns(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path, suffix, table(0))
    if suffix == "csv":
        assert path.read_bytes().decode().split("\r\n") == [",".join(table().column_names), ""]
    if suffix == "parquet":
        assert pq.read_schema(path).names == table().column_names
    if suffix == "json":
        assert json.loads(path.read_text())["rows"] == []
    if suffix == "html":
        assert "No data in this period" in path.read_text()


@pytest.mark.parametrize("name", ["result.pdf", "result", "result.cvs", ".csv"])
def test_an_unknown_suffix_lists_the_permitted_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadOption) as error:
        export.save(tmp_path / name, rows=Held(table()))
    assert all(f".{s}" in str(error.value) for s in SUFFIXES)
    assert not list(tmp_path.iterdir())


def test_suffixes_in_capitals_are_known(tmp_path: Path) -> None:
    assert export.save(tmp_path / "A.CSV", rows=Held(table())).read_bytes()
    assert set(export.suffixes()) == {f".{s}" for s in SUFFIXES}


def test_a_missing_folder_and_a_missing_chart_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="no folder"):
        export.save(tmp_path / "none" / "x.csv", rows=Held(table()))
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(BadOption, match="is a folder"):
        export.save(tmp_path / "x.csv", rows=Held(table()))
    with pytest.raises(BadOption, match="no chart"):
        export.save(tmp_path / "x.png", rows=Held(table()))


# ---- csv -------------------------------------------------------------------------------------------------------------
def test_csv_reads_back(tmp_path: Path) -> None:
    raw = saved(tmp_path, "csv").read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\r\n")
    lines = list(csv.reader(io.StringIO(raw.decode(), newline=""), strict=True))
    assert lines[0] == table().column_names
    assert lines[1] == [
        str(2**62 + 1), "2025-10-26T00:15:00+02:00", "2025-10-26", 'Żółw "sales", 1', "1234567", "0.7609", "12.340000",
        "true", "<b>&</b>",
    ]  # fmt: skip
    assert lines[2][1:5] == ["2025-10-26T02:30:00+02:00", "2025-10-26", "'=cmd|' /C calc'!A0", "0"]
    assert lines[3][1] == "2025-10-26T02:30:00.125+01:00"
    assert lines[3][3:6] == ["two\r\nlines", "-3", "nan"]
    assert lines[4] == [""] * 9


@given(
    st.lists(st.datetimes(datetime(1901, 1, 1), datetime(2037, 1, 1)) | st.none(), max_size=5),
    st.sampled_from(["Europe/Warsaw", "UTC", "Asia/Kolkata", "America/St_Johns"]),
)
@example([datetime(2025, 10, 26, 0, 30), datetime(2025, 10, 26, 1, 30, 0, 5000)], "Europe/Warsaw")
def test_instants_are_written_as_the_standard_library_writes_them(times: list[datetime | None], zone: str) -> None:
    told = [None if t is None else t.replace(tzinfo=UTC) for t in times]
    wanted = [None if t is None else t.astimezone(ZoneInfo(zone)) for t in told]
    if any(t and t.utcoffset().total_seconds() % 60 for t in wanted):
        return  # offsets of before there were time zones, which ISO 8601 cannot write
    texts = iso(pa.array(told, pa.timestamp("us", zone))).to_pylist()
    scale = [
        t and ("microseconds" if t.microsecond % 1000 else "milliseconds" if t.microsecond else "seconds")
        for t in wanted
    ]
    assert texts == [t and t.isoformat(timespec=s) for t, s in zip(wanted, scale, strict=True)]


def test_duckdb_reads_the_csv(tmp_path: Path) -> None:
    path = saved(tmp_path, "csv", table(2))
    sql = f"select epoch_ms(started_at::timestamptz), offered, amount from read_csv('{path}', all_varchar = true)"
    assert duckdb.sql(sql).fetchall()[1] == (1_761_438_600_000, "0", "-0.000001")


def test_formulas_are_made_harmless_and_numbers_are_not_touched(tmp_path: Path) -> None:
    harmless = ["a=b", "'quoted", " =1", ""]
    columns = {"=head": pa.array([*RISKY, *harmless]), "offered": pa.array(range(-5, 5), pa.int64())}
    path = export.save(tmp_path / "x.csv", rows=Held(pa.table(columns)))
    lines = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
    assert lines[0][0] == "'=head"
    assert [line[0] for line in lines[1:]] == [f"'{r}" for r in RISKY] + harmless
    assert [line[1] for line in lines[1:]] == [str(n) for n in range(-5, 5)]


def test_csv_of_many_rows_is_whole(tmp_path: Path) -> None:
    path = export.save(tmp_path / "x.csv", rows=Held(pa.table({"offered": pa.array(range(120_001), pa.int64())})))
    assert duckdb.sql(f"select count(*), sum(offered) from read_csv('{path}')").fetchone() == (
        120_001,
        120_000 * 120_001 // 2,
    )


# ---- parquet, json ---------------------------------------------------------------------------------------------------
def test_parquet_is_the_table(tmp_path: Path) -> None:
    path = saved(tmp_path, "parquet")
    read = pq.read_table(path)
    assert read.schema.equals(table().schema) and read.to_pylist()[:2] == table().to_pylist()[:2]
    assert pq.ParquetFile(path).metadata.row_group(0).column(1).compression == "ZSTD"
    assert json.loads(read.schema.metadata[b"okireports"]) == META
    assert duckdb.sql(f"select sum(offered), sum(amount) from '{path}'").fetchone() == (1234564, Decimal("12.339999"))


def test_json_has_records_columns_and_provenance(tmp_path: Path) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is not JSON")

    read = json.loads(saved(tmp_path, "json").read_text(), parse_constant=refuse)
    assert read["provenance"] == META
    assert [c["name"] for c in read["columns"]] == table().column_names
    assert read["columns"][5] == {
        "name": "service_level", "type": "double", "label": "Service level", "label_pl": "Poziom obsługi",
        "unit": "share",
    }  # fmt: skip
    assert read["rows"][0]["call"] == str(2**62 + 1) and read["rows"][0]["amount"] == "12.340000"
    assert read["rows"][2]["started_at"] == "2025-10-26T02:30:00.125+01:00"
    assert read["rows"][2]["service_level"] is None and read["rows"][1]["met"] is False
    assert read["rows"][3] == dict.fromkeys(table().column_names)


def test_json_keeps_two_columns_of_one_name(tmp_path: Path) -> None:
    same = pa.Table.from_arrays([pa.array([1], pa.int64())] * 3, names=["a", "a", "a_2"])
    path = export.save(tmp_path / "x.json", rows=Held(same))
    assert json.loads(path.read_text())["rows"] == [{"a": 1, "a_2": 1, "a_2_2": 1}]


# ---- xlsx ------------------------------------------------------------------------------------------------------------
def test_xlsx_reads_back_with_types(tmp_path: Path) -> None:
    book = CalamineWorkbook.from_path(str(saved(tmp_path, "xlsx")))
    assert book.sheet_names == ["Data", "About"]
    rows = book.get_sheet_by_name("Data").to_python()
    assert rows[0] == [
        "Call", "Start", "Day", "Queue", "Offered", "Service level", "Amount", "Goal met", "my_own",
    ]  # fmt: skip
    assert rows[1][:3] == [str(2**62 + 1), datetime(2025, 10, 26, 0, 15), date(2025, 10, 26)]
    assert rows[1][3:] == ['Żółw "sales", 1', 1234567, 0.7609, 12.34, True, "<b>&</b>"]
    assert [rows[2][1], rows[3][1]] == ["2025-10-26T02:30:00+02:00", "2025-10-26T02:30:00.125+01:00"]  # ambiguous
    assert rows[2][3] == "=cmd|' /C calc'!A0"  # a text: no formula, and nothing is put before it
    assert rows[3][5] == ""
    about = dict(row[:2] for row in book.get_sheet_by_name("About").to_python())
    assert about["title"] == META["title"] and about["definitions"] == META["definitions"]


def test_xlsx_has_polish_headings_and_no_formulas(tmp_path: Path) -> None:
    path = saved(tmp_path, "xlsx", language="pl")
    assert CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[0][5] == "Poziom obsługi"
    sheet = zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet and 'state="frozen"' in sheet


def test_xlsx_of_many_rows_points_to_other_formats(tmp_path: Path) -> None:
    with pytest.raises(ResultTooLarge, match="parquet"):
        export.save(tmp_path / "x.xlsx", rows=Held(pa.table({"offered": pa.nulls(1_048_576, pa.int64())})))
    assert not list(tmp_path.iterdir())


def test_long_texts_and_numbers_beyond_excel(tmp_path: Path) -> None:
    columns = {"comment": ["x" * 40_000], "offered": pa.array([2**60], pa.int64()), "value": [float("inf")]}
    path = export.save(tmp_path / "x.xlsx", rows=Held(pa.table(columns)))
    row = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[1]
    assert row == ["x" * 32_766 + "…", str(2**60), "inf"]


def test_without_xlsxwriter_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(BadOption, match=r"okireports\[xlsx\]"):
        saved(tmp_path, "xlsx")
    assert not list(tmp_path.iterdir())


# ---- html, pictures --------------------------------------------------------------------------------------------------
class Page(HTMLParser):
    """The parts of a page that are looked at: tags with their attributes, cells, and text outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "img", "br"):
            self.inside.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag

    def handle_data(self, data: str) -> None:
        if "script" not in self.inside and "style" not in self.inside:
            self.text += data
            if self.inside and self.inside[-1] in ("td", "th"):
                self.rows[-1][-1] += data


def test_the_page_is_whole_and_everything_in_it_is_text(tmp_path: Path) -> None:
    page = Page(saved(tmp_path, "html").read_text())
    assert page.inside == []
    assert {tag for tag, _ in page.tags} == {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "p", "div", "script", "noscript",
        "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert sum(tag == "script" for tag, _ in page.tags) == 2  # the library and the chart
    for text in (META["title"], META["period"], META["description"], META["definitions"]):
        assert str(text) in page.text
    assert page.rows[0][3:6] == ["Queue", "Offered", "Service level"]
    assert page.rows[1][1:] == [
        "2025-10-26 00:15:00+02:00", "2025-10-26", 'Żółw "sales", 1', "1,234,567", "76.1%", "12.34", "yes",
        "<b>&</b>",
    ]  # fmt: skip
    assert page.rows[2][8] == "</script><script>alert(1)</script>"
    assert page.rows[4] == [""] * 9


def test_people_see_what_held_in_the_period(tmp_path: Path) -> None:
    """Settings and definitions, as text, in the page and in the workbook."""
    since = datetime(2025, 10, 12, tzinfo=ZoneInfo(ZONE))
    tariff = {"project": "<b>Acme", "price_per_min": Decimal("1.300000"), "valid_from": since, "valid_to": None}
    said = {"definitions": {"formula": "short", "answer_within_s": 20.0, "goal": None, "tariffs": (tariff,)}}
    lines = [
        "formula: short",
        "answer_within_s: 20",
        "goal: -",
        "tariffs: project <b>Acme, price_per_min 1.3, valid_from 2025-10-12 00:00",
    ]
    page = Page(saved(tmp_path, "html", provenance=said).read_text())
    assert sum(tag == "li" for tag, _ in page.tags) == len(lines)
    assert all(line in page.text for line in lines)
    about = CalamineWorkbook.from_path(str(saved(tmp_path, "xlsx", provenance=said))).get_sheet_by_name("About")
    assert [row[1] for row in about.to_python() if row[0] == "held"] == lines


def test_the_page_asks_for_nothing_outside(tmp_path: Path) -> None:
    page = Page(saved(tmp_path, "html").read_text())
    assert not [a for _, a in page.tags if {"src", "href", "srcset", "action", "data"} & a.keys()]
    policy = next(str(a["content"]) for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy and "http" not in policy


@pytest.mark.parametrize(("rows", "more"), [(1000, None), (1001, "1 more rows"), (4321, "3,321 more rows")])
def test_a_long_table_says_how_much_is_missing(tmp_path: Path, rows: int, more: str | None) -> None:
    many = pa.table({"offered": pa.array(range(rows), pa.int64())})
    page = Page(saved(tmp_path, "html", many).read_text())
    assert len(page.rows) == 1 + min(rows, 1000)
    assert ("more rows" in page.text) == (more is not None) and (more or "") in page.text


@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_page_speaks_the_language(tmp_path: Path, language: str) -> None:
    page = Page(saved(tmp_path, "html", language=language).read_text())
    assert page.tags[0] == ("html", {"lang": language})
    assert ("Poziom obsługi" in page.rows[0]) == (language == "pl")


def test_a_result_without_a_chart_has_a_page(tmp_path: Path) -> None:
    text = export.save(tmp_path / "x.html", rows=Held(table()), meta=META).read_text()
    assert "<script" not in text and "1,234,567" in text


def test_pictures(tmp_path: Path) -> None:
    assert saved(tmp_path, "png").read_bytes().startswith(b"\x89PNG\r\n")
    assert saved(tmp_path, "svg").read_text().startswith("<svg")
    Page(saved(tmp_path, "svg").read_text())


def test_a_chart_is_made_only_where_it_is_shown(tmp_path: Path) -> None:
    def never() -> Any:
        raise AssertionError("nobody asked for it")

    makers: Callable[[], Any] = never
    for suffix in ("csv", "parquet", "json", "xlsx"):
        assert os.path.getsize(export.save(tmp_path / f"x.{suffix}", rows=Held(table()), chart=makers))
