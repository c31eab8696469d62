"""The change log: a chain that shows what was edited, removed, moved or cut; reads come into it once."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import growing
import okireports
from okireports import audit
from okireports.audit import Entry
from okireports.disk import write
from okireports.faces import Center

HERE = Path(__file__).parent
WHY = {"actor": "admin", "reason": "a test"}
READ = Entry("boss", "run report", "report", "call_log")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """A log of a score of entries, of loads, changes and reads."""
    path = tmp_path_factory.mktemp("audit")
    made = growing.make(path)
    made.load(growing.day(path, 0))
    growing.summary(made.viewer("boss"))
    made.projects.create("Gamma", **WHY)
    made.users.create("nina", **WHY)
    return made


@pytest.fixture
def center(template: Center, tmp_path: Path) -> Center:
    """One's own copy of it."""
    return growing.copy(template, tmp_path)


def tampered(center: Center, *statements: str) -> list[str]:
    """What the log says of itself once somebody has been at the control file."""
    with write(center.folder, "tampering") as writer:
        for statement in statements:
            writer.con.execute(statement)
    return center.audit.verify()


def journal(center: Center) -> list[Path]:
    return sorted(center.folder.journal.iterdir())


def reads(center: Center) -> list[tuple[Any, ...]]:
    """The reads that the log holds."""
    return growing.query(
        center, "SELECT actor, subject, origin FROM control.audit WHERE origin IS NOT NULL ORDER BY seq"
    )


# The chain


def test_the_chain_is_what_it_says(center: Center) -> None:
    """Computed a second time: each hash is the SHA-256 of the one before it and of the entry's fields, as JSON."""
    rows = growing.query(center, "SELECT * FROM control.audit ORDER BY seq")
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) > 12
    before = "0" * 64
    for *fields, written in rows:
        said = json.dumps([before, *(None if value is None else str(value) for value in fields)])
        before = hashlib.sha256(said.encode()).hexdigest()
        assert before == written
    assert center.audit.head == before
    assert center.audit.verify() == center.audit.verify(before) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("actor", "'nina'"), ("action", "'x'"), ("subject_kind", "'x'"), ("subject", "'x'"), ("project_id", "2")),
        *(
            ("before", "'{}'"),
            ("after", "NULL"),
            ("reason", "'another'"),
            ("origin", "'x'"),
            ("hash", "repeat('0', 64)"),
        ),
        ("at", "audit.at + INTERVAL 1 MILLISECOND"),
    ],
)
def test_an_edited_entry_shows(center: Center, column: str, value: str) -> None:
    ((number,),) = growing.query(center, "SELECT seq FROM control.audit WHERE subject = 'Gamma'")
    problems = tampered(center, f'UPDATE control.audit SET "{column}" = {value} WHERE seq = {number}')
    assert any(f"entry {number + (column == 'hash')} does not follow" in problem for problem in problems)


def test_removed_added_and_moved_entries_show(center: Center, tmp_path: Path) -> None:
    last = len(center.audit.frame)
    added = "INSERT INTO control.audit SELECT * REPLACE"
    cases = {
        "first": ["DELETE FROM control.audit WHERE seq = 1"],
        "middle": ["DELETE FROM control.audit WHERE seq = 5"],
        "closed up": ["DELETE FROM control.audit WHERE seq = 5", "UPDATE control.audit SET seq = seq - (seq > 5)::INT"],
        "swapped": ["UPDATE control.audit SET seq = CASE seq WHEN 4 THEN 5 WHEN 5 THEN 4 ELSE seq END"],
        "twice": ["INSERT INTO control.audit FROM control.audit WHERE seq = 4"],
        "added": [f"{added} ({last + 1} AS seq) FROM control.audit WHERE seq = {last}"],
        "added before": [f"{added} (0 AS seq) FROM control.audit WHERE seq = 1"],
    }
    whole = center.folder.current().generation
    for name, statements in cases.items():
        assert tampered(center, *statements), name
        with write(center.folder, "mended") as writer:
            writer.con.execute(f"ATTACH '{center.folder.control(whole)}' AS whole (READ_ONLY)")
            writer.con.execute("DELETE FROM control.audit; INSERT INTO control.audit FROM whole.audit; DETACH whole")
        assert center.audit.verify() == []


def test_a_cut_tail_shows_against_a_head(center: Center) -> None:
    earlier = center.audit.head
    center.users.create("nora", **WHY)
    head, last = center.audit.head, len(center.audit.frame)
    assert center.audit.verify(earlier) == []  # a manifest of some time ago
    assert tampered(center, f"DELETE FROM control.audit WHERE seq = {last}") == []  # by itself it does not show
    assert center.audit.verify(earlier) == []
    (problem,) = center.audit.verify(head)
    assert "the end was cut" in problem
    center.users.create("nils", **WHY)  # a new tail does not hide it
    assert center.audit.verify() == []
    assert len(center.audit.verify(head)) == 1
    with write(center.folder, "forged") as writer:  # nor does a whole new chain
        said = "SELECT actor, action, subject_kind, subject FROM control.audit ORDER BY seq"
        rows = writer.con.execute(said).fetchall()
        writer.con.execute("DELETE FROM control.audit")
        audit.record(writer.con, [Entry(*row) for row in rows], datetime(2025, 1, 1))
    assert center.audit.verify() == []
    assert len(center.audit.verify(earlier)) == 1


