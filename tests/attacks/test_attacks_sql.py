"""Attacks by SQL: each is refused, or gives rows that are hers; and the worker holds also where nothing is checked."""

from __future__ import annotations

import os
import pickle
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pytest

import loaded
from okireports.disk import segments_of
from okireports.errors import BadQuery, OkiReportsError, Refused, UnknownName
from okireports.faces import Center
from okireports.sql import asking, worker
from okireports.sql.process import Job, Limits

CASES = tomllib.loads((Path(__file__).parent / "sql_cases.toml").read_text("utf-8"))["case"]
RAISES: dict[str, type[OkiReportsError]] = {"refused": Refused, "unknown": UnknownName, "bad": BadQuery}
HIDDEN = 20_000
CANARIES = ("canary", "+4822999")  # in everything that is not of Acme


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Five contacts of Acme, twenty thousand of another project, fifty of none; sue is in Acme."""
    made = loaded.centre(tmp_path_factory.mktemp("attacks") / "centre", {})
    at = "2025-06-02T10:00:00Z"
    columns = "queue,operator,phone,contact_name,line,result,cost,recording"
    ours = [loaded.call(f"a-{n}", at, "Acme sales,anna,+48220000101,Abel Example,L1,done,1.5,a.wav") for n in range(5)]
    theirs = "CANARY queue,canary-bea,+4822999{n:04},CANARY name {n},CANARY line {n},CANARY result,7,CANARY.wav"
    nobody = "CANARY loose,canary-cyd,+4822999{n:04},CANARY name,CANARY line,CANARY result,7,CANARY.wav"
    hidden = [loaded.call(f"CANARY-{n}", at, theirs.format(n=n % 10_000)) for n in range(HIDDEN)]
    loose = [loaded.call(f"CANARY-0-{n}", at, nobody.format(n=n)) for n in range(50)]
    result = loaded.load(
        made,
        {
            "projects": "name\nAcme\nCANARY project\n",
            "users": "login,name,role\nanna,Anna Example,Operator\nsue,Sue Example,Supervisor\n"
            "canary-bea,CANARY Bea,Operator\ncanary-cyd,CANARY Cyd,Operator\n",
            "memberships": "login,project\nanna,Acme\nsue,Acme\ncanary-bea,CANARY project\n",
            "objects": "kind,name,project\nqueue,Acme sales,Acme\nqueue,CANARY queue,CANARY project\n"
            "queue,CANARY loose,\n",
            "statuses": f"operator,status,started_at,ended_at,queue\ncanary-bea,Ready,{at},2025-06-02T11:00:00Z,\n",
            "calls": loaded.calls(*ours, *hidden, *loose, columns=columns),
        },
    )
    assert (result.rows_rejected, result.rows_unassigned) == (0, 50), result.rejects
    (made.path / "plain.csv").write_text("a,b\nCANARY,1\n")
    return made


@pytest.fixture(scope="module")
def paths(center: Center) -> dict[str, Path]:
    """The paths that a case may name."""
    with center.folder.reading() as reading:
        listed = {s.project_id: s for s in segments_of(reading.con) if s.table == "calls"}
    folder = center.folder
    known = {"own": listed[1].path(folder), "hidden": listed[2].path(folder), "control": folder.current().control}
    return known | {"secret": folder.secret, "plain": center.path / "plain.csv"}


def query(case: dict[str, Any], paths: dict[str, Path]) -> str:
    text: str = case["sql"]
    for name, path in paths.items():
        text = text.replace(f"{{{name}}}", str(path))
    return text


def leaks(said: object) -> list[str]:
    """The canaries in whatever it says."""
    text = str(said).lower()
    return [canary for canary in CANARIES if canary in text]


def test_the_hidden_rows_are_there(center: Center) -> None:
    everything = center.viewer("admin", reason="a test").sql(
        "SELECT count(*), count(*) FILTER (line LIKE 'CANARY%') FROM calls"
    )
    assert everything.frame.to_numpy().tolist() == [[HIDDEN + 55, HIDDEN + 50]]


def test_there_are_as_many_cases_as_are_said() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 150
    assert not [case["name"] for case in CASES if leaks(case["sql"])], "what a query quotes says nothing"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_an_attack_gives_nothing(center: Center, paths: dict[str, Path], case: dict[str, Any]) -> None:
    text, viewer = query(case, paths), center.viewer("sue")
    if isinstance(case["gives"], str):
        with pytest.raises(RAISES[case["gives"]]) as told:
            viewer.sql(text)
        assert type(told.value) is RAISES[case["gives"]]
        assert told.value.__context__ is None or told.value.__suppress_context__
        assert not leaks(told.value)
        assert str(center.path) not in str(told.value).replace(text, "").replace(repr(str(paths["plain"])), "")
        return
    found = viewer.sql(text)
    assert [list(row.values()) for row in found.arrow.to_pylist()] == case["gives"]
    assert not leaks(pickle.dumps((found.arrow, vars(found.provenance))).decode("latin-1"))
    assert not leaks(f"{found!r} {found.provenance!r} {found.frame.to_csv()}")


def test_a_closed_table_is_as_unknown_as_one_that_is_not_there(center: Center) -> None:
    said = []
    for name in ("charges", "chargez"):
        with pytest.raises(UnknownName) as told:
            center.viewer("sue").sql(f"SELECT * FROM {name}")
        plain = str(told.value).partition(" Did you mean")[0]  # what is near is near to other letters
        said.append(plain.replace(name, "?"))
    assert said[0] == said[1]


# The second wall: what the worker holds, whatever may run in it


class Taken(Exception):
    """A job on its way to the worker."""


@pytest.fixture(scope="module")
def inside(center: Center) -> Iterator[duckdb.DuckDBPyConnection]:
    """The connection of the worker, as it is when it runs a query over calls and contacts."""

    def take(job: Job, limits: Limits) -> NoReturn:
        raise Taken(replace(job, files=[os.dup(file) for file in job.files]), limits)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "run", take)
        with pytest.raises(Taken) as taken:
            center.viewer("sue").sql("SELECT * FROM calls, contacts")
    job, limits = taken.value.args
    request = {"files": job.files, "views": job.views, "memory": 2**30, "threads": limits.threads}
    with duckdb.connect(config=worker.locked(request)) as con:
        worker.prepare(con, request, dict(job.names))
        yield con


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_worker_holds_nothing_else(
    inside: duckdb.DuckDBPyConnection, paths: dict[str, Path], case: dict[str, Any]
) -> None:
    if "sleep" in case["sql"]:
        return  # it would wait, here, where nobody ends it
    text, before = query(case, paths), {p: p.read_bytes() for p in paths.values()}
    try:
        ran = inside.execute(text)
        said = ran.fetchall() if ran is not None else []  # an empty statement has no result
    except (duckdb.Error, UnicodeError) as error:
        said = [(str(error).replace(text, ""),)]
    assert not leaks(said)
    assert {p: p.read_bytes() for p in paths.values()} == before
    inside.execute("ROLLBACK") if "BEGIN" in text else None
