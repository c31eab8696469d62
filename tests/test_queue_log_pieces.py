"""A log in pieces, in any shape, with any rubbish: the tables are those of the whole, every line is accounted for."""

from __future__ import annotations

import gzip
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_logs import admin_sees, centre, tables

T = 1_700_000_000  # 2023-11-14T22:13:20Z, so that days change within the log below
LOG = """\
+0|NONE|NONE|Agent/1|AGENTCALLBACKLOGIN|100@default
+2|NONE|q1|SIP/2|ADDMEMBER
+3|NONE|q2|SIP/2|ADDMEMBER|
+5|c1|q1|NONE|DID|48220000100
+5|c1|q1|NONE|ENTERQUEUE||+48 22 000 01 01|1
+15|c1|q1|Agent/1|RINGNOANSWER|10000
+20|c1|q1|SIP/2|CONNECT|15|c1b|4
+60|c2|q1|NONE|ENTERQUEUE||anonymous|1
+70|c1|q1|SIP/2|COMPLETEAGENT|15|50|1
+70|c1|q2|NONE|ENTERQUEUE||+48 22 000 01 01|1
+75|NONE|q1|SIP/2|PAUSE|lunch
+76|NONE|q2|SIP/2|PAUSE|lunch
+77|NONE|NONE|SIP/2|PAUSEALL|
+80|c2|q1|Agent/1|RINGCANCELED|3000
+80|c2|q1|NONE|ABANDON|1|1|20
+99|c1|q2|Agent/1|CONNECT|29|c1c|5
+101|NONE|NONE|NONE|CONFIGRELOAD|
+200|c1|q2|Agent/1|ATTENDEDTRANSFER|LINK|x|y|29|101|1
+200|c1|q2|Agent/1|WRAPUPSTART|30
+240|NONE|q2|SIP/2|UNPAUSE|
+3000|c3|q1|NONE|ENTERQUEUE||220000103|1
+3010|c3|q1|NONE|EXITWITHKEY|5|1|1|10
+7000|c4|q1|NONE|ENTERQUEUE||220000104|1
+7001|c4|q1|SIP/2|CONNECT|1|c4b|1
+7500|NONE|NONE|Agent/9|AGENTLOGOFF|SIP/9-1|5000
+9000|c4|q1|SIP/2|BLINDTRANSFER|200|default|1|1999|1
+9000|c5|q1|NONE|JOINEMPTY
+90000|c6|q1|NONE|ENTERQUEUE||220000106|1
+90010|NONE|NONE|NONE|QUEUESTART|
+90020|NONE|NONE|Agent/1|AGENTCALLBACKLOGOFF|100@default|90020|CommandLogoff
+200000|NONE|q1|SIP/2|REMOVEMEMBER|
+200001|NONE|q2|SIP/2|REMOVEMEMBER|
+200100|NONE|NONE|SIP/2|WHATEVER|1
"""
LINES = [f"{T + int(offset)}|{rest}" for offset, rest in (line[1:].split("|", 1) for line in LOG.splitlines())]


def load(center, folder, lines, name="queue_log"):
    path = folder / name
    path.write_bytes(b"".join(line if isinstance(line, bytes) else line.encode() + b"\n" for line in lines))
    result = center.load(path, source="queue_log", create_missing=True)
    assert result.rows_in == result.rows_loaded + result.rows_rejected + result.rows_ignored
    return result


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    center = centre(folder / "centre")
    load(center, folder, LINES)
    return tables(center)


