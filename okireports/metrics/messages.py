"""Messages that a dialer plays: how much of them people heard, and what they answered."""

from __future__ import annotations

import ibis
from ibis.expr.types import Scalar, Table

from okireports.metrics import ratio, tally
from okireports.metrics.attached import CALL
from okireports.metrics.dialing import is_attempt


def played(calls: Table, steps: Table) -> Table:
    """Attempts at which something of a message was played, with `input` and `was_recognised`.

    `input` is what the caller pressed or meant in the last step that has any; NULL where she said nothing.
    """
    t = calls.filter(is_attempt(calls), calls.played_ms > 0)
    return t.left_join(replies(steps.semi_join(t, CALL)), CALL, rname="reply_{name}")


def replies(steps: Table) -> Table:
    """Per call its last `input`, and whether something that was said was recognised."""
    s = steps.mutate(has_input=steps.input.notnull())
    order = [s.step_no.desc(), s.ivr_step_id.desc()]
    s = s.mutate(place=ibis.row_number().over(group_by=[*CALL, "has_input"], order_by=order))
    return s.group_by(CALL).agg(
        input=s.input.max(where=s.has_input & (s["place"] == 0)), was_recognised=s.recognised_text.notnull().any()
    )


def figures(t: Table) -> dict[str, Scalar]:
    """How many messages there were, how much of them was heard, and what followed."""
    known = t.message_ms.notnull()
    heard = ibis.least(t.played_ms, t.message_ms).sum(where=known)
    went_on = t.operator_id.notnull() | t.transfer_to_call_id.notnull() | t.went_to_other.coalesce(False)
    return {
        "played": t.count(),
        "listened_share": ratio(heard, t.message_ms.sum(where=known)),
        "transferred": tally(went_on),
        "recognised": tally(t.was_recognised),
    }
