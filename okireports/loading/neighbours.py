"""How far the statuses of a load reach: which published ones they may change; all others stay, and are not read.

A status ends at its operator's next start, and a contact is a chain of statuses that touch. So what a load changes of
an operator lies from her status before its first one, where that still runs or touches, to the one after its last; the
contacts of these two are taken whole. Segments are looked into from the load outwards, until both are found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from okireports.disk import segments_of
from okireports.loading.batch import Batch
from okireports.loading.stored import opened
from okireports.tables import ACTIVITY, FACTS

STATUSES = FACTS["statuses"]
IS_ACTIVITY = f"status IN {ACTIVITY}"
# Segments that may hold a status nearer to the load, before or after it, than the nearest one that is known.
EARLIER = """SELECT DISTINCT stretch, file FROM standing JOIN (SELECT w.who, w.first, max(n.started_at) AS held
FROM windows w LEFT JOIN near n ON n.who = w.who AND n.started_at < w.first GROUP BY ALL) USING (who)
WHERE first_at < first AND (held IS NULL OR last_at >= held)"""
LATER = """SELECT DISTINCT stretch, file FROM standing JOIN (SELECT w.who, w.last, min(n.started_at) AS held
FROM windows w LEFT JOIN near n ON n.who = w.who AND n.started_at > w.last GROUP BY ALL) USING (who)
WHERE last_at > last AND (held IS NULL OR first_at <= held)"""
# Segments that may hold more of the contacts at the edges of the windows.
MORE = """SELECT DISTINCT 'any' AS stretch, file FROM standing s JOIN windows w USING (who) JOIN near n USING (who)
WHERE n.contact IS NOT NULL
AND ((n.started_at = w.since AND s.first_at < w.since AND (s.last_end IS NULL OR s.last_end >= w.since))
OR (n.started_at = w.until AND s.last_at > w.until AND s.first_at <= n.ended_at))"""


def find(batch: Batch, home: int) -> frozenset[str]:
    """Make `windows` (who, first, last, since, until): between which starts an operator's statuses may change.

    Args:
        batch: the load; `fact.statuses` holds its statuses.
        home: the project where presence stands that is no copy.

    Returns:
        The files of the segments that hold such statuses, or their copies and masks.
    """
    run = batch.con.execute
    run(
        """CREATE TABLE windows AS SELECT operator_id AS who, min(started_at) AS first, max(started_at) AS last,
        NULL::TIMESTAMP AS since, NULL::TIMESTAMP AS until
        FROM fact.statuses WHERE operator_id IS NOT NULL GROUP BY operator_id"""
    )
    if batch.feed.scope is not None:  # all from there on is said anew
        run(
            f"""UPDATE windows SET first = least(first, s.since), last = TIMESTAMP 'infinity'
            FROM (SELECT user_id, min(since) AS since FROM {batch.feed.scope} JOIN people ON ref = who GROUP BY ALL) s
            WHERE user_id = windows.who"""
        )
    run("UPDATE windows SET since = first, until = last")
    run(
        """CREATE TABLE standing AS FROM (SELECT file, stretch, first_at, last_at, last_end, unnest(people) AS who
        FROM control.segments WHERE "table" = 'statuses') SEMI JOIN windows USING (who)"""
    )
    run("CREATE TABLE near (who BIGINT, started_at TIMESTAMP, ended_at TIMESTAMP, contact BIGINT)")
    run("CREATE TABLE looked_into (file VARCHAR)")
    while look(batch, EARLIER, max, home) or look(batch, LATER, min, home):
        pass
    reach_neighbours(batch)
    while look(batch, MORE, max, home) or reach_contacts(batch):
        pass
    unknown = "FROM fact.statuses WHERE operator_id IS NULL"  # of nobody declared: each stands for itself
    files = run(
        f"""SELECT file FROM standing JOIN windows USING (who) WHERE first_at <= until AND last_at >= since UNION
        SELECT file FROM control.segments, (SELECT min(started_at) AS since, max(started_at) AS until {unknown})
        WHERE "table" = 'statuses' AND first_at <= until AND last_at >= since"""
    ).fetchall()
    return frozenset(file for (file,) in files)


def look(batch: Batch, where: str, nearest: Callable[[Iterable[str]], str], home: int) -> bool:
    """Add to `near` what the nearest stretch of some segments says of the operators; False where none is left."""
    rows = batch.con.execute(f"FROM ({where}) ANTI JOIN looked_into USING (file)").fetchall()
    if not rows:
        return False
    turn = nearest(stretch for stretch, _ in rows)
    files = {file for stretch, file in rows if stretch == turn}
    for segment in segments_of(batch.con, STATUSES.name):
        if segment.file in files:
            with opened(batch.con, batch.writer.folder, segment) as there:
                batch.con.execute(
                    f"""INSERT INTO near SELECT operator_id, started_at, ended_at, episode_key FROM {there}
                    WHERE operator_id IN (SELECT who FROM windows) AND NOT coalesce(masked, false)
                    AND ({IS_ACTIVITY} OR project_id = {home})"""
                )
            batch.con.execute("INSERT INTO looked_into VALUES (?)", [segment.file])
    return True


def reach_neighbours(batch: Batch) -> None:
    """Widen the windows to the status before, where it runs into the load's first one or touches it, and the next."""
    batch.con.execute(
        """UPDATE windows SET since = b.start FROM (SELECT w.who, max(n.started_at) AS start,
        max(coalesce(n.ended_at, w.first)) AS finish FROM windows w JOIN near n USING (who)
        WHERE n.started_at < w.first GROUP BY ALL) b WHERE b.who = windows.who AND b.finish >= windows.first"""
    )
    batch.con.execute(
        """UPDATE windows SET until = a.start FROM (SELECT w.who, min(n.started_at) AS start FROM windows w JOIN near n
        USING (who) WHERE n.started_at > w.last GROUP BY ALL) a WHERE a.who = windows.who"""
    )


def reach_contacts(batch: Batch) -> bool:
    """Widen the windows to the whole of the contacts at their edges, as far as these are known; False: they were."""
    return bool(
        batch.count(
            """UPDATE windows SET since = least(windows.since, c.since), until = greatest(windows.until, c.until)
            FROM (SELECT w.who, min(n.started_at) AS since, max(n.started_at) AS until FROM windows w
            JOIN near e ON e.who = w.who AND e.started_at IN (w.since, w.until)
            JOIN near n ON n.who = e.who AND n.contact = e.contact GROUP BY ALL) c
            WHERE c.who = windows.who AND (c.since < windows.since OR c.until > windows.until)"""
        )
    )
