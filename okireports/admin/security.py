"""The security type: simplified, where everyone sees everything, and improved, where members see their projects.

The rows of a simplified centre stand in the store of one project. Switching to improved makes that project `Default`,
to which every object and every person has belonged since ever: so all of its history is stamped with it, and what is
loaded later, too. Switching back is for a centre in which everything and everyone still is in that one project.
"""

from __future__ import annotations

from collections.abc import Iterator

from okireports.access.founding import SECURITY
from okireports.admin.change import Change, Clock, changing, demand_whole_centre, simplified
from okireports.admin.projects import free_name
from okireports.disk import Folder, segments_of
from okireports.errors import BadOption, ChangeError
from okireports.loading.stored import opened
from okireports.tables import EXCLUSIVE, FACTS

ONE = 1  # the project in whose store the rows of a simplified centre stand
SIMPLIFIED, IMPROVED = "Everything", "Default"  # how it is called
NAMED = 5  # of what would be lost, so many are named


def switch(folder: Folder, clock: Clock, to: str, actor: str, reason: str) -> None:
    """Switch the security type.

    Raises:
        BadOption: there is no such type.
        Refused: the actor lacks `manage_projects` or `manage_access`, or does not see all projects.
        ChangeError: it is of that type already; or, of the way back, something would be lost: it says what.
    """
    if to not in SECURITY:
        raise BadOption(f"security={to!r}: it is {' or '.join(map(repr, SECURITY))}.")
    with changing(folder, clock, "manage_projects", actor, reason) as change:
        change.scope.demand("manage_access")
        demand_whole_centre(change, "The security type holds")
        was = "simplified" if simplified(change) else "improved"
        if was == to:
            raise ChangeError(f"The security type is {to} already.")
        if to == "improved":
            improve(change)
        else:
            simplify(change, folder)
        change.con.execute("UPDATE control.settings SET value = ? WHERE key = 'security'", [to])
        change.log("change setting", "setting", "security", {"value": was}, {"value": to})


def improve(change: Change) -> None:
    """Everything and everyone is in the project `Default`, since ever."""
    call_it(change, IMPROVED)
    make_room(change)
    change.con.execute(
        "INSERT INTO control.project_objects SELECT object_id, ?, NULL, NULL FROM control.objects", [ONE]
    )
    change.con.execute("INSERT INTO control.memberships SELECT user_id, ?, NULL, NULL FROM control.users", [ONE])
    for kind, name in change.con.execute("SELECT kind, name FROM control.objects ORDER BY object_id").fetchall():
        change.log("add object", kind, name, {}, {"project": IMPROVED, "from": None}, ONE)
    for (login,) in change.con.execute("SELECT login FROM control.users ORDER BY user_id").fetchall():
        change.log("add member", "project", IMPROVED, {}, {"user": login, "from": None, "to": None}, ONE)


def make_room(change: Change) -> None:
    """What was said of members and objects while there were no projects never counted, and gives way."""
    values = {"one": ONE, "now": change.now}
    holds = "(valid_to IS NULL OR valid_to > $now)"
    gives_way = "(project_id = $one OR list_contains($exclusive, kind))"
    owned = change.con.execute(
        f"""SELECT DISTINCT o.kind, o.name, project_id, p.name FROM control.project_objects
        JOIN control.objects o USING (object_id) JOIN control.projects p USING (project_id)
        WHERE {gives_way} AND {holds} ORDER BY ALL""",
        {**values, "exclusive": list(EXCLUSIVE)},
    ).fetchall()
    for kind, name, project_id, project in owned:
        change.log("remove object", kind, name, {"project": project}, {"to": change.now}, project_id)
    members = change.con.execute(
        f"""SELECT DISTINCT login FROM control.memberships JOIN control.users USING (user_id)
        WHERE project_id = $one AND {holds} ORDER BY login""",
        values,
    ).fetchall()
    for (login,) in members:
        change.log("remove member", "project", IMPROVED, {"user": login}, {"to": change.now}, ONE)
    change.con.execute(
        """DELETE FROM control.project_objects WHERE project_id = $one OR object_id IN
        (SELECT object_id FROM control.objects WHERE list_contains($exclusive, kind))""",
        {"one": ONE, "exclusive": list(EXCLUSIVE)},
    )
    change.con.execute("DELETE FROM control.memberships WHERE project_id = ?", [ONE])


def simplify(change: Change, folder: Folder) -> None:
    """Everyone sees the one project's rows; what it says of members and objects stays, and does not count."""
    if lost := list(what_is_lost(change, folder)):
        raise ChangeError(
            f"Without projects, this would be lost: {'; '.join(lost)}. The way back is open while everything and "
            "everyone is in one project."
        )
    call_it(change, SIMPLIFIED)


def call_it(change: Change, name: str) -> None:
    """Name the one project, which is made where it is not there yet."""
    row = change.one("SELECT name FROM control.projects WHERE project_id = ?", ONE)
    if row is None:
        change.add("projects", {"project_id": ONE, "name": name, "created_at": change.now})
        change.log("create project", "project", name, {}, {"name": name}, ONE)
    elif row[0] != name:
        free_name(change, name)
        change.con.execute("UPDATE control.projects SET name = ? WHERE project_id = ?", [name, ONE])
        change.log("rename project", "project", name, {"name": row[0]}, {"name": name}, ONE)


def what_is_lost(change: Change, folder: Folder) -> Iterator[str]:
    """What a centre without projects could not tell apart, or could not show, in words."""
    others = change.con.execute(
        """SELECT name FROM control.projects WHERE project_id <> ? AND project_id IN (
        SELECT project_id FROM control.segments UNION SELECT project_id FROM control.project_objects
        UNION SELECT project_id FROM control.memberships) ORDER BY name""",
        [ONE],
    ).fetchall()
    if others:
        yield f"the border of {some([name for (name,) in others])}"
    outside = change.con.execute(
        """SELECT login FROM control.users JOIN control.roles USING (role) WHERE active
        AND NOT list_contains(rights, 'see_all_projects') AND user_id NOT IN (SELECT user_id FROM control.memberships
        WHERE project_id = $one AND (valid_from IS NULL OR valid_from <= $now) AND valid_to IS NULL) ORDER BY login""",
        {"one": ONE, "now": change.now},
    ).fetchall()
    if outside:
        yield f"that {some([login for (login,) in outside])} may not see all of it"
    if rows := of_no_project(change, folder):
        yield f"that rows belong to no project: {rows:,}"


def of_no_project(change: Change, folder: Folder) -> int:
    """How many rows stand in the store of no project only; presence and shifts stand there beside their copies."""
    change.con.execute("CREATE TABLE there (name VARCHAR, id BIGINT)")
    rows = 0
    for segment in segments_of(change.con, projects=(0, ONE)):
        fact = FACTS[segment.table]
        if fact.internal or fact.id is None:
            continue
        if not fact.copied:
            rows += segment.rows if segment.project_id == 0 else 0
            continue
        sign = "-" if segment.project_id == 0 else ""  # ids of both kinds in one table
        with opened(change.con, folder, segment) as stored:
            change.con.execute(f"""INSERT INTO there SELECT DISTINCT '{fact.name}{sign}', "{fact.id}" FROM {stored}""")
    alone = change.one(
        """SELECT count(*) FROM there t WHERE name LIKE '%-'
        AND NOT EXISTS (FROM there o WHERE o.id = t.id AND o.name || '-' = t.name)"""
    )
    change.con.execute("DROP TABLE there")
    return rows + (int(alone[0]) if alone else 0)


def some(names: list[str]) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
