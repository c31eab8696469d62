"""Mappings: what each key does, that nothing of a file or a mapping reaches SQL unquoted, and strict checks."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from okireports import sources
from okireports.errors import LoadError

SOURCE = '[source]\nname = "vendor"\n'
CALLS = """
[[table]]
table = "calls"
[table.columns]
source_id = "Id"
direction = { const = "inbound" }
started_at = "Start"
ended_at = "Start"
outcome = { const = "answered" }
"""


@pytest.fixture
def con():
    with duckdb.connect() as connection:
        yield connection


def read(con, folder: Path, toml: str, data: str | bytes = "", *, name: str = "export.csv", **options):
    if data:
        folder.joinpath(name).write_bytes(data.encode() if isinstance(data, str) else data)
    folder.joinpath("map.toml").write_text(toml, encoding="utf-8")
    return sources.read(con, folder, source=str(folder / "map.toml"), **options)


def cells(con, tmp_path, spec: str, data: str, source: str = SOURCE):
    """The values of one canonical column (`line`) that a spec makes of a file."""
    read(con, tmp_path, f"{source}{CALLS}line = {spec}\n", data)
    return [v for (v,) in con.execute("SELECT line FROM raw.calls ORDER BY rowid").fetchall()]


def of(*values: str) -> str:
    return "Id,Start,V,W\n" + "".join(f'{i},2025-06-01,"{v}",w{i}\n' for i, v in enumerate(values))


@pytest.mark.parametrize(
    ("spec", "given", "expected"),
    [
        ('"V"', [" padded ", "", "x"], ["padded", None, "x"]),
        ('{ const = "a\'b" }', ["x"], ["a'b"]),
        ('{ column = ["W", "V"] }', ["x", ""], ["w0 x", None]),
        ('{ column = "V", unit = "s" }', ["90", "1.5", "soon"], ["90.0", "1.5", "soon"]),
        ('{ column = "V", unit = "ms" }', ["1500"], ["1.5"]),
        ('{ column = "V", unit = "min" }', ["1.5"], ["90.0"]),
        ('{ column = "V", unit = "h" }', ["2"], ["7200.0"]),
        ('{ column = "V", unit = "hh:mm:ss" }', ["1:02:03", "30:00:00.5", "2:03"], ["3723.0", "108000.5", "2:03"]),
        ('{ column = "V", unit = "mm:ss" }', ["75:30"], ["4530.0"]),
        (
            '{ column = "V", format = ["%d/%m/%Y %H:%M", "%d.%m.%Y"] }',
            ["01/06/2025 10:30", "2.6.2025", "never"],
            ["2025-06-01 10:30:00", "2025-06-02 00:00:00", "never"],
        ),
        ('{ column = "V", format = "%d/%m/%Y %H:%M%z" }', ["01/06/2025 10:30+0200"], ["2025-06-01 08:30:00+00"]),
        ('{ column = "V", format = "epoch" }', ["1366720340"], ["2013-04-23 12:32:20+00"]),
        ('{ column = "V", format = "epoch_ms" }', ["1366720340250"], ["2013-04-23 12:32:20.25+00"]),
        ('{ column = "V", words = { Y = "yes", "O\'K" = "fine" } }', ["y", "o'k", "Z", ""], ["yes", "fine", "Z", None]),
        ('{ column = "V", words = { Y = "yes" }, default = "none" }', ["Y", ""], ["yes", "none"]),
        ('{ column = "V", prefix = "n-" }', ["1", ""], ["n-1", None]),
        ('{ column = "W", when = { V = ["a", "B"] } }', ["A", "b", "c", ""], ["w0", "w1", None, None]),
        (
            '{ column = "Start", add = [{ column = "V", unit = "s" }, { column = "V", unit = "min" }] }',
            ["1.5", ""],
            ["2025-06-01 00:01:31.5", "2025-06-01 00:00:00"],
        ),
        (
            '{ column = "V", add = [{ column = "V", unit = "s" }] }',
            ["2025-06-01T10:00:00+02:00", "2025-06-01 10:00:00Z", "2025-06-01T10:00:00", "soon"],
            ["2025-06-01 08:00:00+00", "2025-06-01 10:00:00+00", "2025-06-01 10:00:00", "soon"],
        ),
    ],
)
def test_a_cell(con, tmp_path, spec, given, expected):
    con.execute("SET TimeZone = 'Europe/Warsaw'")
    assert cells(con, tmp_path, spec, of(*given)) == expected


def test_encoding_delimiter_decimal_header_and_nulls(con, tmp_path):
    source = (
        SOURCE
        + 'encoding = "cp1250"\ndelimiter = ";"\ndecimal = ","\nheader = 3\nnulls = ["-"]\ntimezone = "Europe/Warsaw"\n'
    )
    data = "Raport; połączeń\r\n\r\nId;Start;Długość;Kolejka\r\n1;2025-06-01;1\xa0090,5;Łódź\r\n2;2025-06-01;-;-\r\n"
    toml = f'{source}{CALLS}talk_s = {{ column = "Długość", unit = "s" }}\nqueue = "kolejka"\n'
    feed = read(con, tmp_path, toml, data.encode("cp1250"))
    assert con.execute("SELECT talk_s, queue FROM raw.calls").fetchall() == [("1090.5", "Łódź"), (None, None)]
    assert feed.timezone == "Europe/Warsaw"
    assert feed.locate(con, "calls", [0, 1]) == [("export.csv", 4), ("export.csv", 5)]


def test_the_zone_given_to_read_wins(con, tmp_path):
    feed = read(con, tmp_path, f'{SOURCE}timezone = "Asia/Tokyo"\n{CALLS}', of("x"), timezone="Europe/Warsaw")
    assert feed.timezone == "Europe/Warsaw"


def test_a_file_without_a_header(con, tmp_path):
    source = SOURCE + 'header = 0\nnames = ["Id", "Start", "V"]\n'
    feed = read(con, tmp_path, f'{source}{CALLS}line = "V"\n', "a,2025-06-01,x\nb,2025-06-02,y\n")
    assert con.execute("SELECT source_id, line FROM raw.calls").fetchall() == [("a", "x"), ("b", "y")]
    assert feed.locate(con, "calls", [1]) == [("export.csv", 2)]


def test_the_wrong_encoding_names_the_line(con, tmp_path):
    with pytest.raises(LoadError) as caught:
        read(con, tmp_path, f'{SOURCE}encoding = "utf-8"\n{CALLS}', "Id,Start\n1,x\n2,Łódź\n".encode("cp1250"))
    assert "UTF-8" in caught.value.problem or caught.value.line == 3


TWO = """
[[table]]
table = "calls"
file = "calls-*.csv"
where = { Type = ["IN", "out"] }
[table.columns]
source_id = "Id"
direction = { column = "Type", words = { in = "inbound", out = "outbound" } }
started_at = "Start"
ended_at = "Start"
outcome = { const = "answered" }
operator = "Agent"

