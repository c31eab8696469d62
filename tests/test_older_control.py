"""A control file of an older model: what it lacks reads as NULL, and the next change adds it."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

import loaded
import okireports
from okireports.disk import Folder
from okireports.disk.folder import quoted
from okireports.engines import duck
from okireports.faces import Center
from okireports.tables import CONTROL, CONTROL_MODEL

WHY = {"actor": "admin", "reason": "a test"}
TARIFF = "project,status,free_s,first_s,step_s,price_per_min,free_is_deducted\nAcme,Busy,6,30,6,1.5,true\n"
AWAY = "reason,allowed_s\nlunch,600\n"
BUSY = "operator,status,started_at,ended_at,queue\nanna,Busy,2025-06-02T10:00:00Z,2025-06-02T10:00:31Z,Acme sales\n"


@pytest.fixture
def center(tmp_path: Path) -> Center:
    """A centre with a tariff of 6/30/6 whose free time is deducted, and one interval of 31 seconds."""
    made = loaded.centre(tmp_path / "centre")
    loaded.load(made, {"tariffs": TARIFF, "away_reasons": AWAY, "statuses": BUSY})
    return made


def aged(center: Center, path: Path, *statements: str, model: str | None = None) -> Center:
    """The centre as an older version would have left it."""
    shutil.copytree(center.path, path)
    folder = Folder(path)
    control = folder.current().control
    with duckdb.connect() as con:
        con.execute(f"ATTACH {quoted(control)} AS old")
        for statement in statements:
            con.execute(statement)
        con.execute("CHECKPOINT old")
    said = json.loads(folder.pointer.read_text()) | {"bytes": control.stat().st_size, "model": model}
    folder.pointer.write_text(json.dumps({k: v for k, v in said.items() if v is not None}))
    return okireports.open(path, now=loaded.NOW)


def billed(center: Center) -> list[float]:
    return (
        center.viewer("admin", reason="a test")
        .report("billable_time", period="2025-06", by=None)
        .frame["billed_s"]
        .tolist()
    )


def test_a_column_that_came_later_is_null(center: Center, tmp_path: Path) -> None:
    """31 s of 6/30/6: 30 where what is free is deducted, else 36."""
    assert billed(center) == [30.0]
    old = aged(center, tmp_path / "old", "ALTER TABLE old.tariffs DROP COLUMN free_is_deducted")
    assert billed(old) == [36.0]
    assert old.definitions.list("tariffs")["free_is_deducted"].isna().tolist() == [True]


def test_the_next_change_adds_it(center: Center, tmp_path: Path) -> None:
    old = aged(
        center,
        tmp_path / "old",
        "ALTER TABLE old.tariffs DROP COLUMN free_is_deducted",
        "ALTER TABLE old.tariffs DROP COLUMN valid_to",
        "DROP TABLE old.setting_changes",
    )
    entries = len(old.audit.frame)
    assert old.audit.verify() == []
    old.definitions.set(
        "tariffs", {"project": "Acme", "status": "Busy", "free_is_deducted": True}, valid_from="always", **WHY
    )
    old.definitions.set("settings", {"formula": "offered"}, **WHY)
    assert billed(old) == [30.0]
    assert len(old.audit.frame) == entries + 2 and old.audit.verify() == []
    current = old.folder.current()
    assert current.model == CONTROL_MODEL
    with duckdb.connect() as con:
        con.execute(f"ATTACH {quoted(current.control)} AS control (READ_ONLY)")
        for table in CONTROL.values():
            columns = [name for name, *_ in con.execute(f'DESCRIBE control."{table.name}"').fetchall()]
            assert columns == [name for name, _ in table.columns]


def test_each_column_and_table_may_be_missing(center: Center, tmp_path: Path) -> None:
    """Of every definition with dates the end was not kept once, and of some not even the beginning."""
    dated = [name for name, table in CONTROL.items() if table.dated and name not in ("group_members", "check_plans")]
    drops = [f"ALTER TABLE old.{name} DROP COLUMN valid_to" for name in dated]
    drops += [f"ALTER TABLE old.{name} DROP COLUMN valid_from" for name in ("hours", "activities", "away_reasons")]
    old = aged(center, tmp_path / "old", *drops, "DROP TABLE old.setting_changes")
    now = okireports.open(center.path, now=loaded.NOW)
    for kind in old.definitions.frame["kind"]:
        assert old.definitions.history(kind).equals(now.definitions.history(kind)), kind
    assert billed(old) == billed(now)
    assert [list(viewer.projects["project"]) for viewer in (old.viewer("sue"), now.viewer("sue"))] == [["Acme"]] * 2
    loaded.load(old, {"statuses": BUSY.replace("02T", "03T")})
    assert billed(old) == [60.0]


def test_a_run_lets_go_of_an_older_control_file_too(center: Center, tmp_path: Path) -> None:
    old = aged(center, tmp_path / "old", "ALTER TABLE old.tariffs DROP COLUMN free_is_deducted")
    viewing = old.viewer("sue").viewing()
    with duck.session(viewing, lambda *_: duck.Wanted(("calls",), datetime(2025, 6, 1), datetime(2025, 7, 1))) as run:
        attached = {name for (name,) in run.con.execute("SELECT database_name FROM duckdb_databases()").fetchall()}
        assert not {"control", "control_file"} & attached
