"""What customers answer when they are asked: satisfaction from 1 to 5 (csat), recommendation from 0 to 10 (nps).

Each figure is of the ratings of its kind. A score outside its scale is no answer.
"""

from __future__ import annotations

from typing import Literal

from ibis.expr.types import BooleanValue, FloatingValue, IntegerScalar, Table

from okireports.metrics import metric, ratio, tally
from okireports.metrics.arithmetic import wilson_bound

SCALES = {"csat": (1, 5), "nps": (0, 10)}
SATISFIED, PROMOTER, DETRACTOR = 4, 9, 6
Z = 1.96


@metric("Asked", unit="count", counts="rating", at="start")
def asked(ratings: Table) -> IntegerScalar:
    """Customers who were asked, whether they answered or not."""
    return tally(ratings.kind.isin(list(SCALES)))


@metric("Answers", unit="count", counts="rating", at="start")
def answers(ratings: Table) -> IntegerScalar:
    """Ratings with a score of their scale."""
    return tally(_answers(ratings, "csat") | _answers(ratings, "nps"))


@metric("Response rate", unit="share", counts="rating", at="start")
def response_rate(ratings: Table) -> FloatingValue:
    """answers / asked."""
    return ratio(answers(ratings), asked(ratings))


@metric("Satisfied", unit="count", counts="rating", at="start")
def satisfied(ratings: Table) -> IntegerScalar:
    """Satisfaction of 4 or 5."""
    return tally(_answers(ratings, "csat") & (ratings.score >= SATISFIED))


@metric("CSAT", unit="share", counts="rating", at="start")
def csat(ratings: Table) -> FloatingValue:
    """satisfied / answers of satisfaction."""
    return ratio(satisfied(ratings), csat_answers(ratings))


@metric("CSAT, low", unit="share", counts="rating", at="start")
def csat_low(ratings: Table) -> FloatingValue:
    """Lower bound of csat, 95 % (Wilson 1927)."""
    return wilson_bound(satisfied(ratings), csat_answers(ratings), "low")


@metric("CSAT, high", unit="share", counts="rating", at="start")
def csat_high(ratings: Table) -> FloatingValue:
    """Upper bound of csat, 95 % (Wilson 1927)."""
    return wilson_bound(satisfied(ratings), csat_answers(ratings), "high")


@metric("Promoters", unit="count", counts="rating", at="start")
def promoters(ratings: Table) -> IntegerScalar:
    """Recommendation of 9 or 10."""
    return tally(_answers(ratings, "nps") & (ratings.score >= PROMOTER))


@metric("Detractors", unit="count", counts="rating", at="start")
def detractors(ratings: Table) -> IntegerScalar:
    """Recommendation of 0 to 6."""
    return tally(_answers(ratings, "nps") & (ratings.score <= DETRACTOR))


@metric("NPS", unit="share", counts="rating", at="start")
def nps(ratings: Table) -> FloatingValue:
    """(promoters - detractors) / answers of recommendation."""
    return ratio(promoters(ratings) - detractors(ratings), _nps_answers(ratings))


@metric("NPS, low", unit="share", counts="rating", at="start")
def nps_low(ratings: Table) -> FloatingValue:
    """nps - 1.96 sqrt((p + q - (p - q)^2) / n), p and q the shares of promoters and detractors."""
    return nps(ratings) - _nps_spread(ratings)


@metric("NPS, high", unit="share", counts="rating", at="start")
def nps_high(ratings: Table) -> FloatingValue:
    """nps + 1.96 sqrt((p + q - (p - q)^2) / n), p and q the shares of promoters and detractors."""
    return nps(ratings) + _nps_spread(ratings)


def csat_answers(ratings: Table) -> IntegerScalar:
    """Answers of satisfaction."""
    return tally(_answers(ratings, "csat"))


def _nps_answers(ratings: Table) -> IntegerScalar:
    return tally(_answers(ratings, "nps"))


def _nps_spread(ratings: Table) -> FloatingValue:
    n = _nps_answers(ratings)
    either, difference = ratio(promoters(ratings) + detractors(ratings), n), nps(ratings)
    return ratio(either - difference * difference, n).sqrt() * Z


def _answers(ratings: Table, kind: Literal["csat", "nps"]) -> BooleanValue:
    return (ratings.kind == kind) & ratings.score.between(*SCALES[kind])


FIGURES = (
    *(asked, answers, response_rate, satisfied, csat, csat_low, csat_high),
    *(promoters, detractors, nps, nps_low, nps_high),
)
