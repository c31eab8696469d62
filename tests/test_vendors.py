"""The vendors' mappings that come with the package: their samples through the reports of a loaded centre."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

import loaded
import okireports
from loaded import one, stored
from okireports import sources
from okireports.engines import duck
from okireports.errors import LoadError
from okireports.faces import Center
from okireports.sources import vendors

PERIOD = ("2021-01-01", "2021-04-01")


def test_every_mapping_is_a_source_of_its_own() -> None:
    assert set(vendors.NAMES) == {"3cx", "five9", "phonenow", "vocalcom"}
    assert set(vendors.NAMES) < set(sources.SOURCES)
    for name in vendors.NAMES:
        path = vendors.mapping(name)
        assert path and f'name = "{name}"' in path.read_text("utf-8")
    assert vendors.mapping("own.toml") == Path("own.toml")
    assert vendors.mapping("canonical") is None


def test_a_name_that_is_nearly_one(tmp_path: Path) -> None:
    with duckdb.connect() as con, pytest.raises(LoadError, match="Did you mean 'phonenow'"):
        sources.read(con, tmp_path, source="phonenov")


# PhoneNow


@pytest.fixture(scope="module")
def sheet(shared: Path) -> Path:
    (path,) = (shared / "data" / "phonenow").glob("*.xlsx")
    return path


@pytest.fixture(scope="module")
def phonenow(sheet: Path, tmp_path_factory: pytest.TempPathFactory) -> Center:
    center = okireports.create(tmp_path_factory.mktemp("phonenow") / "centre", now=loaded.NOW)
    result = center.load(sheet, source="phonenow")
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (5_000 + 4_054, 9_054, 0)
    assert result.rows_unassigned == 0
    assert result.notes == {} and result.unknown_columns == {}
    return center


@pytest.fixture(scope="module")
def log(phonenow: Center) -> list[dict[str, Any]]:
    """Every line of the call log."""
    return phonenow.viewer("admin", reason="a count").report("call_log", period=PERIOD).arrow.to_pylist()


def test_phonenow_by_queue(phonenow: Center, sheet: Path) -> None:
    """4,054 answered and 946 abandoned are published; by topic it is counted here, in the sheet itself."""
    from python_calamine import CalamineWorkbook

    header, *rows = CalamineWorkbook.from_path(str(sheet)).get_sheet_by_index(0).to_python()
    topic, answered = header.index("Topic"), header.index("Answered (Y/N)")
    counted = Counter((row[topic], row[answered]) for row in rows)
    found = phonenow.viewer("admin", reason="a count").report("queue_summary", period=PERIOD).arrow.to_pylist()
    assert {r["project"] for r in found} == {"PhoneNow"}
    assert sum(r["answered"] for r in found) == 4_054
    assert sum(r["abandoned"] for r in found) == 946
    assert {(r["queue"], "Y"): r["answered"] for r in found} | {
        (r["queue"], "N"): r["abandoned"] for r in found
    } == counted


def test_phonenow_by_agent(phonenow: Center, log: list[dict[str, Any]]) -> None:
    """Jim had 666 calls; Dan resolved 471 of 633."""
    assert len(log) == 5_000
    assert sum(r["operator"] == "Jim" for r in log) == 666
    dans = Counter(r["result"] for r in log if r["operator"] == "Dan")
    assert (dans["resolved"], dans.total()) == (471, 633)
    summary = phonenow.viewer("admin", reason="a count").report("operator_summary", period=PERIOD).arrow.to_pylist()
    assert {r["operator"]: r["handled"] for r in summary} == Counter(
        r["operator"] for r in log if r["outcome"] == "answered"
    )


def test_phonenow_satisfaction(phonenow: Center, log: list[dict[str, Any]]) -> None:
    """Martha's ratings of 4 and 5 are 271; over all her 638 calls that is 42.48 %, over the 514 rated ones 52.72 %."""
    viewing = duck.Viewing(phonenow.folder, "admin", "a count", None, loaded.NOW.replace(tzinfo=None))
    wanted = duck.Wanted(("ratings",), datetime(2020, 12, 31), datetime(2021, 4, 2))
    with duck.session(viewing, lambda scope, settings: wanted) as session:
        scores = session.arrow(
            "SELECT score, call_id FROM ratings JOIN operators USING (operator_id) WHERE operator = 'Martha'"
        ).to_pylist()
    satisfied = sum(r["score"] >= 4 for r in scores)
    hers = sum(r["operator"] == "Martha" for r in log)
    assert (satisfied, hers) == (271, 638)
    assert round(100 * satisfied / hers, 2) == 42.48
    assert round(100 * satisfied / len(scores), 2) == 52.72


def test_phonenow_by_hand(log: list[dict[str, Any]]) -> None:
    """The first line: 9:12:58, 109 seconds of waiting and 143 of talk, in the centre's zone."""
    (first,) = [r for r in log if r["call"] == "ID0001"]
    assert first["started_at"].isoformat() == "2021-01-01T09:12:58+01:00"
    assert (first["wait_s"], first["talk_s"], first["duration_s"]) == (109.0, 143.0, 252.0)
    assert (first["operator"], first["queue"], first["result"]) == ("Diane", "Contract related", "resolved")


