"""Values that contradict the scale they are on: rows that no report could count are rejected with the reason."""

from __future__ import annotations

from okireports.loading.batch import Batch
from okireports.loading.typed import reject
from okireports.tables import Fact


def refuse_off_scale(batch: Batch, fact: Fact, given: set[str]) -> None:
    """A customer's rating off its scale, and an evaluator's score below 0 or above the best possible."""
    if fact.name == "ratings" and "score" in given:
        from okireports.metrics.satisfaction import SCALES  # heavy, and most loads bring no rating

        for kind, (lowest, highest) in SCALES.items():
            off = f"t.kind = '{kind}' AND t.score NOT BETWEEN {lowest} AND {highest}"
            reject(batch, fact, off, f"a rating of the kind {kind} is {lowest} to {highest}", "score")
    if fact.name == "evaluations" and "score" in given:
        reject(batch, fact, "t.score < 0", "a score is not negative", "score")
        if "max_score" in given:
            reject(batch, fact, "t.score > t.max_score", "it is above the best possible score", "score")


def count_overlapping_shifts(batch: Batch) -> None:
    """Tell of shifts that overlap another one of the same operator.

    Neither is rejected: the other one may be of a project that not everyone sees, and a viewer's rows must not depend
    on what is hidden from her. Reports count the time that is planned twice once.
    """
    doubled = batch.count(
        """SELECT count(*) FROM (SELECT starts_at < max(ends_at) OVER (PARTITION BY operator_id
        ORDER BY starts_at, ends_at DESC, shift_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS doubled
        FROM fact.shifts WHERE operator_id IS NOT NULL) WHERE doubled"""
    )
    if doubled:
        batch.notes["shifts that overlap another one of the operator; reports count such time once"] += doubled
