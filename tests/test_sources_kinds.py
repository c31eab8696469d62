"""Canonical Parquet and XLSX files: types, texts, and the numbers of their rows."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time, timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from okireports import sources
from okireports.errors import LoadError
from okireports.sources.xlsx_file import cell_text

HEADER = "source_id,direction,started_at,ended_at,outcome"


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        yield connection


def read(con, path, **options):
    return sources.read(con, path, source="canonical", **options)


def small(con, path):
    only = {"calls": frozenset({"source_id"})}
    return read(con, path, known=only, required=only)


def rows(con, columns):
    return con.execute(f"SELECT {columns} FROM raw.calls ORDER BY rowid").fetchall()


def refusal(con, path):
    with pytest.raises(LoadError) as caught:
        read(con, path)
    return caught.value


def test_parquet_keeps_the_types_that_loading_knows(con, tmp_path):
    moment = datetime(2025, 6, 1, 10, 0, 0, 250_000)
    table = pa.table(
        {
            "source_id": pa.array([1, 2], pa.int32()),
            "started_at": pa.array([moment, None], pa.timestamp("ns")),
            "ended_at": pa.array([moment.replace(tzinfo=UTC)] * 2, pa.timestamp("us", tz="Europe/Warsaw")),
            "by_robot": [True, False],
            "talk_s": pa.array([1.5, None], pa.float32()),
            "direction": pa.array(["inbound", ""]).dictionary_encode(),
            "outcome": ["answered", "answered"],
        }
    )
    pq.write_table(table, tmp_path / "calls.parquet")
    feed = read(con, tmp_path)
    types = {name: kind for name, kind, *_ in con.execute("DESCRIBE raw.calls").fetchall()}
    assert types["source_id"] == "BIGINT"
    assert types["started_at"] == "TIMESTAMP"
    assert types["ended_at"] == "TIMESTAMP WITH TIME ZONE"
    assert (types["by_robot"], types["talk_s"], types["direction"]) == ("BOOLEAN", "DOUBLE", "VARCHAR")
    assert rows(con, columns="started_at, direction, talk_s") == [(moment, "inbound", 1.5), (None, None, None)]
    assert feed.locate(con, "calls", [1]) == [("calls.parquet", 2)]


def test_kinds_mix_as_text(con, tmp_path):
    (tmp_path / "calls").mkdir()
    pq.write_table(pa.table({"source_id": [7]}), tmp_path / "calls" / "b.parquet")
    (tmp_path / "calls" / "a.csv").write_text("source_id\nx\n")
    small(con, tmp_path)
    assert rows(con, columns="source_id, _file") == [("x", 0), ("7", 1)]


def test_a_torn_parquet_file_is_refused(con, tmp_path):
    pq.write_table(pa.table({"source_id": list(range(1000))}), tmp_path / "calls.parquet")
    data = (tmp_path / "calls.parquet").read_bytes()
    (tmp_path / "calls.parquet").write_bytes(data[: len(data) // 2])
    assert refusal(con, tmp_path).file == "calls.parquet"


def test_xlsx_as_text(con, tmp_path):
    with xlsxwriter.Workbook(tmp_path / "calls.xlsx") as book:
        book.add_worksheet("cover").write(0, 0, "nothing here")
        sheet = book.add_worksheet("Calls")
        moment, clock = (
            book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            book.add_format({"num_format": "hh:mm:ss"}),
        )
        long = book.add_format({"num_format": "[h]:mm:ss"})
        for i, name in enumerate([*HEADER.split(","), "talk_s", "wait_s", "mos", "by_robot", "line"]):
            sheet.write(0, i, name)
        sheet.write_row(2, 0, [101, "inbound"])
        sheet.write_datetime(2, 2, datetime(2025, 6, 1, 10, 0, 0), moment)
        sheet.write(2, 3, "2025-06-01T10:05:00+02:00")
        sheet.write(2, 4, "answered")
        sheet.write_datetime(2, 5, time(0, 2, 23), clock)
        sheet.write_datetime(2, 6, timedelta(hours=30, seconds=1), long)
        sheet.write_row(2, 7, [4.25, True, "0221"])
    feed = read(con, tmp_path)
    instants = ("2025-06-01T10:00:00", "2025-06-01T10:05:00+02:00")
    others = ("answered", "143", "108001", "4.25", "true", "0221")
    assert rows(con, columns="* EXCLUDE (_file)") == [("101", "inbound", *instants, *others)]
    assert feed.locate(con, "calls", [0]) == [("calls.xlsx", 3)]


def test_cells_as_text():
    shown = {
        "": None,
        3.0: "3",
        2.5: "2.5",
        date(2025, 6, 1): "2025-06-01",
        time(9, 12, 58): "09:12:58",
        timedelta(hours=25, minutes=1): "25:01:00",
        datetime(2025, 6, 1, 10, 0, 0, 999_600): "2025-06-01T10:00:01",
    }
    assert {value: cell_text(value) for value in shown} == shown
    assert cell_text(True) == "true"


def test_a_missing_reader_of_sheets_names_the_extra(con, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    (tmp_path / "calls.xlsx").write_bytes(b"PK\x03\x04")
    assert "okireports[xlsx]" in (refusal(con, tmp_path).hint or "")
