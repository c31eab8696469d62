"""Asterisk CDR: every form of the file, and what transfers, queues and trunks make of a call; worked out by hand."""

from __future__ import annotations

import gzip

import pytest

import switchlogs
from okireports.errors import LoadError
from switchlogs import Staged, written

DAY = "2025-06-02 "


def line(
    src, dst, channel, dstchannel, app, data, start, answer, end, bill, word, unique="", linked="", seq="", **more
):
    """One line of cdr_csv with 21 columns; times are clocks of one day."""
    at = [f'"{DAY}{t}"' if t else "" for t in (start, answer, end)]
    texts = [src, dst, more.get("context", "incoming"), more.get("clid", ""), channel, dstchannel, app, data]
    quoted = ['"' + t.replace('"', '""') + '"' for t in ("", *texts)]
    ids = [f'"{unique or linked}"', '""', '""', f'"{linked}"', str(seq)]
    return ",".join([*quoted, *at, "0", str(bill), f'"{word}"', '"DOCUMENTATION"', *ids]) + "\n"


def read(tmp_path, *lines, name="Master.csv"):
    return Staged(written(tmp_path / "log", {name: "".join(lines)}), "asterisk-cdr")


def told(call, *columns):
    return tuple(v[len(DAY) :] if isinstance(v := call.get(c), str) and v.startswith(DAY) else v for c in columns)


CUSTOMER, TRUNK = "+48220000101", "PJSIP/trunk-00000001"


def test_a_queue_rings_two_and_one_answers(tmp_path):
    """The queue's name is Queue's first argument; both lines are of one call, and the wait counts from their start."""
    queue = ("Queue", "support,t,,,60")
    staged = read(
        tmp_path,
        line(CUSTOMER, "48220000200", TRUNK, "PJSIP/201-00000002", *queue, "10:00:00", "", "10:00:12", 0, "NO ANSWER", linked="1.0", seq=1),
        line(CUSTOMER, "48220000200", TRUNK, "PJSIP/202-00000003", *queue, "10:00:00", "10:00:12", "10:03:12", 180, "ANSWERED", linked="1.0", seq=2),
    )  # fmt: skip
    call = staged.call("1.0")
    assert told(call, "queue", "queued_at", "answered_at", "ended_at") == (
        "support",
        "10:00:00",
        "10:00:12",
        "10:03:12",
    )
    assert told(call, "operator", "outcome", "talk_s", "ring_s", "direction") == ("202", "answered", 180, 12, "inbound")
    assert told(call, "phone", "line", "provider", "ended_by") == (CUSTOMER, "48220000200", "trunk", None)
    assert [(r["operator"], r["result"]) for r in staged.rings] == [("201", "no_answer"), ("202", "answered")]


def test_a_customer_leaves_the_queue(tmp_path):
    staged = read(
        tmp_path,
        line(CUSTOMER, "200", TRUNK, "", "Queue", "support,t", "10:00:00", "10:00:00", "10:00:40", 40, "ANSWERED", linked="1.0", seq=1),
    )  # fmt: skip
    # ANSWERED: the dialplan had answered to play music; no agent's channel is there
    assert told(staged.call("1.0"), "outcome", "queue", "operator", "answered_at", "talk_s") == (
        "abandoned", "support", None, None, None,
    )  # fmt: skip


def test_a_blind_transfer(tmp_path):
    """301 talks and sends the customer on to 302: the same channel, a new line, a new contact of the interaction."""
    staged = read(
        tmp_path,
        line(CUSTOMER, "200", TRUNK, "PJSIP/301-00000002", "Dial", "PJSIP/301,60", "10:00:00", "10:00:05", "10:01:05", 60, "ANSWERED", linked="1.0", seq=1),
        line(CUSTOMER, "302", TRUNK, "PJSIP/302-00000003", "Dial", "PJSIP/302,60", "10:01:05", "10:01:15", "10:02:15", 60, "ANSWERED", linked="1.0", seq=2),
    )  # fmt: skip
    first, second = staged.call("1.0"), staged.call("1.0/PJSIP/302-00000003")
    assert first["transfer_to"] == "1.0/PJSIP/302-00000003" and first["interaction"] == second["interaction"] == "1.0"
    assert told(first, "operator", "started_at", "answered_at", "ended_at", "ended_by") == (
        "301", "10:00:00", "10:00:05", "10:01:05", "operator",
    )  # fmt: skip
    assert told(second, "operator", "started_at", "answered_at", "ended_at", "ring_s", "talk_s", "phone") == (
        "302", "10:01:05", "10:01:15", "10:02:15", 10, 60, CUSTOMER,
    )  # fmt: skip
    assert "transfer_to" not in second


