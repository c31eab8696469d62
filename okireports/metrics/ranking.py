"""Operators in one order: what they reached, each part drawn to the mean where it rests on few contacts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add

import ibis
from ibis.expr.types import FloatingValue, Table

from okireports.metrics import ratio

PRIOR = 20  # so many contacts weigh as much as the mean of all
EXACT = "decimal(38, 15)"  # a sum of these is the same in any order


def attained(scored: Table) -> Table:
    """Per operator the mean `attainment` of her KPIs by their weights."""
    t = scored.filter(scored.attainment.notnull())
    total = (t.attainment * t.weight).cast(EXACT).sum().cast("float64")
    return t.group_by("operator_id").agg(attainment=ratio(total, t.weight.cast(EXACT).sum()))


def shrunk(t: Table, value: str, n: str) -> FloatingValue:
    """n / (n + 20) of the own value, the rest of the mean of all operators who have one; NULL where nobody has."""
    own = t[value].cast(EXACT)
    everyone = ibis.window()
    mean = ratio(own.sum().over(everyone), own.count().over(everyone))
    weight = ratio(t[n], t[n] + PRIOR)
    return t[value].coalesce(mean) * weight + mean * (1 - weight)


def rated(t: Table, parts: Mapping[str, str]) -> Table:
    """Rows with `rating`, the mean of the shrunk parts (value -> the count it rests on), and its `rank`."""
    drawn = [shrunk(t, value, n) for value, n in parts.items()]
    known = reduce(add, (part.notnull().ifelse(1, 0) for part in drawn))
    t = t.mutate(rating=ratio(reduce(add, (part.coalesce(0.0) for part in drawn)), known))
    place = ibis.rank().over(ibis.window(order_by=t.rating.desc(nulls_first=False))) + 1
    return t.mutate(rank=t.rating.notnull().ifelse(place, ibis.null()))
