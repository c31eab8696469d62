"""Bad rows are kept with their reason and the rest is loaded; a load that fails anywhere leaves no trace."""

from __future__ import annotations

import sys

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loaded
import okireports
from loaded import call, calls
from okireports.disk import writer
from okireports.errors import BadOption, LoadError
from okireports.loading import contacts, merge, presence, split, stamp, transfers, typed

loading = sys.modules["okireports.loading.load"]  # the module, whose name the function has in the package
AT = "2025-06-02T10:00:00Z"
GOOD = call("good", AT)


@pytest.fixture
def center(tmp_path):
    return loaded.centre(tmp_path / "centre")


def line(**values):
    """A call as CSV with these values in place of good ones."""
    row = {"source_id": "x", "direction": "inbound", "started_at": AT, "ended_at": AT, "outcome": "busy"} | values
    return ",".join(map(str, row.values()))


BAD = {
    "no id": (line(source_id=""), "source_id", "", "a value is missing"),
    "an id of blanks": (line(source_id="  "), "source_id", "  ", "a value is missing"),
    "no direction": (line(direction=""), "direction", "", "a value is missing"),
    "an unknown direction": (line(direction="up"), "direction", "up", "not one of inbound, internal, outbound"),
    "no start": (line(started_at=""), "started_at", "", "a value is missing"),
    "no end": (line(ended_at=""), "ended_at", "", "a value is missing"),
    "an end before the start": (line(ended_at="2025-06-02T09:59:59.999Z"), "ended_at", "2025-06-02T09:59:59.999Z", "it ends before it starts"),
    "no time": (line(started_at="yesterday"), "started_at", "yesterday", "the value cannot be read"),
    "a day that is none": (line(started_at="2025-02-30T10:00:00Z"), "started_at", "2025-02-30T10:00:00Z", "the value cannot be read"),
    "a misprinted year": (line(started_at="0205-06-02T10:00:00Z"), "started_at", "0205-06-02T10:00:00Z", "the value cannot be read"),
    "a decimal comma": (line(wrap_s='"12,5"'), "wrap_s", "12,5", "the value cannot be read"),
    "a length in words": (line(wrap_s="long"), "wrap_s", "long", "the value cannot be read"),
    "an endless length": (line(wrap_s="inf"), "wrap_s", "inf", "the value cannot be read"),
    "a length that is no number": (line(wrap_s="nan"), "wrap_s", "nan", "the value cannot be read"),
    "a number of halves": (line(wrap_s="1", attempt_no="1.5"), "attempt_no", "1.5", "the value cannot be read"),
    "neither yes nor no": (line(wrap_s="1", attempt_no="1", by_robot="perhaps"), "by_robot", "perhaps", "the value cannot be read"),
    "a price in words": (line(wrap_s="1", attempt_no="1", by_robot="true", cost="free"), "cost", "free", "the value cannot be read"),
    "an unknown project": (line(wrap_s="1", attempt_no="1", by_robot="no", cost="1", project="Acne"), "project", "Acne", "there is no such project"),
}  # fmt: skip
MORE = "wrap_s,attempt_no,by_robot,cost,project"


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_row_is_kept_with_file_line_column_value_and_reason(center, fault):
    text, column, value, reason = BAD[fault]
    width = calls(columns=MORE).count(",")
    pad = "," * (width - (text.count(",") - text.count('"12,5"')))
    result = loaded.load(center, {"calls": calls(GOOD + ",,,,,", text + pad, columns=MORE)})
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (2, 1, 1)
    assert list(loaded.places(center)) == ["good"]
    (row,) = result.rejects.to_dict("records")
    assert (row["table_name"], row["file"], row["line"], row["column_name"]) == ("calls", "calls.csv", 3, column)
    assert (row["value"] if isinstance(row["value"], str) else "") == value
    assert row["reason"].startswith(reason)
    assert f'"started_at":"{text.split(",")[2]}"' in row["row_text"] or not text.split(",")[2]


def test_rejected_rows_are_kept_beside_the_centre(center):
    result = loaded.load(center, {"calls": calls(GOOD, line(ended_at="")), "tasks": f"source_id,created_at\n,{AT}\n"})
    path = center.path / "rejects" / f"{result.load_id}.parquet"
    assert path.stat().st_mode & 0o777 == 0o600
    kept = pd.read_parquet(path)
    columns = ["table_name", "file", "line", "column_name", "reason"]
    assert kept[columns].values.tolist() == result.rejects[columns].values.tolist()
    assert sorted(kept["file"]) == ["calls.csv", "tasks.csv"]


