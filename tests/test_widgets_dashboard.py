"""A dashboard: reports beside each other, each what the report gives, one's error no matter to the others."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from ibis import Table

import growing
import looks
from looks import PERIOD, WHY, rows, settled, until
from okireports.errors import BadOption, UnknownName, UnknownReport
from okireports.faces import Center
from okireports.report import REPORTS, Report, report
from okireports.widgets import Dashboard
from okireports.widgets.dashboard import READY, Wish
from okireports.widgets.life import within
from okireports.widgets.tables import written

Opened = Callable[..., Dashboard]


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    made = looks.made(tmp_path_factory.mktemp("dashboard"))
    made.users.create("clive", role="Client", projects=["Alpha"], **WHY)
    return made


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens dashboards that nobody watches, and closes them."""
    with looks.opening() as keep:

        def make(center: Center, reports: str | list[Wish], login: str = "boss", **more: Any) -> Dashboard:
            return keep(Dashboard(center.viewer(login), reports, **{"period": PERIOD, "watch": None, **more}))

        yield make


@pytest.fixture
def own() -> Iterator[Report]:
    """A report of one's own, which cannot be run."""

    def own_report(calls: Table) -> Table:
        """Count something.

        Definitions: none.
        """
        raise ValueError("canary")

    own_report.__module__ = "own.calls"
    report("Own report", pl="Własny raport", chart=REPORTS["call_log"].chart)(own_report)
    yield REPORTS["own_report"]
    del REPORTS["own_report"]


def names(board: Dashboard) -> list[str]:
    return [card.wanted.report.name for card in board.shown]


@pytest.mark.parametrize("ready", READY)
@pytest.mark.parametrize(("login", "language"), [("boss", "en"), ("clive", "pl"), ("olek", "en")])
def test_what_is_ready_made_leaves_out_what_may_not_be_run(
    center: Center, opened: Opened, ready: str, login: str, language: str
) -> None:
    board = opened(center, ready, login, projects=["Alpha"], language=language)
    asked = center.viewer(login)
    able = set(asked.reports["name"])
    wished = [wish if isinstance(wish, str) else wish[0] for wish in READY[ready]]
    assert names(board) == [name for name in wished if name in able]
    if login == "boss":
        assert names(board) == wished
    if not names(board):
        assert settled(board) == "done: You may run none of these reports."
        return
    assert settled(board) == f"done: {'Raportów' if language == 'pl' else 'Reports'}: {len(names(board))}"
    for card in board.cards:
        wanted = card.wanted
        found = asked.report(wanted.report.name, period=PERIOD, projects=["Alpha"], **dict(wanted.options))
        assert rows(card.pager) == [
            tuple(row) for row in written(found.arrow.slice(0, 100), wanted.report.name, language)
        ]
        assert card.said.value == "" or not card.chart.canvas.drawn


def test_reports_come_with_options(center: Center, opened: Opened) -> None:
    board = opened(center, [("operator_summary", {"by": "day"}), "call_log"], projects=["Alpha", "Beta"])
    assert settled(board) == "done: Reports: 2"
    found = center.viewer("boss").report("operator_summary", period=PERIOD, by="day")
    assert len(rows(board.cards[0].pager)) == len(found.frame) > 0
    assert len(rows(board.cards[1].pager)) == growing.ALPHA + growing.BETA
    assert board.when.value == "<p>1 June 2025 - 30 June 2025, Europe/Warsaw</p>"
    board.period.preset.value = "yesterday"
    settled(board)
    assert rows(board.cards[1].pager) == []
    board.projects.value = []
    assert settled(board) == "done: Choose a project and a period." and board.when.value == ""


