"""Publishing: new files first, then one replacement of CURRENT; killed anywhere, the old or the new state is whole.

A writer copies the control file to the next number and changes the copy, writes new segments beside the old ones,
syncs files and folders, and replaces CURRENT. What no kept generation names is swept, also what a killed writer left.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from okireports.disk.folder import FORMAT, Current, Folder, first_line, quoted
from okireports.disk.segments import STORAGE, NewSegment, Segment, write_segment
from okireports.errors import CenterBusy, CenterError
from okireports.tables import CONTROL

KEPT_GENERATIONS = 3
KEPT_FOR = timedelta(hours=24)


@dataclass
class Writer:
    """The one writer: `con` has the coming control file attached as `control`."""

    folder: Folder
    con: duckdb.DuckDBPyConnection
    generation: int
    written: list[Path] = field(default_factory=list)
    spent: list[Path] = field(default_factory=list)  # what may go once the generation is published

    def add(self, new: NewSegment, expected: int) -> None:
        """Write a segment and list it; `expected` rows decide its block size."""
        store = self.folder.store(new.project_id)
        store.mkdir(parents=True, exist_ok=True)
        path = store / f"{new.table}.{new.stretch}.{self.generation:06d}.duckdb"
        path.unlink(missing_ok=True)
        self.written.append(path)
        row = write_segment(self.con, path, new, expected)
        row |= {"file": str(path.relative_to(self.folder.path)), "generation": self.generation}
        names = ", ".join(f'"{name}"' for name in row)
        values = ", ".join(f"${name}" for name in row)
        self.con.execute(f"INSERT INTO control.segments ({names}) VALUES ({values})", row)

    def retire(self, segment: Segment) -> None:
        """Take a segment off the list; its file stays for those who read an older generation."""
        self.con.execute("DELETE FROM control.segments WHERE file = ?", [segment.file])
        self.con.execute("INSERT INTO control.retired VALUES (?, ?)", [segment.file, self.generation])


def create(folder: Folder) -> None:
    """Make the folder of a new centre, with an empty control file as its first generation."""
    if folder.path.exists() and any(folder.path.iterdir()):
        raise CenterError(f"{folder.path} is not empty. Choose a new folder, or open the centre that is there.")
    folder.path.mkdir(parents=True, exist_ok=True)
    for part in (folder.stores, folder.journal, folder.rejects):
        part.mkdir(mode=0o700)
    descriptor = os.open(folder.secret, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    sync(folder.secret)
    con = duckdb.connect()
    con.execute(f"ATTACH {quoted(folder.control(1))} AS control (STORAGE_VERSION '{STORAGE}')")
    con.execute("USE control")
    for table in CONTROL.values():
        con.execute(table.ddl)
    con.execute("INSERT INTO control.generations VALUES (1, ?, 'create')", [utc_now()])
    con.execute("USE memory")
    con.execute("DETACH control")
    con.close()
    sync(folder.control(1))
    point(folder, 1)


@contextmanager
def write(folder: Folder, kind: str, *, wait: float = 2.0, threads: int | None = None) -> Iterator[Writer]:
    """Take the lock and publish one new generation: all of the block, or nothing of it.

    Args:
        folder: the centre's folder.
        kind: what the generation is for, as it is listed: load, change, rollback ...
        wait: seconds to wait for another writer before giving up.
        threads: of the engine; None for its default.

    Raises:
        CenterBusy: another writer holds the lock.
        CenterError: the disk is full or refuses; the old state is whole.
    """
    with locked(folder, wait):
        current = folder.current()
        con = duckdb.connect(config={"threads": threads} if threads else {})
        writer = Writer(folder, con, current.generation + 1)
        try:
            kept_from, doomed = begin(writer, current, kind)
            yield writer
            finish(writer)
        except BaseException as error:
            with suppress(duckdb.Error):
                con.close()
            undo(writer)
            if isinstance(error, duckdb.IOException | OSError):
                raise CenterError(
                    f"{folder.path} could not be written ({first_line(error)}). Nothing was changed; free space or "
                    "permissions, then try again."
                ) from error
            raise
        remove([*doomed, *writer.spent, *(c for c in controls(folder) if number(c) < kept_from)])


@contextmanager
def locked(folder: Folder, wait: float) -> Iterator[None]:
    """Hold the writer's lock; the system lets it go when the process dies."""
    with folder.lock.open("a") as file:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise CenterBusy(
                        f"Another process is writing to {folder.path}. Wait until it is done, then try again."
                    ) from None
                time.sleep(0.05)
        yield


