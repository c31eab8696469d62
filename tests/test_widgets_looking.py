"""What a viewer's widgets hold is hers at that moment: what is hidden or gone is in no control, no repr, no message."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

import growing
import looks
import okireports
import worlds
from growing import Clock
from laws import Trial
from looks import PERIOD, WHY, rows, settled, until
from okireports.disk import write
from okireports.errors import NotACenter
from okireports.faces import Center
from okireports.report import REPORTS, all_reports
from okireports.widgets import Dashboard, Explorer, life
from okireports.widgets.life import parts_of, within
from okireports.widgets.looking import Looking
from okireports.widgets.texts import WORDS

ALPHA, BETA = growing.ALPHA, growing.BETA
KINDS = ("explorer", "dashboard")
Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    return looks.made(tmp_path_factory.mktemp("looking"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def center(template: Center, tmp_path: Path, clock: Clock) -> Center:
    """One's own copy of it."""
    return okireports.open(growing.copy(template, tmp_path).path, now=clock)


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens widgets of either kind that nobody watches, and closes them."""
    with looks.opening() as keep:

        def make(kind: str, center: Center, login: str = "boss", **more: Any) -> Looking:
            viewer = center.viewer(login, reason="a test" if login.startswith("admin") else None)
            given = {"period": PERIOD, "watch": None, **more}
            if kind == "dashboard":
                return keep(Dashboard(viewer, given.pop("reports", ["queue_summary", "call_log"]), **given))
            return keep(Explorer(viewer, **given))

        yield make


def names(widget: Looking) -> list[str]:
    return [name for _, name in widget.projects.options]


def pagers(widget: Any) -> list[Any]:
    return [card.pager for card in widget.cards] if isinstance(widget, Dashboard) else [widget.views.pager]


def held(widget: Looking) -> str:
    """All that the page may get: the state of every widget, and the first page of every table."""
    return looks.state() + "".join(str(rows(pager)) for pager in pagers(widget))


def there(widget: Looking, *texts: str) -> list[str]:
    """Which of these texts a page may get."""
    where = held(widget)
    return [text for text in texts if text in where]


def parts(widget: Looking) -> set[Any]:
    """Every widget that is in one, shown or not."""
    return {*within(widget), *(part for panel in widget.panels for part in parts_of(panel))}


# What is not hers any more


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_that_is_gone_leaves_nothing_behind(center: Center, opened: Opened, kind: str) -> None:
    widget = opened(kind, center, projects=["Alpha", "Beta"])
    settled(widget)
    if kind == "explorer":
        widget.views.tabs.selected_index = 1
        picker = widget.filters.pickers["queues"]
        picker.value = [id for id, name in picker.options if name == "Beta line"]
        settled(widget)
    assert there(widget, "Beta", "ola", "Beta line") == ["Beta", "ola", "Beta line"]
    center.projects.remove_member("Beta", "boss", **WHY)
    with widget.lock:  # nothing new is shown meanwhile
        widget.moved(True)
        assert there(widget, "Beta", "'ola'") == [] and names(widget) == ["Alpha"]
    assert settled(widget).startswith("done") and there(widget, "Beta", "'ola'") == []
    assert widget.chosen == ("Alpha",) and there(widget, "Alpha line") == ["Alpha line"]
    center.projects.remove_member("Alpha", "boss", **WHY)
    widget.moved(True)
    assert settled(widget) == f"done: {WORDS['looking.nothing'][0]}" and there(widget, "Alpha", "olek") == []
    center.projects.add_member("Alpha", "boss", **WHY)
    widget.again.click()
    assert settled(widget).startswith("done: Choose") and names(widget) == ["Alpha"]


def test_names_of_a_project_that_was_chosen_before_go_with_it(center: Center, opened: Opened) -> None:
    widget = opened("explorer", center, projects=["Alpha", "Beta"])
    settled(widget)
    widget.projects.value = []
    settled(widget)
    center.projects.remove_member("Beta", "boss", **WHY)
    widget.moved(True)
    assert there(widget, "Beta", "'ola'") == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_on_its_way_when_a_project_goes_does_not_come(
    center: Center, opened: Opened, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names and rows that were looked up with rights that are gone by the time at which they would be shown."""
    widget = opened(kind, center, projects=["Alpha", "Beta"])
    with widget.lock:  # the run or the look at names ends, and cannot be shown
        time.sleep(0.5)
        center.projects.remove_member("Beta", "boss", **WHY)
        widget.moved(True)
    settled(widget)
    assert there(widget, "Beta", "'ola'") == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_membership_that_ends_takes_its_project_along(
    center: Center, opened: Opened, clock: Clock, kind: str
) -> None:
    center.users.create("nina", role="Supervisor", projects=["Alpha"], **WHY)
    center.projects.add_member("Beta", "nina", valid_to=clock.now + timedelta(hours=1), **WHY)
    widget = opened(kind, center, "nina", projects=["Alpha", "Beta"])
    settled(widget)
    clock.now += timedelta(hours=1)
    widget.moved(False)
    settled(widget)
    assert names(widget) == ["Alpha"] and there(widget, "Beta", "'ola'") == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("add", "take", "gone"), [("aliases", "run_sql", "olek"), (None, "see_phone_numbers", "+4822")]
)
def test_another_role_shows_what_it_shows(
    center: Center, opened: Opened, kind: str, add: str | None, take: str, gone: str
) -> None:
    widget = opened(kind, center, projects=["Alpha"])
    settled(widget)
    assert there(widget, gone) == [gone]
    center.roles.create("Other", copy="Supervisor", add=[add] if add else [], take=[take], **WHY)
    center.users.change("boss", role="Other", **WHY)
    with widget.lock:
        widget.moved(True)
        assert there(widget, gone) == []
    assert settled(widget).startswith("done") and there(widget, gone) == []
    assert all(len(rows(pager)) > 0 for pager in pagers(widget))