@pytest.mark.parametrize(
    ("reports", "error"),
    [
        (["no such report"], UnknownReport),
        (["call_log", "change_log"], UnknownReport),  # a supervisor may not run it
        ("change_log", UnknownReport),
        ([("call_log", {"by": "day"})], BadOption),
        ([("service_level", {"by": "fortnight"})], BadOption),
    ],
)
def test_what_is_wrong_is_an_error_of_the_call(
    center: Center, opened: Opened, reports: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        opened(center, reports)


def test_a_hidden_report_is_as_unknown_as_none(center: Center, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    for is_there in (True, False):
        if not is_there:
            monkeypatch.delitem(REPORTS, "change_log")
        with pytest.raises(UnknownReport) as error:
            opened(center, ["change_log"])
        told.append(str(error.value))
    assert told[0] == told[1]
    with pytest.raises(UnknownName):
        opened(center, "supervisor", projects=["Gamma"])


def test_one_error_leaves_the_others(center: Center, opened: Opened, own: Report) -> None:
    board = opened(center, ["queue_summary", "own_report", "call_log"], projects=["Alpha"])
    assert settled(board) == "done: Reports: 3"
    assert [len(rows(card.pager)) for card in board.cards] == [1, 0, growing.ALPHA]
    own_words = r"own_report.* failed \(line \d+ of its cell or file\): ValueError: canary</p>$"  # she wrote it
    assert re.search(own_words, board.cards[1].said.value)


def test_one_who_sees_her_own_rows_is_told_what_they_do_not_say(tmp_path: Path, center: Center, opened: Opened) -> None:
    own = growing.copy(center, tmp_path)
    own.roles.create("Alone", copy="Supervisor", take=["run_sql"], add=["own_rows_only"], **WHY)
    own.users.create("nina", role="Alone", projects=["Alpha"], **WHY)
    board = opened(own, ["inbound_statistics", "operator_summary", "call_log"], "nina")
    assert settled(board).startswith("done")
    refused = [card.wanted.report.name for card in board.cards if "sees only her own rows" in card.said.value]
    assert refused == [name for name in names(board) if REPORTS[name].collective]
    assert refused and all(rows(card.pager) == [] for card in board.cards if card.wanted.report.name in refused)


@pytest.mark.parametrize("seed", range(2))
def test_the_last_choice_is_what_is_shown(center: Center, opened: Opened, seed: int) -> None:
    board = opened(center, ["queue_summary", "call_log"], projects=["Alpha"])
    ids = [id for id, _ in board.projects.options]

    def work(random: Random) -> None:
        for _ in range(10):
            board.projects.value = random.sample(ids, random.randint(0, 2))
            board.period.preset.value = random.choice(["last 30 days", "yesterday"])
            threading.Event().wait(random.random() / 3 if random.random() < 0.3 else 0)

    threads = [threading.Thread(target=work, args=(Random(f"{seed} {n}"),)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    board.period.preset.value, board.projects.value = "last 30 days", [ids[1]]
    board.ask()
    assert settled(board) == "done: Reports: 2"
    assert len(rows(board.cards[1].pager)) == growing.BETA and board.cards[1].said.value == ""


def test_rows_instead_of_the_chart(center: Center, opened: Opened) -> None:
    board = opened(center, ["queue_summary"], projects=["Alpha"])
    settled(board)
    card = board.cards[0]
    assert card.chart in within(board) and card.pager not in within(board) and card.chart.canvas.drawn
    card.other.click()
    assert card.pager in within(board) and card.chart not in within(board)
    assert card.other.description == f"Chart: {REPORTS['queue_summary'].title}"
    card.other.click()
    assert card.chart in within(board) and card.other.description == f"Rows: {REPORTS['queue_summary'].title}"


def test_what_is_closed_while_it_works_ends(center: Center) -> None:
    before = threading.active_count()
    with looks.opening() as keep:
        board = keep(Dashboard(center.viewer("boss"), "supervisor", projects=["Alpha"], period=PERIOD, watch=0.01))
    until(lambda: threading.active_count() <= before)
    board.ask()
    until(lambda: threading.active_count() <= before)
