"""The parts of our own without a browser: what a page may ask and tell, and what it is never believed."""

from __future__ import annotations

import re
import string
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
import traitlets

from okireports.errors import BadOption, BadQuery
from okireports.widgets import texts
from okireports.widgets.front import Actions, Column, PageAsked, PageGiven, Pager, ProjectPicker, Status
from okireports.widgets.front.part import HERE, Part
from okireports.widgets.front.questions import Questions

ROOT = Path(__file__).parent.parent
PARTS: dict[str, Callable[..., Part]] = {"picker": ProjectPicker, "status": Status, "pager": Pager, "actions": Actions}
OPTIONS = [(7, "Larch"), (3, "Birch"), (9, "Oak")]
COLUMNS = [Column("name", "Name"), Column("wait", "Wait", "s", "right"), Column("note", "Note", sortable=False)]
ASKS = {"kind": "page", "view": 1, "seq": 1, "page": 0, "size": 25, "sort": None, "desc": False, "search": ""}
PATIENCE = 60


@pytest.fixture
def made() -> Iterator[Callable[[Part], Any]]:
    """Keeps widgets, and closes them."""
    kept: list[Part] = []

    def keep(part: Part) -> Part:
        kept.append(part)
        return part

    yield keep
    for part in kept:
        part.close()


Made = Callable[[Part], Any]


def tell(part: Part, content: object) -> None:
    """What a page sends."""
    part._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


