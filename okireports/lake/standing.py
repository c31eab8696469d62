"""How a lake stands to its centre: is it of this one, and not behind what was taken out of it?"""

from __future__ import annotations

import duckdb

from okireports.disk.sweep import FINAL
from okireports.lake.layout import State


def follows(con: duckdb.DuckDBPyConnection, state: State) -> bool:
    """Is the centre whose control file is attached what a lake was made of, or what became of it?"""
    entry = con.execute("SELECT hash FROM control.audit WHERE seq = ?", [state.seq]).fetchone()
    return entry is not None and entry[0] == state.head


def erased_since(con: duckdb.DuckDBPyConnection, state: State) -> bool:
    """Was anything taken out of the centre, or moved to another project, that may still lie in a lake of a state?"""
    asked = "SELECT count(*) FROM control.audit WHERE seq > ? AND action IN ?"
    found = con.execute(asked, [state.seq, FINAL]).fetchone()
    return bool(found and found[0])
