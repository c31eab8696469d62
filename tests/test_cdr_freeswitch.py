"""FreeSWITCH's CSV: its templates, legs, queues, quality, and who hung up; worked out by hand."""

from __future__ import annotations

import pytest

import switchlogs
from switchlogs import Staged, written

DAY = "2025-06-02 "
NOON = 1748858400  # 2025-06-02 10:00:00 UTC
CUSTOMER = "+48220000101"
A, B, C, D = (f"{n:08d}-0000-4000-8000-000000000000" for n in (1, 2, 3, 4))


def read(tmp_path, *lines):
    return Staged(written(tmp_path / "log", {"Master.csv": "\n".join(lines) + "\n"}), "freeswitch-cdr")


def told(call, *columns):
    return tuple(v[len(DAY) :] if isinstance(v := call.get(c), str) and v.startswith(DAY) else v for c in columns)


def example(number, dest, context, start, answer, end, bill, cause, uuid, bleg="", account="", **more):
    at = [DAY + t if t else "" for t in (start, answer, end)]
    fields = [
        more.get("name", number),
        number,
        dest,
        context,
        *at,
        "0",
        str(bill),
        cause,
        uuid,
        bleg,
        account,
        "PCMU",
        "PCMU",
    ]
    return ",".join('"' + f.replace('"', '""') + '"' for f in fields)


