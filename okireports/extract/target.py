"""Where an extract may lie, and how it gets there: whole, for its owner only, and over nothing that is there."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from okireports.disk import Folder
from okireports.disk.sealed import SUFFIX
from okireports.disk.writer import sync
from okireports.errors import BadOption, did_you_mean

WITHOUT_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP)  # what a file system says that knows no hard links


def checked(folder: Folder, path: str | os.PathLike[str]) -> Path:
    """The path of an extract that is to be made.

    Raises:
        BadOption: something is there already, be it a link; it lies in the centre; its folder is not there; or its name
            ends neither with .duckdb nor with nothing.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in (SUFFIX, "") or target.name in ("", ".."):
        raise BadOption(
            f"{target}: an extract is a file that ends with {SUFFIX}, or, without an ending, a folder of Parquet files."
            f"{did_you_mean(suffix, [SUFFIX])}"
        )
    refuse_taken(target)
    if not target.parent.is_dir():
        raise BadOption(f"There is no folder {str(target.parent)!r}: make it first, or write somewhere else.")
    centre, where = folder.path.resolve(), target.parent.resolve()
    if centre == where or centre in where.parents:
        raise BadOption(f"{target} lies in the centre, whose files are its own: write somewhere else.")
    return target


def refuse_taken(target: Path) -> None:
    """Refuse a path at which something is.

    Raises:
        BadOption: there is a file, a folder or a link.
    """
    if os.path.lexists(target):
        what = "a link" if target.is_symlink() else "a folder" if target.is_dir() else "a file"
        raise BadOption(f"{target} is there already ({what}), and an extract never replaces anything: take a new name.")


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """Where an extract is written before it takes its name; whatever goes wrong before leaves nothing."""
    work = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=target.parent))  # mode 0700
    try:
        written = work / "extract"
        yield written
        if written.is_dir():
            for file in written.rglob("*"):
                file.chmod(0o700 if file.is_dir() else 0o600)
                sync(file)
            written.chmod(0o700)
            sync(written)
            refuse_taken(target)  # an empty folder would be replaced
            os.rename(written, target)
        else:
            written.chmod(0o600)
            sync(written)
            try:
                os.link(written, target)  # unlike a renaming, it fails where something is
            except FileExistsError:
                refuse_taken(target)
                raise
            except OSError as error:
                if error.errno not in WITHOUT_LINKS:
                    raise
                refuse_taken(target)
                os.rename(written, target)
        sync(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)
