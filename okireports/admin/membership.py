"""Who is in a project, and in a group: from when to when, half-open."""

from __future__ import annotations

from datetime import datetime

from okireports.access import VALID
from okireports.admin.change import Change, sees_whole_centre, utc
from okireports.errors import ChangeError, Refused, UnknownName

MEETS = """(valid_to IS NULL OR valid_to > $since)
AND (valid_from IS NULL OR $until::TIMESTAMP IS NULL OR valid_from < $until)"""


def stretch(change: Change, valid_from: datetime | None, valid_to: datetime | None) -> tuple[datetime, datetime | None]:
    """From when to when something holds: from now on where nothing is said.

    Raises:
        ChangeError: it ends before it starts.
    """
    since, until = utc(valid_from) if valid_from else change.now, utc(valid_to) if valid_to else None
    if until and until <= since:
        raise ChangeError("valid_to is not after valid_from.")
    return since, until


def join(change: Change, project: tuple[int, str], login: str, since: datetime, until: datetime | None) -> None:
    """Put a person into a project."""
    (project_id, name), (user_id, known) = project, change.user(login)
    if is_in(change, "memberships", "project_id", project_id, user_id, since, until):
        raise ChangeError(f"{known} is in {name} already at that time; take her out first to change it.")
    values = {"user_id": user_id, "project_id": project_id, "valid_from": since, "valid_to": until}
    change.add("memberships", values)
    change.log("add member", "project", name, {}, {"user": known, "from": since, "to": until}, project_id)


def leave(change: Change, project: tuple[int, str], login: str) -> None:
    """Take a person out of a project, from now on."""
    (project_id, name), (user_id, known) = project, change.user(login)
    if not change.end("memberships", "user_id = $u AND project_id = $p", u=user_id, p=project_id):
        raise ChangeError(f"{known} is not in {name}.")
    change.log("remove member", "project", name, {"user": known}, {"to": change.now}, project_id)


def join_group(change: Change, group: tuple[int, str], login: str, since: datetime, until: datetime | None) -> None:
    """Put a person into a group."""
    (group_id, name), (user_id, known) = group, change.user(login)
    own_people(change, user_id, known)
    if is_in(change, "group_members", "group_id", group_id, user_id, since, until):
        raise ChangeError(f"{known} is in the group {name} already at that time.")
    change.add("group_members", {"group_id": group_id, "user_id": user_id, "valid_from": since, "valid_to": until})
    change.log("add to group", "group", name, {}, {"user": known, "from": since, "to": until})


def is_in(
    change: Change, table: str, column: str, id: int, user_id: int, since: datetime, until: datetime | None
) -> bool:
    """Is a person in a project or group at some time of a stretch?"""
    found = change.con.execute(
        f"SELECT 1 FROM control.{table} WHERE user_id = $user AND {column} = $id AND {MEETS}",
        {"user": user_id, "id": id, "since": since, "until": until},
    ).fetchone()
    return found is not None


def members_of(change: Change, group: str) -> list[str]:
    """The active people who are in a group now, by login."""
    group_id, _ = known_group(change, group)
    rows = change.con.execute(
        f"""SELECT DISTINCT login FROM control.group_members JOIN control.users USING (user_id)
        WHERE group_id = $group AND active AND {VALID} ORDER BY login""",
        {"group": group_id, "now": change.now},
    ).fetchall()
    return [str(login) for (login,) in rows]


def known_group(change: Change, name: str) -> tuple[int, str]:
    """A group that is the actor's to use: none of its members works where she does not.

    Raises:
        UnknownName: it is not there, or all of its members work elsewhere: the same error.
        Refused: some of them do.
    """
    row = change.one("SELECT group_id, name FROM control.groups WHERE name = ?", name)
    whole = sees_whole_centre(change)
    theirs: set[int] = set()
    if row and not whole:
        found = change.con.execute(
            f"""SELECT DISTINCT project_id FROM control.memberships WHERE {VALID} AND user_id IN
            (SELECT user_id FROM control.group_members WHERE group_id = $group AND {VALID})""",
            {"group": row[0], "now": change.now},
        ).fetchall()
        theirs = {int(project) for (project,) in found}
    if row is None or (theirs and not theirs & change.mine):
        groups = change.con.execute("SELECT name FROM control.groups ORDER BY name").fetchall() if whole else []
        raise UnknownName("group", name, (g for (g,) in groups))
    if theirs - change.mine:
        raise Refused(f"The group {name} is not yours alone; ask an admin who sees all projects.")
    return int(row[0]), str(row[1])


def own_people(change: Change, user_id: int, login: str) -> None:
    """Refuse to change someone who works where the actor does not; who works nowhere is anyone's."""
    if sees_whole_centre(change):
        return
    rows = change.con.execute(
        f"SELECT DISTINCT project_id FROM control.memberships WHERE user_id = $user AND {VALID}",
        {"user": user_id, "now": change.now},
    ).fetchall()
    theirs = {int(project) for (project,) in rows}
    if theirs and not theirs & change.mine:
        raise UnknownName("user", login)
    if theirs - change.mine:
        raise Refused(f"{login} is not yours alone to change; ask an admin who sees all projects.")
