"""Damaged logs of switches: never a crash, a hang or a half-load, and every line has a part in the sum."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import switchlogs
from okireports.errors import LoadError
from switchlogs import Staged, written

A, B = (f"{n:08d}-0000-4000-8000-000000000000" for n in (1, 2))
GOOD = {
    "asterisk-cdr": [
        '"","+48220000101","200","in","""Jan"" <1>","SIP/t-00000001","SIP/301-00000002","Queue","sales,t","2025-06-02 10:00:00","2025-06-02 10:00:05","2025-06-02 10:01:00",60,55,"ANSWERED","DOCUMENTATION","1748858400.1","","","1748858400.1",1',
        '"","301","302","in","","SIP/301-00000003","SIP/302-00000004","Dial","SIP/302","2025-06-02 10:00:30",,"2025-06-02 10:00:40",10,0,"NO ANSWER","DOCUMENTATION","1748858430.3",""',
        '"","+48220000101","200","in","","SIP/t-00000001","","VoiceMail","200","2025-06-02 10:01:00","2025-06-02 10:01:00","2025-06-02 10:01:05",5,5,"ANSWERED","DOCUMENTATION","1748858400.1","","","1748858400.1",2',
    ],
    "asterisk-cel": [
        '"CHAN_START","1748858400.0","","+48220000101","","","","200","in","SIP/t-00000001","","","3","","1.1","1.1","","","",""',
        '"APP_START","1748858400.1","","","","","","200","in","SIP/t-00000001","Queue","sales,t","3","","1.1","1.1","","","",""',
        '"CHAN_START","1748858401.0","","","","","","","in","SIP/301-00000002","","","3","","1.2","1.1","","","",""',
        '"ANSWER","1748858405.5","","","","","","","in","SIP/301-00000002","AppQueue","(Outgoing Line)","3","","1.2","1.1","","","",""',
        '"ATTENDEDTRANSFER","1748858410.5","","","","","","","in","SIP/301-00000002","","","3","","1.2","1.1","","","","{""transfer_target_channel_name"":""SIP/302-00000003""}"',
        '"HANGUP","1748858412.0","","","","","","","in","SIP/301-00000002","AppQueue","(Outgoing Line)","3","","1.2","1.1","","","","{""hangupcause"":16,""hangupsource"":""SIP/t-00000001""}"',
        '"HANGUP","1748858420.0","","","","","","200","in","SIP/t-00000001","","","3","","1.1","1.1","","","","16,SIP/t-00000001,ANSWER"',
    ],
    "freeswitch-cdr": [
        f'"Jan","+48220000101","1001","public","2025-06-02 10:00:00","2025-06-02 10:00:05","2025-06-02 10:01:00","60","55","NORMAL_CLEARING","{A}","{B}","","PCMU","PCMU"',
        f'"1001","1001","1002","default","2025/6/2 10:00","","2025/6/2 10:01","60","0","USER_BUSY","{B}","","1001","PCMU","PCMU"',
        f'"","","1001","public","2025-06-02 10:00:01","","2025-06-02 10:01:00","59","0","ORIGINATOR_CANCEL","{B}","","","",""',
    ],
}  # fmt: skip
SOURCES = sorted(GOOD)
ODD = st.sampled_from(['"', '""', ",", "\\", "\x01", "\x02", "\x00", "\r", "\ufeff", "Ł", "{", "-1", "9" * 40, "nan", "1e300", "9999-12-31 23:59:59", "0000-00-00 00:00:00"])  # fmt: skip
TEXT = st.one_of(ODD, st.text(max_size=12))