[[table]]
table = "ratings"
file = "calls-*.csv"
needs = ["Rating"]
[table.columns]
source_id = "Id"
call = "Id"
kind = { const = "csat" }
at = "Start"
score = "Rating"

[[table]]
table = "users"
file = "calls-*.csv"
[table.columns]
login = "Agent"

[[table]]
table = "users"
file = "staff.csv"
[table.columns]
login = "Login"
name = "Name"
"""


def test_one_line_may_become_rows_of_several_tables(con, tmp_path):
    tmp_path.joinpath("calls-1.csv").write_text(
        "Id,Type,Start,Agent,Rating,Extra\n1,IN,a,anna,5,e\n2,SYS,b,,,e\nbroken\n3,Out,c,bob,,e\n"
    )
    tmp_path.joinpath("calls-2.csv").write_text("Id,Type,Start,Agent,Rating\n4,in,d,anna,3\n")
    tmp_path.joinpath("staff.csv").write_text("Login,Name\ncarol,Carol Example\n")
    feed = read(con, tmp_path, SOURCE + "create_missing = true\n" + TWO)
    calls = con.execute("SELECT source_id, direction, operator, _file FROM raw.calls").fetchall()
    assert calls == [("1", "inbound", "anna", 0), ("3", "outbound", "bob", 0), ("4", "inbound", "anna", 1)]
    assert con.execute("SELECT call, score FROM raw.ratings").fetchall() == [("1", "5"), ("4", "3")]
    users = con.execute("SELECT login, name, _file FROM raw.users").fetchall()
    assert users == [("anna", None, 0), ("bob", None, 0), ("carol", "Carol Example", 2)]
    assert feed.create_missing
    assert feed.source == "vendor"
    assert feed.unknown_columns["calls"] == ("Extra",)
    assert con.execute(f"SELECT table_name, file, line FROM {feed.rejects}").fetchall() == [("calls", "calls-1.csv", 4)]
    assert feed.locate(con, "calls", [1, 2]) == [("calls-1.csv", 5), ("calls-2.csv", 2)]
    assert feed.locate(con, "ratings", [1]) == [("calls-2.csv", 2)]
    assert feed.locate(con, "users", [1, 2, 0]) == [("calls-1.csv", 5), ("staff.csv", 2), ("calls-1.csv", 2)]


def test_one_file_of_several_may_be_given(con, tmp_path):
    tmp_path.joinpath("staff.csv").write_text("Login,Name\ncarol,Carol Example\n")
    tmp_path.joinpath("map.toml").write_text(SOURCE + TWO)
    feed = sources.read(con, tmp_path / "staff.csv", source=str(tmp_path / "map.toml"))
    assert list(feed.tables) == ["users"]


@pytest.mark.parametrize("evil", ["x'); DROP TABLE raw.calls; --", 'a" OR "1"="1', "{}", "%s", "\\"])
def test_names_and_words_stay_text(con, tmp_path, evil):
    quoted = evil.replace("\\", "\\\\").replace('"', '\\"')
    header = '"' + evil.replace('"', '""') + '"'
    toml = (
        f'{SOURCE}nulls = ["{quoted}!"]\n{CALLS}'
        f'line = {{ column = "{quoted}", words = {{ "{quoted}" = "{quoted}" }}, default = "{quoted}",'
        f' prefix = "{quoted}", when = {{ "{quoted}" = ["{quoted}"] }} }}\nqueue = {{ const = "{quoted}" }}\n'
    )
    read(con, tmp_path, toml, f"Id,Start,{header}\n1,x,{header}\n")
    assert con.execute("SELECT line, queue FROM raw.calls").fetchall() == [(evil + evil, evil)]


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("", "needs [source]"),
        (SOURCE, "at least one [[table]]"),
        ("[source\n", "is not TOML"),
        (SOURCE + "delimeter = ';'\n" + CALLS, "Did you mean 'delimiter'"),
        (SOURCE + "header = '1'\n" + CALLS, "a whole number"),
        (SOURCE + "delimiter = ';;'\n" + CALLS, "one character"),
        (SOURCE + CALLS.replace('"calls"', '"cals"'), "Did you mean 'calls'"),
        (SOURCE + CALLS.replace("source_id", "sourceid"), "Did you mean 'source_id'"),
        (SOURCE + CALLS.replace('started_at = "Start"\n', ""), "needs started_at"),
        (SOURCE + CALLS + 'line = { colum = "V" }\n', "Did you mean 'column'"),
        (SOURCE + CALLS + 'line = { unit = "s" }\n', "either `column` or `const`"),
        (SOURCE + CALLS + 'line = { column = "V", unit = "weeks" }\n', "no unit 'weeks'"),
        (SOURCE + CALLS + "line = 5\n", "a column's name"),
        (SOURCE + CALLS + 'line = { column = "V", format = "%Q" }\n', "Check formats"),
        (SOURCE + CALLS + 'line = { column = "V", words = { Y = 1 } }\n', "table of texts"),
        (SOURCE + CALLS.replace("[table.columns]", "sql = 'x'\n[table.columns]"), "no key 'sql'"),
        (SOURCE + CALLS + 'line = "Vv"\n', "no such column"),
        (
            SOURCE + CALLS.replace("[table.columns]", "file = 'other.csv'\n[table.columns]"),
            "no file that is called other.csv",
        ),
    ],
)
def test_a_wrong_mapping_is_told(con, tmp_path, toml, told):
    with pytest.raises(LoadError) as caught:
        read(con, tmp_path, toml, of("x"))
    assert told in str(caught.value)


def test_an_absent_mapping(con, tmp_path):
    with pytest.raises(LoadError, match="no such mapping"):
        sources.read(con, tmp_path, source="absent.toml")
