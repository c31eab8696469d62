"""Reports through a server of Spark Connect, which this process knows by its address only: they are DuckDB's."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import growing
import looks
import okireports
import posting
import spark_cluster
import test_spark
import worlds
from commands import refused
from commands import run as run_command
from laws import Trial
from okireports import run
from okireports.engines import spark as engine
from okireports.engines.stop import Stop
from okireports.engines.written import Written
from okireports.errors import LakeError, Stopped
from okireports.faces import Center, Result
from okireports.widgets import Dashboard, Explorer
from test_spark import asking, same, told

pytestmark = test_spark.pytestmark

REPORTS = ("call_log", "service_level", "operator_summary", "concurrent_calls", "wait_distribution")


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    made = Trial(worlds.world(3))
    yield made
    made.close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with spark_cluster.connect_server() as address:
        yield address


@pytest.fixture(scope="module")
def remote(trial: Trial, server: str) -> Center:
    """The centre of the trial on the server, over a lake whose path has to be taken as it is."""
    return test_spark.on(trial.center, trial.folder / "lake [1] zażółć %20", server, trial)


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
        released.append(spark.client.is_closed)

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


@pytest.mark.filterwarnings("ignore:.*RETRIES_EXCEEDED:UserWarning")
def test_a_server_that_does_not_answer_is_said(trial: Trial, remote: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "RETRIES", 0)
    lake = trial.folder / "lake [1] zażółć %20"
    address = f"sc://127.0.0.1:{posting.free_port()}"
    nobody = okireports.open(trial.center.path, now=trial.world.now, engine=address, lake=lake)
    assert "EngineError: Spark could not do it" in str(told(nobody, trial, "pair", "call_log"))


# What stands on reports


@pytest.fixture
def clock() -> posting.Clock:
    made = posting.Clock()
    made.to("2025-06-03 23:00")
    return made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    return posting.made(tmp_path_factory.mktemp("grown"))


@pytest.fixture
def grown(template: Center, clock: posting.Clock, server: str, tmp_path: Path) -> tuple[Center, Center]:
    """A centre of Alpha and Beta, here and on the server."""
    path = growing.copy(template, tmp_path).path
    here = okireports.open(path, now=clock)
    here.lake.sync(tmp_path / "lake")
    return here, okireports.open(path, now=clock, engine=server, lake=tmp_path / "lake")


def test_what_widgets_and_digests_show_is_the_same(grown: tuple[Center, Center]) -> None:
    found = []
    for center in grown:
        viewer = center.viewer("boss")
        with looks.opening() as keep:
            chosen: dict[str, Any] = {"period": looks.PERIOD, "projects": ["Alpha", "Beta"], "watch": None}
            explorer = keep(Explorer(viewer, report="call_log", **chosen))
            dashboard = keep(Dashboard(viewer, ["queue_summary", "call_log"], **chosen))
            assert looks.settled(explorer) == f"done: Rows: {2 * (growing.ALPHA + growing.BETA)}"
            assert looks.settled(dashboard).startswith("done")
            pages = explorer.views.pager
            shown = looks.rows(pages), looks.rows(pages, search="beta line")
        digest = viewer.digest("Alpha", period=looks.PERIOD)
        found.append((shown, digest.html, digest.text))
    assert found[0] == found[1] and all(found[0][0])


def test_a_schedule_makes_the_same_files_and_waits_for_a_lake_that_is_behind(
    grown: tuple[Center, Center], tmp_path: Path
) -> None:
    asked: dict[str, Any] = {"cron": "@daily", "period": "2025-06-03", "reports": ["queue_summary", "call_log"]}
    asked |= {"viewer": "boss", "tables": ["calls"], "formats": ["csv"], "actor": "boss", "reason": "a test"}
    made = []
    for name, center in zip(("here", "there"), grown, strict=True):
        (tmp_path / name).mkdir()
        id = center.schedules.create("Daily", destinations=[str(tmp_path / name)], **asked)
        assert posting.states(center.schedules.run(id)) == ["done"]
        paths = [path.relative_to(tmp_path / name) for path in sorted((tmp_path / name).rglob("*.csv"))]
        made.append({path.parts[2:]: (tmp_path / name / path).read_bytes() for path in paths})
    assert made[0] == made[1] and len(made[0]) > 4
    here, there = grown
    here.load(growing.day(tmp_path, 2))
    assert posting.states(there.schedules.run(id)) == ["waiting"]
    here.lake.sync(tmp_path / "lake")
    assert {*posting.states(there.schedules.run(id))} == {"done"}


def test_the_command_line_names_an_engine(grown: tuple[Center, Center], server: str, tmp_path: Path) -> None:
    path, on_server = grown[0].path, ("--engine", server, "--lake", tmp_path / "lake")
    asked = ("report", path, "queue_summary", "--viewer", "boss", "--period", "2025-06-03", "--format", "csv")
    assert run_command(*asked).stdout == run_command(*asked, *on_server).stdout
    handed = ("export", path, "--viewer", "boss", "--period", "2025-06-03", "--report", "call_log", "--to")
    run_command(*handed, tmp_path / "here", "--format", "csv")
    run_command(*handed, tmp_path / "there", "--format", "csv", *on_server)
    one, two = ([f.read_bytes() for f in sorted((tmp_path / at).rglob("*.csv"))] for at in ("here", "there"))
    assert one == two and len(one) == 2
    assert "a lake is for an engine" in refused(*asked, "--lake", tmp_path / "lake").lower()
    assert "there is no engine" in refused("schedule", "run", path, "--due", "--engine", "mysql").lower()
