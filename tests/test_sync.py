"""Keeping up with a folder: what is new is read, and however rows arrive, the tables are those of one clean load."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from hashlib import sha256

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import loaded
from loaded import call, calls
from okireports.errors import LoadError
from okireports.loading.arrival import common
from okireports.sources import SourceFile

VENDOR = """
[source]
name = "vendor"
timezone = "Europe/Warsaw"

[[table]]
table = "calls"
file = "*.csv"
[table.columns]
source_id = "Id"
direction = { const = "inbound" }
started_at = "Start"
ended_at = "Start"
outcome = { column = "Answered", words = { Y = "answered", N = "abandoned" } }
"""


@pytest.fixture
def center(tmp_path):
    return loaded.centre(tmp_path / "centre")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "exports"


def started(center):
    """The stored calls by the hour of the second of June at which they start."""
    return {r["source_id"]: r["started_at"].hour for r in loaded.stored(center).get("calls", [])}


def at(source_id, hour):
    return call(source_id, f"2025-06-02T{hour:02}:00:00Z")


def add(folder, name, *rows):
    """Append rows to a file of calls, which is begun where there is none."""
    path = folder / "calls" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(calls(*rows) if not path.stat().st_size else "\n".join([*rows, ""]))


# What is new


def test_only_what_is_new_is_read(center, folder):
    add(folder, "monday", at("a", 8), at("b", 9))
    assert center.sync(folder).rows_in == 2
    add(folder, "tuesday", at("c", 10))
    result = center.sync(folder)
    assert (result.rows_in, result.rows_loaded) == (1, 1)
    assert started(center) == {"a": 8, "b": 9, "c": 10}
    assert [len(files) for files in center.loads["files"].map(lambda text: text.split("},"))][:2] == [1, 1]


def test_nothing_new_writes_nothing(center, folder):
    add(folder, "monday", at("a", 8))
    center.sync(folder)
    before = {path: path.stat().st_mtime_ns for path in center.path.rglob("*") if path.is_file()}
    assert center.sync(folder) is None
    assert {path: path.stat().st_mtime_ns for path in center.path.rglob("*") if path.is_file()} == before


def test_what_was_loaded_by_hand_is_not_new(center, folder):
    add(folder, "monday", at("a", 8))
    center.load(folder)
    assert center.sync(folder) is None


def test_a_file_that_only_looks_new_is_not_read(center, folder):
    add(folder, "monday", at("a", 8))
    center.sync(folder)
    os.utime(folder / "calls" / "monday.csv")
    assert center.sync(folder) is None


def test_a_file_of_the_same_size_with_other_content_is_read(center, folder):
    add(folder, "monday", at("a", 8))
    center.sync(folder)
    path = folder / "calls" / "monday.csv"
    old = path.read_bytes()
    path.write_bytes(old.replace(b"T08:", b"T09:"))
    assert path.stat().st_size == len(old)
    assert center.sync(folder).rows_updated == 1
    assert started(center) == {"a": 9}


def test_the_same_content_under_two_names_is_two_files(center, folder):
    loaded.write(folder, {"calls/1": calls(at("a", 8)), "statuses": "operator,status,started_at\n"})
    center.sync(folder)
    loaded.write(folder, {"calls/2": calls(at("a", 8))})
    assert center.sync(folder).rows_in == 1


def test_whole_reads_all_again_and_changes_no_row(center, folder):
    add(folder, "monday", at("a", 8))
    add(folder, "tuesday", at("b", 9))
    center.sync(folder)
    before = loaded.content(center, but=())
    result = center.sync(folder, whole=True)
    assert (result.rows_in, result.rows_updated) == (2, 0)
    assert loaded.content(center, but=()) == before


@pytest.mark.parametrize(
    "options",
    [{"timezone": "Asia/Tokyo"}, {"ambiguous": "later"}, {"create_missing": True}, {"encoding": "cp1250"}],
    ids=str,
)
def test_read_in_another_manner_a_file_is_new(center, folder, options):
    add(folder, "monday", at("a", 8))
    center.sync(folder)
    assert center.sync(folder, **options).rows_in == 1
    assert center.sync(folder, **options) is None
    assert center.sync(folder) is None


def test_what_was_read_in_the_wrong_encoding_is_put_right_by_the_right_one(center, folder):
    """A file in Windows-1250 is taken for Latin-2, in which its byte B9 is another letter."""
    path = folder / "calls" / "monday.csv"
    path.parent.mkdir(parents=True)
    words = "source_id,direction,started_at,ended_at,outcome,result"
    path.write_bytes(f"{words}\na,inbound,2025-06-02T08:00:00Z,2025-06-02T08:01:00Z,answered,mąka\n".encode("cp1250"))
    with pytest.raises(LoadError, match="not text in UTF-8"):
        center.sync(folder)
    center.sync(folder, encoding="iso-8859-2")
    assert loaded.stored(center)["calls"][0]["result"] == "mška"
    assert center.sync(folder, encoding="iso-8859-2") is None
    assert center.sync(folder, encoding="cp1250").rows_updated == 1
    assert loaded.stored(center)["calls"][0]["result"] == "mąka"


def test_another_mapping_makes_a_file_new(center, folder, tmp_path):
    folder.mkdir()
    (folder / "june.csv").write_text("Id,Start,Answered\na,2025-06-02 10:00,Y\nb,2025-06-02 11:00,X\n")
    mapping = tmp_path / "vendor.toml"
    mapping.write_text(VENDOR)
    assert center.sync(folder, source=str(mapping)).rows_in == 2
    assert center.sync(folder, source=str(mapping)) is None
    mapping.write_text(VENDOR.replace('N = "abandoned"', 'X = "abandoned"'))
    assert center.sync(folder, source=str(mapping)).rows_updated == 1
    assert {r["source_id"]: r["outcome"] for r in loaded.stored(center)["calls"]} == {"a": "answered", "b": "abandoned"}


def test_a_rollback_makes_files_new_again(center, folder):
    add(folder, "monday", at("a", 8))
    center.sync(folder)
    add(folder, "tuesday", at("b", 9))
    center.sync(folder)
    center.rollback(actor="admin", reason="a test")
    assert started(center) == {"a": 8}
    assert center.sync(folder).rows_in == 1
    assert started(center) == {"a": 8, "b": 9}


def test_a_new_file_that_cannot_be_read_leaves_all_others_new(center, folder):
    add(folder, "monday", at("a", 8))
    center.sync(folder)
    add(folder, "tuesday", at("b", 9))
    broken = loaded.write(folder, {"calls/wednesday": "source_id\nc\n"}) / "calls" / "wednesday.csv"
    with pytest.raises(LoadError, match=r"wednesday\.csv"):
        center.sync(folder)
    assert started(center) == {"a": 8}
    broken.unlink()
    assert center.sync(folder).rows_in == 1


def test_strict_stops_at_a_bad_row_and_takes_it_up_again(center, folder):
    add(folder, "monday", "a,inbound,soon,later,answered")
    with pytest.raises(LoadError, match="strict"):
        center.sync(folder, strict=True)
    (folder / "calls" / "monday.csv").write_text(calls(at("a", 8)))
    center.sync(folder, strict=True)
    assert started(center) == {"a": 8}


def test_the_real_bank_is_read_once(shared, center):
    assert center.sync(shared / "data" / "bank-1999", source="bank-1999").rows_in > 0
    assert center.sync(shared / "data" / "bank-1999", source="bank-1999") is None


INTERRUPTED = """
import os, signal, sys
import okireports
from okireports.loading import merge
publish, merge.publish = merge.publish, lambda *given: (publish(*given), os.kill(os.getpid(), signal.{signal}))
okireports.open(sys.argv[1]).sync(sys.argv[2])
"""


@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT"])
def test_a_sync_that_is_interrupted_is_resumed_by_being_repeated(center, folder, how):
    add(folder, "monday", at("a", 8))
    center.sync(folder)
    add(folder, "monday", at("b", 9))
    add(folder, "tuesday", at("c", 10))
    command = [sys.executable, "-c", INTERRUPTED.format(signal=how), str(center.path), str(folder)]
    where = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, check=False, env=where)
    assert done.returncode == -getattr(signal, how), done.stderr.decode()
    assert started(center) == {"a": 8}
    assert center.sync(folder).rows_in == 3
    assert started(center) == {"a": 8, "b": 9, "c": 10}
    assert len(center.loads) == 3  # the definitions, and two syncs


# Corrections


def test_of_two_files_that_contradict_each_other_the_later_counts(center, folder):
    add(folder, "1", at("a", 8), at("b", 8))
    add(folder, "2", at("a", 9))
    result = center.sync(folder)
    assert (result.rows_in, result.rows_rejected) == (3, 0)
    assert started(center) == {"a": 9, "b": 8}
    assert result.notes["calls: rows that a later one says again"] == 1


def test_a_load_still_refuses_rows_that_contradict_each_other(center, folder):
    add(folder, "1", at("a", 8))
    add(folder, "2", at("a", 9))
    assert center.load(folder).rows_rejected == 2


def test_a_file_that_grows_does_not_undo_a_correction(center, folder):
    add(folder, "log", at("a", 8), at("b", 8))
    center.sync(folder)
    add(folder, "correction", at("a", 9))
    center.sync(folder)
    add(folder, "log", at("c", 10))
    result = center.sync(folder)
    assert started(center) == {"a": 9, "b": 8, "c": 10}
    assert result.notes["calls: rows of files that have grown, read before"] == 2


def test_what_a_file_grows_by_corrects_other_files(center, folder):
    add(folder, "log", at("a", 8))
    center.sync(folder)
    add(folder, "other", at("b", 8))
    center.sync(folder)
    add(folder, "log", at("b", 9), at("a", 9))
    center.sync(folder)
    assert started(center) == {"a": 9, "b": 9}


def test_a_line_that_was_read_by_half_is_read_again(center, folder):
    add(folder, "log", at("a", 8), at("b", 9))
    path = folder / "calls" / "log.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])  # ... "answ"
    center.sync(folder)
    path.write_bytes(whole + at("c", 10).encode() + b"\n")
    center.sync(folder)
    assert started(center) == {"a": 8, "b": 9, "c": 10}
    assert {r["outcome"] for r in loaded.stored(center)["calls"]} == {"answered"}


def test_a_mapping_that_makes_a_table_twice_of_a_file_that_grows(center, folder, tmp_path):
    """The file's lines stand twice in the table, one half after the other."""
    second = VENDOR[VENDOR.index("[[table]]") :].replace('"Id"', '{ column = "Id", prefix = "x" }')
    mapping = tmp_path / "vendor.toml"
    mapping.write_text(VENDOR + second)
    folder.mkdir()
    path = folder / "june.csv"
    path.write_text("Id,Start,Answered\na,2025-06-02 10:00,Y\nb,2025-06-02 11:00,Y\n")
    center.sync(folder, source=str(mapping))
    loaded.write(folder, {"july.csv": "Id,Start,Answered\na,2025-06-02 12:00,Y\n"})
    center.sync(folder, source=str(mapping))
    with path.open("a") as file:
        file.write("c,2025-06-02 13:00,Y\n")
    center.sync(folder, source=str(mapping))
    local = {"a": 12, "b": 11, "c": 13}
    assert started(center) == {f"{x}{i}": hour - 2 for x in ("", "x") for i, hour in local.items()}


