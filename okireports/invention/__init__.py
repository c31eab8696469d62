"""An invented centre: six projects, their operators and customers, with every table of the model filled.

The rows are generated with the engine, written as canonical files, and loaded as anybody's files are. The same seed
gives the same rows. All names are made up, and the numbers of customers cannot be dialled.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from okireports import access, loading
from okireports.disk import Folder
from okireports.invention.faults import FAULTS, checked
from okireports.invention.generate import generate
from okireports.invention.people import VIEWERS
from okireports.invention.plan import ZONE, Plan, planned

__all__ = ["FAULTS", "VIEWERS", "Plan", "make", "planned"]

ADMIN = "admin"
SET_UP = timedelta(days=13)  # so long before its files are loaded the centre is made


def make(
    folder: Folder, frame: Plan, *, faults: tuple[str, ...] = (), progress: Callable[[str], None] = lambda step: None
) -> list[loading.LoadResult]:
    """Make a centre in an empty folder and fill it.

    Args:
        folder: where.
        frame: how much, which days and which seed; see `planned`.
        faults: known faults to plant, by name; see `faults.FAULTS`.
        progress: called with the name of each step.

    Raises:
        BadOption: there is no such fault.
        CenterError: the folder is not empty.
    """
    planted = checked(faults)
    access.found(
        folder,
        timezone=ZONE,
        currency="PLN",
        security="improved",
        admin=ADMIN,
        now=(frame.now - SET_UP).replace(tzinfo=None),
        settings={"calling_code": "48"},
    )
    # Nobody's secret: with one of its own each centre would have other keys of the same invented customers.
    folder.secret.write_text(hashlib.sha256(f"okireports demo {frame.seed}".encode()).hexdigest(), "utf-8")
    results = []
    try:
        with tempfile.TemporaryDirectory(prefix=".demo-", dir=folder.path.absolute().parent) as scratch:
            for files in generate(frame, Path(scratch), faults=planted, progress=progress):
                results.append(loading.load(folder, files, actor=ADMIN, now=frame.now, progress=progress))
                shutil.rmtree(files)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return results
