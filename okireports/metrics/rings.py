"""Attempts to reach operators."""

from __future__ import annotations

from ibis.expr.types import IntegerScalar, Table

from okireports.metrics import metric, tally


@metric("Missed rings", unit="count", counts="ring", at="start")
def missed_rings(rings: Table) -> IntegerScalar:
    """Rings whose result is known and is not `answered`."""
    return tally(rings.result != "answered")
