"""The diary of one run: a line for each thing that happened, forced to the disk before the next thing is begun.

A run writes only here, so it waits for no load, and whoever takes it up after it was killed knows what was sent. When
it is over, its row in the table `runs` is made of the diary, and the diary goes.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from okireports.disk import Folder
from okireports.disk.writer import sync

OVER = ("done", "incomplete", "failed", "refused", "stopped")
STAMP = "%Y%m%dT%H%M%S"


@dataclass
class Delivery:
    """One thing that is sent, or kept back. state: sending, accepted, refused, withheld."""

    kind: str  # mail, notice, webhook, folder
    recipient: str
    projects: list[int]
    message_id: str
    state: str
    at: str
    words: str = ""

    def sent_to(self, recipient: str) -> bool:
        """Is it a message to somebody that was accepted, or refused for good?"""
        return self.kind == "mail" and self.recipient == recipient and self.state in ("accepted", "refused")


@dataclass
class Diary:
    """A run: of which schedule, due when, and what its diary says."""

    path: Path
    schedule_id: int
    due: datetime  # naive UTC
    by_hand: bool = False
    begun: datetime | None = None
    ended: datetime | None = None
    attempts: int = 0
    stands_for: int = 1
    state: str = "running"
    reason: str = ""
    next: datetime | None = None  # not before this instant is it tried again
    work_s: float = 0.0
    projects: list[int] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    deliveries: dict[str, Delivery] = field(default_factory=dict)  # by message id

    @property
    def over(self) -> bool:
        """Has the run ended for good?"""
        return self.state in OVER

    def write(self, event: str, **said: Any) -> None:
        """Add a line, and wait until it is on the disk."""
        line = json.dumps({"event": event, **said}, default=str, ensure_ascii=True)
        new = not self.path.exists()
        number = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        try:
            size = os.fstat(number).st_size
            torn = size > 0 and os.pread(number, 1, size - 1) != b"\n"  # whoever wrote it was killed
            written = f"{chr(10) * torn}{line}\n".encode()
            if os.write(number, written) < len(written):  # what is not whole did not happen
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            os.fsync(number)
        finally:
            os.close(number)
        if new:
            sync(self.path.parent)
        self.tell(event, json.loads(line))

    def tell(self, event: str, said: dict[str, Any]) -> None:
        """Take in a line."""
        at = instant(said.get("at"))
        if event == "begun":
            self.begun, self.by_hand, self.stands_for = at, bool(said["by_hand"]), int(said["stands_for"])
        elif event == "attempt":
            self.attempts, self.state, self.next = int(said["number"]), "running", None
        elif event == "made":
            self.projects = list(said["projects"])  # a later attempt makes what is left
            self.files, self.bytes = max(self.files, int(said["files"])), max(self.bytes, int(said["bytes"]))
        elif event == "delivery":
            told = {name: said[name] for name in Delivery.__dataclass_fields__}
            self.deliveries[told["message_id"]] = Delivery(**told)
        elif event == "worked":
            self.work_s += float(said["seconds"])
        elif event == "later":
            self.state, self.reason, self.next = "waiting", str(said["reason"]), instant(said["next"])
        elif event == "over":
            self.state, self.reason, self.ended = str(said["state"]), str(said["reason"]), at

    def had(self, recipient: str) -> set[int]:
        """The projects of which somebody has got the files, or was refused them for good."""
        return {id for one in self.deliveries.values() for id in one.projects if one.sent_to(recipient)}

    def sent(self, message_id: str) -> bool:
        """Is nothing more to be done about a message: was it accepted, or refused for good?"""
        known = self.deliveries.get(message_id)
        return known is not None and known.state in ("accepted", "refused")


def opened(folder: Folder, schedule_id: int, due: datetime) -> Diary:
    """The diary of a run, with what is in it so far."""
    return read(folder.runs / f"{schedule_id:06d}.{due.strftime(STAMP)}{due.microsecond // 1000:03d}.jsonl")


def diaries(folder: Folder, schedule_id: int | None = None) -> list[Diary]:
    """The diaries that lie there, of all schedules or of one, the oldest due time first."""
    wanted = "[0-9]" * 6 if schedule_id is None else f"{schedule_id:06d}"
    found = [read(path) for path in folder.runs.glob(f"{wanted}.[0-9]*T[0-9]*.jsonl")]
    return sorted((one for one in found if one.begun is not None), key=lambda one: (one.due, one.schedule_id))


def read(path: Path) -> Diary:
    """A diary from its file; a line that was not written to its end did not happen."""
    number, stamp = path.name.split(".")[:2]
    due = datetime.strptime(stamp[:-3], STAMP).replace(microsecond=int(stamp[-3:]) * 1000)
    diary = Diary(path, int(number), due)
    for said in lines(path):
        diary.tell(str(said["event"]), said)
    return diary


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a diary."""
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return
    for line in written.split(b"\n"):
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "event" in said:
            yield said


def instant(said: object) -> datetime | None:
    """An instant as a line has it."""
    return None if said is None else datetime.fromisoformat(str(said))
