"""Transfers: from which contact a customer went to which, as far as both are in projects that one sees.

Projects do not tell each other who called: of a transfer between two projects each knows its own side, and that the
other one is another project.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis.expr.types import Scalar, Table, Value

from okireports.metrics import mean_seconds, tally
from okireports.metrics.volume import is_accepted, is_lost
from okireports.once import read_once

PLACES = ("project_id", "queue_id", "operator_id")
ENDS = tuple(f"{side}_{place}" for side in ("from", "to") for place in PLACES)
SIDES = [*ENDS, "from_other", "to_other"]


def passed_on(contacts: Table, calls: Table, kept: Sequence[str] = ()) -> Table:
    """Transfers in which the contacts took part, one row each: SIDES, and how the contact after it went.

    Columns beside: to_answered, to_lost, to_wait_ms, and of the contact that took part those that are to be `kept`.
    `calls` holds the contacts that others name as the next one.
    """
    to = calls.mutate(to_answered=is_accepted(calls), to_lost=is_lost(calls))
    found = to.select("project_id", *("to_answered", "to_lost"), **_place("to", to), transfer_to_call_id=to.call_id)
    some = contacts.transfer_to_call_id.notnull() | contacts.went_to_other | contacts.came_from_other
    contacts = read_once(contacts.filter(some))  # a few of all
    inside = contacts.filter(contacts.transfer_to_call_id.notnull())
    inside = inside.left_join(found.drop("to_project_id"), ["project_id", "transfer_to_call_id"], rname="found_{name}")
    away = contacts.filter(contacts.transfer_to_call_id.isnull(), contacts.went_to_other)
    came = contacts.filter(contacts.came_from_other)
    came = came.mutate(to_answered=is_accepted(came), to_lost=is_lost(came))
    no = {"from_other": ibis.literal(False), "to_other": ibis.literal(False)}
    return ibis.union(
        _row(inside, no | _place("from", inside) | {"to_project_id": inside.project_id}, kept),
        _row(away, no | _place("from", away) | {"to_other": ibis.literal(True)}, kept),
        _row(came, no | _place("to", came) | {"from_other": ibis.literal(True)}, kept),
    )


def after_transfer(t: Table) -> dict[str, Scalar]:
    """How many there are, and how they went on; not known of those that went to another project."""
    hidden = t.to_other.any()
    return {
        "transfers": t.count(),
        "answered_after": hidden.ifelse(ibis.null(), tally(t.to_answered)),
        "lost_after": hidden.ifelse(ibis.null(), tally(t.to_lost)),
        "extra_wait_s": mean_seconds(t.to_wait_ms, t.to_wait_ms.notnull()),
    }


def _place(side: str, contacts: Table) -> dict[str, Value]:
    """Where a contact is; of the one that a customer goes to, also how long she waits there."""
    wait = {"to_wait_ms": contacts.wait_ms} if side == "to" else {}
    return {f"{side}_{place}": contacts[place] for place in PLACES} | wait


def _row(t: Table, known: dict[str, Value], kept: Sequence[str]) -> Table:
    """The columns of a transfer; what is neither known nor there is NULL."""
    kinds = dict.fromkeys(ENDS, "int64") | {"to_answered": "boolean", "to_lost": "boolean", "to_wait_ms": "int64"}
    there = {name: t[name] if name in t.columns else ibis.null(kind) for name, kind in kinds.items()}
    return t.select(*kept, **(there | known))
