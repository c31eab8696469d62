"""A result as a table in a notebook: its columns' headings, and its pages as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa

from okireports.answer import Answer
from okireports.export.cells import heading, is_figure, known, plain, read
from okireports.widgets.front import Column, PageAsked, PageGiven

if TYPE_CHECKING:
    from collections.abc import Callable

    from okireports.pages import Pages

POLISH_DATE = re.compile(r"(?<![\d.])(\d\d)\.(\d\d)\.(\d{4})(?![\d.])")


def columns_of(answer: Answer, language: str) -> list[Column]:
    """The columns of a result, with headings in a language; figures stand to the right."""
    report = answer.report.name
    return [
        Column(
            name=field.name,
            title=heading(field.name, report, language),
            unit=found.unit if (found := known(field.name, report)) else "",
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
