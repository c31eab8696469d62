"""Sealed extracts in invented worlds: every report gives what it gives in the centre, and nothing hidden is in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

import laws
import okireports
import outputs
import worlds
from laws import Trial
from okireports.access.oversight import OVERSIGHT
from okireports.errors import BadPeriod, OkiReportsError
from okireports.extract import asking
from okireports.faces import Center
from okireports.report import REPORTS, all_reports, reach
from projection import OWN
from test_laws import everything
from worlds import Viewer

pytestmark = pytest.mark.laws
SEEDS = range(max(3, laws.WORLDS // 20))  # an extract is a world loaded, sealed and opened again
WHOLE = 3  # worlds in which every report is asked; in the others they take turns
TURNS = 6
QUESTIONS = laws.portion(10, 3)  # a viewer, beside these, with options, filters and other periods
WITHHELD = {r.name for r in all_reports() if any(t in OVERSIGHT and not absent for t, absent in r.tables.items())}
FOR = {"actor": "admin", "reason": "for her laptop"}


@pytest.fixture(scope="module", params=SEEDS)
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    """One world, in which whoever sees only her own rows may export them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(laws, "OPENING", (*laws.OPENING, asking.RIGHT))
        made = Trial(worlds.world(request.param))
        made.center  # noqa: B018  # made while the role is so
    yield made
    made.close()


def asking_viewers(trial: Trial) -> list[Viewer]:
    """One of the cast who may export, and in one world of three one who sees only her own rows."""
    alone = [v for v in trial.world.viewers if v.role == OWN][: trial.world.shape.seed % 3 == 0]
    able = [v for v in trial.cast if v.role not in ("Operator", OWN) and v.projects]
    return [able[-1] if able else trial.viewer("pair"), *alone]


def sealed(trial: Trial, viewer: Viewer, name: str = "", **more: Any) -> Center:
    """Her extract, opened."""

    def make() -> Center:
        path = trial.center.extract(viewer.login, trial.folder / (name or f"{viewer.login}.duckdb"), **FOR, **more)
        return okireports.open(path, now=trial.world.now)

    return trial.once(("sealed", viewer.login, name), make)


def answers(center: Center, viewer: Viewer, asked: outputs.Asked) -> dict[str, Any]:
    """What she gets, from which the rest is made; files and generation are the extract's own."""
    try:
        result = center.viewer(viewer.login).report(asked.report, **asked.keywords)
    except OkiReportsError as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"rows": result.arrow, "sql": result.sql}


def known(trial: Trial, viewer: Viewer) -> set[str]:
    """The reports that she may run in the centre."""
    return set(trial.center.viewer(viewer.login).reports["name"])


def names(trial: Trial, viewer: Viewer) -> list[str]:
    """Reports that she may run, of those whose turn it is."""
    permitted = sorted(known(trial, viewer) - WITHHELD)
    seed = trial.world.shape.seed
    return permitted if seed < WHOLE else permitted[seed % TURNS :: TURNS]


def questions(trial: Trial, viewer: Viewer) -> Iterator[outputs.Asked]:
    """Reports that she may run, and some with options, filters and other periods."""
    yield from (outputs.Asked(name, {"period": trial.world.period}) for name in names(trial, viewer))
    lists = outputs.lists(trial.center, viewer, trial.span)
    drawn = outputs.questions(trial.world, lists, Random(f"extract {trial.world.shape} {viewer.login}"))
    yield from islice((asked for asked in drawn if asked.report not in WITHHELD), QUESTIONS)


def test_every_report_gives_what_it_gives_in_the_centre(trial: Trial) -> None:
    for viewer in asking_viewers(trial):
        other = sealed(trial, viewer)
        for asked in questions(trial, viewer):
            here, there = answers(trial.center, viewer, asked), answers(other, viewer, asked)
            assert not (told := outputs.difference(here, there)), f"{viewer.login} asks {asked}\n{told}"


