"""Logs of real switches, every line explained by hand: what became of it, and how the call stands in the call log."""

from __future__ import annotations

from datetime import datetime

import pytest

import switchlogs
from switchlogs import Staged


@pytest.fixture(scope="module")
def samples(shared):
    return shared / "data" / "cdr"


def seen(tmp_path, path, source, period):
    """The load's result, and the call log as rows of (start, direction, operator, line, outcome, talk, duration)."""
    center = switchlogs.centre(tmp_path / "centre")
    result = center.load(path, source=source, create_missing=True)
    columns = ("direction", "operator", "line", "outcome", "talk_s", "duration_s")
    return result, [
        (f"{row['started_at']:%H:%M:%S}", *(row[c] for c in columns)) for row in switchlogs.log(center, period)
    ]


def test_forked_dials(samples):
    """Fourteen lines of a PBX are six calls (by linkedid): their lines are 1 · 2-4 · 5-9 · 10, 11 · 12, 13 · 14."""
    staged = Staged(samples / "forked-dials.csv", "asterisk-cdr")
    assert staged.notes["lines joined into calls"] == 14 and not staged.rejects
    assert [line for _, line in staged.places] == [1, 2, 5, 10, 12, 14]
    outside = {"direction": "inbound", "line": "211553", "provider": "211553"}
    day = "2024-01-28 "

    # Line 1: the dialplan answered (application Hangup, no destination) for 27 s; nobody was tried.
    first = staged.call("1706368044.0")
    assert (first["outcome"], first["source_outcome"], first["line"]) == ("left_in_scenario", "ANSWERED", "211474")
    assert (first["started_at"], first["ended_at"]) == ("2024-01-27 15:07:24", "2024-01-27 15:07:51")
    assert "talk_s" not in first and "answered_at" not in first and "operator" not in first

    # Lines 2, 3: SIP/301 rang for 60 s and 200 behind branchpbx for 30 s, both NO ANSWER. Their billsec (60, 30) and
    # answer are the menu's, which had answered before; line 4 is its Hangup, ANSWERED with 0 s and nobody.
    assert staged.call("1706369600.6") == outside | {
        "interaction": "1706369600.6", "started_at": "2024-01-27 15:33:20", "ended_at": "2024-01-27 15:34:20",
        "phone": "89000000001", "outcome": "no_answer", "source_outcome": "NO ANSWER",
    }  # fmt: skip

    # Line 5: 301 behind a Local channel answers after 6 s, and the Local channel leaves the path at once (0 s talked).
    # Line 6: the caller's own leg to that Local channel; 7, 8: the two other Local channels, NO ANSWER, plumbing.
    # Line 9: from then on the caller talks to 301 directly for 17 s.
    assert staged.call("1706407446.50") == outside | {
        "interaction": "1706407446.50", "started_at": day + "02:04:06", "answered_at": day + "02:04:12",
        "ended_at": day + "02:04:29", "ring_s": 6.0, "talk_s": 17.0, "operator": "301", "phone": "89000000002",
        "outcome": "answered", "source_outcome": "ANSWERED",
    }  # fmt: skip

    # Line 10: 301 rang in vain; line 11: 200 at the branch answered after 6 s and talked 30 s (its billsec; the clocks
    # say 31 s, as fractions were cut). The name in the clid is damaged, and kept as it is.
    call = staged.call("1706415046.98")
    assert (call["operator"], call["talk_s"], call["ring_s"]) == ("200", 30.0, 6.0)
    assert call["contact_name"].startswith("8107000000")

    # Line 12: 301 answered after 10 s; line 13: 200 rang as long. Line 14: 200 was busy at once.
    call = staged.call("mainserver-1706421930.5")
    assert (call["operator"], call["talk_s"], call["ended_at"]) == ("301", 33.0, day + "06:06:14")
    call = staged.call("mainserver-1706443058.100")
    assert (call["outcome"], call["source_outcome"], call["started_at"]) == ("busy", "BUSY", call["ended_at"])

    assert [(ring["call"], ring["operator"], ring["result"]) for ring in staged.rings] == [
        ("1706369600.6", "301", "no_answer"),
        ("1706369600.6", "200", "no_answer"),
        ("1706407446.50", "301", "answered"),
        ("1706415046.98", "301", "no_answer"),
        ("1706415046.98", "200", "answered"),
        ("mainserver-1706421930.5", "301", "answered"),
        ("mainserver-1706421930.5", "200", "no_answer"),
        ("mainserver-1706443058.100", "200", "busy"),
    ]


