"""Asterisk CEL, alone and beside CDR: channels become attempts and contacts; worked out by hand."""

from __future__ import annotations

import json

from switchlogs import Staged, written

DAY = "2025-06-02 "
NOON = 1748858400  # 2025-06-02 10:00:00 UTC
CUSTOMER, TRUNK, FIRST, SECOND = "+48220000101", "PJSIP/trunk-00000001", "PJSIP/301-00000002", "PJSIP/302-00000003"
CALLED = {"app": "AppDial", "data": "(Outgoing Line)"}
IDS = {TRUNK: "1.0", FIRST: "1.1", SECOND: "1.2"}


def event(kind, at, channel=TRUNK, *, num="", exten="", context="incoming", app="", data="", key="1.0", extra=""):
    """One line of cel_custom, `at` in seconds after ten o'clock."""
    said = json.dumps(extra) if extra else ""
    fields = [kind, f"{NOON + at:.6f}", "", num, "", "", "", exten, context, channel, app, data, "3", "",
              IDS.get(channel, key + "9"), key, "", "", "", said]  # fmt: skip
    return ",".join('"' + f.replace('"', '""') + '"' for f in fields) + "\n"


def hangup(at, channel, cause, source="", **more):
    extra = {"hangupcause": cause, "hangupsource": source, "dialstatus": ""}
    return event("HANGUP", at, channel, extra=extra, **more) + event("CHAN_END", at, channel, **more)


def caller(end, source, key="1.0"):
    return [
        event("CHAN_START", 0, num=CUSTOMER, exten="48220000200", key=key),
        hangup(end, TRUNK, 16, source, key=key),
        event("LINKEDID_END", end, key=key),
    ]


def read(tmp_path, *lines, **files):
    named = {f"{name}.csv": content for name, content in files.items()}
    return Staged(written(tmp_path / "log", {"cel.csv": "".join(lines), **named}), "asterisk-cel")


def told(call, *columns):
    return tuple(v[len(DAY) :] if isinstance(v := call.get(c), str) and v.startswith(DAY) else v for c in columns)


def answered(who, start, up, end, source="", **app):
    return [
        event("CHAN_START", start, who),
        event("ANSWER", up, who, **(app or CALLED)),
        hangup(end, who, 16, source, **CALLED),
    ]


QUEUED = [
    event("APP_START", 20.5, app="Queue", data="support,t"),
    event("APP_END", 70.25, app="Queue", data="support,t"),
]


def test_a_queue_says_when_it_was_entered(tmp_path):
    """A menu of 20.5 s, the queue, 301 busy, 302 answers after 5 s of ringing; the customer hangs up."""
    staged = read(
        tmp_path,
        *caller(70.25, TRUNK),
        event("ANSWER", 1, app="Answer"),
        *QUEUED,
        event("CHAN_START", 21, FIRST),
        hangup(22, FIRST, 17, app="AppQueue", data="(Outgoing Line)"),
        *answered(SECOND, 25, 30, 70.25, TRUNK, app="AppQueue", data="(Outgoing Line)"),
    )
    call = staged.call("1.0")
    assert told(call, "started_at", "queued_at", "answered_at", "ended_at") == (
        "10:00:00Z", "10:00:20.5Z", "10:00:30Z", "10:01:10.25Z",
    )  # fmt: skip
    assert told(call, "queue", "operator", "outcome", "talk_s", "ring_s", "ended_by", "direction") == (
        "support", "302", "answered", 40.25, 5, "customer", "inbound",
    )  # fmt: skip
    assert told(call, "phone", "line", "provider") == (CUSTOMER, "48220000200", "trunk")
    assert [(r["operator"], r["result"]) for r in staged.rings] == [("301", "busy"), ("302", "answered")]


def test_a_customer_leaves_the_queue(tmp_path):
    staged = read(
        tmp_path, *caller(70.25, TRUNK), *QUEUED, event("CHAN_START", 21, FIRST), hangup(70, FIRST, 16, **CALLED)
    )
    assert told(staged.call("1.0"), "outcome", "queued_at", "ended_by", "operator") == (
        "abandoned", "10:00:20.5Z", "customer", None,
    )  # fmt: skip