@pytest.mark.parametrize("manner", [{"whole": True}, {"timezone": "UTC"}], ids=str)
def test_what_is_read_again_counts_in_the_order_in_which_it_came(center, folder, manner):
    """By their names the correction comes first, and the log's beginning is older than its end."""
    add(folder, "log", at("a", 8), at("b", 8), at("c", 8))
    center.sync(folder)
    add(folder, "correction", at("a", 9), at("b", 9))
    center.sync(folder)
    add(folder, "log", at("b", 10), at("d", 8))
    center.sync(folder)
    add(folder, "a new one", at("d", 11))
    result = center.sync(folder, **manner)
    assert result.rows_in == 8
    assert started(center) == {"a": 9, "b": 10, "c": 8, "d": 11}


@pytest.mark.parametrize(
    ("now", "olds", "lines"),
    [
        ("h\na\nb\n", ["h\na\n"], 2),
        ("h\na\nb\n", ["h\n", "h\na\n"], 2),
        ("h\na\nb\n", ["h\n", "h\nx\n"], 1),
        ("h\na\nb\n", ["h\na"], 0),  # half a line
        ("h\nab\n", ["h\na"], 0),
        ('h\n"a\nb"\n', ['h\n"a\n'], 0),  # half a record
        ('h\n"a\nb"\nc\n', ['h\n"a\nb"\n'], 3),
        ("h\na\n", ["x\na\n"], 0),
    ],
)
def test_the_lines_that_were_read_before(tmp_path, now, olds, lines):
    path = tmp_path / "file.csv"
    path.write_text(now)
    older = {SourceFile("file.csv", sha256(o.encode()).hexdigest(), len(o)): 1 for o in olds}
    assert max((found for _, found in common(path, older)), default=0) == lines


