"""Schedules as they are kept and told: changes, the history, what was missed, clocks that jump, bad input, metrics."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import growing
import okireports
import posting
from commands import misunderstood, refused, run
from killed_schedule import Plainly
from okireports.disk.folder import quoted
from okireports.errors import BadOption, BadPeriod, ChangeError, OkiReportsError, Refused, UnknownName, UnknownReport
from okireports.schedule import gauges
from posting import WHY, Clock, daily, runner, states
from test_older_control import aged


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> okireports.Center:
    return posting.made(tmp_path_factory.mktemp("template"))


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.to("2025-06-02 12:00")
    return clock


@pytest.fixture
def center(template: okireports.Center, tmp_path: Path, clock: Clock) -> okireports.Center:
    return okireports.open(growing.copy(template, tmp_path).path, now=clock)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A destination."""
    folder = tmp_path / "reports"
    folder.mkdir()
    return folder


def dues(center: okireports.Center, clock: Clock, at: str) -> list[tuple[str, str]]:
    """A pass at an instant: the due times (UTC) of its runs, and how they ended."""
    clock.to(at)
    return [(f"{one.due:%m-%d %H:%M}", one.state) for one in runner(center, Plainly(center)).due() if one.due]


def test_a_schedule_is_made_changed_and_removed(center: okireports.Center, place: Path) -> None:
    table = center.schedules
    boss = {"actor": "boss", "reason": "a test"}
    more: dict[str, Any] = {"reports": [("service_level", {"by": "hour"}), "call_log"], "destinations": place, **boss}
    id = table.create("Mornings", viewer="boss", cron="30 6 * * 1-5", period="yesterday", projects="Alpha", **more)
    row = table.frame.set_index("schedule_id").loc[id]
    assert (row["name"], row["viewer"], list(row["projects"])) == ("Mornings", "boss", ["Alpha"])
    assert row["next_due"].isoformat() == "2025-06-03T06:30:00+02:00"
    table.change(id, cron="@daily", projects=None, name="Nights", **boss)
    row = table.frame.set_index("schedule_id").loc[id]
    assert row["next_due"].isoformat() == "2025-06-03T00:00:00+02:00" and row["name"] == "Nights"
    assert growing.query(center, "SELECT definition FROM control.schedules")[0][0].count('"by": "hour"') == 1
    table.change(id, webhook="https://example.com/hook", **boss)
    table.change(id, webhook="", **boss)
    assert "hook" not in growing.query(center, "SELECT definition FROM control.schedules")[0][0].replace(
        '"webhook"', ""
    )
    table.pause(table.frame["schedule_id"].iloc[0], **boss)
    with pytest.raises(ChangeError, match="paused already"):
        table.pause(id, **boss)
    assert str(table.frame["next_due"].iloc[0]) == "NaT"
    table.resume(id, **boss)
    with pytest.raises(ChangeError, match="not paused"):
        table.resume(id, **boss)
    table.remove(id, **boss)
    assert table.frame.empty
    second = daily(center, destinations=[str(place)])
    assert second == id + 1, "an id is never used again"
    log = center.audit.frame
    mine = log[log["subject_kind"] == "schedule"]
    acts = ["create", "change", "change", "change", "pause", "resume", "remove", "create"]
    assert list(mine[mine["project_id"].isna()]["action"]) == [f"{act} schedule" for act in acts]
    of_alpha = mine[mine["project_id"] == 1]
    assert list(of_alpha["action"]) == ["create schedule", "change schedule"]  # since then it names none
    assert not any("reports" in str(said) and "Beta" in str(said) for said in of_alpha["after"])
    assert center.audit.verify() == []


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"cron": "0 0 31 2 *"}, BadOption),
        ({"cron": "soon"}, BadOption),
        ({"period": "since ever"}, BadPeriod),
        ({"projects": ["Gamma"]}, UnknownName),
        ({"reports": ["no_such"]}, UnknownReport),
        ({"reports": ["costs"]}, UnknownReport),
        ({"reports": [("call_log", {"by": "hour"})]}, BadOption),
        ({"reports": [], "tables": ["charges"]}, UnknownName),
        ({"reports": [], "tables": ["no_such"]}, UnknownName),
        ({"reports": []}, BadOption),
        ({"formats": ["docx"]}, BadOption),
        ({"formats": []}, BadOption),
        ({"language": "de"}, BadOption),
        ({"destinations": []}, BadOption),
        ({"destinations": ["reports"]}, BadOption),
        ({"destinations": ["ftp://example.com/x"]}, BadOption),
        ({"destinations": ["s3://key:secret@bucket/x"]}, BadOption),
        ({"destinations": ["s3://secret@bucket/x"]}, BadOption),
        ({"destinations": ["s3://bucket/x?secret_key=secret"]}, BadOption),
        ({"destinations": ["s3:///x"]}, BadOption),
        ({"destinations": 5}, BadOption),
        ({"recipients": [5]}, BadOption),
        ({"formats": ["html"], "tables": ["calls"]}, BadOption),
        ({"reports": 5}, BadOption),
        ({"reports": {"queue_summary": {"by": "hour"}}}, BadOption),  # the options would be lost
        ({"formats": b"csv"}, BadOption),
        ({"reports": [("call_log",)]}, BadOption),
        ({"tables": 5}, BadOption),
        ({"digest": "no"}, BadOption),
        ({"cron": None}, BadOption),
        ({"period": 5}, BadOption),
        ({"language": None}, BadOption),
        ({"webhook": 5}, BadOption),
        ({"addresses": [".x@example.com"]}, BadOption),
        ({"addresses": ["not an address"]}, BadOption),
        ({"addresses": ["x@example.com\nBcc: y@example.com"]}, BadOption),
        ({"colour": "red"}, BadOption),
        ({"viewer": "ghost"}, Refused),
        ({"viewer": "olek"}, Refused),
        ({"actor": ""}, ChangeError),
        ({"reason": " "}, ChangeError),
    ],
)
def test_what_no_schedule_says(
    center: okireports.Center, place: Path, values: dict[str, Any], error: type[OkiReportsError]
) -> None:
    before = center.folder.current()
    with pytest.raises(error) as told:
        daily(center, **{"destinations": [str(place)], "actor": "boss", **values})
    assert "secret@" not in str(told.value) and "=secret" not in str(told.value)
    assert center.folder.current() == before and center.schedules.frame.empty


