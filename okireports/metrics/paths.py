"""Steps in a scenario: whether a customer went on from one, hung up there, or reached a goal."""

from __future__ import annotations

import ibis
from ibis.expr.types import Scalar, Table

from okireports.clock import ms
from okireports.metrics import mean_seconds, ratio, tally
from okireports.metrics.attached import CALL


def walked(steps: Table, calls: Table) -> Table:
    """Steps with `went_on` and `hung_up`, of which a step may be neither; `input` is what was understood, else pressed.

    It must get all later steps of their calls, and the calls.
    """
    order = ibis.window(group_by=CALL, order_by=["step_no", "ivr_step_id"])
    t = steps.mutate(
        is_last=steps.step_no.lead().over(order).isnull(), input=steps.recognised_text.coalesce(steps.input)
    )
    served = calls.queued_at.notnull() | calls.answered_at.notnull()
    ends = calls.select(*CALL, left_here=calls.outcome == "left_in_scenario", served=served)
    t = t.left_join(ends, CALL, rname="end_{name}")
    left_here = t.left_here.coalesce(False)
    return t.mutate(
        went_on=~t.is_last | (t.served.coalesce(False) & ~left_here),
        hung_up=t.is_last & left_here,
        length_ms=ms(t.ended_at) - ms(t["at"]),
    )


def figures(steps: Table) -> dict[str, Scalar]:
    """How many steps there are, how they ended, and how long they took."""
    entered, goals = steps.count(), tally(steps.goal.notnull())
    return {
        "entered": entered,
        "went_on": tally(steps.went_on),
        "hung_up": tally(steps.hung_up),
        "goals": goals,
        "goal_rate": ratio(goals, entered),
        "mean_s": mean_seconds(steps.length_ms, steps.length_ms.notnull()),
    }