def test_what_the_log_tells(whole):
    """By hand: the contacts with their outcomes and waits, and what SIP/2 did in the first minutes."""
    told = {(c["source_id"], c["outcome"], c["operator"], c["wait_ms"], c["talk_ms"]) for c in whole["calls"]}
    assert told == {
        ("c1/q1/1", "answered", "SIP/2", 15_000, 50_000),
        ("c1/q2/1", "answered", "Agent/1", 29_000, 101_000),
        ("c2/q1/1", "abandoned", None, 20_000, None),
        ("c3/q1/1", "flow_out", None, 10_000, None),
        ("c4/q1/1", "answered", "SIP/2", 1_000, 1_999_000),
        ("c5/q1/1", "refused", None, None, None),
        ("c6/q1/1", "failed", None, 0, None),
    }
    assert {c["source_id"]: c["line"] for c in whole["calls"]}["c1/q2/1"] == "48220000100"

    def of(agent, until):
        rows = sorted((r for r in whole["statuses"] if r["operator"] == agent), key=lambda r: r["started_at"])
        said = [(int(r["started_at"].timestamp()) - T, r["status"], r["reason"]) for r in rows]
        return [row for row in said if row[0] < until]

    assert of("SIP/2", 300) == [
        (2, "Ready", None),
        (16, "Waiting", None),
        (20, "Busy", None),
        (70, "Ready", None),
        (76, "Away", "lunch"),
        (240, "Ready", None),
    ]
    assert of("Agent/1", 300) == [
        (0, "Ready", None),
        (5, "Waiting", None),
        (15, "Ready", None),
        (77, "Waiting", None),
        (80, "Ready", None),
        (94, "Waiting", None),
        (99, "Busy", None),
        (200, "PCP", None),
        (230, "Ready", None),
    ]
    assert of("Agent/9", 10_000) == [(2500, "Ready", None), (6400, "Ready", None), (7500, "Offline", None)]
    rings = sorted((int(r["started_at"].timestamp()) - T, r["operator"], r["result"]) for r in whole["rings"])
    assert rings == [
        (5, "Agent/1", "no_answer"),
        (16, "SIP/2", "answered"),
        (77, "Agent/1", "cancelled"),
        (94, "Agent/1", "answered"),
        (7000, "SIP/2", "answered"),
    ]


@pytest.mark.parametrize("at", range(1, len(LINES), 4))
def test_cut_at_any_line_the_pieces_give_the_whole(whole, tmp_path, at):
    center = centre(tmp_path / "centre")
    load(center, tmp_path, LINES[:at])
    load(center, tmp_path, LINES[at:])
    assert tables(center) == whole


def test_one_line_a_load_gives_the_whole(whole, tmp_path):
    center = centre(tmp_path / "centre")
    for line in LINES:
        load(center, tmp_path, [line])
    assert tables(center) == whole


def numbered(lines):
    """The same log with uniqueids as Asterisk makes them, which say when the call began."""
    began = {}
    for line in lines:
        at, callid = line.split("|")[:2]
        if callid != "NONE":
            began.setdefault(callid, f"{at}.{len(began)}")
    return ["|".join([at, began.get(callid, callid), rest]) for at, callid, rest in (x.split("|", 2) for x in lines)]


def test_calls_that_say_when_they_began_are_pieced_together(tmp_path):
    """Of what is kept only the time since then is looked through; backwards and in turns it is all that is needed."""
    lines = numbered(LINES)
    whole = centre(tmp_path / "whole")
    load(whole, tmp_path, lines)
    for name, loads in {
        "backwards": [lines[20:], lines[12:20], lines[:12]],
        "in turns": [lines[::2], lines[1::2]],
    }.items():
        center = centre(tmp_path / name)
        for piece in loads:
            load(center, tmp_path, piece)
        assert tables(center) == tables(whole), name


def test_pieces_that_overlap_and_come_late_give_the_whole(whole, tmp_path):
    center = centre(tmp_path / "centre")
    for part in (LINES[18:], LINES[4:20], LINES[:9], LINES[4:20]):
        load(center, tmp_path, part)
    assert tables(center) == whole


def test_the_same_file_again_changes_nothing(whole, tmp_path):
    center = centre(tmp_path / "centre")
    load(center, tmp_path, LINES)
    again = load(center, tmp_path, LINES)
    assert (again.rows_loaded, again.rows_updated, again.bytes_written) == (len(LINES), 0, 0)
    assert tables(center) == whole


