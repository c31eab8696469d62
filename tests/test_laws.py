"""Who may see what, as two laws over invented worlds, every report and every output.

Equality: what a viewer gets equals what she gets from a centre, same definitions, into which only her rows were put.
Non-interference: where only rows change that are hidden from her, she gets the same bytes.

Each world is loaded once and asked by two of its viewers, who take turns with the worlds; so do the reports' options.
`make laws WORLDS=500` tries more worlds than CI does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings

import outputs
import projection
import worlds
from laws import WORLDS, Trial, hidden, portion
from okireports.errors import Refused, UnknownName
from okireports.metrics import METRICS
from okireports.report import all_reports
from outputs import Asked, Parts, difference
from projection import COSTS, OWN, Row
from twin import naive
from worlds import Viewer, World

pytestmark = pytest.mark.laws
QUESTIONS = portion(8, 3)  # a viewer; each world asks others
IN_FILES = portion(2, 1)  # of them also as files
SELECTED = (3, 16)  # worlds in which a query of one's own is asked: each is a process, three times
EXPORTED = 6  # reports of an export
ASKED_FOR = portion(3, 1)  # hidden names of a kind
ADDED = portion(4, 1)  # reports a world whose counts are added up
DRAWN = max(3, WORLDS // 10)  # worlds that Hypothesis draws; each is loaded three times


@pytest.fixture(scope="session", params=range(WORLDS))
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    """One world; tests of one world run together."""
    made = Trial(worlds.world(request.param))
    yield made
    made.close()


def asked_by(trial: Trial, viewer: Viewer) -> list[Asked]:
    """What a viewer asks in this world."""
    found = outputs.questions(trial.world, lists(trial, viewer), Random(f"{trial.world.shape} {viewer.login}"))
    return list(islice(found, QUESTIONS))


def lists(trial: Trial, viewer: Viewer) -> Parts:
    return trial.once(("lists", viewer.login), lambda: outputs.lists(trial.center, viewer, trial.span))


def opened(trial: Trial, viewer: Viewer) -> Parts:
    return trial.once(("tables", viewer.login), lambda: outputs.opened(trial.center, viewer))


def got(trial: Trial, viewer: Viewer, number: int, asked: Asked) -> Parts:
    """What she gets for one of her questions from the whole centre."""
    folder = trial.folder if number % (QUESTIONS // IN_FILES) == 0 else None
    return trial.once((viewer.login, number), lambda: outputs.got(trial.center, viewer, asked, folder))


def same_for(trial: Trial, viewer: Viewer, other: Any) -> None:
    """She gets the same from another centre: lists, tables and answers."""
    assert not difference(lists(trial, viewer), outputs.lists(other, viewer, trial.span))
    assert not difference(opened(trial, viewer), outputs.opened(other, viewer))
    assert not difference(outputs.choices(trial.center, viewer, trial.span), outputs.choices(other, viewer, trial.span))
    for number, asked in enumerate(asked_by(trial, viewer)):
        here = got(trial, viewer, number, asked)
        there = outputs.got(other, viewer, asked, trial.folder if "csv" in here else None)
        assert not (told := difference(here, there)), f"{viewer.login} asks {asked}\n{told}"


def test_she_gets_what_her_rows_alone_give(trial: Trial) -> None:
    for viewer in trial.cast:
        same_for(trial, viewer, trial.projected(viewer))


def test_hidden_rows_change_nothing(trial: Trial) -> None:
    viewer = trial.cast[trial.world.shape.seed % len(trial.cast)]
    assert trial.other_world(viewer).tables != trial.world.tables or not trial.world.tables.get("calls")
    same_for(trial, viewer, trial.hidden_changed(viewer))


@pytest.mark.parametrize("seed", SELECTED)
def test_a_query_of_ones_own_gives_what_her_rows_alone_give(seed: int) -> None:
    """Both laws, over every table that may be named; in a few worlds."""
    trial = Trial(worlds.world(seed))
    viewer = next(v for v in trial.cast if v.projects and v.role in ("Supervisor", COSTS))
    try:
        here = outputs.selected(trial.center, viewer)
        assert here["rows"].num_rows > 20, "nothing was compared"
        for other in (trial.projected(viewer), trial.hidden_changed(viewer)):
            assert not (told := difference(here, outputs.selected(other, viewer))), told
        find = finder(trial, viewer)
        assert not [part for part, text in outputs.texts(here) if find(text)]
    finally:
        trial.close()


@pytest.mark.parametrize("seed", SELECTED)
def test_an_export_gives_what_her_rows_alone_give(seed: int, tmp_path: Path) -> None:
    """Both laws, over all tables and some reports as they are handed out; in a few worlds."""
    trial = Trial(worlds.world(seed))
    viewer = next(v for v in trial.cast if v.projects and v.role in ("Supervisor", "Client", COSTS))
    try:
        able = list(trial.center.viewer(viewer.login).reports["name"])
        reports = Random(seed).sample(able, EXPORTED)
        centers = (trial.center, trial.projected(viewer), trial.hidden_changed(viewer))
        here, *others = (
            outputs.exported(center, viewer, tmp_path / str(n), trial.world.period, reports, digest=seed == SELECTED[0])
            for n, center in enumerate(centers)
        )
        tables = {name.split("/")[1] for name in here if name.count("/") == 2}
        assert {"calls", "statuses"} <= tables and len(here) > 20, "nothing was compared"
        assert len({name.split("/")[0] for name in here}) == len(viewer.projects or ()) + 1
        for other in others:
            assert not (told := difference(here, other)), told
        find = finder(trial, viewer)
        assert not [part for part, text in outputs.texts(here) if find(text) or find(part.lower())]
    finally:
        trial.close()


def test_no_hidden_text_is_in_anything(trial: Trial) -> None:
    for viewer in trial.cast:
        find = finder(trial, viewer)
        answers = {f"question {n}": got(trial, viewer, n, asked) for n, asked in enumerate(asked_by(trial, viewer))}
        answers["lists"] = lists(trial, viewer)
        answers["tables"] = opened(trial, viewer)
        answers["choices"] = outputs.choices(trial.center, viewer, trial.span)
        for where, parts in answers.items():
            if where.startswith("question") and "error" in parts:
                continue  # it may quote the name that was asked for; see the test of names
            for part, text in outputs.texts(parts):
                assert not find(text), f"{viewer.login}, {where}, {part}"


def finder(trial: Trial, viewer: Viewer) -> Any:
    """A function that finds the first hidden canary in a text in small letters."""
    secret = {token.lower() for token in hidden(trial.world, viewer)}
    known = sorted({t for t in everything(trial) if t not in secret}, key=len, reverse=True)
    shown = re.compile("|".join(map(re.escape, known)) or "(?!)")
    sought = re.compile("|".join(re.escape(t) for t in sorted(secret, key=len, reverse=True)) or "(?!)")

    def find(text: str) -> str | None:
        # What she may know goes first: one token may be the beginning of another.
        found = sought.search(shown.sub("", text))
        return found.group() if found else None

    return find


def everything(trial: Trial) -> set[str]:
    """All canaries and numbers of a world in small letters."""
    return {t.lower() for t in worlds.canaries(trial.world, Viewer("nobody", "Supervisor", frozenset()))}


# Columns by which a row is known here; rows that several projects share are known without one.
KEYS = {
    "calls": ("project", "source_id", "went_to_other", "came_from_other"),
    "statuses": ("operator", "started_at", "ended_at", "status"),
    "shifts": ("source_id",),
    "rings": ("project", "operator", "started_at"),
    "ivr_steps": ("project", "step_no", "at"),
    "charges": ("project", "amount", "at"),
    "recordings": ("project", "url"),
    "contacts": ("project", "phone"),
}


def test_what_a_run_opens_are_her_rows(trial: Trial) -> None:
    """Row by row, as counted in plain Python; also for one who sees everything."""
    admin = trial.viewer("admin")
    for viewer in (*trial.cast, admin):
        if viewer.role == OWN:
            continue  # there is no second count of them; the law of equality says what they are
        for table, found in opened(trial, viewer).items():
            wanted = [key(trial, table, row) for row in rows_expected(trial, viewer, table)]
            named = [key(trial, table, row) for row in with_names(found, lists(trial, admin))]
            assert Counter(named) == Counter(wanted), f"{viewer.login}, {table}"


def key(trial: Trial, table: str, row: Row) -> tuple[Any, ...]:
    """What a row is known by, be it canonical or stored."""
    row = row | {"project": trial.world_knows.project_of(table, row)}
    values = (row.get(column) for column in KEYS.get(table, ("project", "source_id")))
    return tuple(naive(v) if isinstance(v, datetime) else v for v in values)


def rows_expected(trial: Trial, viewer: Viewer, table: str) -> list[Row]:
    """Canonical rows that a viewer must find."""
    rows = projection.visible_rows(trial.world, viewer, table)
    if viewer.projects is None and table == "statuses":  # these the projection leaves as they were told
        people = {r["operator"] for r in rows}
        return [r for one in people for r in projection.cut([r for r in rows if r["operator"] == one])]
    if viewer.projects is None and table == "calls":
        flags = projection.transfers(trial.world_knows)
        told = ("went_to_other", "came_from_other")
        return [row | dict(zip(told, flags[row["source_id"]], strict=True)) for row in rows]
    return rows


def with_names(table: pa.Table, names: Parts) -> list[Row]:
    """Stored rows with the names of their project and operator."""
    of = {kind: dict(zip(*names[kind].to_pydict().values(), strict=True)) for kind in ("projects", "operators")}
    return [
        row
        | {"project": of["projects"].get(row["project_id"]), "operator": of["operators"].get(row.get("operator_id"))}
        for row in table.to_pylist()
    ]


def test_a_hidden_name_is_as_unknown_as_one_that_is_not_there(trial: Trial) -> None:
    for viewer in trial.cast:
        asking = trial.center.viewer(viewer.login, reason=viewer.reason)
        find = finder(trial, viewer)
        known = outputs.lists(trial.center, viewer, outputs.EVER)  # a report may look beyond its period, at her rows
        for filter, report in (("projects", "call_log"), ("queues", "call_log"), ("operators", "call_log")):
            visible = {name.lower() for name in known[filter][1].to_pylist()}
            secret = [name for name in outputs.names(trial.world, filter) if name.lower() not in visible]
            for name in secret[:ASKED_FOR]:
                said = [refusal(asking, report, trial, {filter: wanted}) for wanted in (name, outputs.ghost(name))]
                plain = [told.partition(" Did you mean")[0] for told in said]  # what is near is near to other letters
                assert plain[0].replace(name, "") == plain[1].replace(outputs.ghost(name), "")
                assert not find(said[0].replace(name, "").lower())


def refusal(asking: Any, report: str, trial: Trial, filter: dict[str, str]) -> str:
    with pytest.raises(UnknownName) as told:
        asking.report(report, period=trial.world.period, **filter)
    assert told.value.__context__ is None, "an error behind the error may quote anything"
    return str(told.value)


def test_who_sees_everything_says_why(trial: Trial) -> None:
    admin = trial.viewer("admin")
    for reason in (None, "", "  "):
        with pytest.raises(Refused, match="reason"):
            trial.center.viewer(admin.login, reason=reason)


def test_nobody_joins_people_or_interactions_across_projects(trial: Trial) -> None:
    """The same customer has another key in each project, and so has the same interaction."""
    homes: dict[tuple[str, int], set[int]] = {}
    for table in opened(trial, trial.viewer("admin")).values():
        for row in table.to_pylist():
            for column in ("contact_key", "interaction_id"):
                if row.get(column) is not None:
                    homes.setdefault((column, row[column]), set()).add(row["project_id"])
    assert [key for key, projects in homes.items() if len(projects) > 1] == []


REPEATED = {"speech_analytics": ("handled",)}  # what a share is of, said again for each rule of the operator


def test_contacts_of_two_projects_are_those_of_each_in_sum(trial: Trial) -> None:
    viewer = trial.viewer("pair")
    asking = trial.center.viewer(viewer.login)
    reports = all_reports()
    first = trial.world.shape.seed * ADDED % len(reports)
    assert viewer.projects is not None
    for report in (reports + reports)[first : first + ADDED]:
        if report.name not in set(asking.reports["name"]):
            continue
        scopes = [[one] for one in sorted(viewer.projects)] + [sorted(viewer.projects)]
        one, other, both = (
            sums(asking.report(report.name, period=trial.world.period, projects=scope).arrow) for scope in scopes
        )
        repeated = REPEATED.get(report.name, ())
        for total in (one, other, both):
            for column in repeated:
                del total[column]
        assert one + other == both, report.name


def sums(table: pa.Table) -> Counter[str]:
    """The totals of the columns that count contacts."""
    counted = [m.name for m in METRICS.values() if m.counts == "contact" and m.unit == "count"]
    return Counter({c: sum(table[c].to_pylist()) for c in table.column_names if c in (*counted, "contacts", "handled")})


@settings(max_examples=DRAWN)
@given(worlds.worlds())
def test_she_gets_what_her_rows_alone_give_in_drawn_worlds(world: World) -> None:
    """The same law where Hypothesis draws the worlds: a failure shrinks to a few rows."""
    trial = Trial(world)
    try:
        for viewer in trial.cast:
            same_for(trial, viewer, trial.projected(viewer))
    finally:
        trial.close()
