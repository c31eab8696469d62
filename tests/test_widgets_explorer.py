"""The explorer: what is chosen is asked as reports are, whoever chooses how fast; and what stands in it is hers."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, Literal

import pandas as pd
import pytest
from ibis import Table

import growing
import looks
from looks import PERIOD, rows, settled, until
from okireports.errors import BadPeriod, Refused, UnknownName, UnknownReport
from okireports.faces import Center, Viewer
from okireports.report import REPORTS, Report, all_reports, check_options, report
from okireports.run import filters_of
from okireports.widgets import Explorer
from okireports.widgets.choice import Choice
from okireports.widgets.explorer import views as views_module
from okireports.widgets.explorer.options import OptionChoice
from okireports.widgets.explorer.views import CHART, FORMATS
from okireports.widgets.texts import WORDS

ALPHA, BETA = growing.ALPHA, growing.BETA
Opened = Callable[..., Explorer]


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    return looks.made(tmp_path_factory.mktemp("explorer"))


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens explorers that nobody watches, and closes them."""
    with looks.opening() as keep:

        def make(center: Center, login: str = "boss", **more: Any) -> Explorer:
            return keep(Explorer(viewer(center, login), **{"period": PERIOD, "watch": None, **more}))

        yield make


def viewer(center: Center, login: str = "boss") -> Viewer:
    return center.viewer(login, reason="a test" if login == "admin" else None)


def pick(widget: Explorer, *projects: str) -> None:
    """Choose projects."""
    widget.projects.value = [id for id, name in widget.projects.options if name in projects]


def mark(widget: Explorer, filter: str, *names: str) -> None:
    """Choose what a filter lets through."""
    picker = widget.filters.pickers[filter]
    picker.value = [id for id, name in picker.options if name in names]
    assert len(picker.value) == len(names)


def offered(widget: Explorer, filter: str) -> list[str]:
    """What a filter can let through."""
    return [name for _, name in widget.filters.pickers[filter].options]


# What is chosen is what is asked


def test_the_only_project_is_chosen(center: Center, opened: Opened) -> None:
    widget = opened(center, "anna")
    assert settled(widget) == f"done: Rows: {ALPHA}"
    assert widget.choice == Choice("call_log", PERIOD, ("Alpha",))
    assert len(rows(widget.views.pager)) == ALPHA == widget.views.pager.total
    assert widget.when.value == "<p>1 June 2025 - 30 June 2025, Europe/Warsaw</p>"


def test_of_several_projects_none_is_chosen(center: Center, opened: Opened) -> None:
    widget = opened(center)
    assert settled(widget) == "done: Choose a project, a period and a report."
    assert widget.choice is None and widget.views.result is None and widget.views.download.disabled


