"""Centres made of queue logs, and all that the admin sees in them."""

from __future__ import annotations

from datetime import UTC, datetime

import okireports
from okireports.engines import duck

NOW = datetime(2025, 1, 1, tzinfo=UTC)
FROM, TO = datetime(1990, 1, 1), datetime(2100, 1, 1)
NAMED = "LEFT JOIN queues USING (queue_id) LEFT JOIN operators USING (operator_id)"
ORDER = {"calls": "source_id", "statuses": "operator, started_at", "rings": "operator, started_at, ring_id"}


def centre(path, timezone="UTC"):
    """An empty centre where everything belongs to one project."""
    return okireports.create(path, timezone=timezone, security="simplified", now=NOW)


def admin_sees(center, table):
    """Every row of a table with names for ids, in a fixed order."""
    viewing = duck.Viewing(center.folder, "admin", "a count of everything", None, NOW.replace(tzinfo=None))
    named = NAMED if table != "rings" else NAMED.replace("LEFT JOIN queues USING (queue_id)", "")
    with duck.session(viewing, lambda scope, settings: duck.Wanted((table,), FROM, TO)) as session:
        return session.arrow(f"SELECT * FROM {table} {named} ORDER BY {ORDER[table]}").to_pylist()
