"""What `inspect` makes of files with faults: one bad value hides nothing, an id is an id, and sums are refused."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from okireports import sources
from okireports.errors import LoadError
from okireports.sources.guesses import Guess, closely, look


def inspect(folder: Path, header: str, *rows: str, name: str = "x.csv") -> sources.Draft:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return sources.inspect(path)


def by_name(draft: sources.Draft) -> dict[str, Guess]:
    return {g.column: g for g in draft.columns}


def log(count: int, start: str = "2025-06-{:02} 10:00:00") -> list[str]:
    return [f"A-{n},{start.format(n % 28 + 1)},anna,{('yes', 'no')[n % 3 == 0]},{n % 90}" for n in range(count)]


HEADER = "Call ref,Start,Agent,Answered,Talk time"


def test_one_bad_value_hides_no_column(tmp_path: Path) -> None:
    rows = log(60)
    rows[7] = "A-7,yesterday,anna,yes,n.d."
    draft = inspect(tmp_path, HEADER, *rows)
    found = by_name(draft)
    assert {c: g.meaning for c, g in found.items()} == {
        **{"Call ref": "source_id", "Start": "started_at", "Agent": "operator"},
        **{"Answered": "outcome", "Talk time": "talk_s"},
    }
    assert found["Start"].form == "%Y-%m-%d %H:%M:%S"
    assert found["Start"].confidence == pytest.approx(0.9 * 59 / 60)
    assert "but for 2% of them" in found["Start"].why
    whole = by_name(inspect(tmp_path, HEADER, *log(60)))
    assert whole["Start"].confidence == pytest.approx(0.9)


def test_many_bad_values_do_hide_it(tmp_path: Path) -> None:
    rows = [f"A-{n},{'yesterday' if n % 3 else '2025-06-01 10:00:00'},anna,yes,1" for n in range(60)]
    draft = inspect(tmp_path, HEADER, *rows)
    assert not draft.is_calls
    assert "looks like the time of a call" in draft.refusal


def test_of_few_values_none_may_be_bad() -> None:
    assert look(["13.06.2025", "never"])[0] != "date"
    assert closely(["13.06.2025"] * 38 + ["never"] * 2) == ("date", "%d.%m.%Y", 0.95)
    assert closely(["13.06.2025"] * 38 + ["never"] * 3)[0] != "date"


@pytest.mark.parametrize("heading", ["Call ref", "Reference", "Call No", "RecordNumber", "call_id", "CallRef"])
def test_an_id_by_many_names(tmp_path: Path, heading: str) -> None:
    rows = [f"{n},2025-06-01 10:00:0{n}" for n in range(9)]
    assert by_name(inspect(tmp_path, f"{heading},Start", *rows))[heading].meaning == "source_id"


def test_an_id_that_stands_twice_is_less_sure(tmp_path: Path) -> None:
    rows = [f"{n - n % 50 // 49},2025-06-01 10:00:00" for n in range(100)]  # two of a hundred are those before them
    found = by_name(inspect(tmp_path, "Call ref,Start", *rows))["Call ref"]
    assert found.meaning == "source_id"
    assert found.confidence == pytest.approx(0.8 * 0.98)
    assert "2.0% stand there again" in found.why
    same = [f"{n % 5},2025-06-01 10:00:00" for n in range(100)]
    assert by_name(inspect(tmp_path, "Call ref,Start", *same))["Call ref"].meaning is None


def test_words_for_nothing_are_found(tmp_path: Path) -> None:
    rows = [f"A-{n},2025-06-01 10:00:00,anna,yes,{'n/a' if n % 2 else '-'}" for n in range(30)]
    rows += [f"B-{n},2025-06-01 10:00:00,anna,yes,5" for n in range(30)]
    draft = inspect(tmp_path, HEADER, *rows)
    assert by_name(draft)["Talk time"].meaning == "talk_s"
    assert 'nulls = ["-", "n/a"]' in draft.toml


def test_words_that_no_list_knows_are_named_with_their_counts(tmp_path: Path) -> None:
    rows = [f"A-{n},2025-06-01 10:00:00,anna,{('answered', 'parked', 'ANSWERED')[n % 3]},5" for n in range(9)]
    draft = inspect(tmp_path, HEADER.replace("Answered", "Status"), *rows)
    assert '{ "answered" = "answered", "ANSWERED" = "answered" }' in draft.toml
    assert '# CHECK: words of Status that are not known: "parked" (3)' in draft.toml


@pytest.mark.parametrize(
    ("heading", "start", "told"),
    [
        ("Start", "2025-06-{:02} 10:00:00", '# timezone = "Europe/Warsaw"   # CHECK: nothing in the file says'),
        ("Start", "2025-06-{:02}T10:00:00+02:00", "# no timezone is needed"),
        ("Start (UTC)", "2025-06-{:02} 10:00:00", 'timezone = "UTC"   # CHECK: by the heading'),
    ],
)
def test_zones(tmp_path: Path, heading: str, start: str, told: str) -> None:
    draft = inspect(tmp_path, HEADER.replace("Start", heading), *log(25, start))
    assert told in draft.toml


def test_flags_of_0_and_1_are_words(tmp_path: Path) -> None:
    rows = [f"A-{n},2025-06-01 10:00:00,anna,{n % 2},5" for n in range(30)]
    draft = inspect(tmp_path, HEADER, *rows)
    assert by_name(draft)["Answered"].meaning == "outcome"
    assert '{ "0" = "abandoned", "1" = "answered" }' in draft.toml


COUNTS = [f"2025-06-{n:02},{100 + n},{90 + n},{10},{n / 100:.2f}" for n in range(1, 29)]


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("Date,Offered,Answered,Abandoned,Service level", COUNTS),
        ("Dzień,Połączenia,Odebrane,Nieodebrane,Poziom", COUNTS),
        ("Day,Number of calls,x,y,z", COUNTS),
        ("Date,Calls", [f"2025-06-{n:02},{100 + n}" for n in range(1, 29)]),
        ("Agent Id,Handled,Missed", [f"{1000 + n},{50 + n},{n}" for n in range(30)]),
        ("Queue,Day,Calls handled,Avg wait", [f"sales,2025-06-{n:02},{50 + n},12" for n in range(1, 29)]),
        ("Start,Offered,Answered", [f"2025-06-{n:02} 10:00:00,{50 + n},{40 + n}" for n in range(1, 29)]),
    ],
)
def test_tables_of_counts_are_refused(tmp_path: Path, header: str, rows: list[str]) -> None:
    draft = inspect(tmp_path, header, *rows)
    assert not draft.is_calls and draft.toml == ""
    assert "please" in draft.refusal


def test_a_log_with_one_sum_in_it_is_a_log(tmp_path: Path) -> None:
    rows = [f"{line},{n}" for n, line in enumerate(log(40))]
    assert inspect(tmp_path, HEADER + ",Total duration", *rows).is_calls


def test_packed_files_are_looked_at(tmp_path: Path) -> None:
    text = "\n".join([HEADER, *log(30)])
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(text.encode("cp1250")))
    assert sources.inspect(tmp_path / "x.csv.gz").is_calls
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("log.csv", text)
    assert sources.inspect(tmp_path / "x.zip").toml.startswith("# Draft of a mapping for log.csv")
    with zipfile.ZipFile(tmp_path / "x.zip", "a") as archive:
        archive.writestr("other.csv", text)
    with pytest.raises(LoadError, match="holds 2 files"):
        sources.inspect(tmp_path / "x.zip")


def test_a_torn_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1" + b"x" * 100)
    with pytest.raises(LoadError, match="Parquet"):
        sources.inspect(tmp_path / "x.parquet")
