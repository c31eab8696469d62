"""Who runs a schedule: one process at a time, of this machine or of others that share its disk.

The lease is a lock of the system on a file of the schedule's own. It is gone with the process that held it, however
that ended, so there is nothing to clear up and nothing that expires.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from okireports.disk import Folder


@contextmanager
def leased(folder: Folder, schedule_id: int) -> Iterator[bool]:
    """Hold a schedule's lease; gives whether it is held, or another process has it."""
    folder.runs.mkdir(mode=0o700, exist_ok=True)
    number = os.open(folder.runs / f"{schedule_id:06d}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(number)
