"""A CSV file as the engine reads it: every column as text, bad rows put aside, lines found only when asked for."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import duckdb

from okireports.errors import LoadError
from okireports.sources import encodings, records
from okireports.sources.feed import Reject, Scratch
from okireports.sources.quoting import file, ident, text

_REJECTED = "csv_rejected"  # temporary tables of one read
_SCANNED = "csv_scanned"
_MISREAD = ("UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM")  # after one of these the engine may drop good rows silently
_DELIMITERS = {";": "a semicolon", "\t": "a TAB", "|": "a vertical bar", ",": "a comma"}
_LONGEST_TEXT = 4_000  # characters of a rejected row that are kept


@dataclass(frozen=True)
class Dialect:
    """How a delimited file is written; `header` is the line of the header, 0 when there is none (then `names`)."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""  # '' where a quote inside quotes is doubled
    encoding: str = "utf-8"  # "auto": found out
    header: int = 1
    names: tuple[str, ...] = ()

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The cells of lines of text."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            escapechar=self.escape or None,
            doublequote=not self.escape,
        )

    @property
    def rules(self) -> records.Rules:
        """The bytes that separate and quote."""
        return records.Rules(self.delimiter.encode(), self.quote.encode(), self.escape.encode())


class _Uneven(NamedTuple):
    line: int  # in the text that is read
    text: str
    fields: int


