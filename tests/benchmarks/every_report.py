"""Every report beside hand-written SQL over the same segments: 1, 3 and all projects, a day, a month and a year.

    python tests/benchmarks/every_report.py [--scale 10] [--centre FOLDER] [--out benchmarks.json]
        [--reports NAME ...] [--viewers one three member all] [--lengths day month year]
        [--patience S] [--cold all|year|none]

Without `--centre` a centre of SCALE million calls in 40 projects is made (for 10 that takes about an hour and 15 GB).
One that is given is not written into: who asks is made in a copy of its control file, beside links to its segments.

Warm: both sides in turns, the median of 7 after one that is not counted, in a process for all questions of a viewer.
Cold: the first question of a process whose modules are loaded, after the system was asked to forget the centre's files
(`posix_fadvise`; what it then fetched from its disks is told), each side by itself. CPU seconds are those of all
threads; the peak of memory is that of the cold process; bytes are what the process asked of the system, rows what the
engine says that its scans gave. By hand is given up after 10 times what okireports took and 5 s. What is measured is
written down at once: who starts again with the same `--out` goes on where it stopped. It fails where the two sides give
other rows; about time nothing here asserts, it says what falls short of 1.15 times and 30 ms.

With `--patience S` a question is run only as often as S seconds have time for, in odd numbers, and not cold where both
sides together take longer; where there is no time for a second run, the first is what counts. How many runs a median is
of is written down with it. `--cold year` asks cold for years of viewers of several projects only.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from asking import AND_S, TIMES_OURS
from centres import VIEWERS, forty, login, people, periods, shadow

import okireports
from okireports import report
from okireports.access.oversight import OVERSIGHT
from okireports.faces import Center

TIMES, BESIDE_S = 1.15, 0.03  # the target: at most so many times as long, and so much beside that
PROCESS = Path(__file__).parent / "asking.py"
LENGTHS = ("day", "month", "year")


def main() -> None:
    """Measure, and print what falls short."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="okireports-bench-") as scratch:
        center, counts = opened(asked, Path(scratch))
        told = begun(asked.out, center)
        told["projects"] = counts
        for who in asked.viewers:
            with Asking() as warm, Asking() as cold:
                for question in questions(asked, center, who):
                    key = "/".join((who, question["report"], question["length"]))
                    if key not in told["questions"]:
                        told["questions"][key] = answered(asked, question, warm, cold)
                        keep(asked.out, told)
                    print(line(key, told["questions"][key]), flush=True)
    summed(told)
    if other := [key for key, one in told["questions"].items() if one["warm"].get("same") is False]:
        sys.exit(f"other rows by hand: {', '.join(other)}")


