"""A lake: it holds what the centre holds, project by project; who reads it sees one generation, and nothing erased."""

from __future__ import annotations

import json
import os
import resource
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import loaded
import okireports
import servers
from commands import run
from killer import Killer
from loaded import call, calls
from okireports.disk import Segment
from okireports.errors import BadOption, DeliveryError, LakeError, NewerFormat, Refused
from okireports.faces import Center
from okireports.lake import Lake, syncing
from okireports.tables import FACTS

PHONE = "+48221110001"
EACH = 1 if int(os.environ.get("WORLDS") or 0) > 50 else 7  # of so many steps, one is tried; a long run tries each
MORE = "queue,operator,phone,cost,currency"
ROWS = [
    call("a", "2025-04-02T10:00:00Z", "Acme sales", "anna", PHONE, "1.5", "PLN"),
    call("b", "2025-05-31T23:59:30Z", "Acme sales", "anna", "+48221110002", "", ""),
    call("c", "2025-06-02T10:00:00Z", "Bolt care", "anna", PHONE, "", ""),
    call("d", "2025-06-12T10:00:00Z", "Moving", "anna", "+48221110003", "", ""),
    call("e", "2025-06-13T10:00:00Z", "Loose", "bea", "", "", ""),
]
STATUSES = """
    operator,status,started_at,ended_at
    anna,Ready,2025-06-02T09:00:00Z,2025-06-02T10:00:00Z
    anna,Away,2025-06-02T11:00:00Z,2025-06-02T12:00:00Z
    """


def filled(path: Path) -> Center:
    made = loaded.centre(path)
    loaded.load(made, {"calls": calls(*ROWS, columns=MORE), "statuses": STATUSES})
    return made


@pytest.fixture
def center(tmp_path: Path) -> Center:
    return filled(tmp_path / "centre")


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """A centre that no test changes."""
    return filled(tmp_path_factory.mktemp("lake") / "centre")


