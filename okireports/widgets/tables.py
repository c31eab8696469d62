"""A result as a table in a notebook: its columns' headings, and its pages as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from okireports.answer import Answer
from okireports.columns import Label
from okireports.export.cells import heading, is_figure, known, plain, read
from okireports.rows import Held
from okireports.widgets.front import Column, PageAsked, PageGiven

if TYPE_CHECKING:
    from collections.abc import Callable

    from okireports.pages import Pages

MEASURED = {"money": "currency", "number": "unit"}  # what says in what a figure is counted; of several there is no sum
SHARED = ("operators_ready_s",)  # one who works for several dialers is ready for each of them
POLISH_DATE = re.compile(r"(?<![\d.])(\d\d)\.(\d\d)\.(\d{4})(?![\d.])")


def columns_of(answer: Answer, language: str) -> list[Column]:
    """The columns of a result, with headings in a language; figures stand to the right."""
    report = answer.report.name
    return [
        Column(
            name=field.name,
            title=heading(field.name, report, language),
            align="right" if is_figure(field) else "left",
        )
        for field in answer.rows.schema
    ]


def fetching(answer: Answer, pages: Pages, language: str) -> Callable[[PageAsked], PageGiven]:
    """What gives a page of a result as text."""

    def fetch(asked: PageAsked) -> PageGiven:
        search = sought(asked.search, language)
        page = pages.page(asked.page + 1, asked.size, sort=asked.sort, descending=asked.desc, search=search)
        return PageGiven(page.total, written(page.table, answer.report.name, language))

    return fetch


def totals_of(answer: Answer, language: str) -> list[str]:
    """A last row with the sums of what adds up; nothing where rows count the same things more than once, or of a log.

    Money adds up where it is in one currency.
    """
    asked, rows = answer.report, answer.rows
    if asked.separable or asked.overlapping or not isinstance(rows, Held) or rows.count < 2:
        return []
    held = rows.held
    mixed = {name for name in MEASURED.values() if name in held.column_names and len(pc.unique(held[name])) > 1}
    cells = [
        summed(held[name], found, language)
        if (found := known(name, asked.name)) and name not in SHARED and MEASURED.get(found.unit) not in mixed
        else ""
        for name in held.column_names
    ]
    return cells if any(cells) else []


def summed(column: pa.ChunkedArray[Any], found: Label, language: str) -> str:
    """The sum of a column as text; nothing where it does not add up."""
    if found.rollup != "sum":
        return ""
    total = pc.sum(column)
    return read(plain(pa.chunked_array([pa.array([total.as_py()], total.type)])), total.type, found, language)[0]


def sought(search: str, language: str) -> str:
    """What is searched for, with dates as the rows hold them: people copy them as they are shown."""
    return POLISH_DATE.sub(r"\3-\2-\1", search) if language == "pl" else search


def written(table: pa.Table, report: str, language: str) -> list[tuple[str, ...]]:
    """Rows as a person reads them."""
    columns = [
        read(plain(column), column.type, known(name, report), language)
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    return list(zip(*columns, strict=True))
