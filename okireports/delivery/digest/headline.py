"""The headline figures of a project: worked out of what reports give, for a period and for the one before it.

A report has a row for each queue, dialer or channel. Counts add up, rates are worked out anew from their parts; where
the parts are not in the rows a figure is a weighted mean, and is marked as such.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from okireports import frames
from okireports.columns import Label, label
from okireports.delivery.digest.asking import Asked, Given

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
    def exact(self) -> bool:
        """Is it none of those that are marked?"""
        return self.now.exact or self.now.value is None

    @property
    def earlier(self) -> float | None:
        """What it was before, where that is in the same currency."""
        same = self.before is not None and (self.before.currency == self.now.currency or not self.before.value)
        return self.before.value if self.before is not None and same else None


@dataclass(frozen=True)
class Group:
    """Headline figures of one subject."""

    name: str
    figures: tuple[Figure, ...]


Working = Callable[[Given, str], Total | None]  # None where the report does not have the figure


@dataclass(frozen=True)
class Wish:
    """A headline figure: of which report, which way is better, and how it is worked out of the report's rows."""

    name: str
    report: str
    good: str = ""
    work: Working = field(default=lambda given, name: total(given, name))
    options: tuple[tuple[str, Hashable], ...] = ()


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
    """An amount, where all of it is in one currency."""
    if name not in given.frame or given.frame["currency"].nunique() > 1:
        return None
    found = total(given, name)
    currencies = [str(c) for c in given.frame["currency"].dropna()]
    return found and Total(found.value, found.exact, currencies[0] if currencies else "")


WHOLE = (("by", None),)
WISHES: Mapping[str, Sequence[Wish]] = {
    "calls": (
        Wish("offered", "queue_summary"),
        Wish("answered", "queue_summary"),
        Wish("lost", "queue_summary", "down", lost),
        Wish("service_level", "queue_summary", "up"),
        Wish("asa_s", "queue_summary", "down"),
        Wish("aht_s", "queue_summary"),
        Wish("occupancy", "staffing_by_interval", options=WHOLE),
    ),
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
            now = asked.report(wish.report, asked.period, **dict(wish.options))
            if now is None:
                continue
            answers.append(now)
            before = asked.report(wish.report, asked.before, **dict(wish.options)) if asked.before else None
            if (figure := worked(wish, now, before)) is not None:
                figures.append(figure)
        if figures and any(known.value for f in figures for known in (f.now, f.before) if known is not None):
            groups.append(Group(name, tuple(figures)))
    return tuple(groups), tuple(answers)


def worked(wish: Wish, now: Given, before: Given | None) -> Figure | None:
    """A figure of both periods; None where the report does not have it, or not as one figure."""
    found = wish.work(now, wish.name)
    if found is None:
        return None
    earlier = wish.work(before, wish.name) if before is not None else None
    return Figure(wish.name, wish.report, wish.good, found, earlier)
