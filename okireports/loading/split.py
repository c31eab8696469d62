"""What calls bring along goes to tables of its own: costs and recordings open only to those with the right."""

from __future__ import annotations

from okireports.disk import segments_of
from okireports.disk.folder import quoted
from okireports.loading.batch import Batch, fact_id
from okireports.loading.stored import exists
from okireports.tables import FACTS

CALLS = FACTS["calls"]


def off(batch: Batch, table: str) -> None:
    """Add to `charges` or `recordings` what calls say of themselves."""
    if table not in ("charges", "recordings") or not batch.has(CALLS):
        return
    there = batch.held(CALLS)
    own = {"project_id": "project_id", "call_id": "call_id", "load_id": "load_id", "source": "source"}
    if table == "charges" and "_cost" in there:
        currency = "_currency" if "_currency" in there else "NULL::VARCHAR"
        values = own | {
            "charge_id": fact_id("'charges'", "source", "'call'", "source_id"),
            "kind": "'telephony'",
            "operator_id": "operator_id",
            "quantity": "(coalesce(talk_ms, 0) / 60000.0)::DECIMAL(18,6)",
            "unit": "'minute'",
            "amount": "_cost",
            "currency": f"coalesce({currency}, {quoted(batch.settings['currency'])})",
            "at": "started_at",
        }
        add(batch, "charges", values, "_cost IS NOT NULL")
    if table == "recordings" and "_recording" in there:
        bytes_ = "_recording_bytes" if "_recording_bytes" in there else "NULL::BIGINT"
        values = own | {
            "recording_id": fact_id("'recordings'", "source", "'call'", "source_id"),
            "url": "_recording",
            "bytes": bytes_,
            "length_ms": "coalesce(talk_ms, 0) + coalesce(hold_ms, 0)",
            "at": "started_at",
        }
        add(batch, "recordings", values, "_recording IS NOT NULL")
    if "_row" in there:
        find_withdrawn(batch, table)


def find_withdrawn(batch: Batch, table: str) -> None:
    """Make `withdrawn.<table>`: ids of what calls of this load brought along when loaded before, and no more."""
    fact = FACTS[table]
    if not segments_of(batch.con, CALLS.name) or not segments_of(batch.con, table):
        return
    id = fact_id(quoted(table), "b.source", "'call'", "b.source_id")
    said = f'SELECT "{fact.id}" FROM fact."{table}"' if batch.has(fact) else "SELECT 0 WHERE false"
    mine = "SELECT call_id FROM fact.calls WHERE _row IS NOT NULL"
    if exists(batch, "withdrawn", CALLS.name):
        mine += " UNION ALL SELECT id FROM withdrawn.calls"
    batch.con.execute(
        f"""CREATE TABLE withdrawn."{table}" AS SELECT id FROM (SELECT {id} AS id FROM before.calls b
        WHERE call_id IN ({mine})) WHERE id NOT IN ({said})"""
    )
    if batch.count(f'SELECT count(*) FROM withdrawn."{table}"'):
        batch.empty(fact)


def add(batch: Batch, table: str, values: dict[str, str], where: str) -> None:
    """Add rows of calls, as rows of another table."""
    batch.empty(FACTS[table])
    batch.widen(FACTS[table])
    columns = ", ".join(f'"{name}"' for name in values)
    batch.con.execute(
        f'INSERT INTO fact."{table}" ({columns}) SELECT {", ".join(values.values())} FROM fact.calls WHERE {where}'
    )
