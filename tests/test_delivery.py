"""Exports: what lies in the folder of each project, who may make one, and what is written down."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import loaded
import okireports
from commands import refused, run
from handed_out import MONTHS, PERIOD, SAY, centre, files, journal, manifest
from okireports.delivery.naming import MOST, folder_of
from okireports.errors import BadOption, BadPeriod, Refused, UnknownName, UnknownReport
from okireports.export import workbook
from okireports.faces import Center

ACME, BOLT = "0001-Acme", "0002-Bolt"


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """A centre that no test changes."""
    return centre(tmp_path_factory.mktemp("delivery") / "centre")


@pytest.fixture
def own(usual: Center, tmp_path: Path) -> Center:
    """A centre of a test's own."""
    shutil.copytree(usual.path, tmp_path / "centre")
    return okireports.open(tmp_path / "centre", now=loaded.NOW)


def export(center: Center, to: Path, login: str = "max", **more: Any) -> Any:
    asked = {"period": PERIOD, "tables": "calls"} | more
    reason = "a test" if login == "admin" else None
    return center.viewer(login, reason=reason).export(to, **asked)


# What lies there


def test_a_folder_for_each_project_with_reports_and_months(usual: Center, tmp_path: Path) -> None:
    made = export(usual, tmp_path / "out", tables=["calls", "contacts"], reports=["queue_summary"], formats="csv")
    assert [(p.id, p.name, p.path) for p in made.projects] == [
        (1, "Acme", str(tmp_path / "out" / ACME)),
        (2, "Bolt", str(tmp_path / "out" / BOLT)),
    ]
    assert [(f.path, f.what, f.format, f.rows) for f in made.projects[0].files] == [
        ("calls/2025-06.csv", "calls", "csv", 2),
        ("calls/2025-07.csv", "calls", "csv", 1),
        ("contacts/all.csv", "contacts", "csv", 3),
        ("queue_summary.csv", "queue_summary", "csv", 1),
    ]
    assert [(f.path, f.rows) for f in made.projects[1].files][:2] == [("calls/2025-06.csv", 1), ("contacts/all.csv", 1)]
    there = files(tmp_path / "out")
    named = {"manifest.json", *(f"{folder}/manifest.json" for folder in (ACME, BOLT))}
    assert set(there) - named == {f"{folder}/{f.path}" for folder, p in zip((ACME, BOLT), made.projects, strict=True)
                                  for f in p.files}  # fmt: skip


@pytest.mark.parametrize("login", ["max", "clive"])
def test_facts_are_what_a_query_of_her_own_gives(usual: Center, tmp_path: Path, login: str) -> None:
    """Of clive, who runs none, with aliases and without what a right closes."""
    made = export(usual, tmp_path / "out", login, tables="*", projects="Acme")
    if login == "clive":
        usual_rights = {f.what for f in made.projects[0].files}
        assert {"calls", "recordings"} <= usual_rights and not {"contacts", "charges"} & usual_rights
        calls = pq.read_table(tmp_path / "out" / ACME / "calls" / "2025-06.parquet")
        assert set(calls["operator"].to_pylist()) == {"Operator 0002"}
        assert not any(b"anna" in said for said in files(tmp_path / "out").values())
        return
    assert "charges" not in {f.what for f in made.projects[0].files}
    for name in ("calls", "recordings"):
        parts = [pq.read_table(tmp_path / "out" / ACME / name / f"{month}.parquet") for month in MONTHS]
        column = "started_at" if name == "calls" else '"at"'
        asked = f"SELECT * FROM {name} WHERE {column} >= '2025-05-31 22:00' AND {column} < '2025-07-31 22:00'"
        wanted = usual.viewer(login).sql(f"{asked} ORDER BY {column}", projects="Acme").arrow
        assert pa.concat_tables(parts).replace_schema_metadata().equals(wanted), name
        assert [len(part) for part in parts] == [2, 1]
        assert str(parts[0].schema.field(column.strip('"')).type) == "timestamp[us, tz=Europe/Warsaw]"


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx", "json", "html", "svg"])
def test_a_report_is_the_file_that_the_report_gives(usual: Center, tmp_path: Path, format: str) -> None:
    options = {"by": "day"}
    export(usual, tmp_path / "out", tables=(), reports=[("inbound_statistics", options)], formats=format, language="pl")
    for project, folder in (("Acme", ACME), ("Bolt", BOLT)):
        result = usual.viewer("max").report("inbound_statistics", period=PERIOD, projects=project, **options)
        alone = result.save(tmp_path / f"alone.{format}", language="pl").read_bytes()
        assert (tmp_path / "out" / folder / f"inbound_statistics.{format}").read_bytes() == alone


