"""Figures that were counted by hand in the raw lines of the samples, against the reports of a centre that loaded them.

Each figure stands beside the lines that it comes from and how it was counted there (grep, awk and sums on paper; never
this package). Line numbers are those of the file, the first line is 1.
"""

from __future__ import annotations

import pytest

import okireports
from queue_logs import centre

VOLUME = ("queue", "offered", "answered", "abandoned")


def ask(center, name, period, columns, **options):
    """Rows of a report, as tuples of some columns."""
    found = center.viewer("admin", reason="a count by hand").report(name, period=period, **options).arrow.to_pylist()
    return [tuple(row[c] for c in columns) for row in found]


def by_hour(rows):
    """Rows of (who, hour, ...), the hour as a number."""
    return [(who, hour.hour, *rest) for who, hour, *rest in rows]


@pytest.fixture
def load(shared, tmp_path):
    """Load one sample into a centre of its own, whose clock is that of the sample."""

    def loaded(name, source):
        center = centre(tmp_path / "centre")
        center.load(shared / "data" / name, source=source, create_missing=True)
        return center

    return loaded


# queue_log


def test_a_queue_with_answered_lost_and_closed_calls(load):
    """queue-07: nine callids, one of them CLOSED (line 12, not offered).

    Answered, by their CONNECT (lines 3, 6, 14, 17): waits 32, 1, 2, 2 = 37 s over four calls = 9.25; their
    COMPLETEAGENT (lines 4, 7, 15, 18) give talks of 2 + 2 + 1 + 1 = 6 s. (Line 15 says a wait of 3 where its CONNECT
    says 2; ENTERQUEUE and CONNECT are 2 s apart.) ABANDON (lines 9, 11, 20, 24) after 1, 1, 1, 38 s: four, the longest
    wait 38. All CONNECT name the agent NONE, so nobody is an operator here.
    """
    center = load("queue-log/queue-07.queue_log", "asterisk")
    columns = (*VOLUME, "asa_s", "max_wait_s", "talk_s")
    assert ask(center, "queue_summary", "2012-07-01", columns) == [("q01", 8, 4, 4, 9.25, 38.0, 6.0)]
    log = ask(center, "call_log", "2012-07-01", ("outcome", "wait_s", "talk_s"))
    assert log == [
        ("abandoned", 38, None), ("abandoned", 1, None), ("answered", 2, 1), ("answered", 2, 1), ("closed", None, None),
        ("abandoned", 1, None), ("abandoned", 1, None), ("answered", 1, 2), ("answered", 32, 2),
    ]  # fmt: skip
    assert ask(center, "operator_summary", "2012-07-01", ("operator",)) == []


def test_a_call_that_goes_through_two_queues(load):
    """queue-01: one callid. Line 1 enters q01 at 9:53:09, line 2 connects Agent/1240 3 s later (rang for 2), line 3
    ends it after 558 s, at 10:02:30. Line 4 enters q02 at that second, line 6 connects Agent/1246 2 s later (rang for
    2), line 7 ends it after 107 s. Agent/1240 was busy from 9:53:12, so 408 s before ten o'clock and 150 after."""
    center = load("queue-log/queue-01.queue_log", "asterisk")
    found = by_hour(
        ask(center, "queue_summary", "2013-11-08", ("queue", "interval", *VOLUME[1:], "asa_s", "talk_s"), by="hour")
    )
    assert found == [("q01", 9, 1, 1, 0, 3.0, 558.0), ("q02", 10, 1, 1, 0, 2.0, 107.0)]
    columns = ("operator", "interval", "logged_s", "waiting_s", "busy_s", "handled")
    assert by_hour(ask(center, "operator_summary", "2013-11-08", columns, by="hour")) == [
        ("Agent/1240", 9, 410.0, 2.0, 408.0, 1),
        ("Agent/1240", 10, 150.0, 0.0, 150.0, 0),
        ("Agent/1246", 10, 109.0, 2.0, 107.0, 1),
    ]


PRESENCE = ("operator", "logged_s", "ready_s", "waiting_s", "busy_s", "away_s", "handled")


@pytest.mark.parametrize(
    ("sample", "day", "expected"),
    [
        # Three calls (lines 1-3, 4-6, 7-9), each rang for 1 s (last field of CONNECT) and was talked 5, 9, 6 s; of an
        # agent without a log-on nothing else is known.
        ("agent-01", "2012-07-01", ("Agent/1", 23.0, 0.0, 3.0, 20.0, 0.0, 3)),
        # Line 1 logs on, line 2 off: 1325408466 - 1325407800 = 666 s. Lines 3, 4: 1325408550 - 1325408520 = 30 s.
        ("agent-05", "2012-01-01", ("Agent/5", 696.0, 696.0, 0.0, 0.0, 0.0, 0)),
        # Seen from line 1 (1325407269) to line 12 (1325414760), 7491 s; what comes after has no end. Paused from line 2
        # to 3 (308 s), 4 to 8 (210 s; lines 5-7 pause what is paused) and 11 to 12 (3890 s): 4408 s. Ready the rest:
        # 21 + 38 + 3024 s (lines 9, 10 unpause what is not paused).
        ("agent-13", "2012-01-01", ("Agent/10", 7491.0, 3083.0, 0.0, 0.0, 4408.0, 0)),
    ],
)
def test_the_presence_of_an_agent(load, sample, day, expected):
    assert ask(load(f"queue-log/{sample}.queue_log", "asterisk"), "operator_summary", day, PRESENCE) == [expected]


