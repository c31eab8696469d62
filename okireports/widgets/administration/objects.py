"""What the open project owns: objects of each kind, put into it, taken out of it, moved to another one."""

from __future__ import annotations

import ipywidgets

from okireports.admin import Changes
from okireports.errors import ChangeError
from okireports.tables import OBJECT_KINDS
from okireports.widgets.administration.sight import Sight, Tile, movable
from okireports.widgets.parts import (
    STYLE,
    Desk,
    Filling,
    button,
    emptied,
    heading,
    isolated,
    listing,
    more,
    named,
    on_choice,
    place,
    searching,
    set_options,
    shown,
    suggesting,
    wide,
    words,
)


class Objects:
    """The objects of one kind, with how many there are of each."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.filling = desk, Filling()
        self.title, self.said = words(heading("Objects")), place()
        hint = "One of the kinds of objects"
        self.kind = ipywidgets.Dropdown(
            description="Kind", tooltip=hint, options=kinds({}), style=STYLE, layout=wide(), value=OBJECT_KINDS[0]
        )
        self.search = searching("Search objects", "a part of a name")
        self.objects = listing("Objects", "Those chosen are taken out or moved")
        self.more = words()
        self.remove = button("Remove objects", "Take the chosen objects out of the project", self.removed)
        self.name = suggesting("Object", "a name; one that is new is made")
        self.add = button("Add object", "Put the object with this name into the project", self.added)
        self.to = suggesting("Move to", "the name of a project")
        self.move = button("Move objects", "Move the chosen objects to that project, from now on", self.moved)
        self.box = ipywidgets.VBox()
        for control in (self.kind, self.search, self.name, self.to):
            on_choice(control, self.filling, desk.refresh)

    def show(self, sight: Sight, chosen: Tile | None) -> None:
        """Fill in what may be seen now."""
        if chosen is None or not sight.manages_projects:
            self.clear()
            return
        kind = self.kind.value
        page = sight.objects(chosen.id, kind, self.search.value.strip())
        with self.filling:
            self.kind.options = kinds(sight.kinds(chosen.id))
            self.kind.value = kind
            set_options(self.objects, ((isolated(name), name) for name in page.rows))
            self.name.options = tuple(sight.free_objects(chosen.id, kind, self.name.value.strip()))
            targets = sight.tiles(self.to.value.strip(), own=True).rows if movable(kind) else ()
            self.to.options = tuple(tile.name for tile in targets if tile.id != chosen.id)
        self.more.value = more(page.more)
        moving = [self.to, self.move] if movable(kind) else []
        arranged = [] if chosen.archived else [self.remove, self.said, self.name, self.add, *moving]
        shown(self.box, [self.title, self.kind, self.search, self.objects, self.more, *arranged])

    def clear(self) -> None:
        """Forget everything."""
        with self.filling:
            emptied(self.search, self.objects, self.name, self.to)
            self.kind.options = kinds({})
        self.more.value = ""
        shown(self.box, ())

    def added(self) -> None:
        """Put an object in."""
        project, kind, name = self.desk.chosen, self.kind.value, self.name.value
        done = f"The {kind} {named(name)} is in the project."
        if self.desk.make(self.said, done, lambda c: c.projects.add_object(project, kind, name)):
            with self.filling:
                emptied(self.name)
            self.desk.refresh()

    def removed(self) -> None:
        """Take the chosen objects out, all of them or none."""
        project, kind, names = self.desk.chosen, self.kind.value, self.objects.value

        def take(changes: Changes) -> None:
            for name in names:
                changes.projects.remove_object(project, kind, name)

        self.desk.make(self.said, told(kind, names, "no longer in the project"), take if names else nothing)

    def moved(self) -> None:
        """Move the chosen objects, all of them or none."""
        to, kind, names = self.to.value.strip(), self.kind.value, self.objects.value

        def move(changes: Changes) -> None:
            for name in names:
                changes.projects.move_object(kind, name, to)

        self.desk.make(self.said, told(kind, names, f"in {named(to)} from now on"), move if names else nothing)


def kinds(counts: dict[str, int]) -> tuple[tuple[str, str], ...]:
    """The kinds, with how many objects there are of each."""
    return tuple((f"{kind.replace('_', ' ')} ({counts.get(kind, 0):,})", kind) for kind in OBJECT_KINDS)


def told(kind: str, names: tuple[str, ...], what: str) -> str:
    """What became of objects, as HTML."""
    return f"{kind.replace('_', ' ').capitalize()} {', '.join(map(named, names))}: {what}."


def nothing(changes: Changes) -> None:
    """No object was chosen."""
    raise ChangeError("Choose objects in the list first.")
