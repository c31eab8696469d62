"""Who may see what, and what was done, on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import growing
import okireports
from commands import misunderstood, refused, run
from okireports.disk import write

WHY = ["--actor", "admin", "--reason", "a complaint"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> okireports.Center:
    path = tmp_path_factory.mktemp("cli")
    made = growing.make(path)
    made.load(growing.day(path, 0))
    return made


@pytest.fixture
def center(template: okireports.Center, tmp_path: Path) -> Path:
    return growing.copy(template, tmp_path).path


def cells(*words: object) -> list[list[str]]:
    """The rows of a table, cell by cell."""
    return [re.split(r" {2,}", line.strip()) for line in run(*words).stdout.splitlines()]


def test_the_log_newest_first(center: Path) -> None:
    heads, first, *_ = cells("audit", center, "--rows", "3")
    assert heads[:4] == ["seq", "at", "actor", "action"]
    newest = okireports.open(center).audit.frame.iloc[-1]
    assert (first[0], first[3]) == (str(newest["seq"]), newest["action"])
    assert "older entries" in run("audit", center, "--rows", "3").stdout
    anna = run("audit", center, "--viewer", "anna", "--rows", "99").stdout
    assert "Alpha" in anna and "Beta" not in anna
    assert "lacks the right 'read_audit'" in refused("audit", center, "--viewer", "olek")
    assert "give one" in refused("audit", center, "--viewer", "admin")  # a reason


def test_the_chain_is_checked(center: Path) -> None:
    opened = okireports.open(center)
    head = opened.audit.head
    assert run("audit", center, "--verify").stdout == f"The change log is whole. Its newest entry: {head}\n"
    opened.users.create("nora", actor="admin", reason="a test")
    run("audit", center, "--verify", "--head", head)
    assert "the end was cut" in refused("audit", center, "--verify", "--head", "0" * 63 + "1")
    with write(opened.folder, "tampering") as writer:
        writer.con.execute("UPDATE control.audit SET actor = 'anna' WHERE seq = 3")
    assert "entry 3 does not follow" in refused("audit", center, "--verify")


def test_who_could_see_what_on_a_day(center: Path) -> None:
    rows = cells("audit", center, "--on", "2099-07-01")
    assert ["anna", "Alpha", "Supervisor", "member"] in [row[:4] for row in rows]
    assert len(cells("audit", center, "--on", "2020-07-01")) == 1  # the headings
    assert "no instant" in refused("audit", center, "--on", "July")
    assert "give one" in misunderstood("audit", center, "--on", "2025-07-01", "--verify")
    assert "goes with --verify" in misunderstood("audit", center, "--head", "0")


def test_lint_who_can_see_diff_access(center: Path) -> None:
    rows = cells("lint", center, *WHY)
    assert ["never looked", "anna", "Alpha"] in [row[:3] for row in rows]
    rows = cells("who-can-see", center, "0-Alpha-1", *WHY)
    assert [row[:4] for row in rows[1:3]] == [
        ["admin", "Alpha", "Admin", "see_all_projects"],
        ["anna", "Alpha", "Supervisor", "member"],
    ]
    assert cells("diff-access", center, "boss", "anna", *WHY)[1:] == [["project", "Beta"]]
    assert run("diff-access", center, "anna", "boss", *WHY).stdout == "anna may see nothing that boss may not.\n"
    assert "There is no call 'x'" in refused("who-can-see", center, "x", *WHY)
    for command in (["lint"], ["who-can-see", "0-Alpha-1"], ["diff-access", "boss", "anna"]):
        said = refused(command[0], center, *command[1:], "--actor", "anna", "--reason", "curious")
        assert "lacks the right" in said
