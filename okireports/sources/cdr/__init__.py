"""Logs of calls as the switches write them: Asterisk CDR and CEL, FreeSWITCH CDR."""

from __future__ import annotations

from okireports.sources.cdr.joining import LEGS
from okireports.sources.cdr.lines import Log
from okireports.sources.cdr.reading import (
    FREESWITCH,
    TABLES,
    feed_of,
    open_asterisk,
    read_freeswitch,
    refuse,
    rowids,
    set_apart,
    stage_asterisk,
    switch,
    tell_asterisk,
)

__all__ = [
    "FREESWITCH",
    "LEGS",
    "TABLES",
    "Log",
    "feed_of",
    "open_asterisk",
    "read_freeswitch",
    "refuse",
    "rowids",
    "set_apart",
    "stage_asterisk",
    "switch",
    "tell_asterisk",
]
