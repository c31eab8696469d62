"""Definitions on the command line: what holds, and changes with from when on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import growing
import okireports
from commands import misunderstood, refused, run

WHY = ["--actor", "admin", "--reason", "new contract"]
TARGET = ["queue=Alpha line", "answer_within_s=15"]


def table(*words: object) -> list[list[str]]:
    """The rows of a table, cell by cell."""
    return [re.split(r" {2,}", line.strip()) for line in run("definition", "list", *words).stdout.splitlines()]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> okireports.Center:
    return growing.make(tmp_path_factory.mktemp("cli"))


@pytest.fixture
def center(template: okireports.Center, tmp_path: Path) -> Path:
    return growing.copy(template, tmp_path).path


def test_a_newcomer_is_told_how(center: Path) -> None:
    said = " ".join(run("definition", "--help").stdout.split())
    assert "okireports definition list CENTER targets" in said and "--from 2025-07-01" in said
    for command in ("list", "set", "end", "remove"):
        assert "Usage:" in run("definition", command, "--help").stdout
    heads, *rows = table(center)
    assert heads[:3] == ["kind", "rows", "dated"]
    assert ["targets", "0", "True"] in [row[:3] for row in rows] and ["results", "0", "False"] in [r[:3] for r in rows]
    assert any("free_s!" in " ".join(row) for row in rows)


def test_set_list_end(center: Path) -> None:
    assert run("definition", "list", center, "targets").stdout == "No targets.\n"
    said = run("definition", "set", center, "targets", *TARGET, "goal=0.8", "--from", "2035-07-01", *WHY).stdout
    assert said == "Set in targets: queue=Alpha line, answer_within_s=15, goal=0.8, from 2035-07-01.\n"
    run("definition", "set", center, "targets", *TARGET[:1], "goal=", "--from", "2035-08-01T08:30", *WHY)
    assert run("definition", "list", center, "targets").stdout == "No targets.\n"  # none holds yet
    _, row = table(center, "targets", "--on", "2035-07-15")
    assert row[:3] == ["Alpha line", "15.0", "0.8"]
    heads, first, second = table(center, "targets", "--history")
    assert heads[-2:] == ["valid_from", "valid_to"]
    assert first[-2:] == ["2035-07-01 00:00:00+02:00", "2035-08-01 08:30:00+02:00"]
    assert second == ["Alpha line", "15.0", "2035-08-01 08:30:00+02:00"]  # the goal is taken away
    run("definition", "end", center, "targets", *TARGET[:1], "--at", "2035-07-20", *WHY)
    assert [row[-2:] for row in table(center, "targets", "--history")[1:]] == [
        ["2035-07-01 00:00:00+02:00", "2035-07-20 00:00:00+02:00"]
    ]
    log = okireports.open(center).audit.frame
    assert list(log["reason"])[-3:] == ["new contract"] * 3


def test_settings_and_kinds_without_dates(center: Path) -> None:
    run("definition", "set", center, "settings", "formula=offered", "--from", "2035-07-01", *WHY)
    assert [row for row in table(center, "settings", "--history") if row[0] == "formula"] == [
        ["formula", "short", "2035-07-01 00:00:00+02:00"],
        ["formula", "offered", "2035-07-01 00:00:00+02:00"],
    ]
    run("definition", "set", center, "results", "project=Alpha", "result=sold", "sale=yes", *WHY)
    assert table(center, "results")[1] == ["Alpha", "sold", "True"]
    run("definition", "remove", center, "results", "project=Alpha", "result=sold", *WHY)
    assert run("definition", "list", center, "results").stdout == "No results.\n"


def test_what_is_wrong_is_one_line(center: Path) -> None:
    change = ["definition", "set", center]
    assert "Did you mean 'targets'" in refused(*change, "target", *TARGET, *WHY)
    assert "Did you mean 'Alpha line'" in refused(*change, "targets", "queue=Alfa line", "answer_within_s=15", *WHY)
    assert "may not be negative" in refused(*change, "targets", *TARGET[:1], "answer_within_s=-15", *WHY)
    assert "no instant" in refused(*change, "targets", *TARGET, "--from", "July", *WHY)
    assert "lacks the right 'manage_definitions'" in refused(
        *change, "targets", *TARGET, "--actor", "anna", "--reason", "x"
    )
    assert "no active user 'nobody'" in refused(*change, "targets", *TARGET, "--actor", "nobody", "--reason", "x")
    assert "No such row of targets" in refused("definition", "end", center, "targets", *TARGET[:1], *WHY)
    assert "end them with `end`" in refused("definition", "remove", center, "targets", *TARGET[:1], *WHY)
    assert "no instant" in refused("definition", "list", center, "targets", "--on", "soon")
    assert "write name=value" in misunderstood(*change, "targets", "Alpha line", *WHY)
    assert "Say of which KIND" in misunderstood("definition", "list", center, "--on", "2025-06-01")
    assert "--history has every day" in misunderstood(
        "definition", "list", center, "targets", "--history", "--on", "2025-06-01"
    )
    assert "actor" in misunderstood(*change, "targets", *TARGET)
    assert okireports.open(center).definitions.history("targets").empty