def table(*rows):
    """A file with a header: the variables that the rows have, in order of appearance."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in rows)]


def leg(uuid, start, answer, end, cause="NORMAL_CLEARING", **more):
    given = {"caller_id_number": CUSTOMER, "destination_number": "48220000200", "context": "public"} | more
    at = {f"{k}_stamp": DAY + t if t else "" for k, t in (("start", start), ("answer", answer), ("end", end))}
    return {"uuid": uuid, "hangup_cause": cause} | at | given


def test_an_a_leg_and_its_b_leg(tmp_path):
    """Both were logged (legs=ab): the B leg tells who was reached and when; its record is no call of its own."""
    staged = read(
        tmp_path,
        example(CUSTOMER, "1001", "public", "10:00:00", "10:00:07", "10:01:07", 60, "NORMAL_CLEARING", A, B),
        example(CUSTOMER, "1001", "default", "10:00:02", "10:00:07", "10:01:07", 60, "NORMAL_CLEARING", B),
    )
    assert staged.order == [A] and staged.notes["lines joined into calls"] == 2
    assert told(staged.call(A), "direction", "operator", "answered_at", "ring_s", "talk_s", "phone") == (
        "inbound", "1001", "10:00:07", 5, 60, CUSTOMER,
    )  # fmt: skip


def test_outbound_and_internal(tmp_path):
    staged = read(
        tmp_path,
        example("1001", CUSTOMER, "default", "10:00:00", "10:00:09", "10:00:19", 10, "NORMAL_CLEARING", A, B, "1001"),
        example("1001", "1002", "default", "10:05:00", "", "10:05:20", 0, "NO_ANSWER", C, D, "1001"),
    )
    assert told(staged.call(A), "direction", "operator", "phone", "picked_up_at") == (
        "outbound",
        "1001",
        CUSTOMER,
        "10:00:09",
    )
    assert told(staged.call(C), "direction", "operator", "outcome") == ("internal", None, "no_answer")


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        ("ORIGINATOR_CANCEL", "no_answer"), ("NO_ANSWER", "no_answer"), ("NO_USER_RESPONSE", "no_answer"),
        ("USER_BUSY", "busy"), ("CALL_REJECTED", "rejected"), ("UNALLOCATED_NUMBER", "failed"),
        ("NO_ROUTE_DESTINATION", "failed"), ("RECOVERY_ON_TIMER_EXPIRE", "failed"), ("STRUCK_BY_LIGHTNING", "struck_by_lightning"),
    ],
)  # fmt: skip
def test_causes_of_calls_that_nobody_answered(tmp_path, cause, outcome):
    staged = read(tmp_path, example(CUSTOMER, "1001", "public", "10:00:00", "", "10:00:20", 0, cause, A))
    assert told(staged.call(A), "outcome", "source_outcome", "answered_at") == (outcome, cause, None)


def test_an_unknown_cause_is_named_by_the_load(tmp_path):
    line = example(CUSTOMER, "1001", "public", "10:00:00", "", "10:00:20", 0, "STRUCK_BY_LIGHTNING", A)
    center = switchlogs.centre(tmp_path / "centre")
    result = center.load(
        written(tmp_path / "log", {"a.csv": line + "\n"}), source="freeswitch-cdr", create_missing=True
    )
    assert result.notes["outcome 'struck_by_lightning' is not known, taken as other"] == 1
    assert [row["outcome"] for row in switchlogs.log(center, "2025-06-02")] == ["other"]


def test_an_answer_stands_whatever_the_cause(tmp_path):
    staged = read(tmp_path, example(CUSTOMER, "1001", "public", "10:00:00", "10:00:05", "10:00:25", 20, "USER_BUSY", A))
    assert told(staged.call(A), "outcome", "source_outcome", "talk_s") == ("answered", "USER_BUSY", 20)


def test_a_transfer_is_a_second_b_leg(tmp_path):
    """Both B legs name the caller; the second begins when the first is over."""
    staged = read(
        tmp_path,
        *table(
            leg(A, "10:00:00", "10:00:05", "10:02:05", billsec=120, sip_hangup_disposition="recv_bye"),
            leg(B, "10:00:01", "10:00:05", "10:01:05", "BLIND_TRANSFER", billsec=60, originator=A, destination_number="1001", direction="outbound"),
            leg(C, "10:01:05", "10:01:10", "10:02:05", billsec=55, originator=A, destination_number="1002", direction="outbound"),
        ),
    )  # fmt: skip
    first, second = (staged.call(i) for i in staged.order)
    assert first["transfer_to"] == staged.order[1] == f"{A}/{C}"
    assert told(first, "operator", "talk_s", "ended_at", "ended_by") == ("1001", 60, "10:01:05", "operator")
    assert told(second, "operator", "started_at", "answered_at", "talk_s", "ended_by", "ended_at") == (
        "1002", "10:01:05", "10:01:10", 55, "customer", "10:02:05",
    )  # fmt: skip


QUEUE = {
    "cc_queue": "support@default",
    "cc_agent": "1001@example.com",
    "start_epoch": NOON,
    "cc_queue_joined_epoch": NOON + 5,
}


def test_a_queue_of_mod_callcenter(tmp_path):
    """The channel was answered with music at 10:00:01; the agent took it at 10:00:30."""
    talked = leg(A, "10:00:00", "10:00:01", "10:01:30", billsec=89, **QUEUE, cc_queue_answered_epoch=NOON + 30)
    left = leg(B, "10:00:00", "10:00:01", "10:00:45", billsec=44, **QUEUE, cc_queue_answered_epoch=0) | {"cc_agent": ""}
    staged = read(tmp_path, *table(talked, left))
    assert told(staged.call(A), "queue", "operator", "queued_at", "answered_at", "talk_s", "outcome") == (
        "support", "1001", "10:00:05", "10:00:30", 60, "answered",
    )  # fmt: skip
    assert told(staged.call(B), "queue", "operator", "queued_at", "answered_at", "outcome") == (
        "support", None, "10:00:05", None, "abandoned",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "bleg", "by"),
    [("recv_bye", B, "customer"), ("send_bye", B, "operator"), ("send_bye", "", "system"), ("", B, None)],
)
def test_who_hung_up(tmp_path, said, bleg, by):
    staged = read(
        tmp_path,
        *table(leg(A, "10:00:00", "10:00:05", "10:00:25", billsec=20, sip_hangup_disposition=said, bleg_uuid=bleg)),
    )
    assert staged.call(A).get("ended_by") == by


def test_quality_and_sip_codes(tmp_path):
    heard = {"rtp_audio_in_mos": "4.31", "rtp_audio_in_packet_count": 980, "rtp_audio_in_skip_packet_count": 20}
    staged = read(
        tmp_path,
        *table(
            leg(A, "10:00:00", "10:00:05", "10:00:25", billsec=20, **heard, progressmsec=1250),
            leg(
                B, "10:00:00", "", "10:00:05", "USER_BUSY", sip_term_status="486", proto_specific_hangup_cause="sip:486"
            ),
        ),
    )
    call = staged.call(A)
    assert (float(call["mos"]), float(call["packet_loss"]), call["post_dial_s"]) == (4.31, 2.0, 1.25)
    assert staged.call(B)["sip_code"] == "486"
    center = switchlogs.centre(tmp_path / "centre")
    center.load(tmp_path / "log", source="freeswitch-cdr", create_missing=True)
    log = {row["outcome"]: row for row in switchlogs.log(center, "2025-06-02")}
    assert float(log["answered"]["mos"]) == 4.31 and log["busy"]["sip_code"] == 486


def test_the_sip_code_of_the_next_variable(tmp_path):
    """Where sip_term_status is empty the other variables tell, in their order."""
    row = leg(A, "10:00:00", "", "10:00:05", "CALL_REJECTED", sip_term_status="", proto_specific_hangup_cause="sip:603")
    assert told(read(tmp_path, *table(row)).call(A), "sip_code", "outcome") == ("603", "rejected")


def test_a_menu_answered(tmp_path):
    staged = read(tmp_path, *table(leg(A, "10:00:00", "10:00:01", "10:00:25", billsec=24, last_app="playback")))
    assert told(staged.call(A), "outcome", "operator", "talk_s") == ("left_in_scenario", None, None)


SNOM = ',"Snom/8.7","","",""," "'
SQL = 'INSERT INTO cdr VALUES ("Jan","{0}","1001","public","2025-06-02 10:00:00","2025-06-02 10:00:05","2025-06-02 10:00:25","25","20","NORMAL_CLEARING","{1}","", "");'
ASTERISK = '"","{0}","1001","public","{0}","sofia/x","sofia/y","bridge","user/1001","2025-06-02 10:00:00","2025-06-02 10:00:05","2025-06-02 10:00:25","25","20","NORMAL_CLEARING","","{1}",""'


@pytest.mark.parametrize(
    "line",
    [
        example(CUSTOMER, "1001", "public", "10:00:00", "10:00:05", "10:00:25", 20, "NORMAL_CLEARING", A),
        example(CUSTOMER, "1001", "public", "10:00:00", "10:00:05", "10:00:25", 20, "NORMAL_CLEARING", A) + SNOM,
        SQL.format(CUSTOMER, A),
        ASTERISK.format(CUSTOMER, A),
    ],
    ids=["example", "snom", "sql", "asterisk"],
)
def test_templates(tmp_path, line):
    staged = read(tmp_path, line)
    assert not staged.rejects
    assert told(staged.call(A), "phone", "operator", "answered_at", "ended_at", "talk_s", "direction", "outcome") == (
        CUSTOMER, "1001", "10:00:05", "10:00:25", 20, "inbound", "answered",
    )  # fmt: skip


def test_what_is_wrong_with_a_line(tmp_path):
    good = example(CUSTOMER, "1001", "public", "10:00:00", "10:00:05", "10:00:25", 20, "NORMAL_CLEARING", A)
    staged = read(
        tmp_path, good, good.replace(A, "no uuid"), good.replace(A, B).replace("10:00:25", "09:00:00"),
        good.replace(A, C).replace('"20"', '"-20"'), good[:-1], good[:40],
    )  # fmt: skip
    assert [(r["line"], r["column_name"], r["reason"]) for r in staged.rejects] == [
        (2, "uuid", "the value cannot be read"),
        (3, None, "it ends before it starts"),
        (4, "billsec", "the value cannot be read"),
        (5, None, "a quote that is not closed, or text beside quotes"),
        (6, None, "4 fields, a line has 13 or more" if good[:40].count('"') % 2 == 0 else "a quote that is not closed, or text beside quotes"),
    ]  # fmt: skip


def test_legs_that_name_each_other(tmp_path):
    """Two legs that each say to be the other's are one call, and nothing goes in circles."""
    staged = read(
        tmp_path,
        example(CUSTOMER, "1001", "public", "10:00:00", "10:00:05", "10:00:25", 20, "NORMAL_CLEARING", A, B),
        example("1001", CUSTOMER, "default", "10:00:01", "10:00:05", "10:00:25", 20, "NORMAL_CLEARING", B, A),
        example(CUSTOMER, "1001", "public", "11:00:00", "11:00:05", "11:00:25", 20, "NORMAL_CLEARING", C, C),
    )
    assert staged.order == [A, C]
