"""MySQL and MariaDB through PyMySQL: rows are taken off the connection as they come, and stay as they were sent."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import Any

import pyarrow as pa

from okireports.errors import LoadError
from okireports.sources.database.address import Address
from okireports.sources.database.session import text_batch
from okireports.sources.quoting import text

BATCH = 20_000  # rows at a time
OPTIONS = ("connect_timeout", "read_timeout", "ssl_ca", "unix_socket")
TIMEOUTS = {"connect_timeout": 10, "read_timeout": 600}  # seconds
SETTINGS = (
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)


class Type(IntEnum):
    """Types of columns, as the protocol numbers them."""

    TINY, SHORT, LONG, LONGLONG, INT24, BIT = 1, 2, 3, 8, 9, 16
    TIMESTAMP, DATE, TIME, DATETIME, NEWDATE = 7, 10, 11, 12, 14
    VARCHAR, TINY_BLOB, MEDIUM_BLOB, LONG_BLOB, BLOB, VAR_STRING, STRING, GEOMETRY = (
        15,
        249,
        250,
        251,
        252,
        253,
        254,
        255,
    )


KINDS = {
    Type.TIMESTAMP: "instant",
    Type.DATETIME: "local",
    Type.DATE: "date",
    Type.NEWDATE: "date",
    Type.TIME: "span",
    **dict.fromkeys((Type.TINY, Type.SHORT, Type.INT24, Type.LONG, Type.LONGLONG), "integer"),
}
NOTHING = "0000-00-00"  # how these servers write that there is no date


class MySql:
    """A connection to MySQL or MariaDB."""

    def __init__(self, address: Address) -> None:
        import pymysql
        from pymysql.converters import encoders
        from pymysql.cursors import SSCursor

        self.address = address
        self._failures = (pymysql.Error, OSError, UnicodeError)
        address.refuse_options(OPTIONS)
        options: dict[str, Any] = TIMEOUTS | address.options
        for name in TIMEOUTS:
            if not str(options[name]).isdigit():
                raise LoadError(f"{name} must be a whole number of seconds.", file=address.shown)
            options[name] = int(options[name])
        with self._told("The database cannot be opened"):
            self._con = pymysql.connect(
                host=address.host,
                port=address.port,
                user=address.user or None,
                password=address.password or os.environ.get("MYSQL_PWD", ""),
                database=address.database,
                charset="utf8mb4",
                conv=encoders | AS_SENT,
                cursorclass=SSCursor,
                **options,
            )
        try:
            with self._told("The database cannot be read"), self._con.cursor() as cursor:
                for setting in SETTINGS:
                    cursor.execute(setting)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _told(self, problem: str) -> Iterator[None]:
        """A driver's error as a LoadError without secrets."""
        try:
            yield
        except self._failures as error:
            said = error.args[-1] if error.args else type(error).__name__
            message = f"{problem}: {self.address.redacted(said).rstrip('.')}."
            raise LoadError(message, file=self.address.shown) from None

    def named(self, table: str) -> str:
        """SQL of a table by its name."""
        return ".".join(_ident(part) for part in table.split("."))

    def columns(self, relation: str) -> Mapping[str, str]:
        """The columns of a relation with their kinds."""
        with self._told("The query is refused"), self._con.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {relation} LIMIT 0")
            return {name: KINDS.get(kind, "other") for name, kind, *_ in cursor.description}

    def condition(self, column: str, kind: str, since: str) -> str:
        """SQL: is a watermark's value `since` or later, or not known?"""
        value = since if kind == "integer" else text(since.removesuffix("+00"))  # a TIMESTAMP: the session is in UTC
        return f"{_ident(column)} >= {value} OR {_ident(column)} IS NULL"

    def stream(self, relation: str, columns: Mapping[str, str], where: str | None) -> Iterator[pa.RecordBatch]:
        """The rows of a relation as text, some thousand at a time; the server waits until they are taken."""
        picked, names = ", ".join(_ident(name) for name in columns), list(columns)
        with self._told("The database stopped answering"):
            cursor = self._con.cursor()
            cursor.execute(f"SELECT {picked} FROM {relation}{f' WHERE {where}' if where else ''}")
            try:
                while rows := cursor.fetchmany(BATCH):
                    yield text_batch(names, list(zip(*rows, strict=True)))
            except BaseException:
                self.close()  # what is still on its way would be read when the cursor goes
                raise

    def close(self) -> None:
        """Let the connection go, without reading what is still on its way."""
        if (unread := self._con._result) is not None:
            unread.unbuffered_active = False  # the driver has no other way to be told so
        with suppress(*self._failures):
            self._con.close()


def _ident(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _instant(sent: str) -> str | None:
    return None if sent.startswith(NOTHING) else f"{sent}+00"


def _local(sent: str) -> str | None:
    return None if sent.startswith(NOTHING) else sent


def _bits(sent: bytes) -> str:
    return str(int.from_bytes(sent, "big"))


def _text(sent: str | bytes) -> str:
    """Text as it is; of bytes their text, or their hexadecimal digits where they are none."""
    if isinstance(sent, str):
        return sent
    try:
        return sent.decode()
    except UnicodeDecodeError:
        return sent.hex()


_BYTES = (
    *(Type.VARCHAR, Type.VAR_STRING, Type.STRING),
    *(Type.TINY_BLOB, Type.BLOB, Type.MEDIUM_BLOB, Type.LONG_BLOB, Type.GEOMETRY),
)
_READERS: dict[Type, Callable[[Any], str | None]] = {
    Type.TIMESTAMP: _instant,
    **dict.fromkeys((Type.DATETIME, Type.DATE, Type.NEWDATE), _local),
    Type.BIT: _bits,
    **dict.fromkeys(_BYTES, _text),
}
AS_SENT = {int(type): reader for type, reader in _READERS.items()}  # the driver takes no other key for a type
