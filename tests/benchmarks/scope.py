"""The cost of scope: reports for a viewer of one project, beside the same rows in a centre of their own.

CALLS (default 300,000) says how many calls are invented; CENTER names the folder of a centre that is there already,
which is not written; PROJECT names the project, by default the middle one by rows. She may run every report but those
that tell of who may see what. The centre of its own has copies of that project's segments, and a control file that
knows no more than a sealed extract for her would. Both open what they read anew each time and are asked in turns: the
median of RUNS (default 5), after a run that is not counted. It fails where the two do not give the same rows; about
time and bytes nothing here asserts.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from centres import shadow

import okireports
from okireports import report, run
from okireports.access.oversight import OVERSIGHT
from okireports.disk import Folder, Writer, write
from okireports.engines import duck
from okireports.extract import control
from okireports.extract.content import EVER
from okireports.faces import Center, Viewer
from okireports.loading import erase
from okireports.run import Question
from okireports.tables import CONTROL

RUNS = int(os.environ.get("RUNS", "5"))
LOGIN, ROLE = "of-one-project", "Every report"
PAGE = {"limit": 1000}
PERIODS: dict[str, Any] = {"month": "2026-06", "year": ("2025-07-01", "2026-07-01")}
COUNTED = Path("/proc/self/io")  # where the system counts the bytes that a process reads
MB = 1_000_000


@dataclass
class Side:
    """A centre with who asks in it, and what her last questions took."""

    viewer: Viewer
    seconds: list[float] = field(default_factory=list)
    read: list[int] = field(default_factory=list)

    def ask(self, name: str, period: Any, options: dict[str, Any]) -> Any:
        """The rows of a report; how long it took, and how many bytes were read for it, is kept."""
        before, begun = bytes_read(), time.perf_counter()
        rows = self.viewer.report(name, period=period, **options).arrow
        self.seconds.append(time.perf_counter() - begun)
        self.read.append(bytes_read() - before)
        return rows

    def forget(self) -> None:
        """Begin anew."""
        self.seconds.clear()
        self.read.clear()


@dataclass(frozen=True)
class Taken:
    """What a question took on both sides: the shared centre first, then the centre of its own."""

    seconds: tuple[float, float]
    read: tuple[float, float]
    attached: tuple[int, int]
    everybody: int  # the files of the same tables and time of all projects
    same: bool  # do both give the same rows?

    @property
    def ratio(self) -> float:
        """How many times as long scope makes it."""
        return self.seconds[0] / self.seconds[1]


def bytes_read() -> int:
    """The bytes that this process has read so far, also from what the system keeps in memory."""
    if not COUNTED.exists():
        return 0
    return int(next(line.split()[1] for line in COUNTED.read_text().splitlines() if line.startswith("rchar")))


def member(center: Center, project: str) -> str:
    """Put someone into one project who may run every report; gives who did."""
    with center.folder.reading() as reading:
        found = reading.con.execute("SELECT login FROM control.users WHERE role = 'Admin' AND active").fetchone()
    admin = str(found[0]) if found else sys.exit("no active user has the role Admin")
    say = {"actor": admin, "reason": "benchmark"}
    center.roles.create(ROLE, copy="Supervisor", add=("see_costs",), reports=("*",), **say)
    center.users.create(LOGIN, role=ROLE, projects=[project], **say)
    return admin


def chosen(center: Center) -> tuple[int, str]:
    """The project, by id and name."""
    with center.folder.reading() as reading:
        rows = reading.con.execute(
            """SELECT project_id, name FROM control.projects JOIN control.segments USING (project_id)
            GROUP BY ALL ORDER BY sum(rows)"""
        ).fetchall()
    wanted = os.environ.get("PROJECT")
    named = [row for row in rows if row[1] == wanted] if wanted else rows[len(rows) // 2 :]
    if not named:
        sys.exit(f"no project {wanted!r} with rows: {', '.join(name for _, name in rows)}")
    return named[0]


def of_its_own(viewer: Viewer, project: int, path: Path) -> Center:
    """A centre that has one project's segments only, and knows of nothing else."""
    folder = viewer.center.folder
    store = folder.store(project)
    for part in ("stores", "journal", "rejects"):
        (path / part).mkdir(parents=True)
    for file in (folder.pointer, folder.secret, folder.current().control):
        shutil.copy(file, path)
    shutil.copytree(store, path / "stores" / store.name)  # copies of what the links name
    with write(Folder(path), "retain") as writer:  # of this kind, so that no older control file stays
        cut(writer, viewer, project)
        erase.renew_control(writer)
    made = okireports.open(path, now=viewer.center.clock())
    with made.folder.reading() as reading:
        listed = {file for (file,) in reading.con.execute("SELECT file FROM control.segments").fetchall()}
    for file in (path / "stores").glob("*/*"):  # what only older generations named
        if str(file.relative_to(path)) not in listed:
            file.unlink()
    return made


