"""How far a query was read: the greatest value of a column that only grows, from which the next load goes on.

A transaction may be committed after a later one, and the clock goes back once a year: so reading begins some way before
the watermark. Rows that are read twice change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from okireports.errors import LoadError
from okireports.sources.quoting import ident

SECONDS = 7200  # before a watermark that is a time: the hour that an autumn night has twice, and one for late commits
NUMBERS = 1000  # before one that is a number
TYPES = {"instant": "TIMESTAMPTZ", "local": "TIMESTAMP", "date": "DATE", "integer": "HUGEINT"}


@dataclass(frozen=True)
class Watermark:
    """A column that only grows; `kind` is instant, local, date or integer."""

    column: str
    kind: str

    def since(self, mark: str, overlap: int | None) -> str:
        """Where reading goes on after `mark`: `overlap` seconds (of a number: as many) before it."""
        if self.kind == "integer":
            return str(int(mark) - (NUMBERS if overlap is None else overlap))
        span = timedelta(seconds=SECONDS if overlap is None else overlap)
        if self.kind == "date":
            days = -(-span // timedelta(days=1))  # begun days count whole
            return str(date.fromisoformat(mark) - timedelta(days=days))
        return str(datetime.fromisoformat(mark) - span)

    def newest(self, con: duckdb.DuckDBPyConnection, relation: str, now: datetime, zone: str) -> str | None:
        """The greatest value among staged rows, of a time none that is still to come; None where there is no value.

        A row from the future would otherwise hide all that comes before it.
        """
        value = f"TRY_CAST({ident(self.column.lower())} AS {TYPES[self.kind]})"
        if self.kind == "instant":
            value = f"timezone('UTC', {value})"
        known = "" if self.kind == "integer" else f"WHERE isfinite({value})"
        row = con.execute(f"SELECT max({value}) FROM {relation} {known}").fetchone()
        if row is None or row[0] is None:
            return None
        if self.kind == "integer":
            return str(row[0])
        here = now.astimezone(UTC if self.kind == "instant" else ZoneInfo(zone)).replace(tzinfo=None)
        return str(min(row[0], here.date() if self.kind == "date" else here))


def of(column: str, kind: str) -> Watermark:
    """The watermark that a column makes.

    Raises:
        LoadError: its values are neither times nor whole numbers.
    """
    if kind not in TYPES:
        raise LoadError(
            "A watermark has to be a time, a date or a whole number.",
            column=column,
            hint="Make it one in the mapping's `query`, with CAST.",
        )
    return Watermark(column, kind)
