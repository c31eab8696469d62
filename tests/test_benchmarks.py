"""The benchmarks run, over tiny centres: every side and every engine gives the same figures. Nothing is timed here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import okireports

BENCHMARKS = Path(__file__).parent / "benchmarks"
TWO = ("queue_summary", "transfers")
PATIENT = {"LONG_S": "1e9", "PATIENCE_S": "1e9"}  # nothing is left out on a machine that is slow


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
        assert one["warm"]["same"]
        for side in ("cold_ours", "cold_hand"):
            assert one[side]["rows"] > 0 and one[side]["rows_scanned"] > 0 and one[side]["peak_bytes"] > 0
    assert files == sorted((path, path.stat().st_size) for path in centre.rglob("*"))  # the given one is not written


@pytest.mark.debian("postgresql")
def test_every_engine_gives_the_same_figures(centre: Path, tmp_path: Path) -> None:
    for module in ("polars", "chdb", "adbc_driver_postgresql"):
        pytest.importorskip(module)
    out = tmp_path / "benchmarks.json"
    asked = ("--centre", centre, "--out", out, "--reports", *TWO, "--viewers", "three", "all", "--lengths", "month")
    run("ten_reports", *asked)
    told: dict[str, Any] = json.loads(out.read_text("utf-8"))
    wanted = {f"{who}/{name}/month" for who in ("three", "all") for name in TWO}
    assert all(set(engine["questions"]) == wanted for engine in told["rivals"].values())
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(
        "<!-- benchmarks: made by `make bench` -->\n<!-- end of benchmarks -->\n", "utf-8"
    )
    run("told", tmp_path)
    assert "| `queue_summary` | all projects | month |" in (tmp_path / "README.md").read_text("utf-8")


def test_a_centre_of_forty_projects_is_loaded_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    import centres

    center = centres.forty(tmp_path / "forty", 2_100)
    assert len(center.projects.frame) == 40
    loads = center.loads
    assert not loads["rows_rejected"].sum()
    assert centres.people(center) == {"one": 1, "three": 3, "member": 40, "all": 40}
    assert set(center.viewer("bench-member").projects["project"]) == set(center.projects.frame["project"])
