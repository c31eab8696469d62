"""Definitions load before facts: projects, people, memberships, objects, who owns them.

A definition that contradicts itself or what is there stops the load: facts stamped by a wrong one would be wrong too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from okireports.audit import Entry
from okireports.errors import LoadError, did_you_mean
from okireports.loading.batch import Batch
from okireports.loading.given import (
    Known,
    Row,
    insert,
    insert_all,
    instant,
    look_up,
    next_id,
    project_of,
    truth,
    validity,
)
from okireports.loading.names import login_fault
from okireports.tables import CONTROL, EXCLUSIVE, OBJECT_KINDS

ORDER = ("projects", "users", "memberships", "objects", "project_objects")


def load_definitions(batch: Batch, actor: str) -> list[Entry]:
    """Put the feed's definitions into the control file.

    Returns:
        What was changed, for the change log.

    Raises:
        LoadError: a definition is wrong; it says in which file and line.
    """
    known = look_up(batch)
    entries: list[Entry] = []
    given = set(batch.feed.tables)
    readers: Mapping[str, Callable[[Batch, Known, list[Row]], Iterator[Entry]]] = {
        "projects": each(put_project),
        "users": put_users,
        "memberships": put_memberships,
        "objects": each(put_owned if "project_objects" not in given else put_object),
        "project_objects": put_ownership,
    }
    for table in ORDER:
        if table not in given:
            continue
        changes = readers[table](batch, known, list(rows_of(batch, table)))
        entries += [Entry(**{**vars(entry), "actor": actor, "reason": f"load {batch.load_id}"}) for entry in changes]
    if not batch.count("SELECT count(*) FROM control.users WHERE role = 'Admin' AND active"):
        raise LoadError("The users of this load take away the last active admin; give the role to someone else first.")
    return entries


def each(
    put: Callable[[Batch, Known, Row], Iterator[Entry]],
) -> Callable[[Batch, Known, list[Row]], Iterator[Entry]]:
    """What puts one row in, for all of them."""
    return lambda batch, known, rows: (entry for row in rows for entry in put(batch, known, row))


def rows_of(batch: Batch, table: str) -> Iterator[Row]:
    """The rows of a definition, trimmed; `_row` is where to point when one is wrong. Required values are there."""
    relation = batch.feed.tables[table]
    found = batch.con.execute(f"SELECT rowid, * FROM {relation} ORDER BY rowid")
    columns = [str(c[0]) for c in found.description or []][1:]
    for place, *values in found.fetchall():
        row = {c: tidy(v) for c, v in zip(columns, values, strict=True)}
        row |= {"_table": table, "_row": place}
        for name in sorted(CONTROL[table].required):
            if row.get(name) is None:
                raise batch.wrong(row, name, "a value is missing.")
        yield row


def tidy(value: Any) -> Any:
    """Text without blanks at its ends; nothing left is None. A login keeps its blanks: they are a fault to name.

    A number is text, too, as it is in CSV: what is a number by its type in Parquet may be somebody's login.
    """
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    return (value if value.strip() else None) if isinstance(value, str) else value


def put_project(batch: Batch, known: Known, row: Row) -> Iterator[Entry]:
    """A project, by its name."""
    name = row["name"].strip()
    values = {"description": row.get("description"), "client": row.get("client")}
    if name in known.projects:
        before = batch.con.execute(
            "SELECT description, client FROM control.projects WHERE project_id = ?", [known.projects[name]]
        ).fetchone()
        after = {k: v if v is not None else b for (k, v), b in zip(values.items(), before or (None, None), strict=True)}
        if before != tuple(after.values()):
            batch.con.execute(
                "UPDATE control.projects SET description = $description, client = $client WHERE project_id = $id",
                {**after, "id": known.projects[name]},
            )
            yield entry("change project", "project", name, after, known.projects[name])
        return
    known.projects[name] = project_id = next_id(batch, "projects", "project_id")
    created = instant(batch, row, "created_at") or batch.now
    insert(batch, "projects", {"project_id": project_id, "name": name, **values, "created_at": created})
    yield entry("create project", "project", name, values, project_id)


def put_users(batch: Batch, known: Known, rows: list[Row]) -> Iterator[Entry]:
    """Users, by login; a login that differs from another only by case, blanks or look-alike letters is refused.

    Everybody is looked up once and written together: a statement for each takes minutes where there are many.
    """
    columns = ", ".join(f'"{name}"' for name, _ in CONTROL["users"].columns)
    found = batch.con.execute(f"SELECT {columns} FROM control.users")
    names = [str(column[0]) for column in found.description or ()]
    there = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    small = small_letters(batch, [person["login"] for person in there] + [row["login"] for row in rows])
    people = {small[person["login"]]: person for person in there}
    grouped = set(batch.con.execute("SELECT group_id, user_id FROM control.group_members").fetchall())
    first = next_id(batch, "users", "user_id")
    created: list[Row] = []
    changed: dict[int, Row] = {}
    put_in: list[Row] = []
    for row in rows:
        login = row["login"]
        if problem := login_fault(login):
            raise batch.wrong(row, "login", problem)
        person = people.get(small[login])
        if person and person["login"] != login:
            raise batch.wrong(row, "login", f"it differs from the login {person['login']!r} only by case.")
        role = row.get("role")
        if role is not None and role not in known.roles:
            raise batch.wrong(row, "role", f"there is no such role.{did_you_mean(role, known.roles)}")
        given = {
            "name": row.get("name"),
            "email": row.get("email"),
            "role": role,
            "active": truth(batch, row, "active"),
        }
        if person is None:
            after = {**given, "role": role or "Operator", "active": given["active"] is not False}
            person = people[small[login]] = {"user_id": first + len(created), "login": login, **after}
            known.users[login.lower()] = person["user_id"]
            created.append(person)
            yield entry("create user", "user", login, after)
        else:
            after = {k: v if v is not None else person[k] for k, v in given.items()}
            if after.items() - person.items():
                person |= after
                if person["user_id"] < first:
                    changed[person["user_id"]] = person
                yield entry("change user", "user", login, after)
        for group in filter(None, (part.strip() for part in (row.get("groups") or "").split(";"))):
            if group not in known.groups:
                known.groups[group] = next_id(batch, "groups", "group_id")
                insert(batch, "groups", {"group_id": known.groups[group], "name": group})
                yield entry("create group", "group", group, {})
            member = known.groups[group], person["user_id"]
            if member not in grouped:
                grouped.add(member)
                put_in.append(dict(zip(("group_id", "user_id"), member, strict=True)))
                yield entry("add to group", "group", group, {"user": login})
    batch.con.execute("DELETE FROM control.users WHERE list_contains(?::BIGINT[], user_id)", [list(changed)])
    insert_all(batch, "users", [*changed.values(), *created])
    insert_all(batch, "group_members", put_in)


def small_letters(batch: Batch, logins: list[str]) -> dict[str, str]:
    """Logins in small letters, as the engine has them: it is what compares them when somebody looks."""
    return dict(
        batch.con.execute("SELECT login, lower(login) FROM (SELECT unnest(?::VARCHAR[]) AS login)", [logins]).fetchall()
    )


def put_memberships(batch: Batch, known: Known, rows: list[Row]) -> Iterator[Entry]:
    """Users in projects, from when to when; looked up once and written together."""
    columns = ("user_id", "project_id", "valid_from", "valid_to")
    there = set(batch.con.execute(f"SELECT {', '.join(columns)} FROM control.memberships").fetchall())
    added = []
    for row in rows:
        user_id = known.users.get(row["login"].strip().lower())
        if user_id is None:
            raise batch.wrong(row, "login", f"there is no such user.{did_you_mean(row['login'], known.users)}")
        project_id = project_of(batch, known, row)
        holds = validity(batch, row)
        values = {"user_id": user_id, "project_id": project_id, **holds}
        if (key := tuple(values[name] for name in columns)) not in there:
            there.add(key)
            added.append(values)
            yield entry("add member", "project", row["project"].strip(), {"user": row["login"], **holds}, project_id)
    insert_all(batch, "memberships", added)


def put_object(batch: Batch, known: Known, row: Row) -> Iterator[Entry]:
    """An object, by kind and name."""
    kind, name = row["kind"].strip(), row["name"].strip()
    if kind not in OBJECT_KINDS:
        raise batch.wrong(row, "kind", f"kinds are {', '.join(OBJECT_KINDS)}.{did_you_mean(kind, OBJECT_KINDS)}")
    attributes = row.get("attributes")
    if attributes is not None:
        try:
            json.loads(attributes)
        except ValueError as error:
            raise batch.wrong(row, "attributes", f"it is not JSON ({error}).") from None
    if (kind, name) not in known.objects:
        known.objects[kind, name] = next_id(batch, "objects", "object_id")
        values = {"kind": kind, "name": name, "source_id": row.get("source_id"), "attributes": attributes}
        insert(batch, "objects", {"object_id": known.objects[kind, name], **values})
        yield entry("create object", kind, name, values)


def put_owned(batch: Batch, known: Known, row: Row) -> Iterator[Entry]:
    """An object with its project of today; one that is in another project moves now, and its past stays."""
    yield from put_object(batch, known, row)
    if row.get("project") is None:
        return
    kind, name = row["kind"].strip(), row["name"].strip()
    object_id, project_id = known.objects[kind, name], project_of(batch, known, row)
    first = known.placed.setdefault(object_id, row["project"].strip())
    if kind in EXCLUSIVE and first != row["project"].strip():
        problem = f"{name} is in {first} by a row above, and a {kind} is in at most one project at a time."
        raise batch.wrong(row, "project", problem + " Say in project_objects from when to when.")
    owners = batch.con.execute(
        "SELECT project_id FROM control.project_objects WHERE object_id = ? AND (valid_to IS NULL OR valid_to > ?)",
        [object_id, batch.now],
    ).fetchall()
    if (project_id,) in owners:
        return
    since = batch.now if owners and kind in EXCLUSIVE else None
    if since:
        batch.con.execute(
            "UPDATE control.project_objects SET valid_to = $now WHERE object_id = $id AND "
            "(valid_to IS NULL OR valid_to > $now)",
            {"now": since, "id": object_id},
        )
    insert(batch, "project_objects", {"object_id": object_id, "project_id": project_id, "valid_from": since})
    yield entry("add object", kind, name, {"project": row["project"], "valid_from": since}, project_id)


def put_ownership(batch: Batch, known: Known, rows: list[Row]) -> Iterator[Entry]:
    """Who owns which object from when to when: what the file says of an object replaces what was there."""
    by_object: dict[int, list[Row]] = {}
    for row in rows:
        kind, name = row["kind"].strip(), row["name"].strip()
        if (kind, name) not in known.objects:
            near = did_you_mean(name, [n for k, n in known.objects if k == kind])
            raise batch.wrong(row, "name", f"there is no such {kind}.{near}")
        row |= validity(batch, row) | {"project_id": project_of(batch, known, row), "_kind": kind}
        by_object.setdefault(known.objects[kind, name], []).append(row)
    for object_id, owned in by_object.items():
        owned.sort(key=lambda row: row["valid_from"] or datetime.min)
        for one, other in pairwise(owned):
            until, since = one["valid_to"] or datetime.max, other["valid_from"] or datetime.min
            if one["_kind"] in EXCLUSIVE and until > since:
                raise batch.wrong(
                    other,
                    "project",
                    f"{one['name']} is in {one['project']} at that time, and a {one['_kind']} "
                    "is in at most one project at a time.",
                )
        values = [{k: row[k] for k in ("project_id", "valid_from", "valid_to")} for row in owned]
        before = batch.con.execute(
            "SELECT project_id, valid_from, valid_to FROM control.project_objects WHERE object_id = ? "
            "ORDER BY valid_from NULLS FIRST, project_id",
            [object_id],
        ).fetchall()
        if before == [tuple(v.values()) for v in values]:
            continue
        batch.con.execute("DELETE FROM control.project_objects WHERE object_id = ?", [object_id])
        for value in values:
            insert(batch, "project_objects", {"object_id": object_id, **value})
            yield entry("own object", owned[0]["_kind"], owned[0]["name"], value, value["project_id"])


def entry(action: str, kind: str, subject: str, after: Mapping[str, Any], project_id: int | None = None) -> Entry:
    """What the change log says of it."""
    said = {k: str(v) if isinstance(v, datetime) else v for k, v in after.items() if v is not None}
    return Entry("", action, kind, subject, project_id, None, json.dumps(said, ensure_ascii=False) if said else None)
