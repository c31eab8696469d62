"""Going back: a new generation in which the segments and loads are those of an earlier one."""

from __future__ import annotations

import json
from datetime import datetime

from okireports import audit
from okireports.audit import Entry
from okireports.disk import Folder, write
from okireports.disk.folder import quoted
from okireports.errors import ChangeError


def rollback(folder: Folder, *, actor: str, reason: str, now: datetime, to: int | None = None) -> int:
    """Publish a generation with the rows of an earlier one; people, projects and the change log stay as they are.

    Args:
        folder: the centre's folder.
        actor: who does it.
        reason: why.
        now: naive UTC.
        to: the generation to go back to; None: the one before the newest load.

    Returns:
        The number of the new generation.

    Raises:
        ChangeError: that generation is no longer kept, or there is no load to take back.
    """
    with write(folder, "rollback") as writer:
        con = writer.con
        if to is None:
            row = con.execute("SELECT max(generation) FROM control.loads").fetchone()
            if not row or row[0] is None:
                raise ChangeError("There is no load to take back.")
            to = int(row[0]) - 1
        earlier = folder.control(to)
        kept = sorted(int(path.name.split(".")[1]) for path in folder.path.glob("control.*.duckdb"))
        if not earlier.is_file() or to >= writer.generation:
            raise ChangeError(f"Generation {to} is not kept; kept are {', '.join(map(str, kept[:-1]))}.")
        con.execute(f"ATTACH {quoted(earlier)} AS earlier (READ_ONLY)")
        con.execute(
            """INSERT INTO control.retired SELECT file, ? FROM control.segments
            WHERE file NOT IN (SELECT file FROM earlier.segments)""",
            [writer.generation],
        )
        con.execute("DELETE FROM control.retired WHERE file IN (SELECT file FROM earlier.segments)")
        for table in ("segments", "loads"):
            con.execute(f"DELETE FROM control.{table}")
            con.execute(f"INSERT INTO control.{table} SELECT * FROM earlier.{table}")
        con.execute("DETACH earlier")
        said = Entry(actor, "rollback", "centre", folder.path.name, after=json.dumps({"to": to}), reason=reason)
        audit.close(writer, [said], now)
        return writer.generation
