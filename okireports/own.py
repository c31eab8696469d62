"""Reports of one's own: what they may ask for, and what becomes of their mistakes.

Such a report is a question as free as SQL: it runs for those who have the right `run_sql` and whose role permits it, it
gets the tables of the run and nothing else, and what goes wrong in it is a sentence with its name.
"""

from __future__ import annotations

import traceback
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

from okireports.columns import Unit, label, suppose
from okireports.errors import BadReport, OkiReportsError, did_you_mean
from okireports.report import Report

LONG = 400  # letters of what an error says of itself


@contextmanager
def failing(asked: Report, what: str = "report") -> Iterator[None]:
    """Whatever goes wrong in a report of one's own, or in its chart, is said in a sentence.

    Raises:
        BadReport: something went wrong.
    """
    try:
        yield
    except OkiReportsError:
        raise
    except Exception as error:
        if not asked.own:
            raise
        lines = [at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename in places(asked)]
        where = f" (line {lines[-1]} of its cell or file)" if lines else ""
        said = " ".join(str(error).split())[:LONG]
        raise BadReport(
            f"The {what} of your own {asked.name!r} failed{where}: {type(error).__name__}: {said}"
        ) from error


def places(asked: Report) -> set[str]:
    """Where its functions were written."""
    codes = (getattr(function, "__code__", None) for function in (asked.function, asked.chart.drawing))
    return {code.co_filename for code in codes if code is not None}


def check_tables(asked: Report, there: Iterable[str]) -> None:
    """Raise where it wants a table that there is not.

    Raises:
        BadReport: there is none of this name.
    """
    known = [*there]
    for name in asked.tables:
        if name not in known:
            near = did_you_mean(name, known)
            raise BadReport(f"The report of your own {asked.name!r} wants a table {name!r}, which there is not.{near}")


def check(asked: Report, given: Collection[ir.Table | None], made: Any) -> ir.Table:
    """What its function made of the tables that it was given: a table, of those and of no others.

    Raises:
        BadReport: it made something else.
    """
    if not isinstance(made, ir.Table):
        raise BadReport(f"The report of your own {asked.name!r} gave {type(made).__name__}; a report gives a table.")
    hers = {leaf for table in given if table is not None for leaf in leaves(table)}
    for leaf in leaves(made):
        if leaf not in hers:
            name = getattr(leaf, "name", type(leaf).__name__)
            raise BadReport(
                f"The report of your own {asked.name!r} uses {name!r}, which it was not given: a report is made of the "
                "tables that its parameters name, and of nothing else."
            )
    return made


def leaves(table: ir.Table) -> list[Any]:
    """What a table is made of in the end; raw SQL counts as something of its own."""
    raw = (ops.SQLStringView, ops.SQLQueryResult)
    made = (ops.DummyTable, ops.AliasedRelation)
    return [node for node in table.op().find((ops.PhysicalTable, *raw)) if not isinstance(node, made)]


def suppose_columns(asked: Report, schema: pa.Schema) -> None:
    """Label what nobody declared."""
    for field in schema:
        try:
            label(field.name, asked.name)
        except KeyError:
            suppose(asked.name, field.name, unit_of(field.type))


def unit_of(kind: pa.DataType) -> Unit:
    """What the type of a column says of it."""
    is_: tuple[tuple[Any, Unit], ...] = (
        (pa.types.is_boolean, "flag"),
        (pa.types.is_integer, "count"),
        (pa.types.is_floating, "number"),
        (pa.types.is_decimal, "money"),
        (pa.types.is_timestamp, "instant"),
        (pa.types.is_date, "date"),
    )
    return next((unit for true, unit in is_ if true(kind)), "text")
