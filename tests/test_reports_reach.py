"""What a report opens beside its period: the stores in which something lies that it declares, and no others."""

from __future__ import annotations

import stat
from datetime import datetime
from pathlib import Path

import pytest

import loaded
from loaded import calls
from okireports.engines import duck
from okireports.report import REPORTS

PERIOD = "2023-06"  # in Warsaw: from 31 May 22:00 to 30 June 22:00 in UTC
STARTS = (  # one call each, each of a project of its own: what is stored together is opened together
    "2021-06-15T10:00:00Z",
    "2022-06-10T10:00:00Z",  # 355 days before
    "2023-05-10T10:00:00Z",
    "2023-05-31T10:00:00Z",  # 12 hours before
    "2023-06-15T10:00:00Z",
    "2023-07-01T10:00:00Z",  # 12 hours after
    "2023-07-10T10:00:00Z",
    "2024-06-20T10:00:00Z",  # 355 days after
    "2025-01-01T10:00:00Z",
)
NEAR, BEFORE, AFTER = {"05-31", "07-01"}, {"06-10", "05-10", "05-31"}, {"07-01", "07-10", "06-20"}
WANTED = {
    "call_tracking": BEFORE | {"07-01"},
    "ivr_paths": NEAR,
    "repeat_calls": NEAR,  # within 7 days, unless the centre says otherwise
    "lost_calls": {"07-01"},
    "call_outcomes": set[str](),
    "transfers": NEAR,
    "concurrent_calls": set[str](),
    "operator_calls": set[str](),
    "staffing_by_interval": set[str](),
    "kpi_scorecard": {"05-10", "05-31"},  # May, for June
    "operator_rating": set[str](),
    "violations": NEAR,
    "evaluations_log": {"05-10", "05-31"},
    "speech_analytics": {"07-01"},
}


@pytest.fixture(scope="module")
def viewer(tmp_path_factory):
    """Someone who sees all of a centre with calls far and near."""
    names = [f"Project {n}" for n in range(len(STARTS))]
    center = loaded.centre(
        tmp_path_factory.mktemp("reach") / "centre", {"projects": "\n".join(["name", *names]) + "\n"}
    )
    rows = [
        f"c-{n},inbound,{start},{start},abandoned,{start},{project}"
        for n, (start, project) in enumerate(zip(STARTS, names, strict=True))
    ]
    loaded.load(center, {"calls": calls(*rows, columns="queued_at,project")})
    return center.viewer("admin", reason="a test")


@pytest.mark.parametrize("name", WANTED)
def test_what_is_attached(viewer, monkeypatch, name):
    assert attached(viewer, monkeypatch, name) == WANTED[name] | {"06-15"}


def attached(viewer, monkeypatch, name):
    """The days of the calls whose segments a report opens, each counted by its first one."""
    opened, place = set(), duck.place

    def noting(con, folder, segment, index):
        opened.add(f"{segment.first_at:%m-%d}")
        return place(con, folder, segment, index)

    monkeypatch.setattr(duck, "place", noting)
    assert viewer.report(name, period=PERIOD).arrow.num_rows == (0 if name in EMPTY else 1)
    return opened


@pytest.mark.parametrize(
    ("name", "setting", "more"),
    [
        ("repeat_calls", {"repeat_days": "366"}, BEFORE | AFTER),
        ("lost_calls", {"callback_hours": "216"}, {"07-01", "07-10"}),
    ],
)
def test_a_window_that_the_centre_sets_is_what_is_opened(viewer, monkeypatch, name, setting, more):
    was = {key: viewer.center.settings.values[key] for key in setting}
    viewer.center.settings.change(**setting, actor="admin", reason="a test")
    try:
        assert attached(viewer, monkeypatch, name) == more | {"06-15"}
    finally:
        viewer.center.settings.change(**was, actor="admin", reason="a test")


# Nobody was in a scenario, passed on, there for any time, or was an operator.
EMPTY = {"ivr_paths", "transfers", "concurrent_calls", "operator_calls", "kpi_scorecard", "operator_rating"}
EMPTY |= {"violations", "evaluations_log", "speech_analytics"}


def test_every_report_that_looks_further_says_so():
    """Each of these declares it; a report without a line above looks at its period alone, or has tests of its own."""
    assert {name for name, more in WANTED.items() if more} == {
        name for name in WANTED if REPORTS[name].before or REPORTS[name].after or REPORTS[name].previous
    }


def test_what_memory_cannot_hold_goes_where_only_its_reader_can_look(viewer, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with duck.session(viewer.viewing(), lambda *_: duck.Wanted((), datetime(2023, 6, 1), datetime(2023, 7, 1))) as run:
        (place,) = run.con.execute("SELECT current_setting('temp_directory')").fetchone()
        assert stat.S_IMODE(Path(place).stat().st_mode) == 0o700
        assert not Path(place).is_relative_to(tmp_path)
    assert not Path(place).exists()
    assert not list(tmp_path.iterdir())