def test_of_another_project_nothing_lies_in_a_folder(usual: Center, tmp_path: Path) -> None:
    export(usual, tmp_path / "out", tables="*", reports="*", formats=["csv", "parquet"], period="2025-06-02")
    other = {ACME: (b"Bolt", b"Bella", b"b-1", b"0000201"), BOLT: (b"Acme", b"Abel", b"a-1", b"0000101")}
    for name, said in files(tmp_path / "out").items():
        for word in (*other.get(name.partition("/")[0], ()), b"Nobody", b"x-1"):
            assert word not in said, (name, word)
    assert len(files(tmp_path / "out" / ACME)) > 60


def test_a_formula_is_made_harmless_in_csv_and_is_text_elsewhere(usual: Center, tmp_path: Path) -> None:
    export(usual, tmp_path / "out", tables="contacts", formats=["csv", "parquet"])
    with (tmp_path / "out" / ACME / "contacts" / "all.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["phone"]: row["name"] for row in csv.DictReader(file)}
    assert rows["'+48220000101"] == "'=Abel"
    told = pq.read_table(tmp_path / "out" / ACME / "contacts" / "all.parquet")
    assert sorted(told["name"].to_pylist()) == ["=Abel", "Adam", "Alan"]  # whom a call of the period names


def test_manifests_say_what_is_there(usual: Center, tmp_path: Path) -> None:
    made = export(usual, tmp_path / "out", reports=["queue_summary"], formats=["parquet", "csv"])
    whole = manifest(tmp_path / "out")
    assert json.loads(json.dumps(dict(made.manifest))) == whole
    said = {name: whole[name] for name in ("schema", "viewer", "zone", "generation", "language")}
    zone = "Europe/Warsaw"
    assert said == {"schema": 1, "viewer": "max", "zone": zone, "generation": 3, "language": "en"}
    assert whole["period"] == {
        "words": "1 June - 31 July 2025, Europe/Warsaw",
        "start": "2025-05-31T22:00:00+00:00",
        "end": "2025-07-31T22:00:00+00:00",
    }
    assert usual.audit.verify(whole["change_log"]) == []
    there = files(tmp_path / "out")
    assert {e["path"] for e in whole["files"]} == set(there) - {"manifest.json"}
    for entry in whole["files"]:
        assert (len(there[entry["path"]]), hashlib.sha256(there[entry["path"]]).hexdigest()) == (
            entry["bytes"],
            entry["sha256"],
        )
    alone = manifest(tmp_path / "out" / BOLT)
    assert [p["name"] for p in alone["projects"]] == ["Bolt"]
    below = [e | {"path": f"{BOLT}/{e['path']}"} for e in alone["files"]]
    assert below == [e for e in whole["files"] if e["path"].startswith(BOLT) and e["what"] != "manifest"]
    assert alone["projects"][0]["definitions"] != whole["projects"][0]["definitions"]  # targets of other queues


def test_what_a_format_cannot_hold_is_left_out_and_told(
    usual: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "_ROWS", 1)
    made = export(usual, tmp_path / "out", projects="Acme", formats=["xlsx", "csv"])
    (folder,) = made.projects
    assert [f.path for f in folder.files] == ["calls/2025-06.csv", "calls/2025-07.csv", "calls/2025-07.xlsx"]
    assert folder.left_out == ("calls/2025-06.xlsx: A sheet holds 1 rows, this result has 2: save csv or parquet.",)
    assert manifest(tmp_path / "out")["left_out"][0]["path"] == f"{ACME}/calls/2025-06.xlsx"
    assert okireports.verify(tmp_path / "out").whole


def test_a_report_can_be_asked_twice_with_other_options(usual: Center, tmp_path: Path) -> None:
    asked = ["inbound_statistics", ("inbound_statistics", {"by": "day"})]
    export(usual, tmp_path / "out", tables=(), reports=asked, options={"by": "month"}, formats="csv")
    said = {e["path"]: e["options"] for e in manifest(tmp_path / "out" / ACME)["files"]}
    assert said == {"inbound_statistics.csv": {"by": "month"}, "inbound_statistics-2.csv": {"by": "day"}}


def test_a_digest_of_each_project_lies_in_its_folder(usual: Center, tmp_path: Path) -> None:
    asked = {"tables": (), "digest": True, "language": "pl", "period": "2025-06"}
    made = export(usual, tmp_path / "out", **asked)
    pages = {p.name: (Path(p.path) / "digest.html").read_text("utf-8") for p in made.projects}
    assert [(f.path, f.what, f.rows) for p in made.projects for f in p.files] == [("digest.html", "digest", None)] * 2
    assert "Bolt" in pages["Bolt"] and "Bolt" not in pages["Acme"] and 'lang="pl"' in pages["Acme"]
    assert not [f for p in export(usual, tmp_path / "out", **asked).projects for f in p.files if f.made]


def test_months_are_those_of_the_local_clock_also_where_it_changes(tmp_path: Path) -> None:
    made = loaded.centre(tmp_path / "centre")
    at = {
        "o": "2025-10-31T22:59:59Z",
        "n": "2025-10-31T23:00:00Z",
        "m": "2025-03-31T21:59:59Z",
        "a": "2025-03-31T22:00:00Z",
    }
    loaded.load(
        made, {"calls": loaded.calls(*(loaded.call(f"c-{k}", t, "Acme sales") for k, t in at.items()), columns="queue")}
    )
    export(made, tmp_path / "out", "sue", period="2025")
    folder = tmp_path / "out" / ACME / "calls"
    held = {p.stem: pq.read_table(p)["source_id"].to_pylist() for p in sorted(folder.iterdir())}
    assert held == {"2025-03": ["c-m"], "2025-04": ["c-a"], "2025-10": ["c-o"], "2025-11": ["c-n"]}
    export(made, tmp_path / "part", "sue", period=("2025-10-31T23:30:00", "2025-11-01T00:00:00"))
    assert [p.name for p in (tmp_path / "part" / ACME / "calls").iterdir()] == ["2025-10.parquet"]


def test_one_who_sees_only_her_own_rows_hands_out_these(own: Center, tmp_path: Path) -> None:
    own.roles.create("Alone", copy="Operator", add=("own_rows_only", "export"), reports=("*",), **SAY)
    own.users.create("olga", role="Alone", projects=["Acme"], **SAY)
    line = loaded.call("a-9", "2025-06-03T10:00:00Z", "Acme sales,olga,+48220000109,Olaf,1.5,a.wav")
    loaded.load(own, {"calls": loaded.calls(line, columns="queue,operator,phone,contact_name,cost,recording")})
    made = export(own, tmp_path / "out", "olga", tables="*", reports="*", formats="csv")
    assert {f.path: f.rows for f in made.projects[0].files}["calls/2025-06.csv"] == 1
    assert {f.path: f.rows for f in made.projects[0].files}["contacts/all.csv"] == 1
    assert "queue_summary" not in {f.what for f in made.projects[0].files}
    assert not [name for name, said in files(tmp_path / "out").items() if b"Abel" in said or b"anna" in said]
    with pytest.raises(Refused, match="sees only her own rows"):
        export(own, tmp_path / "more", "olga", reports="queue_summary")
    assert not (tmp_path / "more").exists()


def test_a_sealed_extract_hands_out_the_same(usual: Center, tmp_path: Path) -> None:
    usual.extract("max", tmp_path / "max.duckdb", **SAY)
    sealed = okireports.open(tmp_path / "max.duckdb", now=loaded.NOW)
    asked = {"tables": ["calls", "contacts"], "reports": ["queue_summary"], "formats": "csv"}
    export(usual, tmp_path / "one", **asked)
    export(sealed, tmp_path / "other", **asked)
    one, other = ({n: s for n, s in files(tmp_path / d).items() if n.endswith("csv")} for d in ("one", "other"))
    assert one == other and len(one) == 7


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Acme", "0007-Acme"),
        ("../../etc/passwd", "0007-etc-passwd"),
        ("CON", "0007-CON"),
        ("Zażółć gęślą jaźń Łódź", "0007-Zazolc-gesla-jazn-Lodz"),
        ("...", "0007"),
        ("客户", "0007"),
        ("a\x00b\nc", "0007-a-b-c"),
        ("x" * 300, "0007-" + "x" * (MOST - 5)),
        ("y" * 54 + " z", "0007-" + "y" * 54),
    ],
)
def test_a_folders_name_is_taken_by_every_file_system(name: str, folder: str) -> None:
    assert folder_of(7, name) == folder
    assert len(folder_of(123456, name)) <= MOST


