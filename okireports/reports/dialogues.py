"""Chats and mail: dialogues in writing, one by one and in sum, and what became of SMS."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import ibis
from ibis import Table

from okireports.charts import bars, counts, lines
from okireports.clock import Interval, grain, labelled, seconds
from okireports.metrics import dialogues as written
from okireports.metrics import measure, ratio
from okireports.metrics.intervals import starting
from okireports.report import looked_up, named, page, report

JUDGED_WITHIN = timedelta(days=7)  # a customer answers later how she liked it, also after the period's end
LOG = [
    "dialogue", "started_at", "channel", "project", "queue", "operator", "contact_key", "first_reply_s", "handle_s",
    "messages_in", "messages_out", "outcome", "subject",
]  # fmt: skip


@report(
    "Dialogue log",
    pl="Dziennik czatów, poczty, SMS",
    chart=counts("started_at", by="channel"),
    separable=True,
)
def dialogue_log(
    dialogues: Table,
    projects: Table,
    queues: Table,
    operators: Table,
    *,
    period: Interval,
    limit: int | None = None,
    offset: int = 0,
) -> Table:
    """Every chat, mail thread and SMS of the period, newest first.

    `limit` and `offset` cut a page out of it.

    Definitions: first_reply_s is from the start to the first reply, handle_s from there to the close, each empty where
    one of its ends is not known.
    """
    t = starting(dialogues, period)
    order = [t.started_at.desc(), *written.DIALOGUE]
    t = written.timed(page(t, order, limit, offset))
    t = named(t, project=projects, queue=queues, operator=operators)
    lengths = {"first_reply_s": seconds(t.first_reply_ms), "handle_s": seconds(t.handle_ms)}
    t = t.mutate(dialogue=t.source_id, **lengths)
    return t.order_by(t.started_at.desc(), *written.DIALOGUE).select(LOG)


@report(
    "Dialogue summary",
    pl="Czaty zbiorczo",
    chart=lines("interval", ["dialogues", "replied", "in_time"]),
    after=JUDGED_WITHIN,
    targets=True,
)
def dialogue_summary(
    dialogues: Table,
    queues: Table,
    operators: Table,
    all_ratings: Table,
    *,
    period: Interval,
    by: Interval = None,
    per: Literal["channel", "operator", "queue"] = "channel",
) -> Table:
    """How many dialogues there were, how soon they were replied to, and how customers liked it.

    `per` counts by operator or queue instead of by channel.

    Definitions: dialogues by their start; in_time counts first replies within the reply_within_s stamped on the
    dialogue, in_time_rate = in_time / dialogues that have one; first_reply_s and its 90 % are from the start, handle_s
    from the first reply to the close; csat is the share of 4 and 5 among the ratings 1 to 5 given to these dialogues
    until 7 days after the period; concurrent_peak the most in progress at once, open ones left out.
    """
    key = per if per == "channel" else f"{per}_id"
    t = looked_up(starting(dialogues, period), judged(all_ratings, period), written.DIALOGUE, "satisfied", "answered")
    t = written.timed(t)
    figures = measure(t, *written.FIGURES) | {"csat": ratio(t.satisfied.sum(), t.answered.sum())}
    t = t.group_by(key, **grain(t.started_at, by)).agg(**figures)
    peaks = written.most_at_once(dialogues, by, [key])
    t = t.left_join(peaks, [t[k].identical_to(peaks[k]) for k in t.columns[: 2 if by.by else 1]], rname="at_{name}")
    t = labelled(t.mutate(concurrent_peak=t.concurrent_peak.coalesce(0)), by)
    t = named(t, **({per: {"operator": operators, "queue": queues}[per]} if per != "channel" else {}))
    columns = [per, *(["interval"] if by.by else [])]
    return t.order_by(*columns, *({key} - {per})).select(*columns, *figures, "concurrent_peak")


def judged(ratings: Table, period: Interval) -> Table:
    """Ratings of dialogues, as far as they may be of dialogues of the period: the same however the stores are cut."""
    r = ratings.filter(ratings.dialogue_id.notnull(), ratings["at"] >= period.start)
    return written.judged(r.filter(r["at"] < period.end + JUDGED_WITHIN))


@report("SMS delivery", pl="SMS", chart=bars("template", "messages", by="outcome", stack=True))
def sms_delivery(dialogues: Table, all_dialogues: Table, charges: Table | None, *, period: Interval) -> Table:
    """What became of the SMS, template by template, and what they cost.

    Definitions: messages are SMS, share of the template's; amount = messages at the mean price of an SMS of their
    project: its charges of the kind sms in the period / its SMS in the period (a charge names no SMS), empty in mixed
    currencies.
    """
    t = written.messages(starting(dialogues, period))
    t = t.group_by("template", "outcome", "project_id").agg(messages=t.count())
    if charges is not None:
        sent = written.messages(starting(all_dialogues, period))
        priced = written.prices(sent, starting(charges, period, "at"))
        t = looked_up(t, priced, ["project_id"], "price", "first_currency", "last_currency")
        t = written.spread(t)
    else:
        t = t.group_by("template", "outcome").agg(messages=t.messages.sum())
    t = t.mutate(share=ratio(t.messages, t.messages.sum().over(ibis.window(group_by="template"))))
    money = ["amount", "currency"] if charges is not None else []
    return t.order_by("template", "outcome").select("template", "outcome", "messages", "share", *money)
