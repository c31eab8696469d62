"""Canonical files: what is read, what is refused and why, and on which line each row stands."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okireports import sources, tables
from okireports.errors import LoadError

HEADER = "source_id,direction,started_at,ended_at,outcome"
ROW = "inbound,2025-06-01T10:00:00,2025-06-01T10:03:00,answered"
KNOWN = {"calls": frozenset({"source_id", "comment"}), "users": frozenset({"login"})}
REQUIRED = {"calls": frozenset({"source_id"}), "users": frozenset({"login"})}


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        yield connection


def write(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def read(con, path, **options):
    return sources.read(con, path, source="canonical", **options)


def small(con, path):
    """With two columns only, so that a test's rows stay short."""
    return read(con, path, known=KNOWN, required=REQUIRED)


def rows(con, relation="raw.calls", columns="*"):
    return con.execute(f"SELECT {columns} FROM {relation} ORDER BY rowid").fetchall()


def rejected(con, feed):
    return con.execute(f"SELECT file, line, reason, row_text FROM {feed.rejects}").fetchall() if feed.rejects else []


def test_a_folder_gives_one_relation_per_table(con, tmp_path):
    write(tmp_path, "calls.csv", f"{HEADER},queue,colour\nc-1,{ROW},Acme sales,red\n")
    write(tmp_path, "users.csv", "login,name\nanna,Anna Example\n")
    write(tmp_path, "notes.txt", "not a table")
    feed = read(con, tmp_path, timezone="Europe/Warsaw")
    assert feed.tables == {"calls": "raw.calls", "users": "raw.users"}
    assert con.execute("SELECT queue, outcome, _file FROM raw.calls").fetchall() == [("Acme sales", "answered", 0)]
    assert feed.unknown_columns == {"calls": ("colour",)}
    assert "colour" not in [d[0] for d in con.execute("FROM raw.calls").description]
    assert feed.notes == {"files of other kinds, ignored": 1}
    assert feed.timezone == "Europe/Warsaw"
    assert feed.rejects is None
    assert [f.path for f in feed.files] == ["calls.csv", "users.csv"]
    assert feed.files[1].bytes == len("login,name\nanna,Anna Example\n")
    assert len(feed.files[0].sha256) == 64


def test_every_canonical_table_can_be_read_from_its_required_columns(con, tmp_path):
    required = tables.required_columns()
    for table, columns in required.items():
        write(tmp_path, f"{table}.csv", ",".join(sorted(columns)) + "\n" + ",".join("x" for _ in columns) + "\n")
    feed = read(con, tmp_path)
    assert set(feed.tables) == set(required)
    for table, columns in required.items():
        assert rows(con, feed.tables[table]) == [(*["x"] * len(columns), list(feed.tables).index(table))]


def test_many_files_of_a_table_keep_their_order_and_their_own_columns(con, tmp_path):
    write(tmp_path, "calls/b.csv", "comment,source_id\nsecond,2\n")
    write(tmp_path, "calls/a.csv", "source_id\n1\n")
    write(tmp_path, "calls.csv", "Source_ID , comment\n0,zeroth\n")
    feed = small(con, tmp_path)
    assert rows(con, columns="source_id, comment, _file") == [("0", "zeroth", 0), ("1", None, 1), ("2", "second", 2)]
    assert [f.path for f in feed.files] == ["calls.csv", "calls/a.csv", "calls/b.csv"]
    assert feed.locate(con, "calls", [2, 0]) == [("calls/b.csv", 2), ("calls.csv", 2)]


def test_empty_text_is_missing_and_other_text_is_kept(con, tmp_path):
    write(tmp_path, "calls.csv", 'source_id,comment\n1,\n2,""\n3, padded \n4,"say ""hi"", twice"\n5,NULL\n')
    small(con, tmp_path)
    comments = [None, None, " padded ", 'say "hi", twice', "NULL"]
    assert rows(con, columns="comment") == [(c,) for c in comments]


@pytest.mark.parametrize("data", [b"source_id,comment\n", b"source_id,comment", b"\xef\xbb\xbfsource_id,comment\r\n"])
def test_a_header_alone_is_no_rows(con, tmp_path, data):
    write(tmp_path, "calls.csv", data)
    assert small(con, tmp_path).rejects is None
    assert rows(con) == []


