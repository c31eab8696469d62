"""Facts whose parent comes later, or moves: they follow it, so that the order of loading does not matter."""

from __future__ import annotations

from okireports.disk import segments_of
from okireports.loading.batch import Batch, keyed, names
from okireports.loading.stamp import interaction_id
from okireports.loading.stored import pull
from okireports.tables import ACTIVITY, FACTS, Fact

CONTACTS, LINKS = FACTS["contacts"], FACTS["links"]


def find_before(batch: Batch, fact: Fact) -> None:
    """Make `before.<name>`: the published rows with this load's ids; and `moved.<name>`: ids whose project is new."""
    table = f'"{fact.name}"'
    if fact.id is None or fact.internal or fact.name == "statuses":
        return
    pull(batch, fact, f'"{fact.id}" IN (SELECT "{fact.id}" FROM fact.{table})', f"before.{table}")
    if any(segments_of(batch.con, child.name) for child in FACTS.values() for c in child.columns if is_child(child, c.name, fact)):
        batch.con.execute(
            f"""CREATE TABLE moved.{table} AS SELECT "{fact.id}" AS id, coalesce(b.project_id, 0) AS was,
            f.project_id AS now FROM fact.{table} f LEFT JOIN before.{table} b USING ("{fact.id}")
            WHERE coalesce(b.project_id, 0) <> f.project_id"""
        )


def is_child(child: Fact, column: str, parent: Fact) -> bool:
    """Does a column of a table point at a parent that decides its rows' project?"""
    return column in child.parents and any(c.name == column and c.target == parent.name for c in child.columns)


def adopt(batch: Batch, fact: Fact) -> None:
    """Take up published rows of a table whose parent has moved, into the project where it is now."""
    for column in fact.columns:
        parent = FACTS.get(column.target)
        if parent is None or not is_child(fact, column.name, parent) or not exists(batch, "moved", parent.name):
            continue
        if not segments_of(batch.con, fact.name):
            continue
        hidden = f"AND status IN {ACTIVITY}" if fact.name == "statuses" else ""
        pull(
            batch,
            fact,
            f'EXISTS (FROM moved."{parent.name}" m WHERE m.id = "{column.name}" AND m.was = project_id) {hidden}',
            "followers",
        )
        batch.empty(fact)
        joined = f"""SELECT f.* EXCLUDE (_file) REPLACE (m.now AS project_id), f.project_id AS was FROM followers f
        JOIN moved."{parent.name}" m ON m.id = f."{column.name}"
        WHERE f."{fact.id}" NOT IN (SELECT "{fact.id}" FROM fact."{fact.name}")"""
        batch.con.execute(f"CREATE OR REPLACE TABLE adopted AS {joined}")
        if fact.name == "calls":
            rekey_interactions(batch)
        if any(c.role == "contact" for c in fact.columns):
            rekey_contacts(batch)
        batch.con.execute(
            f'INSERT INTO fact."{fact.name}" BY NAME SELECT {names(fact)} FROM adopted'
        )


def rekey_interactions(batch: Batch) -> None:
    """A call that moves is known by its new project's key of the interaction."""
    pull(batch, LINKS, "call_id IN (SELECT call_id FROM adopted)", "adopted_links")
    key = interaction_id("coalesce((SELECT l.interaction_key FROM adopted_links l WHERE l.call_id = adopted.call_id), call_id)")
    batch.con.execute(f"UPDATE adopted SET interaction_id = {key}")


def rekey_contacts(batch: Batch) -> None:
    """A customer of a row that moves is known by the new project's key, and to the new project."""
    wanted = "(project_id, contact_key) IN (SELECT (was, contact_key) FROM adopted)"
    pull(batch, CONTACTS, wanted, "adopted_contacts")
    identity = "coalesce('phone:' || phone, 'id:' || (fields::JSON ->> 'contact'))"
    batch.con.execute(
        f"""CREATE OR REPLACE TABLE rekeyed AS SELECT was, contact_key, project_id, phone, name, email, fields,
        {keyed("'contact'", "project_id::VARCHAR", identity)} AS new_key FROM
        (SELECT DISTINCT a.was, a.project_id, c.contact_key, c.phone, c.name, c.email, c.fields FROM adopted a
        JOIN adopted_contacts c ON c.project_id = a.was AND c.contact_key = a.contact_key)"""
    )
    batch.con.execute(
        """UPDATE adopted SET contact_key = r.new_key FROM rekeyed r
        WHERE r.was = adopted.was AND r.contact_key = adopted.contact_key AND r.project_id = adopted.project_id"""
    )
    batch.con.execute(
        "INSERT INTO told SELECT project_id, new_key, phone, name, email, fields FROM rekeyed"
    )


def exists(batch: Batch, schema: str, table: str) -> bool:
    """Is there such a table of the load?"""
    return bool(
        batch.count(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'staging' AND schema_name = ? AND table_name = ?",
            [schema, table],
        )
    )
