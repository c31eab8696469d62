"""Is what lies there what the manifest says?"""

from __future__ import annotations

import os
from dataclasses import dataclass

from okireports.delivery import manifest
from okireports.delivery.target import read, target_of
from okireports.errors import DeliveryError


@dataclass(frozen=True)
class Verified:
    """What was found of an export, or of one project's folder of it: names of files, relative to it.

    `files` is how many the manifest names; `missing` are not there, `changed` are not what it says, of `additional`
    it says nothing.
    """

    path: str
    files: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    additional: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Is everything there as it was made? What lies there beside it does not count."""
        return not (self.missing or self.changed)


def verify(path: str | os.PathLike[str]) -> Verified:
    """Compare an export, or one project's folder, with its manifest: every file is read.

    Args:
        path: a folder, or s3://bucket/prefix.

    Raises:
        DeliveryError: there is no manifest, or it is not one; a file cannot be read.
        BadOption: the path cannot be understood.
        NewerFormat: a newer okireports wrote it.
    """
    target = target_of(path)
    said = read(target, manifest.NAME)
    if said is None:
        unfinished = read(target, manifest.RECORD) is not None
        why = "the export was not finished; repeat it" if unfinished else "it is no export, or not a whole one"
        raise DeliveryError(f"{target.path} holds no {manifest.NAME}: {why}.")
    entries = {e["path"]: e for e in manifest.understood(said, f"{target.path}/{manifest.NAME}")["files"]}
    there = set(target.names()) - {manifest.NAME, manifest.RECORD}
    missing = sorted(entries.keys() - there)
    changed = [n for n in sorted(entries.keys() & there) if not manifest.right(target, n, entries[n])]
    return Verified(target.path, len(entries), tuple(missing), tuple(changed), tuple(sorted(there - entries.keys())))