def test_a_report_that_is_taken_away_goes(center: Center, opened: Opened) -> None:
    explorer, board = (opened(kind, center, projects=["Alpha"]) for kind in KINDS)
    for widget in (explorer, board):
        settled(widget)
    center.roles.create("Few", copy="Supervisor", reports=["queue_summary", "call_outcomes"], **WHY)
    center.users.change("boss", role="Few", **WHY)
    for widget in (explorer, board):
        widget.moved(True)
        assert settled(widget).startswith("done")
    assert {name for _, name in explorer.reports.list.options} == {"queue_summary", "call_outcomes"}
    assert explorer.views.choice.report in ("queue_summary", "call_outcomes")
    assert [card.wanted.report.name for card in board.shown] == ["queue_summary"]
    assert rows(board.cards[1].pager) == [] and REPORTS["call_log"].title not in str(
        [part.value for part in within(board) if isinstance(part, ipywidgets.HTML)]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_not_active_any_more_sees_nothing(center: Center, opened: Opened, kind: str) -> None:
    widget = opened(kind, center, projects=["Alpha"])
    settled(widget)
    center.users.change("boss", active=False, **WHY)
    widget.moved(True)
    assert settled(widget).startswith("failed: There is no active user")
    assert there(widget, "Alpha", "Beta", "olek", "ola'") == [] and names(widget) == []
    widget.ask()
    assert settled(widget).startswith("failed: There is no active user")
    center.users.change("boss", active=True, **WHY)
    widget.moved(True)
    assert names(widget) == ["Alpha", "Beta"] and settled(widget).startswith("done: Choose")


def test_a_watch_sees_it_and_is_refused_once(center: Center, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "LOOKS", 1_000_000)  # a look at the rights while they are written would be one more
    widget = opened("explorer", center, "anna", watch=0.01)
    settled(widget)

    def refused() -> int:
        told = [json.loads(path.read_text("utf-8")) for path in center.folder.journal.iterdir()]
        return sum(entry["action"] == "refused" for entry in told)

    center.users.change("anna", active=False, **WHY)
    until(lambda: widget.status.state == "failed")
    monkeypatch.setattr(life, "LOOKS", 2)
    time.sleep(0.3)  # many looks
    assert refused() == 1  # each is written down
    center.users.change("anna", active=True, **WHY)
    until(lambda: names(widget) == ["Alpha"])
    center.projects.add_member("Beta", "anna", **WHY)
    until(lambda: names(widget) == ["Alpha", "Beta"])


# What is new


@pytest.mark.parametrize("language", ["en", "pl"])
@pytest.mark.parametrize("kind", KINDS)
def test_newer_data_is_said_and_comes_when_it_is_asked_for(
    center: Center, tmp_path: Path, opened: Opened, kind: str, language: str
) -> None:
    widget = opened(kind, center, projects=["Alpha"], language=language)
    settled(widget)
    center.load(growing.day(tmp_path, 1))
    widget.moved(True)
    assert settled(widget) == f"done: {WORDS['looking.newer'][language == 'pl']}"
    assert len(rows(pagers(widget)[-1])) == ALPHA  # what somebody reads does not change under her eyes
    widget.again.click()
    assert settled(widget) != f"done: {WORDS['looking.newer'][language == 'pl']}"
    assert len(rows(pagers(widget)[-1])) == 2 * ALPHA


def test_a_result_that_is_older_than_the_data_says_so(center: Center, tmp_path: Path, opened: Opened) -> None:
    widget = opened("explorer", center, projects=["Alpha"])
    with widget.lock:
        until(lambda: not widget.last.job)  # it runs
        time.sleep(0.5)
        center.load(growing.day(tmp_path, 1))
        widget.moved(True)
    assert settled(widget) == f"done: {WORDS['looking.newer'][0]}"
    widget.again.click()
    assert settled(widget) == f"done: Rows: {2 * ALPHA}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_that_is_away_is_said(center: Center, opened: Opened, kind: str) -> None:
    widget = opened(kind, center, "anna")
    settled(widget)
    away = center.path.with_name("elsewhere")
    center.path.rename(away)
    widget.moved(True)
    assert "is not a centre" in settled(widget) and widget.status.state == "failed" and names(widget) == []
    assert there(widget, "Alpha", "olek") == []
    with pytest.raises(NotACenter):
        opened(kind, center, "anna")
    away.rename(center.path)
    widget.moved(True)
    assert names(widget) == ["Alpha"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "pl"])