@pytest.fixture
def where(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def listed(center: Center, where: Path | str, projects: tuple[int, ...] = (0, 1, 2, 3)) -> tuple[Segment, ...]:
    """The files that a run over some projects would read."""
    with center.folder.reading() as reading:
        return Lake.lies_at(where).files(reading.con, projects)


def rows_in(where: Path, files: tuple[Segment, ...]) -> dict[str, list[str]]:
    """All rows of some files, by table."""
    found: dict[str, list[str]] = {}
    for one in files:
        rows = duckdb.sql(f"FROM read_parquet('{where / one.file}', hive_partitioning = false)")
        names = rows.columns
        values = [repr(sorted(zip(names, row, strict=True), key=lambda cell: cell[0])) for row in rows.fetchall()]
        assert len(values) == one.rows
        found.setdefault(one.table, []).extend(values)
    return {table: sorted(values) for table, values in found.items()}


def of_centre(center: Center, projects: tuple[int, ...] = (0, 1, 2, 3)) -> dict[str, list[str]]:
    """The rows of the centre as its own files hold them, without the number of their load."""
    found = {}
    with loaded.together(center) as con:
        there = {name for (name,) in con.execute("SHOW TABLES").fetchall()}
        for table in (name for name, fact in FACTS.items() if name in there and not fact.internal):
            some = ", ".join(map(str, projects))
            rows = con.execute(f'SELECT * EXCLUDE load_id FROM "{table}" WHERE project_id IN ({some})')
            names = [d[0] for d in rows.description]
            values = [sorted(zip(names, row, strict=True), key=lambda cell: cell[0]) for row in rows.fetchall()]
            found[table] = sorted(map(repr, values))
    return {table: rows for table, rows in found.items() if rows}


def names(where: Path) -> set[str]:
    return {path.relative_to(where).as_posix() for path in where.rglob("*") if path.is_file()}


def files(where: Path) -> set[str]:
    return {name for name in names(where) if name.endswith(".parquet")}


# What lies there


@pytest.mark.parametrize("projects", [(0, 1, 2, 3), (1,), (0,), (2, 3)])
def test_it_holds_the_rows_of_each_project(usual: Center, where: Path, projects: tuple[int, ...]) -> None:
    made = usual.lake.sync(where)
    found = listed(usual, where, projects)
    assert rows_in(where, found) == of_centre(usual, projects)
    assert {one.project_id for one in found} <= {*projects} and found
    everything = listed(usual, where)
    assert made.rows == sum(one.rows for one in everything)
    assert made.bytes == sum((where / one.file).stat().st_size for one in everything)
    assert (made.written, made.kept, made.removed) == (len(everything), 0, 0)
    assert {one.file for one in everything} == files(where)


def test_a_file_holds_one_table_of_one_project_in_one_month_of_utc(usual: Center, where: Path) -> None:
    usual.lake.sync(where)
    seen = {(one.table, one.project_id, one.stretch) for one in listed(usual, where)}
    assert {("calls", 1, "2025-04"), ("calls", 1, "2025-05"), ("calls", 2, "2025-06"), ("calls", 0, "2025-06")} <= seen
    for one in listed(usual, where):
        if one.first_at and one.last_at:
            assert one.stretch == f"{one.first_at:%Y-%m}" == f"{one.last_at:%Y-%m}"
        assert one.file.startswith(f"{one.table}/p{one.project_id:04d}/{one.stretch}.")


def test_a_run_chooses_files_as_it_chooses_segments(usual: Center, where: Path) -> None:
    usual.lake.sync(where)
    ends = {one.stretch: one.last_end for one in listed(usual, where) if (one.table, one.project_id) == ("calls", 1)}
    assert ends["2025-05"] == loaded.utc("2025-06-01 00:00:30")
    assert ends["2025-04"] == loaded.utc("2025-04-02 10:01:00")


def test_no_number_of_a_load_is_handed_on(usual: Center, where: Path) -> None:
    usual.lake.sync(where)
    for name in files(where):
        assert "load_id" not in duckdb.sql(f"FROM read_parquet('{where / name}', hive_partitioning = false)").columns


def test_only_their_owner_reads_the_files(usual: Center, where: Path) -> None:
    usual.lake.sync(where)
    assert {path.stat().st_mode & 0o777 for path in where.rglob("*") if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in [where, *where.rglob("*")] if path.is_dir()} == {0o700}


def test_a_viewers_run_reads_the_manifests_of_her_projects_only(
    usual: Center, where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual.lake.sync(where)
    lake = Lake.lies_at(where)
    opened: list[str] = []
    real = type(lake.target).open

    def watched(self: Any, name: str) -> Any:
        opened.append(name)
        return real(self, name)

    monkeypatch.setattr(type(lake.target), "open", watched)
    monkeypatch.setattr(type(lake.target), "names", lambda self: pytest.fail("it lists a folder"))
    with usual.folder.reading() as reading:
        lake.files(reading.con, (2,))
        lake.files(reading.con, (2,))
    assert [name for name in opened if "/p" in name] == [name for name in opened if name.startswith("manifests/p0002/")]
    assert sum("/p0002/" in name for name in opened) == 1  # what never changes is read once


# Again


def test_nothing_new_writes_nothing(center: Center, where: Path) -> None:
    first = center.lake.sync(where)
    before = {path: path.stat().st_mtime_ns for path in where.rglob("*") if path.is_file()}
    again = center.lake.sync(f"file://{where}")
    assert (again.written, again.kept, again.removed) == (0, first.written, 0)
    assert {path: path.stat().st_mtime_ns for path in where.rglob("*") if path.is_file()} == before


def test_a_load_writes_only_the_months_in_which_something_changed(center: Center, where: Path) -> None:
    center.lake.sync(where)
    before = files(where)
    loaded.load(center, {"calls": calls(call("z", "2025-06-20T10:00:00Z", "Bolt care"), columns="queue")})
    made = center.lake.sync(where)
    assert (made.written, made.removed) == (1, 0) and before < files(where)  # what it replaces stays for a day
    (new,) = files(where) - before
    assert new.startswith("calls/p0002/2025-06.")
    assert rows_in(where, listed(center, where)) == of_centre(center)


def test_months_that_are_merged_into_their_year_keep_their_files(center: Center, where: Path) -> None:
    for month in (7, 8, 9, 10):
        row = call(f"m{month}", f"2025-{month:02d}-20T10:00:00Z", "Acme sales")
        loaded.load(center, {"calls": calls(row, columns="queue")})
    center.lake.sync(where)
    apart = {name for name in loaded.files(center) if "p0001/calls.2025-0" in name}
    before = {one.stretch: one.file for one in listed(center, where, (1,)) if one.table == "calls"}
    late = call("late", "2025-04-03T10:00:00Z", "Acme sales")
    loaded.load(center, {"calls": calls(late, columns="queue")})
    assert len(apart) > 2 and not apart & loaded.files(center), "nothing was merged"
    made = center.lake.sync(where)
    after = {one.stretch: one.file for one in listed(center, where, (1,)) if one.table == "calls"}
    assert made.written == 1 and {month for month in after if after[month] != before[month]} == {"2025-04"}
    assert rows_in(where, listed(center, where)) == of_centre(center)


def test_a_day_later_what_nobody_reads_is_gone(center: Center, where: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    center.lake.sync(where)
    loaded.load(center, {"calls": calls(call("z", "2025-06-20T10:00:00Z", "Bolt care"), columns="queue")})
    center.lake.sync(where)
    assert len(files(where)) == len(listed(center, where)) + 1
    tomorrow = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=25)
    monkeypatch.setattr(syncing, "utc_now", lambda: tomorrow)
    center.lake.sync(where)
    assert files(where) == {one.file for one in listed(center, where)}
    assert len([name for name in names(where) if name.startswith("manifests/0")]) == 1


def test_what_is_not_ours_stays(center: Center, where: Path) -> None:
    center.lake.sync(where)
    (where / "calls" / "notes.txt").write_text("mine")
    (where / "calls" / "p0001" / "x.parquet").write_bytes(b"mine")
    loaded.load(center, {"calls": calls(call("z"))})
    center.lake.sync(where)
    assert {"calls/notes.txt", "calls/p0001/x.parquet"} <= names(where)


def test_who_reads_during_a_sync_sees_the_generation_before(
    center: Center, where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    center.lake.sync(where)
    before = listed(center, where)
    pinned = Lake.lies_at(where).pinned()
    loaded.load(center, {"calls": calls(call("z", "2025-06-20T10:00:00Z", "Acme sales"), columns="queue")})
    seen = []
    real = syncing.Sync.manifests

    def watched(self: Any) -> Iterator[tuple[int, str]]:
        yield from real(self)
        seen.append(listed(center, where))

    monkeypatch.setattr(syncing.Sync, "manifests", watched)
    center.lake.sync(where)
    assert seen == [before] and listed(center, where) != before
    with center.folder.reading() as reading:
        assert pinned.files(reading.con, (0, 1, 2, 3)) == before
    assert rows_in(where, before)  # and all of it is there


# What was erased


def test_what_was_forgotten_is_read_by_nobody_and_a_sync_removes_it(center: Center, where: Path) -> None:
    center.lake.sync(where)
    before = files(where)
    center.forget(PHONE, actor="admin", reason="she asked")
    with pytest.raises(LakeError, match="erased or corrected"):
        listed(center, where)
    made = center.lake.sync(where)
    assert made.removed > 0 and not {one.file for one in listed(center, where)} & (before - files(where))
    assert files(where) == {one.file for one in listed(center, where)}  # at once, not a day later
    assert rows_in(where, listed(center, where)) == of_centre(center)
    for name in files(where):
        said = str(duckdb.sql(f"FROM read_parquet('{where / name}', hive_partitioning = false)").fetchall())
        assert PHONE not in said


def test_rows_that_are_restamped_move(center: Center, where: Path) -> None:
    center.lake.sync(where)
    say = {"actor": "admin", "reason": "it was Bolt's"}
    center.restamp("queue", "Acme sales", to="Bolt", **say)
    with pytest.raises(LakeError, match="erased or corrected"):
        listed(center, where)
    center.lake.sync(where)
    assert not [one for one in listed(center, where, (1,)) if one.table == "calls" and one.stretch < "2025-06"]
    assert rows_in(where, listed(center, where)) == of_centre(center)
    assert files(where) == {one.file for one in listed(center, where)}


def test_what_is_handed_out_is_of_no_lake_that_is_behind(center: Center, where: Path) -> None:
    center.lake.sync(where)
    with center.folder.reading() as reading:
        assert Lake.lies_at(where).files(reading.con, (1, 2), exact=True)
    loaded.load(center, {"calls": calls(call("z", "2025-06-20T10:00:00Z", "Acme sales"), columns="queue")})
    with center.folder.reading() as reading:
        lake = Lake.lies_at(where)
        assert lake.files(reading.con, (1, 2))  # a report says of which generation it is
        assert lake.files(reading.con, (2,), exact=True)
        with pytest.raises(LakeError, match="behind the centre"):
            lake.files(reading.con, (1, 2), exact=True)


def test_a_sync_that_was_killed_after_it_counted_leaves_no_results_of_what_was_erased(
    center: Center, where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    center.lake.sync(where)
    kept = Lake.lies_at(where).scratch()
    Path(kept.path).mkdir()
    Path(kept.path, "part-00000.parquet").write_bytes(b"rows of somebody")
    center.lake.sync(where)
    assert Path(kept.path, "part-00000.parquet").exists()  # somebody may still read it
    center.forget(PHONE, actor="admin", reason="she asked")
    with monkeypatch.context() as killed:
        killed.setattr(syncing.Sync, "sweep", lambda self, state: os.kill)
        center.lake.sync(where)
    center.lake.sync(where)
    assert not [name for name in names(where) if name.startswith("results/")]
    assert files(where) == {one.file for one in listed(center, where)}


def test_results_can_be_read_by_their_owner_only(usual: Center, where: Path) -> None:
    where.mkdir(mode=0o755)
    usual.lake.sync(where)
    (where / "results").mkdir(mode=0o755)
    Lake.lies_at(where).scratch()
    assert (where / "results").stat().st_mode & 0o777 == 0o700


def test_an_earlier_generation_that_is_damaged_stops_no_sync(center: Center, where: Path) -> None:
    center.lake.sync(where)
    loaded.load(center, {"calls": calls(call("z", "2025-06-20T10:00:00Z", "Bolt care"), columns="queue")})
    center.lake.sync(where)
    current = Lake.lies_at(where).state()
    for path in where.glob("manifests/p0002/*.json"):
        if path.relative_to(where).as_posix() not in current.projects.values():
            path.write_bytes(b"{}")
    center.lake.sync(where)
    (where / "manifests" / "000001.json").write_bytes(b"{}")
    center.lake.sync(where)
    assert len([name for name in names(where) if name.startswith("manifests/0")]) == 1
    assert rows_in(where, listed(center, where)) == of_centre(center)


# What is no lake of this centre


def test_another_centres_lake_is_neither_read_nor_written(center: Center, where: Path, tmp_path: Path) -> None:
    center.lake.sync(where)
    other = okireports.create(tmp_path / "other", now=loaded.NOW)
    before = {name: (where / name).read_bytes() for name in names(where)}
    with pytest.raises(LakeError, match="not a lake of this centre"):
        listed(other, where)
    with pytest.raises(LakeError, match="no earlier state of this centre"):
        other.lake.sync(where)
    assert {name: (where / name).read_bytes() for name in names(where)} == before


def test_a_centre_that_was_restored_from_a_backup_does_not_take_a_later_lake(
    center: Center, where: Path, tmp_path: Path
) -> None:
    shutil.copytree(center.path, tmp_path / "backup")
    loaded.load(center, {"calls": calls(call("z"))})
    center.lake.sync(where)
    restored = okireports.open(tmp_path / "backup", now=loaded.NOW)
    with pytest.raises(LakeError):
        listed(restored, where)
    with pytest.raises(LakeError):
        restored.lake.sync(where)


@pytest.mark.parametrize("name", ["CURRENT", "manifest", "project"])
@pytest.mark.parametrize("how", ["missing", "cut", "changed", "no json"])
def test_a_damaged_lake_is_not_read(usual: Center, where: Path, name: str, how: str) -> None:
    usual.lake.sync(where)
    (manifest,) = where.glob("manifests/*.json")
    path = {"CURRENT": where / "CURRENT", "manifest": manifest, "project": next(where.glob("manifests/p0001/*"))}[name]
    said = path.read_bytes()
    match how:
        case "missing":
            path.unlink()
        case "cut":
            path.write_bytes(said[: len(said) // 2])
        case "changed":
            path.write_bytes(said.replace(b'"format":1', b'"format":0'))
        case _:
            path.write_bytes(b"[1]")
    if (name, how) == ("CURRENT", "changed"):
        assert listed(usual, where)  # an older format is ours to read
        return
    with pytest.raises(LakeError):
        listed(usual, where)


def test_a_newer_format_is_not_read(usual: Center, where: Path) -> None:
    usual.lake.sync(where)
    said = json.loads((where / "CURRENT").read_text())
    (where / "CURRENT").write_text(json.dumps(said | {"format": 2}))
    with pytest.raises(NewerFormat):
        listed(usual, where)
    with pytest.raises(NewerFormat):
        usual.lake.sync(where)


def test_where_a_lake_may_lie(usual: Center, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="centre"):
        usual.lake.sync(usual.path / "lake")
    for wrong in ("http://example.com/x", "", "file://host/x", "file:x"):
        with pytest.raises(BadOption):
            usual.lake.sync(wrong)
    with pytest.raises(LakeError, match="no lake"):
        Lake.lies_at(tmp_path)


def test_a_folder_of_other_things_becomes_no_lake(usual: Center, where: Path) -> None:
    (where / "photos").mkdir(parents=True)
    (where / "photos" / ".abcdefgh.part").write_bytes(b"half-written by another program")
    (where / "photos" / "cat.png").write_bytes(b"cat")
    with pytest.raises(LakeError, match="not empty"):
        usual.lake.sync(where)
    assert names(where) == {"photos/.abcdefgh.part", "photos/cat.png"}


def test_a_lake_may_lie_anywhere(usual: Center, tmp_path: Path) -> None:
    """Hadoop is told the place as it is: it would take %20 for three letters."""
    there = tmp_path / "lake [1] zażółć %20 {a}"
    usual.lake.sync(there.as_uri())
    lake = Lake.lies_at(there)
    assert lake.address("calls/x.parquet") == f"file://{there}/calls/x.parquet"
    scratch = lake.scratch()
    assert scratch.address == f"file://{scratch.path}" and Path(scratch.path).parent == there / "results"


def test_a_disk_that_is_full_is_said_and_changes_nothing(center: Center, where: Path) -> None:
    center.lake.sync(where)
    before = listed(center, where)
    loaded.load(center, {"calls": calls(call("z", "2025-06-20T10:00:00Z", "Bolt care"), columns="queue")})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(DeliveryError, match="no room"):
            center.lake.sync(where)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert listed(center, where) == before and not [name for name in names(where) if name.endswith(".part")]
    center.lake.sync(where)
    assert rows_in(where, listed(center, where)) == of_centre(center)


def test_two_syncs_at_once(usual: Center, where: Path) -> None:
    usual.lake.sync(where)
    with Lake.lies_at(where).target.writing(), pytest.raises(DeliveryError, match="wait for it"):
        usual.lake.sync(where)


def test_a_sync_while_rows_are_erased_is_behind_them(
    center: Center, where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = syncing.Sync.files

    def late(self: Any, before: Any) -> None:
        if not before:
            center.forget(PHONE, actor="admin", reason="she asked")
        real(self, before)

    monkeypatch.setattr(syncing.Sync, "files", late)
    center.lake.sync(where)
    with pytest.raises(LakeError, match="erased or corrected"):
        listed(center, where)
    center.lake.sync(where)
    assert rows_in(where, listed(center, where)) == of_centre(center)
    assert files(where) == {one.file for one in listed(center, where)}


def test_an_extract_has_no_lake(usual: Center, tmp_path: Path) -> None:
    made = usual.extract("sue", tmp_path / "e.duckdb", actor="admin", reason="try")
    with pytest.raises(Refused):
        okireports.open(made, now=loaded.NOW).lake.sync(tmp_path / "lake")


@pytest.mark.parametrize("asked", [{"engine": "local[2]"}, {"lake": "x"}, {"engine": "mysql", "lake": "x"}])
def test_an_engine_and_a_lake_go_together(usual: Center, asked: dict[str, str]) -> None:
    with pytest.raises(BadOption):
        okireports.open(usual.path, now=loaded.NOW, **asked)


# Killed


def test_killed_at_any_step_it_leaves_a_whole_lake_and_goes_on(center: Center, tmp_path: Path) -> None:
    before = tmp_path / "before"
    center.lake.sync(before)
    old = listed(center, before)
    center.forget(PHONE, actor="admin", reason="she asked")
    loaded.load(center, {"calls": calls(call("z", "2025-06-20T10:00:00Z", "Acme sales"), columns="queue")})
    wanted = of_centre(center)
    killer = Killer("killed_lake.py")
    step, states = 1, set()
    while True:
        to = shutil.copytree(before, tmp_path / str(step))
        said = killer.ask(center=center.path, to=to, step=step)
        with center.folder.reading() as reading:
            state = Lake.lies_at(to).state()
            states.add(state.number)
            if state.number == 1:
                there = replace_checks(to, old)
                assert there, step  # all that the old generation names is whole
            else:
                assert rows_in(to, Lake.lies_at(to).files(reading.con, (0, 1, 2, 3))) == wanted, step
        if not said["killed"]:
            assert said["steps"] < step
            break
        made = center.lake.sync(to)
        assert rows_in(to, listed(center, to)) == wanted, step
        assert files(to) == {one.file for one in listed(center, to)} and made.generation, step
        assert not [name for name in names(to) if name.endswith(".part")], step
        shutil.rmtree(to)
        step += EACH
    killer.close()
    assert states == {1, 2} and step > 40


def replace_checks(to: Path, old: tuple[Segment, ...]) -> bool:
    return all(duckdb.sql(f"SELECT count(*) FROM '{to / one.file}'").fetchall() == [(one.rows,)] for one in old)


# Elsewhere


def test_in_object_storage_it_is_the_same(usual: Center, where: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with servers.storage() as address:
        servers.bucket(address, monkeypatch.setenv, "lakes")
        made = usual.lake.sync("s3://lakes/centre")
        again = usual.lake.sync("s3://lakes/centre")
        assert (again.written, again.kept) == (0, made.written)
        assert listed(usual, "s3://lakes/centre") == tuple(replace(one) for one in listed_here(usual, where))
        lake = Lake.lies_at("s3://lakes/centre")
        assert lake.address("calls/x.parquet") == "s3a://lakes/centre/calls/x.parquet"


def test_a_bucket_holds_one_generation_whole_and_nothing_that_was_erased(
    center: Center, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = "s3://lakes/centre"
    with servers.storage() as address:
        servers.bucket(address, monkeypatch.setenv, "lakes")
        center.lake.sync(to)
        lake = Lake.lies_at(to)
        old, before = listed(center, to), set(lake.target.names())
        loaded.load(center, {"calls": calls(call("z", "2025-06-20T10:00:00Z", "Bolt care"), columns="queue")})
        for number in range(1, 4):  # a file of rows, the manifest of its project, that of the generation
            with monkeypatch.context() as failing, pytest.raises(DeliveryError):
                failing.setattr(type(lake.target), "put", nth(number, type(lake.target).put))
                center.lake.sync(to)
            assert listed(center, to) == old, number
        center.lake.sync(to)
        assert listed(center, to) != old and before < set(lake.target.names())
        center.forget(PHONE, actor="admin", reason="she asked")
        with pytest.raises(LakeError, match="erased or corrected"):
            listed(center, to)
        center.lake.sync(to)
        there = {name for name in lake.target.names() if name.endswith(".parquet")}
        assert there == {one.file for one in listed(center, to)} and not {one.file for one in old} <= there


def nth(number: int, real: Any) -> Any:
    """A `put` that fails the n-th time."""
    count = iter(range(1, 1000))

    def put(self: Any, name: str, save: Any) -> Any:
        if next(count) >= number:
            raise DeliveryError(f"{name}: the line is cut.")
        return real(self, name, save)

    return put


def listed_here(center: Center, where: Path) -> tuple[Segment, ...]:
    center.lake.sync(where)
    return listed(center, where)


def test_the_command_says_what_it_did(center: Center, where: Path) -> None:
    said = run("lake", "sync", center.path, where).stdout
    count = len(listed(center, where))
    assert f"{count} files written, 0 kept, 0 removed" in said and "generation" in said
    assert f"0 files written, {count} kept, 0 removed" in run("lake", "sync", center.path, where).stdout
