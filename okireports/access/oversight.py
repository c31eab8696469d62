"""Who may see what, and what was changed and read: tables of the control file, as far as a viewer may know them.

They need the right `read_audit`, and tell of her projects; with `read_whole_audit`, or where she sees everything, of
the whole centre. What is about no project, or about another one, is otherwise not there. Who sees only her own rows,
or operators by aliases, sees nothing of them: they name people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from okireports.access.scope import Scope
from okireports.disk.folder import quoted

RIGHT, WHOLE, PHONES = "read_audit", "read_whole_audit", "see_phone_numbers"
LOOKED = "run report"  # the action of an entry that a report leaves


@dataclass(frozen=True)
class Overseen:
    """A table: its columns in order with SQL types, and the statement of its rows."""

    columns: tuple[tuple[str, str], ...]
    sql: str


def overseen(columns: str, sql: str) -> Overseen:
    """Columns as `name TYPE, name TYPE`."""
    pairs = (column.strip().partition(" ") for column in columns.split(", "))
    return Overseen(tuple((name, kind) for name, _, kind in pairs), sql)


IMPROVED = "NOT EXISTS (FROM control.settings WHERE key = 'security' AND value = 'simplified')"
ACCESSES = f"""
SELECT u.login, p.project_id, p.name AS project, timezone($zone, timezone('UTC', m.valid_from))::DATE AS since,
m.valid_from, m.valid_to, 'member' AS through
FROM control.memberships m JOIN control.users u USING (user_id) JOIN seen_projects p USING (project_id)
WHERE {IMPROVED}
UNION ALL
SELECT u.login, p.project_id, p.name, NULL, NULL, NULL, 'see_all_projects'
FROM control.users u JOIN control.roles r ON r.role = u.role CROSS JOIN seen_projects p
WHERE list_contains(r.rights, 'see_all_projects') AND {IMPROVED}
UNION ALL
SELECT u.login, p.project_id, p.name, NULL, NULL, NULL, 'simplified'
FROM control.users u CROSS JOIN seen_projects p WHERE p.project_id = 1 AND NOT ({IMPROVED})"""

# A run over some of her projects names them; one that does not was over all that were hers then. It is told where one
# of those can be seen: that she ran a report says otherwise that she works elsewhere.
RUNS = f"""WITH runs AS (
    SELECT a.actor AS login, a."at", try_cast(json_extract(a.after, '$.projects') AS BIGINT[]) AS asked
    FROM control.audit a WHERE a.action = '{LOOKED}' AND a."at" < $end
)
SELECT r.login, NULL::BIGINT AS project_id, r."at" FROM runs r WHERE r.asked IS NULL AND EXISTS (
    FROM accesses c WHERE c.login = r.login
    AND (c.valid_from IS NULL OR c.valid_from <= r."at") AND (c.valid_to IS NULL OR c.valid_to > r."at"))
