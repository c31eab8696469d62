"""Choosing projects in a notebook of one's own."""

from __future__ import annotations

from okireports import run
from okireports.widgets.front import ProjectPicker
from okireports.widgets.looking import Asking


class ProjectSelector(ProjectPicker):
    """A viewer's projects to choose from; made by `okireports.project_selector`. One that is all she has is chosen."""

    def __init__(self, viewer: Asking, language: str = "en") -> None:
        options = [(project.id, project.name) for project in run.look(viewer.viewing()).projects]
        chosen = [id for id, _ in options] if len(options) == 1 else []
        super().__init__(language, options=options, value=chosen)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the projects that are chosen."""
        named = dict(self.options)
        return tuple(named[id] for id in self.value)
