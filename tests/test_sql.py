"""Queries of a viewer's own: what they give, who may ask, what is written down, and that limits hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
from typer.testing import CliRunner

import growing
import loaded
from okireports import access
from okireports.access.directory import DIRECTORIES
from okireports.cli import app
from okireports.engines.duck import schema_of
from okireports.errors import (
    BadOption,
    BadQuery,
    DamagedCenter,
    OkiReportsError,
    Refused,
    ResultTooLarge,
    UnknownName,
    UnknownViewer,
)
from okireports.faces import Center
from okireports.sql import Selection, asking, checking, process
from okireports.sql.offered import named
from okireports.sql.process import Limits
from okireports.tables import FACTS

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Three contacts of Acme, by two operators, one of them without a queue; one of Bolt."""
    made = loaded.centre(tmp_path_factory.mktemp("sql") / "centre")
    rows = [
        loaded.call("a-1", "2025-06-02T10:00:00Z", "Acme sales,anna,+48220000101,Acme,1.50"),
        loaded.call("a-2", "2025-10-26T00:30:00Z", "Acme sales,anna,+48220000102,Acme,2.25"),
        loaded.call("a-3", "2025-10-26T01:30:00Z", ",anna,,Acme,"),
        loaded.call("b-1", "2025-06-02T10:00:00Z", "Bolt care,bea,+48220000103,,"),
    ]
    loaded.load(made, {"calls": loaded.calls(*rows, columns="queue,operator,phone,project,cost")})
    who = {"actor": "admin", "reason": "a test"}
    made.roles.create("Alone", copy="Operator", add=("own_rows_only",), **who)
    made.roles.create("Aliased", copy="Supervisor", add=("aliases",), **who)
    for login, role in (("olga", "Alone"), ("alan", "Aliased")):
        made.users.create(login, role=role, **who)
        made.projects.add_member("Acme", login, **who)
    return made


def values(selection: Selection) -> list[list[Any]]:
    """The cells, row by row."""
    return [list(row.values()) for row in selection.arrow.to_pylist()]


# What it gives


def test_names_stand_beside_ids_and_instants_are_the_centres(center: Center) -> None:
    found = center.viewer("sue").sql("SELECT source_id, queue, operator, project, started_at FROM calls ORDER BY 1")
    warsaw = ZoneInfo("Europe/Warsaw")
    assert values(found) == [  # the clocks go back in between the last two
        ["a-1", "Acme sales", "anna", "Acme", datetime(2025, 6, 2, 12, 0, tzinfo=warsaw)],
        ["a-2", "Acme sales", "anna", "Acme", datetime(2025, 10, 26, 2, 30, tzinfo=warsaw)],
        ["a-3", None, "anna", "Acme", datetime(2025, 10, 26, 2, 30, fold=1, tzinfo=warsaw)],
    ]
    assert [str(t)[11:] for t in found.frame["started_at"]] == ["12:00:00+02:00", "02:30:00+02:00", "02:30:00+01:00"]
    known = found.provenance
    assert (known.viewer, known.tables, known.projects, known.files) == ("sue", ("calls",), ("Acme",), 2)
    assert repr(found) == "<Query: 3 rows, Acme>"


def test_a_selection_goes_on_as_files_and_as_a_stream(center: Center, tmp_path: Path) -> None:
    found = center.viewer("sue").sql(
        "SELECT queue AS a, count(*) AS a, [1, 2] AS l, NULL AS n, 1::HUGEINT AS h, {'x': 1} AS s, "
        "INTERVAL 1 DAY AS i, "
        "uuid() <> uuid() AS u, 'e'::ENUM('e') AS e, TIME '10:00' AS t, x'00' AS b FROM calls GROUP BY ALL ORDER BY 1"
    )
    assert found.arrow.num_rows == len(found.frame) == len(found.frame.columns) - 9 == 2
    assert [str(t) for t in found.arrow.schema.types][:2] == ["string", "int64"]
    lines = found.save(tmp_path / "a.csv").read_text("utf-8").splitlines()
    assert lines[1].startswith("Acme sales,2,") and lines[2].startswith(",1,")
    for suffix in ("json", "html", "xlsx"):
        assert found.save(tmp_path / f"a.{suffix}").stat().st_size > 0
    kept = json.loads(found.save(tmp_path / "a.json").read_text("utf-8"))
    assert "GROUP BY ALL" in json.dumps(kept)
    with pytest.raises(BadOption, match="no chart"):
        found.save(tmp_path / "a.png")
    assert pa.table(found).equals(found.arrow)
    assert "text/html" in found._repr_mimebundle_()


