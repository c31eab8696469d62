"""Keeping up with a folder or a database: what is new is loaded, and what was loaded is left alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

from okireports.disk import Folder
from okireports.loading.batch import LoadResult
from okireports.loading.history import NothingNew
from okireports.loading.load import load


def sync(
    folder: Folder,
    path: str | os.PathLike[str],
    *,
    source: str | os.PathLike[str] = "canonical",
    timezone: str | None = None,
    encoding: str | None = None,
    ambiguous: str = "earlier",
    create_missing: bool = False,
    strict: bool = False,
    whole: bool = False,
    actor: str = "system",
    now: datetime,
    progress: Callable[[str], None] = lambda step: None,
) -> LoadResult | None:
    """Load what a folder or a database has that no earlier load has read in this manner.

    A file that is new, or whose content has changed, is read; a database's query goes on from its watermark. What
    arrives later counts: a row that comes again with other content replaces the one that is there. Of files that are
    read together, the one whose name sorts last counts. A sync that was interrupted has published nothing, and is
    resumed by being repeated.

    Args:
        folder: the centre's folder.
        path: a folder of files, one file, or the URL of a database.
        source: as for `load`.
        timezone: as for `load`.
        encoding: as for `load`.
        ambiguous: as for `load`.
        create_missing: as for `load`.
        strict: as for `load`.
        whole: read everything again, for instance after definitions have changed; rows that are there stay as they are.
        actor: as for `load`.
        now: as for `load`.
        progress: as for `load`.

    Returns:
        What the load did; None when there was nothing new, and then nothing was written.

    Raises:
        LoadError, CenterBusy: as `load`.
    """
    try:
        return load(
            folder,
            path,
            source=source,
            timezone=timezone,
            encoding=encoding,
            ambiguous=ambiguous,
            create_missing=create_missing,
            strict=strict,
            actor=actor,
            now=now,
            progress=progress,
            reading="all" if whole else "new",
        )
    except NothingNew:
        return None
