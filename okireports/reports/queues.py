"""Queues: how many customers stood in them, how long, and how they left."""

# mypy: disable-error-code="assignment"
# (`by: Interval = "30min"`: the default is the word that people would give; the run, which knows the period, hands over
# the Interval made of it.)

from __future__ import annotations

from ibis import Table

from okireports.charts import bars, lines
from okireports.clock import Interval, grain, labelled
from okireports.metrics import Aggregate, measure, service
from okireports.metrics.handling import aht_s, hold_s, talk_s, wrap_s
from okireports.metrics.service import answered_in_time, goal, met
from okireports.metrics.volume import (
    abandon_rate,
    abandoned,
    abandoned_short,
    answered,
    callback_requested,
    failed,
    flow_out,
    offered,
    transferred,
    voicemail,
)
from okireports.metrics.waiting import asa_s, max_wait_s, wait_p90_s
from okireports.report import named, report


@report(
    "Queue summary",
    pl="Raport zbiorczy kolejek",
    chart=bars("queue", ["answered", "abandoned"], stack=True),
    queues_only=True,
)
def queue_summary(calls: Table, projects: Table, queues: Table, *, by: Interval = None, formula: str) -> Table:
    """Contacts of each queue, how they ended, and how long customers waited and operators worked.

    Calls that point at a queue without having stood in it count in the operators' work only (aht_s and after it).

    Definitions: service_level by the centre's formula; asa_s and wait_p90_s of answered, max_wait_s and abandon_rate of
    offered, aht_s and transferred of handled contacts.
    """
    contacts = calls.filter(calls.queued_at.notnull() | calls.queue_id.notnull())
    return by_queue(
        contacts, projects, queues, by,
        offered, answered, answered_in_time, abandoned, abandoned_short, callback_requested, voicemail, flow_out,
        failed, service.service_level(formula), abandon_rate, asa_s, wait_p90_s, max_wait_s, aht_s, talk_s, hold_s,
        wrap_s, transferred,
    )  # fmt: skip


@report(
    "Service level",
    pl="Poziom obsługi",
    chart=lines("interval", "service_level", by="queue", goal="goal"),
    queues_only=True,
)
def service_level(calls: Table, projects: Table, queues: Table, *, by: Interval = "30min", formula: str) -> Table:
    """Share of contacts answered within each queue's threshold, interval by interval.

    Definitions: service_level by the centre's formula with the thresholds stamped on the contacts; goal is the highest.
    """
    contacts = calls.filter(calls.queued_at.notnull())
    level = service.service_level(formula)
    return by_queue(
        contacts, projects, queues, by,
        offered, answered_in_time, abandoned_short, level, goal, met(formula), asa_s, abandon_rate,
    )  # fmt: skip


def by_queue(calls: Table, projects: Table, queues: Table, by: Interval, *metrics: Aggregate) -> Table:
    """Metrics of contacts per project, queue and interval, in that order; names join the few rows at the end."""
    keys = ["project_id", "queue_id"]
    t = labelled(calls.group_by(*keys, **grain(calls.started_at, by)).agg(**measure(calls, *metrics)), by)
    columns = [c for c in t.columns if c not in keys]
    interval = ["interval"] if "interval" in columns else []
    t = named(t, project=projects, queue=queues).order_by("project", "queue", *interval, *keys)
    return t.select("project", "queue", *columns)
