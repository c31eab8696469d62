"""Forgetting a customer: no file of the centre says any more who called, and no load brings it back.

Her rows stay, with their times and figures; what they say of her goes (`forgotten.PERSONAL`). Every row that is hers is
looked for as loads do, see there. The generations before, and all files that only they name, are removed at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from okireports import audit
from okireports.audit import Entry
from okireports.disk import Folder, Writer, write
from okireports.disk.folder import quoted
from okireports.loading import erase
from okireports.loading.contacts import NAMING
from okireports.loading.forgotten import digest
from okireports.loading.traces import NAMES, Found, look, unsaid

Permit = Callable[[duckdb.DuckDBPyConnection], object]


@dataclass(frozen=True)
class Erasure:
    """What was forgotten, or in a trial would be: how many rows lost something, by table.

    Of `contacts`, `sayings` the rows are gone, of the others only what names the customer. `rejects` counts rejected
    rows whose text is gone. `digest` is how the change log calls her: a keyed hash that tells nobody the number.
    """

    digest: str
    rows: Mapping[str, int]
    rejects: int
    generation: int | None = None  # None: a trial
    dry_run: bool = False

    def __str__(self) -> str:
        """It in words."""
        counts = [f"{table} {count:,}" for table, count in self.rows.items()]
        counts += [f"rejected rows {self.rejects:,}"] if self.rejects else []
        what = ", ".join(counts) or "no row names this customer"
        done = "would be forgotten" if self.dry_run else "forgotten, and no load brings it back"
        return f"{done}: {what}"


def forget(
    folder: Folder,
    phone: str,
    *,
    actor: str,
    reason: str,
    now: datetime,
    dry_run: bool = False,
    permit: Permit = lambda con: None,
) -> Erasure:
    """Forget the customer with a number, in all projects and all generations, and for all loads to come.

    A number that nobody has is put on the list as well: it is not kept when it comes.

    Args:
        folder: the centre's folder.
        phone: her number, however it is written.
        actor: who does it.
        reason: why; without the number.
        now: naive UTC.
        dry_run: count, and write nothing.
        permit: raises unless the actor may, by the control file attached as `control` on the connection it gets.

    Raises:
        ChangeError: it is no number.
    """

    def trial(con: duckdb.DuckDBPyConnection) -> Found:
        permit(con)
        return look(con, folder, phone)

    if dry_run:
        found = erase.looked(folder, trial)
        return Erasure(found.digest, found.rows, found.rejected, dry_run=True)
    with write(folder, "forget") as writer:
        found = trial(writer.con)
        erase.replace(writer, found.segments)
        rewrite_rejects(writer, found)
        keep_list(writer)
        hush_loads(writer.con)
        result = Erasure(found.digest, found.rows, found.rejected, writer.generation)
        said = json.dumps({"rows": result.rows, "rejects": result.rejects})
        audit.close(writer, [Entry(actor, "forget", "customer", found.digest, after=said, reason=reason)], now)
        erase.renew_control(writer)
        return result


def rewrite_rejects(writer: Writer, found: Found) -> None:
    """Write the files of rejected rows anew, under names that are free; the old ones go with the old generation."""
    for path, _, select in found.rejects:
        fresh = path.with_name(f"{path.stem.partition('.')[0]}.{writer.generation:06d}.parquet")
        writer.written.append(fresh)
        writer.con.execute(f"COPY ({select}) TO {quoted(fresh)} (FORMAT parquet, COMPRESSION zstd)")
        fresh.chmod(0o600)
        writer.spent.append(path)


def keep_list(writer: Writer) -> None:
    """Put her on the list, with her rows."""
    con = writer.con
    con.execute(
        f"""INSERT INTO control.forgotten SELECT DISTINCT {digest("known")} FROM known_as
        WHERE {digest("known")} NOT IN (SELECT digest FROM control.forgotten)"""
    )
    named = ", ".join(quoted(fact.name) for fact in NAMING)
    con.execute(f'INSERT INTO control.forgotten_rows SELECT DISTINCT * FROM hers WHERE "table" IN ({named})')


def hush_loads(con: duckdb.DuckDBPyConnection) -> None:
    """Take what names her out of what earlier loads noted: out of words and names of files, never out of a count."""
    loads = con.execute("SELECT load_id, notes, files FROM control.loads").fetchall()
    told = [(load, json.loads(notes or "{}"), json.loads(files or "[]")) for load, notes, files in loads]
    words = {word for _, notes, files in told for word in (*notes, *(entry["file"] for entry in files))}
    named = f"SELECT word, {unsaid('word')} FROM (SELECT unnest($1::VARCHAR[]) AS word)"
    kept = dict(con.execute(f"{named} WHERE regexp_matches(word, {NAMES})", [sorted(words)]).fetchall())
    for load, notes, files in told:
        if kept.keys() & {*notes, *(entry["file"] for entry in files)}:
            notes = {kept.get(word, word): count for word, count in notes.items()}
            files = [entry | {"file": kept.get(entry["file"], entry["file"])} for entry in files]
            said = [json.dumps(notes, ensure_ascii=False), json.dumps(files)]
            con.execute("UPDATE control.loads SET notes = ?, files = ? WHERE load_id = ?", [*said, load])
