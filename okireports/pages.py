"""Pages of an answer: its rows sorted and searched where they lie, so that no more of them travel than are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
import pyarrow as pa

from okireports.columns import label
from okireports.engines.shelf import Positions, Shelf
from okireports.errors import BadOption, did_you_mean
from okireports.rows import Rows

MOST = 10_000  # rows of a page
KEPT = 4  # lists of row numbers: of the last orders and searches


@dataclass(frozen=True)
class Page:
    """Some of the rows that were asked for: which page it is, from 1 on, and how many rows all pages have."""

    table: pa.Table = field(repr=False)
    total: int
    number: int


class Pages:
    """The rows of an answer, a page at a time, in their own order or by a column, all of them or those with a text.

    A page of the rows as they are is asked for by itself. With the first order or search all rows of a long log are put
    on a shelf, once; orders and searches are row numbers there, and the last few are kept. It may be asked by several
    threads.
    """

    def __init__(self, rows: Rows, report: str = "") -> None:
        self._rows, self._report = rows, report
        self._shelf: Shelf | None = None
        self._kept: dict[tuple[object, ...], Positions] = {}
        self._lock = Lock()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names by which rows may be sorted."""
        return tuple(self._rows.schema.names)

    def count(self, search: str = "") -> int:
        """How many rows there are, or how many hold a text."""
        with self._lock:
            return self._total(_words(search))

    def page(
        self, number: int, size: int, *, sort: str | None = None, descending: bool = False, search: str = ""
    ) -> Page:
        """A page, or the last one where there are not so many.

        Args:
            number: of the page; the first is 1.
            size: rows of a page, at most 10,000.
            sort: the column by which rows come, those without a value last; None is their own order.
            descending: the largest first; rows of the same value stay in their own order either way.
            search: only rows of which a text, an id, a date or an instant (as the centre's clock shows it) holds this;
                case and accents do not matter.

        Raises:
            BadOption: there is no such column, or these are no numbers of a page.
        """
        sought, column = _words(search), self._column(sort)
        number, size = _whole("number", number), _whole("size", size)
        if size > MOST:
            raise BadOption(f"A page has at most {MOST:,} rows, not {size:,}.")
        with self._lock:
            total = self._total(sought)
            number = min(number, max(1, -(-total // size)))
            first = (number - 1) * size
            if column is None and not sought:
                return Page(self._some(first, size), total, number)
            chosen = self._chosen(column, bool(descending), sought)[first : first + size]
            return Page(self._shelved().take(chosen), total, number)

    def prepare(self) -> None:
        """Put the rows on their shelf, before somebody waits for an order or a search."""
        with self._lock:
            self._shelved()

    def interrupt(self) -> None:
        """Stop what another thread is waiting for; that raises there, and nothing is left half done.

        What is not in the engine at this moment goes on, so it has to be said again until the other thread is back.
        """
        self._rows.interrupt()
        if self._shelf is not None:
            self._shelf.interrupt()

    def _column(self, sort: str | None) -> int | None:
        if sort is None:
            return None
        if not isinstance(sort, str) or sort not in self.columns:
            near = did_you_mean(str(sort), self.columns)
            raise BadOption(f"There is no column {sort!r} to sort by.{near} There are {', '.join(self.columns)}.")
        return self.columns.index(sort)

    def _total(self, sought: str) -> int:
        return len(self._chosen(None, False, sought)) if sought else self._rows.count

    def _some(self, first: int, most: int) -> pa.Table:
        most = min(most, self._rows.count - first)
        if self._shelf is None:
            return self._rows.some(first, most)
        return self._shelf.take(np.arange(first, first + most, dtype=np.int32))

    def _chosen(self, column: int | None, descending: bool, sought: str) -> Positions:
        """The numbers of rows that are asked for, in the order in which they are."""
        if column is None:
            return self._keep((sought,), lambda: self._shelved().found(sought))
        ordered = self._keep((column, descending), lambda: self._shelved().ordered(column, descending=descending))
        if not sought:
            return ordered
        there = np.zeros(self._rows.count, dtype=bool)
        there[self._chosen(None, False, sought)] = True
        return self._keep((column, descending, sought), lambda: ordered[there[ordered]])

    def _keep(self, key: tuple[object, ...], made: Callable[[], Positions]) -> Positions:
        found = self._kept.pop(key, None)
        self._kept[key] = made() if found is None else found  # the last used is the last
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return self._kept[key]

    def _shelved(self) -> Shelf:
        if self._shelf is None:
            self._shelf = Shelf(self._rows, [name for name in self.columns if self._is_id(name)])
        return self._shelf

    def _is_id(self, name: str) -> bool:
        try:
            return label(name, self._report or None).unit == "id"
        except KeyError:
            return False

    def __repr__(self) -> str:
        """What it is, not what is in it."""
        return f"<pages of {self._rows.count:,} rows>"


def _words(search: object) -> str:
    if not isinstance(search, str):
        raise BadOption(f"What is searched for is a text, not {type(search).__name__}.")
    return search.strip()


def _whole(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadOption(f"The {name} of a page is a whole number from 1, not {value!r}.")
    return value