def test_a_destination_is_not_in_the_centre(center: okireports.Center, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(center.path / "stores")
    for inside in (center.path, center.path / "stores" / "p0001", center.path / "x" / ".." / "new", link / "x"):
        with pytest.raises(BadOption, match="centre's own folder"):
            daily(center, destinations=[str(inside)])


def test_a_destination_that_fails_is_tried_again(center: okireports.Center, clock: Clock, place: Path) -> None:
    """Missing (a disk that is not there is not made), a link, a file, without rights: nothing is left of it."""
    daily(center, destinations=[str(place)])
    place.rmdir()
    assert dues(center, clock, "2025-06-03 06:30") == [("06-03 04:30", "waiting")]
    assert not place.exists()
    elsewhere = place.with_name("elsewhere")
    elsewhere.mkdir()
    place.symlink_to(elsewhere)
    assert dues(center, clock, "2025-06-03 06:31") == [("06-03 04:30", "waiting")]
    assert "no link" in center.schedules.history()["reason"].iloc[0] and not any(elsewhere.iterdir())
    place.unlink()
    place.write_text("a file")
    assert dues(center, clock, "2025-06-03 06:33") == [("06-03 04:30", "waiting")]
    place.unlink()
    place.mkdir()
    assert dues(center, clock, "2025-06-03 06:38") == [("06-03 04:30", "done")]
    (folder,) = place.iterdir()
    assert folder.name.startswith("0001-") and folder.stat().st_mode & 0o777 == 0o700
    assert [run.name for run in folder.iterdir()] == ["2025-06-03T043000Z"]
    row = center.schedules.history().iloc[0]
    assert (row["state"], row["attempts"], row["files"]) == ("done", 4, 2)


def test_what_fails_for_a_day_has_failed(center: okireports.Center, clock: Clock, place: Path) -> None:
    """The next due time is its own matter: it is run while the one before still waits."""
    daily(center, destinations=[str(place)])
    place.rmdir()
    for at in ("03 06:30", "03 06:31", "03 12:00", "03 18:00"):
        assert dues(center, clock, f"2025-06-{at}") == [("06-03 04:30", "waiting")]
    both = dues(center, clock, "2025-06-04 06:30")
    assert both == [("06-03 04:30", "failed"), ("06-04 04:30", "waiting")]
    assert dues(center, clock, "2025-06-04 06:31") == [("06-04 04:30", "waiting")]


def test_a_machine_that_was_off(center: okireports.Center, clock: Clock, place: Path) -> None:
    """Each morning that was missed has a period of its own; of an hourly "yesterday" one a day is made up for."""
    daily(center, destinations=[str(place)])
    found = dues(center, clock, "2025-06-06 09:00")
    assert found == [(f"06-0{day} 04:30", "done") for day in (3, 4, 5, 6)]
    assert dues(center, clock, "2025-06-06 09:00") == []
    daily(center, cron="15 * * * *", destinations=[str(place)])
    found = dues(center, clock, "2025-06-08 12:00")
    assert found[:2] == [("06-07 04:30", "done"), ("06-08 04:30", "done")]
    assert found[2:] == [("06-06 21:15", "done"), ("06-07 21:15", "done"), ("06-08 09:15", "done")]
    history = center.schedules.history(2)
    assert list(history["stands_for"]) == [12, 24, 15]
    assert dues(center, clock, "2025-06-08 12:00") == []


def test_a_machine_that_was_off_for_years(center: okireports.Center, clock: Clock, place: Path) -> None:
    daily(center, destinations=[str(place)])
    found = dues(center, clock, "2028-06-08 12:00")
    assert len(found) == 31 and found[-1] == ("06-08 04:30", "done")
    assert dues(center, clock, "2028-06-08 12:00") == []


def test_a_clock_that_jumps(center: okireports.Center, clock: Clock, place: Path) -> None:
    """What ran while the clock was ahead is not run again; what the clock went back over is."""
    daily(center, destinations=[str(place)])
    assert dues(center, clock, "2025-06-03 07:00") == [("06-03 04:30", "done")]
    assert dues(center, clock, "2025-06-05 07:00") == [("06-04 04:30", "done"), ("06-05 04:30", "done")]
    assert dues(center, clock, "2025-06-03 08:00") == []
    assert dues(center, clock, "2025-06-04 07:00") == dues(center, clock, "2025-06-05 08:00") == []
    assert dues(center, clock, "2025-06-06 07:00") == [("06-06 04:30", "done")]
    assert len(dues(center, clock, "2031-01-01 07:00")) == 31, "far ahead"
    assert dues(center, clock, "2025-06-07 07:00") == [("06-07 04:30", "done")], "and back: it goes on"


def test_both_changes_of_the_clock(center: okireports.Center, clock: Clock, place: Path) -> None:
    clock.to("2025-03-28 12:00")
    daily(center, cron="30 2 * * *", destinations=[str(place)])
    assert dues(center, clock, "2025-03-31 12:00") == [
        (f"03-{at}", "done") for at in ("29 01:30", "30 01:00", "31 00:30")
    ]
    clock.to("2025-10-25 12:00")
    for at in ("2025-10-25 22:00", "2025-10-26 02:45"):
        dues(center, clock, at)
    assert dues(center, clock, "2025-10-26 12:00") == []
    assert [f"{at:%m-%d %H:%M%z}" for at in center.schedules.history()["due_at"][:2]] == [
        "10-26 02:30+0200",
        "10-25 02:30+0200",
    ]


def test_pause_and_resume(center: okireports.Center, clock: Clock, place: Path) -> None:
    id = daily(center, destinations=[str(place)])
    place.rmdir()
    assert dues(center, clock, "2025-06-03 06:30") == [("06-03 04:30", "waiting")]
    center.schedules.pause(id, actor="boss", reason="a test")
    assert dues(center, clock, "2025-06-05 07:00") == []
    assert list(center.schedules.history()["state"]) == ["stopped"]
    with pytest.raises(ChangeError, match="paused"):
        runner(center).one(id)
    center.schedules.resume(id, actor="boss", reason="a test")
    place.mkdir()
    assert dues(center, clock, "2025-06-05 08:00") == [], "what was due meanwhile is not made up for"
    assert dues(center, clock, "2025-06-06 07:00") == [("06-06 04:30", "done")]


def test_a_run_by_hand_is_beside_the_others(center: okireports.Center, clock: Clock, place: Path) -> None:
    id = daily(center, destinations=[str(place)])
    clock.to("2025-06-03 09:00")
    assert states(runner(center, Plainly(center)).one(id)) == ["done"]
    assert states(runner(center, Plainly(center)).one(id)) == ["done"]
    assert dues(center, clock, "2025-06-03 09:00") == [("06-03 04:30", "done")]
    assert sorted(center.schedules.history()["by_hand"]) == [False, True, True]
    assert len([*place.glob("*/*")]) == 3, "each run has a folder of its own"
    clock.to("2025-06-04 06:30")
    assert states(runner(center, Plainly(center)).one(id)) == ["done"]
    assert dues(center, clock, "2025-06-04 06:31") == [], "by hand, at the very instant: it is that run"
    with pytest.raises(UnknownName):
        runner(center).one(99)


def test_names_that_a_file_system_might_obey(center: okireports.Center, clock: Clock, place: Path) -> None:
    """Neither a project's name nor a schedule's is part of a path of ours."""
    for name in ("../../x", "n" * 300, "CON", "con"):
        id = daily(center, destinations=[str(place)])
        center.schedules.change(id, name=name, actor="boss", reason="a test")
    assert [state for _, state in dues(center, clock, "2025-06-03 06:30")] == ["done"] * 4
    assert sorted(path.name[:5] for path in place.iterdir()) == ["0001-", "0002-", "0003-", "0004-"]


def test_an_older_control_file(center: okireports.Center, clock: Clock, place: Path, tmp_path: Path) -> None:
    """Centres of before have the two tables with other columns and without a row, and lack the others."""
    old = aged(
        center,
        tmp_path / "old",
        "DROP TABLE old.schedules",
        "CREATE TABLE old.schedules (schedule_id BIGINT, definition VARCHAR)",
        "DROP TABLE old.runs",
        'CREATE TABLE old.runs (run_id BIGINT, schedule_id BIGINT, due_at TIMESTAMP, "at" TIMESTAMP, state VARCHAR)',
        "DROP TABLE old.deliveries",
        "DROP TABLE old.addresses",
        "DROP TABLE old.post",
    )
    old = okireports.open(old.path, now=clock)
    assert old.schedules.frame.empty and old.schedules.history().empty and old.schedules.deliveries().empty
    assert runner(old).due() == []
    daily(old, destinations=[str(place)])
    assert dues(old, clock, "2025-06-03 06:30") == [("06-03 04:30", "done")]
    with duckdb.connect() as con:
        con.execute(f"ATTACH {quoted(old.folder.current().control)} AS control (READ_ONLY)")
        assert con.execute("SELECT state FROM control.runs").fetchall() == [("done",)]


def test_a_diary_that_nobody_can_read_to_its_end(center: okireports.Center, clock: Clock, place: Path) -> None:
    daily(center, destinations=[str(place)])
    place.rmdir()
    assert dues(center, clock, "2025-06-03 06:30") == [("06-03 04:30", "waiting")]
    (diary,) = center.folder.runs.glob("*.jsonl")
    assert diary.stat().st_mode & 0o777 == 0o600 and diary.parent.stat().st_mode & 0o777 == 0o700
    with diary.open("ab") as file:
        file.write(b'{"event": "over", "state": "do')
    (diary.parent / "000001.copy.jsonl").write_text("somebody's copy")
    place.mkdir()
    assert dues(center, clock, "2025-06-03 06:31") == [("06-03 04:30", "done")]


def test_metrics(center: okireports.Center, clock: Clock, place: Path, tmp_path: Path) -> None:
    """They name schedules by id, and projects, people and schedules not at all."""
    daily(center, destinations=[str(place)])
    daily(center, destinations=[str(place / "missing")])
    dues(center, clock, "2025-06-03 06:30")
    path = tmp_path / "okireports.prom"
    path.write_text("old")
    gauges.put(center.folder, path, datetime(2025, 6, 3, 4, 31))
    assert path.stat().st_mode & 0o777 == 0o644 and [p.name for p in tmp_path.glob(".*")] == []
    lines = path.read_text().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    told = {key.removeprefix("okireports_schedule_"): float(value) for key, value in values.items()}
    assert (
        told['last_success_timestamp_seconds{schedule="1"}']
        == datetime.fromisoformat("2025-06-03T06:30+02:00").timestamp()
    )
    assert 'last_success_timestamp_seconds{schedule="2"}' not in told
    assert (told['waiting{schedule="1"}'], told['waiting{schedule="2"}']) == (0, 1)
    assert told['last_state{schedule="1",state="done"}'] == told['last_state{schedule="2",state="waiting"}'] == 1
    assert told['next_due_timestamp_seconds{schedule="1"}'] - told['last_due_timestamp_seconds{schedule="1"}'] == 86_400
    helped = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert {key.partition("{")[0] for key in values} <= helped
    assert not any(name in path.read_text() for name in ("Alpha", "Beta", "boss", "Daily"))


def test_a_sealed_extract_has_no_schedules(center: okireports.Center, tmp_path: Path) -> None:
    daily(center, destinations=[str(tmp_path)])
    sealed = okireports.open(center.extract("boss", tmp_path / "boss.duckdb"))
    assert sealed.schedules.frame.empty
    with pytest.raises(OkiReportsError):
        sealed.schedules.run_due()


# The command line


def test_watching(center: okireports.Center, place: Path) -> None:
    """A process of its own runs what was due while nobody looked, and ends when it is told to."""
    before = datetime.now(UTC) - timedelta(days=2)
    daily(okireports.open(center.path, now=before), destinations=[str(place)])
    words = [sys.executable, "-m", "okireports", "schedule", "watch", str(center.path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGTERM)
        said += process.stdout.readlines()
    assert process.returncode == 0
    assert said[0].startswith("Watching") and said[-1] == "Ended.\n"
    assert [line.rstrip().endswith(": done") for line in said[1:-1]] == [True, True]
    assert len([*place.glob("0001-*/*/manifest.json")]) == 2


def test_the_command_line(center: okireports.Center, place: Path, tmp_path: Path) -> None:
    """From `add` to real files, by the machine's clock; a run by hand, since nothing is due yet."""
    who = ["--actor", "boss", "--reason", "a test"]
    words = ["--viewer", "boss", "--cron", "0 6 * * *", "--period", "2025-06", "--to", place, "--project", "Alpha"]
    asked = ["--report", "service_level:by=hour", "--report", "queue_summary", "--format", "csv,json"]
    assert (
        "Added schedule 1, Mornings; due next at"
        in run("schedule", "add", center.path, "Mornings", *words, *asked, *who).stdout
    )
    assert "Mornings" in run("schedule", "list", center.path).stdout
    assert run("schedule", "run", center.path, "--due").stdout == ""
    metrics = tmp_path / "metrics.prom"
    said = run("schedule", "run", center.path, 1, "--metrics", metrics).stdout
    assert "schedule 1 (Mornings)" in said and "done" in said and metrics.is_file()
    (made,) = place.glob("0001-*/*")
    files = {path.name for path in made.rglob("*") if path.is_file()}
    assert {"service_level.csv", "service_level.json", "queue_summary.csv", "manifest.json"} <= files
    manifest = json.loads((made / "manifest.json").read_text())
    assert "Alpha" in json.dumps(manifest) and "Beta" not in json.dumps(manifest)
    assert okireports.verify(made).whole
    assert "done" in run("schedule", "history", center.path).stdout
    assert "Nothing has run yet" in run("schedule", "history", center.path, 2).stdout
    run("schedule", "change", center.path, 1, "--cron", "@daily", *who)
    run("schedule", "pause", center.path, 1, *who)
    assert "is paused" in refused("schedule", "run", center.path, 1)
    run("schedule", "resume", center.path, 1, *who)
    shutil.rmtree(place)
    assert run("schedule", "run", center.path, 1, code=3).stderr.startswith("error: schedule 1 (Mornings)")
    center.users.change("boss", active=False, **WHY)
    assert "no active user" in run("schedule", "run", center.path, 1, code=1).stderr
    run("schedule", "remove", center.path, 1, "--actor", "admin", "--reason", "a test")
    assert "There are no schedules." in run("schedule", "list", center.path).stdout
    assert "--due" in misunderstood("schedule", "run", center.path)
    run("schedule", "allow", center.path, "x@example.com", "Alpha", "--actor", "admin", "--reason", "a test")
    told = run(
        "schedule",
        "post",
        center.path,
        "host=mail.example.com",
        "sender=r@example.com",
        "--actor",
        "admin",
        "--reason",
        "a test",
    )
    assert "mail.example.com" in told.stdout
    assert "password_env" in refused(
        "schedule", "post", center.path, "password=x", "--actor", "admin", "--reason", "a test"
    )
