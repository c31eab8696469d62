"""Definitions that a run may read: those of the visible projects, and those that hold for the whole centre.

A report takes them as tables beside its facts. What belongs to a project that is not visible is not there, and neither
is what is about a group that the viewer does not know, or an evaluator whose work she does not see whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from okireports.tables import CONTROL

VISIBLE = "project_id IN (SELECT project_id FROM projects)"


@dataclass(frozen=True)
class Definition:
    """A table of definitions: its columns in order with SQL types, and the rows of the control file that it shows."""

    columns: tuple[tuple[str, str], ...]
    sql: str


def definition(columns: str, rows: str) -> Definition:
    """Columns as `name TYPE, name TYPE`; `rows` is what follows their names in a SELECT."""
    pairs = tuple((name, kind) for name, _, kind in (column.strip().partition(" ") for column in columns.split(", ")))
    shown = ", ".join(f'{CALCULATED.get(name, name)} AS "{name}"' for name, _ in pairs)
    return Definition(pairs, f"SELECT {shown} {rows}")


def held(table: str) -> str:
    """SQL of a table's rows; `valid_to` is where each ends, or where the next one of the same key begins."""
    return f"({CONTROL[table].versions()})"


CALCULATED = {  # columns that are kept in another form
    "opens_s": "epoch(opens)::BIGINT",  # seconds of the local day
    "closes_s": "epoch(closes)::BIGINT",
    "day": "unnest(holidays)",
    "operator_id": "user_id",
}
# Memberships of a plan's evaluator while the plan holds. What is due counts contacts of all her projects.
HERS = """FROM control.memberships m WHERE m.user_id = p.evaluator_id
AND (m.valid_from IS NULL OR p.valid_to IS NULL OR m.valid_from < p.valid_to)
AND (m.valid_to IS NULL OR p.valid_from IS NULL OR m.valid_to > p.valid_from)"""
WHOLE_PLAN = f"(SELECT bool_and(m.{VISIBLE}) {HERS})"  # of an evaluator who was nowhere a member NULL

# A target, and an opening hour, holds until the next of its queue. One that never held while the queue was a visible
# project's, or nobody's, is the business of those whose queue it was.
OWNED = """FROM control.project_objects o WHERE o.object_id = t.queue_id
AND (o.valid_from IS NULL OR t.valid_to IS NULL OR o.valid_from < t.valid_to)
AND (o.valid_to IS NULL OR t.valid_from IS NULL OR o.valid_to > t.valid_from)"""

OF_QUEUES = f"""queue_id IN (SELECT queue_id FROM queues)
AND coalesce((SELECT bool_or(o.{VISIBLE}) {OWNED}), true)"""

# An import is the business of those whose its dialer was then; without a time, of those whose it always was.
GIVEN = """FROM control.project_objects o WHERE o.object_id = i.dialer_id
AND (o.valid_from IS NULL OR i.imported_at IS NULL OR o.valid_from <= i.imported_at)
AND (o.valid_to IS NULL OR i.imported_at IS NULL OR o.valid_to > i.imported_at)"""

# Stages and quotas have no dates: they are the business of those whose the form is now, or was last.
LAST = """(SELECT arg_max(o.project_id, coalesce(o.valid_from, '-infinity'))
FROM control.project_objects o WHERE o.object_id = f.form_id)"""
THEIRS = (
    f"f WHERE form_id IN (SELECT form_id FROM forms) AND coalesce({LAST} IN (SELECT project_id FROM projects), true)"
)

