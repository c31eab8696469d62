"""Drafts of mappings: a draft loads, says what it is unsure of, and refuses figures that are already added up."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest

from okireports import sources
from okireports.errors import LoadError
from okireports.sources.guesses import look


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data, outside the project."""
    root = Path(__file__).parent.parent
    folder = (root / os.environ.get("OKIREPORTS_SHARED", "../shared")).resolve()
    if not folder.is_dir():
        told = f"the folder of real data is absent: {folder} (set OKIREPORTS_SHARED)"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    return folder


def load(file: Path, folder: Path):
    """Load a file with its own draft, unedited."""
    folder.joinpath("draft.toml").write_text(sources.inspect(file).toml, encoding="utf-8")
    con = duckdb.connect()
    return con, sources.read(con, file, source=str(folder / "draft.toml"))


def test_the_draft_of_a_real_sheet_loads(shared, tmp_path):
    (sheet,) = (shared / "data" / "phonenow").glob("*.xlsx")
    con, feed = load(sheet, tmp_path)
    with con:
        outcomes = "SELECT outcome, count(*), count(answered_at), count(ended_at) FROM raw.calls GROUP BY 1 ORDER BY 1"
        assert con.execute(outcomes).fetchall() == [("abandoned", 946, 0, 946), ("answered", 4_054, 4_054, 4_054)]
        jim = "SELECT count(*) FROM raw.calls WHERE operator = 'Jim'"
        assert con.execute(jim).fetchone() == (666,)
        martha = """
            SELECT round(100 * count_if(score::INT >= 4) / 638, 2), round(100 * count_if(score::INT >= 4) / count(*), 2)
            FROM raw.ratings WHERE operator = 'Martha'"""
        assert con.execute(martha).fetchone() == (42.48, 52.72)
        assert con.execute("SELECT count(*) FROM raw.users").fetchone() == (8,)
        assert feed.locate(con, "calls", [4_999]) == [(sheet.name, 5_001)]
    assert feed.timezone is None
    assert "CHECK: nothing in the file says in which zone" in sources.inspect(sheet).toml


POLISH = """Raport połączeń;;;;;;
;;;;;;
Data i godzina;Kierunek;Numer telefonu;Konsultant;Status;Oczekiwanie [s];Czas rozmowy
13.06.2025 10:00:00;przychodzące;+48220000101;Łucja Śmiała;odebrane;12,5;0:02:10
14.06.2025 11:00:00;wychodzące;+48220000102;Anna Przykład;nieodebrane;3,0;0:00:00
14.06.2025 12:00:00;przychodzące;+48220000103;Anna Przykład;odebrane;7,25;0:01:05
"""


@pytest.mark.parametrize("encoding", ["cp1250", "iso-8859-2", "utf-8", "utf-16"])
def test_a_polish_export_with_a_title(tmp_path, encoding):
    file = tmp_path / "raport.csv"
    file.write_bytes(POLISH.encode(encoding))
    draft = sources.inspect(file)
    assert draft.is_calls
    guessed = {g.column: g.meaning for g in draft.columns}
    assert guessed["Konsultant"] == "operator"
    assert guessed["Oczekiwanie [s]"] == "wait_s"
    con, _ = load(file, tmp_path)
    with con:
        found = con.execute(
            "SELECT started_at, direction, operator, outcome, wait_s, talk_s, phone FROM raw.calls"
        ).fetchall()
    assert found[0] == (
        *("2025-06-13 10:00:00", "inbound", "Łucja Śmiała", "answered", "12.5", "130.0", "+48220000101"),
    )
    assert found[1][1:5] == ("outbound", "Anna Przykład", "abandoned", "3.0")


def test_columns_say_how_sure_they_are(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("Call ID,Start,Blob\n" + "".join(f"c-{i},2025-06-01 10:00:0{i},q{i % 2}\n" for i in range(9)))
    draft = sources.inspect(file)
    by = {g.column: g for g in draft.columns}
    assert by["Call ID"].meaning == "source_id"
    assert by["Start"].meaning == "started_at"
    assert by["Blob"].meaning is None
    assert all(0 <= g.confidence <= 1 and g.why for g in draft.columns)
    assert by["Blob"].confidence < 0.3 < by["Start"].confidence
    assert str(draft) == draft.toml


def test_day_and_month_that_may_be_swapped_are_told(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("Call ID,Start\nc-1,01/02/2025 10:00:00\nc-2,03/04/2025 10:00:00\n")
    assert "the other way round" in sources.inspect(file).toml
    file.write_text("Call ID,Start\nc-1,01/02/2025 10:00:00\nc-2,13/04/2025 10:00:00\n")
    assert "the other way round" not in sources.inspect(file).toml


AGGREGATED = (
    "Interval Start,Interval End,Media Type,Agent Name,Handle,Avg Handle,Avg Talk,Total Handle\n"
    "2025-06-01 10:00:00,2025-06-01 10:30:00,voice,Anna,12,120,100,1440\n"
)


@pytest.mark.parametrize(
    "text", [AGGREGATED, "Agent,Day,Total calls,Avg talk,% answered\nAnna,2025-06-01,12,120,90\n", "a,b\nx,y\n"]
)
def test_added_up_figures_are_refused_politely(tmp_path, text):
    file = tmp_path / "x.csv"
    file.write_text(text)
    draft = sources.inspect(file)
    assert not draft.is_calls
    assert draft.toml == ""
    assert str(draft) == draft.refusal
    assert "please" in draft.refusal and "call log" in draft.refusal


def test_a_parquet_file(tmp_path):
    with duckdb.connect() as con:
        calls = con.sql("""
            SELECT 'c-' || i AS call_id, TIMESTAMP '2025-06-01' + to_seconds(i) AS start_time, 'anna' AS agent
            FROM range(30) AS t(i)""")
        calls.write_parquet(str(tmp_path / "x.parquet"))
    con, _ = load(tmp_path / "x.parquet", tmp_path)
    with con:
        assert con.execute("SELECT count(DISTINCT started_at) FROM raw.calls").fetchone() == (30,)


def test_nothing_to_inspect(tmp_path):
    with pytest.raises(LoadError, match="no such file"):
        sources.inspect(tmp_path / "absent.csv")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2025-06-01T10:00:00+02:00"], ("instant", "iso")),
        (["2025-06-01 10:00:00", "2025-06-02 11:00:00"], ("instant", "%Y-%m-%d %H:%M:%S")),
        (["13/06/2025"], ("date", "%d/%m/%Y")),
        (["06/13/2025"], ("date", "%m/%d/%Y")),
        (["1366720340", "1366720341"], ("instant", "epoch")),
        (["1366720340123"], ("instant", "epoch_ms")),
        (["30:00:00"], ("length", "hh:mm:ss")),
        (["12", "3,5"], ("number", None)),
        ([], ("empty", None)),
    ],
)
def test_what_values_look_like(values, expected):
    assert look(values) == expected
