"""Who may see what: no rule means no; restrictions only narrow; a refusal says which rule."""

from __future__ import annotations

from okireports.access.definitions import settings_at
from okireports.access.directory import DIRECTORIES, Directory, fill, ids_of
from okireports.access.founding import found
from okireports.access.in_force import TOLD, in_force
from okireports.access.rights import PRESETS, RESTRICTIONS, RIGHTS, Preset, may_run
from okireports.access.scope import Project, Scope, resolve, several

__all__ = [
    "DIRECTORIES",
    "PRESETS",
    "RESTRICTIONS",
    "RIGHTS",
    "TOLD",
    "Directory",
    "Preset",
    "Project",
    "Scope",
    "fill",
    "found",
    "ids_of",
    "in_force",
    "may_run",
    "resolve",
    "settings_at",
    "several",
]
