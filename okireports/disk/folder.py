"""Where things lie, and reading what is published; a reader never touches the lock."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from okireports.errors import CenterError, DamagedCenter, NewerFormat, NotACenter

FORMAT = 1
NO_PROJECT = 0
TRIES = 5  # a reader starts once more from CURRENT when what it names has been swept meanwhile


@dataclass(frozen=True)
class Current:
    """What CURRENT says: the generation that counts, and its control file."""

    generation: int
    control: Path


@dataclass(frozen=True)
class Reading:
    """One published state, open for reading: a connection in which the control file is attached as `control`."""

    con: duckdb.DuckDBPyConnection
    current: Current


@dataclass(frozen=True)
class Folder:
    """The folder of one centre."""

    path: Path

    @property
    def pointer(self) -> Path:
        """The file whose replacement is the commit."""
        return self.path / "CURRENT"

    @property
    def lock(self) -> Path:
        """Held by the one writer."""
        return self.path / "LOCK"

    @property
    def secret(self) -> Path:
        """The key of contact keys; opened by load and forget only."""
        return self.path / "SECRET"

    @property
    def stores(self) -> Path:
        """The segments, a folder a project."""
        return self.path / "stores"

    @property
    def journal(self) -> Path:
        """Reads that no writer has folded into the change log yet."""
        return self.path / "journal"

    @property
    def rejects(self) -> Path:
        """Rows that were not loaded, with their reasons."""
        return self.path / "rejects"

    @property
    def work(self) -> Path:
        """Scratch space of the writer."""
        return self.path / "work"

    def control(self, generation: int) -> Path:
        """The control file of a generation."""
        return self.path / f"control.{generation:06d}.duckdb"

    def store(self, project_id: int) -> Path:
        """The folder of a project's segments; of no project: 0."""
        return self.stores / f"p{project_id:04d}"

    def current(self) -> Current:
        """Read the pointer.

        Raises:
            NotACenter: there is none.
            DamagedCenter: it is empty, unreadable, or names a file that is not there.
            NewerFormat: a newer okireports wrote it.
        """
        try:
            said = json.loads(self.pointer.read_text("utf-8"))
            format, generation = int(said["format"]), int(said["generation"])
        except (FileNotFoundError, NotADirectoryError):
            raise NotACenter(
                f"{self.path} is not a centre: it holds no file CURRENT. Make one with okireports.create() or demo()."
            ) from None
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise DamagedCenter(
                f"{self.pointer} cannot be read ({error}). It should name the newest whole control file in "
                f"{self.path}; restore it from a backup."
            ) from None
        if format > FORMAT:
            raise NewerFormat(
                f"{self.path} has format {format}; this okireports knows {FORMAT}. Install a newer okireports."
            )
        control = self.control(generation)
        if not control.is_file():
            raise DamagedCenter(f"{self.pointer} points at {control.name}, which is not there; restore {self.path}.")
        return Current(generation, control)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Open what is published now; the control file is closed again on leaving.

        Raises:
            DamagedCenter: the control file cannot be opened.
        """
        con = duckdb.connect()
        try:
            yield Reading(con, self.attach_control(con))
        finally:
            con.close()

    def attach_control(self, con: duckdb.DuckDBPyConnection) -> Current:
        """Attach the published control file read-only as `control`."""
        for attempt in range(TRIES):
            try:
                current = self.current()
                con.execute(f"ATTACH {quoted(current.control)} AS control (READ_ONLY)")
                return current
            except (duckdb.Error, DamagedCenter) as error:
                moved = not isinstance(error, DamagedCenter) and self.current() != current
                swept = isinstance(error, DamagedCenter) and attempt < 1
                if attempt + 1 < TRIES and (moved or swept):
                    continue
                if isinstance(error, CenterError):
                    raise
                raise DamagedCenter(
                    f"{current.control} cannot be opened ({first_line(error)}); restore it from a backup."
                ) from None
        raise DamagedCenter(f"{self.pointer} changes faster than it can be followed.")


def quoted(text: str | os.PathLike[str]) -> str:
    """As a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def first_line(error: BaseException) -> str:
    """What a DuckDB error says, without the echo of the statement."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
