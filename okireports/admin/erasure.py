"""Erasure: a customer is forgotten, and rows that are too old are dropped; both in all generations, for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import duckdb

from okireports.admin.change import Change, demand_whole_centre, noting_refusals, permitted, utc
from okireports.disk import Folder
from okireports.loading.forget import Erasure
from okireports.loading.forget import forget as forget_customer
from okireports.loading.retention import Retention
from okireports.loading.retention import retain as drop_old

__all__ = ["Erasure", "Retention", "forget", "retain"]

RIGHT = "operate"


def forget(folder: Folder, phone: str, *, actor: str, reason: str, now: datetime, dry_run: bool = False) -> Erasure:
    """Forget the customer with a number; the actor needs the right `operate`, and sees the whole centre."""
    at = utc(now)
    with noting_refusals(folder, RIGHT, actor, reason):
        return forget_customer(
            folder,
            phone,
            actor=actor,
            reason=reason.strip(),
            now=at,
            dry_run=dry_run,
            permit=permit("A customer is forgotten", actor, reason, at),
        )


def retain(folder: Folder, *, actor: str, reason: str, now: datetime, dry_run: bool = False) -> Retention:
    """Drop what is older than the centre keeps; the actor needs the right `operate`, and sees the whole centre."""
    at = utc(now)
    with noting_refusals(folder, RIGHT, actor, reason):
        return drop_old(
            folder,
            actor=actor,
            reason=reason.strip(),
            now=at,
            dry_run=dry_run,
            permit=permit("What is too old is dropped", actor, reason, at),
        )


def permit(what: str, actor: str, reason: str, now: datetime) -> Callable[[duckdb.DuckDBPyConnection], None]:
    """Raise, by the control file that is attached, unless the actor may."""

    def check(con: duckdb.DuckDBPyConnection) -> None:
        change = Change(con, permitted(con, RIGHT, actor, reason, now), now, reason.strip())
        demand_whole_centre(change, what)

    return check
