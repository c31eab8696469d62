"""A correction of the past: rows stand where they would stand if another project had owned an object at their time.

It is the rule by which published rows follow a parent that moves (see `adopt`), asked of all that name the object.
Their children, statuses and masks, the flags of transfers, keys and contacts come along, and stay nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from okireports.disk import Writer, last_load
from okireports.loading import adopt, contacts, merge, presence, stamp, transfers
from okireports.loading.batch import Batch, names
from okireports.loading.contacts import CONTACTS, NAMING, PERSON
from okireports.loading.load import stage
from okireports.loading.stored import exists, pull
from okireports.sources import Feed
from okireports.tables import ACTIVITY, FACTS, Fact

EVER, FOREVER = datetime(1, 1, 1), datetime(9999, 12, 31)
Stretch = tuple[int, datetime, datetime]  # a project, from when, until when


@dataclass(frozen=True)
class Correction:
    """An object of an exclusive kind was a project's (0: nobody's) in a stretch of time, half-open.

    `every` corrects those rows too that stand neither where the rule had put them nor where it puts them now: they were
    placed by a project of their own, or by another definition.
    """

    object_id: int
    to: int
    since: datetime = EVER
    until: datetime = FOREVER
    every: bool = False


@dataclass(frozen=True)
class Restamped:
    """What a correction moved, or would move.

    `rows` counts by table; `left` those that name the object and were placed by something else; `unnamed` the customers
    of the project that lost rows who keep their number there and not their name: nobody knows which row said it, and
    loading the files again tells. `generation` is None where nothing was written.
    """

    rows: dict[str, int]
    left: int
    unnamed: int
    generation: int | None = None
    by_project: dict[int, int] = field(default_factory=dict)  # rows that leave it (negative) or come to it

    def __str__(self) -> str:
        """It in one line."""
        moved = ", ".join(f"{table} {count:,}" for table, count in self.rows.items()) or "none"
        left = f"; placed by something else, and left: {self.left:,}" if self.left else ""
        unnamed = f"; customers whose names are to be loaded again: {self.unnamed:,}" if self.unnamed else ""
        return f"rows moved: {moved}{left}{unnamed}"


def correct(
    writer: Writer, correction: Correction, now: datetime, progress: Callable[[str], None], *, trial: bool = False
) -> Restamped:
    """Change who owned the object, and write the segments that hold rows of it anew, but for a trial."""
    stage(writer)
    settings = dict(writer.con.execute("SELECT key, value FROM control.settings").fetchall())
    key, feed = writer.folder.key(), Feed("", {}, ())
    batch = Batch(writer, feed, settings, key, last_load(writer.con), settings["timezone"], "earlier", now, progress)
    batch.con.execute(f"CREATE TABLE owners_then AS {stamp.OWNERS}")
    own(batch, correction)
    batch.con.execute("CREATE TABLE corrected (object_id BIGINT, since TIMESTAMP, until TIMESTAMP, every BOOLEAN)")
    said = [correction.object_id, correction.since, correction.until, correction.every]
    batch.con.execute("INSERT INTO corrected VALUES (?, ?, ?, ?)", said)
    left = place_again(batch)
    unnamed = tell_names(batch)
    rows, by_project = moved(batch)
    for fact in FACTS.values():
        if batch.has(fact) and not trial:
            progress(f"{fact.name}: writing")
            merge.publish(batch, fact)
    return Restamped(rows, left, unnamed, None if trial else writer.generation, by_project)


def own(batch: Batch, correction: Correction) -> None:
    """The object is the project's for the stretch, and before and after it whose it was."""
    rows = batch.con.execute(
        """SELECT project_id, coalesce(valid_from, ?), coalesce(valid_to, ?) FROM control.project_objects
        WHERE object_id = ?""",
        [EVER, FOREVER, correction.object_id],
    ).fetchall()
    since, until = correction.since, correction.until
    parts: list[Stretch] = [(project, begins, min(ends, since)) for project, begins, ends in rows]
    parts += [(project, max(begins, until), ends) for project, begins, ends in rows]
    parts += [(correction.to, since, until)] if correction.to else []
    batch.con.execute("DELETE FROM control.project_objects WHERE object_id = ?", [correction.object_id])
    for project, begins, ends in joined(parts):
        values = [correction.object_id, project, begins if begins > EVER else None, ends if ends < FOREVER else None]
        batch.con.execute("INSERT INTO control.project_objects VALUES (?, ?, ?, ?)", values)


def joined(parts: list[Stretch]) -> list[Stretch]:
    """Stretches in order, without empty ones; those of one project that touch are one."""
    found: list[Stretch] = []
    for project, begins, ends in sorted((part for part in parts if part[1] < part[2]), key=lambda part: part[1]):
        if found and found[-1][0] == project and found[-1][2] == begins:
            found[-1] = (project, found[-1][1], ends)
        else:
            found.append((project, begins, ends))
    return found


def place_again(batch: Batch) -> int:
    """Take up the rows that stand elsewhere by the corrected rule, with all that hangs on them.

    Returns:
        How many name the object, were placed by something else, and stay.
    """
    stamp.prepare(batch)
    contacts.prepare(batch)
    left = 0
    for fact in FACTS.values():
        if fact.internal or not (fact.placing or fact.parents):
            continue
        batch.progress(f"{fact.name}: looking")
        batch.con.execute("DROP TABLE IF EXISTS followers")
        adopt.adopt(batch, fact)
        left += placed_otherwise(batch, fact)
        if batch.has(fact):
            adopt.find_before(batch, fact)
    presence.derive(batch)
    transfers.mark(batch)
    contacts.gather(batch)
    return left


