"""The benchmarks run, over tiny centres: every side and every engine gives the same figures. Nothing is timed here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import okireports

BENCHMARKS = Path(__file__).parent / "benchmarks"
TWO = ("queue_summary", "transfers")
PATIENT = {"GIVE_UP_S": "1e9"}  # nothing is given up on a machine that is slow
MODULES = {"pandas": "pandas", "postgres": "adbc_driver_postgresql", "polars": "polars", "clickhouse": "chdb"}
ENGINES = [engine for engine, module in MODULES.items() if find_spec(module)]  # the others come with the extra `bench`


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small centre."""
    path = tmp_path_factory.mktemp("bench") / "center"
    okireports.demo(path, calls=3_000)
    return path


def run(script: str, *words: object) -> str:
    """What a script prints."""
    path = os.pathsep.join(map(str, (BENCHMARKS.parent.parent, BENCHMARKS.parent)))
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / f"{script}.py"), *map(str, words)],
        env=os.environ | {"PYTHONPATH": path, "RUNS": "1"} | PATIENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_both_sides_give_the_same_rows(centre: Path, tmp_path: Path) -> None:
    out = tmp_path / "benchmarks.json"
    files = sorted((path, path.stat().st_size) for path in centre.rglob("*"))
    asked = ("--centre", centre, "--out", out, "--reports", *TWO, "--viewers", "three", "--lengths", "month")
    run("every_report", *asked)
    told: dict[str, Any] = json.loads(out.read_text("utf-8"))
    assert set(told["questions"]) == {f"three/{name}/month" for name in TWO}
    for one in told["questions"].values():
        assert one["warm"]["same"] and one["cold_ours"]["rows"] == one["cold_hand"]["rows"]
        for side in ("ours", "hand"):
            assert one["warm"][side]["rows_scanned"] > 0 and one["warm"][side]["runs"] == 1
            assert one[f"cold_{side}"]["peak_bytes"] > one[f"cold_{side}"]["base_bytes"] > 0
    assert files == sorted((path, path.stat().st_size) for path in centre.rglob("*"))  # the given one is not written


@pytest.mark.debian("postgresql")
def test_every_engine_gives_the_same_figures(centre: Path, tmp_path: Path) -> None:
    out = tmp_path / "benchmarks.json"
    asked = ("--centre", centre, "--out", out, "--reports", *TWO, "--viewers", "three", "all", "--lengths", "year")
    run("ten_reports", *asked, "--engines", *ENGINES)
    told: dict[str, Any] = json.loads(out.read_text("utf-8"))
    wanted = {f"{who}/{name}/year" for who in ("three", "all") for name in TWO}
    assert set(told["rivals"]) == {"okireports", *ENGINES}
    for engine, rival in told["rivals"].items():
        assert set(rival["questions"]) == wanted
        assert engine == "okireports" or all(one["same"] for one in rival["questions"].values())
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(
        "<!-- benchmarks: made by `make bench` -->\n<!-- end of benchmarks -->\n", "utf-8"
    )
    run("told", tmp_path)
    assert "| `queue_summary` | all projects | " in (tmp_path / "README.md").read_text("utf-8")


def test_what_was_measured_is_not_measured_again(centre: Path, tmp_path: Path) -> None:
    out, kept = tmp_path / "benchmarks.json", tmp_path / "kept"
    asked = ("--centre", centre, "--out", out, "--viewers", "three", "--lengths", "month", "--engines", "pandas")
    run("ten_reports", *asked, "--keep", kept, "--reports", TWO[0])
    before = json.loads(out.read_text("utf-8"))["rivals"]
    run("ten_reports", *asked, "--keep", kept, "--reports", *TWO)
    after = json.loads(out.read_text("utf-8"))["rivals"]
    for engine, rival in before.items():
        assert set(after[engine]["questions"]) == {f"three/{name}/month" for name in TWO}
        assert rival["questions"].items() <= after[engine]["questions"].items()