def test_who_has_no_project_is_told(center: Center, opened: Opened, kind: str, language: str) -> None:
    center.users.create("nina", role="Supervisor", **WHY)
    widget = opened(kind, center, "nina", language=language)
    assert settled(widget) == f"done: {WORDS['looking.nothing'][language == 'pl']}"
    assert widget.status in within(widget) and widget.projects not in within(widget)
    center.projects.add_member("Alpha", "nina", **WHY)
    widget.moved(True)
    assert names(widget) == ["Alpha"] and widget.projects in within(widget)


# What is hidden


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    """An invented world: a canary in every text that may be hidden."""
    made = Trial(worlds.world(3))
    yield made
    made.close()


@pytest.mark.parametrize("kind", ["single", "other", "pair", "client", "operator", "former", "stranger"])
def test_no_hidden_text_is_in_any_control(trial: Trial, opened: Opened, kind: str) -> None:
    viewer = trial.world.viewer(kind)
    hidden = worlds.canaries(trial.world, viewer)
    assert hidden

    def found(widget: Looking) -> set[str]:
        where = (held(widget) + repr(widget) + str(widget._repr_mimebundle_())).lower()
        return {text for text in hidden if text.lower() in where}

    for of in KINDS:
        more = {"reports": "client"} if of == "dashboard" else {}
        widget = opened(of, trial.center, viewer.login, period=trial.world.period, **more)
        widget.projects.value = [id for id, _ in widget.projects.options]
        settled(widget)
        assert len(names(widget)) == len(viewer.projects or ()) and found(widget) == set()
        if isinstance(widget, Explorer) and names(widget):
            widget.views.tabs.selected_index = 1
            for name in ("queue_summary", "dialogue_log", "call_outcomes"):
                if name in {r.name for r in widget.reports.able}:
                    widget.reports.list.value = name
                    settled(widget)
                    assert found(widget) == set()
        widget.close()
    everything = opened("explorer", trial.center, trial.world.viewer("admin").login, period=trial.world.period)
    everything.projects.value = [id for id, _ in everything.projects.options]
    settled(everything)
    assert found(everything)  # the search can find


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_notebook_keeps_nothing_of_it(center: Center, opened: Opened, kind: str) -> None:
    widget = opened(kind, center, projects=["Alpha", "Beta"])
    settled(widget)
    assert repr(widget) == f"<{type(widget).__name__} for boss>"
    bundle = widget._repr_mimebundle_()
    assert bundle["text/plain"] == repr(widget) and set(bundle) == {
        "text/plain",
        "application/vnd.jupyter.widget-view+json",
    }
    assert [text for text in ("Alpha", "Beta", "olek") if text in str(bundle)] == []


# Names