def test_forked_dials_in_the_call_log(samples, tmp_path):
    result, log = seen(tmp_path, samples / "forked-dials.csv", "asterisk-cdr", ("2024-01-27", "2024-01-29"))
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (14, 14, 0)  # lines
    assert log == [
        ("15:07:24", "inbound", None, "211474", "left_in_scenario", None, 27.0),
        ("15:33:20", "inbound", None, "211553", "no_answer", None, 60.0),
        ("02:04:06", "inbound", "301", "211553", "answered", 17.0, 23.0),
        ("04:10:46", "inbound", "200", "211553", "answered", 30.0, 37.0),
        ("06:05:30", "inbound", "301", "211553", "answered", 33.0, 44.0),
        ("11:57:38", "inbound", None, "211553", "busy", None, 0.0),
    ]


LAB = [  # line: start, answer, end, billsec, who was called; every caller calls under its own name, so all is internal
    ("01:51:32", "01:51:50", "01:52:04", 13, "client2"),
    ("01:52:11", None, "01:52:42", 0, "client1"),
    ("01:54:19", "01:54:23", "01:54:36", 13, "client1"),
    ("02:18:26", "02:18:33", "02:18:51", 18, "client2"),
    ("02:23:06", None, "02:23:24", 0, "client1"),
    ("02:23:35", "02:23:38", "02:23:46", 8, "client2"),
    ("02:35:51", "02:35:56", "02:36:04", 8, "client2"),
    ("02:39:21", "02:39:26", "02:39:34", 7, "client2"),
    ("02:45:39", "02:45:45", "02:45:48", 3, "client2"),
    ("02:53:44", None, "02:53:48", 0, "client2"),
    ("02:57:25", "02:57:27", "02:57:29", 2, "client2"),
    ("03:01:40", "03:01:43", "03:01:46", 2, "client2"),
    ("09:22:15", "09:22:18", "09:22:20", 2, "client1"),
    ("09:25:00", "09:25:02", "09:25:04", 2, "client1"),
]


def test_a_laboratory(samples, tmp_path):
    """cdr_custom's order of columns (clid first): fourteen lines, fourteen calls, NO ANSWER without an answer."""
    staged = Staged(samples / "lab.csv", "asterisk-cdr")
    assert [line for _, line in staged.places] == list(range(1, 15))
    found = [staged.calls[source_id] for source_id in staged.order]
    assert [(c["answered_at"] or "")[11:] or None for c in found] == [answer for _, answer, *_ in LAB]
    assert [(r["operator"], r["result"]) for r in staged.rings] == [
        (who, "answered" if answer else "no_answer") for _, answer, _, _, who in LAB
    ]
    result, log = seen(tmp_path, samples / "lab.csv", "asterisk-cdr", "2023-07-26")
    assert (result.rows_in, result.rows_rejected) == (14, 0)

    def seconds(clock):
        at = datetime.strptime(clock, "%H:%M:%S")
        return at.hour * 3600 + at.minute * 60 + at.second

    assert log == [
        (start, "internal", who if answer else None, None, "answered" if answer else "no_answer",
         float(billsec) if answer else None, float(seconds(end) - seconds(start)))
        for start, answer, end, billsec, who in LAB
    ]  # fmt: skip


def test_the_test_suites_records(samples, tmp_path):
    """Five lines of one uniqueid are one call: the dialplan answered it (ANSWERED, no destination); the others add
    nothing (7 s talked in 5 s, FAILED, NO ANSWER, BUSY on the same channel at the same time)."""
    staged = Staged(samples / "asttest__self-tests__cdrlib__good.csv", "asterisk-cdr")
    assert staged.notes["lines joined into calls"] == 5
    assert staged.call("1231977075.0") == {
        "interaction": "1231977075.0", "direction": "internal", "started_at": "2009-01-14 23:51:15",
        "ended_at": "2009-01-14 23:51:20", "outcome": "left_in_scenario", "source_outcome": "ANSWERED",
    }  # fmt: skip
    _, log = seen(tmp_path, samples / "asttest__self-tests__cdrlib__good.csv", "asterisk-cdr", "2009-01-14")
    assert log == [("23:51:15", "internal", None, None, "left_in_scenario", None, 5.0)]


def test_a_quote_that_is_never_closed(samples, tmp_path):
    """The last field of the only line begins with a quote and has no end: the line is rejected, nothing is loaded."""
    result, log = seen(tmp_path, samples / "asttest__self-tests__cdrlib__buggy.csv", "asterisk-cdr", "2009-01")
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (1, 0, 1)
    (reject,) = result.rejects.to_dict("records")
    assert (reject["line"], reject["reason"]) == (1, "a quote that is not closed, or text beside quotes")
    assert log == []


