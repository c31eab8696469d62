"""The command line: what it prints and writes, its exit codes, and that an error is one line."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import growing
import okireports
from commands import misunderstood, refused, run
from okireports import report as registry
from okireports.cli import app
from okireports.cli.demo import Asked, period, summarise
from okireports.cli.terminal import plain, room
from okireports.faces import Center, Viewer
from okireports.invention import VIEWERS
from okireports.report import all_reports

ROOT = Path(__file__).parent.parent
WHY = ["--actor", "admin", "--reason", "a test"]
JUNE = ["--viewer", "boss", "--period", "2025-06"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Alpha with 5 calls and Beta with 7 on one day; boss is in both, anna in Alpha."""
    folder = tmp_path_factory.mktemp("cli")
    center = growing.make(folder)
    center.load(growing.day(folder, 0))
    return center


@pytest.fixture
def center(template: Center, tmp_path: Path) -> Path:
    """One's own copy of it."""
    return growing.copy(template, tmp_path).path


# What a newcomer reads

COMMANDS = "demo create load sync inspect reports report sql extract rollback doctor user project definition".split()


def test_help_names_every_command_and_how_to_begin() -> None:
    said = run("--help").stdout
    assert all(f" {command} " in said for command in COMMANDS)
    assert "okireports demo centers/demo" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_what_it_does(command: str) -> None:
    assert "Usage:" in run(command, "--help").stdout


def test_without_a_command_it_says_what_there_is() -> None:
    assert "Usage:" in CliRunner().invoke(app, []).output


def test_the_version() -> None:
    assert run("--version").stdout == f"okireports {okireports.__version__}\n"


def test_a_reports_options_are_those_of_the_registry() -> None:
    said = run("report", "--help").stdout
    for report in all_reports():
        for name, option in report.options.items():
            assert f"--{name.replace('_', '-')}" in said
            assert all(str(value) in said for value in option.permitted if isinstance(value, str))


# Asking


def test_the_catalogue_needs_no_centre() -> None:
    said = run("reports").stdout
    assert all(report.name in said for report in all_reports())


def test_a_viewers_reports(center: Path) -> None:
    said = run("reports", center, "--viewer", "olek").stdout
    assert "call_log" in said and "queue_summary" not in said  # olek is an Operator
    assert "together" in misunderstood("reports", center)


def test_a_report_as_a_table(center: Path) -> None:
    lines = [
        " ".join(line.split())
        for line in run("report", center, "service_level", *JUNE, "--by", "day").stdout.splitlines()
    ]
    assert any(line.startswith("Alpha Alpha line 2025-06-02 5 5 0 100.0%") for line in lines)
    assert any(line.startswith("Beta Beta line 2025-06-02 7 7 0 100.0%") for line in lines)
    assert lines[-1].startswith("Service level: 2 rows, June 2025") and lines[-1].endswith("Alpha, Beta")


def test_a_table_shows_the_first_rows(center: Path) -> None:
    said = run("report", center, "call_log", *JUNE, "--rows", "3").stdout
    assert sum(line.startswith("0-") for line in said.splitlines()) == 3
    assert "12 rows" in said and "the first 3 are shown" in said


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_csv_goes_to_the_output(center: Path) -> None:
    rows = rows_of(run("report", center, "call_log", *JUNE, "--format", "csv").stdout)
    assert len(rows) == growing.ALPHA + growing.BETA
    assert {row["project"] for row in rows} == {"Alpha", "Beta"}


def test_json_goes_to_the_output(center: Path) -> None:
    said = json.loads(run("report", center, "queue_summary", *JUNE, "--format", "json").stdout)
    assert "queue_summary" in json.dumps(said) and "Alpha line" in json.dumps(said)


