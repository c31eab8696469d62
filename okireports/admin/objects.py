"""Objects: which project has which; one of an exclusive kind is in at most one project at a time."""

from __future__ import annotations

from datetime import datetime

from okireports.admin.change import Change
from okireports.errors import ChangeError, Refused, UnknownName, did_you_mean
from okireports.tables import EXCLUSIVE, OBJECT_KINDS


def known_kind(kind: str) -> None:
    """Refuse what is no kind of object."""
    if kind not in OBJECT_KINDS:
        kinds = ", ".join(OBJECT_KINDS)
        raise ChangeError(f"kind {kind!r}: it is one of {kinds}.{did_you_mean(kind, OBJECT_KINDS)}")


def object_id_of(change: Change, kind: str, name: str) -> int | None:
    """The id of an object; None where there is none."""
    row = change.one("SELECT object_id FROM control.objects WHERE kind = ? AND name = ?", kind, name)
    return int(row[0]) if row else None


def put_into(change: Change, project: tuple[int, str], kind: str, name: str) -> None:
    """Put an object into a project from now on, made where it is new; one of an exclusive kind leaves its old one."""
    (project_id, known), object_id = project, object_id_of(change, kind, name)
    since = None if object_id is None else change.now
    if object_id is None:
        object_id = change.next_id("objects", "object_id")
        change.add("objects", {"object_id": object_id, "kind": kind, "name": name})
    else:
        owners = owners_of(change, object_id)
        if project_id in owners:
            raise ChangeError(f"{kind} {name!r} is in {known} already.")
        if kind in EXCLUSIVE and owners:
            leave_projects(change, object_id, kind, name, owners, change.now)
    change.add("project_objects", {"object_id": object_id, "project_id": project_id, "valid_from": since})
    change.log("add object", kind, name, {}, {"project": known, "from": since}, project_id)


def take_out(change: Change, project: tuple[int, str], kind: str, name: str) -> None:
    """Take an object out of a project from now on."""
    (project_id, known), object_id = project, object_id_of(change, kind, name)
    if object_id is None or not change.end(
        "project_objects", "object_id = $o AND project_id = $p", o=object_id, p=project_id
    ):
        raise UnknownName(kind, name)
    change.log("remove object", kind, name, {"project": known}, {"to": change.now}, project_id)


def move(change: Change, kind: str, name: str, to: tuple[int, str], at: datetime) -> None:
    """Move an exclusive object from its project to another, from an instant on that is not past.

    Raises:
        UnknownName: it is not there, or in no project of the actor's: the same error.
        Refused: it is in a project of hers, and will be in one that is not.
        ChangeError: it is in no project, or in that one already.
    """
    (project_id, known), object_id = to, object_id_of(change, kind, name)
    owners = {} if object_id is None else owners_of(change, object_id)
    hers = set(owners) & change.mine
    if object_id is None or (owners and not hers):
        raise UnknownName(kind, name)
    if not owners:
        raise ChangeError(f"{kind} {name!r} is in no project; put it into one with add_object.")
    if set(owners) == {project_id}:
        raise ChangeError(f"{kind} {name!r} is in {known} already.")
    leave_projects(change, object_id, kind, name, owners, at)
    change.add("project_objects", {"object_id": object_id, "project_id": project_id, "valid_from": at})
    change.log("add object", kind, name, {}, {"project": known, "from": at}, project_id)


def let_go(change: Change, project: tuple[int, str]) -> None:
    """A project lets all its objects go, from now on."""
    (project_id, known) = project
    rows = change.con.execute(
        """SELECT DISTINCT kind, name FROM control.project_objects JOIN control.objects USING (object_id)
        WHERE project_id = ? AND (valid_to IS NULL OR valid_to > ?) ORDER BY kind, name""",
        [project_id, change.now],
    ).fetchall()
    for kind, name in rows:
        take_out(change, (project_id, known), kind, name)


def owners_of(change: Change, object_id: int) -> dict[int, str]:
    """The projects that have an object now or will have it, with their names."""
    rows = change.con.execute(
        """SELECT DISTINCT project_id, p.name FROM control.project_objects JOIN control.projects p USING (project_id)
        WHERE object_id = ? AND (valid_to IS NULL OR valid_to > ?) ORDER BY project_id""",
        [object_id, change.now],
    ).fetchall()
    return {int(project): str(name) for project, name in rows}


def leave_projects(change: Change, object_id: int, kind: str, name: str, owners: dict[int, str], at: datetime) -> None:
    """An exclusive object leaves the project where it is; what it had before stays there."""
    if set(owners) - change.mine:
        raise Refused("That object is not free to be moved by you.")
    for project_id, project in owners.items():
        if change.end("project_objects", "object_id = $o AND project_id = $p", at=at, o=object_id, p=project_id):
            change.log("remove object", kind, name, {"project": project}, {"to": at}, project_id)
