"""Only the last choice runs: whatever threads ask, nothing outdated is shown, and nothing is in the way of the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from random import Random

import duckdb
import pytest

from looks import PATIENCE, until
from okireports.engines.stop import Stop
from okireports.errors import Stopped
from okireports.widgets.last import LastOnly, Shown

LONG = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


class Room:
    """A worker, what it has shown, and the errors that it has told."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.shown: list[object] = []
        self.errors: list[Exception] = []
        self.last = LastOnly(self.lock, self.errors.append, soon=0.0)

    def job(self, name: object) -> Callable[[Stop], Shown]:
        return lambda stop: lambda: self.shown.append(name)

    def rest(self) -> None:
        until(lambda: not self.last.alive)


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    yield made
    made.last.end()
    made.rest()


@pytest.mark.parametrize("seed", range(8))
def test_only_the_newest_is_ever_shown(room: Room, seed: int) -> None:
    numbers, newest, outdated = count(), [-1], []
    room.last.soon = 0.002

    def show(number: int) -> None:
        room.shown.append(number)
        if number != newest[0]:
            outdated.append(number)

    def work(number: int, rest: float) -> Callable[[Stop], Shown]:
        def job(stop: Stop) -> Shown:
            time.sleep(rest)
            if number % 7 == 3:
                raise ValueError(number)
            return lambda: show(number)

        return job

    def choose(random: Random) -> None:
        for _ in range(30):
            with room.lock:
                newest[0] = number = next(numbers)
                room.last.ask(work(number, random.random() / 300))
            time.sleep(random.random() / 300)

    threads = [threading.Thread(target=choose, args=(Random(f"{seed} {n}"),)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with room.lock:
        newest[0] = 7 * next(numbers)  # one that works
        room.last.ask(work(newest[0], 0.0))
    room.rest()
    assert outdated == [] and room.shown[-1] == newest[0]
    assert all(isinstance(error, ValueError) for error in room.errors)


def test_a_burst_runs_once(room: Room) -> None:
    for number in range(50):
        room.last.ask(room.job(number), 60.0)
    room.last.ask(room.job("last"))
    room.rest()
    assert room.shown == ["last"]


def test_what_is_outdated_is_interrupted(room: Room) -> None:
    begun, ended = threading.Event(), []

    def job(stop: Stop) -> Shown:
        with duckdb.connect() as con:
            try:
                with stop.ending(con):
                    begun.set()
                    con.execute("SET threads = 1")
                    con.execute(LONG).fetchall()
            except Stopped as error:
                ended.append(error)
                raise
        return lambda: room.shown.append("the long one")

    room.last.ask(job)
    assert begun.wait(PATIENCE)
    room.last.ask(room.job("the next"))
    room.rest()
    assert (room.shown, len(ended), room.errors) == (["the next"], 1, [])


def test_an_outdated_error_is_not_told(room: Room) -> None:
    begun, free = threading.Event(), threading.Event()

    def job(stop: Stop) -> Shown:
        begun.set()
        free.wait(PATIENCE)
        raise ValueError("outdated")

    room.last.ask(job)
    assert begun.wait(PATIENCE)
    room.last.ask(room.job("the next"))
    free.set()
    room.rest()
    assert (room.shown, room.errors) == (["the next"], [])


@pytest.mark.parametrize("where", ["working", "showing"])
def test_after_an_error_the_next_one_works(room: Room, where: str) -> None:
    def broken() -> None:
        raise ValueError(where)

    def job(stop: Stop) -> Shown:
        if where == "working":
            broken()
        return broken

    for _ in range(2):
        room.last.ask(job)
        room.rest()
        room.last.ask(room.job("the next"))
        room.rest()
    assert [str(error) for error in room.errors] == [where] * 2
    assert room.shown == ["the next"] * 2


def test_what_is_shown_may_ask_again(room: Room) -> None:
    def job(stop: Stop) -> Shown:
        return lambda: (room.shown.append("the first"), room.last.ask(room.job("the second")))

    room.last.ask(job)
    room.rest()
    assert room.shown == ["the first", "the second"]


def test_who_asks_while_something_is_shown_waits_for_it(room: Room) -> None:
    begun = threading.Event()

    def slow() -> None:
        begun.set()
        time.sleep(0.05)
        room.shown.append("the first")

    room.last.ask(lambda stop: slow)
    assert begun.wait(PATIENCE)
    room.last.ask(room.job("the second"))
    room.rest()
    assert room.shown == ["the first", "the second"]


def test_what_is_cancelled_is_not_shown_and_the_next_is(room: Room) -> None:
    begun, free = threading.Event(), threading.Event()

    def job(stop: Stop) -> Shown:
        begun.set()
        free.wait(PATIENCE)
        return lambda: room.shown.append("cancelled")

    room.last.ask(job)
    assert begun.wait(PATIENCE)
    room.last.cancel()
    free.set()
    room.rest()
    room.last.ask(room.job("waits"), 60.0)
    room.last.cancel()
    room.last.ask(room.job("the next"))
    room.rest()
    assert room.shown == ["the next"]


def test_at_the_end_its_thread_ends_too(room: Room) -> None:
    def threads() -> int:
        return sum(thread.name == "okireports-explorer" for thread in threading.enumerate())

    before = threads()
    room.last.ask(room.job("waits for long"), 600.0)
    assert threads() == before + 1
    room.last.end()
    until(lambda: threads() == before)
    room.last.ask(room.job("too late"))
    room.rest()
    assert (room.shown, threads()) == ([], before)