# Any split and order


IDS = "abcdef"
NAMES = "pqrst"


@st.composite
def arrivals(draw):
    """Steps: ("row", file, id, hour) or ("sync",).

    Between two syncs the rows of one id go to files in the order of their names: what lies there together has no other
    order. Otherwise any row, old or new, corrected or again, may come at any time and in any file.
    """
    steps, latest = [], {}
    for _ in range(draw(st.integers(1, 14))):
        if draw(st.integers(0, 3)) == 0:
            steps.append(("sync",))
            latest = {}
            continue
        source_id = draw(st.sampled_from(IDS))
        name = draw(st.sampled_from([n for n in NAMES if n >= latest.get(source_id, NAMES[0])]))
        latest[source_id] = name
        steps.append(("row", name, source_id, draw(st.integers(0, 23))))
    return steps


@settings(max_examples=12, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(steps=arrivals())
def test_any_split_and_order_ends_in_the_tables_of_one_clean_load(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("arrivals")
    center, truth = loaded.centre(path / "centre"), {}
    for step in [*steps, ("sync",)]:
        if step[0] == "row":
            _, name, source_id, hour = step
            add(path / "in", name, at(source_id, hour))
            truth[source_id] = hour
        elif truth:
            center.sync(path / "in")
    clean = loaded.centre(path / "clean")
    if truth:
        loaded.load(clean, {"calls": calls(*(at(i, h) for i, h in sorted(truth.items(), key=lambda row: row[1])))})
    assert loaded.difference(loaded.content(clean), loaded.content(center)) == {}
    if truth:
        assert center.sync(path / "in") is None
        center.sync(path / "in", whole=True)
        assert loaded.difference(loaded.content(clean), loaded.content(center)) == {}


def statuses(rows):
    """Statuses without an end: each ends where the operator's next one begins, in whichever file that stands."""
    text = "\n".join(f"{who},{what},2025-06-02T{hour:02}:00:00Z" for who, what, hour in rows)
    return f"operator,status,started_at\n{text}\n"


@settings(max_examples=6, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(data=st.data())
def test_late_statuses_end_and_split_those_that_are_there(tmp_path_factory, data):
    rows = data.draw(
        st.lists(
            st.tuples(st.sampled_from(["anna", "bea"]), st.sampled_from(["Ready", "Away"]), st.integers(0, 23)),
            min_size=2,
            max_size=8,
            unique_by=lambda row: (row[0], row[2]),
        )
    )
    order = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(1, len(rows)))
    path = tmp_path_factory.mktemp("statuses")
    center, clean = loaded.centre(path / "centre"), loaded.centre(path / "clean")
    for number, part in enumerate((order[:cut], order[cut:])):
        if part:
            loaded.write(path / "in", {f"statuses/{number}": statuses(part)})
            center.sync(path / "in")
    loaded.load(clean, {"statuses": statuses(sorted(rows, key=lambda row: row[2]))})
    assert loaded.difference(loaded.content(clean), loaded.content(center)) == {}
