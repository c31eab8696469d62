"""Widgets for notebooks: what people click does what the library's methods do, within the same rights.

administration  projects, members and objects, changed by hand
explorer        one report, with all that it can be asked
dashboard       several reports beside each other
selector        projects, for notebooks of one's own
looking         what those of a viewer have in common; with last (only the last choice runs), choice and periods
static          what stands in for a widget where none can be drawn
life            what each does as long as it lives: it looks whether anything has changed, and closes what is in it
chart, tables   a result as they show it
front           the controls of our own, with their side in the page
parts, texts    how ipywidgets' controls look here, and what all say in each language
"""

from __future__ import annotations

from okireports.widgets.administration import Administration
from okireports.widgets.dashboard import Dashboard
from okireports.widgets.explorer import Explorer
from okireports.widgets.selector import ProjectSelector

__all__ = ["Administration", "Dashboard", "Explorer", "ProjectSelector"]