def test_a_blind_transfer_that_nobody_takes(tmp_path):
    staged = read(
        tmp_path,
        line(CUSTOMER, "200", TRUNK, "PJSIP/301-00000002", "Dial", "PJSIP/301", "10:00:00", "10:00:05", "10:01:05", 60, "ANSWERED", linked="1.0", seq=1),
        line(CUSTOMER, "302", TRUNK, "PJSIP/302-00000003", "Dial", "PJSIP/302", "10:01:05", "", "10:01:25", 0, "NO ANSWER", linked="1.0", seq=2),
    )  # fmt: skip
    assert [staged.calls[i]["outcome"] for i in staged.order] == ["answered", "no_answer"]


def test_an_attended_transfer(tmp_path):
    """301 asks 302 on a channel of its own (line 2), then joins the two (line 3, from the moment of the transfer).

    The question is no contact, but the ringing of 302 began with it.
    """
    staged = read(
        tmp_path,
        line(CUSTOMER, "200", TRUNK, "PJSIP/301-00000002", "Dial", "PJSIP/301", "10:00:00", "10:00:05", "10:01:05", 60, "ANSWERED", linked="1.0", seq=1),
        line("301", "302", "PJSIP/301-00000004", "PJSIP/302-00000003", "Dial", "PJSIP/302", "10:00:30", "10:00:40", "10:01:05", 25, "ANSWERED", "1.4", "1.0", 2),
        line(CUSTOMER, "200", TRUNK, "PJSIP/302-00000003", "Dial", "PJSIP/301", "10:01:05", "10:01:05", "10:02:05", 60, "ANSWERED", linked="1.0", seq=3),
    )  # fmt: skip
    assert staged.order == ["1.0", "1.0/PJSIP/302-00000003"]
    second = staged.call(staged.order[1])
    assert told(second, "operator", "started_at", "answered_at", "ended_at", "talk_s") == (
        "302", "10:01:05", "10:01:05", "10:02:05", 60,
    )  # fmt: skip
    assert staged.call("1.0")["transfer_to"] == staged.order[1]
    assert [(r["operator"], r["started_at"][len(DAY) :], r["result"]) for r in staged.rings] == [
        ("301", "10:00:00", "answered"),
        ("302", "10:00:30", "answered"),
    ]


def test_an_outbound_call_and_the_customer_sent_on(tmp_path):
    """301 calls its customer through the trunk and hands her to 302: her channel goes on as the first of a new line."""
    out, customer = "PJSIP/301-00000001", "PJSIP/trunk-00000002"
    staged = read(
        tmp_path,
        line("301", CUSTOMER, out, customer, "Dial", f"PJSIP/{CUSTOMER}@trunk,60", "10:00:00", "10:00:08", "10:01:08", 60, "ANSWERED", linked="1.0", seq=1),
        line(CUSTOMER, "302", customer, "PJSIP/302-00000003", "Dial", "PJSIP/302", "10:01:08", "10:01:10", "10:02:10", 60, "ANSWERED", "1.1", "1.0", 2),
    )  # fmt: skip
    first, second = (staged.call(i) for i in staged.order)
    assert told(first, "direction", "operator", "phone", "provider", "picked_up_at", "answered_at", "talk_s") == (
        "outbound", "301", CUSTOMER, "trunk", "10:00:08", "10:00:08", 60,
    )  # fmt: skip
    assert told(second, "direction", "operator", "phone", "talk_s") == ("outbound", "302", CUSTOMER, 60)
    assert [(r["call"], r["operator"]) for r in staged.rings] == [(staged.order[1], "302")]  # a customer is no operator


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("NO ANSWER", "no_answer"),
        ("BUSY", "busy"),
        ("CONGESTION", "failed"),
        ("FAILED", "failed"),
        ("STOLEN", "stolen"),
    ],
)
def test_dispositions_of_an_outbound_call(tmp_path, word, outcome):
    """A word that nobody knows goes to the loader, which takes it as `other` and names it."""
    out = ("301", CUSTOMER, "SIP/301-00000001", "SIP/trunk-00000002", "Dial", f"SIP/trunk/{CUSTOMER},60")
    good = line(
        "301",
        "302",
        "SIP/301-00000009",
        "SIP/302-00000008",
        "Dial",
        "SIP/302",
        "09:00:00",
        "",
        "09:00:01",
        0,
        "BUSY",
        linked="0.9",
    )
    staged = read(tmp_path, good, line(*out, "10:00:00", "", "10:00:20", 0, word, linked="1.0", seq=1))
    call = staged.call("1.0")
    assert told(call, "direction", "operator", "phone", "outcome", "source_outcome") == (
        "outbound", "301", CUSTOMER, outcome, word,
    )  # fmt: skip
    assert "answered_at" not in call and "picked_up_at" not in call


