"""Publishing: new files first, then one replacement of CURRENT; killed anywhere, the old or the new state is whole.

A writer copies the control file to the next number and changes the copy, writes new segments beside the old ones,
syncs files and folders, and replaces CURRENT. What no kept generation names is swept, also what a killed writer left:
the folder `work` is there from a writer's first step to its last, so one that finds it there clears up first.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from okireports.disk import older, sweep
from okireports.disk.abreast import abreast
from okireports.disk.folder import FORMAT, Current, Folder, damaged, first_line, quoted
from okireports.disk.segments import STORAGE, WITHOUT_LOG, NewSegment, Segment, attach, write_segment
from okireports.errors import CenterBusy, CenterError, DamagedCenter, NotACenter
from okireports.tables import CONTROL, CONTROL_MODEL

FIRST = 1  # the generation of a new centre
BLOCK = 16_384  # of the control file: its tables are many and small, and each change copies them
FAILURES = (OSError, duckdb.IOException, duckdb.FatalException, duckdb.TransactionException)  # what a full disk raises


@dataclass
class Writer:
    """The one writer: `con` has the coming control file attached as `control`."""

    folder: Folder
    con: duckdb.DuckDBPyConnection
    generation: int
    written: list[Path] = field(default_factory=list)
    spent: list[Path] = field(default_factory=list)  # what may go once the generation is published

    def add(self, segments: Sequence[NewSegment]) -> None:
        """Write segments side by side and list them; one that turns out to have no row is not written."""
        for row in abreast(self.con, self._write, segments):
            names = ", ".join(f'"{name}"' for name in row)
            values = ", ".join(f"${name}" for name in row)
            if row:
                self.con.execute(f"INSERT INTO control.segments ({names}) VALUES ({values})", row)

    def _write(self, con: duckdb.DuckDBPyConnection, new: NewSegment) -> dict[str, object]:
        """Write one segment; gives its row of `segments`, an empty one where there is nothing to write."""
        for alias, segment in new.old.items():
            attach(con, self.folder, segment, alias)
        try:
            if new.old and not con.execute(f"SELECT 1 FROM ({new.select}) LIMIT 1").fetchone():
                return {}
            store = self.folder.store(new.project_id)
            store.mkdir(mode=0o700, exist_ok=True)
            path = store / f"{new.table}.{new.stretch}.{self.generation:06d}.duckdb"
            self.written.append(path)
            row = write_segment(con, path, new)
            return row | {"file": str(path.relative_to(self.folder.path)), "generation": self.generation}
        finally:
            for alias in new.old:
                con.execute(f"DETACH {alias}")

    def retire(self, segment: Segment) -> None:
        """Take a segment off the list; its file stays for those who read an older generation."""
        self.con.execute("DELETE FROM control.segments WHERE file = ?", [segment.file])
        self.con.execute("INSERT INTO control.retired VALUES (?, ?)", [segment.file, self.generation])


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
    folder.changeable()
    folder.current()  # a folder that is no centre is not even touched
    with locked(folder, wait):
        current = folder.current()
        with publishing(folder, current.generation + 1, kind, lambda writer: copy(writer, current), threads) as writer:
            yield writer


@contextmanager
def create(folder: Folder) -> Iterator[Writer]:
    """Make a new centre; what the block puts into its empty control file is published as the first generation.

    Raises:
        CenterError: the folder is not empty, or cannot be written; nothing is left of the attempt.
    """
    parts = (folder.stores, folder.journal, folder.rejects, folder.work)
    lay_out(folder, parts)
    try:
        with locked(folder, 0), publishing(folder, FIRST, "create", empty) as writer:
            yield writer
    finally:
        if not folder.pointer.exists():
            with suppress(OSError):
                sweep.remove([folder.secret, folder.lock])
                for part in parts:
                    shutil.rmtree(part, ignore_errors=True)


def lay_out(folder: Folder, parts: tuple[Path, ...]) -> None:
    """Make the folders and the secret of a new centre; of two who try it at once, one wins."""
    taken = CenterError(f"{folder.path} is not empty. Choose a new folder, or open the centre that is there.")
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        if any(folder.path.iterdir()):
            raise taken
        descriptor = os.open(folder.secret, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        sync(folder.secret)
        for part in parts:
            part.mkdir(mode=0o700)
        sync(folder.path.absolute().parent)
    except FileExistsError:
        raise taken from None
    except OSError as error:
        raise CenterError(f"{folder.path} cannot be made ({first_line(error)}). Choose another folder.") from error


@contextmanager
def publishing(
    folder: Folder, generation: int, kind: str, begin: Callable[[Writer], None], threads: int | None = None
) -> Iterator[Writer]:
    """Make the next generation; when anything fails, nothing of it stays."""
    writer = Writer(folder, duckdb.connect(config={"threads": threads} if threads else {}), generation)
    try:
        begin(writer)
        yield writer
        over = finish(writer, kind)
    except BaseException as error:
        with suppress(duckdb.Error):
            writer.con.close()
        published = undo(writer)
        if isinstance(error, FAILURES) and concerns(folder, error):
            raise failure(folder, error, published) from error
        raise
    sweep.finished(folder, over)


@contextmanager
def locked(folder: Folder, wait: float) -> Iterator[None]:
    """Hold the writer's lock; the system lets it go when the process dies."""
    try:
        file = folder.lock.open("a")
    except OSError as error:
        raise CenterError(f"{folder.path} cannot be written ({first_line(error)}). Nothing was changed.") from error
    with file:
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


