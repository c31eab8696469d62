"""Known faults that can be planted in the invented files, for what finds faults to be tried on.

All stand in the last stretch of time. Rows that are added copy calls that reached no operator, under ids that begin
with `fault-`, so that nothing else is disturbed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from okireports.disk.folder import quoted
from okireports.errors import BadOption, did_you_mean

COPIED = """SELECT * EXCLUDE (nth) REPLACE ('fault-{name}-' || nth AS source_id, 'fault-{name}-' || nth
    AS interaction, {change}) FROM (
SELECT *, row_number() OVER (ORDER BY md5('{name}' || source_id)) AS nth FROM {calls} WHERE outcome = 'abandoned')
WHERE nth <= {rows}"""
SOME = "SELECT source_id FROM {calls} WHERE outcome = 'answered' ORDER BY md5('{name}' || source_id) LIMIT {rows}"
ORPHANS = """SELECT * EXCLUDE (nth) REPLACE ('fault-orphan-' || nth AS call)
FROM (SELECT *, row_number() OVER (ORDER BY md5(call || result)) AS nth FROM {rings}) WHERE nth <= {rows}"""
WRONG_SCORES = """SELECT * EXCLUDE (nth) REPLACE ('fault-score-' || nth AS source_id, 11 AS score)
FROM (SELECT *, row_number() OVER (ORDER BY md5(source_id)) AS nth FROM {ratings} WHERE kind = 'csat' AND score > 0)
WHERE nth <= {rows}"""
OVERLAPS = """SELECT * EXCLUDE (nth) REPLACE (CASE WHEN nth <= {rows} AND status = 'Ready'
    THEN ended_at + INTERVAL 90 SECOND ELSE ended_at END AS ended_at)
FROM (SELECT *, row_number() OVER (PARTITION BY status ORDER BY md5(operator || started_at)) AS nth FROM {statuses})"""
OPEN_ENDS = """SELECT * EXCLUDE (nth, last)
    REPLACE (CASE WHEN last AND nth <= {rows} THEN NULL ELSE ended_at END AS ended_at)
FROM (SELECT *, row_number() OVER (PARTITION BY last ORDER BY operator) AS nth FROM (
    SELECT *, lead(started_at) OVER (PARTITION BY operator ORDER BY started_at) IS NULL AS last FROM {statuses}))"""
CLOCK_SKEW = """WITH one AS (
    SELECT operator, max(started_at) AS left_at FROM {statuses} WHERE status = 'Offline'
    AND operator = (SELECT min(operator) FROM {statuses}) GROUP BY operator),
marked AS (
    SELECT s.*, one.operator IS NOT NULL AS late FROM {statuses} s
    LEFT JOIN one ON one.operator = s.operator AND s.started_at > one.left_at - INTERVAL 12 HOUR)
SELECT * EXCLUDE (late) REPLACE (CASE WHEN late THEN started_at + INTERVAL 7 MINUTE ELSE started_at END AS started_at,
    CASE WHEN late AND status <> 'Offline' THEN ended_at + INTERVAL 7 MINUTE ELSE ended_at END AS ended_at)
