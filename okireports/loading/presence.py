"""What each project may see of operators: presence where they are members, their own contacts, and N/A for the rest.

Ready, Away and Offline are copied to every project of which the operator is a member at that time, and kept once with
no project. Waiting, Busy and PCP belong to the contact's project; for the operator's other projects one hidden contact
is one masked interval, N/A, without queue, call, form, comment or reason. Masking happens here, when files are
written. Shifts are copied like presence.
"""

from __future__ import annotations

from okireports.loading import neighbours
from okireports.loading.batch import Batch, fact_id, keyed, names
from okireports.loading.event_lines import superseded
from okireports.loading.neighbours import IS_ACTIVITY
from okireports.loading.plausible import count_overlapping_shifts
from okireports.loading.stored import pull
from okireports.tables import FACTS

STATUSES, SHIFTS = FACTS["statuses"], FACTS["shifts"]
MEMBER_THEN = """JOIN control.memberships m ON m.user_id = {of}.operator_id
AND (m.valid_from IS NULL OR m.valid_from <= {of}.{at}) AND (m.valid_to IS NULL OR m.valid_to > {of}.{at})"""


def copy_shifts(batch: Batch) -> None:
    """A shift in every project of which the operator is a member when it starts, and once in no project."""
    if not batch.has(SHIFTS):
        return
    batch.widen(SHIFTS)
    count_overlapping_shifts(batch)
    copied = names(SHIFTS, but=("project_id",), of="s.")
    member = MEMBER_THEN.format(of="s", at="starts_at")
    batch.con.execute(
        f"""CREATE TABLE copies AS SELECT DISTINCT m.project_id, {copied} FROM fact.shifts s {member}
        WHERE s.project_id = 0 UNION ALL SELECT 0, {copied} FROM fact.shifts s WHERE s.project_id <> 0"""
    )
    batch.con.execute(f"INSERT INTO fact.shifts ({names(SHIFTS)}) SELECT {names(SHIFTS)} FROM copies")
    batch.con.execute("DROP TABLE copies")


def derive(batch: Batch) -> None:
    """Replace `fact.statuses` by what each project is to hold; `before.statuses` is what it held of the same time."""
    if not batch.has(STATUSES):
        return
    batch.widen(STATUSES)
    home = 1 if batch.settings["security"] == "simplified" else 0  # where presence stands that is no copy
    files = neighbours.find(batch, home)
    known = "EXISTS (FROM windows w WHERE w.who = operator_id AND started_at BETWEEN w.since AND w.until)"
    unknown = "operator_id IS NULL AND status_id IN (SELECT status_id FROM fact.statuses)"
    pull(batch, STATUSES, f"{known} OR ({unknown})", "before.statuses", files=files)
    timeline(batch, home)
    episodes(batch)
    batch.con.execute(f"CREATE TABLE seen AS {shown(batch)}")
    batch.con.execute(f"CREATE OR REPLACE TABLE fact.statuses AS SELECT {names(STATUSES)} FROM seen")


def timeline(batch: Batch, home: int) -> None:
    """Each operator's intervals once, those of the load over the published ones, and none that overlaps the next."""
    given = names(STATUSES)
    published = (
        f"SELECT {given}, false AS new FROM before.statuses WHERE NOT coalesce(masked, false) "
        f"AND ({IS_ACTIVITY} OR project_id = {home})"
    )
    batch.con.execute(
        f"""CREATE TABLE timeline AS
        WITH news AS (SELECT {given}, true AS new FROM fact.statuses WHERE NOT masked),
        every AS (FROM news UNION ALL SELECT * FROM ({published}) WHERE status_id NOT IN (SELECT status_id FROM news)
        AND status_id NOT IN ({superseded(batch)})),
        next AS (SELECT *, lead(started_at) OVER (PARTITION BY operator_id,
        CASE WHEN operator_id IS NULL THEN status_id END ORDER BY started_at, status_id) AS next_at
        FROM every)
        SELECT * EXCLUDE (next_at, ended_at), least(coalesce(ended_at, next_at), next_at) AS ended_at,
        coalesce(new AND ended_at > next_at, false) AS was_cut FROM next"""
    )
    cut = batch.count("SELECT count(*) FROM timeline WHERE was_cut")
    if cut:
        batch.notes["statuses that overlapped the operator's next one, cut at its start"] += cut


