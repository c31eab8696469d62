"""Retention: rows older than the centre keeps are dropped, and older files do not bring them back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import duckdb

from okireports import audit
from okireports.audit import Entry
from okireports.clock import zone_info
from okireports.disk import Folder, NewSegment, Segment, Writer, write
from okireports.disk.folder import quoted
from okireports.errors import ChangeError
from okireports.loading import erase
from okireports.loading.batch import Batch
from okireports.loading.contacts import CONTACTS, NAMING, PERSON, SAYINGS
from okireports.loading.event_lines import EVENT_LINES
from okireports.period import utc
from okireports.tables import FACTS, Fact

FACTS_DAYS, RECORDINGS_DAYS = "keep_facts_days", "keep_recordings_days"
RECORDINGS = "recordings"
Permit = Callable[[duckdb.DuckDBPyConnection], object]


@dataclass(frozen=True)
class Retention:
    """What a clearing dropped, or a trial of it would drop.

    `rows` counts the dropped rows by table (contacts: people whom no fact names any more); `rejects` the files of
    rejected rows. `facts_from` and `recordings_from` are the first instants that stay (naive UTC), None: all.
    """

    rows: Mapping[str, int]
    rejects: int
    facts_from: datetime | None
    recordings_from: datetime | None
    generation: int | None = None  # None: a trial, or nothing was too old
    dry_run: bool = False

    def __str__(self) -> str:
        """It in words."""
        counts = [f"{table} {count:,}" for table, count in self.rows.items()]
        counts += [f"files of rejected rows {self.rejects:,}"] if self.rejects else []
        done = "would be dropped" if self.dry_run else "dropped"
        return f"{done}: {', '.join(counts)}" if counts else "nothing is older than the centre keeps"


@dataclass
class Dropping:
    """Segments that go or are written anew, and how many rows that drops."""

    changes: list[tuple[Segment, NewSegment | None]] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    def add(self, segment: Segment, count: int, without: str) -> None:
        """Drop some rows of a segment, or all."""
        whole = count == segment.rows
        self.changes.append((segment, None if whole else erase.rewritten(segment, without=without)))
        self.rows[segment.table] = self.rows.get(segment.table, 0) + count


def first_kept(settings: Mapping[str, str], name: str, now: datetime) -> datetime | None:
    """The first instant that stays (naive UTC): the beginning of a local day; None where all stays for ever.

    With 30 days, rows of today and of the 30 local days before it stay.
    """
    days = settings.get(name) or ""
    if not days:
        return None
    zone = settings["timezone"]
    today = now.replace(tzinfo=zone_info("UTC")).astimezone(zone_info(zone)).date()
    return utc(today - timedelta(days=int(days)), zone)


def kept_since(settings: Mapping[str, str], fact: Fact, now: datetime) -> datetime | None:
    """The first instant of which rows of a table stay; a recording goes with the facts, or before them."""
    names = (FACTS_DAYS, RECORDINGS_DAYS) if fact.name == RECORDINGS else (FACTS_DAYS,)
    found = [at for name in names if (at := first_kept(settings, name, now))]
    return max(found, default=None) if fact.start else None


def retain(
    folder: Folder,
    *,
    actor: str,
    reason: str,
    now: datetime,
    dry_run: bool = False,
    permit: Permit = lambda con: None,
) -> Retention:
    """Drop what is older than the settings `keep_facts_days` and `keep_recordings_days` say, in all generations.

    Rows go by their start. Contacts go with the last row that names them, and files of rejected rows by the day of
    their load. Where nothing is too old, nothing is written.

    Args:
        folder: the centre's folder.
        actor: who does it.
        reason: why.
        now: naive UTC.
        dry_run: count, and write nothing.
        permit: raises unless the actor may, by the control file attached as `control` on the connection it gets.

    Raises:
        ChangeError: both settings are empty.
    """

    def trial(con: duckdb.DuckDBPyConnection) -> Retention:
        permit(con)
        return look(con, folder, now)[1]

    result = erase.looked(folder, trial)
    if dry_run or not (result.rows or result.rejects):
        return replace(result, dry_run=dry_run)
    with write(folder, "retain") as writer:
        permit(writer.con)
        found, result = look(writer.con, folder, now)
        erase.replace(writer, found.changes)
        writer.spent += [path for load, path in erase.rejects_of(folder) if load in old_loads(writer.con, result)]
        forget_rows(writer)
        said = {"rows": result.rows, "rejects": result.rejects, "facts_from": str(result.facts_from or "")}
        said |= {"recordings_from": str(result.recordings_from or "")}
        entry = Entry(actor, "retain", "centre", folder.path.name, after=json.dumps(said), reason=reason)
        audit.close(writer, [entry], now)
        return replace(result, generation=writer.generation)


def look(con: duckdb.DuckDBPyConnection, folder: Folder, now: datetime) -> tuple[Dropping, Retention]:
    """What is too old, by the control file attached as `control`."""
    settings = dict(con.execute("SELECT key, value FROM control.settings").fetchall())
    since = {name: first_kept(settings, name, now) for name in (FACTS_DAYS, RECORDINGS_DAYS)}
    if not any(since.values()):
        raise ChangeError(
            f"The centre keeps everything for ever: neither {FACTS_DAYS} nor {RECORDINGS_DAYS} is set. "
            f"Set one of them first, such as settings.change({FACTS_DAYS}='730', actor=..., reason=...)."
        )
    dropping = Dropping()
    con.execute("CREATE TEMP TABLE dropped_people (project_id BIGINT, contact_key BIGINT)")
    con.execute("CREATE TEMP TABLE staying_people (project_id BIGINT, contact_key BIGINT)")
    con.execute("CREATE OR REPLACE TABLE dropped (table_name VARCHAR, id BIGINT)")
    for fact in FACTS.values():
        if (cutoff := kept_since(settings, fact, now)) is not None:
            drop_old(con, folder, fact, cutoff, dropping)
    drop_people(con, folder, dropping)
    result = Retention(dropping.rows, 0, since[FACTS_DAYS], since[RECORDINGS_DAYS])
    loads = old_loads(con, result)
    rejects = sum(load in loads for load, _ in erase.rejects_of(folder))
    return dropping, replace(result, rejects=rejects)


def drop_old(con: duckdb.DuckDBPyConnection, folder: Folder, fact: Fact, cutoff: datetime, dropping: Dropping) -> None:
    """Drop the rows of one table that began too early."""
    old = f"\"{fact.start}\" < TIMESTAMP '{cutoff}'"
    for segment, rows in erase.rows_of(con, folder, fact):
        if fact in NAMING:
            for table, which in (("dropped_people", old), ("staying_people", f"NOT ({old})")):
                con.execute(
                    f"""INSERT INTO {table} SELECT DISTINCT project_id, contact_key FROM {rows}
                    WHERE {which} AND contact_key IS NOT NULL"""
                )
        if segment.first_at is None or segment.first_at >= cutoff:
            continue
        if fact in NAMING:
            con.execute(f'INSERT INTO dropped SELECT {quoted(fact.name)}, "{fact.id}" FROM {rows} WHERE {old}')
        row = con.execute(f"SELECT count(*) FROM {rows} WHERE {old}").fetchone()
        dropping.add(segment, int(row[0]) if row else 0, old)


def drop_people(con: duckdb.DuckDBPyConnection, folder: Folder, dropping: Dropping) -> None:
    """Drop people of dropped rows whom no row names any more, and what dropped rows of no project said of theirs."""
    con.execute(
        f"""CREATE OR REPLACE TABLE departing AS SELECT DISTINCT project_id, contact_key FROM dropped_people
        WHERE {PERSON} NOT IN (SELECT {PERSON} FROM staying_people)"""
    )
    people = f"{PERSON} IN (SELECT {PERSON} FROM departing)"
    for fact, without in ((CONTACTS, people), (SAYINGS, "fact_id IN (SELECT id FROM dropped)")):
        for segment, rows in erase.rows_of(con, folder, fact):
            row = con.execute(f"SELECT count(*) FROM {rows} WHERE {without}").fetchone()
            if row and row[0]:
                dropping.add(segment, int(row[0]), without)


def old_loads(con: duckdb.DuckDBPyConnection, result: Retention) -> set[int]:
    """The loads of so long ago that their rejected rows go as well."""
    rows = con.execute('SELECT load_id FROM control.loads WHERE "at" < $1', [result.facts_from]).fetchall()
    return {int(load) for (load,) in rows}


def forget_rows(writer: Writer) -> None:
    """Rows that are there no more need not be known as a forgotten customer's: no load brings them back."""
    writer.con.execute(
        """DELETE FROM control.forgotten_rows r WHERE EXISTS
        (FROM dropped d WHERE d.table_name = r."table" AND d.id = r.id)"""
    )


def leave_out(batch: Batch, fact: Fact) -> None:
    """Take rows out of a load that are older than the centre keeps; they are counted."""
    cutoff = kept_since(batch.settings, fact, batch.now)
    if cutoff is None or not batch.has(fact):
        return
    own = "_row IS NOT NULL" if "_row" in batch.held(fact) else "false"  # others are counted where they came from
    old = f"\"{fact.start}\" < TIMESTAMP '{cutoff}' AND load_id = {batch.load_id}"
    ignored = batch.count(f'SELECT count(*) FROM fact."{fact.name}" WHERE {old} AND {own}')
    if gone := batch.count(f'DELETE FROM fact."{fact.name}" WHERE {old}'):
        batch.notes[f"{fact.name}: rows older than retention, ignored"] += gone
        batch.ignored += ignored


def leave_out_lines(batch: Batch) -> None:
    """Likewise lines of event logs, of which the facts are worked out."""
    cutoff = kept_since(batch.settings, EVENT_LINES, batch.now)
    if cutoff is not None:
        batch.con.execute(f"DELETE FROM fact.event_lines WHERE \"at\" < TIMESTAMP '{cutoff}'")
