"""The faces of the library: a centre, a viewer, a result. They delegate, and do nothing else."""

from __future__ import annotations

from okireports.faces.center import Center
from okireports.faces.engine import engine_of
from okireports.faces.viewer import Viewer
from okireports.result import Result

__all__ = ["Center", "Result", "Viewer", "engine_of"]
