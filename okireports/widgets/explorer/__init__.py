"""Reports in a notebook, chosen by hand."""

from __future__ import annotations

from okireports.widgets.explorer.explorer import Explorer

__all__ = ["Explorer"]
