"""Dialogues: chats, mail threads and SMS, how soon they were replied to, and what sending SMS cost.

A length of time whose end comes before its beginning is not known.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis.expr.types import FloatingScalar, FloatingValue, IntegerScalar, IntegerValue, Table, TimestampValue

from okireports.clock import Interval, ms
from okireports.metrics import mean_seconds, metric, quantile, ratio, tally
from okireports.metrics.arithmetic import MILLISECONDS, MONEY, in_one_currency
from okireports.metrics.intervals import concurrency, within
from okireports.metrics.satisfaction import csat_answers, satisfied

DIALOGUE = ["project_id", "dialogue_id"]


def timed(t: Table) -> Table:
    """Dialogues with `first_reply_ms` (from the start) and `handle_ms` (from the first reply to the close)."""
    return t.mutate(
        first_reply_ms=_length(t.started_at, t.first_reply_at), handle_ms=_length(t.first_reply_at, t.closed_at)
    )


def _length(since: TimestampValue, until: TimestampValue) -> IntegerValue:
    return (until >= since).ifelse(ms(until) - ms(since), ibis.null())


def judged(ratings: Table) -> Table:
    """Per dialogue how often its customer was satisfied, and how often she answered: `satisfied`, `answered`."""
    return ratings.group_by(DIALOGUE).agg(satisfied=satisfied(ratings), answered=csat_answers(ratings))


def most_at_once(t: Table, by: Interval, keys: Sequence[str]) -> Table:
    """Per keys and bucket, `concurrent_peak`: the most dialogues that were in progress at any instant."""
    t = concurrency(within(t, by, until="closed_at"), by, keys)
    return t.select(*keys, interval="bucket", concurrent_peak="peak")


@metric("Dialogues", unit="count", counts="dialogue", at="start")
def dialogues(timed: Table) -> IntegerScalar:
    """Chats, mail threads and SMS."""
    return timed.count()


@metric("Replied", unit="count", counts="dialogue", at="start")
def replied(timed: Table) -> IntegerScalar:
    """Dialogues with a first reply."""
    return tally(timed.first_reply_at.notnull())


@metric("In time", unit="count", counts="dialogue", at="start")
def in_time(timed: Table) -> IntegerScalar:
    """Dialogues whose first reply came within the `reply_within_s` stamped on them; without one: none."""
    return tally(timed.first_reply_ms <= timed.reply_within_s * MILLISECONDS)


@metric("In time", unit="share", counts="dialogue", at="start")
def in_time_rate(timed: Table) -> FloatingValue:
    """in_time / dialogues with a `reply_within_s`."""
    return ratio(in_time(timed), tally(timed.reply_within_s.notnull()))


@metric("First reply", unit="s", counts="dialogue", at="start")
def first_reply_s(timed: Table) -> FloatingValue:
    """Mean time from the start to the first reply, of the replied."""
    return mean_seconds(timed.first_reply_ms, timed.first_reply_ms.notnull())


@metric("First reply of 90 %", unit="s", counts="dialogue", at="start")
def first_reply_p90_s(timed: Table) -> FloatingScalar:
    """90 % of the replied waited no longer for it; linear interpolation."""
    return quantile(timed.first_reply_ms, 0.9, timed.first_reply_ms.notnull())


@metric("Handling", unit="s", counts="dialogue", at="start")
def handle_s(timed: Table) -> FloatingValue:
    """Mean time from the first reply to the close, of dialogues that have both."""
    return mean_seconds(timed.handle_ms, timed.handle_ms.notnull())


@metric("Closed", unit="count", counts="dialogue", at="start")
def closed(timed: Table) -> IntegerScalar:
    """Dialogues that are closed."""
    return tally(timed.closed_at.notnull())


FIGURES = (dialogues, replied, in_time, in_time_rate, first_reply_s, first_reply_p90_s, handle_s, closed)


# ---- SMS -------------------------------------------------------------------------------------------------------------
def messages(dialogues: Table) -> Table:
    """The SMS among dialogues; each is one."""
    return dialogues.filter(dialogues.channel == "sms")


def prices(sent: Table, charges: Table) -> Table:
    """Per project what one of the SMS of a period cost on average, with the currencies of the charges by name."""
    paid = charges.filter(charges.kind == "sms")
    paid = paid.group_by("project_id").agg(
        paid=paid.amount.sum(), first_currency=paid.currency.min(), last_currency=paid.currency.max()
    )
    t = sent.group_by("project_id").agg(sent=sent.count()).join(paid, "project_id")
    return t.mutate(price=ratio(t.paid, t.sent))


def spread(t: Table) -> Table:
    """Per template and outcome `amount` and `currency` of messages with the `prices` of their projects beside."""
    amount = (t.price * t.messages).sum().cast(MONEY)
    return t.group_by("template", "outcome").agg(messages=t.messages.sum(), **in_one_currency(t, amount=amount))
