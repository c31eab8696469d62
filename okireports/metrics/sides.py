"""Figures from several tables side by side, one row per key."""

from __future__ import annotations

from collections.abc import Sequence

from ibis.expr.types import Table


def beside(t: Table, other: Table, keys: Sequence[str]) -> Table:
    """Rows of both with the same keys as one row; where one has none its figures are NULL. Keys are not NULL."""
    t = t.outer_join(other, keys, rname="beside_{name}")
    return t.mutate(**{key: t[key].coalesce(t[f"beside_{key}"]) for key in keys}).drop([f"beside_{k}" for k in keys])


def from_zero(t: Table, *figures: str) -> Table:
    """Counts and sums for which one side had no row, as 0."""
    return t.mutate(**{name: t[name].coalesce(0).cast(t[name].type()) for name in figures})
