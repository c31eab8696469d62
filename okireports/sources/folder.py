"""What lies in the folder that was given: which files there are, what they really are, and their checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from okireports.errors import LoadError
from okireports.sources.feed import SourceFile

SUFFIXES = (".csv", ".parquet", ".xlsx")
_PIECE = 1 << 20
_MAGIC = (
    (b"PAR1", ".parquet", "a Parquet file"),
    (b"PK\x03\x04", ".xlsx", "a ZIP archive, as XLSX files are"),
    (b"\xd0\xcf\x11\xe0", ".xls", "an old Excel (XLS) file"),
    (b"\x1f\x8b", ".gz", "a gzip archive"),
    (b"\x28\xb5\x2f\xfd", ".zst", "a Zstandard archive"),
    (b"%PDF", ".pdf", "a PDF file"),
)


def readable(root: Path) -> Path:
    """The path itself, when something is there."""
    if not root.exists():
        raise LoadError("There is nothing at this path.", file=str(root), hint="Give a folder or a file that exists.")
    return root


def inside(root: Path) -> Iterator[Path]:
    """All files of a folder and its subfolders by name (or the one file given); hidden and lock files are left out."""
    if root.is_file():
        yield root
        return
    for path in sorted(root.rglob("*"), key=Path.as_posix):
        if path.is_file() and not any(part.startswith((".", "~$")) for part in path.relative_to(root).parts):
            yield path


def name_in(root: Path, path: Path) -> str:
    """How messages and the load's record call a file: its path inside what was given."""
    return path.name if path == root else path.relative_to(root).as_posix()


def fingerprint(path: Path, name: str, size: int | None = None) -> SourceFile:
    """Name, SHA-256 and size of a file, or of its first `size` bytes; LoadError when it cannot be opened."""
    digest, read = hashlib.sha256(), 0
    try:
        left = path.stat().st_size if size is None else size
        with path.open("rb") as source:
            while piece := source.read(min(_PIECE, left - read)):
                digest.update(piece)
                read += len(piece)
        return SourceFile(name, digest.hexdigest(), read)
    except OSError as error:
        raise LoadError(f"The file cannot be opened: {error.strerror}.", file=name) from error


def check_kind(path: Path, name: str, suffix: str | None = None) -> None:
    """LoadError when a file is empty, or not what its suffix (of the path, unless another is given) says."""
    suffix = path.suffix.lower() if suffix is None else suffix
    try:
        with path.open("rb") as source:
            start = source.read(8)
    except OSError as error:
        raise LoadError(f"The file cannot be opened: {error.strerror}.", file=name) from error
    if not start.removeprefix(b"\xef\xbb\xbf"):
        raise LoadError("The file is empty: not even a header.", file=name)
    found = next(((kind, words) for magic, kind, words in _MAGIC if start.startswith(magic)), None)
    if found and found[0] != suffix:
        raise LoadError(
            f"The name says {suffix or 'text'}, but this is {found[1]}.", file=name, hint="Export it again."
        )
    if suffix in (".parquet", ".xlsx") and not found:
        raise LoadError(f"The name says {suffix}, but this is no such file.", file=name, hint="Export it again.")


def means(pattern: str | None, name: str) -> bool:
    """Does a mapping's `file` mean this file? Without one it means every table-like file."""
    if pattern is None:
        return Path(name).suffix.lower() in (*SUFFIXES, ".txt", ".tsv")
    return fnmatch(name, pattern) or fnmatch(Path(name).name, pattern)