@st.composite
def damaged(draw, source):
    """Lines of a good log in any order and number, with cells replaced, pieces cut out, put in, or doubled."""
    lines = draw(st.lists(st.sampled_from(GOOD[source]), min_size=1, max_size=8))
    out = []
    for line in lines:
        match draw(st.sampled_from(["whole", "whole", "cut", "put in", "cell", "cell", "random"])):
            case "cut":
                line = line[: draw(st.integers(0, len(line)))]
            case "put in":
                at = draw(st.integers(0, len(line)))
                line = line[:at] + draw(TEXT) + line[at:]
            case "cell":
                cells = line.split(",")
                donor = draw(st.sampled_from(GOOD[source])).split(",")
                value = draw(st.one_of(st.sampled_from(donor), TEXT.map(lambda t: '"' + t.replace('"', '""') + '"')))
                cells[draw(st.integers(0, len(cells) - 1))] = value
                line = ",".join(cells)
            case "random":
                line = draw(st.text(max_size=60))
        out.append(line)
    end = draw(st.sampled_from(["\n", "\r\n"]))
    text = end.join(out) + draw(st.sampled_from(["", end]))
    return GOOD[source][0] + end + text


def folder_of(*contents: bytes) -> Path:
    return written(Path(tempfile.mkdtemp(prefix="fuzz-")), {f"{n}.csv": c for n, c in enumerate(contents)})


def read(source, *contents):
    """The staged log (its sum is checked on the way), None when it is refused as a whole."""
    folder = folder_of(*contents)
    try:
        return Staged(folder, source)
    except LoadError:
        return None
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("source", SOURCES)
def test_damaged_lines(source):
    @settings(max_examples=80)
    @given(damaged(source))
    def check(text):
        staged = read(source, text.encode("utf-8", errors="replace"))
        assert staged is not None, "its first line is good: the others cannot make it unreadable"
        for row in staged.calls.values():
            instants = [row[c] for c in ("started_at", "answered_at", "ended_at") if row[c]]
            assert instants == sorted(instants) and row["outcome"] and row["direction"]

    check()


@pytest.mark.parametrize("source", SOURCES)
def test_bytes(source):
    """Any bytes behind a good line, and any bytes alone: read, or refused with a LoadError."""

    @settings(max_examples=60)
    @given(st.binary(max_size=400), st.booleans())
    def check(noise, alone):
        start = b"" if alone else (GOOD[source][0] + "\n").encode()
        staged = read(source, start + noise)
        assert staged is None or staged.notes["lines read"] > 0

    check()


@pytest.mark.parametrize("source", SOURCES)
def test_the_order_of_lines_and_files_changes_no_call(source):
    """Whole lines, in any order and split over files anyhow, make the same calls."""
    plain = read(source, "\n".join(GOOD[source]).encode())
    assert plain is not None and plain.calls

    @settings(max_examples=25)
    @given(st.permutations(GOOD[source]), st.integers(1, len(GOOD[source]) - 1))
    def check(lines, at):
        split = read(source, *("\n".join(part).encode() for part in (lines[:at], lines[at:])))
        assert split is not None
        assert {i: split.call(i) for i in split.calls} == {i: plain.call(i) for i in plain.calls}

    check()


@pytest.mark.parametrize("source", SOURCES)
def test_a_damaged_log_is_loaded_or_refused_as_a_whole(source, tmp_path):
    """What is staged is what is loaded: no call is lost between the log and the centre, and no reject is added.

    Each log is loaded into a centre of its own: what an earlier one said of the same calls would count.
    """

    @settings(max_examples=12)
    @given(damaged(source))
    def check(text):
        content = text.encode("utf-8", errors="replace")
        staged = read(source, content)
        folder = folder_of(content)
        with tempfile.TemporaryDirectory(dir=tmp_path) as place:
            center = switchlogs.centre(Path(place, "centre"))
            result = center.load(folder, source=source, timezone="UTC", create_missing=True)
        shutil.rmtree(folder)
        assert result.rows_rejected == len(staged.rejects)
        assert result.rows_in == result.rows_loaded + result.rows_rejected + result.rows_ignored
        assert result.rows_in == staged.notes["lines read"]
        assert result.rows_loaded == staged.notes["lines joined into calls"] >= 0

    check()
