"""What stands under a table in a notebook: the sums of what adds up, and the contacts behind a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import growing
from live import until
from okireports.faces import Center
from okireports.report import all_reports
from okireports.widgets import Explorer
from okireports.widgets.front import PageAsked
from okireports.widgets.tables import totals_of

JUNE = ("2025-06-01", "2025-07-01")


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Alpha with 5 calls and Beta with 7 on one day; boss is in both."""
    folder = tmp_path_factory.mktemp("contacts")
    made = growing.make(folder)
    made.load(growing.day(folder, 0))
    return made


@pytest.fixture
def explorer(center: Center) -> Iterator[Explorer]:
    made = Explorer(center.viewer("boss"), report="queue_summary", period=JUNE, projects=["Alpha", "Beta"], watch=None)
    until(lambda: made.status.state != "busy")
    yield made
    made.close()


def cells(explorer: Explorer, values: list[str]) -> dict[str, str]:
    """A row by the names of its columns."""
    return dict(zip([column["name"] for column in explorer.views.pager.columns], values, strict=True))


def opened(explorer: Explorer, asked: PageAsked, row: int) -> Any:
    """The table of contacts, when it is there."""
    explorer.views.opened(asked, row)
    until(lambda: explorer.status.state != "busy")
    return explorer.views.contacts


def test_what_adds_up_has_a_sum(explorer: Explorer) -> None:
    frame = explorer.views.result.frame
    total = cells(explorer, explorer.views.pager.totals)
    assert total["offered"] == str(frame["offered"].sum()) == "12"
    assert total["talk_s"] == f"{frame['talk_s'].sum():,.1f}"
    for name in ("project", "queue", "service_level", "asa_s", "max_wait_s", "wait_p90_s"):
        assert total[name] == "", name


def test_rows_that_overlap_and_logs_have_no_sums(center: Center) -> None:
    viewer = center.viewer("boss")
    overlapping = [r.name for r in all_reports() if r.overlapping]
    assert "funnel" in overlapping
    for name in (*overlapping, "call_log"):
        assert totals_of(viewer.report(name, period=JUNE).answer, "en") == [], name


def test_a_row_opens_the_contacts_that_it_counts(explorer: Explorer) -> None:
    for asked in (
        PageAsked(0, 100),
        PageAsked(0, 1, "offered", True),
        PageAsked(1, 1),
        PageAsked(0, 25, search="beta"),
    ):
        given = explorer.views.pager.fetch(asked)
        for number, values in enumerate(given.rows):
            row = cells(explorer, list(values))
            contacts = opened(explorer, asked, number)
            assert contacts.pager.total == int(row["offered"])
            found = contacts.pager.fetch(PageAsked(0, 100))
            names = [column["name"] for column in contacts.pager.columns]
            assert {dict(zip(names, line, strict=True))["queue"] for line in found.rows} == {row["queue"]}
            assert row["queue"] in contacts.title.value and contacts.pager in contacts.box.children


def test_contacts_go_with_the_table_in_which_their_row_stands(explorer: Explorer) -> None:
    contacts = opened(explorer, PageAsked(0, 100), 0)
    contacts.closing.click()
    assert contacts.box.children == () and contacts.pager.columns == []
    opened(explorer, PageAsked(0, 100), 0)
    explorer.projects.value = explorer.projects.value[:1]
    until(lambda: explorer.status.state != "busy")
    assert contacts.box.children == () and contacts.title.value == ""


def test_a_row_of_a_log_is_not_opened(explorer: Explorer) -> None:
    assert explorer.views.pager.openable
    explorer.reports.list.value = "call_log"
    until(lambda: explorer.status.state != "busy")
    assert not explorer.views.pager.openable


def test_a_right_that_is_gone_is_gone_for_contacts_too(center: Center, explorer: Explorer) -> None:
    center.projects.remove_member("Beta", "boss", actor="admin", reason="a test")
    try:
        contacts = opened(explorer, PageAsked(0, 25, search="beta"), 0)
        assert explorer.status.state == "failed" and contacts.box.children == ()
    finally:
        center.projects.add_member("Beta", "boss", actor="admin", reason="a test")
