"""What one viewer hands out: a folder for each of her projects, and a manifest that says what is in it.

order     what is asked for, and what came of it
asking    who may, over which projects and which state of the centre, and the trace that it leaves
making    project after project, and the manifest of the whole
folder    the folder of one project: its reports, tables and digest, in that project's own scope
facts     the facts of one project, month by month; stretch: their rows, as they are written
naming    what a project's folder is called
manifest  what is in a folder, and what an export that was broken off had already made
target    where it goes: a folder; bucket: object storage
digest    the page about one project
checking  is what lies there what the manifest says
"""

from __future__ import annotations

from okireports.delivery.checking import Verified, verify
from okireports.delivery.making import export
from okireports.delivery.order import Exported, File, Order, ProjectFolder

__all__ = ["Exported", "File", "Order", "ProjectFolder", "Verified", "export", "verify"]