def test_bad_rows_are_put_aside_with_line_text_and_reason(con, tmp_path):
    lines = ["source_id,comment", "1,a", "2", '3,"two', 'lines"', "4,a,b", '5,"x"y', "6,b"]
    write(tmp_path, "calls.csv", "\n".join(lines) + "\n")
    feed = small(con, tmp_path)
    assert rows(con, columns="source_id, comment") == [("1", "a"), ("3", "two\nlines"), ("6", "b")]
    assert rejected(con, feed) == [
        ("calls.csv", 3, "1 fields, the header has 2", "2"),
        ("calls.csv", 6, "3 fields, the header has 2", "4,a,b"),
        ("calls.csv", 7, "text after a closing quote", '5,"x"y'),
    ]
    assert feed.locate(con, "calls", [0, 1, 2]) == [("calls.csv", 2), ("calls.csv", 4), ("calls.csv", 8)]


def test_a_quote_that_is_never_closed_costs_one_row_of_a_large_file(con, tmp_path):
    """The engine alone answers it with one rejected row and tens of thousands of lost ones."""
    wanted = 400_000
    lines = [f"{i},some text that fills the line" for i in range(wanted)]
    lines[1000] = 'x,"never closed'
    write(tmp_path, "calls.csv", "source_id,comment\n" + "\n".join(lines) + "\n")
    feed = small(con, tmp_path)
    assert con.execute("SELECT count(*), count(DISTINCT source_id) FROM raw.calls").fetchone() == (
        wanted - 1,
        wanted - 1,
    )
    assert rejected(con, feed) == [("calls.csv", 1002, "a quote that is not closed", 'x,"never closed')]
    assert feed.locate(con, "calls", [999, 1000, wanted - 2]) == [
        ("calls.csv", 1001),
        ("calls.csv", 1003),
        ("calls.csv", wanted + 1),
    ]


@pytest.mark.parametrize(("bom", "end"), [(b"", b"\n"), (b"\xef\xbb\xbf", b"\r\n"), (b"", b"\r\n")])
def test_lines_are_right_in_parallel_with_embedded_line_ends(con, tmp_path, bom, end):
    out, truth, line = [bom, b"source_id,comment", end], [], 2
    for i in range(300_000):
        quoted = i % 97 == 0
        comment = b'"first' + end + b'second ""and"" third"' if quoted else b"a plain comment of some length"
        if i % 50_021 == 0:
            out.append(b"torn" + end)
            line += 1
        out += [b"%d," % i, comment, end]
        truth.append(line)
        line += 2 if quoted else 1
    write(tmp_path, "calls.csv", b"".join(out))
    feed = small(con, tmp_path)
    assert rows(con, columns="source_id::INT") == [(i,) for i in range(300_000)]
    asked = [299_999, 0, 1, 96, 97, 98, 150_000, 262_143, 50_021]
    assert feed.locate(con, "calls", asked) == [("calls.csv", truth[i]) for i in asked]
    assert len(rejected(con, feed)) == 6


@pytest.mark.parametrize(
    "data", [b"source_id,comment\r\n1,a\n2,b\r\n", b"source_id,comment\n1,a\r\n2,b\n", b"source_id,comment\r1,a\r2,b\r"]
)
def test_line_ends_of_any_kind(con, tmp_path, data):
    write(tmp_path, "calls.csv", data)
    feed = small(con, tmp_path)
    assert rows(con, columns="source_id, comment") == [("1", "a"), ("2", "b")]
    assert feed.locate(con, "calls", [1]) == [("calls.csv", 3)]


def test_blank_lines_are_no_rows(con, tmp_path):
    write(tmp_path, "calls.csv", "\n\nsource_id,comment\n\n1,a\n\n\n2,b\n")
    feed = small(con, tmp_path)
    assert feed.locate(con, "calls", [0, 1]) == [("calls.csv", 5), ("calls.csv", 8)]


def test_a_name_with_the_signs_of_a_pattern_means_one_file(con, tmp_path):
    write(tmp_path, "calls/june [1].csv", "source_id\n1\n")
    write(tmp_path, "calls/june 1.csv", "source_id\n2\n")
    write(tmp_path, "calls/it's.csv", "source_id\n3\n")
    small(con, tmp_path)
    assert sorted(rows(con, columns="source_id")) == [("1",), ("2",), ("3",)]


