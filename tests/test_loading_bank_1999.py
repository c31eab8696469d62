"""A bank's ten months as a centre: published figures, and a count of our own over the text files, against what is loaded."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import okireports
from okireports.engines import duck

NOW = datetime(2025, 1, 1, tzinfo=UTC)
START, END = datetime(1998, 12, 31), datetime(1999, 12, 1)
ISRAEL = ZoneInfo("Asia/Jerusalem")
COLUMNS = """source_id, project, queue, operator, direction, started_at, queued_at, answered_at, ended_at, wait_ms, talk_ms,
outcome, source_outcome, answer_within_s, result, contact_key, line"""


@pytest.fixture(scope="session")
def bank(shared, tmp_path_factory):
    """The centre and what its load said, made once."""
    center = okireports.create(
        tmp_path_factory.mktemp("bank") / "centre", timezone="Asia/Jerusalem", currency="ILS", now=NOW
    )
    began = time.perf_counter()
    result = center.load(shared / "data" / "bank-1999", source="bank-1999")
    print(f"{result.rows_in:,} calls loaded in {time.perf_counter() - began:.1f} s")
    return center, result


@pytest.fixture(scope="session")
def rows(bank):
    """Every loaded call as the admin sees it, by a run of her own."""
    center, _ = bank
    viewing = duck.Viewing(center.folder, "admin", "a count of everything", None, NOW.replace(tzinfo=None))
    with duck.session(viewing, lambda scope, settings: duck.Wanted(("calls",), START, END)) as session:
        named = f"""SELECT {COLUMNS} FROM calls LEFT JOIN projects USING (project_id) LEFT JOIN queues USING (queue_id)
            LEFT JOIN operators USING (operator_id)"""
        return session.arrow(named).to_pylist()


@pytest.fixture(scope="session")
def lines(shared):
    """Every line of the text files, split by nothing but TABs: what the loaded centre must add up to."""
    found = []
    for path in sorted((shared / "data" / "bank-1999").glob("*.txt")):
        names, *body = (line.split("\t") for line in path.read_text().splitlines())
        found += [dict(zip(names, fields, strict=True)) for fields in body]
    return found


@pytest.fixture(scope="session")
def published(shared):
    """Figures printed by others: what -> value."""
    oracle = json.loads((shared / "oracles" / "bank-1999.json").read_text())
    return {figure["what"]: figure["published"] for figure in oracle["figures"]}


@pytest.fixture(scope="session")
def quality(shared):
    """What the data set's own notes count."""
    return json.loads((shared / "data" / "bank-1999" / "quality_facts.json").read_text())


def day(row):
    return row["started_at"].replace(tzinfo=UTC).astimezone(ISRAEL).date()


def queued(line):
    """Did the call stand in the queue? Its clocks or its length say so."""
    return line["q_start"] != "0:00:00" or line["q_exit"] != "0:00:00" or line["q_time"] != "0"


def test_every_row_is_loaded(bank, rows):
    _, result = bank
    assert result.rows_in == 360_364 == result.rows_loaded + result.rows_rejected
    assert (result.rows_rejected, result.rows_unassigned, len(rows)) == (0, 0, 360_364)
    assert len({row["source_id"] for row in rows}) == 360_364


def test_calls_per_month(rows, published):
    months = Counter(day(row).month for row in rows)
    others = [n for month, n in sorted(months.items()) if month not in (1, 5)]
    assert others == published["calls per month Feb, Mar, Apr, Jun..Oct"]
    assert (months[1], months[5]) == (31_599, 39_553)


def test_calls_per_day(rows, published, lines):
    days = Counter(day(row) for row in rows)
    named = [(5, 23), (7, 4), (8, 1), (8, 2), (8, 3), (3, 11), (8, 10)]
    counts = [days[datetime(1999, *d).date()] for d in named]
    assert counts == published["calls on 1999-05-23, 07-04, 08-01, 08-02, 08-03, 03-11, 08-10"]
    assert days == Counter(datetime.strptime(line["date"], "%y%m%d").date() for line in lines)
    assert len(days) == 302, "ten months have 304 days, and 11 and 12 January are absent"


def test_length_of_service(rows, published):
    """`ser_time > 0 and ser_time < 3600, any outcome`."""
    talks = [row["talk_ms"] / 1000 for row in rows if row["talk_ms"] and 0 < row["talk_ms"] < 3_600_000]
    assert len(talks) == 288_334
    assert round(statistics.fmean(talks)) == published["service time Jan-Oct, mean (s)"]
    assert round(statistics.stdev(talks)) == published["service time Jan-Oct, SD (s)"]