@pytest.mark.parametrize("suffix", ["csv", "json", "parquet", "html", "xlsx"])
def test_a_file_by_its_ending(center: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"calls.{suffix}"
    assert "12 rows" in run("report", center, "call_log", *JUNE, "--out", target).stdout
    assert target.stat().st_size > 100


def test_the_format_and_the_ending_agree(center: Path, tmp_path: Path) -> None:
    target = tmp_path / "calls.parquet"
    run("report", center, "call_log", *JUNE, "--format", "parquet", "--out", target)
    assert pq.read_table(target).num_rows == 12
    assert "does not end in .csv" in misunderstood(
        "report", center, "call_log", *JUNE, "--format", "csv", "--out", target
    )
    assert "add --out" in misunderstood("report", center, "call_log", *JUNE, "--format", "html")


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["--project", "Alpha"], 5),
        (["--project", "Alpha", "--project", "Beta"], 12),
        (["--queue", "Beta line"], 7),
        (["--operator", "ola"], 7),
        (["--limit", "4"], 4),
        (["--limit", "4", "--offset", "10"], 2),
        (["--limit", "none"], 12),
        (["--option", "limit=6"], 6),
        (["--period", "2025-06-02..2025-06-03"], 12),
        (["--period", "2025-06-03..2025-06-04"], 0),
    ],
)
def test_filters_and_options_are_the_librarys(center: Path, words: list[str], count: int) -> None:
    assert len(rows_of(run("report", center, "call_log", *JUNE, *words, "--format", "csv").stdout)) == count


def test_a_viewer_sees_her_projects_only(center: Path) -> None:
    words = ["--viewer", "anna", "--period", "2025-06"]
    assert len(rows_of(run("report", center, "call_log", *words, "--format", "csv").stdout)) == growing.ALPHA
    hidden = refused("report", center, "call_log", *words, "--project", "Beta")
    absent = refused("report", center, "call_log", *words, "--project", "Nowhere")
    assert hidden.replace("Beta", "Nowhere") == absent


def test_who_sees_everything_gives_a_reason(center: Path) -> None:
    words = ["report", center, "queue_summary", "--viewer", "admin", "--period", "2025-06"]
    assert "reason" in refused(*words)
    assert "Beta line" in run(*words, "--reason", "a test").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["service_level", "--by", "7min"], "'15min' or '30min' or 'hour'"),
        (["inbound_statistics", "--per", "moon"], "'project' or 'line'"),
        (["service_level", "--per", "line"], "has no option 'per'"),
        (["call_log", "--limit", "-1"], "a whole number from 0"),
        (["call_log", "--limit", "9" * 5000], "a whole number from 0"),
        (["call_log", "--option", "limits=3"], "Did you mean 'limit'?"),
        (["call_logs"], "Did you mean 'call_log'"),
        (["call_log", "--operator", "nobody"], "There is no operator 'nobody'"),
        (["call_log", "--viewer", "nobody"], "There is no active user 'nobody'"),
        (["queue_summary", "--viewer", "olek"], "There is no report 'queue_summary'"),
        (["call_log", "--period", "2025-13"], "2025-13"),
        (["call_log", "--period", "2025-06-03..2025-06-02"], "2025-06-03"),
        (["call_log", "--out", "no such folder/a.csv"], "There is no folder"),
        (["call_log", "--out", "a.doc"], "cannot be saved"),
    ],
)
def test_what_a_report_does_not_take_is_one_line(center: Path, words: list[str], said: str) -> None:
    assert said in refused("report", center, words[0], *JUNE, *words[1:])


def test_an_option_that_a_report_does_not_have_is_answered_by_those_that_it_has(center: Path) -> None:
    said = misunderstood("report", center, "service_level", *JUNE, "--colour", "red")
    assert "--colour" in said and "--by" in said and "--queue" in said
    assert "--limit" not in said  # of logs


def test_a_centre_without_loads_has_empty_reports(tmp_path: Path) -> None:
    run("create", tmp_path / "new", "--admin", "boss", "--timezone", "Europe/Berlin")
    said = run("report", tmp_path / "new", "queue_summary", "--viewer", "boss", "--reason", "a test").stdout
    assert "Queue summary: 0 rows" in said and "Europe/Berlin" in said


