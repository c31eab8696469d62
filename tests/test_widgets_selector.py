"""The selector of projects for people's own notebooks: hers, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

import growing
import okireports
from okireports.errors import BadOption, UnknownName, UnknownViewer
from okireports.faces import Center

WHY = {"actor": "admin", "reason": "a test"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    path = tmp_path_factory.mktemp("selector")
    made = growing.make(path)
    made.load(growing.day(path, 0))
    return made


@pytest.fixture
def center(template: Center, tmp_path: Path) -> Center:
    return okireports.open(growing.copy(template, tmp_path).path, now=growing.NOW)


def test_it_offers_her_projects_and_gives_what_reports_take(center: Center) -> None:
    boss = center.viewer("boss")
    selector = okireports.project_selector(boss)
    ids = {name: id for id, name in selector.options}
    assert ids.keys() == {"Alpha", "Beta"}
    assert (selector.value, selector.names, selector.label) == ([], (), "Projects")
    told: list[list[int]] = []
    selector.observe(lambda change: told.append(change["new"]), "value")
    selector.set_state({"value": [ids["Beta"]]})  # as the page does
    assert (selector.value, selector.names, told) == ([ids["Beta"]], ("Beta",), [[ids["Beta"]]])
    assert list(boss.report("queue_summary", period="2025", projects=selector.value).frame["project"]) == ["Beta"]
    selector.set_state({"value": [ids["Alpha"], 999]})
    assert selector.names == ("Alpha",)


def test_the_only_project_is_chosen_and_a_name_that_is_hidden_is_in_no_state(center: Center) -> None:
    selector = okireports.project_selector(center.viewer("anna"), "pl")
    assert (selector.names, selector.label) == (("Alpha",), "Projekty")
    assert "Beta" not in str(selector.get_state())
    assert repr(selector) == "<ProjectSelector>"


def test_a_project_that_is_taken_away_is_refused_and_gone_when_made_anew(center: Center) -> None:
    boss = center.viewer("boss")
    selector = okireports.project_selector(boss)
    selector.value = [id for id, _ in selector.options]
    center.projects.remove_member("Beta", "boss", **WHY)
    with pytest.raises(UnknownName):
        boss.report("queue_summary", period="2025", projects=selector.value)
    assert okireports.project_selector(boss).names == ("Alpha",)


def test_who_may_not_look_gets_none(center: Center) -> None:
    with pytest.raises(UnknownViewer):
        okireports.project_selector(center.viewer("nobody"))
    with pytest.raises(BadOption, match="no language 'de'"):
        okireports.project_selector(center.viewer("anna"), "de")
