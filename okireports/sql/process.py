"""A query's process: started with nothing but open files and limits, and ended by us when its time is over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO

import duckdb
import pyarrow as pa

from okireports.errors import BadOption, BadQuery, ResultTooLarge

WORKER = Path(__file__).with_name("worker.py")
STARTING = 60.0  # seconds in which the process must be ready to run: libraries, files and views
THREADS = 4
ALLOCATORS = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}  # others reserve gigabytes in advance
KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # of the environment: without them some interpreters do not start


@dataclass(frozen=True)
class Limits:
    """What a query may take: rows of its result, seconds by the clock, and megabytes of memory."""

    rows: int = 1_000_000
    seconds: float = 60.0
    memory_mb: int = 1024

    def __post_init__(self) -> None:
        """Refuse limits that are none.

        Raises:
            BadOption: one of them is not a number, or out of range.
        """
        for name, least, most in (("rows", 1, 10**9), ("seconds", 0.1, 3600), ("memory_mb", 64, 2**20)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
                raise BadOption(f"{name}={value!r}: a number from {least:,} to {most:,} is wanted.")

    @property
    def threads(self) -> int:
        """How many threads the engine gets."""
        return min(THREADS, os.cpu_count() or 1)

    @property
    def cpu_seconds(self) -> int:
        """Processor time of all threads, and of starting; the clock ends most queries before it."""
        return int(self.seconds * self.threads + STARTING) + 1


@dataclass(frozen=True)
class Job:
    """What the worker is given: the query, open files, tables of names, and the statements of its views."""

    query: str
    files: Sequence[int]
    names: Mapping[str, pa.Table]
    views: Sequence[str]

    def request(self, limits: Limits) -> bytes:
        """The input of the worker."""
        streams = {name: stream(table) for name, table in self.names.items()}
        said = {
            "query": self.query,
            "files": list(self.files),
            "names": [(name, len(content)) for name, content in streams.items()],
            "views": list(self.views),
            "rows": int(limits.rows),
            "memory": int(limits.memory_mb) * 2**20,
            "threads": limits.threads,
            "cpu_seconds": limits.cpu_seconds,
        }
        return b"".join([json.dumps(said).encode(), b"\n", *streams.values()])


class Damaged(Exception):
    """The worker met bytes of a file that are not those that were written."""


def run(job: Job, limits: Limits) -> pa.Table:
    """The rows that a query gives.

    Raises:
        BadQuery: the engine refuses it, or it takes more time or memory than it may.
        ResultTooLarge: it gives more rows than it may.
        Damaged: a file is damaged.
    """
    with started(job.files) as process:
        assert process.stdin and process.stdout
        with ending(process, STARTING) as over:
            with suppress(BrokenPipeError):
                process.stdin.write(job.request(limits))
                process.stdin.close()
            ready = process.stdout.readline()
        if ready != b"\n" and over:
            raise BadQuery(f"The query's process was not ready within {STARTING:g} seconds: the machine is too busy.")
        with ending(process, limits.seconds) as over:
            told = process.stdout.readline() if ready == b"\n" else ready
            content = process.stdout.read(limits.memory_mb * 2**20 + 1)
        if over:
            raise out_of_time(limits)
        if told != b"{}\n" or len(content) > limits.memory_mb * 2**20:
            process.stdout.close()
            raise trouble(told, process.wait(), limits)
    return pa.ipc.open_stream(content).read_all()


@contextmanager
def started(files: Sequence[int]) -> Iterator[subprocess.Popen[bytes]]:
    """The process, which does not outlive the block."""
    libraries = {str(Path(str(module.__file__)).parent.parent) for module in (duckdb, pa)}
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-I", "-B", str(WORKER), *sorted(libraries)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what an engine says when it breaks off is about itself
        env=environment | ALLOCATORS,
        cwd="/",
        pass_fds=tuple(files),
        start_new_session=True,  # an interrupt of the terminal is ours to handle
    )
    try:
        yield process
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            close(pipe)
        process.wait()


@contextmanager
def ending(process: subprocess.Popen[bytes], seconds: float) -> Iterator[list[bool]]:
    """Kill the process when its time is over; the list that is given is no longer empty then."""
    over: list[bool] = []

    def end() -> None:
        over.append(True)
        process.kill()

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def close(pipe: IO[bytes] | None) -> None:
    """Close a pipe that may be broken."""
    if pipe is not None:
        with suppress(BrokenPipeError):
            pipe.close()


def stream(table: pa.Table) -> bytes:
    """A table as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def out_of_time(limits: Limits) -> BadQuery:
    """The query took too long."""
    return BadQuery(
        f"The query was ended after {limits.seconds:g} seconds: ask for less, or give it more (seconds=...)."
    )


def out_of_memory(limits: Limits) -> BadQuery:
    """The query wanted more memory than it may have."""
    return BadQuery(
        f"The query needs more than {limits.memory_mb:,} MB of memory, and nothing is written to the disk for it: ask "
        "for less, or give it more (memory_mb=...)."
    )


def trouble(told: bytes, ended: int, limits: Limits) -> Exception:
    """What went wrong in the worker, from what it said, or from how it ended where it said nothing."""
    try:
        said = json.loads(told) if told.endswith(b"\n") else {}
    except ValueError:
        said = {}
    kind = said.get("error")
    if kind == "query":
        return BadQuery(f"The query cannot be run: {said['text']}")
    if kind == "rows":
        return ResultTooLarge(
            f"The query gives more than {limits.rows:,} rows: group them, add a LIMIT, or take more (rows=...)."
        )
    if kind == "types":
        return BadQuery("The query gives a column of a type that has no place in a table: cast it, to VARCHAR say.")
    if kind == "damaged":
        return Damaged()
    if ended == -signal.SIGXCPU:
        return out_of_time(limits)
    if kind == "engine":
        return BadQuery("The engine gave up on this query; write it in another way.")
    return out_of_memory(limits)  # also where an allocation failed so badly that the process broke off
