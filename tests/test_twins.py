"""Each report against its twin: the same question as hand-written SQL (`twins/*.sql`), equal to the last row.

The twin reads the tables that the viewer may open, as a session of her own opens them, whole; the report reads what it
declares. So a reach that is too short, a filter, a join or a definition that is wrong shows as a row that differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from random import Random
from typing import Any

import pyarrow as pa
import pytest

import outputs
import twin
import worlds
from laws import CAST, WORLDS, Trial, portion
from okireports.engines import duck, seen
from okireports.faces import Result
from okireports.report import REPORTS, all_reports
from world_centre import SCENES
from worlds import Viewer

pytestmark = pytest.mark.laws
QUESTIONS = portion(6, 3)  # a viewer; each world asks others
VIEWERS = portion(3, 1)  # a world, admin among them, by turns
REACHING = portion(6, 1)  # reports a world whose reach is tried
NIGHTS = {"spring": datetime(2025, 3, 30, 1, tzinfo=UTC), "autumn": datetime(2025, 10, 26, 1, tzinfo=UTC)}


@pytest.fixture(scope="session", params=range(WORLDS))
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    """One world."""
    made = Trial(worlds.world(request.param))
    yield made
    made.close()


def test_every_report_has_a_twin() -> None:
    assert {r.name for r in all_reports()} == set(twin.names())


def test_reports_agree_with_their_twins(trial: Trial) -> None:
    rng = Random(f"ways {trial.world.shape}")
    viewers = (trial.viewer("admin"), *trial.cast) * 2
    turn = trial.world.shape.seed % (len(viewers) // 2)
    for viewer in viewers[turn:][:VIEWERS]:
        tables = tables_of(trial, viewer)
        names = permitted(trial, viewer)
        rng.shuffle(names)
        for name in islice(cycle(names), QUESTIONS):
            agree(trial, viewer, tables, name, rng.choice(periods(trial)), rng.choice(ways(name)))


def test_a_report_needs_no_more_than_it_says(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row beside the reach that a report declares is taken away, not only files: it must not miss them."""
    rng, admin = Random(f"reach {trial.world.shape}"), trial.viewer("admin")
    tables, calls = tables_of(trial, admin), trial.world.tables["calls"]
    told = {row["call"] for row in trial.world.tables.get("recordings", [])}
    followed = [c for c in calls if c["source_id"] in told and not c.get("recording")] or calls
    whole = duck.rows_of
    monkeypatch.setattr(
        duck, "rows_of", lambda fact, *of: f"FROM ({whole(fact, *of)}) WHERE {seen.meeting(fact, of[-1])}"
    )
    for name in rng.sample(permitted(trial, admin), k=REACHING):
        since, until = rng.choice(calls)["started_at"], rng.choice(followed)["started_at"] + timedelta(milliseconds=1)
        # One border lies between a call and what is dated after it.
        for period in ((until - timedelta(days=3), until), (since, since + timedelta(days=3))):
            agree(trial, admin, tables, name, period, {})


@pytest.mark.parametrize("night", NIGHTS)
def test_every_way_of_asking_on_the_nights_when_clocks_change(night: str) -> None:
    """Every option of every report; what is finer than a day over the hours that come twice or not at all."""
    seed = next(n for n in range(len(SCENES)) if worlds.world(n).shape.scene == night)
    trial = Trial(worlds.world(seed))
    try:
        viewer, hours = trial.viewer("admin"), timedelta(hours=3)
        tables = tables_of(trial, viewer)
        for name in permitted(trial, viewer):
            for way in ways(name):
                fine = way.get("by") in twin.STEPS
                period = (NIGHTS[night] - hours, NIGHTS[night] + hours) if fine else trial.world.period
                agree(trial, viewer, tables, name, period, way)
    finally:
        trial.close()


def ways(name: str) -> list[dict[str, Any]]:
    """Each value of each option, the others as they are; a page of a log is one."""
    found: list[dict[str, Any]] = [{}]
    for option, allowed in REPORTS[name].options.items():
        values = allowed.permitted if allowed.kind != "count" else ((0, 1, 4) if option == "limit" else (2,))
        found += [{option: value} for value in values if value != allowed.default]
    return found


def periods(trial: Trial) -> list[Any]:
    """The world's days, one of them, a piece that cuts through what happened, and all that ever was."""
    world, day = trial.world, timedelta(days=1)
    noon = world.start + timedelta(hours=14, minutes=10)
    return [world.period, world.period[0], (world.start, noon), (world.start - 4 * day, world.end + day)]


def tables_of(trial: Trial, viewer: Viewer) -> dict[str, pa.Table]:
    """All that she may open, and every name that she may know, whatever the period."""
    asking = outputs.opened(trial.center, viewer)
    return asking | outputs.lists(trial.center, viewer, outputs.EVER)


def permitted(trial: Trial, viewer: Viewer) -> list[str]:
    """The reports that she may run over her rows."""
    names = trial.center.viewer(viewer.login, reason=viewer.reason).reports["name"]
    return [name for name in names if viewer.role != "Own rows" or not REPORTS[name].collective]


def agree(
    trial: Trial, viewer: Viewer, tables: dict[str, pa.Table], name: str, period: Any, way: dict[str, Any]
) -> None:
    """A report and its twin say the same."""
    asking = trial.center.viewer(viewer.login, reason=viewer.reason)
    result: Result = asking.report(name, period=period, **way)
    said = result.provenance
    options = {k: v for k, v in said.options.items() if k in ("by", "limit", "offset")}
    more = {k: str(v) for k, v in said.options.items() if k not in options}
    more |= {"repeat_days": "7", "callback_hours": "24", "now": str(twin.naive(trial.world.now))}
    found = twin.run(
        None,
        name,
        start=said.start,
        end=said.end,
        zone=said.zone,
        formula=said.formula,
        tables=tables,
        **options,
        **more,
    )
    try:
        twin.same(result.arrow, found)
    except AssertionError as told:
        raise AssertionError(f"{viewer.login} asks {name}, period={period}, {way}\n{told}") from None


def test_the_cast_meets_every_scene() -> None:
    """Two viewers a world take turns with three kinds of period: none of them always meets the same one."""
    met = {(kind, n % len(SCENES)) for n in range(len(CAST) * len(SCENES)) for kind in CAST[n % len(CAST)]}
    assert len(met) == len({kind for pair in CAST for kind in pair}) * len(SCENES)
