"""Administration: each change names its actor, needs a right, and is written down in the same commit."""

from __future__ import annotations

from okireports.admin.centre import ChangeLog, Settings, rollback
from okireports.admin.change import Change, Part, changing, frame
from okireports.admin.definitions import Definitions
from okireports.admin.erasure import Erasure, Retention, forget, retain
from okireports.admin.groups import Groups
from okireports.admin.history import Log
from okireports.admin.insight import Insight, own_log
from okireports.admin.past import Span, restamp
from okireports.admin.people import Users
from okireports.admin.projects import Projects
from okireports.admin.roles import Roles
from okireports.admin.security import switch
from okireports.admin.several import Changes, several

__all__ = [
    "Change",
    "ChangeLog",
    "Changes",
    "Definitions",
    "Erasure",
    "Groups",
    "Insight",
    "Log",
    "Part",
    "Projects",
    "Retention",
    "Roles",
    "Settings",
    "Span",
    "Users",
    "changing",
    "forget",
    "frame",
    "own_log",
    "restamp",
    "retain",
    "rollback",
    "several",
    "switch",
]
