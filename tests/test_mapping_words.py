"""Mappings for exports that differ: patterns, empty cells, the first of several, optional columns, what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from okireports import sources
from okireports.errors import LoadError

SOURCE = '[source]\nname = "vendor"\n'
CALLS = """
[[table]]
table = "calls"
{options}
[table.columns]
source_id = "Id"
direction = {{ const = "inbound" }}
started_at = "Start"
ended_at = "Start"
outcome = {{ const = "answered" }}
"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def read(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    columns: str,
    *lines: str,
    header: str = "Id,Start,V,W",
    options: str = "",
) -> sources.Feed:
    text = "\n".join([header, *(f"{n},2025-06-01,{line}" for n, line in enumerate(lines))]) + "\n"
    (folder / "x.csv").write_text(text)
    (folder / "map.toml").write_text(SOURCE + CALLS.format(options=options) + columns)
    return sources.read(con, folder / "x.csv", source=str(folder / "map.toml"))


def values(con: duckdb.DuckDBPyConnection, column: str = "line") -> list[object]:
    return [v for (v,) in con.execute(f"SELECT {column} FROM raw.calls ORDER BY rowid").fetchall()]


@pytest.mark.parametrize(
    ("spec", "given", "expected"),
    [
        # exact words first, then patterns in their order, anywhere and in any case
        (
            '{ column = "V", words = { "/^ext[.]/" = "own", "/5/" = "five", "Ext.9" = "nine" } }',
            ["EXT.9,", "ext.15,", "a5b,", "other,", ","],
            ["nine", "own", "five", "other", None],
        ),
        ('{ column = "V", words = { "/./" = "some" }, default = "none" }', ["x,", ","], ["some", "none"]),
        ('{ column = "V", words = { "/" = "slash", "//" = "two" } }', ["/,", "//,"], ["slash", "two"]),
        ('{ const = "yes", when = { V = [""] } }', [",", "x,"], ["yes", None]),
        (
            '{ const = "yes", when = { V = ["", "/^-?[0]$/", "No"] } }',
            [",", "0,", "-0,", "no,", "10,"],
            ["yes"] * 4 + [None],
        ),
        (
            '{ const = "yes", when = { V = ["/a/"], W = ["", "b"] } }',
            ["xa,", "xa,B", "xa,c", "x,b"],
            ["yes", "yes", None, None],
        ),
        ('["V", { column = "W", prefix = "w-" }, { const = "none" }]', ["v,w", ",w", ","], ["v", "w-w", "none"]),
        ('[{ column = "V", words = { x = "1" }, when = { W = ["1"] } }, "W"]', ["x,1", "x,2"], ["1", "2"]),
    ],
)
def test_a_cell(con, tmp_path: Path, spec: str, given: list[str], expected: list[object]) -> None:
    read(con, tmp_path, f"line = {spec}\n", *given)
    assert values(con) == expected


def test_a_pattern_that_is_none(con, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="refuses this mapping"):
        read(con, tmp_path, 'line = { column = "V", words = { "/(/" = "x" } }\n', "a,")


OPTIONAL = """
line = { column = "V", optional = true }
queue = [{ column = "Q", optional = true }, { column = "W" }]
wrap_s = { column = "ACW", unit = "s", optional = true }
answered_at = { column = "Start", add = [{ column = "Wait", optional = true }, { column = "W" }] }
"""


def test_optional_columns_may_be_absent(con, tmp_path: Path) -> None:
    feed = read(con, tmp_path, OPTIONAL, "7", header="Id,Start,W")
    row = con.execute("SELECT queue, answered_at FROM raw.calls").fetchall()
    assert row == [("7", "2025-06-01 00:00:07")]
    assert "wrap_s" not in [d[0] for d in con.execute("FROM raw.calls").description or ()]
    assert feed.unknown_columns == {}
    read(con, tmp_path, OPTIONAL, "7,a,q,5,60", header="Id,Start,W,V,Q,ACW,Wait")
    row = con.execute("SELECT line, queue, wrap_s, answered_at FROM raw.calls").fetchall()
    assert row == [("a", "q", "5.0", "2025-06-01 00:01:07")]


def test_other_columns_may_not(con, tmp_path: Path) -> None:
    with pytest.raises(LoadError) as caught:
        read(con, tmp_path, OPTIONAL, "x", header="Id,Start,V")
    assert (caught.value.column, caught.value.file) == ("W", "x.csv")


def test_rows_that_are_left_out_are_counted(con, tmp_path: Path) -> None:
    lines = ["in,1", "out,1", "sys,1", "in,", "in,1,broken"]
    feed = read(con, tmp_path, "", *lines, options='where = { V = ["in", "/^OUT/"] }\nneeds = ["W"]')
    assert values(con, "source_id") == ["0", "1"]
    assert feed.notes == {"rows that the mapping leaves out, ignored": 2}
    assert con.execute(f"SELECT count(*) FROM {feed.rejects}").fetchone() == (1,)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ('line = { column = "V", optional = "yes" }\n', "'optional' must be true or false"),
        ("line = []\n", "a column's name or a table"),
        ('line = ["V", 5]\n', "a column's name or a table"),
    ],
)
def test_a_wrong_mapping(con, tmp_path: Path, columns: str, told: str) -> None:
    with pytest.raises(LoadError, match=told):
        read(con, tmp_path, columns, "a,b")
