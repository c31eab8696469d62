"""Versions of one definition: a new one from an instant on, the end of one, and what stored rows allow.

A version holds from `valid_from` until `valid_to` or until the next one with the same key begins, half-open. So what
began before stays as it was, and so do the results of that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb

from okireports.admin.change import Change, demand_whole_centre, local_words, sees_whole_centre
from okireports.disk import Folder
from okireports.errors import ChangeError, UnknownName, did_you_mean
from okireports.loading.definition_rows import KINDS, put, stored_values
from okireports.loading.given import Known, Row, look_up
from okireports.loading.thresholds import last_stored
from okireports.tables import CONTROL, Control


@dataclass
class Hand:
    """Definitions that are given by hand, by someone who may name what is of her projects."""

    change: Change
    folder: Folder
    table: str
    settings: Mapping[str, str]
    known: Known

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The engine; the coming control file is attached as `control`."""
        return self.change.con

    @property
    def zone(self) -> str:
        """Of instants that carry no offset: the centre's."""
        return self.settings["timezone"]

    @property
    def control(self) -> Control:
        """The table that is changed."""
        return CONTROL[self.table]

    def wrong(self, row: Row, column: str, problem: str) -> ChangeError:
        """What is wrong with a value."""
        return ChangeError(f"{self.table}, {column}={row.get(column)!r}: {problem}")

    def unknown(self, row: Row, column: str, kind: str, known: Iterable[str]) -> UnknownName:
        """A name that is hidden, or not there: the same error."""
        return UnknownName(kind, row[column], known)

    def local(self, at: datetime) -> str:
        """A naive UTC instant on the centre's clock."""
        return local_words(at, self.zone)


def hand(change: Change, folder: Folder, table: str) -> Hand:
    """Whoever changes definitions of a table, with what she may name."""
    settings = dict(change.con.execute("SELECT key, value FROM control.settings").fetchall())
    made = Hand(change, folder, table, settings, Known())
    known = look_up(made)
    return replace(made, known=known if sees_whole_centre(change) else of_her_projects(change, known))


def of_her_projects(change: Change, known: Known) -> Known:
    """What of all that has a name belongs to projects of hers only."""
    holds = "(valid_to IS NULL OR valid_to > $now)"
    values = {"mine": sorted(change.mine), "now": change.now}

    def ids(sql: str) -> set[int]:
        return {int(id) for (id,) in change.con.execute(sql, values).fetchall()}

    of_objects = f"SELECT object_id FROM control.project_objects WHERE {holds} GROUP BY object_id"
    objects = ids(f"{of_objects} HAVING bool_and(list_contains($mine, project_id))")
    of_people = f"SELECT user_id FROM control.memberships WHERE {holds} GROUP BY user_id"
    people = ids(f"{of_people} HAVING bool_and(list_contains($mine, project_id))")
    members = "SELECT user_id FROM control.memberships WHERE list_contains($mine, project_id)"
    groups = ids(f"SELECT group_id FROM control.group_members WHERE {holds} AND user_id IN ({members} AND {holds})")
    return replace(
        known,
        projects={name: id for name, id in known.projects.items() if id in change.mine},
        objects={name: id for name, id in known.objects.items() if id in objects},
        users={name: id for name, id in known.users.items() if id in people},
        groups={name: id for name, id in known.groups.items() if id in groups},
    )


def put_version(by: Hand, row: Row) -> None:
    """Add a definition, or a new version of it; what the row does not say stays as it was.

    Where the new version ends, what it interrupts goes on.
    """
    values = checked(by, row)
    key, since = key_of(by, values), values.get("valid_from")
    before = as_kept(by, key, version_at(by, key, since))
    until = values.get("valid_to")
    after = as_kept(by, key, version_at(by, key, until)) if until else {}
    entries = list(put(by, by.known, by.table, row, before))
    by.change.entries += [replace(e, actor=by.change.scope.login, reason=by.change.reason) for e in entries]
    if after and since and (after["valid_from"] is None or after["valid_from"] < since):
        by.change.add(by.table, {**after, "valid_from": until})
        log(by, "resume", row, key, {}, {"valid_from": str(until)})
    if entries and by.table == "targets":
        new = version_at(by, key, since) or {}
        refuse_stored(by, row["queue"], key["queue_id"], since, new.get("valid_to"))


