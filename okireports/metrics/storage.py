"""What recordings take, and which of them the centre's rules will drop soon."""

from __future__ import annotations

from datetime import datetime

import ibis
from ibis.expr.types import Scalar, Table

from okireports.clock import TICK, Interval, instant, local_day, midnight, ms
from okireports.metrics import tally
from okireports.metrics.arithmetic import total_seconds

SOON = 30  # days


def stored(recordings: Table) -> dict[str, Scalar]:
    """How many there are, how long, how large, and since when."""
    r = recordings
    return {
        "recordings": r.count(),
        "length_s": total_seconds(r.length_ms),
        "bytes": r["bytes"].sum().coalesce(0),
        "oldest_at": r["at"].min(),
        "expiring_30d": tally(r.expires),
    }


def expiring(recordings: Table, keep_days: int | None, now: datetime, period: Interval) -> Table:
    """Recordings with `expires`: a clearing of the next 30 days drops it. Without a rule none does.

    With `keep_days` = 30 what was recorded today and on the 30 local days before stays.
    """
    if keep_days is None:
        return recordings.mutate(expires=ibis.literal(False))
    today = local_day(instant(now), period)
    first_kept = midnight(today + SOON - keep_days, period)
    return recordings.mutate(expires=ms(recordings["at"]) < first_kept)


def last_instant(now: datetime, period: Interval) -> datetime:
    """When what is stored is looked at: the period's end, at most now."""
    return min(now, period.end - TICK)