# Rows in and out


def test_creating_checks_what_it_is_given(tmp_path: Path) -> None:
    run("create", tmp_path / "new", "--set", "goal=0.5")
    assert okireports.open(tmp_path / "new").settings.values["goal"] == "0.5"
    assert "is not empty" in refused("create", tmp_path / "new")
    assert "There is no setting 'now'" in refused("create", tmp_path / "other", "--set", "now=1")
    assert "name=value" in misunderstood("create", tmp_path / "other", "--set", "goal")
    assert not (tmp_path / "other").exists()


def test_loading_tells_what_it_did_and_shows_rejects(center: Path, tmp_path: Path) -> None:
    said = run("load", center, growing.day(tmp_path, 1, wrong=3), "--rejects", "2").stdout
    assert "15 rows in, 12 loaded, 3 rejected" in said
    assert said.count("1-wrong-") >= 2 and "1-wrong-2" not in said
    assert len(rows_of(run("report", center, "call_log", *JUNE, "--format", "csv").stdout)) == 24


def test_a_strict_load_that_fails_publishes_nothing(center: Path, tmp_path: Path) -> None:
    before = (center / "CURRENT").read_bytes()
    assert "Nothing of this load was published." in refused(
        "load", center, growing.day(tmp_path, 1, wrong=1), "--strict"
    )
    assert "There is no source 'banc-1999'" in refused("load", center, tmp_path, "--source", "banc-1999")
    assert (center / "CURRENT").read_bytes() == before


def test_rolling_back(center: Path, tmp_path: Path) -> None:
    run("load", center, growing.day(tmp_path, 1))
    run("rollback", center, *WHY)
    assert len(rows_of(run("report", center, "call_log", *JUNE, "--format", "csv").stdout)) == 12
    assert "--reason" in misunderstood("rollback", center, "--actor", "admin")


def test_inspecting_drafts_a_mapping(tmp_path: Path) -> None:
    calls = growing.day(tmp_path, 0) / "calls.csv"
    printed = run("inspect", calls).stdout
    assert 'table = "calls"' in printed and "started_at" in printed
    run("inspect", calls, "--out", tmp_path / "mine.toml")
    assert (tmp_path / "mine.toml").read_text("utf-8") == printed
    assert "is there already" in misunderstood("inspect", calls, "--out", tmp_path / "mine.toml")


def test_inspecting_what_holds_no_calls(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("colour,size\nred,1\nblue,2\n", "utf-8")
    assert "No column of names.csv looks like the time of a call" in refused("inspect", tmp_path / "names.csv")


# People and projects


def test_people_and_projects_can_be_changed(center: Path) -> None:
    run("user", "add", center, "mia", "--role", "Supervisor", "--name", "Mia Maple", *WHY)
    run("project", "create", center, "Gamma", "--client", "Gamma Goods", *WHY)
    run("project", "add-object", center, "Gamma", "queue", "Gamma line", *WHY)
    run("project", "add-member", center, "Gamma", "mia", "--since", "2025-01-01", *WHY)
    opened = okireports.open(center)
    assert list(opened.viewer("mia").projects["project"]) == ["Gamma"]
    assert "Mia Maple" in run("user", "list", center).stdout and "Gamma Goods" in run("project", "list", center).stdout
    run("project", "remove-member", center, "Gamma", "mia", *WHY)
    assert opened.viewer("mia").projects.empty
    run("user", "change", center, "mia", "--inactive", *WHY)
    assert "no active user 'mia'" in refused("reports", center, "--viewer", "mia")
    log = opened.audit.frame
    assert set(log["reason"].tail(6)) == {"a test"} and set(log["actor"].tail(6)) == {"admin"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["user", "add", "BOSS", *WHY], "There is a user 'boss' already"),
        (["user", "add", "mia", "--actor", "anna", "--reason", "a test"], "lacks the right 'manage_users'"),
        (["user", "change", "anna", "--actor", "admin", "--reason", "a test"], "Say what to change"),
        (["project", "create", "Gamma", "--actor", "admin", "--reason", " "], "Say why"),
        (["project", "create", "Alpha", *WHY], "There is an active project 'Alpha' already"),
        (["project", "add-object", "Alpha", "que", "x", *WHY], "Did you mean 'queue'?"),
    ],
)
def test_a_change_that_is_refused_is_one_line(center: Path, words: list[str], said: str) -> None:
    line = refused(*words[:2], center, *words[2:])
    assert said in line


