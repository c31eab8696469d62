"""Widgets for notebooks: what people click does what the library's methods do, within the same rights."""

from __future__ import annotations

from okireports.widgets.administration import Administration
from okireports.widgets.dashboard import Dashboard
from okireports.widgets.explorer import Explorer
from okireports.widgets.selector import ProjectSelector

__all__ = ["Administration", "Dashboard", "Explorer", "ProjectSelector"]
