"""Syncs of a lake that are killed on purpose; `test_lake.py` starts this file and talks to it in lines.

A line of JSON asks for one sync: {"center": folder, "to": folder, "step": n}. A child counts what it asks of the file
system and of DuckDB, and sends itself SIGKILL just before the n-th thing; what is being forced to the disk is left
half-written then. The answer is {"killed": true}, or, where the sync came to its end, {"killed": false, "steps": n}.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import loaded
import okireports
import okireports.lake.syncing  # what a child needs is imported once, before it is forked
from killed import Steps

WATCHED = ((os, "replace"), (os, "fsync"), (Path, "unlink"), (Path, "mkdir"), (tempfile, "mkstemp"))


def watch(steps: Steps) -> None:
    """Count what is asked of the file system."""

    def counted(real: Any, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            def half() -> None:
                if name == "fsync" and os.path.isfile(f"/proc/self/fd/{args[0]}"):
                    os.truncate(f"/proc/self/fd/{args[0]}", os.fstat(args[0]).st_size // 2)

            steps(half)
            return real(*args, **kwargs)

        return call

    for owner, name in WATCHED:
        setattr(owner, name, counted(getattr(owner, name), name))


def main() -> None:
    """Answer until there is no further line."""
    for said in sys.stdin:
        asked = json.loads(said)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            steps = Steps(asked["step"])
            center = okireports.open(asked["center"], now=loaded.NOW)
            watch(steps)
            center.lake.sync(asked["to"])
            os.write(writing, str(steps.count).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reading) as told:
            count = told.read()
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print(json.dumps({"killed": killed, "steps": int(count or 0)}), flush=True)


if __name__ == "__main__":
    main()
