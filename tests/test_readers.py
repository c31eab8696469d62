"""Readers and the writer: nobody waits, nobody sees half a load."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import growing
import okireports
from okireports.access import Scope
from okireports.disk import sweep
from okireports.disk.writer import locked
from okireports.engines.duck import Wanted, session
from okireports.faces import Center

HERE = Path(__file__).parent
WANTED = Wanted(("calls",), growing.FIRST.replace(tzinfo=None), growing.NOW.replace(tzinfo=None))
READERS, LOADS = 6, 20

READER = """
import json, sys, time
from pathlib import Path
import growing, okireports
center = okireports.open(sys.argv[1], now=growing.NOW)
login, stop, seen = sys.argv[2], Path(sys.argv[3]), []
growing.summary(center.viewer(login))
print("ready", flush=True)
while not stop.exists():
    start = time.monotonic()
    rows = growing.summary(center.viewer(login))
    days = rows[0]["offered"] // growing.ALPHA
    assert rows == growing.expected(days, beta=login == "boss"), rows
    log = center.viewer(login).report("call_log", period=growing.YEAR)
    daily = growing.ALPHA + growing.BETA * (login == "boss")
    generation, more = log.provenance.generation, log.arrow.num_rows // daily
    assert log.arrow.num_rows == more * daily
    assert generation == more + 2, (generation, more)  # 1 is the founding, 2 the definitions, then one a day
    assert more >= days  # never back in time
    seen.append((days, time.monotonic() - start))
print(json.dumps(seen), flush=True)
"""


def start(center: Center, login: str, stop: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "error", "-c", READER, str(center.path), login, str(stop)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path})


def test_six_readers_through_twenty_loads(tmp_path: Path) -> None:
    """Every answer is that of one generation exactly, counted by hand; no reader fails, and none holds up the loads."""
    center = growing.make(tmp_path)
    center.load(growing.day(tmp_path, 0))
    stop = tmp_path / "stop"
    readers = [start(center, ("boss", "anna")[i % 2], stop) for i in range(READERS)]
    try:
        assert all(reader.stdout and reader.stdout.readline() == "ready\n" for reader in readers)
        took = []
        for number in range(1, LOADS + 1):
            begin = time.monotonic()
            result = center.load(growing.day(tmp_path, number))
            took.append(time.monotonic() - begin)
            assert result.rows_loaded == growing.ALPHA + growing.BETA
    finally:
        stop.touch()
        said = [reader.communicate(timeout=120)[0] for reader in readers]
    assert [reader.returncode for reader in readers] == [0] * READERS
    seen: list[list[Any]] = [json.loads(text) for text in said]
    assert all(len(answers) >= 3 for answers in seen)
    assert len({days for answers in seen for days, _ in answers}) > LOADS // 3  # they did look in between
    assert growing.summary(center.viewer("boss")) == growing.expected(LOADS + 1)
    assert center.audit.verify() == []
    times = sorted(seconds for answers in seen for _, seconds in answers)
    print(f"\n{len(times)} answers: median {statistics.median(times):.2f} s, slowest {times[-1]:.2f} s; ", end="")
    print(f"{LOADS} loads: median {statistics.median(took):.2f} s, slowest {max(took):.2f} s")


def test_an_open_answer_outlives_the_loads_that_follow(tmp_path: Path) -> None:
    """A reader in the middle of a run holds up no load, and gets to its end with the rows that it began with."""
    center = growing.make(tmp_path)
    center.load(growing.day(tmp_path, 0))
    with session(center.viewer("boss").viewing(), lambda scope, settings: WANTED) as opened:
        for number in range(1, 6):
            center.load(growing.day(tmp_path, number))
        assert opened.con.execute("SELECT count(*) FROM calls").fetchone() == (growing.ALPHA + growing.BETA,)
    assert growing.summary(center.viewer("boss")) == growing.expected(6)


def test_a_reader_whose_files_were_swept_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many loads and days pass between finding out the files and opening them that they are gone."""
    center = growing.make(tmp_path)
    center.load(growing.day(tmp_path, 0))
    begin, days = sweep.utc_now(), iter(range(1, 100))
    monkeypatch.setattr(sweep, "utc_now", lambda: begin + timedelta(days=2 * next(days)))
    plans = []

    def plan(scope: Scope, settings: Mapping[str, str]) -> Wanted:
        plans.append(scope)
        if len(plans) == 1:
            for number in range(1, 6):
                center.load(growing.day(tmp_path, number))
        return WANTED

    with session(center.viewer("boss").viewing(), plan) as opened:
        assert opened.con.execute("SELECT count(*) FROM calls").fetchone() == (6 * (growing.ALPHA + growing.BETA),)
    assert len(plans) == 2


def test_a_reader_does_not_touch_the_lock(tmp_path: Path) -> None:
    """While a writer holds the lock, a reader answers as if there were none."""
    center = growing.make(tmp_path)
    center.load(growing.day(tmp_path, 0))
    with locked(center.folder, 0):
        assert growing.summary(okireports.open(center.path, now=growing.NOW).viewer("boss")) == growing.expected(1)
    (center.path / "LOCK").unlink()
    assert growing.summary(center.viewer("boss")) == growing.expected(1)
    assert not (center.path / "LOCK").exists()
