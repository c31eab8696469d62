"""Pages: every page of every report is what pandas makes of the frame, sorted and searched, also of logs that are never
in memory; and nothing that is asked becomes SQL.
"""

from __future__ import annotations

import gc
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

import worlds
from laws import Trial
from okireports import frames, run
from okireports.answer import Course, Log
from okireports.engines import shelf
from okireports.errors import BadOption
from okireports.faces import Result
from okireports.pages import Pages
from okireports.report import REPORTS, all_reports
from okireports.rows import Held

NAMES = [r.name for r in all_reports()]
LOGS = [name for name in NAMES if REPORTS[name].separable]
IDS = {"contact_key"}  # whole numbers that are names
ZONE = "Europe/Warsaw"


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    """The autumn night, everything in it."""
    made = Trial(worlds.world(3))
    yield made
    made.close()


def ask(trial: Trial, name: str, kind: str = "admin") -> Result:
    viewer = trial.viewer(kind)
    return trial.center.viewer(viewer.login, reason=viewer.reason).report(name, period=trial.world.period)


# What is expected, by pandas and by plain Python


def ordered(rows: pa.Table, sort: str | None, descending: bool) -> list[int]:
    """Row numbers in the order of a column."""
    if sort is None:
        return list(range(rows.num_rows))
    frame = frames.frame(rows.select([rows.column_names.index(sort)]))
    return [*frame.sort_values(sort, ascending=not descending, kind="stable", na_position="last").index]


def folded(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).lower().replace("ł", "l")


def read(value: Any, name: str) -> str | None:
    """A cell as it can be found; None for figures and flags."""
    if isinstance(value, datetime):
        return str(value.isoformat(" ", "milliseconds"))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return folded(value)
    return str(value) if isinstance(value, int) and name in IDS else None


def words(rows: pa.Table) -> list[list[str]]:
    """All that can be found in each row."""
    columns = [
        [read(v, name) for v in column.to_pylist()]
        for name, column in zip(rows.column_names, rows.columns, strict=True)
    ]
    return [[text for text in row if text is not None] for row in zip(*columns, strict=True)]


def expected(rows: pa.Table, sort: str | None, descending: bool, search: str) -> pa.Table:
    """The rows that a search leaves, in the order that is asked for."""
    numbers = ordered(rows, sort, descending)
    if search:
        holding = [any(folded(search) in text for text in texts) for texts in words(rows)]
        numbers = [n for n in numbers if holding[n]]
    return rows.take(pa.array(numbers, pa.int64()))


