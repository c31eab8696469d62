"""What a definition says, column by column: text becomes a value, a name an id, from a file or given by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

import duckdb

from okireports import period
from okireports.errors import OkiReportsError

Row = dict[str, Any]
LARGEST = Decimal(10) ** 12  # of an amount: DECIMAL(18,6)


class Giving(Protocol):
    """Whatever brings definitions into the control file: a load of files, or a change by hand."""

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The engine; the coming control file is attached as `control`."""

    @property
    def settings(self) -> Mapping[str, str]:
        """Those of the centre."""

    @property
    def zone(self) -> str:
        """Of instants that carry no offset."""

    def wrong(self, row: Row, column: str, problem: str) -> OkiReportsError:
        """The error that a value is: it says where the value stands."""

    def unknown(self, row: Row, column: str, kind: str, known: Iterable[str]) -> OkiReportsError:
        """The error that a name is which nobody declared; `known` are the names to suggest."""


@dataclass
class Known:
    """What the control file holds, by name, while definitions are added to it."""

    projects: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    roles: set[str] = field(default_factory=set)
    groups: dict[str, int] = field(default_factory=dict)
    objects: dict[tuple[str, str], int] = field(default_factory=dict)
    placed: dict[int, str] = field(default_factory=dict)  # the project that this load's `objects` give one to


def look_up(batch: Giving) -> Known:
    """What is there already."""
    fetch = batch.con.execute
    return Known(
        projects=dict(fetch("SELECT name, project_id FROM control.projects WHERE archived_at IS NULL").fetchall()),
        users=dict(fetch("SELECT lower(login), user_id FROM control.users").fetchall()),
        roles={role for (role,) in fetch("SELECT role FROM control.roles").fetchall()},
        groups=dict(fetch("SELECT name, group_id FROM control.groups").fetchall()),
        objects={(k, n): i for k, n, i in fetch("SELECT kind, name, object_id FROM control.objects").fetchall()},
    )


def project_of(batch: Giving, known: Known, row: Row) -> int:
    """The project that a row names."""
    project_id = known.projects.get(str(row["project"]).strip())
    if project_id is None:
        raise batch.unknown(row, "project", "project", known.projects)
    return project_id


def validity(batch: Giving, row: Row) -> Row:
    """From when to when a definition holds, half-open."""
    values = {name: instant(batch, row, name) for name in ("valid_from", "valid_to")}
    if values["valid_from"] and values["valid_to"] and values["valid_from"] >= values["valid_to"]:
        raise batch.wrong(row, "valid_to", "it is not after valid_from.")
    return values


def instant(batch: Giving, row: Row, column: str) -> datetime | None:
    """An instant of a definition as naive UTC; without an offset it is local time of the load's zone."""
    value = row.get(column)
    if value is None:
        return None
    try:
        at = value if isinstance(value, date) else datetime.fromisoformat(str(value).strip())
        return period.utc(at, batch.zone)
    except (ValueError, OverflowError):
        raise batch.wrong(row, column, "it is no instant; write 2025-06-01 or 2025-06-01T08:00:00+02:00.") from None


def number(batch: Giving, row: Row, column: str) -> float | None:
    """A number of a definition that is not negative."""
    value = row.get(column)
    if value is None:
        return None
    try:
        read = float(value)
    except (ValueError, TypeError):
        raise batch.wrong(row, column, "it is no number.") from None
    if not 0 <= read < float("inf"):
        raise batch.wrong(row, column, "it may not be negative.")
    return read


def truth(batch: Giving, row: Row, column: str) -> bool | None:
    """Yes or no."""
    value = row.get(column)
    if value is None or isinstance(value, bool):
        return value
    said = str(value).strip().lower()
    if said in ("true", "yes", "1", "t", "y"):
        return True
    if said in ("false", "no", "0", "f", "n"):
        return False
    raise batch.wrong(row, column, "it is neither true nor false.")


def text(batch: Giving, row: Row, column: str) -> str | None:
    """Text without blanks at its ends."""
    value = row.get(column)
    return None if value is None else str(value).strip()


def whole(batch: Giving, row: Row, column: str) -> int | None:
    """A whole number that is not negative."""
    read = number(batch, row, column)
    if read is not None and read != int(read):
        raise batch.wrong(row, column, "it is no whole number.")
    return None if read is None else int(read)


def money(batch: Giving, row: Row, column: str) -> Decimal | None:
    """An amount that is not negative, with up to six decimals."""
    value = row.get(column)
    if value is None:
        return None
    try:
        read = Decimal(str(value).strip())
    except InvalidOperation:
        raise batch.wrong(row, column, "it is no amount; write 12.50.") from None
    if not read.is_finite() or not 0 <= read < LARGEST:
        raise batch.wrong(row, column, "an amount is not negative and has at most 12 digits before the point.")
    return read.quantize(Decimal("0.000001"))


def clock_time(batch: Giving, row: Row, column: str) -> time | None:
    """A time of day."""
    value = row.get(column)
    try:
        return None if value is None else time.fromisoformat(str(value).strip())
    except ValueError:
        raise batch.wrong(row, column, "it is no time of day; write 08:00.") from None


def dates(batch: Giving, row: Row, column: str) -> list[date] | None:
    """Dates with `;` between."""
    value = row.get(column)
    if value is None:
        return None
    try:
        return [date.fromisoformat(part.strip()) for part in str(value).split(";") if part.strip()]
    except ValueError:
        raise batch.wrong(row, column, "these are no dates; write 2025-12-25; 2025-12-26.") from None


def currency(batch: Giving, row: Row) -> str:
    """Three letters of ISO 4217; the centre's where none are given."""
    value = str(row.get("currency") or batch.settings["currency"]).strip()
    if not (len(value) == 3 and value.isascii() and value.isupper()):
        raise batch.wrong(row, "currency", "give the three letters of ISO 4217, such as PLN.")
    return value


def next_id(batch: Giving, table: str, column: str) -> int:
    """An id that was never used: rows of these tables are archived, not deleted."""
    row = batch.con.execute(f"SELECT coalesce(max({column}), 0) + 1 FROM control.{table}").fetchone()
    return int(row[0]) if row else 1


def insert(batch: Giving, table: str, values: Mapping[str, Any]) -> None:
    """Add a row to a table of the control file."""
    names, marks = ", ".join(f'"{n}"' for n in values), ", ".join(f"${n}" for n in values)
    batch.con.execute(f"INSERT INTO control.{table} ({names}) VALUES ({marks})", dict(values))


def insert_all(batch: Giving, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows of the same columns to a table of the control file, in one statement."""
    if rows:
        lists = {name: [row[name] for row in rows] for name in rows[0]}
        names, values = ", ".join(f'"{n}"' for n in lists), ", ".join(f"unnest(${n})" for n in lists)
        batch.con.execute(f"INSERT INTO control.{table} ({names}) SELECT {values}", lists)
