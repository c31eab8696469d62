"""The beginning of a file nobody described: its encoding, delimiter, header, and some rows as text."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from okireports.errors import LoadError
from okireports.sources import folder
from okireports.sources.quoting import file
from okireports.sources.xlsx_file import cell_text, sheet_rows

ROWS = 2_000
_DELIMITERS = (",", ";", "\t", "|")
# the bytes of the Polish letters that the two encodings place differently (the others are alike)
_CP1250 = bytes([0xA5, 0x8C, 0x8F, 0xB9, 0x9C, 0x9F])
_LATIN2 = bytes([0xA1, 0xA6, 0xAC, 0xB1, 0xB6, 0xBC])

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
    """Read the first rows of a CSV, XLSX or Parquet file.

    Raises:
        LoadError: nothing there, an empty file, or one that is not what its suffix says.
    """
    if not path.is_file():
        raise LoadError("There is no such file.", file=str(path), hint="Give the path of a CSV, XLSX or Parquet file.")
    folder.check_kind(path, path.name)
    match path.suffix.lower():
        case ".xlsx":
            raw = sheet_rows(path, path.name, None)
            rows = [[cell_text(v) for v in row] for row in islice(raw, ROWS)]
            return _with_header(path.name, "xlsx", rows)
        case ".parquet":
            with duckdb.connect() as con:
                cursor = con.execute(f"SELECT COLUMNS(*)::VARCHAR FROM read_parquet({file(path)}) LIMIT {ROWS}")
                columns = tuple(str(d[0]) for d in cursor.description or ())
                return Sample(path.name, "parquet", columns, [list(row) for row in cursor.fetchall()], 1)
        case _:
            return _delimited(path)


def _delimited(path: Path) -> Sample:
    with path.open("rb") as source:
        start = source.read(1 << 20)
    encoding = _encoding(start)
    lines = start.decode(encoding, errors="replace").splitlines()
    lines = lines[:-1] if len(start) == 1 << 20 else lines
    delimiter = max(_DELIMITERS, key=lambda d: _evenness(lines, d))
    rows = [[c.strip() or None for c in row] for row in islice(csv.reader(lines, delimiter=delimiter), ROWS)]
    return _with_header(path.name, "csv", rows, encoding, delimiter)


def _encoding(start: bytes) -> str:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        start[: -4 if len(start) == 1 << 20 else None].decode("utf-8-sig")
    except UnicodeDecodeError:
        count = {name: sum(start.count(b) for b in found) for name, found in (("cp1250", _CP1250), ("l2", _LATIN2))}
        return "iso-8859-2" if count["l2"] > count["cp1250"] else "cp1250"
    return "utf-8"


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
