"""An Excel sheet as text: dates in ISO 8601, whole numbers without `.0`, durations as H:MM:SS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from okireports.errors import LoadError, did_you_mean
from okireports.sources.feed import Reject
from okireports.sources.quoting import ident


def cell_text(value: object) -> str | None:
    """A cell as text; None for an empty one."""
    match value:
        case None | "":
            return None
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case datetime():
            return _milliseconds(value).isoformat()
        case time():
            return _milliseconds(datetime.combine(date(2000, 1, 1), value)).time().isoformat()
        case date():
            return value.isoformat()
        case timedelta():
            seconds, rest = divmod(round(value.total_seconds() * 1000), 1000)
            return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (f".{rest:03}" if rest else "")
        case _:
            return str(value)


def cell_seconds(value: object) -> str | None:
    """A cell of a duration as seconds, where it holds a time of day or a length of time."""
    match value:
        case time():
            length = timedelta(
                hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
            )
        case timedelta():
            length = value
        case _:
            return cell_text(value)
    return cell_text(round(length.total_seconds(), 3))


def _milliseconds(value: datetime) -> datetime:
    """Rounded to milliseconds: a sheet keeps times as fractions of a day."""
    return value + timedelta(milliseconds=round(value.microsecond / 1000), microseconds=-value.microsecond)


def sheet_rows(path: Path, name: str, sheet: str | None, *, optional: bool = False) -> list[list[object]]:
    """All rows of a sheet from its first line: the named one (`optional`: else the first), or the first."""
    try:
        from python_calamine import CalamineError, CalamineWorkbook
    except ImportError as error:
        hint = "Install it with: pip install 'okireports[xlsx]'."
        raise LoadError("Reading XLSX needs the extra `xlsx`.", file=name, hint=hint) from error
    try:
        book = CalamineWorkbook.from_path(str(path))
        names = {s.strip().lower(): s for s in book.sheet_names}
        found = names.get((sheet or "").strip().lower())
        if found is None and sheet and not optional:
            raise LoadError(f"There is no sheet {sheet!r}.{did_you_mean(sheet, names.values())}", file=name)
        rows = book.get_sheet_by_name(found or book.sheet_names[0]).to_python(skip_empty_area=False)
    except (CalamineError, OSError, IndexError) as error:
        raise LoadError(f"The workbook cannot be read: {error}.", file=name, hint="Save it again.") from error
    return [list(row) for row in rows]


@dataclass
class XlsxFile:
    """One sheet of a workbook; `header` is the line of the header (0: none, columns are named 1, 2, ...)."""

    path: Path
    name: str
    sheet: str | None = None
    sheet_optional: bool = False
    header: int | None = None  # None: the first row that is not empty
    names: tuple[str, ...] = ()
    lengths_in_seconds: bool = False  # cells of columns named `*_s` that hold a time are a number of seconds

    def __post_init__(self) -> None:
        raw = sheet_rows(self.path, self.name, self.sheet, optional=self.sheet_optional)
        rows = [(n, row) for n, row in enumerate(raw, 1) if any(v not in (None, "") for v in row)]
        if not rows:
            raise LoadError("The sheet is empty: not even a header.", file=self.name)
        if self.header == 0:
            self.columns = self.names or tuple(str(i + 1) for i in range(len(rows[0][1])))
        else:
            first = next((i for i, (n, _) in enumerate(rows) if self.header is None or n >= self.header), len(rows) - 1)
            self.columns = tuple((cell_text(v) or "").strip() for v in rows[first][1])
            rows = rows[first + 1 :]
        self._rows = rows
        self.types = dict.fromkeys(self.columns, "VARCHAR")

    def insert(self, con: duckdb.DuckDBPyConnection, relation: str, chosen: dict[str, str], index: int) -> int:
        """Append the columns `chosen` (target -> column) and `_file`; returns the rows taken."""
        place = {name: i for i, name in enumerate(self.columns)}
        batch = pa.table({n: pa.array(self._texts(n, place[column]), pa.string()) for n, column in chosen.items()})
        if not chosen:
            batch = pa.table({"": pa.nulls(len(self._rows))})
        con.register("sheet_rows", batch)
        columns = "".join(f"{ident(name)}, " for name in chosen)
        con.execute(f"INSERT INTO {relation} BY NAME SELECT {columns}{index}::USMALLINT AS _file FROM sheet_rows")
        con.unregister("sheet_rows")
        return len(self._rows)

    def _texts(self, name: str, place: int) -> list[str | None]:
        shown = cell_seconds if self.lengths_in_seconds and name.endswith("_s") else cell_text
        return [shown(row[place]) for _, row in self._rows]

    def rejects(self, table: str) -> list[Reject]:
        """None: a sheet has no broken rows."""
        return []

    def lines(self, ordinals: Sequence[int]) -> list[int]:
        """The rows of the sheet, as the program that shows it numbers them."""
        return [self._rows[n][0] for n in ordinals]
