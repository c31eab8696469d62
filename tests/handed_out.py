"""A centre from which exports are made: two projects with calls in two months, people of several roles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import loaded
from okireports.faces import Center

SAY = {"actor": "admin", "reason": "a test"}
COLUMNS = "queue,operator,phone,contact_name,cost,recording"
MONTHS = ("2025-06", "2025-07")
PERIOD = ("2025-06-01", "2025-08-01")


def centre(path: Path) -> Center:
    """Calls of Acme and Bolt; the last call of June stands in July by UTC's clock no more than by Warsaw's."""
    made = loaded.centre(path)
    lines = [
        loaded.call("a-1", "2025-06-02T10:00:00Z", "Acme sales,anna,+48220000101,=Abel,1.5,a.wav"),
        loaded.call("a-2", "2025-06-30T21:59:59Z", "Acme sales,anna,+48220000102,Adam,1.5,a.wav"),
        loaded.call("a-3", "2025-06-30T22:00:00Z", "Acme sales,anna,+48220000103,Alan,1.5,a.wav"),
        loaded.call("a-4", "2025-07-31T22:00:00Z", "Acme sales,anna,+48220000104,After,1.5,a.wav"),
        loaded.call("b-1", "2025-06-02T11:00:00Z", "Bolt care,bea,+48220000201,Bella,2.5,b.wav"),
        loaded.call("x-1", "2025-06-02T11:00:00Z", "Loose,bea,+48220000301,Nobody,2.5,x.wav"),
    ]
    users = "login,name,role\nclive,Clive Example,Client\nmax,Max Example,Supervisor\n"
    members = "login,project\nclive,Acme\nmax,Acme\nmax,Bolt\n"
    loaded.load(made, {"users": users, "memberships": members, "calls": loaded.calls(*lines, columns=COLUMNS)})
    return made


def files(folder: Path) -> dict[str, bytes]:
    """All files of a folder by name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def journal(center: Center) -> list[dict[str, Any]]:
    """The reads that wait in the journal, oldest first."""
    return [json.loads(p.read_text("utf-8")) for p in sorted(center.folder.journal.iterdir())]


def manifest(folder: Path) -> dict[str, Any]:
    """What a folder's manifest says."""
    said: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return said