def copy(writer: Writer, current: Current) -> None:
    """Begin with a copy of the published control file, and clear away what a killed writer left."""
    folder, con = writer.folder, writer.con
    killed = folder.work.exists()
    if not killed:
        folder.work.mkdir(mode=0o700)
    control = folder.control(writer.generation)
    shutil.copyfile(current.control, control)
    con.execute(f"SET temp_directory = {quoted(folder.work)}")
    con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    try:
        con.execute(f"ATTACH {quoted(control)} AS control ({WITHOUT_LOG})")
    except duckdb.Error as error:
        if not damaged(error):
            raise
        raise DamagedCenter(
            f"{current.control} is damaged: it cannot be opened. Nothing was changed; restore it from a backup."
        ) from error
    if current.model != CONTROL_MODEL:
        older.bring_up(con)
    if killed:
        sweep.clear(folder, con, writer.generation)


def empty(writer: Writer) -> None:
    """Begin with the tables of a control file, without a row."""
    folder, con = writer.folder, writer.con
    con.execute(f"SET temp_directory = {quoted(folder.work)}")
    con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    control = quoted(folder.control(writer.generation))
    con.execute(f"ATTACH {control} AS control (STORAGE_VERSION '{STORAGE}', {WITHOUT_LOG}, BLOCK_SIZE {BLOCK})")
    con.execute("USE control")
    for table in CONTROL.values():
        con.execute(table.ddl)
    con.execute("USE memory")


def finish(writer: Writer, kind: str) -> list[Path]:
    """Make the new files durable, then let CURRENT name them: this is the commit.

    Returns:
        What may be removed now.
    """
    folder, con = writer.folder, writer.con
    con.execute("INSERT INTO control.generations VALUES (?, ?, ?)", [writer.generation, sweep.utc_now(), kind])
    oldest, files = sweep.retire_old(con, writer.generation)
    con.execute("CHECKPOINT control")
    con.execute("DETACH control")
    con.close()
    for path in writer.written:
        sync(path)
    for store in sorted({path.parent for path in writer.written}):
        sync(store)
    if writer.written:
        sync(folder.stores)
    sync(folder.control(writer.generation))
    point(folder, writer.generation)
    old = [control for control in sweep.controls(folder) if sweep.number(control) < oldest]
    return [*(folder.path / file for file in files), *writer.spent, *old]


def point(folder: Folder, generation: int) -> None:
    """Replace CURRENT."""
    control = folder.control(generation)
    said = {"format": FORMAT, "generation": generation, "control": control.name, "bytes": control.stat().st_size}
    said["model"] = CONTROL_MODEL
    folder.upcoming.write_text(json.dumps(said), "utf-8")
    sync(folder.upcoming)
    sync(folder.path)  # the names of the new files, before the one that points at them
    os.replace(folder.upcoming, folder.pointer)
    sync(folder.path)


def undo(writer: Writer) -> bool:
    """Remove what an abandoned generation wrote; tells whether CURRENT already names it, and so nothing is removed."""
    folder = writer.folder
    try:
        published = folder.current().generation >= writer.generation
    except NotACenter:
        published = False
    except CenterError:  # then nothing is safe to remove; the next writer clears
        return False
    if not published:
        with suppress(OSError):
            made = [*writer.written, folder.control(writer.generation)]
            sweep.remove([*made, *(path.with_name(path.name + ".wal") for path in made), folder.upcoming])
            shutil.rmtree(folder.work, ignore_errors=True)
    return published


def concerns(folder: Folder, error: BaseException) -> bool:
    """Is it about the centre's own files, and not about a file that is being loaded?"""
    name = getattr(error, "filename", None)
    return name is None or folder.path.absolute() in Path(os.fsdecode(name)).absolute().parents


def failure(folder: Folder, error: BaseException, published: bool) -> CenterError:
    """What the disk's refusal means for the centre, in words."""
    said = first_line(error)
    if published:
        return CenterError(f"{folder.path} was changed, but the disk did not confirm it ({said}); check the disk.")
    if damaged(error):
        return DamagedCenter(f"A file of {folder.path} is damaged ({said}). Nothing was changed; restore it.")
    return CenterError(
        f"{folder.path} could not be written ({said}). Nothing was changed; free space or permissions, then try again."
    )


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
