"""Analytics and reports for call centres that work for many clients: what a viewer may not see is never opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from okireports.errors import OkiReportsError

if TYPE_CHECKING:
    from datetime import date

    from okireports.delivery import Verified
    from okireports.faces import Center, Result, Viewer
    from okireports.widgets import ProjectSelector

__all__ = ["Center", "OkiReportsError", "Result", "Viewer", "create", "demo", "open", "project_selector", "verify"]
__version__ = "0.1.0"


def create(
    path: str | os.PathLike[str],
    *,
    timezone: str = "Europe/Warsaw",
    currency: str = "PLN",
    security: str = "improved",
    admin: str = "admin",
    now: datetime | Callable[[], datetime] | None = None,
    **settings: str,
) -> Center:
    """Make a new centre in an empty folder.

    Args:
        path: the folder.
        timezone: the centre's zone: days, hours and periods are local to it.
        currency: ISO 4217, of amounts that name none.
        security: "improved": rows are seen by the members of their project; "simplified": by every active user.
        admin: login of the first admin.
        now: sets the clock.
        settings: formula, answer_within_s, short_abandon_s, goal, week_start, calling_code, ...
    """
    from okireports import access, faces
    from okireports.disk import Folder

    clock = clock_of(now)
    access.found(
        Folder(Path(path)),
        timezone=timezone,
        currency=currency,
        security=security,
        admin=admin,
        now=clock().astimezone(UTC).replace(tzinfo=None),
        settings=settings,
    )
    return faces.Center(Folder(Path(path)), clock)


def open(
    path: str | os.PathLike[str],
    *,
    now: datetime | Callable[[], datetime] | None = None,
    engine: str | None = None,
    lake: str | os.PathLike[str] | None = None,
) -> Center:
    """Open the centre in a folder, or a sealed extract.

    Args:
        path: the folder, or the extract.
        now: sets the clock that "today" and memberships go by.
        engine: where reports run: None for DuckDB in this process; "spark://host:7077", "local[*]" or "sc://host" for
            Spark, over a lake that `center.lake.sync(...)` made.
        lake: where that lies: a folder that all machines of the cluster see, or s3://bucket/prefix.

    Raises:
        NotACenter, NewerFormat, DamagedCenter: there is none that can be used.
        Refused: the extract has expired.
        BadOption, LakeError: an engine without a lake, or one that there is not; a lake that is not there.
    """
    from okireports import faces
    from okireports.disk import Folder, Sealed

    where, clock = Path(path), clock_of(now)
    folder = Sealed.read(where) if Sealed.lies_at(where) else Folder(where)
    folder.current()
    folder.admit(clock().astimezone(UTC).replace(tzinfo=None))
    return faces.Center(folder, clock, faces.engine_of(folder, engine, lake))


def demo(
    path: str | os.PathLike[str] | None = None,
    *,
    calls: int = 200_000,
    seed: int = 1,
    until: str | date = "2026-06-30",
    faults: tuple[str, ...] = (),
    progress: Callable[[str], None] | None = None,
) -> Center:
    """Make an invented centre: six projects, sixty operators, every table filled; its clock stands after `until`.

    Viewers: admin (give a reason), sara (Supervisor), anna (Operator), clive (Client), audrey (Auditor).

    Args:
        path: an empty folder; None for a temporary one, which stays until it is removed.
        calls: how many; up to a year of them, fewer days for fewer calls.
        seed: the same seed gives the same rows.
        until: the last day.
        faults: known faults to plant; `okireports.invention.faults.FAULTS` names them.
        progress: called with the name of each step.

    Raises:
        BadOption: too few calls, no date, or no such fault.
        CenterError: the folder is not empty.
    """
    import tempfile

    from okireports import faces, invention
    from okireports.disk import Folder

    frame = invention.planned(calls, seed, until)
    folder = Folder(Path(tempfile.mkdtemp(prefix="okireports-demo-") if path is None else path))
    invention.make(folder, frame, faults=faults, progress=progress or (lambda step: None))
    return faces.Center(folder, clock_of(frame.now))


def project_selector(viewer: Viewer, language: str = "en") -> ProjectSelector:
    """A widget for a notebook of one's own: her projects, of which several can be ticked.

    `.value` holds the ids of those that are ticked, as reports take them, `.names` their names;
    `.observe(function, "value")` calls a function at each change. It offers what is hers when it is made: a project
    that is taken from her later is refused by every report at once, and is gone from a selector that is made anew.

    Args:
        viewer: whose projects.
        language: "en" or "pl".
    """
    from okireports.widgets import ProjectSelector

    return ProjectSelector(viewer, language)


def verify(path: str | os.PathLike[str]) -> Verified:
    """Compare what `viewer.export` made, or one project's folder of it, with its manifest: every file is read.

    Args:
        path: the folder, or s3://bucket/prefix.

    Raises:
        DeliveryError: it has no manifest, or none that can be read: the export was not finished.
    """
    from okireports import delivery

    return delivery.verify(path)


def clock_of(now: datetime | Callable[[], datetime] | None) -> Callable[[], datetime]:
    """A clock: the machine's, one that stands still, or the caller's; naive instants are UTC."""
    if now is None:
        return lambda: datetime.now(UTC)
    given: Callable[[], datetime] = now if callable(now) else lambda: now
    return lambda: at if (at := given()).tzinfo else at.replace(tzinfo=UTC)


def load_ipython_extension(shell: object) -> None:
    """`%load_ext okireports` in a notebook: the cell magic `%%okisql VIEWER`."""
    from okireports.sql import magic

    magic.load(shell)


def __getattr__(name: str) -> object:
    """The faces, imported when they are first asked for: `import okireports` stays light."""
    if name in ("Center", "Viewer", "Result"):
        from okireports import faces

        return getattr(faces, name)
    raise AttributeError(f"module 'okireports' has no attribute {name!r}")