def test_a_console_calls(samples, tmp_path):
    """Two calls of a console to extension 1, which the dialplan answered for 7 s; the second file repeats the first
    line, which counts once when both files are read."""
    files = {
        f"Master{n}.csv": (samples / f"lib__python__asterisk__self_test__Master{n}.csv").read_bytes() for n in ("", "2")
    }
    folder = switchlogs.written(tmp_path / "logs", files)
    staged = Staged(folder, "asterisk-cdr")
    assert staged.notes["lines read"] == 3 and staged.notes["lines that stand twice, ignored"] == 1
    _, log = seen(tmp_path, folder, "asterisk-cdr", "2010-04-02")
    assert log == [
        ("00:26:32", "internal", None, None, "left_in_scenario", None, 7.0),
        ("00:34:02", "internal", None, None, "left_in_scenario", None, 7.0),
    ]


def test_events_of_a_local_channel(samples, tmp_path):
    """TinCan/string is started and dials Local/x, whose half ;2 answers and plays a file: no person is in it.

    CHAN_START x3 (the caller and both halves) · ANSWER x4 (three when ;2 answers, one more by Playback) · BRIDGE_START
    · HANGUP of ;2 by `dialplan/builtin` · BRIDGE_END · CHAN_END, HANGUP of the others · LINKEDID_END: all sixteen
    belong to one call from the caller's CHAN_START to its HANGUP, ended by the system.
    """
    staged = Staged(samples / "lib__python__asterisk__self_test__CELMaster1.csv", "asterisk-cel")
    assert staged.notes["lines joined into calls"] == 16
    assert staged.call("1335310195.0") == {
        "interaction": "1335310195.0", "direction": "internal", "started_at": "2012-04-24 23:29:55.513823Z",
        "ended_at": "2012-04-24 23:30:13.624898Z", "outcome": "left_in_scenario", "source_outcome": "ANSWERED",
        "ended_by": "system",
    }  # fmt: skip
    # The second sample has no ANSWER of the half ;1 and no CHAN_END of the caller: its HANGUP ends it as well.
    second = Staged(samples / "lib__python__asterisk__self_test__CELMaster2.csv", "asterisk-cel")
    assert second.notes["lines joined into calls"] == 14
    assert second.call("1335310697.0")["ended_at"] == "2012-04-24 23:38:35.229089Z"
    _, log = seen(tmp_path, samples / "lib__python__asterisk__self_test__CELMaster1.csv", "asterisk-cel", "2012-04-24")
    assert log == [("23:29:55", "internal", None, None, "left_in_scenario", None, 18.111)]


def test_freeswitch(samples, tmp_path):
    """Ten lines of the template `example`, which lost their seconds.

    1, 2, 4-6: `originate` to the device in accountcode (name "Outbound Call", destination &), answered; NORMAL_CLEARING.
    3: somebody without an account rang 1002 for 2 s: NO_USER_RESPONSE. 7: 1002 called 1004 and talked, until the
    session timer found one side gone (RECOVERY_ON_TIMER_EXPIRE): answered all the same. 8 and 9 are the same line;
    10 says USER_BUSY of the same uuid: nobody knows which is right, so 8 and 10 are rejected and 9 counts as repeated.
    """
    staged = Staged(samples / "freeswitch.csv", "freeswitch-cdr")
    assert staged.notes["lines read"] == 10 and staged.notes["lines joined into calls"] == 7
    assert [(r["line"], r["column_name"]) for r in staged.rejects] == [(8, "uuid"), (10, "uuid")]
    assert [line for _, line in staged.places] == [1, 2, 3, 4, 5, 6, 7]
    result, log = seen(tmp_path, samples / "freeswitch.csv", "freeswitch-cdr", "2020-02")
    assert (result.rows_in, result.rows_loaded, result.rows_rejected, result.rows_ignored) == (10, 7, 2, 1)
    assert sorted(log) == [  # end = start + duration
        ("10:55:00", "internal", "1004", None, "answered", 20.0, 32.0),
        ("11:05:00", "internal", "1004", None, "answered", 32.0, 43.0),
        ("22:40:00", "internal", "1002", None, "answered", 61.0, 64.0),
        ("22:41:00", "inbound", None, "1002", "no_answer", None, 2.0),
        ("22:41:00", "internal", "1002", None, "answered", 9.0, 11.0),
        ("22:41:00", "internal", "1002", None, "answered", 21.0, 24.0),
        ("22:42:00", "internal", "1002", None, "answered", 327.0, 329.0),
    ]


def test_the_whole_folder(samples):
    """Records and events of all six Asterisk logs together; FreeSWITCH's and the two texts are files of other kinds."""
    staged = Staged(samples, "asterisk-cdr")
    assert staged.notes["files of other kinds, ignored"] == 3
    assert staged.notes["lines read"] == 1 + 5 + 14 + 14 + 16 + 14 + 2 + 1
    assert len(staged.rejects) == 1 and staged.notes["lines that stand twice, ignored"] == 1
    assert len(staged.calls) == 1 + 6 + 14 + 1 + 1 + 2