# Vendors of whom there is a line


DEFINED = {
    "projects": "name\nAcme\n",
    "users": "login,name\nExt.504,Anna Example\n",
    "memberships": "login,project,valid_from,valid_to\nExt.504,Acme,,\n",
    "objects": "kind,name,project\nqueue,Ext.960,Acme\nqueue,Main Inbound,Acme\nqueue,12,Acme\n",
}


@pytest.fixture
def center(tmp_path: Path) -> Center:
    return loaded.centre(tmp_path / "centre", DEFINED)


THREE_CX = """\
Call 612504,00000C21DE5C2470_6531,00:05:36,2023/09/19 13:33:54,2023/09/19 13:33:54,2023/09/19 13:39:31,TerminatedBySrc,\
+48220000101,Ext.960,10021,960,960,QFwdToDNA,Ext.504,504,,,,,Chain: +48220000101;Ext.960;Ext.963;Ext.509;Ext.504;
Call 612505,00000C21DE5C2470_6532,,2023/09/19 13:40:00,,2023/09/19 13:40:25,src_participant_terminated,\
+48220000102,Ext.504,10021,504,504,,,,,,,,Chain: +48220000102;Ext.504;
Call 612506,00000C21DE5C2470_6533,00:01:00,2023/09/19 13:41:00,2023/09/19 13:41:10,2023/09/19 13:42:10,\
TerminatedByDst,Ext.504,+48220000103,504,10021,+48220000103,,,,,,,,Chain: Ext.504;+48220000103;
Call 612507,00000C21DE5C2470_6534,,2023/09/19 13:43:00,,2023/09/19 13:43:20,TerminatedBySrc,\
Ext.504,Ext.509,504,509,509,,,,,,,,Chain: Ext.504;Ext.509;
"""


def test_3cx(center: Center, tmp_path: Path) -> None:
    path = tmp_path / "cdr.log"
    path.write_text(THREE_CX)
    result = center.load(path, source="3cx", timezone="UTC")
    assert (result.rows_in, result.rows_loaded) == (4, 4)
    queued = one(center, "calls", source_id="00000C21DE5C2470_6531")
    assert (queued["direction"], queued["outcome"], queued["ended_by"]) == ("inbound", "answered", "customer")
    assert (queued["project"], queued["queue"], queued["operator"]) == ("Acme", "Ext.960", "Ext.504")
    assert queued["answered_at"] == datetime(2023, 9, 19, 13, 33, 54)
    assert queued["ended_at"] == datetime(2023, 9, 19, 13, 39, 31)
    assert (queued["wait_ms"], queued["talk_ms"], queued["source_outcome"]) == (0, 337_000, "TerminatedBySrc")
    lost, out, inside = (one(center, "calls", source_id=f"00000C21DE5C2470_{n}") for n in (6532, 6533, 6534))
    assert (lost["direction"], lost["outcome"], lost["operator"], lost["ended_by"]) == (
        *("inbound", "abandoned", None, "customer"),
    )
    assert (out["direction"], out["outcome"], out["operator"], out["ended_by"]) == (
        *("outbound", "answered", "Ext.504", "customer"),
    )
    assert (inside["direction"], inside["outcome"], inside["ended_by"]) == ("internal", "no_answer", None)
    assert lost["queued_at"] is None and out["queued_at"] is None
    known = {r["phone"] for r in stored(center)["contacts"] if r["project"] == "Acme"}
    assert known == {"+48220000101"}  # only the queue's call belongs to the project


FIVE9 = """\
CALL ID,TIMESTAMP,CAMPAIGN,CALL TYPE,AGENT,DISPOSITION,ANI,DNIS,SESSION ID
2,2026-09-03 10:05,Main Inbound,Inbound,,Caller Disconnected,2200000001,2200000009,def
3,2026-09-03 10:06,Main Inbound,Inbound,Ext.504,Sale,2200000002,2200000009,deg
4,2026-09-03 10:07,Main Outbound,Outbound,,Answering Machine,2200000009,2200000003,deh
5,2026-09-03 10:08,Main Outbound,Outbound,,No Answer,2200000009,2200000004,dei
6,2026-09-03 10:09,Main Outbound,Outbound,,Abandon,2200000009,2200000005,dej
7,2026-09-03 10:10,Main Inbound,Inbound,,Sent to Voicemail,2200000006,2200000009,dek
"""


@pytest.fixture
def later(center: Center) -> Center:
    """In a year in which the samples are past."""
    return Center(center.folder, lambda: datetime.fromisoformat("2027-01-01T00:00:00Z"))


