"""A run that another thread ends: at once, whenever it is asked, and nothing else with it."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import duckdb
import pytest

from okireports.engines.stop import Stop
from okireports.errors import Stopped

ENDLESS = "SELECT count(*) FROM range(1000000000000) WHERE range % 7 = 3"


def started(stop: Stop, con: duckdb.DuckDBPyConnection, working: Event, go: Event | None = None) -> None:
    """A run in a thread of its own; `go` is what it waits for before its statement."""
    with stop.ending(con):
        working.set()
        if go is not None:
            go.wait()
        con.execute(ENDLESS).fetchall()


@pytest.mark.parametrize("before_it_begins", [False, True], ids=["while it works", "before it works"])
def test_a_run_is_ended(before_it_begins: bool) -> None:
    """An interrupt that the engine gets before a statement is lost: it is repeated."""
    stop, working, go = Stop(), Event(), Event()
    with duckdb.connect() as con, ThreadPoolExecutor(1) as thread:
        run: Future[None] = thread.submit(started, stop, con, working, go)
        assert working.wait(60)
        if before_it_begins:
            stop.ask()
            go.set()
        else:
            go.set()
            stop.ask()
        with pytest.raises(Stopped):
            run.result(60)
        assert con.execute("SELECT 1").fetchall() == [(1,)]  # nothing interrupts it any more


def test_a_run_that_was_ended_before_it_began_does_not_begin() -> None:
    stop = Stop()
    stop.ask()
    stop.ask()
    with duckdb.connect() as con, pytest.raises(Stopped), stop.ending(con):
        pytest.fail("it began")


def test_a_run_that_is_over_is_not_touched() -> None:
    stop = Stop()
    with duckdb.connect() as con:
        with stop.ending(con):
            con.execute("SELECT 1")
        stop.ask()
        assert con.execute("SELECT sum(range) FROM range(1000000)").fetchall() == [(499999500000,)]


def test_another_run_goes_on() -> None:
    stop, working = Stop(), Event()
    with duckdb.connect() as one, duckdb.connect() as other, ThreadPoolExecutor(1) as thread:
        run = thread.submit(started, stop, one, working)
        assert working.wait(60)
        with Stop().ending(other):
            stop.ask()
            assert other.execute("SELECT sum(range) FROM range(10000000)").fetchall() == [(49999995000000,)]
        with pytest.raises(Stopped):
            run.result(60)


def test_an_error_of_its_own_stays() -> None:
    with duckdb.connect() as con, pytest.raises(duckdb.ParserException), Stop().ending(con):
        con.execute("no sql")