def test_share_served(rows, published):
    """AGENT / (AGENT + HANG)."""
    outcomes = Counter(row["source_outcome"] for row in rows)
    assert published["share served of those asking for an agent, AGENT / (AGENT + HANG), %"] == "about 80"
    assert round(100 * outcomes["AGENT"] / (outcomes["AGENT"] + outcomes["HANG"])) == 80


def test_types_are_projects_with_one_queue(rows, published, lines):
    types = Counter(row["project"] for row in rows)
    assert types == Counter(line["type"].strip() for line in lines)
    assert types["AA"] == published["rows of type AA"]
    assert all(row["queue"] == row["project"] for row in rows)


def test_rows_as_first_published_load_too(bank, shared, published, tmp_path):
    """Six of type ` TT`, eight with blanks for TABs: each is the call that it was meant to be."""
    text = (shared / "data" / "bank-1999" / "dirty" / "rows_as_published.txt").read_text()
    header = (shared / "data" / "bank-1999" / "01_January.txt").read_text().splitlines()[0]
    (tmp_path / "in").mkdir()
    body = [line for line in text.splitlines() if line.strip() and not line.startswith("vru+line")]
    (tmp_path / "in" / "rows.txt").write_text("\n".join([header, *body]) + "\n")
    center = okireports.create(tmp_path / "centre", timezone="Asia/Jerusalem", now=NOW)
    result = center.load(tmp_path / "in", source="bank-1999")
    assert (result.rows_in, result.rows_rejected) == (14, 0)
    blank = sum(line.split("\t")[4] == " TT" for line in body if line.count("\t") == 16)
    assert blank == published["rows of type ' TT' with leading space in the published files"]
    found = center.projects.frame["project"].tolist()
    assert "TT" in found
    assert not [name for name in found if name != name.strip()]


def test_left_before_any_queue(rows):
    left = [row for row in rows if row["outcome"] == "left_in_scenario"]
    assert len(left) == 19_720
    assert {row["source_outcome"] for row in left} == {"HANG"}
    assert {(row["queued_at"], row["wait_ms"], row["answered_at"]) for row in left} == {(None, None, None)}


def test_traps_are_counted(bank, quality):
    _, result = bank
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
        assert result.notes[note] == quality[fact], note
    assert result.notes["negative vru_time"] == 310


def test_talk_is_kept_on_any_outcome(rows, quality):
    talked = Counter(row["source_outcome"] for row in rows if row["talk_ms"])
    assert (talked["HANG"], talked["PHANTOM"]) == (quality["HANG & ser_time>0"], quality["PHANTOM & ser_time>0"])
    assert sum(row["talk_ms"] is not None and row["talk_ms"] >= 3_600_000 for row in rows) == quality["service>=1h"]
    assert max(row["talk_ms"] or 0 for row in rows) == 61_437_000


def test_lengths_add_up_to_those_of_the_files(rows, lines):
    assert sum(row["talk_ms"] or 0 for row in rows) == 1000 * sum(int(line["ser_time"]) for line in lines)
    assert sum(row["wait_ms"] or 0 for row in rows) == 1000 * sum(int(line["q_time"]) for line in lines)


def test_clocks_that_pass_midnight_go_on_the_next_day(rows, quality):
    """Services whose clock wraps end on the day after they began; nothing ends before it begins."""
    wrapped = 0
    for row in rows:
        assert row["started_at"] <= (row["queued_at"] or row["started_at"]) <= (row["answered_at"] or row["ended_at"])
        assert (row["answered_at"] or row["started_at"]) <= row["ended_at"]
        if row["answered_at"] and row["talk_ms"]:
            first, last = (row[k].replace(tzinfo=UTC).astimezone(ISRAEL).date() for k in ("answered_at", "ended_at"))
            wrapped += first != last
    assert 0 < wrapped <= quality["ser_exit<ser_start (midnight)"]
    longest = max(rows, key=lambda row: row["ended_at"] - row["started_at"])
    # a virtual call of 7 hours in the queue and 17 in service, begun four minutes before midnight
    assert longest["ended_at"] - longest["started_at"] == timedelta(seconds=9 + 25_245 + 61_437)
    assert longest["source_outcome"] == "PHANTOM"


