"""Reports through a server of Spark Connect, which this process knows by its address only: they are DuckDB's."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import spark_cluster
import test_spark
import worlds
from laws import Trial
from okireports import run
from okireports.engines import spark as engine
from okireports.engines.stop import Stop
from okireports.engines.written import Written
from okireports.errors import LakeError, Stopped
from okireports.faces import Center, Result
from test_spark import asking, same, told

pytestmark = test_spark.pytestmark

REPORTS = ("call_log", "service_level", "operator_summary", "concurrent_calls", "wait_distribution")


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    made = Trial(worlds.world(3))
    yield made
    made.close()


@pytest.fixture(scope="module")
def remote(trial: Trial) -> Iterator[Center]:
    """The centre of the trial over a server, and a lake whose path Hadoop and gRPC have to take as it is."""
    with spark_cluster.connect_server() as address:
        yield test_spark.on(trial.center, trial.folder / "lake [1] zażółć %20", address, trial)


@pytest.mark.parametrize("kind", ["pair", "all", "client"])
def test_reports_are_what_they_are_in_duckdb(trial: Trial, remote: Center, kind: str) -> None:
    for name in REPORTS:
        same(told(trial.center, trial, kind, name), told(remote, trial, kind, name))


def test_names_and_contacts_behind_a_row_are_the_same(trial: Trial, remote: Center) -> None:
    here, there = (asking(center, trial, "pair").names(trial.world.period) for center in (trial.center, remote))
    assert here.equals(there) and len(here)
    one, two = (told(center, trial, "pair", "queue_summary") for center in (trial.center, remote))
    assert isinstance(one, Result) and isinstance(two, Result)
    same(one.contacts(0), two.contacts(0))


def test_a_session_holds_what_the_run_offers_and_nothing_of_the_server(trial: Trial, remote: Center) -> None:
    viewing = asking(remote, trial, "all").viewing()  # who sees only her own rows
    asked = run.Asked(viewing, run.Question("call_log", trial.world.period))
    with run.session(viewing, asked.plan) as opened:
        there: Any = opened
        names = {table.name for table in there.spark.catalog.listTables()}
        assert "calls" in names and not [name for name in names if name.startswith(("seen_", "stored_", "own_"))]
        assert there.arrow("SELECT '${env:SPARK_CONNECT_SECRET}' AS x")["x"].to_pylist() == [
            "${env:SPARK_CONNECT_SECRET}"
        ]


def test_a_session_ends_with_its_run(trial: Trial, remote: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    released = []
    real = engine.release

    def watched(spark: Any) -> None:
        real(spark)
        released.append(spark.is_stopped)

    monkeypatch.setattr(engine, "release", watched)
    assert isinstance(told(remote, trial, "pair", "call_log"), Result)
    gc.collect()
    assert released == [True]


def test_a_long_log_is_written_by_the_server(trial: Trial, remote: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = told(trial.center, trial, "admin", "call_log")
    monkeypatch.setattr(run, "MOST_ROWS", 1)
    long = told(remote, trial, "admin", "call_log")
    assert isinstance(whole, Result) and isinstance(long, Result) and isinstance(long.answer.rows, Written)
    assert long.arrow.equals(whole.arrow)


def test_a_run_is_ended_by_another_thread(trial: Trial, remote: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, begun = Stop(), threading.Event()
    real = engine.Spread.arrow

    def slow(self: engine.Spread, sql: str) -> Any:
        begun.set()
        return real(self, "SELECT count(*) AS n FROM range(1000000000) a, range(1000000000) b")

    monkeypatch.setattr(engine.Spread, "arrow", slow)

    def ask() -> None:
        begun.wait()
        time.sleep(0.5)
        stop.ask()

    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(Stopped):
        replace(asking(remote, trial, "admin"), stop=stop).report("service_level", period=trial.world.period)
    thread.join()


def test_what_goes_wrong_there_is_an_error_of_ours(trial: Trial, remote: Center) -> None:
    lake = trial.folder / "lake [1] zażółć %20"
    away = [*lake.glob("calls/*/*.parquet")]
    for path in away:
        path.rename(path.with_suffix(".away"))
    try:
        with pytest.raises(LakeError, match="is gone"):
            asking(remote, trial, "pair").report("call_log", period=trial.world.period)
    finally:
        for path in away:
            path.with_suffix(".away").rename(path)
