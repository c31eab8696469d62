"""Callbacks: whether a lost customer was called, by whom, how soon, and whether the call reached somebody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import ibis
from ibis.expr.types import Table

from okireports.clock import HOUR, ms, seconds
from okireports.metrics.volume import is_accepted


def window(settings: Mapping[str, str]) -> timedelta:
    """How long after the end of a lost contact a call is its callback."""
    return timedelta(hours=int(settings["callback_hours"]))


def callbacks(lost: Table, calls: Table, hours: int) -> Table:
    """Per lost contact that was called back within some hours of its end, its callback.

    That is the project's next outbound contact with the same person.

    Columns: project_id, call_id (of the lost contact), called_back_at, called_back_by_id, time_to_callback_s, reached.
    Of several at one instant it is the one with the smallest call_id.
    """
    out = calls.filter(calls.direction == "outbound")
    out = out.select(
        *("project_id", "contact_key"),
        called_back_at=out.started_at,
        called_back_by_id=out.operator_id,
        callback_id=out.call_id,
        reached=is_accepted(out),
    )
    keys = ["project_id", "contact_key"]
    t = lost.select(*keys, "call_id", "ended_at").join(out, keys)
    t = t.mutate(later=ms(t.called_back_at) - ms(t.ended_at))
    t = t.filter(t.later >= 0, t.later <= hours * HOUR)
    place = ibis.row_number().over(group_by=["project_id", "call_id"], order_by=["later", "callback_id"])
    t = t.mutate(place=place, time_to_callback_s=seconds(t.later))
    return t.filter(t["place"] == 0).drop("contact_key", "ended_at", "later", "callback_id", "place")
