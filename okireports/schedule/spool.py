"""Where files lie that are on their way into messages: outside the centre, for its owner only, until the run is over.

The place follows from the centre's path, so that whoever takes up a run that was killed finds what was made, and a pass
removes what nobody will take up.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from okireports.disk import Folder
from okireports.schedule.diary import Diary, diaries

TRIES = 3


def spool(folder: Folder, diary: Diary) -> Path:
    """The folder of a run's files on their way, which is made where it is not there.

    Raises:
        PermissionError: something of another user's lies in its place.
    """
    place = place_of(folder)
    run = place / diary.path.stem
    for _ in range(TRIES):
        owned(place)
        with suppress(FileNotFoundError):  # another runner's pass found the place empty
            run.mkdir(mode=0o700, exist_ok=True)
            break
    return run


def sweep(folder: Folder) -> None:
    """Remove the files of runs that are over, or of which there is no diary any more.

    A run has a diary before it has files: what lies there is looked at first, so that one that just began is known.
    """
    place = place_of(folder)
    found: list[Path] = []
    with suppress(OSError):  # there is none, or it is somebody else's, of which `spool` tells
        found = [] if place.is_symlink() else list(place.iterdir())
    kept = {diary.path.stem for diary in diaries(folder) if not diary.over}
    for run in found:
        if run.name not in kept:
            shutil.rmtree(run, ignore_errors=True)
    with suppress(OSError):
        place.rmdir()


def place_of(folder: Folder) -> Path:
    """The folder of all runs of a centre."""
    said = f"{os.getuid()}\0{folder.path.resolve()}"
    return Path(tempfile.gettempdir()) / f"okireports-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def owned(place: Path) -> None:
    """Make a folder that only its owner enters; one that somebody else has put there is not used.

    Raises:
        PermissionError: it is a link, another user's, or open to others.
    """
    place.mkdir(mode=0o700, exist_ok=True)
    found = place.lstat()
    if place.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{place} is not a folder of yours alone: remove it, or set TMPDIR to another place.")
