"""What operators did: the time of their statuses, cut at the borders of buckets.

Offline and open intervals make no time. N/A, a contact of a project that one does not see, is presence and no more.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import BooleanValue, FloatingScalar, FloatingValue, Table

from okireports.clock import Interval, border, bucket, timestamp
from okireports.metrics import measure, metric, ratio
from okireports.metrics.arithmetic import total_seconds
from okireports.metrics.intervals import covered, new, split, within
from okireports.metrics.volume import handled, is_handled
from okireports.tables import ACTIVITY


def pieces(statuses: Table, by: Interval) -> Table:
    """Operators' presence cut into `bucket`s: a row per status and bucket with `lo` and `hi` (ms).

    `worked_to` and `staffed_to` say how far earlier rows reach, so that what overlaps counts once in the occupancy.
    """
    t = statuses.select("project_id", "operator_id", "status", "started_at", "ended_at")
    present = within(t.filter(t.status != "Offline"), by)
    return split(covered(present, ["operator_id"], worked=works, staffed=is_staffed), by)


def seen(t: Table, by: Interval) -> Table:
    """Per operator and bucket, `since` and `until` cut at the borders as `first_seen_at` and `last_seen_at`."""
    begins, ends = [t.since, ibis.literal(by.start)], [t.until, ibis.literal(by.end)]
    if by.by is not None:
        begins.append(timestamp(border(t.bucket, by)))
        ends.append(timestamp(border(t.bucket + 1, by)))
    return t.mutate(first_seen_at=ibis.greatest(*begins), last_seen_at=ibis.least(*ends)).drop("since", "until")


def worked_on(calls: Table) -> Table:
    """Contacts that operators handled."""
    return calls.filter(is_handled(calls), calls.operator_id.notnull())


def work(calls: Table, by: Interval) -> Table:
    """Per operator and bucket, how many contacts were `handled`, by their start."""
    t = worked_on(calls)
    return t.group_by("operator_id", bucket=bucket(t.started_at, by)).agg(**measure(t, handled))


def beside(present: Table, worked: Table) -> Table:
    """Presence and work of each operator and bucket; who worked without having been seen was present for 0 s."""
    t = present.outer_join(worked, ["operator_id", "bucket"], rname="work_{name}")
    zeros = {c: t[c].coalesce(0.0) for c in present.columns if c.endswith("_s")}
    return t.mutate(
        operator_id=t.operator_id.coalesce(t.work_operator_id),
        bucket=t.bucket.coalesce(t.work_bucket),
        handled=t.handled.coalesce(0),
        **zeros,
    ).drop("work_operator_id", "work_bucket")


@metric("Logged in", unit="s", counts="status", at="pro rata")
def logged_s(pieces: Table) -> FloatingScalar:
    """Time of all statuses but Offline; N/A too."""
    return total_seconds(pieces.hi - pieces.lo)


@metric("Ready", unit="s", counts="status", at="pro rata")
def ready_s(pieces: Table) -> FloatingScalar:
    """Time in Ready."""
    return _time(pieces, "Ready")


@metric("Waiting", unit="s", counts="status", at="pro rata")
def waiting_s(pieces: Table) -> FloatingScalar:
    """Time in Waiting: a contact is on its way to the operator."""
    return _time(pieces, "Waiting")


@metric("Busy", unit="s", counts="status", at="pro rata")
def busy_s(pieces: Table) -> FloatingScalar:
    """Time in Busy: in conversation."""
    return _time(pieces, "Busy")


@metric("PCP", unit="s", counts="status", at="pro rata")
def pcp_s(pieces: Table) -> FloatingScalar:
    """Time in PCP: work after the conversation."""
    return _time(pieces, "PCP")


@metric("Away", unit="s", counts="status", at="pro rata")
def away_s(pieces: Table) -> FloatingScalar:
    """Time in Away."""
    return _time(pieces, "Away")


@metric("N.A.", unit="s", counts="status", at="pro rata")
def na_s(pieces: Table) -> FloatingScalar:
    """Time in N/A: with contacts of projects that the viewer does not see."""
    return _time(pieces, "N/A")


@metric("Ready", unit="share", counts="status", at="pro rata")
def ready_share(pieces: Table) -> FloatingValue:
    """ready_s / logged_s."""
    return ratio(ready_s(pieces), logged_s(pieces))


@metric("Waiting", unit="share", counts="status", at="pro rata")
def waiting_share(pieces: Table) -> FloatingValue:
    """waiting_s / logged_s."""
    return ratio(waiting_s(pieces), logged_s(pieces))


@metric("Busy", unit="share", counts="status", at="pro rata")
def busy_share(pieces: Table) -> FloatingValue:
    """busy_s / logged_s."""
    return ratio(busy_s(pieces), logged_s(pieces))


@metric("PCP", unit="share", counts="status", at="pro rata")
def pcp_share(pieces: Table) -> FloatingValue:
    """pcp_s / logged_s."""
    return ratio(pcp_s(pieces), logged_s(pieces))


@metric("Away", unit="share", counts="status", at="pro rata")
def away_share(pieces: Table) -> FloatingValue:
    """away_s / logged_s."""
    return ratio(away_s(pieces), logged_s(pieces))


@metric("N.A.", unit="share", counts="status", at="pro rata")
def na_share(pieces: Table) -> FloatingValue:
    """na_s / logged_s."""
    return ratio(na_s(pieces), logged_s(pieces))


@metric("Occupancy", unit="share", counts="status", at="pro rata")
def occupancy(pieces: Table) -> FloatingValue:
    """(Waiting + Busy + PCP) / (Waiting + Busy + PCP + Ready); what overlaps counts once, so it is never above 1."""
    worked, staffed = (
        new(pieces, name).sum(where=of(pieces)).coalesce(0) for name, of in (("worked", works), ("staffed", is_staffed))
    )
    return ratio(worked, staffed)


def works(statuses: Table) -> BooleanValue:
    """With a contact."""
    return statuses.status.isin(ACTIVITY)


def is_staffed(statuses: Table) -> BooleanValue:
    """With a contact, or ready for one."""
    return statuses.status.isin((*ACTIVITY, "Ready"))


def _time(pieces: Table, status: str) -> FloatingScalar:
    return total_seconds(pieces.hi - pieces.lo, pieces.status == status)
