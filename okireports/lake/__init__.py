"""A lake: the centre's facts as Parquet by table, project and month, for engines that are spread over machines."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from okireports.disk import Folder
from okireports.lake.reading import Lake
from okireports.lake.syncing import Synced

__all__ = ["Lake", "Lakes", "Synced"]


@dataclass(frozen=True)
class Lakes:
    """What of a centre lies in lakes."""

    folder: Folder

    def sync(self, dest: str | os.PathLike[str], *, progress: Callable[..., None] | None = None) -> Synced:
        """Bring a lake up to date: what changed since the last sync is written, and then counts all at once.

        The files hold every project's rows, as the centre's own files do, and are their owner's: 0600 in a folder.
        Repeat it after each load, and after each erasure, until which nothing is read from it.

        Args:
            dest: a folder of its own, file:///folder or s3://bucket/prefix; the first time an empty one.
            progress: called with the name of each step.

        Raises:
            LakeError: another centre's lake lies there.
            DeliveryError, BadOption: it cannot be written there; what was there still counts.
        """
        from okireports.lake.reading import place
        from okireports.lake.syncing import sync

        self.folder.changeable()
        return sync(self.folder, place(dest, self.folder), progress or (lambda name: None))
