"""The queue log, call records and channel events of one switch: one set of contacts, whatever comes first."""

from __future__ import annotations

import gzip
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from okireports.errors import LoadError
from okireports.sources import inspect
from queue_logs import admin_sees, centre
from queue_logs import tables as facts
from switchlogs import written

T = 1_717_408_800  # 2024-06-03T10:00:00Z
JAN, EWA, TOM = "+48220000101", "+48220000102", "+48220000104"
SALES, SENT = f"{T}.1", f"{T}.1/PJSIP/303-00000004"  # Jan's interaction; the extension to which he was sent at last
HEADER = (
    "src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,disposition,"
    "uniqueid,linkedid,sequence,recordingfile\n"
)
TRUNK = "PJSIP/acme-00000001"
RECORDS = [
    # Jan hears a menu for 8 s, talks to 301 in sales and to 302 in support, who sends him on to 303
    f'{JAN},200,in,"""Jan"" <{JAN}>",{TRUNK},PJSIP/301-00000002,Queue,"sales,t",2024-06-03 10:00:00,'
    f"2024-06-03 10:00:12,2024-06-03 10:01:12,72,60,ANSWERED,{T}.1,{T}.1,1,jan-1.wav\n",
    f'{JAN},200,in,"""Jan"" <{JAN}>",{TRUNK},PJSIP/302-00000003,Queue,"support,t",2024-06-03 10:01:12,'
    f"2024-06-03 10:01:20,2024-06-03 10:01:50,38,30,ANSWERED,{T}.1,{T}.1,2,jan-2.wav\n",
    f'{JAN},303,in,"""Jan"" <{JAN}>",{TRUNK},PJSIP/303-00000004,Dial,PJSIP/303,2024-06-03 10:01:50,'
    f"2024-06-03 10:01:55,2024-06-03 10:02:25,35,30,ANSWERED,{T}.1,{T}.1,3,jan-3.wav\n",
    # 302 calls a customer
    f'302,{EWA},from-internal,"""302"" <302>",PJSIP/302-00000005,PJSIP/acme-00000006,Dial,PJSIP/{EWA}@acme,'
    f"2024-06-03 10:05:00,2024-06-03 10:05:10,2024-06-03 10:05:30,30,20,ANSWERED,{T + 300}.5,{T + 300}.5,4,\n",
    # the queue log knows Tom's call by the second channel of its interaction
    f'{TOM},200,in,"""Tom"" <{TOM}>",PJSIP/acme-00000007,,Queue,"sales,t",2024-06-03 10:11:40,,2024-06-03 10:12:00,'
    f"20,0,NO ANSWER,{T + 700}.8,{T + 700}.7,5,\n",
]
QUEUE_LOG = """\
-3600|NONE|sales|PJSIP/301|ADDMEMBER
-3600|NONE|support|PJSIP/302|ADDMEMBER
+8|{T}.1|sales|NONE|ENTERQUEUE||anonymous|1
+12|{T}.1|sales|PJSIP/301|CONNECT|4|{T}.2|3
+72|{T}.1|sales|PJSIP/301|COMPLETEAGENT|4|60|1
+72|{T}.1|support|NONE|ENTERQUEUE||anonymous|1
+80|{T}.1|support|PJSIP/302|CONNECT|8|{T}.3|5
+110|{T}.1|support|PJSIP/302|BLINDTRANSFER|303|in|8|30|1
+600|1717409400.6|sales|NONE|ENTERQUEUE||+48 22 000 01 06|1
+620|1717409400.6|sales|NONE|ABANDON|1|1|20
+705|1717409500.8|sales|NONE|ENTERQUEUE||anonymous|1
+720|1717409500.8|sales|NONE|ABANDON|1|1|15
+7200|NONE|sales|PJSIP/301|REMOVEMEMBER
+7200|NONE|support|PJSIP/302|REMOVEMEMBER
"""
LINES = [
    f"{T + int(offset)}|{rest}\n"
    for offset, rest in (line.split("|", 1) for line in QUEUE_LOG.replace("{T}", str(T)).splitlines())
]


