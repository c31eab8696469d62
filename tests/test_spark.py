"""Spark: every report is what it is in DuckDB, over exactly the files of whom it is for, also when a worker goes."""

from __future__ import annotations

import gc
import os
import pickle
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import okireports
import spark_cluster
import worlds
from laws import Trial
from okireports import run
from okireports.engines import spark as engine
from okireports.engines.stop import Stop
from okireports.engines.written import Written
from okireports.errors import EngineError, LakeError, OkiReportsError, Refused, Stopped, UnknownName
from okireports.faces import Center, Result, Viewer
from okireports.lake import Lake
from okireports.report import all_reports

pytestmark = [
    pytest.mark.debian("openjdk-17-jre-headless"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),  # rows go as Arrow
]

MANY = int(os.environ.get("WORLDS") or 0) > 20
WORLDS = range(int(os.environ["WORLDS"])) if MANY else (3,)
REPORTS = [r.name for r in all_reports()]
FEW = 4  # of so many reports one is asked by those who do not see everything; a long run asks all
KINDS = ("admin", "pair", "all", "client", "single")  # all: only her own rows; client: aliases, closed tables
CLOSE = 1e-9


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with spark_cluster.cluster() as made:
        yield made


@pytest.fixture(scope="module", params=WORLDS, ids=lambda seed: f"world {seed}")
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    made = Trial(worlds.world(request.param))
    yield made
    made.close()


@pytest.fixture(scope="module")
def spread(trial: Trial, cluster: Any) -> Center:
    """The centre of the trial on the cluster."""
    return on(trial.center, trial.folder / "lake", cluster.address, trial)


def on(center: Center, lake: Path, address: str, trial: Trial) -> Center:
    """A centre on a cluster, over a lake that is made for it."""
    center.lake.sync(lake)
    return okireports.open(center.path, now=trial.world.now, engine=address, lake=lake)


def asking(center: Center, trial: Trial, kind: str) -> Viewer:
    viewer = trial.viewer(kind)
    return center.viewer(viewer.login, reason=viewer.reason)


def told(center: Center, trial: Trial, kind: str, name: str, **keywords: Any) -> Result | str:
    """A result, or the error in its place."""
    try:
        return asking(center, trial, kind).report(name, **{"period": trial.world.period, **keywords})
    except OkiReportsError as error:
        return f"{type(error).__name__}: {error}"


def same(one: Result | str, other: Result | str) -> None:
    """Fail where two answers differ: columns and types, rows and their order, floats to 1e-9."""
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert one.arrow.schema.equals(other.arrow.schema, check_metadata=True)
    pd.testing.assert_frame_equal(one.frame, other.frame, rtol=CLOSE, check_exact=False)
    mine, yours = (vars(r.provenance) | {"files": 0} for r in (one, other))
    assert pickle.dumps(mine) == pickle.dumps(yours)


# Every report


ASKED = [
    (kind, name)
    for turn, kind in enumerate(KINDS)
    for number, name in enumerate(REPORTS, turn)
    if MANY or not turn or number % FEW == 0
]


@pytest.mark.parametrize(("kind", "name"), ASKED)
def test_a_report_is_what_it_is_in_duckdb(trial: Trial, spread: Center, kind: str, name: str) -> None:
    same(told(trial.center, trial, kind, name), told(spread, trial, kind, name))


@pytest.mark.parametrize("by", ["15min", "hour", "week", "month", None])
@pytest.mark.parametrize("name", ["service_level", "operator_summary", "concurrent_calls"])
def test_intervals_are_what_they_are_in_duckdb(trial: Trial, spread: Center, name: str, by: str | None) -> None:
    same(told(trial.center, trial, "pair", name, by=by), told(spread, trial, "pair", name, by=by))


