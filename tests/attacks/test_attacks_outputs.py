"""Attacks by way of what is carried along: buffers, pickles, errors, caches, threads, and rights that end meanwhile.

Each case says what is attacked and how, what has to come of it, and gives all that came out: no canary may be in it.
"""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import duckdb
import ground as grounds
import pyarrow as pa
import pytest
from ground import DAY, HIDDEN, Ground, everything, leaks, refusal, texts

import okireports
from okireports import run
from okireports.faces import Center, Viewer

SAY = {"actor": "admin", "reason": "a test"}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    made = grounds.made(tmp_path_factory.mktemp("ground"))
    center = okireports.open(made.center.path, now=lambda: made.clock[0])
    return Ground(center, made.folder, made.clock)


@dataclass(frozen=True)
class Case:
    """An attack: what it is after, how it goes about it, what it has to come to, and whatever else came out."""

    attacks: str
    how: Callable[[Ground], tuple[Any, ...]]
    gives: Any


CASES: list[Case] = []


def attack(attacks: str, gives: Any) -> Callable[[Callable[[Ground], tuple[Any, ...]]], None]:
    """Put a function into the table: it gives the answer, and what else is to be searched."""

    def register(how: Callable[[Ground], tuple[Any, ...]]) -> None:
        CASES.append(Case(attacks, how, gives))

    return register


def test_there_are_as_many_cases_as_are_said() -> None:
    assert len({case.attacks for case in CASES}) == len(CASES) >= 30


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.attacks)
def test_an_attack_gives_nothing(ground: Ground, case: Case) -> None:
    answer, *came_out = case.how(ground)
    assert answer == case.gives
    assert not leaks(answer, *came_out)


def log(ground: Ground, login: str = "sue", **given: Any) -> Any:
    return ground.ask(login, "call_log", **given)


# Arrow, pandas, pickles


@attack("the buffers behind a page of one row", 1)
def _(ground: Ground) -> tuple[Any, ...]:
    page = log(ground, limit=1).arrow
    return page.num_rows, page, page.slice(0, 1), page.slice(1)


@attack("a slice that is sent on with its parent's buffers", 5)
def _(ground: Ground) -> tuple[Any, ...]:
    rows = log(ground).arrow
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows.slice(4, 1))
    return rows.num_rows, sink.getvalue().to_pybytes(), pickle.dumps(rows.slice(4, 1)), pickle.dumps(rows)


@attack("the stream that other libraries take", [(5, "L1", "L1")])
def _(ground: Ground) -> tuple[Any, ...]:
    result = log(ground)
    with duckdb.connect() as con:
        con.register("taken", pa.RecordBatchReader.from_stream(result).read_all())
        counted = con.execute("SELECT count(*), min(line), max(line) FROM taken").fetchall()
        summed = con.execute("SUMMARIZE taken").fetchall()
    return counted, summed


@attack("statistics that Arrow keeps beside the rows", True)
def _(ground: Ground) -> tuple[Any, ...]:
    rows = log(ground).arrow
    return rows.schema.metadata is None, [field.metadata for field in rows.schema], rows.to_batches()


@attack("a dataframe's memory, attributes and index", {})
def _(ground: Ground) -> tuple[Any, ...]:
    frame = log(ground).frame
    return frame.attrs, frame, frame.describe(include="all").to_csv(), list(frame.index), frame.head(0)


@attack("a dataframe that was filtered to nothing", 0)
def _(ground: Ground) -> tuple[Any, ...]:
    frame = log(ground).frame
    none = frame[frame["line"] == "nobody's"]
    return len(none), pickle.dumps(none), none, none.groupby("queue").size().to_dict()


@attack("a pickle of a viewer", True)
def _(ground: Ground) -> tuple[Any, ...]:
    said = pickled(ground.viewer())
    return isinstance(said, bytes), said


@attack("a pickle of a result", True)
def _(ground: Ground) -> tuple[Any, ...]:
    result = log(ground)
    said = pickled(result)
    return isinstance(said, bytes), said, pickled(result.provenance), pickled(result.answer.rows)


def pickled(thing: object) -> bytes:
    """A pickle, or what was said where there can be none."""
    try:
        return pickle.dumps(thing)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        return repr(error).encode()


@attack("a viewer that is copied and given another login", "UnknownViewer")
def _(ground: Ground) -> tuple[Any, ...]:
    other = copy.copy(ground.viewer())
    object.__setattr__(other, "login", "sue' OR '1'='1")
    return refusal(lambda: other.report("call_log", period=DAY))


# What things say of themselves


@attack("what a terminal shows", "<Call log: 5 rows, 2 June 2025, Europe/Warsaw, Acme>")
def _(ground: Ground) -> tuple[Any, ...]:
    result = log(ground)
    with redirect_stdout(io.StringIO()) as said:
        print(ground.center, ground.viewer(), result, result.answer, result.provenance, ground.viewer().viewing())
    return repr(result), said.getvalue()


