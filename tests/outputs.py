"""What a viewer gets: the questions that she may ask of a world, and all that the answers are made of."""

from __future__ import annotations

import json
import pickle
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZipFile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import twin
from okireports import charts, report
from okireports.access.definitions import DEFINITIONS
from okireports.access.directory import DIRECTORIES
from okireports.access.oversight import OVERSIGHT
from okireports.engines.duck import Wanted, may_open, schema_of, session
from okireports.errors import OkiReportsError
from okireports.faces import Center, Result
from okireports.report import Report
from okireports.run import FILTERS, rules_of
from okireports.tables import FACTS
from projection import CLOSED, OWN
from worlds import Viewer, World

FORMATS = ("csv", "parquet", "json", "xlsx", "html", "svg")  # a PNG is drawn from the chart's JSON
EVER = (datetime(2000, 1, 1), datetime(2100, 1, 1))
GHOST = "Z"  # the letter of no project
Parts = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """A report and the keywords that it is asked with."""

    report: str
    keywords: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.report}({', '.join(f'{k}={v!r}' for k, v in self.keywords.items())})"


# Questions


def questions(world: World, lists: Mapping[str, pa.Table], rng: Random) -> Iterator[Asked]:
    """Every report in turn, as it is or with options and filters, without end."""
    reports = list(report.all_reports())
    while True:
        rng.shuffle(reports)
        for r in reports:
            plain = rng.random() < 0.3
            more = {} if plain else options(r, rng) | filters(world, r, lists, rng)
            yield Asked(r.name, {"period": world.period if plain else period(world, rng)} | more)


def period(world: World, rng: Random) -> Any:
    """The world's period, or another one that cuts through what happened."""
    day = timedelta(days=1)
    noon = world.start + timedelta(hours=rng.choice((12, 25, 30)), minutes=rng.choice((0, 15)))
    others: tuple[Any, ...] = (world.period[0], (world.start - 3 * day, world.end + day), (world.start, noon))
    return rng.choice((world.period, *others))


def options(r: Report, rng: Random) -> Parts:
    """A value for each option, that it takes."""
    found: Parts = {}
    for name, option in r.options.items():
        values: tuple[Any, ...] = option.permitted
        if option.kind == "count":
            values = (0, 1, 3, 1000) if name == "limit" else (0, 1, 2)
        found[name] = rng.choice(values)
    return found


def filters(world: World, r: Report, lists: Mapping[str, pa.Table], rng: Random) -> Parts:
    """Perhaps a filter: by names that she has, by hidden ones, by ones that nobody has."""
    if rng.random() < 0.3:
        return {}
    columns = {c for table in r.tables if table in FACTS for c in schema_of(table)}
    able = ["projects", *(f for f, (_, column, _) in FILTERS.items() if column in columns and f != "lines")]
    name = rng.choice(able)
    visible = lists[name][1].to_pylist()
    if visible and rng.random() < 0.8:
        return {name: rng.choice((rng.sample(visible, k=rng.randint(1, len(visible))), rng.choice(visible)))}
    everyone = names(world, name)
    return {name: rng.choice([n for n in everyone if n not in visible] or [ghost(n) for n in everyone])}


def names(world: World, filter: str) -> list[str]:
    """All names of a kind in the world."""
    t = world.tables
    kinds = {"queues": "queue", "dialers": "dialer", "providers": "sip_provider"}
    if filter in kinds:
        return [r["name"] for r in t["objects"] if r["kind"] == kinds[filter]]
    if filter == "projects":
        return [r["name"] for r in t["projects"]]
    return [r["login"] for r in t["users"]] if filter == "operators" else ["Morning", "Late"]


def ghost(name: str) -> str:
    """A name that nobody has, as like the visible ones as this name is."""
    before, mark, after = name.partition("CANARY-")
    return f"{before}{mark}{GHOST}-{after.partition('-')[2]}" if mark else name[:-1] + GHOST


# Answers


def got(center: Center, viewer: Viewer, asked: Asked, folder: Path | None = None) -> Parts:
    """All that she gets for a question; with a folder, also as files of every format."""
    try:
        result = center.viewer(viewer.login, reason=viewer.reason).report(asked.report, **asked.keywords)
    except OkiReportsError as error:
        return {"error": f"{type(error).__name__}: {error}", "trace": error_in_full(error)}
    return answered(result) | ({} if folder is None else saved(result, folder))


def selected(center: Center, viewer: Viewer) -> Parts:
    """All rows of all tables that she may name in a query of her own, as text: one query, for one process."""
    closed = CLOSED[viewer.role]
    tables = [*(name for name, fact in FACTS.items() if not fact.internal and name not in closed)]
    tables += [name for name in DIRECTORIES if name not in {*OVERSIGHT, *kept_back(center, viewer)}]
    parts = [f"SELECT '{name}' AS said, t::VARCHAR AS line FROM \"{name}\" t" for name in tables]
    query = "\nUNION ALL ".join(parts) + "\nORDER BY ALL"
    found = center.viewer(viewer.login, reason=viewer.reason).sql(query)
    return {"rows": found.arrow, "frame": found.frame, "said": f"{found!r} {found.provenance!r}"}


def kept_back(center: Center, viewer: Viewer) -> set[str]:
    """The tables of definitions on which no report rests that she may run."""
    names = set(center.viewer(viewer.login, reason=viewer.reason).reports["name"])
    able = [r for r in report.all_reports() if r.name in names and not (viewer.role == OWN and r.collective)]
    return {*DEFINITIONS} - {table for r in able for table in (*r.tables, *rules_of(r))}


