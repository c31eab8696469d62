"""A process that stays: it looks again and again, until it is told to end."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from types import FrameType

PAUSE = 30.0  # seconds between two looks at most, for a clock may jump
LEAST = 0.2


class Ending:
    """Whether the process was told to end (SIGTERM, Ctrl-C); what is under way is brought to its end first."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask)

    def ask(self, number: int, frame: FrameType | None) -> None:
        """The process is told to end."""
        self.asked = True

    def wait(self, seconds: float) -> None:
        """Sleep, unless told to end."""
        until = time.monotonic() + seconds
        while not self.asked and time.monotonic() < until:
            time.sleep(min(LEAST, seconds))


def pause_of(coming: Iterable[datetime], clock: Callable[[], datetime]) -> float:
    """Seconds until the next look: until something is due, and never long."""
    waits = [(at - clock()) / timedelta(seconds=1) for at in coming]
    return min([PAUSE, *(max(wait, LEAST) for wait in waits)])
