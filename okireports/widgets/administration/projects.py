"""Tiles of projects with a search, and the making, renaming and archiving of one."""

from __future__ import annotations

from typing import Any

import ipywidgets

from okireports.widgets.administration.sight import MOST, Page, Sight, Tile
from okireports.widgets.parts import (
    Desk,
    Filling,
    button,
    emptied,
    field,
    heading,
    isolated,
    more,
    named,
    on_choice,
    place,
    searching,
    shortened,
    shown,
    tick,
    words,
)


class Tiles:
    """The projects: at most `MOST` at once, her own first."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.filling = desk, Filling()
        self.ids: list[int] = []
        self.title = words(heading("Projects"))
        self.search = searching("Search projects", "a part of a name")
        self.archived = tick("Archived ones too", "Show archived projects too")
        self.tiles = [self.tile(number) for number in range(MOST)]
        self.grid = ipywidgets.Box(layout={"flex_flow": "row wrap"})
        self.more = words()
        self.name = field("New project", "its name")
        self.description = field("Description")
        self.client = field("Client")
        self.create = button("Create project", "Make a project with this name", self.created)
        self.new, self.said = words(heading("A new project")), place()
        self.making = [self.new, self.said, self.name, self.description, self.client, self.create]
        self.box = ipywidgets.VBox()
        for control in (self.search, self.archived):
            on_choice(control, self.filling, desk.refresh)

    def tile(self, number: int) -> Any:
        """The button that opens the project of this number in the list."""
        return button("", "", lambda: self.open(number), in_row=True)

    def show(self, sight: Sight, chosen: Tile | None) -> None:
        """Fill in what may be seen now."""
        page = sight.tiles(self.search.value.strip(), archived=self.archived.value)
        opens = sight.manages_projects or sight.manages_access
        self.fill(page, opens, chosen)
        basic = [self.title, self.search, self.archived, self.grid, self.more]
        if not sight.manages_projects:
            emptied(self.name, self.description, self.client)
        shown(self.box, [*basic, *(self.making if sight.manages_projects else ())])

    def fill(self, page: Page, opens: bool, chosen: Tile | None) -> None:
        """Name the tiles."""
        self.ids = [tile.id for tile in page.rows]
        for made, tile in zip(self.tiles, page.rows, strict=False):
            here = chosen is not None and tile.id == chosen.id
            states = ["archived"] * tile.archived + ["open"] * here + ["name only"] * (not tile.own)
            said = f"{isolated(tile.name)} ({', '.join(states)})" if states else shortened(tile.name)
            made.description = said
            made.tooltip = f"{tile.name} ({', '.join(states)})" if states else f"Open {tile.name}"
            made.disabled = not (opens and tile.own)
        for made in self.tiles[len(page.rows) :]:
            made.description = made.tooltip = ""
        shown(self.grid, self.tiles[: len(page.rows)])
        self.more.value = more(page.more) if page.all else "No project is found."

    def clear(self) -> None:
        """Forget everything."""
        with self.filling:
            emptied(self.search, self.name, self.description, self.client)
        self.fill(Page((), 0), False, None)
        self.more.value = ""
        shown(self.box, ())

    def open(self, number: int) -> None:
        """Open the project of a tile."""
        if number < len(self.ids):
            self.desk.choose(self.ids[number])

    def created(self) -> None:
        """Make the project that is described."""
        name, description, client = self.name.value, self.description.value or None, self.client.value or None
        done = f"The project {named(name)} is made."
        if self.desk.make(self.said, done, lambda c: c.projects.create(name, description=description, client=client)):
            emptied(self.name, self.description, self.client)


class Settings:
    """The open project's own name, and its end."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.title, self.said = words(), place()
        self.name = field("New name")
        self.rename = button("Rename", "Give the open project this name", self.renamed)
        self.sure = tick("Yes, archive it", "An archived project is not opened again; its objects leave it now")
        self.archive = button("Archive", "End the open project: its objects leave it, its rows stay", self.archived)
        self.archive.disabled = True
        self.sure.observe(lambda change: setattr(self.archive, "disabled", not change["new"]), "value")
        self.box = ipywidgets.VBox()

    def show(self, sight: Sight, chosen: Tile | None) -> None:
        """Fill in what may be seen now."""
        if chosen is None:
            self.clear()
            return
        self.title.value = heading(f"Project {named(chosen.name)}{', archived' if chosen.archived else ''}")
        arranged = sight.manages_projects and not chosen.archived
        controls = (self.name, self.rename, self.sure, self.archive) if arranged else ()
        shown(self.box, [self.title, self.said, *controls])

    def clear(self) -> None:
        """Forget everything."""
        emptied(self.name)
        self.sure.value = False
        self.title.value = ""
        shown(self.box, ())

    def renamed(self) -> None:
        """Give the project its new name."""
        project, name = self.desk.chosen, self.name.value
        done = f"It is called {named(name)} now."
        if self.desk.make(self.said, done, lambda c: c.projects.rename(project, name)):
            emptied(self.name)

    def archived(self) -> None:
        """End the project."""
        project = self.desk.chosen
        if self.sure.value:
            self.desk.make(self.said, "The project is archived.", lambda c: c.projects.archive(project))
        self.sure.value = False