def test_strange_texts_keep_the_chain(center: Center) -> None:
    name = "free \\ \" ' \U0001f4de \u0301"
    center.projects.create(name, **WHY | {"reason": "line\nbreak, \ttab, \u2028 and \\u0000"})
    center.load(growing.write(center.path.parent / "more", {"projects": [{"name": "Żółć; DROP TABLE audit"}]}))
    assert center.audit.verify() == []


def test_a_rolled_back_load_stays_in_the_log(center: Center) -> None:
    entries = len(center.audit.frame)
    center.rollback(**WHY)
    assert list(center.audit.frame["action"])[entries:] == ["rollback"]
    assert center.audit.verify() == []


# The journal


def test_a_read_is_a_file_until_the_next_writer(center: Center) -> None:
    before = len(reads(center))
    center.viewer("boss").report("call_log", period=growing.YEAR)
    (path,) = journal(center)
    assert path.stat().st_mode & 0o777 == 0o600
    said = json.loads(path.read_text())
    assert (said["actor"], said["action"], said["subject"]) == ("boss", "run report", "call_log")
    with pytest.raises(okireports.OkiReportsError):
        center.viewer("boss").report("call_logg", period=growing.YEAR)
    assert len(reads(center)) == before
    center.users.create("nora", **WHY)
    assert reads(center)[before:] == [("boss", "call_log", path.name)]
    assert journal(center) == []
    ((at,),) = growing.query(center, "SELECT a.at FROM control.audit AS a WHERE origin = ?", path.name)
    written = datetime.fromisoformat(said["at"]).astimezone(UTC).replace(tzinfo=None)
    assert timedelta(0) <= written - at < timedelta(milliseconds=1)  # in UTC, cut to whole milliseconds


def test_a_refused_change_is_noted_and_a_failed_one_loses_no_read(center: Center) -> None:
    audit.note(center.folder.journal, READ)
    kept = journal(center)
    with pytest.raises(ZeroDivisionError), write(center.folder, "wrong") as writer:
        audit.close(writer, [], datetime(2025, 7, 1))
        raise ZeroDivisionError
    assert journal(center) == kept
    center.users.create("nora", **WHY)
    assert [origin for _, _, origin in reads(center)].count(kept[0].name) == 1


def test_a_file_that_comes_back_is_taken_once(center: Center) -> None:
    """As after a writer that was killed when it had published, and before it removed the journal's files."""
    audit.note(center.folder.journal, READ)
    (path,) = journal(center)
    content = path.read_bytes()
    for number in range(3):
        center.users.create(f"n{number}", **WHY)
        assert not path.exists()
        path.write_bytes(content)
    center.load(growing.day(center.path.parent, 1))
    assert journal(center) == []
    assert [origin for _, _, origin in reads(center)].count(path.name) == 1


WRITER = """
import sys
from pathlib import Path
from okireports import audit
for number in range(int(sys.argv[2])):
    audit.note(Path(sys.argv[1]), audit.Entry(sys.argv[3], "run report", "report", str(number)), must=number % 50 == 0)
"""


def test_many_write_at_once_while_writers_fold(center: Center) -> None:
    """Four processes write 150 reads each, as fast as they can, through changes that fold them: each arrives once."""
    command = [sys.executable, "-W", "error", "-c", WRITER, str(center.folder.journal), "150"]
    path = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    started = [subprocess.Popen([*command, f"p{i}"], env=os.environ | {"PYTHONPATH": path}) for i in range(4)]
    number = 0
    while any(process.poll() is None for process in started):
        center.users.create(f"during{number}", **WHY)
        number += 1
    assert [process.returncode for process in started] == [0] * 4
    center.users.create("after", **WHY)
    assert journal(center) == []
    rows = growing.query(center, "SELECT actor, subject FROM control.audit WHERE actor LIKE 'p_' ORDER BY ALL")
    assert rows == sorted((f"p{i}", str(n)) for i in range(4) for n in range(150))
    assert center.audit.verify() == []


UNREADABLE = [
    *(b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"actor": "x"}', b'{"actor": "x", "colour": "red"}'),
    json.dumps(vars(READ)).encode(),  # without an instant
    json.dumps(vars(READ) | {"at": "yesterday"}).encode(),
    json.dumps(vars(READ) | {"at": "2025-07-01", "actor": 7}).encode(),
    json.dumps(vars(READ) | {"at": "2025-07-01", "subject": None}).encode(),
    json.dumps(vars(READ) | {"at": "2025-07-01", "reason": ["x"]}).encode(),
    json.dumps(vars(READ) | {"at": "2025-07-01", "project_id": 2**70}).encode(),
    json.dumps(vars(READ) | {"at": "2025-07-01", "project_id": True}).encode(),
]


@pytest.mark.parametrize("content", UNREADABLE)
def test_what_cannot_be_read_stops_nobody(center: Center, content: bytes) -> None:
    """It may be half-written, so it waits; a day later, that it was there is taken in."""
    path = center.folder.journal / "20250701T000000.000000-1-00000000.json"
    path.write_bytes(content)
    audit.note(center.folder.journal, READ)
    (center.folder.journal / "folder.json").mkdir()
    center.users.create("nora", **WHY)
    assert {p.name for p in journal(center)} == {path.name, "folder.json"}
    old = time.time() - 25 * 3600
    os.utime(path, (old, old))
    center.users.create("nils", **WHY)
    assert {p.name for p in journal(center)} == {"folder.json"}
    assert reads(center)[-1] == ("unknown", path.name, path.name)
    assert center.audit.verify() == []
