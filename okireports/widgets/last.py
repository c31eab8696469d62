"""Only the last choice runs: what was asked before is ended, and a result that is outdated is never shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial

from okireports.engines.stop import Stop

SOON = 0.15  # seconds that a choice waits for another one

Shown = Callable[[], object]
Job = Callable[[Stop], Shown]  # works, may be ended, and gives what shows its result
Failed = Callable[[Exception], None]


class LastOnly:
    """Works in one thread, whatever threads ask; `failed` shows the error of a job that nobody has replaced.

    `lock` is held while something is shown: nothing else can be asked before it has been.
    """

    def __init__(self, lock: threading.RLock, failed: Failed, soon: float = SOON) -> None:
        self.showing, self.failed, self.soon = lock, failed, soon
        self.changed = threading.Condition()
        self.job: Job | None = None
        self.due = 0.0
        self.stop = Stop()
        self.alive = self.over = False

    def ask(self, job: Job, soon: float | None = None) -> None:
        """Do this soon, and nothing that was asked before."""
        with self.showing, self.changed:
            if self.over:
                return
            self.stop.ask()
            self.stop, self.job, self.due = Stop(), job, time.monotonic() + (self.soon if soon is None else soon)
            if not self.alive:
                self.alive = True
                threading.Thread(target=self.work, name="okireports-explorer", daemon=True).start()
            self.changed.notify_all()

    def cancel(self) -> None:
        """Do nothing of what was asked."""
        with self.showing, self.changed:
            self.stop.ask()
            self.job = None

    def end(self) -> None:
        """Do nothing any more."""
        self.cancel()
        with self.changed:
            self.over = True
            self.changed.notify_all()

    def work(self) -> None:
        """Do what is asked, as long as something is."""
        while taken := self.next():
            job, stop = taken
            try:
                show = job(stop)
            except Exception as error:
                show = partial(self.failed, error)
            with self.showing:
                if not stop.asked:
                    self.show(show)

    def show(self, show: Shown) -> None:
        """Show something; what cannot be shown is an error like others, after which the next job is done."""
        try:
            show()
        except Exception as error:
            self.failed(error)

    def next(self) -> tuple[Job, Stop] | None:
        """The next job when its time has come; None ends the thread."""
        with self.changed:
            while self.job is not None and (wait := self.due - time.monotonic()) > 0:
                self.changed.wait(wait)
            if self.job is None:
                self.alive = False
                return None
            job, self.job = self.job, None
            return job, self.stop
