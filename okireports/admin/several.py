"""Several changes that become one: one commit and one generation, with an entry in the log for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from okireports.admin.centre import Settings
from okireports.admin.change import Clock, together
from okireports.admin.definitions import Definitions
from okireports.admin.groups import Groups
from okireports.admin.people import Users
from okireports.admin.projects import Projects
from okireports.admin.roles import Roles
from okireports.disk import Folder


@dataclass(frozen=True)
class Changes:
    """The parts of a centre, as they are changed together; each method as it is, without actor and reason."""

    projects: Projects
    users: Users
    groups: Groups
    roles: Roles
    settings: Settings
    definitions: Definitions


@contextmanager
def several(folder: Folder, clock: Clock, actor: str, reason: str) -> Iterator[Changes]:
    """Make several changes together: all of them or none.

    Raises:
        Refused: the actor lacks the right of one of them.
        ChangeError: one of them contradicts what is there.
        CenterBusy: another writer holds the lock.
    """
    with together(folder, clock, actor, reason) as changes:
        at = (folder, clock, changes)
        yield Changes(Projects(*at), Users(*at), Groups(*at), Roles(*at), Settings(*at), Definitions(*at))