fields = st.text(alphabet="ab ,\";\n'é", max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(fields, fields), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_what_a_csv_writer_writes_is_read(tmp_path_factory, made, end):
    """Against Python's own writer and reader of CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["source_id", "comment"])
    truth = []
    for row in made:
        truth.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    path = write(tmp_path_factory.mktemp("h"), "calls.csv", text.getvalue())
    with duckdb.connect() as con:
        feed = small(con, path)
        assert rows(con, columns="source_id, comment") == [(a or None, b or None) for a, b in made]
        assert feed.locate(con, "calls", range(len(made))) == [("calls.csv", line) for line in truth]


def refusal(con, path, **options) -> LoadError:
    with pytest.raises(LoadError) as caught:
        read(con, path, **options)
    return caught.value


def test_a_missing_column_is_named_with_near_ones(con, tmp_path):
    write(tmp_path, "calls.csv", f"{HEADER.replace('started_at', 'start_at')}\n")
    error = refusal(con, tmp_path)
    assert (error.file, error.column) == ("calls.csv", "started_at")
    assert "Did you mean 'start_at'" in str(error)


@pytest.mark.parametrize(("mark", "name"), [(";", "a semicolon"), ("\t", "a TAB"), ("|", "a vertical bar")])
def test_another_delimiter_is_told(con, tmp_path, mark, name):
    write(tmp_path, "calls.csv", HEADER.replace(",", mark) + "\n")
    error = refusal(con, tmp_path)
    assert name in error.problem
    assert error.line == 1


@pytest.mark.parametrize("encoding", ["cp1250", "iso-8859-2"])
def test_another_encoding_is_told_with_its_line(con, tmp_path, encoding):
    text = f"{HEADER},queue\nc-1,{ROW},Acme\nc-2,{ROW},Obsługa\n"
    write(tmp_path, "calls.csv", text.encode(encoding))
    error = refusal(con, tmp_path)
    assert (error.file, error.line) == ("calls.csv", 3)
    assert "encoding" in (error.hint or "")


def test_utf_16_is_told(con, tmp_path):
    write(tmp_path, "calls.csv", f"{HEADER}\nc-1,{ROW}\n".encode("utf-16"))
    assert "UTF-8" in refusal(con, tmp_path).problem


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_an_empty_file_is_refused(con, tmp_path, data):
    write(tmp_path, "calls.csv", data)
    assert "empty" in refusal(con, tmp_path).problem


def test_a_name_twice_in_the_header_is_refused(con, tmp_path):
    write(tmp_path, "calls.csv", f"{HEADER},Outcome\n")
    assert refusal(con, tmp_path).column == "Outcome"


def test_a_file_that_is_not_what_its_name_says(con, tmp_path):
    write(tmp_path, "calls.csv", b"PK\x03\x04 and so on")
    assert "ZIP" in refusal(con, tmp_path).problem
    write(tmp_path, "calls.csv", f"{HEADER}\n")
    write(tmp_path, "users.parquet", "login\nanna\n")
    assert refusal(con, tmp_path).file == "users.parquet"


def test_a_stray_table_is_refused_with_near_names(con, tmp_path):
    write(tmp_path, "calls.csv", f"{HEADER}\n")
    write(tmp_path, "cals/2025.csv", f"{HEADER}\n")
    error = refusal(con, tmp_path)
    assert error.file == "cals/2025.csv"
    assert "'calls'" in str(error)


def test_nothing_to_read(con, tmp_path):
    assert "CSV" in refusal(con, tmp_path).problem
    assert refusal(con, tmp_path / "absent").file == str(tmp_path / "absent")
    with pytest.raises(LoadError, match="Did you mean 'canonical'"):
        sources.read(con, tmp_path, source="cannonical")


def test_hidden_and_lock_files_are_passed_over(con, tmp_path):
    write(tmp_path, "calls.csv", "source_id\n1\n")
    write(tmp_path, ".~lock.users.csv", "x")
    write(tmp_path, "~$calls.xlsx", "x")
    assert len(small(con, tmp_path).files) == 1


def test_progress_reaches_all_bytes(con, tmp_path):
    write(tmp_path, "calls.csv", f"{HEADER}\n")
    write(tmp_path, "users.csv", "login\n")
    seen: list[tuple[str, int, int]] = []
    read(con, tmp_path, progress=lambda *step: seen.append(step))
    assert [s[0] for s in seen] == ["calls", "users"]
    assert seen[-1][1] == seen[-1][2] == len(HEADER) + 1 + len("login\n")