def test_lists_and_tables_are_those_of_the_centre(trial: Trial) -> None:
    for viewer in asking_viewers(trial):
        other, span = sealed(trial, viewer), trial.span
        lists = [outputs.lists(c, viewer, span) for c in (trial.center, other)]
        left_out = {*OVERSIGHT, *outputs.kept_back(trial.center, viewer)}
        here, there = ({name: rows for name, rows in one.items() if name not in left_out} for one in lists)
        assert "contracts" not in left_out or not lists[1]["contracts"].num_rows
        assert not outputs.difference(here, there)
        assert not outputs.difference(outputs.opened(trial.center, viewer), outputs.opened(other, viewer))
        assert trial.center.viewer(viewer.login).projects.equals(other.viewer(viewer.login).projects)
        here, there = known(trial, viewer), set(other.viewer(viewer.login).reports["name"])
        assert here - there == here & WITHHELD and there <= here


def test_no_hidden_text_lies_in_the_file(trial: Trial) -> None:
    for viewer in asking_viewers(trial):
        secret = {token.lower() for token in laws.hidden(trial.world, viewer)}
        shown = everything(trial) - secret
        assert secret
        path = sealed(trial, viewer).path
        for where, text in (*texts(path), ("bytes", path.read_bytes().decode("latin-1"))):
            found = {token for token in tokens(text) if token in secret and token not in shown}
            assert not found, f"{viewer.login}, {where}: {found}"


def tokens(text: str) -> set[str]:
    return {t.lower() for pattern in (worlds.CANARY, worlds.PHONE) for t in pattern.findall(text)}


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Every table of a file as text: all its columns, whatever their types."""
    with duckdb.connect(str(path), read_only=True) as con:
        listed = con.execute("SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal").fetchall()
        assert len(listed) > 30, "nothing was searched"
        for schema, table in listed:
            yield f"{schema}.{table}", str(con.execute(f'FROM {schema}."{table}"').fetchall())
        yield "statements", str(con.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall())


def test_a_part_of_her_time_answers_what_is_within_it_and_nothing_else(trial: Trial) -> None:
    viewer = asking_viewers(trial)[0]
    day = trial.world.period[0]
    other = sealed(trial, viewer, "day.duckdb", period=day)
    for name in names(trial, viewer):
        asked = outputs.Asked(name, {"period": day})
        told = outputs.difference(answers(trial.center, viewer, asked), answers(other, viewer, asked))
        assert not told, f"{asked}\n{told}"
        with pytest.raises(BadPeriod, match="within it"):
            other.viewer(viewer.login).report(name, period=("2019-01-01", trial.world.period[1]))
    seal = other.folder.seal  # type: ignore[attr-defined]
    length, said = seal.held_until - seal.held_from, {"repeat_days": "7", "callback_hours": "24"}
    theirs = [r for r in REPORTS.values() if r.name in known(trial, viewer) and {"calls", "history"} & set(r.tables)]
    far = [reach(r, length, said) for r in theirs]
    since = seal.held_from - max((one["before"] for one in far), default=timedelta())
    until = seal.held_until + max((one["after"] for one in far), default=timedelta())
    with duckdb.connect(str(other.path), read_only=True) as con:
        beside = f"started_at >= '{until}' OR coalesce(ended_at, '9999-01-01') < '{since}'"
        assert con.execute(f"SELECT count(*) FROM calls WHERE {beside}").fetchone() == (0,)
        if "contacts" in {name for (name,) in con.execute("SELECT view_name FROM duckdb_views()").fetchall()}:
            naming = ("calls", "tasks", "dialogues", "requests", "orders")
            keys = " UNION ".join(f"SELECT contact_key FROM {table}" for table in naming)
            assert con.execute(f"SELECT count(*) FROM contacts WHERE contact_key NOT IN ({keys})").fetchone() == (0,)


def test_a_folder_of_parquet_files_gives_the_same(trial: Trial) -> None:
    viewer = asking_viewers(trial)[0]
    other = sealed(trial, viewer, "files")
    for asked in islice(questions(trial, viewer), None, None, 4):
        here, there = answers(trial.center, viewer, asked), answers(other, viewer, asked)
        assert not (told := outputs.difference(here, there)), f"{viewer.login} asks {asked}\n{told}"
    secret = {token.lower() for token in laws.hidden(trial.world, viewer)}
    for file in other.path.rglob("*.parquet"):
        text = f"{pq.read_table(file).to_pylist()} {file.read_bytes().decode('latin-1')}"
        assert not tokens(text) & secret - (everything(trial) - secret), file
