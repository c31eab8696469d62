"""A sealed extract: one file of DuckDB, or a folder of Parquet files, that is read like a centre and never written.

In it lie `control` (the tables of a control file, cut down to what one viewer may know), a schema for each project with
her rows as a store has them, and `main`: tables for whoever opens it without okireports, with names beside ids, and
`extract`, which says what it is. In a folder, a schema is a folder, and `main` is what lies on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from okireports.disk.folder import Current, Folder, first_line, quoted
from okireports.disk.segments import Segment, attach
from okireports.errors import BadPeriod, BadQuery, DamagedCenter, NewerFormat, NotACenter, Refused
from okireports.tables import CONTROL

SEALED = 1  # the format of extracts
SUFFIX = ".duckdb"
SAID = "extract"  # the table in which it says what it is
FILE = "s0"  # what the file is called in a run's connection: it is the first and only one that is attached


@dataclass(frozen=True)
class Seal:
    """What an extract says of itself; instants are naive UTC.

    Questions that lie within `held_from` and `held_until` find all their rows in it; NULL where all is held.
    """

    format: int
    viewer: str
    role: str
    projects: tuple[str, ...]
    period: str | None
    held_from: datetime | None
    held_until: datetime | None
    timezone: str
    generation: int
    made_at: datetime
    made_by: str
    expires_at: datetime | None
    change_log: str  # the hash of the newest entry of the centre's change log
    version: str


@dataclass(frozen=True)
class Sealed(Folder):
    """The extract at a path; it stands where a centre's folder does."""

    seal: Seal

    @staticmethod
    def lies_at(path: Path) -> bool:
        """Is what lies there to be read as an extract?"""
        return path.is_file() or (path / f"{SAID}.parquet").is_file()

    @classmethod
    def read(cls, path: Path) -> Sealed:
        """Look at what an extract says of itself.

        Raises:
            NotACenter: it is no extract.
            NewerFormat: a newer okireports made it.
            DamagedCenter: it is truncated or altered.
        """
        with duckdb.connect() as con:
            con.execute("SET enable_progress_bar = false")
            lay(con, path)
            try:
                asked = con.execute(f'SELECT * FROM {FILE}.main."{SAID}"')
                values, names = asked.fetchone(), [str(column[0]) for column in asked.description]
                said = dict(zip(names, values or (), strict=True))
                if (format := int(said["format"])) > SEALED:
                    raise NewerFormat(
                        f"{path} is an extract of format {format}; this okireports knows {SEALED}. Install a newer one."
                    )
                told = {name: said[name] for name in Seal.__dataclass_fields__}
            except (duckdb.CatalogException, KeyError, ValueError, TypeError):
                raise NotACenter(f"{path} is no extract: it does not say what it is.") from None
            except duckdb.Error as error:
                raise broken(path, error) from None
        return cls(path, Seal(**{**told, "projects": tuple(told["projects"])}))

    def current(self) -> Current:
        """The one state that it holds."""
        return Current(self.seal.generation, self.path)

    def attach_control(self, con: duckdb.DuckDBPyConnection) -> Current:
        """Attach it read-only; `control` shows its tables in the columns of today's model."""
        lay(con, self.path)
        held: dict[str, list[str]] = {}
        for table, column in con.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = 'control'",
            [FILE],
        ).fetchall():
            held.setdefault(str(table), []).append(str(column))
        statements = ["ATTACH ':memory:' AS control"]
        for table in CONTROL.values():
            there = held.get(table.name, [])
            columns = ", ".join(f'"{n}"' if n in there else f'NULL::{kind} AS "{n}"' for n, kind in table.columns)
            rows = f'FROM {FILE}.control."{table.name}"' if there else "WHERE false"
            statements.append(f'CREATE VIEW control.main."{table.name}" AS SELECT {columns} {rows}')
        con.execute("; ".join(statements))
        return self.current()

    def file(self, name: str) -> Path:
        """Where something published lies: all of it in the one file.

        Raises:
            BadQuery: it is in many, which a process of its own cannot be handed.
        """
        if self.path.is_dir():
            raise BadQuery(
                f"{self.path} is a folder of Parquet files, over which okireports runs reports only. Ask any engine, "
                f"or take an extract in one file ({SUFFIX})."
            )
        return self.path

    def admit(self, now: datetime) -> None:
        """Refuse once it has expired.

        Raises:
            Refused: it says when.
        """
        if (end := self.seal.expires_at) is not None and now >= end:
            raise Refused(
                f"{self.path} is an extract for {self.seal.viewer} that expired on {self.local(end)}; ask whoever made "
                "it for a new one."
            )

    def cover(self, start: datetime, end: datetime) -> None:
        """Refuse a question to which rows belong that are not in it.

        Raises:
            BadPeriod: it says what is held.
        """
        since, until = self.seal.held_from, self.seal.held_until
        if (since is not None and start < since) or (until is not None and end > until):
            raise BadPeriod(
                f"{self.path} is an extract of {self.seal.period}, and this question needs rows beside that. Ask for "
                "a period within it."
            )

    def changeable(self) -> None:
        """Refuse to be written.

        Raises:
            Refused: nothing is loaded into an extract, or changed in it.
        """
        raise Refused(
            f"{self.path} is a sealed extract for {self.seal.viewer}: nothing is loaded into it or changed in it. Do "
            "that in the centre, and make a new extract."
        )

    def local(self, at: datetime) -> str:
        """An instant as the centre's clock shows it."""
        return f"{at.replace(tzinfo=UTC).astimezone(ZoneInfo(self.seal.timezone)):%Y-%m-%d %H:%M:%S %Z}"


def place(con: duckdb.DuckDBPyConnection, folder: Folder, segment: Segment, index: int) -> str:
    """Open a segment; gives what stands before the name of its table: a database of its own, or a part of the one."""
    if isinstance(folder, Sealed):
        return f"{FILE}.{folder.store(segment.project_id).name}"
    attach(con, folder, segment, f"s{index}")
    return f"s{index}"


def lay(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach an extract read-only.

    Raises:
        NotACenter: it is no file of DuckDB.
        DamagedCenter: it is truncated or altered.
    """
    try:
        if not path.is_dir():
            con.execute(f"ATTACH {quoted(path)} AS {FILE} (READ_ONLY)")
            return
        con.execute(f"SET allowed_directories = [{quoted(f'{path.resolve()}/')}]")  # also once the door is locked
        con.execute(f"ATTACH ':memory:' AS {FILE}")
        for file in (path / f"{SAID}.parquet", *sorted(path.glob("*/*.parquet"))):
            schema = "main" if file.parent == path else file.parent.name
            con.execute(f'CREATE SCHEMA IF NOT EXISTS {FILE}."{schema}"')
            rows = f"FROM read_parquet({quoted(file.resolve())}, hive_partitioning = false)"
            con.execute(f'CREATE VIEW {FILE}."{schema}"."{file.stem}" AS {rows}')
    except duckdb.Error as error:
        raise broken(path, error) from None


def broken(path: Path, error: duckdb.Error) -> NotACenter | DamagedCenter:
    """What an error of the engine says of an extract."""
    if "not a valid DuckDB database file" in str(error) or not path.exists():
        return NotACenter(f"{path} is no centre and no extract: it is no file of DuckDB.")
    return DamagedCenter(f"{path} is damaged ({first_line(error)}). Ask whoever made it for a new one.")