def episodes(batch: Batch) -> None:
    """Find the contacts: touching activity of one project and call; with no call, one begins at Waiting, after PCP."""
    start = "epoch_ms(min(started_at) OVER (PARTITION BY operator_id, nth))::VARCHAR"
    batch.con.execute(
        f"""CREATE TABLE episodes AS
        WITH steps AS (SELECT *, {IS_ACTIVITY} AS active,
        lag({IS_ACTIVITY}) OVER w AS was_active, lag(ended_at) OVER w AS was_until, lag(status) OVER w AS was_status,
        lag(project_id) OVER w AS was_project, lag(call_id) OVER w AS was_call
        FROM timeline WINDOW w AS (PARTITION BY operator_id ORDER BY started_at, status_id)),
        marked AS (SELECT *, active AND NOT coalesce(was_active AND was_until = started_at
        AND was_project = project_id AND was_call IS NOT DISTINCT FROM call_id
        AND NOT (call_id IS NULL AND (status = 'Waiting' OR was_status = 'PCP')), false) AS begins FROM steps),
        counted AS (SELECT *, sum(begins::INT) OVER (PARTITION BY operator_id ORDER BY started_at, status_id) AS nth
        FROM marked WHERE active)
        SELECT * EXCLUDE (episode_key), {keyed("'episode'", "operator_id::VARCHAR", start)} AS episode_key
        FROM counted"""
    )


def shown(batch: Batch) -> str:
    """SQL of what the stores are to hold: presence copied, contacts in their project, hidden ones masked elsewhere."""
    presence = names(STATUSES, but=("project_id", "episode_key"), of="t.")
    activity = names(STATUSES, but=("episode_key", "masked"), of="e.")
    masked_id = fact_id("'masked'", "source", "operator_id::VARCHAR", "epoch_ms(started_at)::VARCHAR")
    masked = {
        "status_id": masked_id,
        "status": "'N/A'",
        "masked": "true",
        "source_id": "NULL::VARCHAR",
        **{name: "NULL::VARCHAR" for name in ("reason", "comment")},
        **{name: "NULL::BIGINT" for name in ("queue_id", "call_id", "form_id")},
    }
    hidden = ", ".join(
        f'{masked[c.name]} AS "{c.name}"' if c.name in masked else f'h."{c.name}"' for c in STATUSES.all_columns
    )
    parts = {
        "once": f"SELECT 0::BIGINT AS project_id, {presence}, NULL::BIGINT AS episode_key FROM timeline t "
        f"WHERE NOT ({IS_ACTIVITY})",
        "copies": f"SELECT DISTINCT m.project_id, {presence}, NULL::BIGINT AS episode_key FROM timeline t "
        f"{MEMBER_THEN.format(of='t', at='started_at')} WHERE NOT ({IS_ACTIVITY}) AND t.project_id = 0",
        "placed": f"SELECT t.project_id, {presence}, NULL::BIGINT AS episode_key FROM timeline t "
        f"WHERE NOT ({IS_ACTIVITY}) AND t.project_id <> 0",
        "own": f"SELECT {activity}, false AS masked, e.episode_key FROM episodes e",
        "hidden": f"""SELECT {hidden} FROM (SELECT DISTINCT m.project_id, c.* EXCLUDE (project_id) FROM contacts_held c
        {MEMBER_THEN.format(of="c", at="started_at")} WHERE m.project_id <> c.project_id) h""",
        "told": f"SELECT {names(STATUSES)} FROM fact.statuses WHERE masked",
    }
    batch.con.execute(
        """CREATE TABLE contacts_held AS SELECT any_value(project_id) AS project_id, operator_id, episode_key,
        min(started_at) AS started_at, CASE WHEN count(*) = count(ended_at) THEN max(ended_at) END AS ended_at,
        arg_min(source, started_at) AS source, max(load_id) AS load_id
        FROM episodes GROUP BY operator_id, episode_key"""
    )
    return " UNION ALL BY NAME ".join(f"({parts[name]})" for name in parts)
