"""How a run is ended by another thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Thread
from typing import Protocol

from okireports.errors import Stopped

AGAIN = 0.02  # seconds after which an interrupt is repeated: one that comes before a statement begins is lost


class Interruptible(Protocol):
    """What works for somebody: a connection, or what has one."""

    def interrupt(self) -> object:
        """Stop what is being done; called from another thread."""


class Stop:
    """What ends a run, asked for once; a run that begins later with the same is ended at once."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._asked = False
        self._working: Interruptible | None = None

    @property
    def asked(self) -> bool:
        """Is the run to end?"""
        return self._asked

    def ask(self) -> None:
        """End the run; from any thread, and without waiting for it."""
        with self._changed:
            if self._asked:
                return
            self._asked = True
            if self._working is not None:
                Thread(target=self._interrupt, name="okireports-stop", daemon=True).start()

    @contextmanager
    def ending(self, working: Interruptible) -> Iterator[None]:
        """While something works.

        Raises:
            Stopped: it was ended.
        """
        with self._changed:
            self._raise_if_asked()
            self._working = working
        try:
            yield
        except Exception:  # what an interrupt breaks may say so in its own way
            self._raise_if_asked()
            raise
        finally:
            with self._changed:
                self._working = None
                self._changed.notify_all()
        self._raise_if_asked()

    def _interrupt(self) -> None:
        """Interrupt until it has let go."""
        with self._changed:
            while self._working is not None:
                self._working.interrupt()
                self._changed.wait(AGAIN)

    def _raise_if_asked(self) -> None:
        if self._asked:
            raise Stopped("The run was ended before it had a result; ask again.") from None
