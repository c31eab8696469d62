"""A centre on disk: immutable files, one pointer that says which of them count, one writer at a time."""

from __future__ import annotations

from okireports.disk.folder import FORMAT, Current, Folder, Reading
from okireports.disk.sealed import Seal, Sealed, place
from okireports.disk.segments import NewSegment, Segment, attach, segments_of
from okireports.disk.sweep import last_load
from okireports.disk.writer import Writer, create, write

__all__ = [
    "FORMAT",
    "Current",
    "Folder",
    "NewSegment",
    "Reading",
    "Seal",
    "Sealed",
    "Segment",
    "Writer",
    "attach",
    "create",
    "last_load",
    "place",
    "segments_of",
    "write",
]
