"""From the plan to canonical files: the definitions once, then the facts, a folder for each stretch of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from okireports.disk.folder import quoted
from okireports.invention import calls, customers, definitions, dialer, draw, judgements, lanes, presence, volume
from okireports.invention.faults import plant
from okireports.invention.plan import Plan

MEMORY = "1GB"  # beyond it, the engine spills to the folder of the files
FACTS = {
    "tasks": dialer.TASKS,
    "calls": calls.OUTPUT,
    "rings": calls.RINGS,
    "statuses": presence.STATUSES,
    "ivr_steps": presence.IVR_STEPS,
    "shifts": presence.SHIFTS,
    "dialogues": customers.DIALOGUES_OUT,
    "requests": customers.REQUESTS,
    "stage_changes": customers.STAGE_CHANGES,
    "answers": customers.ANSWERS,
    "orders": customers.ORDERS,
    "evaluations": judgements.EVALUATIONS,
    "ratings": judgements.RATINGS,
    "speech_hits": judgements.SPEECH_HITS,
    "charges": judgements.CHARGES,
}

PASSING = "slots contacts breaks lane base transfers returned callers attempts calls dialogues passed".split()


def generate(
    plan: Plan, folder: Path, *, faults: tuple[str, ...] = (), progress: Callable[[str], None] = lambda step: None
) -> Iterator[Path]:
    """Write Parquet files; gives a folder for each load, in order, which may go before the next is asked for."""
    with duckdb.connect() as con:
        con.execute(f"SET memory_limit = '{MEMORY}'")
        con.execute(f"SET temp_directory = {quoted(folder / 'spill')}")
        con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        draw.prepare(con, plan.seed)
        volume.prepare(con, plan)
        for number, (first, after) in enumerate(plan.stretches):
            progress(f"inventing {plan.day(first)} to {plan.day(after - 1)}")
            target = folder / f"part{number:03}"
            target.mkdir(parents=True)
            if number == 0:
                write_definitions(con, plan, target)
            invent(con, first, after)
            for table, sql in FACTS.items():
                write(con, sql, target / f"{table}.parquet")
            for table in PASSING:
                con.execute(f"DROP TABLE {table}")
            late = plant(con, target, faults) if after == plan.days else None
            yield target
            if late:
                yield late


def invent(con: duckdb.DuckDBPyConnection, first: int, after: int) -> None:
    """Make the tables of some days."""
    con.execute("SET VARIABLE first_day = $1", [first])
    con.execute("SET VARIABLE after_day = $1", [after])
    volume.fill_slots(con, first, after)
    lanes.fill(con, first, after)
    calls.fill(con)
    dialer.fill(con)
    calls.finish(con)
    customers.fill(con)


def write_definitions(con: duckdb.DuckDBPyConnection, plan: Plan, target: Path) -> None:
    """Write the definitions."""
    for table, rows in definitions.tables(plan).items():
        volume.put(con, "definition", rows)
        write(con, "FROM definition", target / f"{table}.parquet")


def write(con: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    """Write what a query gives to a Parquet file."""
    con.execute(f"COPY ({sql}) TO {quoted(path)} (FORMAT parquet, COMPRESSION snappy)")
