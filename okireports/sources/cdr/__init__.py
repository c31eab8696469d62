"""Logs of calls as the switches write them: Asterisk CDR and CEL, FreeSWITCH CDR."""

from __future__ import annotations

from okireports.sources.cdr.lines import Log
from okireports.sources.cdr.reading import (
    FREESWITCH,
    TABLES,
    feed_of,
    open_asterisk,
    read_freeswitch,
    rowids,
    set_apart,
    switch,
    tell_asterisk,
)

__all__ = [
    "FREESWITCH",
    "TABLES",
    "Log",
    "feed_of",
    "open_asterisk",
    "read_freeswitch",
    "rowids",
    "set_apart",
    "switch",
    "tell_asterisk",
]