def in_pages(pages: Pages, size: int, **asked: Any) -> pa.Table:
    """All pages, one after another."""
    first = pages.page(1, size, **asked)
    last = max(1, -(-first.total // size))
    assert pages.page(last + 1, size, **asked).number == last
    found = [pages.page(number, size, **asked) for number in range(1, last + 1)]
    assert {page.total for page in found} == {first.total} == {pages.count(asked.get("search", ""))}
    assert [page.number for page in found] == [*range(1, last + 1)]
    assert all(page.table.num_rows == size for page in found[:-1])
    return pa.concat_tables([page.table for page in found])


def searches(rows: pa.Table, rng: Random) -> Iterator[str]:
    """Parts of what stands in the rows, written otherwise."""
    there = sorted({text for row in words(rows) for text in row if text.strip()})
    for text in rng.sample(there, min(4, len(there))):
        start = rng.randrange(len(text))
        part = text[start : start + rng.randint(1, 12)].strip()
        yield rng.choice((str.upper, str.title, lambda t: t.replace("l", "ł").replace("o", "ó")))(part)
    yield from ("%", "_", "nowhere at all")


def same(one: pa.Table, other: pa.Table) -> bool:
    """Have they the same columns and cells? NaN is itself here."""
    cells, others = (repr([column.to_pylist() for column in t.columns]) for t in (one, other))
    return one.schema.equals(other.schema, check_metadata=True) and cells == others


@pytest.mark.parametrize("name", NAMES)
def test_every_page_of_every_report_is_what_pandas_makes_of_it(trial: Trial, name: str) -> None:
    rng, result = Random(name), ask(trial, name)
    rows, pages = result.arrow, result.pages
    assert rows.num_rows and pages.columns == tuple(rows.column_names)
    assert same(in_pages(pages, rng.choice((1, 7, 100)) if rows.num_rows < 100 else 37), rows)
    for sort in rng.sample(pages.columns, min(4, len(pages.columns))):
        descending = rng.random() < 0.5
        found = in_pages(pages, max(5, rows.num_rows // 5), sort=sort, descending=descending)
        assert same(found, expected(rows, sort, descending, "")), (sort, descending)
    for search in searches(rows, rng):
        sort, descending = rng.choice((None, *pages.columns)), rng.random() < 0.5
        found = in_pages(pages, max(3, rows.num_rows // 3), sort=sort, descending=descending, search=search)
        assert same(found, expected(rows, sort, descending, search.strip())), (search, sort, descending)


# Logs that stay in the engine


@pytest.fixture(params=[(2, 3), (50, 65_536)], ids=["few slices", "many slices"])
def long(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs of more than one row stay in the engine."""
    at_once, slices = request.param
    monkeypatch.setattr(run, "MOST_ROWS", 1)
    monkeypatch.setattr(run, "AT_ONCE", at_once)
    monkeypatch.setattr(run, "SLICES", slices)


@pytest.fixture(scope="module")
def held(trial: Trial) -> dict[tuple[str, str], pa.Table]:
    """The logs as they are in memory."""
    able = {kind: trial.viewer(kind) for kind in ("admin", "client")}
    may = {k: set(trial.center.viewer(v.login, reason=v.reason).reports["name"]) for k, v in able.items()}
    return {(kind, name): ask(trial, name, kind).arrow for kind in able for name in LOGS if name in may[kind]}


@pytest.mark.usefixtures("long")
@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("kind", ["admin", "client"])
def test_pages_of_a_long_log_are_those_of_the_same_in_memory(
    trial: Trial, held: dict[tuple[str, str], pa.Table], kind: str, name: str
) -> None:
    if (kind, name) not in held:
        return
    rows, rng = held[kind, name], Random(name)
    result = ask(trial, name, kind)
    assert isinstance(result.answer.rows, Log) == (rows.num_rows > 1)
    pages, size = result.pages, max(2, rows.num_rows // 4)
    for first, most in ((0, 1), (0, size), (1, 2), (rows.num_rows - 1, 5), (rows.num_rows, 5), (0, 10**6)):
        assert same(result.answer.rows.some(first, most), rows.slice(first, most)), (first, most)
    assert same(in_pages(pages, size), rows)
    assert pages._shelf is None, "pages of the rows as they are need no shelf"
    for sort in pages.columns:
        for descending in (False, True):
            found = in_pages(pages, size, sort=sort, descending=descending)
            assert same(found, expected(rows, sort, descending, "")), (sort, descending)
    assert same(in_pages(pages, size), rows)  # from the shelf
    for search in searches(rows, rng):
        sort = rng.choice((None, *pages.columns))
        assert same(in_pages(pages, size, sort=sort, search=search), expected(rows, sort, False, search)), search


def test_the_logs_have_what_is_hard(held: dict[tuple[str, str], pa.Table]) -> None:
    starts = {key: rows[start_of(rows)].to_pylist() for key, rows in held.items()}
    assert any(len(set(found)) < len(found) for found in starts.values()), "no two rows of one instant"
    assert any(0 < column.null_count < len(column) for rows in held.values() for column in rows.columns)


def start_of(rows: pa.Table) -> str:
    return next(f.name for f in rows.schema if pa.types.is_timestamp(f.type))


@pytest.mark.parametrize("name", LOGS)
def test_the_first_instant_of_a_log_is_its_start(
    trial: Trial, held: dict[tuple[str, str], pa.Table], name: str
) -> None:
    rows = held["admin", name]
    starts = rows[start_of(rows)].to_pylist()
    assert starts == sorted(starts, reverse=True)
    first, last = (at.replace(tzinfo=UTC) for at in trial.span)
    assert all(first - timedelta(days=1) <= at < last + timedelta(days=1) for at in starts)


def test_many_rows_of_one_instant_lie_in_one_slice() -> None:
    start = datetime(2025, 1, 1)
    course = Course(start, start + timedelta(milliseconds=95), 10, {0: 3, 4: 1_000, 9: 2})
    at = [start + timedelta(milliseconds=n) for n in (0, 10, 40, 50, 90, 95)]
    assert course.count == 1_005
    assert course.around(0, 1) == (at[4], at[5], 0)
    assert course.around(1, 1) == (at[4], at[5], 1)
    assert course.around(1, 2) == (at[2], at[5], 1)
    assert course.around(700, 100) == (at[2], at[3], 698)
    assert course.around(1_001, 100) == (at[0], at[3], 999)
    assert course.around(1_004, 100) == (at[0], at[1], 2)


# Rows of any kind


def odd() -> pa.Table:
    """Columns whose names are strange or the same, and values that are hard to order."""
    instants = [datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2025, 10, 26, 1, 30, tzinfo=UTC), None]
    columns = [
        pa.array(["Łódź", "lodz", None, "ŻÓŁW", "b", "a"]),
        pa.array([2.0, float("nan"), None, -1.0, float("inf"), 2.0]),
        pa.array([Decimal("1.10"), Decimal("-2.00"), None, Decimal("1.10"), None, Decimal("10.00")]),
        pa.array([*instants, *instants], pa.timestamp("us", ZONE)),
        pa.array([True, None, False, True, False, None]),
        pa.array([226389050957496475, None, 3, 3, -3, 0], pa.int64()),
        pa.array([date(2025, 1, 2), None, date(1999, 12, 31)] * 2),
        pa.array([7, 7, 1, 2, None, 3], pa.int64()),
        pa.array([None] * 6, pa.string()),
    ]
    names = ['"; DROP TABLE log; --', "x", "x", "position", "c1", "contact_key", "day", "log", "żółć"]
    return pa.Table.from_arrays(columns, names)


@pytest.mark.parametrize("descending", [False, True])
def test_what_is_hard_to_order_is_ordered(descending: bool) -> None:
    rows = odd()
    pages = Pages(Held(rows))
    for sort in dict.fromkeys(rows.column_names):
        assert same(in_pages(pages, 4, sort=sort, descending=descending), expected(rows, sort, descending, "")), sort


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("LODZ", [0, 1]),
        ("łódź", [0, 1]),
        ("żółw", [3]),
        ("  zolw ", [3]),
        ("2025-10-26 02:30:00", [0, 1, 3, 4]),  # the hour that comes twice
        ("02:30:00.000+02:00", [0, 3]),
        ("02:30:00.000+01:00", [1, 4]),
        ("9050957", [0]),
        ("1999-12", [2, 5]),
        ("7", [0]),  # of the id, not of the figures
        ("true", []),
        ("1.1", []),
        ("%", []),
        ("' OR 1=1 --", []),
        ("\0", []),
        ("\ud800", []),
        ("a" * 100_000, []),
    ],
)
def test_what_is_searched_for_is_found_as_people_read_it(search: str, found: list[int]) -> None:
    rows = odd()
    pages = Pages(Held(rows))
    assert same(pages.page(1, 10, search=search).table, rows.take(pa.array(found, pa.int64())))
    assert pages.count(search) == len(found)


def test_nothing_is_one_empty_page() -> None:
    for rows in (odd().slice(0, 0), pa.table({"n": pa.array([], pa.int64())})):
        for asked in ({}, {"sort": rows.column_names[0]}, {"search": "a"}):
            page = Pages(Held(rows)).page(3, 10, **asked)
            assert same(page.table, rows) and (page.total, page.number) == (0, 1)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sort": "phoen"}, "Did you mean 'phone'"),
        ({"sort": "c0"}, "no column 'c0'"),
        ({"sort": 0}, "no column 0"),
        ({"sort": "phone; DROP TABLE log"}, "no column"),
        ({"number": 0}, "from 1"),
        ({"number": True}, "from 1"),
        ({"number": "1"}, "from 1"),
        ({"size": 0}, "from 1"),
        ({"size": 2.0}, "from 1"),
        ({"size": 10_001}, "at most 10,000"),
        ({"search": None}, "is a text"),
        ({"search": 5}, "is a text"),
    ],
)
def test_what_cannot_be_asked_is_said(asked: dict[str, Any], said: str) -> None:
    pages = Pages(Held(pa.table({"phone": ["1"], "n": [2]})))
    with pytest.raises(BadOption, match=said):
        pages.page(**{"number": 1, "size": 10} | asked)


def test_a_page_says_nothing_of_its_rows(trial: Trial) -> None:
    result = ask(trial, "call_log")
    page = result.pages.page(1, 10)
    assert repr(result.pages) == f"<pages of {result.arrow.num_rows:,} rows>"
    assert repr(page) == f"Page(total={page.total}, number=1)"


# Threads, interruptions, and what is left


@pytest.mark.usefixtures("long")
def test_several_threads_ask_at_once(trial: Trial, held: dict[tuple[str, str], pa.Table]) -> None:
    rows, pages = held["admin", "call_log"], ask(trial, "call_log").pages
    asked = [
        {"sort": sort, "descending": way, "search": text}
        for sort in (None, "started_at", "queue", "talk_s", "phone")
        for way in (False, True)
        for text in ("", "a", "2")
    ]
    Random(1).shuffle(asked)
    with ThreadPoolExecutor(6) as pool:
        found = [*pool.map(lambda one: pages.page(1, 10, **one).table, asked)]
    wrong = [
        one for one, table in zip(asked, found, strict=True) if not same(table, expected(rows, **one).slice(0, 10))
    ]
    assert not wrong


def test_an_interruption_leaves_nothing_half_done(
    trial: Trial, held: dict[tuple[str, str], pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "MOST_ROWS", 1)
    monkeypatch.setattr(run, "AT_ONCE", 1)  # so many statements that some interruption meets one
    rows, result = held["admin", "call_log"], ask(trial, "call_log")
    ended: list[BaseException | None] = []

    def work() -> None:
        try:
            result.pages.page(1, 5, sort="talk_s")
            ended.append(None)
        except duckdb.InterruptException as told:
            ended.append(told)

    worker = threading.Thread(target=work)
    worker.start()
    while worker.is_alive():
        result.pages.interrupt()
        worker.join(0.002)
    assert isinstance(ended[0], duckdb.InterruptException) and result.pages._shelf is None
    assert same(in_pages(result.pages, 50, sort="talk_s"), expected(rows, "talk_s", False, ""))


@pytest.mark.usefixtures("long")
def test_no_file_is_left_to_be_found_and_its_folder_is_the_owners(
    trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pages = ask(trial, "call_log").pages
    lying: list[tuple[str, int]] = []  # while rows are put there

    def put(rows: Log, path: Path) -> pa.Table:
        made = shelve(rows, path)
        lying.append((path.name, path.parent.stat().st_mode & 0o077))
        return made

    shelve = shelf.put
    monkeypatch.setattr(shelf, "put", put)
    pages.page(1, 5, sort="queue")
    assert lying == [("log.arrow", 0)]
    assert [*tmp_path.glob("*/log.arrow")] == []
    del pages
    gc.collect()
    assert [*tmp_path.iterdir()] == []


def test_the_last_orders_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, bool]] = []
    pages = Pages(Held(pa.table({name: np.arange(9) for name in "abcdef"})))
    pages.prepare()
    ask_shelf = type(pages._shelf).ordered
    monkeypatch.setattr(
        type(pages._shelf),
        "ordered",
        lambda self, column, *, descending: (
            made.append((column, descending)) or ask_shelf(self, column, descending=descending)
        ),
    )
    for sort in ("a", "a", "b", "a", "c", "d", "a", "e", "f", "a", "b"):
        pages.page(1, 2, sort=sort)
    assert [column for column, _ in made] == [0, 1, 2, 3, 4, 5, 1]
