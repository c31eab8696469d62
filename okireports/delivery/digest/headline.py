"""The headline figures of a project: worked out of what reports give, for a period and for the one before it.

A report has a row for each queue, dialer or channel. Counts add up, rates are worked out anew from their parts; where
the parts are not in the rows another report may tell the figure, else it is a weighted mean, and is marked as such.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from okireports import frames
from okireports.columns import Label, label
from okireports.delivery.digest.asking import Asked, Given, Options
from okireports.delivery.digest.words import measures, shown
from okireports.period import Period

LOST = ("abandoned", "callback_requested", "voicemail")  # as the report of lost calls has it


@dataclass(frozen=True)
class Total:
    """A figure of a whole project; None where there is nothing to divide by."""

    value: float | None
    exact: bool = True
    currency: str = ""


@dataclass(frozen=True)
class Figure:
    """A headline figure, of the period and of the one before; `good` is the way that is better, "up", "down" or ""."""

    name: str
    report: str
    good: str
    now: Total
    before: Total | None

    @property
    def known(self) -> Label:
        """Its words and unit."""
        return label(self.name, self.report)

    @property
    def earlier(self) -> float | None:
        """What it was before, where that is in the same currency; nothing is in any."""
        if self.before is None:
            return None
        same = self.before.currency == self.now.currency or 0 in (self.before.value, self.now.value)
        return self.before.value if same else None

    @property
    def better(self) -> bool | None:
        """Is it better than before? None where it is neither better nor worse, or nothing tells."""
        now, before = self.now.value, self.earlier
        if not self.good or now is None or before is None:
            return None
        unit = self.known.unit
        now, before = shown(now, unit), shown(before, unit)
        return (now > before) == (self.good == "up") if now != before and measures(before, unit) else None


@dataclass(frozen=True)
class Group:
    """Headline figures of one subject."""

    name: str
    figures: tuple[Figure, ...]


WHOLE = (("by", None),)  # options of what is asked of a period as one
Working = Callable[[Given, str], Total | None]  # None where the report does not have the figure
Telling = Callable[[Asked, Period, Given], float | None]  # what tells a figure that the report's rows do not


@dataclass(frozen=True)
class Wish:
    """A headline figure: of which report, which way is better, and how it is worked out of the report's rows."""

    name: str
    report: str
    good: str = ""
    work: Working = field(default=lambda given, name: total(given, name))
    options: Options = ()
    exactly: Telling | None = None


def total(given: Given, name: str, rows: pd.DataFrame | None = None) -> Total | None:
    """A column of all rows together, by the rules of columns.py."""
    held = given.frame if rows is None else rows
    if name not in given.frame:
        return None
    if held.empty:
        return Total(0.0 if label(name, given.report).rollup == "sum" else None)
    formula = given.answer.provenance.formula
    whole, approximate = frames.summed(held.assign(_all=0), ["_all"], [name], report=given.report, formula=formula)
    value = whole[name].iloc[0]
    return Total(None if pd.isna(value) else float(value), not approximate)


def lost(given: Given, name: str) -> Total:
    """Customers whom nobody answered: the sum of the outcomes that mean it."""
    return Total(float(sum(frames.number(given.frame[column]).sum() for column in LOST)))


def written(given: Given, name: str) -> Total | None:
    """Of what is written in both directions: without SMS, which have figures of their own."""
    rows = given.frame[given.frame["channel"] != "sms"]
    return in_time(rows) if name == "in_time_rate" else total(given, name, rows)


def in_time(rows: pd.DataFrame) -> Total:
    """The share replied to in time of all that should have been: a row's own is what was, over its rate.

    Of a row with nothing in time the rate does not tell how many should have been; then those replied to weight.
    """
    rows = rows[rows["in_time_rate"].notna()]
    done, rate = frames.number(rows["in_time"]), rows["in_time_rate"]
    if len(rows) < 2:
        return Total(float(rate.iloc[0]) if len(rows) else None)
    if (rate > 0).all():
        return Total(float(done.sum() / (done / rate).sum()))
    weights = frames.number(rows["dialogues"])
    return Total(float((rate * weights).sum() / weights.sum()), exact=False)


