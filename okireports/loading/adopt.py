"""Facts whose parent comes later, or moves: they follow it, so that the order of loading does not matter."""

from __future__ import annotations

from collections.abc import Mapping

from okireports.disk import segments_of
from okireports.loading.batch import Batch, keyed, names
from okireports.loading.stamp import interaction_id
from okireports.loading.stored import exists, pull
from okireports.tables import ACTIVITY, FACTS, Fact

CONTACTS, LINKS, SAYINGS = FACTS["contacts"], FACTS["links"], FACTS["sayings"]


def find_before(batch: Batch, fact: Fact) -> None:
    """Make `before.<name>`: the published rows with this load's ids; and `moved.<name>`: ids whose project is new."""
    table = f'"{fact.name}"'
    if fact.id is None or fact.internal or fact.name == "statuses":
        return
    mine = f'SELECT "{fact.id}" FROM fact.{table}'
    if exists(batch, "withdrawn", fact.name):
        batch.con.execute(f'DELETE FROM fact.{table} WHERE "{fact.id}" IN (SELECT id FROM withdrawn.{table})')
        mine += f" UNION SELECT id FROM withdrawn.{table}"
    pull(batch, fact, f'"{fact.id}" IN ({mine})', f"before.{table}")
    if any(
        segments_of(batch.con, child.name)
        for child in FACTS.values()
        for c in child.columns
        if is_child(child, c.name, fact)
    ):
        batch.con.execute(
            f"""CREATE TABLE moved.{table} AS SELECT "{fact.id}" AS id, coalesce(b.project_id, 0) AS was,
            f.project_id AS now FROM fact.{table} f LEFT JOIN before.{table} b USING ("{fact.id}")
            WHERE coalesce(b.project_id, 0) <> f.project_id"""
        )


def is_child(child: Fact, column: str, parent: Fact | None) -> bool:
    """Does a column of a table point at a parent that decides its rows' project?"""
    if parent is None or column not in child.parents:
        return False
    return any(c.name == column and c.target == parent.name for c in child.columns)


def adopt(batch: Batch, fact: Fact) -> None:
    """Take up published rows of a table whose parent has moved, into the project where they belong now."""
    parents = {c.name: c.target for c in fact.columns if is_child(fact, c.name, FACTS.get(c.target))}
    moving = {name: parent for name, parent in parents.items() if exists(batch, "moved", parent)}
    causes = [f'"{name}" IN (SELECT id FROM moved."{parent}")' for name, parent in moving.items()]
    causes += corrected(batch, fact)
    if not causes or not segments_of(batch.con, fact.name):
        return
    concerned = " OR ".join(causes)
    hidden = f"AND status IN {ACTIVITY}" if fact.name == "statuses" else ""
    pull(batch, fact, f"({concerned}) {hidden}", "followers", projects=whence(batch, fact, parents, moving))
    if not batch.count("SELECT count(*) FROM followers"):
        return
    batch.empty(fact)
    batch.widen(fact)
    for name, parent in parents.items():
        find_whereabouts(batch, name, FACTS[parent])
    joins, was, now = rule(batch, fact, tuple(n for n in fact.parents if n in parents))
    stands = f"({' OR '.join([f'f.project_id = {was}', *corrected(batch, fact, 'c.every')])})"
    batch.con.execute(
        f"""CREATE OR REPLACE TABLE adopted AS SELECT * FROM
        (SELECT f.* EXCLUDE (_file) REPLACE ({now} AS project_id), f.project_id AS was FROM followers f {joins}
        WHERE {stands} AND f."{fact.id}" NOT IN (SELECT "{fact.id}" FROM fact."{fact.name}"))
        WHERE project_id <> was"""
    )
    if fact.name == "calls":
        rekey_interactions(batch)
    if any(c.role == "contact" for c in fact.columns):
        rekey_contacts(batch, fact)
    batch.con.execute(f'INSERT INTO fact."{fact.name}" BY NAME SELECT {names(fact)} FROM adopted')


def whence(batch: Batch, fact: Fact, parents: Mapping[str, str], moving: Mapping[str, str]) -> tuple[int, ...] | None:
    """The projects in whose stores rows may stand that follow a parent; None: any.

    What follows its only parent stood where that was: of one that is new, in no project.
    """
    if len(parents) > 1 or corrected(batch, fact):
        return None
    were = " UNION ".join(f'SELECT was FROM moved."{parent}"' for parent in moving.values())
    return tuple(project for (project,) in batch.con.execute(were).fetchall())


def corrected(batch: Batch, fact: Fact, which: str = "true") -> list[str]:
    """SQL: which rows name an object in a time for which its owner is corrected (see `restamp`); none in a load."""
    if not exists(batch, "main", "corrected"):
        return []
    return [
        f"""EXISTS (FROM corrected c WHERE c.object_id = "{column.name}"
        AND "{fact.start}" >= c.since AND "{fact.start}" < c.until AND {which})"""
        for column in fact.placing
    ]


