"""What every report has to keep by being one: exact columns, types by name, the same bytes twice, an empty frame where
there is nothing, a chart of what is seen; and that no face of the library gives data which no law has looked at.
"""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import okireports
import outputs
import projection
import worlds
from laws import Trial
from okireports import faces, run
from okireports.answer import Log
from okireports.columns import label
from okireports.errors import ResultTooLarge
from okireports.faces import Center, Result
from okireports.report import REPORTS, Report, all_reports
from okireports.sql import Selection
from outputs import Asked

CATALOGUE = tomllib.loads((Path(__file__).parent / "catalogue.toml").read_text("utf-8"))
MOST = 5_000  # rows of a chart
NAMES = [r.name for r in all_reports()]


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    """The autumn night, everything in it."""
    made = Trial(worlds.world(3))
    yield made
    made.close()


@pytest.fixture(scope="module")
def empty(trial: Trial) -> Center:
    """The same definitions without a fact; without what is a row where nothing was done, too."""
    left_out = ("check_plans", "quotas")
    defined = {table: trial.world.tables[table] for table in projection.DEFINITIONS if table not in left_out}
    return trial.load(worlds.select(trial.world, defined))


def ask(center: Center, trial: Trial, kind: str, name: str, **keywords: Any) -> Result:
    viewer = trial.viewer(kind)
    return center.viewer(viewer.login, reason=viewer.reason).report(name, period=trial.world.period, **keywords)


@pytest.mark.parametrize("name", NAMES)
def test_a_report_says_what_it_is(name: str) -> None:
    r = REPORTS[name]
    assert all(text.strip() for text in (r.title, r.pl, r.description, r.definitions, r.section.title, r.section.pl))
    assert r.chart.columns


@pytest.mark.parametrize("name", NAMES)
def test_a_report_has_the_catalogues_columns(trial: Trial, name: str) -> None:
    assert name in CATALOGUE, f"write the columns of {name} into catalogue.toml"
    for kind in ("admin", "client"):
        seen = outputs.opened(trial.center, trial.viewer(kind))
        if name not in permitted(trial, kind):
            continue
        for chosen in choices(REPORTS[name]):
            found = ask(trial.center, trial, kind, name, **chosen).arrow
            assert found.column_names == expected(name, chosen, set(seen)), chosen
            assert not [c for c in found.schema if not typed(c, name, chosen)], chosen