# call records of Asterisk and FreeSWITCH: none of these samples has a queue


def test_a_day_of_call_records(load):
    """forked-dials, 28 January 2024: lines 5-9, 10-11, 12-13 and 14 are four linkedids.

    Talked: line 9 (301, billsec 17), line 11 (200 at the branch, 30), line 12 (301, 33): 80 s in three calls. Line 14
    was BUSY. 301 had lines 9 and 12, 200 had line 11.
    """
    center = load("cdr/forked-dials.csv", "asterisk")
    log = ask(center, "call_log", "2024-01-28", ("operator", "outcome", "talk_s"))
    assert log == [(None, "busy", None), ("301", "answered", 33), ("200", "answered", 30), ("301", "answered", 17)]
    assert ask(center, "operator_summary", "2024-01-28", ("operator", "logged_s", "handled")) == [
        ("200", 0.0, 1),
        ("301", 0.0, 2),
    ]
    assert ask(center, "queue_summary", "2024-01-28", VOLUME) == []


def test_a_laboratory_by_hour(load):
    """lab: fourteen lines, field 13 is billsec, field 9 the start; three lines (2, 5, 10) are NO ANSWER.

    To client2 (line: s): 1: 13, 4: 18, 6: 8, 7: 8, 8: 7, 9: 3, 11: 2, 12: 2, so 61 s in eight calls; to client1
    3: 13, 13: 2, 14: 2, so 17 s in three. At 1 o'clock lines 1, 3; at 2 lines 4, 6-9, 11; at 3 line 12; at 9 the rest.
    """
    center = load("cdr/lab.csv", "asterisk")
    log = ask(center, "call_log", "2023-07-26", ("operator", "talk_s"))
    assert len(log) == 14 and sum(who is None for who, _ in log) == 3
    assert sum(talk for who, talk in log if who == "client2") == 61
    assert sum(talk for who, talk in log if who == "client1") == 17
    handled = by_hour(ask(center, "operator_summary", "2023-07-26", ("operator", "interval", "handled"), by="hour"))
    assert handled == [
        ("client1", 1, 1), ("client1", 9, 2), ("client2", 1, 1), ("client2", 2, 6), ("client2", 3, 1),
    ]  # fmt: skip


def test_two_days_of_freeswitch(load):
    """freeswitch: field 9 is billsec. 10 February: lines 1, 2, 4, 5 by 1002, 9 + 61 + 21 + 327 = 418 s; line 3 was not
    answered. 11 February: lines 6 and 7, 20 + 32 s, both at 1004; lines 8 and 10 contradict each other, 9 repeats 8."""
    center = load("cdr/freeswitch.csv", "freeswitch-cdr")
    log = ask(center, "call_log", ("2020-02-10", "2020-02-12"), ("operator", "outcome", "talk_s"))
    assert sorted(log, key=str) == sorted(
        [("1002", "answered", s) for s in (9, 61, 21, 327)]
        + [(None, "no_answer", None)]
        + [("1004", "answered", s) for s in (20, 32)],
        key=str,
    )
    assert sum(talk for who, _, talk in log if who == "1002") == 418
    handled = ask(center, "operator_summary", ("2020-02-10", "2020-02-12"), ("operator", "handled"), by="day")
    assert handled == [("1002", 4), ("1004", 2)]


# PhoneNow


