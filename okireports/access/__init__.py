"""Who may see what: no rule means no; restrictions only narrow; a refusal says which rule."""

from __future__ import annotations

from okireports.access.definitions import settings_at
from okireports.access.directory import DIRECTORIES, Directory, fill, ids_of
from okireports.access.founding import found
from okireports.access.in_force import TOLD, in_force
from okireports.access.oversight import OVERSIGHT, may_oversee, sees_whole_log
from okireports.access.preview import through, trace
from okireports.access.rights import PRESETS, RESTRICTIONS, RIGHTS, Preset, may_run
from okireports.access.scope import VALID, Project, Scope, resolve, several, unknown_viewer

__all__ = [
    "DIRECTORIES",
    "OVERSIGHT",
    "PRESETS",
    "RESTRICTIONS",
    "RIGHTS",
    "TOLD",
    "VALID",
    "Directory",
    "Preset",
    "Project",
    "Scope",
    "fill",
    "found",
    "ids_of",
    "in_force",
    "may_oversee",
    "may_run",
    "resolve",
    "sees_whole_log",
    "settings_at",
    "several",
    "through",
    "trace",
    "unknown_viewer",
]