@attack("what a notebook shows", {"text/html", "image/png", "text/plain"})
def _(ground: Ground) -> tuple[Any, ...]:
    shown = ground.ask("sue", "queue_summary")._repr_mimebundle_()
    return set(shown), *shown.values()


@attack("the statement, and how many files it went over", 1)
def _(ground: Ground) -> tuple[Any, ...]:
    result = ground.ask("sue", "queue_summary")
    return result.provenance.files, result.sql, result.provenance


@attack("definitions that are named beside a figure", 1)
def _(ground: Ground) -> tuple[Any, ...]:
    told = ground.ask("sue", "service_level").provenance.definitions
    return len(told["targets"]), told  # type: ignore[arg-type]  # a tuple of rows


@attack("a list of reports, of projects, of a role that sees less", ["Acme"])
def _(ground: Ground) -> tuple[Any, ...]:
    viewer = ground.viewer("clive")
    return list(viewer.projects["project"]), viewer.projects, viewer.reports


# Errors and what stands behind them


BAD: dict[str, dict[str, Any]] = {
    "a period": {"period": "2025-06-31"},
    "an option": {"colour": "red"},
    "a limit": {"limit": -1},
    "a filter of the wrong kind": {"queues": 1.5},
    "a filter of nothing": {"queues": object()},
    "a filter of everything": {"projects": ["*"]},
    "text that is no text": {"queues": "\ud800"},
    "a name with a NUL": {"operators": "anna\0"},
}


def bad(given: dict[str, Any]) -> Callable[[Ground], tuple[Any, ...]]:
    def how(ground: Ground) -> tuple[Any, ...]:
        kind, error = refusal(lambda: log(ground, **given))
        return kind != "nothing", *grounds.chain(error)

    return how


CASES += [Case(f"an error about {name}", bad(given), True) for name, given in BAD.items()]


@attack("an error of the engine, which quotes values", True)
def _(ground: Ground) -> tuple[Any, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            run, "statement", lambda *given: ("SELECT line::BIGINT FROM calls", pa.schema([("a", pa.int64())]))
        )
        try:
            log(ground)
        except duckdb.Error as error:
            return "L1" in str(error), *grounds.chain(error)
    return (False,)


@attack("the change log, by SQL", True)
def _(ground: Ground) -> tuple[Any, ...]:
    kind, error = refusal(lambda: ground.viewer().sql("SELECT * FROM control.audit"))
    return kind == "Refused", error


# Caches and threads


@attack("a statement that another viewer's run made", (HIDDEN, 5))
def _(ground: Ground) -> tuple[Any, ...]:
    run.statement.cache_clear()
    theirs, ours = (ground.ask(login, "queue_summary") for login in ("bob", "sue"))
    assert run.statement.cache_info().hits >= 1 and theirs.sql == ours.sql, "the cache was not shared"
    return (theirs.frame["offered"].sum(), ours.frame["offered"].sum()), *everything(ours)


@attack("a chart drawn after another viewer's", 5)
def _(ground: Ground) -> tuple[Any, ...]:
    assert leaks(ground.ask("bob", "queue_summary").chart.to_dict())
    result = ground.ask("sue", "queue_summary")
    return result.frame["offered"].sum(), result.chart.to_dict()


@attack("two viewers side by side, many times", {("sue", 5), ("bob", HIDDEN)})
def _(ground: Ground) -> tuple[Any, ...]:
    def ask(login: str) -> tuple[str, Any]:
        result = ground.ask(login, "queue_summary")
        if login == "sue":
            assert not leaks(*everything(result))
        return login, result.frame["offered"].sum()

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(ask, ["sue", "bob"] * 12))
    return ({(login, int(offered)) for login, offered in found},)


@attack("one viewer object in many threads, each with another project", {"Acme", "UnknownName"})
def _(ground: Ground) -> tuple[Any, ...]:
    viewer = ground.viewer()

    def ask(project: str) -> str:
        kind, _ = refusal(lambda: viewer.report("queue_summary", period=DAY, projects=project))
        return project if kind == "nothing" else kind

    with ThreadPoolExecutor(4) as pool:
        return (set(pool.map(ask, ["Acme", "CANARY project"] * 6)),)


# Rights that end meanwhile


@attack("a right that ends between asking and looking", (5, 0))
def _(ground: Ground) -> tuple[Any, ...]:
    """What she was given she has; the next call gives nothing."""
    center, viewer = fresh(ground)
    given = viewer.report("call_log", period=DAY)
    center.projects.remove_member("Acme", "dora", **SAY)
    tick(ground)
    later = viewer.report("call_log", period=DAY)
    return (len(given.frame), len(later.frame)), *everything(given), *everything(later)


@attack("a right that ends between two pages", (2, 0))
def _(ground: Ground) -> tuple[Any, ...]:
    center, viewer = fresh(ground)
    first = viewer.report("call_log", period=DAY, limit=2).arrow.num_rows
    center.projects.remove_member("Acme", "dora", **SAY)
    tick(ground)
    second = viewer.report("call_log", period=DAY, limit=2, offset=2)
    return (first, second.arrow.num_rows), *everything(second)


