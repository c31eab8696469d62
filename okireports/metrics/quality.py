"""Evaluations of contacts: what the criteria scored, of what was possible. Criteria without a score are left out."""

from __future__ import annotations

from ibis.expr.types import FloatingScalar, FloatingValue, IntegerScalar, Table

from okireports.metrics import metric, ratio, tally

ONE = ["project_id", "evaluation"]


def evaluated(criteria: Table) -> Table:
    """One row per evaluation: who judged whom, when, by which form, the sums of its criteria, and their comments."""
    sums = {"score": score(criteria), "max_score": max_score(criteria), "quality": quality(criteria)}
    shared = {name: criteria[name].min() for name in ("at", "operator_id", "evaluator_id", "form", "call_id")}
    said = criteria.filter(criteria.comment.notnull()).select(*ONE, "comment").distinct()
    said = said.group_by(ONE).agg(comment=said.comment.collect().sort().join("; "))  # Spark joins texts in no order
    t = criteria.group_by(ONE).agg(**shared, **sums)
    return t.left_join(said, ONE, rname="said_{name}").drop([f"said_{name}" for name in ONE])


def by_evaluator(criteria: Table) -> Table:
    """Per operator, form and criterion, what each evaluator gave: the parts of a summary, and `mean_score`."""
    t = criteria.filter(criteria.score.notnull())
    lowest = t.score.min().cast("float64")
    t = t.group_by("operator_id", "form", "criterion", "evaluator_id").agg(
        evaluations=t.count(), score=score(t), max_score=max_score(t), lowest=lowest
    )
    return t.mutate(mean_score=t.evaluator_id.notnull().ifelse(ratio(t.score, t.evaluations), None))


@metric("Evaluations", unit="count", counts="evaluation", at="start")
def evaluations(criteria: Table) -> IntegerScalar:
    """Evaluated contacts."""
    # The count of distinct keys is exact on every engine only in two steps; see `evaluated`.
    return tally(criteria.evaluation.notnull())


@metric("Score", unit="number", counts="evaluation", at="start")
def score(criteria: Table) -> FloatingScalar:
    """Sum of the scores."""
    return criteria.score.sum().cast("float64")


@metric("Best possible", unit="number", counts="evaluation", at="start")
def max_score(criteria: Table) -> FloatingScalar:
    """Sum of the best possible scores, of the criteria that were scored."""
    return criteria.max_score.sum(where=criteria.score.notnull()).cast("float64")


@metric("Quality", unit="share", counts="evaluation", at="start")
def quality(criteria: Table) -> FloatingValue:
    """score / max_score."""
    return ratio(score(criteria), max_score(criteria))