@dataclass
class CsvFile:
    """One open CSV file: its header is read and checked when it is made, its rows by `insert`."""

    path: Path
    name: str
    scratch: Scratch
    dialect: Dialect = field(default_factory=Dialect)

    def __post_init__(self) -> None:
        self._read_path = self.path
        self._broken: list[records.Record] = []
        self._uneven: list[_Uneven] = []
        self._rows = 0
        self._skipped = 0
        self._tidied = False
        self.size = self.path.stat().st_size  # at opening; less when it grows and ends within a line
        self._grew = False
        self._found_out = self.dialect.encoding.lower() == "auto"
        self._encoding = encodings.detect(self.path) if self._found_out else self.dialect.encoding
        self._make_readable()
        self.columns = self._header()
        self.types = dict.fromkeys(self.columns, "VARCHAR")

    def _make_readable(self) -> None:
        if not encodings.is_utf_8(self._encoding) or self._untidy():
            self._tidy()

    def _untidy(self) -> bool:
        """Titles or blank lines above the header, or line ends that are a CR alone: the engine takes some for one."""
        with self._read_path.open("rb") as source:
            start = source.read(4)
        if self.dialect.header > 1 or start.removeprefix(b"\xef\xbb\xbf")[:1] in (b"\r", b"\n"):
            return True
        return records.has_lone_returns(self._read_path)

    def _tidy(self) -> None:
        """Put a copy that the engine cannot misread in the place of the file."""
        target = self.scratch.new(".csv")
        skip = max(self.dialect.header - 1, 0)
        encoding = "utf-8-sig" if encodings.is_utf_8(self._encoding) else self._encoding
        try:
            self._skipped, self._broken = records.tidy(
                self._read_path, target, self.dialect.rules, encoding=encoding, skip=skip
            )
        except LookupError as error:
            raise LoadError(f"There is no encoding {encoding!r}.", file=self.name) from error
        except UnicodeError as error:
            raise self._not_text(encoding) from error
        self._read_path, self._tidied = target, True

    def _not_text(self, encoding: str) -> LoadError:
        looks = encodings.detect(self.path)
        seems = f"It looks like {encodings.told(looks)}. " if looks != encoding.removesuffix("-sig") else ""
        return LoadError(
            f"The file is not text in {encodings.told(encoding)}.",
            file=self.name,
            line=records.first_bad_line(self.path, encoding),
            hint=f"{seems}Save it as UTF-8, load it with a mapping that says its encoding, or say encoding=...",
        )

    def _header(self) -> tuple[str, ...]:
        """The names of the columns, trimmed; '' where the header has an empty cell."""
        with self._read_path.open("rb") as source:
            start = source.read(4)
            if start.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise self._not_text("utf-8")
            source.seek(0)
            found = (r for r in records.records(source, self.dialect.rules) if r.text.strip(b"\r\n\xef\xbb\xbf"))
            first = next(islice(found, 1), None)
        if first is None:
            raise LoadError("The file is empty: not even a header.", file=self.name)
        if first.broken:
            raise LoadError(
                f"The header cannot be read: {first.broken}.", file=self.name, line=self._original(first.line)
            )
        try:
            row = first.text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self._not_text("utf-8") from error
        try:
            cells = next(self.dialect.reader([row]))
        except csv.Error as error:
            line = self._original(first.line)
            raise LoadError(f"The header cannot be read: {error}.", file=self.name, line=line) from error
        if not self.dialect.header:
            return self._given_names(len(cells))
        if len(cells) == 1:
            self._check_delimiter(cells[0], self._original(first.line))
        return tuple(c.strip() for c in cells)

    def _check_delimiter(self, header: str, line: int) -> None:
        found = next((words for other, words in _DELIMITERS.items() if other in header), None)
        if found:
            meant = _DELIMITERS.get(self.dialect.delimiter, repr(self.dialect.delimiter))
            hint = "Export it with commas, or load it with a mapping that says its delimiter."
            problem = f"The columns are separated by {found}, not by {meant}."
            raise LoadError(problem, file=self.name, line=line, hint=hint)

    def _given_names(self, width: int) -> tuple[str, ...]:
        names = self.dialect.names or tuple(str(i + 1) for i in range(width))
        if len(names) != width:
            raise LoadError(
                f"The mapping names {len(names)} columns, the first line has {width}.", file=self.name, line=1
            )
        return names

    def insert(self, con: duckdb.DuckDBPyConnection, relation: str, chosen: dict[str, str], index: int) -> int:
        """Append the columns `chosen` (target -> expression over the columns) and `_file`; returns the rows taken."""
        before = _count(con, relation)
        while not self._taken(con, relation, chosen, index):
            # made anew, so that rowids stay without gaps
            con.execute(f"CREATE OR REPLACE TABLE {relation} AS FROM {relation} WHERE rowid < {before}")
        self._rows = _count(con, relation) - before
        return self._rows

    def _taken(self, con: duckdb.DuckDBPyConnection, relation: str, chosen: dict[str, str], index: int) -> bool:
        """Copy the rows; False: they are to be copied again, from what the file was cut or tidied to."""
        try:
            self._copy(con, relation, chosen, index)
            misread = self._misread(con)
        except duckdb.Error as error:
            if "invalid state" not in str(error) and not self._grown():  # what the engine says of mixed line ends
                raise LoadError(
                    f"The engine cannot read this file: {str(error).splitlines()[0]}", file=self.name
                ) from error
            misread = True
        if self._grown():
            self._cut()
            return False
        if misread and self._tidied:
            raise LoadError("Quotes in this file cannot be read.", file=self.name, hint="Export it again.")
        if misread:
            self._tidy()
        return not misread

    def _grown(self) -> bool:
        """Did somebody write to the file since it was opened?"""
        if self._grew:
            return False
        now = self.path.stat().st_size
        if now < self.size:
            raise LoadError("The file became shorter while it was read.", file=self.name, hint="Load it once more.")
        return now > self.size

    def _cut(self) -> None:
        """Go on with the whole lines that the file had when it was opened; the rest is for the next load."""
        target = self.scratch.new(".csv")
        self.size = records.whole_lines(self.path, target, self.size, self._encoding)
        self._grew, self._tidied, self._read_path = True, False, target
        self._broken, self._uneven, self._skipped = [], [], 0
        self._make_readable()

    def notes(self) -> dict[str, int]:
        """What was found out about the file."""
        found = [f"files read as {encodings.told(self._encoding)}, as found out"] if self._found_out else []
        found += ["files that grew while they were read: what came later is for the next load"] if self._grew else []
        return dict.fromkeys(found, 1)

    def _copy(self, con: duckdb.DuckDBPyConnection, relation: str, chosen: dict[str, str], index: int) -> None:
        quote, escape = text(self.dialect.quote), text(self.dialect.escape or self.dialect.quote)
        con.execute(f"DROP TABLE IF EXISTS {_REJECTED}")
        con.execute(f"DROP TABLE IF EXISTS {_SCANNED}")
        columns = ", ".join(f"{text(f'c{i}')}: 'VARCHAR'" for i in range(len(self.columns)))
        place = {name: f"c{i}" for i, name in enumerate(self.columns)}
        picked = "".join(f"{place[column]} AS {ident(name)}, " for name, column in chosen.items())
        con.execute(f"""
            INSERT INTO {relation} BY NAME
            SELECT {picked}{index}::USMALLINT AS _file
            FROM read_csv({file(self._read_path)}, auto_detect=false, header={bool(self.dialect.header)},
                delim={text(self.dialect.delimiter)}, quote={quote}, escape={escape},
                columns={{{columns}}}, max_line_size={records.LONGEST}, store_rejects=true,
                rejects_table={text(_REJECTED)}, rejects_scan={text(_SCANNED)}, rejects_limit=0)""")

    def _misread(self, con: duckdb.DuckDBPyConnection) -> bool:
        """Did the engine meet what it may answer with lost rows? LoadError when the text is not UTF-8."""
        kinds = {str(k) for (k,) in con.execute(f"SELECT DISTINCT error_type FROM {_REJECTED}").fetchall()}
        if "INVALID ENCODING" in kinds:
            raise self._not_text("utf-8")
        if kinds & set(_MISREAD):
            return True
        self._note_uneven(con)
        return False

    def _note_uneven(self, con: duckdb.DuckDBPyConnection) -> None:
        found = con.execute(f"""
            SELECT line_byte_position - 1, any_value(csv_line), list(error_message), any_value(error_type)
            FROM {_REJECTED} GROUP BY 1 ORDER BY 1""").fetchall()
        # where lines end in CR LF, the engine's position may be that of the LF before the row
        places = [int(place) + str(row or "").startswith("\n") for place, row, *_ in found]
        lines = records.lines_at(self._read_path, places)
        # one message per field too many or too few: the true number is the largest, or the smallest
        self._uneven = [
            _Uneven(
                line, str(row or "").strip("\r\n"), (max if kind == "TOO MANY COLUMNS" else min)(map(_fields, told))
            )
            for line, (_, row, told, kind) in zip(lines, found, strict=True)
        ]

    def rejects(self, table: str) -> list[Reject]:
        """The rows that could not be taken over, by line."""
        width = len(self.columns)
        bad = [(self._original(u.line), u.text, f"{u.fields} fields, the header has {width}") for u in self._uneven]
        bad += [(r.line, r.text.decode().strip("\r\n"), r.broken or "") for r in self._broken]
        return [Reject(table, self.name, line, None, None, why, row[:_LONGEST_TEXT]) for line, row, why in sorted(bad)]

    def lines(self, ordinals: Sequence[int]) -> list[int]:
        """The lines of rows by their ascending numbers."""
        refused, header = {u.line for u in self._uneven}, bool(self.dialect.header)
        if not refused and records.count_lines(self._read_path) == self._rows + header:
            found = [n + 1 + header for n in ordinals]
        else:
            found = records.lines_of_rows(
                self._read_path, self.dialect.rules, ordinals, refused, header=header, blanks=len(self.columns) == 1
            )
        return [self._original(line) for line in found]

    def _original(self, line: int) -> int:
        """The line of the file for a line of the text that was read."""
        line += self._skipped
        for record in self._broken:
            line += record.line <= line
        return line


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(row[0]) if row else 0


def _fields(message: str) -> int:
    found = re.search(r"Found: (\d+)", message)
    return int(found[1]) if found else 0
