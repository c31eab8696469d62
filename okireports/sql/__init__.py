"""Queries of a viewer's own: one SELECT over her rows, run by a process that holds nothing else.

checking   is it one SELECT, over her tables, by functions that look nowhere else
offered    which tables there are, and the views that put names beside ids
asking     the way of a query: right, trace, check, files, worker
process    starts the worker, feeds it, and ends it when it has had its time
worker     the process itself, which knows nothing of okireports
selection  what a query gave
"""

from __future__ import annotations

from okireports.sql.asking import ask
from okireports.sql.process import Limits
from okireports.sql.selection import Provenance, Selection

__all__ = ["Limits", "Provenance", "Selection", "ask"]