@pytest.mark.parametrize("kind", KINDS)
def test_names_to_choose_from_are_the_same(trial: Trial, spread: Center, kind: str) -> None:
    here, there = (asking(center, trial, kind) for center in (trial.center, spread))
    pd.testing.assert_frame_equal(here.names(trial.world.period), there.names(trial.world.period))
    pd.testing.assert_frame_equal(here.projects, there.projects)
    pd.testing.assert_frame_equal(here.reports, there.reports)


def test_filters_by_names_that_are_hidden_or_nobodys_are_the_same_error(trial: Trial, spread: Center) -> None:
    for filters in ({"queues": ["no such queue"]}, {"lines": ["no such line"]}, {"projects": ["no such project"]}):
        here, there = (told(center, trial, "pair", "call_log", **filters) for center in (trial.center, spread))
        assert isinstance(here, str) and here.startswith(UnknownName.__name__) and here == there
    lines = asking(trial.center, trial, "pair").names(trial.world.period).query("filter == 'lines'")["name"]
    same(*(told(center, trial, "pair", "call_log", lines=[*lines]) for center in (trial.center, spread)))


def test_contacts_behind_a_row_are_the_same(trial: Trial, spread: Center) -> None:
    here, there = (told(center, trial, "pair", "queue_summary") for center in (trial.center, spread))
    assert isinstance(here, Result) and isinstance(there, Result) and len(here.frame)
    same(here.contacts(0), there.contacts(0))


# What is read


