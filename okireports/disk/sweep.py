"""What stays on disk and what goes: kept generations, files that nothing names, what a killed writer left."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from okireports.disk.folder import Folder

KEPT_GENERATIONS = 3
KEPT_FOR = timedelta(hours=24)
FINAL = ("forget", "retain", "restamp")  # generations that keep nothing of those before them, and nobody goes behind


def retire_old(con: duckdb.DuckDBPyConnection, newest: int) -> tuple[int, list[str]]:
    """Strike from the coming control file what no reader can still hold.

    Args:
        con: a connection in which the coming control file is attached as `control`.
        newest: the coming generation.

    Returns:
        The oldest generation that stays, and the segments' files that only older ones name.
    """
    oldest = oldest_kept(con, newest)
    files = con.execute(
        """DELETE FROM control.retired WHERE generation <= ? AND file NOT IN (SELECT file FROM control.segments)
        RETURNING file""",
        [oldest],
    ).fetchall()
    con.execute("DELETE FROM control.generations WHERE generation < ?", [oldest])
    return oldest, [file for (file,) in files]


def oldest_kept(con: duckdb.DuckDBPyConnection, newest: int) -> int:
    """The oldest generation that a reader may still hold: one of the last three, or current within the last day.

    What a final one removes is in the older ones; a reader who has lost them starts again.
    """
    final = con.execute("SELECT max(generation) FROM control.generations WHERE kind IN ?", [FINAL]).fetchone()
    row = con.execute(
        """SELECT min(generation) FROM (SELECT generation, lead("at") OVER (ORDER BY generation) AS until
        FROM control.generations) WHERE generation > ? OR until IS NULL OR until > ?""",
        [newest - KEPT_GENERATIONS, utc_now() - KEPT_FOR],
    ).fetchone()
    oldest = int(row[0]) if row and row[0] is not None else newest
    return max(oldest, int(final[0])) if final and final[0] is not None else oldest


def clear(folder: Folder, con: duckdb.DuckDBPyConnection, generation: int) -> None:
    """Remove what a killed writer left: all that the control file does not name.

    Its scratch space goes first in content and last in name, since it is the sign that there is something to clear.

    Args:
        folder: the centre's folder.
        con: a connection in which a copy of the published control file is attached as `control`.
        generation: the number of that copy; a killed writer may have used it, or one further on.
    """
    named = "SELECT file FROM control.segments UNION ALL SELECT file FROM control.retired"
    listed = {str(folder.path / file) for (file,) in con.execute(named).fetchall()}
    remove(path for path in folder.stores.glob("*/*") if str(path) not in listed)
    newest = last_load(con)
    remove(path for path in folder.rejects.glob("*.parquet") if path.stem.isdigit() and int(path.stem) > newest)
    remove(superseded(folder, generation))
    remove(path for path in controls(folder) if number(path) > generation)
    remove([folder.upcoming])
    for path in folder.work.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def superseded(folder: Folder, generation: int) -> list[Path]:
    """Rejected rows that a later file of the same load replaces, and such files of a writer that did not publish.

    A load's rejected rows lie in `7.parquet`; without what was erased of them since, in `7.000042.parquet`.
    """
    newest: dict[str, tuple[int, Path]] = {}
    gone = []
    for path in folder.rejects.glob("*.parquet"):
        load, _, written = path.stem.partition(".")
        number = int(written) if written.isdigit() else 0
        if number >= generation:
            gone.append(path)
            continue
        held = newest.get(load)
        newest[load] = max(held, (number, path)) if held else (number, path)
        if held:
            gone.append(min(held, (number, path))[1])
    return gone


def last_load(con: duckdb.DuckDBPyConnection) -> int:
    """The number of the newest load that was ever published, also of those that were rolled back."""
    row = con.execute(
        """SELECT greatest((SELECT max(load_id) FROM control.loads),
        (SELECT max(TRY_CAST(subject AS BIGINT)) FROM control.audit WHERE action = 'load'), 0)"""
    ).fetchone()
    return int(row[0]) if row else 0


def controls(folder: Folder) -> list[Path]:
    """The control files that lie there, and their write-ahead logs."""
    return [path for path in folder.path.glob("control.*") if path.name.split(".")[1].isdigit()]


def number(control: Path) -> int:
    """The generation of a control file, from its name."""
    return int(control.name.split(".")[1])


def remove(paths: Iterable[Path]) -> None:
    """Delete files that nothing names any more; one that is already gone is no matter."""
    for path in paths:
        path.unlink(missing_ok=True)


def finished(folder: Folder, over: Iterable[Path]) -> None:
    """Remove what is over once a generation is published, the scratch space last.

    What cannot be removed now is the next writer's: it finds the scratch space, and clears.
    """
    with suppress(OSError):
        remove(over)
        shutil.rmtree(folder.work)


def utc_now() -> datetime:
    """The machine's clock as naive UTC, in whole milliseconds: how long generations are kept is a physical matter."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
