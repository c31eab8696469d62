"""What an admin change and opening a viewer cost on a large control file; prints, asserts nothing.

    python tests/benchmarks/admin.py [--projects 1000] [--users 10000] [--entries 100000] [--segments 20000]

The centre has people, projects, memberships, objects and a change log of that size, and lists segments whose files
are empty: an admin change never opens one.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import okireports
from okireports import audit
from okireports.audit import Entry
from okireports.disk import Writer, write
from okireports.faces import Center
from okireports.tables import FACTS

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
REPEATS = 9


def main() -> None:
    """Build the centre, then measure."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name, size in (("projects", 1_000), ("users", 10_000), ("entries", 100_000), ("segments", 20_000)):
        asked.add_argument(f"--{name}", type=int, default=size)
    sizes = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        center = okireports.create(Path(folder) / "center", now=NOW)
        measured("build by bulk inserts", lambda: build(center, sizes), repeats=1)
        control = center.folder.current().control
        print(f"{'control file':<44}{control.stat().st_size / 1e6:>10.1f} MB")
        changes(center)
        reads(center)


def build(center: Center, sizes: argparse.Namespace) -> None:
    """Fill the control file."""
    with write(center.folder, "bulk") as writer:
        con = writer.con
        con.execute(
            f"""INSERT INTO control.projects SELECT i, 'Project ' || i, 'about ' || i, 'Client ' || i, '{NOW:%F}', NULL
            FROM range(1, {sizes.projects} + 1) r(i)"""
        )
        con.execute(
            f"""INSERT INTO control.users SELECT i, 'user' || i, 'Name ' || i, 'user' || i || '@example.com',
            CASE WHEN i % 20 = 0 THEN 'Supervisor' ELSE 'Operator' END, true FROM range(2, {sizes.users} + 2) r(i)"""
        )
        con.execute(
            f"""INSERT INTO control.memberships SELECT i, 1 + (i * (j + 1)) % {sizes.projects}, NULL, NULL
            FROM range(2, {sizes.users} + 2) r(i), range(3) s(j)"""
        )
        con.execute(
            f"""INSERT INTO control.objects SELECT i, 'queue', 'Queue ' || i, NULL, NULL
            FROM range(1, {sizes.projects} + 1) r(i)"""
        )
        con.execute("INSERT INTO control.project_objects SELECT object_id, object_id, NULL, NULL FROM control.objects")
        list_segments(writer, sizes)
        audit.close(writer, (entry(i, sizes.projects) for i in range(sizes.entries)), NOW.replace(tzinfo=None))


def entry(i: int, projects: int) -> Entry:
    """Something that was done."""
    said = f'{{"user": "user{i}"}}'
    return Entry("admin", "add member", "project", f"Project {i}", 1 + i % projects, None, said, "a new client")


def list_segments(writer: Writer, sizes: argparse.Namespace) -> None:
    """List segments, each with a file of no bytes."""
    tables = [name for name, fact in FACTS.items() if not fact.internal]
    each = max(1, sizes.segments // sizes.projects)
    for project in range(1, sizes.projects + 1):
        store = writer.folder.store(project)
        store.mkdir()
        for i in range(each):
            (store / f"{tables[i % len(tables)]}.{2025 - i // len(tables)}.000003.duckdb").touch()
    names = ", ".join(f"'{name}'" for name in tables)
    writer.con.execute(
        f"""INSERT INTO control.segments (project_id, "table", stretch, file, first_at, last_at, last_end, rows, bytes,
        sha256, model_version, people, objects, columns, generation)
        SELECT p, t, y, 'stores/p' || lpad(p::VARCHAR, 4, '0') || '/' || t || '.' || y || '.000003.duckdb',
        (y || '-01-01')::TIMESTAMP, (y || '-12-31')::TIMESTAMP, (y || '-12-31')::TIMESTAMP, 1000, 0, NULL, 1,
        range(p, p + 30), [p], ['project_id', 'call_id'], 3
        FROM (SELECT p, [{names}][1 + i % {len(tables)}] AS t, (2025 - i // {len(tables)})::VARCHAR AS y
        FROM range(1, {sizes.projects} + 1) r(p), range({each}) s(i))"""
    )


def changes(center: Center) -> None:
    """Admin changes."""
    number = iter(range(1_000_000))
    log = {"actor": "admin", "reason": "measured"}
    measured("create a project", lambda: center.projects.create(f"New {next(number)}", **log))
    measured("create a user", lambda: center.users.create(f"new{next(number)}", **log))
    measured("add a member", lambda: center.projects.add_member("Project 7", f"user{next(number) + 2}", **log))
    for _ in range(1_000):
        audit.note(center.folder.journal, Entry("user2", "run report", "report", "call_log"))
    measured("a change that folds in 1,000 reads", lambda: center.users.create("last", **log), repeats=1)


def reads(center: Center) -> None:
    """What readers wait for."""
    measured("open a viewer of 3 projects", lambda: center.viewer("user20"))
    measured("open a viewer who sees everything", lambda: center.viewer("admin", reason="measured"))
    measured(
        "an empty report of 3 projects",
        lambda: center.viewer("user20").report("queue_summary", period="2026-06"),
    )
    measured(
        "an empty report of 1,000 projects",
        lambda: center.viewer("admin", reason="measured").report("queue_summary", period="2026-06"),
    )
    measured("list the users", lambda: center.users.frame)
    measured("list the projects", lambda: center.projects.frame)
    measured("verify the change log", center.audit.verify, repeats=1)


def measured(what: str, action: Callable[[], object], repeats: int = REPEATS) -> None:
    """Print the median time of an action, the quickest and the slowest."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1000)
    print(f"{what:<44}{statistics.median(times):>10.1f} ms  ({min(times):.1f} - {max(times):.1f})", flush=True)


if __name__ == "__main__":
    main()