def test_a_clean_load_keeps_no_file_of_rejects(center):
    loaded.load(center, {"calls": calls(GOOD)})
    assert list((center.path / "rejects").iterdir()) == []


def test_the_first_fault_of_a_row_names_it(center):
    result = loaded.load(center, {"calls": calls(line(source_id="", started_at="never", direction="up"))})
    assert (result.rows_in, result.rows_rejected, len(result.rejects)) == (1, 1, 1)


def test_lines_are_those_of_the_file_that_holds_the_row(center):
    text = f"{loaded.CALLS},line\n" + "\n".join(
        [f'{call("a", AT)},"of two\nlines"', "", f"{line(source_id='b', ended_at='')},", f"{call('c', AT)},"]
    )
    files = {"calls/1.csv": calls(GOOD), "calls/2.csv": text + "\n", "calls/3.csv": calls(line(source_id=""))}
    result = loaded.load(center, files)
    found = sorted((row["file"], row["line"]) for row in result.rejects.to_dict("records"))
    # a blank line is no row
    assert found == [("calls/2.csv", 5), ("calls/3.csv", 2)]
    assert result.rows_in == result.rows_loaded + result.rows_rejected == 5


def test_a_row_of_too_few_or_too_many_fields_is_counted_too(center):
    result = loaded.load(center, {"calls": calls(GOOD, "short,inbound", GOOD.replace("good", "long") + ",1,2")})
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (3, 1, 2)
    assert sorted(result.rejects["line"]) == [3, 4]
    assert set(result.rejects["reason"]) == {"2 fields, the header has 5", "7 fields, the header has 5"}


def test_the_same_id_with_other_content_is_rejected_as_nobody_knows_which_is_right(center):
    rows = [call("a", AT), call("a", AT, outcome="busy"), call("b", AT), call("b", AT), call("c", AT)]
    result = loaded.load(center, {"calls": calls(*rows)})
    assert sorted(loaded.places(center)) == ["b", "c"]
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (5, 3, 2)
    assert sorted(result.rejects["line"]) == [2, 3]
    assert "the same source_id" in result.rejects.iloc[0]["reason"]
    assert result.notes["calls: repeated rows, each counted once"] == 1


def test_the_same_id_twice_across_files_and_spellings_of_one_content(center):
    one = calls(call("a", "2025-06-02T10:00:00Z", "2"), columns="wrap_s")
    same = f"{loaded.CALLS},wrap_s\na, INBOUND,2025-06-02T12:00:00+02:00,2025-06-02T10:01:00.000Z,answered,2.0\n"
    result = loaded.load(center, {"calls/1.csv": one, "calls/2.csv": same})
    assert (result.rows_in, result.rows_loaded) == (2, 2)
    assert list(loaded.places(center)) == ["a"]


def test_strict_stops_at_a_bad_row(center):
    before = state(center)
    with pytest.raises(LoadError) as caught:
        loaded.load(center, {"calls": calls(GOOD, line(ended_at=""))}, strict=True)
    said = str(caught.value)
    for part in ("calls.csv", "line 3", "ended_at", "a value is missing", "Nothing of this load was published."):
        assert part in said
    assert (caught.value.file, caught.value.line, caught.value.column) == ("calls.csv", 3, "ended_at")
    assert state(center) == before
    assert loaded.load(center, {"calls": calls(GOOD)}, strict=True).rows_loaded == 1


def test_strict_names_also_a_row_of_the_wrong_width(center):
    with pytest.raises(LoadError, match="2 fields, the header has 5"):
        loaded.load(center, {"calls": calls(GOOD, "short,inbound")}, strict=True)


@settings(max_examples=12)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from(["", "-1", "2", "x", "9e9"])), max_size=12
    )
)
def test_every_row_is_loaded_or_rejected(tmp_path_factory, rows):
    """Rows with few different ids, ends around their start and lengths of all kinds; the count is by a plain rule."""
    path = tmp_path_factory.mktemp("rows")
    center = loaded.centre(path / "centre")
    lines = [
        f"i{i},inbound,{AT},2025-06-02T10:00:0{end}Z,busy,{wrap}" if end else f"i{i},inbound,{AT},,busy,{wrap}"
        for i, end, wrap in rows
    ]
    result = loaded.load(center, {"calls": calls(*lines, columns="wrap_s")})
    fit = [(i, end, {"": None, "-1": None, "2": 2.0, "9e9": 9e9}[wrap]) for i, end, wrap in rows if end and wrap != "x"]
    contents = {i: {content for content in fit if content[0] == i} for i, *_ in fit}
    good = [content for content in fit if len(contents[content[0]]) == 1]
    assert (result.rows_in, result.rows_loaded) == (len(rows), len(good))
    assert result.rows_rejected == len(result.rejects) == len(rows) - len(good)
    assert sorted(loaded.places(center)) == sorted({f"i{i}" for i, *_ in good})