def begin(writer: Writer, current: Current, kind: str) -> tuple[int, list[Path]]:
    """Copy the control file, and clear away what a killed writer left.

    Returns:
        The oldest generation that is kept once this one is published, and the files that only older ones name.
    """
    folder, con = writer.folder, writer.con
    shutil.rmtree(folder.work, ignore_errors=True)
    folder.work.mkdir(mode=0o700)
    remove([c for c in controls(folder) if number(c) > current.generation])
    control = folder.control(writer.generation)
    shutil.copyfile(current.control, control)
    con.execute(f"SET temp_directory = {quoted(folder.work)}")
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"ATTACH {quoted(control)} AS control")
    listed = {file for (file,) in con.execute('SELECT file FROM control.segments UNION ALL FROM (SELECT file FROM control.retired)').fetchall()}
    remove([path for path in folder.stores.glob("*/*") if str(path.relative_to(folder.path)) not in listed])
    con.execute("INSERT INTO control.generations VALUES (?, ?, ?)", [writer.generation, utc_now(), kind])
    kept_from = oldest_kept(con, writer.generation)
    doomed = con.execute("DELETE FROM control.retired WHERE generation <= ? RETURNING file", [kept_from]).fetchall()
    con.execute("DELETE FROM control.generations WHERE generation < ?", [kept_from])
    return kept_from, [folder.path / file for (file,) in doomed]


def oldest_kept(con: duckdb.DuckDBPyConnection, newest: int) -> int:
    """The oldest generation that a reader may still hold: one of the last three, or current within the last day."""
    row = con.execute(
        """SELECT min(generation) FROM (SELECT generation, lead("at") OVER (ORDER BY generation) AS until
        FROM control.generations) WHERE generation > ? OR until IS NULL OR until > ?""",
        [newest - KEPT_GENERATIONS, utc_now() - KEPT_FOR],
    ).fetchone()
    return int(row[0]) if row else newest


def finish(writer: Writer) -> None:
    """Make the new files durable, then let CURRENT name them: this is the commit."""
    folder, con = writer.folder, writer.con
    con.execute("CHECKPOINT control")
    con.execute("DETACH control")
    con.close()
    for path in writer.written:
        sync(path)
    for store in {path.parent for path in writer.written}:
        sync(store)
    if writer.written:
        sync(folder.stores)
    sync(folder.control(writer.generation))
    point(folder, writer.generation)
    shutil.rmtree(folder.work, ignore_errors=True)


def undo(writer: Writer) -> None:
    """Remove what an abandoned generation wrote, unless CURRENT already names it."""
    with suppress(OSError, CenterError):
        if writer.folder.current().generation < writer.generation:
            control = writer.folder.control(writer.generation)
            remove([*writer.written, control, control.with_name(control.name + ".wal")])
    shutil.rmtree(writer.folder.work, ignore_errors=True)


def point(folder: Folder, generation: int) -> None:
    """Replace CURRENT."""
    new = folder.pointer.with_name("CURRENT.new")
    new.write_text(
        json.dumps({"format": FORMAT, "generation": generation, "control": folder.control(generation).name}), "utf-8"
    )
    sync(new)
    os.replace(new, folder.pointer)
    sync(folder.path)


def controls(folder: Folder) -> list[Path]:
    """The control files that lie there, and their write-ahead logs."""
    return [path for path in folder.path.glob("control.*") if path.name.split(".")[1].isdigit()]


def number(control: Path) -> int:
    """The generation of a control file, from its name."""
    return int(control.name.split(".")[1])


def remove(paths: Iterable[Path]) -> None:
    """Delete files that nothing names any more; one that is already gone is no matter."""
    for path in paths:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def utc_now() -> datetime:
    """The machine's clock as naive UTC, in whole milliseconds: how long generations are kept is a physical matter."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