@attack("a login that is closed meanwhile", "UnknownViewer")
def _(ground: Ground) -> tuple[Any, ...]:
    center, viewer = fresh(ground)
    center.users.change("dora", active=False, **SAY)
    return refusal(lambda: viewer.report("call_log", period=DAY))


@attack("a role that sees less from the next call on", (True, False))
def _(ground: Ground) -> tuple[Any, ...]:
    center, viewer = fresh(ground)
    before = viewer.report("call_log", period=DAY)
    center.users.change("dora", role="Client", **SAY)
    after = viewer.report("call_log", period=DAY)
    return tuple("phone" in r.arrow.column_names for r in (before, after)), *everything(after)


@attack("a project that is taken and given back within a second", [5, 0, 5])
def _(ground: Ground) -> tuple[Any, ...]:
    center, viewer = fresh(ground)
    found = [viewer.report("call_log", period=DAY).arrow.num_rows]
    center.projects.remove_member("Acme", "dora", **SAY)
    tick(ground, milliseconds=1)
    found.append(viewer.report("call_log", period=DAY).arrow.num_rows)
    center.projects.add_member("Acme", "dora", **SAY)
    tick(ground, milliseconds=1)
    found.append(viewer.report("call_log", period=DAY).arrow.num_rows)
    return (found,)


@attack("another's project for less than a second", [HIDDEN, 0])
def _(ground: Ground) -> tuple[Any, ...]:
    center, viewer = fresh(ground)
    center.projects.add_member("CANARY project", "dora", **SAY)
    tick(ground, milliseconds=1)
    counts = [int(viewer.report("queue_summary", period=DAY, projects="CANARY project").frame["offered"].sum())]
    center.projects.remove_member("CANARY project", "dora", **SAY)
    tick(ground, milliseconds=1)
    kind, error = refusal(lambda: viewer.report("queue_summary", period=DAY, projects="CANARY project"))
    whole = viewer.report("queue_summary", period=DAY)
    assert kind == "UnknownName" and int(whole.frame["offered"].sum()) == 5
    assert not leaks(*everything(whole)) and "Did you mean" not in str(error)
    return ([*counts, 0],)


@attack("everything, without a reason", ["Refused", "Refused", "Refused"])
def _(ground: Ground) -> tuple[Any, ...]:
    said = [refusal(lambda reason=reason: ground.center.viewer("admin", reason=reason)) for reason in (None, "", " \t")]  # type: ignore[misc]  # a default
    return [kind for kind, _ in said], *(error for _, error in said)


COUNT = iter(range(100))


def fresh(ground: Ground) -> tuple[Center, Viewer]:
    """Dora, who is in Acme again, with her role again."""
    center = ground.center
    if "dora" not in set(center.users.frame["login"]):
        center.users.create("dora", role="Supervisor", **SAY)
    center.users.change("dora", role="Supervisor", active=True, name=f"Dora {next(COUNT)}", **SAY)
    if "Acme" not in set(center.viewer("dora").projects["project"]):
        center.projects.add_member("Acme", "dora", **SAY)
    tick(ground)
    return center, center.viewer("dora")


def tick(ground: Ground, **by: float) -> None:
    """Time passes."""
    ground.clock[0] += timedelta(**(by or {"seconds": 1}))


# Extracts


@attack("an extract over twenty thousand rows that are not hers", (5, []))
def _(ground: Ground) -> tuple[Any, ...]:
    path = ground.center.extract("sue", ground.folder / "sue.duckdb", **SAY)
    with duckdb.connect(str(path), read_only=True) as con:
        count = con.execute("SELECT count(*) FROM calls").fetchone()
        listed = con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        rows = [con.execute(f'FROM {schema}."{table}"').fetchall() for schema, table in listed]
    stores = [schema for schema, _ in listed if schema in ("p0000", "p0002")]
    return (count and count[0], stores), path, rows


@attack("an extract of a hidden project", "UnknownName")
def _(ground: Ground) -> tuple[Any, ...]:
    kind, error = refusal(lambda: ground.center.extract("sue", ground.folder / "x.duckdb", projects="CNARY project"))
    return kind, error, str(ground.folder.glob("x*"))


@attack("an extract for another, by whom may not", "Refused")
def _(ground: Ground) -> tuple[Any, ...]:
    return refusal(lambda: ground.center.extract("bob", ground.folder / "y.duckdb", actor="sue", reason="a test"))


@attack("an extract whose file says another viewer", ["UnknownViewer", "UnknownViewer"])
def _(ground: Ground) -> tuple[Any, ...]:
    path = ground.center.extract("sue", ground.folder / "z.duckdb", **SAY)
    with duckdb.connect(str(path)) as con:
        con.execute("UPDATE extract SET viewer = 'bob'; UPDATE control.users SET active = true")
    made = okireports.open(path, now=ground.clock[0])
    kinds = [refusal(lambda login=login: made.viewer(login).check())[0] for login in ("bob", "admin")]  # type: ignore[misc]  # a default
    return kinds, path, *(text for text in texts(path))
