"""Loads that are killed on purpose; `test_crash.py` starts this file as a process of its own and talks to it in lines.

A line of JSON asks for one load: {"center": folder, "files": folder, "kind": "system" or "engine", "step": n}. A child
counts its steps and sends itself SIGKILL just before the n-th one; a copy or a text is left half-written then. With
{"delay": seconds} it is killed from outside after that time. The answer is {"killed": true}, or, where the load came to
its end, {"killed": false, "steps": how many there were, "seconds": how long it took}.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

import growing
import okireports
import okireports.faces  # what a child needs is imported once, before it is forked

SYSTEM = ((os, "replace"), (os, "fsync"), (os, "unlink"), (os, "rmdir"), (Path, "mkdir"))
TORN = ((shutil, "copyfile"), (Path, "write_text"))


class Steps:
    """Counts steps; the one that is the last never happens, or happens by half."""

    def __init__(self, last: int) -> None:
        self.last, self.count = last, 0

    def __call__(self, by_half: Callable[[], object] = lambda: None) -> None:
        self.count += 1
        if self.count == self.last:
            by_half()
            os.kill(os.getpid(), signal.SIGKILL)


def watch_system(steps: Steps) -> None:
    """Count what is asked of the file system."""

    def counted(real: Callable[..., Any], by_half: Callable[..., object] | None) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            steps((lambda: by_half(*args)) if by_half else lambda: None)
            return real(*args, **kwargs)

        return call

    def half_copy(source: Path, target: Path, *_: Any) -> None:
        whole = Path(source).read_bytes()
        Path(target).write_bytes(whole[: len(whole) // 2])

    def half_text(target: Path, text: str, *_: Any) -> None:
        target.write_bytes(text.encode()[: len(text) // 2])

    for owner, name in SYSTEM:
        setattr(owner, name, counted(getattr(owner, name), None))
    for (owner, name), by_half in zip(TORN, (half_copy, half_text), strict=True):
        setattr(owner, name, counted(getattr(owner, name), by_half))


def watch_engine(steps: Steps) -> None:
    """Count the statements that go to DuckDB, and the closing of its connections."""
    connect = duckdb.connect

    class Watched:
        def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
            self.con = con

        def __getattr__(self, name: str) -> Any:
            if name in ("execute", "executemany", "close"):
                steps()
            return getattr(self.con, name)

    def watched(*args: Any, **kwargs: Any) -> Any:
        return Watched(connect(*args, **kwargs))

    setattr(duckdb, "connect", watched)  # noqa: B010 - a plain assignment would have to match the real one's type


def main() -> None:
    """Answer until there is no further line."""
    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        start = time.monotonic()
        child = os.fork()
        if child == 0:
            steps = Steps(asked["step"])
            {"system": watch_system, "engine": watch_engine}[asked["kind"]](steps)
            okireports.open(asked["center"], now=growing.NOW).load(asked["files"])
            os.write(writing, str(steps.count).encode())
            os._exit(0)
        os.close(writing)
        if "delay" in asked:
            time.sleep(asked["delay"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reading) as said:
            count = said.read()
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        seconds = time.monotonic() - start
        print(json.dumps({"killed": killed, "steps": int(count or 0), "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
