"""What figures share is worked out once below an aggregation, and they are the same as without that."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import ibis
import pytest
from ibis import Table
from ibis.expr.types import BooleanValue, Scalar, Value

from handmade import records, store
from okireports.metrics import tally
from okireports.once import COLUMN, ROWS, asked_once, read_once

KINDS = {"word": "string", "a": "boolean", "b": "boolean", "c": "boolean", "x": "int64", "key": "int64"}
SHARED = COLUMN.format(0)


@pytest.fixture(scope="module")
def rows() -> Table:
    draw = random.Random(1)
    known = (True, False, None)
    made = [
        {
            "word": draw.choice(("in", "out", None)),
            "x": draw.choice((1, 20, 300, None)),
            "key": draw.choice((7, 8, None)),
        }
        | {flag: draw.choice(known) for flag in "abc"}
        for _ in range(200)
    ]
    return store("rows_of_once", made, KINDS)


def both(t: Table) -> BooleanValue:
    return t.a & (t.word == "in")


def figures(t: Table) -> dict[str, Scalar]:
    """Sums of each kind, all of which have a part in one condition."""
    return {
        "n": tally(both(t)),
        "of_these": tally(both(t) & t.b),
        "others": tally(~both(t)),
        "either": tally(both(t) | t.c),
        "total": t.x.sum(where=both(t)),
        "most": t.x.max(where=both(t) & t.c),
        "middle": t.x.quantile(0.5, where=both(t)),
        "rows": t.count(),
        "rows_so": t.count(where=both(t)),
        "different": t.x.nunique(where=both(t)),
    }


def sql(t: Table) -> str:
    return str(ibis.to_sql(t, dialect="duckdb"))


@pytest.mark.parametrize(
    "keys",
    [lambda t: [], lambda t: ["key"], lambda t: ["key", "word"], lambda t: [(t.x // 10).name("tens")]],
    ids=["all rows", "a column", "a column of the condition", "an expression"],
)
def test_figures_stay_what_they_are(rows: Table, keys: Callable[[Table], list[Any]]) -> None:
    summed = rows.group_by(keys(rows)).agg(**figures(rows)) if keys(rows) else rows.agg(**figures(rows))
    once = asked_once(summed)
    assert once.schema() == summed.schema() and SHARED in sql(once)
    assert sorted(records(once), key=str) == sorted(records(summed), key=str)


def test_of_nothing_they_are_the_same_too(rows: Table) -> None:
    none = rows.filter(ibis.literal(False))
    summed = none.agg(**figures(none))
    assert records(asked_once(summed)) == records(summed)


def test_a_condition_is_written_down_once(rows: Table) -> None:
    summed = rows.group_by("key").agg(**figures(rows))
    assert sql(summed).count("= 'in'") == len(figures(rows)) - 1  # all but the number of rows
    assert sql(asked_once(summed)).count("= 'in'") == 1


def test_of_nested_conditions_the_inner_one_is_shared(rows: Table) -> None:
    inner, outer = both(rows), both(rows) & (rows.x > 1)
    summed = rows.agg(n=tally(inner), m=tally(outer), total=rows.x.sum(where=outer & rows.b))
    assert [name for name in (SHARED, COLUMN.format(1)) if name in sql(asked_once(summed))] == [SHARED]
    assert records(asked_once(summed)) == records(summed)


def test_several_conditions_are_shared_each_as_itself(rows: Table) -> None:
    late, known = both(rows), rows.word.notnull() & rows.c
    summed = rows.agg(
        n=tally(late), m=tally(known), both=tally(late & known), total=rows.x.sum(where=late | known), rows=rows.count()
    )
    assert COLUMN.format(1) in sql(asked_once(summed))
    assert records(asked_once(summed)) == records(summed)


def summed_below(t: Table) -> Table:
    """An aggregation over the rows of another one."""
    first = t.group_by("key").agg(n=tally(both(t)), total=t.x.sum(where=both(t)))
    return first.agg(keys=first.count(), n=first.n.sum())


def test_every_aggregation_of_a_statement_is_looked_at(rows: Table) -> None:
    summed = summed_below(rows)
    joined = rows.join(rows.group_by("key").agg(n=tally(both(rows)), m=tally(both(rows) & rows.c)), "key")
    for made in (summed, joined.agg(n=joined.n.sum(), rows=joined.count())):
        assert SHARED in sql(asked_once(made)) and records(asked_once(made)) == records(made)


@pytest.mark.parametrize(
    "made",
    [
        lambda t: {"n": tally(both(t)), "m": tally(t.b)},  # one figure only
        lambda t: {"n": tally(t.a), "m": tally(t.a & t.b), "k": tally(t.a & t.c)},  # one comparison is no work
        lambda t: both_of_sums(t.x.sum() > 1, t.x.max() > 2),  # no part of any row
    ],
    ids=["once", "one comparison", "of sums"],
)
def test_what_is_not_worth_it_stays_as_it_is(rows: Table, made: Callable[[Table], dict[str, Value]]) -> None:
    summed = rows.group_by("key").agg(**made(rows))
    assert asked_once(summed).equals(summed)


def both_of_sums(one: BooleanValue, other: BooleanValue) -> dict[str, Value]:
    """Figures with a condition of sums in common."""
    return {"large": one & other, "small": ~(one & other)}


def test_rows_that_are_read_once_may_be_several(rows: Table) -> None:
    def paired(t: Table) -> Table:
        return t.join(t.select("key").distinct(), "key").group_by("key").agg(n=lambda g: g.count())

    def both_ways(one: Table, other: Table) -> Table:
        return paired(one).join(paired(other).rename(m="n"), "key").order_by("key")

    one, other = rows.filter(rows.a), rows.filter(rows.b)
    kept = asked_once(both_ways(read_once(one), read_once(other)))
    assert [sql(kept).count(f'"{ROWS}_{number}" AS (') for number in range(3)] == [1, 1, 0]
    assert records(kept) == records(both_ways(one, other))


def test_what_comes_from_no_aggregation_stays_as_it_is(rows: Table) -> None:
    picked = rows.filter(both(rows)).mutate(n=both(rows), m=both(rows) & rows.c).order_by("x")
    assert asked_once(picked).equals(picked)