def answered_kind(given: Given, name: str) -> Total | None:
    """Satisfaction of the rows of its kind."""
    return total(given, name, given.frame[given.frame["kind"] == name])


def money(given: Given, name: str) -> Total | None:
    """An amount, where all of it is in one currency: one that is not named is another one."""
    if name not in given.frame:
        return None
    currencies = given.frame["currency"][given.frame[name].notna()]
    if currencies.nunique(dropna=False) > 1:
        return None
    found = total(given, name)
    return found and replace(found, currency="".join(currencies.dropna()[:1]))


def handling(asked: Asked, period: Period, queues: Given) -> float | None:
    """Average handling in all queues together: of their contacts, erlangs are offered * it / length of the period.

    None where nothing was offered, where contacts were in a queue that has no name, and where she may not run that.
    """
    names = tuple(dict.fromkeys(queues.frame["queue"]))
    if any(pd.isna(name) for name in names):
        return None
    staffed = asked.report("staffing_by_interval", period, WHOLE, names)
    if staffed is None or staffed.frame.empty:
        return None
    offered, erlangs = (float(frames.number(staffed.frame[name]).iloc[0]) for name in ("offered", "erlangs"))
    return erlangs * (period.end - period.start).total_seconds() / offered if offered and erlangs == erlangs else None


WISHES: Mapping[str, Sequence[Wish]] = {
    "calls": (
        Wish("offered", "queue_summary"),
        Wish("answered", "queue_summary"),
        Wish("lost", "queue_summary", "down", lost),
        Wish("service_level", "queue_summary", "up"),
        Wish("asa_s", "queue_summary", "down"),
        Wish("aht_s", "queue_summary", exactly=handling),
    ),
    "operators": (Wish("occupancy", "staffing_by_interval", options=WHOLE),),
    "dialer": (
        Wish("attempts", "dialer_summary"),
        Wish("persons", "dialer_summary"),
        Wish("contact_rate", "dialer_summary", "up"),
        Wish("sales", "dialer_summary", "up"),
        Wish("conversion", "dialer_summary", "up"),
        Wish("drop_rate_persons", "dialer_summary", "down"),
    ),
    "dialogues": (
        Wish("dialogues", "dialogue_summary", "", written),
        Wish("in_time_rate", "dialogue_summary", "up", written),
        Wish("first_reply_s", "dialogue_summary", "down", written),
    ),
    "sms": (Wish("messages", "sms_delivery"), Wish("amount", "sms_delivery", "", money)),
    "satisfaction": (
        Wish("csat", "customer_satisfaction", "up", answered_kind),
        Wish("nps", "customer_satisfaction", "up", answered_kind),
    ),
    "orders": (Wish("orders", "orders", "up"), Wish("amount", "orders", "up", money)),
}


def headlines(asked: Asked) -> tuple[tuple[Group, ...], tuple[Given, ...]]:
    """The groups of which there is something in one of the periods, and what reports gave of the period for them."""
    groups, answers = [], []
    for name, wishes in WISHES.items():
        figures = []
        for wish in wishes:
            if (given := asked.report(wish.report, asked.period, wish.options)) is not None:
                answers.append(given)
            if (now := worked(wish, asked, asked.period)) is not None:
                before = worked(wish, asked, asked.before) if asked.before else None
                figures.append(Figure(wish.name, wish.report, wish.good, now, before))
        if any(found.value for f in figures for found in (f.now, f.before) if found is not None):
            groups.append(Group(name, tuple(figures)))
    return tuple(groups), tuple(answers)


def worked(wish: Wish, asked: Asked, period: Period) -> Total | None:
    """A figure of a period; None where she may not run its report, or that does not have it as one figure."""
    given = asked.report(wish.report, period, wish.options)
    found = None if given is None else wish.work(given, wish.name)
    if given is None or found is None or found.exact or wish.exactly is None:
        return found
    told = wish.exactly(asked, period, given)
    return found if told is None else Total(told)