def find_whereabouts(batch: Batch, column: str, parent: Fact) -> None:
    """Make `whereabouts_<column>`: where the parents of the followers were, and where they are now."""
    table = f"whereabouts_{column}"
    known = (
        f'FROM moved."{parent.name}"'
        if exists(batch, "moved", parent.name)
        else "SELECT 0::BIGINT AS id, 0 AS was, 0 AS now WHERE false"
    )
    batch.con.execute(f"CREATE OR REPLACE TABLE {table} AS {known}")
    resting = f'SELECT "{column}" FROM followers WHERE "{column}" NOT IN (SELECT id FROM {table})'
    if batch.count(f"SELECT count(*) FROM ({resting})"):
        pull(batch, parent, f'"{parent.id}" IN ({resting})', "resting", columns=("project_id", str(parent.id)))
        batch.con.execute(f'INSERT INTO {table} SELECT "{parent.id}", project_id, project_id FROM resting')


def rule(batch: Batch, fact: Fact, parents: tuple[str, ...]) -> tuple[str, str, str]:
    """SQL of the rule that places rows: joins, and the project before and after their parents moved.

    A row that is not where the rule had put it was placed by its explicit project, and stays.
    """
    then = "owners_then" if exists(batch, "main", "owners_then") else "owners"
    joins, places = [], []
    for at, owners in (("was", then), ("now", "owners")):
        for c in fact.placing:
            o = f"{at}_{c.name}"
            joins.append(
                f'LEFT JOIN {owners} {o} ON {o}.object_id = f."{c.name}" '
                f'AND f."{fact.start}" >= {o}.since AND f."{fact.start}" < {o}.until'
            )
        by_objects = [f"{at}_{c.name}.project_id" for c in fact.placing]
        by_parents = [f"nullif(w_{name}.{at}, 0)" for name in parents]
        places.append(f"coalesce({', '.join([*by_objects, *by_parents, '0'])})")
    joins += [f'LEFT JOIN whereabouts_{name} w_{name} ON w_{name}.id = f."{name}"' for name in parents]
    return " ".join(joins), places[0], places[1]


def rekey_interactions(batch: Batch) -> None:
    """A call that moves is known by its new project's key of the interaction."""
    pull(batch, LINKS, "call_id IN (SELECT call_id FROM adopted)", "adopted_links")
    key = interaction_id(
        "coalesce((SELECT l.interaction_key FROM adopted_links l WHERE l.call_id = adopted.call_id), call_id)"
    )
    batch.con.execute(f"UPDATE adopted SET interaction_id = {key}")


def rekey_contacts(batch: Batch, fact: Fact) -> None:
    """A customer of a row that moves is known by the new project's key, and to the new project.

    A row of no project takes along what it said of them; of one that another project knew, only who they are: their
    name there may be what other rows say.
    """
    wanted = "(project_id, contact_key) IN (SELECT (was, contact_key) FROM adopted)"
    pull(batch, CONTACTS, wanted, "adopted_contacts")
    pull(batch, SAYINGS, f'fact_id IN (SELECT "{fact.id}" FROM adopted WHERE was = 0)', "adopted_sayings")
    identity = "coalesce('phone:' || phone, 'id:' || (fields::JSON ->> 'contact'))"
    who = "json_object('contact', fields::JSON ->> 'contact')::VARCHAR"
    batch.con.execute(
        f"""CREATE OR REPLACE TABLE rekeyed AS
        SELECT *, {keyed("'contact'", "project_id::VARCHAR", identity)} AS new_key FROM
        (SELECT a."{fact.id}" AS id, a.project_id, s.phone, s.name, s.email, s.fields FROM adopted a
        JOIN adopted_sayings s ON s.fact_id = a."{fact.id}" UNION ALL
        SELECT a."{fact.id}", a.project_id, c.phone, NULL, NULL,
        CASE WHEN fields::JSON ->> 'contact' IS NOT NULL THEN {who} END FROM adopted a
        JOIN adopted_contacts c ON c.project_id = a.was AND c.contact_key = a.contact_key
        WHERE a."{fact.id}" NOT IN (SELECT fact_id FROM adopted_sayings))"""
    )
    batch.con.execute(
        f"""UPDATE adopted SET contact_key = (SELECT any_value(new_key) FROM rekeyed r WHERE r.id = adopted."{fact.id}")
        WHERE contact_key IS NOT NULL"""
    )  # of whom nothing is known any more, the new project gets no key that the old one has
    batch.con.execute("INSERT INTO told SELECT project_id, new_key, phone, name, email, fields FROM rekeyed")