LOGS = [name for name in NAMES if REPORTS[name].separable]


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("kind", ["admin", "client"])
def test_a_long_log_comes_in_stretches_and_is_the_same(
    trial: Trial, kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name not in permitted(trial, kind):
        return
    whole = ask(trial.center, trial, kind, name)
    files = {suffix: whole.save(tmp_path / f"whole.{suffix}").read_bytes() for suffix in ("csv", "json")}
    monkeypatch.setattr(run, "MOST_ROWS", 1)
    monkeypatch.setattr(run, "AT_ONCE", 2)
    long = ask(trial.center, trial, kind, name)
    assert isinstance(long.answer.rows, Log) == (whole.arrow.num_rows > 1)
    assert long.answer.rows.count == whole.arrow.num_rows
    assert long.answer.rows.head(3).equals(whole.arrow.slice(0, 3))
    assert long.arrow.equals(whole.arrow)
    assert pa.table(long).equals(whole.arrow)
    for suffix, content in files.items():
        assert long.save(tmp_path / f"long.{suffix}").read_bytes() == content
    assert pq.read_table(long.save(tmp_path / "long.parquet")).replace_schema_metadata().equals(whole.arrow)
    if whole.arrow.num_rows > 1:
        with pytest.raises(ResultTooLarge, match="limit"):
            _ = long.frame
        assert f"{whole.arrow.num_rows:,} rows" in repr(long)


def permitted(trial: Trial, kind: str) -> set[str]:
    viewer = trial.viewer(kind)
    return set(trial.center.viewer(viewer.login, reason=viewer.reason).reports["name"])


def choices(r: Report) -> Iterator[dict[str, Any]]:
    """The values of the options on which columns depend."""
    told = {
        name: option.permitted for name, option in r.options.items() if option.kind in ("interval", "choice", "flag")
    }
    for values in product(*told.values()):
        yield dict(zip(told, values, strict=True))


def expected(name: str, chosen: dict[str, Any], seen: set[str]) -> list[str]:
    """The columns that the catalogue promises."""
    entry = CATALOGUE[name]
    needs = entry.get("needs", {})
    per = chosen.get("per") or ""
    columns = [per if c == "per" else c for c in entry.get(per, entry["columns"]).split()]
    columns = [c for c in columns if c and chosen.get(entry.get("asked", {}).get(c), True)]
    absent = {c for c, table in needs.items() if table not in seen}
    absent |= {"interval"} if "by" in chosen and chosen["by"] is None else set()
    return [c for c in columns if c not in absent]


def typed(field: pa.Field[Any], report: str, chosen: dict[str, Any]) -> bool:
    """Has a column the type that its name promises?"""
    unit, kind = label(field.name, report).unit, field.type
    if unit == "interval":
        dates = chosen["by"] in ("day", "week", "month")
        return bool(pa.types.is_date(kind) if dates else pa.types.is_timestamp(kind) and kind.tz)
    if unit == "id":
        return kind in (pa.int64(), pa.string())
    if unit == "money":
        return bool(pa.types.is_decimal(kind))
    wanted = dict.fromkeys(("count", "ordinal", "bytes"), pa.int64())
    wanted |= {"text": pa.string(), "flag": pa.bool_(), "date": pa.date32()}
    return bool(
        kind == wanted.get(unit, pa.float64()) if unit != "instant" else pa.types.is_timestamp(kind) and kind.tz
    )


@pytest.fixture(scope="module")
def bare(trial: Trial) -> Center:
    """A centre in which nobody may see anything yet, and nothing was done in the period."""
    return okireports.create(trial.folder / "bare", now=trial.world.now, admin=trial.viewer("admin").login)


OF_THE_CENTRE = ("access_matrix", "change_log")  # made of what is defined, not of facts


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_the_empty_frame_with_its_columns(trial: Trial, empty: Center, bare: Center, name: str) -> None:
    nowhere = bare if name in OF_THE_CENTRE else empty
    full, none = (ask(center, trial, "admin", name) for center in (trial.center, nowhere))
    assert none.arrow.num_rows == 0
    assert none.arrow.schema.equals(full.arrow.schema, check_metadata=True)
    assert list(none.frame.dtypes) == list(full.frame.dtypes)
    assert "No data" in json.dumps(none.chart.to_dict())


@pytest.mark.parametrize("name", NAMES)
def test_a_run_gives_the_same_bytes_again(trial: Trial, name: str) -> None:
    asked = Asked(name, {"period": trial.world.period})
    once, again = (outputs.got(trial.center, trial.viewer("admin"), asked, trial.folder) for _ in range(2))
    assert once["csv"].count(b"\n") > 1, "nothing was compared"
    assert not outputs.difference(once, again)


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_holds_what_is_seen_and_no_more(trial: Trial, name: str) -> None:
    result = ask(trial.center, trial, "admin", name)
    spec = result.chart.to_dict()
    for rows in spec.get("datasets", {}).values():
        assert len(rows) < MOST
        assert {key for row in rows for key in row} <= encoded(spec)


def encoded(spec: Any) -> set[str]:
    """Every field that a chart names anywhere but in its data."""
    if isinstance(spec, list):
        return set().union(*(encoded(part) for part in spec))
    if not isinstance(spec, dict):
        return set()
    named = {spec["field"]} if isinstance(spec.get("field"), str) else set()
    named |= set(re.findall(r"datum\['(\w+)'\]", str(spec.get("test", ""))))  # what a colour depends on
    return named.union(*(encoded(part) for key, part in spec.items() if key not in ("datasets", "data")))


# Which law looks at what the faces give. Whoever adds a face that gives data adds a law, and then a line here.
COVERED = {
    "Viewer.projects": "outputs.choices",
    "Viewer.reports": "outputs.choices",
    "Viewer.names": "outputs.choices",
    "Viewer.audit": "test_change_log, and the table audit of outputs.lists",
    "Viewer.report": "test_laws: every question",
    "Viewer.explore": "Viewer.report, Viewer.names: each choice is asked as they ask it; test_notebooks_static",
    "Viewer.dashboard": "Viewer.report; test_notebooks_static",
    "Viewer.export": "test_laws.test_an_export_gives_what_her_rows_alone_give",
    "Viewer.digest": "the same: it lies in the folders of an export",
    "Viewer.sql": "test_laws.test_a_query_of_ones_own_gives_what_her_rows_alone_give, and attacks/",
    "Selection.arrow": "outputs.selected",
    "Selection.frame": "outputs.selected",
    "Selection.provenance": "outputs.selected",
    "Selection.rows": "the rows of Selection.arrow",
    "Selection.meta": "Selection.sql and Selection.provenance",
    "Selection.save": "the rows of Selection.arrow, and Selection.meta",
    "Selection.__arrow_c_stream__": "the stream of Selection.arrow",
    "Selection._repr_mimebundle_": "the rows of Selection.arrow, and Selection.meta",
    "Result.arrow": "outputs.answered",
    "Result.frame": "outputs.answered",
    "Result.details": "outputs.answered",
    "Result.pages": "outputs.answered, and test_pages: every page is rows of Result.arrow",
    "Result.contacts": "outputs.answered: of the row that counts most",
    "Result.chart": "outputs.answered",
    "Result.sql": "outputs.answered",
    "Result.provenance": "outputs.answered",
    "Result.save": "outputs.saved",
    "Result.answer": "what the others are made of",
    "Result.__arrow_c_stream__": "the stream of Result.arrow",
    "Result._repr_mimebundle_": "outputs.saved: the chart as HTML; the picture is drawn from its JSON",
    "Result.__repr__": "outputs.answered",
}
NO_DATA = {
    "Viewer.center": "the centre itself: who asks in a notebook holds it anyway",
    "Viewer.login": "what she typed",
    "Viewer.reason": "what she typed",
    "Viewer.actor": "what she typed",
    "Viewer.viewing": "who asks",
    "Viewer.stop": "what ends a run",
    "Viewer.check": "raises or not",
    "Selection.sql": "what she typed",
}
# A centre is its owner's: these need the operating system's right to the folder, and are no viewer's.
OWNERS = {
    *(
        "folder",
        "clock",
        "path",
        "load",
        "sync",
        "rollback",
        "forget",
        "retain",
        "restamp",
        "extract",
        "viewer",
        "change",
        "security",
        "users",
        "groups",
        "projects",
        "roles",
        "definitions",
        "settings",
        "audit",
    ),
    "loads",
    *("lake", "engine"),  # test_lake: it holds what the folder holds; test_spark: runs over it are as runs here
    "admin",  # test_widgets_admin: nothing hidden is in the widget's state
    *(
        "preview_as",
        "who_can_see",
        "diff_access",
        "lint",
        "insight",
    ),  # they need a right beside it, and tell of her projects
    "schedules",  # what it makes it asks in its viewer's name when it runs: test_schedule_access
}
FUNCTIONS = {"create", "demo", "open", "project_selector", "verify"}  # centres, Viewer.projects to tick, names of files


def test_whatever_gives_data_is_looked_at() -> None:
    ours = {f"{face.__name__}.{name}" for face in (faces.Viewer, faces.Result, Selection) for name in members(face)}
    assert ours == COVERED.keys() | NO_DATA.keys(), "a law has to look at what is new here, then add it"
    assert members(faces.Center) == OWNERS, (
        "who may ask a centre for this? Let a law look at it, or say that it is the owner's"
    )
    exported = {n for n in okireports.__all__ if inspect.isfunction(getattr(okireports, n))}
    assert exported == FUNCTIONS
    public = {n for n, f in vars(faces).items() if inspect.isroutine(f) and f.__module__ == faces.__name__}
    assert not {n for n in public if not n.startswith("_")}


def members(face: type) -> set[str]:
    """What a face offers: its own methods, properties and fields; of the special methods those that give data."""
    special = {"__arrow_c_stream__", "_repr_mimebundle_"} | ({"__repr__"} if face is faces.Result else set())
    own = set(vars(face)) | set(getattr(face, "__dataclass_fields__", ()))
    return {n for n in own if not n.startswith("_") or (n in special and n in vars(face)) or is_display(n)}


def is_display(name: str) -> bool:
    """Does a notebook or another library ask for data by this name?"""
    return name.startswith(("_repr_", "__arrow_", "__dataframe", "__array", "__iter__", "__getitem__", "_ipython_"))
