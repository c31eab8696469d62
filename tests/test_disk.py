"""The centre on disk: what is kept and swept, going back, files of an older model, one writer at a time."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

import duckdb
import pytest

import growing
import okireports
from okireports.clock import TICK
from okireports.disk import segments_of, sweep, write
from okireports.disk.folder import quoted
from okireports.errors import (
    CenterBusy,
    ChangeError,
    Refused,
)
from okireports.faces import Center
from okireports.tables import MODEL_VERSION

HERE = Path(__file__).parent
WHY = {"actor": "admin", "reason": "a test"}


class Clock:
    """The machine's clock, set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1)

    def __call__(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sweep, "utc_now", clock)
    return clock


@pytest.fixture
def center(tmp_path: Path) -> Center:
    """One day is loaded."""
    made = growing.make(tmp_path)
    made.load(growing.day(tmp_path, 0, wrong=1))
    return made


# Kept and swept


def test_a_new_centre(tmp_path: Path) -> None:
    center = okireports.create(tmp_path / "a" / "center")
    assert {path.name for path in center.path.iterdir()} == {
        *("CURRENT", "LOCK", "SECRET", "control.000001.duckdb", "journal", "rejects", "stores")
    }
    assert center.folder.secret.stat().st_mode & 0o777 == 0o600
    for part in ("stores", "journal", "rejects"):
        assert (center.path / part).stat().st_mode & 0o777 == 0o700
    assert growing.query(center, "SELECT generation, kind FROM control.generations") == [(1, "create")]


def test_three_generations_are_kept_however_old(tmp_path: Path, machine: Clock) -> None:
    center = growing.make(tmp_path)
    for number in range(8):
        machine.later(days=30)
        center.load(growing.day(tmp_path, number, wrong=1))
        assert growing.files(center) == growing.named(center)
        assert growing.generations(center) == list(range(1, number + 4))[-3:]
        assert growing.said(center) == growing.expected(number + 1)
    calls = [name for name in growing.files(center) if "p0001/calls" in name]
    assert len(calls) == 3


def test_a_generation_is_kept_for_a_day_after_it_was_replaced(tmp_path: Path, machine: Clock) -> None:
    center = growing.make(tmp_path)
    start = machine.now
    for number in range(12):  # two hours apart: generation 3 is replaced by 4 at start + 4 hours
        machine.now = start + timedelta(hours=2 * number)
        growing.touch(center, number)
    assert growing.generations(center) == list(range(1, 15))
    machine.now = start + timedelta(hours=27, minutes=59)  # generation 2 was replaced at start, 3 two hours later
    growing.touch(center, 12)
    assert growing.generations(center)[0] == 4
    machine.now = start + timedelta(hours=28, minutes=1)
    growing.touch(center, 13)
    assert growing.generations(center)[0] == 5
    machine.later(days=3)
    growing.touch(center, 14)
    assert growing.generations(center) == [15, 16, 17]


def test_files_of_a_killed_writer_are_cleared_and_others_are_not(center: Center) -> None:
    before = growing.files(center)
    debris = ["stores/p0001/calls.2025-06.000004.duckdb", "stores/p0009/calls.2025-06.000004.duckdb.wal"]
    debris += ["control.000009.duckdb", "control.000004.duckdb.wal", "rejects/7.parquet", "CURRENT.new", "work/x/y.tmp"]
    for name in debris:
        (center.path / name).parent.mkdir(parents=True, exist_ok=True)
        (center.path / name).write_bytes(b"half")
    (center.path / "notes.txt").write_text("the owner's own")
    assert growing.said(center) == growing.expected(1)
    growing.touch(center, 1)
    assert growing.files(center) - before == {"notes.txt", "control.000004.duckdb"}
    assert before <= growing.files(center)
    assert not center.folder.work.exists()


# Going back


def test_rollback_takes_back_rows_and_loads_and_nothing_else(tmp_path: Path, center: Center) -> None:
    center.projects.create("Gamma", **WHY)
    center.load(growing.day(tmp_path, 1, wrong=2))
    center.users.create("nina", **WHY)
    rejected = (center.path / "rejects" / "3.parquet").read_bytes()
    assert growing.said(center) == growing.expected(2)
    generation = center.rollback(**WHY)
    assert generation == center.folder.current().generation
    assert growing.said(center) == growing.expected(1)
    assert list(center.loads["load_id"]) == [2, 1]
    assert "Gamma" in set(center.projects.frame["project"])
    assert "nina" in set(center.users.frame["login"])
    assert center.audit.verify() == []
    last = center.audit.frame.iloc[-1]
    assert (last["actor"], last["action"], json.loads(last["after"])) == ("admin", "rollback", {"to": 4})
    result = center.load(growing.day(tmp_path, 1))
    assert result.load_id == 4  # 3 was taken back; its number is not given again, and its rejects stay as they are
    assert (center.path / "rejects" / "3.parquet").read_bytes() == rejected
    assert growing.said(center) == growing.expected(2)