def test_a_day_of_phonenow(load, shared):
    """1 January 2021, rows 2 to 59 of the sheet. Streaming stands in rows 11, 20, 26, 28, 31, 33, 36, 37, 56, 57.

    Rows 20 and 37 are N. Waits of the others: 78 + 97 + 39 + 107 + 122 + 119 + 35 + 83 = 680 s, over eight 85 s; talk
    (AvgTalkDuration, parts of a day): 64 + 249 + 240 + 355 + 128 + 91 + 79 + 405 = 1611 s. By topic, counted with
    `sort | uniq -c` (Y, N): Admin 8, 2; Contract 8, 3; Payment 9, 2; Technical 13, 3. Diane has rows 2, 8, 9, 26, 34,
    37, 44, 46; 37 was not answered, and she talked 143 + 220 + 38 + 249 + 409 + 381 + 313 = 1753 s.
    """
    (sheet,) = (shared / "data" / "phonenow").glob("*.xlsx")
    center = load(sheet.relative_to(shared / "data"), "phonenow")
    assert ask(center, "queue_summary", "2021-01-01", VOLUME) == [
        ("Admin Support", 10, 8, 2),
        ("Contract related", 11, 8, 3),
        ("Payment related", 11, 9, 2),
        ("Streaming", 10, 8, 2),
        ("Technical Support", 16, 13, 3),
    ]
    columns = ("queue", "asa_s", "max_wait_s", "talk_s")
    assert ("Streaming", 85.0, 122.0, 1611.0) in ask(center, "queue_summary", "2021-01-01", columns)
    assert ("Diane", 7) in ask(center, "operator_summary", "2021-01-01", ("operator", "handled"))
    dianes = [
        talk
        for who, outcome, talk in ask(center, "call_log", "2021-01-01", ("operator", "outcome", "talk_s"))
        if (who, outcome) == ("Diane", "answered")
    ]
    assert sum(dianes) == 1753


# the bank, 1 January 1999 (date 990101 in 01_January.txt)

# IN: lines 16355-16359, 31459-31463. HANG in 16357 (q_time 98), 31459 (190), 31461 (85): abandoned. Of the seven AGENT
#   the waits are 0, 122, 96, 102, 0, 23, 29 = 372 s, the services 466, 404, 50, 763, 83, 38, 419 = 2223 s.
# NE: lines 16533, 20946, 22052, no wait, 366 + 402 + 109 = 877 s.
# PE: lines 31 (HANG that never queued: not offered), 7907, 18027, 19462, 20953: waits 0, 0, 10, 9, services
#   95 + 937 + 167 + 246 = 1445 s.
# TT: lines 9526-9529, 9787-9792, 13261-13263, 13500-13502. Three HANG, of which 9789 queued (71 s) and is abandoned;
#   9791 and 9792 never did. Thirteen AGENT (13263 and 13502 without a server), waits 15 (9527) and 43 (9790), the
#   others 0; services 11 + 6 + 7 + 9 + 9 = 42 s.
BANK = [
    ("IN", 10, 7, 3, 372 / 7, 190.0, 2223.0),
    ("NE", 3, 3, 0, 0.0, 0.0, 877.0),
    ("PE", 4, 4, 0, 19 / 4, 10.0, 1445.0),
    ("TT", 14, 13, 1, 58 / 13, 71.0, 42.0),
]


@pytest.fixture(scope="module")
def january(shared, tmp_path_factory):
    center = okireports.create(tmp_path_factory.mktemp("bank") / "centre", timezone="Asia/Jerusalem")
    center.load(shared / "data" / "bank-1999" / "01_January.txt", source="bank-1999")
    return center


def test_a_day_of_the_bank(january):
    columns = (*VOLUME, "asa_s", "max_wait_s", "talk_s")
    found = {row[0]: row for row in ask(january, "queue_summary", "1999-01-01", columns)}
    assert [found[queue] for queue, *_ in BANK] == [pytest.approx(row) for row in BANK]


def test_an_hour_of_the_bank(january):
    """PS with vru_entry 8:xx: 74 lines. PHANTOM (11653, 16512) is not offered; HANG with q_time > 0 (14747: 12 s,
    29984: 18 s) is abandoned; 70 AGENT have q_time of 882 s in all (29 of them above 0, the longest 88 in 11650) and
    ser_time of 16,361 s. Lines 14747, 11653 and 16512 have a ser_time too, of 5, 2 and 54 s, which counts as work."""
    columns = ("queue", "interval", *VOLUME[1:], "asa_s", "max_wait_s", "talk_s")
    found = by_hour(ask(january, "queue_summary", "1999-01-01", columns, by="hour"))
    (row,) = [row for row in found if row[:2] == ("PS", 8)]
    assert row == ("PS", 8, 72, 70, 2, 12.6, 88.0, 16_361.0 + 5 + 2 + 54)


def test_a_server_of_the_bank(january):
    """ZOHARI: lines 28, 3065, 6314, 7931, 11670, 11671, 18033, 20946, 22052, 22075, 22077, 26356, 27539, 30004:
    fourteen AGENT, ser_time 165 + 167 + 283 + 121 + 290 + 49 + 89 + 402 + 109 + 96 + 204 + 88 + 321 + 104 = 2488 s; the
    two of NE (20946, 22052) in the morning. The log says nothing of presence."""
    assert ("ZOHARI", 0.0, 14) in ask(january, "operator_summary", "1999-01-01", ("operator", "logged_s", "handled"))
    log = ask(january, "call_log", "1999-01-01", ("operator", "queue", "talk_s"))
    mine = [(queue, talk) for who, queue, talk in log if who == "ZOHARI"]
    assert len(mine) == 14 and sum(talk for _, talk in mine) == 2488
    assert sorted(talk for queue, talk in mine if queue == "NE") == [109, 402]
