"""What was answered to the questions of forms, and how far quotas of answers are collected."""

from __future__ import annotations

from datetime import datetime

import ibis
from ibis.expr.types import FloatingValue, IntegerValue, Table, TimestampValue

from okireports.clock import DAY, Interval, instant, timestamp, utc_ms
from okireports.metrics import ratio
from okireports.metrics.arithmetic import wilson_bound
from okireports.metrics.intervals import starting

REQUEST = ["project_id", "request_id"]
QUESTION = ["form_id", "question"]
QUOTA = ["form_id", "name"]
FURTHEST = 36_525 * DAY  # ms: what would take longer has no end that anybody could plan with


def given(answers: Table) -> Table:
    """Per form, question and answer how many requests gave it: `answers`, and their share of those who answered."""
    t = answers.filter(answers.answer.notnull()).select(*REQUEST, *QUESTION, "answer").distinct()
    asked = t.select(*REQUEST, *QUESTION).distinct().group_by(QUESTION).agg(respondents=lambda t: t.count())
    t = t.group_by(*QUESTION, "answer").agg(answers=t.count())
    # A form may be unknown, and unknown is not equal to itself.
    same = [t.form_id.identical_to(asked.form_id), t.question == asked.question]
    t = t.join(asked, same, rname="asked_{name}")
    bounds = {f"share_{side}": wilson_bound(t.answers, t.respondents, side) for side in ("low", "high")}
    return t.mutate(share=ratio(t.answers, t.respondents), **bounds)


def collected(quotas: Table, answers: Table, period: Interval, now: datetime) -> Table:
    """Per form and quota (`name`): goal, collected, collected_share, pace and forecast_end_at.

    The rows of a quota are its conditions: of each question that they name one of the answers that they name for it.
    """
    fit = starting(answers, period, "at").select(*REQUEST, *QUESTION, "answer")
    fit = fit.join(quotas, [*QUESTION, "answer"]).select(*REQUEST, *QUOTA, "question").distinct()
    fit = fit.group_by(*REQUEST, *QUOTA).agg(met=fit.count())
    wanted = quotas.select(*QUOTA, "question").distinct().group_by(QUOTA).agg(conditions=lambda t: t.count())
    fit = fit.join(wanted, QUOTA)
    fit = fit.filter(fit.met == fit.conditions).group_by(QUOTA).agg(collected=lambda t: t.count())
    t = quotas.group_by(QUOTA).agg(goal=quotas.goal.max()).left_join(fit, QUOTA, rname="fit_{name}")
    t = t.mutate(collected=t.collected.coalesce(0))
    share = ratio(t.collected, t.goal)
    return t.mutate(collected_share=share, pace=pace(share, period, now), forecast_end_at=forecast(t, period, now))


def pace(share: FloatingValue, period: Interval, now: datetime) -> FloatingValue:
    """A share of the goal over the share of the period that has passed; NULL where nothing has."""
    whole = utc_ms(period.end) - utc_ms(period.start)
    return ratio(share, ratio(elapsed_ms(period, now), ibis.literal(whole, "int64")))


def forecast(t: Table, period: Interval, now: datetime) -> TimestampValue:
    """When `collected` will come to `goal` if it goes on as since the period's start; NULL once it has."""
    passed = elapsed_ms(period, now)
    ahead = (t.collected < t.goal) & (ratio(t.goal, t.collected) * passed < FURTHEST)
    needed = ahead.ifelse(t.goal * passed, ibis.null("int64")) // t.collected.nullif(0)
    return timestamp(instant(period.start) + needed)


def elapsed_ms(period: Interval, now: datetime) -> IntegerValue:
    """How much of the period has passed."""
    return ibis.literal(max(0, utc_ms(min(now, period.end)) - utc_ms(period.start)), "int64")
