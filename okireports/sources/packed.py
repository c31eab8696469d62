"""Files inside what was given, packed or not: `calls.csv`, `calls.csv.gz`, `calls.csv.zst`, members of `export.zip`.

A packed file is unpacked, piece by piece, to the disk when it is opened: memory stays bounded, and every line can be
found again.
"""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa

from okireports.errors import LoadError
from okireports.sources import folder
from okireports.sources.feed import Scratch
from okireports.sources.remote import Bytes

PACKINGS = (".gz", ".zst")
ARCHIVE = ".zip"
_PIECE = 1 << 20


@dataclass(frozen=True)
class Found:
    """One file to read: where it lies, how messages call it, and what it is called once unpacked.

    Args:
        path: the file on the disk; of a member, its archive.
        name: the path inside what was given; of a member, `export.zip/calls.csv`.
        inner: the path without packing and archive: `calls.csv`.
        member: the name inside the archive; None for other files.
    """

    path: Path
    name: str
    inner: PurePosixPath
    member: str | None = None

    @property
    def kind(self) -> str:
        """The suffix once unpacked, in lower case."""
        return self.inner.suffix.lower()

    def meant_by(self, pattern: str | None) -> bool:
        """Does a mapping's `file` mean it, by the name that it has here or by that within?"""
        return folder.means(pattern, str(self.inner)) or (pattern is not None and folder.means(pattern, self.name))

    @property
    def is_packed(self) -> bool:
        """Is it compressed, or inside an archive?"""
        return self.member is not None or self.path.suffix.lower() in PACKINGS

    def open(self, scratch: Scratch) -> Path:
        """A plain file with its bytes: itself, or an unpacked copy.

        Raises:
            LoadError: it is empty, damaged, encrypted, or not what its name says.
        """
        path = self.unpack(scratch) if self.is_packed else self.path
        folder.check_kind(path, self.name, self.kind)
        return path

    def unpack(self, scratch: Scratch) -> Path:
        """An unpacked copy, whatever it holds.

        Raises:
            LoadError: it is damaged, or encrypted.
        """
        target = scratch.new(self.kind)
        try:
            with self._plain() as source, target.open("wb") as out:
                shutil.copyfileobj(source, out, _PIECE)
        except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile, pa.ArrowException, OSError) as error:
            told = getattr(error, "strerror", None) or str(error).splitlines()[0]
            problem = f"The file cannot be unpacked: {told}."
            raise LoadError(problem, file=self.name, hint="Fetch it once more, or unpack it yourself.") from error
        except (RuntimeError, NotImplementedError) as error:  # a password; a method that nobody here knows
            problem = f"The file cannot be unpacked: {error}."
            raise LoadError(problem, file=self.name, hint="Unpack it yourself and load the files.") from error
        return target

    @contextmanager
    def _plain(self) -> Iterator[Bytes]:
        if self.member is not None:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as source:
                yield source
        elif self.path.suffix.lower() == ".gz":
            with gzip.open(self.path) as source:
                yield source
        else:
            with pa.input_stream(str(self.path), compression="zstd") as source:
                yield source


def found(root: Path) -> Iterator[Found]:
    """All files of what was given, by name, those inside archives in the archive's place."""
    for path in folder.inside(folder.readable(root)):
        name = folder.name_in(root, path)
        suffix = path.suffix.lower()
        if suffix == ARCHIVE:
            yield from _members(path, name, path != root)
        else:
            inner = PurePosixPath(name)
            yield Found(path, name, inner.with_suffix("") if suffix in PACKINGS else inner)


def _members(path: Path, name: str, inside: bool) -> Iterator[Found]:
    parent = PurePosixPath(name).parent if inside else PurePosixPath()
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(m.filename for m in archive.infolist() if not m.is_dir())
    except (zipfile.BadZipFile, OSError) as error:
        raise LoadError(f"The archive cannot be opened: {error}.", file=name, hint="Fetch it once more.") from error
    for member in members:
        parts = PurePosixPath(member.replace("\\", "/")).parts
        if not any(part.startswith((".", "~$", "__MACOSX")) for part in parts):
            yield Found(path, f"{name}/{member}", parent.joinpath(*parts), member)
