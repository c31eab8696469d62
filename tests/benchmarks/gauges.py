"""What a run takes: seconds by the clock and of processors, bytes read, memory at most; and how often it is run."""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from okireports.faces import Center

RUNS = int(os.environ.get("RUNS", "7"))


@dataclass(frozen=True)
class Taken:
    """What one run took."""

    wall_s: float
    cpu_s: float
    read_bytes: int  # asked of the system, also what it has in memory


def measured(what: Callable[[], object], beside: Callable[[], float] = float) -> Taken:
    """What one run takes; `beside` counts the processors' seconds of other processes that work for it."""
    read, cpu, wall = bytes_read(), cpu_seconds() + beside(), time.perf_counter()
    what()
    return Taken(time.perf_counter() - wall, cpu_seconds() + beside() - cpu, bytes_read() - read)


def medians(taken: list[Taken]) -> dict[str, float]:
    """The median of each figure, and of how many runs it is."""
    found = {name: statistics.median(getattr(one, name) for one in taken) for name in Taken.__dataclass_fields__}
    return found | {"runs": len(taken)}


def runs_within(once_s: float, patience_s: float | None) -> int:
    """How many runs of a turn that takes so long: RUNS, or the odd number that patience has time for, perhaps none."""
    if patience_s is None:
        return RUNS
    fitting = min(RUNS, int(patience_s / once_s))
    return fitting - (fitting and 1 - fitting % 2)


def cpu_seconds() -> float:
    """Seconds of processors that this process has used so far, all threads together."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def bytes_read() -> int:
    """The bytes that this process has read so far, also from what the system keeps in memory; 0 where none counts."""
    return counted("rchar")


def bytes_fetched() -> int:
    """The bytes that the system has fetched from its disks for this process so far; 0 where none counts."""
    return counted("read_bytes")


def counted(name: str) -> int:
    """What the system counts of this process's reading and writing; 0 where none counts."""
    told = Path("/proc/self/io")
    if not told.exists():
        return 0
    return int(next(line.split()[1] for line in told.read_text().splitlines() if line.startswith(f"{name}:")))


def peak_bytes() -> int:
    """The most memory that this process has held; `ru_maxrss` would begin with the parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return 1024 * int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")))


def forget_peak() -> int:
    """Have the system count the peak from now on, where it can; gives what it is now."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes()


def drop_cache(center: Center) -> bool:
    """Have the system forget what it keeps of the centre's files; says whether it was asked to.

    The files are immutable and were synced when they were published, so that nothing of them is dirty.
    """
    if not hasattr(os, "posix_fadvise"):
        return False
    folder = center.folder
    for path in (folder.pointer, folder.current().control, *folder.stores.glob("*/*")):
        held = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(held, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(held)
    return True