def update(part: Part, **state: object) -> None:
    """What a page sets."""
    part._handle_msg({"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []})


def script(name: str) -> str:
    return (HERE / f"{name}.js").read_text("utf-8")


# ---- choosing --------------------------------------------------------------------------------------------------------
def test_only_what_can_be_chosen_is_chosen(made: Made) -> None:
    picker = made(ProjectPicker(options=OPTIONS, value=[3, 7, 4]))
    assert picker.value == [7, 3]  # as they stand in the list
    heard = []
    picker.observe(lambda change: heard.append(change["new"]), "value")
    picker.value = [9, 9, 4]
    picker.options = [(3, "Birch"), (5, "Elm")]
    picker.value = [5]
    assert heard == [[9], [], [5]]


def test_a_page_chooses(made: Made) -> None:
    picker = made(ProjectPicker(options=OPTIONS))
    update(picker, value=[9, 3])
    assert picker.value == [3, 9]


@pytest.mark.parametrize("value", [[3, 4], [True], ["3"], [3.0], [None], [[3]], [{}], "3", None, {"3": 3}, 3])
def test_a_page_that_chooses_what_is_not_there_is_told_what_holds(
    made: Made, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    picker = made(ProjectPicker(options=OPTIONS, value=[3]))
    told: list[object] = []
    monkeypatch.setattr(picker, "send_state", lambda key=None: told.append((key, list(picker.value))))
    update(picker, value=value)
    assert picker.value in ([3], [])
    assert told[-1] == ("value", picker.value)


def test_a_page_chooses_nothing_where_that_is_disabled(made: Made) -> None:
    picker = made(ProjectPicker(options=OPTIONS, value=[3], disabled=True))
    update(picker, value=[7])
    assert picker.value == [3]


@pytest.mark.parametrize("part", PARTS)
def test_a_page_sets_nothing_else(made: Made, part: str) -> None:
    widget = made(PARTS[part]())
    before = {name: value for name, value in widget.get_state().items() if name != "layout"}
    for name, value in before.items():
        wrong = {str: "x", int: 7, float: 7.0, bool: True, list: [7], dict: {"x": "y"}}.get(type(value), "x")
        update(widget, **{name: wrong})
    tell(widget, "text")
    tell(widget, {"kind": 1})
    tell(widget, {"kind": "state", "state": "done"})
    assert {name: value for name, value in widget.get_state().items() if name != "layout"} == before


# ---- pages -----------------------------------------------------------------------------------------------------------
class Rows:
    """A table of three rows; it counts its questions, and waits where it is told to."""

    def __init__(self) -> None:
        self.asked: list[PageAsked] = []
        self.begun, self.free = threading.Event(), threading.Event()
        self.free.set()

    def __call__(self, asked: PageAsked) -> PageGiven:
        self.asked.append(asked)
        self.begun.set()
        assert self.free.wait(PATIENCE)
        if asked.search == "refused":
            raise BadQuery("no queue 'x'.")
        if asked.search == "broken":
            raise RuntimeError("canary")
        return PageGiven(3, [["a", "1", ""], ["b", "2", ""], ["c", "3", ""]])


class Desk:
    """A pager whose page is a list of what was sent to it."""

    def __init__(self, pager: Pager) -> None:
        self.pager, self.rows, self.sent = pager, Rows(), []
        self.pager.send = lambda content, buffers=None: self.sent.append(content)
        self.pager.show(self.rows, COLUMNS, 3)

    def ask(self, **change: object) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        count = len(self.sent)
        tell(self.pager, ASKS | change)
        self.rest()
        assert len(self.sent) == count + 1
        return self.sent[-1]

    def rest(self) -> None:
        """Wait until nothing is worked on any more."""
        end = time.monotonic() + PATIENCE
        while self.pager.questions.working:
            assert time.monotonic() < end
            time.sleep(0.001)


@pytest.fixture
def desk(made: Made) -> Desk:
    return Desk(made(Pager()))


def test_a_page_is_asked_for_and_given(desk: Desk) -> None:
    given = desk.ask(seq=5, page=2, size=100, sort="wait", desc=True, search="b")
    assert desk.rows.asked == [PageAsked(2, 100, "wait", True, "b")]
    assert given.pop("ms") >= 0
    rows = [["a", "1", ""], ["b", "2", ""], ["c", "3", ""]]
    assert given == {"kind": "page", "view": 1, "seq": 5, "page": 2, "total": 3, "rows": rows}


@pytest.mark.parametrize(
    "change",
    [
        {"view": None}, {"view": -1}, {"view": True}, {"view": 2**53 + 1}, {"seq": "1"}, {"seq": 1.0}, {"seq": None},
        {"page": -1}, {"page": "0"}, {"page": None}, {"page": True}, {"page": 2**60}, {"size": 24}, {"size": 10**6},
        {"size": "25"}, {"size": [25]}, {"sort": "other"}, {"sort": "note"}, {"sort": ["name"]}, {"sort": ""},
        {"sort": "name; drop table calls"}, {"desc": None}, {"desc": 1}, {"search": None}, {"search": "x" * 201},
        {"search": ["x"]}, {"kind": "rows"}, {"kind": ["page"]},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_not_heard(desk: Desk, change: dict[str, object]) -> None:
    tell(desk.pager, ASKS | change)
    desk.rest()
    assert (desk.rows.asked, desk.sent) == ([], [])
    desk.ask()  # and it works on


def test_what_is_missing_is_not_heard(desk: Desk) -> None:
    for key in ASKS:
        if key != "sort":  # none means: as they stand
            tell(desk.pager, {name: value for name, value in ASKS.items() if name != key})
    desk.rest()
    assert desk.rows.asked == []


def test_of_what_waits_only_the_newest_is_answered(desk: Desk) -> None:
    desk.rows.free.clear()
    tell(desk.pager, ASKS)
    assert desk.rows.begun.wait(PATIENCE)
    for seq in (2, 3, 4):  # heard at once, though nothing is answered yet
        tell(desk.pager, ASKS | {"seq": seq, "page": seq})
    tell(desk.pager, ASKS | {"view": 2, "seq": 9, "page": 7})  # the same table shown elsewhere
    desk.rows.free.set()
    desk.rest()
    assert [asked.page for asked in desk.rows.asked] == [0, 4, 7]
    assert [(given["view"], given["seq"]) for given in desk.sent] == [(1, 4), (2, 9)]


def test_an_answer_that_cannot_be_given_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    told, failed = [], threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda error: failed.set())

    def answer(asker: int, question: str) -> None:
        if not failed.is_set():
            raise ValueError(question)
        told.append((asker, question))

    questions = Questions("okireports-pager", answer)
    questions.ask(1, "first")
    assert failed.wait(PATIENCE)
    questions.ask(2, "second")
    end = time.monotonic() + PATIENCE
    while questions.working:
        assert time.monotonic() < end
        time.sleep(0.001)
    assert told == [(2, "second")]


def test_nothing_of_the_table_before_is_given(desk: Desk) -> None:
    desk.rows.free.clear()
    tell(desk.pager, ASKS)
    assert desk.rows.begun.wait(PATIENCE)
    desk.pager.show(lambda asked: PageGiven(0, []), [Column("other", "Other")])
    desk.rows.free.set()
    desk.rest()
    assert desk.sent == []
    assert desk.ask(seq=2, sort="other")["rows"] == []
    tell(desk.pager, ASKS | {"sort": "wait"})
    desk.rest()
    assert len(desk.sent) == 1
    desk.pager.clear()
    tell(desk.pager, ASKS)
    desk.rest()
    assert len(desk.sent) == 1 and desk.pager.columns == []


def test_an_error_is_a_sentence(desk: Desk) -> None:
    assert desk.ask(search="refused") == {"kind": "failed", "view": 1, "seq": 1, "text": "no queue 'x'."}
    assert desk.ask(search="broken")["text"] == "This page could not be read (RuntimeError)."
    assert desk.ask()["kind"] == "page"


@pytest.mark.parametrize("given", [None, PageGiven(None, []), PageGiven(1, [None]), PageGiven(1, None)])  # type: ignore[arg-type]
def test_what_is_no_page_is_an_error_too(desk: Desk, given: object) -> None:
    desk.pager.show(lambda asked: given, COLUMNS)  # type: ignore[arg-type,return-value]
    assert desk.ask()["kind"] == "failed"


def test_a_row_of_the_page_that_is_shown_can_be_opened(made: Made) -> None:
    opened: list[tuple[PageAsked, int]] = []
    desk = Desk(made(Pager(opened=lambda asked, row: opened.append((asked, row)))))
    click = {"kind": "open", "view": 1, "seq": 1, "row": 2}
    tell(desk.pager, click)
    assert opened == []
    desk.ask(search="b")
    wrong = [{"row": 3}, {"row": -1}, {"row": True}, {"row": "2"}, {"row": None}, {"seq": 2}, {"view": 2}]
    for change in wrong:
        tell(desk.pager, click | change)
    assert opened == []
    tell(desk.pager, click)
    assert opened == [(PageAsked(0, 25, search="b"), 2)]
    desk.pager.show(desk.rows, COLUMNS)
    tell(desk.pager, click)
    assert len(opened) == 1


def test_work_for_another_table_ends(desk: Desk) -> None:
    slow = Slow()
    desk.pager.show(slow, COLUMNS, 1, source=slow)
    tell(desk.pager, ASKS)
    assert slow.begun.wait(PATIENCE)
    desk.pager.show(lambda asked: PageGiven(1, [["Oak", "1", ""]]), COLUMNS, 1)
    tell(desk.pager, ASKS | {"seq": 2})
    desk.rest()
    assert slow.ended.is_set() and [(told["seq"], told["rows"]) for told in desk.sent] == [(2, [["Oak", "1", ""]])]


class Slow:
    """Works until it is interrupted; that is lost twice, as by an engine that has not begun."""

    def __init__(self) -> None:
        self.begun, self.ended, self.interrupts = threading.Event(), threading.Event(), 0

    def __call__(self, asked: PageAsked) -> PageGiven:
        self.begun.set()
        assert self.ended.wait(PATIENCE)
        raise BadQuery("interrupted")

    def interrupt(self) -> None:
        self.interrupts += 1
        if self.interrupts > 2:
            self.ended.set()


def test_a_pager_remembers_few_pages(desk: Desk) -> None:
    for view in range(40):
        desk.ask(view=view)
    assert list(desk.pager.given) == list(range(24, 40))


def test_no_thread_stays(desk: Desk) -> None:
    desk.ask()
    desk.rows.free.clear()
    desk.rows.begun.clear()
    tell(desk.pager, ASKS)
    assert desk.rows.begun.wait(PATIENCE)
    tell(desk.pager, ASKS | {"seq": 2})
    desk.pager.close()
    tell(desk.pager, ASKS | {"seq": 3})
    desk.rows.free.set()
    desk.rest()
    for thread in threading.enumerate():
        if thread.name == "okireports-pager":
            thread.join(PATIENCE)
    assert "okireports-pager" not in {thread.name for thread in threading.enumerate()}
    assert len(desk.sent) == 1 and len(desk.rows.asked) == 2


# ---- what is going on ------------------------------------------------------------------------------------------------
def test_a_state_is_said(made: Made) -> None:
    status = made(Status())
    before = time.time()
    status.busy("Calls by hour")
    assert (status.state, status.text) == ("busy", "Calls by hour") and before <= status.since <= time.time()
    since = status.since
    status.busy("Calls by day")
    assert status.since == since
    status.done("6 rows")
    assert (status.state, status.text, status.since) == ("done", "6 rows", 0)
    status.failed("No.")
    status.stopped()
    assert (status.state, status.text) == ("stopped", "")
    status.idle()
    with pytest.raises(traitlets.TraitError):
        status.state = "asleep"


def test_a_file_and_a_text_are_sent(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    actions, sent = made(Actions()), []
    monkeypatch.setattr(actions, "send", lambda content, buffers=None: sent.append((content, buffers)))
    actions.offer("calls.csv", "text/csv", b"a\n")
    actions.copy("viewer.report('calls')")
    assert sent == [
        ({"kind": "offer", "name": "calls.csv", "type": "text/csv"}, [b"a\n"]),
        ({"kind": "copy", "text": "viewer.report('calls')"}, None),
    ]


# ---- words and files -------------------------------------------------------------------------------------------------
def test_nothing_of_what_is_shown_stands_in_a_repr(made: Made) -> None:
    picker = made(ProjectPicker(options=[(1, "canary")], label="canary"))
    status = made(Status())
    status.done("canary")
    pager = made(Pager(label="canary"))
    pager.show(Rows(), [Column("canary", "canary")])
    box = ipywidgets.VBox([picker, status, pager])
    for widget in (picker, status, pager, box):
        assert "canary" not in repr(widget) + str(widget._repr_mimebundle_())
    box.close()


def test_both_languages_say_the_same() -> None:
    def holes(text: str) -> set[str | None]:
        return {hole for _, hole, _, _ in string.Formatter().parse(text)} - {None}

    for key, (english, polish) in texts.WORDS.items():
        assert english and polish and holes(english) == holes(polish), key
    assert texts.say("pl", "picker.count", chosen=3, all=40) == "3 z 40"
    with pytest.raises(TypeError):
        texts.WORDS["more"] = ("", "")  # type: ignore[index]


@pytest.mark.parametrize("part", PARTS)
def test_a_language_that_is_not_spoken_is_refused(part: str) -> None:
    with pytest.raises(BadOption, match="en, pl"):
        PARTS[part]("de")


@pytest.mark.parametrize("part", PARTS)
def test_a_page_has_the_words_that_it_says(made: Made, part: str) -> None:
    widget = made(PARTS[part]("pl"))
    assert widget.words["gone"].startswith("Jądro")
    python = {"label", "failed"} if part in ("picker", "pager") else set()  # said by Python
    mentioned = set(re.findall(r'"(\w+)"', script(part) + script("shared"))) | python
    states = {"busy", "done", "failed", "stopped"} if part == "status" else set()  # said by the state's name
    unsaid = {"gone"} if part == "actions" else set()  # without a kernel nobody asks it for anything
    assert set(widget.words) - mentioned - states == unsaid
    assert set(re.findall(r'say\(model, "(\w+)"', script(part))) <= set(widget.words)


@pytest.mark.parametrize("name", sorted(file.stem for file in HERE.glob("*.js")))
def test_a_script_makes_text_only_and_asks_for_nothing(name: str) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(|fetch\(|https?:|\bimport\b"
    assert re.search(forbidden, script(name)) is None


def test_the_files_belong_to_the_package() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    kinds = {file.suffix for file in HERE.iterdir() if file.is_file()} - {".py", ".pyc"}
    assert kinds == {".js", ".css"}
    assert {f"**/*{kind}" for kind in kinds} <= {*patterns["okireports"]}
