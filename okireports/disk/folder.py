"""Where things lie, and reading what is published; a reader never touches the lock."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from okireports.errors import CenterError, DamagedCenter, NewerFormat, NotACenter
from okireports.tables import CONTROL_MODEL

FORMAT = 1
NO_PROJECT = 0
KEY_LENGTH = 64  # characters of the secret: 32 bytes as hexadecimal digits
TRIES = 5  # a reader starts once more from CURRENT when what it names has been swept meanwhile


@dataclass(frozen=True)
class Current:
    """What CURRENT says: the generation that counts, and its control file."""

    generation: int
    control: Path
    model: str | None = None  # by which the control file was written


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
    def upcoming(self) -> Path:
        """What is about to replace the pointer."""
        return self.path / "CURRENT.new"

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
    def runs(self) -> Path:
        """What runs by itself: leases, and diaries that are not in the control file yet."""
        return self.path / "runs"

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

    def file(self, name: str) -> Path:
        """Where something published lies, by the name under which the control file lists it."""
        return self.path / name

    def admit(self, now: datetime) -> None:
        """May it be looked at? A centre: at any time."""

    def cover(self, start: datetime, end: datetime) -> None:
        """Is everything of a span here? In a centre it is."""

    def changeable(self) -> None:
        """May it be written? A centre may."""

    def current(self) -> Current:
        """Read the pointer.

        Raises:
            NotACenter: there is none.
            DamagedCenter: it is empty, unreadable, or names a file that is not there.
            NewerFormat: a newer okireports wrote it.
        """
        try:
            said = json.loads(self.pointer.read_text("utf-8"))
            if (format := int(said["format"])) > FORMAT:
                raise NewerFormat(
                    f"{self.path} has format {format}; this okireports knows {FORMAT}. Install a newer okireports."
                )
            generation, size = int(said["generation"]), int(said["bytes"])
            model = said.get("model")
        except (FileNotFoundError, NotADirectoryError):
            raise NotACenter(
                f"{self.path} is not a centre: it holds no file CURRENT. Make one with okireports.create() or demo()."
            ) from None
        except (ValueError, KeyError, TypeError, OverflowError, OSError) as error:
            raise DamagedCenter(
                f"{self.pointer} cannot be read ({type(error).__name__}: {first_line(error)}). It should name the "
                f"newest whole control file in {self.path}; restore it from a backup."
            ) from None
        control = self.control(generation)
        try:
            there = control.stat().st_size
        except OSError:
            raise DamagedCenter(
                f"{self.pointer} points at {control.name}, which is not there; restore {self.path} from a backup."
            ) from None
        if there != size:
            raise DamagedCenter(
                f"{control} has {there:,} bytes instead of {size:,}: it was truncated or altered. Restore it from a "
                "backup."
            )
        return Current(generation, control, model)

    def key(self) -> str:
        """The secret that contact keys are made with.

        Raises:
            DamagedCenter: it is not there, or not whole.
        """
        try:
            said = self.secret.read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            said, why = "", first_line(error)
        else:
            why = "it is not whole"
        if len(said) != KEY_LENGTH:
            raise DamagedCenter(
                f"{self.secret} cannot be used ({why}). Restore it from a backup: with another secret the same person "
                "would get another contact key. Nothing was changed."
            )
        return said

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Open what is published now; the control file is closed again on leaving.

        Raises:
            DamagedCenter: the control file cannot be opened, or turns out to be damaged.
        """
        con = duckdb.connect()
        con.execute("SET enable_progress_bar = false")  # which in a notebook would be an output of its own
        try:
            with undamaged(self):
                yield Reading(con, self.attach_control(con))
        finally:
            con.close()

    def attach_control(self, con: duckdb.DuckDBPyConnection) -> Current:
        """Attach the published control file read-only as `control`; see `release_control`."""
        from okireports.disk import older  # it quotes as this module does

        for attempt in range(TRIES):
            try:
                current = self.current()
                if current.model == CONTROL_MODEL:
                    con.execute(f"ATTACH {quoted(current.control)} AS control (READ_ONLY)")
                else:
                    older.show(con, current.control)
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


def release_control(con: duckdb.DuckDBPyConnection) -> None:
    """Let go of what `attach_control` attached."""
    con.execute("DETACH control; DETACH DATABASE IF EXISTS control_file")


@contextmanager
def undamaged(folder: Folder) -> Iterator[None]:
    """Say so where a file of the centre turns out to be damaged while it is read.

    Raises:
        DamagedCenter: the engine met bytes that are not those that were written.
    """
    try:
        yield
    except duckdb.Error as error:
        if damaged(error):
            raise DamagedCenter(
                f"A file of {folder.path} is damaged ({first_line(error)}). Restore it from a backup, or roll back to "
                "a generation that does not name it."
            ) from error
        raise


def damaged(error: BaseException) -> bool:
    """Does the engine speak of bytes that are not those that were written?"""
    signs = ("orrupt", "checksum", "not a valid DuckDB database file")
    return isinstance(error, duckdb.Error) and any(sign in str(error) for sign in signs)


def quoted(text: str | os.PathLike[str]) -> str:
    """As a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def first_line(error: BaseException) -> str:
    """What a DuckDB error says, without the echo of the statement."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
