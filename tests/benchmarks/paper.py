"""A billion calls a month, reckoned from what was measured: tables for docs/scale.md, each number with its source.

From `benchmarks.json`: rows and bytes of a call, files of a project, what reports of everybody and of one project take.
From `slopes.json`: what loading a row takes, opening a file, and a change of a control file of many projects.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CALLS, PROJECTS, VIEWERS = 1_000_000_000, 10_000, 1_000  # in a month, in all, at once
MONTHS, DAYS = 12, 30
EVERY_S = 30  # a viewer asks once in so many seconds
MEMBER_OF = (1, 3, 1_000)  # projects
GB, MB = 1e9, 1e6


@dataclass(frozen=True)
class Known:
    """What was measured, for one call, row, file or question."""

    calls: int
    cores: int
    rows: float  # of a call, all tables
    statuses: float
    size: float  # bytes of a call, all tables
    files: float  # of a project with rows of a year
    of_none: float  # which part of the bytes is in the store of no project
    queues_s: float  # queue summary of a year, for each call of the centre
    operators_s: float  # operator summary of a year, likewise
    one_s: float  # a month's report of one project, the median
    one_cpu_s: float
    one_bytes: float  # the peak of its process
    load_s: float  # for each row
    file_s: float  # what one more file costs a report
    control: float  # bytes of a control file for each project
    change_s: float  # a new user, where there are most projects
    most: int  # so many

    @classmethod
    def of(cls, told: dict[str, Any], slopes: dict[str, Any]) -> Known:
        """Gather it.

        Raises:
            LookupError, ValueError: not all of it was measured.
        """
        rows, asked = told["rows"], told["questions"]
        calls = rows["calls"]
        ours = {key: one["warm"]["ours"] for key, one in asked.items()}
        month = [one for key, one in ours.items() if key.startswith("one/") and key.endswith("/month")]
        peaks = [one["cold_ours"]["peak_bytes"] for key, one in asked.items() if "cold_ours" in one]
        few, *_, many = sorted(slopes["projects"], key=int)
        loaded = slopes["calls"][max(slopes["calls"], key=int)]["load"]
        sheet = "queue_summary bench-all 2025"
        grown = [slopes["projects"][size] for size in (few, many)]
        files = grown[1]["stores"]["of_calls"] - grown[0]["stores"]["of_calls"]
        return cls(
            calls=calls, cores=told["cores"], rows=sum(rows.values()) / calls, statuses=rows["statuses"] / calls,
            size=told["bytes"] / calls, files=told["files"] / told["projects"]["all"],
            of_none=told["bytes_of_none"] / told["bytes"],
            queues_s=ours["all/queue_summary/year"]["wall_s"] / calls,
            operators_s=ours["all/operator_summary/year"]["wall_s"] / calls,
            one_s=statistics.median(one["wall_s"] for one in month),
            one_cpu_s=statistics.median(one["cpu_s"] for one in month), one_bytes=statistics.median(peaks),
            load_s=loaded["wall_s"] / loaded["rows"],
            file_s=(grown[1][sheet]["wall_s"] - grown[0][sheet]["wall_s"]) / files,
            control=(grown[1]["control file"]["bytes"] - grown[0]["control file"]["bytes"]) / (int(many) - int(few)),
            change_s=grown[1]["create a user"]["wall_s"], most=int(many),
        )  # fmt: skip


def reckoned(k: Known) -> Iterator[str]:
    """The tables."""
    yield from rates(k)
    yield from stored(k)
    yield from read(k)
    yield from cost(k)


def rates(k: Known) -> Iterator[str]:
    """What the others are reckoned from."""
    centre = f"centre of {k.calls / 1e6:,.0f} million calls, a year"
    yield "\n" + row("from", f"measured on {k.cores} cores", "where") + "|---|--:|---|\n"
    size = f"{k.size:,.0f} bytes, {k.rows:.1f} rows, of them {k.statuses:.1f} statuses"
    yield row("a call with all its tables", size, centre)
    yield row("a project", f"{k.files:,.0f} files", "the same")
    yield row("the store of no project", f"{k.of_none:.1%} of the bytes", "the same")
    for what, rate in (("queue summary", k.queues_s), ("operator summary", k.operators_s)):
        yield row(f"{what} of everybody's year", f"{rate * 1e6:.2f} µs for each call", "the same, warm")
    one = f"{k.one_s * 1e3:,.0f} ms, {k.one_cpu_s * 1e3:,.0f} ms of processors"
    yield row("a report of one project's month, the median", one, "the same, warm")
    yield row("the process of a report, the median", f"{k.one_bytes / MB:,.0f} MB at most", "the same, cold")
    yield row("loading", f"{k.load_s * 1e6:.1f} µs a row", "slopes: the largest load, Parquet")
    yield row("one more file that a report opens", f"{k.file_s * 1e3:.2f} ms", f"slopes: {k.most:,} projects")
    yield row("one more project in the control file", f"{k.control / 1e3:,.1f} kB", f"slopes: {k.most:,} projects")
    yield row("a new user", f"{k.change_s * 1e3:,.0f} ms", f"slopes: {k.most:,} projects")


def stored(k: Known) -> Iterator[str]:
    """What lies where."""
    month = CALLS * k.size
    yield "\n" + row("stored", "a month", "a year", "reckoned") + "|---|--:|--:|---|\n"
    for what, amount, unit, how in (
        ("rows of all tables, millions", CALLS * k.rows, 1e6, "calls times rows"),
        ("segments, GB", month, GB, "calls times bytes"),
        ("of a project of the middle, MB", month / PROJECTS, MB, f"of one of {PROJECTS:,} projects"),
        ("of the store of no project, GB", k.of_none * month, GB, "its part of the bytes"),
    ):
        yield row(what, f"{amount / unit:,.0f}", f"{MONTHS * amount / unit:,.0f}", how)
    yield row("files of segments", "", f"{PROJECTS * k.files:,.0f}", "projects times files")
    control = f"{PROJECTS * k.control / MB:,.0f}"
    yield row("control file, MB", "", control, "projects times kB; each change and each load copies it")


def read(k: Known) -> Iterator[str]:
    """What a report reads, and how long it takes where cost is in proportion."""
    yield "\n" + row("who asks", "for a month", "rows that are read, millions", "files", "one machine, warm")
    yield "|---|---|--:|--:|--:|\n"
    for projects in (*MEMBER_OF, PROJECTS):
        calls = CALLS / PROJECTS * projects
        who = f"member of {projects:,} project{'s' * (projects > 1)}" if projects < PROJECTS else "who sees everything"
        for what, rows, rate in (
            ("queue summary", calls, k.queues_s), ("operator summary", calls * k.statuses, k.operators_s),
        ):  # fmt: skip
            seconds = k.one_s + projects * k.file_s + calls * rate
            yield row(who, what, f"{rows / 1e6:,.1f}", f"{projects:,} at least", length(seconds))
    yield "\nReckoned as a report of one project, one file of each project, and each call at its rate.\n"


def cost(k: Known) -> Iterator[str]:
    """What it costs."""
    month, rows = CALLS * k.size, CALLS / DAYS * k.rows
    yield "\n" + row("cost", "", "reckoned") + "|---|--:|---|\n"
    cores = f"{VIEWERS / EVERY_S * k.one_cpu_s:,.1f} processors"
    yield row(f"{VIEWERS:,} viewers who ask once in {EVERY_S} s", cores, "a report of one project each")
    yield row(f"{VIEWERS:,} processes at once", f"{VIEWERS * k.one_bytes / GB:,.0f} GB of memory", "the peak of each")
    day = f"{CALLS / DAYS / 1e6:,.0f} million calls, {rows / 1e6:,.0f} million rows"
    yield row(f"a day's load: {day}", length(rows * k.load_s), "rows times µs")
    fresh = f"for {month / DAYS / GB:,.0f} GB that are new"
    yield row("written on a month's last day, the month anew", f"{month / GB:,.0f} GB", fresh)
    spent = CALLS * k.queues_s * k.cores
    whole = f"{spent:,.0f} s of processors"
    yield row("queue summary of everybody's month", whole, f"64 as quick as these: {spent / 64:,.0f} s; a cluster adds")
    yield "\n"


def row(*cells: str) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |\n"


def length(seconds: float) -> str:
    """A length of time, as one says it."""
    if seconds < 1:
        return f"{seconds * 1000:,.0f} ms"
    return f"{seconds:,.1f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"
