"""A connection to a database that only reads: what a source needs of it, whichever server it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import pyarrow as pa

from okireports.errors import LoadError
from okireports.sources.database.address import Address, parse


class Session(Protocol):
    """One connection, in one transaction."""

    @property
    def address(self) -> Address:
        """Where it leads."""

    def named(self, table: str) -> str:
        """SQL of a table by its name, which may be `schema.table`."""

    def columns(self, relation: str) -> Mapping[str, str]:
        """The columns of a relation, each with its kind: instant, local, date, integer, span or other.

        Args:
            relation: SQL that may stand after FROM.
        """

    def condition(self, column: str, kind: str, since: str) -> str:
        """SQL: is the value of a watermark column `since` or later, or not known?"""

    def stream(self, relation: str, columns: Mapping[str, str], where: str | None) -> Iterator[pa.RecordBatch]:
        """The rows of a relation, in batches of bounded size; every column as text."""

    def close(self) -> None:
        """Let the connection go, also in the middle of a stream."""


def connect(url: str) -> Session:
    """Open a connection.

    Raises:
        LoadError: the address is wrong, nobody answers there, the password is not taken, or the driver is missing.
    """
    address = parse(url)
    try:
        if address.kind == "postgresql":
            from okireports.sources.database.postgres import Postgres

            return Postgres(address)
        from okireports.sources.database.mysql import MySql

        return MySql(address)
    except ImportError as error:
        extra = {"postgresql": "postgres", "mysql": "mysql"}[address.kind]
        raise LoadError(
            f"The driver is not installed ({error.name}).",
            file=address.shown,
            hint=f"Install it: pip install 'okireports[{extra}]'.",
        ) from None


def text_batch(names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> pa.RecordBatch:
    """Columns of text as one batch."""
    return pa.record_batch([pa.array(values, pa.string()) for values in columns], names=list(names))