# The doctor


def test_a_whole_centre(center: Path) -> None:
    said = run("doctor", center).stdout
    assert "is whole." in said and "leftovers" not in said


def segment(center: Path) -> Path:
    return sorted(center.glob("stores/p0001/calls.*"))[0]


def test_the_doctor_finds_an_altered_file(center: Path) -> None:
    path = segment(center)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    result = run("doctor", center, code=1)
    assert result.stderr.count("error: ") == 1 and f"{path} was altered" in result.stderr


def test_the_doctor_finds_a_truncated_and_a_missing_file(center: Path) -> None:
    path = segment(center)
    path.chmod(0o600)
    os.truncate(path, 100)
    assert "has 100 bytes instead of" in run("doctor", center, code=1).stderr
    path.unlink()
    assert f"{path} cannot be read" in run("doctor", center, code=1).stderr


def test_the_doctor_finds_an_altered_change_log(template: Center, center: Path) -> None:
    control = okireports.open(center).folder.current().control
    with duckdb.connect(str(control)) as con:
        con.execute("UPDATE audit SET reason = 'another' WHERE seq = 1")
    said = json.loads((center / "CURRENT").read_text("utf-8")) | {"bytes": control.stat().st_size}
    (center / "CURRENT").write_text(json.dumps(said), "utf-8")
    result = run("doctor", center, code=1)
    assert "change log: 1 problem" in result.stdout and "error: " in result.stderr


def test_the_doctor_looks_after_the_secret(center: Path) -> None:
    (center / "SECRET").chmod(0o644)
    assert "chmod 600" in run("doctor", center, code=1).stderr
    (center / "SECRET").unlink()
    assert "cannot be found" in run("doctor", center, code=1).stderr


def test_the_doctor_names_leftovers_and_calls_the_centre_whole(center: Path) -> None:
    (center / "stores" / "p0001" / "calls.2025-06.000099.duckdb").write_bytes(b"half")
    (center / "control.000099.duckdb").write_bytes(b"half")
    said = run("doctor", center).stdout
    assert "leftovers: 2" in said and "calls.2025-06.000099.duckdb" in said and "is whole." in said


def test_the_doctor_of_what_is_no_centre(tmp_path: Path) -> None:
    assert "is not a centre" in refused("doctor", tmp_path)


# The demo


