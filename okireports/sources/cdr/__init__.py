"""Logs of calls as the switches write them: Asterisk CDR and CEL, FreeSWITCH CDR."""

from __future__ import annotations

from okireports.sources.cdr.reading import SOURCES, read

__all__ = ["SOURCES", "read"]