UNION ALL
SELECT login, project_id, "at" FROM (SELECT login, unnest(asked) AS project_id, "at" FROM runs)
WHERE project_id IN (SELECT project_id FROM seen_projects) AND login IN (SELECT login FROM accesses)"""

# `seq` is the place in the whole chain for who reads the whole chain, else among the entries that she sees: a gap would
# tell how much is done elsewhere.
ENTRIES = """SELECT seq, "at", actor, action, subject_kind, subject, project_id, project, before, after, reason, read
FROM (
    SELECT a.* REPLACE (CASE WHEN $whole THEN a.seq ELSE row_number() OVER (ORDER BY a.seq) END AS seq),
    p.name AS project, a.origin IS NOT NULL AS read
    FROM control.audit a LEFT JOIN control.projects p USING (project_id)
    WHERE $whole OR project_id IN (SELECT project_id FROM seen_projects)
) WHERE "at" >= $start AND "at" < $end"""

# What loads brought, refused and noted, for who reads the whole log: files are of all projects. Notes are counts.
LOADED = """
SELECT "at", 'loaded' AS kind, source AS words, rows_in AS "rows", NULL::VARCHAR AS example FROM control.loads
UNION ALL
SELECT l."at", 'noted', n.key, try_cast(n.value AS BIGINT), NULL
FROM control.loads l, json_each(CASE WHEN json_valid(l.notes) THEN l.notes ELSE '{}' END) n
UNION ALL SELECT "at", 'rejected', words, "rows", example FROM refused_rows"""

# Notes quote what was not understood, and in a wrong column that may be a customer's number.
NUMBERLESS = r"CASE WHEN $phones THEN {0} ELSE regexp_replace({0}, '\+?\d[\d ]{{6,}}', '...', 'g') END AS {0}"

OVERSIGHT: dict[str, Overseen] = {  # made in this order
    "accesses": overseen(  # through: what gives it: 'member', 'see_all_projects', or the 'simplified' security type
        "login VARCHAR, project_id BIGINT, project VARCHAR, since DATE, valid_from TIMESTAMP, valid_to TIMESTAMP, "
        "through VARCHAR",
        ACCESSES,
    ),
    "users": overseen(
        "login VARCHAR, name VARCHAR, role VARCHAR, active BOOLEAN",
        "SELECT login, name, role, active FROM control.users WHERE $whole OR login IN (SELECT login FROM accesses)",
    ),
    "roles": overseen(
        "role VARCHAR, rights VARCHAR",
        "SELECT role, array_to_string(rights, ', ') AS rights FROM control.roles "
        "WHERE $whole OR role IN (SELECT role FROM users)",
    ),
    "report_runs": overseen("login VARCHAR, project_id BIGINT, at TIMESTAMP", RUNS),
    "audit": overseen(  # read: a read or a refusal, which came by way of the journal
        "seq BIGINT, at TIMESTAMP, actor VARCHAR, action VARCHAR, subject_kind VARCHAR, subject VARCHAR, "
        "project_id BIGINT, project VARCHAR, before VARCHAR, after VARCHAR, reason VARCHAR, read BOOLEAN",
        ENTRIES,
    ),
    "load_notes": overseen(  # kind: 'loaded', 'rejected' or 'noted'; rows: how many of the words
        "at TIMESTAMP, kind VARCHAR, words VARCHAR, rows BIGINT, example VARCHAR",
        f"""SELECT "at", kind, {NUMBERLESS.format("words")}, "rows", {NUMBERLESS.format("example")}
        FROM ({LOADED}) WHERE $whole AND "at" >= $start AND "at" < $end""",
    ),
}
ALONE = {"audit", "load_notes"}  # these are made of nothing else
BEHIND = ("accesses", "users", "roles")  # small ones, which the others are chosen by


def accesses(con: duckdb.DuckDBPyConnection, projects: Iterable[int], zone: str) -> list[dict[str, Any]]:
    """The rows of `accesses` of some projects, from the control file attached as `control`."""
    listed = "SELECT project_id, name FROM control.projects WHERE list_contains($projects, project_id)"
    con.execute(f"CREATE OR REPLACE TEMP TABLE seen_projects AS {listed}", {"projects": [*projects]})
    rows = con.execute(f"{ACCESSES} ORDER BY ALL", {"zone": zone}).fetchall()
    return [dict(zip([name for name, _ in OVERSIGHT["accesses"].columns], row, strict=True)) for row in rows]


def may_oversee(scope: Scope) -> bool:
    """May she see any of these tables?"""
    return RIGHT in scope.rights and not (scope.own_rows_only or scope.aliases)


def sees_whole_log(scope: Scope) -> bool:
    """May she see all of them, and not only what is about the projects in view?"""
    return may_oversee(scope) and (scope.everything or WHOLE in scope.rights) and not scope.narrowed


def find_refused(con: duckdb.DuckDBPyConnection, folder: Path | None, start: datetime, end: datetime) -> None:
    """Make `refused_rows`: at, words, rows, example; of the loads of a span, as far as their files are kept."""
    columns = 'NULL::TIMESTAMP AS "at", NULL::VARCHAR AS words, NULL::BIGINT AS "rows", NULL::VARCHAR AS example'
    parts = [f"SELECT {columns} WHERE false"]
    loads = 'SELECT load_id, "at" FROM control.loads WHERE "at" >= ? AND "at" < ? ORDER BY load_id'
    for load_id, at in con.execute(loads, [start, end]).fetchall():
        if folder and (file := folder / f"{load_id}.parquet").is_file():
            parts.append(
                f"""SELECT TIMESTAMP {quoted(str(at))}, table_name || ': ' || reason, count(*),
                min(file || ', line ' || line) FROM read_parquet({quoted(file)}) GROUP BY ALL"""
            )
    con.execute(f"CREATE TEMP TABLE refused_rows AS {' UNION ALL '.join(parts)}")


def oversee(
    con: duckdb.DuckDBPyConnection,
    scope: Scope,
    wanted: Iterable[str],
    start: datetime,
    end: datetime,
    rejects: Path | None = None,
) -> None:
    """Make the wanted ones of these tables, from the control file `control` and the projects in view, `projects`.

    Args:
        con: the run's connection.
        scope: who looks, at which projects.
        wanted: names of tables; others are none of these.
        start: entries of the log from here on, naive UTC.
        end: entries and reads before this.
        rejects: the folder of rejected rows.
    """
    needed = set(wanted) & set(OVERSIGHT)
    if not needed:
        return
    if not may_oversee(scope):
        for name in needed:
            columns = ", ".join(f'"{column}" {kind}' for column, kind in OVERSIGHT[name].columns)
            con.execute(f'CREATE TABLE "{name}" ({columns})')
        return
    whole = sees_whole_log(scope)
    zone = con.execute("SELECT value FROM control.settings WHERE key = 'timezone'").fetchone()
    given = {"whole": whole, "start": start, "end": end, "zone": zone[0] if zone else "UTC"}
    given["phones"] = scope.may(PHONES)
    listed = "SELECT project_id, name FROM control.projects" if whole else "SELECT project_id, project FROM projects"
    con.execute(f"CREATE TEMP TABLE seen_projects AS SELECT project_id, name FROM ({listed}) t(project_id, name)")
    if "load_notes" in needed:
        find_refused(con, rejects if whole else None, start, end)
    for name, table in OVERSIGHT.items():
        if name in needed or (name in BEHIND and needed - ALONE):
            used = {key: value for key, value in given.items() if f"${key}" in table.sql}
            con.execute(f'CREATE TABLE "{name}" AS {table.sql}', used)
    con.execute("DROP TABLE seen_projects")
