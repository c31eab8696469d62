"""The centres that are measured: one of forty invented projects, or a copy by links of one that is there already.

python tests/benchmarks/centres.py PATH CALLS     makes the centre of forty projects in an empty folder
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path

import duckdb

import okireports
from okireports import access, invention, loading
from okireports.disk import Folder
from okireports.faces import Center
from okireports.invention.generate import generate

TIMES = 7  # so often the six invented projects come, each time with other calls, people and names
MERGED = {"Echo Polls": "Dune Energy", "Fern Logistics": "Dune Energy"}  # in the last of them, for there to be forty
UNTIL = "2026-06-30"
NAMED = "project queue dialer scenario form import plan login operator evaluator".split()  # columns with names in them
MARKED = "source_id interaction call task request dialogue transfer_to evaluation".split()  # with ids of the source
ONCE = "activities away_reasons groups".split()  # what all projects share
OWN_OBJECTS = ("queue", "dialer", "scenario", "crm_form")
BORDERS = {"valid_from": "min", "valid_to": "max"}
ROLE = "Every report"
VIEWERS = {"one": 1, "three": 3, "member": None, "all": None}  # how many projects; "all" is who sees everything


def main() -> None:
    """Make the centre."""
    path, part = Path(sys.argv[1]), Path(f"{sys.argv[1]}.part")
    shutil.rmtree(part, ignore_errors=True)  # of one that was stopped
    forty(part, int(sys.argv[2]), progress=True)
    part.rename(path)


def forty(path: Path, calls: int, *, seed: int = 1, progress: bool = False) -> Center:
    """A centre of forty projects with so many calls: every table in proportion, as the invention makes them."""
    plans = [invention.planned(calls // TIMES, seed + wave, UNTIL) for wave in range(TIMES)]
    now = plans[0].now
    folder = Folder(path)
    founded = (now - invention.SET_UP).replace(tzinfo=None)
    access.found(
        folder, timezone="Europe/Warsaw", currency="PLN", security="improved", admin=invention.ADMIN, now=founded,
        settings={"calling_code": "48"},
    )  # fmt: skip
    folder.secret.write_text(hashlib.sha256(f"okireports demo {seed}".encode()).hexdigest(), "utf-8")
    with tempfile.TemporaryDirectory(prefix=".forty-", dir=path.absolute().parent) as scratch:
        waves = [generate(plan, Path(scratch, f"wave{number}")) for number, plan in enumerate(plans)]
        for number, parts in enumerate(zip_longest(*waves)):
            files = Path(scratch, f"load{number}")
            for wave, part in enumerate(parts):
                if part is not None:
                    rename(part, files, wave)
                    shutil.rmtree(part)
            loaded = loading.load(folder, files, actor=invention.ADMIN, now=now)
            shutil.rmtree(files)
            if progress:
                print(f"load {number + 1}: {loaded.rows_loaded:,} rows", flush=True)
    return okireports.open(path, now=now)


def rename(part: Path, files: Path, wave: int) -> None:
    """Put a wave's files beside those of others, under names that are its own."""
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false; SET memory_limit = '1GB'")
        for file in sorted(part.glob("*.parquet")):
            table = file.stem
            if wave and table in ONCE:
                continue
            target = files / table / f"{wave}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            con.execute(f"CREATE OR REPLACE VIEW given AS FROM '{file}'")
            con.execute(f"COPY ({renamed(table, con.table('given').columns, wave)}) TO '{target}'")


def renamed(table: str, columns: list[str], wave: int) -> str:
    """SQL of a file's rows with the names of their wave; the first keeps its own."""
    if not wave:
        return "FROM given"
    last = wave == TIMES - 1
    new = {c: named(c, wave, last) for c in columns if c in NAMED}
    new |= {c: f"'{wave}-' || \"{c}\"" for c in columns if c in MARKED}
    if table in ("projects", "quotas", "users"):
        new["name"] = named("name", wave, last)
    if table in ("objects", "project_objects"):
        new["name"] = f"CASE WHEN kind IN {OWN_OBJECTS} THEN {named('name', wave, last)} ELSE name END"
    if table == "users":
        new["email"] = f"'{wave}.' || email"
    chosen = ", ".join(f'{new[c]} AS "{c}"' if c in new else f'"{c}"' for c in columns)
    rows = f"SELECT {chosen} FROM given {fewer(table, last)}"
    if table == "memberships":  # of who was in two projects that are one
        ends = ", ".join(f"CASE WHEN count({c}) = count(*) THEN {a}({c}) END AS {c}" for c, a in BORDERS.items())
        return f"SELECT login, project, {ends} FROM ({rows}) GROUP BY ALL"
    return f"SELECT DISTINCT * FROM ({rows})" if table == "project_objects" else rows


