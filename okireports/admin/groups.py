"""Groups of operators: a label and a filter in reports, never a right."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pandas as pd

from okireports.access import VALID
from okireports.admin.change import Change, Part, frame, proper
from okireports.admin.membership import join_group, known_group, stretch
from okireports.errors import ChangeError


class Groups(Part):
    """Groups of operators, and who is in them from when to when."""

    @property
    def frame(self) -> pd.DataFrame:
        """group_id, group, members (logins of today)."""
        return frame(
            self.folder,
            f"""SELECT group_id, g.name AS "group", coalesce((SELECT list(DISTINCT login ORDER BY login)
            FROM control.group_members m JOIN control.users u USING (user_id) WHERE m.group_id = g.group_id
            AND {VALID}), []) AS members FROM control.groups g ORDER BY g.name""",
            {"now": self.now},
        )

    def create(self, name: str, *, members: Iterable[str] = (), actor: str = "", reason: str = "") -> None:
        """Make a group, with the people who are in it from now on."""
        proper("group", name)
        logins = [members] if isinstance(members, str) else list(members)
        with self.changing("manage_users", actor, reason) as change:
            free_group(change, name)
            group_id = change.next_id("groups", "group_id")
            change.add("groups", {"group_id": group_id, "name": name})
            change.log("create group", "group", name, {}, {})
            for login in logins:
                join_group(change, (group_id, name), login, change.now, None)

    def rename(self, name: str, new: str, *, actor: str = "", reason: str = "") -> None:
        """Give a group another name."""
        proper("group", new)
        with self.changing("manage_users", actor, reason) as change:
            group_id, _ = known_group(change, name)
            free_group(change, new)
            change.con.execute("UPDATE control.groups SET name = ? WHERE group_id = ?", [new, group_id])
            change.log("rename group", "group", new, {"name": name}, {"name": new})

    def add_member(
        self,
        group: str,
        login: str,
        *,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        actor: str = "",
        reason: str = "",
    ) -> None:
        """Put a person into a group; projects that the group was added to do not change."""
        with self.changing("manage_users", actor, reason) as change:
            since, until = stretch(change, valid_from, valid_to)
            join_group(change, known_group(change, group), login, since, until)

    def remove_member(self, group: str, login: str, *, actor: str = "", reason: str = "") -> None:
        """Take a person out of a group from now on."""
        with self.changing("manage_users", actor, reason) as change:
            group_id, name = known_group(change, group)
            user_id, known = change.user(login)
            if not change.end("group_members", "user_id = $u AND group_id = $g", u=user_id, g=group_id):
                raise ChangeError(f"{known} is not in the group {name}.")
            change.log("remove from group", "group", name, {"user": known}, {"to": change.now})


def free_group(change: Change, name: str) -> None:
    """Refuse the name of another group."""
    if change.one("SELECT 1 FROM control.groups WHERE name = ?", name):
        raise ChangeError(f"There is a group {name!r} already.")
