"""What runs by itself: schedules, and the files and messages that they make of what their viewers may see then.

timing      when a schedule is due
definition  what it says; ownership: whose it is; table: the schedules of a centre, and changes to them
lease       one process runs it at a time; diary: what a run did so far; rows: what is kept of it
sight       who may get what when it runs
making      its files; letters, message: what is written; smtp, webhook, post: how it is sent
attempt     one attempt at a run; outbox: what it sends, and has sent; notices: what its viewer hears
runner      passes over all schedules; spool: where files lie that are on their way
telling     schedules and runs as dataframes; gauges: as metrics
"""

from __future__ import annotations

from okireports.schedule.parts import Export, MakeDigest, Order
from okireports.schedule.runner import Outcome
from okireports.schedule.table import Schedules

__all__ = ["Export", "MakeDigest", "Order", "Outcome", "Schedules"]
