"""What every engine can do, and what it tells of the processes beside its own."""

from __future__ import annotations

from typing import Any

from rivals.rows import Scope


class Engine:
    """What answers a question with the columns of its report, in any order of rows."""

    def prepare(self, name: str, scope: Scope) -> None:
        """Find out how a question is answered quickest, before it is asked."""

    def ask(self, name: str, scope: Scope) -> Any:
        """A pandas or Arrow table."""
        raise NotImplementedError

    def cpu_seconds(self) -> float:
        """Seconds of processors of other processes that work for it."""
        return 0.0

    def held_bytes(self) -> int:
        """The memory that other processes hold for it now."""
        return 0

    def close(self) -> None:
        """Let go of what is open."""
