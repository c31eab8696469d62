"""Administration in a notebook: projects as tiles, the open one's members and objects, the change log beside.

sight           what may be seen, looked up anew at each step
projects        the tiles, and what is set of the open project
members         who is in it
objects         what belongs to it
log             what was changed, and by whom
administration  all of it as one widget
"""

from __future__ import annotations

from okireports.widgets.administration.administration import Administration

__all__ = ["Administration"]