def cut(writer: Writer, viewer: Viewer, project: int) -> None:
    """Leave in a control file what one who sees the project may know, as in a sealed extract, and its segments."""
    con = writer.con
    with duck.session(viewer.viewing(), lambda scope, _: duck.Wanted((), *EVER, control.listed(scope))) as opened:
        scope = opened.scope
        names = {name: opened.arrow(f'SELECT * FROM "{name}"') for name in control.listed(scope)}
    with viewer.center.folder.reading() as reading:
        known = control.cut(reading.con, scope, names, *EVER)
    con.execute(f"DELETE FROM control.segments WHERE project_id <> {project}")
    for name in CONTROL.keys() - {"segments", "generations"}:
        con.execute(f'DELETE FROM control."{name}"')
    for name, rows in known.items():
        con.register("handed", rows)
        con.execute(f'INSERT INTO control."{name}" BY NAME SELECT * FROM handed')
        con.unregister("handed")


def attached(viewer: Viewer, name: str, period: Any, options: dict[str, Any]) -> int:
    """The bytes of the files that lie open while a report runs: the engine says which those are."""
    viewing = viewer.viewing()
    asked = run.Asked(viewing, Question(name, period, {}, options))
    with duck.session(viewing, asked.plan) as opened:
        found = opened.con.execute("SELECT path FROM duckdb_databases() WHERE path IS NOT NULL").fetchall()
    return sum(Path(path).stat().st_size for (path,) in found)


def measured(sides: tuple[Side, Side], whole: Viewer, name: str, period: Any) -> tuple[int, Taken]:
    """The rows of a report, and what it took."""
    options = PAGE if "limit" in report.find(name, [name]).options else {}
    rows = [side.ask(name, period, options) for side in sides]
    for side in sides:
        side.forget()
    for turn in range(RUNS):
        for side in sides if turn % 2 else sides[::-1]:
            side.ask(name, period, options)
    times, reads = ([statistics.median(values) for values in given] for given in zip(
        *((side.seconds, side.read) for side in sides), strict=True))  # fmt: skip
    for side in sides:
        side.forget()
    files = [attached(viewer, name, period, options) for viewer in (*(side.viewer for side in sides), whole)]
    same = bool(rows[0].equals(rows[1]))
    return len(rows[0]), Taken((times[0], times[1]), (reads[0], reads[1]), (files[0], files[1]), files[2], same)


def total(taken: list[Taken]) -> None:
    """Print what all of it took."""
    ratios = sorted(one.ratio for one in taken)
    ten = len(ratios) // 10
    print(f"{len(taken)} questions: scope takes {statistics.median(ratios):.2f} times as long in the median, ", end="")
    print(f"{ratios[ten]:.2f} to {ratios[-1 - ten]:.2f} of eight in ten, ", end="")
    seconds = [sum(one.seconds[side] for one in taken) for side in (0, 1)]
    print(f"{seconds[0] / seconds[1]:.2f} of the sums ({seconds[0]:.1f} s beside {seconds[1]:.1f} s)")
    files = [sum(one.attached[side] for one in taken) / MB for side in (0, 1)]
    everybody = sum(one.everybody for one in taken) / MB
    print(f"files of segments opened: {files[0]:,.1f} MB beside {files[1]:,.1f} MB; ", end="")
    print(f"of all projects they are {everybody:,.1f} MB")
    if COUNTED.exists():
        reads = [sum(one.read[side] for one in taken) / MB for side in (0, 1)]
        print(f"bytes read: {reads[0]:,.1f} MB beside {reads[1]:,.1f} MB ({reads[0] / reads[1]:.3f} times)")


def main() -> None:
    """Print the table; words on the command line choose reports."""
    with tempfile.TemporaryDirectory() as folder:
        there = os.environ.get("CENTER")
        calls = int(os.environ.get("CALLS", "300000"))
        given = okireports.open(there) if there else okireports.demo(Path(folder, "center"), calls=calls)
        project, called = chosen(given)
        shared = shadow(given, Path(folder, "shared"))
        admin = shared.viewer(member(shared, called), reason="benchmark")
        her = shared.viewer(LOGIN)
        own = of_its_own(her, project, Path(folder, "own"))
        sides = (Side(her), Side(own.viewer(LOGIN)))
        for what, center in (("shared centre", shared), ("centre of its own", own)):
            size = center.folder.current().control.stat().st_size
            print(f"{what}: {called}, {len(list(center.folder.stores.glob('*/*'))):,} files of segments, ", end="")
            print(f"control file of {size / MB:.1f} MB")
        print(f"{'report':<24} period  rows       shared   its own  times   files opened, MB    read, MB")
        names = [one.name for one in report.all_reports() if not set(one.tables) & set(OVERSIGHT)]
        assert set(names) <= set(sides[0].viewer.reports["name"])
        taken = []
        for name in names:
            if sys.argv[1:] and name not in sys.argv[1:]:
                continue
            for length, period in PERIODS.items():
                rows, one = measured(sides, admin, name, period)
                taken.append(one)
                times, files, reads = ([*pair] for pair in (one.seconds, one.attached, one.read))
                print(
                    f"{name:<24} {length:<7} {rows:<7} {times[0] * 1000:6.0f} ms {times[1] * 1000:6.0f} ms "
                    f"{one.ratio:6.2f}  {files[0] / MB:8.2f} {files[1] / MB:8.2f}  {reads[0] / MB:7.2f} "
                    f"{reads[1] / MB:7.2f}{'' if one.same else '  OTHER ROWS'}",
                    flush=True,
                )
        total(taken)
        if other := sum(not one.same for one in taken):
            sys.exit(f"{other} questions have other rows in a centre of its own")


if __name__ == "__main__":
    main()
