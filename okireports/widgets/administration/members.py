"""Who is in the open project and who could be, found by search or by group."""

from __future__ import annotations

from collections.abc import Iterable

import ipywidgets

from okireports.admin import Changes
from okireports.errors import ChangeError
from okireports.widgets.administration.sight import PROJECTS_NAMED, Person, Sight, Tile
from okireports.widgets.parts import (
    Desk,
    Filling,
    button,
    emptied,
    field,
    heading,
    isolated,
    listing,
    more,
    named,
    on_choice,
    place,
    row,
    searching,
    set_options,
    shown,
    suggesting,
    words,
)


class Members:
    """Two lists with one search: the project's members, and people who are not in it."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.filling = desk, Filling()
        self.title, self.said = words(heading("Members")), place()
        self.search = searching("Search people", "a part of a login or a name")
        self.group = suggesting("Group", "only people of this group")
        self.members = listing("Members", "Those chosen are taken out of the project")
        self.more_members = words()
        self.remove = button(
            "Remove from project", "Take the chosen members out of the project", self.removed, in_row=True
        )
        self.remove_group = button(
            "Remove group", "Take all of the group out of the project", self.group_removed, in_row=True
        )
        self.others = listing("Not in it", "Those chosen are put into the project")
        self.more_others = words()
        self.add = button("Add to project", "Put the chosen people into the project", self.added, in_row=True)
        self.add_group = button(
            "Add group", "Put all who are in the group today into the project", self.group_added, in_row=True
        )
        self.login = field("Login", "of someone who is in no list")
        self.add_login = button("Add login", "Put the person with this login into the project", self.login_added)
        self.box = ipywidgets.VBox()
        self.taking = row(self.remove, self.remove_group)
        self.putting = row(self.add, self.add_group)
        for control in (self.search, self.group):
            on_choice(control, self.filling, desk.refresh)

    def show(self, sight: Sight, chosen: Tile | None) -> None:
        """Fill in what may be seen now."""
        if chosen is None or not sight.manages_access or sight.simplified:
            self.clear()
            return
        search, group = self.search.value.strip(), self.group.value.strip()
        members = sight.members(chosen.id, search, group)
        with self.filling:
            self.group.options = tuple(sight.groups(group))
            set_options(self.members, ((label(person), person.login) for person in members.rows))
        self.more_members.value = more(members.more)
        held = [self.title, self.search, self.group, self.members, self.more_members, self.taking, self.said]
        if chosen.archived:
            emptied(self.others)
        else:
            others = sight.others(chosen.id, search, group)
            set_options(self.others, ((label(person), person.login) for person in others.rows))
            self.more_others.value = more(others.more)
            held += [self.others, self.more_others, self.putting, self.login, self.add_login]
        shown(self.box, held)

    def clear(self) -> None:
        """Forget everything."""
        with self.filling:
            emptied(self.search, self.group, self.members, self.others, self.login)
        self.more_members.value = self.more_others.value = ""
        shown(self.box, ())

    def removed(self) -> None:
        """Take the chosen members out."""
        project, logins = self.desk.chosen, self.members.value

        def take(changes: Changes) -> None:
            for login in logins:
                changes.projects.remove_member(project, login)

        self.desk.make(self.said, listed(logins, "No longer in the project"), take if logins else nobody)

    def added(self) -> None:
        """Put the chosen people in."""
        self.put(self.others.value)

    def login_added(self) -> None:
        """Put one in by login."""
        if self.put((self.login.value.strip(),)):
            emptied(self.login)

    def put(self, logins: tuple[str, ...]) -> bool:
        """Put people in, all of them or none."""
        project = self.desk.chosen

        def add(changes: Changes) -> None:
            for login in logins:
                changes.projects.add_member(project, login)

        return self.desk.make(self.said, listed(logins, "Now in the project"), add if logins else nobody)

    def group_added(self) -> None:
        """Put all of a group in."""
        project, group = self.desk.chosen, self.group.value
        done = f"The group {named(group)} is in the project."
        self.desk.make(self.said, done, lambda c: c.projects.add_group(project, group))

    def group_removed(self) -> None:
        """Take all of a group out."""
        project, group = self.desk.chosen, self.group.value
        done = f"The group {named(group)} is out of the project."
        self.desk.make(self.said, done, lambda c: c.projects.remove_group(project, group))


def label(person: Person) -> str:
    """A person as a list names her: who she is, and where she works."""
    parts = [isolated(person.login)]
    if person.name and person.name != person.login:
        parts.append(isolated(person.name))
    parts.append(person.role)
    if person.projects:
        named, others = person.projects[:PROJECTS_NAMED], len(person.projects) - PROJECTS_NAMED
        parts.append("in " + ", ".join(map(isolated, named)) + (f" and {others:,} more" if others > 0 else ""))
    parts += ["to come"] * person.to_come + ["not active"] * (not person.active)
    return " · ".join(parts)


def listed(logins: Iterable[str], what: str) -> str:
    """Who was put in or taken out, as HTML."""
    return f"{what}: {', '.join(map(named, logins))}."


def nobody(changes: Changes) -> None:
    """Nobody was chosen."""
    raise ChangeError("Choose people in the list first.")