FROM marked"""


@dataclass(frozen=True)
class Fault:
    """A fault: what it is, in how many rows, and the statement whose rows are added to a table or replace it.

    `{calls}` and `{statuses}` stand for the files as they are.
    """

    text: str
    rows: int
    table: str
    sql: str
    instead: bool = False  # the statement gives the whole table anew
    later: bool = False  # its rows are loaded afterwards, and `sql` gives what is left for the first load


def copies(change: str) -> str:
    """A statement that copies some lost calls, with a change."""
    return COPIED.replace("{change}", change)


FAULTS: dict[str, Fault] = {
    "duplicates": Fault(
        "calls that stand twice, alike", 12, "calls", f"SELECT * FROM {{calls}} WHERE source_id IN ({SOME})"
    ),
    "conflicts": Fault(
        "calls that stand twice with different outcomes: both rows are rejected",
        6,
        "calls",
        copies("'failed' AS outcome") + " UNION ALL " + copies("outcome AS outcome"),
    ),
    "backwards": Fault(
        "calls that end before they start: rejected",
        8,
        "calls",
        copies("started_at - INTERVAL 30 SECOND AS ended_at"),
    ),
    "negative_durations": Fault(
        "calls with a negative ringing time: taken as not known",
        8,
        "calls",
        copies("-5 AS ring_s"),
    ),
    "unreadable": Fault("calls whose SIP code is no number: rejected", 4, "calls", copies("'n/a' AS sip_code")),
    "unknown_words": Fault(
        "calls with an outcome that nobody knows: taken as `other`",
        5,
        "calls",
        copies("'teleported' AS outcome"),
    ),
    "unknown_people": Fault(
        "calls of an operator whom nothing declares: loaded without",
        5,
        "calls",
        copies("'nobody' AS operator"),
    ),
    "unassigned": Fault(
        "calls of a queue that is in no project", 25, "calls", copies("'Unclaimed line' AS queue, NULL AS scenario")
    ),
    "future": Fault(
        "calls of a machine whose clock is 400 days fast: rejected",
        3,
        "calls",
        copies(
            "started_at + INTERVAL 400 DAY AS started_at, queued_at + INTERVAL 400 DAY AS queued_at, "
            "ended_at + INTERVAL 400 DAY AS ended_at"
        ),
    ),
    "orphans": Fault("rings of calls that are not there: they belong to no project", 15, "rings", ORPHANS),
    "wrong_scores": Fault("ratings beyond their scale: rejected", 4, "ratings", WRONG_SCORES),
    "overlaps": Fault(
        "free time that ends 90 seconds after the next status begins: cut", 10, "statuses", OVERLAPS, instead=True
    ),
    "open_ends": Fault("last statuses that nobody ended", 5, "statuses", OPEN_ENDS, instead=True),
    "clock_skew": Fault(
        "the last day of one operator, recorded 7 minutes late: a gap before, and statuses that do not fit the calls",
        0,
        "statuses",
        CLOCK_SKEW,
        instead=True,
    ),
    "late": Fault(
        "calls that come with a second load, after their rings and statuses",
        40,
        "calls",
        f"SELECT * FROM {{calls}} WHERE source_id NOT IN ({SOME})",
        instead=True,
        later=True,
    ),
}


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """The names of faults, each once, in the order of the list.

    Raises:
        BadOption: there is no such fault.
    """
    wanted = {names} if isinstance(names, str) else set(names)
    for name in sorted(wanted - set(FAULTS)):
        raise BadOption(f"faults: there is no {name!r}.{did_you_mean(name, FAULTS)} There are: {', '.join(FAULTS)}.")
    return tuple(name for name in FAULTS if name in wanted)


def plant(con: duckdb.DuckDBPyConnection, folder: Path, names: Iterable[str]) -> Path | None:
    """Change the files of a folder; gives a folder that is to be loaded afterwards, if there is one."""
    later = None
    for name in names:
        fault = FAULTS[name]
        file = folder / f"{fault.table}.parquet"
        tables = {
            t: f"read_parquet({quoted(folder / f'{t}.parquet')})" for t in ("calls", "statuses", "rings", "ratings")
        }
        sql = fault.sql.format(name=name, rows=fault.rows, **tables)
        target = folder / fault.table / f"{name}.parquet"
        target.parent.mkdir(exist_ok=True)
        if fault.later:
            later = folder.with_name(f"{folder.name}-late")
            later.mkdir()
            held_back = sql.replace("NOT IN", "IN")
            write(con, held_back, later / file.name)
        write(con, sql, target)
        if fault.instead:
            target.replace(file)
        if name == "unassigned":
            write(con, "SELECT 'queue' AS kind, 'Unclaimed line' AS name", folder / "objects" / "unclaimed.parquet")
    return later


def write(con: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    """Write what a query gives to a Parquet file."""
    path.parent.mkdir(exist_ok=True)
    con.execute(f"COPY ({sql}) TO {quoted(path)} (FORMAT parquet)")
