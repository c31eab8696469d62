"""The bank's log of 1999: published figures, the damage of the files as first published, and the written rules."""

from __future__ import annotations

import json
import os
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from okireports import sources
from okireports.errors import LoadError

HEADER = (
    "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\tq_exit\tq_time"
    "\toutcome\tser_start\tser_exit\tser_time\tserver"
)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data, outside the project."""
    root = Path(__file__).parent.parent
    folder = (root / os.environ.get("OKIREPORTS_SHARED", "../shared")).resolve()
    if not folder.is_dir():
        told = f"the folder of real data is absent: {folder} (set OKIREPORTS_SHARED)"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    return folder


@pytest.fixture(scope="module")
def bank(shared):
    """The ten months, staged once."""
    with duckdb.connect() as con:
        con.execute("SET threads = 2")
        yield con, sources.read(con, shared / "data" / "bank-1999", source="bank-1999")


@pytest.fixture(scope="module")
def published(shared):
    """Figures printed by others: what -> (value, filter)."""
    oracle = json.loads((shared / "oracles" / "bank-1999.json").read_text())
    return {figure["what"]: figure["published"] for figure in oracle["figures"]}


def one(con, query):
    return con.execute(query).fetchone()


def test_every_call_is_there_once(bank):
    con, feed = bank
    assert one(con, "SELECT count(*), count(DISTINCT source_id) FROM raw.calls") == (360_364, 360_364)
    assert feed.rejects is None
    assert len(feed.files) == 10
    assert feed.timezone == "Asia/Jerusalem"


def test_calls_per_month(bank, published):
    con, _ = bank
    months = [
        n
        for m, n in con.execute(
            "SELECT month(started_at) AS m, count(*) FROM raw.calls GROUP BY m ORDER BY m"
        ).fetchall()
        if m not in (1, 5)
    ]
    assert months == published["calls per month Feb, Mar, Apr, Jun..Oct"]


def test_calls_on_single_days(bank, published):
    con, _ = bank
    days = [(5, 23), (7, 4), (8, 1), (8, 2), (8, 3), (3, 11), (8, 10)]
    counts = dict(con.execute("SELECT started_at::DATE, count(*) FROM raw.calls GROUP BY 1").fetchall())
    expected = published["calls on 1999-05-23, 07-04, 08-01, 08-02, 08-03, 03-11, 08-10"]
    assert [counts[date(1999, *day)] for day in days] == expected
    assert date(1999, 1, 11) not in counts and date(1999, 1, 12) not in counts


def test_length_of_service(bank, published):
    con, _ = bank
    query = (
        "SELECT round(avg(talk_s)), round(stddev(talk_s)), count(*) FROM raw.calls WHERE talk_s > 0 AND talk_s < 3600"
    )
    mean, deviation, n = one(con, query)
    assert mean == published["service time Jan-Oct, mean (s)"]
    assert deviation == published["service time Jan-Oct, SD (s)"]
    assert n == 288_334


def test_share_served(bank):
    con, _ = bank
    (share,) = one(con, "SELECT count_if(outcome = 'answered') / count_if(source_outcome <> 'PHANTOM') FROM raw.calls")
    assert share == pytest.approx(0.80, abs=0.005)


def test_outcomes(bank):
    con, _ = bank
    counts = "count(*), count(queued_at), count(answered_at)"
    query = f"SELECT source_outcome, outcome, {counts} FROM raw.calls GROUP BY 1, 2 ORDER BY 1, 2"
    found = con.execute(query).fetchall()
    assert found == [
        ("AGENT", "answered", 285_689, 285_689, 285_689),
        ("HANG", "abandoned", 51_987, 51_987, 0),
        ("HANG", "left_in_scenario", 19_720, 0, 0),
        ("PHANTOM", "failed", 2_968, 0, 0),
    ]


def test_oddities_are_counted_as_the_data_set_describes_them(bank, shared):
    _, feed = bank
    facts = json.loads((shared / "data" / "bank-1999" / "quality_facts.json").read_text())
    for note, fact in {
        "negative vru_time": "vru_time<0",
        "AGENT without a server": "AGENT & NO_SERVER",
        "AGENT with ser_time 0": "AGENT & ser_time=0",
        "HANG with a service": "HANG & ser_time>0",
        "PHANTOM with a service": "PHANTOM & ser_time>0",
        "services of an hour or more": "service>=1h",
        "services past midnight": "ser_exit<ser_start (midnight)",
        "waits past midnight": "q_exit<q_start (midnight)",
    }.items():
        assert feed.notes[note] == facts[fact], note
    assert feed.notes["server names restored"] == sum(facts["odd server names"].values())


def test_lengths_are_as_published(bank, shared):
    """Against the files read by a reader of our own making no use of the source."""
    con, _ = bank
    waits = talks = 0
    for path in sorted((shared / "data" / "bank-1999").glob("*.txt")):
        for line in path.read_text().splitlines()[1:]:
            field = line.split("\t")
            waits += int(field[11]) if field[12] != "HANG" or field[9] != "0:00:00" else 0
            talks += int(field[15])
    assert one(con, "SELECT sum(wait_s), sum(talk_s) FROM raw.calls") == (waits, talks)


def test_instants_follow_each_other(bank):
    con, _ = bank
    wrong = one(
        con,
        "SELECT count_if(queued_at < started_at), count_if(answered_at < queued_at), count_if(ended_at < answered_at),"
        " count_if(ended_at < queued_at), count_if(ended_at < started_at), count_if(ended_at IS NULL) FROM raw.calls",
    )
    assert wrong == (0, 0, 0, 0, 0, 0)


def test_definitions(bank):
    con, feed = bank
    types = ["AA", "IN", "NE", "NW", "PE", "PS", "TT"]
    assert [n for (n,) in con.execute("SELECT name FROM raw.projects ORDER BY name").fetchall()] == types
    queues = con.execute("SELECT kind, name, project FROM raw.objects ORDER BY name").fetchall()
    assert queues == [("queue", t, t) for t in types]
    # 46 names were published; NO_SERVER is nobody, and the two damaged names are those of others
    assert one(con, "SELECT count(*), count(DISTINCT login) FROM raw.users") == (43, 43)
    assert one(con, "SELECT count(*) FROM raw.users WHERE login LIKE '%SERVER%'") == (0,)
    wild = "SELECT count(*) FROM (SELECT DISTINCT operator, project FROM raw.calls WHERE operator IS NOT NULL)"
    assert one(con, "SELECT count(*) FROM raw.memberships") == one(con, wild)
    assert feed.locate(con, "calls", [0, 31_599, 360_363]) == [
        ("01_January.txt", 2),
        ("02_February.txt", 2),
        ("10_October.txt", 34_626),
    ]


def log(folder: Path, *lines: str, name: str = "x.txt") -> Path:
    folder.joinpath(name).write_text("\n".join([HEADER, *lines]) + "\n")
    return folder


def stage(folder: Path):
    con = duckdb.connect()
    return con, sources.read(con, folder, source="bank-1999")


def call(entry, left, queue, outcome, service, *, server="ANAT", customer="1", day="990630"):
    """One line; `queue` and `service` are (from, to, seconds)."""
    return "\t".join(
        [
            "AA0101",
            "7",
            customer,
            "2",
            "PS",
            day,
            entry,
            left,
            "5",
            *map(str, queue),
            outcome,
            *map(str, service),
            server,
        ]
    )


NONE = ("0:00:00", "0:00:00", 0)


def instants(folder: Path, line: str):
    con, _ = stage(log(folder, line))
    with con:
        row = one(con, "SELECT started_at, queued_at, answered_at, ended_at, wait_s, talk_s, outcome FROM raw.calls")
    return [f"{v:%d %H:%M:%S}" if isinstance(v, datetime) else v for v in row]


def test_clocks_pass_midnight(tmp_path):
    line = call("23:58:00", "23:59:00", ("23:59:00", "0:01:00", 120), "AGENT", ("0:00:59", "0:03:00", 121))
    assert instants(tmp_path, line) == [
        "30 23:58:00",
        "30 23:59:00",
        "01 00:00:59",
        "01 00:03:00",
        120,
        121,
        "answered",
    ]


def test_a_service_longer_than_half_a_day(tmp_path):
    line = call("20:00:00", "20:00:05", NONE, "AGENT", ("20:00:05", "13:04:02", 61_437))
    assert instants(tmp_path, line) == [
        "30 20:00:00",
        "30 20:00:05",
        "30 20:00:05",
        "01 13:04:02",
        0,
        61_437,
        "answered",
    ]


def test_served_without_a_queue_is_offered_with_no_wait(tmp_path):
    line = call("9:00:00", "9:00:10", NONE, "AGENT", ("9:00:09", "9:01:00", 51))
    assert instants(tmp_path, line) == ["30 09:00:00", "30 09:00:09", "30 09:00:09", "30 09:01:00", 0, 51, "answered"]


def test_agent_without_times_of_service(tmp_path):
    line = call("9:00:00", "9:00:10", ("9:00:10", "9:00:40", 30), "AGENT", NONE)
    assert instants(tmp_path, line) == ["30 09:00:00", "30 09:00:10", "30 09:00:40", "30 09:00:40", 30, 0, "answered"]


def test_hung_up_in_the_queue_though_somebody_spoke(tmp_path):
    line = call(
        "9:00:00", "9:00:10", ("9:00:10", "9:00:40", 30), "HANG", ("9:00:50", "9:01:00", 10), server="NO_SERVER"
    )
    assert instants(tmp_path, line) == ["30 09:00:00", "30 09:00:10", None, "30 09:01:00", 30, 10, "abandoned"]


def test_hung_up_in_the_voice_unit(tmp_path):
    line = call("9:00:00", "9:00:10", NONE, "HANG", NONE, server="NO_SERVER")
    assert instants(tmp_path, line) == ["30 09:00:00", None, None, "30 09:00:10", None, None, "left_in_scenario"]


def test_into_the_voice_unit_after_leaving_it(tmp_path):
    line = call("15:46:01", "15:45:24", ("15:45:24", "15:46:41", 77), "HANG", NONE, server="NO_SERVER")
    assert instants(tmp_path, line) == ["30 15:45:24", "30 15:45:24", None, "30 15:46:41", 77, None, "abandoned"]


def test_a_queue_that_begins_at_midnight_sharp(tmp_path):
    line = call("23:59:54", "23:59:54", ("0:00:00", "0:00:27", 27), "AGENT", ("0:00:26", "0:01:33", 67))
    assert instants(tmp_path, line) == ["30 23:59:54", "01 00:00:00", "01 00:00:26", "01 00:01:33", 27, 67, "answered"]


def test_names_customers_and_ids(tmp_path):
    servers = ["ANO_SERVERT", "NO_SERVERAMA", "NO_SERVER", "AVI"]
    customers = ["9664491", "6.02701E+11", "0", "0012"]
    lines = [
        call("9:00:00", "9:00:10", NONE, "AGENT", ("9:00:10", "9:01:00", 50), server=s, customer=c)
        for s, c in zip(servers, customers, strict=True)
    ]
    con, feed = stage(log(tmp_path, *lines))
    with con:
        found = con.execute("SELECT operator, contact FROM raw.calls").fetchall()
        assert found == [("ANAT", "9664491"), ("NAAMA", None), (None, None), ("AVI", "0012")]
        assert one(con, "SELECT source_id, line, result, project, queue FROM raw.calls LIMIT 1") == (
            *("AA0101-7", "AA0101", "priority 2", "PS", "PS"),
        )
    assert feed.notes["customer_id damaged, unknown"] == 1
    assert feed.notes["customer_id 0, unknown"] == 1


def test_the_files_as_first_published(shared, tmp_path):
    dirty = (shared / "data" / "bank-1999" / "dirty" / "rows_as_published.txt").read_text().splitlines()
    con, feed = stage(log(tmp_path, *dirty))
    with con:
        types = con.execute("SELECT project, count(*) FROM raw.calls GROUP BY 1 ORDER BY 1").fetchall()
        assert types == [("IN", 3), ("NW", 1), ("TT", 10)]
        assert one(con, "SELECT count(DISTINCT source_id), min(started_at) FROM raw.calls") == (
            *(14, datetime(1999, 3, 3, 10, 37, 26)),
        )
    assert feed.rejects is None
    assert feed.notes["blanks between fields, read as separators"] == 14


def test_bad_rows_are_put_aside(tmp_path):
    good = call("9:00:00", "9:00:10", NONE, "HANG", NONE)
    log(tmp_path, "AA0101\t1\t0", good.replace("990630", "991350"), good, name="a.txt")
    con, feed = stage(log(tmp_path, good.replace("9:00:10", "25:00:10"), name="b.txt"))
    with con:
        told = con.execute(f"SELECT file, line, column_name, value, reason FROM {feed.rejects}").fetchall()
        assert told == [
            ("a.txt", 2, None, None, "3 fields, this log has 17"),
            ("a.txt", 3, "date", "991350", "cannot be read"),
            ("b.txt", 2, "vru_exit", "25:00:10", "cannot be read"),
        ]
        assert feed.locate(con, "calls", [0]) == [("a.txt", 4)]


def test_only_files_with_the_header(tmp_path):
    tmp_path.joinpath("notes.txt").write_text("hello\n")
    with duckdb.connect() as con, pytest.raises(LoadError, match="header of this log"):
        sources.read(con, tmp_path, source="bank-1999")
    con, feed = stage(log(tmp_path, call("9:00:00", "9:00:10", NONE, "HANG", NONE)))
    con.close()
    assert feed.notes["files without the header of this log, ignored"] == 1