def test_from_one_queue_to_another_and_voicemail(tmp_path):
    queue = (CUSTOMER, "200", TRUNK, "")
    staged = read(
        tmp_path,
        line(*queue, "Queue", "sales,t", "10:00:00", "", "10:00:30", 0, "NO ANSWER", linked="1.0", seq=1),
        line(*queue, "Queue", "support,t", "10:00:30", "", "10:01:00", 0, "NO ANSWER", linked="1.0", seq=2),
        line(*queue, "VoiceMail", "200@default,u", "10:01:00", "10:01:00", "10:01:20", 20, "ANSWERED", linked="1.0", seq=3),
    )  # fmt: skip
    first, second = (staged.call(i) for i in staged.order)
    assert told(first, "queue", "outcome", "ended_at", "ended_by") == ("sales", "flow_out", "10:00:30", "system")
    assert told(second, "queue", "outcome", "started_at", "queued_at", "ended_at") == (
        "support", "voicemail", "10:00:30", "10:00:30", "10:01:20",
    )  # fmt: skip


FULL = '"acc","100","200","in","""Jan"" <100>","SIP/100-00000001","SIP/200-00000002","Dial","SIP/200","2025-06-02 10:00:00","2025-06-02 10:00:04","2025-06-02 10:00:09",9,5,"ANSWERED","DOCUMENTATION"'


@pytest.mark.parametrize(
    ("tail", "source_id"),
    [
        ("", "SIP/100-00000001@2025-06-02 10:00:00"),  # 16 columns: the channel and its start are the call
        (',"1748858400.7"', "1748858400.7"),  # 17: a uniqueid
        (',"my field"', "SIP/100-00000001@2025-06-02 10:00:00"),  # 17: a userfield
        (',"1748858400.7",""', "1748858400.7"),  # 18
        (',"","1748858400.6",3', "1748858400.6"),  # 19: peeraccount, linkedid, sequence
        (',"1748858400.7","","1748858400.6",3', "1748858400.6"),  # 20: with a uniqueid
        (',"my field","","1748858400.6",3', "1748858400.6"),  # 20: with a userfield
        (',"1748858400.7","my field","","1748858400.6",3', "1748858400.6"),  # 21
    ],
)
def test_every_width_of_cdr_csv(tmp_path, tail, source_id):
    """Each form is read in a file together with another one: a log changes when its configuration does."""
    other = FULL.replace("10:00", "11:00").replace("00000001", "0000000a") + ',"1748862000.1","","","1748862000.1",9\n'
    staged = read(tmp_path, other, FULL + tail + "\n")
    assert staged.order[1:] == [source_id]
    assert told(staged.call(source_id), "operator", "talk_s", "answered_at", "direction") == (
        "200",
        5,
        "10:00:04",
        "internal",
    )


def test_the_table_with_a_header(tmp_path):
    """Its answer is the end less billsec, its end calldate + duration; FreePBX names the recording and the linkedid."""
    table = (
        "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,uniqueid,linkedid,recordingfile,did\n"
        '2025-06-02 10:00:00,"""Jan"" <48220000101>",48220000101,201,from-trunk,PJSIP/trunk-00000001,PJSIP/201-00000002,Dial,"PJSIP/201,20",70,60,ANSWERED,1.0,1.0,in-201.wav,48220000200\n'
        '2025-06-02 10:05:00,,48220000102,201,from-trunk,PJSIP/trunk-00000003,PJSIP/201-00000004,Dial,"PJSIP/201,20",20,0,NO ANSWER,1.3,1.3,,48220000200\n'
    )
    staged = Staged(written(tmp_path / "log", {"cdr.csv": table, "again.csv": table}), "asterisk-cdr")
    call = staged.call("1.0")
    assert told(call, "answered_at", "ended_at", "talk_s", "recording") == ("10:00:10", "10:01:10", 60, "in-201.wav")
    assert told(call, "contact_name", "direction", "line") == ("Jan", "inbound", "201")
    assert told(staged.call("1.3"), "outcome", "ended_at") == ("no_answer", "10:05:20")
    assert staged.notes["header lines, ignored"] == 2 and staged.notes["lines that stand twice, ignored"] == 2


