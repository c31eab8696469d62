"""Transfers across projects: each side learns that the customer came from, or went to, another project; no more.

The target of a contact is the one that its source names, else the interaction's next contact. What joins the contacts
of one interaction is kept in a table of its own (`links`) where no viewer looks, so that a later load can still join.
"""

from __future__ import annotations

from okireports.disk.folder import quoted
from okireports.loading.batch import Batch, fact_id, names
from okireports.loading.stored import exists, pull
from okireports.tables import FACTS

CALLS, LINKS = FACTS["calls"], FACTS["links"]
TOLD = ("_interaction", "_transfer_to", "_went_to_other", "_came_from_other")


def mark(batch: Batch) -> None:
    """Set the two flags and `transfer_to_call_id` on this load's calls and on published ones that they concern."""
    if not batch.has(CALLS):
        return
    link_calls(batch)
    pull(batch, LINKS, "call_id IN (FROM own_calls)", "before.links")
    if gather_links(batch):
        gather_members(batch)
        judge(batch)
        apply(batch)


def link_calls(batch: Batch) -> None:
    """Make `own_calls` of the calls in this load's files, and `fact.links` of those that say more than their own id.

    Calls that are no more are among the own ones: what joined them goes with them.
    """
    there = batch.held(CALLS)
    said = {name: name if name in there else "NULL" for name in TOLD}
    source = quoted(batch.feed.source)
    more = [f"{said['_interaction']} <> source_id"] + [f"{said[name]} IS NOT NULL" for name in TOLD[1:]]
    values = {
        "project_id": "0::BIGINT",
        "call_id": "call_id",
        "interaction_key": fact_id("'calls'", source, f"coalesce({said['_interaction']}::VARCHAR, source_id)"),
        "transfer_key": fact_id("'calls'", source, f"{said['_transfer_to']}::VARCHAR"),
        "given_went": f"{said['_went_to_other']}::BOOLEAN",
        "given_came": f"{said['_came_from_other']}::BOOLEAN",
        "started_at": "started_at",
        "load_id": "load_id",
        "source": "source",
        "source_id": "source_id",
    }
    select = ", ".join(f'{values[c.name]} AS "{c.name}"' for c in LINKS.all_columns)
    own = "_row IS NOT NULL" if "_row" in there else "false"  # others follow a task that came, and keep their links
    gone = "UNION ALL SELECT id FROM withdrawn.calls" if exists(batch, "withdrawn", CALLS.name) else ""
    batch.con.execute(f"CREATE TABLE own_calls AS SELECT call_id FROM fact.calls WHERE {own} {gone}")
    batch.con.execute(
        f"CREATE TABLE fact.links AS SELECT {select} FROM fact.calls WHERE {own} AND ({' OR '.join(more)})"
    )


def gather_links(batch: Batch) -> int:
    """Make `links` of all that is joined, directly or through others, with a call of this load, or was until now.

    Returns:
        How many there are, also of those that are no more.
    """
    run, ids = batch.con.execute, ("call_id", "interaction_key", "transfer_key")
    run("CREATE TABLE concerned AS SELECT call_id FROM fact.calls WHERE false")
    of_load = " OR ".join(f"{name} IN (SELECT call_id FROM fact.calls)" for name in ids)
    run(f"CREATE TABLE links AS SELECT {names(LINKS)} FROM fact.links")
    size, before = -1, batch.count("SELECT count(*) FROM before.links")
    while size != (size := batch.count("SELECT count(*) FROM links")):
        known = " UNION ".join(
            f"SELECT {name} AS call_id FROM {table} WHERE {name} IS NOT NULL"
            for name in ids
            for table in ("links", "before.links")
        )
        run(f"CREATE OR REPLACE TABLE concerned AS {known}")
        joined = " OR ".join(f"{name} IN (FROM concerned)" for name in ids)
        pull(batch, LINKS, f"({of_load} OR {joined})", "published_links")
        fresh = "SELECT * EXCLUDE (_file) FROM published_links WHERE call_id NOT IN (SELECT call_id FROM links)"
        run(f"INSERT INTO links {fresh} AND call_id NOT IN (FROM own_calls)")
    return size + before


def gather_members(batch: Batch) -> None:
    """Make `members`: every contact of the interactions concerned, of this load or published."""
    there = "SELECT call_id FROM fact.calls UNION ALL FROM own_calls"
    missing = f"call_id IN (FROM concerned) AND call_id NOT IN ({there})"
    pull(batch, CALLS, missing, "published_calls")
    columns = "call_id, project_id, started_at, went_to_other, came_from_other, transfer_to_call_id"
    batch.con.execute(
        f"""CREATE TABLE members AS
        SELECT c.*, coalesce(l.interaction_key, c.call_id) AS interaction_key,
        l.transfer_key, l.given_went, l.given_came
        FROM (SELECT {columns} FROM fact.calls SEMI JOIN concerned USING (call_id)
        UNION ALL SELECT {columns} FROM published_calls) c LEFT JOIN links l USING (call_id)"""
    )


def judge(batch: Batch) -> None:
    """Make `flags`: for each contact its target, and whether that is in another project."""
    batch.con.execute(
        """CREATE TABLE flags AS
        WITH following AS (SELECT *, lead(call_id) OVER (PARTITION BY interaction_key ORDER BY started_at, call_id)
        AS next_id FROM members),
        aimed AS (SELECT f.*, coalesce(named.call_id, f.next_id) AS target_id, named.call_id AS named_id
        FROM following f LEFT JOIN members named ON named.call_id = f.transfer_key),
        joined AS (SELECT a.*, t.project_id AS target_project
        FROM aimed a LEFT JOIN members t ON t.call_id = a.target_id),
        came AS (SELECT DISTINCT target_id AS call_id FROM joined WHERE target_project <> project_id)
        SELECT j.call_id,
        coalesce(j.given_went, j.target_project <> j.project_id, false) AS went_to_other,
        coalesce(j.given_came, came.call_id IS NOT NULL) AS came_from_other,
        CASE WHEN j.target_project = j.project_id THEN j.named_id END AS transfer_to_call_id
        FROM joined j LEFT JOIN came ON came.call_id = j.call_id"""
    )


def apply(batch: Batch) -> None:
    """Write the flags into this load's calls, and take up published ones whose flags change."""
    batch.con.execute(
        """UPDATE fact.calls c SET went_to_other = f.went_to_other, came_from_other = f.came_from_other,
        transfer_to_call_id = f.transfer_to_call_id FROM flags f WHERE f.call_id = c.call_id"""
    )
    replaced = ", ".join(f"f.{name} AS {name}" for name in ("went_to_other", "came_from_other", "transfer_to_call_id"))
    batch.con.execute(
        f"""CREATE TABLE changed AS SELECT p.* REPLACE ({replaced}) FROM published_calls p JOIN flags f USING (call_id)
        WHERE (p.went_to_other, p.came_from_other, p.transfer_to_call_id)
        IS DISTINCT FROM (f.went_to_other, f.came_from_other, f.transfer_to_call_id)"""
    )
    if batch.count("SELECT count(*) FROM changed"):
        batch.widen(CALLS)
        batch.con.execute("INSERT INTO fact.calls BY NAME SELECT * EXCLUDE (_file) FROM changed")
        batch.con.execute(
            "INSERT INTO before.calls BY NAME SELECT p.* FROM published_calls p SEMI JOIN changed USING (call_id)"
        )
