"""Runs of schedules that are killed on purpose, or made by several processes at once; see `killer.py`.

A line of JSON asks for one pass: {"center": folder, "now": instant, "step": n, "runners": how many at once}. A child
counts its steps (of the file system, of the mail connection) and sends itself SIGKILL just before the n-th one; half of
a line of the diary is written then. The answer has "killed", the "labels" of the steps where a child came to its end,
and the "states" of its runs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import smtplib
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import okireports
import okireports.faces
import okireports.schedule.table  # what a child needs is imported once, before it is forked
import posting
from okireports.delivery import Exported, ProjectFolder

WRITE = os.write
PLACES = (
    (os, "replace"),
    (os, "fsync"),
    (os, "unlink"),
    (os, "rmdir"),
    (Path, "mkdir"),
    (Path, "unlink"),
    (shutil, "rmtree"),
    (shutil, "copyfile"),
    (smtplib.SMTP, "connect"),
    (smtplib.SMTP, "getreply"),
)


class Steps:
    """Counts steps; the one that is the last never happens, or happens by half."""

    def __init__(self, last: int) -> None:
        self.last, self.labels = last, []  # type: int, list[str]

    def __call__(self, label: str, by_half: Callable[[], object] = lambda: None) -> None:
        self.labels.append(label)
        if len(self.labels) == self.last:
            by_half()
            os.kill(os.getpid(), signal.SIGKILL)


def watch(steps: Steps) -> None:
    """Count what is asked of the file system and of the mail connection."""

    def counted(label: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            steps(label)
            return real(*args, **kwargs)

        return call

    for owner, name in PLACES:
        setattr(owner, name, counted(name, getattr(owner, name)))
    send = smtplib.SMTP.send

    def sent(smtp: smtplib.SMTP, said: Any) -> None:
        steps("content" if len(said) > 200 else "send")
        send(smtp, said)

    def written(number: int, said: bytes) -> int:
        steps("accepted" if b'"accepted"' in said else "write", lambda: WRITE(number, said[: len(said) // 2]))
        return WRITE(number, said)

    setattr(smtplib.SMTP, "send", sent)  # noqa: B010 - as in `killed.py`
    setattr(os, "write", written)  # noqa: B010


class Plainly(posting.Maker):
    """Makes files of a few words: what a report does when it is killed is seen elsewhere."""

    def export(self, order: posting.Order) -> Exported:
        root = Path(order.dest)
        root.mkdir(mode=0o700, exist_ok=True)
        folders = []
        for id in order.projects:
            folder = root / f"{id:04d}"
            folder.mkdir(mode=0o700, exist_ok=True)
            path = folder / "words.csv"
            path.write_text(f"project\n{id}\n")
            folders.append(ProjectFolder(id, str(id), str(folder), (posting.file_of(path),)))
        return Exported(str(root), tuple(folders), {})


def passed(center: okireports.Center, wait: float = 20.0) -> list[str]:
    """The states of a pass."""
    return posting.states(posting.runner(center, Plainly(center), wait=wait).due())


def child(asked: dict[str, Any], begin: int, answer: int) -> None:
    """One pass, when all are ready."""
    steps = Steps(asked["step"])
    center = okireports.open(asked["center"], now=datetime.fromisoformat(asked["now"]))
    os.read(begin, 1)
    watch(steps)
    found = passed(center)
    WRITE(answer, json.dumps({"labels": steps.labels, "states": found}).encode())
    os._exit(0)


def main() -> None:
    """Answer until there is no further line."""
    for line in sys.stdin:
        asked = json.loads(line)
        begin, starting = os.pipe()
        children = []
        for _ in range(asked.get("runners", 1)):
            reading, writing = os.pipe()
            number = os.fork()
            if number == 0:
                child(asked, begin, writing)
            os.close(writing)
            children.append((number, reading))
        WRITE(starting, b"." * len(children))
        answer: dict[str, Any] = {"killed": False, "labels": [], "states": []}
        for number, reading in children:
            with os.fdopen(reading) as said:
                told = said.read()
            _, status = os.waitpid(number, 0)
            answer["killed"] |= os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            if told:
                answer["labels"] += json.loads(told)["labels"]
                answer["states"] += json.loads(told)["states"]
        os.close(begin)
        os.close(starting)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