# All or nothing


def state(center):
    """Every file of the centre by name, and what CURRENT says; the lock's file is always there."""
    names = sorted(str(p.relative_to(center.path)) for p in center.path.rglob("*") if p.is_file())
    return names, center.folder.pointer.read_text(), loaded.content(center, but=())


class Broken(Exception):
    """What no code expects."""


STAGES = {
    "reading": (loading, "sources.read", 1),
    "definitions": (loading, "load_definitions", 1),
    "typing": (typed, "type_rows", 1),
    "typing the second table": (typed, "type_rows", 2),
    "local times": (stamp, "localise", 1),
    "stamping": (stamp, "stamp", 2),
    "splitting off": (split, "add", 1),
    "presence": (presence, "derive", 1),
    "transfers": (transfers, "mark", 1),
    "contacts": (contacts, "gather", 1),
    "the first table's changes": (merge, "find_changes", 1),
    "the first segment": (writer, "write_segment", 1),
    "the fourth segment": (writer, "write_segment", 4),
    "after the last table": (merge, "publish", 6),
    "the rejects": (loading, "keep", 1),
    "the change log": (loading.audit, "close", 1),
    "the pointer": (writer, "point", 1),
}
EVERYTHING = {
    "projects": "name\nDelta\n",
    "calls": calls(
        call("a", AT, "Acme sales", "+48220000101", "1", "https://r.example.com/1", "i"),
        call("b", AT, "Bolt care", "+48220000101", "2", "", "i"),
        line(source_id="bad", ended_at="") + ",,,,,",
        columns="queue,phone,cost,recording,interaction",
    ),
    "statuses": f"operator,status,started_at,queue\nanna,Busy,{AT},Bolt care\n",
    "tasks": f"source_id,created_at,dialer\nt,{AT},Acme dialer\n",
}


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A centre with something in it."""
    center = loaded.centre(tmp_path_factory.mktemp("before") / "centre")
    loaded.load(center, {"calls": calls(call("a", AT, "Bolt care"), columns="queue")})
    return center


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failure_anywhere_publishes_nothing_and_leaves_no_trace(before, monkeypatch, stage, when):
    module, name, turn = STAGES[stage]
    if (stage, when) == ("the pointer", "after"):
        return  # then it is published: the disk's own tests walk through that
    *path, name = name.split(".")
    for part in path:
        module = getattr(module, part)
    real, count = getattr(module, name), [0]

    def broken(*args, **options):
        count[0] += 1
        mine = count[0]  # segments are written side by side
        if mine == turn and when == "before":
            raise Broken
        result = real(*args, **options)
        if mine == turn:
            raise Broken
        return result

    was = state(before)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, broken)
        with pytest.raises(Broken):
            loaded.load(before, EVERYTHING)
    assert state(before) == was
    assert "Delta" not in set(before.projects.frame["project"])


def test_after_a_failure_the_next_load_goes_through(center, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(writer, "write_segment", lambda *args: (_ for _ in ()).throw(Broken()))
        with pytest.raises(Broken):
            loaded.load(center, EVERYTHING)
    result = loaded.load(center, EVERYTHING)
    assert (result.rows_in, result.rows_rejected) == (5, 1)
    assert result.load_id == 2, "a failed load has no number"


def test_options_that_make_no_sense_are_refused_before_anything_is_read(center, tmp_path):
    with pytest.raises(BadOption, match="ambiguous='both'"):
        center.load(tmp_path, ambiguous="both")
    with pytest.raises(okireports.OkiReportsError, match="Europe/Warsawa"):
        center.load(tmp_path, timezone="Europe/Warsawa")


# Collisions of ids


@pytest.mark.parametrize("loads", ["a,b", "a b", "a bb,cc", "a,bb cc", "a a,b", "a a,bb,cc"])
def test_two_ids_with_one_hash_stop_the_load(center, monkeypatch, loads):
    """With a hash that is but the length of the id, the last of the loads has two of one length, or one of an old one."""
    monkeypatch.setattr(stamp, "fact_id", lambda *parts: f"length({parts[-1]})::BIGINT")
    *first, last = loads.split()
    for names in first:
        loaded.load(center, {"calls": calls(*(call(name) for name in names.split(",")))})
    before = state(center)
    with pytest.raises(LoadError, match="two ids of calls have the same hash; give one of the two rows another"):
        loaded.load(center, {"calls": calls(*(call(name) for name in last.split(",")))})
    assert state(center) == before