def test_an_operator_hangs_up_after_a_hold(tmp_path):
    staged = read(
        tmp_path,
        *caller(60, FIRST),
        event("APP_START", 0.5, app="Dial", data="PJSIP/301,60"),
        *answered(FIRST, 1, 6, 60, FIRST),
        event("HOLD", 20, FIRST),
        event("UNHOLD", 32.5, FIRST),
    )
    assert told(staged.call("1.0"), "ended_by", "hold_s", "talk_s") == ("operator", 12.5, 41.5)


def test_a_blind_transfer(tmp_path):
    extra = {"extension": "302", "context": "internal", "transferee_channel_name": TRUNK}
    staged = read(
        tmp_path,
        *caller(90, SECOND),
        event("APP_START", 0.5, app="Dial", data="PJSIP/301,60"),
        event("BLINDTRANSFER", 40, FIRST, extra=extra),
        *answered(FIRST, 1, 6, 40.2),
        event("APP_START", 40.05, app="Dial", data="PJSIP/302,60"),
        *answered(SECOND, 40.1, 50, 90, SECOND),
    )
    first, second = (staged.call(i) for i in staged.order)
    assert told(first, "operator", "talk_s", "ended_at", "ended_by") == ("301", 34, "10:00:40Z", "operator")
    assert told(second, "operator", "started_at", "answered_at", "talk_s", "ended_by") == (
        "302", "10:00:40.1Z", "10:00:50Z", 40, "operator",
    )  # fmt: skip
    assert first["transfer_to"] == staged.order[1]


def test_an_attended_transfer(tmp_path):
    """301 asks 302 on a second channel from 20 s on, 302 answers at 25 s, and has the customer from 40 s on."""
    asks = "PJSIP/301-00000009"
    extra = {"channel2_name": asks, "transferee_channel_name": TRUNK, "transfer_target_channel_name": SECOND}
    staged = read(
        tmp_path,
        *caller(90, TRUNK),
        event("APP_START", 0.5, app="Dial", data="PJSIP/301,60"),
        *answered(FIRST, 1, 6, 40.2),
        event("CHAN_START", 20, asks, num="301", exten="302", context="from-internal"),
        event("APP_START", 20.5, asks, app="Dial", data="PJSIP/302,60"),
        *answered(SECOND, 21, 25, 90, TRUNK),
        event("ATTENDEDTRANSFER", 40, FIRST, extra=extra),
        hangup(40.1, asks, 16),
    )
    assert len(staged.order) == 2
    first, second = (staged.call(i) for i in staged.order)
    assert told(first, "operator", "talk_s", "ended_at") == ("301", 34, "10:00:40Z")
    assert told(second, "operator", "started_at", "answered_at", "ended_at", "talk_s", "ended_by") == (
        "302", "10:00:40Z", "10:00:40Z", "10:01:30Z", 50, "customer",
    )  # fmt: skip
    assert [(r["operator"], r["started_at"][len(DAY) :]) for r in staged.rings] == [
        ("301", "10:00:01Z"),
        ("302", "10:00:21Z"),
    ]


def test_an_outbound_call_that_is_refused(tmp_path):
    device, out = "PJSIP/301-00000002", "PJSIP/trunk-00000005"
    staged = read(
        tmp_path,
        event("CHAN_START", 0, device, num="301", exten=CUSTOMER, context="from-internal", key="1.1"),
        event("APP_START", 0.5, device, app="Dial", data=f"PJSIP/{CUSTOMER}@trunk,60", key="1.1"),
        event("CHAN_START", 1, out, key="1.1"),
        hangup(9, out, 21, **CALLED, key="1.1"),
        hangup(9.5, device, 21, key="1.1"),
    )
    assert told(staged.call("1.1"), "direction", "operator", "phone", "provider", "outcome", "source_outcome") == (
        "outbound", "301", CUSTOMER, "trunk", "rejected", "cause 21",
    )  # fmt: skip
    assert staged.rings == []


CDR = (
    f'"","{CUSTOMER}","48220000200","incoming","","{TRUNK}","{FIRST}","Dial","PJSIP/301,60",'
    '"2025-06-02 12:00:00","2025-06-02 12:00:06","2025-06-02 12:01:00",60,54,"ANSWERED","DOCUMENTATION","1.0",""'
)
EVENTS = [
    *caller(60, FIRST),
    event("APP_START", 0.5, app="Dial", data="PJSIP/301,60"),
    *answered(FIRST, 1, 6.25, 60, FIRST),
]


