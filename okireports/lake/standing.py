"""How a lake stands to its centre: is it of this one, and not behind what was taken out of it?"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from okireports.disk.sweep import FINAL
from okireports.lake.layout import State
from okireports.tables import FACTS

INTERNAL = [name for name, fact in FACTS.items() if fact.internal]  # tables that no viewer's run opens


def follows(con: duckdb.DuckDBPyConnection, state: State) -> bool:
    """Is the centre whose control file is attached what a lake was made of, or what became of it?"""
    entry = con.execute("SELECT hash FROM control.audit WHERE seq = ?", [state.seq]).fetchone()
    return entry is not None and entry[0] == state.head


def erased_since(con: duckdb.DuckDBPyConnection, state: State) -> bool:
    """Was anything taken out of the centre, or moved to another project, that may still lie in a lake of a state?"""
    asked = "SELECT count(*) FROM control.audit WHERE seq > ? AND action IN ?"
    found = con.execute(asked, [state.seq, FINAL]).fetchone()
    return bool(found and found[0])


def sources(con: duckdb.DuckDBPyConnection, projects: Iterable[int]) -> set[str]:
    """The checksums of all segments of which a lake of some projects is made."""
    asked = """SELECT sha256 FROM control.segments
    WHERE list_contains(?, project_id) AND NOT list_contains(?, "table") AND "rows" > 0"""
    return {str(sha256) for (sha256,) in con.execute(asked, [[*projects], INTERNAL]).fetchall()}
