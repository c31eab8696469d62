"""What is going on: one line that is read out, with the time that it takes, and a word when the kernel is gone."""

from __future__ import annotations

import threading
import time

import traitlets

from okireports.widgets.front.part import Part, script

STATES = ("idle", "busy", "done", "failed", "stopped")


class Status(Part):
    """A line about the work of other parts; it may be set from any thread.

    While it is busy the page shows, from 300 ms on, that it is and for how long. An error is read out at once, all
    else when there is a pause. What is shown for a state without a text is said in `texts`.
    """

    _esm = script("status")
    state = traitlets.Enum(STATES, "idle").tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)
    since = traitlets.Float(0.0).tag(sync=True)

    def __init__(self, language: str = "en") -> None:
        self.lock = threading.Lock()
        super().__init__("status", language)

    def say(self, state: str, text: str = "") -> None:
        """Show a state; `busy` begins to count when it was not busy before."""
        with self.lock, self.hold_sync():
            counted = self.since if state == self.state else time.time()
            self.state, self.text, self.since = state, text, counted if state == "busy" else 0.0

    def busy(self, text: str = "") -> None:
        """Something is being worked on."""
        self.say("busy", text)

    def done(self, text: str = "") -> None:
        """It is there."""
        self.say("done", text)

    def failed(self, text: str = "") -> None:
        """It could not be done, for a reason that may be shown to whoever sees the widget."""
        self.say("failed", text)

    def stopped(self, text: str = "") -> None:
        """It was given up."""
        self.say("stopped", text)

    def idle(self) -> None:
        """Nothing is to be said."""
        self.say("idle")