def load(center, path, source="asterisk", **options):
    result = center.load(path, source=source, create_missing=True, **options)
    assert result.rows_in == result.rows_loaded + result.rows_rejected + result.rows_ignored
    return result


def folder(place, queue_log=LINES, records=RECORDS):
    """A folder with a part of the logs."""
    files = {}
    if queue_log:
        files["queue_log"] = "".join(queue_log)
    if records:
        files["Master.csv"] = HEADER + "".join(records)
    return written(place, files)


def tables(center):
    """What the centre holds, recordings by the call that they are of."""
    calls = {row["call_id"]: row["source_id"] for row in admin_sees(center, "calls")}
    return facts(center) | {
        "recordings": [(row["url"], calls[row["call_id"]]) for row in admin_sees(center, "recordings")]
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    place = tmp_path_factory.mktemp("whole")
    center = centre(place / "centre")
    result = load(center, folder(place / "log"))
    assert (result.rows_in, result.rows_loaded, result.rows_rejected, result.rows_ignored) == (20, 19, 0, 1)
    assert result.notes["header lines, ignored"] == 1
    assert result.notes["contacts of the queue log that records or events tell of"] == 3
    return tables(center), admin_sees(center, "calls")


def at(row, column):
    return None if row[column] is None else int(row[column].replace(tzinfo=UTC).timestamp()) - T


def test_the_contacts_of_both_by_hand(whole):
    calls = {row["source_id"]: row for row in whole[1]}
    said = {
        i: tuple(at(c, k) for k in ("started_at", "queued_at", "answered_at", "ended_at")) for i, c in calls.items()
    }
    assert said == {
        f"{SALES}/sales/1": (0, 8, 12, 72),  # from the start of the interaction; the entry is the queue log's
        f"{SALES}/support/1": (72, 72, 80, 110),
        SENT: (110, None, 115, 145),
        f"{T + 300}.5": (300, None, 310, 330),
        f"{T + 600}.6/sales/1": (600, 600, None, 620),
        f"{T + 700}.8/sales/1": (700, 705, None, 720),
    }
    columns = ("queue", "operator", "outcome", "ended_by", "direction", "line", "wait_ms", "talk_ms")
    told = {i: tuple(c[k] for k in columns) for i, c in calls.items()}
    assert told == {
        f"{SALES}/sales/1":
            ("sales", "PJSIP/301", "answered", "operator", "inbound", "200", 4_000, 60_000),
        f"{SALES}/support/1":
            ("support", "PJSIP/302", "answered", "operator", "inbound", "200", 8_000, 30_000),
        SENT: (None, "303", "answered", None, "inbound", "200", None, 30_000),
        f"{T + 300}.5": (None, "302", "answered", None, "outbound", None, None, 20_000),
        f"{T + 600}.6/sales/1": ("sales", None, "abandoned", "customer", "inbound", None, 20_000, None),
        f"{T + 700}.8/sales/1": ("sales", None, "abandoned", "customer", "inbound", "200", 15_000, None),
    }  # fmt: skip
    recorded = [("jan-1.wav", f"{SALES}/sales/1"), ("jan-2.wav", f"{SALES}/support/1"), ("jan-3.wav", SENT)]
    assert whole[0]["recordings"] == recorded
    assert calls[f"{SALES}/support/1"]["transfer_to_call_id"] == calls[SENT]["call_id"]
    jan = {calls[i]["contact_key"] for i in calls if i.startswith(SALES)}
    assert len(jan) == 1 and None not in jan, "the number that the queue log calls anonymous is Jan's"
    assert len({calls[i]["provider_id"] for i in (f"{SALES}/sales/1", SENT, f"{T + 700}.8/sales/1")}) == 1


def test_statuses_and_rings_are_those_of_the_queue_log(whole):
    """By hand: 302's ring in support (5 s) and what they did; 303 rang outside of any queue."""
    rings = sorted((at(r, "started_at"), at(r, "ended_at"), r["operator"], r["result"]) for r in whole[0]["rings"])
    assert rings == [
        (9, 12, "PJSIP/301", "answered"),
        (75, 80, "PJSIP/302", "answered"),
        (110, 115, "303", "answered"),
    ]
    rows = [(at(r, "started_at"), r["status"]) for r in whole[0]["statuses"] if r["operator"] == "PJSIP/302"]
    assert sorted(rows) == [(-3600, "Ready"), (75, "Waiting"), (80, "Busy"), (110, "Ready"), (7200, "Offline")]


ONE_BY_ONE = [("queue_log", LINES, ()), ("asterisk-cdr", (), RECORDS)]


@pytest.mark.parametrize("loads", [ONE_BY_ONE, ONE_BY_ONE[::-1], [*ONE_BY_ONE, *ONE_BY_ONE], [
    ("asterisk-cdr", (), RECORDS), ("asterisk", LINES, RECORDS)], [("queue_log", LINES, ()), ("asterisk", (), RECORDS)],
    [("asterisk", LINES, RECORDS), ("queue_log", LINES[:9], ())],
])  # fmt: skip
def test_each_log_for_itself_gives_the_whole(whole, tmp_path, loads):
    center = centre(tmp_path / "centre")
    for nth, (source, lines, records) in enumerate(loads):
        load(center, folder(tmp_path / f"log {nth}", lines, records), source)
    assert tables(center) == whole[0]


@pytest.mark.parametrize("cut", [3, 5, 7, 9, 11])
@pytest.mark.parametrize("turned", [False, True])
def test_pieces_of_the_queue_log_in_any_order_give_the_whole(whole, tmp_path, cut, turned):
    center = centre(tmp_path / "centre")
    pieces = [LINES[:cut], LINES[cut:]]
    for nth, piece in enumerate(pieces[::-1] if turned else pieces):
        load(center, folder(tmp_path / f"log {nth}", piece))
    assert tables(center) == whole[0]


@pytest.mark.parametrize("cut", [3, 9, 11])
def test_what_records_added_stays_when_they_are_not_there_again(whole, tmp_path, cut):
    center = centre(tmp_path / "centre")
    load(center, folder(tmp_path / "log", LINES[:cut]))
    load(center, folder(tmp_path / "next", LINES[cut:], ()))
    assert tables(center) == whole[0]


def test_contacts_of_records_give_way_to_those_of_the_queue_log(tmp_path):
    """And to those of their interaction alone: the outbound call stays as it was."""
    center = centre(tmp_path / "centre")
    load(center, folder(tmp_path / "log", ()))
    then = {row["source_id"]: row["outcome"] for row in admin_sees(center, "calls")}
    assert then == {
        SALES: "answered", f"{SALES}/PJSIP/302-00000003": "answered", SENT: "answered", f"{T + 300}.5": "answered",
        f"{T + 700}.7": "abandoned",
    }  # fmt: skip
    load(center, folder(tmp_path / "next", LINES[:4], ()))  # it has no end yet
    assert {row["source_id"] for row in admin_sees(center, "calls")} == set(then)
    load(center, folder(tmp_path / "last", LINES[4:], ()))
    now = {row["source_id"] for row in admin_sees(center, "calls")}
    assert now & set(then) == {SENT, f"{T + 300}.5"}
    assert {row["operator"] for row in admin_sees(center, "rings")} == {"PJSIP/301", "PJSIP/302", "303"}


def test_a_folder_that_is_kept_up_with(whole, tmp_path):
    center, log = centre(tmp_path / "centre"), tmp_path / "log"
    folder(log, LINES[:6], RECORDS[:4])
    options = {"source": "asterisk", "create_missing": True}
    assert center.sync(log, **options).rows_in == 6 + 5
    assert center.sync(log, **options) is None
    folder(log, LINES, RECORDS)  # both files have grown
    assert center.sync(log, **options).rows_in == 14 + 6
    assert center.sync(log, **options) is None
    assert tables(center) == whole[0]


def test_records_in_another_zone_add_everything_but_the_start(tmp_path):
    """Warsaw's 12:00 taken as 12:00 UTC: Jan entered his queue two hours before he called, and the load says so."""
    center = centre(tmp_path / "centre")
    records = [record.replace(" 10:", " 12:") for record in RECORDS]
    result = load(center, folder(tmp_path / "log", LINES, records))
    assert result.notes["calls that entered a queue outside the time that their records tell: is the zone right?"] == 2
    first = next(c for c in admin_sees(center, "calls") if c["source_id"] == f"{SALES}/sales/1")
    assert (at(first, "started_at"), first["line"]) == (8, "200")
    right = centre(tmp_path / "right")
    load(right, folder(tmp_path / "log", LINES, records), timezone="Europe/Warsaw")
    first = next(c for c in admin_sees(right, "calls") if c["source_id"] == f"{SALES}/sales/1")
    assert at(first, "started_at") == 0


def test_packed_files_of_both(whole, tmp_path):
    log = tmp_path / "log"
    written(log, {"queue_log.1.gz": gzip.compress("".join(LINES[:7]).encode())})
    with zipfile.ZipFile(log / "rest.zip", "w") as archive:
        archive.writestr("astlog/queue_log", "".join(LINES[7:]))
        archive.writestr("astlog/Master.csv", HEADER + "".join(RECORDS))
    center = centre(tmp_path / "centre")
    load(center, log)
    assert tables(center) == whole[0]


def test_events_beside_the_queue_log(tmp_path):
    """Events know the second channel of the interaction, and who hung up; the queue log's word counts."""
    events = "".join(
        f'"{kind}","{T + second}.0","","{number}","","","","200","in","{channel}","{app}","{data}","3","","{unique}",'
        f'"{T}.1","","","",""\n'
        for kind, second, number, channel, app, data, unique in [
            ("CHAN_START", 0, JAN, TRUNK, "", "", f"{T}.1"),
            ("APP_START", 8, JAN, TRUNK, "Queue", "sales,t", f"{T}.1"),
            ("CHAN_START", 9, "", "PJSIP/301-00000002", "", "", f"{T}.2"),
            ("ANSWER", 12, "", "PJSIP/301-00000002", "AppQueue", "(Outgoing Line)", f"{T}.2"),
            ("HANGUP", 72, "", "PJSIP/301-00000002", "AppQueue", "(Outgoing Line)", f"{T}.2"),
            ("HANGUP", 73, JAN, TRUNK, "Queue", "sales,t", f"{T}.1"),
            ("CHAN_END", 73, JAN, TRUNK, "", "", f"{T}.1"),
        ]
    )
    center = centre(tmp_path / "centre")
    result = load(center, written(tmp_path / "log", {"queue_log": "".join(LINES[:5]), "cel.csv": events}))
    assert result.rows_in == result.rows_loaded == 5 + 7
    (call,) = admin_sees(center, "calls")
    assert call["source_id"] == f"{SALES}/sales/1" and call["line"] == "200"
    assert [at(call, k) for k in ("started_at", "queued_at", "answered_at", "ended_at")] == [0, 8, 12, 72]
    assert call["provider_id"] is not None and call["contact_key"] is not None


def test_a_folder_without_any_of_them(tmp_path):
    center = centre(tmp_path / "centre")
    with pytest.raises(LoadError, match="no log of Asterisk"):
        load(center, written(tmp_path / "log", {"a.csv": "one,two\n1,2\n"}))
    with pytest.raises(LoadError, match="no queue_log here"):
        load(center, folder(tmp_path / "records", ()), "queue_log")


def test_lines_from_the_future_are_rejected_once_each(tmp_path):
    """Loaded on 1 June: of the records, a call and its ring are one line."""
    center = centre(tmp_path / "centre")
    center = replace(center, clock=lambda: datetime(2024, 6, 1, tzinfo=UTC))
    result = load(center, folder(tmp_path / "log", LINES[2:4], RECORDS[:1]))
    assert (result.rows_in, result.rows_rejected, result.rows_ignored) == (4, 3, 1)
    assert set(result.rejects["file"]) == {"queue_log", "Master.csv"}


@pytest.mark.parametrize(
    ("name", "text", "source"),
    [("a.log", "".join(LINES), "asterisk"), ("Master.csv", HEADER + RECORDS[0], "asterisk")],
)
def test_inspect_names_the_source(tmp_path, name, text, source):
    written(tmp_path, {name: text})
    draft = inspect(tmp_path / name)
    assert not draft.is_calls and f"source='{source}'" in str(draft)
