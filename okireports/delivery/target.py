"""Where an export goes: a folder, or a place in object storage that does the same.

In a folder each file is written under another name beside its place, forced to the disk, and renamed; files can be read
by their owner only (0600), and so can folders that are made (0700). What lies there already and is not replaced stays.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from okireports.disk import Folder
from okireports.disk.writer import sync
from okireports.errors import BadOption, DeliveryError
from okireports.export import appearing

HALF = re.compile(r"\.[a-z0-9_]{8}\.part")  # what a file is called while it is written
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)
NOTHING = (errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.ENAMETOOLONG)  # no file, but a link, or what else there is


class Target(Protocol):
    """A place for files, by names with slashes."""

    @property
    def path(self) -> str:
        """Where it is, for people."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While files are put there."""

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading; FileNotFoundError where there is none that is no link."""

    def put(self, name: str, save: Callable[[Path], object]) -> tuple[int, str]:
        """Let a file be written and appear there, whole or not at all; gives its bytes and its checksum."""

    def write(self, name: str, said: bytes) -> tuple[int, str]:
        """Put a small file there."""

    def append(self, name: str, line: bytes) -> None:
        """Add a line to a file, where the place can do so."""

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""

    def clear(self) -> None:
        """Take away what a killed export left half-written."""

    def names(self) -> Iterator[str]:
        """The names of all files that lie there."""


def target_of(dest: str | os.PathLike[str], centre: Folder | None = None) -> Target:
    """The place that an address means.

    Args:
        dest: a path, or s3://bucket/prefix.
        centre: whose rows are to go there; None: nothing is written.

    Raises:
        BadOption: it cannot be understood, or lies in the centre.
    """
    try:
        text = os.fspath(dest)
    except TypeError:
        text = ""
    if not isinstance(text, str) or not text or "\0" in text:
        raise BadOption(f"{dest!r} is no place: name a folder, or s3://bucket/prefix.")
    if "://" not in text:
        return Disk.checked(Path(text), centre)
    if not text.startswith("s3://"):
        kind = text.partition("://")[0]
        raise BadOption(f"An export goes to a folder or to s3://bucket/prefix, not to {kind}://; see docs/exports.md.")
    from okireports.delivery.bucket import Bucket

    return Bucket.at(text)


def checksum(file: IO[bytes]) -> tuple[int, str]:
    """How many bytes a file has, and their checksum."""
    found, size = hashlib.sha256(), 0
    while part := file.read(1 << 20):
        found.update(part)
        size += len(part)
    return size, found.hexdigest()


def read(target: Target, name: str) -> bytes | None:
    """What stands in a small file; None where there is none."""
    try:
        with reading(f"{target.path}/{name}"), target.open(name) as file:
            return file.read()
    except FileNotFoundError:
        return None


@dataclass(frozen=True)
class Disk:
    """A folder."""

    folder: Path

    @classmethod
    def checked(cls, folder: Path, centre: Folder | None) -> Disk:
        """The folder at a path; one that is to be written is not a link, and neither in the centre nor around it."""
        if centre is not None:
            with telling(str(folder)):
                cls._check(folder, centre)
        return cls(folder)

    @staticmethod
    def _check(folder: Path, centre: Folder) -> None:
        if folder.is_symlink():
            raise DeliveryError(f"{folder} is a link: an export goes to a folder; name the one that it leads to.")
        if folder.exists() and not folder.is_dir():
            raise DeliveryError(f"{folder} is a file: an export goes to a folder; take another name.")
        if not folder.absolute().parent.is_dir():
            raise DeliveryError(f"There is no folder {str(folder.parent)!r}: make it first, or export somewhere else.")
        here, where = centre.path.resolve(), folder.resolve()
        if here == where or here in where.parents or where in here.parents:
            raise DeliveryError(f"{folder} lies in the centre or around it: export somewhere else.")

    @property
    def path(self) -> str:
        """Where it is."""
        return str(self.folder)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make the folder, and keep other exports out of it for as long.

        Raises:
            DeliveryError: it cannot be written, or another export is at it.
        """
        with telling(self.path):
            if not self.folder.is_dir():
                self.folder.mkdir(mode=0o700, exist_ok=True)  # another export may have made it just now
                sync(self.folder.absolute().parent)
            if not os.access(self.folder, os.W_OK | os.X_OK):
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))
            held = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)  # it may be a link by now
        try:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DeliveryError(f"Another export is writing to {self.folder}: wait for it, and repeat.") from None
            except OSError:  # a file system without locks
                pass
            yield
        finally:
            os.close(held)

    def place(self, name: str) -> Path:
        """Where a file lies.

        Raises:
            DeliveryError: a folder on the way is a link, which would lead elsewhere.
        """
        path = self.folder
        for part in name.split("/"):
            if path != self.folder and path.is_symlink():
                raise DeliveryError(f"{path} is a link: an export writes and reads folders only; remove it.")
            path = path / part
        return path

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading."""
        path = self.place(name)
        try:
            number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # of a pipe nobody waits for the end
        except OSError as error:
            if error.errno in NOTHING:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from None
            raise
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return os.fdopen(number, "rb")

    def put(self, name: str, save: Callable[[Path], object]) -> tuple[int, str]:
        """Let a file be written under its name; `save` lets it appear whole."""
        path = self.place(name)
        with telling(str(path)):
            self._make(path.parent)
            save(path)
            with self.open(name) as file:
                return checksum(file)

    def write(self, name: str, said: bytes) -> tuple[int, str]:
        """Put a small file there."""

        def save(path: Path) -> None:
            with appearing(path) as file:
                file.write(said)

        return self.put(name, save)

    def append(self, name: str, line: bytes) -> None:
        """Add a line to a file."""
        path = self.place(name)
        with telling(str(path)):
            number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            with os.fdopen(number, "ab") as file:
                file.write(line)

    def remove(self, name: str) -> None:
        """Take a file away."""
        path = self.place(name)
        with telling(str(path)):
            if os.path.lexists(path):
                path.unlink()
                sync(path.parent)

    def clear(self) -> None:
        """Take away what was left half-written in the folder and in those below it."""
        with telling(self.path):
            for path in self.folder.rglob(".*.part"):
                if HALF.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                    path.unlink(missing_ok=True)

    def names(self) -> Iterator[str]:
        """The names of all files."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_symlink() or not path.is_dir():
                yield path.relative_to(self.folder).as_posix()

    def _make(self, folder: Path) -> None:
        """Make a folder, and those above it."""
        if folder != self.folder and not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
            sync(folder.parent)


@contextmanager
def telling(path: str) -> Iterator[None]:
    """Say what the system says about writing to a place, and what to do.

    Raises:
        DeliveryError: the disk is full, or refuses.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            what = "There is no room left. Make some, or export somewhere else"
        elif error.errno in CLOSED:
            what = "It cannot be written by you. Change that, or export somewhere else"
        else:
            what = f"It cannot be written ({told(error)}). Look at it"
        raise DeliveryError(f"{path}: {what}; then repeat the export, which goes on where it stopped.") from error


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Say what the system says about reading a file; of one that is not there nothing is said.

    Raises:
        DeliveryError: it is there, and cannot be read.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DeliveryError(f"{path} cannot be read ({told(error)}): look at it, and repeat.") from error


def told(error: OSError) -> str:
    """What the system says, as one line."""
    return next(iter(str(error.strerror or error).strip().splitlines()), "it does not say why")
