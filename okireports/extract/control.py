"""The control file, cut down to what one viewer may know.

What is left are people and things that have a name for her, her projects, and the definitions that a run of hers may
read, chosen by the same conditions. So a run over the extract resolves her, finds names and reads definitions as it
does in the centre, whatever the period and whichever of her projects she picks.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime

import duckdb
import pyarrow as pa

from okireports import report
from okireports.access import DIRECTORIES, Scope, may_run
from okireports.access.definitions import DEFINITIONS
from okireports.access.directory import OBJECTS, OPERATOR
from okireports.access.founding import DEFAULTS
from okireports.access.oversight import OVERSIGHT
from okireports.access.rights import RESTRICTIONS
from okireports.sql.offered import offered
from okireports.tables import CONTROL, FACTS

RIGHTS = (*dict.fromkeys(f.right for f in FACTS.values() if f.right), "export", "run_sql", *RESTRICTIONS)
SETTINGS = ("timezone", "currency", "security", *DEFAULTS)
CAPACITY = "try_cast(CASE WHEN json_valid(attributes) THEN json_extract_string(attributes, '$.capacity') END AS BIGINT)"


def cut(
    con: duckdb.DuckDBPyConnection, scope: Scope, names: Mapping[str, pa.Table], start: datetime, end: datetime
) -> dict[str, pa.Table]:
    """The rows of each table of the control file that go into an extract; tables of which none do are left out.

    Args:
        con: a connection in which the centre's control file is attached as `control`.
        scope: the viewer's.
        names: the tables of names and of definitions as a run of hers over the whole span has them.
        start: of the span, naive UTC.
        end: of the span, naive UTC.
    """
    for name, table in names.items():
        con.register("handed", table)
        con.execute(f'CREATE TABLE "{name}" AS SELECT * FROM handed')
        con.unregister("handed")
    for name, definition in DEFINITIONS.items():
        columns = ", ".join(f'"{column}" {kind}' for column, kind in definition.columns)
        con.execute(f'CREATE TABLE IF NOT EXISTS "{name}" ({columns})')  # what goes in by these goes in by none
    given = {"me": scope.user_id, "start": start, "end": end}
    rights, reports = [r for r in RIGHTS if r in scope.rights], [*scope.reports, *withheld(scope)]
    given |= {"rights": rights, "reports": reports, "settings": list(SETTINGS)}
    found = {}
    for name, sql in (PEOPLE_AND_PLACES | definitions(names)).items():
        used = {key: value for key, value in given.items() if f"${key}" in sql}
        found[name] = con.execute(sql, used).to_arrow_table()
    return found


def listed(scope: Scope) -> tuple[str, ...]:
    """The tables of names, and of definitions that a report of hers rests on; who may see what is no part of it."""
    return tuple(name for name in offered(scope) if name in DIRECTORIES)


def withheld(scope: Scope) -> Iterator[str]:
    """What keeps a role from reports that tell of who may see what: an extract holds none of it."""
    for one in report.all_reports():
        needed = {name for name, absent in one.tables.items() if not absent}
        if may_run(one.name, scope.reports) and needed & set(OVERSIGHT):
            yield f"-{one.name}"


VALID = "(v.valid_from IS NULL OR v.valid_from < $end) AND (v.valid_to IS NULL OR v.valid_to > $start)"
HERS = "project_id IN (SELECT project_id FROM projects)"
KNOWN = " UNION ".join(f"SELECT {id} FROM {name}" for name, (id, _, _) in OBJECTS.items())
THINGS = f"""SELECT object_id FROM control.objects WHERE object_id IN ({KNOWN})
OR (kind = 'line' AND object_id IN (SELECT object_id FROM control.project_objects WHERE {HERS}))"""

PEOPLE_AND_PLACES = {
    "settings": "SELECT key, value FROM control.settings WHERE list_contains($settings, key)",
    "setting_changes": """SELECT * FROM control.setting_changes
        WHERE list_contains($settings, key) AND valid_from < $end""",
    "projects": f"SELECT project_id, name, created_at, archived_at FROM control.projects WHERE {HERS}",
    "roles": """SELECT role, preset, $rights::VARCHAR[] AS rights, $reports::VARCHAR[] AS reports FROM control.roles
        WHERE role = (SELECT role FROM control.users WHERE user_id = $me)""",
    # Whoever is not the viewer is called as she calls them, and cannot look.
    "users": """SELECT u.user_id, CASE WHEN u.user_id = $me THEN u.login ELSE o.operator END AS login, u.role,
        u.user_id = $me AS active FROM control.users u LEFT JOIN operators o ON o.operator_id = u.user_id
        WHERE u.user_id = $me OR o.operator_id IS NOT NULL""",
    "groups": 'SELECT group_id, "group" AS name FROM groups',
    "group_members": f"""SELECT v.* FROM control.group_members v
        WHERE v.user_id IN (SELECT operator_id FROM operators) AND {VALID}""",
    # Those that lists and plans are made of.
    "memberships": f"""SELECT * FROM control.memberships WHERE {HERS} AND (user_id = $me OR user_id IN (
        SELECT operator_id FROM operators JOIN control.users ON user_id = operator_id WHERE role = '{OPERATOR}'
        UNION SELECT evaluator_id FROM check_plans))""",
    "objects": f"""SELECT object_id, kind, name,
        CASE WHEN {CAPACITY} IS NOT NULL THEN json_object('capacity', {CAPACITY})::VARCHAR END AS attributes
        FROM control.objects WHERE object_id IN ({THINGS})""",
    "project_objects": f"SELECT * FROM control.project_objects WHERE {HERS} AND object_id IN ({THINGS})",
}


def definitions(names: Container[str]) -> dict[str, str]:
    """By table of the control file, the statement of the rows that some tables of definitions are made of."""
    parts: dict[str, list[str]] = {}
    for definition in (definition for name, definition in DEFINITIONS.items() if name in names):
        rows = definition.sql[definition.sql.index("FROM ") :]
        named = re.search(r"control\.(\w+)", rows)
        if named and named.group(1) not in PEOPLE_AND_PLACES:
            columns = ", ".join(f'"{name}"' for name, _ in CONTROL[named.group(1)].columns)
            parts.setdefault(named.group(1), []).append(f"SELECT {columns} {rows}")
    return {table: "\nUNION\n".join(statements) for table, statements in parts.items()}


def names_held(con: duckdb.DuckDBPyConnection, scope: Scope) -> dict[tuple[int, str], Sequence[object]]:
    """By project and table: the people and things that have a name because they stand in her rows.

    In the centre they have it in every period; who sees only her own rows has the names that stand in those.
    """
    rows = con.execute(
        """SELECT project_id, "table", list_sort(list_distinct(flatten(list(people)))),
        list_sort(list_distinct(flatten(list(objects)))) FROM control.segments
        WHERE list_contains($projects, project_id) GROUP BY ALL ORDER BY ALL""",
        {"projects": list(scope.stores)},
    ).fetchall()
    named = {(int(project), str(table)): values for project, table, *values in rows}
    return {key: [[], []] if scope.own_rows_only else values for key, values in named.items()}