def test_people_and_priorities(rows, lines):
    repaired = {line["server"].replace("NO_SERVER", "NA") for line in lines if line["server"] != "NO_SERVER"}
    assert {row["operator"] for row in rows} - {None} == repaired
    assert len(repaired) == 43
    assert sum(row["operator"] is None for row in rows) == sum(line["server"] == "NO_SERVER" for line in lines)
    assert Counter(row["result"] for row in rows) == Counter(f"priority {line['priority']}" for line in lines)


def test_customers_are_kept_per_project(rows, lines):
    known = [line for line in lines if line["customer_id"].isdigit() and int(line["customer_id"])]
    assert sum(row["contact_key"] is not None for row in rows) == len(known)
    keys = {(row["project"], row["contact_key"]) for row in rows if row["contact_key"] is not None}
    assert len(keys) == len({(line["type"].strip(), line["customer_id"]) for line in known})
    assert len({key for _, key in keys}) == len(keys), "nobody is the same person in two projects"


@pytest.fixture(scope="session")
def by_type(lines):
    """Per type what its queue saw, counted from the text."""
    found = defaultdict(Counter)
    for line in lines:
        count, wait = found[line["type"].strip()], int(line["q_time"])  # AA has an empty count
        if line["outcome"] == "AGENT":
            count.update(offered=1, answered=1, answered_in_time=wait <= 20, waited_s=wait)
        elif line["outcome"] == "HANG" and queued(line):
            count.update(offered=1, abandoned=1, abandoned_short=wait < 5)
    return found


def test_the_queue_summary_of_each_project(bank, by_type):
    center, _ = bank
    frame = center.viewer("admin", reason="a count of everything").report("queue_summary", period="1999").frame
    summary = {row["project"]: row for row in frame.to_dict("records")}
    assert set(summary) == set(by_type)
    assert not by_type["AA"], "the five odd calls left before their queue"
    assert summary["AA"]["offered"] == 0
    for project, count in by_type.items():
        row = summary[project]
        for name in ("offered", "answered", "answered_in_time", "abandoned", "abandoned_short"):
            assert row[name] == count[name], (project, name)
        if not count:
            assert math.isnan(row["service_level"])
            continue
        level = count["answered_in_time"] / (count["offered"] - count["abandoned_short"])
        assert math.isclose(row["service_level"], level)
        assert math.isclose(row["asa_s"], count["waited_s"] / count["answered"])
        assert math.isclose(row["abandon_rate"], count["abandoned"] / count["offered"])


def test_the_service_level_by_month_adds_up_to_the_year(bank, by_type):
    center, _ = bank
    viewer = center.viewer("admin", reason="a count of everything")
    frame = viewer.report("service_level", period="1999", by="month").frame
    assert sorted(frame["interval"].astype(str).unique())[0].startswith("1999-01")
    sums = frame.groupby("project")[["offered", "answered_in_time", "abandoned_short"]].sum()
    assert set(sums.index) == {project for project, count in by_type.items() if count}
    for project, count in by_type.items():
        if not count:
            continue
        assert dict(sums.loc[project]) == {name: count[name] for name in sums.columns}, project
    assert ((frame["service_level"].dropna() >= 0) & (frame["service_level"].dropna() <= 1)).all()


def test_a_server_sees_the_types_that_they_work_in_and_no_others(bank, lines):
    center, _ = bank
    people = center.users.frame.set_index("login")["projects"]
    login, hers = next((who, set(p)) for who, p in people.items() if 1 < len(p) < 5)
    viewer = center.viewer(login)
    assert set(viewer.projects["project"]) == hers
    seen = viewer.report("call_log", period="1999-05-23").frame
    that_day = Counter(line["type"].strip() for line in lines if line["date"] == "990523")
    assert Counter(seen["project"]) == {name: n for name, n in that_day.items() if name in hers}


def test_loading_it_again_changes_nothing(bank, shared, tmp_path):
    """One month of it, into a centre of its own."""
    months = tmp_path / "in"
    months.mkdir()
    (months / "09.txt").write_bytes((shared / "data" / "bank-1999" / "09_September.txt").read_bytes())
    center = okireports.create(tmp_path / "centre", timezone="Asia/Jerusalem", now=NOW)
    first = center.load(months, source="bank-1999")
    before = {p: p.stat().st_mtime_ns for p in Path(center.path / "stores").rglob("*") if p.is_file()}
    again = center.load(months, source="bank-1999")
    assert (first.rows_in, again.rows_in, again.rows_updated, again.bytes_written) == (31_371, 31_371, 0, 0)
    assert {p: p.stat().st_mtime_ns for p in Path(center.path / "stores").rglob("*") if p.is_file()} == before