def test_nothing_is_read_but_the_files_of_her_projects(
    trial: Trial, spread: Center, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Spark's own account of each statement; what else lies in the same folders is never met."""
    lake = trial.folder / "lake"
    for folder in {path.parent for path in lake.glob("*/p*/*.parquet")}:
        (folder / "2025-10.0123456789abcdef.parquet").write_bytes(b"whoever lists the folder fails here")
    read: set[str] = set()
    real = engine.Spread.arrow

    def watched(self: engine.Spread, sql: str) -> pa.Table:
        read.update(unquote(urlsplit(name).path) for name in self.spark.sql(sql).inputFiles())
        return real(self, sql)

    monkeypatch.setattr(engine.Spread, "arrow", watched)
    for kind in ("single", "pair", "all"):
        read.clear()
        found = [told(spread, trial, kind, name) for name in ("call_log", "operator_summary", "queue_summary")]
        assert any(isinstance(one, Result) and len(one.frame) for one in found)
        viewer = asking(spread, trial, kind)
        hers = {int(n) for n in viewer.projects["project_id"]}
        with trial.center.folder.reading() as reading:
            allowed = Lake.lies_at(lake).files(reading.con, hers)
        assert read and read <= {str(lake / one.file) for one in allowed}, kind
        months = {Path(name).name[:7] for name in read} - {"all.", "none."}
        assert months, kind


def test_a_run_reads_the_tables_and_months_that_it_needs(trial: Trial, spread: Center) -> None:
    viewing = asking(spread, trial, "pair").viewing()
    asked = run.Asked(viewing, run.Question("call_log", trial.world.period))
    with run.session(viewing, asked.plan) as opened:
        assert {one.table for one in opened.segments} <= {"calls", "contacts", "recordings", "charges", "ratings"}
        there = {name: opened.spark.catalog.tableExists(name) for name in ("calls", "statuses")}  # type: ignore[attr-defined]
    assert there == {"calls": True, "statuses": False}
    own = run.Asked(asking(spread, trial, "all").viewing(), run.Question("operators_log", trial.world.period))
    with run.session(own.viewing, own.plan) as opened:  # who sees only her own rows
        session: Any = opened
        names = {*session.arrow("SHOW TABLES")["tableName"].to_pylist()}
        assert "calls" in names and not [name for name in names if name.startswith(("seen_", "stored_", "own_"))]
        literal = session.arrow("SELECT '${env:PATH}' AS x")
        assert literal["x"].to_pylist() == ["${env:PATH}"]
        with pytest.raises(EngineError, match="NOT_FOUND"):
            session.arrow(f'SELECT * FROM "parquet"."{trial.folder}/lake/{opened.segments[0].file}"')
    before = run.Asked(viewing, run.Question("call_log", ("2001-01-01", "2001-02-01")))
    with run.session(viewing, before.plan) as opened:
        assert not [one for one in opened.segments if one.first_at]


@pytest.mark.parametrize("kind", ["single", "client", "all"])
def test_hidden_rows_change_nothing(trial: Trial, cluster: Any, spread: Center, kind: str) -> None:
    viewer = trial.viewer(kind)
    other = on(trial.hidden_changed(viewer), trial.folder / f"changed-{kind}", cluster.address, trial)
    for name in ("call_log", "queue_summary", "operators_log", "data_quality"):
        one, two = (told(center, trial, kind, name) for center in (spread, other))
        assert isinstance(one, str) == isinstance(two, str)
        if isinstance(one, Result) and isinstance(two, Result):
            assert one.arrow.equals(two.arrow), name
        else:
            assert one == two


def test_rights_are_looked_up_at_each_run(trial: Trial, cluster: Any, tmp_path: Path) -> None:
    center = okireports.demo(tmp_path / "demo", calls=200)
    center.lake.sync(tmp_path / "lake")
    there = okireports.open(center.path, now=center.clock, engine=cluster.address, lake=tmp_path / "lake")
    anna = there.viewer("anna")
    name = anna.projects["project"][0]
    assert len(anna.report("call_log", period="2026-06", projects=[name]).frame)
    center.projects.remove_member(name, "anna", actor="admin", reason="she left")
    with pytest.raises(UnknownName):
        anna.report("call_log", period="2026-06", projects=[name])
    center.users.change("anna", active=False, actor="admin", reason="she left")
    with pytest.raises(Refused):
        anna.report("call_log", period="2026-06")


# A cluster that fails


def test_a_worker_that_goes_changes_nothing(trial: Trial, cluster: Any, spread: Center) -> None:
    names = ["service_level", "operator_summary", "call_log"]
    gone = threading.Event()

    def kill() -> None:
        while not spark_cluster.jobs():
            time.sleep(0.01)
        cluster.kill()
        gone.set()

    watching = threading.Thread(target=kill)
    watching.start()
    found = [told(spread, trial, "admin", name) for name in names]
    watching.join()
    assert gone.is_set() and len(cluster.workers) == 1
    for name, there in zip(names, found, strict=True):
        same(told(trial.center, trial, "admin", name), there)
    cluster.add()


def test_a_run_is_ended_by_another_thread(trial: Trial, spread: Center) -> None:
    stop = Stop()
    viewer = replace(asking(spread, trial, "admin"), stop=stop)

    def ask() -> None:
        while not spark_cluster.jobs():
            time.sleep(0.01)
        stop.ask()

    asking_thread = threading.Thread(target=ask)
    asking_thread.start()
    with pytest.raises(Stopped):
        for _ in range(50):
            viewer.report("service_level", period=trial.world.period)
    asking_thread.join()
    assert isinstance(told(spread, trial, "admin", "service_level"), Result)  # another run is not ended


def test_a_process_works_with_one_cluster(trial: Trial, spread: Center) -> None:
    other = okireports.open(trial.center.path, now=trial.world.now, engine="local[3]", lake=trial.folder / "lake")
    assert "can with one only" in str(told(other, trial, "admin", "call_log"))


# What Spark lacks


def test_sql_of_ones_own_is_refused_by_name(trial: Trial, spread: Center) -> None:
    with pytest.raises(EngineError, match="runs in DuckDB"):
        asking(spread, trial, "pair").sql("SELECT 1")


def test_what_spark_lacks_is_refused_when_the_statement_is_made() -> None:
    t = ibis.table({"at": "timestamp", "x": "string"}, name="t")

    @ibis.udf.scalar.builtin
    def reflect(kind: str, method: str) -> str: ...

    with pytest.raises(EngineError, match="functions of one's own"):
        engine.to_sql(t.mutate(y=reflect(t.x, t.x)))
    with pytest.raises(EngineError, match="Spark does not run this"):
        engine.to_sql(t.mutate(y=t["at"].microsecond()))


def test_a_number_with_a_fraction_is_a_double() -> None:
    """Spark would take 7.0 for a decimal, and a third of one for 0.333333."""
    t = ibis.table({"x": "int64"}, name="t")
    assert "/ CAST(7.0 AS DOUBLE)" in engine.to_sql(t.select(y=t.x / 7.0))
    assert "CAST" not in engine.to_sql(t.select(y=t.x + 7))


# Long logs, files, erasure


def test_a_long_log_is_written_by_the_cluster_and_is_the_same(
    trial: Trial, spread: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = told(trial.center, trial, "admin", "call_log")
    assert isinstance(whole, Result)
    files = {s: whole.save(tmp_path / f"whole.{s}").read_bytes() for s in ("csv", "json")}
    monkeypatch.setattr(run, "MOST_ROWS", 1)
    monkeypatch.setattr(engine.Spread, "arrow", few(engine.Spread.arrow))
    long = told(spread, trial, "admin", "call_log")
    assert isinstance(long, Result) and isinstance(long.answer.rows, Written)
    assert long.answer.rows.count == whole.arrow.num_rows and long.arrow.equals(whole.arrow)
    assert long.answer.rows.head(3).equals(whole.arrow.slice(0, 3))
    for first, most in ((0, 1), (2, 7), (5, 10_000), (10_000, 3), (1, 0)):
        assert long.answer.rows.some(first, most).equals(whole.arrow.slice(first, most))
    for suffix, content in files.items():
        assert long.save(tmp_path / f"long.{suffix}").read_bytes() == content
    assert pq.read_table(long.save(tmp_path / "long.parquet")).replace_schema_metadata().equals(whole.arrow)
    results = trial.folder / "lake" / "results"
    assert len([*results.iterdir()]) == 1
    del long
    gc.collect()
    assert not [*results.iterdir()]


def few(real: Any) -> Any:
    """Fail where more rows are collected than the one of each slice of the period that is counted."""

    def arrow(self: engine.Spread, sql: str) -> pa.Table:
        rows = real(self, sql)
        assert rows.column_names == ["n", "rows"], "it was collected"
        return rows

    return arrow


def test_an_export_is_what_it_is_in_duckdb(trial: Trial, spread: Center, tmp_path: Path) -> None:
    found = []
    for place, center in (("here", trial.center), ("there", spread)):
        asking(center, trial, "pair").export(
            tmp_path / place,
            period=trial.world.period,
            reports=["queue_summary", "call_log"],
            tables=["calls", "statuses", "contacts"],
            formats=("csv",),
        )
        files: Mapping[str, bytes] = {
            path.relative_to(tmp_path / place).as_posix(): path.read_bytes()
            for path in sorted((tmp_path / place).rglob("*.csv"))
        }
        found.append(files)
    assert found[0] == found[1] and len(found[0]) > 4


def test_what_was_forgotten_is_not_read_from_a_lake_that_still_holds_it(
    trial: Trial, cluster: Any, tmp_path: Path
) -> None:
    center = okireports.demo(tmp_path / "demo", calls=200)
    center.lake.sync(tmp_path / "lake")
    there = okireports.open(center.path, now=center.clock, engine=cluster.address, lake=tmp_path / "lake")
    sara = there.viewer("sara")
    log = sara.report("call_log", period="2026-06").frame
    phone = log["phone"].dropna().iloc[0]
    center.forget(phone, actor="admin", reason="she asked")
    with pytest.raises(LakeError, match="erased or corrected"):
        sara.report("call_log", period="2026-06")
    center.lake.sync(tmp_path / "lake")
    assert phone not in {*sara.report("call_log", period="2026-06").frame["phone"]}