def end_version(by: Hand, row: Row, at: datetime) -> None:
    """From an instant on a definition does not hold any more; versions that were to come never begin."""
    key = key_of(by, checked(by, row))
    of_key = same(key)
    values = {**key, "at": at}
    last = by.con.execute(
        f"""SELECT valid_from FROM ({by.control.versions()}) WHERE {of_key} AND (valid_from IS NULL OR valid_from < $at)
        AND (valid_to IS NULL OR valid_to >= $at)""",
        values,
    ).fetchone()
    to_come = by.con.execute(
        f"DELETE FROM control.{by.table} WHERE {of_key} AND valid_from >= $at RETURNING valid_from", values
    ).fetchall()
    ended = (
        last
        and by.con.execute(
            f"""UPDATE control.{by.table} SET valid_to = $at WHERE {of_key} AND valid_from IS NOT DISTINCT FROM $since
        AND valid_to IS DISTINCT FROM $at RETURNING 1""",
            {**values, "since": last[0]},
        ).fetchall()
    )
    if not (ended or to_come):
        raise ChangeError(f"No such row of {by.table} holds on {by.local(at)} or later: {subject(by, row)}.")
    if by.table == "targets":
        refuse_stored(by, row["queue"], key["queue_id"], at, None)
    was = {"never begin": [str(since) for (since,) in to_come]} if to_come else {}
    log(by, "end", row, key, was, {"valid_to": str(at)})


def remove(by: Hand, row: Row) -> None:
    """Take away a definition that has no dates: for all time."""
    key = key_of(by, checked(by, row))
    gone = by.con.execute(f"DELETE FROM control.{by.table} WHERE {same(key)} RETURNING *", key)
    names, found = [str(c[0]) for c in gone.description or ()], gone.fetchone()
    if found is None:
        raise ChangeError(f"There is no such row of {by.table}: {subject(by, row)}.")
    log(by, "remove", row, key, dict(zip(names, found, strict=True)), {})


def checked(by: Hand, row: Row) -> Mapping[str, Any]:
    """The stored values of a row; its columns are known, its key is given and of what the actor may change."""
    for name in row:
        if name not in by.control.known:
            columns = ", ".join(n.removesuffix("!") for n in by.control.given)
            raise ChangeError(
                f"{by.table} has no {name!r}.{did_you_mean(str(name), by.control.known)} It has {columns}."
            )
    for name in by.control.key:
        if name in by.control.required and row.get(name) is None:
            raise by.wrong(row, name, "say of which one.")
    values = dict(stored_values(by, by.known, by.control, row))
    if not any(values.get(id) is not None for id in ("project_id", "queue_id", "form_id", "dialer_id", "evaluator_id")):
        demand_whole_centre(by.change, f"This of {by.table} holds")
    return values


def key_of(by: Hand, values: Mapping[str, Any]) -> dict[str, Any]:
    """By what all versions of one definition are known."""
    return {name: values[name] for name in map(by.control.stored, by.control.key) if name != "valid_from"}


def same(key: Mapping[str, Any]) -> str:
    """SQL of a key's rows; its values are parameters."""
    return " AND ".join(f'"{name}" IS NOT DISTINCT FROM ${name}' for name in key)


def version_at(by: Hand, key: Mapping[str, Any], at: datetime | None) -> dict[str, Any] | None:
    """The row that holds at an instant (None: that has held since ever); its `valid_to` is where it really ends."""
    holds = "true"
    values = dict(key)
    if by.control.dated:
        holds = "(valid_from IS NULL OR valid_from <= $at) AND (valid_to IS NULL OR valid_to > $at)"
        holds = holds if at else "valid_from IS NULL"
        values |= {"at": at} if at else {}
    found = by.con.execute(f"SELECT * FROM ({by.control.versions()}) WHERE {same(key)} AND {holds}", values)
    names, row = [str(c[0]) for c in found.description or ()], found.fetchone()
    return dict(zip(names, row, strict=True)) if row else None


def as_kept(by: Hand, key: Mapping[str, Any], version: dict[str, Any] | None) -> dict[str, Any]:
    """A version with its `valid_to` as it was given; {} for none."""
    if version is None or not by.control.dated:
        return version or {}
    said = by.con.execute(
        f"""SELECT valid_to FROM control.{by.table} WHERE {same(key)} AND valid_from IS NOT DISTINCT FROM $since""",
        {**key, "since": version["valid_from"]},
    ).fetchone()
    return {**version, "valid_to": said[0] if said else None}


def refuse_stored(by: Hand, queue: str, queue_id: int, since: datetime | None, until: datetime | None) -> None:
    """Refuse to change what is stamped on stored facts, of those that the actor may know of.

    The queue may have been another project's: that its contacts are there, and when, is not told by a refusal either.
    They keep their stamps.
    """
    hers = None if sees_whole_centre(by.change) else tuple(sorted(by.change.mine))
    last = last_stored(by.con, by.folder, since, until, queue_id, hers)
    if last is not None:
        raise ChangeError(
            f"Contacts of {queue} up to {by.local(last)} are loaded, and keep the target that was stamped on them: a "
            "target cannot begin, change or end before that. Give a later instant, or load the target and the contacts "
            "again from files."
        )


def subject(by: Hand, row: Row) -> str:
    """How the change log calls a definition."""
    return " / ".join(str(row[name]) for name in by.control.key if row.get(name) is not None)


def log(
    by: Hand, action: str, row: Row, key: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Write down what is changed."""
    kind = KINDS[by.table]
    by.change.log(f"{action} {kind}", kind, subject(by, row), before, after, key.get("project_id"))