def test_records_and_events_of_one_call_are_one_call(tmp_path):
    """The record has seconds on a local clock, the events milliseconds in UTC and the side that hung up: these count."""
    record, other = f'{CDR},"","1.0",1\n', f'{CDR.replace("1.0", "2.0")},"","2.0",2\n'
    staged = read(tmp_path, *EVENTS, records=record + other)
    assert staged.order == ["1.0", "2.0"] or staged.order == ["2.0", "1.0"]
    both = staged.call("1.0")
    assert told(both, "answered_at", "ended_at", "ended_by", "talk_s") == (
        "10:00:06.25Z",
        "10:01:00Z",
        "operator",
        53.75,
    )
    alone = staged.call("2.0")  # only records tell of it
    assert told(alone, "answered_at", "talk_s") == ("12:00:06", 54) and "ended_by" not in alone
    assert staged.notes["calls that records and events tell of"] == 1
    assert staged.notes["lines joined into calls"] == 2 + sum(e.count("\n") for e in EVENTS)


def test_without_a_linkedid_the_channel_joins_them(tmp_path):
    staged = read(tmp_path, *EVENTS, records=CDR + "\n")
    assert staged.order == ["1.0"] and staged.call("1.0")["ended_by"] == "operator"


def test_the_recording_is_the_records(tmp_path):
    table = "calldate,src,dst,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,uniqueid,linkedid,recordingfile\n"
    table += (
        f"2025-06-02 12:00:00,{CUSTOMER},48220000200,{TRUNK},{FIRST},Dial,PJSIP/301,60,54,ANSWERED,1.0,1.0,call.wav\n"
    )
    staged = read(tmp_path, *EVENTS, records=table)
    assert staged.call("1.0")["recording"] == "call.wav" and staged.call("1.0")["talk_s"] == 53.75


def test_a_call_that_is_going_on_waits_for_its_end(tmp_path):
    """Without its end there is no call yet; with a record of it the record counts, and the events belong to it."""
    begun = EVENTS[:1] + EVENTS[3:4]
    staged = read(tmp_path / "a", *begun)
    assert staged.order == [] and staged.notes["events of calls not seen from begin to end, ignored"] == 2
    staged = read(tmp_path / "b", *begun, records=f'{CDR},"","1.0",1\n')
    assert told(staged.call("1.0"), "talk_s") == (54,) and staged.notes["lines joined into calls"] == 3
    (tmp_path / "a/log/later.csv").write_text("".join(EVENTS[1:3] + EVENTS[4:]))
    assert Staged(tmp_path / "a/log", "asterisk-cel").call("1.0")["talk_s"] == 53.75


def test_the_table_with_a_header_and_what_is_wrong(tmp_path):
    head = "id,eventtime,eventtype,cid_num,exten,context,channame,appname,appdata,uniqueid,linkedid,extra\n"
    rows = [
        f"1,2025-06-02 12:00:00.500000,CHAN_START,{CUSTOMER},200,in,{TRUNK},,,1.0,1.0,",
        f"2,2025-06-02 12:00:09.750000,HANGUP,{CUSTOMER},200,in,{TRUNK},,,1.0,1.0,",
        f"3,2025-06-02 12:00:09.750000,EXPLODE,{CUSTOMER},200,in,{TRUNK},,,1.0,1.0,",
        f"4,at noon,HANGUP,{CUSTOMER},200,in,{TRUNK},,,1.0,1.0,",
        "5,2025-06-02 12:00:09,USER_DEFINED,,,,,,,,,",
        "6,too,short",
    ]
    staged = Staged(written(tmp_path / "log", {"cel.csv": head + "\n".join(rows) + "\n"}), "asterisk-cel")
    assert told(staged.call("1.0"), "started_at", "ended_at", "outcome") == ("12:00:00.5", "12:00:09.75", "no_answer")
    assert [(r["line"], r["column_name"], r["reason"]) for r in staged.rejects] == [
        (4, "eventtype", "there is no such event"),
        (5, "eventtime", "the value cannot be read"),
        (7, None, "3 fields, the header has 12"),
    ]
    assert staged.notes["events outside of any call, ignored"] == 1