def named(column: str, wave: int, last: bool) -> str:
    """SQL of a name with its wave's number; in the last wave some projects are one."""
    merged = " ".join(f"WHEN '{name}' THEN '{into}'" for name, into in MERGED.items())
    given = f'CASE "{column}" {merged} ELSE "{column}" END' if last and column == "project" else f'"{column}"'
    return (
        f"{given} || ' {wave + 1}'" if column not in ("login", "operator", "evaluator") else f"{given} || '.{wave + 1}'"
    )


def fewer(table: str, last: bool) -> str:
    """SQL: which rows of definitions a wave brings, and how those of projects that are one are put together."""
    gone = f"({', '.join(repr(name) for name in MERGED)})" if last else "('')"
    return {
        "users": "WHERE login <> 'admin'",
        "objects": f"WHERE kind IN {OWN_OBJECTS}",
        "projects": f"WHERE name NOT IN {gone}",
        "kpis": f"WHERE project IS NOT NULL AND project NOT IN {gone}",
        "tariffs": f"WHERE project NOT IN {gone}",
        "contracts": f"WHERE project NOT IN {gone}",
        "results": f"WHERE project NOT IN {gone}",
    }.get(table, "")


def shadow(center: Center, path: Path) -> Center:
    """A centre of the same files, with a control file of its own; what is changed or removed there is here only."""
    current = center.folder.current()
    for part in ("stores", "journal", "rejects"):
        (path / part).mkdir(parents=True)
    for file in (center.folder.pointer, center.folder.secret, current.control):
        shutil.copy(file, path)
    for file in center.folder.stores.glob("*/*"):
        link = path / "stores" / file.parent.name / file.name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(file.resolve())
    return okireports.open(path, now=center.clock())


def people(center: Center) -> dict[str, int]:
    """Make who asks in a centre, each a member of so many projects who may run every report; gives these numbers.

    The one project, and the first of three, is the middle one by rows; the others are the next larger.
    """
    with center.folder.reading() as reading:
        rows = reading.con.execute(
            """SELECT name FROM control.projects JOIN control.segments USING (project_id)
            GROUP BY ALL ORDER BY sum(rows), name"""
        ).fetchall()
        admin = reading.con.execute("SELECT login FROM control.users WHERE role = 'Admin' AND active").fetchone()[0]
    projects = [name for (name,) in rows]
    middle = projects[len(projects) // 2 :] + projects[: len(projects) // 2][::-1]
    say = {"actor": admin, "reason": "benchmark"}
    center.roles.create(ROLE, copy="Supervisor", add=("see_costs",), reports=("*",), **say)
    made = {}
    for who, count in VIEWERS.items():
        made[who] = len(projects) if count is None else min(count, len(projects))
        if who != "all":
            center.users.create(f"bench-{who}", role=ROLE, projects=middle[: made[who]], **say)
    return made


def login(center: Center, who: str) -> tuple[str, str | None]:
    """The login and the reason of who asks."""
    if who != "all":
        return f"bench-{who}", None
    with center.folder.reading() as reading:
        found = reading.con.execute("SELECT login FROM control.users WHERE role = 'Admin' AND active").fetchone()
    return str(found[0]), "benchmark"


def last_day(center: Center) -> datetime:
    """The midnight, in UTC, that ends the last day on which a call begins."""
    with center.folder.reading() as reading:
        found = reading.con.execute("SELECT max(last_at) FROM control.segments WHERE \"table\" = 'calls'").fetchone()
    return found[0].replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def periods(center: Center, lengths: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Periods up to the last day: of a day (a Tuesday, as most days are no Sundays), of 30 days and of 365."""
    end = last_day(center)
    day = end - timedelta(days=(end.weekday() - 1) % 7 or 7)
    known = {
        "day": (day, day + timedelta(days=1)),
        "month": (end - timedelta(days=30), end),
        "year": (end - timedelta(days=365), end),
    }
    return {length: tuple(f"{at:%Y-%m-%d}" for at in known[length]) for length in lengths}


if __name__ == "__main__":
    main()
