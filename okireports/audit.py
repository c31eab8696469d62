"""The change log: each entry carries the hash of the one before it; reads wait in the journal for the next writer.

An entry that was edited, removed or moved breaks the chain. A cut tail shows where a manifest carries a later head.
What people type into it, queries and reasons, is written without numbers and addresses of customers: nothing could
take them out of the chain again when a customer is to be forgotten.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from okireports.disk import Writer
from okireports.errors import Unwritten

GENESIS = "0" * 64
COLUMNS = tuple("seq at actor action subject_kind subject project_id before after reason origin".split())
GIVEN_UP = 24 * 3600  # seconds after which an entry of the journal that cannot be read is taken in as just that
UNSAID = "…"
DATE = r"\d{4}-\d\d-\d\d(?:[T ]\d\d(?::\d\d){1,2}(?:\.\d+)?)?"
NUMBER = r"\+?\d(?:[ ().\-/]{0,2}\d){6,}"  # seven digits or more, however they are written
MAIL = r"[^\s'\"<>@,;()%]*@[^\s'\"<>@,;()%]+"
PERSONAL = re.compile(f"({DATE})|{NUMBER}|{MAIL}")
SELECTED = ", ".join(f'"{name}"' for name in COLUMNS)


@dataclass(frozen=True)
class Entry:
    """One thing that was done: by whom, to what, and how it was before and after (as JSON)."""

    actor: str
    action: str
    subject_kind: str
    subject: str
    project_id: int | None = None
    before: str | None = None
    after: str | None = None
    reason: str | None = None
    at: str | None = None  # ISO 8601 UTC; None: the time of the commit
    origin: str | None = None  # of a read: its file in the journal


def discreet(entry: Entry) -> Entry:
    """The entry as it may be kept: in a query and in a reason no number and no address, which may be a customer's."""

    def unsaid(text: str) -> str:
        return PERSONAL.sub(lambda found: found.group(1) or UNSAID, text)

    subject = unsaid(entry.subject) if entry.subject_kind == "sql" else entry.subject
    return replace(entry, subject=subject, reason=None if entry.reason is None else unsaid(entry.reason))


def record(con: duckdb.DuckDBPyConnection, entries: Iterable[Entry], at: datetime) -> None:
    """Append entries to the chain in the control file that is being written."""
    seq, last = head(con)
    rows = []
    for entry in entries:
        seq += 1
        fields = vars(discreet(entry)) | {"seq": seq, "at": naive(entry.at) if entry.at else at}
        last = link(last, fields)
        rows.append(fields | {"hash": last})
    if rows:
        con.register("new_entries", pa.Table.from_pylist(rows, schema=SCHEMA))
        names = ", ".join(f'"{name}"' for name in SCHEMA.names)
        con.execute(f"INSERT INTO control.audit ({names}) SELECT {names} FROM new_entries")
        con.unregister("new_entries")


def verify(con: duckdb.DuckDBPyConnection, carried: str | None = None) -> list[str]:
    """What is wrong with the chain, in words; an empty list when it is whole.

    Args:
        con: a connection in which the control file is attached as `control`.
        carried: a hash that a manifest carries; it must stand in the chain, or the tail was cut.
    """
    problems, before, last, seen = [], GENESIS, 0, {GENESIS}
    rows = con.execute(f"SELECT {SELECTED}, hash FROM control.audit ORDER BY seq")
    while some := rows.fetchmany(10_000):
        for *values, written in some:
            fields = dict(zip(COLUMNS, values, strict=True))
            if fields["seq"] != last + 1:
                problems.append(f"between entries {last} and {fields['seq']} something was removed or added")
            if link(before, fields) != written:
                problems.append(f"entry {fields['seq']} does not follow from the one before it: edited, or moved")
            before, last = written, fields["seq"]
            seen.add(before)
    if carried is not None and carried not in seen:
        problems.append("the end was cut: a manifest names an entry that is not there")
    return problems


def head(con: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    """The number and the hash of the newest entry: what a manifest carries."""
    row = con.execute("SELECT seq, hash FROM control.audit ORDER BY seq DESC LIMIT 1").fetchone()
    return (int(row[0]), str(row[1])) if row else (0, GENESIS)


def link(before: str, fields: dict[str, object]) -> str:
    """The hash of an entry that follows `before`."""
    said = json.dumps([before, *(None if fields[c] is None else str(fields[c]) for c in COLUMNS)], ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()


def note(journal: Path, entry: Entry, *, must: bool = False) -> None:
    """Write down a read, as a file of its own, so that readers wait for nobody.

    Args:
        journal: the folder of the journal.
        entry: what was read.
        must: refuse where it cannot be written (whoever sees everything leaves a trace).
    """
    now = datetime.now(UTC)
    said = vars(discreet(entry)) | {"at": entry.at or now.isoformat()}
    name = f"{now:%Y%m%dT%H%M%S.%f}-{os.getpid()}-{secrets.token_hex(4)}.json"
    try:
        descriptor = os.open(journal / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(said, file)
            if must:
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        if must:
            raise Unwritten(
                f"This read must be written to {journal}, which cannot be done ({error.strerror}); it is refused."
            ) from None


def waiting(journal: Path) -> Iterator[tuple[Path, Entry]]:
    """The reads that wait in the journal, oldest first; one that is still being written waits for the next writer.

    What cannot be read a day later never will be: that it was there is taken in instead.
    """
    for path in sorted(journal.glob("*.json")):
        try:
            entry = understood(path.read_bytes(), path.name)
            age = time.time() - path.stat().st_mtime
        except OSError:
            continue
        if entry is None and age > GIVEN_UP:
            entry = Entry("unknown", "unreadable", "journal", path.name, origin=path.name)
        if entry is not None:
            yield path, entry


def understood(said: bytes, origin: str) -> Entry | None:
    """An entry of the journal, None where it is not one: nothing that lies there can stop a writer."""
    try:
        entry = Entry(**json.loads(said) | {"origin": origin})
        naive(str(entry.at))
    except (ValueError, TypeError, OverflowError):
        return None
    texts = {name: value for name, value in vars(entry).items() if name != "project_id"}
    needed = (entry.actor, entry.action, entry.subject_kind, entry.subject)
    sound = None not in needed and all(value is None or isinstance(value, str) for value in texts.values())
    number = entry.project_id
    in_range = number is None or (type(number) is int and abs(number) < 2**63)
    return entry if sound and in_range else None


def close(writer: Writer, entries: Iterable[Entry], at: datetime) -> None:
    """Put a generation's entries into the chain, after the reads that wait in the journal.

    A read that a killed writer had taken in is not taken twice; its file goes once the generation is published.
    """
    reads = list(waiting(writer.folder.journal))
    taken = """SELECT origin FROM control.audit WHERE origin IN (SELECT unnest($waiting))"""
    names = [entry.origin for _, entry in reads]
    known = {name for (name,) in writer.con.execute(taken, {"waiting": names}).fetchall()} if names else set()
    record(writer.con, [*(entry for _, entry in reads if entry.origin not in known), *entries], at)
    writer.spent += [path for path, _ in reads]


def naive(said: str) -> datetime:
    """An ISO instant as naive UTC in whole milliseconds."""
    at = datetime.fromisoformat(said)
    at = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


TYPES: dict[str, pa.DataType] = {"seq": pa.int64(), "at": pa.timestamp("us"), "project_id": pa.int64()}
SCHEMA = pa.schema({name: TYPES.get(name, pa.string()) for name in (*COLUMNS, "hash")})