def arguments() -> argparse.Namespace:
    """What was asked for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--scale", type=float, default=10, help="millions of calls of the centre that is made")
    asked.add_argument("--centre", type=Path, help="one that is there already")
    asked.add_argument("--out", type=Path, default=Path("benchmarks.json"))
    asked.add_argument("--reports", nargs="*", default=[])
    asked.add_argument("--viewers", nargs="*", choices=[*VIEWERS], default=["one", "three", "all"])
    asked.add_argument("--lengths", nargs="*", choices=LENGTHS, default=list(LENGTHS))
    asked.add_argument("--patience", type=float, help="seconds for the runs of one question; without it all are run")
    asked.add_argument("--cold", choices=("all", "year", "none"), default="all", help="what is asked cold")
    return asked.parse_args()


def opened(asked: argparse.Namespace, scratch: Path) -> tuple[Center, dict[str, int]]:
    """The centre that is measured, with who asks in it: a copy by links of the given one, or one that is made."""
    if asked.centre:
        given = okireports.open(asked.centre)
    else:
        given = forty(scratch / "forty", round(asked.scale * 1_000_000), progress=True)
    center = shadow(given, scratch / "shadow")
    return center, people(center)


def begun(out: Path, center: Center) -> dict[str, Any]:
    """What was measured before of the same centre, or where it is to be written."""
    with center.folder.reading() as reading:
        rows = dict(
            reading.con.execute('SELECT "table", sum(rows)::BIGINT FROM control.segments GROUP BY ALL').fetchall()
        )
        files, size, of_none = reading.con.execute(
            """SELECT count(*), sum(bytes)::BIGINT, coalesce(sum(bytes) FILTER (project_id = 0), 0)::BIGINT
            FROM control.segments"""
        ).fetchone()
    about = {
        "rows": rows,
        "files": files,
        "bytes": size,
        "bytes_of_none": of_none,
        "okireports": okireports.__version__,
        "duckdb": duckdb.__version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    if out.exists():
        told: dict[str, Any] = json.loads(out.read_text("utf-8"))
        if told.get("rows") == rows:
            return told | about
    return {**about, "questions": {}}


def questions(asked: argparse.Namespace, center: Center, who: str) -> Iterator[dict[str, Any]]:
    """Each question of a viewer; those about who may see what are asked by who sees everything only."""
    spans = periods(center, asked.lengths)
    name, reason = login(center, who)
    for found in report.all_reports():
        if asked.reports and found.name not in asked.reports:
            continue
        if who != "all" and set(found.tables) & set(OVERSIGHT):
            continue
        for length in asked.lengths:
            yield {
                "centre": str(center.path), "now": center.clock().isoformat(), "who": who, "login": name,
                "reason": reason, "report": found.name, "length": length, "period": spans[length],
                "patience_s": asked.patience,
            }  # fmt: skip


class Asking:
    """A process that is asked questions; it is started when the first is."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self.running: subprocess.Popen[str] | None = None

    def __enter__(self) -> Asking:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let it end."""
        if self.running:
            self.running.communicate()

    def __call__(self, question: dict[str, Any], side: str) -> dict[str, Any]:
        """What it says."""
        if not self.running:
            words = [sys.executable, str(PROCESS)]
            self.running = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.running.stdin and self.running.stdout
        self.running.stdin.write(json.dumps(question | {"side": side}) + "\n")
        self.running.stdin.flush()
        said = self.running.stdout.readline()
        if not said:  # why, it has printed
            sys.exit(f"{question['report']} of {question['who']}, {question['length']}: the process has ended")
        told: dict[str, Any] = json.loads(said)
        return told


def answered(asked: argparse.Namespace, question: dict[str, Any], warm: Asking, cold: Asking) -> dict[str, Any]:
    """What a question took, warm and cold."""
    told = {"warm": warm(question, "both")}
    both = sum(told["warm"].get(side, {}).get("wall_s", 0) for side in ("ours", "hand"))
    wanted = asked.cold == "all" or (asked.cold == "year" and question["length"] == "year" and question["who"] != "one")
    if wanted and both <= (math.inf if asked.patience is None else asked.patience):
        told["cold_ours"] = cold(question, "ours")
        if "hand" in told["warm"]:
            within = TIMES_OURS * told["cold_ours"]["wall_s"] + AND_S
            told["cold_hand"] = cold(question | {"within_s": within}, "hand")
    return told


def keep(out: Path, told: dict[str, Any]) -> None:
    """Write what was measured so far."""
    fresh = out.with_suffix(".part")
    fresh.write_text(json.dumps(told | {"at": time.strftime("%Y-%m-%d")}, indent=1), "utf-8")
    fresh.replace(out)


def line(key: str, one: dict[str, Any]) -> str:
    """What is printed of a question: warm, cold, CPU, memory, bytes and rows, ours and by hand."""
    who, name, length = key.split("/")
    warm, cold = one["warm"], (one.get("cold_ours", {}), one.get("cold_hand", {}))
    walls = [ms(warm.get(side, {}).get("wall_s")) for side in ("ours", "hand")]
    cpus = [ms(warm.get(side, {}).get("cpu_s")) for side in ("ours", "hand")]
    colds = [ms(side.get("wall_s")) for side in cold]
    peaks = [mega(side.get("peak_bytes")) for side in cold]
    reads = [mega(side.get("read_bytes")) for side in cold]
    scans = [f"{warm[side]['rows_scanned']:>12,}" if side in warm else f"{'-':>12}" for side in ("ours", "hand")]
    said = "" if warm.get("same") else " OTHER ROWS" if warm.get("same") is False else " given up by hand"
    return (
        f"{name:<24}{who:>6} {length:<5} {walls[0]} {walls[1]} {ratio(warm):>6}{'*' if short(warm) else ' '}"
        f" of {warm['ours']['runs']}"
        f" cold {colds[0]} {colds[1]} cpu {cpus[0]} {cpus[1]} MB {peaks[0]} {peaks[1]} read {reads[0]} {reads[1]}"
        f" rows {scans[0]} {scans[1]}{said}"
    )


def ms(seconds: float | None) -> str:
    """Milliseconds, or nothing."""
    return f"{'-':>7}" if seconds is None else f"{seconds * 1000:7.0f}"


def mega(size: float | None) -> str:
    """Megabytes, or nothing."""
    return f"{'-':>6}" if size is None else f"{size / 1e6:6.0f}"


def ratio(warm: dict[str, Any]) -> str:
    """How many times as long okireports takes."""
    return f"{warm['ours']['wall_s'] / warm['hand']['wall_s']:.2f}" if "hand" in warm else "-"


def short(warm: dict[str, Any]) -> bool:
    """Does a question fall short of the target?"""
    return "hand" in warm and warm["ours"]["wall_s"] > TIMES * warm["hand"]["wall_s"] + BESIDE_S


def summed(told: dict[str, Any]) -> None:
    """Print what falls short, the longest first, and how many there are."""
    both = {key: one["warm"] for key, one in told["questions"].items() if "hand" in one["warm"]}
    late = {key: warm for key, warm in both.items() if short(warm)}
    print(
        f"{len(told['questions'])} questions, {len(both)} of them by hand in time; {len(late)} fall short of", end=" "
    )
    print(f"{TIMES} times and {BESIDE_S * 1000:.0f} ms:")
    for key, warm in sorted(late.items(), key=lambda item: -item[1]["ours"]["wall_s"]):
        print(f"  {key:<44} {ms(warm['ours']['wall_s'])} ms beside {ms(warm['hand']['wall_s'])} ms: {ratio(warm)}")
    clumsy = sorted(key for key, warm in both.items() if warm["ours"]["wall_s"] * TIMES < warm["hand"]["wall_s"])
    print(f"slower by hand, so perhaps clumsy: {', '.join(clumsy) or 'nothing'}")


if __name__ == "__main__":
    main()