def test_other_figures_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import figures

    at = datetime(2026, 6, 1, 6)
    given = {"name": ["a", "b", None], "share": [0.1, None, 3e9], "n": [1, 2, None], "at": [at, None, at]}
    ours = pa.table(given)
    assert figures.difference(ours, pa.table(given), 1e-9) is None
    assert figures.difference(ours, pa.table(given | {"share": [0.1 + 1e-12, None, 3e9 + 1]}), 1e-9) is None
    for name, changed in (
        ("name", ["a", "c", None]), ("name", ["a", "b", "c"]), ("share", [0.1, 0.0, 3e9]),
        ("share", [0.1, None, 3e9 + 9]), ("n", [1, 3, None]), ("n", [1, None, None]), ("at", [at, at, at]),
        ("at", [None, None, at]),
    ):  # fmt: skip
        assert (figures.difference(ours, pa.table(given | {name: changed}), 1e-9) or "").startswith(name)
    assert figures.difference(ours, ours.slice(1), 1e-9) and figures.difference(ours, ours.drop_columns("n"), 1e-9)
    rival = ours.set_column(2, "n", ours["n"].cast(pa.decimal128(19, 0))).set_column(
        0, "name", ours["name"].dictionary_encode()
    )
    shuffled = rival.take([2, 0, 1])
    assert figures.difference(figures.loose(ours), figures.in_order(figures.loose(shuffled), 1), 1e-9) is None


def test_runs_fit_a_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import gauges

    monkeypatch.setattr(gauges, "RUNS", 7)
    assert [gauges.runs_within(once, 10.0) for once in (11, 10, 5, 3.4, 3, 2, 1.5, 1, 0.1)] == [
        0,
        1,
        1,
        1,
        3,
        5,
        5,
        7,
        7,
    ]
    assert gauges.runs_within(1e9, None) == 7


def test_a_billion_calls_are_reckoned_from_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import paper

    def asked(wall_s: float) -> dict[str, Any]:
        return {"warm": {"ours": {"wall_s": wall_s, "cpu_s": 0.06}}, "cold_ours": {"peak_bytes": 200_000_000}}

    def size(files: int, wall_s: float, control: int) -> dict[str, Any]:
        return {
            "stores": {"of_calls": files}, "queue_summary bench-all 2025": {"wall_s": wall_s},
            "control file": {"bytes": control}, "create a user": {"wall_s": 0.05},
        }  # fmt: skip

    told = {
        "rows": {"calls": 1_000_000, "statuses": 4_000_000, "rings": 5_000_000}, "bytes": 400_000_000,
        "bytes_of_none": 20_000_000, "files": 4_000, "projects": {"all": 40}, "cores": 2,
        "questions": {
            "all/queue_summary/year": asked(0.2), "all/operator_summary/year": asked(2.0),
            "one/queue_summary/month": asked(0.05),
        },
    }  # fmt: skip
    slopes = {
        "projects": {"10": size(20, 0.1, 1_000_000), "110": size(220, 0.5, 3_000_000)},
        "calls": {"900": {"load": {"wall_s": 9, "rows": 90}}, "1000": {"load": {"wall_s": 1, "rows": 200_000}}},
    }
    text = "".join(paper.reckoned(paper.Known.of(told, slopes)))
    for row in (
        "| rows of all tables, millions | 10,000 | 120,000 |",  # 10 of a call
        "| segments, GB | 400 | 4,800 |",  # 400 bytes of a call
        "| of the store of no project, GB | 20 | 240 |",
        "| files of segments |  | 1,000,000 |",
        "| control file, MB |  | 200 |",  # 20 kB of a project
        "| who sees everything | queue summary | 1,000.0 | 10,000 at least | 4 min |",  # 0.05 + 20 + 200 s
        "| member of 1 project | operator summary | 0.4 | 1 at least | 252 ms |",  # 50 + 2 + 200 ms
        "| 1,000 viewers who ask once in 30 s | 2.0 processors |",
        "| a day's load: 33 million calls, 333 million rows | 28 min |",  # 5 µs a row
    ):
        assert row in text, text
    with pytest.raises(LookupError, match="calls"):
        paper.Known.of(told, {"projects": slopes["projects"]})


def test_a_centre_of_forty_projects_is_loaded_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import centres

    center = centres.forty(tmp_path / "forty", 2_100)
    assert len(center.projects.frame) == 40
    loads = center.loads
    assert not loads["rows_rejected"].sum()
    assert centres.people(center) == {"one": 1, "three": 3, "member": 40, "all": 40}
    assert set(center.viewer("bench-member").projects["project"]) == set(center.projects.frame["project"])
