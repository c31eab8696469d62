"""A result in other libraries' hands, and what a centre answers before anything was loaded into it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import growing
import okireports
from okireports.errors import BadOption
from okireports.export import suffixes
from okireports.faces import Center, Result
from okireports.report import all_reports

JUNE = "2025-06"


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Alpha with 5 calls and Beta with 7 on one day; boss is in both."""
    folder = tmp_path_factory.mktemp("results")
    made = growing.make(folder)
    made.load(growing.day(folder, 0))
    return made


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """A centre in which nothing but a project and a person was made."""
    made = okireports.create(tmp_path_factory.mktemp("empty") / "centre", now=growing.NOW)
    who = {"actor": "admin", "reason": "a test"}
    made.projects.create("Alpha", **who)
    made.users.create("boss", role="Supervisor", **who)
    made.users.create("nina", role="Supervisor", **who)
    made.projects.add_member("Alpha", "boss", **who)
    return made


def log(center: Center) -> Result:
    """A result of several rows with instants, texts and numbers."""
    return center.viewer("boss").report("call_log", period=JUNE)


def test_arrow_takes_a_result_as_it_is(center: Center) -> None:
    result = log(center)
    for _ in range(2):  # a result is no stream that runs dry
        taken = pa.RecordBatchReader.from_stream(result).read_all()
        assert taken.num_rows == 12 and taken.equals(result.arrow)


def test_duckdb_takes_a_result_as_it_is(center: Center) -> None:
    result = log(center)
    with duckdb.connect() as con:
        counted = con.execute("SELECT project, count(*) FROM result GROUP BY ALL ORDER BY ALL").fetchall()
    assert result.arrow.num_rows == 12 and counted == [("Alpha", 5), ("Beta", 7)]


def test_an_empty_result_is_a_stream_with_columns(empty: Center) -> None:
    taken = pa.RecordBatchReader.from_stream(log(empty)).read_all()
    assert taken.num_rows == 0 and "started_at" in taken.column_names


@pytest.mark.parametrize("login", ["boss", "nina", "admin"])
def test_every_report_of_a_centre_without_loads(empty: Center, login: str) -> None:
    """For a member, for who is in no project, and for who sees everything: a frame without rows, and a chart of it."""
    viewer = empty.viewer(login, reason="a test" if login == "admin" else None)
    names = set(viewer.reports["name"])
    assert login != "admin" or names == {report.name for report in all_reports()}
    assert len(names) > 20
    for name in names:
        result = viewer.report(name, period=JUNE)
        rows = 1 if name == "access_matrix" else 0  # that she sees the project needs no load
        assert len(result.frame) == rows and len(result.frame.columns) > 1, name
        assert result.chart.to_dict(), name
        assert f"{rows} rows" in repr(result), name


def test_what_is_empty_can_be_saved_in_every_form(empty: Center, tmp_path: Path) -> None:
    result = empty.viewer("boss").report("service_level", period=JUNE)
    for suffix in suffixes():
        assert result.save(tmp_path / f"empty{suffix}").stat().st_size > 0, suffix


@pytest.mark.parametrize("suffix", [suffix.removeprefix(".") for suffix in suffixes()])
def test_a_language_in_which_nothing_is_said_is_an_error(center: Center, tmp_path: Path, suffix: str) -> None:
    with pytest.raises(BadOption, match="no language 'de': choose one of en, pl"):
        log(center).save(tmp_path / f"log.{suffix}", language="de")
    assert [*tmp_path.iterdir()] == []