def test_what_is_wrong_with_a_line(tmp_path):
    good = FULL + ',"1748858400.7",""\n'
    bad = [
        good.replace('10:00:09"', '09:00:09"'),
        good.replace('"2025-06-02 10:00:04"', '"2025-06-32 10:00:04"'),
        good.replace(",9,5,", ",9,five,"),
        good.replace('"SIP/200"', '"SIP/200'),
        '"just","three","fields"\n',
        good.replace('"2025-06-02 10:00:00"', '"yesterday"'),
    ]
    staged = read(tmp_path, good, "\n", *bad)
    assert [(r["line"], r["column_name"], r["value"], r["reason"]) for r in staged.rejects] == [
        (3, None, None, "it ends before it starts"),
        (4, "answer", "2025-06-32 10:00:04", "the value cannot be read"),
        (5, "billsec", "five", "the value cannot be read"),
        (6, None, None, "a quote that is not closed, or text beside quotes"),
        (7, None, None, "3 fields, a CDR has 16 to 21"),
        (8, "start", "yesterday", "the value cannot be read"),
    ]
    assert staged.notes["blank lines, ignored"] == 1 and staged.order == ["1748858400.7"]


def test_late_legs_in_the_next_file(tmp_path):
    """The log is rotated within a call: the second load reads both files, and the call that was lost is answered."""
    queue = (CUSTOMER, "200", TRUNK)
    early = line(
        *queue,
        "PJSIP/201-00000002",
        "Queue",
        "support,t",
        "10:00:00",
        "",
        "10:00:15",
        0,
        "NO ANSWER",
        linked="1.0",
        seq=1,
    )
    late = line(
        *queue,
        "PJSIP/202-00000003",
        "Queue",
        "support,t",
        "10:00:00",
        "10:00:30",
        "10:01:30",
        60,
        "ANSWERED",
        linked="1.0",
        seq=2,
    )
    center = switchlogs.centre(tmp_path / "centre")
    folder = written(tmp_path / "log", {"Master.csv.1": early})
    center.load(folder, source="asterisk-cdr", create_missing=True)
    (before,) = switchlogs.log(center, "2025-06-02")
    assert (before["outcome"], before["operator"], before["duration_s"]) == ("abandoned", None, 15)
    written(folder, {"Master.csv": late})
    result = center.sync(folder, source="asterisk-cdr", create_missing=True)
    (after,) = switchlogs.log(center, "2025-06-02")
    assert (after["call"], after["outcome"], after["operator"]) == (before["call"], "answered", "202")
    assert (after["queue"], after["wait_s"], after["talk_s"]) == ("support", 30, 60)
    assert result.rows_updated >= 1
    assert center.sync(folder, source="asterisk-cdr", create_missing=True) is None
    one = switchlogs.centre(tmp_path / "other")
    one.load(folder, source="asterisk-cdr", create_missing=True)
    keep = ("outcome", "operator", "queue", "wait_s", "talk_s", "duration_s", "started_at")
    assert [[row[k] for k in keep] for row in switchlogs.log(one, "2025-06-02")] == [[after[k] for k in keep]]


def test_packed_and_in_latin_2_with_windows_line_ends(tmp_path):
    text = line(
        CUSTOMER,
        "200",
        TRUNK,
        "PJSIP/201-00000002",
        "Dial",
        "PJSIP/201",
        "10:00:00",
        "10:00:05",
        "10:00:06",
        1,
        "ANSWERED",
        linked="1.0",
        clid=f'"Łęski" <{CUSTOMER}>',
    )
    folder = written(tmp_path / "log", {
        "a.csv.gz": gzip.compress(text.replace("\n", "\r\n").encode("iso-8859-2")), "empty.csv": "", "notes.txt": "hello\n",
    })  # fmt: skip
    staged = Staged(folder, "asterisk-cdr")
    assert staged.call("1.0")["contact_name"] == "Łęski"
    assert staged.notes["empty files, ignored"] == staged.notes["files of other kinds, ignored"] == 1


def test_a_folder_without_such_a_log(tmp_path):
    with pytest.raises(LoadError, match="no log of Asterisk's calls"):
        Staged(written(tmp_path / "log", {"a.csv": "one,two\n1,2\n"}), "asterisk-cdr")


def test_a_night_in_which_the_clock_goes_back(tmp_path):
    """Local times of the doubled hour follow `ambiguous`, as in any other source."""
    text = FULL.replace("2025-06-02 10", "2025-10-26 02") + ',"1.7",""\n'
    starts = set()
    for ambiguous in ("earlier", "later"):
        center = switchlogs.centre(tmp_path / ambiguous)
        folder = written(tmp_path / f"log {ambiguous}", {"Master.csv": text})
        center.load(folder, source="asterisk-cdr", timezone="Europe/Warsaw", ambiguous=ambiguous)
        (call,) = switchlogs.log(center, ("2025-10-25", "2025-10-28"))
        starts.add((ambiguous, f"{call['started_at']:%H:%M}"))
        assert call["duration_s"] == 9
    assert starts == {("earlier", "00:00"), ("later", "01:00")}
