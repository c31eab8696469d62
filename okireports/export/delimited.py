"""CSV after RFC 4180: commas, CRLF, quotes where they are needed, UTF-8, one line of column names."""

from __future__ import annotations

from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc

from okireports.export.cells import iso, plain
from okireports.rows import Rows

_ROWS = 50_000  # at a time
_FORMULA = "^('*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])"  # the last four are = + - @ in full width


def write(file: IO[bytes], rows: Rows) -> None:
    """Write rows as CSV, as they come.

    Instants are ISO 8601 with the offset of the centre's zone, dates ISO, NULL is empty. The rule against formulas: a
    text that begins with = + - @ (also in full width), a tab or the end of a line gets an apostrophe before it, so that
    a spreadsheet shows it and does not run it (a telephone number +48... is such a text); so does one that begins with
    apostrophes and goes on like that, so that what is stored can be told from what was put before it. Numbers are never
    touched.
    """
    names = quoted(safe(pa.array(rows.schema.names, pa.string())))
    file.write(",".join(names.to_pylist()).encode() + b"\r\n")
    empty = '""' if len(rows.schema) == 1 else ""  # a line of nothing would be no line
    for part in rows.parts():
        for start in range(0, part.num_rows, _ROWS):
            cells = [text(column.combine_chunks()) for column in part.slice(start, _ROWS).columns]
            lines = pc.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement=empty)
            file.write(joined(pc.binary_join_element_wise(lines, "\r\n", "")))


def joined(lines: Any) -> memoryview:
    """The bytes of texts one after another, as they lie in memory."""
    _, borders, held = lines.buffers()
    at = memoryview(borders).cast("i")
    return memoryview(held)[at[lines.offset] : at[lines.offset + len(lines)]]


def text(column: Any) -> Any:
    """The cells of a column as they stand in the file; whole columns at a time, for logs are long."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_date(kind):
        return column.cast(pa.string())
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return iso(column)
    if pa.types.is_nested(kind) or pa.types.is_interval(kind):  # only a free query has these
        return quoted(safe(written(column)))
    distinct = column.dictionary_encode()  # the same few values stand in most columns of a log
    values = distinct.dictionary
    cells = safe(values) if pa.types.is_string(kind) else written(values)
    return quoted(cells).take(distinct.indices)


def written(values: Any) -> Any:
    """Values of a kind that Arrow writes otherwise, or not at all, as text."""
    cells = plain(pa.chunked_array([values]))
    return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())


def safe(column: Any) -> Any:
    """Text (an Arrow column) with an apostrophe before what a spreadsheet could take for a formula."""
    return pc.replace_substring_regex(column, _FORMULA, r"'\1")


def quoted(column: Any) -> Any:
    """Text in quotes where a comma, a quote or the end of a line stands in it."""
    needed = pc.match_substring_regex(column, '[",\r\n]')
    if not pc.any(needed).as_py():
        return column
    within = pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', "")
    return pc.if_else(needed, within, column)
