"""Administration on the command line: roles, groups, projects, the security type, corrections of the past."""

from __future__ import annotations

from pathlib import Path

import pytest

import growing
import okireports
from commands import misunderstood, refused, run

WHY = ["--actor", "admin", "--reason", "a test"]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> okireports.Center:
    """Alpha with 5 calls and Beta with 7 on one day; boss is in both, anna in Alpha."""
    folder = tmp_path_factory.mktemp("cli")
    center = growing.make(folder)
    center.load(growing.day(folder, 0))
    return center


@pytest.fixture
def center(template: okireports.Center, tmp_path: Path) -> Path:
    """One's own copy of it."""
    return growing.copy(template, tmp_path).path


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        ("role", ("list", "create", "change", "remove")),
        ("group", ("list", "create", "rename", "add-member", "remove-member")),
        ("project", ("change", "rename", "archive", "add-group", "remove-group", "move", "remove-object")),
        ("restamp", ()),
        ("security", ()),
    ],
)
def test_each_command_says_what_it_does(command: str, parts: tuple[str, ...]) -> None:
    said = run(command, "--help").stdout
    assert "Usage:" in said
    for part in parts:
        assert part in said and "Usage:" in run(command, part, "--help").stdout


def test_groups_and_people(center: Path) -> None:
    run("group", "create", center, "Early", *WHY)
    run("group", "add-member", center, "Early", "olek", "--since", "2025-01-01", *WHY)
    run("user", "add", center, "nina", "--group", "Early", "--project", "Alpha", *WHY)
    run("group", "rename", center, "Early", "Earlier", *WHY)
    assert "nina, olek" in run("group", "list", center).stdout
    run("project", "add-group", center, "Beta", "Earlier", *WHY)
    people = okireports.open(center).users.frame.set_index("login")["projects"]
    assert list(people["nina"]) == ["Alpha", "Beta"] and list(people["olek"]) == ["Alpha", "Beta"]
    run("project", "remove-group", center, "Alpha", "Earlier", *WHY)
    run("group", "remove-member", center, "Earlier", "nina", *WHY)
    assert "is not in the group Earlier" in refused("group", "remove-member", center, "Earlier", "nina", *WHY)
    people = okireports.open(center).users.frame.set_index("login")["projects"]
    assert list(people["nina"]) == ["Beta"]


def test_roles(center: Path) -> None:
    run("role", "create", center, "Reader", "--copy", "Supervisor", "--take", "export", "--take", "run_sql", *WHY)
    run("role", "change", center, "Reader", "--report", "call_log", "--add", "see_costs", *WHY)
    row = okireports.open(center).roles.frame.set_index("role").loc["Reader"]
    assert list(row["reports"]) == ["call_log"] and "see_costs" in row["rights"] and "export" not in row["rights"]
    assert "Reader" in run("role", "list", center).stdout
    run("role", "remove", center, "Reader", *WHY)
    assert "is a preset" in refused("role", "change", center, "Client", "--take", "export", *WHY)


def test_projects(center: Path) -> None:
    run("project", "rename", center, "Beta", "Beta two", *WHY)
    run("project", "change", center, "Beta two", "--client", "Example Ltd", *WHY)
    run("project", "move", center, "Beta two", "queue", "Alpha line", "--since", "2030-01-01", *WHY)
    owned = growing.query(okireports.open(center), "SELECT valid_to FROM control.project_objects WHERE project_id = 1")
    assert [str(at) for (at,) in owned] == ["2029-12-31 23:00:00"], "the midnight of Warsaw"
    run("project", "remove-object", center, "Beta two", "queue", "Beta line", *WHY)
    run("project", "archive", center, "Alpha", *WHY)
    frame = okireports.open(center).projects.frame.set_index("project")
    assert frame.loc["Beta two", "client"] == "Example Ltd" and frame.loc["Alpha", "archived_at"] is not None
    assert "is archived" in refused("project", "add-object", center, "Alpha", "queue", "x", *WHY)


def test_the_past_is_corrected(center: Path) -> None:
    words = ["restamp", center, "queue", "Alpha line", "--to", "Beta", "--from", "2025-06-01", *WHY]
    said = run(*words, "--dry-run").stdout
    assert "calls 5" in said and "only tried" in said
    said = run(*words).stdout
    assert "calls 5" in said and "only tried" not in said
    rows = growing.summary(okireports.open(center, now=growing.NOW).viewer("boss"))
    assert [(r["project"], r["offered"]) for r in rows] == [("Beta", 5), ("Beta", 7)]
    assert "nothing to correct" in refused(*words)
    for given in ([], ["--to", "Beta", "--to-nobody"]):
        assert "--to-nobody" in misunderstood("restamp", center, "queue", "Alpha line", *given, *WHY)
    run("restamp", center, "queue", "Alpha line", "--to-nobody", *WHY)
    rows = growing.summary(okireports.open(center, now=growing.NOW).viewer("boss"))
    assert [(r["project"], r["offered"]) for r in rows] == [("Beta", 7)]


def test_the_security_type(tmp_path: Path, center: Path) -> None:
    run("create", tmp_path / "new", "--security", "simplified")
    assert "Default" in run("security", tmp_path / "new", "improved", *WHY).stdout
    assert "Everyone sees everything" in run("security", tmp_path / "new", "simplified", *WHY).stdout
    assert "the border of Beta" in refused("security", center, "simplified", *WHY)
