"""Every reader against input that no sane export holds: it is read, or it is refused, and no line goes missing.

Each line of input carries a mark of its own. After reading, every mark stands in exactly one place: in a row, in a
reject with its reason, or among the rows that a mapping leaves out, which are counted.
"""

from __future__ import annotations

import gzip
import io
import re
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import loaded
from okireports import sources
from okireports.errors import LoadError
from okireports.faces import Center

KNOWN = {"calls": frozenset({"source_id", "comment"})}
REQUIRED = {"calls": frozenset({"source_id"})}
MARK = re.compile(r"m\d+m")
MAP = """
[source]
name = "vendor"
{options}
[[table]]
table = "calls"
where = {{ Kind = ["in", "/^o/", ""] }}
[table.columns]
source_id = "Id"
direction = {{ column = "Kind", words = {{ in = "inbound" }}, default = "internal" }}
started_at = {{ column = "At", format = ["%d.%m.%Y %H:%M", "epoch"], add = [{{ column = "Talk", unit = "hh:mm:ss" }}] }}
ended_at = {{ column = "At", format = "%d.%m.%Y %H:%M" }}
outcome = [{{ column = "Kind", when = {{ Talk = ["/[1-9]/"] }} }}, {{ const = "failed" }}]
talk_s = {{ column = "Talk", unit = "mm:ss" }}
result = "Note"
"""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of one example."""
    path = Path(tempfile.mkdtemp(prefix="okireports-fuzz-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def texts(con: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    """Each row of a relation as one text."""
    rows = con.execute(f"SELECT * EXCLUDE (_file) FROM {relation}").fetchall()
    return [" ".join(str(v) for v in row if v is not None) for row in rows]


def marks(found: list[str]) -> Counter[str]:
    return Counter(mark for text in found for mark in MARK.findall(text))


def rejected(con: duckdb.DuckDBPyConnection, feed: sources.Feed) -> list[str]:
    if feed.rejects is None:
        return []
    rows = con.execute(f"SELECT row_text, reason, line FROM {feed.rejects}").fetchall()
    assert all(reason and line for _, reason, line in rows)
    return [str(text) for text, *_ in rows]


# Text

pieces = st.sampled_from(
    ["a", "Ż", " ", ",", ",", '"', '"', '""', "\r", ";", "\t", "'", "\\", "\x00", "\ufeff", "🙂", "\u2028", "x" * 300]
)
tails = st.lists(pieces, max_size=7).map("".join)
ends = st.sampled_from(["\n", "\n", "\r\n"])


@settings(max_examples=150)
@given(st.lists(st.tuples(tails, ends), max_size=12), st.booleans())
@example([(",\ra", "\n")], False)
@example([("", "\n"), (',"', "\n"), ("", "\n"), (',"a"b', "\r\n"), (",\r", "\n")], True)
def test_no_line_of_canonical_text_goes_missing(lines: list[tuple[str, str]], closed: bool) -> None:
    body = "".join(f"m{n}m{tail}{end}" for n, (tail, end) in enumerate(lines))
    body = body if closed else body.rstrip("\r\n")
    with folder() as path, duckdb.connect() as con:
        (path / "calls.csv").write_bytes(("source_id,comment\n" + body).encode())
        try:
            feed = sources.read(con, path, source="canonical", known=KNOWN, required=REQUIRED)
        except LoadError as error:
            assert "engine" not in error.problem, error  # a reader of our own says what is wrong
            return
        rows = texts(con, "raw.calls")
        found = marks(rows) + marks(rejected(con, feed))
        assert found == Counter(f"m{n}m" for n in range(len(lines)))
        places = feed.locate(con, "calls", range(len(rows)))
        assert [line for _, line in places] == sorted({line for _, line in places})


@settings(max_examples=100)
@given(st.binary(max_size=200), st.sampled_from(["utf-8", "utf-16", "cp1250", "auto"]))
@example(b"\xff\xfe" + "source_id\n1".encode("utf-16-le") + b"\x00", "auto")
@example(b"source_id\n\xf0\x9f", "auto")
def test_bytes_that_are_no_text(data: bytes, encoding: str) -> None:
    with folder() as path, duckdb.connect() as con:
        (path / "calls.csv").write_bytes(b"source_id,comment\n" + data if encoding == "utf-8" else data)
        try:
            sources.read(con, path, source="canonical", known=KNOWN, required=REQUIRED, encoding=encoding)
        except LoadError as error:
            assert error.file == "calls.csv"


# A mapping

cells = st.one_of(
    st.sampled_from(["", "in", "IN", "out", "sys", "-", "NULL", "01.02.2025 10:00", "31.02.2025 10:00", "1:02:03"]),
    st.sampled_from(["1748772000", "1e400", "99999999999999999999", "-5", "0:0", "75:30", "inf", "nan", "9" * 40]),
    st.text(alphabet="ab \u00a0'%{}[]$é", max_size=5),
)


@settings(max_examples=80)
@given(st.lists(st.tuples(cells, cells, cells, st.sampled_from(["", ",more", None])), max_size=10))
def test_no_line_goes_missing_in_a_mapping(lines: list[tuple[str, str, str, str | None]]) -> None:
    body = []
    for n, (kind, at, talk, tail) in enumerate(lines):
        body.append(f"m{n}m" if tail is None else f"m{n}m,{kind},{at},{talk},note{tail}")
    with folder() as path, duckdb.connect() as con:
        (path / "x.csv").write_text("\n".join(["Id,Kind,At,Talk,Note", *body]) + "\n", "utf-8")
        (path / "map.toml").write_text(MAP.format(options='nulls = ["-", "NULL"]'), "utf-8")
        feed = sources.read(con, path / "x.csv", source=str(path / "map.toml"))
        taken, broken = marks(texts(con, "raw.calls")), marks(rejected(con, feed))
        ignored = feed.notes.get("rows that the mapping leaves out, ignored", 0)
    assert taken.total() + broken.total() + ignored == len(lines)
    whole = {f"m{n}m": kind.strip(" \u00a0\t").lower() for n, (kind, _, _, tail) in enumerate(lines) if tail == ""}
    wanted = {m for m, kind in whole.items() if kind in ("", "in", "-", "null") or kind.startswith("o")}
    assert set(taken) == wanted
    assert set(broken) == {f"m{n}m" for n, (*_, tail) in enumerate(lines) if tail != ""}


# A whole load

values = {
    "direction": st.sampled_from(["inbound", "Inbound ", "sideways", "", "outbound"]),
    "started_at": st.sampled_from(
        [
            "2025-06-02T10:00:00Z",
            "2025-03-30 02:30:00",
            "2025-13-01",
            "0001-01-01",
            "9999-12-31T23:59:59",
            "now",
            "",
            "NULL",
        ]
    ),
    "ended_at": st.sampled_from(["2025-06-02T10:05:00Z", "2025-06-02 12:05", "infinity", "epoch", "", "2024-01-01"]),
    "outcome": st.sampled_from(["answered", "ANSWERED", "", "teleported", "łódź"]),
    "talk_s": st.sampled_from(["", "5", "-5", "1e300", "nan", "inf", "1,5", "0x10", "9" * 30]),
    "queue": st.sampled_from(["Acme sales", "acme SALES", "Nobody's", "", " "]),
    "phone": st.sampled_from(["", "+48 22 000 01 01", "anonymous", "0" * 50, "🙂"]),
    "project": st.sampled_from(["", "", "Acme", "Unknown"]),
    "cost": st.sampled_from(["", "1.5", "1e50", "free"]),
    "mos": st.sampled_from(["", "4.2", "x", "1e999"]),
}


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Center:
    return loaded.centre(tmp_path_factory.mktemp("fuzz") / "centre")


@settings(max_examples=25)
@given(st.lists(st.fixed_dictionaries(values), min_size=1, max_size=8), st.data())
def test_lines_are_loaded_or_rejected_and_add_up(
    usual: Center, rows: list[dict[str, str]], data: st.DataObject
) -> None:
    names = data.draw(st.permutations(sorted(values)))
    lines = [",".join([f"m{n}m", *(f'"{row[name]}"' for name in names)]) for n, row in enumerate(rows)]
    lines += data.draw(st.lists(st.sampled_from(["m90m", 'm91m,"x', "m92m,,"]), max_size=2, unique=True))
    text = "\n".join([",".join(["source_id", *names]), *lines, ""])
    with folder() as path:
        shutil.copytree(usual.path, path / "centre")
        center = Center(loaded.okireports.open(path / "centre").folder, usual.clock)
        (path / "in").mkdir()
        (path / "in" / "calls.csv").write_text(text, "utf-8")
        result = center.load(path / "in")
        stored = {r["source_id"] for r in loaded.stored(center).get("calls", [])}
    assert result.rows_in == len(lines) == result.rows_loaded + result.rows_rejected
    assert len(result.rejects) == result.rows_rejected
    assert all(result.rejects["reason"]) and result.rejects["line"].notna().all()
    lost = {re.findall(MARK, str(text))[0] for text in result.rejects["row_text"]}
    every = {line[:3] if line[2] == "m" else line[:4] for line in lines}
    assert stored | lost == every and not stored & lost


# Spreadsheets

cell = st.one_of(
    st.none(),
    st.text(max_size=6).filter(lambda t: not t.startswith(("=", "{", "http", "ftp", "mailto", "internal", "external"))),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1)),
    st.timedeltas(timedelta(0), timedelta(days=4)),
    st.times(),
)


@settings(max_examples=40)
@given(st.lists(st.lists(cell, max_size=4), max_size=6))
def test_every_row_of_a_sheet_is_a_row(rows: list[list[Any]]) -> None:
    with folder() as path, duckdb.connect() as con:
        sheet(path / "calls.xlsx", rows)
        feed = sources.read(con, path, source="canonical", known=KNOWN, required=REQUIRED)
        assert marks(texts(con, "raw.calls")) == Counter(f"m{n}m" for n in range(len(rows)))
        lines = feed.locate(con, "calls", range(len(rows)))
        assert lines == [("calls.xlsx", n + 2) for n in range(len(rows))]


def sheet(path: Path, rows: list[list[Any]]) -> None:
    with xlsxwriter.Workbook(path, {"strings_to_urls": False}) as book:
        made, moment = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        made.write_row(0, 0, ["source_id", "comment", "x", "y", "z"])
        for n, row in enumerate(rows, 1):
            made.write_string(n, 0, f"m{n - 1}m")
            for i, value in enumerate(row, 1):
                if isinstance(value, datetime | timedelta | time | date):
                    made.write_datetime(n, i, value, moment)
                elif value is not None:
                    made.write(n, i, value)
            made.write_formula(n, 5, "=1/0", None, "#DIV/0!")


# Parquet

columns = st.sampled_from(
    [
        pa.array([Decimal("1.50"), None]),
        pa.array([date(2025, 6, 1), None]),
        pa.array([time(1, 2, 3), None], pa.time64("ns")),
        pa.array([timedelta(seconds=5), None], pa.duration("us")),
        pa.array([[1, 2], None]),
        pa.array([{"a": 1}, None]),
        pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int32())),
        pa.array(["a", None]).dictionary_encode(),
        pa.array([b"\xff\x00", None]),
        pa.array([2**64 - 1, None], pa.uint64()),
        pa.array([float("nan"), float("inf")]),
        pa.array([datetime(1, 1, 1), datetime(9999, 12, 31)], pa.timestamp("us")),
        pa.array([0, 2**62], pa.timestamp("ms")),
        pa.array([None, None]),
        pa.array([True, None]),
    ]
)


@settings(max_examples=40)
@given(columns, st.sampled_from(["comment", "started_at", "talk_s", "by_robot", "operator", "phone"]))
def test_parquet_of_any_type_is_read_whole(column: pa.Array, name: str) -> None:
    with folder() as path, duckdb.connect() as con:
        pq.write_table(pa.table({"source_id": ["m0m", "m1m"], name: column}), path / "calls.parquet")
        try:
            sources.read(con, path, source="canonical", required=REQUIRED)
        except LoadError as error:
            assert error.file == "calls.parquet"
            return
        assert marks(texts(con, "raw.calls")) == Counter(["m0m", "m1m"])


# Damaged files of every kind


def packed(kind: str) -> bytes:
    """A whole file of calls, as bytes."""
    text = ("source_id,comment\n" + "".join(f"m{n}m,some words {n % 7}\n" for n in range(300))).encode()
    table = pa.table({"source_id": [f"m{n}m" for n in range(300)], "comment": ["some words"] * 300})
    out = io.BytesIO()
    match kind:
        case "calls.csv.gz":
            return gzip.compress(text)
        case "calls.csv.zst":
            return bytes(pa.compress(text, codec="zstd", asbytes=True))
        case "calls.zip":
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("calls.csv", text)
        case "calls.xlsx":
            with folder() as path:
                sheet(path / "x.xlsx", [["words"]] * 300)
                return (path / "x.xlsx").read_bytes()
        case _:
            pq.write_table(table, out)
    return out.getvalue()


WHOLE = {k: packed(k) for k in ("calls.csv.gz", "calls.csv.zst", "calls.zip", "calls.xlsx", "calls.parquet")}


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=30)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_read_whole(name: str, data: st.DataObject) -> None:
    """Bytes altered, or the end cut off: an error that names the file, or all of the rows."""
    content = bytearray(WHOLE[name])
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(1, len(content) - 1)) :]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assume(bytes(content) != WHOLE[name])
    with folder() as path, duckdb.connect() as con:
        (path / name).write_bytes(content)
        try:
            feed = sources.read(con, path, source="canonical", known=KNOWN, required=REQUIRED)
        except LoadError as error:
            assert str(error.file).startswith(name)
            return
        if not feed.tables:
            return
        rows = con.execute("SELECT count(*) FROM raw.calls").fetchone()
        assert rows is not None
        # only a Parquet file or a zst one without a checksum can be altered in its values and still be whole
        assert rows[0] + len(rejected(con, feed)) == 300 or name == "calls.csv.zst"


# Looking at files


@settings(max_examples=120)
@given(st.one_of(st.binary(max_size=300), st.lists(tails, max_size=10).map(lambda ls: "\n".join(ls).encode())))
@example(b"Date\n\x00")
@example(b'a,"' + b"b" * 200_000)
@example(b"")
def test_a_look_at_anything(data: bytes) -> None:
    with folder() as path:
        (path / "x.csv").write_bytes(data)
        try:
            draft = sources.inspect(path / "x.csv")
        except LoadError as error:
            assert error.file == "x.csv"
            return
        assert draft.is_calls != bool(draft.refusal)


heads = st.sampled_from(
    "Call ref;Start;Date;Time;Agent;Queue;Answered;Duration;Wait;Phone;Status;Type;Rating;Hold;Ąę;".split(";")
)


@settings(max_examples=60)
@given(
    st.lists(heads, min_size=1, max_size=6, unique=True), st.lists(st.lists(cells, min_size=6, max_size=6), max_size=8)
)
def test_a_draft_is_a_mapping_that_reads_its_file(names: list[str], rows: list[list[str]]) -> None:
    """Whatever `inspect` drafts can be read with, as it stands."""
    with folder() as path, duckdb.connect() as con:
        text = "\n".join(";".join(f'"{v}"' for v in row[: len(names)]) for row in [names, *rows])
        (path / "x.csv").write_text(text + "\n", "utf-8")
        try:
            draft = sources.inspect(path / "x.csv")
        except LoadError:
            return
        if draft.is_calls:
            (path / "draft.toml").write_text(draft.toml, "utf-8")
            sources.read(con, path / "x.csv", source=str(path / "draft.toml"))
