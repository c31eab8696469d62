"""PostgreSQL through ADBC: batches of Arrow from the server's binary copy, without a Python object per value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from urllib.parse import quote, urlencode

import pyarrow as pa

from okireports.errors import LoadError
from okireports.sources.database.address import Address
from okireports.sources.quoting import ident, text

PATIENCE = {  # a host that is silent is given up after ten seconds, a connection that died after two minutes
    "connect_timeout": "10",
    "keepalives_idle": "60",
    "keepalives_interval": "10",
    "keepalives_count": "6",
    "application_name": "okireports",
}
SETTINGS = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL DateStyle = 'ISO, YMD'",
)
TYPES = {"instant": "timestamptz", "local": "timestamp", "date": "date", "integer": "numeric"}


class Postgres:
    """A connection to PostgreSQL."""

    def __init__(self, address: Address) -> None:
        import adbc_driver_postgresql.dbapi as driver

        self.address = address
        self._failures = (driver.Error, pa.ArrowException, OSError)
        uri = _uri(replace(address, options=PATIENCE | address.options))
        with self._told("The database cannot be opened"):
            self._con = driver.connect(uri)
        self._cursor = self._con.cursor()
        try:
            with self._told("The database cannot be read"):
                for setting in SETTINGS:
                    self._cursor.execute(setting)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _told(self, problem: str) -> Iterator[None]:
        """A driver's error as a LoadError without secrets; the driver's own is not shown, it may hold the address."""
        try:
            yield
        except self._failures as error:
            said = self.address.redacted(error).split("ERROR: ")[-1].split(" Query was: ")[0]
            raise LoadError(f"{problem}: {said.rstrip('.')}.", file=self.address.shown) from None

    def named(self, table: str) -> str:
        """SQL of a table by its name."""
        return ".".join(ident(part) for part in table.split("."))

    def columns(self, relation: str) -> Mapping[str, str]:
        """The columns of a relation with their kinds."""
        with self._told("The query is refused"):
            self._cursor.execute(f"SELECT * FROM {relation} LIMIT 0")
            schema = self._cursor.fetch_arrow_table().schema
        names = [field.name for field in schema]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise LoadError("The query has a column of this name twice.", file=self.address.shown, column=twice)
        return {field.name: _kind(field.type) for field in schema}

    def condition(self, column: str, kind: str, since: str) -> str:
        """SQL: is a watermark's value `since` or later, or not known?"""
        return f"{ident(column)} >= {text(since)}::{TYPES[kind]} OR {ident(column)} IS NULL"

    def stream(self, relation: str, columns: Mapping[str, str], where: str | None) -> Iterator[pa.RecordBatch]:
        """The rows of a relation as text, a few thousand at a time."""
        picked = ", ".join(f"{_as_text(name, kind)} AS {ident(name)}" for name, kind in columns.items())
        with self._told("The database stopped answering"):
            self._cursor.execute(f"SELECT {picked} FROM {relation}{f' WHERE {where}' if where else ''}")
            yield from self._cursor.fetch_record_batch()

    def close(self) -> None:
        """Let the connection go."""
        with suppress(*self._failures):
            self._cursor.close()
        with suppress(*self._failures):
            self._con.close()


def _uri(address: Address) -> str:
    """The address for the driver; without a password it looks into PGPASSWORD and the password file."""
    secret = f":{quote(address.password, safe='')}" if address.password else ""
    who = f"{quote(address.user, safe='')}{secret}@" if address.user else ""
    host = f"[{address.host}]" if ":" in address.host else quote(address.host, safe="")
    options = urlencode(address.options, quote_via=quote)
    return f"postgresql://{who}{host}:{address.port}/{quote(address.database, safe='')}?{options}"


def _kind(type: pa.DataType) -> str:
    if pa.types.is_timestamp(type):
        return "instant" if type.tz else "local"
    if pa.types.is_date(type):
        return "date"
    if pa.types.is_integer(type):
        return "integer"
    return "span" if pa.types.is_interval(type) else "other"


def _as_text(column: str, kind: str) -> str:
    name = ident(column)
    if kind == "span":  # days become hours: only the sum of seconds says how long it is
        return f"to_char(make_interval(secs => extract(epoch FROM {name})::float8), 'HH24:MI:SS.MS')"
    return f"{name}::text"
