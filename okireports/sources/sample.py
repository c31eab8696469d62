"""The beginning of a file nobody described: its encoding, delimiter, header, and some rows as text."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from okireports.errors import LoadError
from okireports.sources import encodings, packed
from okireports.sources.feed import Scratch
from okireports.sources.quoting import file
from okireports.sources.xlsx_file import cell_text, sheet_rows

ROWS = 2_000
_LOOKED_AT = 1 << 24  # bytes, for the encoding
_DELIMITERS = (",", ";", "\t", "|")
Rows = list[list[str | None]]


@dataclass(frozen=True)
class Sample:
    """What the beginning of a file shows; `header` is its line, 0 when there is none."""

    name: str
    kind: str
    columns: tuple[str, ...]
    rows: Rows
    header: int
    encoding: str = "utf-8"
    delimiter: str = ","

    def values(self, column: str) -> list[str]:
        """The texts of a column that are not empty."""
        place = self.columns.index(column)
        return [v for row in self.rows if place < len(row) and (v := row[place])]


def take(path: Path) -> Sample:
    """Read the first rows of a CSV, XLSX or Parquet file, packed or not; of an archive those of its one table.

    Raises:
        LoadError: nothing there, an empty file, one that is not what its suffix says, an archive of several files.
    """
    if not path.is_file():
        raise LoadError("There is no such file.", file=str(path), hint="Give the path of a CSV, XLSX or Parquet file.")
    inside = list(packed.found(path))
    if len(inside) != 1:
        names = ", ".join(str(one.inner) for one in inside[:8]) or "nothing"
        problem = f"The archive holds {len(inside)} files: {names}."
        raise LoadError(problem, file=path.name, hint="Unpack the one that you want to look at.")
    scratch = Scratch()  # it lives as long as this look
    return _of(inside[0].open(scratch), inside[0].inner.name)


def _of(path: Path, name: str) -> Sample:
    match path.suffix.lower():
        case ".xlsx":
            raw = sheet_rows(path, name, None)
            rows = [[cell_text(v) for v in row] for row in islice(raw, ROWS)]
            return _with_header(name, "xlsx", rows)
        case ".parquet":
            with _readable(name), duckdb.connect() as con:
                cursor = con.execute(f"SELECT COLUMNS(*)::VARCHAR FROM read_parquet({file(path)}) LIMIT {ROWS}")
                columns = tuple(str(d[0]) for d in cursor.description or ())
                return Sample(name, "parquet", columns, [list(row) for row in cursor.fetchall()], 1)
        case _:
            return _delimited(path, name)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise LoadError(f"The Parquet file cannot be read: {first}", file=name, hint="Export it again.") from error


def _delimited(path: Path, name: str) -> Sample:
    with path.open("rb") as source:
        start = source.read(1 << 20)
    encoding = encodings.detect(path, _LOOKED_AT)
    lines = start.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace").splitlines()
    lines = lines[:-1] if len(start) == 1 << 20 else lines
    try:
        delimiter = max(_DELIMITERS, key=lambda d: _evenness(lines, d))
        rows = [[c.strip() or None for c in row] for row in islice(csv.reader(lines, delimiter=delimiter), ROWS)]
    except csv.Error as error:  # a field without an end
        raise LoadError(f"The file cannot be taken apart: {error}.", file=name, hint="Export it again.") from error
    return _with_header(name, "csv", rows, encoding, delimiter)


def _evenness(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """How many lines have the most common number of fields (more than one), and that number."""
    widths = [len(row) for row in csv.reader(lines[:100], delimiter=delimiter)]
    common = max(set(widths), key=widths.count, default=0)
    return (widths.count(common), common) if common > 1 else (0, 0)


def _with_header(name: str, kind: str, rows: Rows, encoding: str = "utf-8", delimiter: str = ",") -> Sample:
    """Find the header: the first row about as wide as the widest and without a number or a time in it."""
    filled = [sum(v is not None for v in row) for row in rows]
    width = max(filled, default=0)
    if not width:
        raise LoadError("The file is empty: not even a header.", file=name)
    first = next(i for i, n in enumerate(filled) if n >= max(1, width * 0.8))
    header = rows[first]
    if any(v and any(c.isdigit() for c in v) and not any(c.isalpha() for c in v) for v in header):
        columns = tuple(str(i + 1) for i in range(len(header)))
        return Sample(name, kind, columns, rows[first:], 0, encoding, delimiter)
    columns = tuple(v or f"({i + 1})" for i, v in enumerate(header))
    body = [row for row in rows[first + 1 :] if any(row)]
    return Sample(name, kind, columns, body, first + 1, encoding, delimiter)
