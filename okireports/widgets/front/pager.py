"""A table of any length, of which the page gets only what it shows: paged, sorted and searched where the rows are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import traitlets

from okireports.engines.stop import Interruptible, Stop
from okireports.errors import OkiReportsError
from okireports.widgets import texts
from okireports.widgets.front.part import Part, script, whole
from okireports.widgets.front.questions import Questions

SIZES = (25, 100, 500)  # rows per page to choose from
LONGEST = 200  # letters of a search
VIEWS = 16  # pages of a browser that are remembered at once, for what is opened in them


@dataclass(frozen=True)
class Column:
    """A column: its name in a question, and how it is shown; `align` is left or right."""

    name: str
    title: str
    unit: str = ""
    align: str = "left"
    sortable: bool = True


@dataclass(frozen=True)
class PageAsked:
    """A page that is wanted: its number from 0, how many rows, by which column they stand, and what they must hold."""

    page: int
    size: int
    sort: str | None = None
    desc: bool = False
    search: str = ""


@dataclass(frozen=True)
class PageGiven:
    """The rows of a page as they are shown, and how many there are on all pages."""

    total: int
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Question:
    """What a page of a browser asked, and the table that it was about."""

    seq: int
    turn: int
    asked: PageAsked


@dataclass(frozen=True)
class Shown:
    """What a page of a browser was given last."""

    seq: int
    asked: PageAsked
    rows: int


Fetch = Callable[[PageAsked], PageGiven]
Opened = Callable[[PageAsked, int], object]


class Pager(Part):
    """Shows what `fetch` gives, a page at a time.

    `fetch` is called in a thread of the pager's own, with one question at a time; questions that are outdated before
    their turn are never put to it. What it raises is shown as a sentence: the text of an `OkiReportsError`, of any
    other error the kind alone. `opened` is called with the question and the row of its page, from 0, when a person
    opens a row.
    """

    _esm = script("pager")
    total = traitlets.Int(0).tag(sync=True)
    page_size = traitlets.Int(100, min=1).tag(sync=True)
    columns = traitlets.List(traitlets.Dict()).tag(sync=True)
    totals = traitlets.List(traitlets.Unicode()).tag(sync=True)  # a cell for each column; none: no such row
    openable = traitlets.Bool(False).tag(sync=True)
    sizes = traitlets.List(traitlets.Int(), list(SIZES)).tag(sync=True)
    turn = traitlets.Int(0).tag(sync=True)  # counts the tables that were shown

    def __init__(
        self, language: str = "en", *, label: str | None = None, page_size: int = 100, opened: Opened | None = None
    ) -> None:
        self.lock = threading.RLock()
        self.fetch: Fetch | None = None
        self.source: Interruptible | None = None
        self.stop = Stop()
        self.sortable: frozenset[str] = frozenset()
        self.opened = opened
        self.given: dict[int, Shown] = {}
        self.questions: Questions[Question] = Questions("okireports-pager", self.answer)
        named = texts.say(language, "pager.label") if label is None else label
        sizes = sorted({*SIZES, page_size})
        super().__init__("pager", language, label=named, page_size=page_size, sizes=sizes, openable=opened is not None)

    def show(
        self,
        fetch: Fetch,
        columns: Iterable[Column],
        total: int = 0,
        label: str | None = None,
        totals: Iterable[str] = (),
        openable: bool | None = None,
        source: Interruptible | None = None,
    ) -> None:
        """Show another table, from its first page on; nothing of the one before stays, nor does work for it.

        Args:
            fetch: gives its pages.
            columns: its columns.
            total: its rows.
            label: what it is called; None: as before.
            totals: the cells of a last row that stands under all pages.
            openable: may its rows be opened, where something opens them? None: as before.
            source: what works when `fetch` is called.
        """
        shown = list(columns)
        with self.lock, self.hold_sync():
            self.turned(fetch, source)
            self.sortable = frozenset(column.name for column in shown if column.sortable)
            self.columns = [asdict(column) for column in shown]
            self.label = self.label if label is None else label
            self.totals = list(totals)
            self.openable = self.opened is not None and (self.openable if openable is None else openable)
            self.total, self.turn = total, self.turn + 1

    def clear(self) -> None:
        """Show nothing."""
        with self.lock, self.hold_sync():
            self.turned(None, None)
            self.sortable = frozenset()
            self.columns, self.totals, self.total, self.turn = [], [], 0, self.turn + 1

    def turned(self, fetch: Fetch | None, source: Interruptible | None) -> None:
        """Another table, or none, is shown: what works for the one before ends."""
        self.stop.ask()
        self.fetch, self.source, self.stop, self.given = fetch, source, Stop(), {}

    def heard(self, content: dict[str, Any]) -> None:
        """A page asks for rows, or tells that one is opened."""
        view, seq = content.get("view"), content.get("seq")
        if not (whole(view) and whole(seq)):
            return
        if content.get("kind") == "page":
            with self.lock:
                asked = self.asked(content)
                question = Question(seq, self.turn, asked) if asked and self.fetch else None
            if question:
                self.questions.ask(view, question)
        elif content.get("kind") == "open":
            self.open_row(view, seq, content.get("row"))

    def asked(self, content: dict[str, Any]) -> PageAsked | None:
        """What a page asks for, if it can be asked for."""
        page, size, sort, desc, search = (content.get(key) for key in ("page", "size", "sort", "desc", "search"))
        if not (whole(page) and whole(size) and size in self.sizes and isinstance(desc, bool)):
            return None
        if not (isinstance(search, str) and len(search) <= LONGEST):
            return None
        if not (sort is None or (isinstance(sort, str) and sort in self.sortable)):
            return None
        return PageAsked(page, size, sort, desc, search)

    def answer(self, view: int, question: Question) -> None:
        """Fetch a page and give it, unless it is outdated by then."""
        with self.lock:
            fetch, current = self.fetch, question.turn == self.turn
            working = self.stop.ending(self.source) if self.source else nullcontext()
        if fetch is None or not current:
            return
        said = self.fetched(fetch, question, working)
        if self.questions.newer(view):
            return
        with self.lock:
            if question.turn != self.turn:
                return
            if said["kind"] == "page":
                self.given.pop(view, None)
                self.given[view] = Shown(question.seq, question.asked, len(said["rows"]))
                for oldest in list(self.given)[:-VIEWS]:
                    del self.given[oldest]
            self.send({**said, "view": view, "seq": question.seq})

    def fetched(self, fetch: Fetch, question: Question, working: AbstractContextManager[None]) -> dict[str, Any]:
        """A page, or why there is none."""
        begun = time.perf_counter()
        try:
            with working:
                given = fetch(question.asked)
            rows = [list(map(str, row)) for row in given.rows]
            total = int(given.total)
        except OkiReportsError as error:
            return {"kind": "failed", "text": str(error)}
        except Exception as error:  # whatever it is, the table stays usable
            return {"kind": "failed", "text": texts.say(self.language, "pager.failed", error=type(error).__name__)}
        ms = round((time.perf_counter() - begun) * 1000)
        return {"kind": "page", "page": question.asked.page, "total": total, "rows": rows, "ms": ms}

    def open_row(self, view: int, seq: int, row: object) -> None:
        """A row of the page that is shown was opened."""
        with self.lock:
            shown = self.given.get(view)
        if self.opened and self.openable and shown and shown.seq == seq and type(row) is int and 0 <= row < shown.rows:
            self.opened(shown.asked, row)

    def close(self) -> None:
        """Close it, and answer nothing more."""
        self.stop.ask()
        self.questions.end()
        super().close()
