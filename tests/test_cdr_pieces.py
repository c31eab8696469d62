"""Records of one call that come at different times, in a file that grows or in files of their own; and a source renamed."""

from __future__ import annotations

import pytest

from okireports.errors import LoadError
from okireports.sources import queue_log
from queue_logs import admin_sees, centre
from switchlogs import written
from test_asterisk import HEADER, JAN, LINES, RECORDS, SALES, SENT, TRUNK, T, load
from test_asterisk import folder as logs
from test_asterisk import tables as facts

JANS = RECORDS[:3]  # 301 for a minute, then 302 and 303 for half a minute each: one call of three contacts
SUPPORT = f"{SALES}/PJSIP/302-00000003"


def rings(device, start, answer, end, billsec, disposition):
    """One more record of Jan's call: a device that support rings."""
    start, answer, end = (f"2024-06-03 {at}" if at else "" for at in (start, answer, end))
    return (
        f'{JAN},200,in,"""Jan"" <{JAN}>",{TRUNK},PJSIP/{device},Queue,"support,t",{start},{answer},{end},9,{billsec},'
        f"{disposition},{T}.1,{T}.1,9,\n"
    )


def talks(center):
    """Who talked how long in each contact."""
    return {row["source_id"]: (row["operator"], row["talk_ms"]) for row in admin_sees(center, "calls")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What one load of all three records gives."""
    place = tmp_path_factory.mktemp("whole")
    center = centre(place / "centre")
    load(center, logs(place / "log", (), JANS))
    assert talks(center) == {SALES: ("301", 60_000), SUPPORT: ("302", 30_000), SENT: ("303", 30_000)}
    return facts(center)


def test_a_file_that_grows_within_a_call(whole, tmp_path):
    center, log = centre(tmp_path / "centre"), tmp_path / "log"
    for records in (JANS[:1], JANS[:2], JANS):
        logs(log, (), records)
        result = center.sync(log, source="asterisk", create_missing=True)
        assert (result.rows_rejected, result.rows_in) == (0, 1 + len(records))
    assert facts(center) == whole


def test_a_record_in_the_next_file_of_the_folder(whole, tmp_path):
    center, log = centre(tmp_path / "centre"), tmp_path / "log"
    written(log, {"Master.csv.1": HEADER + "".join(JANS[:2])})
    center.sync(log, source="asterisk", create_missing=True)
    written(log, {"Master.csv": HEADER + JANS[2]})
    assert center.sync(log, source="asterisk", create_missing=True).rows_rejected == 0
    assert facts(center) == whole


def test_a_contact_that_a_later_record_tells_otherwise_is_there_once(tmp_path):
    """302 rings in vain and is written at once; 304, which support had rung before, answers and is written last: the
    contact in support has begun with 304, and what stood there without it is no more."""
    early = [RECORDS[0], rings("302-00000003", "10:01:15", "", "10:01:20", 0, "NO ANSWER")]
    late = rings("304-00000004", "10:01:12", "10:01:25", "10:02:00", 35, "ANSWERED")
    center, log = centre(tmp_path / "centre"), tmp_path / "log"
    logs(log, (), early)
    load(center, log)
    assert talks(center) == {SALES: ("301", 60_000), SUPPORT: (None, None)}
    logs(log, (), [*early, late])
    load(center, log)
    assert talks(center) == {SALES: ("301", 60_000), f"{SALES}/PJSIP/304-00000004": ("304", 35_000)}
    once = centre(tmp_path / "once")
    load(once, log)
    assert facts(center) == facts(once)


@pytest.mark.parametrize("first", [(0,), (1,), (1, 2), (0, 2)])
def test_records_without_those_that_were_read_before_are_rejected(whole, tmp_path, first):
    """Alone they would put another conversation in the place of the one that is there."""
    center = centre(tmp_path / "centre")
    load(center, logs(tmp_path / "log", (), [JANS[n] for n in first]))
    then = facts(center)
    rest = [JANS[n] for n in range(3) if n not in first]
    result = load(center, logs(tmp_path / "rest", (), [*rest, RECORDS[3]]))
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (1 + len(rest) + 1, 1, len(rest))
    assert list(result.rejects["line"]) == [n + 2 for n in range(len(rest))]
    assert set(result.rejects["column_name"]) == {"linkedid"} and set(result.rejects["value"]) == {SALES}
    assert set(result.rejects["reason"].str.contains("load all of its records together")) == {True}
    now = facts(center)
    assert len(now["calls"]) == len(then["calls"]) + 1, "another call of the same file is loaded"
    assert all(row in now["calls"] for row in then["calls"])

    load(center, logs(tmp_path / "all", (), RECORDS[:4]))
    assert [row for row in facts(center)["calls"] if row["source_id"].startswith(SALES)] == whole["calls"]


def test_a_record_that_is_corrected_is_the_same_record(tmp_path):
    center = centre(tmp_path / "centre")
    load(center, logs(tmp_path / "log", (), JANS))
    corrected = [record.replace(",72,60,ANSWERED", ",72,59,ANSWERED") for record in JANS]
    assert load(center, logs(tmp_path / "next", (), corrected)).rows_rejected == 0
    assert talks(center)[SALES] == ("301", 59_000)
    assert len(talks(center)) == 3


A, B = (f"{n:08d}-0000-4000-8000-000000000000" for n in (1, 2))
LEGS = "caller_id_number,destination_number,context,start_stamp,answer_stamp,end_stamp,billsec,hangup_cause,uuid,originator\n"
A_LEG = f"{JAN},200,public,2024-06-03 10:00:00,2024-06-03 10:00:05,2024-06-03 10:01:00,55,NORMAL_CLEARING,{A},\n"
B_LEG = f"{JAN},1002,default,2024-06-03 10:00:02,2024-06-03 10:00:05,2024-06-03 10:01:00,55,NORMAL_CLEARING,{B},{A}\n"
OWN = """
[source]
name = "queue_log"
[[table]]
table = "calls"
[table.columns]
source_id = "id"
direction = { const = "inbound" }
started_at = "start"
ended_at = "start"
outcome = { const = "abandoned" }
"""
ALONE = "legs that name another one, which is not in this load: calls of their own"


def test_a_b_leg_of_freeswitch_that_is_written_before_its_a_leg(tmp_path):
    """Read between the two it is a call of its own, which the load says; with the A leg it is a part of that call."""
    center, log = centre(tmp_path / "centre"), tmp_path / "log"
    written(log, {"Master.csv": LEGS + B_LEG})
    result = center.sync(log, source="freeswitch-cdr", create_missing=True)
    assert result.notes[ALONE] == 1 and talks(center) == {B: ("1002", 55_000)}
    written(log, {"Master.csv": LEGS + B_LEG + A_LEG})
    assert ALONE not in center.sync(log, source="freeswitch-cdr", create_missing=True).notes
    assert talks(center) == {A: ("1002", 55_000)}
    once = centre(tmp_path / "once")
    once.load(log, source="freeswitch-cdr", create_missing=True)
    assert facts(center) == facts(once) and len(facts(center)["rings"]) == 1


@pytest.fixture
def former(tmp_path, monkeypatch):
    """A centre that holds the queue log under the name that its source had before it became one of Asterisk's."""
    center = centre(tmp_path / "centre")
    with monkeypatch.context() as patch:
        patch.setattr(queue_log, "SOURCE", "queue_log")
        load(center, logs(tmp_path / "log", LINES, ()))
    return center


@pytest.mark.parametrize("source", ["asterisk", "queue_log"])
def test_what_a_source_told_under_its_former_name_is_not_told_twice(former, tmp_path, source):
    then, told = facts(former), talks(former)
    with pytest.raises(LoadError, match="holds 14 lines of a queue log as source 'queue_log'"):
        load(former, tmp_path / "log", source)
    assert facts(former) == then
    former.rollback(actor="admin", reason="the source has another name now")
    load(former, tmp_path / "log", source)
    assert talks(former) == told


def test_other_sources_are_loaded_beside_it(former, tmp_path):
    written(tmp_path / "other", {"Master.csv": LEGS + A_LEG})
    assert former.load(tmp_path / "other", source="freeswitch-cdr", create_missing=True).rows_loaded == 1


def test_a_mapping_may_have_that_name(tmp_path):
    center = centre(tmp_path / "centre")
    written(tmp_path / "own", {"own.toml": OWN, "calls.csv": "id,start\n1,2024-06-03 10:00:00\n"})
    assert center.load(tmp_path / "own" / "calls.csv", source=tmp_path / "own" / "own.toml").rows_loaded == 1
    assert load(center, logs(tmp_path / "log", LINES, ())).rows_loaded == 14