def placed_otherwise(batch: Batch, fact: Fact) -> int:
    """How many rows of the object stand neither where the rule had put them nor where it puts them now."""
    named = adopt.corrected(batch, fact, "NOT c.every")
    if not named or not exists(batch, "main", "followers"):
        return 0
    joins, was, now = adopt.rule(
        batch, fact, tuple(n for n in fact.parents if exists(batch, "main", f"whereabouts_{n}"))
    )
    return batch.count(
        f"SELECT count(*) FROM followers f {joins} WHERE ({' OR '.join(named)}) AND f.project_id NOT IN ({was}, {now})"
    )


def moved(batch: Batch) -> tuple[dict[str, int], dict[int, int]]:
    """How many rows of each table are in another project now, and how many each project loses or gains."""
    tables: dict[str, int] = {}
    projects: Counter[int] = Counter()
    for fact in FACTS.values():
        if fact.internal or fact.id is None or not batch.has(fact):
            continue
        own = f"AND f.status IN {ACTIVITY} AND b.status IN {ACTIVITY}" if fact.name == "statuses" else ""
        rows = batch.con.execute(
            f"""SELECT b.project_id, f.project_id, count(*) FROM before."{fact.name}" b
            JOIN fact."{fact.name}" f USING ("{fact.id}") WHERE b.project_id <> f.project_id {own} GROUP BY ALL"""
        ).fetchall()
        for was, now, count in rows:
            tables[fact.name] = tables.get(fact.name, 0) + count
            projects.update({was: -count, now: count})
    return tables, dict(projects)


def tell_names(batch: Batch) -> int:
    """Bring along what the moved rows said of their customers, as far as it is known that they said it.

    It is, where no row of the customer's is left in the project. Where some are, the project keeps the customer without
    name, mail and id of the source, unless an explicit row says them.

    Returns:
        Of how many customers a name is not known to be either's.
    """
    batch.con.execute(
        """CREATE TABLE movers
        (id BIGINT, was BIGINT, was_key BIGINT, project_id BIGINT, contact_key BIGINT)"""
    )
    for fact in NAMING:
        if batch.has(fact):
            batch.con.execute(
                f"""INSERT INTO movers SELECT "{fact.id}", b.project_id, b.contact_key, f.project_id, f.contact_key
                FROM before."{fact.name}" b JOIN fact."{fact.name}" f USING ("{fact.id}")
                WHERE b.project_id NOT IN (0, f.project_id) AND b.contact_key IS NOT NULL"""
            )
    if not batch.count("SELECT count(*) FROM movers"):
        return 0
    batch.empty(CONTACTS)
    if not exists(batch, "before", CONTACTS.name):
        pull(batch, CONTACTS, "false", "before.contacts")
    pull(batch, CONTACTS, f"source IS NULL AND {PERSON} IN (SELECT (was, was_key) FROM movers)", "known")
    batch.con.execute(
        f"""CREATE TABLE wholly AS SELECT m.*, k.phone, k.name, k.email, k.fields FROM known k
        JOIN (SELECT any_value(id) AS id, was, was_key, any_value(project_id) AS project_id,
        any_value(contact_key) AS contact_key FROM movers GROUP BY was, was_key
        HAVING count(DISTINCT project_id) = 1 AND (any_value(project_id) <> 0 OR count(*) = 1)) m
        ON m.was = k.project_id AND m.was_key = k.contact_key
        WHERE (was, was_key) IN (SELECT {PERSON} FROM departed)"""
    )
    words = ", ".join(f"{word} = greatest(c.{word}, w.{word})" for word in ("name", "email", "fields"))
    batch.con.execute(
        f"""UPDATE fact.contacts c SET {words} FROM (SELECT project_id, contact_key, max(name) AS name,
        max(email) AS email, max(fields) AS fields FROM wholly GROUP BY project_id, contact_key) w
        WHERE c.project_id = w.project_id AND c.contact_key = w.contact_key AND c.source IS NULL"""
    )
    batch.con.execute(
        f"""INSERT INTO fact.sayings SELECT 0, m.id, m.contact_key, k.phone, w.name, w.email,
        coalesce(w.fields, CASE WHEN k.phone IS NULL THEN k.fields END), {batch.load_id}, NULL, NULL
        FROM movers m LEFT JOIN known k ON k.project_id = m.was AND k.contact_key = m.was_key
        LEFT JOIN wholly w ON w.id = m.id WHERE m.project_id = 0"""
    )
    return unname(batch)


def unname(batch: Batch) -> int:
    """Take what may be another project's to know from customers who stay; gives how many that are."""
    batch.con.execute(
        f"""CREATE TABLE ambiguous AS SELECT * FROM known WHERE {PERSON} NOT IN (SELECT {PERSON} FROM departed)
        AND (name IS NOT NULL OR email IS NOT NULL OR (phone IS NOT NULL AND fields IS NOT NULL))"""
    )
    batch.con.execute(f"DELETE FROM fact.contacts WHERE {PERSON} IN (SELECT {PERSON} FROM ambiguous)")
    batch.con.execute(f"DELETE FROM before.contacts WHERE {PERSON} IN (SELECT {PERSON} FROM ambiguous)")
    batch.con.execute("INSERT INTO before.contacts BY NAME FROM ambiguous")
    batch.con.execute(
        f"""INSERT INTO fact.contacts ({names(CONTACTS)}) SELECT {names(CONTACTS)} FROM (SELECT * REPLACE
        (NULL AS name, NULL AS email, CASE WHEN phone IS NULL THEN fields END AS fields) FROM ambiguous)"""
    )
    return batch.count("SELECT count(*) FROM ambiguous")