def test_a_selection_as_parquet(center: Center, tmp_path: Path) -> None:
    found = center.viewer("sue", reason=None).sql("FROM contacts ORDER BY phone")
    read = pq.read_table(found.save(tmp_path / "a.parquet"))
    assert read.replace_schema_metadata().equals(found.arrow)
    assert read["phone"].to_pylist() == ["+48220000101", "+48220000102"]
    with duckdb.connect() as con:
        assert con.execute("SELECT count(*) FROM found").fetchone() == (2,)


def test_every_table_has_a_name_beside_each_id_that_has_one() -> None:
    for table in (*(name for name, fact in FACTS.items() if not fact.internal), *DIRECTORIES):
        ids = {c for c in schema_of(table) if c.removesuffix("_id") + "s" in DIRECTORIES or c == "evaluator_id"}
        without = {c for c in ids if c.removesuffix("_id") not in schema_of(table)}
        assert set(named(table)) == without, table


def test_only_some_of_her_projects(center: Center) -> None:
    asking_for = "SELECT project, count(*) FROM calls GROUP BY ALL ORDER BY ALL"
    admin = center.viewer("admin", reason="a test")
    assert values(admin.sql(asking_for, projects="Bolt")) == [["Bolt", 1]]
    with pytest.raises(UnknownName, match="project 'Bolt'"):
        center.viewer("sue").sql(asking_for, projects="Bolt")


def test_operators_are_aliases_to_whom_they_are_in_reports(center: Center) -> None:
    assert values(center.viewer("alan").sql("SELECT DISTINCT operator FROM calls"))[0][0].startswith("Operator 0")


# Who may ask, and what is written down


def journal(center: Center) -> list[dict[str, Any]]:
    return [json.loads(p.read_text("utf-8")) for p in sorted(center.folder.journal.iterdir())]


def test_a_query_is_written_down_with_its_text(center: Center) -> None:
    center.viewer("sue").sql("SELECT 1 AS a_trace")
    last = journal(center)[-1]
    assert (last["actor"], last["action"], last["subject"]) == ("sue", "run sql", "SELECT 1 AS a_trace")