def test_rollback_of_a_rollback(tmp_path: Path, center: Center) -> None:
    center.load(growing.day(tmp_path, 1))
    newest = center.folder.current().generation
    center.rollback(**WHY)
    assert growing.said(center) == growing.expected(1)
    center.rollback(to=newest, **WHY)
    assert growing.said(center) == growing.expected(2)
    center.rollback(**WHY)
    center.rollback(**WHY)  # one load further back
    assert growing.said(center) == growing.expected(0)
    assert center.audit.verify() == []


def test_rollback_to_the_oldest_kept_generation_keeps_its_files(tmp_path: Path, machine: Clock) -> None:
    """It would have been swept by the very generation that goes back to it."""
    center = growing.make(tmp_path)
    for number in range(6):
        machine.later(days=2)
        center.load(growing.day(tmp_path, number))
    machine.later(days=2)
    oldest = growing.generations(center)[0]
    center.rollback(to=oldest, **WHY)
    assert growing.said(center) == growing.expected(oldest - 2)
    for number in range(4):
        machine.later(days=2)
        growing.touch(center, number)
        assert growing.said(center) == growing.expected(oldest - 2)
        assert growing.files(center) == growing.named(center)
    calls = [name for name in growing.files(center) if "p0001/calls" in name]
    assert len(calls) == 1  # what was taken back has gone with its generations


def test_rollback_refused(tmp_path: Path, center: Center, machine: Clock) -> None:
    machine.later(days=1000)
    for number in range(3):
        machine.later(days=2)
        growing.touch(center, number)
    before = growing.files(center)
    for to in (1, 2, 3, 7, 99, -1):
        with pytest.raises(ChangeError, match=f"Generation {to} is not kept; kept are 4, 5, 6"):
            center.rollback(to=to, **WHY)
    with pytest.raises(ChangeError, match="Generation 2 is not kept"):
        center.rollback(**WHY)
    with pytest.raises(ChangeError, match="Say why"):
        center.rollback(actor="admin", reason=" ")
    with pytest.raises(Refused, match="lacks the right 'operate'"):
        center.rollback(actor="boss", reason="a test")
    assert {name for name in growing.files(center) - before if not name.startswith("journal/")} == set()
    assert growing.said(center) == growing.expected(1)
    growing.touch(center, 4)
    log = center.audit.frame
    assert list(log[log["action"] == "refused"]["actor"]) == ["boss"]
    with pytest.raises(ChangeError, match="no load to take back"):
        okireports.create(tmp_path / "empty").rollback(**WHY)


@pytest.mark.parametrize("kind", ["forget", "restamp"])
def test_nothing_goes_back_behind_what_was_removed_for_good(tmp_path: Path, center: Center, kind: str) -> None:
    before = center.folder.current().generation
    old = center.folder.control(before).read_bytes()
    with write(center.folder, kind):
        pass
    with pytest.raises(ChangeError, match=f"Generation {before} is not kept"):
        center.rollback(to=before, **WHY)
    center.folder.control(before).write_bytes(old)  # as it stands where the writer was killed before it swept
    with pytest.raises(ChangeError, match=f"Generation {before + 1} was a {kind}"):
        center.rollback(to=before, **WHY)
    center.load(growing.day(tmp_path, 1))
    center.rollback(**WHY)  # but a later load can be taken back
    assert growing.said(center) == growing.expected(1)


# Segments


def test_files_have_the_pinned_storage_version(center: Center) -> None:
    with duckdb.connect() as con:
        for path in [center.folder.current().control, *center.folder.stores.glob("*/*.duckdb")]:
            con.execute(f"ATTACH {quoted(path)} AS one (READ_ONLY)")
            (tags,) = con.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'one'").fetchone() or ({},)
            assert tags["storage_version"].startswith("v1.2.0"), path
            con.execute("DETACH one")


def test_columns_that_came_later_are_null_in_old_segments(tmp_path: Path, center: Center) -> None:
    """A file from before the model had `contact_key`: reports read NULL, a load keeps its rows and adds whole ones."""
    (name,) = growing.segments(center, 1)
    path = center.path / name
    with duckdb.connect() as con:
        con.execute(f"ATTACH {quoted(path)} AS old")
        con.execute("ALTER TABLE old.calls DROP COLUMN contact_key; CHECKPOINT old")
    with write(center.folder, "older model") as writer:
        writer.con.execute(
            """UPDATE control.segments SET model_version = 0, bytes = ?,
            columns = list_filter(columns, lambda name: name <> 'contact_key') WHERE file = ?""",
            [path.stat().st_size, name],
        )
    assert growing.said(center) == growing.expected(1)
    assert keys(center) == [None] * growing.ALPHA
    center.load(growing.day(tmp_path, 1))
    assert growing.said(center) == growing.expected(2)
    new, old = keys(center)[: growing.ALPHA], keys(center)[growing.ALPHA :]
    assert None not in new
    assert old == [None] * growing.ALPHA
    versions = growing.query(center, "SELECT DISTINCT model_version FROM control.segments")
    assert versions == [(MODEL_VERSION,)]