SHOWN = ("operators_log", "call_log", "queue_summary")  # a catalogue as short as that does for a test


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A small demo centre with every report run: its folder, that of the files, and what was said."""
    folder = tmp_path_factory.mktemp("demo")
    some = {found.name: found for found in all_reports() if found.name in SHOWN}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "REPORTS", some)
        result = run("demo", folder / "center", "--calls", "150", "--out", folder / "out")
    assert result.stderr == ""  # no progress where nobody watches
    return folder / "center", folder / "out", result.stdout


def permitted(viewer: Viewer) -> set[str]:
    """Which of the short catalogue a viewer may run."""
    return set(viewer.reports["name"]) & set(SHOWN)


def test_the_demo_runs_every_report_of_every_viewer(shown: tuple[Path, Path, str]) -> None:
    center, _, said = shown
    words = [line.split() for line in said.splitlines()]
    for login in VIEWERS:
        viewer = okireports.open(center).viewer(login, reason="a test")
        assert {line[1] for line in words if line[:1] == [login] and line[1] != "may"} == permitted(viewer)
    assert {line[1] for line in words if line[:1] == ["admin"]} == set(SHOWN)
    assert "audrey may run none of these reports." in said
    assert "No report is empty for admin." in said


def test_the_demo_names_what_is_empty_for_the_admin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = [Asked("admin", True, "call_log", 0, 0.1), Asked("clive", False, "lost_calls", 0, 0.1)]
    summarise([], asked, [], tmp_path)
    assert "Empty for admin: call_log." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("first", "until", "span"),
    [
        ("2025-07-01", "2026-06-30", "2026-06"),
        ("2026-02-01", "2026-02-28", "2026-02"),
        ("2026-06-17", "2026-06-30", ("2026-06-17", "2026-07-01")),
        ("2025-07-01", "2026-06-15", ("2026-05-17", "2026-06-16")),
    ],
)
def test_the_demos_last_month(first: str, until: str, span: object) -> None:
    assert period(date.fromisoformat(first), date.fromisoformat(until)) == span


def test_the_demo_hands_out_what_each_project_owns(shown: tuple[Path, Path, str]) -> None:
    center, out, _ = shown
    assert {path.name for path in out.iterdir()} == {"sara", "clive"}  # who has the right to export, but the admin
    for login in ("sara", "clive"):
        viewer = okireports.open(center).viewer(login)
        assert okireports.verify(out / login).whole
        folders = {path.name.split("-")[0]: path for path in (out / login).iterdir() if path.is_dir()}
        assert set(folders) == {f"{number:04d}" for number in viewer.projects["project_id"]}
        for number, name in viewer.projects.itertuples(index=False):
            folder = folders[f"{number:04d}"]
            names = {f"{report}.{kind}" for report in permitted(viewer) for kind in ("parquet", "csv", "html")}
            assert {path.name for path in folder.iterdir()} == names | {"calls", "digest.html", "manifest.json"}
            log = pq.read_table(folder / "call_log.parquet")
            assert log.num_rows > 0 and set(log["project"].to_pylist()) == {name}
            assert len(rows_of((folder / "call_log.csv").read_text("utf-8"))) == log.num_rows
            assert "Call log" in (folder / "call_log.html").read_text("utf-8")


def test_a_demo_is_replaced_only_when_told_so(shown: tuple[Path, Path, str], tmp_path: Path) -> None:
    center = tmp_path / "center"
    shutil.copytree(shown[0], center)
    before = (center / "CURRENT").read_bytes()
    assert "--force replaces it" in refused("demo", center)
    assert "give a whole number" in refused("demo", center, "--calls", "5", "--force")
    (center / "notes.txt").write_text("mine", "utf-8")
    assert "also holds notes.txt" in refused("demo", center, "--force")
    assert (center / "CURRENT").read_bytes() == before
    (center / "notes.txt").unlink()
    assert "100 calls" in run("demo", center, "--calls", "100", "--force").stdout
    assert "is whole." in run("doctor", center).stdout


def test_no_other_centre_is_replaced(center: Path) -> None:
    assert "no demo" in refused("demo", center, "--force")
    assert "is whole." in run("doctor", center).stdout


# As a program


def program(*words: object) -> subprocess.CompletedProcess[str]:
    ask = [sys.executable, "-W", "error", "-m", "okireports", *map(str, words)]
    return subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False)


def test_an_error_ends_with_1_and_no_traceback(tmp_path: Path) -> None:
    done = program("report", tmp_path, "call_log", "--viewer", "anna")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_a_misspelt_command_ends_with_2() -> None:
    done = program("reprot")
    assert done.returncode == 2 and "Traceback" not in done.stderr and "reprot" in done.stderr


# Tables


def test_nothing_printed_can_steer_a_terminal() -> None:
    assert plain("a\x1b[2Jb\nc\u202ed") == "a?[2Jb c?d"


def test_columns_that_do_not_fit_are_left_out() -> None:
    heads, cells = ["one", "two", "three"], [["12345", "1", "1"]]
    assert [room(heads, cells, width) for width in (1, 11, 10, 19, 18)] == [1, 2, 1, 3, 2]
