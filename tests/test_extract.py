"""Sealed extracts: what is in one, who may make one, where it may lie, and who opens it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import loaded
import okireports
from commands import refused, run
from okireports import access, extract
from okireports.access.definitions import DEFINITIONS
from okireports.disk import Sealed
from okireports.errors import (
    BadOption,
    BadPeriod,
    BadQuery,
    ChangeError,
    DamagedCenter,
    NotACenter,
    OkiReportsError,
    Refused,
    UnknownName,
    UnknownViewer,
)
from okireports.extract import asking, content, control
from okireports.faces import Center
from test_extract_laws import texts

FOR = {"actor": "admin", "reason": "for her laptop"}


# What is in one, and what is not


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """The usual centre with a call in each of two projects; people of many roles."""
    made = loaded.centre(tmp_path_factory.mktemp("extract") / "centre")
    columns = "queue,operator,phone,contact_name,cost,recording"
    ours = loaded.call("a-1", "2025-06-02T10:00:00Z", "Acme sales,anna,+48220000101,Abel Example,1.5,a.wav")
    theirs = loaded.call("b-1", "2025-06-02T11:00:00Z", "Bolt care,bea,+48220000102,Bella Example,2.5,b.wav")
    users = """
        login,name,role
        clive,Clive Example,Client
        max,Max Example,Supervisor
        mia,Mia Example,Supervisor
        """
    members = "login,project\nclive,Acme\nmax,Acme\nmax,Bolt\nmia,Acme\n"
    objects = 'kind,name,project,attributes\nline,Line 1,Acme,"{""capacity"": 4, ""password"": ""hunter-two""}"\n'
    loaded.load(
        made,
        {
            "users": users,
            "memberships": members,
            "objects": objects,
            "calls": loaded.calls(ours, theirs, columns=columns),
        },
    )
    say = {"actor": "admin", "reason": "a test"}
    made.roles.create("Lead", copy="Supervisor", add=("manage_access", "see_costs"), **say)
    made.roles.create("Clerk", copy="Client", add=("manage_access", "see_phone_numbers"), **say)
    made.users.change("max", role="Lead", **say)
    return made


def opened(center: Center, path: Path, viewer: str = "sue", **more: Any) -> Center:
    return okireports.open(center.extract(viewer, path, **{**FOR, **more}), now=loaded.NOW)


def tables(path: Path) -> set[str]:
    with duckdb.connect(str(path), read_only=True) as con:
        return {f"{s}.{t}" for s, t in con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()}


def test_plain_duckdb_reads_it_with_names_beside_ids(center: Center, tmp_path: Path) -> None:
    path = opened(center, tmp_path / "sue.duckdb").path
    asked = "SELECT project, queue, operator, source_id FROM calls"
    with duckdb.connect(str(path), read_only=True) as con:
        rows = con.execute(asked).fetchall()
        said = con.execute("SELECT viewer, role, projects, generation, made_by, timezone FROM extract").fetchone()
    assert rows == [("Acme", "Acme sales", "anna", "a-1")]
    assert said == ("sue", "Supervisor", ["Acme"], center.folder.current().generation, "admin", "Europe/Warsaw")
    assert center.viewer("sue").sql(asked).frame.to_numpy().tolist() == [list(rows[0])]


def test_a_query_of_her_own_runs_over_it(center: Center, tmp_path: Path) -> None:
    asked = "SELECT calls.project, queue, phone FROM calls JOIN contacts USING (contact_key) ORDER BY ALL"
    max_s = opened(center, tmp_path / "max.duckdb", "max").viewer("max")
    assert max_s.sql(asked).frame.to_numpy().tolist() == center.viewer("max").sql(asked).frame.to_numpy().tolist()
    assert max_s.sql(asked, projects="Bolt").arrow.num_rows == 1
    with pytest.raises(BadQuery, match="Parquet"):
        opened(center, tmp_path / "max", "max").viewer("max").sql(asked)


def test_a_closed_table_is_not_in_it(center: Center, tmp_path: Path) -> None:
    held = {
        login: tables(opened(center, tmp_path / f"{login}.duckdb", login).path) for login in ("sue", "max", "clive")
    }
    closed = {login: {t for t in ("charges", "contacts", "recordings") if f"p0001.{t}" not in known}
              for login, known in held.items()}  # fmt: skip
    assert closed == {"sue": {"charges"}, "max": set(), "clive": {"charges", "contacts"}}
    assert not any(t.startswith(("p0002", "p0000")) for t in held["sue"])


@pytest.mark.parametrize(("viewer", "asked"), [("sue", None), ("max", "Acme")])
def test_of_another_project_nothing_is_in_it(center: Center, tmp_path: Path, viewer: str, asked: str | None) -> None:
    """Neither of one that is not hers, nor of one that was not asked for; an id would tell who works there, too."""
    path = opened(center, tmp_path / "x.duckdb", viewer, projects=asked).path
    for where, text in texts(path):
        assert not re.search(r"Bolt|Bella|Cargo|\bbea\b|\bb-1\b|\bb\.wav|000102\b", text), where
    held = {where: values for where, values in ids(path, "project_id").items() if values}
    assert {"control.memberships", "control.project_objects", "control.segments", "p0001.calls"} <= set(held)
    assert set().union(*held.values()) == {1}


def ids(path: Path, column: str) -> dict[str, set[int]]:
    """What stands in every column of that name, by table."""
    with duckdb.connect(str(path), read_only=True) as con:
        having = "SELECT schema_name, table_name FROM duckdb_columns() WHERE column_name = ? AND NOT internal"
        return {
            f"{schema}.{table}": {
                n for (n,) in con.execute(f'SELECT "{column}" FROM {schema}."{table}"').fetchall() if n is not None
            }
            for schema, table in con.execute(having, [column]).fetchall()
        }


def test_of_colleagues_neither_rows_nor_ids_go_to_one_who_sees_her_own(center: Center, tmp_path: Path) -> None:
    say = {"actor": "admin", "reason": "a test"}
    center.roles.create("Alone", copy="Operator", add=("own_rows_only", "export"), **say)
    center.users.create("olga", role="Alone", projects=["Acme"], **say)
    path = opened(center, tmp_path / "olga.duckdb", "olga").path
    for where, text in texts(path):
        assert not re.search(r"\banna\b|Abel|\ba-1\b|000101\b", text), where
    with duckdb.connect(str(path), read_only=True) as con:
        listed = con.execute("SELECT count(*), sum(rows), list(people), list(objects) FROM control.segments").fetchone()
        assert listed and listed[0] >= 2 and listed[1:] == (0, [[]] * listed[0], [[]] * listed[0])


def test_who_has_no_name_for_her_is_not_in_it(center: Center, tmp_path: Path) -> None:
    """And of those who have one nobody can look into it."""
    path = opened(center, tmp_path / "sue.duckdb").path
    with duckdb.connect(str(path), read_only=True) as con:
        assert dict(con.execute("SELECT login, active FROM control.users").fetchall()) == {"sue": True, "anna": False}


def test_operators_lie_in_it_under_their_aliases(center: Center, tmp_path: Path) -> None:
    path = opened(center, tmp_path / "clive.duckdb", "clive").path
    for where, text in texts(path):
        assert not re.search(r"\banna\b|Anna|\bbea\b|\bsue\b", text), where
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("SELECT DISTINCT operator FROM calls").fetchall()[0][0].startswith("Operator 0")


def test_of_what_belongs_to_a_thing_only_its_capacity_is_told(center: Center, tmp_path: Path) -> None:
    path = opened(center, tmp_path / "sue.duckdb").path
    with duckdb.connect(str(path), read_only=True) as con:
        asked = "SELECT attributes FROM control.objects WHERE name = 'Line 1'"
        assert json.loads(con.execute(asked).fetchall()[0][0]) == {"capacity": 4}
    assert not any("hunter-two" in text for _, text in texts(path))


def test_of_people_those_are_in_it_whom_its_rows_name(center: Center, tmp_path: Path) -> None:
    found = {}
    for period in ("2025-06-02", "2024-05", None):
        path = opened(center, tmp_path / f"{period}.duckdb", period=period).path
        with duckdb.connect(str(path), read_only=True) as con:
            found[period] = con.execute("SELECT list(phone) FROM contacts").fetchall()[0][0]
    assert found == {"2025-06-02": ["+48220000101"], "2024-05": None, None: ["+48220000101"]}


def test_what_comes_weeks_after_its_period_is_not_in_it(tmp_path: Path) -> None:
    """Though it lies in the same file of the centre; of who runs no report that looks so far ahead."""
    made, days = loaded.centre(tmp_path / "centre"), ("2025-06-02", "2025-06-29")
    made.roles.create("Logs", copy="Supervisor", reports=["call_log"], **FOR)
    made.users.change("sue", role="Logs", **FOR)
    lines = [
        loaded.call(f"a-{n}", f"{day}T10:00:00Z", "Acme sales", f"+4822000020{n}", f"Abel {n} Example")
        for n, day in enumerate(days)
    ]
    loaded.load(made, {"calls": loaded.calls(*lines, columns="queue,phone,contact_name")})
    extract = opened(made, tmp_path / "sue.duckdb", period=days[0])
    with duckdb.connect(str(extract.path), read_only=True) as con:
        rows = con.execute("SELECT calls.source_id, phone FROM calls JOIN contacts USING (contact_key)").fetchall()
    assert rows == [("a-0", "+48220000200")]
    for where, text in texts(extract.path):
        assert not re.search(r"\ba-1\b|000201\b|Abel 1", text), where
    assert len(extract.viewer("sue").report("call_log", period=days[0]).frame) == 1
    with pytest.raises(BadPeriod, match="within it"):
        extract.viewer("sue").report("call_log", period=days[1])


def test_a_table_reaches_as_far_as_the_reports_that_read_it(tmp_path: Path) -> None:
    """A funnel follows the changes of a year, tasks their calls for 30 days, and nothing of orders is looked for."""
    made = loaded.centre(tmp_path / "centre")
    later = ["2025-06-02", "2025-06-20", "2025-08-01"]
    lines = [loaded.call(f"c-{n}", f"{day}T10:00:00Z", "Acme sales") for n, day in enumerate(later)]
    request = {"source_id": "r-0", "project": "Acme", "form": "Acme form", "created_at": "2025-06-02T10:00:00Z"}
    seqs = enumerate(later)
    changes = [
        {"source_id": f"s-{n}", "request": "r-0", "seq": n, "stage": f"s-{n}", "at": f"{day}T11:00:00Z"}
        for n, day in seqs
    ]
    orders = [{"source_id": f"o-{n}", "project": "Acme", "at": f"{day}T12:00:00Z"} for n, day in enumerate(later)]
    facts = {"requests": [request], "stage_changes": changes, "orders": orders}
    loaded.load(made, {"calls": loaded.calls(*lines, columns="queue"), **facts})
    extract = opened(made, tmp_path / "sue.duckdb", period=later[0])
    with duckdb.connect(str(extract.path), read_only=True) as con:
        held = {t: con.execute(f"SELECT count(*) FROM {t}").fetchone() for t in ("calls", "stage_changes", "orders")}
    assert held == {"calls": (2,), "stage_changes": (3,), "orders": (1,)}


def test_it_takes_over_the_rights_that_reading_needs_and_no_others(center: Center, tmp_path: Path) -> None:
    path = opened(center, tmp_path / "max.duckdb", "max").path
    with duckdb.connect(str(path), read_only=True) as con:
        ((role, rights),) = con.execute("SELECT role, rights FROM control.roles").fetchall()
    assert role == "Lead"
    assert set(rights) == {"see_phone_numbers", "listen_recordings", "see_costs", "export", "run_sql"}


def test_what_a_run_reads_of_the_control_file_is_in_it() -> None:
    """Whoever lets runs read another table of it says here what of it goes into an extract."""
    sources = [*(d.sql for d in DEFINITIONS.values())]
    sources += [Path(m.__file__).read_text("utf-8") for m in (access.directory, access.scope, access.definitions)]
    read = {table for text in sources for table in re.findall(r"\bcontrol\.([a-z_]+)", text)}
    assert len(read) > 10
    assert read - {"segments"} <= set(control.PEOPLE_AND_PLACES) | set(control.definitions(DEFINITIONS))


def test_one_state_goes_into_it_whatever_is_published_meanwhile(
    center: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = loaded.centre(tmp_path / "centre")
    loaded.load(
        made, {"calls": loaded.calls(loaded.call("a-1", "2025-06-02T10:00:00Z", "Acme sales"), columns="queue")}
    )
    before, whole = made.folder.current().generation, content.write

    def late(*given: Any) -> None:
        more = loaded.call("a-2", "2025-06-02T11:00:00Z", "Acme sales")
        loaded.load(made, {"calls": loaded.calls(more, columns="queue")})
        whole(*given)

    monkeypatch.setattr(asking, "write", late)
    path = made.extract("sue", tmp_path / "sue.duckdb")
    assert made.folder.current().generation == before + 1
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM calls").fetchone() == (1,)
        assert con.execute("SELECT generation FROM extract").fetchone() == (before,)


# Who may make one, and what is written down


def journal(center: Center) -> list[dict[str, Any]]:
    return [json.loads(p.read_text("utf-8")) for p in sorted(center.folder.journal.iterdir())]


@pytest.mark.parametrize(
    ("viewer", "actor", "why"),
    [
        ("anna", "anna", "lacks the right 'export'"),
        ("anna", "admin", "anna .* lacks the right 'export'"),
        ("max", "sue", "lacks the right 'manage_access'"),
        ("nobody", "admin", "no active user 'nobody'"),
        ("sue", "nobody", "no active user 'nobody'"),
        ("admin", "admin", "an extract does not take over"),
        ("sue", "clara", "restricted \\(aliases\\)"),
        ("max", "clara", "lacks the right 'see_costs'"),
    ],
)
def test_a_refusal_says_why_and_is_written_down(
    center: Center, tmp_path: Path, viewer: str, actor: str, why: str
) -> None:
    if actor == "clara" and "clara" not in set(center.users.frame["login"]):
        center.users.create("clara", role="Clerk", actor="admin", reason="a test")
        center.projects.add_member("Acme", "clara", actor="admin", reason="a test")
    with pytest.raises(Refused, match=why):
        center.extract(viewer, tmp_path / "x.duckdb", actor=actor, reason="a test")
    assert list(tmp_path.iterdir()) == []
    last = journal(center)[-1]
    assert (last["actor"], last["action"], last["subject_kind"], last["subject"]) == (
        actor,
        "refused",
        "extract",
        viewer,
    )


def test_an_actor_hands_out_rows_of_her_own_projects(center: Center, tmp_path: Path) -> None:
    center.users.change("mia", role="Lead", actor="admin", reason="a test")
    made = opened(center, tmp_path / "max.duckdb", "max", actor="mia")
    assert list(made.viewer("max").projects["project"]) == ["Acme"]
    said = []
    for name in ("Bolt", "Bolx"):
        with pytest.raises(UnknownName) as told:
            center.extract("max", tmp_path / "y.duckdb", projects=name, actor="mia", reason="a test")
        said.append(str(told.value).replace(name, "?"))
    assert said[0] == said[1]


def test_whoever_sees_everything_takes_the_projects_of_which_she_is_a_member(tmp_path: Path) -> None:
    made = loaded.centre(tmp_path / "centre")
    made.projects.add_member("Cargo", "admin", actor="admin", reason="a test")
    lines = [loaded.call(f"{queue or project}-1", "2025-06-02T10:00:00Z", queue, project)
             for queue, project in (("Acme sales", ""), ("", "Cargo"), ("Loose", ""))]  # fmt: skip
    loaded.load(made, {"calls": loaded.calls(*lines, columns="queue,project")})
    extract = opened(made, tmp_path / "admin.duckdb", "admin")
    assert list(extract.viewer("admin").projects["project"]) == ["Cargo"]
    assert set().union(*ids(extract.path, "project_id").values()) == {3}
    assert {t for t in tables(extract.path) if t.endswith(".calls")} == {"p0003.calls"}
    assert not [where for where, text in texts(extract.path) if re.search("Acme|Loose", text)]


def test_it_is_written_down_for_each_project(tmp_path: Path) -> None:
    made = loaded.centre(tmp_path / "centre")
    made.projects.add_member("Bolt", "sue", actor="admin", reason="a test")
    made.extract("sue", tmp_path / "sue.duckdb", reason="for the train")
    made.projects.create("Delta", actor="admin", reason="a test")
    rows = made.audit.frame.query("action == 'extract'")
    assert rows[["actor", "subject", "project_id", "reason"]].to_numpy().tolist() == [
        ["sue", "sue", 1, "for the train"],
        ["sue", "sue", 2, "for the train"],
    ]
    assert made.audit.verify(okireports.open(tmp_path / "sue.duckdb", now=loaded.NOW).folder.seal.change_log) == []  # type: ignore[attr-defined]


def test_what_cannot_be_written_down_does_not_go_out(tmp_path: Path) -> None:
    made = loaded.centre(tmp_path / "centre")
    for path in made.folder.journal.iterdir():
        path.unlink()
    made.folder.journal.rmdir()
    made.folder.journal.write_text("not a folder")
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(Refused, match="must be written"):
        made.extract("sue", out / "sue.duckdb")
    assert list(out.iterdir()) == []


# Where it may lie


def test_it_is_her_own_and_nothing_else_is_left(center: Center, tmp_path: Path) -> None:
    for name in ("sue.duckdb", "sue"):
        opened(center, tmp_path / name)
    assert {p.name for p in tmp_path.iterdir()} == {"sue.duckdb", "sue"}
    modes = {p: p.stat().st_mode & 0o777 for p in tmp_path.rglob("*")}
    assert {mode for p, mode in modes.items() if p.is_file()} == {0o600}
    assert {mode for p, mode in modes.items() if p.is_dir()} == {0o700}


@pytest.mark.parametrize("name", ["sue.duckdb", "sue"])
@pytest.mark.parametrize("there", ["file", "folder", "link", "dangling link"])
def test_it_replaces_nothing(center: Center, tmp_path: Path, name: str, there: str) -> None:
    target, other = tmp_path / name, tmp_path / "other"
    if there == "file":
        target.write_text("mine")
    elif there == "folder":
        target.mkdir()
    else:
        target.symlink_to(other)
        if there == "link":
            other.write_text("mine")
    with pytest.raises(BadOption, match="is there already"):
        center.extract("sue", target, **FOR)
    kept = {p.name: p.read_text() for p in tmp_path.iterdir() if p.is_file()}
    assert set(kept.values()) <= {"mine"} and not (there == "dangling link" and other.exists())


def test_what_appears_at_its_path_meanwhile_stays(
    center: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = content.write

    def slow(*given: Any) -> None:
        whole(*given)
        (tmp_path / "sue.duckdb").write_text("mine")

    monkeypatch.setattr(asking, "write", slow)
    with pytest.raises(BadOption, match="is there already"):
        center.extract("sue", tmp_path / "sue.duckdb", **FOR)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["mine"]


def test_what_fails_leaves_nothing(center: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*given: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(content.Content, "main", failing)
    with pytest.raises(OSError, match="No space"):
        center.extract("sue", tmp_path / "sue.duckdb", **FOR)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["sue.db", "sue.parquet", "sue.csv", "no/such/folder/sue.duckdb", ".."])
def test_a_path_that_does_not_do_is_refused(center: Center, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadOption):
        center.extract("sue", tmp_path / name, **FOR)


def test_it_does_not_lie_in_the_centre(center: Center, tmp_path: Path) -> None:
    (tmp_path / "door").symlink_to(center.folder.stores)
    inside = (center.path / "x.duckdb", center.folder.stores / "x.duckdb", tmp_path / "door" / "x.duckdb")
    for path in (*inside, center.path / "stores" / ".." / "x"):
        with pytest.raises(BadOption, match="lies in the centre"):
            center.extract("sue", path, **FOR)


# Opening one


def test_it_is_for_her_alone(center: Center, tmp_path: Path) -> None:
    made = opened(center, tmp_path / "sue.duckdb")
    for login in ("anna", "admin", "max", "clive", "nobody"):
        with pytest.raises(UnknownViewer):
            made.viewer(login, reason="a test")
    assert list(made.viewer("SUE").projects["project"]) == ["Acme"]


def test_it_is_never_changed(center: Center, tmp_path: Path) -> None:
    made = opened(center, tmp_path / "sue.duckdb")
    before, say = made.path.read_bytes(), {"actor": "sue", "reason": "a test"}
    attempts = (
        lambda: made.load(tmp_path),
        lambda: made.sync(tmp_path),
        lambda: made.projects.create("Delta", **say),
        lambda: made.users.create("dora", **say),
        lambda: made.settings.change(goal="0.9", **say),
        lambda: made.rollback(**say),
        lambda: made.extract("sue", tmp_path / "again.duckdb"),
    )
    for attempt in attempts:
        with pytest.raises(Refused, match="sealed extract"):
            attempt()
    assert made.path.read_bytes() == before and {p.name for p in tmp_path.iterdir()} == {"sue.duckdb"}


def test_it_expires_also_while_it_is_open(center: Center, tmp_path: Path) -> None:
    clock = [loaded.NOW]
    path = center.extract("sue", tmp_path / "sue.duckdb", expires="2025-12-02", **FOR)
    viewer = okireports.open(path, now=lambda: clock[0]).viewer("sue")
    assert len(viewer.report("call_log", period="2025-06").frame) == 1
    clock[0] += timedelta(days=1)
    for ask in (viewer.check, lambda: viewer.report("call_log", period="2025-06"), lambda: viewer.sql("SELECT 1")):
        with pytest.raises(Refused, match=r"expired on 2025-12-02 00:00:00 CET"):
            ask()
    with pytest.raises(Refused, match="expired"):
        okireports.open(path, now=clock[0])


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"expires": "2025-11-30"}, BadOption),
        ({"expires": "soon"}, ChangeError),
        ({"period": "2025-13"}, BadPeriod),
        ({"period": ("2025-06-02", "2025-06-01")}, BadPeriod),
        ({"projects": "Bolt"}, UnknownName),
        ({"projects": "Nobody's"}, UnknownName),
    ],
)
def test_what_is_wrong_with_an_order_is_said(
    center: Center, tmp_path: Path, given: dict[str, Any], error: type[OkiReportsError]
) -> None:
    with pytest.raises(error):
        center.extract("sue", tmp_path / "x.duckdb", **FOR, **given)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_none_is_told_from_one_that_is_damaged(center: Center, tmp_path: Path) -> None:
    whole = opened(center, tmp_path / "sue.duckdb").path.read_bytes()
    for name, said in {"text": b"hello", "empty": b"", "cut": whole[: len(whole) // 2]}.items():
        (tmp_path / name).write_bytes(said)
        with pytest.raises((NotACenter, DamagedCenter)):
            okireports.open(tmp_path / name, now=loaded.NOW).viewer("sue").report("call_log", period="2025-06")
    with duckdb.connect(str(tmp_path / "other.duckdb")) as con:
        con.execute("CREATE TABLE calls (a BIGINT)")
    with pytest.raises(NotACenter, match="no extract"):
        okireports.open(tmp_path / "other.duckdb")
    assert isinstance(okireports.open(tmp_path / "sue.duckdb", now=loaded.NOW).folder, Sealed)


def test_in_a_simplified_centre_it_holds_everything(tmp_path: Path) -> None:
    made = loaded.centre(tmp_path / "centre", {}, security="simplified")
    loaded.load(
        made,
        {
            "users": "login,role\nsue,Supervisor\nanna,Operator\n",
            "objects": "kind,name\nqueue,Sales\n",
            "calls": loaded.calls(loaded.call("a-1", "2025-06-02T10:00:00Z", "Sales,anna"), columns="queue,operator"),
        },
    )
    extract = opened(made, tmp_path / "sue.duckdb")
    here, there = (c.viewer("sue").report("call_log", period="2025-06").frame for c in (made, extract))
    assert len(here) == 1 and here.equals(there)


# From the command line


def test_the_command_line_makes_one(center: Center, tmp_path: Path) -> None:
    path = tmp_path / "max.duckdb"
    said = run("extract", center.path, "max", path, "--project", "Bolt", "--expires", "2999-01-01", "--actor", "admin")
    assert said.stdout == f"Wrote {path}: rows of Bolt, for max.\n"
    assert "is there already" in refused("extract", center.path, "max", path)
    assert "Bolt care" in run("report", path, "call_log", "--viewer", "max", "--period", "2025-06").stdout


def test_a_module_that_makes_extracts_has_one_door() -> None:
    assert extract.__all__ == ["make"]
