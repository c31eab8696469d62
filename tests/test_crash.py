"""kill -9 at every step of a load and at random instants: the old or the new state, whole; the next load clears up."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import growing
import okireports
from killer import Killer
from okireports.disk import sweep
from okireports.faces import Center

DAYS = 4  # in the old state; the load that is killed brings the next one
READS = 3  # in the journal before it
STATEMENTS = 1 if os.environ.get("WORLDS") else 12  # of so many, one is tried; a long run tries each


@dataclass(frozen=True)
class Stage:
    """A centre that is about to be loaded, and the files of that load."""

    center: Path
    files: Path


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Old generations that the load will sweep, rejected rows, and reads that wait in the journal."""
    path = tmp_path_factory.mktemp("crash")
    with pytest.MonkeyPatch.context() as patch:
        real = sweep.utc_now
        patch.setattr(sweep, "utc_now", lambda: real() - timedelta(days=3))
        center = growing.make(path)
        for number in range(DAYS):
            center.load(growing.day(path, number, wrong=1))
    for _ in range(READS):
        growing.summary(center.viewer("boss"))
    return Stage(center.path, growing.day(path, DAYS, wrong=2))


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    started = Killer("killed.py")
    yield started
    started.close()


def load(killer: Killer, stage: Stage, kind: str, step: int, **more: float) -> dict[str, Any]:
    """A load that is killed at a step."""
    return killer.ask(center=stage.center, files=stage.files, kind=kind, step=step, **more)


def copied(stage: Stage, path: Path) -> Stage:
    """The same stage on a copy of the centre."""
    shutil.copytree(stage.center, path / "center")
    return Stage(path / "center", stage.files)


def state(center: Center) -> int:
    """How many days the centre holds; all that it says fits that number."""
    published = center.folder.current().generation
    said = growing.summary(center.viewer("boss"))
    days = sum(row["offered"] for row in said) // (growing.ALPHA + growing.BETA)
    assert said == growing.expected(days)
    rows = growing.query(center, 'SELECT "table", sum(rows) FROM control.segments GROUP BY ALL')
    assert dict(rows)["calls"] == days * (growing.ALPHA + growing.BETA)
    assert len(center.loads) == 1 + days  # the definitions are a load as well
    assert center.audit.verify() == []
    assert growing.query(center, "SELECT max(generation) FROM control.generations") == [(published,)]
    return days


def check_next_load(stage: Stage, days: int) -> None:
    """The next load works, brings the new state, and leaves no file that nothing names."""
    center = okireports.open(stage.center, now=growing.NOW)
    result = center.load(stage.files)
    assert result.rows_loaded == growing.ALPHA + growing.BETA
    rows = growing.query(center, """SELECT sum(rows) FROM control.segments WHERE "table" = 'calls'""")
    assert rows == [((DAYS + 1) * (growing.ALPHA + growing.BETA),)]
    loads = growing.query(center, "SELECT load_id FROM control.loads ORDER BY load_id")
    assert [load for (load,) in loads] == list(range(1, len(loads) + 1))
    assert len(loads) == DAYS + 2 + (days == DAYS + 1)
    assert growing.files(center) == growing.named(center)
    assert not center.folder.work.exists()
    assert center.audit.verify() == []
    reads = growing.query(center, "SELECT count(*), count(DISTINCT origin) FROM control.audit WHERE actor = 'boss'")
    assert reads == [(READS + 1, READS + 1)]  # each once, with that of `state`


def check(stage: Stage) -> int:
    """After a kill: the old or the new state; then the next load."""
    days = state(okireports.open(stage.center, now=growing.NOW))
    assert days in (DAYS, DAYS + 1)
    check_next_load(stage, days)
    return days


@pytest.mark.parametrize("kind", ["system", "engine"])
def test_killed_at_every_step(stage: Stage, killer: Killer, kind: str, tmp_path: Path) -> None:
    """Of the steps in the file system each one; of the engine's statements, which change nothing that counts, some."""
    whole = load(killer, copied(stage, tmp_path / "whole"), kind, 0)
    assert not whole["killed"]
    assert whole["steps"] > 30
    states = []
    for step in range(1, whole["steps"] + 1, {"system": 1, "engine": STATEMENTS}[kind]):
        tried = copied(stage, tmp_path / str(step))
        assert load(killer, tried, kind, step)["killed"], f"{kind} step {step} of {whole['steps']}"
        try:
            states.append(check(tried))
        except Exception as error:
            error.add_note(f"killed at {kind} step {step} of {whole['steps']}")
            raise
        shutil.rmtree(tmp_path / str(step))
    assert states == sorted(states)  # once it is new it stays new
    assert states[0] == DAYS
    assert set(states) == ({DAYS, DAYS + 1} if kind == "system" else {DAYS})  # the commit is the file system's


def test_killed_at_random_instants(stage: Stage, killer: Killer, tmp_path: Path) -> None:
    """Killed from outside after a while, 50 times; a load that was quicker than that has to be whole as well."""
    rng = random.Random(20250601)
    usual = min(load(killer, copied(stage, tmp_path / f"whole{i}"), "system", 0)["seconds"] for i in range(3))
    killed, states = 0, set()
    for number in range(50):
        tried = copied(stage, tmp_path / str(number))
        killed += load(killer, tried, "system", 0, delay=rng.uniform(0.0, 1.1 * usual))["killed"]
        states.add(check(tried))
        shutil.rmtree(tmp_path / str(number))
    assert killed > 25
    assert DAYS in states


def test_killed_between_commit_and_sweep_reads_are_taken_once(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer dies after CURRENT was replaced and before the journal's files went."""
    tried = copied(stage, tmp_path)
    center = okireports.open(tried.center, now=growing.NOW)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sweep, "finished", die)
        center.load(tried.files)
    assert len(list(center.folder.journal.iterdir())) == READS
    assert growing.query(center, "SELECT count(*) FROM control.audit WHERE origin IS NOT NULL") == [(READS,)]
    center.users.create("nina", actor="admin", reason="new")
    assert growing.query(center, "SELECT count(*) FROM control.audit WHERE origin IS NOT NULL") == [(READS,)]
    assert growing.files(center) == growing.named(center)
