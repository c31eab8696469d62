"""What changes on disk: only segments that gain or lose a row are written anew, in order of their start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from okireports.disk import NewSegment, Segment, segments_of
from okireports.disk.folder import quoted
from okireports.disk.segments import ALWAYS
from okireports.errors import LoadError
from okireports.loading.batch import Batch
from okireports.loading.lateness import count_late
from okireports.tables import Fact

MONTHS_APART = 3  # closed months that may stand beside their year before they are merged into it


def publish(batch: Batch, fact: Fact) -> None:
    """Write the segments of one table that this load changes; its stamped rows are gone then.

    Raises:
        LoadError: two different ids have the same hash.
    """
    find_changes(batch, fact)
    published = segments_of(batch.con, fact.name)
    count_late(batch, fact, published)
    losing = {file for (file,) in batch.con.execute("SELECT DISTINCT _file FROM leaving").fetchall()}
    gains = batch.con.execute(
        f"SELECT project_id, {month(fact)} AS month, count(*) FROM coming GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    routes = route(published, [(int(p), m) for p, m, _ in gains])
    months: dict[tuple[int, str], set[str]] = defaultdict(set)
    merged: dict[tuple[int, str], set[Segment]] = defaultdict(set)
    gained: dict[tuple[int, str], int] = defaultdict(int)
    for project, m, rows in gains:
        stretch, old = routes[int(project), m]
        months[int(project), stretch].add(m)
        merged[int(project), stretch] |= old
        gained[int(project), stretch] += rows
    for segment in published:
        if segment.file in losing and not any(segment in old for old in merged.values()):
            merged[segment.project_id, segment.stretch].add(segment)
    writing = Rewriting(fact, batch.held(fact), batch.select(fact))
    batch.con.execute(f"CREATE TABLE sorted AS FROM coming ORDER BY project_id, {order(fact)}")
    batch.con.execute(f'DROP TABLE fact."{fact.name}" CASCADE')  # what is written needs the memory
    batch.writer.add(
        [
            writing.segment(project, stretch, months[project, stretch], gained[project, stretch], old)
            for (project, stretch), old in sorted(merged.items(), key=lambda item: item[0])
        ]
    )
    batch.con.execute("DROP TABLE sorted")
    for segment in sorted({segment for old in merged.values() for segment in old}, key=lambda s: s.file):
        batch.writer.retire(segment)


def find_changes(batch: Batch, fact: Fact) -> None:
    """Make `coming` and `leaving`: the rows that are new or differ, and the published ones that they replace."""
    mine, table = batch.select(fact), f'"{fact.name}"'
    held = batch.held(fact)
    lean = ", ".join(f'"{c.name}"' for c in fact.all_columns if c.name in held)
    key = ["project_id", fact.id or "contact_key"]
    same_key = " AND ".join(f'b."{k}" = i."{k}"' for k in key)
    content = [c.name for c in fact.all_columns if c.name != "load_id"]
    same = " AND ".join(f'b."{c}" IS NOT DISTINCT FROM i."{c}"' for c in content)
    batch.con.execute("DROP VIEW IF EXISTS coming")
    batch.con.execute("DROP TABLE IF EXISTS coming_rows")
    of_row = key if fact.copied or fact.id is None else key[1:]  # a row that is copied has its id in every project
    distinct = of_row[0] if len(of_row) == 1 else f"({', '.join(of_row)})"
    if batch.count(f"SELECT count(*) - count(DISTINCT {distinct}) FROM fact.{table}"):
        raise LoadError(f"two ids of {fact.name} have the same hash; give one of the two rows another source_id.")
    if not batch.count(f"SELECT count(*) FROM before.{table}"):
        batch.con.execute(f"CREATE VIEW coming AS SELECT {lean} FROM fact.{table}")
        batch.con.execute("CREATE OR REPLACE TABLE leaving (id BIGINT, project_id BIGINT, _file VARCHAR)")
        return
    collided = batch.count(
        f"""SELECT count(*) FROM fact.{table} i JOIN before.{table} b
        ON {" AND ".join(f'b."{k}" = i."{k}"' for k in of_row)}
        WHERE b.source_id <> i.source_id AND i.source = b.source"""
    )
    if collided:
        raise LoadError(f"two ids of {fact.name} have the same hash; give one of the two rows another source_id.")
    batch.con.execute(
        f"""CREATE TABLE coming_rows AS SELECT {lean} FROM (SELECT {mine} FROM fact.{table}) i
        WHERE NOT EXISTS (FROM before.{table} b WHERE {same_key} AND {same})"""
    )
    batch.con.execute("CREATE VIEW coming AS FROM coming_rows")
    batch.con.execute(
        f"""CREATE OR REPLACE TABLE leaving AS SELECT "{key[1]}" AS id, project_id, _file FROM before.{table} b
        WHERE NOT EXISTS (FROM (SELECT {mine} FROM fact.{table}) i WHERE {same_key} AND {same})"""
    )
    own = "_row IS NOT NULL" if "_row" in held else "false"
    if fact.name == "statuses":  # what they stand for was worked out anew, also of older loads
        own = f"load_id = {batch.load_id} AND NOT masked"
    batch.updated += batch.count(
        f"""SELECT count(DISTINCT "{key[1]}") FROM fact.{table} WHERE {own}
        AND "{key[1]}" IN (SELECT id FROM leaving) AND "{key[1]}" IN (SELECT "{key[1]}" FROM coming_rows)"""
    )


def month(fact: Fact) -> str:
    """SQL: the month in which a row starts, as `2025-06`."""
    return f"strftime(\"{fact.start}\", '%Y-%m')" if fact.start else f"'{ALWAYS}'"


def order(fact: Fact) -> str:
    """SQL: the order of rows within a segment."""
    key = fact.id or "contact_key"
    return f'"{fact.start}", "{key}"' if fact.start else f'"{key}"'


def route(
    published: tuple[Segment, ...], months: list[tuple[int, str]]
) -> dict[tuple[int, str], tuple[str, set[Segment]]]:
    """For each project's month that gains rows: the stretch it is written to, and the segments merged into that.

    The newest month has a file of its own; a closed month stays where it is, or goes with its year. Closed months that
    have come apart from their year are merged into it once there are more than three of them.
    """
    routes: dict[tuple[int, str], tuple[str, set[Segment]]] = {}
    for project in sorted({project for project, _ in months}):
        mine = [segment for segment in published if segment.project_id == project]
        gaining = sorted(m for p, m in months if p == project)
        by_stretch = {segment.stretch: segment for segment in mine}
        if ALWAYS in gaining:
            routes[project, ALWAYS] = (ALWAYS, set(by_stretch.values()))
            continue
        newest = max([*gaining, *(s for s in by_stretch if len(s) == 7)])
        covered = {s.stretch: f"{s.last_at:%Y-%m}" for s in mine if len(s.stretch) == 4 and s.last_at}
        newest = max([newest, *covered.values()])
        where = {m: stretch_for(m, newest, by_stretch, covered) for m in gaining}
        for year in sorted({m[:4] for m in gaining}):
            apart = {s for s in [*by_stretch, *where.values()] if len(s) == 7 and s[:4] == year and s != newest}
            if len(apart) > MONTHS_APART:
                where |= {m: year for m, s in where.items() if s in apart}
                merged = {by_stretch[s] for s in (*apart, year) if s in by_stretch}
                for m, s in where.items():
                    if s == year:
                        routes[project, m] = (year, merged)
        for m, stretch in where.items():
            held = {by_stretch[stretch]} if stretch in by_stretch else set()
            routes.setdefault((project, m), (stretch, held))
    return routes


def stretch_for(month: str, newest: str, by_stretch: dict[str, Segment], covered: dict[str, str]) -> str:
    """The stretch into which a month's rows go."""
    if month in by_stretch:
        return month
    year = month[:4]
    if month == newest:
        return month
    return year if year not in covered or month <= covered[year] else month


