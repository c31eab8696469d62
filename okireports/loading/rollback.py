"""Going back: a new generation in which the segments and loads are those of an earlier one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import duckdb

from okireports import audit
from okireports.audit import Entry
from okireports.disk import Folder, write
from okireports.disk.folder import quoted
from okireports.disk.sweep import FINAL, controls, number
from okireports.errors import ChangeError


def rollback(
    folder: Folder,
    *,
    actor: str,
    reason: str,
    now: datetime,
    to: int | None = None,
    permit: Callable[[duckdb.DuckDBPyConnection], object] = lambda con: None,
) -> int:
    """Publish a generation with the rows of an earlier one; people, projects and the change log stay as they are.

    Args:
        folder: the centre's folder.
        actor: who does it.
        reason: why.
        now: naive UTC.
        to: the generation to go back to; None: the one before the newest load.
        permit: raises unless the actor may, by the control file attached as `control` on the connection it gets.

    Returns:
        The number of the new generation.

    Raises:
        ChangeError: that generation is no longer kept, or there is no load to take back.
    """
    with write(folder, "rollback") as writer:
        con = writer.con
        permit(con)
        to = before_newest_load(con) if to is None else to
        kept = sorted({number(path) for path in controls(folder)} - {writer.generation})
        if to not in kept:
            raise ChangeError(f"Generation {to} is not kept; kept are {', '.join(map(str, kept))}.")
        final = con.execute(
            "SELECT kind, generation FROM control.generations WHERE generation > ? AND kind IN ? ORDER BY generation",
            [to, FINAL],
        ).fetchone()
        if final:
            raise ChangeError(f"Generation {final[1]} was a {final[0]}, behind which nothing goes back.")
        go_back(con, folder, to, writer.generation)
        said = Entry(actor, "rollback", "centre", folder.path.name, after=json.dumps({"to": to}), reason=reason)
        audit.close(writer, [said], now)
        return writer.generation


def before_newest_load(con: duckdb.DuckDBPyConnection) -> int:
    """The generation just before the newest load that counts."""
    row = con.execute("SELECT max(generation) FROM control.loads").fetchone()
    if not row or row[0] is None:
        raise ChangeError("There is no load to take back.")
    return int(row[0]) - 1


def go_back(con: duckdb.DuckDBPyConnection, folder: Folder, to: int, coming: int) -> None:
    """List the segments and loads of an earlier generation; what only the later ones name is retired."""
    con.execute(f"ATTACH {quoted(folder.control(to))} AS earlier (READ_ONLY)")
    con.execute(
        """INSERT INTO control.retired SELECT file, ? FROM control.segments
        WHERE file NOT IN (SELECT file FROM earlier.segments)""",
        [coming],
    )
    con.execute("DELETE FROM control.retired WHERE file IN (SELECT file FROM earlier.segments)")
    for table in ("segments", "loads"):
        con.execute(f"DELETE FROM control.{table}")
        con.execute(f"INSERT INTO control.{table} SELECT * FROM earlier.{table}")
    con.execute("DETACH earlier")