def test_five9(later: Center, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(FIVE9)
    result = later.load(path, source="five9", timezone="America/Los_Angeles")
    assert (result.rows_in, result.rows_loaded, dict(result.notes)) == (6, 6, {})
    found = {r["source_id"]: r for r in stored(later)["calls"]}
    assert {n: r["outcome"] for n, r in found.items()} == {
        **{"2": "abandoned", "3": "answered", "4": "machine", "5": "no_answer", "6": "dropped", "7": "voicemail"}
    }
    assert found["2"]["started_at"] == datetime(2026, 9, 3, 17, 5)  # summer time: seven hours
    assert (found["2"]["ended_by"], found["2"]["queue"], found["2"]["line"]) == (
        *("customer", "Main Inbound", "2200000009"),
    )
    assert (found["3"]["operator"], found["3"]["result"]) == ("Ext.504", "Sale")
    assert {r["direction"] for n, r in found.items() if n in "456"} == {"outbound"}
    assert all(r["queued_at"] is None for n, r in found.items() if n in "456")


def test_five9_with_the_columns_that_some_have(later: Center, tmp_path: Path) -> None:
    header, _, sale, *_ = FIVE9.splitlines()
    path = tmp_path / "log.csv"
    path.write_text(f"{header},CALL TIME,QUEUE WAIT TIME,TALK TIME\n{sale},00:03:00,00:00:20,00:02:30\n")
    later.load(path, source="five9", timezone="UTC")
    call = one(later, "calls", source_id="3")
    assert (call["wait_ms"], call["talk_ms"]) == (20_000, 150_000)
    assert call["ended_at"] == datetime(2026, 9, 3, 10, 9)


VOCALCOM = """ID CallType CallUniversalTime CallLocalTime Duration IvrDuration WaitDuration ConvDuration WrapupDuration
 ANI DNIS Closed NoAgent Overflow Abandon FirstQueue LastQueue LastAgent CallStatusDetail EndByAgent EndReason"""
VOCALCOM_ROWS = (
    "1|1|2026-01-30T07:00:20.057|x|100|5|15|80|30|+48220000101|100|0|0|0|0|12|12|504|7|1|3",
    "2|1|2026-01-30T07:10:00|x|40|5|35|0|0|+48220000102|100|0|0|0|1|12|12|0|NULL|0|2",
    "3|1|2026-01-30T07:20:00|x|4|4|-1|0|0|+48220000103|100|1|0|0|0|0|0|0|NULL|0|2",
    "4|2|2026-01-30T07:30:00|x|30|0|0|0|0|+48220000104|100|0|1|0|0|0|0|0|NULL|0|2",
    "5|1|2026-01-30T07:40:00|x|6|6|0|0|0|+48220000105|100|0|0|0|0|0|0|0|NULL|0|2",
)


def test_vocalcom(later: Center, tmp_path: Path) -> None:
    lines = ["\t".join(VOCALCOM.split()), *(row.replace("|", "\t") for row in VOCALCOM_ROWS)]
    path = tmp_path / "ODCalls.txt"
    path.write_text("\n".join(lines) + "\n")
    result = later.load(path, source="vocalcom")
    assert result.rows_loaded == 5
    assert result.unknown_columns["calls"] == ("CallLocalTime", "Abandon")
    found = {r["source_id"]: r for r in stored(later)["calls"]}
    assert [found[n]["outcome"] for n in "12345"] == "answered abandoned closed no_answer left_in_scenario".split()
    taken = found["1"]
    assert taken["started_at"] == datetime(2026, 1, 30, 7, 0, 20, 57_000)
    assert taken["queued_at"] == datetime(2026, 1, 30, 7, 0, 25, 57_000)
    assert taken["answered_at"] == datetime(2026, 1, 30, 7, 0, 40, 57_000)
    assert taken["ended_at"] == datetime(2026, 1, 30, 7, 2, 0, 57_000)
    assert (taken["project"], taken["queue"], taken["operator"], taken["ended_by"]) == ("Acme", "12", "504", "operator")
    assert (taken["wait_ms"], taken["talk_ms"], taken["wrap_ms"], taken["result"]) == (15_000, 80_000, 30_000, "7")
    assert found["3"]["queued_at"] is None and found["3"]["wait_ms"] is None and found["2"]["result"] is None


GENESYS = (
    "Interval Start,Interval End,Interval Complete,Filters,Media Type,Agent Id,Agent Name,Handle,Avg Handle,Avg Talk,"
    "Avg Hold,Avg ACW,Total Handle,Total Talk,Total Hold,Total ACW",
    "Interval Start,Interval End,Interval Complete,Filters,Agent Id,Agent Name,Logged In,On Queue,Idle,Off Queue,"
    "Interacting",
)


@pytest.mark.parametrize("header", GENESYS)
def test_genesys_cloud_gives_figures_and_no_calls(tmp_path: Path, header: str) -> None:
    """Both exports of which headers are known are sums per interval: no mapping can make calls of them."""
    path = tmp_path / "export.csv"
    row = ["2026-01-30T07:00:00Z", "2026-01-30T07:30:00Z", "TRUE", ""] + ["1"] * (header.count(",") - 3)
    path.write_text(f"{header}\n{','.join(row)}\n")
    draft = sources.inspect(path)
    assert not draft.is_calls
    assert "added up" in draft.refusal and "Interval Start" in draft.refusal
