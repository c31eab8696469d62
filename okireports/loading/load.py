"""One load: read, check, stamp, mask, merge, publish; all of it or nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from okireports import audit, clock, sources
from okireports.audit import Entry
from okireports.disk import Folder, Writer, last_load, write
from okireports.disk.folder import quoted
from okireports.errors import BadOption, LoadError
from okireports.loading import (
    adopt,
    arrival,
    contacts,
    event_lines,
    forgotten,
    history,
    merge,
    presence,
    retention,
    split,
    stamp,
    transfers,
    typed,
)
from okireports.loading.batch import Batch, LoadResult
from okireports.loading.definition_rows import load_definition_rows
from okireports.loading.definitions import load_definitions
from okireports.tables import FACTS, canonical_columns, required_columns

MEMORY = 7_000_000_000  # bytes that the engine may hold; beyond it, it spills to the centre's own disk
OF_THE_MACHINE = 0.7  # and never more than this part of the memory that there is
REJECTED = """CREATE TABLE rejected
(table_name VARCHAR, _row BIGINT, column_name VARCHAR, value VARCHAR, reason VARCHAR, row_text VARCHAR)"""


def load(
    folder: Folder,
    path: str | os.PathLike[str],
    *,
    source: str | os.PathLike[str] = "canonical",
    timezone: str | None = None,
    encoding: str | None = None,
    ambiguous: str = "earlier",
    create_missing: bool = False,
    strict: bool = False,
    actor: str = "system",
    now: datetime,
    progress: Callable[[str], None] = lambda step: None,
    reading: history.Reading = "given",
) -> LoadResult:
    """Load files into the centre; all of them or nothing.

    Args:
        folder: the centre's folder.
        path: a folder of files, one file, or the URL of a database.
        source: "canonical", "asterisk" or another of `sources.SOURCES`, a vendor's name, or the path of a mapping.
        timezone: of times that carry no offset; None: the source's own, else the centre's.
        encoding: of text files, such as "cp1250"; "auto": found out; None: what the source says, else UTF-8.
        ambiguous: "earlier", "later" or "reject" for local times that a change of the clock doubles or skips.
        create_missing: declare the people and objects that facts name and nothing declares.
        strict: one bad row stops the load.
        actor: who loads, for the change log.
        now: the time of the load (aware).
        progress: called with the name of each step.
        reading: "given": these files, and of a database what came since its watermarks; "new": of files too only what
            no earlier load has read; "all". In the last two, of two files that contradict each other the later counts.

    Raises:
        NothingNew: reading "new", and there is nothing; nothing is written.
        LoadError: a file cannot be read, a definition is wrong, or (strict) a row is.
        CenterBusy: another load is under way.
    """
    if ambiguous not in ("earlier", "later", "reject"):
        raise BadOption(f"ambiguous={ambiguous!r}: it is 'earlier', 'later' or 'reject'.")
    source = os.fspath(source)
    if timezone is not None:
        clock.zone_info(timezone)
    with write(folder, "load") as writer:
        stage(writer)
        settings = dict(writer.con.execute("SELECT key, value FROM control.settings").fetchall())
        progress("reading")
        manner = history.manner(source, timezone, encoding, ambiguous, create_missing)
        before = history.before(writer.con, manner, reading, timezone or settings["timezone"], now)
        before = replace(before, ambiguous=ambiguous, recall=event_lines.recall(writer))
        feed = sources.read(
            writer.con,
            path,
            source=source,
            timezone=timezone,
            encoding=encoding,
            known=canonical_columns(),
            required=required_columns(),
            before=before,
        )
        history.refuse_renamed(writer.con, feed.source, before)
        if reading == "new":
            history.require_news(writer.con, feed, before)
        batch = Batch(
            writer,
            feed,
            settings,
            folder.key(),
            last_load(writer.con) + 1,
            timezone or feed.timezone or settings["timezone"],
            ambiguous,
            now.astimezone(UTC).replace(tzinfo=None),
            progress,
            manner=manner,
            later_wins=reading != "given",
            beginnings=arrival.beginnings(Path(path), feed, history.seen(writer.con), before)
            if reading != "given" and by_line(source)
            else {},
        )
        batch.notes.update({**feed.notes, **feed.ignored})
        refuse_broken_definitions(batch)
        changes = load_definitions(batch, actor) + load_definition_rows(batch, actor)
        if create_missing or feed.create_missing:
            made = stamp.create_missing(batch)
            changes += [
                Entry(actor, "create missing", kind, name, reason=f"load {batch.load_id}") for kind, name in made
            ]
        place(batch)
        return commit(batch, changes, actor, strict)


def stage(writer: Writer) -> None:
    """The scratch database of a load, and what the engine may use."""
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    writer.con.execute(f"SET memory_limit = '{min(MEMORY, int(there * OF_THE_MACHINE))} B'")
    for schema in ("raw", "typed", "fact", "before", "moved", "withdrawn"):
        writer.con.execute(f"CREATE SCHEMA {schema}")
    writer.con.execute(REJECTED)


def by_line(source: str) -> bool:
    """Is each row of a table one of a file, as it is not where a row is worked out of several events?"""
    return source == "canonical" or source.endswith(".toml")


def refuse_broken_definitions(batch: Batch) -> None:
    """A line of definitions that cannot even be split into columns stops the load, as any wrong definition does."""
    if not batch.feed.rejects:
        return
    facts = ", ".join(quoted(name) for name in FACTS)
    row = batch.con.execute(
        f"SELECT file, line, reason FROM {batch.feed.rejects} WHERE table_name NOT IN ({facts}) ORDER BY file, line"
    ).fetchone()
    if row:
        raise LoadError(f"{row[2]}.", file=row[0], line=row[1])


def place(batch: Batch) -> None:
    """From raw rows to the rows that each project is to hold."""
    stamp.prepare(batch)
    contacts.prepare(batch)
    forgotten.begin(batch)
    for fact in FACTS.values():
        if fact.internal:
            continue
        if fact.name in batch.feed.tables:
            batch.progress(f"{fact.name}: checking and stamping")
            typed.type_rows(batch, fact)
            arrival.leave_out(batch, fact)
            typed.tidy_words(batch, fact)
            stamp.localise(batch, fact)
            stamp.refuse_rows(batch, fact)
            stamp.stamp(batch, fact)
            batch.con.execute(f'DROP TABLE typed."{fact.name}"')
        split.off(batch, fact.name)
        retention.leave_out(batch, fact)
        adopt.adopt(batch, fact)
        forgotten.strip(batch, fact)
        if fact.name == "calls":
            event_lines.withdraw_calls(batch)
        if fact.name == "rings":
            event_lines.withdraw_rings(batch)
        if batch.has(fact):
            adopt.find_before(batch, fact)
    event_lines.keep(batch)
    if batch.has(FACTS["event_lines"]):
        retention.leave_out_lines(batch)
        forgotten.hush_lines(batch)
    presence.derive(batch)
    presence.copy_shifts(batch)
    transfers.mark(batch)
    contacts.gather(batch)
    forgotten.finish(batch)


def commit(batch: Batch, changes: Iterable[Entry], actor: str, strict: bool) -> LoadResult:
    """Keep what was rejected, write the segments, and list the load."""
    con, folder = batch.con, batch.writer.folder
    rejects = forgotten.hush_rejects(batch, rejected_rows(batch))
    if strict and len(rejects):
        worst = rejects.iloc[0]
        raise LoadError(
            f"strict: rows that are wrong: {len(rejects):,}; the first one: {worst['reason']}.",
            file=worst["file"],
            line=int(worst["line"]),
            column=worst["column_name"],
            value=worst["value"],
        )
    raw = [name for name in batch.feed.tables if name in FACTS]
    rejected = len(rejects)
    rows_in = sum(batch.count(f"SELECT count(*) FROM {batch.feed.tables[name]}") for name in raw) + structural(batch)
    ignored = sum(batch.feed.ignored.values())
    if batch.feed.lines is None:  # what several lines tell is not counted by the row
        ignored += batch.ignored
    if batch.feed.lines is not None:  # rows that several lines tell together are counted as those lines
        rows_in, rejected = batch.feed.lines, len(rejects[["file", "line"]].drop_duplicates())
    for name in raw:  # nothing looks at them any more, and what comes needs the memory
        con.execute(f"DROP TABLE {batch.feed.tables[name]}")
    unassigned = count_unassigned(batch, raw)
    for fact in FACTS.values():
        if batch.has(fact):
            batch.progress(f"{fact.name}: writing")
            merge.publish(batch, fact)
    if len(rejects):
        keep(rejects, folder.rejects / f"{batch.load_id}.parquet", batch)
    files = history.record(batch.feed.files, batch.manner)
    values = [
        batch.load_id,
        batch.feed.source,
        files,
        batch.now,
        rows_in,
        rows_in - rejected - ignored,
        rejected,
    ]
    values += [batch.updated, unassigned, json.dumps(batch.notes, ensure_ascii=False), batch.writer.generation]
    con.execute(f"INSERT INTO control.loads VALUES ({', '.join('?' for _ in values)})", values)
    loaded = Entry(
        actor,
        "load",
        "load",
        str(batch.load_id),
        after=json.dumps({"rows_in": rows_in, "files": len(batch.feed.files)}),
    )
    audit.close(batch.writer, [*changes, loaded], batch.now)
    return LoadResult(
        batch.load_id,
        batch.writer.generation,
        rows_in,
        rows_in - rejected - ignored,
        rejected,
        batch.updated,
        unassigned,
        rejects,
        dict(batch.notes),
        batch.feed.unknown_columns,
        sum(p.stat().st_size for p in batch.writer.written),
        ignored,
    )


def structural(batch: Batch) -> int:
    """How many lines of facts could not even be split into columns."""
    return batch.count(f"SELECT count(*) FROM {batch.feed.rejects}") if batch.feed.rejects else 0


def rejected_rows(batch: Batch) -> pd.DataFrame:
    """The rejected rows with file and line."""
    columns = ["table_name", "file", "line", "column_name", "value", "reason", "row_text"]
    frames = [pd.DataFrame(columns=columns)]
    if batch.feed.rejects:
        frames.append(batch.con.execute(f"SELECT {', '.join(columns)} FROM {batch.feed.rejects}").df())
    rows = batch.con.execute("SELECT * FROM rejected ORDER BY table_name, _row").df()
    for table, part in rows.groupby("table_name"):
        where = batch.feed.locate(batch.con, str(table), [int(r) for r in part["_row"]])
        frames.append(part.assign(file=[f for f, _ in where], line=[n for _, n in where])[columns])
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def keep(rejects: pd.DataFrame, path: Path, batch: Batch) -> None:
    """Write the rejected rows beside the centre; they belong to the generation that is being written."""
    batch.writer.written.append(path)
    batch.con.register("rejects_frame", rejects)
    batch.con.execute(f"COPY (SELECT * FROM rejects_frame) TO {quoted(path)} (FORMAT parquet, COMPRESSION zstd)")
    batch.con.unregister("rejects_frame")
    path.chmod(0o600)


def count_unassigned(batch: Batch, tables: list[str]) -> int:
    """How many rows of this load no project owns: those that stand in the store of no project only."""
    total = 0
    for name in tables:
        fact = FACTS[name]
        if fact.copied:
            of = f'SELECT "{fact.id}" FROM fact."{name}"'
            own = "AND NOT coalesce(masked, false)" if name == "statuses" else ""
            total += batch.count(
                f"""SELECT count(*) FROM fact."{name}" WHERE project_id = 0 {own} AND load_id = {batch.load_id}
                AND "{fact.id}" NOT IN ({of} WHERE project_id <> 0)"""
            )
        elif batch.has(fact):
            total += batch.count(f'SELECT count(*) FROM fact."{name}" WHERE project_id = 0 AND _row IS NOT NULL')
    return total
