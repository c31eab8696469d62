"""XLSX: one sheet with typed columns, one that says what it is."""

from __future__ import annotations

import math
import tempfile
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa

from okireports.columns import Label
from okireports.errors import BadOption, ResultTooLarge
from okireports.export.cells import grounds, heading, iso, known, plain

if TYPE_CHECKING:
    from okireports.export import Content

_ROWS, _TEXT = 1_048_575, 32_767  # what a sheet and a cell of Excel hold
_EXACT = 2**53  # whole numbers above lose digits in Excel
_MADE = datetime(2000, 1, 1)  # a fixed date, or the same result would give other bytes
_INSTANTS = (
    "Instants are wall-clock times; where the autumn change makes one ambiguous, the cell is text with its offset."
)


def write(file: IO[bytes], content: Content) -> None:
    """Write a workbook.

    Instants are local wall-clock times, so that Excel can sort and subtract them; where the autumn change makes one
    ambiguous, that cell is text: ISO 8601 with its offset. Numbers have 15 digits in Excel, so ids and larger whole
    numbers are text. Text is never a formula or a link; what is longer than a cell is cut and ends in an ellipsis.
    """
    try:
        xlsxwriter = import_module("xlsxwriter")  # the core does without it
    except ImportError:
        raise BadOption("XLSX needs the extra: pip install 'okireports[xlsx]'; or save as csv or parquet.") from None
    if content.rows.count > _ROWS:
        count = content.rows.count
        raise ResultTooLarge(f"A sheet holds {_ROWS:,} rows, this result has {count:,}: save csv or parquet.")
    table = content.rows.table()
    with tempfile.TemporaryDirectory() as folder:  # readable by its owner only; the sheet is gathered in it
        options = {"constant_memory": True, "tmpdir": folder, "strings_to_urls": False}
        path = Path(folder, "book")  # where it breaks off, an archive would go on writing into a file that is closed
        book = xlsxwriter.Workbook(str(path), options)
        book.set_properties({"created": _MADE, "title": content.told("title")})
        _rows(book, table, content)
        _about(book, content)
        try:
            book.close()
        except xlsxwriter.exceptions.FileCreateError as problem:
            raise problem.args[0] from None  # what the system said
        with path.open("rb") as made:
            copyfileobj(made, file)


def _rows(book: Any, table: pa.Table, content: Content) -> None:
    report, language = content.told("report"), content.told("language") or "en"
    sheet = book.add_worksheet("Data")
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    found = [known(name, report) for name in table.column_names]
    for i, field in enumerate(table.schema):  # before the rows, which are written as they come
        form = book.add_format({"num_format": _format(field.type, found[i])})
        sheet.set_column(i, i, _width(field.type, heading(field.name, report, language)), form)
    for i, name in enumerate(table.column_names):
        sheet.write_string(0, i, heading(name, report, language)[:_TEXT], bold)
    if table.num_rows:
        sheet.autofilter(0, 0, table.num_rows, table.num_columns - 1)
    for start in range(0, table.num_rows, 10_000):
        part = table.slice(start, 10_000)
        columns = [_cells(column, found[i]) for i, column in enumerate(part.columns)]
        for row, cells in enumerate(zip(*columns, strict=True), start=start + 1):
            for place, cell in enumerate(cells):
                _put(sheet, row, place, cell)


def _about(book: Any, content: Content) -> None:
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 110)
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    lines = [(key, content.told(key)) for key in ("title", "description", "period", "definitions")]
    held = [("held", line) for line in grounds(content.meta)]
    shown = [*((key, text) for key, text in lines if text), ("times", _INSTANTS), *held]
    for row, (key, text) in enumerate(shown):
        sheet.write_string(row, 0, key)
        sheet.write_string(row, 1, _cut(text), wrapped)


def _cells(column: pa.ChunkedArray[Any], found: Label | None) -> list[object]:
    """The cells of a column as Excel takes them."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return [_local(v, text) for v, text in zip(column.to_pylist(), iso(column).to_pylist(), strict=True)]
    if found and found.unit == "id":
        return [None if v is None else str(v) for v in plain(column)]
    if pa.types.is_decimal(kind):
        return [None if v is None else float(v) for v in column.to_pylist()]
    return list(column.to_pylist()) if pa.types.is_date(kind) else plain(column)


def _local(value: datetime | None, text: str | None) -> object:
    """The wall clock, or the text where the same time comes twice or Excel has no such year."""
    if value is None:
        return None
    naive = value.replace(tzinfo=None, fold=0)
    twice = naive.replace(tzinfo=value.tzinfo).utcoffset() != naive.replace(tzinfo=value.tzinfo, fold=1).utcoffset()
    return text if twice or value.year < 1900 else naive


def _put(sheet: Any, row: int, place: int, cell: object) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, place, cell)
    elif isinstance(cell, (int, float)):
        if math.isfinite(cell) and abs(cell) <= _EXACT:
            sheet.write_number(row, place, cell)
        elif not (isinstance(cell, float) and math.isnan(cell)):
            sheet.write_string(row, place, str(cell))
    elif isinstance(cell, date) and cell.year >= 1900:  # datetimes, too
        sheet.write_datetime(row, place, cell)
    else:
        sheet.write_string(row, place, _cut(str(cell)))


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"


def _format(kind: pa.DataType, found: Label | None) -> str:
    if pa.types.is_timestamp(kind):
        return "yyyy-mm-dd hh:mm:ss"
    if pa.types.is_date(kind):
        return "yyyy-mm-dd"
    return found.excel if found else "General"


def _width(kind: pa.DataType, title: str) -> float:
    if pa.types.is_timestamp(kind):
        return 20
    return max(9 if not pa.types.is_string(kind) else 16, min(len(title) * 0.75 + 3, 24))