def test_names_that_differ_by_case_only_are_two_folders(own: Center, tmp_path: Path) -> None:
    own.projects.create("ACME", **SAY)
    own.projects.add_member("ACME", "max", **SAY)
    made = export(own, tmp_path / "out")
    assert sorted(Path(p.path).name.lower() for p in made.projects) == ["0001-acme", "0002-bolt", "0004-acme"]
    assert okireports.verify(tmp_path / "out").whole


# Who may


@pytest.mark.parametrize(
    ("login", "projects", "why"),
    [
        ("anna", None, "lacks the right 'export'"),
        ("admin", None, "is a member of no project"),
        ("admin", "Acme", "which an export does not take over, and is no member of Acme"),
        ("nobody", None, "no active user 'nobody'"),
    ],
)
def test_a_refusal_says_why_and_is_written_down(
    own: Center, tmp_path: Path, login: str, projects: str | None, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        okireports.faces.Viewer(own, login, reason="a test").export(
            tmp_path / "out", period=PERIOD, projects=projects, tables="*"
        )
    assert not (tmp_path / "out").exists()
    last = journal(own)[-1]
    assert (last["actor"], last["action"], last["subject_kind"]) == (login, "refused", "export")


def test_seeing_everything_is_not_taken_over(own: Center, tmp_path: Path) -> None:
    own.projects.add_member("Bolt", "admin", **SAY)
    made = export(own, tmp_path / "out", "admin", tables="*")
    assert [p.name for p in made.projects] == ["Bolt"]
    assert not [n for n, said in files(tmp_path / "out").items() if b"Acme" in said or b"x-1" in said]


def test_hidden_names_are_as_unknown_as_those_that_are_not_there(usual: Center, tmp_path: Path) -> None:
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("Bolt", "Bolx", {"projects": "?"}),
        ("charges", "chargez", {"tables": "?"}),
        ("costs", "costz", {"reports": "?"}),
    ]
    for hidden, absent, given in asked:
        said = []
        for name in (hidden, absent):
            more = {key: name for key in given}
            with pytest.raises((UnknownName, UnknownReport)) as told:
                export(usual, tmp_path / "out", "clive", **more)
            said.append(str(told.value).partition(" Did you mean")[0].replace(name, "?"))
        assert said[0] == said[1]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("given", "error", "why"),
    [
        ({"tables": ()}, BadOption, "Nothing is asked for"),
        ({"formats": "pdf"}, BadOption, "no format 'pdf'"),
        ({"formats": "html"}, BadOption, "Tables are written as"),
        ({"formats": (), "reports": "*"}, BadOption, "No format"),
        ({"language": "de"}, BadOption, "no language 'de'"),
        ({"reports": [("call_log",)]}, BadOption, "no report"),
        ({"reports": "call_log", "options": {"bye": 1}}, BadOption, "None of the reports .* 'bye'"),
        ({"reports": [("call_log", {"bye": 1})]}, BadOption, "no option 'bye'"),
        ({"period": "2025-13"}, BadPeriod, "not a period"),
        ({"period": ("2025-07-01", "2025-06-01")}, BadPeriod, "ends before"),
    ],
)
def test_what_cannot_be_made_is_said_before_anything_is(
    usual: Center, tmp_path: Path, given: dict[str, Any], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        export(usual, tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()


def test_it_is_written_down_for_each_project(own: Center, tmp_path: Path) -> None:
    export(own, tmp_path / "out", reports="queue_summary", formats="csv")
    own.projects.create("Delta", **SAY)
    rows = own.audit.frame.query("action == 'export'").tail(2)  # others have exported from what this is a copy of
    assert rows[["actor", "subject", "project_id"]].to_numpy().tolist() == [["max", "max", 1], ["max", "max", 2]]
    told = json.loads(rows["after"].iloc[0])
    assert (told["to"], told["tables"], told["reports"]) == (str(tmp_path / "out"), ["calls"], ["queue_summary"])
    assert own.audit.verify(manifest(tmp_path / "out")["change_log"]) == []


def test_what_cannot_be_written_down_does_not_go_out(own: Center, tmp_path: Path) -> None:
    shutil.rmtree(own.folder.journal)
    own.folder.journal.write_text("not a folder")
    with pytest.raises(Refused, match="must be written"):
        export(own, tmp_path / "out")
    assert set(files(tmp_path / "out")) <= {".unfinished"}


# While it runs


def test_a_project_that_is_taken_from_her_meanwhile_is_not_handed_out(own: Center, tmp_path: Path) -> None:
    def step(name: str, advance: int = 0) -> None:
        if advance:
            own.projects.remove_member("Bolt", "max", **SAY)

    with pytest.raises(UnknownName, match=r"no project 2"):
        export(own, tmp_path / "out", step=step)
    there = set(files(tmp_path / "out"))
    assert f"{ACME}/manifest.json" in there and "manifest.json" not in there
    assert not [name for name in there if name.startswith(BOLT)]


def test_all_of_it_is_of_one_state_whatever_is_published_meanwhile(own: Center, tmp_path: Path) -> None:
    before = own.folder.current().generation

    def step(name: str, advance: int = 0) -> None:
        if advance and own.folder.current().generation == before:
            line = loaded.call("b-2", "2025-06-03T11:00:00Z", "Bolt care")
            loaded.load(own, {"calls": loaded.calls(line, columns="queue")})

    made = export(own, tmp_path / "out", step=step)
    assert own.folder.current().generation == before + 1
    assert made.manifest["generation"] == before
    assert {f.path: f.rows for f in made.projects[1].files}["calls/2025-06.parquet"] == 1


def test_whom_the_centre_forgets_meanwhile_is_not_in_it(own: Center, tmp_path: Path) -> None:
    """The state that was handed out is gone then: all begins anew, and nothing of her is left of what was made."""
    forgotten = []

    def step(name: str, advance: int = 0) -> None:
        if advance and not forgotten:
            forgotten.append(own.forget("+48220000101", **SAY))

    made = export(own, tmp_path / "out", tables=["calls", "contacts"], formats="csv", step=step)
    assert made.manifest["generation"] == own.folder.current().generation
    assert not [name for name, said in files(tmp_path / "out").items() if b"0000101" in said or b"Abel" in said]
    assert okireports.verify(tmp_path / "out").whole


# The command line


def test_commands_hand_out_and_look_after_it(usual: Center, tmp_path: Path) -> None:
    to, words = tmp_path / "out", ("--viewer", "max", "--period", "2025-06-01..2025-08-01", "--format", "csv,parquet")
    asked = ("export", usual.path, *words, "--reports", "inbound_statistics", "--option", "by=day", "--to", to)
    said = run(*asked, "--tables", "calls").stdout
    assert f"{to / ACME}: 6 files, " in said and "1 June - 31 July 2025, Europe/Warsaw, for max." in said
    assert f"{to / ACME}: 6 files, 6 of them were there" in run(*asked, "--table", "calls").stdout
    assert f"{to} is whole: 12 files." in run("verify", to).stdout
    said = run(*asked).stdout  # without tables: what is there of them stays, and is told
    assert "Beside it lies what is no part of it: 0001-Acme/calls/2025-06.csv" in said
    (to / ACME / "inbound_statistics.csv").write_text("altered")
    ended = run("verify", to, code=1)
    assert "changed: 0001-Acme/inbound_statistics.csv" in ended.stdout and "is not what its manifest" in ended.stderr
    assert "Nothing is asked for" in refused("export", usual.path, *words, "--to", tmp_path / "none")
    assert "holds no manifest.json" in refused("verify", tmp_path)