def exported(
    center: Center, viewer: Viewer, folder: Path, period: Any, reports: Sequence[str], *, digest: bool = False
) -> Parts:
    """All that lies in an export of hers, by name; without what tells of the centre's whole change log."""
    asking = center.viewer(viewer.login, reason=viewer.reason)
    asking.export(folder, period=period, reports=reports, tables="*", formats=("parquet", "csv"), digest=digest)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {
        name: without_log(folder / name) if name.endswith(".json") else (folder / name).read_bytes() for name in names
    }


def without_log(manifest: Path) -> str:
    """A manifest without the head of the change log, and the checksums that it goes into."""
    said = json.loads(manifest.read_text("utf-8")) | {"change_log": None}
    for entry in said["files"]:
        entry["key"] = None
        if entry["what"] == "manifest":
            entry["sha256"] = None
    return json.dumps(said, ensure_ascii=False)


def answered(result: Result) -> Parts:
    """What a result says in a session."""
    return {
        "rows": result.arrow,
        "frame": result.frame,
        "page": result.pages.page(1, 100, sort=result.pages.columns[-1], descending=True).table,
        "chart": json.dumps(result.chart.to_dict(), sort_keys=True),
        "sql": result.sql,
        "provenance": pickle.dumps(vars(result.provenance)),
        "said": f"{result!r} {result.provenance!r}",
        **({"details": result.details} if result.answer.report.details else {}),
        **(behind(result) if result.answer.report.contacts else {}),
    }


def behind(result: Result) -> Parts:
    """What opens behind the row of a summary that counts most."""
    counts = [count or 0 for count in result.arrow[result.answer.report.contacts].to_pylist()]
    if not counts:
        return {}
    try:
        opened = result.contacts(counts.index(max(counts)))
    except OkiReportsError as error:  # or the error would stand for the answer, on both sides
        raise AssertionError(f"{result.answer.provenance}: nothing opens") from error
    return {f"contacts, {part}": said for part, said in answered(opened).items()}


def saved(result: Result, folder: Path) -> Parts:
    """What a result says in files, and in a notebook."""
    files = {suffix: result.save(folder / f"answer.{suffix}").read_bytes() for suffix in FORMATS}
    return files | {"notebook": charts.html(result.chart)}


def error_in_full(error: OkiReportsError) -> str:
    """All that an error drags along; without the lines of the code, which are the same anyway."""
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    return " ".join(line for e in chain for line in (*traceback.format_exception_only(e), repr(vars(e))))


def opened(center: Center, viewer: Viewer, span: tuple[datetime, datetime] = EVER) -> dict[str, pa.Table]:
    """The tables of facts that a run may open for her, sorted."""
    names = [name for name in FACTS if not FACTS[name].internal]
    return _session(center, viewer, tuple(names), span, names)


def lists(center: Center, viewer: Viewer, span: tuple[datetime, datetime]) -> dict[str, pa.Table]:
    """The lists of names that she has in a span of time, sorted."""
    return _session(center, viewer, ("calls", "statuses"), span, list(DIRECTORIES))


def choices(center: Center, viewer: Viewer, span: tuple[datetime, datetime]) -> dict[str, pd.DataFrame]:
    """What she may choose from: projects, reports, and the names that filters take in a span of time."""
    asking = center.viewer(viewer.login, reason=viewer.reason)
    aware = tuple(at.replace(tzinfo=UTC) for at in span)
    return {"projects": asking.projects, "reports": asking.reports, "names": asking.names(aware)}


def _session(
    center: Center, viewer: Viewer, tables: tuple[str, ...], span: tuple[datetime, datetime], names: list[str]
) -> dict[str, pa.Table]:
    asking = center.viewer(viewer.login, reason=viewer.reason).viewing()

    def plan(scope: Any, settings: Any) -> Wanted:
        return Wanted(tuple(t for t in tables if may_open(scope, t)), *span)

    with session(asking, plan) as run:
        there = [n for n in names if n not in FACTS or may_open(run.scope, n)]
        return {name: run.arrow(f'SELECT * FROM "{name}" ORDER BY ALL') for name in there}


# Comparing


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Where two answers differ, in words; nothing when they are the same."""
    if one.keys() != other.keys():
        return f"{_short(one)} and {_short(other)}"
    return "\n".join(f"{part}: {said}" for part in one if (said := _differ(one[part], other[part])))


def _differ(one: Any, other: Any) -> str:
    if isinstance(one, pa.Table):
        if one.schema.equals(other.schema, check_metadata=True) and one.equals(other):
            return ""
        try:
            twin.same(one, other)
        except AssertionError as told:
            return str(told)
        return f"{one.schema} and {other.schema}"
    if isinstance(one, pd.DataFrame):
        try:
            pd.testing.assert_frame_equal(one, other)
        except AssertionError as told:
            return str(told)
        return ""
    return "" if one == other else f"{str(one)[:2000]}\nand\n{str(other)[:2000]}"


def _short(parts: Mapping[str, Any]) -> str:
    return f"{parts['error']!r}" if "error" in parts else f"an answer of {', '.join(parts)}"


# Texts


def texts(parts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """All that can be read in an answer, in small letters, by part; what is packed is unpacked."""
    for part, said in parts.items():
        yield part, _read(part, said).lower()


def _read(part: str, said: Any) -> str:
    if isinstance(said, pa.Table):
        return f"{said.schema} {said.to_pylist()}"
    if isinstance(said, pd.DataFrame):
        return f"{said.to_csv()} {said.attrs} {list(said.columns)}"
    if part.endswith("parquet"):
        table = pq.read_table(pa.BufferReader(said))
        return f"{said.decode('utf-8', 'replace')} {table.schema.metadata} {table.to_pylist()}"
    if part == "xlsx":
        with ZipFile(pa.BufferReader(said)) as book:
            return " ".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
