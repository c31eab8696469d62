"""What a schedule is made with from above: who exports in somebody's name, and who draws a digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from okireports.delivery import Exported
from okireports.delivery.digest import Digest

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Order:
    """What is to be made, in whose name. `start` and `end` are naive UTC instants, half-open."""

    viewer: str
    reason: str  # of one who sees everything; it is written down
    projects: tuple[int, ...]  # by id, each in a folder of its own
    start: datetime
    end: datetime
    reports: tuple[tuple[str, Options], ...] | str  # "*": all that she may run
    tables: tuple[str, ...] | str
    formats: tuple[str, ...]
    language: str
    digest: bool
    dest: str  # a folder, or an address such as s3://bucket/prefix


Export = Callable[[Order], Exported]
MakeDigest = Callable[[Order, int], Digest]  # of one of the order's projects
