"""What a viewer may choose from: the names that filters take, and that the filters take them."""

from __future__ import annotations

import json
from typing import Any

import pytest

import okireports
from okireports.errors import BadPeriod, OkiReportsError, UnknownName
from okireports.faces import Center, Viewer
from okireports.run import FILTERS

MONTH = "2026-06"


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    return okireports.demo(tmp_path_factory.mktemp("choices") / "centre", calls=2_000)


def viewer(center: Center, login: str) -> Viewer:
    return center.viewer(login, reason="a test" if login == "admin" else None)


@pytest.mark.parametrize("login", ["admin", "sara", "anna", "clive"])
def test_every_filter_takes_the_names_that_are_offered(center: Center, login: str) -> None:
    asking = viewer(center, login)
    found = asking.names(MONTH)
    assert list(found.columns) == ["filter", "id", "name"]
    assert {*found["filter"]} <= {*FILTERS} and len(found) > 3
    for filter, name in found.drop_duplicates("filter")[["filter", "name"]].itertuples(index=False):
        report = (
            "provider_statistics" if filter == "providers" else "dialer_summary" if filter == "dialers" else "call_log"
        )
        if report in set(asking.reports["name"]):
            asking.report(report, period=MONTH, **{filter: name})
    lines = found[found["filter"] == "lines"]
    assert lines["id"].isna().all() and found[found["filter"] != "lines"]["id"].notna().all()


def test_names_follow_the_projects(center: Center) -> None:
    asking = viewer(center, "admin")
    whole = asking.names(MONTH)
    one = asking.names(MONTH, projects=asking.projects["project"].iloc[0])
    of = "queues"
    few, all_of_them = ({*f[f["filter"] == of]["name"]} for f in (one, whole))
    assert few and few < all_of_them
    others = next(iter(all_of_them - few))
    with pytest.raises(UnknownName, match="in the projects asked for"):
        asking.report("call_log", period=MONTH, projects=asking.projects["project"].iloc[0], queues=others)


def test_a_hidden_project_is_as_unknown_as_none(center: Center) -> None:
    asking = viewer(center, "clive")
    hidden = next(p for p in viewer(center, "admin").projects["project"] if p not in set(asking.projects["project"]))
    told = []
    for name in (hidden, hidden[:-1] + "ź"):
        with pytest.raises(UnknownName) as error:
            asking.names(MONTH, projects=name)
        told.append(str(error.value).replace(name, ""))
    assert told[0] == told[1]


def test_who_sees_everything_leaves_a_trace(center: Center) -> None:
    def journal() -> list[dict[str, Any]]:
        return [json.loads(path.read_text("utf-8")) for path in sorted(center.folder.journal.iterdir())]

    before = len(journal())
    viewer(center, "admin").names(MONTH)
    said = journal()
    assert len(said) == before + 1
    assert (said[-1]["actor"], said[-1]["subject_kind"], said[-1]["reason"]) == ("admin", "names", "a test")
    viewer(center, "sara").names(MONTH)
    assert len(journal()) == before + 1


def test_a_period_that_is_none_is_an_error(center: Center) -> None:
    with pytest.raises(BadPeriod):
        viewer(center, "sara").names("no period")
    with pytest.raises(OkiReportsError):
        viewer(center, "sara").names(MONTH, projects="no such project")
