"""Contacts that come late: what was reported of their time before they came was not the whole."""

from __future__ import annotations

from collections.abc import Iterable

from okireports.disk import Segment
from okireports.loading.batch import Batch
from okireports.tables import Fact

CONTACTS = ("calls", "dialogues")


def count_late(batch: Batch, fact: Fact, published: Iterable[Segment]) -> None:
    """Tell of new contacts that began before the newest one that their project held already.

    Rows that only say again, or otherwise, what is there are not new. It reads `coming` and `leaving` of a merge.
    """
    newest: dict[int, str] = {}
    for segment in published if fact.name in CONTACTS else ():
        if segment.last_at is not None:
            newest[segment.project_id] = max(newest.get(segment.project_id, ""), segment.last_at.isoformat())
    if not newest:
        return
    held = ", ".join(f"({project}, TIMESTAMP '{at}')" for project, at in sorted(newest.items()))
    late = batch.count(
        f"""SELECT count(*) FROM coming JOIN (VALUES {held}) held(project_id, newest) USING (project_id)
        WHERE "{fact.start}" < newest AND "{fact.id}" NOT IN (SELECT id FROM leaving)"""
    )
    if late:
        batch.notes[f"{fact.name} that came after later ones of their project"] += late
