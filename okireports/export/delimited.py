"""CSV after RFC 4180: commas, CRLF, quotes where they are needed, UTF-8, one line of column names."""

from __future__ import annotations

import csv
import io
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc

from okireports.export.cells import plain

_ROWS = 50_000  # at a time


def write(file: IO[bytes], table: pa.Table) -> None:
    """Write a table as CSV.

    Instants are ISO 8601 with the offset of the centre's zone, dates ISO, NULL is empty. The rule against formulas: a
    text that begins with = + - @, a tab or a carriage return gets an apostrophe before it, so that a spreadsheet shows
    it and does not run it (a telephone number +48... is such a text). Numbers are never touched.
    """
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    lines = csv.writer(text)
    lines.writerow(safe(pa.array(table.column_names, pa.string())).to_pylist())
    for start in range(0, table.num_rows, _ROWS):
        part = table.slice(start, _ROWS)
        columns = [plain(safe(column) if pa.types.is_string(column.type) else column) for column in part.columns]
        columns = [_flags(c) if pa.types.is_boolean(f.type) else c for c, f in zip(columns, part.schema, strict=True)]
        lines.writerows(zip(*columns, strict=True))
    text.detach()


def safe(column: Any) -> Any:
    """Text (an Arrow column) with an apostrophe before what a spreadsheet could take for a formula."""
    return pc.replace_substring_regex(column, r"^([=+\-@\t\r])", r"'\1")


def _flags(values: list[object]) -> list[object]:
    return [None if v is None else "true" if v else "false" for v in values]