@pytest.mark.parametrize(
    ("login", "query", "why"),
    [
        ("anna", "SELECT 1", "lacks the right 'run_sql'"),
        ("olga", "SELECT 1", "lacks the right 'run_sql'"),
        ("sue", "COPY calls TO 'x'", "Only a SELECT"),
        ("sue", "SELECT stats(1)", "stats"),
    ],
)
def test_a_refusal_says_why_and_is_written_down(center: Center, login: str, query: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        center.viewer(login).sql(query)
    last = journal(center)[-1]
    assert (last["actor"], last["action"], last["subject_kind"], last["subject"]) == (login, "refused", "sql", query)
    assert why in last["reason"]


def test_who_sees_only_her_own_rows_is_refused_even_with_the_right(center: Center) -> None:
    """No role can hold both; should a control file say so all the same, the stricter one counts."""
    with center.folder.reading() as reading:
        scope = access.resolve(reading.con, "olga", reason=None, now=loaded.NOW.replace(tzinfo=None))
    asked = asking.Query(center.viewer("olga").viewing(), "SELECT 1", Limits())
    with pytest.raises(Refused, match="own rows"):
        asked.plan(replace(scope, rights=scope.rights | {"run_sql"}), {})


def test_a_refused_query_was_written_down_before_it_was_looked_at(center: Center) -> None:
    with pytest.raises(UnknownName):
        center.viewer("sue").sql("SELECT * FROM charges")
    assert journal(center)[-1]["subject"] == "SELECT * FROM charges"


def test_the_journal_goes_into_the_chain_with_whatever_a_query_holds(tmp_path: Path) -> None:
    made = loaded.centre(tmp_path / "centre")
    with pytest.raises(OkiReportsError):
        made.viewer("sue").sql("SELECT '\U0001f4de\x07\n' FROM \"\u202e\"")
    for broken in ("SELECT '\ud800'", "SELECT 1\0", "", "x" * 100_001, None):
        with pytest.raises(BadQuery):
            made.viewer("sue").sql(broken)  # type: ignore[arg-type]  # on purpose
    made.projects.create("Delta", actor="admin", reason="a test")
    assert journal(made) == [] and made.audit.verify() == []


def test_who_sees_everything_leaves_a_trace_or_is_refused(tmp_path: Path) -> None:
    made = loaded.centre(tmp_path / "centre")
    admin = made.viewer("admin", reason="a test")
    for path in made.folder.journal.iterdir():
        path.unlink()
    made.folder.journal.rmdir()
    made.folder.journal.write_text("not a folder")
    with pytest.raises(Refused, match="must be written"):
        admin.sql("SELECT 1")
    made.viewer("sue").sql("SELECT 1")


def test_unknown_people_are_refused(center: Center) -> None:
    viewer = center.viewer("sue")
    with pytest.raises(UnknownViewer):
        type(viewer)(center, "nobody").sql("SELECT 1")


# Limits


@pytest.fixture
def leaves_nothing(center: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process and no file is left behind, whatever happens."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before, others = {p for p in center.path.rglob("*") if "journal" not in p.parts}, children()
    yield
    assert list(tmp_path.iterdir()) == []
    assert {p for p in center.path.rglob("*") if "journal" not in p.parts} == before
    assert children() <= others  # not even one that has ended and waits


def children() -> set[str]:
    """The processes that this one has started, among them those that have ended and wait."""
    return {child for file in Path("/proc/self/task").glob("*/children") for child in file.read_text().split()}


def test_a_process_that_is_left_is_seen() -> None:
    """Were `children` blind, the fixture above would say nothing."""
    with subprocess.Popen(["true"]) as ended:
        time.sleep(0.2)
        assert str(ended.pid) in children()
    assert str(ended.pid) not in children()


@pytest.mark.usefixtures("leaves_nothing")
@pytest.mark.parametrize(
    ("query", "limits", "error", "said"),
    [
        ("FROM range(1000000000)", {"rows": 10_000}, ResultTooLarge, "more than 10,000 rows"),
        ("SELECT repeat('x', 3000000000::BIGINT)", {"memory_mb": 128}, BadQuery, "more than 128 MB"),
        ("SELECT list(range) FROM range(100000000)", {"memory_mb": 64}, BadQuery, "more than 64 MB"),
        ("SELECT count(*) FROM range(1000000) a, range(1000000) b, calls", {"seconds": 0.5}, BadQuery, "0.5 seconds"),
        # One call that hears no interrupt: the distance of two long texts, which is quadratic work.
        (
            "SELECT levenshtein(repeat('ab', 20000), repeat('ba', 20000)) + "
            "levenshtein(repeat('ac', 20000), repeat('ba', 20000))",
            {"seconds": 0.5},
            BadQuery,
            "0.5 seconds",
        ),
    ],
)
def test_a_query_that_takes_too_much_ends(
    center: Center, query: str, limits: dict[str, Any], error: type[OkiReportsError], said: str
) -> None:
    began = time.monotonic()
    with pytest.raises(error, match=said):
        center.viewer("sue").sql(query, **limits)
    assert time.monotonic() - began < process.STARTING + 30


@pytest.mark.usefixtures("leaves_nothing")
def test_at_its_limits_a_query_is_answered(center: Center) -> None:
    found = center.viewer("sue").sql("FROM range(10000)", rows=10_000, memory_mb=64)
    assert found.arrow.num_rows == 10_000


@pytest.mark.usefixtures("leaves_nothing")
def test_an_interrupt_ends_the_process_too(center: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.Job, "request", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        center.viewer("sue").sql("SELECT 1")


@pytest.mark.parametrize("limits", [{"rows": 0}, {"seconds": 0}, {"memory_mb": 1}, {"rows": "many"}, {"rows": True}])
def test_limits_that_are_none(center: Center, limits: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match=next(iter(limits))):
        center.viewer("sue").sql("SELECT 1", **limits)


def test_the_worker_gets_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_PASSWORD", "not for queries")
    with process.started(()) as worker:
        told = Path(f"/proc/{worker.pid}/environ").read_bytes().decode()
        assert {pair.partition("=")[0] for pair in told.split("\0")} - {""} <= {*process.ALLOCATORS, *process.KEPT}
        assert os.readlink(f"/proc/{worker.pid}/cwd") == "/"


def test_the_worker_dies_with_its_parent() -> None:
    die = (
        "import os, signal\nfrom okireports.sql import process\nwith process.started(()) as worker:\n"
        "    print(worker.pid, flush=True)\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", die], cwd=ROOT, capture_output=True, text=True, check=False)
    end = time.monotonic() + 30
    while alive(int(done.stdout)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(int(done.stdout))


def alive(pid: int) -> bool:
    """Does a process run, and is more than a name that nobody has asked for?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# Files that are not as they were


def test_a_file_that_is_swept_meanwhile_is_chosen_anew(center: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def opening(paths: Iterator[Path]) -> Any:
        tries.append(list(paths))
        if len(tries) < asking.TRIES:
            raise FileNotFoundError(2, "gone", "calls.duckdb")
        return original(tries[-1])

    original = asking.open_files
    monkeypatch.setattr(asking, "open_files", opening)
    assert values(center.viewer("sue").sql("SELECT count(*) FROM calls")) == [[3]]
    monkeypatch.setattr(asking, "open_files", lambda paths: original([center.path / "nothing"]))
    with pytest.raises(DamagedCenter, match="nothing is named"):
        center.viewer("sue").sql("SELECT count(*) FROM calls")


def test_a_damaged_file_is_said_to_be_one(tmp_path: Path) -> None:
    made = loaded.centre(tmp_path / "centre")
    rows = [loaded.call(f"a-{n}", "2025-06-02T10:00:00Z", "Acme sales", f"L{n * 7919}") for n in range(3000)]
    loaded.load(made, {"calls": loaded.calls(*rows, columns="queue,line")})
    (path,) = [made.path / name for name in loaded.files(made) if "calls" in name]
    content = bytearray(path.read_bytes())
    for at in range(3 * 4096, len(content), 1000):  # behind the headers
        content[at] ^= 255
    path.write_bytes(content)
    with pytest.raises(DamagedCenter):
        made.viewer("sue").sql("SELECT max(source_id), max(line) FROM calls")


def test_damage_that_only_the_worker_meets_is_said_in_the_same_way(
    center: Center, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = process.trouble(b'{"error": "damaged"}\n', 0, Limits())
    monkeypatch.setattr(asking, "run", raising(told))
    with pytest.raises(DamagedCenter, match="damaged"):
        center.viewer("sue").sql("SELECT count(*) FROM calls")


def raising(error: BaseException) -> Any:
    def raises(*given: object) -> NoReturn:
        raise error

    return raises


# Functions: what is allowed is found anew with each engine


def test_functions_that_look_outside_are_not_allowed() -> None:
    words = (
        "pragma duckdb_ read_ parquet_meta sniff setting variable current_query current_schema secret sleep sql scan "
    )
    words += "getenv glob query log_ pg_ nextval storage checkpoint serialize stats user_agent database logging"
    allowed = checking.functions() | checking.TABLE_FUNCTIONS
    assert not {f for f in allowed for word in words.split() if word in f}
    assert {"count", "sum", "date_trunc", "timezone", "list_transform", "row_number", "regexp_extract"} <= allowed
    assert len(allowed) > 400


# Notebook and command line


@pytest.fixture
def shell(center: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A notebook's shell with the extension."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    made = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_line_magic("load_ext", "okireports")
    made.user_ns["viewer"] = center.viewer("sue")
    return made


def test_a_cell_of_sql(shell: Any) -> None:
    shown = shell.run_cell_magic("okisql", "viewer --rows 5", "SELECT count(*) AS n\nFROM calls")
    assert values(shown) == [[3]]


def test_a_cell_of_sql_into_a_variable(shell: Any) -> None:
    assert shell.run_cell_magic("okisql", "viewer --as kept --project Acme", "SELECT 1 AS one") is None
    assert values(shell.user_ns["kept"]) == [[1]]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "viewer"),
        ("nobody", "no viewer in a variable 'nobody'"),
        ("viewer --as 1a", "no name of a variable"),
        ("viewer --rows many", "rows"),
        ("viewer --what", "--what"),
        ("viewer 'x", "quotation"),
    ],
)
def test_a_cell_that_is_not_understood(shell: Any, line: str, said: str) -> None:
    with pytest.raises(BadOption, match=said):
        shell.run_cell_magic("okisql", line, "SELECT 1")


def test_the_command_line(tmp_path: Path) -> None:
    folder = growing.make(tmp_path)
    folder.load(growing.day(tmp_path, 0))
    query = "SELECT project, count(*) AS n FROM calls GROUP BY ALL ORDER BY ALL"
    words = ["sql", str(folder.path), "-", "--viewer", "boss", "--reason", "a test", "--format", "csv"]
    told = CliRunner().invoke(app, words, input=query)
    assert (told.exit_code, told.stdout.splitlines()) == (0, ["project,n", "Alpha,5", "Beta,7"]), told.output
    out = tmp_path / "n.parquet"
    told = CliRunner().invoke(app, ["sql", str(folder.path), query, "--viewer", "boss", "--out", str(out)])
    assert told.exit_code == 0 and pq.read_table(out).num_rows == 2, told.output
    told = CliRunner().invoke(app, ["sql", str(folder.path), "DROP VIEW calls", "--viewer", "boss"])
    assert told.exit_code == 1 and told.stderr.startswith("error: Only a SELECT"), told.output