def keys(center: Center) -> list[int | None]:
    """The customers of Alpha's calls, newest first."""
    rows = center.viewer("anna").report("call_log", period=growing.YEAR).arrow.to_pylist()
    return [row["contact_key"] for row in rows]


def test_a_day_rewrites_only_the_month_of_its_projects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A year of history in both projects, then one more day of Alpha: the year's files stay, Beta's all of them."""
    center = growing.make(tmp_path)
    for month in range(12):
        center.load(growing.day(tmp_path, -30 * month, each=40))
    history = {path: path.read_bytes() for path in center.folder.stores.glob("*/*.duckdb")}
    published = {p: growing.segments(center, p, ("calls", "contacts", "statuses")) for p in (1, 2)}
    files = growing.day(tmp_path, 1)
    calls = (files / "calls.csv").read_text().splitlines()
    (files / "calls.csv").write_text("\n".join([calls[0], *(line for line in calls if "Alpha" in line)]))
    result = center.load(files)
    assert result.rows_loaded == growing.ALPHA
    now = {p: growing.segments(center, p, ("calls", "contacts", "statuses")) for p in (1, 2)}
    assert now[2] == published[2]
    written = now[1] - published[1]
    assert all(path.read_bytes() == content for path, content in history.items())  # nothing published is ever changed
    assert "stores/p0001/calls.2025-06.000015.duckdb" in written
    assert written <= {"stores/p0001/calls.2025-06.000015.duckdb", "stores/p0001/contacts.all.000015.duckdb"}
    new = set(center.folder.stores.glob("*/*.duckdb")) - set(history)
    assert {str(path.relative_to(center.path)) for path in new} == written
    size = sum(path.stat().st_size for path in new)
    assert result.bytes_written == size
    listed = {center.path / name for name in published[1] | published[2]}
    whole = sum(len(content) for path, content in history.items() if path in listed)
    assert size < whole / 3
    with capsys.disabled():
        print(f"\na day into a year: {size:,} of {whole:,} bytes written anew, {sorted(written)}")


# Writers and readers


def test_which_segments_meet_a_span_is_the_same_in_sql_and_in_python(tmp_path: Path, center: Center) -> None:
    for number in (-100, -50, 1):
        center.load(growing.day(tmp_path, number))
    with center.folder.reading() as reading:
        every = segments_of(reading.con)
        edges = {at for s in every for at in (s.first_at, s.last_at, s.last_end) if at}
        instants = sorted({at + step * TICK for at in edges for step in (-1, 0, 1)})
        kinds = {(s.first_at is None, s.last_end is None) for s in every}
        assert len(kinds) > 1 and len(edges) > 5, "the list is too plain to say anything"
        for span in combinations(instants[:: max(1, len(instants) // 40)], 2):
            found = segments_of(reading.con, span=span)
            assert found == tuple(s for s in every if s.meets(*span)), span
        some = segments_of(reading.con, ("calls", "statuses"), (1,))
        assert some == tuple(s for s in every if s.table in ("calls", "statuses") and s.project_id == 1) != ()


def test_a_second_writer_is_told_to_wait(center: Center, tmp_path: Path) -> None:
    before = growing.said(center)
    with write(center.folder, "long") as writer:
        for action in (
            lambda: center.load(growing.day(tmp_path, 1)),
            lambda: growing.touch(center, 1),
            lambda: center.rollback(**WHY),
        ):
            with pytest.raises(CenterBusy, match="Another process is writing"):
                action()
        assert growing.said(center) == before
    assert center.folder.current().generation == writer.generation
    growing.touch(center, 1)


def test_a_writer_waits_for_one_that_is_soon_done(center: Center) -> None:
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with write(center.folder, "short"):
            held.set()
            go.wait(10)
            time.sleep(0.3)

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(10)
    go.set()
    growing.touch(center, 1)
    other.join()
    assert center.folder.current().generation == 5


def test_the_engine_shows_no_bar_of_its_own(center: Center) -> None:
    """Where Python runs without a file, as in a pipe, the engine would print one between a program's own lines."""
    asked = "SELECT current_setting('enable_progress_bar')"
    code = f"""
import sys
from pathlib import Path
from okireports.disk import Folder, write
with write(Folder(Path(sys.argv[1])), "looking") as writer:
    print(writer.con.execute({asked!r}).fetchone(), writer.con.cursor().execute({asked!r}).fetchone())
"""
    done = subprocess.run([sys.executable, "-c", code, center.path], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("(False,) (False,)\n", "")


def test_an_error_in_the_block_leaves_nothing(center: Center) -> None:
    before = growing.files(center)
    for error in (ValueError("x"), KeyboardInterrupt(), FileNotFoundError(2, "no such file", "/elsewhere/file.csv")):
        with pytest.raises(type(error)), write(center.folder, "wrong") as writer:
            writer.con.execute("DELETE FROM control.users")
            raise error
        assert growing.files(center) == before
        assert not center.folder.work.exists()
    assert len(center.users.frame) == 5