def test_lines_out_of_order_blank_and_repeated_are_put_right_and_counted(whole, tmp_path):
    center = centre(tmp_path / "centre")
    result = load(center, tmp_path, ["", *LINES[20:], *LINES[:20], LINES[0], "", LINES[7]])
    assert (result.rows_in, result.rows_ignored, result.rows_rejected) == (len(LINES) + 4, 4, 0)
    assert result.notes["blank lines"] == 2
    assert result.notes["event 'WHATEVER' is not known: kept, nothing made of it"] == 1
    assert tables(center) == whole


def test_an_archive_is_read(whole, tmp_path):
    (tmp_path / "queue_log.1.gz").write_bytes(gzip.compress("\r\n".join(LINES).encode()))
    center = centre(tmp_path / "centre")
    center.load(tmp_path / "queue_log.1.gz", source="queue_log", create_missing=True)
    assert tables(center) == whole


def test_faulty_lines_are_rejected_with_file_and_line(tmp_path):
    center = centre(tmp_path / "centre")
    bad = ["1|x", LINES[4], "soon|c|q|NONE|ABANDON|1|1|1", f"{T}|NONE|q1|NONE|ENTERQUEUE", f"{T}|c9|NONE|NONE|FULL"]
    result = load(center, tmp_path, [*bad, f"{T}|a\0b|q|NONE|ABANDON", f"{T}|c|q|NONE|"])
    said = result.rejects[["file", "line", "reason"]].values.tolist()
    assert said == [
        ["queue_log", 1, "2 fields, a line has at least five"],
        ["queue_log", 3, "the time cannot be read"],
        ["queue_log", 4, "an event of a call, without the call"],
        ["queue_log", 5, "an event of a queue, without the queue"],
        ["queue_log", 6, "it holds a control character, or is far too long"],
        ["queue_log", 7, "no event"],
    ]


EVENTS = sorted(
    {line.split("|")[4] for line in LINES} | {"COMPLETECALLER", "UNPAUSEALL", "AGENTDUMP", "SYSCOMPAT", "X"}
)
FIELD = st.sampled_from(["", "NONE", "1", "15", "-3", "1e300", "nan", "0", "2000", "anna|x", "x\0y", "\ufffd", "'; --"])
RANDOM = st.builds(
    lambda t, call, queue, agent, event, data: "|".join([t, call, queue, agent, event, *data]),
    st.one_of(st.integers(T, T + 200_000).map(str), st.sampled_from(["", "x", "0", "99999999999999", f"{T}.5", "nan"])),
    st.sampled_from(["c1", "c2", "NONE", ""]),
    st.sampled_from(["q1", "q2", "NONE"]),
    st.sampled_from(["Agent/1", "agent/1", "SIP/2", "NONE", ""]),
    st.sampled_from(EVENTS),
    st.lists(FIELD, max_size=6),
)
RUBBISH = st.one_of(
    RANDOM.map(lambda line: line.encode() + b"\n"),
    st.sampled_from(LINES).map(lambda line: line.encode() + b"\r\n"),
    st.tuples(RANDOM, st.integers(0, 40)).map(lambda cut: cut[0].encode()[: cut[1]] + b"\n"),
    st.binary(max_size=60).map(lambda raw: raw + b"\n"),
)


@settings(max_examples=12)
@given(st.lists(RUBBISH, min_size=1, max_size=40), st.data())
def test_whatever_stands_there_every_line_is_accounted_for(tmp_path_factory, lines, data):
    folder = tmp_path_factory.mktemp("rubbish")
    one, two = centre(folder / "one"), centre(folder / "two")
    result = load(one, folder, lines)
    assert result.rows_in == b"".join(lines).count(b"\n")
    split = data.draw(st.integers(0, len(lines)))
    for part in (lines[:split], lines[split:]):
        load(two, folder, part)
    assert tables(two) == tables(one)
    for rows in itertools.groupby(admin_sees(one, "statuses"), key=lambda row: str(row["operator"]).lower()):
        spans = [(row["started_at"], row["ended_at"]) for row in rows[1] if not row["masked"]]
        assert all(a[1] is not None and a[1] <= b[0] for a, b in itertools.pairwise(sorted(spans, key=lambda s: s[0])))