class Tags(HTMLParser):
    """The tags and attributes of a piece of HTML, and its text; apart from that, its code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.texts: list[str] = []
        self.code: list[str] = []
        self.within = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(f"{tag} {name}" for name, _ in attrs)}
        self.within = tag

    def handle_data(self, data: str) -> None:
        (self.code if self.within in ("pre", "li") else self.texts).append(data)


PRE = {"pre", "pre aria-label", "pre role", "pre tabindex"}
OURS = {"bdi", "h4", "h4 style", "li", "p", "p role", "p style", "ul", *PRE}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror='alert(1)'>",
        "</pre><script>alert(1)</script>",
        "\u05e9\u05dc\u05d5\u05dd",
        "&amp;",
        "x" * 200,
    ],
)
def test_a_name_is_only_a_name(center: Center, tmp_path: Path, opened: Opened, kind: str, name: str) -> None:
    login = name if len(name) < 100 else name[:60]
    center.projects.create(name, **WHY)
    center.projects.add_object(name, "queue", name, **WHY)
    center.users.create(login, role="Supervisor", projects=[name], **WHY)
    center.users.create("nina", role="Operator", projects=[name], **WHY)
    at = growing.FIRST + timedelta(days=2)
    center.load(growing.write(tmp_path / "named", {"calls": [growing.call("named", at, name, "nina")]}))
    widget = opened(kind, center, login)
    assert settled(widget).startswith("done")
    assert name in str(rows(pagers(widget)[0])) and names(widget) == [name]
    if isinstance(widget, Explorer):
        picker = widget.filters.pickers["queues"]
        picker.value = [id for id, _ in picker.options]
        widget.views.tabs.selected_index = 1
        assert settled(widget) == "done: Rows: 1" and widget.views.choice.filters == (("queues", (name,)),)
        assert repr(name) in "".join(Tags(widget.views.sql.value).code)
    pieces = [part for part in parts(widget) if isinstance(part, ipywidgets.HTML)]
    assert len(pieces) > 3
    for piece in pieces:
        assert Tags(piece.value).found <= OURS
    assert [part for part in parts(widget) if getattr(part, "description_allow_html", False)] == []
    labelled = [part.description for part in parts(widget) if hasattr(part, "description")]
    assert max(map(len, labelled)) < 90


# Words


SAID = {  # what is not ours to say: names, and what reports say of themselves
    "boss", "Alpha", "Beta", "Alpha line", "Beta line", "olek", "ola", "csv", "parquet", "xlsx", "png", "html", "",
    ",", "\u200b",
    "Raporty:", "Pulpit:", "Z projektów:", *(pl for _, pl in WORDS.values()),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_is_said_is_polish(center: Center, opened: Opened, kind: str) -> None:
    widget = opened(kind, center, projects=["Alpha", "Beta"], language="pl")
    settled(widget)
    if isinstance(widget, Explorer):
        widget.period.preset.value = ""
        widget.period.preset.value = "last 30 days"
        widget.reports.list.value = "inbound_statistics"
        settled(widget)
    else:
        for card in widget.cards:
            card.other.click()
    patterns = [re.sub(r"\\\{\w+\\\}", "(.+)", re.escape(pl)) for _, pl in WORDS.values() if not pl.startswith("{")]
    known = re.compile("|".join(patterns))
    said = SAID | {text for r in all_reports() for text in (r.pl, r.section.pl, r.description, r.definitions)}
    untold = []
    for part in parts(widget):
        for text in texts_of(part):
            if text not in said and not known.fullmatch(text):
                untold.append(text)
    months = WORDS["period.months"][1].split()
    assert [text for text in untold if not any(month in text for month in months)] == []


def texts_of(part: Any) -> Iterator[str]:
    """What people see of a widget, or hear."""
    for trait in ("description", "tooltip", "placeholder", "text", "label"):
        yield str(getattr(part, trait, None) or "").strip()
    yield from (str(text) for trait in ("titles", "_options_labels") for text in getattr(part, trait, ()))
    if isinstance(part, ipywidgets.HTML):
        yield from (text.strip() for text in Tags(part.value).texts)
    words = getattr(part, "words", None)
    if isinstance(words, dict):
        yield from words.values()


# Many


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """2,000 projects with a queue each, 10,000 operators in three each."""
    center = okireports.create(tmp_path_factory.mktemp("crowd") / "center", now=growing.NOW)
    with write(center.folder, "bulk") as writer:
        for table, rows in {
            "projects": "SELECT i, 'Project ' || i, NULL, NULL, '2025-01-01', NULL FROM range(1, 2001) r(i)",
            "users": "SELECT i, 'user' || i, 'Name ' || i, NULL, 'Operator', true FROM range(2, 10002) r(i)",
            "memberships": "SELECT i, 1 + (i * (j + 1)) % 2000, NULL, NULL FROM range(2, 10002) r(i), range(3) s(j)",
            "objects": "SELECT i, 'queue', 'Queue ' || i, NULL, NULL FROM range(1, 2001) r(i)",
            "project_objects": "SELECT i, i, NULL, NULL FROM range(1, 2001) r(i)",
        }.items():
            writer.con.execute(f"INSERT INTO control.{table} {rows}")
    return center


@pytest.mark.parametrize("kind", KINDS)
def test_two_thousand_projects_and_ten_thousand_operators(crowd: Center, opened: Opened, kind: str) -> None:
    widget = opened(kind, crowd, "admin")
    assert len(names(widget)) == 2_000
    widget.projects.value = [id for id, _ in widget.projects.options]
    assert settled(widget).startswith("done")
    if isinstance(widget, Explorer):
        offered = {filter: len(picker.options) for filter, picker in widget.filters.pickers.items()}
        assert (offered["queues"], offered["operators"]) == (2_000, 10_000)
        operators = widget.filters.pickers["operators"]
        operators.value = [id for id, name in operators.options if name == "user9876"]
        assert settled(widget) == "done: Rows: 0" and widget.views.choice.filters == (("operators", ("user9876",)),)
    size = looks.bytes_of(list(parts(widget)))
    assert size < 1_000_000