@dataclass(frozen=True)
class Rewriting:
    """How the segments of one table are made of `sorted` and published rows: what it holds, the model's columns."""

    fact: Fact
    held: Collection[str]
    columns: str

    def segment(self, project: int, stretch: str, months: set[str], gained: int, merged: set[Segment]) -> NewSegment:
        """One segment: what stays of the old ones, and what comes of these months."""
        fact = self.fact
        held = set(self.held).union(*(segment.columns for segment in merged))
        columns = tuple(c.name for c in fact.all_columns if c.name in held)
        mine = ", ".join(f'"{name}"' for name in columns)
        old = {f'"old p{project} {stretch} {n}"': s for n, s in enumerate(sorted(merged, key=lambda s: s.file))}
        parts = []
        for alias, segment in old.items():
            left = f"SELECT id FROM leaving WHERE _file = '{segment.file}'"
            parts.append(
                f'SELECT {mine} FROM {segment.rows_in(alias)} WHERE "{fact.id or "contact_key"}" NOT IN ({left})'
            )
        if gained:
            within = f"{month(fact)} IN ({', '.join(quoted(m) for m in sorted(months))})"
            coming = f"(SELECT {self.columns} FROM sorted WHERE project_id = {project} AND {within})"
            parts.append(f"SELECT {mine} FROM {coming}")
        select = " UNION ALL ".join(parts)
        select = f"SELECT * FROM ({select}) ORDER BY {order(fact)}" if old else select
        return NewSegment(
            project, fact.name, stretch, select, columns, gained + sum(segment.rows for segment in merged), old
        )
