"""The lines of event logs, kept where no viewer looks: what comes in pieces is worked out anew from all of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from okireports.disk import Writer, segments_of
from okireports.disk.folder import quoted
from okireports.loading.batch import Batch, fact_id
from okireports.loading.stored import exists, opened, pull
from okireports.sources.feed import Recall
from okireports.tables import FACTS

EPOCH = datetime(1970, 1, 1)
EVENT_LINES, CALLS, RINGS = FACTS["event_lines"], FACTS["calls"], FACTS["rings"]


def recall(writer: Writer) -> Recall:
    """A way for a source to look into the lines that earlier loads kept of it."""

    def look(source: str, into: str, select: str, since: int | None) -> None:
        first = None if since is None else EPOCH + timedelta(microseconds=since)
        for segment in segments_of(writer.con, EVENT_LINES.name):
            if first is not None and segment.last_at is not None and segment.last_at < first:
                continue
            late = "" if first is None else f"""AND "at" >= TIMESTAMP '{first}'"""  # the engine leaves out whole blocks
            with opened(writer.con, writer.folder, segment) as rows:
                kept = f'(SELECT *, epoch_us("at") AS us FROM {rows} WHERE source = {quoted(source)} {late})'
                writer.con.execute(f"INSERT INTO {into} BY NAME {select.replace('{lines}', kept)}")

    return look


def keep(batch: Batch) -> None:
    """Make `fact.event_lines` of this load's lines that are not kept yet."""
    if batch.feed.events is None:
        return
    pull(
        batch, EVENT_LINES, f"line_id IN (SELECT line_id FROM {batch.feed.events})", "kept_lines", columns=("line_id",)
    )
    batch.con.execute(
        f"""CREATE TABLE fact.event_lines AS SELECT 0::BIGINT AS project_id, line_id, make_timestamp(us) AS at, place,
        callid, queue, agent, event, data, {batch.load_id}::BIGINT AS load_id, {quoted(batch.feed.source)} AS source,
        NULL::VARCHAR AS source_id FROM {batch.feed.events} WHERE line_id NOT IN (SELECT line_id FROM kept_lines)"""
    )
    if not batch.count("SELECT count(*) FROM fact.event_lines"):
        batch.con.execute("DROP TABLE fact.event_lines")
        return
    columns = ", ".join(f'"{c.name}" {c.type}' for c in EVENT_LINES.all_columns)
    batch.con.execute(f"CREATE TABLE before.event_lines ({columns}, _file VARCHAR)")


def withdraw_calls(batch: Batch) -> None:
    """Make `withdrawn.calls`: published calls that another log of the same switch tells better."""
    if batch.feed.gone is None or not segments_of(batch.con, CALLS.name):
        return
    ids = f"SELECT {fact_id(quoted('calls'), quoted(batch.feed.source), 'source_id')} FROM {batch.feed.gone}"
    pull(batch, CALLS, f"call_id IN ({ids})", "calls_then", columns=("call_id",))
    if batch.count("SELECT count(*) FROM calls_then"):
        batch.con.execute("CREATE TABLE withdrawn.calls AS SELECT call_id AS id FROM calls_then")
        batch.empty(CALLS)


def withdraw_rings(batch: Batch) -> None:
    """Make `withdrawn.rings`: published rings of calls that were worked out anew, which are no more."""
    if batch.feed.gone is None or not segments_of(batch.con, RINGS.name) or not batch.has(CALLS):
        return
    source = quoted(batch.feed.source)
    anew = "SELECT call_id FROM fact.calls"
    if exists(batch, "withdrawn", CALLS.name):
        anew += " UNION ALL SELECT id FROM withdrawn.calls"
    pull(batch, RINGS, f"source = {source} AND call_id IN ({anew})", "rings_then")
    now = "SELECT ring_id FROM fact.rings" if batch.has(RINGS) else "SELECT 0 WHERE false"
    batch.con.execute(
        f"CREATE TABLE withdrawn.rings AS SELECT ring_id AS id FROM rings_then WHERE ring_id NOT IN ({now})"
    )
    if batch.count("SELECT count(*) FROM withdrawn.rings"):
        batch.empty(RINGS)


def superseded(batch: Batch) -> str:
    """SQL: ids of published statuses that this load has worked out anew; those it does not give are no more."""
    if batch.feed.scope is None:
        return "SELECT 0::BIGINT WHERE false"
    return f"""SELECT b.status_id FROM before.statuses b JOIN people p ON p.user_id = b.operator_id
    JOIN {batch.feed.scope} s ON s.who = p.ref
    WHERE b.source = {quoted(batch.feed.source)} AND b.started_at >= s.since"""
