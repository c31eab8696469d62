"""Centres made of queue logs, and all that the admin sees in them."""

from __future__ import annotations

from datetime import UTC, datetime

import okireports
from okireports.engines import duck

NOW = datetime(2025, 1, 1, tzinfo=UTC)
FROM, TO = datetime(1990, 1, 1), datetime(2100, 1, 1)
NAMED = "LEFT JOIN queues USING (queue_id) LEFT JOIN operators USING (operator_id)"
EXCEPT = ("load_id", "project_id")
KEYED = ("contact_key", "episode_key", "interaction_id")  # by a secret of the centre: only whether they are there
ORDER = {"calls": "source_id", "statuses": "operator, started_at", "rings": "operator, started_at, ring_id",
         "recordings": "url"}  # fmt: skip


def centre(path, timezone="UTC"):
    """An empty centre where everything belongs to one project."""
    return okireports.create(path, timezone=timezone, security="simplified", now=NOW)


def admin_sees(center, table):
    """Every row of a table with names for ids, in a fixed order."""
    viewing = duck.Viewing(center.folder, "admin", "a count of everything", None, NOW.replace(tzinfo=None))
    named = {"rings": "LEFT JOIN operators USING (operator_id)", "recordings": ""}.get(table, NAMED)
    with duck.session(viewing, lambda scope, settings: duck.Wanted((table,), FROM, TO)) as session:
        return session.arrow(f"SELECT * FROM {table} {named} ORDER BY {ORDER[table]}").to_pylist()


def own(column):
    """Is it a number of this centre's?"""
    return column in EXCEPT or column.endswith("_id")


def tables(center):
    """What the centre holds; operators and queues by name, since their ids follow the order of their coming."""
    found = {}
    for table in ("calls", "statuses", "rings"):
        rows = [
            {k: v is None if k in KEYED else v for k, v in row.items() if k in KEYED or k == "source_id" or not own(k)}
            for row in admin_sees(center, table)
        ]
        found[table] = sorted(rows, key=lambda row: sorted((k, str(v)) for k, v in row.items()))
    return found