DEFINITIONS: dict[str, Definition] = {  # made after the tables of names, in this order
    "targets": definition(
        "queue_id BIGINT, answer_within_s DOUBLE, short_abandon_s DOUBLE, goal DOUBLE, reply_within_s DOUBLE, "
        "valid_from TIMESTAMP, valid_to TIMESTAMP",
        f"FROM {held('targets')} t WHERE {OF_QUEUES}",
    ),
    "results": definition(
        "project_id BIGINT, result VARCHAR, person BOOLEAN, sale BOOLEAN, final BOOLEAN",
        f"FROM control.results WHERE {VISIBLE}",
    ),
    "tariffs": definition(
        "project_id BIGINT, status VARCHAR, free_s BIGINT, first_s BIGINT, step_s BIGINT, "
        "price_per_min DECIMAL(18,6), currency VARCHAR, free_is_deducted BOOLEAN, valid_from TIMESTAMP, "
        "valid_to TIMESTAMP",
        f"FROM {held('tariffs')} WHERE {VISIBLE}",
    ),
    "contracts": definition(
        "project_id BIGINT, term VARCHAR, metric VARCHAR, comparison VARCHAR, target DOUBLE, unit VARCHAR, "
        "price DECIMAL(18,6), penalty DECIMAL(18,6), bonus DECIMAL(18,6), cap DECIMAL(18,6), currency VARCHAR, "
        "exclusions VARCHAR, valid_from TIMESTAMP, valid_to TIMESTAMP",
        f"FROM {held('contracts')} WHERE {VISIBLE}",
    ),
    "kpis": definition(
        "kpi VARCHAR, role VARCHAR, group_id BIGINT, project_id BIGINT, metric VARCHAR, comparison VARCHAR, "
        "target DOUBLE, weight DOUBLE, valid_from TIMESTAMP, valid_to TIMESTAMP",
        f"FROM {held('kpis')} WHERE (project_id IS NULL OR {VISIBLE}) "
        "AND (group_id IS NULL OR group_id IN (SELECT group_id FROM groups))",
    ),
    "activities": definition(
        "activity VARCHAR, status VARCHAR, valid_from TIMESTAMP, valid_to TIMESTAMP", f"FROM {held('activities')}"
    ),
    "away_reasons": definition(
        "reason VARCHAR, allowed_s BIGINT, paid BOOLEAN, valid_from TIMESTAMP, valid_to TIMESTAMP",
        f"FROM {held('away_reasons')}",
    ),
    "check_plans": definition(
        "plan VARCHAR, evaluator_id BIGINT, valid_from TIMESTAMP, valid_to TIMESTAMP, due BIGINT",
        f"FROM {held('check_plans')} p WHERE evaluator_id IN (SELECT operator_id FROM operators) AND ({WHOLE_PLAN})",
    ),
    "imports": definition(
        "import VARCHAR, dialer_id BIGINT, imported_at TIMESTAMP",
        f"FROM control.imports i WHERE dialer_id IN (SELECT dialer_id FROM dialers) "
        f"AND coalesce((SELECT bool_and(o.{VISIBLE}) {GIVEN}), true)",
    ),
    "stages": definition(
        "form_id BIGINT, stage VARCHAR, position BIGINT, lost BOOLEAN",
        f"FROM control.stages {THEIRS}",
    ),
    "quotas": definition(
        "form_id BIGINT, name VARCHAR, question VARCHAR, answer VARCHAR, goal BIGINT",
        f"FROM control.quotas {THEIRS}",
    ),
    "hours": definition(
        "queue_id BIGINT, weekday BIGINT, opens_s BIGINT, closes_s BIGINT, valid_from TIMESTAMP, valid_to TIMESTAMP",
        f"FROM {held('hours')} t WHERE {OF_QUEUES}",
    ),
    "holidays": definition(
        "queue_id BIGINT, weekday BIGINT, day DATE, valid_from TIMESTAMP, valid_to TIMESTAMP",
        f"FROM {held('hours')} t WHERE {OF_QUEUES}",
    ),
    "operator_roles": definition(
        "operator_id BIGINT, role VARCHAR",
        "FROM control.users WHERE user_id IN (SELECT operator_id FROM operators)",
    ),
    "capacities": Definition(  # how many calls at once a provider, or a line, can carry; of the other it is NULL
        (("provider_id", "BIGINT"), ("line", "VARCHAR"), ("capacity", "BIGINT")),
        f"""SELECT CASE kind WHEN 'sip_provider' THEN object_id END AS provider_id,
        CASE kind WHEN 'line' THEN name END AS line, try_cast(
        CASE WHEN json_valid(attributes) THEN json_extract_string(attributes, '$.capacity') END AS BIGINT) AS capacity
        FROM control.objects WHERE object_id IN (SELECT provider_id FROM providers)
        OR (kind = 'line' AND object_id IN (SELECT object_id FROM control.project_objects WHERE {VISIBLE}))""",
    ),
}


def settings_at(con: duckdb.DuckDBPyConnection, end: datetime) -> dict[str, str]:
    """The centre's settings as they hold just before an instant (naive UTC), from the control file `control`."""
    rows = con.execute(
        """SELECT s.key, coalesce(c.value, s.value) FROM control.settings s LEFT JOIN (
        SELECT key, arg_max(value, valid_from) AS value FROM control.setting_changes WHERE valid_from < ? GROUP BY key
        ) c USING (key)""",
        [end],
    ).fetchall()
    return {str(key): str(value) for key, value in rows}
