"""Administration: each change names its actor, needs a right, and is written down in the same commit."""

from __future__ import annotations

from okireports.admin.centre import ChangeLog, Settings, rollback
from okireports.admin.change import Change, Part, changing, frame
from okireports.admin.definitions import Definitions
from okireports.admin.people import Roles, Users
from okireports.admin.projects import Projects

__all__ = [
    "Change",
    "ChangeLog",
    "Definitions",
    "Part",
    "Projects",
    "Roles",
    "Settings",
    "Users",
    "changing",
    "frame",
    "rollback",
]
