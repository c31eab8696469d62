"""The dialer's tasks: each one is a record of an import, with the calls that tried to reach it."""

from __future__ import annotations

from datetime import timedelta

import ibis
from ibis.expr.types import BooleanValue, Scalar, Table

from okireports.clock import TICK, ms
from okireports.metrics import ratio, tally
from okireports.metrics.arithmetic import MILLISECONDS
from okireports.metrics.dialing import is_picked_up
from okireports.metrics.volume import is_accepted

TASK = ["project_id", "task_id"]
TRIED_WITHIN = timedelta(days=30)  # of its creation: later calls are not looked for


def followed(tasks: Table, calls: Table) -> Table:
    """Tasks with what their calls tell: last_attempt_at, reached, talk_ms, talks (answered), calls.

    `attempts` are what the source says of the task, and where it says nothing the number of its calls.
    """
    t = tried(tasks, calls)
    told = t.group_by(TASK).agg(
        last_attempt_at=t.started_at.max(),
        reached=t.picked_up.any(),
        talk_ms=t.talk_ms.sum(),
        talks=tally(t.talks),
        calls=t.count(),
    )
    t = tasks.left_join(told, TASK, rname="tried_{name}").drop([f"tried_{key}" for key in TASK])
    return t.mutate(attempts=t.attempts.coalesce(t.calls).coalesce(0), reached=t.reached.coalesce(False))


def tried(tasks: Table, calls: Table) -> Table:
    """The calls that name a task, from its creation on and until TRIED_WITHIN."""
    of = calls.filter(calls.task_id.notnull())
    talks = is_accepted(of) & of.talk_ms.notnull()
    of = of.select(
        *(*TASK, "call_id", "started_at", "operator_id"),
        picked_up=is_picked_up(of),
        talks=talks,
        talk_ms=talks.ifelse(of.talk_ms, ibis.null()),
    )
    t = tasks.select(*TASK, "created_at").join(of, TASK)
    since = ms(t.started_at) - ms(t.created_at)
    return t.filter(since >= 0, since < TRIED_WITHIN // TICK)


def last_tried(tasks: Table, calls: Table) -> Table:
    """The `operator_id` of each task's last call, of several at one instant the one with the greatest call_id."""
    t = tried(tasks, calls)
    place = ibis.row_number().over(group_by=TASK, order_by=[t.started_at.desc(), t.call_id.desc()])
    return t.filter(place == 0).select(*TASK, "operator_id")


def results(tasks: Table) -> dict[str, Scalar]:
    """Figures of tasks that `followed` has gone through."""
    return {
        "tasks": tasks.count(),
        "attempts": tasks.attempts.sum(),
        "talk_mean_s": ratio(tasks.talk_ms.sum(), tasks.talks.sum() * MILLISECONDS),
    }


def imported(tasks: Table) -> dict[str, Scalar]:
    """Figures of records, with `sale`: each is at most one of reached, exhausted and remaining."""
    records, was_tried = tasks.count(), tally(tasks.attempts > 0)
    return {
        "records": records,
        "tried": was_tried,
        "penetration": ratio(was_tried, records),
        "reached": tally(tasks.reached),
        "sales": tally(tasks.sale),
        "exhausted": tally(is_exhausted(tasks)),
        "remaining": tally(tasks.closed_at.isnull() & ~tasks.reached & ~is_exhausted(tasks)),
        "attempts_per_record": ratio(tasks.attempts.sum(), was_tried),
    }


def is_exhausted(tasks: Table) -> BooleanValue:
    """All attempts were made and nobody was reached; never of a task without a limit."""
    return ~tasks.reached & (tasks.attempts >= tasks.max_attempts).coalesce(False)
