"""What is too old goes, by the settings: in all generations, and older files do not bring it back."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import erased
import growing
import loaded
import okireports
from commands import run
from okireports.access.founding import checked_settings
from okireports.errors import BadOption, ChangeError, Refused
from okireports.faces import Center

WHY = {"actor": "admin", "reason": "the law"}
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)  # in Warsaw, 14:00
URL = "https://recordings.example.com/{0}.wav"
OLD, EDGE, YOUNG = "old", "edge", "young"
AT = {OLD: "2025-05-31T21:59:59.999Z", EDGE: "2025-05-31T22:00:00Z", YOUNG: "2025-06-20T10:00:00Z"}  # 30 days: 1 June
PEOPLE = {OLD: "+48220000101", EDGE: "+48220000102", YOUNG: "+48220000103"}


def files() -> dict[str, str]:
    """A call of each age, and one old call of the customer who called again since; what hangs on them."""
    lines = [
        loaded.call(name, at, "Acme sales", "anna", PEOPLE[name], URL.format(name), "1") for name, at in AT.items()
    ]
    lines.append(loaded.call("again", "2025-04-01T10:00:00Z", "Acme sales", "anna", PEOPLE[YOUNG], "", ""))
    lines.append(loaded.call("loose", "2025-04-02T10:00:00Z", "Loose", "anna", PEOPLE[OLD], "", ""))
    return {
        "calls": loaded.calls(*lines, columns="queue,operator,phone,recording,cost"),
        "ratings": "source_id,kind,call,score,at\n"
        + "".join(f"r-{name},csat,{name},4,{at}\n" for name, at in AT.items()),
        "statuses": "operator,status,started_at,ended_at\n"
        + "".join(f"anna,Ready,{at},{at.replace('Z', '+00:00')}\n" for at in AT.values()),
    }


def centre(path: Path, **settings: str) -> Center:
    """The centre on the first of July, with what its settings keep."""
    made = loaded.centre(path)
    made = okireports.open(made.path, now=NOW)
    loaded.load(made, files())
    loaded.load(made, {"calls": loaded.calls("wrong,inbound,2025-03-01T10:00:00Z,,answered")})
    if settings:
        made.settings.change(actor="admin", reason="a test", **settings)
    return made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    return centre(tmp_path_factory.mktemp("retention") / "centre", keep_facts_days="30")


@pytest.fixture
def center(template: Center, tmp_path: Path) -> Center:
    shutil.copytree(template.path, tmp_path / "centre")
    return okireports.open(tmp_path / "centre", now=NOW)


def names(center: Center, table: str) -> set[str]:
    return {str(row["source_id"]) for row in loaded.stored(center).get(table, [])}


def urls(center: Center) -> set[str]:
    return {row["url"].rsplit("/")[-1].split(".")[0] for row in loaded.stored(center).get("recordings", [])}


def test_rows_go_by_their_local_day(center: Center) -> None:
    done = center.retain(**WHY)
    assert names(center, "calls") == {EDGE, YOUNG}
    assert names(center, "ratings") == {f"r-{EDGE}", f"r-{YOUNG}"}
    assert urls(center) == {EDGE, YOUNG}
    assert {row["started_at"] for row in loaded.stored(center)["statuses"]} == {
        loaded.utc("2025-05-31T22:00:00"), loaded.utc("2025-06-20T10:00:00")
    }  # fmt: skip
    assert done.facts_from == datetime(2025, 5, 31, 22) and done.recordings_from is None
    assert done.rows["calls"] == 3 and done.rows["statuses"] == 3  # presence: in two projects, and once in none
    assert "calls 3" in str(done)


def test_a_customer_goes_with_the_last_row_that_names_her(center: Center) -> None:
    before = {r["phone"] for r in loaded.stored(center)["contacts"]}
    center.retain(**WHY)
    assert before == set(PEOPLE.values())
    assert {r["phone"] for r in loaded.stored(center)["contacts"]} == {PEOPLE[EDGE], PEOPLE[YOUNG]}
    assert "sayings" not in loaded.stored(center)


def test_no_file_holds_what_went(center: Center) -> None:
    words = (PEOPLE[OLD].lstrip("+"), URL.format(OLD), f"r-{OLD}")
    assert len({where.split(".")[0] for where in erased.left(center, *words)}) >= 4
    done = center.retain(**WHY)
    assert erased.left(center, *words) == set()
    assert growing.generations(center) == [done.generation]
    with pytest.raises(ChangeError, match="not kept"):
        center.rollback(to=(done.generation or 0) - 1, **WHY)


def test_a_segment_that_is_young_stays_the_same_file(center: Center) -> None:
    before = {f: m for f, m in stretches(center).items() if m == "2025-06"}
    center.retain(**WHY)
    assert before and before.items() <= stretches(center).items()


def stretches(center: Center) -> dict[str, str]:
    return dict(growing.query(center, """SELECT file, stretch FROM control.segments WHERE "table" = 'calls'"""))


def test_older_files_do_not_bring_it_back(center: Center) -> None:
    center.retain(**WHY)
    before = loaded.content(center)
    result = loaded.load(center, files())
    assert loaded.difference(before, loaded.content(center)) == {}
    assert result.rows_in == result.rows_loaded + result.rows_rejected + result.rows_ignored
    assert (result.rows_ignored, result.rows_rejected, result.rows_loaded) == (5, 0, 6)
    assert result.notes["calls: rows older than retention, ignored"] == 3
    assert erased.left(center, PEOPLE[OLD].lstrip("+")) == set()
    assert center.retain(**WHY).rows == {}


def test_recordings_have_a_time_of_their_own(tmp_path: Path) -> None:
    center = centre(tmp_path / "centre", keep_recordings_days="15")
    calls = names(center, "calls")
    done = center.retain(**WHY)
    assert done.rows == {"recordings": 2} and urls(center) == {YOUNG}
    assert names(center, "calls") == calls == {OLD, EDGE, YOUNG, "again", "loose"}
    assert len(loaded.stored(center)["charges"]) == 3
    result = loaded.load(center, files())
    assert urls(center) == {YOUNG}
    assert result.notes["recordings: rows older than retention, ignored"] == 2 and result.rows_ignored == 0


def test_recordings_never_outlast_the_facts(tmp_path: Path) -> None:
    center = centre(tmp_path / "centre", keep_facts_days="30", keep_recordings_days="3000")
    center.retain(**WHY)
    assert urls(center) == {EDGE, YOUNG}


def test_the_command_tells_and_drops(center: Center) -> None:
    """By the clock of the machine, for which all of it is too old, and the load with its rejected row as well."""
    words = ["retain", center.path, "--actor", "admin", "--reason", "the law"]
    counts = ("calls 5", "contacts 4", "recordings 3", "files of rejected rows 1")
    tried = run(*words, "--dry-run").stdout
    assert tried.startswith("would be dropped: ") and all(count in tried for count in counts)
    assert names(center, "calls") == {OLD, EDGE, YOUNG, "again", "loose"} and list(center.folder.rejects.iterdir())
    done = run(*words).stdout.splitlines()
    assert done[1].startswith("dropped: ") and all(count in done[1] for count in counts)
    assert loaded.stored(center) == {} and not list(center.folder.rejects.iterdir())
    assert run(*words).stdout == "nothing is older than the centre keeps\n"


def test_a_trial_counts_and_writes_nothing(center: Center) -> None:
    before = erased.snapshot(center)
    tried = center.retain(dry_run=True, **WHY)
    assert erased.snapshot(center) == before and tried.generation is None
    done = center.retain(**WHY)
    assert (done.rows, done.rejects, done.facts_from) == (tried.rows, tried.rejects, tried.facts_from)


def test_it_is_written_down(center: Center) -> None:
    done = center.retain(**WHY)
    entry = erased.last_entry(center)
    assert (entry["action"], entry["actor"], entry["reason"]) == ("retain", "admin", "the law")
    assert entry["after"]["rows"] == done.rows and entry["after"]["facts_from"] == "2025-05-31 22:00:00"
    assert center.audit.verify() == []


def test_where_nothing_is_too_old_nothing_is_written(center: Center) -> None:
    center.retain(**WHY)
    before = erased.snapshot(center)
    done = center.retain(**WHY)
    assert (done.rows, done.generation) == ({}, None) and "nothing is older" in str(done)
    assert erased.snapshot(center) == before


def test_a_centre_that_keeps_everything_says_so(tmp_path: Path) -> None:
    center = centre(tmp_path / "centre")
    assert center.settings.values["keep_facts_days"] == ""
    for dry_run in (True, False):
        with pytest.raises(ChangeError, match="keeps everything for ever"):
            center.retain(dry_run=dry_run, **WHY)
    result = loaded.load(center, files())
    assert result.rows_ignored == 0


def test_a_control_file_of_before_these_settings(center: Center) -> None:
    """It keeps everything; loads and reports are as ever."""
    control = center.folder.current().control
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{control}' AS old")
        con.execute(
            "DELETE FROM old.settings WHERE key LIKE 'keep_%'; DROP TABLE old.forgotten_rows; DROP TABLE old.forgotten"
        )
        con.execute("CHECKPOINT old")
    said = center.folder.pointer.read_text().replace('"model": "', '"model": "older-')
    center.folder.pointer.write_text(json.dumps(json.loads(said) | {"bytes": control.stat().st_size}))
    with pytest.raises(ChangeError, match="keeps everything for ever"):
        center.retain(**WHY)
    assert center.forget(PEOPLE[OLD], dry_run=True, **WHY).rows["calls"] == 2
    assert loaded.load(center, files()).rows_ignored == 0
    center.forget(PEOPLE[OLD], **WHY)
    assert erased.left(center, PEOPLE[OLD].lstrip("+")) == set()


def test_who_may_not_is_refused(center: Center) -> None:
    for dry_run in (True, False):
        with pytest.raises(Refused, match="operate"):
            center.retain(actor="sue", reason="a test", dry_run=dry_run)
    assert names(center, "calls") == {OLD, EDGE, YOUNG, "again", "loose"}


@pytest.mark.parametrize("name", ["keep_facts_days", "keep_recordings_days"])
@pytest.mark.parametrize(
    ("value", "fine"), [("", True), ("0", True), ("30", True), ("-1", False), ("x", False), ("1.5", False)]
)
def test_settings_are_whole_days_or_nothing(name: str, value: str, fine: bool) -> None:
    if fine:
        checked_settings({name: value})
        return
    with pytest.raises(BadOption, match=name):
        checked_settings({name: value})


def test_a_forgotten_customers_old_rows_are_no_longer_listed(center: Center) -> None:
    center.forget(PEOPLE[OLD], **WHY)
    assert growing.query(center, "SELECT count(*) FROM control.forgotten_rows") == [(2,)]
    center.retain(**WHY)
    assert growing.query(center, "SELECT count(*) FROM control.forgotten_rows") == [(0,)]
    assert growing.query(center, "SELECT count(*) FROM control.forgotten") == [(1,)]


def test_lines_of_an_event_log_go_as_well(tmp_path: Path) -> None:
    def log(at: datetime, number: int) -> list[str]:
        t = int(at.timestamp())
        lines = [f"{t}|{t}.{number}|q1|NONE|ENTERQUEUE||+4822000010{number}|1"]
        return [*lines, f"{t + 5}|{t}.{number}|q1|NONE|ABANDON|1|1|5"]

    def load(*said: str) -> Any:
        (tmp_path / "queue_log").write_text("\n".join(said) + "\n")
        return center.load(tmp_path / "queue_log", source="queue_log", create_missing=True)

    center = okireports.create(tmp_path / "centre", security="simplified", now=NOW)
    old, young = log(NOW - timedelta(days=40), 1), log(NOW - timedelta(days=10), 2)
    load(*old, *young)
    center.settings.change(keep_facts_days="30", actor="admin", reason="a test")
    done = center.retain(**WHY)
    assert (done.rows["event_lines"], done.rows["calls"], done.rows["contacts"]) == (2, 1, 1)
    before = loaded.content(center)
    result = load(*old, *young)
    assert loaded.difference(before, loaded.content(center)) == {}
    assert result.notes["calls: rows older than retention, ignored"] == 1
    assert result.rows_in == result.rows_loaded + result.rows_rejected + result.rows_ignored
    assert erased.left(center, "220000101") == set()