CHOICES = {
    "one project": Choice("call_log", PERIOD, ("Beta",)),
    "words": Choice("queue_summary", "last 30 days", ("Alpha", "Beta")),
    "other words": Choice("queue_summary", "2025-06", ("Alpha", "Beta")),
    "instants": Choice("call_log", ("2025-06-02T10:00", "2025-06-02T10:03"), ("Alpha", "Beta")),
    "a filter": Choice("queue_summary", PERIOD, ("Alpha", "Beta"), (("queues", ("Beta line",)),)),
    "filters": Choice("call_log", PERIOD, ("Alpha", "Beta"), (("queues", ("Alpha line",)), ("operators", ("olek",)))),
    "an option": Choice("operator_summary", PERIOD, ("Alpha", "Beta"), (), (("by", "day"),)),
    "options": Choice(
        "inbound_statistics", PERIOD, ("Alpha",), (("queues", ("Alpha line",)),), (("by", None), ("per", "line"))
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_the_result_is_that_of_the_report(center: Center, opened: Opened, name: str) -> None:
    wanted = CHOICES[name]
    widget = opened(center, report=wanted.report, period=wanted.period, projects=wanted.projects)
    settled(widget)
    for filter, names in wanted.filters:
        mark(widget, filter, *names)
    for option, value in wanted.options:
        control = widget.options.controls[option]
        control.value = REPORTS[wanted.report].options[option].permitted.index(value)
    assert settled(widget).startswith("done")
    assert widget.views.choice == wanted == widget.choice and widget.views.result is not None
    asked = viewer(center)
    found = asked.report(wanted.report, **wanted.keywords)
    assert len(found.frame) > 0
    pd.testing.assert_frame_equal(widget.views.result.frame, found.frame)
    assert len(rows(widget.views.pager)) == len(found.frame)
    pd.testing.assert_frame_equal(eval(wanted.code, {"viewer": asked}).frame, found.frame)


def test_names_that_are_not_enough_become_ids(center: Center, opened: Opened) -> None:
    widget = opened(center, projects=["Alpha"])
    settled(widget)
    with widget.projects.hold_trait_notifications():
        widget.projects.options = [(1, "Same"), (2, "Same"), (3, "Other")]
        widget.projects.value = [1, 3]
    assert widget.chosen == (1, "Other")
    widget.filters.offer({"queues": ((7, "Same"), (8, "Same"), (9, "7"))})
    widget.filters.pickers["queues"].value = [7, 9]
    assert widget.filters.value == (("queues", (7, "7")),)  # an id is a number, a name is a text
    code = Choice("call_log", "today", widget.chosen, widget.filters.value, (("by", None),)).code
    said: dict[str, Any] = {}
    asked = type("Asked", (), {"report": staticmethod(lambda name, **more: said.update(more, name=name))})
    eval(code, {"viewer": asked})
    given = {"period": "today", "projects": [1, "Other"], "queues": [7, "7"], "by": None}
    assert said == {"name": "call_log", **given}


def test_what_is_wrong_at_the_beginning_is_an_error_of_the_call(center: Center, opened: Opened) -> None:
    for wrong, kind in (
        ({"projects": ["Gamma"]}, UnknownName),
        ({"period": "lately"}, BadPeriod),
        ({"period": ("2025-06-02", "2025-06-01")}, BadPeriod),
        ({"report": "no such report"}, UnknownReport),
        ({"report": "change_log"}, UnknownReport),  # she may not run it
    ):
        with pytest.raises(kind):
            opened(center, **wrong)
    told = []
    for name in ("Beta", "Bety"):
        with pytest.raises(UnknownName) as error:
            opened(center, "anna", projects=[name])
        told.append(str(error.value).replace(name, ""))
    assert told[0] == told[1]
    with pytest.raises(Refused):
        Explorer(center.viewer("nobody"), watch=None)


# Quickly


@pytest.mark.parametrize("seed", range(2))
def test_the_last_choice_is_what_is_shown(center: Center, opened: Opened, seed: int) -> None:
    widget = opened(center, projects=["Alpha"])
    failed: list[str] = []
    widget.status.observe(lambda change: failed.append(widget.status.text) if change.new == "failed" else None, "state")
    ids = [id for id, _ in widget.projects.options]
    names = ["call_log", "queue_summary", "operator_summary", "lost_calls"]

    def work(random: Random) -> None:
        for _ in range(12):
            match random.randrange(4):
                case 0:
                    widget.projects.value = random.sample(ids, random.randint(1, 2))
                case 1:
                    widget.period.preset.value = random.choice(["last 30 days", "this year", "yesterday", ""])
                case 2:
                    widget.reports.list.value = random.choice(names)
                case 3:
                    picker = widget.filters.pickers["queues"]
                    picker.value = [id for id, _ in picker.options[:1]]
            if random.random() < 0.2:
                threading.Event().wait(random.random() / 4)

    threads = [threading.Thread(target=work, args=(Random(f"{seed} {n}"),)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    widget.period.preset.value = "this month"
    widget.period.preset.value, widget.reports.list.value = "last 30 days", "queue_summary"
    widget.ask()
    assert settled(widget).startswith("done") and failed == []
    assert widget.views.choice == widget.choice and widget.choice is not None and widget.views.result is not None
    found = viewer(center).report(widget.choice.report, **widget.choice.keywords)
    pd.testing.assert_frame_equal(widget.views.result.frame, found.frame)


def test_what_is_closed_while_it_works_ends(center: Center) -> None:
    before = threading.active_count()
    with looks.opening() as keep:
        widget = keep(Explorer(viewer(center), projects=["Alpha"], period=PERIOD, watch=0.01))
        widget.refresh()
    until(lambda: threading.active_count() <= before)
    widget.refresh()
    widget.moved(True)  # too late: nothing comes of it
    until(lambda: threading.active_count() <= before)


# Reports and their options


@pytest.fixture
def own() -> Iterator[Report]:
    """A report of one's own, which cannot be run."""

    def own_report(
        calls: Table,
        *,
        least: int = 5,
        most: int | None = None,
        strict: bool | None = None,
        per: Literal["queue", "operator"] = "queue",
    ) -> Table:
        """Count something.

        Definitions: none.
        """
        raise ValueError("canary")

    own_report.__module__ = "own.calls"
    report("Own <b>report</b>", pl="Własny <b>raport</b>", chart=REPORTS["call_log"].chart)(own_report)
    yield REPORTS["own_report"]
    del REPORTS["own_report"]


def test_of_what_nobody_foresaw_only_the_kind_is_told(
    center: Center, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **more: object) -> None:
        raise ValueError("canary")

    monkeypatch.setattr(Viewer, "report", fail)
    widget = opened(center, report="call_log", projects=["Alpha"])
    assert settled(widget) == "failed: It failed (ValueError)." and "canary" not in looks.state()
    monkeypatch.undo()
    widget.refresh()
    assert settled(widget) == f"done: Rows: {ALPHA}"


def test_a_report_that_fails_is_a_sentence(center: Center, opened: Opened, own: Report) -> None:
    widget = opened(center, report="own_report", projects=["Alpha"])
    own_words = r"failed: .*'own_report' failed \(line \d+ of its cell or file\): ValueError: canary"  # she wrote it
    assert re.fullmatch(own_words, settled(widget))
    for name, typed, said in (("least", "many", "'many'"), ("least", "-1", "-1"), ("most", "1.5", "'1.5'")):
        widget.options.controls[name].value = typed
        assert settled(widget).startswith(f"failed: The report 'own_report' cannot take {name}: {said} is not a whole")
        widget.options.controls[name].value = "7"
    assert widget.options.value == (("least", 7), ("most", 7))
    widget.options.controls["most"].value = ""
    widget.options.controls["strict"].value = own.options["strict"].permitted.index(False)
    assert widget.options.value == (("least", 7), ("strict", False))
    widget.reports.list.value = "call_log"
    assert settled(widget) == f"done: Rows: {ALPHA}"


NAMES = [r.name for r in all_reports()]


def test_there_are_reports() -> None:
    assert len(NAMES) == 55


@pytest.mark.parametrize("name", NAMES)
def test_controls_give_what_the_report_takes(name: str) -> None:
    asked = REPORTS[name]
    labels = []
    for language in ("en", "pl"):
        with looks.opening():
            options = OptionChoice(language, lambda: None)
            options.offer(asked)
            assert options.value == ()  # at first all is as the report has it
            assert set(options.controls) == set(asked.options) - {"limit", "offset"}
            for option, control in options.controls.items():
                labels.append((option, language, control.description))
                permitted = asked.options[option].permitted
                shown = getattr(control, "options", None)
                assert shown is None or control.index is not None  # there is no empty choice
                for place, value in enumerate(permitted):
                    control.value = place if shown else value
                    expected = () if value == asked.options[option].default else ((option, value),)
                    assert tuple(pair for pair in options.value if pair[0] == option) == expected
                    check_options(asked, dict(options.value))
                    if shown:
                        assert shown[place][0] in (w[language == "pl"] for w in WORDS.values())
            options.offer(None)
            options.box.layout.close(), options.box.close()
    assert all(f"option.{option}" in WORDS for option, _, _ in labels)
    assert all(said and said == WORDS[f"option.{option}"][language == "pl"] for option, language, said in labels)


def test_an_option_that_another_report_takes_too_stays(center: Center, opened: Opened) -> None:
    widget = opened(center, report="operator_summary", projects=["Alpha"])
    widget.options.set("by", "day")
    widget.reports.list.value = "call_log"
    assert widget.options.value == ()
    widget.reports.list.value = "inbound_statistics"  # its own default
    assert widget.options.value == ()
    widget.reports.list.value = "staffing_by_interval"
    assert widget.options.value == (("by", "day"),)
    assert settled(widget).startswith("done")


def test_every_report_shows_in_both_languages(center: Center, opened: Opened) -> None:
    widget = opened(center, "admin", projects=["Alpha", "Beta"])
    polish = opened(center, "admin", projects=[], language="pl").views
    able = [name for _, name in widget.reports.list.options]
    assert sorted(able) == sorted(NAMES)
    for name in able:
        widget.reports.list.value = name
        assert settled(widget).startswith("done"), name
        result, choice = widget.views.result, widget.views.choice
        assert result is not None and choice is not None and choice.report == name
        polish.prepared(choice, result)()
        for views, title in ((widget.views, REPORTS[name].title), (polish, REPORTS[name].pl)):
            assert len(rows(views.pager)) == min(100, result.answer.rows.count) and views.pager.label == title


def test_reports_are_searched_by_words_without_accents(center: Center, opened: Opened) -> None:
    widget = opened(center, language="pl")
    chosen = widget.reports.list.value
    widget.reports.search.value = "POLACZEN"
    found = [label for label, _ in widget.reports.list.options]
    assert "połącze" in " ".join(found).lower() and len(found) < len(widget.reports.able)
    assert widget.reports.list.value == chosen
    widget.reports.search.value = "nothing like it"
    assert [name for _, name in widget.reports.list.options] == [chosen]


# Filters


def test_filters_follow_the_projects(center: Center, opened: Opened) -> None:
    widget = opened(center, projects=["Alpha", "Beta"])
    settled(widget)
    assert offered(widget, "queues") == ["Alpha line", "Beta line"]
    assert offered(widget, "operators") == ["ola", "olek"]
    mark(widget, "queues", "Alpha line", "Beta line")
    mark(widget, "operators", "ola")
    assert settled(widget) == f"done: Rows: {BETA}"
    assert widget.filters.box.titles[:2] == ("Queues (2)", "Operators (1)")
    pick(widget, "Alpha")
    assert settled(widget) == f"done: Rows: {ALPHA}"  # ola is not there: the filter is gone
    assert widget.filters.value == (("queues", ("Alpha line",)),) == widget.views.choice.filters
    assert offered(widget, "operators") == ["olek"]
    pick(widget, "Beta")
    assert settled(widget) == f"done: Rows: {BETA}" and widget.filters.value == ()
    mark(widget, "queues", "Beta line")
    able = next(r.name for r in widget.reports.able if "queues" not in filters_of(r))
    widget.reports.list.value = able
    assert settled(widget).startswith("done") and widget.filters.value == () == widget.views.choice.filters
    widget.reports.list.value = "call_log"
    assert widget.filters.value == (("queues", ("Beta line",)),)


def test_a_choice_that_comes_while_names_change_means_what_was_clicked(center: Center, opened: Opened) -> None:
    """The page may send the place that somebody clicked when the list is another one already."""
    widget = opened(center, projects=["Alpha", "Beta"])
    settled(widget)
    clicked = next(id for id, name in widget.filters.pickers["queues"].options if name == "Beta line")
    pick(widget, "Beta")
    settled(widget)
    widget.filters.pickers["queues"].set_state({"value": [clicked]})
    assert settled(widget) == f"done: Rows: {BETA}" and widget.filters.value == (("queues", ("Beta line",)),)
    pick(widget, "Alpha")
    settled(widget)
    widget.filters.pickers["queues"].set_state({"value": [clicked]})
    assert settled(widget) == f"done: Rows: {ALPHA}" and widget.filters.value == ()


# Periods


def test_dates_that_are_reversed_or_missing(center: Center, opened: Opened) -> None:
    widget = opened(center, "anna")
    settled(widget)
    widget.period.last.value = None
    assert settled(widget).startswith("done: Choose") and widget.views.result is None and widget.when.value == ""
    for last in (date(1, 1, 1), date(2025, 5, 1), date(2025, 5, 31)):
        widget.period.last.value = last
        assert settled(widget).startswith("done: Choose") and widget.views.result is None
        assert widget.period.wrong.value == "<p role='alert'>The last day is before the first.</p>"
    widget.period.last.value = date.max
    assert "the year is not between" in settled(widget) and widget.period.wrong.value == ""
    widget.period.last.value = date(2025, 6, 2)
    assert settled(widget) == f"done: Rows: {ALPHA}"


# Looking at a result


def test_files_and_code(center: Center, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    widget = opened(center, "anna", language="pl")
    settled(widget)
    given: list[tuple[Any, ...]] = []
    monkeypatch.setattr(widget.views.actions, "offer", lambda *told: given.append(told))
    monkeypatch.setattr(widget.views.actions, "copy", lambda text: given.append((text,)))
    for suffix, media in FORMATS.items():
        widget.views.suffix.value = suffix
        widget.views.download.click()
        assert settled(widget) == f"done: Wierszy: {ALPHA}" and not widget.views.download.disabled
        name, kind, data = given.pop()
        assert (name, kind) == (f"call_log.{suffix}", media) and len(data) > 100
    widget.views.copy.click()
    assert given == [(widget.choice.code,)]
    monkeypatch.setattr(widget.views.actions, "offer", lambda *told: 1 / 0)
    widget.views.download.click()
    assert settled(widget).startswith("failed: ") and not widget.views.download.disabled
    assert widget.views.result is not None


def test_a_chart_is_that_of_the_result_that_is_shown(
    center: Center, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = opened(center, "anna", report="queue_summary")
    settled(widget)
    assert widget.views.chart.canvas.drawn == {}  # nobody has looked
    begun, free, drawn = threading.Event(), threading.Event(), views_module.drawn

    def slow(answer: Any, *more: Any) -> Any:
        if answer.report.name == "queue_summary":
            begun.set()
            free.wait(looks.PATIENCE)
        return drawn(answer, *more)

    monkeypatch.setattr(views_module, "drawn", slow)
    widget.views.tabs.selected_index = CHART
    assert begun.wait(looks.PATIENCE)
    widget.reports.list.value = "call_outcomes"
    until(lambda: widget.status.state == "done" and widget.views.choice.report == "call_outcomes")
    free.set()
    settled(widget)
    title = json.dumps(widget.views.chart.canvas.drawn["spec"]["title"])
    assert REPORTS["call_outcomes"].title in title
    widget.views.tabs.selected_index = 0
    widget.reports.list.value = "queue_summary"
    settled(widget)
    assert widget.views.chart.canvas.drawn == {}
    widget.views.tabs.selected_index = CHART
    settled(widget)
    assert REPORTS["queue_summary"].title in json.dumps(widget.views.chart.canvas.drawn["spec"]["title"])


def test_what_is_searched_as_it_is_read_is_found(center: Center, opened: Opened) -> None:
    for language, at in (("en", "2025-06-02 10:02"), ("pl", "02.06.2025 10:02")):
        widget = opened(center, "anna", language=language)
        settled(widget)
        found = rows(widget.views.pager, search=at)
        assert len(found) == 1 and any(cell.startswith(at) for cell in found[0])


# The journal


def test_who_sees_everything_leaves_a_trace(tmp_path: Path, center: Center, opened: Opened) -> None:
    own = growing.copy(center, tmp_path)

    def journal() -> list[dict[str, Any]]:
        told = [json.loads(path.read_text("utf-8")) for path in sorted(own.folder.journal.iterdir())]
        return [entry for entry in told if entry["actor"] in ("admin", "anna")]

    before = len(journal())
    widget = opened(own, "admin", projects=["Alpha"])
    settled(widget)
    entries = journal()[before:]
    assert sorted((e["subject_kind"], e["subject"], e["reason"]) for e in entries) == [
        ("names", "filters", "a test"),
        ("report", "call_log", "a test"),
    ]
    count = len(journal())
    widget.reports.list.value = "queue_summary"
    settled(widget)
    assert len(journal()) == count + 1 and journal()[-1]["subject"] == "queue_summary"
    widget.moved(False)
    widget.moved(True)
    assert len(journal()) == count + 1  # a look at rights is no look at rows
    with pytest.raises(Refused, match="reason"):
        Explorer(own.viewer("admin"), watch=None)
